//! A change chunk to rows. What is not understood to the last byte is left
//! alone: the caller writes the rows back and compares.

use std::collections::HashMap;

use super::PackError;
use super::bytes::Reader;
use super::chunk_write::{CHANGE_CHUNK, MAGIC, column};
use super::rows::{COUNTER_MAX, Key, Op, OpId, Rows, Span};

/// The actors of a pack, each once.
#[derive(Debug, Default)]
pub(super) struct Actors {
    pub(super) names: Vec<Vec<u8>>,
    index: HashMap<Vec<u8>, u32>,
}

impl Actors {
    fn intern(&mut self, name: &[u8]) -> u32 {
        if let Some(index) = self.index.get(name) {
            return *index;
        }
        let index = self.names.len() as u32;
        self.names.push(name.to_vec());
        self.index.insert(name.to_vec(), index);
        index
    }
}

/// Whether the bytes are one chunk of an undeflated change, so that its hash
/// can be told.
pub(super) fn is_change_chunk(chunk: &[u8]) -> bool {
    body_of(chunk).is_ok()
}

fn body_of(chunk: &[u8]) -> Result<&[u8], PackError> {
    let mut reader = Reader::new(chunk);
    if reader.array()? != MAGIC {
        return Err(PackError::Malformed);
    }
    reader.array::<4>()?;
    if reader.byte()? != CHANGE_CHUNK {
        return Err(PackError::Malformed);
    }
    let body = reader.sized()?;
    if reader.is_empty() {
        Ok(body)
    } else {
        Err(PackError::Malformed)
    }
}

/// The columns of a chunk, each with its cursor.
#[derive(Default)]
struct Columns<'a> {
    object_actor: Runs<'a>,
    object_counter: Runs<'a>,
    key_actor: Runs<'a>,
    key_counter: Runs<'a>,
    key_string: Runs<'a>,
    insert: Bools<'a>,
    action: Runs<'a>,
    value_meta: Runs<'a>,
    value: Reader<'a>,
    pred_count: Runs<'a>,
    pred_actor: Runs<'a>,
    pred_counter: Runs<'a>,
    expand: Bools<'a>,
    mark: Runs<'a>,
    key_before: i64,
    pred_before: i64,
}

/// Reads a chunk into `rows`; spans are places in `chunk`.
///
/// # Errors
/// [`PackError::Malformed`] for whatever is not a plain change chunk.
pub(super) fn read(chunk: &[u8], actors: &mut Actors, rows: &mut Rows) -> Result<(), PackError> {
    rows.clear();
    let mut body = Reader::new(body_of(chunk)?);
    let span = |bytes: &[u8]| Span {
        at: (bytes.as_ptr() as usize).wrapping_sub(chunk.as_ptr() as usize),
        len: bytes.len(),
    };
    for _ in 0..body.length()? {
        rows.deps.push(body.array()?);
    }
    let mut names = vec![body.sized()?];
    rows.seq = body.uint()?;
    rows.start_op = body.uint()?;
    rows.time = body.sint()?;
    rows.message = span(body.sized()?);
    for _ in 0..body.length()? {
        names.push(body.sized()?);
    }
    if rows.start_op > COUNTER_MAX {
        return Err(PackError::Malformed);
    }
    let mut columns = read_columns(&mut body)?;
    rows.extra = span(body.rest());

    let local: Vec<u32> = names.iter().map(|name| actors.intern(name)).collect();
    rows.actor = *local.first().ok_or(PackError::Malformed)?;
    while let Some(action) = columns.action.uint()? {
        // An operation that costs less than a byte is a run; a change made of
        // nothing else is short as it is.
        if rows.ops.len() >= chunk.len() {
            return Err(PackError::Malformed);
        }
        let op = columns.op(action, &local, &span, &mut rows.preds, chunk.len())?;
        rows.ops.push(op);
    }
    Ok(())
}

fn read_columns<'a>(body: &mut Reader<'a>) -> Result<Columns<'a>, PackError> {
    let mut specs = Vec::new();
    for _ in 0..body.length()? {
        specs.push((body.uint()?, body.length()?));
    }
    let mut columns = Columns::default();
    for (spec, length) in specs {
        let data = Reader::new(body.take(length)?);
        let place = match spec {
            column::OBJECT_ACTOR => &mut columns.object_actor,
            column::OBJECT_COUNTER => &mut columns.object_counter,
            column::KEY_ACTOR => &mut columns.key_actor,
            column::KEY_COUNTER => &mut columns.key_counter,
            column::KEY_STRING => &mut columns.key_string,
            column::ACTION => &mut columns.action,
            column::VALUE_META => &mut columns.value_meta,
            column::PRED_COUNT => &mut columns.pred_count,
            column::PRED_ACTOR => &mut columns.pred_actor,
            column::PRED_COUNTER => &mut columns.pred_counter,
            column::MARK => &mut columns.mark,
            column::INSERT => {
                columns.insert.data = data;
                continue;
            }
            column::EXPAND => {
                columns.expand.data = data;
                continue;
            }
            column::VALUE => {
                columns.value = data;
                continue;
            }
            _ => return Err(PackError::Malformed),
        };
        place.data = data;
    }
    Ok(columns)
}

impl<'a> Columns<'a> {
    fn op(
        &mut self,
        action: u64,
        local: &[u32],
        span: &impl Fn(&[u8]) -> Span,
        preds: &mut Vec<OpId>,
        preds_max: usize,
    ) -> Result<Op, PackError> {
        let object = match (self.object_actor.uint()?, self.object_counter.uint()?) {
            (None, None) => None,
            (Some(actor), Some(counter)) => Some(op_id(local, actor, counter)?),
            _ => return Err(PackError::Malformed),
        };
        let key = self.key(local, span)?;
        let insert = self.insert.next()?;
        let meta = self.value_meta.uint()?.ok_or(PackError::Malformed)?;
        let length = usize::try_from(meta >> 4).map_err(|_| PackError::Malformed)?;
        let value = span(self.value.take(length)?);
        let first = preds.len();
        for _ in 0..self.pred_count.uint()?.ok_or(PackError::Malformed)? {
            if preds.len() >= preds_max {
                return Err(PackError::Malformed);
            }
            let actor = self.pred_actor.uint()?.ok_or(PackError::Malformed)?;
            let step = self.pred_counter.sint()?.ok_or(PackError::Malformed)?;
            self.pred_before = self.pred_before.wrapping_add(step);
            preds.push(op_id(local, actor, self.pred_before as u64)?);
        }
        Ok(Op {
            action,
            object,
            key,
            insert,
            kind: (meta & 0xf) as u8,
            value,
            preds: Span {
                at: first,
                len: preds.len() - first,
            },
            expand: self.expand.next()?,
            mark: self.mark.bytes()?.map(span),
        })
    }

    fn key(&mut self, local: &[u32], span: &impl Fn(&[u8]) -> Span) -> Result<Key, PackError> {
        let prop = self.key_string.bytes()?;
        let actor = self.key_actor.uint()?;
        let step = self.key_counter.sint()?;
        if let Some(step) = step {
            self.key_before = self.key_before.wrapping_add(step);
        }
        match (prop, actor, step) {
            (Some(prop), None, None) => Ok(Key::Prop(span(prop))),
            (None, None, Some(_)) if self.key_before == 0 => Ok(Key::Head),
            (None, Some(actor), Some(_)) => {
                op_id(local, actor, self.key_before as u64).map(Key::Elem)
            }
            _ => Err(PackError::Malformed),
        }
    }
}

fn op_id(local: &[u32], actor: u64, counter: u64) -> Result<OpId, PackError> {
    let actor = usize::try_from(actor).map_err(|_| PackError::Malformed)?;
    let actor = *local.get(actor).ok_or(PackError::Malformed)?;
    if counter > COUNTER_MAX {
        return Err(PackError::Malformed);
    }
    Ok(OpId { actor, counter })
}

/// A run-length encoded column; past its end everything is null.
#[derive(Default)]
struct Runs<'a> {
    data: Reader<'a>,
    left: u64,
    run: Run<'a>,
}

#[derive(Default)]
enum Run<'a> {
    #[default]
    Null,
    Literal,
    /// Where the repeated value starts.
    Same(Reader<'a>),
}

impl<'a> Runs<'a> {
    fn next<T>(
        &mut self,
        read: impl Fn(&mut Reader<'a>) -> Result<T, PackError>,
    ) -> Result<Option<T>, PackError> {
        if self.left == 0 {
            if self.data.is_empty() {
                return Ok(None);
            }
            match self.data.sint()? {
                0 => {
                    self.left = self.data.uint()?;
                    self.run = Run::Null;
                }
                count if count < 0 => {
                    self.left = count.unsigned_abs();
                    self.run = Run::Literal;
                }
                count => {
                    self.left = count.unsigned_abs();
                    self.run = Run::Same(self.data);
                    read(&mut self.data)?;
                }
            }
        }
        self.left = self.left.checked_sub(1).ok_or(PackError::Malformed)?;
        match &self.run {
            Run::Null => Ok(None),
            Run::Literal => read(&mut self.data).map(Some),
            Run::Same(value) => read(&mut value.clone()).map(Some),
        }
    }

    fn uint(&mut self) -> Result<Option<u64>, PackError> {
        self.next(Reader::uint)
    }

    fn sint(&mut self) -> Result<Option<i64>, PackError> {
        self.next(Reader::sint)
    }

    fn bytes(&mut self) -> Result<Option<&'a [u8]>, PackError> {
        self.next(Reader::sized)
    }
}

/// A column of booleans; past its end everything is false.
#[derive(Default)]
struct Bools<'a> {
    data: Reader<'a>,
    left: u64,
    /// The opposite of the current value before the first run.
    started: bool,
    value: bool,
}

impl Bools<'_> {
    fn next(&mut self) -> Result<bool, PackError> {
        while self.left == 0 {
            if self.data.is_empty() {
                return Ok(false);
            }
            self.left = self.data.uint()?;
            self.value = self.started && !self.value;
            self.started = true;
        }
        self.left -= 1;
        Ok(self.value)
    }
}

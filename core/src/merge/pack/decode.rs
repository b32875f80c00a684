//! Columns to changes.

mod parts;

use crate::model::DocumentId;

use super::bytes::{BitReader, Reader, unzigzag};
use super::chunk_read::is_change_chunk;
use super::chunk_write::{ChunkWriter, hash_of};
use super::class::{
    CLASSES_MAX, COLUMNS_MAX, KeyKind, Layout, OpClass, PREDS_MANY, Run, Tables, change_flag,
    fixed, op_flag,
};
use super::predict::{At, DepsFrom, IntMode, Previous, Recent, State};
use super::rows::{COUNTER_MAX, Key, Op, OpId, PARTS_FACTOR, ROWS_MAX, Rows, Span, kind};
use super::{PackError, PackLimits, VERSION};
/// How many preallocated results are believed before they are seen.
const RESULTS_FIRST: usize = 1_024;

#[derive(Debug, Default)]
struct Column<'a> {
    reader: Reader<'a>,
    mode: Option<IntMode>,
    ints: Recent<(i64, i64)>,
    uuids: Recent<u128>,
}

impl Column<'_> {
    fn int(&mut self, actor: u32, time: i64) -> Result<i64, PackError> {
        let mode = match self.mode {
            Some(mode) => mode,
            None => *self.mode.insert(IntMode::from_byte(self.reader.byte()?)?),
        };
        let near = mode.near(&self.ints, actor, time);
        let value = near.wrapping_add(unzigzag(self.reader.uint()?));
        self.ints.set(actor, (value, time));
        Ok(value)
    }
}

#[derive(Debug, Default)]
struct ChangeClass {
    flags: u32,
    ops: Vec<u32>,
}

/// Reads one pack.
pub(super) struct Decoder<'a> {
    limits: PackLimits,
    left: usize,
    columns: Vec<Column<'a>>,
    bits: BitReader<'a>,
    actors: Vec<Vec<u8>>,
    tables: Tables,
    classes: Vec<(OpClass, Layout)>,
    next_column: usize,
    change_classes: Vec<ChangeClass>,
    names: Vec<Span>,
    names_heap: Vec<u8>,
    uuids: Vec<u128>,
    state: State,
    writer: ChunkWriter,
    rows: Rows,
    /// The parts of the change at hand.
    heap: Vec<u8>,
    total: usize,
}

impl<'a> Decoder<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &PackLimits) -> Result<Self, PackError> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != VERSION {
            return Err(PackError::Version);
        }
        let left = reader.length()?;
        if left > limits.changes_max {
            return Err(PackError::TooLarge);
        }
        let mut columns = open_columns(&mut reader)?;
        let bits = BitReader::new(std::mem::take(&mut columns[fixed::UUID_BITS].reader));
        let mut actors = Vec::new();
        let names = &mut columns[fixed::ACTORS].reader;
        while !names.is_empty() {
            actors.push(names.sized()?.to_vec());
        }
        Ok(Self {
            limits: *limits,
            left,
            columns,
            bits,
            actors,
            tables: Tables::default(),
            classes: Vec::new(),
            next_column: fixed::COUNT,
            change_classes: Vec::new(),
            names: Vec::new(),
            names_heap: Vec::new(),
            uuids: Vec::new(),
            state: State::default(),
            writer: ChunkWriter::default(),
            rows: Rows::default(),
            heap: Vec::new(),
            total: 0,
        })
    }

    pub(super) fn changes(mut self) -> Result<Vec<(DocumentId, Vec<u8>)>, PackError> {
        let mut changes = Vec::with_capacity(self.left.min(RESULTS_FIRST));
        for _ in 0..self.left {
            changes.push(self.change()?);
        }
        let mut columns = self.columns.iter();
        if columns.all(|column| column.reader.is_empty()) && self.bits.is_empty() {
            Ok(changes)
        } else {
            Err(PackError::Malformed)
        }
    }

    fn change(&mut self) -> Result<(DocumentId, Vec<u8>), PackError> {
        let class = match self.uint(fixed::CLASS)? {
            0 => {
                self.define_change()?;
                self.change_classes.len() - 1
            }
            1 => return self.raw(),
            code => index(code - 2, self.change_classes.len())?,
        };
        // Taken out while its operations are read, and put back.
        let class_at = class;
        let class = std::mem::take(&mut self.change_classes[class_at]);
        let result = self.whole(&class);
        self.change_classes[class_at] = class;
        let (document, chunk) = result?;
        self.count(chunk.len())?;
        Ok((self.state.documents[document as usize].id, chunk))
    }

    fn count(&mut self, bytes: usize) -> Result<(), PackError> {
        self.total = self.total.saturating_add(bytes);
        if bytes > self.limits.change_bytes_max || self.total > self.limits.total_bytes_max {
            return Err(PackError::TooLarge);
        }
        Ok(())
    }

    fn raw(&mut self) -> Result<(DocumentId, Vec<u8>), PackError> {
        let document = self.document(None)?;
        let chunk = self.columns[fixed::RAW].reader.sized()?;
        self.count(chunk.len())?;
        let hash = is_change_chunk(chunk).then(|| hash_of(chunk));
        self.state.saw_raw(document, hash);
        Ok((self.state.documents[document as usize].id, chunk.to_vec()))
    }

    fn define_change(&mut self) -> Result<(), PackError> {
        let reader = &mut self.columns[fixed::DEFINITIONS].reader;
        let flags = u32::try_from(reader.uint()?).map_err(|_| PackError::Malformed)?;
        let count = reader.length()?;
        if count > self.limits.change_bytes_max.min(ROWS_MAX) {
            return Err(PackError::TooLarge);
        }
        let mut ops = Vec::new();
        for _ in 0..count {
            let reader = &mut self.columns[fixed::DEFINITIONS].reader;
            let class = match reader.uint()? {
                0 => {
                    let class = self.tables.read_class(reader)?;
                    let layout = Layout::of(&class, self.tables.slots(&class), self.next_column);
                    if layout.end > self.columns.len() || self.classes.len() >= CLASSES_MAX {
                        return Err(PackError::Malformed);
                    }
                    self.next_column = layout.end;
                    self.classes.push((class, layout));
                    self.classes.len() - 1
                }
                code => index(code - 1, self.classes.len())?,
            };
            ops.push(class as u32);
        }
        self.change_classes.push(ChangeClass { flags, ops });
        Ok(())
    }

    fn whole(&mut self, class: &ChangeClass) -> Result<(u32, Vec<u8>), PackError> {
        self.rows.clear();
        self.heap.clear();
        let (document, deps) = self.head(class)?;
        let mut previous = None;
        for class in &class.ops {
            previous = Some(self.item(*class, document, previous)?);
        }
        let (chunk, hash) = self.writer.write(&self.rows, &self.heap, &self.actors);
        if self.rows.ops.len() > chunk.len() {
            return Err(PackError::TooLarge);
        }
        self.state.saw_change(document, &self.rows, &deps, hash);
        Ok((document, chunk))
    }

    fn head(&mut self, class: &ChangeClass) -> Result<(u32, Vec<u32>), PackError> {
        let actor = match self.uint(fixed::ACTOR)?.checked_sub(1) {
            None => self.state.last_actor,
            Some(code) => u32::try_from(code).map_err(|_| PackError::Malformed)?,
        };
        index(u64::from(actor), self.actors.len())?;
        let document = self.document(Some(actor))?;
        let step = unzigzag(self.uint(fixed::TIME)?);
        self.rows.actor = actor;
        self.rows.time = self.state.near_time(actor).wrapping_add(step);

        let deps = match DepsFrom::from_flags(class.flags) {
            DepsFrom::Named => self.named_deps(document)?,
            from => self.state.implied(document, actor, from),
        };
        let known = self.state.known(document);
        let hashes = deps.iter().filter_map(|dep| known.get(*dep as usize));
        self.rows.deps.extend(hashes.map(|known| known.hash));

        let has = |flag: u32| class.flags & flag != 0;
        self.rows.seq = self.state.near_seq(document, actor);
        if has(change_flag::SEQ_GIVEN) {
            let step = unzigzag(self.uint(fixed::SEQ)?) as u64;
            self.rows.seq = self.rows.seq.wrapping_add(step);
        }
        self.rows.start_op = self.state.near_start(document, &deps);
        if has(change_flag::START_GIVEN) {
            let step = unzigzag(self.uint(fixed::START)?) as u64;
            self.rows.start_op = self.rows.start_op.wrapping_add(step);
        }
        if self.rows.start_op > COUNTER_MAX {
            return Err(PackError::Malformed);
        }
        if has(change_flag::MESSAGE) {
            self.rows.message = self.text_span(fixed::META)?;
        }
        if has(change_flag::EXTRA) {
            self.rows.extra = self.text_span(fixed::META)?;
        }
        Ok((document, deps))
    }

    fn document(&mut self, actor: Option<u32>) -> Result<u32, PackError> {
        let known = self.state.documents.len();
        let document = match self.uint(fixed::DOCUMENT)? {
            0 => u64::from(self.state.near_document(actor)),
            1 => {
                let key: [u8; 17] = self.columns[fixed::DOCUMENT_ID].reader.array()?;
                let id = DocumentId::from_key(&key).map_err(|_| PackError::Malformed)?;
                return Ok(self.state.add_document(id));
            }
            code => code - 2,
        };
        index(document, known).map(|document| document as u32)
    }

    fn named_deps(&mut self, document: u32) -> Result<Vec<u32>, PackError> {
        let mut deps = Vec::new();
        for _ in 0..self.uint(fixed::DEPS)? {
            let known = self.state.known(document).len();
            let dep = match self.uint(fixed::DEPS)? {
                0 => {
                    let hash = self.columns[fixed::HASHES].reader.array()?;
                    self.state.name_change(document, hash)
                }
                back => {
                    let back = index(back - 1, known)?;
                    (known - 1 - back) as u32
                }
            };
            deps.push(dep);
        }
        Ok(deps)
    }

    fn item(
        &mut self,
        class_id: u32,
        document: u32,
        previous: Option<Previous>,
    ) -> Result<Previous, PackError> {
        let (class, layout) = self.classes[class_id as usize];
        let at = At {
            document,
            class_id,
            class: &class,
            previous,
        };
        let object = if class.has(op_flag::ROOT) {
            None
        } else {
            let near = self.state.near_object(&at);
            Some(self.near(layout.object, near)?)
        };
        let key = match class.key {
            KeyKind::Prop(prop) => Key::Prop(self.prop(prop)),
            KeyKind::Uuid => Key::Prop(self.uuid_span(layout.key)?),
            KeyKind::Text => Key::Prop(self.text_span(layout.key)?),
            KeyKind::Head => Key::Head,
            KeyKind::Elem => {
                let near = self.state.near_elem(&at);
                Key::Elem(self.near(layout.key, near)?)
            }
        };
        let mark = class.has(op_flag::MARK).then(|| self.prop(class.mark));
        let mut op = Op {
            action: class.action,
            object,
            key,
            insert: class.has(op_flag::INSERT),
            kind: kind::NULL,
            value: Span::default(),
            preds: Span::default(),
            expand: class.has(op_flag::EXPAND),
            mark,
        };
        if class.run != Run::One {
            return self.run(&at, &layout, op);
        }
        let told = self.preds(&at, &layout, &mut op)?;
        (op.kind, op.value) = self.value(&class, &layout)?;
        let last = self.next_op();
        self.rows.ops.push(op);
        self.bound()?;
        Ok(self.state.saw_item(&at, &op, told, last))
    }

    /// The name of the operation that comes next.
    fn next_op(&self) -> OpId {
        let counter = self.rows.start_op + self.rows.ops.len() as u64;
        let actor = self.rows.actor;
        OpId { actor, counter }
    }

    /// Holds the change at hand within its limits while it grows.
    fn bound(&self) -> Result<(), PackError> {
        let max = self.limits.change_bytes_max;
        let parts = max.saturating_mul(PARTS_FACTOR);
        let rows = self.rows.ops.len().max(self.rows.preds.len());
        if rows > max.min(ROWS_MAX) || self.heap.len() > parts {
            return Err(PackError::TooLarge);
        }
        Ok(())
    }

    fn preds(
        &mut self,
        at: &At<'_>,
        layout: &Layout,
        op: &mut Op,
    ) -> Result<Option<OpId>, PackError> {
        let count = match at.class.preds {
            PREDS_MANY => self.uint(layout.preds)?,
            few => u64::from(few),
        };
        let first = self.rows.preds.len();
        let mut told = None;
        for _ in 0..count {
            let near = self.state.near_pred(at, op.object, op.key, told);
            let pred = self.near(layout.preds, near)?;
            self.rows.preds.push(pred);
            self.bound()?;
            told = Some(pred);
        }
        op.preds = Span {
            at: first,
            len: self.rows.preds.len() - first,
        };
        Ok(told)
    }

    fn run(&mut self, at: &At<'_>, layout: &Layout, first: Op) -> Result<Previous, PackError> {
        let count = self.uint(layout.count)?;
        let mut op = first;
        let mut last = None;
        for _ in 0..count {
            if at.class.run == Run::Insert {
                op.kind = kind::STRING;
                op.value = self.character()?;
                if let Some(last) = last {
                    op.key = Key::Elem(last);
                }
                last = Some(self.next_op());
            } else if let Key::Elem(start) = first.key {
                let elem = last.map_or(start, |last: OpId| last.after(1));
                let preds = self.rows.preds.len();
                self.rows.preds.push(elem);
                op.preds = Span { at: preds, len: 1 };
                op.key = Key::Elem(elem);
                last = Some(elem);
            } else {
                return Err(PackError::Malformed);
            }
            self.rows.ops.push(op);
            self.bound()?;
        }
        let last = last.ok_or(PackError::Malformed)?;
        Ok(self.state.saw_item(at, &first, None, last))
    }
}

/// Cuts the pack into its columns.
fn open_columns<'a>(reader: &mut Reader<'a>) -> Result<Vec<Column<'a>>, PackError> {
    let count = reader.length()?;
    if !(fixed::COUNT..=COLUMNS_MAX).contains(&count) {
        return Err(PackError::Malformed);
    }
    let mut lengths = Vec::new();
    for _ in 0..count {
        lengths.push(reader.length()?);
    }
    let mut columns: Vec<Column<'a>> = Vec::new();
    columns.resize_with(count, Column::default);
    let small = fixed::SMALL..count;
    for at in small.chain(0..fixed::SMALL) {
        columns[at].reader = Reader::new(reader.take(lengths[at])?);
    }
    if reader.is_empty() {
        Ok(columns)
    } else {
        Err(PackError::Malformed)
    }
}

/// An index into a table of `length` entries.
fn index(index: u64, length: usize) -> Result<usize, PackError> {
    usize::try_from(index)
        .ok()
        .filter(|index| *index < length)
        .ok_or(PackError::Malformed)
}

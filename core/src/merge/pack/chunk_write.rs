//! Rows to a change chunk, byte for byte as automerge writes one.

use sha2::{Digest, Sha256};

use super::bytes::{put_sint, put_sized, put_uint, uint_len};
use super::rows::{Key, Op, OpId, Rows};

/// The first bytes of every chunk.
pub(super) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// A change that is not deflated.
pub(super) const CHANGE_CHUNK: u8 = 1;
/// Where the hashed part of a chunk starts: after magic and checksum.
pub(super) const HASHED_FROM: usize = 8;

/// Column specifications: id and type, in the order of the chunk.
pub(super) mod column {
    pub(crate) const OBJECT_ACTOR: u64 = 0x01;
    pub(crate) const OBJECT_COUNTER: u64 = 0x02;
    pub(crate) const KEY_ACTOR: u64 = 0x11;
    pub(crate) const KEY_COUNTER: u64 = 0x13;
    pub(crate) const KEY_STRING: u64 = 0x15;
    pub(crate) const INSERT: u64 = 0x34;
    pub(crate) const ACTION: u64 = 0x42;
    pub(crate) const VALUE_META: u64 = 0x56;
    pub(crate) const VALUE: u64 = 0x57;
    pub(crate) const PRED_COUNT: u64 = 0x70;
    pub(crate) const PRED_ACTOR: u64 = 0x71;
    pub(crate) const PRED_COUNTER: u64 = 0x73;
    pub(crate) const EXPAND: u64 = 0x94;
    pub(crate) const MARK: u64 = 0xa5;
}

/// SHA-256 of a chunk's type, length and data.
pub(super) fn hash_of(chunk: &[u8]) -> [u8; 32] {
    Sha256::digest(chunk.get(HASHED_FROM..).unwrap_or_default()).into()
}

/// Writes chunks; keeps its buffers.
#[derive(Debug, Default)]
pub(super) struct ChunkWriter {
    others: Vec<u32>,
    /// The same by index, with the place of each in the chunk.
    places: Vec<(u32, u64)>,
    columns: Vec<u8>,
    specs: Vec<(u64, usize)>,
    body: Vec<u8>,
}

impl ChunkWriter {
    /// The chunk and its hash.
    pub(super) fn write(
        &mut self,
        rows: &Rows,
        heap: &[u8],
        actors: &[Vec<u8>],
    ) -> (Vec<u8>, [u8; 32]) {
        self.write_body(rows, heap, actors);
        let mut chunk = Vec::with_capacity(self.body.len() + 16);
        chunk.extend_from_slice(&MAGIC);
        chunk.extend_from_slice(&[0; 4]);
        chunk.push(CHANGE_CHUNK);
        put_sized(&mut chunk, &self.body);
        let hash = hash_of(&chunk);
        chunk[4..8].copy_from_slice(&hash[..4]);
        (chunk, hash)
    }

    /// Whether [`ChunkWriter::write`] would give exactly this chunk, whose
    /// hash is known.
    pub(super) fn gives(
        &mut self,
        chunk: &[u8],
        hash: &[u8; 32],
        rows: &Rows,
        actors: &[Vec<u8>],
    ) -> bool {
        self.write_body(rows, chunk, actors);
        let length = self.body.len();
        let header = HASHED_FROM + 1 + uint_len(length as u64) as usize;
        chunk.get(4..HASHED_FROM) == Some(&hash[..4])
            && chunk.len() == header + length
            && chunk.ends_with(&self.body)
    }

    fn write_body(&mut self, rows: &Rows, heap: &[u8], actors: &[Vec<u8>]) {
        self.collect_others(rows, actors);
        self.write_columns(rows, heap);
        let name = |actor: u32| actors.get(actor as usize).map_or(&[][..], Vec::as_slice);

        let body = &mut self.body;
        body.clear();
        put_uint(body, rows.deps.len() as u64);
        for dep in &rows.deps {
            body.extend_from_slice(dep);
        }
        put_sized(body, name(rows.actor));
        put_uint(body, rows.seq);
        put_uint(body, rows.start_op);
        put_sint(body, rows.time);
        put_sized(body, rows.message.of(heap));
        put_uint(body, self.others.len() as u64);
        for other in &self.others {
            put_sized(body, name(*other));
        }
        put_uint(body, self.specs.len() as u64);
        for (spec, length) in &self.specs {
            put_uint(body, *spec);
            put_uint(body, *length as u64);
        }
        body.extend_from_slice(&self.columns);
        body.extend_from_slice(rows.extra.of(heap));
    }

    /// Actors other than the author, in the order of their bytes.
    fn collect_others(&mut self, rows: &Rows, actors: &[Vec<u8>]) {
        let others = &mut self.others;
        others.clear();
        let mut see = |id: OpId| {
            if id.actor != rows.actor && others.last() != Some(&id.actor) {
                others.push(id.actor);
            }
        };
        for op in &rows.ops {
            op.object.into_iter().for_each(&mut see);
            if let Key::Elem(elem) = op.key {
                see(elem);
            }
        }
        rows.preds.iter().copied().for_each(&mut see);
        others.sort_unstable_by_key(|actor| (actors.get(*actor as usize), *actor));
        others.dedup();
        self.places.clear();
        let places = others.iter().zip(1..).map(|(actor, at)| (*actor, at));
        self.places.extend(places);
        self.places.sort_unstable();
    }

    fn write_columns(&mut self, rows: &Rows, heap: &[u8]) {
        self.columns.clear();
        self.specs.clear();
        if rows.ops.is_empty() {
            return;
        }
        let places = std::mem::take(&mut self.places);
        let author = rows.actor;
        let local = |actor: u32| -> u64 {
            if actor == author {
                return 0;
            }
            let found = places.binary_search_by_key(&actor, |(other, _)| *other);
            found.map_or(0, |at| places[at].1)
        };
        self.write_places(rows, heap, &local);
        self.write_values(rows, heap);
        self.write_preds(rows, &local);
        let ops = &rows.ops;
        if ops.iter().any(|op| op.expand) {
            self.column(column::EXPAND, |out| bools(out, ops, |op| op.expand));
        }
        self.column(column::MARK, |out| {
            let mark = |op: &Op| op.mark.map(|mark| mark.of(heap));
            runs(out, ops, mark, put_sized);
        });
        self.places = places;
    }

    fn write_places(&mut self, rows: &Rows, heap: &[u8], local: &impl Fn(u32) -> u64) {
        let ops = &rows.ops;
        self.column(column::OBJECT_ACTOR, |out| {
            runs(out, ops, |op| op.object.map(|id| local(id.actor)), uint);
        });
        self.column(column::OBJECT_COUNTER, |out| {
            runs(out, ops, |op| op.object.map(|id| id.counter), uint);
        });
        self.column(column::KEY_ACTOR, |out| {
            let actor = |op: &Op| match op.key {
                Key::Elem(id) => Some(local(id.actor)),
                Key::Prop(_) | Key::Head => None,
            };
            runs(out, ops, actor, uint);
        });
        self.column(column::KEY_COUNTER, |out| {
            let counter = |op: &Op| match op.key {
                Key::Elem(id) => Some(id.counter),
                Key::Head => Some(0),
                Key::Prop(_) => None,
            };
            deltas(out, ops, counter);
        });
        self.column(column::KEY_STRING, |out| {
            let prop = |op: &Op| match op.key {
                Key::Prop(prop) => Some(prop.of(heap)),
                Key::Elem(_) | Key::Head => None,
            };
            runs(out, ops, prop, put_sized);
        });
        self.column(column::INSERT, |out| bools(out, ops, |op| op.insert));
        self.column(column::ACTION, |out| {
            runs(out, ops, |op| Some(op.action), uint);
        });
    }

    fn write_values(&mut self, rows: &Rows, heap: &[u8]) {
        let ops = &rows.ops;
        self.column(column::VALUE_META, |out| {
            let meta = |op: &Op| Some((op.value.len as u64) << 4 | u64::from(op.kind));
            runs(out, ops, meta, uint);
        });
        self.column(column::VALUE, |out| {
            for op in ops {
                out.extend_from_slice(op.value.of(heap));
            }
        });
    }

    fn write_preds(&mut self, rows: &Rows, local: &impl Fn(u32) -> u64) {
        self.column(column::PRED_COUNT, |out| {
            runs(out, &rows.ops, |op| Some(op.preds.len as u64), uint);
        });
        if rows.preds.is_empty() {
            return;
        }
        self.column(column::PRED_ACTOR, |out| {
            runs(out, &rows.preds, |id| Some(local(id.actor)), uint);
        });
        self.column(column::PRED_COUNTER, |out| {
            deltas(out, &rows.preds, |id| Some(id.counter));
        });
    }

    fn column(&mut self, spec: u64, fill: impl FnOnce(&mut Vec<u8>)) {
        let before = self.columns.len();
        fill(&mut self.columns);
        let length = self.columns.len() - before;
        if length > 0 {
            self.specs.push((spec, length));
        }
    }
}

fn uint(out: &mut Vec<u8>, value: u64) {
    put_uint(out, value);
}

/// Run-length encoding: runs of two and more, literals, nulls; nothing at all
/// for a column of nulls.
fn runs<'a, T, V: PartialEq>(
    out: &mut Vec<u8>,
    items: &'a [T],
    value: impl Fn(&'a T) -> Option<V>,
    put: impl Fn(&mut Vec<u8>, V),
) {
    let mut values = items.iter().map(value).peekable();
    let mut literals: Vec<V> = Vec::new();
    let mut first = true;
    while let Some(current) = values.next() {
        let mut count = 1_i64;
        while values.peek() == Some(&current) {
            values.next();
            count += 1;
        }
        match current {
            Some(value) if count == 1 => literals.push(value),
            Some(value) => {
                flush(out, &mut literals, &put);
                put_sint(out, count);
                put(out, value);
            }
            None if first && values.peek().is_none() => {}
            None => {
                flush(out, &mut literals, &put);
                put_sint(out, 0);
                put_uint(out, count as u64);
            }
        }
        first = false;
    }
    flush(out, &mut literals, &put);
}

fn flush<V>(out: &mut Vec<u8>, literals: &mut Vec<V>, put: &impl Fn(&mut Vec<u8>, V)) {
    if !literals.is_empty() {
        put_sint(out, -(literals.len() as i64));
        for value in literals.drain(..) {
            put(out, value);
        }
    }
}

/// Differences from the value before, run-length encoded.
fn deltas<T>(out: &mut Vec<u8>, items: &[T], value: impl Fn(&T) -> Option<u64>) {
    let mut before = 0_i64;
    let differences: Vec<Option<i64>> = items
        .iter()
        .map(|item| {
            let now = value(item)? as i64;
            let difference = now.wrapping_sub(before);
            before = now;
            Some(difference)
        })
        .collect();
    runs(out, &differences, |difference| *difference, put_sint);
}

/// Lengths of runs, of false and true in turn, false first.
fn bools<T>(out: &mut Vec<u8>, items: &[T], value: impl Fn(&T) -> bool) {
    let mut last = false;
    let mut count = 0_u64;
    for item in items {
        if value(item) == last {
            count += 1;
        } else {
            put_uint(out, count);
            last = !last;
            count = 1;
        }
    }
    put_uint(out, count);
}

//! Changes to columns.

use std::collections::HashMap;

use crate::model::DocumentId;

use super::bytes::{BitWriter, put_sized, put_uint, uint_len, zigzag};
use super::chunk_read::{Actors, is_change_chunk, read};
use super::chunk_write::{ChunkWriter, hash_of};
use super::class::{Layout, OpClass, Run, ValueKind, change_flag, fixed, op_flag};
use super::plan::{Item, NAME_MAX, Planner, int_of};
use super::predict::{At, DepsFrom, IntMode, Previous, Recent, State, put_near};
use super::rows::{Key, Op, OpId, Rows};
use super::text::{self, Value};
use super::{VERSION, WhatTravels};

#[derive(Debug, Default)]
pub(super) struct Encoder<'a> {
    columns: Vec<Vec<u8>>,
    /// Integers wait for the end, when the best expectation is known.
    ints: Vec<Vec<(i64, u32, i64)>>,
    recent_uuids: Vec<Recent<u128>>,
    bits: BitWriter,
    planner: Planner<'a>,
    actors: Actors,
    state: State,
    documents: HashMap<DocumentId, u32>,
    names: HashMap<&'a [u8], u32>,
    uuids: HashMap<u128, u32>,
    writer: ChunkWriter,
    changes: usize,
}

impl<'a> Encoder<'a> {
    pub(super) fn new() -> Self {
        Self {
            planner: Planner::new(),
            ..Self::default()
        }
    }

    /// Takes in one change.
    pub(super) fn change(
        &mut self,
        id: DocumentId,
        chunk: &'a [u8],
        rows: &mut Rows,
        travels: WhatTravels,
    ) {
        self.changes += 1;
        self.columns
            .resize_with(self.columns.len().max(fixed::COUNT), Vec::new);
        let known = self.documents.get(&id).copied();
        let hash = is_change_chunk(chunk).then(|| hash_of(chunk));
        if let Some(hash) = hash
            && travels == WhatTravels::Columns
            && read(chunk, &mut self.actors, rows).is_ok()
            && rows.is_bounded(chunk.len())
            && self.writer.gives(chunk, &hash, rows, &self.actors.names)
            && self.planner.plan(rows, chunk)
        {
            self.planned(id, known, chunk, rows, hash);
        } else {
            put_uint(&mut self.columns[fixed::CLASS], 1);
            let document = self.document(id, known, None);
            put_sized(&mut self.columns[fixed::RAW], chunk);
            self.state.saw_raw(document, hash);
        }
    }

    fn planned(
        &mut self,
        id: DocumentId,
        known: Option<u32>,
        chunk: &'a [u8],
        rows: &Rows,
        hash: [u8; 32],
    ) {
        // A document not met yet has an empty past either way.
        let place = known.unwrap_or(u32::MAX);
        let (from, implied) = self.deps_from(place, rows);
        let mut flags = from as u32;
        let seq = self.state.near_seq(place, rows.actor);
        for (flag, set) in [
            (change_flag::SEQ_GIVEN, rows.seq != seq),
            (
                change_flag::START_GIVEN,
                from == DepsFrom::Named || rows.start_op != self.state.near_start(place, &implied),
            ),
            (change_flag::MESSAGE, rows.message.len > 0),
            (change_flag::EXTRA, rows.extra.len > 0),
        ] {
            flags |= if set { flag } else { 0 };
        }
        let (class, new) = self
            .planner
            .change_class(flags, &mut self.columns[fixed::DEFINITIONS]);
        let code = if new { 0 } else { u64::from(class) + 2 };
        put_uint(&mut self.columns[fixed::CLASS], code);
        let columns = self.planner.columns;
        self.columns.resize_with(columns, Vec::new);
        self.ints.resize_with(columns, Vec::new);
        self.recent_uuids.resize_with(columns, Recent::default);

        let document = self.head(id, known, rows);
        let deps = match from {
            DepsFrom::Named => self.named_deps(document, &rows.deps),
            _ => implied,
        };
        if flags & change_flag::SEQ_GIVEN != 0 {
            let step = (rows.seq as i64).wrapping_sub(seq as i64);
            put_uint(&mut self.columns[fixed::SEQ], zigzag(step));
        }
        if flags & change_flag::START_GIVEN != 0 {
            let near = self.state.near_start(document, &deps);
            let step = (rows.start_op as i64).wrapping_sub(near as i64);
            put_uint(&mut self.columns[fixed::START], zigzag(step));
        }
        for span in [rows.message, rows.extra] {
            if span.len > 0 {
                self.text(fixed::META, span.of(chunk));
            }
        }
        let mut previous = None;
        for at in 0..self.planner.items.len() {
            let item = self.planner.items[at];
            previous = Some(self.item(&item, document, previous, chunk, rows));
        }
        self.state.saw_change(document, rows, &deps, hash);
    }

    /// Where the dependencies come from, and which they are when implied.
    fn deps_from(&self, place: u32, rows: &Rows) -> (DepsFrom, Vec<u32>) {
        let known = self.state.known(place);
        for from in DepsFrom::IMPLIED {
            let implied = self.state.implied(place, rows.actor, from);
            let hashes = implied
                .iter()
                .filter_map(|dep| Some(&known.get(*dep as usize)?.hash));
            if hashes.eq(rows.deps.iter()) {
                return (from, implied);
            }
        }
        (DepsFrom::Named, Vec::new())
    }

    fn head(&mut self, id: DocumentId, known: Option<u32>, rows: &Rows) -> u32 {
        let actor = rows.actor;
        let code = if actor == self.state.last_actor {
            0
        } else {
            u64::from(actor) + 1
        };
        put_uint(&mut self.columns[fixed::ACTOR], code);
        let document = self.document(id, known, Some(actor));
        let step = rows.time.wrapping_sub(self.state.near_time(actor));
        put_uint(&mut self.columns[fixed::TIME], zigzag(step));
        document
    }

    fn document(&mut self, id: DocumentId, known: Option<u32>, actor: Option<u32>) -> u32 {
        let column = &mut self.columns[fixed::DOCUMENT];
        if let Some(document) = known {
            let near = document == self.state.near_document(actor);
            put_uint(column, if near { 0 } else { u64::from(document) + 2 });
            return document;
        }
        put_uint(column, 1);
        self.columns[fixed::DOCUMENT_ID].extend_from_slice(&id.key());
        let document = self.state.add_document(id);
        self.documents.insert(id, document);
        document
    }

    fn named_deps(&mut self, document: u32, hashes: &[[u8; 32]]) -> Vec<u32> {
        put_uint(&mut self.columns[fixed::DEPS], hashes.len() as u64);
        let mut deps = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let known = self.state.known(document);
            let back = known.iter().rev().position(|known| known.hash == *hash);
            let dep = match back {
                Some(back) => {
                    let index = known.len() - 1 - back;
                    put_uint(&mut self.columns[fixed::DEPS], back as u64 + 1);
                    index as u32
                }
                None => {
                    self.columns[fixed::DEPS].push(0);
                    self.columns[fixed::HASHES].extend_from_slice(hash);
                    self.state.name_change(document, *hash)
                }
            };
            deps.push(dep);
        }
        deps
    }

    fn item(
        &mut self,
        item: &Item,
        document: u32,
        previous: Option<Previous>,
        chunk: &'a [u8],
        rows: &Rows,
    ) -> Previous {
        let (class, layout) = self.planner.classes[item.class as usize];
        let op = rows.ops[item.first];
        let at = At {
            document,
            class_id: item.class,
            class: &class,
            previous,
        };
        if let Some(object) = op.object {
            let near = self.state.near_object(&at);
            put_near(&mut self.columns[layout.object], object, near);
        }
        match op.key {
            Key::Elem(elem) => {
                let near = self.state.near_elem(&at);
                put_near(&mut self.columns[layout.key], elem, near);
            }
            Key::Prop(prop) => self.key(&class, &layout, prop.of(chunk), rows),
            Key::Head => {}
        }
        if class.run != Run::One {
            put_uint(&mut self.columns[layout.count], item.count as u64);
            return self.run(item, &at, &op, chunk, rows);
        }
        let preds = rows.preds_of(&op);
        if class.preds >= super::class::PREDS_MANY {
            put_uint(&mut self.columns[layout.preds], preds.len() as u64);
        }
        let mut told = None;
        for pred in preds {
            let near = self.state.near_pred(&at, op.object, op.key, told);
            put_near(&mut self.columns[layout.preds], *pred, near);
            told = Some(*pred);
        }
        self.value(item, &class, &layout, op.value.of(chunk), rows);
        let last = OpId {
            actor: rows.actor,
            counter: rows.start_op + item.first as u64,
        };
        self.state.saw_item(&at, &op, told, last)
    }

    fn key(&mut self, class: &OpClass, layout: &Layout, prop: &'a [u8], rows: &Rows) {
        use super::class::KeyKind;
        match (class.key, text::parse_uuid(prop)) {
            (KeyKind::Uuid, Some(uuid)) => self.uuid(layout.key, uuid, rows),
            (KeyKind::Text, _) => self.text(layout.key, prop),
            _ => {}
        }
    }

    fn run(&mut self, item: &Item, at: &At<'_>, op: &Op, chunk: &'a [u8], rows: &Rows) -> Previous {
        let steps = item.count as u64 - 1;
        let last = match (at.class.run, op.key) {
            (Run::Delete, Key::Elem(elem)) => elem.after(steps),
            _ => OpId {
                actor: rows.actor,
                counter: rows.start_op + item.first as u64 + steps,
            },
        };
        if at.class.has(op_flag::INSERT) {
            for op in &rows.ops[item.first..item.first + item.count] {
                self.columns[fixed::TEXT].extend_from_slice(op.value.of(chunk));
            }
        }
        self.state.saw_item(at, op, None, last)
    }

    fn value(
        &mut self,
        item: &Item,
        class: &OpClass,
        layout: &Layout,
        bytes: &'a [u8],
        rows: &Rows,
    ) {
        match class.value {
            ValueKind::Bare(_) => {}
            ValueKind::Int(kind) => {
                let value = int_of(kind, bytes).unwrap_or_default();
                self.ints[layout.value].push((value, rows.actor, rows.time));
            }
            ValueKind::Float => self.columns[fixed::FLOATS].extend_from_slice(bytes),
            ValueKind::Uuid => {
                let uuid = text::parse_uuid(bytes).unwrap_or_default();
                self.uuid(layout.value, uuid, rows);
            }
            ValueKind::Text => self.text(layout.value, bytes),
            ValueKind::Blob(_) => {
                put_uint(&mut self.columns[layout.value], bytes.len() as u64);
                self.columns[fixed::TEXT].extend_from_slice(bytes);
            }
            ValueKind::Template(_) => {
                let slots = self.planner.tables.slots(class).len();
                let mut column = layout.value;
                for at in item.values..item.values + slots {
                    column += self.slot(column, self.planner.values[at], rows);
                }
            }
        }
    }

    /// Writes one value of a template; says how many columns it took.
    fn slot(&mut self, column: usize, value: Value<'a>, rows: &Rows) -> usize {
        match value {
            Value::Uuid(uuid) => self.uuid(column, uuid, rows),
            Value::Int(value) => self.ints[column].push((value, rows.actor, rows.time)),
            Value::Text(bytes) => self.text(column, bytes),
            Value::Decimal { scale, digits } => {
                put_uint(&mut self.columns[column], u64::from(scale));
                self.ints[column + 1].push((digits, rows.actor, rows.time));
                return 2;
            }
        }
        1
    }

    fn uuid(&mut self, column: usize, uuid: u128, rows: &Rows) {
        let recent = &mut self.recent_uuids[column];
        let near = recent.get(rows.actor);
        recent.set(rows.actor, uuid);
        let out = &mut self.columns[column];
        if near == Some(uuid) {
            out.push(0);
            return;
        }
        let next = self.uuids.len() as u32;
        if let Some(index) = self.uuids.get(&uuid) {
            put_uint(out, u64::from(*index) + 3);
            return;
        }
        self.uuids.insert(uuid, next);
        if let Some((time, random)) = text::split_v7(uuid) {
            out.push(1);
            let step = (time as i64).wrapping_sub(rows.time);
            put_uint(&mut self.columns[fixed::UUID_TIME], zigzag(step));
            self.bits.put(random, text::V7_RANDOM_BITS);
        } else {
            out.push(2);
            self.columns[fixed::UUID_RAW].extend_from_slice(&uuid.to_be_bytes());
        }
    }

    fn text(&mut self, column: usize, bytes: &'a [u8]) {
        let out = &mut self.columns[column];
        if bytes.len() <= NAME_MAX {
            let next = self.names.len() as u32;
            if let Some(index) = self.names.get(bytes) {
                put_uint(out, u64::from(*index) + 2);
                return;
            }
            self.names.insert(bytes, next);
        }
        if let Some(raw) = text::parse_hex(bytes) {
            out.push(1);
            put_uint(out, raw.len() as u64);
            self.columns[fixed::HASHES].extend_from_slice(&raw);
        } else {
            out.push(0);
            put_uint(out, bytes.len() as u64);
            self.columns[fixed::TEXT].extend_from_slice(bytes);
        }
    }

    /// The pack.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.columns
            .resize_with(self.columns.len().max(fixed::COUNT), Vec::new);
        for name in &self.actors.names {
            put_sized(&mut self.columns[fixed::ACTORS], name);
        }
        self.columns[fixed::UUID_BITS] = self.bits.finish();
        for (column, ints) in self.columns.iter_mut().zip(&self.ints) {
            if !ints.is_empty() {
                put_ints(column, ints);
            }
        }
        let total: usize = self.columns.iter().map(Vec::len).sum();
        let mut out = Vec::with_capacity(total + 2 * self.columns.len() + 16);
        out.push(VERSION);
        put_uint(&mut out, self.changes as u64);
        put_uint(&mut out, self.columns.len() as u64);
        for column in &self.columns {
            put_uint(&mut out, column.len() as u64);
        }
        let (bulk, small) = self.columns.split_at(fixed::SMALL);
        for column in small.iter().chain(bulk) {
            out.extend_from_slice(column);
        }
        out
    }
}

/// Writes a column of integers after the expectation that makes it shortest.
fn put_ints(out: &mut Vec<u8>, ints: &[(i64, u32, i64)]) {
    let steps = |mode: IntMode| {
        let mut recent = Recent::default();
        ints.iter().map(move |(value, actor, time)| {
            let near = mode.near(&recent, *actor, *time);
            recent.set(*actor, (*value, *time));
            zigzag(value.wrapping_sub(near))
        })
    };
    let cost = |mode: &IntMode| steps(*mode).map(uint_len).sum::<u64>();
    let best = IntMode::ALL.into_iter().min_by_key(cost);
    let best = best.unwrap_or(IntMode::Plain);
    out.push(best as u8);
    for step in steps(best) {
        put_uint(out, step);
    }
}

//! What both ends expect next. The encoder writes how far a change is from the
//! expectation, the decoder adds it back; both tell this state the same things
//! in the same order.

use std::collections::HashMap;

use crate::model::DocumentId;

use super::PackError;
use super::bytes::{Reader, put_uint, unzigzag, zigzag};
use super::class::{KeyKind, OpClass, op_flag};
use super::rows::{COUNTER_MAX, Key, Op, OpId, Rows};

/// How many concurrent heads of a document are looked at as dependencies.
const HEADS_MAX: usize = 16;
/// How many places of a pack are remembered; later ones are told in full.
const PLACES_MAX: usize = 65_536;
/// How many actors a column remembers the last value of.
const RECENT_MAX: usize = 16;

/// Where the dependencies of a change come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DepsFrom {
    /// The same actor's last change of the document.
    Own = 0,
    /// The document's last change.
    Last = 1,
    /// All changes of the document that none depends on yet.
    Heads = 2,
    /// They are named.
    Named = 3,
}

impl DepsFrom {
    pub(super) const IMPLIED: [Self; 3] = [Self::Own, Self::Last, Self::Heads];

    pub(super) const fn from_flags(flags: u32) -> Self {
        match flags & 3 {
            0 => Self::Own,
            1 => Self::Last,
            2 => Self::Heads,
            _ => Self::Named,
        }
    }
}

/// A change that the pack holds or names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) hash: [u8; 32],
    max_op: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Document {
    pub(super) id: DocumentId,
    pub(super) known: Vec<Known>,
    heads: Vec<u32>,
    last: Option<u32>,
    /// Where the last text was typed or deleted.
    cursor: OpId,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    seq: u64,
    change: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct ClassMemory {
    object: OpId,
    pred_actor: u32,
    pred_offset: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct ActorMemory {
    time: Option<i64>,
    document: Option<u32>,
}

/// The operation before, inside the same change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Previous {
    object: Option<OpId>,
    made: Option<OpId>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) documents: Vec<Document>,
    pub(super) last_actor: u32,
    actors: HashMap<u32, ActorMemory>,
    last_time: i64,
    last_document: u32,
    members: HashMap<(u32, u32), Member>,
    objects: HashMap<(u32, u32), OpId>,
    puts: HashMap<(u32, Option<OpId>, u32), OpId>,
    classes: HashMap<u32, ClassMemory>,
}

impl State {
    pub(super) fn add_document(&mut self, id: DocumentId) -> u32 {
        self.documents.push(Document {
            id,
            known: Vec::new(),
            heads: Vec::new(),
            last: None,
            cursor: OpId::default(),
        });
        (self.documents.len() - 1) as u32
    }

    /// The document that this actor, or else anyone, changed last.
    pub(super) fn near_document(&self, actor: Option<u32>) -> u32 {
        actor
            .and_then(|actor| self.actors.get(&actor)?.document)
            .unwrap_or(self.last_document)
    }

    pub(super) fn near_time(&self, actor: u32) -> i64 {
        let own = self.actors.get(&actor).and_then(|memory| memory.time);
        own.unwrap_or(self.last_time)
    }

    pub(super) fn near_seq(&self, document: u32, actor: u32) -> u64 {
        let member = self.members.get(&(document, actor));
        member.map_or(0, |member| member.seq).wrapping_add(1)
    }

    /// One more than the highest operation of the dependencies.
    pub(super) fn near_start(&self, document: u32, deps: &[u32]) -> u64 {
        let known = self.known(document);
        deps.iter()
            .filter_map(|dep| known.get(*dep as usize)?.max_op)
            .max()
            .unwrap_or(0)
            .wrapping_add(1)
    }

    pub(super) fn known(&self, document: u32) -> &[Known] {
        let document = self.documents.get(document as usize);
        document.map_or(&[][..], |document| &document.known)
    }

    /// Takes in a change that the pack names and does not hold.
    pub(super) fn name_change(&mut self, document: u32, hash: [u8; 32]) -> u32 {
        let Some(document) = self.documents.get_mut(document as usize) else {
            return 0;
        };
        let max_op = None;
        document.known.push(Known { hash, max_op });
        (document.known.len() - 1) as u32
    }

    /// The dependencies that are implied; none where nothing is.
    pub(super) fn implied(&self, document: u32, actor: u32, from: DepsFrom) -> Vec<u32> {
        let place = self.documents.get(document as usize);
        match (from, place) {
            (DepsFrom::Own, _) => self
                .members
                .get(&(document, actor))
                .map(|member| member.change)
                .into_iter()
                .collect(),
            (DepsFrom::Last, Some(place)) => place.last.into_iter().collect(),
            (DepsFrom::Heads, Some(place)) => {
                let mut heads = place.heads.clone();
                heads.sort_unstable_by_key(|head| place.known.get(*head as usize).map(|k| k.hash));
                heads
            }
            _ => Vec::new(),
        }
    }

    /// Takes in a change that travels as it is; `None` when even its hash
    /// can't be told.
    pub(super) fn saw_raw(&mut self, document: u32, hash: Option<[u8; 32]>) {
        self.last_document = document;
        if let Some(hash) = hash {
            self.name_change(document, hash);
        }
    }

    /// Takes in a whole change.
    pub(super) fn saw_change(&mut self, document: u32, rows: &Rows, deps: &[u32], hash: [u8; 32]) {
        self.last_actor = rows.actor;
        self.last_time = rows.time;
        self.last_document = document;
        let memory = self.actors.entry(rows.actor).or_default();
        memory.time = Some(rows.time);
        memory.document = Some(document);
        let Some(place) = self.documents.get_mut(document as usize) else {
            return;
        };
        // What the first change after an unseen one starts from tells how far
        // the unseen one went.
        for dep in deps {
            if let Some(known) = place.known.get_mut(*dep as usize) {
                known.max_op.get_or_insert(rows.start_op.saturating_sub(1));
            }
        }
        place.known.push(Known {
            hash,
            max_op: Some(rows.max_op()),
        });
        let change = (place.known.len() - 1) as u32;
        place.last = Some(change);
        place.heads.retain(|head| !deps.contains(head));
        if place.heads.len() >= HEADS_MAX {
            place.heads.remove(0);
        }
        place.heads.push(change);
        let seq = rows.seq;
        self.members
            .insert((document, rows.actor), Member { seq, change });
    }

    /// The object that an operation is expected in.
    pub(super) fn near_object(&self, at: &At<'_>) -> OpId {
        if let Some(previous) = at.previous
            && let Some(object) = previous.made.or(previous.object)
        {
            return object;
        }
        let in_document = self.objects.get(&(at.document, at.class_id)).copied();
        in_document.unwrap_or_else(|| self.memory(at.class_id).object)
    }

    /// The neighbour that a text operation is expected at.
    pub(super) fn near_elem(&self, at: &At<'_>) -> OpId {
        let document = self.documents.get(at.document as usize);
        document.map_or(OpId::default(), |document| document.cursor)
    }

    /// The predecessor that is expected after those already told.
    pub(super) fn near_pred(
        &self,
        at: &At<'_>,
        object: Option<OpId>,
        key: Key,
        told: Option<OpId>,
    ) -> OpId {
        if let Some(told) = told {
            return told;
        }
        if let (Key::Elem(elem), false) = (key, at.class.has(op_flag::INSERT)) {
            return elem;
        }
        if let KeyKind::Prop(prop) = at.class.key
            && let Some(put) = self.puts.get(&(at.document, object, prop))
        {
            return *put;
        }
        let memory = self.memory(at.class_id);
        let from = base(object, &memory);
        let near = from.after(memory.pred_offset);
        if near.counter > COUNTER_MAX {
            from
        } else {
            near
        }
    }

    fn memory(&self, class: u32) -> ClassMemory {
        self.classes.get(&class).copied().unwrap_or_default()
    }

    /// Takes in an item: its first operation, and the name of its last.
    pub(super) fn saw_item(
        &mut self,
        at: &At<'_>,
        op: &Op,
        pred: Option<OpId>,
        last: OpId,
    ) -> Previous {
        let memory = self.classes.entry(at.class_id).or_default();
        if let Some(pred) = pred {
            let from = base(op.object, memory);
            memory.pred_offset = pred.counter.wrapping_sub(from.counter);
            memory.pred_actor = pred.actor;
        }
        if let Some(object) = op.object {
            memory.object = object;
            remember(&mut self.objects, (at.document, at.class_id), object);
        }
        if let KeyKind::Prop(prop) = at.class.key {
            remember(&mut self.puts, (at.document, op.object, prop), last);
        } else if !matches!(op.key, Key::Prop(_))
            && let Some(document) = self.documents.get_mut(at.document as usize)
        {
            document.cursor = last;
        }
        Previous {
            object: op.object,
            made: op.makes_object().then_some(last),
        }
    }
}

fn remember<K: Eq + std::hash::Hash>(places: &mut HashMap<K, OpId>, place: K, id: OpId) {
    if places.len() < PLACES_MAX {
        places.insert(place, id);
    } else if let Some(known) = places.get_mut(&place) {
        *known = id;
    }
}

fn base(object: Option<OpId>, memory: &ClassMemory) -> OpId {
    object.unwrap_or(OpId {
        actor: memory.pred_actor,
        counter: 0,
    })
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) document: u32,
    pub(super) class_id: u32,
    pub(super) class: &'a OpClass,
    pub(super) previous: Option<Previous>,
}

/// Writes an operation's name as its distance from the expected one.
pub(super) fn put_near(out: &mut Vec<u8>, id: OpId, near: OpId) {
    if id == near {
        out.push(0);
        return;
    }
    let step = zigzag((id.counter as i64).wrapping_sub(near.counter as i64));
    let other = id.actor != near.actor;
    put_uint(out, (step << 1 | u64::from(other)).wrapping_add(1));
    if other {
        put_uint(out, u64::from(id.actor));
    }
}

/// Reads what [`put_near`] wrote.
pub(super) fn get_near(
    reader: &mut Reader<'_>,
    near: OpId,
    actors: usize,
) -> Result<OpId, PackError> {
    let id = match reader.uint()?.checked_sub(1) {
        None => near,
        Some(code) => {
            let counter = (near.counter as i64).wrapping_add(unzigzag(code >> 1)) as u64;
            let actor = if code & 1 == 0 {
                near.actor
            } else {
                u32::try_from(reader.uint()?).map_err(|_| PackError::Malformed)?
            };
            OpId { actor, counter }
        }
    };
    if id.counter > COUNTER_MAX || id.actor as usize >= actors {
        return Err(PackError::Malformed);
    }
    Ok(id)
}

/// The last value in a column, by actor: two phones in turn don't disturb
/// each other's expectation.
#[derive(Debug, Clone)]
pub(super) struct Recent<T> {
    by_actor: Vec<(u32, T)>,
    latest: Option<T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            by_actor: Vec::new(),
            latest: None,
        }
    }
}

impl<T: Copy> Recent<T> {
    /// The actor's last value, or else anyone's.
    pub(super) fn get(&self, actor: u32) -> Option<T> {
        let own = self.by_actor.iter().find(|(owner, _)| *owner == actor);
        own.map(|(_, value)| *value).or(self.latest)
    }

    pub(super) fn set(&mut self, actor: u32, value: T) {
        self.latest = Some(value);
        if let Some(own) = self.by_actor.iter_mut().find(|(owner, _)| *owner == actor) {
            own.1 = value;
            return;
        }
        if self.by_actor.len() >= RECENT_MAX {
            self.by_actor.remove(0);
        }
        self.by_actor.push((actor, value));
    }
}

/// How an integer is expected from what is around it; the first byte of its
/// column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IntMode {
    /// As it is.
    Plain = 0,
    /// Near the change's time.
    Time = 1,
    /// Near the actor's last value.
    Last = 2,
    /// Near the actor's last value and the time since: a running clock.
    Clock = 3,
}

impl IntMode {
    pub(super) const ALL: [Self; 4] = [Self::Plain, Self::Time, Self::Last, Self::Clock];

    pub(super) fn from_byte(byte: u8) -> Result<Self, PackError> {
        let mode = Self::ALL.get(usize::from(byte));
        mode.copied().ok_or(PackError::Malformed)
    }

    /// The expected integer; `recent` holds values with their changes' times.
    pub(super) fn near(self, recent: &Recent<(i64, i64)>, actor: u32, time: i64) -> i64 {
        match (self, recent.get(actor)) {
            (Self::Plain, _) => 0,
            (Self::Time, _) => time,
            (Self::Last | Self::Clock, None) => 0,
            (Self::Last, Some((value, _))) => value,
            (Self::Clock, Some((value, then))) => value.wrapping_add(time.wrapping_sub(then)),
        }
    }
}

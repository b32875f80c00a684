//! One change as rows, between its chunk and the columns of a pack.

/// The greatest operation counter that is laid out in columns; what claims
/// more travels as it is.
pub(super) const COUNTER_MAX: u64 = 1 << 53;

/// How many operations, and how many predecessors, a change in columns has.
pub(super) const ROWS_MAX: usize = 65_536;
/// How much longer the parts of a change may be than the change: names that
/// repeat inside it are written once there and many times here.
pub(super) const PARTS_FACTOR: usize = 4;

/// Bytes inside the heap that goes with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) at: usize,
    pub(super) len: usize,
}

impl Span {
    /// The bytes; none when the span does not fit the heap.
    pub(super) fn of(self, heap: &[u8]) -> &[u8] {
        heap.get(self.at..self.at.saturating_add(self.len))
            .unwrap_or_default()
    }
}

/// An operation's name. The actor is an index into the pack's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct OpId {
    pub(super) actor: u32,
    pub(super) counter: u64,
}

impl OpId {
    pub(super) const fn after(self, by: u64) -> Self {
        Self {
            actor: self.actor,
            counter: self.counter.wrapping_add(by),
        }
    }
}

/// What inside its object an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Prop(Span),
    Head,
    Elem(OpId),
}

/// The action codes of the chunk format that are looked at here.
pub(super) mod action {
    pub(crate) const MAKE_MAP: u64 = 0;
    pub(crate) const PUT: u64 = 1;
    pub(crate) const MAKE_LIST: u64 = 2;
    pub(crate) const DELETE: u64 = 3;
    pub(crate) const MAKE_TEXT: u64 = 4;
    pub(crate) const MAKE_TABLE: u64 = 6;
}

/// The value types of the chunk format.
pub(super) mod kind {
    pub(crate) const NULL: u8 = 0;
    pub(crate) const TRUE: u8 = 2;
    pub(crate) const UINT: u8 = 3;
    pub(crate) const INT: u8 = 4;
    pub(crate) const FLOAT: u8 = 5;
    pub(crate) const STRING: u8 = 6;
    pub(crate) const COUNTER: u8 = 8;
    pub(crate) const TIMESTAMP: u8 = 9;
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op {
    pub(super) action: u64,
    pub(super) object: Option<OpId>,
    pub(super) key: Key,
    pub(super) insert: bool,
    pub(super) kind: u8,
    pub(super) value: Span,
    /// Inside [`Rows::preds`].
    pub(super) preds: Span,
    pub(super) expand: bool,
    pub(super) mark: Option<Span>,
}

impl Op {
    pub(super) const fn makes_object(&self) -> bool {
        matches!(
            self.action,
            action::MAKE_MAP | action::MAKE_LIST | action::MAKE_TEXT | action::MAKE_TABLE
        )
    }
}

/// One change.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) deps: Vec<[u8; 32]>,
    pub(super) actor: u32,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) time: i64,
    pub(super) message: Span,
    pub(super) extra: Span,
    pub(super) ops: Vec<Op>,
    pub(super) preds: Vec<OpId>,
}

impl Rows {
    pub(super) fn preds_of(&self, op: &Op) -> &[OpId] {
        self.preds
            .get(op.preds.at..op.preds.at.saturating_add(op.preds.len))
            .unwrap_or_default()
    }

    /// The counter of the last operation; one less than the first when there
    /// is none.
    pub(super) fn max_op(&self) -> u64 {
        (self.start_op.saturating_add(self.ops.len() as u64)).saturating_sub(1)
    }

    /// Whether the decoder would hold the change within its bounds, given how
    /// many bytes its chunk has.
    pub(super) fn is_bounded(&self, chunk: usize) -> bool {
        let part = |op: &Op| {
            let key = match op.key {
                Key::Prop(prop) => prop.len,
                Key::Head | Key::Elem(_) => 0,
            };
            key + op.value.len + op.mark.map_or(0, |mark| mark.len)
        };
        let parts = self.ops.iter().map(part).sum::<usize>();
        let all = parts + self.message.len + self.extra.len;
        let rows = self.ops.len().max(self.preds.len());
        rows <= chunk.min(ROWS_MAX) && all <= chunk.saturating_mul(PARTS_FACTOR)
    }

    pub(super) fn clear(&mut self) {
        self.deps.clear();
        self.ops.clear();
        self.preds.clear();
        *self = Self {
            deps: std::mem::take(&mut self.deps),
            ops: std::mem::take(&mut self.ops),
            preds: std::mem::take(&mut self.preds),
            ..Self::default()
        };
    }
}

//! What can go wrong, as what the caller does next.

use crate::model::{ChangeHash, FieldPath};

/// Why a document could not be made, read or edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// This instance failed in the middle of something: load it again from the store.
    #[error("the document must be loaded again")]
    Poisoned,
    /// Every value was already as asked: nothing was written and no heads moved.
    /// "Looked at, nothing to change" is an entry of its own.
    #[error("the edit changes nothing")]
    Unchanged,
    /// The operation does not fit this place of the document. A mistake of the caller's.
    #[error("the operation does not fit its field")]
    Place {
        /// The field.
        path: FieldPath,
    },
    /// The value is not of the field's type. A mistake of the caller's.
    #[error("the value does not fit its field")]
    Value {
        /// The field.
        path: FieldPath,
    },
    /// Something stands there already and is never overwritten.
    #[error("the entry exists already")]
    Exists {
        /// The entry or item.
        path: FieldPath,
    },
    /// The edit is larger than one change may be: split it.
    #[error("the edit is too large for one change")]
    TooLarge,
    /// The stored bytes lack changes that others build on: pull them again.
    #[error("{} changes are missing", missing.len())]
    MissingDeps {
        /// What is missing.
        missing: Vec<ChangeHash>,
    },
    /// The stored bytes are not a document: drop the snapshot and rebuild from changes.
    #[error("the stored document does not load")]
    Corrupt,
    /// The document never stood at these heads.
    #[error("heads unknown to this document")]
    UnknownHeads,
}

/// Why a change of somebody else's is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VetError {
    /// Larger than a change may be.
    #[error("change too large")]
    TooLarge,
    /// Inflates to more than a change may be.
    #[error("change inflates beyond its limit")]
    Inflates,
    /// Not a change as this version writes them.
    #[error("change malformed")]
    Malformed,
    /// More operations, or replaced values, than a change may hold.
    #[error("too many operations")]
    TooManyOps,
    /// Builds on more changes than one may.
    #[error("too many dependencies")]
    TooManyDeps,
    /// Its operations are not numbered right after those that it builds on.
    #[error("operations out of sequence")]
    StartOp,
    /// Its author already gave this number to another change.
    #[error("sequence number reused")]
    SequenceReused,
    /// Its author's change before this one is not among those that it builds on.
    #[error("sequence number skipped")]
    SequenceGap,
    /// It builds on changes that have not arrived: hold it outside the document.
    #[error("waiting for {} changes", missing.len())]
    Waiting {
        /// What it waits for.
        missing: Vec<ChangeHash>,
    },
    /// It creates a document that exists, or one of another kind.
    #[error("change of another document")]
    WrongDocument,
    /// It overwrites, deletes or reshapes what may not be.
    #[error("change breaks the shape of the document")]
    PolicyShape {
        /// The field.
        path: FieldPath,
    },
    /// Applied, the document did not come out of save and load as it went in.
    #[error("change leaves the document unstable")]
    Unstable,
}

impl VetError {
    /// The stable code that travels in verdicts and is kept in quarantine.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Inflates => "inflates",
            Self::Malformed => "malformed",
            Self::TooManyOps => "too_many_ops",
            Self::TooManyDeps => "too_many_deps",
            Self::StartOp => "start_op",
            Self::SequenceReused => "sequence_reused",
            Self::SequenceGap => "sequence_gap",
            Self::Waiting { .. } => "waiting",
            Self::WrongDocument => "wrong_document",
            Self::PolicyShape { .. } => "policy_shape",
            Self::Unstable => "unstable",
        }
    }

    /// The field at fault, where there is one.
    #[must_use]
    pub const fn path(&self) -> Option<&FieldPath> {
        match self {
            Self::PolicyShape { path } => Some(path),
            _ => None,
        }
    }
}

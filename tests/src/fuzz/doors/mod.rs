//! The doors: one file each.

mod binding;
mod change;
mod fhir;
mod json;
mod page;
mod phone;
mod push;
mod seal;
mod token;
mod upload;
mod values;
mod vault;

use super::dice::Dice;

/// What became of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Where it ended: a stable code, the same for inputs that went the same way.
    pub(crate) code: String,
    /// It was taken.
    pub(crate) accepted: bool,
    /// It was taken, and what it was taken into does not work any more.
    pub(crate) poisoned: bool,
}

impl Outcome {
    pub(crate) fn refused(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            accepted: false,
            poisoned: false,
        }
    }

    pub(crate) fn accepted(code: impl Into<String>) -> Self {
        Self {
            accepted: true,
            ..Self::refused(code)
        }
    }

    /// Taken; `sound` says whether everything still works.
    pub(crate) fn judged(code: impl Into<String>, sound: bool) -> Self {
        Self {
            poisoned: !sound,
            ..Self::accepted(code)
        }
    }
}

/// A place where bytes come in.
pub(crate) trait Door {
    /// Honest inputs to begin with.
    fn seeds(&self) -> Vec<Vec<u8>>;

    /// A changed input whose lengths, checksums and signatures fit where that
    /// gets it further.
    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8>;

    /// Puts an input through the door as the product does.
    fn knock(&mut self, input: &[u8]) -> Outcome;
}

/// A door's name and how to build it.
pub(crate) type Named = (&'static str, fn() -> Box<dyn Door>);

/// Every door that takes bytes from outside.
pub(crate) const DOORS: &[Named] = &[
    ("change", || Box::new(change::Changes::new())),
    ("snapshot", || Box::new(change::Snapshots::new())),
    ("page", || Box::new(page::Pages::new())),
    ("phone", || Box::new(phone::Phones::new())),
    ("push", || Box::new(push::Pushes::new())),
    ("upload", || Box::new(upload::Uploads::new())),
    ("cursor", || Box::new(push::Cursors::new())),
    ("escrow", || Box::new(vault::Escrows::new())),
    ("keyfile", || Box::new(vault::Keyfiles::new())),
    ("blob", || Box::new(vault::Blobs::new())),
    ("seal", || Box::new(seal::Seals::new())),
    ("token", || Box::new(token::Tokens::new())),
    ("fhir", || Box::new(fhir::Imports::new())),
    ("binding", || Box::new(binding::Bindings::new())),
    ("values", || Box::new(values::Values::new())),
];

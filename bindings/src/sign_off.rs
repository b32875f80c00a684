//! Signatures by hand: the patient's, a representative's, one's own; or why there
//! is none.

use std::collections::BTreeMap;

use homeround::app;
use homeround::model::{self, EntryId as Entry, Mark, NewMark};
pub use homeround::model::{NotSignedReason, Relation};

use crate::correction::{Correction, Corrections};
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::types::{EntryId, Role, Saved};
use crate::visit::Visit;
use crate::visit_edits::SealCheck;

/// What a representative is to the patient.
#[uniffi::remote(Enum)]
pub enum Relation {
    /// Spouse or partner.
    Spouse,
    /// Child.
    Child,
    /// Parent.
    Parent,
    /// Brother or sister.
    Sibling,
    /// Another relative.
    OtherRelative,
    /// Friend or neighbour.
    Friend,
    /// Guardian by law.
    Guardian,
    /// Named by the patient to decide about care.
    HealthcareProxy,
    /// Anybody else.
    Other,
    /// A relation that this version does not know.
    Unknown,
}

/// Why somebody did not sign.
#[uniffi::remote(Enum)]
pub enum NotSignedReason {
    /// Did not want to.
    Refused,
    /// Can't write or see, as after a stroke.
    Unable,
    /// Can't judge what they would sign.
    LacksCapacity,
    /// Was not there.
    NotPresent,
    /// Asleep, or not to be disturbed.
    Asleep,
    /// The phone is not handed over, to carry no infection.
    InfectionControl,
    /// No language shared well enough.
    Language,
    /// The phone's screen did not work.
    DeviceTrouble,
    /// Anything else; the comment says what.
    Other,
    /// A reason that this version does not know.
    Unknown,
}

/// Whose signature it is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Signer {
    /// The care team member who takes it.
    Clinician,
    /// The patient.
    Patient,
    /// Somebody who signs for the patient.
    Representative {
        /// What they are called, up to 120 characters.
        name: String,
        /// What they are to the patient.
        relation: Relation,
    },
    /// Somebody of a kind that this version does not know.
    Unknown,
}

/// Where the pen was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct InkPoint {
    /// From the left edge of the pad, micrometres.
    pub x_um: u32,
    /// From the upper edge of the pad, micrometres.
    pub y_um: u32,
    /// Since the drawing began, milliseconds up to one hour; never less than the point
    /// before.
    pub t_ms: u32,
    /// How hard the pen pressed, 0 to 255 the hardest; none: not measured.
    #[uniffi(default = None)]
    pub pressure: Option<u8>,
}

/// A signature as it was drawn. Points within 0.2 mm of where the others put the pen at
/// that moment are left out when it is stored.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Drawing {
    /// Width of the pad, micrometres, 5 000 to 500 000.
    pub width_um: u32,
    /// Height of the pad, micrometres, 5 000 to 500 000.
    pub height_um: u32,
    /// From pen down to pen up; 200 strokes and 10 000 points at most.
    pub strokes: Vec<Vec<InkPoint>>,
}

/// What a signer gives.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum NewSignature {
    /// A signature by hand.
    Drawn {
        /// The strokes.
        drawing: Drawing,
    },
    /// The name, typed by the signer: for who can't draw.
    Typed {
        /// Up to 120 characters.
        text: String,
    },
    /// Nothing. Not for the member who takes it.
    NotSigned {
        /// Why not.
        reason: NotSignedReason,
        /// Up to 1 000 characters; needed for `Other`.
        comment: Option<String>,
    },
}

/// What a signer gave.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum GivenSignature {
    /// A signature by hand.
    Drawn {
        /// The strokes, to draw again; none when they can't be read.
        drawing: Option<Drawing>,
    },
    /// The name, typed by the signer.
    Typed {
        /// The name.
        text: String,
    },
    /// Nothing.
    NotSigned {
        /// Why not.
        reason: NotSignedReason,
        /// In the words of who asked.
        comment: Option<String>,
    },
    /// A mark of a kind that this version does not know.
    Unknown,
}

/// A signature by hand, or why there is none.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SignOff {
    /// Which.
    pub id: EntryId,
    /// Whose.
    pub signer: Signer,
    /// What they gave.
    pub given: GivenSignature,
    /// Who took it.
    pub by: By,
    /// As what.
    pub role: Role,
    /// When, by the best known time, milliseconds since 1970.
    pub at_ms: i64,
    /// Sections that were changed after it, as in `note`: the signer was not shown that.
    pub changed: Vec<String>,
    /// That it was wrong, if it was.
    pub corrected: Option<Correction>,
}

#[uniffi::export]
impl Visit {
    /// Takes somebody's signature over the visit as it stands, or says why there is none;
    /// as soon as the visit has begun or was called off, also after it was sealed, and
    /// again. Nothing waits for it. Fails with `Refused` on `status`, `signer`, `name`, `text`, `reason`,
    /// `comment`, `strokes`, `width_um` or `height_um`.
    pub fn sign_off(&self, signer: Signer, given: NewSignature) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.sign_off(signer.into(), given.into()))
    }

    /// Verifies one signature by hand as `verify` does a seal. Fails with `NotFound`.
    pub fn verify_sign_off(&self, sign_off: EntryId) -> Result<SealCheck, HomeroundError> {
        guard(|| self.handle().verify_sign_off(sign_off).map(Into::into))
    }
}

/// The sign-offs of a visit as a screen shows them.
pub(crate) fn shown(
    views: Vec<app::SignOffView>,
    corrections: &BTreeMap<Entry, model::CorrectionEntry>,
    names: &Names<'_>,
) -> Vec<SignOff> {
    let wrong = Corrections::of(corrections, names);
    let one = |view: app::SignOffView| SignOff {
        id: view.id,
        signer: view.entry.signer.into(),
        given: view.entry.mark.into(),
        by: names.by(view.entry.taken.by),
        role: view.entry.taken.role,
        at_ms: view.entry.taken.stamp.best().0,
        changed: view.changed.into_iter().collect(),
        corrected: wrong.get("sign_offs", view.id),
    };
    views.into_iter().map(one).collect()
}

impl From<Signer> for model::Signer {
    fn from(signer: Signer) -> Self {
        match signer {
            Signer::Clinician => Self::Clinician,
            Signer::Patient => Self::Patient,
            Signer::Representative { name, relation } => Self::Representative { name, relation },
            Signer::Unknown => Self::Unknown,
        }
    }
}

impl From<model::Signer> for Signer {
    fn from(signer: model::Signer) -> Self {
        match signer {
            model::Signer::Clinician => Self::Clinician,
            model::Signer::Patient => Self::Patient,
            model::Signer::Representative { name, relation } => {
                Self::Representative { name, relation }
            }
            model::Signer::Unknown => Self::Unknown,
        }
    }
}

impl From<NewSignature> for NewMark {
    fn from(given: NewSignature) -> Self {
        match given {
            NewSignature::Drawn { drawing } => Self::Drawn(drawing.into()),
            NewSignature::Typed { text } => Self::Typed(text),
            NewSignature::NotSigned { reason, comment } => Self::NotSigned(reason, comment),
        }
    }
}

impl From<Mark> for GivenSignature {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Drawn(ink) => Self::Drawn {
                drawing: ink.drawing().map(Into::into),
            },
            Mark::Typed { text } => Self::Typed { text },
            Mark::NotSigned { reason, comment } => Self::NotSigned { reason, comment },
            Mark::Unknown => Self::Unknown,
        }
    }
}

impl From<Drawing> for model::Drawing {
    fn from(drawing: Drawing) -> Self {
        let point = |one: InkPoint| model::InkPoint {
            x_um: one.x_um,
            y_um: one.y_um,
            t_ms: one.t_ms,
            pressure: one.pressure,
        };
        let strokes = drawing.strokes.into_iter();
        Self {
            width_um: drawing.width_um,
            height_um: drawing.height_um,
            strokes: strokes
                .map(|stroke| stroke.into_iter().map(point).collect())
                .collect(),
        }
    }
}

impl From<model::Drawing> for Drawing {
    fn from(drawing: model::Drawing) -> Self {
        let point = |one: model::InkPoint| InkPoint {
            x_um: one.x_um,
            y_um: one.y_um,
            t_ms: one.t_ms,
            pressure: one.pressure,
        };
        let strokes = drawing.strokes.into_iter();
        Self {
            width_um: drawing.width_um,
            height_um: drawing.height_um,
            strokes: strokes
                .map(|stroke| stroke.into_iter().map(point).collect())
                .collect(),
        }
    }
}

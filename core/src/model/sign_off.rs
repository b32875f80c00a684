//! Sign-offs: a person's own signature, by hand or by name, or why there is none.
//!
//! A seal (`signatures`) is a care team member's word for the visit's record, under
//! the device's key. A sign-off is what a person in the home puts their hand to. It
//! names the view that they were shown, and nothing waits for it.

use serde::{Deserialize, Serialize};

use super::{Drawing, Ink, Refused, SignatureEntry};

/// Most characters of a signer's name.
pub const SIGNER_NAME_CHARS_MAX: usize = 120;
/// Most characters of a comment on why nobody signed.
pub const SIGN_OFF_COMMENT_CHARS_MAX: usize = 1_000;

/// A signature by hand, or why there is none: section `sign_offs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignOffEntry {
    /// Who took it, when, over which view, under which device's key. That key's
    /// signature covers signer and mark as well.
    #[serde(flatten)]
    pub taken: SignatureEntry,
    /// Whose it is.
    #[serde(flatten)]
    pub signer: Signer,
    /// What they gave.
    #[serde(flatten)]
    pub mark: Mark,
}

/// Whose signature it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "signer", rename_all = "snake_case")]
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
    #[serde(other)]
    Unknown,
}

/// What a representative is to the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    #[serde(other)]
    Unknown,
}

/// What a signer gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mark", rename_all = "snake_case")]
pub enum Mark {
    /// A signature by hand.
    Drawn(Ink),
    /// The name, typed by the signer: for who can't draw.
    Typed {
        /// Up to 120 characters.
        text: String,
    },
    /// Nothing.
    NotSigned {
        /// Why not.
        reason: NotSignedReason,
        /// In the words of who asked, up to 1 000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// A mark of a kind that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why somebody did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    #[serde(other)]
    Unknown,
}

/// A mark as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewMark {
    /// Drawn by hand.
    Drawn(Drawing),
    /// The name, typed by the signer.
    Typed(String),
    /// Nothing, and why.
    NotSigned(NotSignedReason, Option<String>),
}

impl Relation {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Sibling => "sibling",
            Self::OtherRelative => "other_relative",
            Self::Friend => "friend",
            Self::Guardian => "guardian",
            Self::HealthcareProxy => "healthcare_proxy",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

impl NotSignedReason {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unable => "unable",
            Self::LacksCapacity => "lacks_capacity",
            Self::NotPresent => "not_present",
            Self::Asleep => "asleep",
            Self::InfectionControl => "infection_control",
            Self::Language => "language",
            Self::DeviceTrouble => "device_trouble",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

impl Signer {
    /// Trims and checks what is known of the signer.
    ///
    /// # Errors
    /// [`Refused`] on `name` or `relation` of a representative, on `signer`.
    pub fn check(self) -> Result<Self, Refused> {
        match self {
            Self::Unknown => Err(Refused::new("signer", "clinician, patient, representative")),
            Self::Representative {
                relation: Relation::Unknown,
                ..
            } => Err(Refused::new("relation", "a relation that has a name")),
            Self::Representative { name, relation } => Ok(Self::Representative {
                name: short(&name).ok_or(Refused::new("name", "1..=120 characters"))?,
                relation,
            }),
            known => Ok(known),
        }
    }
}

impl NewMark {
    /// Checks a mark and codes it as it is kept.
    ///
    /// # Errors
    /// [`Refused`] on `text`, `reason`, `comment`; as [`Drawing::check`].
    pub fn keep(self) -> Result<Mark, Refused> {
        match self {
            Self::Drawn(drawing) => Ok(Mark::Drawn(Ink::of(&drawing)?)),
            Self::Typed(text) => {
                let text = short(&text).ok_or(Refused::new("text", "1..=120 characters"))?;
                Ok(Mark::Typed { text })
            }
            Self::NotSigned(NotSignedReason::Unknown, _) => {
                Err(Refused::new("reason", "a reason that has a name"))
            }
            Self::NotSigned(reason, comment) => {
                let comment = comment.filter(|text| !text.trim().is_empty());
                let length = comment.as_ref().map_or(0, |text| text.chars().count());
                if length > SIGN_OFF_COMMENT_CHARS_MAX {
                    return Err(Refused::new("comment", "1000 characters"));
                }
                if reason == NotSignedReason::Other && comment.is_none() {
                    return Err(Refused::new(
                        "comment",
                        "some words when the reason is other",
                    ));
                }
                Ok(Mark::NotSigned { reason, comment })
            }
        }
    }
}

fn short(name: &str) -> Option<String> {
    let name = name.trim();
    let length = name.chars().count();
    (1..=SIGNER_NAME_CHARS_MAX)
        .contains(&length)
        .then(|| name.to_owned())
}

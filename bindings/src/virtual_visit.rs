//! A virtual visit: consent, lobby, and the phone call that it falls back to.

use homeround::app;
use homeround::model;
pub use homeround::model::{
    ConsentDecision, ConsentForm, ConsentParty, FallbackReason, LobbyState,
};

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::types::{EntryId, Saved};
use crate::visit::Visit;

/// What a patient says to a virtual visit.
#[uniffi::remote(Enum)]
pub enum ConsentDecision {
    /// Yes.
    Given,
    /// No: end the visit with a reason. It can be documented all the same.
    Declined,
    /// Something that this version does not know; it can't be recorded.
    Unknown,
}

/// Who says it.
#[uniffi::remote(Enum)]
pub enum ConsentParty {
    /// The patient.
    Patient,
    /// Who decides for the patient.
    Representative,
    /// Somebody whom this version does not know; it can't be recorded.
    Unknown,
}

/// How it was said.
#[uniffi::remote(Enum)]
pub enum ConsentForm {
    /// By word of mouth.
    Spoken,
    /// In writing.
    Written,
    /// In a way that this version does not know; it can't be recorded.
    Unknown,
}

/// Where a call stands.
#[uniffi::remote(Enum)]
pub enum LobbyState {
    /// Nothing was noted yet.
    NotBegun,
    /// The care member waits for the patient.
    Waiting,
    /// The patient waits to be let in.
    InLobby,
    /// Both are in the call.
    Joined,
    /// The visit goes on by phone.
    ByPhone,
    /// The call is over, or was left.
    Left,
}

/// Why a virtual visit goes on by phone.
#[uniffi::remote(Enum)]
pub enum FallbackReason {
    /// No picture.
    NoVideo,
    /// No sound.
    NoSound,
    /// The patient can't use the video, or has nothing to use it with.
    PatientCannot,
    /// The connection.
    Connection,
    /// Anything else; the comment says what.
    Other,
}

/// What a person may note around a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LobbyStep {
    /// One is there and waits for the patient.
    Waiting,
    /// The patient is there and waits to be let in.
    InLobby,
    /// Both are in the call.
    Joined,
    /// The call is over, or was left.
    Left,
}

/// A consent as it is entered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewConsent {
    /// What was said.
    pub decision: ConsentDecision,
    /// By whom.
    pub party: ConsentParty,
    /// How.
    pub form: ConsentForm,
    /// The representative's name, 1..=200 characters; of nobody else.
    #[uniffi(default = None)]
    pub name: Option<String>,
}

/// A consent to a virtual visit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Consent {
    /// What was said.
    pub decision: ConsentDecision,
    /// By whom.
    pub party: ConsentParty,
    /// How.
    pub form: ConsentForm,
    /// The representative's name.
    pub name: Option<String>,
    /// Who noted it.
    pub by: By,
    /// When, by the best known clock, milliseconds since 1970.
    pub at_ms: i64,
}

/// How a virtual visit goes on by phone, as it is entered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PhoneFallback {
    /// Why.
    pub reason: FallbackReason,
    /// In the person's own words, up to 1 000 characters; needed where the reason is
    /// `Other`.
    #[uniffi(default = None)]
    pub comment: Option<String>,
    /// The number, up to 40 characters; none: the one that the visit was booked with, else
    /// the patient's first.
    #[uniffi(default = None)]
    pub phone: Option<String>,
}

/// A visit that goes on by phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FallenBack {
    /// The edit.
    pub saved: Saved,
    /// The number that is called, as it is written.
    pub phone: String,
    /// The address that calls it, `tel:...`, for the system to open; none: a person dials.
    pub phone_url: Option<String>,
}

/// One thing that happened around a call.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LobbyEvent {
    /// Which.
    pub id: EntryId,
    /// Where the call stood then; none for what this version does not know.
    pub state: Option<LobbyState>,
    /// Who noted it.
    pub by: By,
    /// When, by the best known clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Why it went on by phone, where it did.
    pub reason: Option<FallbackReason>,
    /// In the person's own words.
    pub comment: Option<String>,
    /// The number that was called.
    pub phone: Option<String>,
}

/// A virtual visit as it stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VirtualVisit {
    /// Whether there is a link to join by now: ask for it with `join_url`.
    pub can_join: bool,
    /// The number to fall back to, as it is written; none: nobody knows one.
    pub phone: Option<String>,
    /// The address that calls it, `tel:...`; none: a person dials.
    pub phone_url: Option<String>,
    /// What the patient said; none: nobody has asked. The visit begins once it was given.
    pub consent: Option<Consent>,
    /// Where the call stands.
    pub state: LobbyState,
    /// Since when, by the best known clock, milliseconds since 1970; none: nothing was noted.
    pub since_ms: Option<i64>,
    /// What was noted, in order.
    pub lobby: Vec<LobbyEvent>,
}

#[uniffi::export]
impl Visit {
    /// The link to join the call by, `https://...`: give it to the system to open, and keep
    /// it nowhere. Whoever has it may come in. Fails with `NotFound` on `join_link` when the
    /// visit is at home, is over, or the office has not said.
    pub fn join_url(&self) -> Result<String, HomeroundError> {
        guard(|| {
            let call = self.handle().virtual_visit()?;
            let url = call.and_then(|call| call.join_url);
            url.ok_or(app::AppError::NotFound { what: "join_link" })
        })
    }

    /// Notes what the patient says to a virtual visit. Said anew, the last word counts and
    /// the first stays in the history; given on one phone and declined on another opens a
    /// conflict on `consent`, and until it is settled it is declined.
    ///
    /// Fails with `Refused` on `virtual_visit` for a visit at home, on `decision`, `party`,
    /// `form` or `name`.
    pub fn record_consent(&self, consent: NewConsent) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.record_consent(&consent.into()))
    }

    /// Notes that one waits, that the patient is there, that both are in the call, or that
    /// it was left. The core sees no call: whoever makes the visit says so.
    ///
    /// Fails with `Refused` on `virtual_visit` for a visit at home, and with `NotFound` on
    /// `lobby` in a visit that an earlier backend made.
    pub fn note_lobby(&self, step: LobbyStep) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.note_lobby(step.into()))
    }

    /// Goes on by phone: the visit, its note, its tasks and its forms stay as they are.
    ///
    /// Fails with `Refused` on `virtual_visit` for a visit at home, on `comment` where the
    /// reason is `Other` and there is none, on `phone` where no number is known or it is none.
    pub fn fall_back_to_phone(
        &self,
        fallback: PhoneFallback,
    ) -> Result<FallenBack, HomeroundError> {
        let mut called = String::new();
        let saved = self.save(|visit| {
            let (saved, phone) = visit.fall_back_to_phone(&fallback.into())?;
            called = phone;
            Ok(saved)
        })?;
        Ok(FallenBack {
            saved,
            phone_url: model::phone_url(&called),
            phone: called,
        })
    }
}

/// A virtual visit as a screen shows it.
pub(crate) fn shown(call: app::VirtualView, names: &Names<'_>) -> VirtualVisit {
    let consent = call.consent.map(|one| Consent {
        decision: one.decision,
        party: one.party,
        form: one.form,
        name: one.name,
        by: names.by(one.by),
        at_ms: one.stamp.best().0,
    });
    let lobby = call.lobby.into_iter();
    VirtualVisit {
        can_join: call.join_url.is_some(),
        phone_url: call.phone.as_deref().and_then(model::phone_url),
        phone: call.phone,
        consent,
        state: call.state,
        since_ms: call.since.map(|since| since.0),
        lobby: lobby.map(|(id, entry)| event(id, entry, names)).collect(),
    }
}

fn event(id: EntryId, entry: model::LobbyEntry, names: &Names<'_>) -> LobbyEvent {
    let (by, at_ms) = (names.by(entry.by), entry.stamp.best().0);
    let (state, call) = match entry.what {
        model::LobbyWhat::Waiting => (Some(LobbyState::Waiting), None),
        model::LobbyWhat::InLobby => (Some(LobbyState::InLobby), None),
        model::LobbyWhat::Joined => (Some(LobbyState::Joined), None),
        model::LobbyWhat::Left => (Some(LobbyState::Left), None),
        model::LobbyWhat::PhoneCall(call) => (Some(LobbyState::ByPhone), Some(call)),
        model::LobbyWhat::Unknown => (None, None),
    };
    LobbyEvent {
        id,
        state,
        by,
        at_ms,
        reason: call.as_ref().map(|call| call.reason),
        comment: call.as_ref().and_then(|call| call.comment.clone()),
        phone: call.map(|call| call.phone),
    }
}

impl From<NewConsent> for app::NewConsent {
    fn from(new: NewConsent) -> Self {
        Self {
            decision: new.decision,
            party: new.party,
            name: new.name,
            form: new.form,
        }
    }
}

impl From<PhoneFallback> for app::PhoneFallback {
    fn from(new: PhoneFallback) -> Self {
        Self {
            reason: new.reason,
            comment: new.comment,
            phone: new.phone,
        }
    }
}

impl From<LobbyStep> for model::LobbyWhat {
    fn from(step: LobbyStep) -> Self {
        match step {
            LobbyStep::Waiting => Self::Waiting,
            LobbyStep::InLobby => Self::InLobby,
            LobbyStep::Joined => Self::Joined,
            LobbyStep::Left => Self::Left,
        }
    }
}

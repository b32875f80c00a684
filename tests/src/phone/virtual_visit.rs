//! Commands about the call of a virtual visit.

use homeround::app::{Homeround, NewConsent, PhoneFallback, Saved};
use homeround::model::{
    ConsentDecision, ConsentForm, ConsentParty, FallbackReason, LobbyWhat, VisitId,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;

/// What is noted.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum CallSaid {
    /// What the patient said, by word of mouth.
    Consent {
        /// Yes or no.
        decision: ConsentDecision,
    },
    /// One waits for the patient.
    Waiting,
    /// The patient is there.
    InLobby,
    /// Both are in the call.
    Joined,
    /// The call was left.
    Left,
    /// It goes on by phone.
    PhoneCall {
        /// Why.
        reason: FallbackReason,
    },
}

/// Does what writes; none for another kind of command.
pub(super) fn note(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let Command::Call { visit, said } = command else {
        return None;
    };
    let visit = app.visit(*visit);
    let saved = match said {
        CallSaid::Consent { decision } => visit.record_consent(&NewConsent {
            decision: *decision,
            party: ConsentParty::Patient,
            name: None,
            form: ConsentForm::Spoken,
        }),
        CallSaid::Waiting => visit.note_lobby(LobbyWhat::Waiting),
        CallSaid::InLobby => visit.note_lobby(LobbyWhat::InLobby),
        CallSaid::Joined => visit.note_lobby(LobbyWhat::Joined),
        CallSaid::Left => visit.note_lobby(LobbyWhat::Left),
        CallSaid::PhoneCall { reason } => {
            let fallback = PhoneFallback {
                reason: *reason,
                comment: None,
                phone: None,
            };
            visit.fall_back_to_phone(&fallback).map(|(saved, _)| saved)
        }
    };
    Some(saved.map_err(Refusal::from))
}

/// The link itself stays on the phone.
pub(super) fn read(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let Some(call) = app.visit(visit).virtual_visit()? else {
        return Ok(Value::Null);
    };
    Ok(json!({
        "can_join": call.join_url.is_some(), "state": call.state.name(), "noted": call.lobby.len(),
        "consent": call.consent.map(|it| it.decision.name()),
        "why_by_phone": call.phone_call.map(|it| it.reason.name()),
    }))
}

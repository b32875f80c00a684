//! A virtual visit: what the patient says to it, who waits and who is in the call, and the
//! phone call that it falls back to.

use homeround::app::{Homeround, NewConsent, PhoneFallback};
use homeround::model::{
    ConsentDecision, ConsentForm, ConsentParty, FallbackReason, LobbyWhat, Visit, VisitId,
    VisitStatus,
};
use serde_json::json;

use super::{Done, entry, part, words};
use crate::disk::Dice;

/// Something of the call; none: the visit is at the patient's home.
pub(super) fn on_call(
    app: &Homeround,
    (id, seen): (VisitId, &Visit),
    number: u64,
    dice: &mut Dice,
) -> Option<Done> {
    let visit = app.visit(id);
    visit.virtual_visit_of(seen).ok()??;
    let agreed = |seen: &Visit| {
        let consent = seen.consent.as_ref();
        consent.is_some_and(|it| it.decision == ConsentDecision::Given)
    };
    if !agreed(seen) || dice.chance(10) {
        return Some(consent(app, id, number, dice));
    }
    if seen.status == VisitStatus::Scheduled && dice.chance(60) {
        let facts = entry("steps", "/to", json!("in_progress"));
        return Some(("check in to a call", visit.check_in(None), facts));
    }
    if dice.chance(20) {
        let call = PhoneFallback {
            reason: FallbackReason::Other,
            comment: Some(words(number)),
            phone: None,
        };
        let saved = visit.fall_back_to_phone(&call).map(|(saved, _)| saved);
        let facts = entry("lobby", "/comment", json!(words(number)));
        return Some(("phone call", saved, facts));
    }
    let noted = [
        (LobbyWhat::Waiting, "waiting"),
        (LobbyWhat::InLobby, "in_lobby"),
        (LobbyWhat::Joined, "joined"),
        (LobbyWhat::Left, "left"),
    ];
    let (what, name) = dice.pick(&noted).clone();
    let facts = entry("lobby", "/what", json!(name));
    Some(("lobby", visit.note_lobby(what), facts))
}

fn consent(app: &Homeround, id: VisitId, number: u64, dice: &mut Dice) -> Done {
    let decision = match dice.chance(85) {
        true => ConsentDecision::Given,
        false => ConsentDecision::Declined,
    };
    let new = NewConsent {
        decision,
        party: ConsentParty::Representative,
        name: Some(words(number)),
        form: ConsentForm::Spoken,
    };
    let facts = vec![part("consent", "/name", json!(words(number)))];
    ("consent", app.visit(id).record_consent(&new), facts)
}

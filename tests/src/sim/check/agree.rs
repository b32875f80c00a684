//! Whoever may see a patient holds the same documents: the same heads, the same values, the
//! same open conflicts, and nothing is left unsent.

use super::super::phone::Phone;
use super::super::world::World;

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    let Some(witness) = world.phones.last().and_then(|phone| phone.app()) else {
        return;
    };
    let documents = world.documents();
    for (id, patient) in documents {
        let Ok(truth) = witness.document_state(id) else {
            found.push(format!(
                "agree: the witness can't read {:?} {}",
                id.kind, id.id
            ));
            continue;
        };
        for phone in &world.phones {
            if !world.model.may(phone.person, patient) {
                continue;
            }
            let state = phone.app().map(|app| app.document_state(id));
            let what = match state {
                Some(Ok(state)) if state == truth => continue,
                Some(Ok(state)) if state.heads != truth.heads => "has other heads of",
                Some(Ok(state)) if state.view != truth.view => "shows other values of",
                Some(Ok(_)) => "shows other conflicts of",
                Some(Err(_)) => "does not have",
                None => "is off and has not",
            };
            let (kind, number) = (id.kind, phone.number);
            let changes = |phone: &Phone| {
                let history = phone.app().and_then(|app| app.history(id).ok());
                history.map_or(0, |changes| changes.len())
            };
            let (held, all) = (changes(phone), world.phones.last().map_or(0, changes));
            found.push(format!(
                "agree: phone {number} {what} {kind:?} {} ({held} changes of {all})",
                id.id
            ));
        }
    }
    for phone in &world.phones {
        let unsent = phone.app().and_then(|app| app.figures().ok());
        if let Some(figures) = unsent
            && figures.unsent > 0
        {
            let number = phone.number;
            found.push(format!(
                "drain: phone {number} has {} unsent",
                figures.unsent
            ));
        }
    }
    for text in found {
        world.violated(text);
    }
}

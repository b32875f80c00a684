//! Nobody holds a patient whom they may not see.

use super::super::world::World;

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    let patients = world.documents();
    for phone in &world.phones {
        let Some(app) = phone.app() else { continue };
        let held = app.documents().unwrap_or_default();
        for (id, patient) in &patients {
            if held.contains(id) && !world.model.may(phone.person, *patient) {
                let (number, kind) = (phone.number, id.kind);
                found.push(format!(
                    "scope: phone {number} still holds {kind:?} {}",
                    id.id
                ));
            }
        }
    }
    for text in found {
        world.violated(text);
    }
}

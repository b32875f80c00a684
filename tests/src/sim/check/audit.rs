//! The audit trails of the phones and of the backend hold together.

use homeround::store::AuditVerdict;
use homeround::vault::AuditCheck;

use super::super::world::World;

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    for phone in &world.phones {
        let number = phone.number;
        let Some(Ok(state)) = phone.app().map(|app| app.check_audit()) else {
            found.push(format!("audit: phone {number} can't check its trail"));
            continue;
        };
        if !matches!(state.trail, AuditVerdict::Sound(_)) {
            found.push(format!("audit: the trail of phone {number} is broken"));
        }
        let rolled_back = matches!(state.pinned, AuditCheck::Broken { .. });
        if rolled_back && !world.trouble.put_back.contains(&number) {
            found.push(format!(
                "audit: the trail of phone {number} misses its pinned line"
            ));
        }
    }
    let tenant = world.server.office().tenant;
    let checked = world
        .server
        .wait(world.server.backend().verify_audit(tenant));
    match checked {
        Ok(check) if check.broken_at.is_none() => {}
        _ => found.push("audit: the backend's trail is broken".to_owned()),
    }
    for text in found {
        world.violated(text);
    }
}

//! What became of every notice comes back to the team; what is called sent was handed over,
//! and once, unless the backend lost its last words in between.

use std::collections::BTreeSet;

use homeround::model::{DocumentKind, EntryId, NoticeState, VisitId};

use super::super::world::{MINUTE, World};

/// How long after the arrival that it announces a notice may still wait: who delivers is
/// tried again every quarter of an hour, and the backend is away for some minutes.
const LATE_MS: i64 = 30 * MINUTE;

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    let Some(witness) = world.phones.last().and_then(|phone| phone.app()) else {
        return;
    };
    let taken = world.server.post.taken();
    let handed: BTreeSet<EntryId> = taken.iter().map(|letter| letter.notice).collect();
    let late = world.time.wall().plus(-LATE_MS);
    for (id, _) in world.documents() {
        if id.kind != DocumentKind::Visit {
            continue;
        }
        let invited = witness.visit(VisitId(id.id)).survey("en");
        let invited = invited.map(|view| view.invitations).unwrap_or_default();
        for link in invited {
            let name = link.id;
            match link.delivery {
                None => found.push(format!("notices: nobody heard of {name}")),
                Some(it) if it.state == NoticeState::Sent && !handed.contains(&name) => {
                    found.push(format!("notices: {name} is called sent and was not"));
                }
                Some(it) if it.next_ms.is_some_and(|next| next < late) => {
                    found.push(format!("notices: {name} still waits"));
                }
                Some(_) => {}
            }
        }
        for notice in witness.visit(VisitId(id.id)).notices().unwrap_or_default() {
            let name = notice.id;
            match notice.delivery.map(|delivery| delivery.state) {
                None => found.push(format!("notices: nobody heard of {name}")),
                Some(NoticeState::Sent) if !handed.contains(&name) => {
                    found.push(format!("notices: {name} is called sent and was not"));
                }
                Some(NoticeState::Queued) if notice.entry.arrives_until_ms < late => {
                    found.push(format!("notices: {name} still waits"));
                }
                Some(_) => {}
            }
        }
    }
    let mut once = BTreeSet::new();
    for letter in taken {
        if !once.insert((letter.notice, letter.losses)) {
            found.push(format!("notices: {} was sent twice", letter.notice));
        }
    }
    for text in found {
        world.violated(text);
    }
}

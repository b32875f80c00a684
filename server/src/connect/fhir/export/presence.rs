//! Who was in the home, as participants of the encounter.

use homeround::model::{
    EntryId, PersonId, PresenceWhat, attendances, presence_reason, presence_state,
};
use serde_json::{Value, json};

use super::{Sheet, extension, hl7};

impl Sheet<'_> {
    /// One participant for each time that somebody was in the home, with how sure
    /// its stamps are; one without a period for each assignee who was not.
    pub(super) fn participants(&mut self) -> Vec<Value> {
        let presence = &self.input.visit.presence;
        let assignees = &self.input.booking.assignees;
        let attended = attendances(presence);
        let mut participants = Vec::new();
        for one in &attended {
            let at = |id: Option<EntryId>| Some(self.instant(presence.get(&id?)?.at()));
            let period = json!({ "start": at(one.check_in), "end": at(one.check_out) });
            let mut said = self.stamp("check-in", one.check_in);
            said.extend(self.stamp("check-out", one.check_out));
            let primary = assignees.contains(&one.person);
            let mut participant = self.participant(one.person, primary);
            participant["extension"] = json!(said);
            participant["period"] = period;
            participants.push(participant);
        }
        for person in assignees {
            if !attended.iter().any(|one| one.person == *person) {
                participants.push(self.participant(*person, true));
            }
        }
        participants
    }

    fn participant(&mut self, person: PersonId, primary: bool) -> Value {
        let (code, display) = if primary {
            ("PPRF", "primary performer")
        } else {
            ("SPRF", "secondary performer")
        };
        json!({
            "type": [hl7("v3-ParticipationType", code, display)],
            "individual": self.who(person),
        })
    }

    /// How sure a stamp is, why, and what its author says.
    fn stamp(&self, name: &str, id: Option<EntryId>) -> Vec<Value> {
        let presence = &self.input.visit.presence;
        let Some((id, entry)) = id.and_then(|id| Some((id, presence.get(&id)?))) else {
            return Vec::new();
        };
        let named = |part: &str| format!("{name}-{part}");
        let mut said = Vec::new();
        if let Some(state) = presence_state(presence, id) {
            said.push(extension(&named("state"), "Code", state.name()));
        }
        if let PresenceWhat::CheckIn(seen) | PresenceWhat::CheckOut(seen) = &entry.what {
            let causes = seen.causes.iter();
            said.extend(causes.map(|it| extension(&named("cause"), "Code", it.name())));
            let distance = seen.distance_m.iter();
            said.extend(distance.map(|it| extension(&named("distance-m"), "Integer", *it)));
        }
        if let Some((reason, comment)) = presence_reason(presence, id) {
            said.push(extension(&named("reason"), "Code", reason.name()));
            let comment = comment.iter();
            said.extend(comment.map(|it| extension(&named("comment"), "String", *it)));
        }
        said
    }
}

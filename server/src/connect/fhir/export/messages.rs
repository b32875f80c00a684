//! Messages within the team that are about the visit.

use homeround::model::{Chart, EntryId, MessageEntry, MessagePriority};
use serde_json::{Value, json};

use super::{Sheet, reference};

impl Sheet<'_> {
    /// The messages that name this visit; others of the chart stay in it.
    pub(super) fn messages(&mut self) {
        let Some(chart) = self.input.chart else {
            return;
        };
        let visit = Some(self.input.booking.visit);
        let about: Vec<(&EntryId, &MessageEntry)> = chart
            .messages
            .iter()
            .filter(|(_, message)| message.visit == visit)
            .collect();
        for (id, message) in about {
            let answered = message.reply_to.filter(|it| {
                let answered = chart.messages.get(it);
                answered.is_some_and(|it| it.visit == visit)
            });
            let recipients: Vec<Value> = message.to.iter().map(|one| self.who(*one)).collect();
            let sender = self.who(message.by);
            self.add(
                id.0,
                json!({
                    "resourceType": "Communication",
                    "inResponseTo": answered.map(|it| reference(it.0)).into_iter().collect::<Vec<_>>(),
                    "status": if taken_back(chart, *id) { "entered-in-error" } else { "completed" },
                    "priority": match message.priority {
                        MessagePriority::Routine => "routine",
                        MessagePriority::Urgent | MessagePriority::Unknown => "urgent",
                    },
                    "subject": self.subject(),
                    "encounter": self.encounter_reference(),
                    "sent": self.instant(message.at_ms),
                    "recipient": recipients,
                    "sender": sender,
                    "payload": [{ "contentString": message.text }],
                }),
            );
        }
    }
}

fn taken_back(chart: &Chart, id: EntryId) -> bool {
    let mut corrections = chart.corrections.values();
    corrections.any(|it| it.section == "messages" && it.target == id)
}

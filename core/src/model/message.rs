//! Messages within a care team about a patient.
//!
//! They lie in the patient's chart: whoever may see the chart may read them, they merge
//! like everything else, and they leave a phone with the patient. Nobody outside the
//! team sees any; the office that plans does not either.

use serde::{Deserialize, Serialize};

use super::{EntryId, Millis, PersonId, Refused, VisitId};

/// Characters of a message at most.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
/// People whom one message is meant for in particular, at most.
pub const MESSAGE_TO_MAX: usize = 16;
/// Messages that one entry says were read, at most.
pub const MESSAGE_READS_MAX: usize = 200;

/// A message to the team: section `messages` of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEntry {
    /// Who wrote it.
    pub by: PersonId,
    /// When, by the writer's clock.
    pub at_ms: Millis,
    /// What it says, 1 to 2 000 characters.
    pub text: String,
    /// Whether it can wait.
    #[serde(default)]
    pub priority: MessagePriority,
    /// Whom it is meant for in particular; empty: everybody. All of the team can read it
    /// either way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<PersonId>,
    /// The visit that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EntryId>,
}

/// Whether a message can wait: FHIR's request priority, the two that people use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessagePriority {
    /// It can wait for the next look.
    #[default]
    Routine,
    /// Somebody should read it now.
    Urgent,
    /// One that this version does not know: show it as urgent.
    #[serde(other)]
    Unknown,
}

/// That somebody was shown messages: section `message_reads` of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReadEntry {
    /// Who.
    pub by: PersonId,
    /// When, by the reader's clock.
    pub at_ms: Millis,
    /// Which, 1 to 200.
    pub messages: Vec<EntryId>,
}

impl MessageEntry {
    /// Checks length and number of people.
    ///
    /// # Errors
    /// [`Refused`] names the field and what is accepted.
    pub fn check(&self) -> Result<(), Refused> {
        let chars = self.text.trim().chars().count();
        if !(1..=MESSAGE_CHARS_MAX).contains(&chars) {
            return Err(Refused::new("text", "1..=2000 characters"));
        }
        if self.to.len() > MESSAGE_TO_MAX {
            return Err(Refused::new("to", "16 people at most"));
        }
        if self.priority == MessagePriority::Unknown {
            return Err(Refused::new("priority", "routine or urgent"));
        }
        Ok(())
    }
}

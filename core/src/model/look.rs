//! What a care member's phone knew of a patient as they left the home.

use serde::{Deserialize, Serialize};

use super::{ChangeHash, Millis, PersonId, Refused, VisitId};

/// Heads that one look names, at most.
pub const LOOK_HEADS_MAX: usize = 256;

/// That somebody was at a patient's, and what their phone knew then: section `looks` of a
/// chart.
///
/// What a person knows is everything that the heads of all of their looks stand on, and
/// what they wrote themselves. An entry names what the entries before it do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookEntry {
    /// Who.
    pub by: PersonId,
    /// When they left, by their own clock.
    pub at_ms: Millis,
    /// After which visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// Heads of the patient's documents, chart, plans and visits alike,
    /// [`LOOK_HEADS_MAX`] at most; 64 hexadecimal digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<ChangeHash>,
}

impl LookEntry {
    /// Checks the number of heads.
    ///
    /// # Errors
    /// [`Refused`] on `heads`.
    pub fn check(&self) -> Result<(), Refused> {
        if self.heads.len() > LOOK_HEADS_MAX {
            return Err(Refused::new("heads", "256 at most"));
        }
        Ok(())
    }
}

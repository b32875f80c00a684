//! A visit that nobody booked: a care member made it, with or without signal.

use serde::{Deserialize, Serialize};

use super::{
    Booking, Coding, MINUTE_MS, Millis, PatientId, PersonId, Refused, Stamp, VISIT_MINUTES_MAX,
    VisitId,
};

/// Most characters of what the visit is for.
pub const SERVICE_CHARS_MAX: usize = 200;
/// Most characters of a comment on an unplanned visit, a hand-over or a duplicate.
pub const FLOW_COMMENT_CHARS_MAX: usize = 1_000;

/// Why a visit was not booked before it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnplannedReason {
    /// Care was due, and nobody had booked it.
    Unscheduled,
    /// The patient or the family asked for it.
    Requested,
    /// The patient's condition changed.
    ConditionChanged,
    /// An emergency.
    Emergency,
    /// In place of a colleague who could not come.
    ChangeOfProvider,
    /// Booked for another day or hour.
    SchedulingError,
    /// Anything else; the comment says what.
    #[serde(other)]
    Other,
}

impl UnplannedReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Unscheduled,
        Self::Requested,
        Self::ConditionChanged,
        Self::Emergency,
        Self::ChangeOfProvider,
        Self::SchedulingError,
        Self::Other,
    ];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Requested => "requested",
            Self::ConditionChanged => "condition_changed",
            Self::Emergency => "emergency",
            Self::ChangeOfProvider => "change_of_provider",
            Self::SchedulingError => "scheduling_error",
            Self::Other => "other",
        }
    }
}

/// What makes a visit an unplanned one: field `unplanned`, written when it is made and
/// never again. The backend books the visit by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unplanned {
    /// Who made the visit, and goes.
    pub by: PersonId,
    /// When it was made, with what is needed to judge the clock.
    pub stamp: Stamp,
    /// Why it was not booked.
    pub reason: UnplannedReason,
    /// In the person's own words, up to [`FLOW_COMMENT_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What for, as in skilled nursing; 1..=[`SERVICE_CHARS_MAX`] characters of text.
    pub service: Coding,
    /// When it begins.
    pub start_ms: Millis,
    /// How long it is expected to take, `1..=`[`VISIT_MINUTES_MAX`] minutes.
    pub minutes: u32,
    /// IANA time zone of the patient's home.
    pub time_zone: String,
}

impl Unplanned {
    /// Checks what a person gave.
    ///
    /// # Errors
    /// [`Refused`] names the field.
    pub fn check(&self) -> Result<(), Refused> {
        let service = self.service.text.trim().chars().count();
        if service == 0 || self.service.text.chars().count() > SERVICE_CHARS_MAX {
            return Err(Refused::new("service", "1..=200 characters"));
        }
        if !(1..=VISIT_MINUTES_MAX).contains(&self.minutes) {
            return Err(Refused::new("minutes", "1..=720"));
        }
        if self.start_ms.0 < 0 {
            return Err(Refused::new("start_ms", "an instant after 1970"));
        }
        check_comment(
            self.comment.as_deref(),
            self.reason == UnplannedReason::Other,
        )
    }

    /// When it is expected to end.
    #[must_use]
    pub const fn end_ms(&self) -> Millis {
        self.start_ms.plus(self.minutes as i64 * MINUTE_MS)
    }

    /// The booking that follows from it: for who made it, at the time that was given.
    #[must_use]
    pub fn booking(&self, visit: VisitId, patient: PatientId) -> Booking {
        Booking {
            visit,
            patient,
            assignees: vec![self.by],
            start_ms: self.start_ms,
            end_ms: self.end_ms(),
            service: self.service.clone(),
            time_zone: self.time_zone.clone(),
            priority: 0,
            visit_minutes: None,
            fixed: false,
            unplanned: true,
            handover: None,
            virtual_visit: None,
        }
    }
}

/// Checks a comment; `required` where the reason says nothing by itself.
///
/// # Errors
/// [`Refused`] on `comment`.
pub fn check_comment(comment: Option<&str>, required: bool) -> Result<(), Refused> {
    let comment = comment.map_or("", str::trim);
    if comment.chars().count() > FLOW_COMMENT_CHARS_MAX {
        return Err(Refused::new("comment", "1000 characters"));
    }
    if required && comment.is_empty() {
        return Err(Refused::new(
            "comment",
            "some words when the reason is other",
        ));
    }
    Ok(())
}

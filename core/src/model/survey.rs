//! What a patient says of a visit once it is over: by a link that the backend sends, or on
//! the clinician's phone, which does nothing else meanwhile.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EntryId, Millis, PersonId, Refused, ReportedBy, Stamp};

/// Links that are sent for one visit, at most.
pub const SURVEY_INVITATIONS_MAX: usize = 3;
/// Answered surveys of one visit, at most: by each link, and on the phone.
pub const SURVEY_RESPONSES_MAX: usize = 6;
/// Answers of one survey, at most.
pub const SURVEY_ANSWERS_MAX: usize = 50;
/// Bytes of all answers of one survey as JSON, at most.
pub const SURVEY_BYTES_MAX: usize = 32 * 1024;
/// Bytes of a questionnaire's address with version, at most.
const CANONICAL_BYTES_MAX: usize = 512;

/// An entry of a visit's section `survey`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SurveyEntry {
    /// The patient is to be sent a link.
    Invited(SurveyInvitation),
    /// Somebody answered.
    Answered(SurveyResponse),
}

/// That the patient is to be sent a link to the survey.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SurveyInvitation {
    /// Who asks for it.
    pub by: PersonId,
    /// When.
    pub stamp: Stamp,
}

/// How a survey came to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyVia {
    /// On the clinician's phone, in the patient's hands.
    LentPhone,
    /// By a link, on a device of the patient's: the backend writes it, and no phone.
    Link,
    /// In a way that this version does not know.
    #[serde(other)]
    Unknown,
}

impl SurveyVia {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LentPhone => "lent_phone",
            Self::Link => "link",
            Self::Unknown => "unknown",
        }
    }
}

/// An answered survey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurveyResponse {
    /// Who lent the phone; none: nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// How.
    pub via: SurveyVia,
    /// The entry that asked for the link; none: there was no link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<EntryId>,
    /// Who answered, as they say themselves.
    pub answered_by: ReportedBy,
    /// Canonical address of the questionnaire, with version.
    pub questionnaire: String,
    /// BCP 47 language that it was shown in.
    pub language: String,
    /// The answers by link id, as a form of the visit keeps them.
    pub answers: BTreeMap<String, Value>,
    /// When, as well as the phone or the backend knows it.
    pub at_ms: Millis,
}

impl SurveyResponse {
    /// Checks what came from elsewhere: what it is about and its limits, and not whether the
    /// answers fit the questionnaire.
    ///
    /// # Errors
    /// [`Refused`] names the field and what is accepted.
    pub fn check(&self) -> Result<(), Refused> {
        if self.answered_by == ReportedBy::Unknown {
            return Err(Refused::new("answered_by", "patient or representative"));
        }
        match (self.via, self.by, self.invitation) {
            (SurveyVia::LentPhone, Some(_), None) | (SurveyVia::Link, None, Some(_)) => {}
            (SurveyVia::Unknown, ..) => return Err(Refused::new("via", "lent_phone or link")),
            _ => {
                let limit = "who lent the phone, or the invitation of the link";
                return Err(Refused::new("by", limit));
            }
        }
        if !(1..=CANONICAL_BYTES_MAX).contains(&self.questionnaire.len()) {
            let limit = "an address with version, 512 bytes at most";
            return Err(Refused::new("questionnaire", limit));
        }
        if !super::notice::is_language(&self.language) {
            return Err(Refused::new("language", "a BCP 47 language, as in es"));
        }
        if !(1..=SURVEY_ANSWERS_MAX).contains(&self.answers.len()) {
            return Err(Refused::new("answers", "1 to 50 answers"));
        }
        let bytes = serde_json::to_vec(&self.answers).map_or(usize::MAX, |it| it.len());
        if bytes > SURVEY_BYTES_MAX {
            return Err(Refused::new("answers", "32 KiB in all"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response() -> SurveyResponse {
        SurveyResponse {
            by: Some(PersonId::from_bytes(&[7; 16]).unwrap()),
            via: SurveyVia::LentPhone,
            invitation: None,
            answered_by: ReportedBy::Patient,
            questionnaire: "https://example.org/Questionnaire/visit|1".into(),
            language: "es-MX".into(),
            answers: BTreeMap::from([("overall".into(), json!(9))]),
            at_ms: Millis(1),
        }
    }

    fn refused(change: impl FnOnce(&mut SurveyResponse)) -> String {
        let mut one = response();
        change(&mut one);
        one.check().unwrap_err().field.to_string()
    }

    #[test]
    fn a_response_says_who_lent_the_phone_or_which_link_it_was() {
        response().check().unwrap();
        let invitation = Some(EntryId::from_bytes(&[9; 16]).unwrap());
        let mut linked = response();
        (linked.by, linked.via, linked.invitation) = (None, SurveyVia::Link, invitation);
        linked.check().unwrap();
        assert_eq!(refused(|it| it.by = None), "by");
        assert_eq!(refused(|it| it.invitation = invitation), "by");
        assert_eq!(refused(|it| it.via = SurveyVia::Link), "by");
        assert_eq!(refused(|it| it.via = SurveyVia::Unknown), "via");
    }

    #[test]
    fn what_is_too_much_or_says_nothing_is_refused_by_its_field() {
        assert_eq!(
            refused(|it| it.answered_by = ReportedBy::Unknown),
            "answered_by"
        );
        assert_eq!(refused(|it| it.questionnaire.clear()), "questionnaire");
        assert_eq!(
            refused(|it| it.questionnaire = "q".repeat(513)),
            "questionnaire"
        );
        assert_eq!(refused(|it| it.language = "spanish!".into()), "language");
        assert_eq!(refused(|it| it.answers.clear()), "answers");
        let many = |it: &mut SurveyResponse| {
            it.answers = (0..51).map(|nth| (nth.to_string(), json!(1))).collect();
        };
        assert_eq!(refused(many), "answers");
        let long = |it: &mut SurveyResponse| {
            it.answers
                .insert("comment".into(), json!("x".repeat(SURVEY_BYTES_MAX)));
        };
        assert_eq!(refused(long), "answers");
    }

    #[test]
    fn entries_say_their_kind_and_come_back_as_they_went() {
        let entry = SurveyEntry::Answered(response());
        let written = serde_json::to_value(&entry).unwrap();
        assert_eq!(written["kind"], "answered");
        assert_eq!(written["via"], "lent_phone");
        let back: SurveyEntry = serde_json::from_value(written).unwrap();
        assert_eq!(back, entry);
        assert!(serde_json::from_value::<SurveyEntry>(json!({ "kind": "drawn" })).is_err());
    }
}

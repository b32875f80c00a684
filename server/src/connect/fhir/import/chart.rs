//! What the team maintains: conditions and allergies, and the draft of a chart.

use std::collections::BTreeMap;

use homeround::model::{
    Alert, Allergy, AllergyStatus, Chart, Coding, Condition, Contact, EntryId, History, Measured,
    Medication, Millis, NoticeWishes, PatientId, RecordKind, Severity, Spo2Scale,
};

use super::super::ident::Target;
use super::super::types as fhir;
use super::text;
use super::{Importer, Skip};

/// Version of the chart document's shape.
const CHART_SCHEMA: u32 = 1;

/// A line of a list in which one thing stands once: since when, which entry, what.
type Standing<K, V> = BTreeMap<K, (Millis, EntryId, V)>;

/// One patient's chart while an import gathers it.
///
/// Sources repeat what stands at every contact: the same condition, the same
/// order renewed. The chart lists each once, as it was last stated; every
/// statement is in the history.
pub(super) struct ChartDraft {
    patient: PatientId,
    /// Nobody books a visit any more.
    pub(super) deceased: bool,
    /// IANA time zone of the home, if the source says it.
    pub(super) time_zone: Option<String>,
    contacts: BTreeMap<EntryId, Contact>,
    allergies: BTreeMap<EntryId, Allergy>,
    conditions: Standing<(String, String), Condition>,
    medications: Standing<(String, String), Medication>,
    pub(super) alerts: BTreeMap<EntryId, Alert>,
    /// Which scale NEWS2 is to use for the saturation, if the source says so.
    pub(super) spo2_scale: Option<Spo2Scale>,
    /// Whether the patient wants notices, if the source says so.
    pub(super) notice_wishes: Option<NoticeWishes>,
}

impl ChartDraft {
    pub(super) fn new(patient: PatientId, deceased: bool, time_zone: Option<String>) -> Self {
        Self {
            patient,
            deceased,
            time_zone,
            contacts: BTreeMap::new(),
            allergies: BTreeMap::new(),
            conditions: BTreeMap::new(),
            medications: BTreeMap::new(),
            alerts: BTreeMap::new(),
            spo2_scale: None,
            notice_wishes: None,
        }
    }

    pub(super) fn contact(&mut self, id: EntryId, contact: Option<Contact>) {
        self.contacts.extend(contact.map(|contact| (id, contact)));
    }

    /// Puts a medication on the list. An earlier order of the very same line
    /// leaves it.
    pub(super) fn medicate(&mut self, at: Millis, id: EntryId, line: Medication) {
        let how = format!("{:?} {:?} {}", line.dose, line.frequency, line.as_needed);
        let key = (code_key(&line.code), how);
        stand(&mut self.medications, key, at, id, line);
    }

    /// The chart as its document begins.
    pub(super) fn take(&mut self) -> Chart {
        fn listed<K, V>(standing: Standing<K, V>) -> BTreeMap<EntryId, V> {
            standing
                .into_values()
                .map(|(_, id, line)| (id, line))
                .collect()
        }
        Chart {
            schema: CHART_SCHEMA,
            patient: self.patient,
            contacts: std::mem::take(&mut self.contacts),
            home_access: BTreeMap::new(),
            allergies: std::mem::take(&mut self.allergies),
            conditions: listed(std::mem::take(&mut self.conditions)),
            medications: listed(std::mem::take(&mut self.medications)),
            spo2_scale: self.spo2_scale,
            notice_wishes: self.notice_wishes.take(),
            alerts: std::mem::take(&mut self.alerts),
            reviews: BTreeMap::new(),
            messages: BTreeMap::new(),
            message_reads: BTreeMap::new(),
            corrections: BTreeMap::new(),
            settlements: BTreeMap::new(),
        }
    }
}

fn code_key(code: &Coding) -> String {
    if code.code.is_empty() {
        code.text.to_lowercase()
    } else {
        format!("{}|{}", code.system, code.code)
    }
}

/// Keeps the line that was stated last; of two at the same instant, the higher id.
fn stand<K: Ord, V>(lines: &mut Standing<K, V>, key: K, at: Millis, id: EntryId, line: V) {
    match lines.get(&key) {
        Some((known_at, known_id, _)) if (*known_at, *known_id) > (at, id) => {}
        _ => {
            lines.insert(key, (at, id, line));
        }
    }
}

impl Importer<'_> {
    pub(super) fn condition(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Condition = self.parse(at)?;
        let verification = text::code(&source.verification_status);
        if verification == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.encounter, "encounter");
        let code = source.code.as_ref().map(text::coding).unwrap_or_default();
        if code.text.is_empty() {
            return Err(Skip::Malformed("code".to_owned()));
        }
        let onset = text::first_of([
            source.onset_date_time.as_str(),
            &source.onset_period.start,
            &source.recorded_date,
        ]);
        let since = self.instant_or_encounter(onset, "onsetDateTime", &source.encounter);
        let status = text::first_of([text::code(&source.clinical_status), "unknown"]);
        let id = self.id(at);
        let stands =
            verification != "refuted" && (matches!(status, "active" | "recurrence" | "relapse"));
        if stands && let Some(chart) = self.charts.get_mut(&patient) {
            let condition = Condition {
                clinical_status: status.to_owned(),
                verification: text::some(verification),
                onset: text::some(text::first_of([onset, &source.onset_string])),
                code: code.clone(),
            };
            let key = (code_key(&condition.code), String::new());
            let since = since.clone().unwrap_or_default();
            stand(&mut chart.conditions, key, since, EntryId(id), condition);
        }
        let at_ms = match since {
            Ok(since) => since,
            // What stands is on the chart without a date; the history needs one.
            Err(_) if stands => return Ok(()),
            Err(skip) => return Err(skip),
        };
        let history = History {
            patient,
            resource: "Condition".to_owned(),
            code,
            at_ms,
            status: status.to_owned(),
            category: text::category(&source.category),
            value: text::some(verification),
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, id, Some(patient), &history)
    }

    pub(super) fn allergy(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::AllergyIntolerance = self.parse(at)?;
        let status = allergy_status(&source);
        if status == AllergyStatus::EnteredInError {
            return Err(Skip::EnteredInError);
        }
        let patient = self.about(&source.patient, "patient")?;
        self.check_encounter(at, &source.encounter, "encounter");
        let code = source.code.as_ref().map(text::coding).unwrap_or_default();
        if code.text.is_empty() {
            return Err(Skip::Malformed("code".to_owned()));
        }
        let said_further = source.code.iter().flat_map(text::codings);
        let ingredients = said_further.filter(|it| !same_code(it, &code)).collect();
        let reactions = source.reaction.iter().flat_map(|reaction| {
            std::iter::once(reaction.description.as_str())
                .chain(reaction.manifestation.iter().map(text::words))
        });
        let mut said: Vec<&str> = Vec::new();
        for words in reactions.map(str::trim).filter(|words| !words.is_empty()) {
            if !said.contains(&words) {
                said.push(words);
            }
        }
        let allergy = Allergy {
            code,
            status,
            severity: severity(&source),
            reaction: text::some(&said.join(", ")),
            ingredients,
        };
        let id = EntryId(self.id(at));
        if let Some(chart) = self.charts.get_mut(&patient) {
            chart.allergies.insert(id, allergy);
        }
        Ok(())
    }

    /// Reads a date that has to be right where it is given.
    pub(super) fn instant(&self, written: &str, field: &'static str) -> Result<Millis, Skip> {
        if written.is_empty() {
            return Err(Skip::NoDate(field));
        }
        super::super::instant::read(written, self.zone)
            .ok_or_else(|| Skip::Malformed(field.to_owned()))
    }

    /// The same, with the encounter's beginning where there is no date at all.
    pub(super) fn instant_or_encounter(
        &self,
        written: &str,
        field: &'static str,
        encounter: &fhir::Reference,
    ) -> Result<Millis, Skip> {
        match self.index.find(encounter, "Encounter") {
            Target::Entry(target) if written.is_empty() => {
                self.began.get(&target).copied().ok_or(Skip::NoDate(field))
            }
            _ => self.instant(written, field),
        }
    }
}

fn same_code(one: &Coding, other: &Coding) -> bool {
    one.system == other.system && one.code == other.code
}

fn allergy_status(source: &fhir::AllergyIntolerance) -> AllergyStatus {
    let verification = text::code(&source.verification_status);
    match (verification, text::code(&source.clinical_status)) {
        ("entered-in-error", _) => AllergyStatus::EnteredInError,
        ("refuted", _) => AllergyStatus::Refuted,
        (_, "resolved" | "inactive") => AllergyStatus::Resolved,
        ("confirmed", _) | ("", "active") => AllergyStatus::Active,
        _ => AllergyStatus::Unconfirmed,
    }
}

/// The worst that is said: of a reaction that happened, or that could.
fn severity(source: &fhir::AllergyIntolerance) -> Option<Severity> {
    let happened = source
        .reaction
        .iter()
        .map(|reaction| reaction.severity.as_str());
    happened
        .chain([source.criticality.as_str()])
        .filter_map(|severity| match severity {
            "severe" | "high" => Some(Severity::Severe),
            "moderate" => Some(Severity::Moderate),
            "mild" | "low" => Some(Severity::Mild),
            _ => None,
        })
        .max()
}

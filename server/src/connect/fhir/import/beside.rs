//! What stands beside the findings: doses given or not, pictures and recordings, and
//! warnings about a patient.

use homeround::model::{
    Alert, Coding, EntryId, History, HistoryPart, Measured, RecordKind, Severity, Spo2Scale,
};

use super::super::types as fhir;
use super::super::{FLAG_PRIORITY, NOTE_TEXT_MAX, SPO2_SCALE};
use super::{Importer, Skip, text};

impl Importer<'_> {
    /// A dose that somebody gave or did not give: a line of the history.
    pub(super) fn administration(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::MedicationAdministration = self.parse(at)?;
        stated(&source.status)?;
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.context, "context");
        let code = self.which(
            at,
            source.medication_codeable_concept.as_ref(),
            &source.medication_reference,
            &source.contained,
        )?;
        let written = text::first_of([
            source.effective_date_time.as_str(),
            &source.effective_period.start,
        ]);
        let dose = source.dosage.dose.as_ref().and_then(text::quantity_words);
        let reasons = source.status_reason.iter().map(text::words);
        let notes = source.note.iter().map(|note| note.text.as_str());
        let said: Vec<&str> = dose
            .iter()
            .map(String::as_str)
            .chain([source.dosage.text.as_str()])
            .chain(reasons)
            .chain(notes)
            .filter(|words| !words.is_empty())
            .collect();
        let history = History {
            patient,
            resource: "MedicationAdministration".to_owned(),
            code,
            at_ms: self.instant_or_encounter(written, "effectiveDateTime", &source.context)?,
            status: source.status,
            category: None,
            value: text::some(&said.join("; ")),
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// A picture, a film or a recording: a line of the history. Its bytes stay where
    /// they are.
    pub(super) fn media(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Media = self.parse(at)?;
        stated(&source.status)?;
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.encounter, "encounter");
        let written = text::first_of([
            source.created_date_time.as_str(),
            &source.created_period.start,
            &source.content.creation,
            &source.issued,
        ]);
        let mut code = text::coding(&source.view);
        if code.text.is_empty() {
            code = text::coding_or(std::slice::from_ref(&source.kind), "Media");
        }
        let notes = source.note.iter().map(|note| note.text.as_str());
        let title = text::first_of([source.content.title.as_str()].into_iter().chain(notes));
        let body_site = text::coding(&source.body_site);
        let history = History {
            patient,
            resource: "Media".to_owned(),
            code,
            at_ms: self.instant_or_encounter(written, "createdDateTime", &source.encounter)?,
            status: source.status.clone(),
            category: text::some(&source.content.content_type),
            value: text::some(title),
            unit: None,
            components: Vec::new(),
            measured: Measured {
                body_site: (!body_site.text.is_empty()).then_some(body_site),
                ..Measured::default()
            },
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// A message about a patient: a line of the history with its sender. It is no message
    /// of the team here: nobody here wrote it, and nobody here is asked to answer.
    pub(super) fn communication(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Communication = self.parse(at)?;
        stated(&source.status)?;
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.encounter, "encounter");
        let said = source.payload.iter().map(|part| {
            text::first_of([
                part.content_string.as_str(),
                &part.content_attachment.title,
                &part.content_reference.display,
            ])
        });
        let said: Vec<&str> = said.filter(|words| !words.is_empty()).collect();
        let said = said.join("\n");
        if said.len() > NOTE_TEXT_MAX {
            self.note(
                at,
                "text_cut",
                "payload",
                "its beginning was taken; read the rest in the source system",
            );
        }
        let sender = self.called(&source.sender);
        let from = sender.map(|name| HistoryPart {
            code: Coding::text("From"),
            value: name,
            unit: None,
        });
        let topic = text::coding(&source.topic);
        let history = History {
            patient,
            resource: "Communication".to_owned(),
            code: match topic.text.is_empty() {
                true => text::coding_or(&source.category, "Message"),
                false => topic,
            },
            at_ms: self.instant_or_encounter(
                text::first_of([source.sent.as_str(), &source.received]),
                "sent",
                &source.encounter,
            )?,
            status: source.status,
            category: text::category(&source.category),
            value: text::some(&text::clip(&said, NOTE_TEXT_MAX)),
            unit: None,
            components: from.into_iter().collect(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// A warning about a patient: an alert of the chart, or which scale NEWS2 is to use.
    pub(super) fn flag(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Flag = self.parse(at)?;
        stated(&source.status)?;
        let patient = self.about(&source.subject, "subject")?;
        let code = text::coding(&source.code);
        if code.text.is_empty() {
            return Err(Skip::Malformed("code".to_owned()));
        }
        let id = EntryId(self.id(at));
        let active = source.status == "active";
        let scale = (source.code.coding.iter()).find(|coding| coding.system == SPO2_SCALE);
        let Some(chart) = self.charts.get_mut(&patient) else {
            return Err(Skip::Dangling("subject"));
        };
        match scale.map(|coding| coding.code.as_str()) {
            Some("scale_1") if active => chart.spo2_scale = Some(Spo2Scale::Scale1),
            Some("scale_2") if active => chart.spo2_scale = Some(Spo2Scale::Scale2),
            Some(_) => {}
            None => {
                let severity = severity(&source.extension);
                let Coding { text, .. } = code;
                let alert = Alert {
                    text,
                    severity,
                    active,
                };
                chart.alerts.insert(id, alert);
            }
        }
        Ok(())
    }
}

pub(super) fn stated(status: &str) -> Result<(), Skip> {
    match status {
        "" => Err(Skip::Malformed("status".to_owned())),
        "entered-in-error" => Err(Skip::EnteredInError),
        _ => Ok(()),
    }
}

/// How much it matters, by HL7's extension. One that says nothing needs care.
fn severity(extensions: &[fhir::Extension]) -> Severity {
    let priority = extensions.iter().find(|it| it.url == FLAG_PRIORITY);
    match priority.map(|it| text::code(&it.value_codeable_concept)) {
        Some("PN" | "PL") => Severity::Mild,
        Some("PH") => Severity::Severe,
        _ => Severity::Moderate,
    }
}

//! What happened before: observations, encounters, documents.

use homeround::model::{
    Coding, History, HistoryPart, Measured, Millis, PatientId, RecordKind, ReportedBy,
};

use super::super::NOTE_TEXT_MAX;
use super::super::base64;
use super::super::ident::{Target, find_contained};
use super::super::types as fhir;
use super::text;
use super::{Importer, Kind, Skip};

impl Importer<'_> {
    pub(super) fn observation(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Observation = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        if source.status.is_empty() {
            return Err(Skip::Malformed("status".to_owned()));
        }
        let code = source.code.as_ref().map(text::coding).unwrap_or_default();
        if code.text.is_empty() {
            return Err(Skip::Malformed("code".to_owned()));
        }
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.encounter, "encounter");
        let written = text::first_of([
            source.effective_date_time.as_str(),
            &source.effective_instant,
            &source.effective_period.start,
            &source.issued,
        ]);
        let (value, unit) = text::value(&source);
        let history = History {
            patient,
            resource: "Observation".to_owned(),
            code,
            at_ms: self.instant_or_encounter(written, "effectiveDateTime", &source.encounter)?,
            category: text::category(&source.category),
            value,
            unit,
            components: source.component.iter().filter_map(part).collect(),
            measured: Measured {
                reported_by: self.reported_by(&source, patient),
                ..measured(&source)
            },
            status: source.status,
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// The patient or a relative among who vouches for a finding: then it was told.
    fn reported_by(&self, source: &fhir::Observation, patient: PatientId) -> Option<ReportedBy> {
        let of = |who: &fhir::Reference| match find_contained(who, &source.contained) {
            Target::Contained(inner) => {
                let kind = source.contained.get(inner)?.get("resourceType")?;
                (kind == "RelatedPerson").then_some(ReportedBy::Representative)
            }
            _ => match self.index.find(who, "Practitioner") {
                Target::Entry(target) if self.id(target) == patient.0 => Some(ReportedBy::Patient),
                Target::Entry(target) => {
                    let kind = self.slots.get(target)?.kind;
                    (kind == Kind::RelatedPerson).then_some(ReportedBy::Representative)
                }
                _ => None,
            },
        };
        source.performer.iter().find_map(of)
    }

    pub(super) fn encounter(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Encounter = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        if source.status.is_empty() {
            return Err(Skip::Malformed("status".to_owned()));
        }
        let patient = self.about(&source.subject, "subject")?;
        let began = self.instant(&source.period.start, "period.start")?;
        self.began.insert(at, began);
        let class = text::first_of([
            source.class.display.as_str(),
            &source.class.code,
            "Encounter",
        ]);
        let reasons = source.reason_code.iter().map(text::words);
        let history = History {
            patient,
            resource: "Encounter".to_owned(),
            code: text::coding_or(&source.kind, class),
            at_ms: began,
            status: source.status.clone(),
            category: text::some(&source.class.code),
            value: text::some(text::first_of(reasons)),
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)?;
        self.make_virtual(&source)?;
        if !source.appointment.is_empty() {
            self.encounters.insert(at, source);
        }
        Ok(())
    }

    pub(super) fn document_reference(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::DocumentReference = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        let patient = self.about(&source.subject, "subject")?;
        for (nth, encounter) in source.context.encounter.iter().enumerate() {
            if nth == 0 {
                self.check_encounter(at, encounter, "context.encounter[0]");
            }
        }
        let attachment = source.content.first().map(|content| &content.attachment);
        let written = text::first_of([
            source.date.as_str(),
            &source.context.period.start,
            attachment.map_or("", |attachment| &attachment.creation),
        ]);
        let at_ms = self.instant(written, "date")?;
        let inline = attachment.and_then(|it| self.inline_text(at, it));
        let title = text::first_of([
            source.description.as_str(),
            attachment.map_or("", |attachment| &attachment.title),
        ]);
        let mut code = text::coding(&source.kind);
        if code.text.is_empty() {
            code = Coding::text(text::first_of([title, "Document"]));
        }
        let history = History {
            patient,
            resource: "DocumentReference".to_owned(),
            code,
            at_ms,
            status: text::first_of([source.status.as_str(), "current"]).to_owned(),
            category: text::category(&source.category),
            value: inline.or_else(|| text::some(title)),
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// A signature by hand of a patient, or of somebody for them. Who else signed or
    /// wrote something is not used.
    pub(super) fn provenance(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Provenance = self.parse(at).map_err(|_| Skip::NotUsed)?;
        let typed = |it: &fhir::Signature| it.sig_format.starts_with("text/plain");
        let by_hand = |it: &fhir::Signature| typed(it) || it.sig_format.starts_with("image/");
        let signature = source.signature.iter().find(|it| by_hand(it));
        let signature = signature.ok_or(Skip::NotUsed)?;
        let standing = source.extension.iter();
        let mut standing = standing.filter(|it| it.url.ends_with("/sign-off-status"));
        if standing.any(|it| it.value_code == "entered-in-error") {
            return Err(Skip::EnteredInError);
        }
        let patient = self
            .about(&signature.on_behalf_of, "signature.onBehalfOf")
            .or_else(|_| self.about(&signature.who, "signature.who"))
            .map_err(|_| Skip::NotUsed)?;
        let text =
            base64::decode_up_to(&signature.data, NOTE_TEXT_MAX).filter(|_| typed(signature));
        let text = String::from_utf8_lossy(text.as_deref().unwrap_or_default()).into_owned();
        let value = text::first_of([text.as_str(), &signature.who.display]);
        let code = signature.kind.first().cloned().unwrap_or_default();
        let code = text::coding(&fhir::Concept {
            coding: vec![code],
            text: String::new(),
        });
        let written = text::first_of([signature.when.as_str(), &source.recorded]);
        let history = History {
            patient,
            resource: "Provenance".to_owned(),
            code: if code.text.is_empty() {
                Coding::text("Signature")
            } else {
                code
            },
            at_ms: self.instant(written, "signature.when")?,
            status: "final".to_owned(),
            category: None,
            value: text::some(value),
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// The text of a plain document that came with the resource, up to
    /// [`NOTE_TEXT_MAX`].
    fn inline_text(&mut self, at: usize, attachment: &fhir::Attachment) -> Option<String> {
        const FIELD: &str = "content[0].attachment.data";
        let media = attachment.content_type.to_ascii_lowercase();
        if !media.starts_with("text/plain") {
            return None;
        }
        // Four bytes more, so that a character cut at the limit is cut whole.
        let Some(bytes) = base64::decode_up_to(attachment.data.as_deref()?, NOTE_TEXT_MAX + 4)
        else {
            self.note(
                at,
                "bad_base64",
                FIELD,
                "taken without its text; export the document again",
            );
            return None;
        };
        let words = String::from_utf8_lossy(&bytes);
        if words.len() > NOTE_TEXT_MAX {
            self.note(
                at,
                "text_cut",
                FIELD,
                "its beginning was taken; read the rest in the source system",
            );
        }
        text::some(&text::clip(&words, NOTE_TEXT_MAX))
    }

    /// A line about something that was planned and is past, or never took place.
    pub(super) fn planned(
        &mut self,
        at: usize,
        patient: PatientId,
        resource: &str,
        code: Coding,
        when: Millis,
        status: &str,
    ) -> Result<(), Skip> {
        let history = History {
            patient,
            resource: resource.to_owned(),
            code,
            at_ms: when,
            status: status.to_owned(),
            category: None,
            value: None,
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }
}

/// Where, how and with what. A device is known by its contained resource, or by the
/// words of the reference.
fn measured(source: &fhir::Observation) -> Measured {
    let said = |concept: &fhir::Concept| {
        let code = text::coding(concept);
        (!code.text.is_empty()).then_some(code)
    };
    let device = match find_contained(&source.device, &source.contained) {
        Target::Contained(inner) => source
            .contained
            .get(inner)
            .and_then(|inner| serde_json::from_value::<fhir::Device>(inner.clone()).ok())
            .and_then(|inner| said(&inner.kind)),
        _ => None,
    };
    Measured {
        body_site: said(&source.body_site),
        method: said(&source.method),
        device: device.or_else(|| text::some(&source.device.display).map(|it| Coding::text(&it))),
        reported_by: None,
    }
}

/// A component that found something.
fn part(component: &fhir::Observation) -> Option<HistoryPart> {
    let (value, unit) = text::value(component);
    Some(HistoryPart {
        code: component.code.as_ref().map(text::coding)?,
        value: value?,
        unit,
    })
}

//! Forms that were filled elsewhere.

use homeround::forms::{Definition, Taken, is_survey, shipped};
use homeround::model::{
    Coding, EntryId, Form, History, HistoryPart, Measured, Millis, PatientId, RecordKind, VisitId,
};
use serde_json::Value;

use super::super::NOTE_TEXT_MAX;
use super::super::ident::{Target, derive};
use super::super::types as fhir;
use super::beside::stated;
use super::text;
use super::{Importer, Kind, Skip};

/// Lines that a response has in the history, at most.
const LINES_MAX: usize = 200;
/// How deep a response's items are read when no questionnaire says what they are.
const ITEM_DEPTH_MAX: usize = homeround::forms::ITEM_DEPTH_MAX;

impl Importer<'_> {
    /// A line of the history with each question and its answer. Answers for a visit that is
    /// still to come, as a patient gives them beforehand, are the beginning of the visit's own
    /// form as well; a visit that is there already stays as it is, and has them in the history.
    /// So has every survey: nobody says how a visit was before it was.
    pub(super) fn questionnaire_response(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::QuestionnaireResponse = self.parse(at)?;
        stated(&source.status)?;
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.encounter, "encounter");
        let definition = self.asked(&source.questionnaire);
        self.answered_before(at, patient, definition.as_ref(), &source)?;
        if let Some(visit) = self.visit_to_come(patient, &source.encounter)
            && source.status != "stopped"
            && !is_survey(&source.questionnaire)
        {
            if let Some(definition) = &definition {
                return self.fill(at, visit, definition, &source);
            }
            self.note(
                at,
                "questionnaire_unknown",
                "questionnaire",
                "taken into the history; to begin the visit's form with it, import the questionnaire in the same file",
            );
        }
        Ok(())
    }

    /// The questionnaire of this input or of the app that a canonical address means; one
    /// without a version, when only one version is here.
    fn asked(&self, canonical: &str) -> Option<Definition> {
        if let Some(known) = self.questionnaires.get(canonical) {
            return Some(known.clone());
        }
        if let Some(known) = shipped(canonical) {
            return known.ok();
        }
        let mut versions = self.questionnaires.values();
        let mut versions = versions.by_ref().filter(|known| known.url == canonical);
        let only = versions.next()?;
        versions.next().is_none().then(|| only.clone())
    }

    fn visit_to_come(&self, patient: PatientId, encounter: &fhir::Reference) -> Option<VisitId> {
        let Target::Entry(target) = self.index.find(encounter, "Encounter") else {
            return None;
        };
        let appointments = &self.encounters.get(&target)?.appointment;
        let entries = appointments.iter().filter_map(|reference| {
            match self.index.find(reference, "Appointment") {
                Target::Entry(target) => Some(target),
                _ => None,
            }
        });
        let is_appointment =
            |at: &usize| self.slots.get(*at).map(|slot| slot.kind) == Some(Kind::Appointment);
        entries
            .filter(is_appointment)
            .map(|at| VisitId(self.id(at)))
            .find(|visit| {
                self.visits
                    .get(visit)
                    .is_some_and(|it| it.patient == patient)
            })
    }

    fn fill(
        &mut self,
        at: usize,
        visit: VisitId,
        definition: &Definition,
        source: &fhir::QuestionnaireResponse,
    ) -> Result<(), Skip> {
        let whole: Value = self.parse(at)?;
        let items = whole["item"].as_array().map_or(&[][..], Vec::as_slice);
        let own = self.id(at);
        let authored = self.instant(&source.authored, "authored").ok();
        let begun = authored.unwrap_or(self.context.as_of);
        let mut nth: i64 = 0;
        let taken = Taken::read(definition, items, || {
            nth += 1;
            let chance = derive(own, &["row", &nth.to_string()]);
            let mut random = [0; 10];
            random.copy_from_slice(&chance.as_bytes()[6..]);
            // In the order of the response: the ids of what repeats are their order.
            EntryId::mint(Millis(begun.0.max(0).saturating_add(nth)), random)
        });
        if !taken.left.is_empty() {
            let links: Vec<String> = taken.left.iter().map(|it| text::clip(it, 40)).collect();
            self.note(
                at,
                "answers_left_out",
                text::clip(&format!("item: {}", links.join(", ")), 400),
                "they have no place in the questionnaire or do not fit it; correct them in the source system",
            );
        }
        let completed = matches!(source.status.as_str(), "completed" | "amended");
        let form = Form {
            questionnaire: definition.canonical(),
            answers: taken.answers,
            completed_at_ms: authored.filter(|_| completed),
        };
        if let Some(visit) = self.visits.get_mut(&visit) {
            visit.forms.insert(EntryId(own), form);
        }
        Ok(())
    }

    fn answered_before(
        &mut self,
        at: usize,
        patient: PatientId,
        definition: Option<&Definition>,
        source: &fhir::QuestionnaireResponse,
    ) -> Result<(), Skip> {
        let mut lines = Lines {
            definition,
            parts: Vec::new(),
            bytes: 0,
            cut: false,
        };
        lines.add(&source.item, 0);
        if lines.cut {
            self.note(
                at,
                "text_cut",
                "item",
                "its first answers were taken; read the rest in the source system",
            );
        }
        let title = definition.map_or("", |known| known.title.own());
        let address = source.questionnaire.split('|').next().unwrap_or_default();
        let last = address.rsplit('/').next().unwrap_or_default();
        let history = History {
            patient,
            resource: "QuestionnaireResponse".to_owned(),
            code: Coding::text(text::first_of([title, last, "Questionnaire"])),
            at_ms: self.instant_or_encounter(&source.authored, "authored", &source.encounter)?,
            status: source.status.clone(),
            category: None,
            // Who gave the answers, or else who wrote them down.
            value: self
                .called(&source.source)
                .or_else(|| self.called(&source.author)),
            unit: None,
            components: lines.parts,
            measured: Measured::default(),
        };
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }
}

/// Questions with their answers, as the history shows them.
struct Lines<'d> {
    definition: Option<&'d Definition>,
    parts: Vec<HistoryPart>,
    bytes: usize,
    cut: bool,
}

impl Lines<'_> {
    fn add(&mut self, items: &[fhir::ResponseItem], depth: usize) {
        for item in items {
            if depth > ITEM_DEPTH_MAX {
                self.cut = true;
                return;
            }
            let words: Vec<String> = item.answer.iter().filter_map(in_words).collect();
            if !words.is_empty() {
                self.line(item, &words.join("; "));
            }
            let answers = item.answer.iter().map(|answer| &answer.item);
            for inner in std::iter::once(&item.item).chain(answers) {
                self.add(inner, depth + 1);
            }
        }
    }

    fn line(&mut self, item: &fhir::ResponseItem, value: &str) {
        let known = self.definition.and_then(|it| it.item(&item.link_id));
        let asked = known.map_or("", |known| known.text.own());
        let asked = text::first_of([item.text.as_str(), asked, &item.link_id]);
        self.bytes += asked.len() + value.len();
        if self.parts.len() >= LINES_MAX || self.bytes > NOTE_TEXT_MAX {
            self.cut = true;
            return;
        }
        self.parts.push(HistoryPart {
            code: Coding::text(asked),
            value: value.to_owned(),
            unit: None,
        });
    }
}

/// An answer as a person reads it.
fn in_words(found: &fhir::Answered) -> Option<String> {
    if let Some(coding) = &found.value_coding {
        return text::some(text::first_of([coding.display.as_str(), &coding.code]));
    }
    if let Some(amount) = &found.value_quantity {
        return text::quantity_words(amount);
    }
    if let Some(yes) = found.value_boolean {
        return Some(if yes { "yes" } else { "no" }.to_owned());
    }
    let figure = found
        .value_decimal
        .as_ref()
        .or(found.value_integer.as_ref());
    if let Some(figure) = figure {
        return Some(figure.0.clone());
    }
    text::some(text::first_of([
        found.value_string.as_str(),
        &found.value_date,
        &found.value_date_time,
        &found.value_time,
        &found.value_uri,
        &found.value_reference.display,
        &found.value_attachment.title,
    ]))
}

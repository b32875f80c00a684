//! What a look into the home found of the medication list: a statement for each
//! medication, and a list of them.

use homeround::model::{
    EntryId, FoundMedication, HomeFinding, LOINC, Medication, ReconciledLine, ReviewEntry,
};
use serde_json::{Value, json};

use super::super::ident::derive;
use super::clinical::{dosage, which};
use super::{EXTENSIONS, Sheet, notes, reference};

/// The statement's status, and what a person reads of the finding.
const fn said(finding: HomeFinding) -> (&'static str, &'static str, &'static str) {
    match finding {
        HomeFinding::Taking => ("active", "taking", "Taken as listed"),
        HomeFinding::TakingDifferently => (
            "active",
            "taking_differently",
            "Taken otherwise than listed",
        ),
        HomeFinding::NotTaking => ("not-taken", "not_taking", "In the home, not taken"),
        HomeFinding::NotFound => ("unknown", "not_found", "Not found in the home"),
        HomeFinding::Unknown => ("unknown", "unknown", "A finding of a later version"),
    }
}

fn flag(code: &str, text: &str) -> Value {
    let system = format!("{EXTENSIONS}/reconciliation-finding");
    json!({ "coding": [{ "system": system, "code": code, "display": text }], "text": text })
}

impl Sheet<'_> {
    /// The reconciliations that were made during this visit.
    pub(super) fn reconciliations(&mut self) {
        let Some(chart) = self.input.chart else {
            return;
        };
        for (id, review) in &chart.reviews {
            let Some(found) = &review.reconciliation else {
                continue;
            };
            if found.visit != Some(self.input.booking.visit) {
                continue;
            }
            let mut entries = Vec::new();
            for line in &found.lines {
                if let Some(listed) = chart.medications.get(&line.medication) {
                    entries.push(self.found_of_line(*id, review, line, listed));
                }
            }
            for (nth, one) in found.found.iter().enumerate() {
                entries.push(self.found_beside(*id, review, nth, one));
            }
            let list = json!({
                "resourceType": "List",
                "status": "current",
                "mode": "snapshot",
                "title": "Medication list as found in the home",
                "code": { "coding": [{
                    "system": LOINC, "code": "10160-0", "display": "History of Medication use Narrative",
                }] },
                "subject": self.subject(),
                "encounter": self.encounter_reference(),
                "date": self.instant(review.at_ms),
                "source": self.who(review.by),
                "note": notes(review.comment.as_ref()),
                "entry": entries,
            });
            self.add(id.0, list);
        }
    }

    fn found_of_line(
        &mut self,
        review: EntryId,
        entry: &ReviewEntry,
        line: &ReconciledLine,
        listed: &Medication,
    ) -> Value {
        let (status, code, text) = said(line.finding);
        let mut statement = self.found(entry, status);
        let otherwise = line.finding == HomeFinding::TakingDifferently;
        statement["statusReason"] = json!([flag(code, text)]);
        statement["derivedFrom"] = json!([reference(line.medication.0)]);
        statement["note"] = notes(line.comment.as_ref());
        statement["dosage"] = match &line.comment {
            Some(how) if otherwise => json!([{ "text": how }]),
            _ => dosage(listed),
        };
        which(&mut statement, &listed.code, &listed.ingredients);
        let id = derive(review.0, &["line", &line.medication.to_string()]);
        self.add(id, statement);
        json!({ "flag": flag(code, text), "item": reference(id) })
    }

    fn found_beside(
        &mut self,
        review: EntryId,
        entry: &ReviewEntry,
        nth: usize,
        one: &FoundMedication,
    ) -> Value {
        let (code, text) = ("not_listed", "Taken and not on the list");
        let mut statement = self.found(entry, "active");
        let words: Vec<&str> = [&one.dose, &one.frequency]
            .into_iter()
            .filter_map(|part| part.as_deref())
            .collect();
        statement["statusReason"] = json!([flag(code, text)]);
        statement["note"] = notes(one.comment.as_ref());
        if !words.is_empty() {
            statement["dosage"] = json!([{ "text": words.join(", ") }]);
        }
        which(&mut statement, &one.code, &[]);
        let id = derive(review.0, &["found", &nth.to_string()]);
        self.add(id, statement);
        json!({ "flag": flag(code, text), "item": reference(id) })
    }

    fn found(&mut self, entry: &ReviewEntry, status: &str) -> Value {
        json!({
            "resourceType": "MedicationStatement",
            "status": status,
            "subject": self.subject(),
            "context": self.encounter_reference(),
            "effectiveDateTime": self.instant(entry.at_ms),
            "dateAsserted": self.instant(entry.at_ms),
            "informationSource": self.who(entry.by),
        })
    }
}

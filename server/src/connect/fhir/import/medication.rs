//! Medications: orders and statements, and what they refer to.

use homeround::model::{Coding, Dosing, EntryId, History, Measured, Medication, RecordKind};
use serde_json::Value;

use super::super::ident::{Target, find_contained};
use super::super::types as fhir;
use super::text;
use super::{Importer, Kind, Skip};

impl Importer<'_> {
    /// A Medication resource is held for the orders that refer to it.
    pub(super) fn medication(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Medication = self.parse(at)?;
        let code = text::coding(&source.code);
        if code.text.is_empty() {
            return Err(Skip::Malformed("code".to_owned()));
        }
        self.ingredients.insert(at, ingredients_of(&source));
        self.medications.insert(at, code);
        Ok(())
    }

    pub(super) fn medication_use(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::MedicationUse = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        if source.status.is_empty() {
            return Err(Skip::Malformed("status".to_owned()));
        }
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.encounter, "encounter");
        self.check_encounter(at, &source.context, "context");
        let code = self.which(
            at,
            source.medication_codeable_concept.as_ref(),
            &source.medication_reference,
            &source.contained,
        )?;
        let dosage = source.dosage_instruction.first().or(source.dosage.first());
        // What was found of a line that is listed itself adds nothing to the list.
        let of_a_line = source.derived_from.iter().any(|it| {
            let line = self.index.find(it, "MedicationStatement");
            matches!(line, Target::Entry(line) if line != at)
        });
        let stands =
            matches!(source.status.as_str(), "active" | "on-hold" | "intended") && !of_a_line;
        let written = text::first_of([
            source.authored_on.as_str(),
            &source.effective_period.start,
            &source.effective_date_time,
            &source.date_asserted,
        ]);
        let since = self.instant_or_encounter(written, "authoredOn", &source.encounter);
        let id = self.id(at);
        if stands {
            let line = Medication {
                code: code.clone(),
                status: source.status.clone(),
                dose: dosage.and_then(dose),
                frequency: dosage.and_then(frequency),
                as_needed: dosage.is_some_and(|dosage| {
                    dosage.as_needed_boolean || dosage.as_needed_codeable_concept.is_some()
                }),
                dosing: dosage.and_then(dosing),
                ingredients: self.ingredients(&source),
            };
            if let Some(chart) = self.charts.get_mut(&patient) {
                chart.medicate(since.clone().unwrap_or_default(), EntryId(id), line);
            }
            // The list needs no date: what a patient takes is taken without one.
            if since.is_err() {
                return Ok(());
            }
        }
        let resource = match self.slots.get(at).map(|slot| slot.kind) {
            Some(Kind::MedicationStatement) => "MedicationStatement",
            _ => "MedicationRequest",
        };
        let history = History {
            patient,
            resource: resource.to_owned(),
            code,
            at_ms: since?,
            status: source.status,
            category: None,
            value: dosage.and_then(in_words),
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.record(RecordKind::History, id, Some(patient), &history)
    }

    /// Codes beside the one that names the medication: its other codings, and those
    /// of the ingredients of a medication that it refers to.
    fn ingredients(&mut self, source: &fhir::MedicationUse) -> Vec<Coding> {
        let mut codes: Vec<Coding> = Vec::new();
        if let Some(concept) = &source.medication_codeable_concept {
            codes.extend(text::codings(concept).into_iter().skip(1));
        }
        let reference = &source.medication_reference;
        match find_contained(reference, &source.contained) {
            Target::Contained(inner) => {
                let inner = source.contained.get(inner).cloned().unwrap_or_default();
                if let Ok(inner) = serde_json::from_value::<fhir::Medication>(inner) {
                    codes.extend(ingredients_of(&inner));
                }
            }
            _ => {
                if let Target::Entry(target) = self.index.find(reference, "Medication") {
                    let of_entry = self.ingredients.get(&target);
                    codes.extend(of_entry.into_iter().flatten().cloned());
                }
            }
        }
        codes
    }

    /// Which medication: said in place, contained, or another entry.
    pub(super) fn which(
        &mut self,
        at: usize,
        said: Option<&fhir::Concept>,
        reference: &fhir::Reference,
        contained: &[Value],
    ) -> Result<Coding, Skip> {
        const FIELD: &str = "medicationReference";
        if let Some(code) = said.map(text::coding).filter(|code| !code.text.is_empty()) {
            return Ok(code);
        }
        let found = match find_contained(reference, contained) {
            Target::Contained(inner) => contained
                .get(inner)
                .and_then(|inner| serde_json::from_value::<fhir::Medication>(inner.clone()).ok())
                .map(|inner| text::coding(&inner.code)),
            _ => match self.index.find(reference, "Medication") {
                Target::Entry(target) => {
                    self.medications_used.insert(target);
                    self.medications.get(&target).cloned()
                }
                _ => None,
            },
        };
        if let Some(code) = found.filter(|code| !code.text.is_empty()) {
            return Ok(code);
        }
        // The text of a reference names the medication for a person: it stands.
        if let Some(named) = text::some(&reference.display) {
            self.note_dangling(at, FIELD);
            return Ok(Coding::text(&named));
        }
        if reference.reference.is_empty() && reference.identifier.is_none() {
            return Err(Skip::Malformed("medicationCodeableConcept".to_owned()));
        }
        Err(Skip::Dangling(FIELD))
    }
}

fn ingredients_of(medication: &fhir::Medication) -> Vec<Coding> {
    let listed = medication.ingredient.iter();
    let concepts = listed.map(|it| &it.item_codeable_concept);
    let beside = text::codings(&medication.code).into_iter().skip(1);
    beside.chain(concepts.flat_map(text::codings)).collect()
}

/// The figures of an order; none where they do not go together.
fn dosing(dosage: &fhir::Dosage) -> Option<Dosing> {
    let amount = dosage.dose_and_rate.first();
    let quantity = amount.and_then(|it| it.dose_quantity.as_ref());
    let quantity = quantity.and_then(|it| {
        let unit = text::first_of([it.code.as_str(), &it.unit]);
        Some((number(it.value.as_ref()?)?, text::some(unit)?))
    });
    let as_needed = dosage.as_needed_boolean || dosage.as_needed_codeable_concept.is_some();
    let dosing = Dosing {
        min_interval_min: as_needed.then(|| interval(dosage)).flatten(),
        max_per_day: quantity
            .as_ref()
            .and_then(|(dose, unit)| doses_a_day(dosage, *dose, unit)),
        dose_value: quantity.as_ref().map(|(dose, _)| *dose),
        dose_unit: quantity.map(|(_, unit)| unit),
    };
    (dosing != Dosing::default() && dosing.check().is_ok()).then_some(dosing)
}

/// Once in a period, as needed: the least time between two doses, in minutes.
fn interval(dosage: &fhir::Dosage) -> Option<u32> {
    let repeat = &dosage.timing.repeat;
    let minutes = match repeat.period_unit.as_str() {
        "min" => 1.0,
        "h" => 60.0,
        "d" => 24.0 * 60.0,
        _ => return None,
    };
    let once = repeat.frequency.unwrap_or(1) == 1;
    let period = number(repeat.period.as_ref()?)? * minutes;
    (once && period >= 1.0).then(|| whole(period))?
}

/// How many doses the largest amount of a day is.
fn doses_a_day(dosage: &fhir::Dosage, dose: f64, unit: &str) -> Option<u32> {
    let most = dosage.max_dose_per_period.as_ref()?;
    let a_day = match text::first_of([most.denominator.code.as_str(), &most.denominator.unit]) {
        "d" => 1.0,
        "h" => 24.0,
        _ => return None,
    };
    let same_unit = [&most.numerator.code, &most.numerator.unit].contains(&&unit.to_owned());
    let period_is_day = number(most.denominator.value.as_ref()?)? == a_day;
    let doses = number(most.numerator.value.as_ref()?)? / dose;
    (same_unit && period_is_day).then(|| whole(doses))?
}

fn number(decimal: &fhir::Decimal) -> Option<f64> {
    decimal.0.parse().ok().filter(|it: &f64| it.is_finite())
}

/// A whole figure, if it is one.
fn whole(figure: f64) -> Option<u32> {
    let near = figure.round();
    let fits = (figure - near).abs() < 1e-6 && (0.0..=f64::from(u32::MAX)).contains(&near);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "looked at just before"
    )]
    fits.then_some(near as u32)
}

fn dose(dosage: &fhir::Dosage) -> Option<String> {
    let amount = dosage.dose_and_rate.first()?;
    let range = |range: &fhir::Range| {
        let (value, unit) = text::range(range)?;
        Some(unit.map_or(value.clone(), |unit| format!("{value} {unit}")))
    };
    let exact = amount.dose_quantity.as_ref().and_then(text::quantity_words);
    exact.or_else(|| amount.dose_range.as_ref().and_then(range))
}

/// How often, in words: as the source says it, else from its timing.
fn frequency(dosage: &fhir::Dosage) -> Option<String> {
    let repeat = &dosage.timing.repeat;
    let timed = || {
        let period = repeat.period.as_ref()?.0.as_str();
        let unit = match repeat.period_unit.as_str() {
            "h" => "hour",
            "d" => "day",
            "wk" => "week",
            "mo" => "month",
            "min" => "minute",
            "s" => "second",
            "a" => "year",
            _ => return None,
        };
        let times = match repeat.frequency.unwrap_or(1) {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            times => format!("{times} times"),
        };
        Some(match period {
            "1" | "1.0" => format!("{times} per {unit}"),
            period => format!("{times} per {period} {unit}s"),
        })
    };
    text::some(&dosage.text)
        .or_else(|| text::some(text::words(&dosage.timing.code)))
        .or_else(timed)
        .or_else(|| text::some(&repeat.when.join(", ")))
}

fn in_words(dosage: &fhir::Dosage) -> Option<String> {
    let parts: Vec<String> = [dose(dosage), frequency(dosage)]
        .into_iter()
        .flatten()
        .collect();
    text::some(&parts.join(", "))
}

//! Medications, without a signal: a second dose too soon, and the list against what is in
//! the home.

use serde_json::{Value, json};

use super::play::{NURSE, Play, THERAPIST, rows, text};
use super::trouble::Trouble;

const SNOMED: &str = "http://snomed.info/sct";
/// Why the second dose was given all the same.
const WHY: &str = "Pain 8 of 10, Dr. Lund on the phone agrees";
const BOUGHT: &str = "Ibuprofen 400 mg from the pharmacy";

/// The nurse gives two doses and looks into the kitchen.
pub(super) fn apart(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("No signal: a dose too soon, and what is in the home");
    let shared = play.story.shared.clone();
    let ordered = json!({
        "code": { "system": SNOMED, "code": "387517004", "text": "Paracetamol 500 mg" },
        "status": "active", "as_needed": true, "dose": "500 mg", "frequency": "every 6 hours",
        "dosing": { "dose_value": 500.0, "dose_unit": "mg", "min_interval_min": 360, "max_per_day": 4 },
    });
    let nurse = &mut play.phones[NURSE];
    let add = json!({ "do": "medication_add", "medication": ordered });
    let line = text(&nurse.edit_chart(&shared.patient, add)?["entry"]);
    let dose = json!({
        "do": "medication_given", "medication": line, "code": ordered["code"],
        "amount": { "value": 500.0, "unit": "mg" },
    });
    nurse.edit(&shared.visit, dose.clone())?;
    let mut again = dose;
    again["visit"] = json!(shared.visit);
    let warned = nurse.try_ask(&again)?;
    let warned =
        warned.is_err_and(|it| it["error"] == "warned" && it["warnings"] == json!(["too_soon"]));
    let kept = doses(&nurse.ask(&json!({ "do": "visit", "visit": shared.visit }))?).len();
    again["overrides"] = json!([{ "warning": "too_soon", "reason": WHY }]);
    nurse.edit(&shared.visit, again)?;
    play.promise(
        warned && kept == 1,
        "a second dose within six hours warns, and nothing is recorded until somebody says why",
    );
    reconcile(play, &line)
}

/// Every standing line gets its finding; one is not taken, and something is not on the list.
fn reconcile(play: &mut Play, paracetamol: &str) -> Result<(), Trouble> {
    let shared = play.story.shared.clone();
    let nurse = &mut play.phones[NURSE];
    let chart = chart(nurse, &shared.patient)?;
    let listed = chart["medications"].as_object().into_iter().flatten();
    let standing: Vec<String> = listed
        .filter(|(_, line)| {
            matches!(
                line["status"].as_str(),
                Some("active" | "intended" | "on-hold")
            )
        })
        .map(|(id, _)| id.clone())
        .collect();
    let findings = |lines: &[String]| -> Vec<Value> {
        let finding = |id: &String| match id == paracetamol {
            true => {
                json!({ "medication": id, "finding": "taking_differently", "comment": "Two at once" })
            }
            false => json!({ "medication": id, "finding": "taking" }),
        };
        lines.iter().map(finding).collect()
    };
    let found = json!([{ "code": { "text": BOUGHT }, "comment": "For the knee, since Sunday" }]);
    let said = |lines: &[String]| {
        json!({
            "do": "reconcile", "patient": shared.patient, "visit": shared.visit,
            "lines": findings(lines), "found": found,
        })
    };
    let part = nurse.try_ask(&said(&standing[1..]))?;
    nurse.edit_chart(&shared.patient, said(&standing))?;
    play.screen.line(&format!(
        "{} lines of the list looked at, one more found: {BOUGHT}",
        standing.len()
    ));
    play.promise(
        part.is_err_and(|it| it["field"] == "lines"),
        "a list is reconciled whole: one line without a finding is refused, and named",
    );
    Ok(())
}

/// The therapist reads both.
pub(super) fn together(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("What the colleagues read of the medications");
    let shared = play.story.shared.clone();
    let phone = &mut play.phones[THERAPIST];
    let visit = phone.ask(&json!({ "do": "visit", "visit": shared.visit }))?;
    let chart = chart(phone, &shared.patient)?;
    let doses = doses(&visit);
    let mut reasons = doses.iter().flat_map(|dose| rows(&dose["overrides"]));
    let why = reasons.any(|it| it["warning"] == "too_soon" && it["reason"] == WHY);
    play.promise(
        why && doses.len() == 2,
        "both doses are there, the second with its reason",
    );
    let mut reviews = chart["reviews"].as_object().into_iter().flatten();
    let bought = reviews.any(|(_, review)| {
        let mut found = rows(&review["reconciliation"]["found"]);
        found.any(|it| it["code"]["text"] == BOUGHT)
    });
    play.promise(bought, "what was found in the home stands beside the list");
    Ok(())
}

/// Doses that were given.
fn doses(visit: &Value) -> Vec<Value> {
    let all = visit["medications"].as_object().into_iter().flatten();
    let all = all.map(|(_, dose)| dose.clone());
    all.filter(|dose| dose["given"] == "given").collect()
}

fn chart(phone: &mut super::phones::Phone, patient: &str) -> Result<Value, Trouble> {
    let document = json!({ "kind": "chart", "id": patient });
    let read = phone.ask(&json!({ "do": "document", "document": document }))?;
    Ok(read["view"].clone())
}

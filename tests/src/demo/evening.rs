//! The visit is signed, one edit comes too late for it, and the visit leaves
//! the house as FHIR.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::play::{AIDE, NURSE, Play, THERAPIST, rows, text};
use super::trouble::{During, Trouble};

/// A loop and a line: x, y in micrometres, t in milliseconds.
const SIGNATURE: [&[[u32; 3]]; 2] = [
    &[
        [8_000, 18_000, 0],
        [14_000, 6_000, 90],
        [20_000, 15_000, 180],
        [12_000, 20_000, 260],
        [30_000, 12_000, 420],
    ],
    &[[6_000, 22_000, 700], [46_000, 21_000, 980]],
];

/// Signs while a colleague is offline with an edit, and takes that edit in.
pub(super) fn sign(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The signature, and an edit that did not know of it");
    let visit = play.story.shared.visit.clone();
    let late = play.phones[AIDE].edit(
        &visit,
        json!({ "do": "note", "insert": "Lunch is in the fridge. " }),
    )?;
    let aide = play.phones[AIDE].carrier.name;
    play.screen
        .line(&format!("{aide}, offline, types another sentence"));
    let nurse = &mut play.phones[NURSE];
    nurse.edit(&visit, json!({ "do": "complete" }))?;
    play.screen
        .line("the patient signs with a finger on the nurse's phone");
    let nurse = &mut play.phones[NURSE];
    nurse.edit(&visit, json!({ "do": "sign_off", "strokes": SIGNATURE }))?;
    nurse.sign(&visit)?;
    nurse.sync()?;
    let name = nurse.carrier.name;
    play.screen
        .line(&format!("{name} completes and signs the visit, and syncs"));
    let pushed = play.phones[AIDE].sync()?;
    let refused =
        play.phones[AIDE].try_ask(&json!({ "do": "vitals", "visit": visit, "pulse_bpm": 71 }))?;
    let refused = refused.err().unwrap_or_default();
    play.promise(
        pushed["accepted"] == 1 && pushed["rejected"] == 0,
        "the edit made in good faith before is taken in, not rejected",
    );
    play.promise(
        refused["error"] == "signed",
        "the next edit of the signed visit is refused: amend instead",
    );
    let nurse = &mut play.phones[NURSE];
    nurse.sync()?;
    let awaiting = nurse.ask(&json!({ "do": "awaiting", "visit": visit }))?;
    let mut waits = rows(&awaiting).filter(|it| it["knew_of_seal"] == false);
    let it = waits.next().is_some_and(|it| it["hash"] == late["hash"]);
    play.promise(it, "it awaits the signer as an amendment");
    let nurse = &mut play.phones[NURSE];
    nurse.edit(
        &visit,
        json!({ "do": "amend", "reason": "written at the visit, synced later" }),
    )?;
    nurse.sign(&visit)?;
    let left = nurse.ask(&json!({ "do": "awaiting", "visit": visit }))?;
    let left = rows(&left).count();
    play.screen.line(&format!(
        "{name} takes it in as an amendment and signs again"
    ));
    play.promise(left == 0, "nothing awaits the signer any more");
    signed_by_hand(play, &visit)
}

/// What the patient signed holds, and names what came in after it.
fn signed_by_hand(play: &mut Play, visit: &str) -> Result<(), Trouble> {
    let taken = play.phones[NURSE].ask(&json!({ "do": "sign_offs", "visit": visit }))?;
    let one = taken.get(0).cloned().unwrap_or_default();
    play.promise(
        one["holds"] == true && one["changed"] == json!(["note"]),
        "the patient's signature holds over what was shown, and names what came later: the note",
    );
    Ok(())
}

/// Verifies the seal on two phones.
pub(super) fn verify(play: &mut Play) -> Result<(), Trouble> {
    let visit = play.story.shared.visit.clone();
    let mut holds = true;
    for who in [NURSE, THERAPIST] {
        let phone = &mut play.phones[who];
        let seal = phone.ask(&json!({ "do": "verify", "visit": visit }))?;
        let name = phone.carrier.name;
        play.screen.line(&format!(
            "seal on {name}'s phone: holds {}, covers {} changes, {} came later {}",
            seal["holds"],
            text(&seal["covered"]),
            text(&seal["later"]),
            text(&seal["why"])
        ));
        holds &= seal["holds"] == true;
    }
    play.promise(
        holds,
        "the seal holds on the signer's phone and on a colleague's",
    );
    Ok(())
}

/// What the day came to for the nurse, as her own phone reckons it.
pub(super) fn numbers(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The nurse's own numbers, on her phone alone");
    let numbers = play.phones[NURSE].ask(&json!({ "do": "my_numbers" }))?;
    let count = |what: &str| numbers[what].as_u64().unwrap_or(0);
    play.screen.line(&format!(
        "{} of {} visits done, {} begun, {} signed, {} still to sign",
        count("done"),
        count("visits"),
        count("begun"),
        count("signed"),
        count("unsigned")
    ));
    let day = play.phones[NURSE].ask(&json!({ "do": "today" }))?;
    let booked = rows(&day["visits"]).count();
    play.promise(
        count("visits") == u64::try_from(booked).unwrap_or(0),
        "the numbers are of the visits of her day",
    );
    play.promise(
        count("signed") == 1 && count("begun") >= 1 && count("begun") <= count("visits"),
        "the visit that she signed is in them once",
    );
    Ok(())
}

/// Writes the visit as a FHIR R4 bundle and reads it back.
pub(super) fn export(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("The visit as a FHIR R4 bundle");
    let bundle = play.office.fhir(&play.story.shared.visit)?;
    let path = play.out.join("visit.fhir.json");
    let pretty = serde_json::to_string_pretty(&bundle).during("writing the bundle")?;
    std::fs::write(&path, pretty).during("writing the bundle")?;
    play.figures.fhir_out = path.clone();
    let read = std::fs::read(&path).during("reading the bundle back")?;
    let bundle: Value = serde_json::from_slice(&read).during("reading the bundle back")?;
    let mut kinds: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for entry in rows(&bundle["entry"]) {
        *kinds
            .entry(text(&entry["resource"]["resourceType"]))
            .or_default() += 1;
    }
    let list: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    play.screen.line(&list.join(", "));
    play.screen.line(&path.display().to_string());
    let wanted = [
        "Patient",
        "Encounter",
        "Observation",
        "MedicationAdministration",
        "MedicationStatement",
        "List",
        "QuestionnaireResponse",
        "Provenance",
    ];
    let has = wanted.iter().all(|kind| kinds.contains_key(*kind));
    let one = kinds.get("Encounter") == Some(&1);
    play.promise(
        has && one,
        "it holds patient, encounter, observations, doses, the list looked at, forms and provenance",
    );
    let not_done = rows(&bundle["entry"])
        .map(|entry| &entry["resource"])
        .any(|it| {
            it["resourceType"] == "MedicationAdministration"
                && it["status"] == "not-done"
                && !it["statusReason"].is_null()
        });
    play.promise(
        not_done,
        "the medication that was not given says so, with its reason",
    );
    let dangling = dangling(&bundle);
    play.promise(
        dangling.is_empty(),
        "every reference leads to an entry of the bundle",
    );
    for reference in dangling.iter().take(5) {
        play.screen.aside(reference);
    }
    Ok(())
}

/// References that lead nowhere inside the bundle.
fn dangling(bundle: &Value) -> Vec<String> {
    let mut known = BTreeSet::new();
    for entry in rows(&bundle["entry"]) {
        let resource = &entry["resource"];
        known.insert(text(&entry["fullUrl"]));
        known.insert(format!(
            "{}/{}",
            text(&resource["resourceType"]),
            text(&resource["id"])
        ));
        for inside in rows(&resource["contained"]) {
            known.insert(format!("#{}", text(&inside["id"])));
        }
    }
    let mut found = Vec::new();
    references(&rows(&bundle["entry"]).cloned().collect(), &mut found);
    found.retain(|reference| !known.contains(reference));
    found
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "reference" && value.is_string() {
                    found.push(text(value));
                } else {
                    references(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

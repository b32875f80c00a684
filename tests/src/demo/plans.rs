//! A care plan: begun from a template, made the patient's own, asked for at the visit,
//! done by two people who hear nothing of each other.

use serde_json::{Value, json};

use super::play::{NURSE, Play, THERAPIST, rows, text};
use super::trouble::{During, Trouble};

/// The template, as it comes with the app.
const TEMPLATE: &str =
    "https://github.com/homeround/homeround/fhir/PlanDefinition/heart-failure|1.0";
/// What the nurse adds for this patient.
const OWN: &str = "Count the tablets in the box";

/// The nurse begins a plan while there is a signal, and adds what this patient needs.
pub(super) fn begin(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The nurse begins a care plan from a template");
    let patient = play.story.shared.patient.clone();
    let starts = when(play)?;
    let nurse = &mut play.phones[NURSE];
    let begun = nurse.ask(&json!({
        "do": "plan_start", "patient": patient, "template": TEMPLATE,
    }))?;
    play.story.plan = text(&begun["plan"]);
    nurse.ask(&json!({
        "do": "plan_activity", "plan": play.story.plan, "title": OWN, "start": starts,
        "rule": "FREQ=DAILY",
    }))?;
    play.sync_all()?;
    let (hers, his) = (asked(play, NURSE)?, asked(play, THERAPIST)?);
    for task in rows(&hers) {
        let line = format!(
            "asked for at the visit: {} (due {})",
            text(&task["title"]),
            text(&task["occurrence"])
        );
        play.screen.line(&line);
    }
    let own = rows(&hers).any(|it| it["title"] == OWN);
    play.promise(
        own && hers == his,
        "the plan asks for the same tasks under the same ids on both phones",
    );
    Ok(())
}

/// Both do the same task, and neither hears of the other.
pub(super) fn apart(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("No signal: both do the same planned task");
    let visit = play.story.shared.visit.clone();
    let tasks = asked(play, NURSE)?;
    let own = rows(&tasks).find(|it| it["title"] == OWN);
    let task = own.map(|it| it["id"].clone()).unwrap_or_default();
    let done = json!({ "do": "planned_task", "task": task, "status": "done" });
    for who in [NURSE, THERAPIST] {
        play.phones[who].edit(&visit, done.clone())?;
    }
    let mut each = true;
    for who in [NURSE, THERAPIST] {
        each &= rows(&asked(play, who)?).any(|it| it["id"] == task && it["status"] == "done");
    }
    play.promise(each, "each phone shows the planned task done");
    Ok(())
}

/// After the sync: done once, and counted once.
pub(super) fn together(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("What the care plan asked for");
    let (hers, his) = (asked(play, NURSE)?, asked(play, THERAPIST)?);
    let plan = json!({ "do": "plan_state", "plan": play.story.plan });
    let here = play.phones[NURSE].ask(&plan)?;
    let there = play.phones[THERAPIST].ask(&plan)?;
    let all = &here["all"];
    play.screen.line(&format!(
        "{}: {} done, {} done late, {} due, {} overdue, {} missed",
        text(&here["title"]),
        all["done"],
        all["done_late"],
        all["due"],
        all["overdue"],
        all["missed"],
    ));
    let count = |name: &str| all[name].as_u64().unwrap_or(0);
    let once = rows(&hers).filter(|it| it["title"] == OWN).count() == 1;
    let visit = play.story.shared.visit.clone();
    let open = play.phones[NURSE].ask(&json!({ "do": "conflicts", "visit": visit }))?;
    let agreed = !rows(&open).any(|it| text(&it["field"]).starts_with("planned/"));
    play.promise(
        once && agreed && hers == his && count("done") + count("done_late") == 1,
        "a task of the plan that two people did is done once, counted once, and no conflict",
    );
    play.promise(
        here["all"] == there["all"] && here["activities"] == there["activities"],
        "both phones say the same of what is due, overdue, done and missed",
    );
    Ok(())
}

fn asked(play: &mut Play, who: usize) -> Result<Value, Trouble> {
    let visit = play.story.shared.visit.clone();
    play.phones[who].ask(&json!({ "do": "planned", "visit": visit }))
}

/// When the shared visit begins, by the clock on the wall of the home.
fn when(play: &mut Play) -> Result<String, Trouble> {
    let visit = play.story.shared.visit.clone();
    let day = play.phones[NURSE].ask(&json!({ "do": "today" }))?;
    let row = rows(&day["visits"]).find(|it| it["visit"] == json!(visit));
    let start = row.and_then(|it| it["start_ms"].as_i64());
    let start = start.and_then(chrono::DateTime::from_timestamp_millis);
    let start = start.ok_or_else(|| Trouble::new("reading the day", "the visit is not in it"))?;
    let zone: chrono_tz::Tz = play
        .args
        .time_zone
        .parse()
        .during("reading the time zone")?;
    Ok(start
        .with_timezone(&zone)
        .format("%Y-%m-%dT%H:%M")
        .to_string())
}

//! One form, two people, no signal: each adds a wound and fills it, and one
//! question is answered differently by both.

use serde_json::{Value, json};

use super::apart::short;
use super::play::{NURSE, Play, THERAPIST, rows, text};
use super::trouble::Trouble;

/// The form, as it comes with the app.
const FORM: &str = "https://github.com/homeround/homeround/fhir/Questionnaire/wound|1.0";
/// Codes of the form's options.
const CODES: &str = "https://github.com/homeround/homeround/fhir/CodeSystem/forms";

/// The nurse begins the form and measures a first wound while there is a signal.
pub(super) fn begin(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("The nurse begins a wound form");
    let visit = play.story.shared.visit.clone();
    let nurse = &mut play.phones[NURSE];
    let begun = nurse.edit(&visit, json!({ "do": "form_start", "questionnaire": FORM }))?;
    play.story.form = text(&begun["entry"]);
    let row = wound(play, NURSE, "left heel", (2.5, 1.2))?;
    play.story.wound = row;
    play.sync_all()?;
    let form = read(play, THERAPIST)?;
    let there = form["values"]["count"] == 1;
    play.promise(
        there,
        "the form with its first wound is on the therapist's phone",
    );
    Ok(())
}

/// Both go on with the same form, and neither hears of the other.
pub(super) fn apart(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("No signal: both fill the same form");
    wound(play, NURSE, "left elbow", (1.0, 1.0))?;
    wound(play, THERAPIST, "sacrum", (4.0, 2.0))?;
    let key = format!("exudate@{}", play.story.wound);
    for (who, code) in [(NURSE, "none"), (THERAPIST, "heavy")] {
        answer(play, who, &key, &choice(code))?;
    }
    let (hers, his) = (read(play, NURSE)?, read(play, THERAPIST)?);
    let each = hers["values"]["count"] == 2 && his["values"]["count"] == 2;
    play.promise(each, "each phone shows two wounds, its own among them");
    Ok(())
}

/// After the sync: three wounds, one disagreement, which is settled.
pub(super) fn together(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("The form that both filled");
    let (hers, his) = (read(play, NURSE)?, read(play, THERAPIST)?);
    let area = &hers["values"]["area"];
    play.screen.line(&format!(
        "{} wounds, {} cm2 by length and width, {} question open",
        text(&hers["values"]["count"]),
        text(area),
        rows(&hers["conflicts"]).count(),
    ));
    let all = hers == his && hers["values"]["count"] == 3 && area.as_f64() == Some(12.0);
    play.promise(
        all,
        "both phones show the three wounds of both, and the same sum",
    );
    let key = format!("exudate@{}", play.story.wound);
    let shown = hers["conflicts"] == json!([key]);
    play.promise(
        shown,
        "the question that both answered differently is a conflict, the others are none",
    );
    let field = format!("forms/{}/answers/{key}", play.story.form);
    let value = json!({ "system": CODES, "code": "heavy", "text": "Heavy" });
    let visit = play.story.shared.visit.clone();
    let settle = json!({ "do": "settle", "field": field, "value": value });
    let settled = play.phones[NURSE].edit(&visit, settle)?;
    play.figures.conflicts_shown += 1;
    play.screen.line(&format!(
        "the nurse looks again and settles it: {}",
        short(settled["hash"].as_str().unwrap_or(""))
    ));
    let early = json!({ "do": "form_complete", "visit": visit, "form": play.story.form });
    let refused = play.phones[NURSE].try_ask(&early)?.is_err();
    play.promise(refused, "a form with questions open can't be completed");
    Ok(())
}

/// Adds a wound with its place and size; its id.
fn wound(
    play: &mut Play,
    who: usize,
    place: &str,
    (length, width): (f64, f64),
) -> Result<String, Trouble> {
    let visit = play.story.shared.visit.clone();
    let form = play.story.form.clone();
    let add = json!({ "do": "form_add", "form": form, "key": "wound" });
    let row = text(&play.phones[who].edit(&visit, add)?["entry"]);
    answer(
        play,
        who,
        &format!("location@{row}"),
        &json!({ "type": "text", "value": place }),
    )?;
    answer(
        play,
        who,
        &format!("length@{row}"),
        &json!({ "type": "figure", "value": length }),
    )?;
    answer(
        play,
        who,
        &format!("width@{row}"),
        &json!({ "type": "figure", "value": width }),
    )?;
    Ok(row)
}

fn choice(code: &str) -> Value {
    json!({ "type": "choice", "value": { "system": CODES, "code": code, "text": "" } })
}

fn answer(play: &mut Play, who: usize, key: &str, answer: &Value) -> Result<(), Trouble> {
    let visit = play.story.shared.visit.clone();
    let command = json!({
        "do": "form_answer", "form": play.story.form, "key": key, "answer": answer,
    });
    play.phones[who].edit(&visit, command).map(drop)
}

fn read(play: &mut Play, who: usize) -> Result<Value, Trouble> {
    let visit = play.story.shared.visit.clone();
    let form = play.story.form.clone();
    play.phones[who].ask(&json!({ "do": "form", "visit": visit, "form": form }))
}

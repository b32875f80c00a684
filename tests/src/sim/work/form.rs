//! Forms: the clinic's own short one and those that come with the app, answer by answer.

use homeround::app::{FormOffer, Homeround, OpenForm};
use homeround::forms::{Answer, Filled, ItemKind, Shown};
use homeround::model::{EntryId, Form, Visit, VisitId};
use serde_json::{Value, json};

use super::{Done, coding, entry, put, words};
use crate::disk::Dice;

/// Forms that are begun for one visit, at most.
const FORMS_MAX: usize = 3;
/// What the clinic's own form asks; the first one must be answered.
const ASKED: [(&str, &str, bool); 4] = [
    ("pulse", "boolean", true),
    ("cracks", "integer", false),
    ("left", "string", false),
    ("right", "string", false),
];

/// The clinic's own form, as it is imported.
pub(in crate::sim) fn own_form() -> Vec<u8> {
    let items = ASKED.map(|(id, kind, required)| {
        json!({ "linkId": id, "type": kind, "text": id, "required": required })
    });
    let questionnaire = json!({
        "resourceType": "Questionnaire", "status": "active", "title": "Foot check",
        "id": "foot", "url": "https://clinic.example.org/Questionnaire/foot",
        "version": "1.0", "item": items,
    });
    let bundle = json!({
        "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": questionnaire }],
    });
    bundle.to_string().into_bytes()
}

/// Of a hundred edits of a visit so many are of its forms: who has begun one goes on with it.
pub(super) fn share(seen: &Visit) -> u64 {
    let open = |form: &Form| form.completed_at_ms.is_none();
    if seen.forms.values().any(open) { 30 } else { 6 }
}

/// Something of a form; none: there is none to begin or to fill.
pub(super) fn on_form(
    app: &Homeround,
    id: VisitId,
    seen: &Visit,
    number: u64,
    dice: &mut Dice,
) -> Option<Done> {
    let forms: Vec<EntryId> = seen.forms.keys().copied().collect();
    if forms.is_empty() || (forms.len() < FORMS_MAX && dice.chance(8)) {
        return begin(app, id, dice);
    }
    let form = *dice.pick(&forms);
    let visit = app.visit(id);
    let open = visit.form(form).ok()?;
    let completed = format!("forms/{form}/completed_at_ms");
    if open.completed_at.is_some() {
        let facts = vec![put(&completed, Value::Null)];
        return Some(("form reopened", visit.reopen_form(form), facts));
    }
    let filled = open.filled()?;
    if filled.completion().is_complete() && dice.chance(60) {
        let saved = visit.complete_form(form);
        let stands = visit.form(form).ok().and_then(|form| form.completed_at);
        let facts = stands.map(|at| put(&completed, json!(at)));
        return Some(("form complete", saved, facts.into_iter().collect()));
    }
    if !open.answers.is_empty() && dice.chance(8) {
        return Some(take_back(app, (id, &open), dice));
    }
    answer(app, (id, form), &filled, number, dice)
}

fn begin(app: &Homeround, id: VisitId, dice: &mut Dice) -> Option<Done> {
    let offers = app.forms().ok()?;
    let own: Vec<&FormOffer> = offers.iter().filter(|offer| !offer.shipped).collect();
    let all: Vec<&FormOffer> = offers.iter().collect();
    let from = if own.is_empty() || dice.chance(30) {
        &all
    } else {
        &own
    };
    let offer = dice.pick(from);
    let saved = app.visit(id).start_form(&offer.questionnaire);
    let facts = entry("forms", "/questionnaire", json!(offer.questionnaire));
    Some(("form", saved, facts))
}

fn take_back(app: &Homeround, (id, form): (VisitId, &OpenForm), dice: &mut Dice) -> Done {
    let keys: Vec<&String> = form.answers.keys().collect();
    let key = *dice.pick(&keys);
    let saved = app.visit(id).clear_answer(form.id, key);
    let facts = vec![put(
        &format!("forms/{}/answers/{key}", form.id),
        Value::Null,
    )];
    ("answer taken back", saved, facts)
}

/// Answers a question that is shown, one that is missing before others; or adds a
/// repetition of a group.
fn answer(
    app: &Homeround,
    (id, form): (VisitId, EntryId),
    filled: &Filled<'_>,
    number: u64,
    dice: &mut Dice,
) -> Option<Done> {
    let visit = app.visit(id);
    let at = |key: &str| format!("forms/{form}/answers/{key}");
    let missing = filled.completion().missing;
    let mut places: Vec<Shown<'_>> = filled.shown();
    places.retain(|it| it.enabled && (it.can_add || !it.item.repeats) && !it.is_row);
    places.retain(|it| !it.item.is_calculated() && (it.item.repeats || it.item.is_question()));
    if places.iter().any(|it| missing.contains(&it.key)) && dice.chance(80) {
        places.retain(|it| missing.contains(&it.key));
    }
    if places.is_empty() {
        return None;
    }
    let place = dice.pick(&places);
    let key = place.key.to_string();
    if !place.item.is_question() {
        let saved = visit.add_repetition(form, &key);
        let row = saved.as_ref().ok().and_then(|saved| saved.entry);
        let facts = row.map(|row| put(&at(&format!("{key}@{row}")), json!(true)));
        return Some(("form's group", saved, facts.into_iter().collect()));
    }
    let answer = answer_to(place, number, dice)?;
    let saved = visit.set_answer(form, &key, &answer);
    // One more answer of a repeating question lies at a place of its own.
    let row = saved.as_ref().ok().and_then(|saved| saved.entry);
    let row = row.map(|row| format!("@{row}")).unwrap_or_default();
    let said = answer.fitted(place.item).to_value();
    Some((
        "answer",
        saved,
        vec![put(&at(&format!("{key}{row}")), said)],
    ))
}

fn answer_to(place: &Shown<'_>, number: u64, dice: &mut Dice) -> Option<Answer> {
    Some(match place.item.kind {
        ItemKind::Boolean => Answer::Bool(dice.chance(50)),
        ItemKind::Integer => Answer::Integer(i64::try_from(number % 90).ok()?),
        ItemKind::Decimal | ItemKind::Quantity => Answer::Decimal((number % 90) as f64 / 10.0),
        ItemKind::Choice if place.item.options.is_empty() => Answer::Coding(coding(&words(number))),
        ItemKind::Choice => dice.pick(&place.item.options).answer.clone(),
        ItemKind::Line | ItemKind::Text => Answer::Text(words(number)),
        _ => return None,
    })
}

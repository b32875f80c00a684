//! Commands that read.

use std::collections::BTreeMap;

use homeround::app::{AppError, DocumentState, Homeround, OrderOptions, SealCheck, Whereabouts};
use homeround::merge::Conflict;
use homeround::model::{ChangeHash, DocumentId, Millis, PatientId, VisitId};
use homeround::plan::Totals;
use homeround::store::{AuditVerdict, QuarantineState, SearchHit, VisitRow};
use homeround::vault::AuditCheck;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::{Command, name_of};

/// Most results of a search.
const HITS_MAX: u32 = 20;
/// Most slices of one idle spell.
const IDLE_SLICES_MAX: u32 = 10_000;

/// What the wall clock says.
pub(super) fn wall_now() -> Millis {
    use homeround::app::{Clocks as _, System};
    System.now().wall_ms
}

/// Does what reads.
pub(super) fn obey(app: &Homeround, command: &Command) -> Result<Value, Refusal> {
    match command {
        Command::Today { date } => {
            let date = date.map_or_else(|| app.today(), Ok)?;
            let day = app.day(date)?;
            let visits: Vec<Value> = day.visits.iter().map(row).collect();
            Ok(json!({ "date": day.date, "visits": visits, "unsent": day.unsent }))
        }
        Command::Order { date, suggest } => {
            let date = date.map_or_else(|| app.today(), Ok)?;
            order(app, date, *suggest)
        }
        Command::MyNumbers => my_numbers(app),
        Command::Visit { visit } => encoded(&app.visit(*visit).read()?),
        Command::Form { visit, form } => super::forms::read(app, *visit, *form),
        Command::Messages(command) => super::messages::read(app, command),
        Command::Notice(command) => super::notices::read(app, command),
        Command::VirtualVisit { visit } => super::virtual_visit::read(app, *visit),
        Command::Card(command) => super::card::read(app, command),
        Command::PlanStart { patient, template } => super::plans::start(app, *patient, template),
        Command::Planned { visit } => super::plans::planned(app, *visit),
        Command::PlanState { plan } => super::plans::state(app, *plan),
        Command::Patient { patient } => of_patient(app, *patient),
        Command::Conflicts { visit } => conflicts(app, *visit),
        Command::Duplicates { visit } => duplicates(app, *visit),
        Command::Handover { visit } => handover(app, *visit),
        Command::Scores { visit } => scores(app, *visit),
        Command::Verify { visit } => Ok(match app.visit(*visit).verify()? {
            SealCheck::Holds(verified) => json!({
                "holds": true, "covered": verified.covered, "later": verified.later,
            }),
            SealCheck::Broken(failure) => json!({ "holds": false, "why": failure.to_string() }),
            SealCheck::OtherView => json!({ "holds": false, "why": "other_view" }),
            SealCheck::UnknownDevice => json!({ "holds": false, "why": "unknown_device" }),
            SealCheck::LaterVersion => json!({ "holds": false, "why": "later_version" }),
        }),
        Command::SignOffs { visit } => sign_offs(app, *visit),
        Command::Awaiting { visit } => awaiting(app, *visit),
        Command::Quarantine => quarantine(app),
        Command::Documents => {
            let mut states = Vec::new();
            for document in app.documents()? {
                states.push(state(&app.document_state(document)?));
            }
            Ok(Value::Array(states))
        }
        Command::Document { document } => Ok(state(&app.document_state(*document)?)),
        Command::Authorship { document } => authorship(app, *document),
        Command::History { document } => {
            let changes = app.history(*document)?;
            Ok(changes.iter().map(|bytes| hex(bytes)).collect())
        }
        Command::Whereabouts { document, hashes } => {
            let mut places = BTreeMap::new();
            for text in hashes {
                let hash: ChangeHash = text.parse().map_err(|_| Refusal::code("hash"))?;
                let place = match app.whereabouts(*document, &hash)? {
                    Whereabouts::Outbox => "outbox",
                    Whereabouts::Document => "document",
                    Whereabouts::Quarantine => "quarantine",
                    Whereabouts::Nowhere => "nowhere",
                };
                places.insert(text.clone(), place);
            }
            encoded(&places)
        }
        Command::Search { words } => search(app, words),
        _ => upkeep(app, command),
    }
}

fn scores(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let says = app.visit(visit).assessments()?;
    let sets = says.into_iter().map(|(id, says)| {
        let score = says.news2.map(|score| {
            let parts = score.parts.iter();
            let parts: BTreeMap<&str, u8> = parts
                .map(|part| (part.parameter.field(), part.points))
                .collect();
            let missing: Vec<&str> = score.missing.iter().map(|it| it.field()).collect();
            json!({ "total": score.total(), "risk": score.risk().map(|risk| risk.name()),
                "parts": parts, "missing": missing })
        });
        (id.to_string(), json!(score))
    });
    Ok(Value::Object(sets.collect()))
}

fn upkeep(app: &Homeround, command: &Command) -> Result<Value, Refusal> {
    match command {
        Command::Stats => {
            let figures = app.figures()?;
            Ok(json!({
                "documents": figures.documents,
                "unsent": figures.unsent,
                "deferred": figures.deferred,
                "quarantined": figures.quarantined,
                "conflicts": figures.conflicts,
                "database_bytes": figures.database_bytes,
                "log_bytes": figures.log_bytes,
            }))
        }
        Command::Idle => {
            for slices in 1..=IDLE_SLICES_MAX {
                if app.idle_slice()?.is_done() {
                    return Ok(json!({ "slices": slices }));
                }
            }
            Err(Refusal::code("never_idle"))
        }
        Command::Rebuild => rebuild(app),
        Command::Audit => {
            let state = app.check_audit()?;
            let (lines, sound) = match state.trail {
                AuditVerdict::Sound(head) => (head.n, true),
                AuditVerdict::BrokenAt(line) => (line, false),
            };
            let pinned = !matches!(state.pinned, AuditCheck::Broken { .. });
            Ok(json!({ "lines": lines, "sound": sound && pinned }))
        }
        _ => Err(Refusal::code("not_a_command")),
    }
}

fn row(row: &VisitRow) -> Value {
    json!({
        "visit": row.visit,
        "patient": row.patient,
        "patient_name": row.patient_name,
        "address": row.address,
        "start_ms": row.start_ms,
        "end_ms": row.end_ms,
        "time_zone": row.time_zone,
        "service": row.service,
        "status": row.status,
        "conflicts": row.conflicts,
        "unsent": row.unsent,
        "assignees": row.assignees,
    })
}

fn order(app: &Homeround, date: chrono::NaiveDate, suggest: bool) -> Result<Value, Refusal> {
    let options = OrderOptions {
        suggest,
        ..OrderOptions::default()
    };
    let order = app.order_of_day(date, &options)?;
    let visits: Vec<Value> = (order.visits.iter())
        .map(|one| {
            json!({
                "visit": one.visit, "arrive_ms": one.arrive_ms, "begin_ms": one.begin_ms,
                "travel_s": one.travel_s, "waiting_s": one.waiting_s, "late_s": one.late_s,
                "spread_s": one.spread_s,
            })
        })
        .collect();
    let sums = |totals: Totals| {
        json!({
            "travel_s": totals.travel_s, "waiting_s": totals.waiting_s, "late_s": totals.late_s,
        })
    };
    Ok(json!({
        "date": order.date, "visits": visits, "totals": sums(order.totals),
        "booked": sums(order.booked),
    }))
}

fn my_numbers(app: &Homeround) -> Result<Value, Refusal> {
    let today = app.today()?;
    let numbers = app.my_numbers(today, today)?;
    Ok(json!({
        "visits": numbers.visits, "done": numbers.done, "begun": numbers.begun,
        "on_time": numbers.on_time, "in_home_s": numbers.in_home_s, "stays": numbers.stays,
        "signed": numbers.signed, "documentation_s": numbers.documentation_s,
        "unsigned": numbers.unsigned,
    }))
}

fn of_patient(app: &Homeround, patient: PatientId) -> Result<Value, Refusal> {
    let record = app.patient(patient)?;
    let (plans, visits) = app.documents_of(patient)?;
    let history = app.timeline(patient, None, None, 1)?;
    Ok(json!({
        "patient": record,
        "plans": plans,
        "visits": visits,
        "has_history": !history.entries.is_empty(),
    }))
}

fn conflicts(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let owners = app.authorship(DocumentId::visit(visit))?;
    let shown = |conflict: &Conflict| {
        let values: Vec<Value> = conflict
            .values
            .iter()
            .map(|value| {
                let author = owners.iter().find(|it| it.hash == value.hash);
                json!({
                    "value": value.value,
                    "person": author.and_then(|it| it.person),
                    "at_ms": value.at,
                    "hash": value.hash.to_string(),
                })
            })
            .collect();
        json!({
            "field": conflict.path,
            "rule": conflict.rule.name(),
            "winner": conflict.winner,
            "values": values,
        })
    };
    let open = app.visit(visit).conflicts()?;
    Ok(open.iter().map(shown).collect())
}

fn sign_offs(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let handle = app.visit(visit);
    let mut shown = Vec::new();
    for view in handle.sign_offs()? {
        let holds = matches!(handle.verify_sign_off(view.id)?, SealCheck::Holds(_));
        shown.push(json!({
            "signer": view.entry.signer,
            "changed": view.changed,
            "holds": holds,
        }));
    }
    Ok(Value::Array(shown))
}

fn awaiting(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let late = app.visit(visit).awaiting()?;
    let shown = late.iter().map(|change| {
        let fields: Vec<&str> = change.touched.iter().map(|it| it.path.0.as_str()).collect();
        json!({
            "hash": change.hash.to_string(),
            "fields": fields,
            "at_ms": change.at,
            "knew_of_seal": change.knew_of_seal,
        })
    });
    Ok(shown.collect())
}

fn quarantine(app: &Homeround) -> Result<Value, Refusal> {
    let rows = app.quarantine()?;
    let shown = rows.into_iter().map(|edit| {
        let state = match edit.state {
            QuarantineState::Open => "open",
            QuarantineState::ReEntered => "re_entered",
            QuarantineState::HandedOver => "handed_over",
            QuarantineState::Dismissed => "dismissed",
            QuarantineState::HeldByBackend => "held_by_backend",
        };
        json!({
            "id": edit.id,
            "document": name_of(edit.document),
            "hash": edit.hash.to_string(),
            "code": edit.code,
            "field": edit.field,
            "values": edit.values,
            "state": state,
        })
    });
    Ok(shown.collect())
}

fn state(state: &DocumentState) -> Value {
    let heads: Vec<String> = state.heads.iter().map(ToString::to_string).collect();
    json!({
        "document": name_of(state.document),
        "heads": heads,
        "view": state.view,
        "conflicts": state.conflicts,
    })
}

fn authorship(app: &Homeround, document: DocumentId) -> Result<Value, Refusal> {
    let authored = app.authorship(document)?;
    let shown = authored.into_iter().map(|it| {
        let name = it.person.and_then(|person| app.person(person).ok());
        json!({
            "field": it.field,
            "hash": it.hash.to_string(),
            "person": it.person,
            "name": name.map(|person| person.name),
            "at_ms": it.at,
            "value": it.value,
        })
    });
    Ok(shown.collect())
}

fn search(app: &Homeround, words: &str) -> Result<Value, Refusal> {
    let hits = app.search(words, HITS_MAX)?;
    let shown = hits.into_iter().map(|hit| match hit {
        SearchHit::Patient(patient) => json!({ "patient": patient }),
        SearchHit::Document(document) => json!({ "document": name_of(document) }),
    });
    Ok(shown.collect())
}

/// Every document's view before and after its caches were dropped.
fn rebuild(app: &Homeround) -> Result<Value, Refusal> {
    let views = || -> Result<Vec<Value>, AppError> {
        let documents = app.documents()?;
        let states = documents.into_iter().map(|id| app.document_state(id));
        states.map(|it| it.map(|it| state(&it))).collect()
    };
    let before = views()?;
    let rebuilt = app.rebuild_projections()?;
    Ok(json!({ "rebuilt": rebuilt, "same": views()? == before }))
}

fn encoded(value: &impl serde::Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|_| Refusal::code("encode"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The visits that may be this one.
fn duplicates(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let found = app.visit(visit).likely_duplicates()?;
    let shown = found.iter().map(|one| {
        json!({ "visit": one.other.visit, "why": one.why.name(), "status": one.other.status })
    });
    Ok(shown.collect())
}

fn handover(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let given = app.visit(visit).handover()?;
    Ok(given.map_or(
        Value::Null,
        |given| json!({ "to": given.handover.to, "state": given.state.name() }),
    ))
}

//! Commands that write: each is one use case of the app, answered after its
//! durable commit.

use std::io::Write;

use homeround::app::{
    Homeround, MeasureValue, MeasuredHow, NewAttachment, NewVisit, NoteEdit, Saved, TaskOutcome,
    VitalsEntry,
};
use homeround::model::{
    Coding, Consciousness, Drawing, InkPoint, Measured, NewMark, ReportedBy, Signer, VisitId,
};
use homeround::vault::{Pin, Unlock};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;
use super::read::wall_now;

/// Does what writes; none for another kind of command.
pub(super) fn obey(app: &Homeround, command: &Command) -> Option<Result<Value, Refusal>> {
    if let Some(done) = session(app, command) {
        return Some(done.map(|()| Value::Null));
    }
    if let Some(made) = make(app, command) {
        return Some(made);
    }
    let saved = care(app, command).or_else(|| course(app, command));
    let saved = saved.or_else(|| picture(app, command));
    let saved = saved.or_else(|| super::forms::fill(app, command));
    let saved = saved.or_else(|| super::medication::medication(app, command));
    let saved = saved.or_else(|| super::messages::write(app, command));
    let saved = saved.or_else(|| super::notices::write(app, command));
    let saved = saved.or_else(|| super::virtual_visit::note(app, command));
    let saved = saved.or_else(|| super::plans::care(app, command))?;
    Some(saved.map(|saved| json_of(&saved)))
}

pub(super) fn json_of(saved: &Saved) -> Value {
    json!({
        "hash": saved.hash.to_string(),
        "entry": saved.entry,
        "revision": saved.revision,
    })
}

/// A picture of a file; none for another kind of command.
fn picture(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let Command::Attach {
        visit,
        file,
        caption,
        body_site,
    } = command
    else {
        return None;
    };
    let new = NewAttachment {
        media_type: "image/png".to_owned(),
        caption: Some(caption.clone()),
        body_site: body_site.clone(),
        thumbnail: None,
    };
    let attach = |mut file: std::fs::File| Ok(app.visit(*visit).attach(&new, &mut file)?);
    let opened = std::fs::File::open(file).map_err(|_| Refusal::code("attachment_unreadable"));
    Some(opened.and_then(attach))
}

/// A visit that nobody booked.
fn make(app: &Homeround, command: &Command) -> Option<Result<Value, Refusal>> {
    let Command::NewVisit {
        patient,
        service,
        reason,
        minutes,
        start_ms,
    } = command
    else {
        return None;
    };
    let made = app.new_visit(&NewVisit {
        patient: *patient,
        service: Coding::text(service),
        reason: *reason,
        comment: None,
        start_ms: *start_ms,
        minutes: *minutes,
    });
    let told = made.map(|(visit, saved)| {
        let mut told = json_of(&saved);
        told["visit"] = json!(visit);
        told
    });
    Some(told.map_err(Refusal::from))
}

fn session(app: &Homeround, command: &Command) -> Option<Result<(), Refusal>> {
    Some(match command {
        Command::Create { pin } => app.create(pin, false).map_err(Refusal::from),
        Command::Unlock { pin } => {
            unlocking(pin).and_then(|how| app.unlock(&how).map_err(Refusal::from))
        }
        Command::Lock => {
            app.lock();
            Ok(())
        }
        _ => return None,
    })
}

fn unlocking(pin: &str) -> Result<Unlock, Refusal> {
    let pin =
        Pin::new(pin).map_err(|refused| Refusal::from(homeround::app::AppError::from(refused)))?;
    Ok(Unlock::Pin(pin))
}

/// What is done for the patient.
fn care(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let saved = match command {
        Command::Vitals { visit, figures } => {
            let how = MeasuredHow {
                whole: Measured {
                    reported_by: figures.reported_by,
                    ..Measured::default()
                },
                ..MeasuredHow::default()
            };
            app.visit(*visit)
                .record_vitals_measured(&vitals(figures), how)
        }
        Command::Task {
            visit,
            task,
            status,
            result,
            reason,
            comment,
        } => {
            let outcome = TaskOutcome {
                status: *status,
                result: *result,
                reason: *reason,
                comment: comment.clone(),
            };
            app.visit(*visit).set_task(*task, &outcome)
        }
        Command::AddTask { visit, title } => app.visit(*visit).add_task(title, false),
        Command::Note {
            visit,
            insert,
            at,
            delete,
        } => {
            let edit = NoteEdit {
                at: *at,
                delete: *delete,
                insert: insert.clone(),
            };
            app.visit(*visit).edit_note(&edit)
        }
        Command::Outcome { visit, text } => app.visit(*visit).set_outcome(text),
        Command::Measure { visit, name, value } => {
            return Some(measure(name, *value).and_then(|value| {
                let saved = app.visit(*visit).set_measure(value);
                saved.map_err(Refusal::from)
            }));
        }
        _ => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// How the visit goes.
fn course(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let saved = match command {
        Command::Travel { visit, fix } => app.visit(*visit).start_travel(*fix),
        Command::CheckIn { visit, fix } => app.visit(*visit).check_in(*fix),
        Command::Complete { visit, fix } => app.visit(*visit).complete(*fix),
        Command::TwoVisits { visit, other } => app.visit(*visit).two_visits(*other, None),
        Command::HandOver { visit, to, reason } => {
            let given = app.visit(*visit).hand_over(*to, *reason, None);
            given.map(|given| given.saved)
        }
        Command::Settle {
            visit,
            field,
            value,
        } => app.visit(*visit).settle(field, value),
        Command::Sign { visit, pin } => {
            return Some(
                unlocking(pin).and_then(|how| app.visit(*visit).sign(&how).map_err(Refusal::from)),
            );
        }
        Command::SignOff { visit, strokes } => {
            app.visit(*visit).sign_off(Signer::Patient, drawn(strokes))
        }
        Command::Amend { visit, reason } => app.visit(*visit).amend(reason, None),
        _ => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// What was drawn on a pad of 8 by 3 centimetres.
fn drawn(strokes: &[Vec<(u32, u32, u32)>]) -> NewMark {
    let point = |&(x_um, y_um, t_ms): &(u32, u32, u32)| InkPoint {
        x_um,
        y_um,
        t_ms,
        pressure: None,
    };
    let strokes = strokes.iter();
    NewMark::Drawn(Drawing {
        width_um: 80_000,
        height_um: 30_000,
        strokes: strokes
            .map(|stroke| stroke.iter().map(point).collect())
            .collect(),
    })
}

fn vitals(figures: &Figures) -> VitalsEntry {
    VitalsEntry {
        measured_at: wall_now(),
        pulse_bpm: figures.pulse_bpm,
        systolic_mmhg: figures.systolic_mmhg,
        diastolic_mmhg: figures.diastolic_mmhg,
        temperature_c: figures.temperature_c,
        spo2_percent: figures.spo2_percent,
        respirations_per_min: figures.respirations_per_min,
        consciousness: figures.consciousness,
        on_oxygen: figures.on_oxygen,
        ..VitalsEntry::default()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that does not fit saturates, and the app refuses what is out of range"
)]
fn measure(name: &str, value: f64) -> Result<MeasureValue, Refusal> {
    match name {
        "weight_kg" => Ok(MeasureValue::WeightKg(value)),
        "pain_score" => Ok(MeasureValue::PainScore(value as u8)),
        "glucose_mg_dl" => Ok(MeasureValue::GlucoseMgDl(value as u16)),
        _ => Err(Refusal::code("measure_unknown")),
    }
}

/// Writes as fast as the store takes it. The line of each edit is out before
/// the next edit begins.
pub(super) fn burst(
    app: &Homeround,
    visit: VisitId,
    edits: u64,
    out: &mut impl Write,
) -> Result<Value, Refusal> {
    let handle = app.visit(visit);
    let mut written = 0;
    while written < edits {
        let edit = NoteEdit {
            insert: format!("Line {}. ", written + 1),
            ..NoteEdit::default()
        };
        let saved = handle.edit_note(&edit)?;
        written += 1;
        let line = json!({ "ack": saved.hash.to_string() });
        let told = writeln!(out, "{line}").and_then(|()| out.flush());
        if told.is_err() {
            break;
        }
    }
    Ok(json!({ "written": written }))
}

/// Figures of vital signs.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Figures {
    /// Beats per minute.
    #[serde(default)]
    pub pulse_bpm: Option<u16>,
    /// Millimetres of mercury.
    #[serde(default)]
    pub systolic_mmhg: Option<u16>,
    /// Millimetres of mercury.
    #[serde(default)]
    pub diastolic_mmhg: Option<u16>,
    /// Degrees Celsius.
    #[serde(default)]
    pub temperature_c: Option<f64>,
    /// Per cent.
    #[serde(default)]
    pub spo2_percent: Option<u8>,
    /// Breaths per minute.
    #[serde(default)]
    pub respirations_per_min: Option<u16>,
    /// How awake the patient is, by ACVPU.
    #[serde(default)]
    pub consciousness: Option<Consciousness>,
    /// Oxygen or air.
    #[serde(default)]
    pub on_oxygen: Option<bool>,
    /// Who told them; none: they were measured.
    #[serde(default)]
    pub reported_by: Option<ReportedBy>,
}

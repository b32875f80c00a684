//! What a care team member does during a visit. Each function is one use case
//! and one durable transaction; it returns after the commit.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Inner;
use super::edit::{Desk, Saved};
use super::error::AppError;
use super::input::{MeasureValue, MeasuredHow, NoteEdit, TaskOutcome, VitalsEntry};
use crate::merge::{Conflict, Op};
use crate::model::{
    CorrectionEntry, DocumentId, EntryId, FieldPath, Finding, Measured, Millis, ObservationEntry,
    SettlementEntry, TaskStatus, Visit, VisitId, VisitStatus,
};
use crate::store::VisitRow;

/// One visit, open for work.
#[derive(Clone)]
pub struct VisitHandle {
    pub(super) inner: Arc<Inner>,
    pub(super) id: VisitId,
}

impl VisitHandle {
    /// Which visit.
    #[must_use]
    pub const fn id(&self) -> VisitId {
        self.id
    }

    /// The visit as it stands on this phone.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not on this phone, [`AppError::Locked`],
    /// [`AppError::LeaseEnded`].
    pub fn read(&self) -> Result<Visit, AppError> {
        self.inner.read_view(self.document())
    }

    /// The visit's line in the day's list: patient, address, times, status; none
    /// when it is not booked.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn summary(&self) -> Result<Option<VisitRow>, AppError> {
        self.read()?;
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        Ok(reader.visit_row(self.id)?)
    }

    /// The open conflicts, each with both values, authors and stamps.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn conflicts(&self) -> Result<Vec<Conflict>, AppError> {
        self.inner.conflicts(self.document())
    }

    /// Records a set of vital signs.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the figure that is out of range.
    pub fn record_vitals(&self, entry: &VitalsEntry) -> Result<Saved, AppError> {
        self.record_vitals_measured(entry, MeasuredHow::default())
    }

    /// Records a set of vital signs with where, how and with what its figures were
    /// measured. The scale that the chart names for the saturation is noted with it.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the figure that is out of range, or on `figures`
    /// one that the set does not have, or `reported_by`.
    pub fn record_vitals_measured(
        &self,
        entry: &VitalsEntry,
        how: MeasuredHow,
    ) -> Result<Saved, AppError> {
        let mut vitals = entry.parse()?;
        how.check(&vitals)?;
        if vitals.spo2_percent.is_some() {
            vitals.spo2_scale = Some(self.inner.spo2_scale(self.document())?);
        }
        self.append_observation(entry.measured_at, Finding::Vitals(vitals), how)
    }

    /// Records one finding.
    ///
    /// # Errors
    /// [`AppError::Signed`] once the visit is signed; [`AppError::NotAllowed`].
    pub fn observe(&self, measured_at: Millis, finding: Finding) -> Result<Saved, AppError> {
        self.observe_measured(measured_at, finding, Measured::default())
    }

    /// Records one finding with where, how and with what it was measured.
    ///
    /// # Errors
    /// As [`observe`](Self::observe); [`AppError::Refused`] on `reported_by`.
    pub fn observe_measured(
        &self,
        measured_at: Millis,
        finding: Finding,
        measured: Measured,
    ) -> Result<Saved, AppError> {
        measured.check()?;
        let how = MeasuredHow {
            whole: measured,
            figures: std::collections::BTreeMap::new(),
        };
        self.append_observation(measured_at, finding, how)
    }

    fn append_observation(
        &self,
        measured_at: Millis,
        finding: Finding,
        how: MeasuredHow,
    ) -> Result<Saved, AppError> {
        self.edit("observation", |desk| {
            let entry = ObservationEntry {
                by: desk.me,
                measured_at_ms: measured_at,
                measured: how.whole,
                figures: how.figures,
                finding,
            };
            Ok(vec![desk.append("observations", &entry)?])
        })
    }

    /// Sets a single-valued measurement of this visit, as `weight_kg`; two
    /// people's different values open a conflict.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the measurement that is out of range.
    pub fn set_measure(&self, value: MeasureValue) -> Result<Saved, AppError> {
        let (name, value) = value.parse()?;
        self.edit("measure", |_| {
            Ok(vec![put(&format!("measures/{name}"), value)])
        })
    }

    /// Says what came of a task.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another visit's task; [`AppError::Refused`]
    /// on `reason` when a task that was not done has none.
    pub fn set_task(&self, task: EntryId, outcome: &TaskOutcome) -> Result<Saved, AppError> {
        outcome.check()?;
        self.edit("task", |desk| {
            let key = task.to_string();
            if desk.view["tasks"].get(&key).is_none() {
                return Err(AppError::NotFound { what: "task" });
            }
            let at = |field: &str| format!("tasks/{key}/{field}");
            let mut ops = vec![put(&at("status"), json!(outcome.status))];
            if let Some(result) = outcome.result {
                ops.push(put(&at("result"), json!(result)));
            }
            if let Some(reason) = outcome.reason {
                ops.push(put(&at("reason"), json!(reason)));
            }
            if let Some(comment) = &outcome.comment {
                ops.push(put(&at("comment"), json!(comment)));
            }
            Ok(ops)
        })
    }

    /// Adds a task to this visit.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `title` when it is empty.
    pub fn add_task(&self, title: &str, required: bool) -> Result<Saved, AppError> {
        if title.trim().is_empty() {
            return Err(AppError::Refused {
                field: "title".into(),
                limit: "at least one character".into(),
            });
        }
        self.edit("task", |desk| {
            let mut fields = serde_json::Map::new();
            fields.insert("title".into(), json!(title));
            fields.insert("required".into(), json!(required));
            fields.insert("status".into(), json!(TaskStatus::Open));
            Ok(vec![desk.add_item("tasks", fields)?])
        })
    }

    /// Says in words what came of the visit.
    ///
    /// # Errors
    /// [`AppError::Signed`] once the visit is signed; [`AppError::NotAllowed`].
    pub fn set_outcome(&self, outcome: &str) -> Result<Saved, AppError> {
        self.edit("outcome", |_| Ok(vec![put("outcome", json!(outcome))]))
    }

    /// Types into the shared note. Positions count Unicode scalar values of the
    /// note as it stands on this phone.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `at` or `delete` past the note's end.
    pub fn edit_note(&self, edit: &NoteEdit) -> Result<Saved, AppError> {
        self.edit("note", |desk| {
            let length = desk.view["note"].as_str().unwrap_or("").chars().count();
            let at = edit.at.unwrap_or(length);
            if at.saturating_add(edit.delete) > length {
                return Err(AppError::Refused {
                    field: "at".into(),
                    limit: "inside the note".into(),
                });
            }
            Ok(vec![Op::Splice {
                path: FieldPath("note".into()),
                at,
                delete: edit.delete,
                insert: edit.insert.clone(),
            }])
        })
    }

    /// Answers one question of a form; the form begins with its first answer.
    ///
    /// # Errors
    /// [`AppError::Signed`] once the visit is signed; [`AppError::NotAllowed`].
    pub fn answer(
        &self,
        form: Option<EntryId>,
        questionnaire: &str,
        link_id: &str,
        answer: &Value,
    ) -> Result<Saved, AppError> {
        if link_id.is_empty() || link_id.contains('/') || answer.is_object() || answer.is_array() {
            return Err(AppError::Refused {
                field: "answer".into(),
                limit: "a scalar under a link id without /".into(),
            });
        }
        self.edit("form", |desk| {
            let Some(form) = form else {
                let mut fields = serde_json::Map::new();
                fields.insert("questionnaire".into(), json!(questionnaire));
                fields.insert("answers".into(), json!({ link_id: answer }));
                return Ok(vec![desk.add_item("forms", fields)?]);
            };
            if desk.view["forms"].get(form.to_string()).is_none() {
                return Err(AppError::NotFound { what: "form" });
            }
            let path = format!("forms/{form}/answers/{link_id}");
            Ok(vec![put(&path, answer.clone())])
        })
    }

    /// Marks an entry as wrong; the entry stays and says so. With a
    /// replacement, that entry stands in its place.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such entry; [`AppError::Refused`]
    /// on `reason` when it is empty.
    pub fn correct(
        &self,
        section: &str,
        target: EntryId,
        replacement: Option<EntryId>,
        reason: &str,
    ) -> Result<Saved, AppError> {
        if reason.trim().is_empty() {
            return Err(AppError::Refused {
                field: "reason".into(),
                limit: "at least one character".into(),
            });
        }
        self.edit("correction", |desk| {
            let entries = &desk.view[section];
            for id in [Some(target), replacement].into_iter().flatten() {
                if entries.get(id.to_string()).is_none() {
                    return Err(AppError::NotFound { what: "entry" });
                }
            }
            let entry = CorrectionEntry {
                section: section.into(),
                target,
                replacement,
                reason: reason.into(),
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
            };
            Ok(vec![desk.append("corrections", &entry)?])
        })
    }

    /// Settles a conflict: the chosen value stands, the others stay in the
    /// history, and who settled it is said.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when no conflict is open on the field.
    pub fn settle(&self, field: &FieldPath, chosen: &Value) -> Result<Saved, AppError> {
        settle(&self.inner, self.document(), field, chosen)
    }

    pub(super) const fn document(&self) -> DocumentId {
        DocumentId::visit(self.id)
    }

    pub(super) fn edit(
        &self,
        action: &'static str,
        make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<Saved, AppError> {
        self.inner.edit(self.document(), action, make)
    }
}

/// Settles a conflict in any document.
pub(super) fn settle(
    inner: &Inner,
    document: DocumentId,
    field: &FieldPath,
    chosen: &Value,
) -> Result<Saved, AppError> {
    let conflict = inner
        .conflicts(document)?
        .into_iter()
        .find(|conflict| &conflict.path == field)
        .ok_or(AppError::NotFound { what: "conflict" })?;
    inner.edit(document, "settlement", |desk| {
        let replaced = conflict
            .values
            .iter()
            .map(|value| value.value.clone())
            .filter(|value| value != chosen)
            .collect();
        let entry = SettlementEntry {
            field: field.clone(),
            chosen: chosen.clone(),
            replaced,
            by: desk.me,
            at_ms: desk.stamp.clock.wall_ms,
        };
        Ok(vec![
            put(&field.0, chosen.clone()),
            desk.append("settlements", &entry)?,
        ])
    })
}

pub(super) fn put(path: &str, value: Value) -> Op {
    Op::Put {
        path: FieldPath(path.into()),
        value,
    }
}

/// The status in a visit's view.
pub(super) fn status_of(view: &Value) -> Result<VisitStatus, AppError> {
    let text = view["status"].as_str().unwrap_or("");
    Ok(text.parse::<VisitStatus>()?)
}

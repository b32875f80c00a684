//! The visit itself: appointment, encounter, places, tasks, note.

use homeround::model::{
    BreakReason, ClockTrust, Fix, StepEntry, TaskResult, TaskStatus, VisitStatus,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::base64;
use super::super::ident::derive;
use super::people::home_address;
use super::{Sheet, concept, extension, hl7, notes, reference, why};

impl Sheet<'_> {
    /// Steps in order of the best known instant.
    fn steps(&self) -> Vec<&StepEntry> {
        let mut steps: Vec<&StepEntry> = self.input.visit.steps.values().collect();
        steps.sort_by_key(|step| (step.stamp.best(), step.to.progress()));
        steps
    }

    /// Why the visit did not take place, as its last such step says.
    fn called_off(&self) -> Option<&StepEntry> {
        let status = self.input.visit.status;
        self.steps()
            .into_iter()
            .rfind(|step| step.to == status && status.needs_reason())
    }

    pub(super) fn appointment(&mut self) {
        let booking = self.input.booking;
        let status = self.input.visit.status;
        let mut participants = vec![json!({
            "actor": self.subject(), "required": "required", "status": "accepted",
        })];
        for person in &booking.assignees {
            participants.push(json!({
                "actor": self.who(*person), "required": "required", "status": "accepted",
            }));
        }
        let comment = self.called_off().and_then(|step| step.comment.clone());
        let reason = self.called_off().and_then(|step| step.reason).map(why);
        let window = (booking.end_ms.0 - booking.start_ms.0) / homeround::model::MINUTE_MS;
        let minutes = booking.visit_minutes.map_or(window, i64::from);
        let mut said = vec![extension("visit-status", "Code", status.name())];
        said.extend(self.way());
        said.extend(self.virtual_service());
        self.add(
            booking.visit.0,
            json!({
                "resourceType": "Appointment",
                "extension": said,
                "status": match status {
                    VisitStatus::Scheduled | VisitStatus::Traveling => "booked",
                    VisitStatus::InProgress | VisitStatus::OnBreak => "arrived",
                    VisitStatus::Completed | VisitStatus::Signed | VisitStatus::Amended => "fulfilled",
                    VisitStatus::Canceled => "cancelled",
                    VisitStatus::Missed => "noshow",
                },
                "cancelationReason": reason,
                "serviceType": [concept(&booking.service)],
                "priority": match booking.priority { 0 => Value::Null, 1 => json!(3), _ => json!(1) },
                "start": self.instant(booking.start_ms),
                "end": self.instant(booking.end_ms),
                "minutesDuration": (minutes > 0).then_some(minutes),
                "comment": comment,
                "participant": participants,
            }),
        );
    }

    pub(super) fn encounter(&mut self) {
        let visit = self.input.visit;
        let booking = self.input.booking;
        let steps: Vec<StepEntry> = self.steps().into_iter().cloned().collect();
        let began = steps.iter().find(|step| step.to == VisitStatus::InProgress);
        let ended = steps.iter().rfind(|step| {
            began.is_some() && matches!(step.to, VisitStatus::Completed | VisitStatus::Canceled)
        });
        let history: Vec<Value> = steps
            .iter()
            .enumerate()
            .map(|(nth, step)| {
                let next = steps
                    .get(nth + 1)
                    .map(|next| self.instant(next.stamp.best()));
                json!({
                    "extension": self.step_extensions(step),
                    "status": encounter_status(step.to),
                    "period": { "start": self.instant(step.stamp.best()), "end": next },
                })
            })
            .collect();
        let participants = self.participants();
        // Nobody is in the home at a virtual visit.
        let mut places = Vec::new();
        if booking.virtual_visit.is_none() {
            places.push(json!({ "location": reference(self.home()) }));
        }
        for (name, step) in [("check-in", began), ("check-out", ended)] {
            if let Some((step, fix)) = step.and_then(|step| Some((step, step.fix?))) {
                let at = self.instant(step.stamp.best());
                let place = self.presence(name, fix);
                places.push(json!({
                    "location": reference(place), "period": { "start": at, "end": at },
                }));
            }
        }
        let reason = self.called_off().and_then(|step| step.reason).map(why);
        let mut said = vec![extension("visit-status", "Code", visit.status.name())];
        said.extend(
            visit
                .outcome
                .iter()
                .map(|text| extension("outcome", "String", text.as_str())),
        );
        said.extend(self.lobby());
        self.add(
            self.encounter,
            json!({
                "resourceType": "Encounter",
                "extension": said,
                "status": encounter_status(visit.status),
                "statusHistory": history,
                "class": self.class(),
                "type": [concept(&booking.service)],
                "subject": self.subject(),
                "participant": participants,
                "appointment": [reference(booking.visit.0)],
                "period": {
                    "start": began.map(|step| self.instant(step.stamp.best())),
                    "end": ended.map(|step| self.instant(step.stamp.best())),
                },
                "reasonCode": reason.into_iter().collect::<Vec<_>>(),
                "location": places,
            }),
        );
    }

    /// What FHIR's status says too little about, and how far the clock is trusted.
    fn step_extensions(&self, step: &StepEntry) -> Value {
        let trusted = matches!(step.stamp.trust(), ClockTrust::Anchored { .. });
        let mut said = vec![
            extension("visit-status", "Code", step.to.name()),
            extension("clock-verified", "Boolean", trusted),
        ];
        if let ClockTrust::Anchored { off_by_ms, .. } = step.stamp.trust() {
            said.push(extension("clock-off-by-ms", "Decimal", off_by_ms));
        }
        let paused = step.break_reason.map(BreakReason::name);
        said.extend(paused.map(|name| extension("break-reason", "Code", name)));
        said.extend(
            step.comment
                .iter()
                .map(|text| extension("comment", "String", text.as_str())),
        );
        // Where somebody came and left are places of the encounter; of what did not
        // take place or was interrupted, the step alone says where.
        let apart = matches!(
            step.to,
            VisitStatus::OnBreak | VisitStatus::Missed | VisitStatus::Canceled
        );
        said.extend(step.fix.filter(|_| apart).map(super::way::place));
        json!(said)
    }

    /// The patient's home.
    fn home(&mut self) -> Uuid {
        let id = derive(self.input.patient.id.0, &["home"]);
        let address = self.input.patient.address.as_ref();
        let place = address.and_then(|it| Some((it.latitude_deg?, it.longitude_deg?)));
        self.add(
            id,
            json!({
                "resourceType": "Location",
                "status": "active",
                "name": "Home",
                "mode": "instance",
                "address": address.map(home_address),
                "physicalType": hl7("location-physical-type", "ho", "House"),
                "position": place.map(|(north, east)| json!({ "latitude": north, "longitude": east })),
            }),
        );
        id
    }

    /// Where the phone was at check-in or check-out.
    fn presence(&mut self, name: &str, fix: Fix) -> Uuid {
        let id = derive(self.input.booking.visit.0, &["Location", name]);
        self.add(
            id,
            json!({
                "resourceType": "Location",
                "status": "active",
                "name": name,
                "mode": "instance",
                "position": {
                    "extension": [extension("accuracy-m", "Decimal", fix.accuracy_m)],
                    "latitude": fix.latitude_deg,
                    "longitude": fix.longitude_deg,
                },
            }),
        );
        id
    }

    pub(super) fn tasks(&mut self) {
        for (id, task) in &self.input.visit.tasks {
            let resource = json!({
                "resourceType": "Task",
                "status": match task.status {
                    TaskStatus::Open => "requested",
                    TaskStatus::Started => "in-progress",
                    TaskStatus::NotDone => "cancelled",
                    TaskStatus::Done => "completed",
                },
                "statusReason": task.reason.map(why),
                "businessStatus": task.result.map(result),
                "intent": "order",
                "priority": if task.required { "asap" } else { "routine" },
                "code": task.code.as_ref().map(concept),
                "description": task.title,
                "focus": reference(self.input.booking.visit.0),
                "for": self.subject(),
                "encounter": self.encounter_reference(),
                "note": notes(task.comment.as_ref()),
            });
            self.add_of(*id, id.0, resource);
        }
    }

    /// The note that the team typed together.
    pub(super) fn note(&mut self) {
        let visit = self.input.visit;
        if visit.note.is_empty() {
            return;
        }
        let writers = self.input.authored.iter().filter(|it| it.field.0 == "note");
        let people: std::collections::BTreeSet<_> = writers.map(|it| it.person).collect();
        let mut authors = Vec::new();
        for person in people {
            authors.push(self.who(person));
        }
        let status = match visit.status {
            VisitStatus::Signed => "final",
            VisitStatus::Amended => "amended",
            _ => "preliminary",
        };
        self.add(
            self.note,
            json!({
                "resourceType": "DocumentReference",
                "status": "current",
                "docStatus": status,
                "type": { "coding": [{ "system": "http://loinc.org", "code": "34109-9", "display": "Note" }] },
                "subject": self.subject(),
                "date": self.instant(self.input.now),
                "author": authors,
                "content": [{ "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "data": base64::encode(visit.note.as_bytes()),
                    "size": visit.note.len(),
                    "title": "Visit note",
                } }],
                "context": { "encounter": [self.encounter_reference()] },
            }),
        );
    }
}

/// What came of a task.
pub(super) fn result(result: TaskResult) -> Value {
    let text = match result {
        TaskResult::Pass => "pass",
        TaskResult::Fail => "fail",
        TaskResult::PartialSuccess => "partial_success",
        TaskResult::NotApplicable => "not_applicable",
        TaskResult::Unknown => "unknown",
    };
    json!({ "text": text })
}

fn encounter_status(status: VisitStatus) -> &'static str {
    match status {
        VisitStatus::Scheduled | VisitStatus::Traveling => "planned",
        VisitStatus::InProgress => "in-progress",
        VisitStatus::OnBreak => "onleave",
        VisitStatus::Completed | VisitStatus::Signed | VisitStatus::Amended => "finished",
        VisitStatus::Canceled | VisitStatus::Missed => "cancelled",
    }
}

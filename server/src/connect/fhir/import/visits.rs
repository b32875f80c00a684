//! Appointments that are still to come become visits; tasks go with them.

use std::collections::BTreeMap;

use homeround::model::{
    Booking, EntryId, Handover, JoinLink, MINUTE_MS, Millis, NotDoneReason, PatientId, PersonId,
    RecordId, RecordKind, Task, TaskResult, TaskStatus, VISIT_MINUTES_MAX, VirtualBooking, Visit,
    VisitId, VisitStatus, check_phone,
};

use super::super::export::{VIRTUAL_CLASS, VIRTUAL_SERVICE};
use super::super::ident::Target;
use super::super::instant;
use super::super::types as fhir;
use super::text;
use super::{Importer, Kind, Skip};

/// Version of the visit document's shape.
const VISIT_SCHEMA: u32 = 1;
/// How long a visit is booked for when the source does not say.
const DEFAULT_MINUTES: u32 = 60;

/// Whether a visit is shorter than the time that is booked for it, as FHIR permits:
/// it may then begin at any moment that leaves room for it.
fn shorter(minutes: u32, start: Millis, end: Millis) -> bool {
    (1..=VISIT_MINUTES_MAX).contains(&minutes) && i64::from(minutes) * MINUTE_MS < end.0 - start.0
}

/// Who takes part in an appointment.
struct Party {
    patient: PatientId,
    assignees: Vec<PersonId>,
}

impl Importer<'_> {
    pub(super) fn appointment(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Appointment = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        if source.status.is_empty() {
            return Err(Skip::Malformed("status".to_owned()));
        }
        let party = self.party(at, &source)?;
        let start = self.instant(&source.start, "start")?;
        let service = text::coding_or(
            &source.service_type,
            text::first_of([
                text::words(&source.appointment_type),
                &source.description,
                "Home visit",
            ]),
        );
        let chart = self.charts.get(&party.patient);
        let deceased = chart.is_some_and(|chart| chart.deceased);
        let zone = chart.and_then(|chart| chart.time_zone.clone());
        let to_come = source.status == "booked" && start >= self.context.as_of;
        if to_come && deceased {
            self.note(
                at,
                "patient_deceased",
                "participant",
                "not booked; cancel it in the source system",
            );
        }
        if !to_come || deceased {
            let status = source.status.as_str();
            return self.planned(at, party.patient, "Appointment", service, start, status);
        }
        let minutes = source.minutes_duration.unwrap_or(DEFAULT_MINUTES);
        let end = instant::read(&source.end, self.zone)
            .filter(|end| *end > start)
            .unwrap_or(start.plus(i64::from(minutes) * MINUTE_MS));
        let booking = Booking {
            visit: VisitId(self.id(at)),
            patient: party.patient,
            assignees: party.assignees,
            start_ms: start,
            end_ms: end,
            service,
            time_zone: zone.unwrap_or_else(|| self.context.default_time_zone.clone()),
            priority: priority(source.priority),
            visit_minutes: source
                .minutes_duration
                .filter(|minutes| shorter(*minutes, start, end)),
            fixed: false,
            unplanned: false,
            handover: None,
            virtual_visit: virtual_visit(&source),
        };
        self.booked(&source, booking)
    }

    fn booked(&mut self, source: &fhir::Appointment, booking: Booking) -> Result<(), Skip> {
        let way = self.way(source, &booking);
        let booking = Booking {
            unplanned: way.unplanned.is_some(),
            handover: way.handover.as_ref().map(Handover::mark),
            ..booking
        };
        let (visit, patient) = (booking.visit, booking.patient);
        self.record(RecordKind::Booking, visit.0, Some(patient), &booking)?;
        let document = Visit {
            unplanned: way.unplanned,
            handover: way.handover,
            duplicates: way.duplicates,
            ..skeleton(patient)
        };
        self.visits.insert(visit, document);
        Ok(())
    }

    /// An encounter of the class `VR` makes its appointments virtual, also where none of
    /// them says how to join.
    pub(super) fn make_virtual(&mut self, encounter: &fhir::Encounter) -> Result<(), Skip> {
        if encounter.class.code != VIRTUAL_CLASS {
            return Ok(());
        }
        for reference in &encounter.appointment {
            let Target::Entry(target) = self.index.find(reference, "Appointment") else {
                continue;
            };
            let visit = self.id(target);
            let known = self.records.get(&(RecordKind::Booking, RecordId(visit)));
            let known = known.and_then(|(_, body)| serde_json::from_str::<Booking>(body).ok());
            if let Some(mut booking) = known {
                booking.virtual_visit.get_or_insert_default();
                let patient = Some(booking.patient);
                self.record(RecordKind::Booking, visit, patient, &booking)?;
            }
        }
        Ok(())
    }

    fn party(&mut self, at: usize, source: &fhir::Appointment) -> Result<Party, Skip> {
        let mut patient = None;
        let mut assignees = Vec::new();
        let mut dangling = false;
        for (nth, participant) in source.participant.iter().enumerate() {
            let target = match self.index.find(&participant.actor, "Practitioner") {
                Target::Entry(target) => target,
                Target::None => continue,
                Target::Dangling | Target::Contained(_) => {
                    dangling = true;
                    self.note_dangling(at, format!("participant[{nth}].actor"));
                    continue;
                }
            };
            let id = PatientId(self.id(target));
            if self.charts.contains_key(&id) {
                patient = Some(id);
            } else if participant.status != "declined" {
                assignees.extend(self.person(target));
            }
        }
        match patient {
            Some(patient) => Ok(Party { patient, assignees }),
            None if dangling => Err(Skip::Dangling("participant")),
            None => Err(Skip::Malformed("participant".to_owned())),
        }
    }

    pub(super) fn task(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Task = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        if source.status.is_empty() {
            return Err(Skip::Malformed("status".to_owned()));
        }
        let code = source
            .code
            .as_ref()
            .map(text::coding)
            .filter(|code| !code.text.is_empty());
        let said = code.as_ref().map_or("", |code| code.text.as_str());
        let title = text::first_of([source.description.as_str(), said]).to_owned();
        if title.is_empty() {
            return Err(Skip::Malformed("description".to_owned()));
        }
        if let Some(visit) = self.visit_of(at, &source) {
            if self.planned_task(visit, &source) {
                return Ok(());
            }
            let reason = reason_of(&source);
            // Why, in somebody else's code, is kept in its words.
            let why = text::words(&source.status_reason);
            let why = Some(why).filter(|_| reason.is_none());
            let comment = source.note.iter().map(|note| note.text.as_str());
            let comment = text::first_of(comment.chain(why));
            let task = Task {
                title,
                code,
                required: matches!(source.priority.as_str(), "urgent" | "asap" | "stat"),
                status: task_status(&source.status),
                result: result_of(&source),
                reason,
                comment: text::some(comment),
            };
            let id = EntryId(self.id(at));
            if let Some(visit) = self.visits.get_mut(&visit) {
                visit.tasks.insert(id, task);
            }
            return Ok(());
        }
        let patient = self.about(&source.subject, "for")?;
        let written = text::first_of([
            source.execution_period.start.as_str(),
            &source.authored_on,
            &source.last_modified,
        ]);
        let when = self.instant(written, "authoredOn")?;
        let code = code.unwrap_or_else(|| homeround::model::Coding::text(&title));
        self.planned(at, patient, "Task", code, when, &source.status)
    }

    /// The visit that a task belongs to: by its focus, by what it is based on,
    /// or by its encounter's appointment.
    fn visit_of(&mut self, at: usize, source: &fhir::Task) -> Option<VisitId> {
        let named = [("focus", &source.focus), ("encounter", &source.encounter)];
        for (field, reference) in named {
            if self.index.find(reference, "Appointment") == Target::Dangling {
                self.note_dangling(at, field);
            }
        }
        let appointments: Vec<fhir::Reference> =
            match self.index.find(&source.encounter, "Encounter") {
                Target::Entry(target) => self
                    .encounters
                    .get(&target)
                    .map(|encounter| encounter.appointment.clone())
                    .unwrap_or_default(),
                _ => Vec::new(),
            };
        [&source.focus]
            .into_iter()
            .chain(&source.based_on)
            .chain(&appointments)
            .filter_map(
                |reference| match self.index.find(reference, "Appointment") {
                    Target::Entry(target) => Some(target),
                    _ => None,
                },
            )
            .filter(|target| {
                self.slots.get(*target).map(|slot| slot.kind) == Some(Kind::Appointment)
            })
            .map(|target| VisitId(self.id(target)))
            .find(|visit| self.visits.contains_key(visit))
    }
}

/// What R5's `Appointment.virtualService` says, in the extension that carries it in R4. What
/// is no link to join by, or no number, is left out.
fn virtual_visit(source: &fhir::Appointment) -> Option<VirtualBooking> {
    let services = source
        .extension
        .iter()
        .filter(|it| it.url == VIRTUAL_SERVICE);
    let addresses: Vec<&fhir::Extension> = services
        .flat_map(|service| service.extension.iter().filter(|it| it.url == "address"))
        .collect();
    let link = |it: &&fhir::Extension| {
        JoinLink::new(text::first_of([
            it.value_url.as_str(),
            &it.value_string,
            &it.value_contact_point.value,
        ]))
        .ok()
    };
    let phone = |it: &&fhir::Extension| {
        let point = &it.value_contact_point;
        (point.system == "phone" && check_phone(&point.value).is_ok()).then(|| point.value.clone())
    };
    let said = source.extension.iter().any(|it| it.url == VIRTUAL_SERVICE);
    said.then(|| VirtualBooking {
        join_link: addresses.iter().find_map(link),
        phone: addresses.iter().find_map(phone),
    })
}

/// iCalendar's priority: 1 is the highest, 0 and 5 and above are routine.
const fn priority(written: Option<u32>) -> u8 {
    match written {
        Some(1) => 2,
        Some(2..=4) => 1,
        _ => 0,
    }
}

fn task_status(status: &str) -> TaskStatus {
    match status {
        "in-progress" | "on-hold" => TaskStatus::Started,
        "completed" => TaskStatus::Done,
        "cancelled" | "failed" | "rejected" => TaskStatus::NotDone,
        _ => TaskStatus::Open,
    }
}

/// What came of a task, as our own export says it.
pub(super) fn result_of(source: &fhir::Task) -> Option<TaskResult> {
    let said = text::words(&source.business_status);
    let result = serde_json::from_value(said.into()).ok()?;
    (result != TaskResult::Unknown).then_some(result)
}

/// Why a task was not done, by our own code.
pub(super) fn reason_of(source: &fhir::Task) -> Option<NotDoneReason> {
    let ours = |coding: &&fhir::FhirCoding| coding.system.ends_with("/not-done-reason");
    let coding = source.status_reason.coding.iter().find(ours)?;
    serde_json::from_value(coding.code.as_str().into()).ok()
}

/// A visit that nobody has begun.
fn skeleton(patient: PatientId) -> Visit {
    Visit {
        schema: VISIT_SCHEMA,
        patient,
        status: VisitStatus::Scheduled,
        outcome: None,
        note: String::new(),
        tasks: BTreeMap::new(),
        planned: BTreeMap::new(),
        steps: BTreeMap::new(),
        unplanned: None,
        handover: None,
        consent: None,
        lobby: BTreeMap::new(),
        duplicates: BTreeMap::new(),
        notices: BTreeMap::new(),
        presence: BTreeMap::new(),
        observations: BTreeMap::new(),
        measures: BTreeMap::new(),
        medications: BTreeMap::new(),
        forms: BTreeMap::new(),
        attachments: BTreeMap::new(),
        survey: BTreeMap::new(),
        corrections: BTreeMap::new(),
        signatures: BTreeMap::new(),
        sign_offs: BTreeMap::new(),
        amendments: BTreeMap::new(),
        settlements: BTreeMap::new(),
    }
}

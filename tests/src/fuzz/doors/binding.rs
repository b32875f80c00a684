//! The face for Kotlin and Swift: records of any content through their calls on a real
//! phone that a real backend enrolled. An input is what the fields are drawn from, in
//! order; each record goes through the generated code's own form and back first.
//!
//! The framing of that form is not altered: it is made and read in one process, by the
//! generated code on both sides.

mod face;
mod feed;
mod newer;

use std::sync::Arc;

use homeround::model::{self, EntryId, Role};
use homeround_ffi::{
    Alert, Allergy, Condition, Contact, FormValue, FoundMedication, HomeroundError, Measure,
    Medication, MedicationGivenEntry, NewAttachment, NewCorrection, NewMessage, NewPlan,
    NewSignature, NewVisit, NoteEdit, Patient, PlanSchedule, ReconciledLine, Reconciliation,
    Signer, TaskOutcome, TimelineQuery, TrendQuery, WarningOverride,
};
use homeround_tests::stage::{Backend, Booking, Office, fixture};
use serde_json::json;

use self::face::{Face, enrolled};
use self::feed::{Feed, crossed};
use super::super::dice::{Dice, havoc};
use super::{Door, Outcome};

const CALLS: u8 = 25;
/// Calls after which the phone is set up anew: its visit has grown.
const WORN_AFTER: u32 = 400;

pub(crate) struct Bindings {
    backend: Backend,
    patient: model::PatientId,
    visit: model::VisitId,
    call: model::VisitId,
    task: EntryId,
    face: Face,
    worn: u32,
}

impl Bindings {
    pub(crate) fn new() -> Self {
        let backend = Backend::start();
        let office = Office::new(&backend);
        let _ = office.import(&fixture("collection.json"));
        let nurse = office.person("nina", Role::Nurse);
        let patient = office.patients()[0];
        let visit = office.book(&Booking::of(patient, &[nurse]));
        let call = office.book(&Booking {
            virtual_visit: Some(json!({
                "join_link": "https://video.example.org/1", "phone": "+1 617 555 0123",
            })),
            ..Booking::of(patient, &[nurse])
        });
        let face = enrolled(&backend, patient, (visit, call));
        let tasks = face.visit.read().expect("the visit").tasks;
        Self {
            task: tasks[0].id,
            backend,
            patient,
            visit,
            call,
            face,
            worn: 0,
        }
    }
}

type Told = Result<(), HomeroundError>;

fn told<T>(done: Result<T, HomeroundError>) -> Told {
    done.map(drop)
}

impl Bindings {
    fn patient(&self) -> Result<Arc<Patient>, HomeroundError> {
        self.face.phone.patient(self.patient)
    }

    fn entry(&self, feed: &mut Feed<'_>) -> EntryId {
        match feed.below(3) {
            0 => EntryId(uuid::Uuid::from_u128(u128::from(feed.whole()))),
            _ => self.task,
        }
    }

    /// What is written into the chart.
    fn charted(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        let chart = &self.face.chart;
        match kind {
            0 => (
                "message",
                told(chart.send_message(crossed(NewMessage {
                    text: feed.text(),
                    priority: feed.one(&["routine", "urgent", "later"]),
                    to: feed.some(|feed| {
                        model::PersonId(uuid::Uuid::from_u128(u128::from(feed.whole())))
                    }),
                    visit: feed.maybe(|_| self.visit),
                    reply_to: feed.maybe(|feed| self.entry(feed)),
                }))),
            ),
            1 => (
                "medication",
                told(chart.add_medication(crossed(Medication {
                    code: feed.coding(),
                    status: feed.text(),
                    dose: feed.maybe(Feed::text),
                    frequency: feed.maybe(Feed::text),
                    as_needed: feed.flag(),
                    dosing: feed.maybe(Feed::dosing),
                    ingredients: feed.some(Feed::coding),
                }))),
            ),
            2 => (
                "allergy",
                told(chart.add_allergy(crossed(Allergy {
                    code: feed.coding(),
                    status: feed.one(&["active", "refuted", "unconfirmed"]),
                    severity: feed.maybe(|feed| feed.one(&["mild", "severe"])),
                    reaction: feed.maybe(Feed::text),
                    ingredients: feed.some(Feed::coding),
                }))),
            ),
            _ => (
                "contact",
                told(chart.add_contact(crossed(Contact {
                    name: feed.text(),
                    relationship: feed.maybe(Feed::text),
                    phone: feed.maybe(Feed::text),
                    preference: feed.maybe(Feed::text),
                }))),
            ),
        }
    }

    /// What else is written into the chart.
    fn charted_more(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        let chart = &self.face.chart;
        match kind {
            4 => (
                "condition",
                told(chart.add_condition(crossed(Condition {
                    code: feed.coding(),
                    clinical_status: feed.text(),
                    verification: feed.maybe(Feed::text),
                    onset: feed.maybe(Feed::text),
                }))),
            ),
            5 => (
                "alert",
                told(chart.add_alert(crossed(Alert {
                    text: feed.text(),
                    severity: feed.one(&["mild", "moderate", "severe"]),
                    active: feed.flag(),
                }))),
            ),
            6 => (
                "dosing",
                told(chart.set_dosing(self.entry(feed), crossed(feed.dosing()))),
            ),
            _ => (
                "reconcile",
                told(chart.reconcile(
                    crossed(Reconciliation {
                        visit: feed.maybe(|_| self.visit),
                        lines: feed.some(|feed| ReconciledLine {
                            medication: self.entry(feed),
                            finding: feed.one(&["taking", "not_found", "later"]),
                            comment: feed.maybe(Feed::text),
                        }),
                        found: feed.some(|feed| FoundMedication {
                            code: feed.coding(),
                            dose: feed.maybe(Feed::text),
                            frequency: feed.maybe(Feed::text),
                            comment: feed.maybe(Feed::text),
                        }),
                    }),
                    feed.maybe(Feed::text),
                )),
            ),
        }
    }

    /// What is measured and given during the visit.
    fn visited(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        let visit = &self.face.visit;
        match kind {
            8 => ("vitals", told(visit.record_vitals(crossed(feed.vitals())))),
            9 => ("assess", told(visit.assess(crossed(feed.vitals())))),
            10 => (
                "measure",
                told(visit.set_measure(crossed(match feed.below(3) {
                    0 => Measure::WeightKg { kg: feed.figure() },
                    1 => Measure::PainScore { score: feed.byte() },
                    _ => Measure::GlucoseMgDl {
                        mg_dl: u16::from(feed.byte()) * 97,
                    },
                }))),
            ),
            _ => (
                "given",
                told(visit.medication_given(crossed(MedicationGivenEntry {
                    medication: feed.maybe(|feed| self.entry(feed)),
                    code: feed.coding(),
                    dose_value: feed.maybe(Feed::figure),
                    dose_unit: feed.maybe(Feed::text),
                    comment: feed.maybe(Feed::text),
                    overrides: feed.some(|feed| WarningOverride {
                        warning: feed.text(),
                        about: feed.maybe(|feed| self.entry(feed)),
                        reason: feed.text(),
                    }),
                }))),
            ),
        }
    }

    /// What is written down of it.
    fn written(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        let visit = &self.face.visit;
        match kind {
            12 => (
                "note",
                told(visit.edit_note(crossed(NoteEdit {
                    at: feed.maybe(Feed::whole),
                    delete: feed.whole(),
                    insert: feed.text(),
                }))),
            ),
            13 => (
                "correct",
                told(visit.correct(crossed(NewCorrection {
                    section: feed.text(),
                    target: self.entry(feed),
                    replacement: feed.maybe(|feed| self.entry(feed)),
                    reason: feed.text(),
                }))),
            ),
            14 => (
                "task",
                told(visit.set_task(
                    self.entry(feed),
                    crossed(TaskOutcome {
                        status: feed.one(&["open", "started", "done", "not_done"]),
                        result: feed.maybe(|feed| feed.one(&["pass", "fail", "later"])),
                        reason: feed.maybe(|feed| feed.one(&["refused", "weather", "later"])),
                        comment: feed.maybe(Feed::text),
                    }),
                )),
            ),
            _ => (
                "sign_off",
                told(visit.sign_off(
                    crossed(match feed.below(3) {
                        0 => Signer::Patient,
                        1 => Signer::Clinician,
                        _ => Signer::Representative {
                            name: feed.text(),
                            relation: feed.one(&["child", "later"]),
                        },
                    }),
                    crossed(NewSignature::Typed { text: feed.text() }),
                )),
            ),
        }
    }

    /// Who was there, what they took, and what was filled in.
    fn beside(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        let visit = &self.face.visit;
        match kind {
            16 => (
                "check_in",
                told(visit.check_in(feed.maybe(Feed::fix).map(crossed), None)),
            ),
            17 => (
                "attach",
                told(visit.attach(
                    crossed(NewAttachment {
                        media_type: feed.text(),
                        caption: feed.maybe(Feed::text),
                        body_site: feed.maybe(Feed::coding),
                        thumbnail: feed.maybe(Feed::bytes),
                    }),
                    feed.bytes(),
                )),
            ),
            18 => ("settle", told(visit.settle(feed.text(), feed.text()))),
            _ => (
                "form",
                told(visit.set_answer(
                    self.entry(feed),
                    feed.text(),
                    crossed(match feed.below(4) {
                        0 => FormValue::Figure {
                            number: feed.figure(),
                        },
                        1 => FormValue::Instant { text: feed.text() },
                        2 => FormValue::Choice {
                            coding: feed.coding(),
                        },
                        _ => FormValue::Quantity {
                            number: feed.figure(),
                            unit: feed.text(),
                        },
                    }),
                )),
            ),
        }
    }

    /// A plan with an activity.
    fn plans(&self, patient: &Patient, feed: &mut Feed<'_>) -> Told {
        let plan = patient.create_plan(crossed(NewPlan {
            template: feed.maybe(Feed::text),
            title: feed.maybe(Feed::text),
            language: feed.text(),
            begins: feed.text(),
            time_zone: feed.maybe(Feed::text),
            assignee: None,
        }))?;
        let schedule = crossed(PlanSchedule {
            start: feed.text(),
            rule: feed.maybe(Feed::text),
            except: feed.some(Feed::text),
            early_minutes: feed.small(),
            late_minutes: feed.small(),
            text: feed.maybe(Feed::text),
        });
        let plan = self.face.phone.plan(plan)?;
        told(plan.add_activity(feed.coding(), None, Some(schedule)))
    }

    /// Everything else.
    fn called(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        let phone = &self.face.phone;
        let (Ok(schedule), Ok(patient)) = (phone.schedule(), phone.patient(self.patient)) else {
            return ("objects", Err(HomeroundError::Locked));
        };
        match kind {
            20 => (
                "new_visit",
                told(schedule.new_visit(crossed(NewVisit {
                    patient: self.patient,
                    service: feed.coding(),
                    reason: feed.one(&["requested", "condition_changed", "later"]),
                    comment: feed.maybe(Feed::text),
                    start_ms: feed.maybe(Feed::signed),
                    minutes: feed.small(),
                }))),
            ),
            21 => ("new_plan", self.plans(&patient, feed)),
            22 => (
                "timeline",
                told(patient.timeline(crossed(TimelineQuery {
                    resource: feed.maybe(Feed::text),
                    from: feed.maybe(Feed::text),
                    limit: feed.small(),
                }))),
            ),
            23 => (
                "trend",
                told(patient.trend(crossed(TrendQuery {
                    code: feed.text(),
                    from: feed.maybe(Feed::text),
                    limit: feed.small(),
                }))),
            ),
            _ => (
                "search",
                told(
                    phone
                        .search(feed.text(), feed.small())
                        .and_then(|_| schedule.my_numbers(feed.text(), feed.text())),
                ),
            ),
        }
    }

    /// Whether the visit, its chart and the messages still read.
    fn works(&self) -> bool {
        let face = &self.face;
        face.visit.read().is_ok()
            && face.chart.read().is_ok()
            && face.phone.message_threads().is_ok()
    }
}

/// An error without what it says of the input.
fn answer(error: &HomeroundError) -> String {
    let whole = format!("{error:?}");
    let name = whole
        .split([' ', '{'])
        .next()
        .unwrap_or_default()
        .to_owned();
    match error {
        // The link ids of a form are the input's.
        HomeroundError::Refused { field, .. } if field.len() <= 20 && field.is_ascii() => {
            format!("{name} {field}")
        }
        HomeroundError::Failed { code } => format!("{name} {code}"),
        _ => name,
    }
}

impl Door for Bindings {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let honest = |kind: u8| {
            [
                &[kind][..],
                b"\x01\x05Hello\x01\x00\x01\x02\x01\x03\x01\x07 a text",
            ]
            .concat()
        };
        let newer = (CALLS..).zip(newer::HONEST);
        let newer = newer.map(|(kind, rest)| [&[kind][..], rest].concat());
        (0..CALLS).map(honest).chain(newer).collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        if dice.below(4) == 0 {
            bytes.extend_from_slice(other.get(1..).unwrap_or_default());
        }
        havoc(dice, &mut bytes, b"\x00\x01\x02\x03\xff/@%\"{}");
        bytes
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let mut feed = Feed(input);
        let first = feed.byte();
        // The newer ones have bytes of their own: what is committed goes the way it went.
        let kind = match first.checked_sub(CALLS) {
            Some(newer) if newer < newer::CALLS => first,
            _ => first % CALLS,
        };
        self.worn += 1;
        if self.worn > WORN_AFTER {
            self.worn = 0;
            Office::new(&self.backend).revoke_all();
            self.face = enrolled(&self.backend, self.patient, (self.visit, self.call));
        }
        let (name, told) = match kind {
            0..=3 => self.charted(kind, &mut feed),
            4..=7 => self.charted_more(kind, &mut feed),
            8..=11 => self.visited(kind, &mut feed),
            12..=15 => self.written(kind, &mut feed),
            16..=19 => self.beside(kind, &mut feed),
            20..CALLS => self.called(kind, &mut feed),
            _ => self.newer(kind - CALLS, &mut feed),
        };
        let works = self.works() && (kind < CALLS || self.newer_works());
        match told {
            Ok(()) => Outcome::judged(name, works),
            Err(error) => {
                // The face stops panics and answers with this code.
                let panicked = matches!(&error, HomeroundError::Failed { code } if code == "panic");
                Outcome {
                    poisoned: panicked || !works,
                    ..Outcome::refused(format!("{name} {}", answer(&error)))
                }
            }
        }
    }
}

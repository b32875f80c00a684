//! A signed visit with everything in it.

use std::collections::BTreeMap;

use homeround::forms::Definition;
use homeround::model::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::AS_OF;
use super::charted::chart;
use crate::connect::fhir::{Authored, ConflictingValue, OpenConflict, VisitExport, export_visit};

pub(super) const NURSE: u128 = 0x1001;
pub(super) const AIDE: u128 = 0x1002;
pub(super) const STRANGER: u128 = 0x1003;
pub(super) const PATIENT: u128 = 0x2001;

pub(super) fn id(number: u128) -> Uuid {
    uuid_v7(Millis(1_771_000_000_000), {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
        random
    })
}

pub(super) fn person(number: u128) -> PersonId {
    PersonId(id(number))
}

pub(super) fn entry(number: u128) -> EntryId {
    EntryId(id(number))
}

pub(super) fn stamp(minutes: i64) -> Stamp {
    let clock = Clock {
        wall_ms: AS_OF.plus(minutes * MINUTE_MS + 2_000),
        monotonic_ms: minutes * MINUTE_MS,
        boot_id: 1,
    };
    let anchor = Anchor {
        server_ms: AS_OF,
        monotonic_ms: 0,
        boot_id: 1,
    };
    Stamp {
        clock,
        anchor: Some(anchor),
    }
}

pub(super) fn step(to: VisitStatus, minutes: i64, fix: Option<Fix>) -> StepEntry {
    StepEntry {
        to,
        by: person(NURSE),
        stamp: stamp(minutes),
        fix,
        reason: None,
        break_reason: (to == VisitStatus::OnBreak).then_some(BreakReason::Call),
        comment: None,
    }
}

pub(super) fn home() -> Fix {
    Fix {
        latitude_deg: 42.3575,
        longitude_deg: -71.0636,
        accuracy_m: 12.0,
    }
}

/// What an export takes, owned.
pub(super) struct Sample {
    pub(super) booking: Booking,
    pub(super) visit: Visit,
    pub(super) patient: Patient,
    pub(super) chart: Chart,
    pub(super) plans: Vec<(PlanId, Plan)>,
    pub(super) team: CareTeam,
    pub(super) people: BTreeMap<PersonId, Person>,
    pub(super) authored: Vec<Authored>,
    pub(super) conflicts: Vec<OpenConflict>,
}

impl Sample {
    /// What the plans ask for, by the code of the phones.
    fn planned(&self) -> Vec<homeround::care::PlannedTask> {
        let plans: Vec<(PlanId, &Plan)> = self.plans.iter().map(|(id, it)| (*id, it)).collect();
        let window = (self.booking.start_ms, self.booking.end_ms);
        let visit = self.booking.visit;
        let said = [(visit, &self.visit.planned)];
        homeround::care::planned_tasks(&plans, &said, visit, window)
    }

    pub(super) fn export(&self) -> Value {
        export_visit(&VisitExport {
            planned: &self.planned(),
            booking: &self.booking,
            visit: &self.visit,
            patient: &self.patient,
            chart: Some(&self.chart),
            plans: &self.plans,
            care_team: Some(&self.team),
            people: &self.people,
            questionnaires: &questionnaires(),
            authored: &self.authored,
            conflicts: &self.conflicts,
            notices: &deliveries(),
            now: AS_OF.plus(2 * HOUR_MS),
        })
    }
}

/// The forms that come with the app.
pub(super) fn questionnaires() -> BTreeMap<String, Definition> {
    let shipped = homeround::forms::SHIPPED.iter();
    shipped
        .map(|form| {
            let definition = Definition::parse(form.json).unwrap();
            (form.canonical.to_owned(), definition)
        })
        .collect()
}

/// A complete wound form with two wounds, as it lies in a visit.
fn wound_form() -> Value {
    let code = |code: &str, text: &str| {
        let system = "https://github.com/homeround/homeround/fhir/CodeSystem/forms";
        json!({ "system": system, "code": code, "text": text })
    };
    let cm = |figure: f64| json!({ "value": figure, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm" });
    let mut answers = serde_json::Map::new();
    for (number, place) in [(0xF1, "left heel"), (0xF2, "sacrum")] {
        let row = entry(number);
        let mut put = |link: &str, value: Value| answers.insert(format!("{link}@{row}"), value);
        put("wound", json!(true));
        put("location", json!(place));
        put("type", code("pressure-injury", "Pressure injury"));
        put("length", cm(2.5));
        put("width", cm(1.2));
        put("exudate", code("none", "None"));
        answers.insert(
            format!("bed@{row}@{}", entry(0xF3)),
            code("slough", "Slough (yellow)"),
        );
        answers.insert(
            format!("bed@{row}@{}", entry(0xF4)),
            code("granulation", "Granulation (red)"),
        );
        answers.insert(
            format!("infection@{row}@{}", entry(0xF5)),
            code("no-signs", "None seen"),
        );
    }
    answers.insert("of_an_older_app".to_owned(), json!("kept"));
    json!({
        "questionnaire": "https://github.com/homeround/homeround/fhir/Questionnaire/wound|1.0",
        "answers": answers, "completed_at_ms": AS_OF.plus(50 * MINUTE_MS),
    })
}

pub(super) fn entries<T: serde::de::DeserializeOwned>(
    list: Vec<(u128, Value)>,
) -> BTreeMap<EntryId, T> {
    list.into_iter()
        .map(|(number, value)| (entry(number), serde_json::from_value(value).unwrap()))
        .collect()
}

fn steps() -> BTreeMap<EntryId, StepEntry> {
    [
        (entry(0x41), step(VisitStatus::Traveling, 0, None)),
        (entry(0x42), step(VisitStatus::InProgress, 10, Some(home()))),
        (entry(0x43), step(VisitStatus::OnBreak, 20, None)),
        (entry(0x44), step(VisitStatus::InProgress, 25, None)),
        (entry(0x45), step(VisitStatus::Completed, 55, Some(home()))),
        (entry(0x46), step(VisitStatus::Signed, 58, None)),
    ]
    .into()
}

/// The nurse's stay, its end explained; an aide who is still there.
fn presence() -> Presence {
    let stamp = |minutes: i64, number: u64, by: u128, what: Value| {
        let mut entry = json!({
            "by": person(by),
            "stamp": { "wall_ms": AS_OF.plus(minutes * MINUTE_MS).0, "monotonic_ms": 0, "boot_id": 1 },
            "chain": "c".repeat(32), "number": number, "previous": "0".repeat(64),
            "device_key": by.to_string(), "signature": "0".repeat(128),
        });
        for (name, value) in what.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    };
    let fix = json!({ "latitude_deg": 42.36, "longitude_deg": -71.06, "accuracy_m": 12.0 });
    let came =
        json!({ "what": "check_in", "fix": fix, "distance_m": 9, "radius_m": 50, "causes": [] });
    let left = json!({ "what": "check_out", "fix": fix, "distance_m": 912, "radius_m": 50, "causes": ["out_of_range"] });
    let why = json!({ "what": "reason", "target": entry(0x4b), "reason": "forgot_end", "comment": "In the car" });
    let joined =
        json!({ "what": "check_in", "no_fix": "denied", "radius_m": 50, "causes": ["no_fix"] });
    entries(vec![
        (0x4a, stamp(10, 1, NURSE, came)),
        (0x4b, stamp(56, 2, NURSE, left)),
        (0x4c, stamp(57, 3, NURSE, why)),
        (0x4d, stamp(30, 1, AIDE, joined)),
    ])
}

fn observations() -> BTreeMap<EntryId, ObservationEntry> {
    let by = person(NURSE);
    let at = AS_OF.plus(20 * MINUTE_MS).0;
    entries(vec![
        (
            0x51,
            json!({ "by": by, "measured_at_ms": at, "finding": "vitals", "pulse_bpm": 72, "systolic_mmhg": 128,
                "diastolic_mmhg": 82, "temperature_c": 36.8, "spo2_percent": 97, "respirations_per_min": 14,
                "weight_kg": 71.5, "glucose_mg_dl": 104, "pain_score": 2, "consciousness": "alert", "on_oxygen": true,
                "oxygen_flow_l_min": 2, "spo2_scale": "scale_2", "measured": { "device": { "text": "The patient's own monitor" } },
                "figures": { "systolic_mmhg": { "body_site": { "system": SNOMED, "code": "368208006", "text": "Left upper arm structure" },
                    "method": { "system": SNOMED, "code": "37931006", "text": "Auscultation" } } } }),
        ),
        (
            0x52,
            json!({ "by": by, "measured_at_ms": at, "finding": "vitals", "systolic_mmhg": 218 }),
        ),
        (
            0x53,
            json!({ "by": by, "measured_at_ms": at, "finding": "vitals", "systolic_mmhg": 118 }),
        ),
        (
            0x54,
            json!({ "by": by, "measured_at_ms": at, "finding": "quantity",
                "code": { "system": LOINC, "code": "8302-2", "text": "Body height" }, "value": 171, "unit": "cm" }),
        ),
        (
            0x55,
            json!({ "by": person(STRANGER), "measured_at_ms": at, "finding": "text",
                "code": { "text": "Wound" }, "text": "dry, 2 by 3 cm" }),
        ),
        (
            0x56,
            json!({ "by": by, "measured_at_ms": at, "finding": "of_a_later_version" }),
        ),
    ])
}

fn medications() -> BTreeMap<EntryId, MedicationEntry> {
    let by = person(NURSE);
    let at = AS_OF.plus(20 * MINUTE_MS).0;
    entries(vec![
        (
            0x61,
            json!({ "medication": entry(0xA1), "code": { "system": RXNORM, "code": "855332", "text": "Warfarin 5 mg" },
                "given": "given", "dose_value": 5.0, "dose_unit": "mg", "by": by, "at_ms": at,
                "overrides": [{ "warning": "dose_differs", "reason": "INR 1.6, by phone order" }] }),
        ),
        (
            0x62,
            json!({ "code": { "text": "Ibuprofen" }, "given": "not_given", "reason": "contraindicated",
                "by": by, "at_ms": at, "comment": "takes warfarin" }),
        ),
        (
            0x63,
            json!({ "code": { "text": "Paracetamol" }, "given": "given", "by": by, "at_ms": at }),
        ),
    ])
}

fn tasks() -> BTreeMap<EntryId, Task> {
    entries(vec![
        (
            0x31,
            json!({ "title": "Change the dressing", "required": true, "status": "done", "result": "pass",
                "code": { "system": SNOMED, "code": "182531007", "text": "Dressing of wound" } }),
        ),
        (
            0x32,
            json!({ "title": "Weigh", "status": "not_done", "reason": "refused", "comment": "too tired" }),
        ),
        (
            0x33,
            json!({ "title": "Call the daughter", "status": "open" }),
        ),
    ])
}

/// The patient's by hand, a daughter's by name, why there is none, one of a later
/// version, and one of somebody else that was taken back.
fn sign_offs() -> BTreeMap<EntryId, SignOffEntry> {
    let taken = json!({ "by": person(NURSE), "role": "nurse", "stamp": stamp(55), "heads": ["cd".repeat(32)],
        "view_sha256": "ab".repeat(32), "device_key": "0f".repeat(32), "seal": "2d".repeat(64) });
    let with = |given: Value| {
        let mut entry = taken.clone();
        let fields = given.as_object().unwrap().clone();
        entry.as_object_mut().unwrap().extend(fields);
        entry
    };
    entries(vec![
        (
            0x96,
            with(
                json!({ "signer": "patient", "mark": "drawn", "width_um": 80_000, "height_um": 30_000,
                "tolerance_um": 200, "strokes": ink() }),
            ),
        ),
        (
            0x97,
            with(
                json!({ "signer": "representative", "name": "Dora Probe", "relation": "child",
                "mark": "typed", "text": "Dora Probe" }),
            ),
        ),
        (
            0x98,
            with(
                json!({ "signer": "patient", "mark": "not_signed", "reason": "infection_control",
                "comment": "Isolated since Monday" }),
            ),
        ),
        (
            0x99,
            with(json!({ "signer": "witness", "mark": "fingerprint" })),
        ),
        (
            0x9a,
            with(json!({ "signer": "patient", "mark": "typed", "text": "Not The Patient" })),
        ),
    ])
}

/// A line of three points and a dot.
pub(super) fn ink() -> String {
    let point = |(x_um, y_um, t_ms)| InkPoint {
        x_um,
        y_um,
        t_ms,
        pressure: None,
    };
    let line = [
        (10_000, 12_000, 0),
        (14_000, 6_000, 90),
        (21_000, 15_000, 180),
    ];
    let drawing = Drawing {
        width_um: 80_000,
        height_um: 30_000,
        strokes: vec![line.map(point).to_vec(), vec![point((25_000, 4_000, 400))]],
    };
    Ink::of(&drawing).unwrap().strokes
}

fn attachments() -> BTreeMap<EntryId, AttachmentEntry> {
    let by = person(NURSE);
    let at = AS_OF.plus(20 * MINUTE_MS).0;
    entries(vec![
        (
            0x81,
            json!({ "sha256": "ab".repeat(32), "size_bytes": 123_456, "media_type": "image/jpeg",
                    "caption": "Left heel", "by": by, "at_ms": at,
                    "body_site": { "system": SNOMED, "code": "76853006", "text": "Left heel" } }),
        ),
        (
            0x84,
            json!({ "sha256": "cd".repeat(32), "size_bytes": 40_000, "media_type": "audio/ogg",
                    "caption": "Cough", "by": by, "at_ms": at }),
        ),
        (
            0x85,
            json!({ "sha256": "ef".repeat(32), "size_bytes": 50_000, "media_type": "application/pdf",
                    "caption": "Discharge letter", "by": by, "at_ms": at }),
        ),
    ])
}

fn notice(kind: &str, minutes: i64) -> Value {
    json!({
        "by": id(NURSE), "kind": kind, "stamp": stamp(minutes),
        "arrives_from_ms": AS_OF, "arrives_until_ms": AS_OF.plus(20 * MINUTE_MS),
    })
}

/// One that was sent, and one whose address was wrong.
/// A link that was sent and answered, and a phone that was lent to who speaks for the patient.
fn surveys() -> BTreeMap<EntryId, SurveyEntry> {
    let system = "https://github.com/homeround/homeround/fhir/CodeSystem/forms";
    let yes = json!({ "system": system, "code": "yes", "text": "Yes" });
    let answered = |via: &str, who: &str| {
        json!({
            "kind": "answered", "via": via, "answered_by": who, "language": "es",
            "questionnaire": homeround::forms::SURVEY, "at_ms": AS_OF.plus(HOUR_MS),
            "answers": { "respect": yes, "overall": 9, "comment": "Muy amable.", "call-me": false },
        })
    };
    let mut linked = answered("link", "patient");
    linked["invitation"] = json!(entry(0x86));
    let mut lent = answered("lent_phone", "representative");
    lent["by"] = json!(id(NURSE));
    entries(vec![
        (
            0x86,
            json!({ "kind": "invited", "by": id(NURSE), "stamp": stamp(50) }),
        ),
        (0x87, linked),
        (0x88, lent),
    ])
}

fn deliveries() -> BTreeMap<EntryId, NoticeDelivery> {
    let delivery = |number: u128, state: &str| {
        let mut tree = json!({
            "notice": entry(number), "visit": id(0x11), "patient": id(PATIENT), "state": state,
            "at_ms": AS_OF,
        });
        match state {
            "sent" => tree["channel"] = json!("email"),
            _ => tree["reason"] = json!("refused"),
        }
        (entry(number), serde_json::from_value(tree).unwrap())
    };
    BTreeMap::from([
        delivery(0x86, "sent"),
        delivery(0xa7, "sent"),
        delivery(0xa8, "not_sent"),
    ])
}

/// How the visit came about.
fn way() -> Value {
    json!({
        "unplanned": {
            "by": id(NURSE), "stamp": stamp(-30), "reason": "condition_changed",
            "comment": "The daughter called.", "service": { "text": "Skilled nursing" },
            "start_ms": AS_OF, "minutes": 60, "time_zone": "America/New_York",
        },
        "handover": {
            "by": id(AIDE), "to": id(NURSE), "reason": "end_of_shift", "stamp": stamp(-20),
        },
        "duplicates": { entry(0xa6).to_string(): {
            "other": id(0x0ad), "verdict": "two_visits", "by": id(NURSE), "stamp": stamp(5),
            "comment": "Morning and noon.",
        } },
        "notices": {
            entry(0xa7).to_string(): notice("on_my_way", -25),
            entry(0xa8).to_string(): notice("late", -15),
        },
    })
}

pub(super) fn visit() -> Visit {
    let mut base = way();
    let more = json!({
        "schema": 1, "patient": id(PATIENT), "status": "signed", "outcome": "Goals met",
        "note": "Wound is dry. Café at three.",
        "measures": { "weight_kg": 71.5, "mood": "calm", "supine": true, "girth": 96 },
    });
    let more = more.as_object().cloned().unwrap();
    base.as_object_mut().unwrap().extend(more);
    let by = person(NURSE);
    let at = AS_OF.plus(20 * MINUTE_MS).0;
    let occurrence = "2026-02-14T19:30";
    let done = json!({ "plan": id(0x21), "activity": entry(0xC2), "occurrence": occurrence,
        "title": "Gait training", "status": "done", "result": "pass", "comment": "30 m",
        "by": person(AIDE), "at_ms": AS_OF.plus(35 * MINUTE_MS) });
    let task = homeround::care::task_id(PlanId(id(0x21)), entry(0xC2), occurrence);
    Visit {
        tasks: tasks(),
        planned: BTreeMap::from([(task, serde_json::from_value(done).unwrap())]),
        steps: steps(),
        presence: presence(),
        observations: observations(),
        medications: medications(),
        forms: entries(vec![
            (
                0x71,
                json!({ "questionnaire": "https://example.com/Questionnaire/falls|1", "answers": {
            "fell": true, "times": 2, "score": 3.5, "when": "2026-01-31", "where": "kitchen",
            "aids": ["walker", "rail"], "skipped": null,
            "floor": { "system": SNOMED, "code": "256674009", "display": "Carpet" } } }),
            ),
            (0x72, wound_form()),
        ]),
        attachments: attachments(),
        survey: surveys(),
        corrections: entries(vec![
            (
                0x91,
                json!({ "section": "observations", "target": entry(0x52), "replacement": entry(0x53),
                "reason": "mistyped", "by": by, "at_ms": at }),
            ),
            (
                0x92,
                json!({ "section": "medications", "target": entry(0x63), "reason": "wrong patient", "by": by, "at_ms": at }),
            ),
            (
                0x9b,
                json!({ "section": "sign_offs", "target": entry(0x9a), "reason": "a neighbour signed", "by": by, "at_ms": at }),
            ),
        ]),
        signatures: entries(vec![(
            0x93,
            json!({ "by": by, "role": "nurse", "stamp": stamp(58), "heads": ["cd".repeat(32)], "view_sha256": "ab".repeat(32),
            "device_key": "0f".repeat(32), "seal": "1e".repeat(64) }),
        )]),
        sign_offs: sign_offs(),
        amendments: entries(vec![(
            0x94,
            json!({ "changes": ["ef".repeat(32)], "reason": "was offline", "by": by, "at_ms": at }),
        )]),
        settlements: entries(vec![(
            0x95,
            json!({ "field": format!("tasks/{}/result", entry(0x31)), "chosen": "pass",
            "replaced": ["fail"], "by": by, "at_ms": at }),
        )]),
        ..serde_json::from_value(base).unwrap()
    }
}

pub(super) fn plan() -> Plan {
    Plan {
        goals: entries(vec![(
            0xC1,
            json!({ "text": "Walk to the shop", "lifecycle": "active", "achievement": "improving",
                "due": "2026-05-01" }),
        )]),
        activities: entries(vec![
            (
                0xC2,
                json!({ "code": { "text": "Gait training" }, "status": "started", "progress": "20 m",
                    "instructions": "With the walker, on level ground.",
                    "assignee": { "person": person(AIDE) },
                    "schedule": { "start": "2026-02-02T19:30", "rule": "FREQ=DAILY;INTERVAL=2",
                        "except": ["2026-02-06T19:30"], "early_minutes": 60, "late_minutes": 90 } }),
            ),
            (
                0xC3,
                json!({ "code": { "text": "Stair training" }, "status": "open",
                    "assignee": { "role": "therapist" },
                    "schedule": { "start": "2026-02-02T19:00", "rule": "FREQ=MONTHLY;BYDAY=2SA",
                        "early_minutes": 0, "late_minutes": 60 } }),
            ),
            (
                0xC4,
                json!({ "code": { "text": "Ice" }, "status": "open", "lifecycle": "stopped",
                    "schedule": { "start": "2026-02-02T00:00", "text": "after exercise" } }),
            ),
        ]),
        progress: entries(vec![
            (
                0xC5,
                json!({ "of": entry(0xC1), "achievement": "improving", "percent": 40, "value": 120,
                    "unit": "m", "comment": "To the corner", "by": person(NURSE), "at_ms": AS_OF }),
            ),
            (
                0xC6,
                json!({ "of": entry(0xC2), "status": "started", "by": person(AIDE), "at_ms": AS_OF }),
            ),
        ]),
        ..serde_json::from_value(
            json!({ "schema": 1, "patient": id(PATIENT), "title": "After the hip operation",
            "status": "active", "narrative": "Back on her feet by summer.",
            "time_zone": "America/New_York", "assignee": { "person": person(NURSE) },
            "template": "https://clinic.example.org/PlanDefinition/hip|2" }),
        )
        .unwrap()
    }
}

pub(super) fn sample() -> Sample {
    let field = |text: String| FieldPath(text);
    let wrote = |field_text: String, number: u128, minutes: i64| Authored {
        field: field(field_text),
        person: person(number),
        at: AS_OF.plus(minutes * MINUTE_MS),
    };
    let people = [
        json!({ "id": person(NURSE), "name": "Florence Nightly", "role": "nurse", "phone": "555-0104" }),
        json!({ "id": person(AIDE), "name": "Ada Aide", "role": "aide" }),
    ];
    let people = people.map(|it| serde_json::from_value::<Person>(it).unwrap());
    Sample {
        booking: serde_json::from_value(json!({ "visit": id(0x11), "patient": id(PATIENT), "assignees": [person(NURSE), person(AIDE)],
            "start_ms": AS_OF, "end_ms": AS_OF.plus(HOUR_MS), "time_zone": "America/New_York", "priority": 1, "unplanned": true, "handover": { "by": person(AIDE), "at_ms": stamp(-20).best() },
            "service": { "system": SNOMED, "code": "385763009", "text": "Skilled nursing" } })).unwrap(),
        visit: visit(),
        patient: serde_json::from_value(json!({ "id": id(PATIENT), "family": "Probe", "given": ["Testina", "Ä."],
            "birth_date": "1944-02-29", "gender": "female", "mrn": "T-1001", "phones": ["555-0101", "555-0100"], "language": "en-US",
            "address": { "lines": ["1 Sample Street"], "city": "Boston", "state": "MA", "postal_code": "02108",
                "latitude_deg": 42.3575, "longitude_deg": -71.0636 } })).unwrap(),
        chart: chart(),
        plans: vec![(PlanId(id(0x21)), plan())],
        team: serde_json::from_value(json!({ "id": id(0x22), "patient": id(PATIENT), "name": "Home team", "status": "active",
            "members": [{ "person": person(NURSE), "name": "Florence Nightly", "role": "nurse" }, { "name": "Dr. Gone", "role": "physician" }] })).unwrap(),
        people: people.into_iter().map(|person| (person.id, person)).collect(),
        authored: vec![
            wrote("note".to_owned(), NURSE, 30),
            wrote("note".to_owned(), AIDE, 40),
            wrote(format!("tasks/{}/result", entry(0x31)), AIDE, 41),
            wrote(format!("tasks/{}/status", entry(0x31)), AIDE, 42),
            wrote("measures/weight_kg".to_owned(), AIDE, 43),
            wrote(format!("observations/{}", entry(0x51)), NURSE, 20),
            wrote("outcome".to_owned(), NURSE, 56),
            wrote(format!("forms/{}/answers/of_an_older_app", entry(0x72)), AIDE, 45),
            wrote(format!("forms/{}/completed_at_ms", entry(0x72)), NURSE, 50),
        ],
        conflicts: vec![OpenConflict {
            field: FieldPath("measures/weight_kg".to_owned()),
            values: vec![
                ConflictingValue { value: json!(71.5), person: person(AIDE), at: AS_OF },
                ConflictingValue { value: json!(73), person: person(NURSE), at: AS_OF.plus(1_000) },
            ],
        }],
    }
}

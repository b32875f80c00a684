//! Values as shells and files hand them in: ids, roles, JSON of entries and
//! records, and vital signs. The first byte says which.

use homeround::access::Policy;
use homeround::app::VitalsEntry;
use homeround::care::{Calendar, Rule, SHIPPED_TEMPLATES, Template, schedule_of, timing_of};
use homeround::model::{
    Address, AttachmentEntry, Booking, CareTeam, ChangeHash, Chart, Clock, Coding, Consciousness,
    CorrectionEntry, DAY_MS, DocumentId, History, Ink, Mark, MedicationEntry, Millis,
    ObservationEntry, Patient, PatientId, Person, Plan, Role, Schedule, SignOffEntry,
    SignatureEntry, Stamp, StepEntry, TaskStatus, Visit, VisitId, VisitStatus,
};
use homeround::vault::Pin;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::dice::{Dice, havoc};
use super::change::samples;
use super::{Door, Outcome, json};

const KINDS: u8 = 27;
const LEVELS: [Consciousness; 6] = [
    Consciousness::Alert,
    Consciousness::NewConfusion,
    Consciousness::Voice,
    Consciousness::Pain,
    Consciousness::Unresponsive,
    Consciousness::Unknown,
];

/// Where schedules are computed: a zone with changes of clocks.
const ZONE: &str = "America/New_York";
const SCHEDULE: &str = r#"{"start":"2026-03-01T02:30","rule":"FREQ=DAILY;BYMONTHDAY=-1,8",
    "except":["2026-03-08T02:30"],"early_minutes":60,"late_minutes":120}"#;

pub(crate) struct Values;

impl Values {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// What parses is written and read again, and is the same.
fn model<T: DeserializeOwned + Serialize + PartialEq>(text: &[u8]) -> Outcome {
    let name = std::any::type_name::<T>();
    let Ok(value) = serde_json::from_slice::<T>(text) else {
        return Outcome::refused(name);
    };
    let again = serde_json::to_vec(&value).ok();
    let again = again.and_then(|text| serde_json::from_slice::<T>(&text).ok());
    Outcome::judged(name, again.is_some_and(|again| again == value))
}

fn parsed<T: std::str::FromStr + ToString + PartialEq>(text: &[u8]) -> Outcome {
    let name = std::any::type_name::<T>();
    match String::from_utf8_lossy(text).parse::<T>() {
        Err(_) => Outcome::refused(name),
        Ok(value) => Outcome::judged(
            name,
            value
                .to_string()
                .parse()
                .is_ok_and(|again: T| again == value),
        ),
    }
}

/// A recurrence rule is written as it was read, and what it comes to in a year is in order
/// and no more than every hour.
fn rule(text: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(text);
    let rule = match Rule::parse(&text) {
        Err(refused) => return Outcome::refused(refused.limit),
        Ok(rule) => rule,
    };
    let again = Rule::parse(&rule.to_string());
    let schedule = Schedule {
        start: "2026-03-01T02:30".to_owned(),
        rule: Some(rule.to_string()),
        ..Schedule::default()
    };
    let sound = again == Ok(rule) && computed(&schedule);
    Outcome::judged("rule", sound)
}

/// A schedule that can be computed goes out as FHIR's `Timing` and comes back the same.
fn schedule(text: &[u8]) -> Outcome {
    let Ok(schedule) = serde_json::from_slice::<Schedule>(text) else {
        return Outcome::refused("schedule");
    };
    if let Err(refused) = Calendar::new(&schedule, ZONE) {
        return Outcome::refused(format!("schedule {}", refused.field));
    }
    let begins = chrono::NaiveDate::default();
    let back = schedule_of(&timing_of(&schedule), chrono_tz::America::New_York, begins);
    Outcome::judged("schedule", back == schedule && computed(&schedule))
}

fn computed(schedule: &Schedule) -> bool {
    let Ok(calendar) = Calendar::new(schedule, ZONE) else {
        return false;
    };
    let from = Millis(1_772_000_000_000);
    let found = calendar.between(from, from.plus(365 * DAY_MS));
    let next = calendar.next(from);
    found.len() <= 366 * 24
        && found.is_sorted_by_key(|it| it.due)
        && found.first().is_none_or(|first| Some(*first) == next)
        && found
            .iter()
            .take(3)
            .all(|it| calendar.named(&it.name()) == Some(*it))
}

/// What a template says is computed or kept in words.
fn template(text: &[u8]) -> Outcome {
    match Template::parse(&String::from_utf8_lossy(text)) {
        Err(error) => Outcome::refused(format!("template {}", error.field)),
        Ok(template) => {
            let begins = chrono::NaiveDate::default();
            let zone = chrono_tz::America::New_York;
            let schedules = template.actions.iter();
            let schedules = schedules.filter_map(|it| it.schedule(zone, begins));
            let sound = schedules
                .filter(|it| it.text.is_none())
                .all(|it| computed(&it));
            Outcome::judged("template", sound)
        }
    }
}

fn vitals(bytes: &[u8]) -> Outcome {
    let mut figures = bytes.chunks(9);
    let mut next = || {
        let chunk = figures.next()?;
        let (flag, rest) = chunk.split_first()?;
        let mut figure = [0; 8];
        figure[..rest.len()].copy_from_slice(rest);
        (flag % 2 == 1).then(|| u64::from_be_bytes(figure))
    };
    let entry = VitalsEntry {
        measured_at: Millis(next().unwrap_or(0).cast_signed()),
        pulse_bpm: next().map(|it| it as u16),
        systolic_mmhg: next().map(|it| it as u16),
        diastolic_mmhg: next().map(|it| it as u16),
        temperature_c: next().map(f64::from_bits),
        spo2_percent: next().map(|it| it as u8),
        respirations_per_min: next().map(|it| it as u16),
        weight_kg: next().map(f64::from_bits),
        glucose_mg_dl: next().map(|it| it as u16),
        pain_score: next().map(|it| it as u8),
        consciousness: next().map(|it| LEVELS[it as usize % LEVELS.len()]),
        on_oxygen: next().map(|it| it % 2 == 1),
        oxygen_flow_l_min: next().map(f64::from_bits),
    };
    match entry.parse() {
        Err(refused) => Outcome::refused(format!("vitals {}", refused.field)),
        Ok(vitals) => {
            let text = serde_json::to_string(&vitals).unwrap_or_default();
            let again = serde_json::from_str(&text).ok();
            Outcome::judged("vitals", again == Some(vitals))
        }
    }
}

/// A sign-off as any entry; ink besides, which is read as a drawing of its own again.
fn sign_off(text: &[u8]) -> Outcome {
    let read = model::<SignOffEntry>(text);
    let Ok(entry) = serde_json::from_slice::<SignOffEntry>(text) else {
        return read;
    };
    let Mark::Drawn(ink) = entry.mark else {
        return read;
    };
    match ink.drawing() {
        None => Outcome::judged("ink that is none", !read.poisoned),
        Some(drawing) => {
            let again = Ink::of(&drawing).ok();
            let sound = again.is_none_or(|again| again.drawing().is_some());
            Outcome::judged("ink", sound && !read.poisoned)
        }
    }
}

/// What a patient signed with a line and a dot.
fn signed_by_hand(by: &str, hash: &str) -> Value {
    let clock = Clock {
        wall_ms: Millis(1),
        monotonic_ms: 1,
        boot_id: 1,
    };
    serde_json::json!({
        "by": by, "role": "nurse", "heads": [hash], "view_sha256": hash, "device_key": hash,
        "seal": hash.repeat(2), "stamp": Stamp { clock, anchor: None }, "signer": "patient",
        "mark": "drawn", "width_um": 80_000, "height_um": 30_000, "tolerance_um": 200,
        "strokes": "AC?oKB_@ ?wQ_A",
    })
}

impl Door for Values {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds = Vec::new();
        for document in samples() {
            let kind = document.id().kind.code() - 1;
            seeds.push([&[kind], document.view().to_string().as_bytes()].concat());
        }
        let id = "01920000-0000-7000-8000-000000000001";
        let hash = "ab".repeat(32);
        let patient = format!(
            "{{\"id\":\"{id}\",\"family\":\"A\",\"given\":[\"B\"],\"birth_date\":\"1950-02-03\",\"phones\":[]}}"
        );
        let texts = [
            (3, id),
            (4, hash.as_str()),
            (5, "nurse"),
            (6, "in_progress"),
            (7, "done"),
            (8, patient.as_str()),
            (9, "402913"),
            (
                11,
                "{\"text\":\"care\",\"code\":\"1\",\"system\":\"urn:x\"}",
            ),
        ];
        seeds.extend(texts.map(|(kind, text)| [&[kind], text.as_bytes()].concat()));
        seeds.push(
            [
                &[24],
                b"FREQ=MONTHLY;UNTIL=20261231T235900Z;BYDAY=2TU,-1FR;BYHOUR=8,20".as_slice(),
            ]
            .concat(),
        );
        seeds.push(
            [
                &[24],
                b"FREQ=WEEKLY;INTERVAL=2;COUNT=9;BYDAY=MO,TH;WKST=SU".as_slice(),
            ]
            .concat(),
        );
        seeds.push([&[25], SCHEDULE.as_bytes()].concat());
        seeds.push([&[26], SHIPPED_TEMPLATES[2].json.as_bytes()].concat());
        for kind in 11..KINDS {
            seeds.push([&[kind], b"{}".as_slice()].concat());
        }
        seeds.push([&[23], signed_by_hand(id, &hash).to_string().as_bytes()].concat());
        let pulse = [[0; 9], [1, 0, 0, 0, 0, 0, 0, 0, 72]].concat();
        let warm = [[0; 9]; 4].concat();
        seeds.push([&[10], pulse.as_slice()].concat());
        seeds.push(
            [
                &[10],
                warm.as_slice(),
                &[1],
                &36.6_f64.to_bits().to_be_bytes(),
            ]
            .concat(),
        );
        seeds
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (kind, bytes) = input.split_first().unwrap_or((&0, &[]));
        let kind = if dice.once_in(30) {
            dice.byte() % KINDS
        } else {
            *kind
        };
        let other = other.get(1..).unwrap_or_default();
        let mutant = if matches!(kind, 0..=2 | 8 | 11..=23 | 25..) {
            json::mutate(dice, bytes, other)
        } else {
            let mut raw = bytes.to_vec();
            havoc(dice, &mut raw, other);
            raw
        };
        [&[kind], mutant.as_slice()].concat()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (kind, bytes) = input.split_first().unwrap_or((&0, &[]));
        match kind % KINDS {
            0 => model::<Visit>(bytes),
            1 => model::<Chart>(bytes),
            2 => model::<Plan>(bytes),
            3 if bytes.len() == 17 => match DocumentId::from_key(bytes) {
                Err(_) => Outcome::refused("key"),
                Ok(id) => Outcome::judged("key", id.key()[..] == *bytes),
            },
            3 => parsed::<VisitId>(bytes),
            4 => parsed::<ChangeHash>(bytes),
            5 => parsed::<PatientId>(bytes),
            6 => model::<VisitStatus>(bytes),
            7 => model::<TaskStatus>(bytes),
            8 => model::<Patient>(bytes),
            9 => match Pin::new(&String::from_utf8_lossy(bytes)) {
                Err(_) => Outcome::refused("pin"),
                Ok(_) => Outcome::accepted("pin"),
            },
            10 => vitals(bytes),
            11 => model::<Coding>(bytes),
            12 => model::<Booking>(bytes),
            13 => model::<History>(bytes),
            14 => model::<Person>(bytes),
            15 => model::<CareTeam>(bytes),
            16 => model::<SignatureEntry>(bytes),
            17 => model::<ObservationEntry>(bytes),
            18 => model::<MedicationEntry>(bytes),
            19 => model::<StepEntry>(bytes),
            20 => model::<AttachmentEntry>(bytes),
            21 if bytes.len() % 2 == 0 => model::<Address>(bytes),
            21 => model::<CorrectionEntry>(bytes),
            22 if bytes.len() % 2 == 0 => model::<Role>(bytes),
            22 => model::<Policy>(bytes),
            23 => sign_off(bytes),
            24 => rule(bytes),
            25 => schedule(bytes),
            _ => template(bytes),
        }
    }
}

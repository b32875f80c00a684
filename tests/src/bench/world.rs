//! Invented people, patients and visits, the same in every run of the same seed.

use homeround::model::{
    Coding, DAY_MS, DocumentId, EntryId, HOUR_MS, LOINC, MINUTE_MS, PatientId, PersonId, RXNORM,
    RecordKind, SNOMED, VisitId,
};
use homeround::wire::RecordRow;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Eight in the morning of the first day in New York, milliseconds since 1970.
pub(crate) const START: i64 = 1_795_352_400_000;
/// Visits of one day.
pub(crate) const VISITS_A_DAY: usize = 10;
/// The zone of the homes and the phones.
pub(crate) const ZONE: &str = "America/New_York";

/// Numbers that look random and are the same each time.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Begins a row of numbers.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (splitmix64).
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A number in `low..=high`.
    pub(crate) fn within(&mut self, low: u16, high: u16) -> u16 {
        let span = u64::from(high - low) + 1;
        low + u16::try_from(self.below(span)).unwrap_or(0)
    }

    /// An id of version 7, as apps mint them.
    pub(crate) fn uuid(&mut self, at_ms: i64) -> Uuid {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(at_ms.unsigned_abs(), &bytes).into_uuid()
    }

    /// One of some things.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        let place = self.below(of.len() as u64);
        of[usize::try_from(place).unwrap_or(0)]
    }

    /// Some words, a sentence.
    pub(crate) fn sentence(&mut self, words: u64) -> String {
        let mut text = String::new();
        for place in 0..words {
            if place > 0 {
                text.push(' ');
            }
            text.push_str(self.pick(&WORDS));
        }
        text.push_str(". ");
        text
    }
}

/// A visit as the backend has it before the day.
pub(crate) struct Seed {
    /// Its id.
    pub(crate) visit: VisitId,
    /// Its patient.
    pub(crate) patient: usize,
    /// Start of its window.
    pub(crate) start_ms: i64,
    /// Its tasks.
    pub(crate) tasks: Vec<EntryId>,
    /// The document's tree.
    pub(crate) tree: Value,
}

impl Seed {
    /// The document of the visit.
    pub(crate) const fn document(&self) -> DocumentId {
        DocumentId::visit(self.visit)
    }
}

/// Everything that the backend has.
pub(crate) struct World {
    /// Who works; the phones are theirs, in this order.
    pub(crate) people: Vec<PersonId>,
    /// The patients' ids.
    pub(crate) patients: Vec<PatientId>,
    /// The visits, by start.
    pub(crate) visits: Vec<Seed>,
    /// Which of them is today's first.
    pub(crate) today: usize,
    records: Vec<Value>,
}

impl World {
    /// A world of so many visits; one patient has ten.
    pub(crate) fn new(visits: usize) -> Self {
        let mut dice = Dice::new(7);
        let people: Vec<PersonId> = (0..2).map(|_| PersonId(dice.uuid(START))).collect();
        let patients: Vec<PatientId> = (0..visits.div_ceil(10))
            .map(|_| PatientId(dice.uuid(START)))
            .collect();
        let days = visits / VISITS_A_DAY;
        let today = (days / 2) * VISITS_A_DAY;
        let records = patients
            .iter()
            .map(|id| patient_record(&mut dice, *id))
            .collect();
        let visits = (0..visits)
            .map(|number| seed(&mut dice, number, today, &patients))
            .collect();
        Self {
            people,
            patients,
            visits,
            today,
            records,
        }
    }

    /// Today's visits.
    pub(crate) fn todays(&self) -> &[Seed] {
        &self.visits[self.today..self.today + VISITS_A_DAY]
    }

    /// A patient's record.
    pub(crate) fn patient(&self, number: usize) -> &Value {
        &self.records[number]
    }

    /// A visit's booking.
    pub(crate) fn booking(&self, seed: &Seed) -> Value {
        json!({
            "visit": seed.visit, "patient": self.patients[seed.patient],
            "assignees": self.people,
            "start_ms": seed.start_ms, "end_ms": seed.start_ms + HOUR_MS,
            "service": Coding::new(SNOMED, "225358003", "Wound care"),
            "time_zone": ZONE, "priority": 0,
        })
    }

    /// A row of the backend as the wire has it.
    pub(crate) fn row(
        &self,
        kind: RecordKind,
        id: Uuid,
        patient: usize,
        body: &Value,
    ) -> RecordRow {
        RecordRow {
            kind: kind.code(),
            id: (*id.as_bytes()).into(),
            patient: Some((*self.patients[patient].bytes()).into()),
            version: 1,
            body: Some(body.to_string()),
        }
    }
}

fn patient_record(dice: &mut Dice, id: PatientId) -> Value {
    let year = 1930 + dice.below(40);
    json!({
        "id": id, "family": dice.pick(&FAMILIES), "given": [dice.pick(&GIVEN)],
        "birth_date": format!("{year}-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28)),
        "gender": dice.pick(&["female", "male"]),
        "mrn": format!("MRN{:08}", dice.below(100_000_000)),
        "phones": [format!("+1 617 555 {:04}", dice.below(10_000))],
        "address": {
            "lines": [format!("{} {} Street", 1 + dice.below(400), dice.pick(&FAMILIES))],
            "city": "Boston", "state": "MA", "postal_code": format!("02{:03}", dice.below(200)),
            "latitude_deg": degrees(dice, 42.3), "longitude_deg": degrees(dice, -71.1),
        },
    })
}

fn degrees(dice: &mut Dice, around: f64) -> f64 {
    let off = f64::from(dice.within(0, 10_000)) / 100_000.0;
    ((around + off) * 1e5).round() / 1e5
}

fn seed(dice: &mut Dice, number: usize, today: usize, patients: &[PatientId]) -> Seed {
    let day = i64::try_from(number / VISITS_A_DAY).unwrap_or(0)
        - i64::try_from(today / VISITS_A_DAY).unwrap_or(0);
    let hour = i64::try_from(number % VISITS_A_DAY).unwrap_or(0);
    let start_ms = START + day * DAY_MS + hour * HOUR_MS;
    // Neighbours in time are neighbours in the list of patients.
    let patient = number % patients.len();
    let tasks: Vec<EntryId> = (0..12).map(|_| EntryId(dice.uuid(START))).collect();
    let tree = tree(dice, patients[patient], &tasks, start_ms);
    Seed {
        visit: VisitId(dice.uuid(START)),
        patient,
        start_ms,
        tasks,
        tree,
    }
}

fn tree(dice: &mut Dice, patient: PatientId, tasks: &[EntryId], start_ms: i64) -> Value {
    let by = PersonId(Dice::new(11).uuid(START));
    let mut items = Map::new();
    for (place, id) in tasks.iter().enumerate() {
        let task = json!({
            "title": dice.sentence(4), "required": place < 4, "status": "open",
            "code": Coding::new(SNOMED, &format!("{}", 10_000_000 + dice.below(900_000)), dice.pick(&WORDS)),
        });
        items.insert(id.to_string(), task);
    }
    let mut observations = Map::new();
    for place in 0..4 {
        let at = start_ms - 3 * DAY_MS + place * MINUTE_MS;
        let entry = json!({
            "by": by, "measured_at_ms": at, "finding": "vitals",
            "pulse_bpm": dice.within(55, 110), "systolic_mmhg": dice.within(100, 170),
            "diastolic_mmhg": dice.within(55, 95), "spo2_percent": dice.within(90, 99),
        });
        observations.insert(dice.uuid(at).to_string(), entry);
    }
    let mut medications = Map::new();
    for _ in 0..4 {
        let at = start_ms - 3 * DAY_MS;
        let entry = json!({
            "code": Coding::new(RXNORM, &format!("{}", 100_000 + dice.below(900_000)), dice.pick(&DRUGS)),
            "given": "given", "dose_value": f64::from(dice.within(1, 4)), "dose_unit": "1",
            "by": by, "at_ms": at,
        });
        medications.insert(dice.uuid(at).to_string(), entry);
    }
    let note: String = (0..10).map(|_| dice.sentence(9)).collect();
    json!({
        "schema": 1, "kind": "visit", "patient": patient, "status": "scheduled", "note": note,
        "tasks": items, "observations": observations, "medications": medications,
    })
}

/// A code for what is observed.
pub(crate) fn wound_size() -> Coding {
    Coding::new(LOINC, "39126-8", "Length of wound")
}

/// A code for a medication.
pub(crate) fn drug(dice: &mut Dice) -> Coding {
    let code = format!("{}", 100_000 + dice.below(900_000));
    Coding::new(RXNORM, &code, dice.pick(&DRUGS))
}

const FAMILIES: [&str; 12] = [
    "Saavedra",
    "Okafor",
    "Nguyen",
    "Haddad",
    "Kowalski",
    "Bergström",
    "Moreau",
    "Rossi",
    "Tanaka",
    "Silva",
    "Novak",
    "Lindqvist",
];
const GIVEN: [&str; 10] = [
    "José", "Amara", "Linh", "Samir", "Zofia", "Elsa", "Claire", "Marco", "Yuki", "Inês",
];
const DRUGS: [&str; 8] = [
    "Metformin 500 MG Oral Tablet",
    "Lisinopril 10 MG Oral Tablet",
    "Furosemide 40 MG Oral Tablet",
    "Insulin glargine 100 UNT/ML",
    "Warfarin 5 MG Oral Tablet",
    "Acetaminophen 500 MG Oral Tablet",
    "Amlodipine 5 MG Oral Tablet",
    "Sertraline 50 MG Oral Tablet",
];
const WORDS: [&str; 96] = [
    "patient",
    "wound",
    "dressing",
    "changed",
    "clean",
    "dry",
    "intact",
    "left",
    "right",
    "leg",
    "foot",
    "heel",
    "red",
    "swollen",
    "pain",
    "better",
    "worse",
    "since",
    "yesterday",
    "daughter",
    "present",
    "walks",
    "with",
    "frame",
    "without",
    "help",
    "stairs",
    "slept",
    "well",
    "poorly",
    "appetite",
    "good",
    "reduced",
    "drinks",
    "enough",
    "water",
    "advised",
    "medication",
    "taken",
    "forgotten",
    "blister",
    "pack",
    "checked",
    "empty",
    "new",
    "ordered",
    "pharmacy",
    "called",
    "physician",
    "informed",
    "blood",
    "pressure",
    "raised",
    "normal",
    "rest",
    "after",
    "before",
    "meal",
    "breath",
    "short",
    "on",
    "exertion",
    "cough",
    "no",
    "fever",
    "skin",
    "warm",
    "cool",
    "ankle",
    "oedema",
    "mild",
    "moderate",
    "elevated",
    "compression",
    "stocking",
    "applied",
    "removed",
    "bath",
    "shower",
    "assisted",
    "independent",
    "oriented",
    "confused",
    "mood",
    "low",
    "cheerful",
    "family",
    "visits",
    "weekend",
    "next",
    "appointment",
    "clinic",
    "monday",
    "friday",
    "exercise",
    "repeated",
];

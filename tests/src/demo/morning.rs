//! Before anybody leaves: the import, the bookings, the phones' first sync.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use chrono::{NaiveTime, TimeZone};
use homeround::app::{Clocks as _, System};
use serde_json::{Value, json};

use super::phones::{Carrier, Phone};
use super::play::{AIDE, Booked, NURSE, Play, THERAPIST, rows, text};
use super::screen::grouped;
use super::trouble::{During, Trouble};

/// The synthetic patients that come with the repository.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fhir");
/// Living patients that the day needs.
const PATIENTS_MIN: usize = 3;
/// Patients that are visited at most.
const PATIENTS_MAX: usize = 5;
/// Parts of a name that tell something by themselves have so many characters.
const NAME_CHARS_MIN: usize = 4;
/// Who has a phone.
const PEOPLE: [(&str, &str, &str); 3] = [
    ("Ines Calder", "nurse", "ines@willow.example"),
    ("Tom Okafor", "therapist", "tom@willow.example"),
    ("Ana Ruiz", "aide", "ana@willow.example"),
];

/// Takes the input in, and part of it twice.
pub(super) fn import(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("FHIR R4 bundles come in");
    let mut files = play.args.input.clone();
    if files.is_empty() {
        files = fixtures()?;
    }
    let mut tally = Tally::default();
    take_in(play, &files, &mut tally)?;
    if !play.args.input.is_empty() && living(play)?.len() < PATIENTS_MIN {
        play.screen
            .aside("fewer than three living patients: the synthetic ones come too");
        let more = fixtures()?;
        take_in(play, &more, &mut tally)?;
        files.extend(more);
    }
    let rows: Vec<Vec<String>> = tally.rows();
    play.screen
        .table(&["resource", "imported", "skipped", "why"], &rows);
    play.promise(
        tally.entries == tally.entries_found && tally.total() == tally.entries,
        &format!(
            "each of the {} entries is counted exactly once",
            grouped(tally.entries_found)
        ),
    );
    // Which one is the last matters: bundles of one generator name the same
    // practitioner differently, and the last one counts.
    if let Some(last) = files.last() {
        let again = send(play, last)?;
        let stored = &again["stored"];
        let nothing = stored["records_written"] == 0
            && stored["documents_created"] == 0
            && stored["patients_new"] == 0;
        play.promise(nothing, "the same bundle once more changes nothing");
    }
    play.figures.imported = tally.imported;
    play.figures.skipped = tally
        .skipped
        .into_iter()
        .map(|(kind, why)| (kind, why.values().sum()))
        .collect();
    Ok(())
}

#[derive(Default)]
struct Tally {
    entries: u64,
    entries_found: u64,
    imported: BTreeMap<String, u64>,
    skipped: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Tally {
    fn take(&mut self, report: &Value) {
        self.entries += report["entries"].as_u64().unwrap_or(0);
        for (kind, count) in report["imported"].as_object().into_iter().flatten() {
            *self.imported.entry(kind.clone()).or_default() += count.as_u64().unwrap_or(0);
        }
        for (kind, reasons) in report["skipped"].as_object().into_iter().flatten() {
            let mine = self.skipped.entry(kind.clone()).or_default();
            for (reason, count) in reasons.as_object().into_iter().flatten() {
                *mine.entry(reason.clone()).or_default() += count.as_u64().unwrap_or(0);
            }
        }
    }

    fn total(&self) -> u64 {
        let skipped: u64 = self.skipped.values().flat_map(BTreeMap::values).sum();
        self.imported.values().sum::<u64>() + skipped
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let mut kinds: Vec<&String> = self.imported.keys().chain(self.skipped.keys()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let row = |kind: &&String| {
            let reasons = self.skipped.get(*kind);
            let skipped: u64 = reasons.into_iter().flat_map(BTreeMap::values).sum();
            let why: Vec<&str> = reasons
                .into_iter()
                .flat_map(BTreeMap::keys)
                .map(String::as_str)
                .collect();
            vec![
                (*kind).clone(),
                grouped(self.imported.get(*kind).copied().unwrap_or(0)),
                grouped(skipped),
                why.join(", "),
            ]
        };
        kinds.iter().map(row).collect()
    }
}

fn take_in(play: &mut Play, files: &[PathBuf], tally: &mut Tally) -> Result<(), Trouble> {
    for file in files {
        let answer = send(play, file)?;
        tally.take(&answer["report"]);
        tally.entries_found += entries_in(&read(file)?).unwrap_or(0);
    }
    Ok(())
}

fn send(play: &Play, file: &PathBuf) -> Result<Value, Trouble> {
    let answer = play.office.import(read(file)?, &play.args.time_zone);
    answer.during(&format!("importing {}", file.display()))
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Trouble> {
    std::fs::read(file).during(&format!("reading {}", file.display()))
}

/// The synthetic patients that come with the repository.
pub(super) fn fixtures() -> Result<Vec<PathBuf>, Trouble> {
    let listed = std::fs::read_dir(FIXTURES).during("listing the synthetic patients")?;
    let mut files: Vec<PathBuf> = listed.filter_map(|it| Some(it.ok()?.path())).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".json.gz"));
    files.sort();
    Ok(files)
}

/// How many entries an input has, counted here and not by the importer.
fn entries_in(input: &[u8]) -> Option<u64> {
    let mut inflated = String::new();
    let text = if input.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(input)
            .read_to_string(&mut inflated)
            .ok()?;
        inflated.as_str()
    } else {
        std::str::from_utf8(input).ok()?
    };
    match serde_json::from_str::<Value>(text) {
        Ok(bundle) if bundle["resourceType"] == "Bundle" => {
            Some(rows(&bundle["entry"]).count() as u64)
        }
        Ok(_) => Some(1),
        Err(_) => Some(text.lines().filter(|line| !line.trim().is_empty()).count() as u64),
    }
}

pub(super) fn living(play: &Play) -> Result<Vec<Value>, Trouble> {
    let mut patients = play.office.list("patients")?;
    patients.retain(|patient| patient["deceased"] != json!(true));
    Ok(patients)
}

/// Hires the three and books their day.
pub(super) fn schedule(play: &mut Play) -> Result<Vec<Carrier>, Trouble> {
    play.screen.step("The office books the day");
    let mut carriers = Vec::new();
    for (name, role, login) in PEOPLE {
        carriers.push(Carrier {
            name,
            role,
            login,
            person: play.office.hire(login, name, role)?,
        });
    }
    let patients = living(play)?;
    if patients.len() < PATIENTS_MIN {
        return Err(Trouble::new(
            "booking the day",
            "needs three living patients",
        ));
    }
    play.story.telling = patients.iter().flat_map(telling).collect();
    let mut desk = Desk::new(play, carriers.clone())?;
    desk.book(
        &patients[0],
        &[NURSE, THERAPIST, AIDE],
        9,
        "Wound care and mobility",
    )?;
    desk.book(&patients[1], &[AIDE], 10, "Personal care")?;
    desk.book(&patients[2], &[THERAPIST, AIDE], 11, "Transfer training")?;
    desk.book(&patients[2], &[THERAPIST], 14, "Physiotherapy")?;
    for (at, patient) in patients.iter().enumerate().skip(1).take(PATIENTS_MAX - 1) {
        desk.book(patient, &[NURSE], 12 + (at as u32 % 6), "Nursing visit")?;
    }
    for (at, patient) in patients.iter().enumerate().skip(3).take(PATIENTS_MAX - 3) {
        desk.book(patient, &[AIDE], 12 + (at as u32 % 6), "Personal care")?;
        desk.book(patient, &[THERAPIST], 15 + (at as u32 % 3), "Physiotherapy")?;
    }
    let Desk {
        booked, own, shown, ..
    } = desk;
    play.screen
        .table(&["from", "patient", "what", "who"], &shown);
    let at = |index: usize| booked.get(index).cloned().unwrap_or_default();
    play.story.shared = at(0);
    play.story.revoked = at(1);
    play.story.disputed = at(2);
    play.story.killed = at(3);
    play.story.own = own;
    Ok(carriers)
}

/// What gives a patient away in a text.
fn telling(patient: &Value) -> Vec<String> {
    let name = text(&patient["name"]);
    let mut words: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
    // Shorter ones stand in other words.
    words.retain(|word| word.chars().count() >= NAME_CHARS_MIN);
    words.extend(patient["birth_date"].as_str().map(str::to_owned));
    words
}

/// Books visits one after the other.
struct Desk<'a> {
    play: &'a Play,
    carriers: Vec<Carrier>,
    zone: chrono_tz::Tz,
    booked: Vec<Booked>,
    own: [usize; 3],
    shown: Vec<Vec<String>>,
}

impl<'a> Desk<'a> {
    fn new(play: &'a Play, carriers: Vec<Carrier>) -> Result<Self, Trouble> {
        let zone = play.args.time_zone.parse().during("--time-zone")?;
        Ok(Self {
            play,
            carriers,
            zone,
            booked: Vec::new(),
            own: [0; 3],
            shown: Vec::new(),
        })
    }

    fn book(
        &mut self,
        patient: &Value,
        who: &[usize],
        hour: u32,
        what: &str,
    ) -> Result<(), Trouble> {
        let start = self.at(hour)?;
        let people: Vec<&Carrier> = who.iter().map(|at| &self.carriers[*at]).collect();
        let ids: Vec<&str> = people.iter().map(|it| it.person.as_str()).collect();
        let names: Vec<&str> = people.iter().map(|it| it.name).collect();
        let tasks: Vec<Value> = TASKS
            .iter()
            .map(|(title, required)| json!({ "title": title, "required": required }))
            .collect();
        let visit = self.play.office.book(&json!({
            "patient": patient["id"],
            "assignees": ids,
            "start_ms": start,
            "end_ms": start + 45 * 60_000,
            "service": { "text": what },
            "time_zone": self.play.args.time_zone,
            "tasks": tasks,
        }))?;
        let name = text(&patient["name"]);
        self.shown.push(vec![
            format!("{hour:02}:00"),
            name.clone(),
            what.to_owned(),
            names.join(", "),
        ]);
        for at in who {
            self.own[*at] += 1;
        }
        self.booked.push(Booked {
            visit,
            patient: text(&patient["id"]),
            patient_name: name,
        });
        Ok(())
    }

    /// An hour of today in the homes' zone.
    fn at(&self, hour: u32) -> Result<i64, Trouble> {
        let now = System.now().wall_ms.0;
        let today = chrono::DateTime::from_timestamp_millis(now)
            .unwrap_or_default()
            .with_timezone(&self.zone)
            .date_naive();
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        let local = self
            .zone
            .from_local_datetime(&today.and_time(time))
            .earliest();
        local
            .map(|at| at.timestamp_millis())
            .ok_or_else(|| Trouble::new("booking", "that hour does not exist today"))
    }
}

/// What is to be done in every home, and whether it must have an answer.
pub(super) const TASKS: [(&str, bool); 3] = [
    ("Change the dressing", true),
    ("Walk to the kitchen and back", false),
    ("Help with washing", false),
];

/// Gives out the phones; each is enrolled and syncs for the first time.
pub(super) fn first_sync(play: &mut Play, carriers: Vec<Carrier>) -> Result<(), Trouble> {
    play.screen.step("Three new phones sync for the first time");
    let mut shown = Vec::new();
    let mut complete = true;
    for (at, carrier) in carriers.into_iter().enumerate() {
        let folder = play.stores.join(carrier.role);
        let token = play.office.token(carrier.login)?;
        let address = play.server.address().to_owned();
        let zone = &play.args.time_zone;
        let mut phone = Phone::new(carrier, &play.programs, &folder, &address, zone)?;
        phone.enrol(&token)?;
        let report = phone.sync()?;
        phone.ask(&json!({ "do": "idle" }))?;
        let day = phone.ask(&json!({ "do": "today" }))?;
        let today = rows(&day["visits"]).count();
        let first = &report["first_screen"];
        complete &= today == play.story.own[at] && first["visits"] == json!(today);
        let ms = first["ms"].as_f64().unwrap_or(f64::MAX);
        play.figures.first_screen_ms = play.figures.first_screen_ms.max(ms);
        shown.push(vec![
            phone.carrier.name.to_owned(),
            phone.carrier.role.to_owned(),
            today.to_string(),
            format!("{ms:.0}"),
            text(&report["pages"]),
            grouped(report["bytes_up"].as_u64().unwrap_or(0)),
            grouped(report["bytes_down"].as_u64().unwrap_or(0)),
        ]);
        play.phones.push(phone);
    }
    let head = [
        "who",
        "role",
        "today",
        "first screen ms",
        "pages",
        "bytes up",
        "bytes down",
    ];
    play.screen.table(&head, &shown);
    play.screen
        .aside("first screen: from the start of the sync until today's list can be read");
    play.promise(complete, "today's whole list is there after the first page");
    Ok(())
}

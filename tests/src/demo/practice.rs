//! A real backend with a day of made-up visits, for the first hours of an app.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use chrono::{Days, NaiveTime, TimeZone};
use clap::Parser;
use homeround::app::{Clocks as _, System};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::morning::fixtures;
use super::office::Office;
use super::screen::{Screen, Tone};
use super::server::{Server, TENANT};
use super::trouble::{During, Trouble};
use super::{leash, programs, tell_program};

/// Where the homes are.
const ZONE: &str = "America/New_York";
/// Login, name and role of who has visits.
const PEOPLE: [(&str, &str, &str); 2] = [
    ("nina", "Nina Alvarez", "nurse"),
    ("theo", "Theo Lindqvist", "therapist"),
];
/// The hour, whether the therapist comes too, and what is to be done.
const VISITS: [(u32, bool, &[&str]); 3] = [
    (9, true, &["Change the dressing", "Weigh"]),
    (11, false, &["Foot check"]),
    (14, false, &["Fill the pill box", "Weigh"]),
];

/// Serves a day of made-up visits on this machine: a real backend with its
/// encrypted store, two people and their visits of today and tomorrow.
///
/// With a COMMAND it runs that beside the backend, ends with its exit code, and tells it by the
/// environment: HOMEROUND_BACKEND, the address; HOMEROUND_TOKEN, an access token of the nurse
/// Nina, good for eight hours; HOMEROUND_FOLDER, an empty folder that is deleted at the end.
/// Without one it prints the three and serves until Ctrl-C.
#[derive(Debug, Parser)]
#[command(
    name = "homeround-practice",
    bin_name = "cargo xtask practice",
    version
)]
struct Args {
    /// Print one JSON object instead: backend, token, tokens of each login, folder
    #[arg(long)]
    json: bool,
    /// What to run
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Serves the day.
#[must_use]
pub fn practice() -> ExitCode {
    let args = Args::parse();
    leash::hold();
    match run(&args) {
        Ok(code) => code,
        Err(trouble) => {
            Screen::new(true).toned(Tone::Bad, &trouble.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, Trouble> {
    let folder = TempDir::new().during("making a folder")?;
    let mut server = Server::init(&programs()?, &folder.path().join("backend"))?;
    server.serve()?;
    let office = Office::open(server.address())?;
    book(&office)?;
    let phone = folder.path().join("phone");
    std::fs::create_dir(&phone).during("making the phone's folder")?;
    let token = office.token(PEOPLE[0].0)?;
    let Some((program, rest)) = args.command.split_first() else {
        tell(args.json, &office, server.address(), &phone)?;
        leash::let_signals_end_the_server();
        server.wait();
        return Ok(ExitCode::SUCCESS);
    };
    let status = Command::new(program)
        .args(rest)
        .env("HOMEROUND_BACKEND", server.address())
        .env("HOMEROUND_TOKEN", token)
        .env("HOMEROUND_FOLDER", &phone)
        .status()
        .during(&format!("starting {}", program.to_string_lossy()))?;
    // Its folder goes with it: nothing has to be written down.
    drop(server);
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        code => code
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
    })
}

/// Patients, people, and their visits of today and tomorrow.
fn book(office: &Office) -> Result<(), Trouble> {
    for file in fixtures()? {
        let bundle = std::fs::read(&file).during("reading the synthetic patients")?;
        office.import(bundle, ZONE)?;
    }
    let mut people = Vec::new();
    for (login, name, role) in PEOPLE {
        people.push(office.hire(login, name, role)?);
    }
    let mut patients = office.list("patients")?;
    patients.retain(|patient| patient["deceased"] != json!(true));
    if patients.is_empty() {
        return Err(Trouble::new("booking the day", "no patient is alive"));
    }
    for day in 0..2 {
        for (at, (hour, both, tasks)) in VISITS.into_iter().enumerate() {
            let who = if both { &people[..] } else { &people[..1] };
            let tasks: Vec<Value> = tasks
                .iter()
                .map(|title| json!({ "title": title, "required": true }))
                .collect();
            let start = start(day, hour)?;
            office.book(&json!({
                "patient": patients[at % patients.len()]["id"],
                "assignees": who,
                "start_ms": start,
                "end_ms": start + 45 * 60_000,
                "service": { "text": "Skilled nursing" },
                "time_zone": ZONE,
                "tasks": tasks,
            }))?;
        }
    }
    Ok(())
}

/// An hour of a day from today on, where the homes are.
fn start(days_ahead: u64, hour: u32) -> Result<i64, Trouble> {
    let zone: chrono_tz::Tz = ZONE.parse().during("finding the time zone")?;
    let today = chrono::DateTime::from_timestamp_millis(System.now().wall_ms.0)
        .unwrap_or_default()
        .with_timezone(&zone)
        .date_naive();
    let date = today + Days::new(days_ahead);
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    zone.from_local_datetime(&date.and_time(time))
        .earliest()
        .map(|at| at.timestamp_millis())
        .ok_or_else(|| Trouble::new("booking", "that hour does not exist on that day"))
}

fn tell(as_json: bool, office: &Office, address: &str, folder: &Path) -> Result<(), Trouble> {
    let mut tokens = serde_json::Map::new();
    for (login, ..) in PEOPLE {
        tokens.insert(login.into(), office.token(login)?.into());
    }
    if as_json {
        let object = json!({
            "backend": address,
            "token": tokens[PEOPLE[0].0],
            "tokens": tokens,
            "folder": folder,
        });
        tell_program(true, &object);
        return Ok(());
    }
    let mut told = format!(
        "HOMEROUND_BACKEND={address}\nHOMEROUND_FOLDER={}\n",
        folder.display()
    );
    for (login, name, role) in PEOPLE {
        let token = tokens[login].as_str().unwrap_or_default();
        told += &format!("\n# as {name}, {role}\nHOMEROUND_TOKEN={token}\n");
    }
    told += &format!(
        "\n# A fresh token: POST {address}/development/token \
         {{\"tenant\":\"{TENANT}\",\"login\":\"nina\"}}\n# Ctrl-C ends it and deletes everything.\n"
    );
    std::io::stdout()
        .write_all(told.as_bytes())
        .during("telling the address")?;
    Ok(())
}

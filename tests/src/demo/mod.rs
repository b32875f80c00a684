//! The demo: a day of home visits on the real server and real phones.
//!
//! Each act is a file: `morning` (import, bookings, first sync), `route` (the
//! order of the next day), `apart` (offline edits, a kill, a revocation),
//! `photo` (a picture taken offline, its bytes later), `together` (convergence,
//! conflicts, purge), `forms` (one form that two people fill at once), `plans` (a care
//! plan and what it asks for), `medication` (a dose too soon, and the list against what is in
//! the home), `messages` (within the team), `notices` (to a patient), `virtual_visit` (by
//! video, and then by phone), `since` (the card in front of the door, what changed),
//! `survey` (the phone in the patient's hands), `evening` (signature, one's own numbers, FHIR), `count` (the figures, from the stores).
//! `server`, `office` and `phones` drive the processes; `screen` shows it.

mod apart;
mod args;
mod count;
mod evening;
mod forms;
mod leash;
mod medication;
mod messages;
mod morning;
mod notices;
mod office;
mod phones;
mod photo;
mod plans;
mod play;
mod practice;
mod presence;
mod route;
mod screen;
mod server;
mod since;
mod survey;
mod together;
mod trouble;
mod unplanned;
mod virtual_visit;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Value, json};

pub use practice::practice;

use args::Args;
use office::Office;
use play::{Figures, Play, Story};
use screen::{Screen, Tone, grouped};
use server::Server;
use trouble::{During, Trouble};

/// Where the programs of this workspace are, if not beside this one.
const PROGRAMS_ENV: &str = "HOMEROUND_BIN_DIR";

/// Plays the day.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let for_program = args.json;
    let mut screen = Screen::new(for_program);
    screen.toned(Tone::Strong, "Homeround: a day of home visits");
    leash::hold();
    match prepare(args, screen) {
        Ok(mut play) => {
            let done = day(&mut play);
            finish(&mut play, done, for_program)
        }
        Err(trouble) => gone_wrong(&trouble, for_program),
    }
}

/// The object, the last words, and the server if it is to stay.
fn finish(play: &mut Play, done: Result<Value, Trouble>, for_program: bool) -> ExitCode {
    let held = match close(play, done) {
        Ok((object, held)) => {
            tell_program(for_program, &object);
            held
        }
        Err(trouble) => return gone_wrong(&trouble, for_program),
    };
    if play.args.serve
        && let Err(trouble) = serve(play)
    {
        let mut screen = Screen::new(for_program);
        screen.toned(Tone::Bad, &trouble.to_string());
        return ExitCode::FAILURE;
    }
    if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn gone_wrong(trouble: &Trouble, for_program: bool) -> ExitCode {
    let mut screen = Screen::new(for_program);
    screen.toned(Tone::Bad, &format!("\nThe day could not go on: {trouble}"));
    tell_program(for_program, &json!({ "error": trouble.to_string() }));
    ExitCode::FAILURE
}

/// The one object on standard output.
fn tell_program(for_program: bool, object: &Value) {
    if for_program {
        // Whoever asked may be gone.
        let _ = writeln!(std::io::stdout(), "{object}");
    }
}

/// Folders and programs, and the server with its store.
fn prepare(args: Args, mut screen: Screen) -> Result<Play, Trouble> {
    let programs = programs()?;
    let out = match &args.out {
        Some(folder) => folder.clone(),
        None => programs
            .parent()
            .map_or_else(std::env::temp_dir, Path::to_path_buf)
            .join("demo"),
    };
    std::fs::create_dir_all(&out).during("making the output folder")?;
    let out = std::fs::canonicalize(&out).during("finding the output folder")?;
    let stores = out.join(format!("day-{}", std::process::id()));
    screen.step("The server starts, with its encrypted store");
    let mut server = Server::init(&programs, &stores.join("server"))?;
    server.serve()?;
    screen.line(&format!(
        "{} serves tenant {}",
        server.address(),
        server::TENANT
    ));
    let office = Office::open(server.address())?;
    Ok(Play {
        args,
        screen,
        promises: Vec::new(),
        programs,
        out,
        stores,
        server,
        office,
        phones: Vec::new(),
        story: Story::default(),
        figures: Figures::default(),
    })
}

fn programs() -> Result<PathBuf, Trouble> {
    if let Some(folder) = std::env::var_os(PROGRAMS_ENV) {
        return Ok(PathBuf::from(folder));
    }
    let own = std::env::current_exe().during("finding this program")?;
    let folder = own.parent().map(Path::to_path_buf);
    folder.ok_or_else(|| Trouble::new("finding this program", "it is in no folder"))
}

/// The acts in order.
fn day(play: &mut Play) -> Result<Value, Trouble> {
    let database = std::fs::read(play.server.database()).during("looking at the server's file")?;
    let encrypted = !database.starts_with(b"SQLite format 3");
    play.promise(encrypted, "its file is no plain database");
    morning::import(play)?;
    let carriers = morning::schedule(play)?;
    route::book(play, &carriers)?;
    virtual_visit::book(play, &carriers)?;
    morning::first_sync(play, carriers)?;
    route::suggest(play)?;
    forms::begin(play)?;
    plans::begin(play)?;
    notices::apart(play)?;
    since::card(play)?;
    apart::offline_edits(play)?;
    photo::take(play)?;
    forms::apart(play)?;
    unplanned::make(play)?;
    plans::apart(play)?;
    medication::apart(play)?;
    messages::apart(play)?;
    virtual_visit::apart(play)?;
    apart::kill(play)?;
    apart::revoke(play)?;
    together::converge(play, "Back in reach: everybody syncs")?;
    together::merged_visit(play)?;
    forms::together(play)?;
    plans::together(play)?;
    medication::together(play)?;
    messages::together(play)?;
    notices::together(play)?;
    virtual_visit::together(play)?;
    photo::arrive(play)?;
    together::conflicts(play)?;
    together::rejected_and_purged(play)?;
    together::converge(play, "What was settled goes around")?;
    messages::answered(play)?;
    unplanned::decide(play)?;
    unplanned::hand_over(play)?;
    evening::sign(play)?;
    survey::act(play)?;
    since::late(play)?;
    let compared = together::converge(play, "The end of the day: everybody syncs")?;
    survey::asked(play)?;
    evening::verify(play)?;
    evening::numbers(play)?;
    evening::export(play)?;
    let held = count::on_phones(play)?;
    for phone in &mut play.phones {
        phone.switch_off()?;
    }
    let counted = count::in_the_server(play, &held)?;
    presence::verified(play)?;
    let conflicts = (compared.conflicts_open, compared.conflicts_settled);
    let object = count::object(play, &counted, compared.different.is_empty(), conflicts);
    figures(play, &object);
    Ok(object)
}

/// The table of figures.
fn figures(play: &mut Play, object: &Value) {
    play.screen
        .step("The day in figures, counted from the stores");
    let number = |name: &str| grouped(object[name].as_u64().unwrap_or(0));
    let yes = |name: &str| if object[name] == true { "yes" } else { "no" }.to_owned();
    let total = |name: &str| {
        let counts = object[name].as_object();
        grouped(
            counts
                .into_iter()
                .flatten()
                .filter_map(|(_, count)| count.as_u64())
                .sum(),
        )
    };
    let rows: Vec<Vec<String>> = [
        (
            "FHIR entries imported, skipped",
            format!("{}, {}", total("imported"), total("skipped")),
        ),
        ("edits acknowledged by phones", number("acknowledged")),
        ("edits in the shared documents", number("kept")),
        (
            "edits rejected, sealed with their reason",
            number("quarantined"),
        ),
        ("edits lost", number("lost")),
        ("stores equal at the end", yes("converged")),
        (
            "conflicts shown, settled, still open",
            format!(
                "{}, {}, {}",
                number("conflicts_shown"),
                number("conflicts_settled"),
                number("conflicts_open")
            ),
        ),
        (
            "documents purged after the revocation",
            number("purged_documents"),
        ),
        (
            "seal verified, tampering found",
            format!("{}, {}", yes("seal_verified"), yes("tampering_found")),
        ),
        (
            "bytes up, bytes down (headers included)",
            format!("{}, {}", number("bytes_up"), number("bytes_down")),
        ),
        (
            "minutes on the road: as booked, as suggested",
            format!(
                "{}, {}",
                number("road_min_booked"),
                number("road_min_suggested")
            ),
        ),
        (
            "slowest first screen of a new phone, ms",
            object["first_screen_ms"].to_string(),
        ),
        ("rounds until equal, at most", number("rounds")),
    ]
    .map(|(name, figure)| vec![name.to_owned(), figure])
    .into();
    play.screen.table(&["what", "figure"], &rows);
}

/// The last word; the server's, if it is to stay.
fn close(play: &mut Play, done: Result<Value, Trouble>) -> Result<(Value, bool), Trouble> {
    let object = match done {
        Ok(object) => object,
        Err(trouble) => {
            let words = play.server.last_words();
            play.screen.aside("the end of the server's log:");
            words
                .lines()
                .map(str::to_owned)
                .for_each(|line| play.screen.aside(&line));
            play.screen
                .aside(&format!("stores and logs: {}", play.stores.display()));
            return Err(trouble);
        }
    };
    let failed: Vec<String> = play
        .promises
        .iter()
        .filter(|it| !it.held)
        .map(|it| it.name.clone())
        .collect();
    play.screen.line("");
    if failed.is_empty() {
        let count = play.promises.len();
        play.screen
            .toned(Tone::Good, &format!("All {count} promises held."));
    } else {
        play.screen.toned(Tone::Bad, "Not as promised:");
        failed.iter().for_each(|name| play.screen.line(name));
    }
    let keep = play.args.keep || play.args.serve || !failed.is_empty();
    if keep {
        play.screen
            .aside(&format!("stores and logs: {}", play.stores.display()));
    } else {
        std::fs::remove_dir_all(&play.stores).during("removing the stores")?;
    }
    Ok((object, failed.is_empty()))
}

/// Starts the server again, over the day's store, and waits.
fn serve(play: &mut Play) -> Result<(), Trouble> {
    play.server.serve()?;
    let address = play.server.address().to_owned();
    play.office.moved(&address)?;
    let token = play.office.coordinator_token().to_owned();
    let visit = play.story.shared.visit.clone();
    play.screen.step("The server stays up; Ctrl-C ends it");
    play.screen.line(&format!("address  {address}"));
    play.screen.line(&format!("token    {token}"));
    play.screen.line("");
    play.screen.line("try:");
    let call = |path: &str| format!("curl -s -H \"authorization: Bearer $TOKEN\" {address}{path}");
    play.screen.line(&format!("TOKEN={token}"));
    for path in [
        "/v1/admin/patients",
        "/v1/admin/rejected",
        "/v1/admin/receipts",
        "/v1/admin/audit/verify",
    ] {
        play.screen.line(&call(path));
    }
    play.screen
        .line(&call(&format!("/v1/admin/visits/{visit}/fhir")));
    play.screen.line(&format!(
        "curl -s {address}/healthz; curl -s {address}/metrics"
    ));
    leash::let_signals_end_the_server();
    play.server.wait();
    Ok(())
}

//! A phone without its screen, as a process: one JSON command per line on
//! stdin, one JSON answer per line on stdout.
//!
//! `{"do":"unlock","pin":"402913"}` is answered by `{"ok":{...}}`, or by
//! `{"error":{"error":"wrong_pin",...}}` with the fields of the app's error. An
//! edit's answer carries the hash of its change and is written after the
//! durable commit: whoever has read it may kill this process, and the edit is
//! there when the folder is opened again.

mod answer;
mod card;
mod command;
mod forms;
mod medication;
mod messages;
mod network;
mod notices;
mod plans;
mod read;
mod survey;
mod virtual_visit;
mod work;

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use homeround::app::{Homeround, OpenConfig, Platform, SurveyDesk};
use homeround::vault::SoftwareVault;
use serde_json::{Value, json};

use answer::Refusal;
pub use command::Command;
use network::Network;

/// Longest command line that is read, in bytes.
const LINE_MAX: usize = 1024 * 1024;

/// One phone as a process: commands in on stdin, answers out on stdout.
#[derive(Debug, Parser)]
#[command(name = "homeround-phone", version)]
struct Args {
    /// Folder of the encrypted store; made if missing.
    #[arg(long)]
    folder: PathBuf,
    /// Folder of the keys that a real phone keeps in hardware.
    #[arg(long)]
    vault: PathBuf,
    /// The backend, as in http://127.0.0.1:8080.
    #[arg(long)]
    backend: String,
    /// How the person calls this device.
    #[arg(long)]
    label: String,
    /// IANA zone of where the phone works.
    #[arg(long, default_value = "America/New_York")]
    time_zone: String,
}

/// A phone and what it needs to talk to the backend.
struct Phone {
    app: Homeround,
    network: Network,
    /// The survey that it was lent for last.
    desk: Option<SurveyDesk>,
}

/// Runs until stdin ends.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let mut out = std::io::stdout();
    let mut phone = match open(&args) {
        Ok(phone) => phone,
        Err(refusal) => {
            // Nobody listens any more if this fails.
            let _ = writeln!(out, "{}", refusal.line());
            return ExitCode::FAILURE;
        }
    };
    let stdin = std::io::stdin();
    for line in stdin.lock().lines() {
        let Ok(line) = line else { break };
        if line.trim().is_empty() {
            continue;
        }
        let answer = match phone.obey(&line, &mut out) {
            Ok(value) => json!({ "ok": value }).to_string(),
            Err(refusal) => refusal.line(),
        };
        let written = writeln!(out, "{answer}").and_then(|()| out.flush());
        if written.is_err() {
            break;
        }
    }
    phone.app.lock();
    ExitCode::SUCCESS
}

fn open(args: &Args) -> Result<Phone, Refusal> {
    let vault = SoftwareVault::open(&args.vault).map_err(|_| Refusal::code("vault_folder"))?;
    let config = OpenConfig {
        folder: args.folder.clone(),
        backend_url: args.backend.clone(),
        device_label: args.label.clone(),
        time_zone: args.time_zone.clone(),
    };
    let app = Homeround::open(config, Platform::system(Arc::new(vault)))?;
    let network = Network::new(&args.backend, &app)?;
    Ok(Phone {
        app,
        network,
        desk: None,
    })
}

impl Phone {
    fn obey(&mut self, line: &str, out: &mut impl Write) -> Result<Value, Refusal> {
        if line.len() > LINE_MAX {
            return Err(Refusal::code("line_too_long"));
        }
        let command: Command =
            serde_json::from_str(line).map_err(|error| Refusal::malformed(&error.to_string()))?;
        if let Command::Burst { visit, edits } = command {
            return work::burst(&self.app, visit, edits, out);
        }
        if let Some(answer) = network::obey(self, &command) {
            return answer;
        }
        if let Some(answer) = survey::obey(self, &command) {
            return answer;
        }
        if let Some(answer) = work::obey(&self.app, &command) {
            return answer;
        }
        read::obey(&self.app, &command)
    }
}

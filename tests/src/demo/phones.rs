//! The phones: each a process of its own with an encrypted store of its own.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};

use super::leash;
use super::trouble::{During, Trouble};

/// The program.
const PROGRAM: &str = "homeround-phone";
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The kill comes at most so many microseconds after the last awaited answer.
const KILL_MICROS_MAX: u16 = 25_000;
/// Everybody's PIN.
const PIN: &str = "402913";

/// An edit that a phone acknowledged: it was durable when the phone said so.
#[derive(Debug, Clone)]
pub(super) struct Ack {
    /// As in `visit/0192...`.
    pub(super) document: String,
    /// The change's name.
    pub(super) hash: String,
}

/// Who carries a phone.
#[derive(Debug, Clone)]
pub(super) struct Carrier {
    pub(super) name: &'static str,
    pub(super) role: &'static str,
    pub(super) login: &'static str,
    /// Their id in the directory.
    pub(super) person: String,
}

/// A phone: its folders, and its process while it runs.
pub(super) struct Phone {
    pub(super) carrier: Carrier,
    pub(super) acks: Vec<Ack>,
    pub(super) bytes_up: u64,
    pub(super) bytes_down: u64,
    program: PathBuf,
    folder: PathBuf,
    backend: String,
    zone: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Phone {
    /// A new phone, switched on, with keys and an empty store.
    pub(super) fn new(
        carrier: Carrier,
        programs: &Path,
        folder: &Path,
        backend: &str,
        zone: &str,
    ) -> Result<Self, Trouble> {
        std::fs::create_dir_all(folder).during("making a phone's folder")?;
        let mut phone = Self {
            carrier,
            acks: Vec::new(),
            bytes_up: 0,
            bytes_down: 0,
            program: programs.join(PROGRAM),
            folder: folder.to_owned(),
            backend: backend.to_owned(),
            zone: zone.to_owned(),
            running: None,
        };
        phone.switch_on()?;
        phone.ask(&json!({ "do": "create", "pin": PIN }))?;
        Ok(phone)
    }

    /// Starts the process; the store stays locked.
    pub(super) fn switch_on(&mut self) -> Result<(), Trouble> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .during("opening a phone's log")?;
        let mut child = Command::new(&self.program)
            .arg("--folder")
            .arg(self.folder.join("store"))
            .arg("--vault")
            .arg(self.folder.join("keys"))
            .args(["--backend", &self.backend])
            .args(["--label", &format!("{}'s phone", self.carrier.name)])
            .args(["--time-zone", &self.zone])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .during("starting homeround-phone")?;
        leash::take(child.id());
        let missing = || Trouble::new("homeround-phone", "has no pipes");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let (told, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    break;
                }
            }
        });
        self.running = Some(Running {
            child,
            stdin,
            lines,
        });
        Ok(())
    }

    /// Opens the store.
    pub(super) fn unlock(&mut self) -> Result<(), Trouble> {
        self.ask(&json!({ "do": "unlock", "pin": PIN })).map(drop)
    }

    /// Enrols the device for its carrier.
    pub(super) fn enrol(&mut self, token: &str) -> Result<Value, Trouble> {
        self.ask(&json!({ "do": "token", "token": token }))?;
        self.ask(&json!({ "do": "enrol" }))
    }

    /// One run of the sync, its bytes counted.
    pub(super) fn sync(&mut self) -> Result<Value, Trouble> {
        let report = self.ask(&json!({ "do": "sync" }))?;
        self.bytes_up += report["bytes_up"].as_u64().unwrap_or(0);
        self.bytes_down += report["bytes_down"].as_u64().unwrap_or(0);
        if report["ended"] != "idle" {
            let what = format!("sync of {}'s phone", self.carrier.name);
            return Err(Trouble::new(what, report.to_string()));
        }
        Ok(report)
    }

    /// An edit of a visit: what the phone acknowledges is remembered.
    pub(super) fn edit(&mut self, visit: &str, mut command: Value) -> Result<Value, Trouble> {
        command["visit"] = json!(visit);
        let saved = self.ask(&command)?;
        if let Some(hash) = saved["hash"].as_str() {
            self.acknowledged("visit", visit, hash);
        }
        Ok(saved)
    }

    /// An edit of a chart, remembered in the same way.
    pub(super) fn edit_chart(
        &mut self,
        patient: &str,
        mut command: Value,
    ) -> Result<Value, Trouble> {
        command["patient"] = json!(patient);
        let saved = self.ask(&command)?;
        if let Some(hash) = saved["hash"].as_str() {
            self.acknowledged("chart", patient, hash);
        }
        Ok(saved)
    }

    /// A visit that is made; its creation is remembered as acknowledged.
    pub(super) fn make(&mut self, command: &Value) -> Result<Value, Trouble> {
        let made = self.ask(command)?;
        if let (Some(visit), Some(hash)) = (made["visit"].as_str(), made["hash"].as_str()) {
            self.acknowledged("visit", visit, hash);
        }
        Ok(made)
    }

    /// Seals a visit with the carrier's PIN.
    pub(super) fn sign(&mut self, visit: &str) -> Result<Value, Trouble> {
        self.edit(visit, json!({ "do": "sign", "pin": PIN }))
    }

    fn acknowledged(&mut self, kind: &str, id: &str, hash: &str) {
        self.acks.push(Ack {
            document: format!("{kind}/{id}"),
            hash: hash.to_owned(),
        });
    }

    /// Asks, and takes only yes for an answer.
    pub(super) fn ask(&mut self, command: &Value) -> Result<Value, Trouble> {
        match self.try_ask(command)? {
            Ok(answer) => Ok(answer),
            Err(refused) => {
                let what = format!("{} on {}'s phone", command["do"], self.carrier.name);
                Err(Trouble::new(what, refused.to_string()))
            }
        }
    }

    /// Asks; the inner error is the phone's.
    pub(super) fn try_ask(&mut self, command: &Value) -> Result<Result<Value, Value>, Trouble> {
        self.say(command)?;
        let line = self.hear()?;
        let mut answer: Value = serde_json::from_str(&line).during("reading a phone's answer")?;
        Ok(match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].take()),
        })
    }

    /// Writes into a visit as fast as the store takes it and is killed with
    /// SIGKILL after so many acknowledged edits, at whatever it does then.
    /// Answers how many edits it had acknowledged when it died.
    pub(super) fn burst_and_kill(&mut self, visit: &str, after: usize) -> Result<usize, Trouble> {
        self.say(&json!({ "do": "burst", "visit": visit }))?;
        let mut heard = 0;
        while heard < after {
            let line = self.hear()?;
            heard += self.heard_ack(visit, &line)?;
        }
        let Some(mut running) = self.running.take() else {
            return Err(Trouble::new("homeround-phone", "is not running"));
        };
        // At another moment of an edit each time the demo is played.
        std::thread::sleep(Duration::from_micros(moment_micros()));
        running.child.kill().during("killing a phone")?;
        running.child.wait().during("waiting for a killed phone")?;
        // What it had said before it died counts too; a torn last line was not said.
        while let Ok(line) = running.lines.recv_timeout(Duration::from_secs(5)) {
            heard += self.heard_ack(visit, &line).unwrap_or(0);
        }
        Ok(heard)
    }

    fn heard_ack(&mut self, visit: &str, line: &str) -> Result<usize, Trouble> {
        let said: Value = serde_json::from_str(line).during("reading a burst's line")?;
        let Some(hash) = said["ack"].as_str() else {
            return Err(Trouble::new("burst", line));
        };
        self.acknowledged("visit", visit, hash);
        Ok(1)
    }

    /// Closes the store and ends the process.
    pub(super) fn switch_off(&mut self) -> Result<(), Trouble> {
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        let Running {
            mut child, stdin, ..
        } = running;
        drop(stdin);
        child.wait().during("waiting for a phone").map(drop)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("phone.log")
    }

    fn say(&mut self, command: &Value) -> Result<(), Trouble> {
        let what = format!("speaking to {}'s phone", self.carrier.name);
        let Some(running) = &mut self.running else {
            return Err(Trouble::new(what, "it is switched off"));
        };
        let said = writeln!(running.stdin, "{command}").and_then(|()| running.stdin.flush());
        said.during(&what)
    }

    fn hear(&mut self) -> Result<String, Trouble> {
        let what = format!("hearing {}'s phone", self.carrier.name);
        let Some(running) = &self.running else {
            return Err(Trouble::new(what, "it is switched off"));
        };
        running.lines.recv_timeout(PATIENCE).map_err(|error| {
            let log = std::fs::read_to_string(self.log());
            Trouble::new(what, format!("{error}\n{}", log.unwrap_or_default()))
        })
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            // It may be gone already.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

/// Up to about the time that one edit takes, different each time.
fn moment_micros() -> u64 {
    use homeround::vault::{Entropy as _, OsEntropy};
    let mut bytes = [0; 2];
    // Without randomness it is the same moment each time.
    let _ = OsEntropy.fill(&mut bytes);
    u64::from(u16::from_le_bytes(bytes) % KILL_MICROS_MAX)
}

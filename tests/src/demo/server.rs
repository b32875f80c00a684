//! The real server as a process of its own, with its encrypted store.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::leash;
use super::trouble::{During, Trouble};

/// The tenant of the demo.
pub(super) const TENANT: &str = "willow-creek";
/// The login of its first coordinator.
pub(super) const COORDINATOR: &str = "dana@willow.example";
/// The program.
const PROGRAM: &str = "homeround-server";
/// How long it may take to listen, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// What its standard output says once it listens.
const LISTENING: &str = "listening ";
/// Lines of its log that are shown after a failure.
const LOG_LINES_SHOWN: usize = 25;

/// The server's folder, and the process while it runs.
pub(super) struct Server {
    program: PathBuf,
    folder: PathBuf,
    child: Option<Child>,
    address: String,
}

impl Server {
    /// Makes the store, the key and the tenant.
    pub(super) fn init(programs: &Path, folder: &Path) -> Result<Self, Trouble> {
        std::fs::create_dir_all(folder).during("making the server's folder")?;
        let server = Self {
            program: programs.join(PROGRAM),
            folder: folder.to_owned(),
            child: None,
            address: String::new(),
        };
        std::fs::write(server.config(), CONFIG).during("writing the configuration")?;
        server.run(&["init", "--tenant", TENANT, "--coordinator", COORDINATOR])?;
        Ok(server)
    }

    /// Starts serving on a free port.
    pub(super) fn serve(&mut self) -> Result<(), Trouble> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .during("opening the server's log")?;
        let mut child = self
            .command()
            .args(["serve", "--config"])
            .arg(self.config())
            .args(["--development", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .during("starting homeround-server")?;
        leash::take(child.id());
        let stdout = child.stdout.take();
        self.child = Some(child);
        let stdout = stdout.ok_or_else(|| Trouble::new("homeround-server", "has no output"))?;
        let (told, hears) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines();
            for line in lines.map_while(Result::ok) {
                if let Some(address) = line.strip_prefix(LISTENING) {
                    // Whoever asked may have given up.
                    let _ = told.send(address.trim().to_owned());
                }
            }
        });
        self.address = hears
            .recv_timeout(PATIENCE)
            .map_err(|_| Trouble::new("homeround-server does not listen", self.last_words()))?;
        Ok(())
    }

    /// Asks it to stop and waits; answers whether it said goodbye with 0.
    pub(super) fn stop(&mut self) -> Result<bool, Trouble> {
        let Some(child) = &mut self.child else {
            return Ok(true);
        };
        let asked = leash::end(child.id());
        asked.during("stopping homeround-server")?;
        let begun = started();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait().during("waiting for homeround-server")? {
                self.child = None;
                return Ok(status.success());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Trouble::new(
            "homeround-server does not stop",
            self.last_words(),
        ))
    }

    /// Follows its audit trail from the first line to the last.
    pub(super) fn verify_audit(&self) -> Result<String, Trouble> {
        self.run(&["verify-audit"])
    }

    /// Exports visit verification of all days into a new file.
    pub(super) fn evv_export(&self, out: &Path) -> Result<(), Trouble> {
        let what = "homeround-server evv export";
        let done = self
            .command()
            .args(["evv", "export", "--config"])
            .arg(self.config())
            .args([
                "--tenant",
                TENANT,
                "--from",
                "1970-01-02",
                "--to",
                "2199-12-31",
                "--out",
            ])
            .arg(out)
            .output()
            .during(what)?;
        if done.status.success() {
            Ok(())
        } else {
            Err(Trouble::new(what, String::from_utf8_lossy(&done.stderr)))
        }
    }

    /// Verifies an export; finding something is no trouble.
    pub(super) fn evv_verify(&self, file: &Path) -> Result<Output, Trouble> {
        let mut command = self.command();
        command.args(["evv", "verify"]).arg(file);
        command.output().during("homeround-server evv verify")
    }

    /// Waits until it ends by itself or by a signal.
    pub(super) fn wait(&mut self) {
        if let Some(child) = &mut self.child {
            // Either way it is gone.
            let _ = child.wait();
            self.child = None;
        }
    }

    /// As in `http://127.0.0.1:40123`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("server.sqlite")
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.folder.join("server.key")
    }

    /// The end of its log.
    pub(super) fn last_words(&self) -> String {
        let mut text = String::new();
        let read = File::open(self.log()).and_then(|mut file| file.read_to_string(&mut text));
        if read.is_err() {
            return "no log".into();
        }
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }

    fn config(&self) -> PathBuf {
        self.folder.join("homeround.toml")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder);
        // What is set for another server must not reach this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HOMEROUND_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn run(&self, args: &[&str]) -> Result<String, Trouble> {
        let (verb, rest) = args.split_first().unwrap_or((&"--help", &[]));
        let what = format!("homeround-server {verb}");
        let done = self
            .command()
            .args([verb, "--config"])
            .arg(self.config())
            .args(rest)
            .output()
            .during(&what)?;
        if !done.status.success() {
            return Err(Trouble::new(what, String::from_utf8_lossy(&done.stderr)));
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this program has the clocks")]
fn started() -> Instant {
    Instant::now()
}

const CONFIG: &str = r#"# Made by the demo.
[server]
listen = "127.0.0.1:0"

[database]
path = "server.sqlite"
key_file = "server.key"

[auth]
mode = "development"
audience = "homeround"
"#;

//! A phone as a process: what it says to lines that it can't obey, and that
//! its store outlives it.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

struct Phone {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Phone {
    /// Starts over a folder; nobody listens at the backend's address.
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_homeround-phone"))
            .arg("--folder")
            .arg(folder.join("store"))
            .arg("--vault")
            .arg(folder.join("keys"))
            .args(["--backend", "http://127.0.0.1:9", "--label", "Phone 12"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdin,
            stdout,
        }
    }

    fn line(&mut self, line: &str) -> Value {
        writeln!(self.stdin, "{line}").unwrap();
        let mut answer = String::new();
        self.stdout.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn ask(&mut self, command: &Value) -> Value {
        self.line(&command.to_string())
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_line_that_is_no_command_is_answered_and_the_next_one_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let mut phone = Phone::start(folder.path());
    assert_eq!(phone.line("{")["error"]["error"], "malformed");
    assert_eq!(phone.line(r#"{"do":"fly"}"#)["error"]["error"], "malformed");
    let created = phone.ask(&json!({ "do": "create", "pin": "402913" }));
    assert!(created.get("ok").is_some(), "{created}");
}

#[test]
fn a_weak_pin_is_refused_by_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let mut phone = Phone::start(folder.path());
    let refused = phone.ask(&json!({ "do": "create", "pin": "123456" }));
    assert_eq!(refused["error"]["error"], "refused");
    assert_eq!(refused["error"]["field"], "pin");
}

#[test]
fn a_killed_phone_opens_again_with_its_pin_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut phone = Phone::start(folder.path());
    phone.ask(&json!({ "do": "create", "pin": "402913" }));
    drop(phone);
    let mut phone = Phone::start(folder.path());
    assert_eq!(
        phone.ask(&json!({ "do": "today" }))["error"]["error"],
        "locked"
    );
    let wrong = phone.ask(&json!({ "do": "unlock", "pin": "831746" }));
    assert_eq!(wrong["error"]["error"], "wrong_pin");
    let right = phone.ask(&json!({ "do": "unlock", "pin": "402913" }));
    assert!(right.get("ok").is_some(), "{right}");
    let audit = phone.ask(&json!({ "do": "audit" }));
    assert_eq!(audit["ok"]["sound"], true);
}

#[test]
fn a_phone_that_is_not_enrolled_says_so_and_waits_without_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let mut phone = Phone::start(folder.path());
    phone.ask(&json!({ "do": "create", "pin": "402913" }));
    let today = phone.ask(&json!({ "do": "today" }));
    assert_eq!(today["error"]["error"], "not_enrolled");
    phone.ask(&json!({ "do": "token", "token": "a.b.c" }));
    let enrolled = phone.ask(&json!({ "do": "enrol" }));
    assert_eq!(enrolled["error"]["error"], "retry");
}

//! The command line, as an operator uses it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const CONFIG: &str = r#"
[server]
listen = "LISTEN"
[database]
path = "DIR/backend.sqlite"
key_file = "DIR/database.key"
[auth]
mode = "MODE"
issuer = "https://login.example.org"
audience = "homeround"
"#;

struct Site(TempDir);

impl Site {
    fn new(mode: &str, listen: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let text = CONFIG
            .replace("LISTEN", listen)
            .replace("MODE", mode)
            .replace("DIR", folder.path().to_str().unwrap());
        std::fs::write(folder.path().join("homeround.toml"), text).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_homeround-server"));
        command.env_clear().arg(verb);
        command.arg("--config").arg(self.path("homeround.toml"));
        command
    }

    fn run(&self, verb: &str, arguments: &[&str]) -> Output {
        self.command(verb).args(arguments).output().unwrap()
    }

    fn init(&self) {
        let done = self.run("init", &["--tenant", "willow", "--coordinator", "dana"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn fixture() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/fhir");
    folder
        .join("luigi_schmitt.json.gz")
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn the_built_in_issuer_is_refused_without_each_of_its_three_conditions() {
    let refused = |site: &Site, arguments: &[&str]| {
        let done = site.run("serve", arguments);
        assert!(!done.status.success());
        text(&done.stderr)
    };
    let words = refused(&Site::new("development", "127.0.0.1:0"), &[]);
    assert!(
        words.contains("auth.mode") && words.contains("--development"),
        "{words}"
    );
    let words = refused(&Site::new("development", "0.0.0.0:0"), &["--development"]);
    assert!(words.contains("server.listen"), "{words}");
    let words = refused(&Site::new("oidc", "127.0.0.1:0"), &["--development"]);
    assert!(words.contains("auth.mode"), "{words}");
}

#[test]
fn a_server_starts_from_nothing_says_where_it_listens_and_stops_when_told() {
    let site = Site::new("development", "127.0.0.1:0");
    site.init();
    let mut server = site
        .command("serve")
        .args(["--development", "--print-address"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("listening http://127.0.0.1:"), "{line}");
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    assert!(server.wait().unwrap().success());
    let mut log = String::new();
    server
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(entry["level"].is_string());
    }
    assert!(log.contains("stopped"), "{log}");
}

#[test]
fn an_import_is_counted_and_a_restored_backup_gets_a_new_epoch() {
    let site = Site::new("oidc", "127.0.0.1:0");
    assert!(
        !site.run("check-config", &[]).status.success(),
        "there is no key yet"
    );
    site.init();
    assert!(site.run("check-config", &[]).status.success());
    let file = fixture();
    std::fs::copy(site.path("backend.sqlite"), site.path("backup.sqlite")).unwrap();
    let done = site.run("import", &["--tenant", "willow", &file]);
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(report["stored"]["records_written"].as_u64().unwrap() > 100);
    assert_eq!(report["stored"]["patients_new"], 1);
    let unknown = site.run("import", &["--tenant", "oak", &file]);
    assert!(text(&unknown.stderr).contains("init --tenant"));
    let cut = site.path("cut.json");
    std::fs::write(
        &cut,
        r#"{"resourceType":"Bundle","type":"collection","entry":["#,
    )
    .unwrap();
    let refused = site.run("import", &["--tenant", "willow", cut.to_str().unwrap()]);
    assert!(text(&refused.stderr).contains("ends early"));
    let backup = site.path("backup.sqlite");
    let restored = site.run("restore", &["--from", backup.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    let said = text(&restored.stdout);
    assert!(
        said.contains("epoch") && said.contains("set_aside"),
        "{said}"
    );
    let again = site.run("import", &["--tenant", "willow", &file]);
    let report: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        report["stored"]["patients_new"], 1,
        "the backup had no patient yet"
    );
    let verified = site.run("verify-audit", &[]);
    assert!(verified.status.success());
    assert!(text(&verified.stdout).contains("\"broken_at\":null"));
    let key = std::fs::read_to_string(site.path("database.key")).unwrap();
    let mut other = key.clone();
    other.replace_range(0..1, if key.starts_with('0') { "1" } else { "0" });
    std::fs::write(site.path("database.key"), other).unwrap();
    let wrong = site.run("verify-audit", &[]);
    assert!(text(&wrong.stderr).contains("does not open with this key"));
}

#[test]
fn an_export_of_visit_verification_verifies_and_an_altered_one_fails_with_the_place() {
    let site = Site::new("oidc", "127.0.0.1:0");
    site.init();
    let evv = |verb: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_homeround-server"));
        command.env_clear().args(["evv", verb]);
        if verb != "verify" {
            command.arg("--config").arg(site.path("homeround.toml"));
            command.args(["--tenant", "willow"]);
        }
        command.args(arguments).output().unwrap()
    };
    let file = site.path("november.json");
    let out = file.to_str().unwrap();
    let days = ["--from", "2026-11-01", "--to", "2026-11-30", "--out", out];
    let done = evv("export", &days);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(
        text(&evv("export", &days).stderr).contains("exists"),
        "kept"
    );
    let turned = evv("export", &["--from", "2026-11-30", "--to", "2026-11-01"]);
    assert!(text(&turned.stderr).contains("--to is before --from"));
    let intact = evv("verify", &[out]);
    assert!(intact.status.success(), "{}", text(&intact.stderr));
    let report: serde_json::Value = serde_json::from_slice(&intact.stdout).unwrap();
    assert_eq!(report["intact"], true);
    let altered = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, altered.replace("2026-11-30", "2026-12-31")).unwrap();
    let found = evv("verify", &[out]);
    assert_eq!(found.status.code(), Some(1));
    assert!(text(&found.stderr).contains("seal_broken (seal)"));
    let set = evv("policy", &["--radius-m", "120"]);
    let said: serde_json::Value = serde_json::from_slice(&set.stdout).unwrap();
    assert_eq!(
        (&said["policy"], &said["presence"]["radius_m"]),
        (&2.into(), &120.into())
    );
    let wrong = evv("policy", &["--radius-m", "0"]);
    assert!(
        text(&wrong.stderr).contains("radius_m"),
        "{}",
        text(&wrong.stderr)
    );
}

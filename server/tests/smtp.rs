//! Letters to patients over a real SMTP relay, which is not ours: `tests/mail/relay.py`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use homeround::merge::Op;
use homeround::model::{DocumentId, EntryId, MINUTE_MS, NoticeChannel, Role};
use homeround::notice::NoticeText;
use homeround_server::config::{Mail, MailTls};
use homeround_server::notify::{Letter, NotTaken, Provider as _, Smtp};
use serde_json::{Value, json};
use support::*;
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

const PASSWORD: &str = "letters in, letters out";

/// The relay's process; it ends with this.
struct Relay {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    ports: Value,
    _folder: TempDir,
}

/// The Python that the tests' relay is installed in.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("venv").join("bin").join("python")
}

impl Relay {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/mail/relay.py");
        let started = Command::new(python())
            .arg(script)
            .arg("--folder")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = started
            .unwrap_or_else(|error| panic!("no relay ({error}): `cargo xtask setup` installs it"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        Self {
            child,
            lines,
            ports: serde_json::from_str(&first).unwrap(),
            _folder: folder,
        }
    }

    fn mail(&self, tls: MailTls) -> Mail {
        let name = match tls {
            MailTls::Starttls => "starttls",
            MailTls::Implicit => "implicit",
            MailTls::None => "plain",
        };
        let port = self.ports[name]
            .as_u64()
            .and_then(|it| u16::try_from(it).ok());
        Mail {
            from: "Cedar Home Health <visits@cedar.example>".into(),
            signature: "Cedar Home Health, +1 555 0100".into(),
            host: "localhost".into(),
            port,
            tls,
            user: (tls != MailTls::None).then(|| "homeround".into()),
            password_file: None,
            ca_file: self.ports["ca"].as_str().map(Into::into),
            timeout_ms: 20_000,
        }
    }

    fn smtp(&self, tls: MailTls) -> Smtp {
        Smtp::new(&self.mail(tls), Some(password())).unwrap()
    }

    /// The next letter that it took.
    fn letter(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn password() -> Zeroizing<String> {
    Zeroizing::new(PASSWORD.into())
}

fn letter(to: &str) -> Letter {
    Letter {
        notice: EntryId(Uuid::from_u128(7)),
        to: to.into(),
        language: "es",
        text: NoticeText {
            subject: "Su visita: más tarde".into(),
            body: "Llega entre las 10:05 y las 10:20.\n\nRecibe este aviso porque aceptó recibirlo. Para no recibir más, dígaselo a su equipo de atención.\n".into(),
        },
    }
}

#[tokio::test]
async fn a_letter_goes_over_tls_signed_in_to_one_address_and_reads_as_it_was_written() {
    let mut relay = Relay::start();
    for tls in [MailTls::Starttls, MailTls::Implicit] {
        relay
            .smtp(tls)
            .send(&letter("ana@example.org"))
            .await
            .unwrap();
        let came = relay.letter();
        assert_eq!(came["rcpt"], json!(["ana@example.org"]));
        assert_eq!(came["mail_from"], "visits@cedar.example");
        assert_eq!(came["tls"], true, "{tls:?}");
        assert_eq!(came["signed_in"], true, "{tls:?}");
        let headers = &came["headers"];
        assert_eq!(headers["subject"], "Su visita: más tarde");
        assert_eq!(headers["from"], "Cedar Home Health <visits@cedar.example>");
        assert_eq!(headers["to"], "ana@example.org");
        assert_eq!(headers["auto-submitted"], "auto-generated");
        assert_eq!(headers["content-language"], "es");
        assert!(headers["date"].is_string());
        let name = format!("<{}@cedar.example>", Uuid::from_u128(7));
        assert_eq!(headers["message-id"], json!(name));
        assert_eq!(
            (&came["content_type"], &came["charset"]),
            (&json!("text/plain"), &json!("utf-8"))
        );
        let text = letter("").text.body;
        let whole = format!("{text}\n-- \nCedar Home Health, +1 555 0100\n");
        // The end of the data brings a line end of its own.
        assert_eq!(came["body"].as_str().unwrap().trim_end(), whole.trim_end());
        assert!(
            came["longest_line"].as_u64().unwrap() <= 998,
            "RFC 5322, 2.1.1"
        );
    }
}

#[tokio::test]
async fn what_is_put_off_comes_again_under_the_same_name_and_what_is_refused_does_not() {
    let mut relay = Relay::start();
    let smtp = relay.smtp(MailTls::Starttls);
    let grey = letter("grey@example.org");
    assert_eq!(smtp.send(&grey).await, Err(NotTaken::Later("451".into())));
    smtp.send(&grey).await.unwrap();
    let name = format!("<{}@cedar.example>", Uuid::from_u128(7));
    assert_eq!(relay.letter()["headers"]["message-id"], json!(name));
    let gone = smtp.send(&letter("nobody@example.org")).await;
    assert_eq!(gone, Err(NotTaken::Never("550".into())));
    // After a refusal the way is open for the next one.
    smtp.send(&letter("ana@example.org")).await.unwrap();
    assert_eq!(relay.letter()["rcpt"], json!(["ana@example.org"]));
}

#[tokio::test]
async fn a_wrong_password_or_certificate_is_mended_by_the_operator_and_loses_no_letter() {
    let relay = Relay::start();
    let wrong = Zeroizing::new("wrong".to_owned());
    let smtp = Smtp::new(&relay.mail(MailTls::Starttls), Some(wrong)).unwrap();
    let no = smtp.send(&letter("ana@example.org")).await;
    assert_eq!(no, Err(NotTaken::Later("535".into())));
    let stranger = Mail {
        ca_file: None,
        ..relay.mail(MailTls::Starttls)
    };
    let smtp = Smtp::new(&stranger, Some(password())).unwrap();
    let no = smtp.send(&letter("ana@example.org")).await;
    assert!(matches!(no, Err(NotTaken::Later(_))), "{no:?}");
    let away = Mail {
        port: Some(1),
        ..relay.mail(MailTls::Starttls)
    };
    let smtp = Smtp::new(&away, Some(password())).unwrap();
    let no = smtp.send(&letter("ana@example.org")).await;
    assert!(matches!(no, Err(NotTaken::Later(_))), "{no:?}");
}

#[tokio::test]
async fn nothing_goes_unguarded_to_a_relay_that_offers_no_tls() {
    let mut relay = Relay::start();
    let plain = relay.mail(MailTls::None).port;
    let guarded = Mail {
        port: plain,
        ..relay.mail(MailTls::Starttls)
    };
    let smtp = Smtp::new(&guarded, Some(password())).unwrap();
    let no = smtp.send(&letter("ana@example.org")).await;
    assert!(matches!(no, Err(NotTaken::Later(_))), "{no:?}");
    // To a relay on this machine it may, where the operator says so.
    relay
        .smtp(MailTls::None)
        .send(&letter("ben@example.org"))
        .await
        .unwrap();
    let came = relay.letter();
    assert_eq!(
        (&came["rcpt"], &came["tls"]),
        (&json!(["ben@example.org"]), &json!(false))
    );
}

#[test]
fn what_the_configuration_says_wrong_is_named() {
    let mail = |from: &str, ca: Option<&str>| {
        let mail = Mail {
            from: from.into(),
            signature: String::new(),
            host: "localhost".into(),
            port: None,
            tls: MailTls::Starttls,
            user: None,
            password_file: None,
            ca_file: ca.map(Into::into),
            timeout_ms: 1,
        };
        Smtp::new(&mail, None).err().map(|error| error.field)
    };
    assert_eq!(mail("Cedar", None).as_deref(), Some("mail.from"));
    let missing = mail("a@cedar.example", Some("/nowhere/ca.pem"));
    assert_eq!(missing.as_deref(), Some("mail.ca_file"));
    assert_eq!(mail("a@cedar.example", None), None);
}

#[tokio::test]
async fn what_a_phone_asked_for_arrives_in_the_patients_mailbox() {
    let mut relay = Relay::start();
    let mut world = World::new().await;
    let smtp = Arc::new(relay.smtp(MailTls::Starttls));
    world.backend = world.backend.clone().with_provider(smtp);
    let nina = world.person("nina", Role::Nurse).await;
    let patient = world.patient(1).await;
    let visit = DocumentId::visit(world.book(patient, &[nina.person], NOW.0).await);
    let mut nurse = Phone::enrol(&world, nina, 11).await;
    nurse.sync(&world).await;
    let wishes = json!({
        "by": nina.person, "at_ms": NOW, "agreed": true, "wished_by": "patient",
        "channel": NoticeChannel::Email, "address": "ana@example.org",
    });
    nurse.put(DocumentId::chart(patient), "notice_wishes", wishes);
    let entry = json!({
        "by": nina.person, "kind": "on_my_way", "arrives_from_ms": NOW.plus(15 * MINUTE_MS),
        "arrives_until_ms": NOW.plus(35 * MINUTE_MS),
        "stamp": { "wall_ms": NOW, "monotonic_ms": 1, "boot_id": 1 },
    });
    let (section, id) = ("notices".into(), EntryId(Uuid::from_u128(9)));
    nurse.edit(visit, &[Op::Append { section, id, entry }]);
    assert_eq!(codes(&nurse.push(&world).await), ["accepted", "accepted"]);
    assert_eq!(world.backend.send_notices(NOW).await.unwrap().sent, 1);
    let came = relay.letter();
    let said = "Person nina is on the way to you and expects to be with you between 10:15 AM and 10:35 AM.";
    assert!(came["body"].as_str().unwrap().starts_with(said), "{came}");
}

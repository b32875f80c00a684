//! The face from Rust: what a foreign language can't see wrong.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use homeround::app::AppError;
use homeround::clinical::MedicationWarning;
use homeround::model::{StepRefused, VisitStatus};
use tempfile::TempDir;

use crate::guard::guard;
use crate::runtime::Runtime;
use crate::*;

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";
const PIN: &str = "402913";

struct NoTokens;

#[async_trait]
impl TokenSource for NoTokens {
    async fn token(&self, _refresh: bool) -> Result<String, TokenError> {
        Err(TokenError::SignIn)
    }
}

struct SlowTokens;

#[async_trait]
impl TokenSource for SlowTokens {
    async fn token(&self, _refresh: bool) -> Result<String, TokenError> {
        std::future::pending().await
    }
}

fn config(folder: &TempDir) -> OpenConfig {
    OpenConfig {
        folder: folder.path().join("phone").to_string_lossy().into_owned(),
        backend_url: NOWHERE.into(),
        device_label: "Phone 12".into(),
        time_zone: "America/New_York".into(),
    }
}

fn open_with(folder: &TempDir, tokens: Arc<dyn TokenSource>) -> Arc<Homeround> {
    let keys = folder.path().join("keys").to_string_lossy().into_owned();
    let vault = SoftwareVault::open(keys).unwrap();
    Homeround::open(config(folder), vault, tokens, None).unwrap()
}

fn opened() -> (TempDir, Arc<Homeround>) {
    let folder = tempfile::tempdir().unwrap();
    let phone = open_with(&folder, Arc::new(NoTokens));
    phone.session().unwrap().create(PIN.into(), false).unwrap();
    (folder, phone)
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build().unwrap().block_on(work)
}

#[test]
fn a_new_phone_is_created_locked_and_unlocked() {
    let (_folder, phone) = opened();
    let session = phone.session().unwrap();
    assert_eq!(session.state().unwrap(), SessionState::NotEnrolled);
    session.lock().unwrap();
    assert_eq!(session.state().unwrap(), SessionState::Locked);
    assert_eq!(session.me().unwrap_err(), HomeroundError::Locked);
    let wrong = Unlock::Pin {
        pin: "774120".into(),
    };
    let refused = session.unlock(wrong).unwrap_err();
    assert!(matches!(refused, HomeroundError::WrongPin { attempts_left, .. } if attempts_left > 0));
    let right = || Unlock::Pin { pin: PIN.into() };
    while let Err(HomeroundError::Retry { after_ms }) = session.unlock(right()) {
        std::thread::sleep(Duration::from_millis(after_ms.min(200)));
    }
    assert_eq!(session.state().unwrap(), SessionState::NotEnrolled);
}

#[test]
fn a_config_that_is_wrong_names_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let keys = SoftwareVault::open(folder.path().join("keys").to_string_lossy().into_owned());
    let keys = keys.unwrap();
    let try_open = |config| {
        let opened = Homeround::open(config, keys.clone(), Arc::new(NoTokens), None);
        match opened {
            Err(HomeroundError::Refused { field, .. }) => field,
            _ => "nothing".into(),
        }
    };
    let good = config(&folder);
    let far = OpenConfig {
        backend_url: "http://care.example.org".into(),
        ..good.clone()
    };
    assert_eq!(try_open(far), "backend_url");
    let nameless = OpenConfig {
        device_label: " ".into(),
        ..good.clone()
    };
    assert_eq!(try_open(nameless), "device_label");
    let elsewhere = OpenConfig {
        time_zone: "Mars/Olympus".into(),
        ..good
    };
    assert_eq!(try_open(elsewhere), "time_zone");
}

#[test]
fn a_panic_comes_back_as_an_error_and_says_nothing_of_what_was_typed() {
    let stopped = guard(|| -> Result<(), HomeroundError> { panic!("wound, left heel") });
    let error = stopped.unwrap_err();
    assert_eq!(error, HomeroundError::failed("panic"));
    assert!(!error.to_string().contains("heel"));
}

#[test]
fn a_panic_on_the_network_thread_comes_back_and_the_thread_goes_on() {
    let runtime = Runtime::start().unwrap();
    let stopped: Result<(), HomeroundError> = wait(runtime.run(async {
        assert!(std::env::args().count() == 0, "planted");
        Ok::<(), HomeroundError>(())
    }));
    assert_eq!(stopped, Err(HomeroundError::failed("panic")));
    let next = wait(runtime.run(async { Ok::<u32, HomeroundError>(7) }));
    assert_eq!(next, Ok(7));
}

#[test]
fn a_call_whose_caller_lost_interest_is_stopped_at_its_await() {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let runtime = Runtime::start().unwrap();
    let gone = Arc::new(AtomicBool::new(false));
    let held = Dropped(Arc::clone(&gone));
    let work = runtime.run(async move {
        let _held = held;
        std::future::pending::<Result<(), HomeroundError>>().await
    });
    wait(async {
        let impatient = tokio::time::timeout(Duration::from_millis(50), work).await;
        assert!(impatient.is_err());
    });
    for _ in 0..200 {
        if gone.load(Ordering::SeqCst) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it still runs");
}

#[test]
fn enrolling_says_what_the_token_source_said() {
    let (_folder, phone) = opened();
    let refused = wait(phone.session().unwrap().enrol()).unwrap_err();
    let rule = "sign_in".to_owned();
    let field = "token".to_owned();
    assert_eq!(refused, HomeroundError::NotAllowed { rule, field });
    let synced = wait(phone.sync().unwrap().run(None)).unwrap_err();
    assert_eq!(synced, HomeroundError::NotEnrolled);
    assert!(phone.sync().unwrap().courier().is_err());
}

#[test]
fn a_token_source_that_never_answers_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let phone = open_with(&folder, Arc::new(SlowTokens));
    phone.session().unwrap().create(PIN.into(), false).unwrap();
    let session = phone.session().unwrap();
    wait(async {
        let asking = tokio::time::timeout(Duration::from_millis(50), session.enrol());
        assert!(asking.await.is_err());
    });
    // The store is free meanwhile.
    assert_eq!(session.state().unwrap(), SessionState::NotEnrolled);
    session.lock().unwrap();
}

#[test]
fn every_error_of_the_core_keeps_its_decision() {
    let text = |text: &str| text.to_owned();
    let step = StepRefused {
        from: VisitStatus::Scheduled,
        to: VisitStatus::Signed,
    };
    let told = |error: AppError| HomeroundError::from(error).to_string();
    for error in [
        AppError::Refused {
            field: text("pulse_bpm"),
            limit: text("20..=300"),
        },
        AppError::Locked,
        AppError::WrongPin {
            attempts_left: 3,
            wait_ms: 0,
        },
        AppError::NotEnrolled,
        AppError::NotAllowed {
            rule: text("no_grant"),
            field: text(""),
        },
        AppError::LeaseEnded,
        AppError::ConflictsOpen { open: 2 },
        AppError::Warned {
            warnings: vec![MedicationWarning::MaxPerDay { given: 4, max: 4 }],
        },
        AppError::NotFound { what: "visit" },
        AppError::Unsent { count: 4 },
        AppError::StorageFull { needed_bytes: 9 },
        AppError::UpdateApp { found: 9, known: 2 },
        AppError::Retry { after_ms: 200 },
        AppError::Failed { code: "store_io" },
    ] {
        assert_eq!(told(error.clone()), error.to_string());
    }
    let mapped = HomeroundError::from(AppError::Step(step));
    let (from, to) = (step.from, step.to);
    assert_eq!(mapped, HomeroundError::Step { from, to });
}

/// Counts ticks, each of which takes as long as the test wants.
struct Slow {
    ticks: AtomicU32,
    gate: Mutex<mpsc::Receiver<()>>,
    last: Mutex<Option<News>>,
}

impl Observer for Slow {
    fn changed(&self, news: News) {
        self.ticks.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().unwrap() = Some(news);
        let _ = self
            .gate
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(5));
    }
}

#[test]
fn what_happens_while_the_shell_is_busy_becomes_one_tick() {
    let (_folder, phone) = opened();
    let (open, gate) = mpsc::channel();
    let slow = Arc::new(Slow {
        ticks: AtomicU32::new(0),
        gate: Mutex::new(gate),
        last: Mutex::new(None),
    });
    let watching = phone.observe(slow.clone()).unwrap();
    let tell = |revision| {
        let core = &watching.registered_for_tests();
        core.changed(revision, &[]);
    };
    tell(1);
    let until = |done: &dyn Fn() -> bool| {
        for _ in 0..500 {
            if done() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not come");
    };
    until(&|| slow.ticks.load(Ordering::SeqCst) == 1);
    for revision in 2..=1_000 {
        tell(revision);
    }
    open.send(()).unwrap();
    until(&|| slow.ticks.load(Ordering::SeqCst) == 2);
    assert_eq!(slow.last.lock().unwrap().as_ref().unwrap().revision, 1_000);
    open.send(()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(slow.ticks.load(Ordering::SeqCst), 2);
    watching.cancel().unwrap();
    tell(1_001);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(slow.ticks.load(Ordering::SeqCst), 2);
}

struct Reentrant {
    phone: Mutex<Option<Arc<Homeround>>>,
    seen: mpsc::Sender<u64>,
}

impl Observer for Reentrant {
    fn changed(&self, _news: News) {
        let phone = self.phone.lock().unwrap();
        if let Some(phone) = &*phone {
            // Reading from inside a tick waits for nobody.
            let _ = phone.sync().unwrap().health();
            let _ = self.seen.send(phone.revision().unwrap());
        }
    }
}

#[test]
fn an_observer_may_call_the_core_from_inside_a_tick() {
    let (_folder, phone) = opened();
    let (seen, heard) = mpsc::channel();
    let observer = Arc::new(Reentrant {
        phone: Mutex::new(Some(Arc::clone(&phone))),
        seen,
    });
    let watching = phone.observe(observer.clone()).unwrap();
    watching.registered_for_tests().changed(5, &[]);
    assert!(heard.recv_timeout(Duration::from_secs(5)).is_ok());
    *observer.phone.lock().unwrap() = None;
}

#[test]
fn the_software_vault_keeps_the_promises_of_the_trait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys").to_string_lossy().into_owned();
    let keys = SoftwareVault::open(path.clone()).unwrap();
    let label = || "homeround.pin".to_owned();
    let wrapped = keys.wrap(label(), b"secret".to_vec()).unwrap();
    assert_eq!(keys.counter_increment(label()).unwrap(), 1);
    keys.store(label(), b"small".to_vec()).unwrap();
    drop(keys);
    let keys = SoftwareVault::open(path).unwrap();
    assert_eq!(keys.unwrap(label(), wrapped.clone()).unwrap(), b"secret");
    assert_eq!(keys.counter_get(label()).unwrap(), 1);
    assert_eq!(keys.load(label()).unwrap(), Some(b"small".to_vec()));
    keys.destroy(label()).unwrap();
    assert_eq!(keys.unwrap(label(), wrapped), Err(KeyVaultError::KeyGone));
}

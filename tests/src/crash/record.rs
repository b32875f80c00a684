//! What is lived on a watched disk: a day, a change of key, an upgrade.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use homeround::app::{
    AppError, Clocks, Homeround, MeasureValue, NewAttachment, NoteEdit, OpenConfig, Platform,
    TaskOutcome,
};
use homeround::model::{Coding, FieldPath, NotDoneReason, PatientId, VisitId};
use homeround::store::{
    DatabaseKey, Migration, OpenMode, Store, StoreConfig, WriteTx, migrate, open_connection,
};
use homeround::vault::{OsEntropy, SoftwareVault, Vault};
use serde_json::json;
use tempfile::TempDir;

use crate::disk::{Dice, Disk, Event, FileState, Image, put};
use crate::stage::{Booking, Hands, Phone, Stage, pin, vitals};

/// Everything that happened to one database.
pub(super) struct Recording {
    /// What was lived.
    pub(super) name: &'static str,
    /// The database's file.
    pub(super) database: String,
    /// Keys that it was ever opened with.
    pub(super) keys: Vec<DatabaseKey>,
    /// The files before.
    pub(super) before: BTreeMap<String, FileState>,
    /// What happened to them.
    pub(super) events: Vec<Event>,
    /// A phone's folders, to be opened as a whole.
    phone: Option<TempDir>,
    visit: Option<VisitId>,
}

/// Lives all of them.
#[must_use]
pub(super) fn all(seed: u64, lazy: bool) -> Vec<Recording> {
    vec![day(seed, lazy), new_key(seed, lazy), upgrade(lazy)]
}

impl Recording {
    /// Opens an image as a whole phone: unlocks it, reads, edits, checks every page.
    /// Answers what went wrong.
    #[must_use]
    pub(super) fn open_whole(&self, image: &Image, names: &[String]) -> Option<String> {
        let (Some(phone), Some(visit)) = (&self.phone, self.visit) else {
            return None;
        };
        let copy = TempDir::new().unwrap();
        copy_folder(phone.path(), copy.path());
        put(image, names, &copy.path().join("store")).unwrap();
        if !image.contains_key(&self.database) {
            return None;
        }
        let app = match open_phone(copy.path()) {
            Ok(app) => app,
            Err(error) => return Some(format!("open: {error:?}")),
        };
        if let Err(error) = app.unlock(&pin()) {
            return Some(format!("unlock: {error:?}"));
        }
        let edit = NoteEdit {
            insert: "After the cut. ".into(),
            ..NoteEdit::default()
        };
        // Before the first download there is no visit yet.
        if app.visit(visit).read().is_ok() {
            let read = || {
                app.visit(visit)
                    .read()
                    .is_ok_and(|read| read.note.contains("After the cut. "))
            };
            match app.visit(visit).edit_note(&edit) {
                Ok(_) if !read() => return Some("an edit is not read".into()),
                Err(AppError::Signed { .. }) | Ok(_) => {}
                Err(error) => return Some(format!("edit: {error:?}")),
            }
        }
        app.lock();
        let (store, _) =
            match super::judge::open(&copy.path().join("store").join(&self.database), &self.keys) {
                Ok(open) => open,
                Err(why) => return Some(why),
            };
        store
            .verify()
            .err()
            .map(|error| format!("verify: {error:?}"))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Opens a phone of these folders, locked.
pub(super) fn open_phone(folder: &Path) -> Result<Homeround, AppError> {
    let vault = SoftwareVault::open(&folder.join("hardware")).unwrap();
    let config = OpenConfig {
        folder: folder.join("store"),
        backend_url: "http://127.0.0.1:9".into(),
        device_label: "Phone 12".into(),
        time_zone: "America/New_York".into(),
    };
    let platform = Platform {
        hardware: Arc::new(vault),
        clocks: Arc::new(Hands::default()) as Arc<dyn Clocks>,
        entropy: Box::new(OsEntropy),
    };
    Homeround::open(config, platform)
}

/// A nurse's day, with everything that writes: downloads, edits, a colleague's, sending,
/// purging, idle moments, checkpoints, the lock.
fn day(seed: u64, lazy: bool) -> Recording {
    let stage = Stage::set();
    let visits: Vec<VisitId> = (stage.patients.iter().take(2))
        .map(|patient| {
            let booking = Booking {
                tasks: vec!["Change the dressing", "Weigh"],
                ..Booking::of(*patient, &[stage.nurse, stage.therapist])
            };
            stage.office().book(&booking)
        })
        .collect();
    let mut disk = None;
    let nina = Phone::new_on(&stage.backend, "nina", |folder| {
        let watched = Disk::watch(folder);
        if lazy {
            watched.be_lazy();
        }
        watched.keep_events();
        disk = Some(watched);
    });
    let disk = disk.unwrap();
    let theo = stage.phone("theo");
    let mut live = Live {
        stage: &stage,
        disk: &disk,
        dice: Dice::new(seed),
        acknowledged: 0,
    };
    live.work(nina, &theo, visits[0], visits[1])
}

struct Live<'s> {
    stage: &'s Stage,
    disk: &'s Disk,
    dice: Dice,
    acknowledged: usize,
}

impl Live<'_> {
    /// The nurse was told that it is saved.
    fn told(&mut self) {
        self.acknowledged += 1;
        self.disk.mark(self.acknowledged);
    }

    fn work(
        &mut self,
        mut nina: Phone,
        theo: &Phone,
        first: VisitId,
        second: VisitId,
    ) -> Recording {
        let backend = &self.stage.backend;
        self.told();
        nina.sync(backend);
        self.told();
        self.visit(&nina, first);
        // A colleague disagrees; both values are settled.
        let his = theo.app().visit(first);
        his.set_measure(MeasureValue::WeightKg(71.0)).unwrap();
        his.record_vitals(&vitals(75)).unwrap();
        theo.sync(backend);
        nina.sync(backend);
        theo.sync(backend);
        nina.sync(backend);
        self.told();
        let field = FieldPath("measures/weight_kg".into());
        nina.app()
            .visit(first)
            .settle(&field, &json!(71.0))
            .unwrap();
        self.told();
        nina.app().settle_down().unwrap();
        self.told();
        // A reader that stays open keeps the log from being cut.
        nina.restart_with(|_| {});
        self.told();
        self.visit(&nina, second);
        nina.sync(backend);
        self.told();
        nina.app().visit(second).complete(None).unwrap();
        self.told();
        nina.app().visit(second).sign(&pin()).unwrap();
        self.told();
        // One patient's access ends: everything of theirs goes.
        let patient = self.patient_of(&nina, first);
        self.stage.office().end_grants(self.stage.nurse, patient);
        nina.sync(backend);
        self.told();
        nina.app().rebuild_projections().unwrap();
        self.told();
        let key = key(&nina);
        let events = self.disk.take_events();
        let copy = TempDir::new().unwrap();
        copy_folder(&nina.store_folder(), &copy.path().join("store"));
        copy_folder(&nina.hardware_folder(), &copy.path().join("hardware"));
        self.disk.unwatch();
        Recording {
            name: "day",
            database: database_in(&nina.store_folder()),
            keys: vec![key],
            before: BTreeMap::new(),
            events,
            phone: Some(copy),
            visit: Some(second),
        }
    }

    fn patient_of(&self, nina: &Phone, visit: VisitId) -> PatientId {
        let row = nina.app().visit(visit).summary().unwrap().unwrap();
        row.patient
    }

    /// What is recorded in a home; each call is acknowledged.
    fn visit(&mut self, nina: &Phone, id: VisitId) {
        let visit = nina.app().visit(id);
        visit.start_travel(None).unwrap();
        self.told();
        visit.check_in(None).unwrap();
        self.told();
        visit.set_measure(MeasureValue::WeightKg(70.0)).unwrap();
        self.told();
        for _ in 0..3 + self.dice.below(3) {
            let pulse = 60 + u16::try_from(self.dice.below(40)).unwrap();
            visit.record_vitals(&vitals(pulse)).unwrap();
            self.told();
        }
        for word in ["Wound ", "is dry. ", "Walked ", "ten ", "steps. "] {
            let edit = NoteEdit {
                insert: word.into(),
                ..NoteEdit::default()
            };
            visit.edit_note(&edit).unwrap();
            self.told();
        }
        let tasks: Vec<_> = visit.read().unwrap().tasks.into_keys().collect();
        for task in tasks {
            visit.set_task(task, &TaskOutcome::done()).unwrap();
            self.told();
        }
        let aspirin = Coding::text("Aspirin 100 mg");
        visit
            .medication_not_given(None, aspirin, NotDoneReason::Refused, None)
            .unwrap();
        self.told();
        let photo = NewAttachment {
            media_type: "image/jpeg".into(),
            ..NewAttachment::default()
        };
        let mut bytes = vec![7; 3_000];
        bytes[..4].copy_from_slice(&[0xFF, 0xD8, 0xFF, 0xE0]);
        visit.attach(&photo, &mut &*bytes).unwrap();
        self.told();
        let patient = self.patient_of(nina, id);
        nina.app()
            .chart(patient)
            .set_home_access("door_code", "4711")
            .unwrap();
        self.told();
        while !nina.app().idle_slice().unwrap().is_done() {}
        self.told();
    }
}

fn database_in(folder: &Path) -> String {
    let mut names = std::fs::read_dir(folder).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.to_string_lossy().into_owned()
    });
    names.find(|name| name.ends_with(".sqlite")).unwrap()
}

/// The key of a phone's database, as the keyfile and the PIN give it.
fn key(phone: &Phone) -> DatabaseKey {
    let hardware = SoftwareVault::open(&phone.hardware_folder()).unwrap();
    let mut vault = Vault::open(Arc::new(hardware), &phone.store_folder()).unwrap();
    let session = vault.unlock(&pin(), Clocks::now(&*phone.hands)).unwrap();
    DatabaseKey::from_bytes(session.database_key()).unwrap()
}

fn made_key(seed: u64) -> DatabaseKey {
    let mut dice = Dice::new(seed);
    let bytes: Vec<u8> = (0..4).flat_map(|_| dice.draw().to_le_bytes()).collect();
    DatabaseKey::from_bytes(&bytes).unwrap()
}

fn fill(tx: &WriteTx<'_>, seed: u64) {
    for row in 0..40_u64 {
        let name = format!("crash_{row}");
        let value = vec![u8::try_from(seed % 251).unwrap(); 400];
        tx.put_meta(&name, Some(&value)).unwrap();
    }
}

fn watched(lazy: bool) -> (TempDir, PathBuf, Disk) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let disk = Disk::watch(folder.path());
    if lazy {
        disk.be_lazy();
    }
    (folder, path, disk)
}

fn finish(
    name: &'static str,
    disk: &Disk,
    keys: Vec<DatabaseKey>,
    before: BTreeMap<String, FileState>,
) -> Recording {
    let events = disk.take_events();
    disk.unwatch();
    Recording {
        name,
        database: "store.db".into(),
        keys,
        before,
        events,
        phone: None,
        visit: None,
    }
}

/// The store is written anew under another key.
fn new_key(seed: u64, lazy: bool) -> Recording {
    let (_folder, path, disk) = watched(lazy);
    let (old, new) = (made_key(seed), made_key(seed + 1));
    let config = StoreConfig {
        path,
        key: old.clone(),
    };
    let store = Store::open(config).unwrap();
    store
        .write(|tx| -> Result<(), homeround::store::StoreError> {
            fill(tx, seed);
            Ok(())
        })
        .unwrap();
    store.checkpoint().unwrap();
    disk.settle();
    let before = disk.files();
    disk.keep_events();
    disk.mark(0);
    store.rekey(&new).unwrap();
    disk.mark(1);
    finish("new key", &disk, vec![old, new], before)
}

/// A store of the first schema is opened by this version.
fn upgrade(lazy: bool) -> Recording {
    let (_folder, path, disk) = watched(lazy);
    let key = made_key(9);
    let first = Migration {
        version: 1,
        name: "start",
        sql: include_str!("../../../core/src/store/migrations/0001_start.sql"),
    };
    let database = open_connection(&path, &key, OpenMode::Create).unwrap();
    migrate(&database, &[first]).unwrap();
    drop(database);
    disk.settle();
    let before = disk.files();
    disk.keep_events();
    disk.mark(0);
    let config = StoreConfig {
        path,
        key: key.clone(),
    };
    drop(Store::open(config).unwrap());
    disk.mark(1);
    finish("upgrade", &disk, vec![key], before)
}

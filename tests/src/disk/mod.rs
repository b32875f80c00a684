//! A disk that is watched: every write, cut and sync of SQLite below a folder is counted,
//! remembered, and made to fail when a test wants it to; what a power cut would leave can
//! be put in place.
//!
//! The files are real, below SQLite's own VFS: the store opens them as ever. [`calls`] sees
//! what is written without SQLite too: keys and photos.

#![allow(
    clippy::expect_used,
    reason = "the tests' own ground: what fails here fails the test"
)]

#[cfg(target_os = "linux")]
pub mod calls;
mod image;
#[cfg(target_os = "linux")]
mod tree;
mod vfs;

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

pub use crate::dice::Dice;
pub use image::{Change, FileState, Image, cut, put, whole};
#[cfg(target_os = "linux")]
pub use tree::{Tree, TreeImage};

/// What a disk does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing more fits, until it is taken back.
    Full,
    /// The next operation fails.
    Io,
    /// The process is dead: nothing it does reaches the disk any more, and nothing is
    /// read, until the disk is revived.
    Killed,
}

/// Something that happened, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A file changed.
    Changed(String, Change),
    /// A file was made safe.
    Synced(String),
    /// The folder was made safe: which files there are.
    FolderSynced,
    /// The test said so: this many things were acknowledged so far.
    Mark(usize),
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, FileState>,
    events: Option<Vec<Event>>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    /// Syncs of the log are as SQLite's `synchronous = NORMAL` has them.
    lazy: bool,
}

/// A folder whose databases are watched.
#[derive(Debug, Clone)]
pub struct Disk {
    folder: PathBuf,
    state: Arc<Mutex<State>>,
}

static DISKS: Mutex<Vec<Disk>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Watches a folder, whose files are safe as they lie there.
    ///
    /// # Panics
    /// When the folder can't be read.
    #[must_use]
    pub fn watch(folder: &Path) -> Self {
        vfs::install();
        let disk = Self {
            folder: folder.to_path_buf(),
            state: Arc::default(),
        };
        disk.settle();
        lock(&DISKS).push(disk.clone());
        disk
    }

    /// Ends the watch.
    pub fn unwatch(&self) {
        lock(&DISKS).retain(|disk| !Arc::ptr_eq(&disk.state, &self.state));
    }

    /// From here on every event is kept, with its bytes.
    pub fn keep_events(&self) {
        lock(&self.state).events = Some(Vec::new());
    }

    /// What was kept.
    #[must_use]
    pub fn take_events(&self) -> Vec<Event> {
        lock(&self.state).events.take().unwrap_or_default()
    }

    /// Notes that this many things were acknowledged.
    pub fn mark(&self, acknowledged: usize) {
        if let Some(events) = &mut lock(&self.state).events {
            events.push(Event::Mark(acknowledged));
        }
    }

    /// The log is synced before a checkpoint alone: the control that must lose something.
    pub fn be_lazy(&self) {
        lock(&self.state).lazy = true;
    }

    /// Operations that changed something, so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        lock(&self.state).operations
    }

    /// Plans a fault for the operation with this number; takes an earlier plan back.
    pub fn plan(&self, at: u64, fault: Fault) {
        lock(&self.state).fault = Some((at, fault));
    }

    /// Takes every fault back.
    pub fn revive(&self) {
        lock(&self.state).fault = None;
    }

    /// Whether the planned kill has come.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        let state = lock(&self.state);
        matches!(state.fault, Some((at, Fault::Killed)) if state.operations >= at)
    }

    /// The files as they stand.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, FileState> {
        lock(&self.state).files.clone()
    }

    /// The power is cut: what was not synced is kept, torn or lost, and that is what the
    /// folder holds now. Every connection must be gone, or dead.
    ///
    /// # Panics
    /// When the folder can't be written.
    pub fn cut_power(&self, dice: &mut Dice) {
        let left = cut(&self.files(), dice);
        let names: Vec<String> = self.files().into_keys().collect();
        put(&left, &names, &self.folder).expect("the folder can be written");
        self.forget_shared_memory();
        self.settle();
    }

    /// What lies in the folder is safe: another process begins.
    ///
    /// # Panics
    /// When the folder can't be read.
    pub fn settle(&self) {
        let mut files = BTreeMap::new();
        for name in databases(&self.folder) {
            let bytes = std::fs::read(self.folder.join(&name)).expect("a file can be read");
            files.insert(name, FileState::holding(bytes));
        }
        lock(&self.state).files = files;
    }

    /// A database's shared memory goes with the last process that had it.
    fn forget_shared_memory(&self) {
        for entry in std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name().to_string_lossy().ends_with("-shm") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn find(path: &Path) -> Option<(Self, String)> {
        let folder = path.parent()?;
        let disks = lock(&DISKS);
        let disk = disks.iter().find(|disk| disk.folder == folder)?;
        Some((
            disk.clone(),
            path.file_name()?.to_string_lossy().into_owned(),
        ))
    }

    /// Before an operation that changes something: the error that it answers instead.
    fn admit(&self, failing: c_int) -> Result<(), c_int> {
        let mut state = lock(&self.state);
        let here = state.operations;
        let verdict = match state.fault {
            Some((at, Fault::Full)) if here >= at && failing == ffi::SQLITE_IOERR_WRITE => {
                Err(ffi::SQLITE_FULL)
            }
            Some((at, Fault::Io)) if here >= at => {
                state.fault = None;
                Err(failing)
            }
            Some((at, Fault::Killed)) if here >= at => return Err(failing),
            _ => Ok(()),
        };
        state.operations += 1;
        verdict
    }

    fn changed(&self, name: &str, change: Change) {
        let mut state = lock(&self.state);
        if let Some(events) = &mut state.events {
            events.push(Event::Changed(name.to_owned(), change.clone()));
        }
        let file = state.files.entry(name.to_owned()).or_default();
        file.change(change);
    }

    fn synced(&self, name: &str) {
        let mut state = lock(&self.state);
        if let Some(events) = &mut state.events {
            events.push(Event::Synced(name.to_owned()));
        }
        state.files.entry(name.to_owned()).or_default().sync();
    }

    fn folder_synced(&self) {
        let mut state = lock(&self.state);
        if let Some(events) = &mut state.events {
            events.push(Event::FolderSynced);
        }
        state.files.values_mut().for_each(FileState::sync_folder);
    }

    fn is_lazy(&self) -> bool {
        lock(&self.state).lazy
    }
}

/// Databases of a folder with their logs, by name.
fn databases(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| {
            [".db", ".sqlite", ".attachments", "-wal", "-journal"]
                .iter()
                .any(|end| name.ends_with(end))
        })
        .collect()
}

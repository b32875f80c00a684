//! Lives a recording again, event by event, and cuts the power after each.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::thread;

use tempfile::TempDir;

use super::judge::{self, Digest};
use super::record::Recording;
use super::report::Tally;
use crate::disk::{Change, Dice, Event, FileState, Image, cut, put, whole};

/// One image of this many is opened as a whole phone.
const WHOLE_EVERY: u64 = 5_000;

/// The commits of a recording: what the store held at each moment at which it was safe
/// or acknowledged.
struct Commits {
    /// By the number of the event, in order.
    at: Vec<(usize, Digest)>,
    /// Events after which something was acknowledged.
    marks: Vec<usize>,
}

/// Opens this many images of a recording, spread over all its events.
#[must_use]
pub(super) fn cut_everywhere(recording: &Recording, seed: u64, images: u64) -> Tally {
    let commits = commits(recording);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let parts = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|part| {
                let commits = &commits;
                scope.spawn(move || one_part(recording, commits, seed, images, part, threads))
            })
            .collect();
        let parts = running.into_iter().map(|part| part.join().unwrap());
        parts.collect::<Vec<_>>()
    });
    let mut tally = Tally::default();
    for part in &parts {
        tally.add(part);
    }
    tally
}

fn step(files: &mut BTreeMap<String, FileState>, event: &Event) {
    match event {
        Event::Changed(name, change) => {
            files
                .entry(name.clone())
                .or_default()
                .change(change.clone());
        }
        Event::Synced(name) => files.entry(name.clone()).or_default().sync(),
        Event::FolderSynced => files.values_mut().for_each(FileState::sync_folder),
        Event::Mark(_) => {}
    }
}

/// The database and what may lie beside it: what an earlier image left is to go.
fn names(database: &str) -> [String; 3] {
    ["", "-wal", "-journal"].map(|end| format!("{database}{end}"))
}

/// Puts an image where it is opened.
fn lay(image: &Image, recording: &Recording, path: &Path) {
    let folder = path.parent().unwrap();
    put(image, &names(&recording.database), folder).unwrap();
    forget_shared_memory(path);
}

fn commits(recording: &Recording) -> Commits {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(&recording.database);
    let mut files = recording.before.clone();
    let mut found = Commits {
        at: Vec::new(),
        marks: Vec::new(),
    };
    let mut look = |files: &BTreeMap<String, FileState>, at: usize| {
        lay(&whole(files), recording, &path);
        let digest = judge::digest(&path, &recording.keys).unwrap();
        if found.at.last().is_none_or(|(_, last)| *last != digest) {
            found.at.push((at, digest));
        }
    };
    look(&files, 0);
    let mut marks = Vec::new();
    for (at, event) in recording.events.iter().enumerate() {
        step(&mut files, event);
        // The page of a frame that ends a transaction, and whatever was made safe.
        let ends = at > 0 && ends_transaction(&recording.events[at - 1]);
        if ends || !matches!(event, Event::Changed(..)) {
            look(&files, at + 1);
        }
        if matches!(event, Event::Mark(_)) {
            marks.push(at + 1);
        }
    }
    look(&files, recording.events.len());
    found.marks = marks;
    found
}

/// Whether it is the header of a frame of the log that ends a transaction: it says how
/// large the database is then.
fn ends_transaction(event: &Event) -> bool {
    let Event::Changed(name, Change::Write { bytes, .. }) = event else {
        return false;
    };
    name.ends_with("-wal") && bytes.len() == 24 && bytes[4..8] != [0; 4]
}

impl Commits {
    /// Which commits may be found when the power is cut after so many events: the one
    /// that stood at the last acknowledgement, to the one that comes next.
    fn allowed(&self, events: usize) -> (usize, usize) {
        let acknowledged = self.marks.iter().rev().find(|mark| **mark <= events);
        let acknowledged = *acknowledged.unwrap_or(&0);
        let first = self.at.iter().rposition(|(at, _)| *at <= acknowledged);
        let next = self.at.iter().position(|(at, _)| *at > events);
        let last = next.unwrap_or(self.at.len() - 1);
        (first.unwrap_or(0), last)
    }
}

fn one_part(
    recording: &Recording,
    commits: &Commits,
    seed: u64,
    images: u64,
    part: usize,
    parts: usize,
) -> Tally {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(&recording.database);
    let mut dice = Dice::new(seed ^ part as u64);
    let (mut tally, mut files) = (Tally::default(), recording.before.clone());
    let moments = recording.events.len() as u64 + 1;
    for moment in 0..=recording.events.len() {
        if moment > 0 {
            step(&mut files, &recording.events[moment - 1]);
        }
        if moment % parts != part {
            continue;
        }
        let moment_u64 = moment as u64;
        let here = images * (moment_u64 + 1) / moments - images * moment_u64 / moments;
        let mut seen = BTreeSet::new();
        for _ in 0..here {
            let image = cut(&files, &mut dice);
            if seen.insert(fingerprint(&image)) {
                tally.distinct += 1;
            }
            lay(&image, recording, &path);
            judge_one(recording, commits, moment, &path, &mut tally);
            if tally.images % WHOLE_EVERY == 1 {
                tally.whole += 1;
                if let Some(why) = recording.open_whole(&image, &names(&recording.database)) {
                    tally.unopenable += 1;
                    tally.tell(format!(
                        "{} after {moment}: as a phone: {why}",
                        recording.name
                    ));
                }
            }
        }
    }
    tally
}

fn judge_one(
    recording: &Recording,
    commits: &Commits,
    moment: usize,
    path: &Path,
    tally: &mut Tally,
) {
    tally.images += 1;
    let name = recording.name;
    let digest = match judge::digest(path, &recording.keys) {
        Ok(digest) => digest,
        Err(why) => {
            tally.unopenable += 1;
            tally.tell(format!("{name} after {moment}: does not open: {why}"));
            return;
        }
    };
    let (first, last) = commits.allowed(moment);
    if commits.at[first..=last]
        .iter()
        .any(|(_, known)| *known == digest)
    {
        return;
    }
    if commits.at[..first]
        .iter()
        .any(|(_, known)| *known == digest)
    {
        tally.lost += 1;
        tally.tell(format!(
            "{name} after {moment}: an acknowledged commit is gone"
        ));
    } else {
        tally.corrupt += 1;
        tally.tell(format!("{name} after {moment}: like no commit"));
    }
}

fn fingerprint(image: &Image) -> u64 {
    let mut hasher = DefaultHasher::new();
    image.hash(&mut hasher);
    hasher.finish()
}

/// It does not outlive the process that had it.
fn forget_shared_memory(path: &Path) {
    let mut name = path.as_os_str().to_owned();
    name.push("-shm");
    let _ = std::fs::remove_file(name);
}

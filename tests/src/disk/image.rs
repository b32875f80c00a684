//! What a power cut may leave of a file: everything up to its last sync, and any of the
//! writes since, each whole, in part or not at all.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Dice;

/// Smallest part of a write that a disk leaves whole.
const SECTOR: usize = 512;

/// What happens to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Bytes at an offset.
    Write {
        /// Where.
        at: usize,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// Cut, or made longer by zeros, to this length.
    Truncate(usize),
    /// Removed.
    Delete,
}

/// A file of a disk.
#[derive(Debug, Clone, Default)]
pub struct FileState {
    /// What is safe; none: no such file.
    durable: Option<Vec<u8>>,
    pending: Vec<Change>,
}

impl FileState {
    /// A file that lies there.
    #[must_use]
    pub const fn holding(bytes: Vec<u8>) -> Self {
        Self {
            durable: Some(bytes),
            pending: Vec::new(),
        }
    }

    /// Something happens to it.
    pub fn change(&mut self, change: Change) {
        self.pending.push(change);
    }

    /// It is safe from here on.
    pub fn sync(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let was_touched = self.durable.is_some() || !pending.is_empty();
        for change in &pending {
            apply(&mut self.durable, change);
        }
        if was_touched && self.durable.is_none() && !pending.contains(&Change::Delete) {
            self.durable = Some(Vec::new());
        }
    }

    /// Its folder is safe: whether it is there, and under this name, is no longer left to
    /// chance. What was written into it still is.
    pub fn sync_folder(&mut self) {
        if let Some(at) = self.pending.iter().rposition(|one| *one == Change::Delete) {
            self.pending.drain(..=at);
            self.durable = None;
        }
        if self.durable.is_none() && !self.pending.is_empty() {
            self.durable = Some(Vec::new());
        }
    }

    /// With everything that happened.
    #[must_use]
    pub fn whole(&self) -> Option<Vec<u8>> {
        let mut bytes = self.durable.clone();
        for change in &self.pending {
            apply(&mut bytes, change);
        }
        bytes
    }

    pub(super) fn cut(&self, how: How, dice: &mut Dice) -> Option<Vec<u8>> {
        let mut bytes = self.durable.clone();
        let kept = dice.below(self.pending.len() as u64 + 1);
        for (at, change) in self.pending.iter().enumerate() {
            let at = at as u64;
            match how {
                How::Everything => apply(&mut bytes, change),
                How::Nothing => {}
                How::Begun if at < kept => apply(&mut bytes, change),
                How::Begun if at == kept => tear(&mut bytes, change, dice),
                How::Begun => {}
                How::Any => match dice.below(3) {
                    0 => apply(&mut bytes, change),
                    1 => tear(&mut bytes, change, dice),
                    _ => {}
                },
            }
        }
        bytes
    }
}

/// How a disk treats what was not synced.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Everything,
    Nothing,
    /// In order, up to one that is torn.
    Begun,
    /// Each as it likes.
    Any,
}

impl How {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        *dice.pick(&[
            Self::Any,
            Self::Any,
            Self::Begun,
            Self::Nothing,
            Self::Everything,
        ])
    }
}

fn apply(bytes: &mut Option<Vec<u8>>, change: &Change) {
    match change {
        Change::Delete => *bytes = None,
        Change::Truncate(len) => bytes.get_or_insert_default().resize(*len, 0),
        Change::Write { at, bytes: new } => {
            let file = bytes.get_or_insert_default();
            let end = at + new.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[*at..end].copy_from_slice(new);
        }
    }
}

/// Some of a write's sectors.
fn tear(bytes: &mut Option<Vec<u8>>, change: &Change, dice: &mut Dice) {
    let Change::Write { at, bytes: new } = change else {
        return;
    };
    let mut from = 0;
    while from < new.len() {
        // A sector is one of the disk's, not one of the write's.
        let end = ((at + from) / SECTOR + 1) * SECTOR - at;
        let end = end.min(new.len());
        if dice.chance(50) {
            let part = Change::Write {
                at: at + from,
                bytes: Arc::from(&new[from..end]),
            };
            apply(bytes, &part);
        }
        from = end;
    }
}

/// The files of a folder, by name.
pub type Image = BTreeMap<String, Vec<u8>>;

/// One of the images that a power cut may leave of these files.
#[must_use]
pub fn cut(files: &BTreeMap<String, FileState>, dice: &mut Dice) -> Image {
    let how = How::draw(dice);
    let left = files
        .iter()
        .filter_map(|(name, file)| Some((name.clone(), file.cut(how, dice)?)));
    left.collect()
}

/// With everything that happened: what the next process sees after a mere kill.
#[must_use]
pub fn whole(files: &BTreeMap<String, FileState>) -> Image {
    let left = files
        .iter()
        .filter_map(|(name, file)| Some((name.clone(), file.whole()?)));
    left.collect()
}

/// Puts an image into a folder, in place of these files.
///
/// # Errors
/// Of the folder.
pub fn put(image: &Image, files: &[String], folder: &Path) -> std::io::Result<()> {
    for name in files {
        let path = folder.join(name);
        match image.get(name) {
            Some(bytes) => std::fs::write(path, bytes)?,
            None if path.exists() => std::fs::remove_file(path)?,
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: usize, byte: u8, len: usize) -> Change {
        Change::Write {
            at,
            bytes: vec![byte; len].into(),
        }
    }

    #[test]
    fn what_was_synced_stays_and_every_mix_of_the_rest_is_seen() {
        let mut file = FileState::default();
        file.change(write(0, 1, 1024));
        file.sync();
        file.change(write(0, 2, 1024));
        file.change(write(1024, 3, 512));
        let mut dice = Dice::new(1);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let bytes = file.cut(How::Any, &mut dice).unwrap();
            assert!(bytes[..512].iter().all(|byte| *byte == bytes[0]) && bytes[0] != 0);
            seen.insert((bytes[0], bytes[512], bytes.len()));
        }
        // Each of the first two sectors old or new, the third there or not.
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn a_file_that_was_never_synced_may_be_gone_and_one_that_was_may_not() {
        let mut file = FileState::default();
        file.change(write(0, 1, 10));
        assert_eq!(file.cut(How::Nothing, &mut Dice::new(1)), None);
        file.sync();
        file.change(Change::Delete);
        assert_eq!(file.whole(), None);
        assert_eq!(file.cut(How::Nothing, &mut Dice::new(1)), Some(vec![1; 10]));
        file.sync_folder();
        assert_eq!(file.cut(How::Nothing, &mut Dice::new(1)), None);
    }
}

//! What a power cut may leave of a folder with all that is below it: names and contents
//! are made safe apart from each other, as POSIX has it. What is in a file is safe once
//! the file was synced, its name once the folder was that it stands in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Dice;
use super::calls::Call;
use super::image::{Change, FileState, How};

/// What happened to the names in a folder.
#[derive(Debug, Clone)]
enum Naming {
    File(PathBuf, usize),
    Folder(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

impl Naming {
    /// The folders whose sync makes it safe; a file moves between two at once.
    fn folder(&self) -> &Path {
        let (Self::File(path, _) | Self::Folder(path) | Self::Rename(_, path) | Self::Remove(path)) =
            self;
        path.parent().unwrap_or(Path::new(""))
    }
}

/// Which names there are, and what they stand for.
#[derive(Debug, Clone, Default)]
struct Names {
    files: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
}

impl Names {
    fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::File(path, file) => {
                self.files.insert(path.clone(), *file);
            }
            Naming::Folder(path) => {
                self.folders.insert(path.clone());
            }
            Naming::Rename(from, to) => {
                if let Some(file) = self.files.remove(from) {
                    self.files.insert(to.clone(), file);
                }
            }
            Naming::Remove(path) => {
                self.files.remove(path);
                self.folders.remove(path);
            }
        }
    }
}

/// A folder with everything below it. It is empty at first, and itself safe.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    contents: Vec<FileState>,
    now: Names,
    safe: Names,
    pending: Vec<Naming>,
}

/// Folders and files, from the top.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TreeImage {
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Tree {
    /// Something happens.
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Create(path) => {
                self.contents.push(FileState::holding(Vec::new()));
                self.name(Naming::File(path.clone(), self.contents.len() - 1));
            }
            Call::Write(path, at, bytes) => {
                let (at, bytes) = (*at, bytes.clone());
                self.change(path, Change::Write { at, bytes });
            }
            Call::Resize(path, len) => self.change(path, Change::Truncate(*len)),
            Call::Sync(path) => {
                if let Some(file) = self.now.files.get(path) {
                    self.contents[*file].sync();
                }
            }
            Call::SyncFolder(path) => self.sync_folder(path),
            Call::Rename(from, to) => self.name(Naming::Rename(from.clone(), to.clone())),
            Call::MakeFolder(path) => self.name(Naming::Folder(path.clone())),
            Call::Remove(path) | Call::RemoveFolder(path) => {
                self.name(Naming::Remove(path.clone()));
            }
            Call::Mark(_) => {}
        }
    }

    fn name(&mut self, naming: Naming) {
        self.now.apply(&naming);
        self.pending.push(naming);
    }

    fn change(&mut self, path: &Path, change: Change) {
        if let Some(file) = self.now.files.get(path) {
            self.contents[*file].change(change);
        }
    }

    fn sync_folder(&mut self, folder: &Path) {
        let pending = std::mem::take(&mut self.pending);
        for naming in pending {
            if naming.folder() == folder {
                self.safe.apply(&naming);
            } else {
                self.pending.push(naming);
            }
        }
    }

    /// What the next process sees after a mere kill.
    #[must_use]
    pub fn whole(&self) -> TreeImage {
        let read = |file: usize| self.contents[file].whole().unwrap_or_default();
        image(&self.now, read)
    }

    /// One of the images that a power cut may leave: of each folder's names those made
    /// safe and the first few of the others; of each file's contents as
    /// [`cut`](super::cut) has it.
    #[must_use]
    pub fn cut(&self, dice: &mut Dice) -> TreeImage {
        let how = How::draw(dice);
        let mut names = self.safe.clone();
        let mut left: BTreeMap<&Path, u64> = BTreeMap::new();
        for naming in &self.pending {
            *left.entry(naming.folder()).or_default() += 1;
        }
        for kept in left.values_mut() {
            *kept = match how {
                How::Everything => *kept,
                How::Nothing => 0,
                How::Begun | How::Any => dice.below(*kept + 1),
            };
        }
        for naming in &self.pending {
            if let Some(kept) = left.get_mut(naming.folder())
                && *kept > 0
            {
                *kept -= 1;
                names.apply(naming);
            }
        }
        let mut contents: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for file in names.files.values() {
            let bytes = self.contents[*file].cut(how, dice).unwrap_or_default();
            contents.insert(*file, bytes);
        }
        image(&names, |file| contents.remove(&file).unwrap_or_default())
    }
}

/// What can be reached from the top.
fn image(names: &Names, mut read: impl FnMut(usize) -> Vec<u8>) -> TreeImage {
    let reached = |path: &Path| {
        let mut above = path.ancestors().skip(1);
        above.all(|folder| folder.as_os_str().is_empty() || names.folders.contains(folder))
    };
    let folders = names.folders.iter().filter(|path| reached(path));
    let files = names.files.iter().filter(|(path, _)| reached(path));
    TreeImage {
        folders: folders.cloned().collect(),
        files: files
            .map(|(path, file)| (path.clone(), read(*file)))
            .collect(),
    }
}

impl TreeImage {
    /// Lays it out in an empty folder. Shared memory of databases does not outlive its
    /// process.
    ///
    /// # Errors
    /// Of the folder.
    pub fn lay(&self, folder: &Path) -> std::io::Result<()> {
        for path in &self.folders {
            std::fs::create_dir(folder.join(path))?;
        }
        for (path, bytes) in &self.files {
            if path
                .extension()
                .is_none_or(|end| !end.to_string_lossy().ends_with("-shm"))
            {
                std::fs::write(folder.join(path), bytes)?;
            }
        }
        Ok(())
    }

    /// The files whose path this is true of.
    pub fn files(&self, wanted: impl Fn(&Path) -> bool) -> impl Iterator<Item = (&Path, &[u8])> {
        let files = self.files.iter().filter(move |(path, _)| wanted(path));
        files.map(|(path, bytes)| (path.as_path(), bytes.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> PathBuf {
        PathBuf::from(text)
    }

    /// Every image that is seen in some hundred cuts.
    fn images(tree: &Tree) -> Vec<TreeImage> {
        let mut dice = Dice::new(1);
        let mut seen: Vec<TreeImage> = Vec::new();
        for _ in 0..400 {
            let image = tree.cut(&mut dice);
            if !seen.contains(&image) {
                seen.push(image);
            }
        }
        seen
    }

    fn content(image: &TreeImage, name: &str) -> Option<Vec<u8>> {
        let mut found = image.files(|path| path == Path::new(name));
        found.next().map(|(_, bytes)| bytes.to_vec())
    }

    #[test]
    fn a_file_that_is_replaced_with_care_is_the_old_or_the_new_one() {
        let mut tree = Tree::default();
        let write = |name: &str, byte: u8| Call::Write(path(name), 0, vec![byte; 9].into());
        for call in [
            Call::Create(path("keys")),
            write("keys", 1),
            Call::Sync(path("keys")),
            Call::SyncFolder(path("")),
            Call::Create(path("keys.tmp")),
            write("keys.tmp", 2),
            Call::Sync(path("keys.tmp")),
            Call::Rename(path("keys.tmp"), path("keys")),
        ] {
            tree.apply(&call);
        }
        let mut seen: Vec<_> = images(&tree)
            .iter()
            .map(|image| content(image, "keys"))
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, [Some(vec![1; 9]), Some(vec![2; 9])]);
        tree.apply(&Call::SyncFolder(path("")));
        assert!(
            images(&tree)
                .iter()
                .all(|image| content(image, "keys") == Some(vec![2; 9]))
        );
    }

    #[test]
    fn a_file_renamed_before_it_was_synced_may_be_empty_and_one_in_a_new_folder_gone() {
        let mut tree = Tree::default();
        for call in [
            Call::Create(path("a")),
            Call::Write(path("a"), 0, vec![1; 9].into()),
            Call::Rename(path("a"), path("b")),
            Call::SyncFolder(path("")),
            Call::MakeFolder(path("photos")),
            Call::Create(path("photos/one")),
            Call::Write(path("photos/one"), 0, vec![3; 9].into()),
            Call::Sync(path("photos/one")),
            Call::SyncFolder(path("photos")),
        ] {
            tree.apply(&call);
        }
        let images = images(&tree);
        assert!(
            images
                .iter()
                .any(|image| content(image, "b") == Some(Vec::new()))
        );
        assert!(
            images
                .iter()
                .any(|image| content(image, "photos/one").is_none())
        );
        assert_eq!(content(&tree.whole(), "photos/one"), Some(vec![3; 9]));
    }
}

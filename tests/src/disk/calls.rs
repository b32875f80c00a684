//! Every call of this process that changes a file below a watched folder, whoever makes
//! it: the store's SQLite, the vault, the files of photos.
//!
//! The program that links this defines libc's functions and lets them come here (see
//! `tests/src/bin/homeround-crash/`); here they are carried out by the system itself, and
//! told. A program that does not is not watched.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::{Errno, Result};

/// What a call did. Paths are below the watched folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A new, empty file.
    Create(PathBuf),
    /// Bytes at an offset.
    Write(PathBuf, usize, Arc<[u8]>),
    /// Cut, or made longer by zeros.
    Resize(PathBuf, usize),
    /// What is in a file is safe.
    Sync(PathBuf),
    /// Which files there are in a folder is safe.
    SyncFolder(PathBuf),
    /// From the first name to the second.
    Rename(PathBuf, PathBuf),
    /// A file is gone.
    Remove(PathBuf),
    /// A new folder.
    MakeFolder(PathBuf),
    /// An empty folder is gone.
    RemoveFolder(PathBuf),
    /// The test said so: this many things were acknowledged so far.
    Mark(usize),
}

struct Watch {
    folder: PathBuf,
    calls: Vec<Call>,
}

static WATCH: Mutex<Option<Watch>> = Mutex::new(None);
static ON: AtomicBool = AtomicBool::new(false);

fn watch() -> MutexGuard<'static, Option<Watch>> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to watch a folder; one at a time.
///
/// # Errors
/// When there is no such folder.
pub fn begin(folder: &Path) -> std::io::Result<()> {
    *watch() = Some(Watch {
        folder: folder.canonicalize()?,
        calls: Vec::new(),
    });
    ON.store(true, Ordering::SeqCst);
    Ok(())
}

/// Notes that this many things were acknowledged.
pub fn mark(acknowledged: usize) {
    if let Some(watch) = &mut *watch() {
        watch.calls.push(Call::Mark(acknowledged));
    }
}

/// Ends the watch, and answers what was seen.
#[must_use]
pub fn end() -> Vec<Call> {
    ON.store(false, Ordering::SeqCst);
    watch().take().map(|watch| watch.calls).unwrap_or_default()
}

/// A path below the watched folder, from there.
fn below(watch: &Watch, path: &Path) -> Option<PathBuf> {
    path.strip_prefix(&watch.folder).ok().map(Path::to_path_buf)
}

fn path_of(path: &CStr) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(path.to_bytes()))
}

/// Where an open file lies; none once it has no name.
fn path_of_open(file: BorrowedFd<'_>) -> Option<PathBuf> {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let path = rustix::fs::readlink(link, Vec::new()).ok()?;
    let named = !path.to_bytes().ends_with(b" (deleted)");
    named.then(|| path_of(&path).to_path_buf())
}

/// Carries a call out, and tells what it did while nobody else's comes in between.
fn told<T>(
    path: impl FnOnce() -> Option<PathBuf>,
    run: impl FnOnce() -> Result<T>,
    tell: impl FnOnce(&Watch, PathBuf, &T) -> Option<Call>,
) -> Result<T> {
    if !ON.load(Ordering::Relaxed) {
        return run();
    }
    let mut watch = watch();
    let seen = watch
        .as_ref()
        .and_then(|watch| path().and_then(|path| below(watch, &path)));
    let done = run()?;
    if let (Some(watch), Some(path)) = (&mut *watch, seen)
        && let Some(call) = tell(watch, path, &done)
    {
        watch.calls.push(call);
    }
    Ok(done)
}

/// `open`.
///
/// # Errors
/// Of the system.
pub fn open(path: &CStr, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let existed = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).is_ok();
    told(
        || Some(path_of(path).to_path_buf()),
        || rustix::fs::openat(CWD, path, flags, mode),
        |_, path, _| {
            if flags.contains(OFlags::CREATE) && !existed {
                Some(Call::Create(path))
            } else if flags.contains(OFlags::TRUNC) {
                Some(Call::Resize(path, 0))
            } else {
                None
            }
        },
    )
}

/// `write`, and with an offset `pwrite`.
///
/// # Errors
/// Of the system.
pub fn write(file: BorrowedFd<'_>, bytes: &[u8], at: Option<u64>) -> Result<usize> {
    let seen = || path_of_open(file);
    let place = at.or_else(|| rustix::fs::tell(file).ok()).unwrap_or(0);
    let run = || match at {
        Some(at) => rustix::io::pwrite(file, bytes, at),
        None => rustix::io::write(file, bytes),
    };
    told(seen, run, |_, path, written| {
        let place = usize::try_from(place).ok()?;
        Some(Call::Write(path, place, bytes[..*written].into()))
    })
}

/// `ftruncate`.
///
/// # Errors
/// Of the system.
pub fn resize(file: BorrowedFd<'_>, len: u64) -> Result<()> {
    told(
        || path_of_open(file),
        || rustix::fs::ftruncate(file, len),
        |_, path, ()| Some(Call::Resize(path, usize::try_from(len).ok()?)),
    )
}

/// `fsync` and `fdatasync`.
///
/// # Errors
/// Of the system.
pub fn sync(file: BorrowedFd<'_>) -> Result<()> {
    let kind = rustix::fs::fstat(file).map(|stat| FileType::from_raw_mode(stat.st_mode));
    told(
        || path_of_open(file),
        || rustix::fs::fsync(file),
        |_, path, ()| {
            Some(if kind == Ok(FileType::Directory) {
                Call::SyncFolder(path)
            } else {
                Call::Sync(path)
            })
        },
    )
}

/// `rename`.
///
/// # Errors
/// Of the system.
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    told(
        || Some(path_of(from).to_path_buf()),
        || rustix::fs::rename(from, to),
        |watch, path, ()| Some(Call::Rename(path, below(watch, path_of(to))?)),
    )
}

/// `mkdir`.
///
/// # Errors
/// Of the system.
pub fn make_folder(path: &CStr, mode: Mode) -> Result<()> {
    told(
        || Some(path_of(path).to_path_buf()),
        || rustix::fs::mkdir(path, mode),
        |_, path, ()| Some(Call::MakeFolder(path)),
    )
}

/// `unlink` and `rmdir`, from an open folder or the current one.
///
/// # Errors
/// Of the system.
pub fn remove(folder: Option<BorrowedFd<'_>>, name: &CStr, flags: AtFlags) -> Result<()> {
    let path = || match folder {
        Some(folder) => Some(path_of_open(folder)?.join(path_of(name))),
        None => Some(path_of(name).to_path_buf()),
    };
    let run = || rustix::fs::unlinkat(folder.unwrap_or(CWD), name, flags);
    told(path, run, |_, path, ()| {
        Some(if flags.contains(AtFlags::REMOVEDIR) {
            Call::RemoveFolder(path)
        } else {
            Call::Remove(path)
        })
    })
}

/// What a call that was given no file answers.
pub const NO_FILE: Errno = Errno::BADF;

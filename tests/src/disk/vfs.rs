//! SQLite's own VFS with something in front of it that sees every change.
//!
//! A file of ours is a header and, behind it in the same memory, the file of SQLite's own
//! VFS: each call is passed on to that.
#![allow(
    unsafe_code,
    reason = "SQLite takes a VFS as a table of C functions, and gives its files as pointers"
)]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Once};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

use super::{Change, Disk};

/// In front of SQLite's own file. `seen` is none for files that nobody watches.
#[repr(C)]
struct Watched {
    base: sqlite3_file,
    seen: *mut Seen,
}

struct Seen {
    disk: Disk,
    name: String,
    /// A journal or a log that was just made: its first sync syncs the folder too, as
    /// SQLite's own VFS does.
    fresh: Cell<bool>,
}

/// Makes the VFS the default, once in a process.
pub(super) fn install() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // SAFETY: SQLite's default VFS lives as long as the process, and so does what is
        // leaked here; its functions are given only files that it opened itself.
        unsafe {
            ffi::sqlite3_initialize();
            let real = ffi::sqlite3_vfs_find(ptr::null());
            let header = c_int::try_from(size_of::<Watched>()).unwrap_or(c_int::MAX);
            let vfs = Box::leak(Box::new(sqlite3_vfs {
                szOsFile: header + (*real).szOsFile,
                pNext: ptr::null_mut(),
                zName: c"watched".as_ptr(),
                pAppData: real.cast(),
                xOpen: Some(open),
                xDelete: Some(delete),
                ..*real
            }));
            ffi::sqlite3_vfs_register(vfs, 1);
        }
    });
}

/// SQLite's own VFS, behind ours.
///
/// # Safety
/// `vfs` is the one of [`install`].
unsafe fn real_vfs(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    // SAFETY: as the caller says.
    unsafe { (*vfs).pAppData.cast() }
}

/// SQLite's own file, behind ours.
///
/// # Safety
/// `file` is memory of `szOsFile` bytes for a file of ours.
unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the memory is as large as both together.
    unsafe { file.cast::<u8>().add(size_of::<Watched>()).cast() }
}

/// What watches a file.
///
/// # Safety
/// `file` was opened by [`open`] and is not closed.
unsafe fn seen<'f>(file: *mut sqlite3_file) -> Option<&'f Seen> {
    // SAFETY: as the caller says.
    unsafe { (*file.cast::<Watched>()).seen.as_ref() }
}

/// # Safety
/// `name` is a path that ends with a zero, or null.
unsafe fn watched(name: *const c_char) -> Option<Seen> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as the caller says.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes();
    let (disk, name) = Disk::find(Path::new(std::ffi::OsStr::from_bytes(bytes)))?;
    let fresh = Cell::new(false);
    Some(Seen { disk, name, fresh })
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives memory of `szOsFile` bytes, and a path or null.
    unsafe {
        (*file).pMethods = ptr::null();
        let seen = watched(name);
        if seen.as_ref().is_some_and(|seen| seen.disk.is_dead()) {
            return ffi::SQLITE_CANTOPEN;
        }
        if let Some(seen) = &seen {
            let log = flags & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL) != 0;
            let makes = flags & ffi::SQLITE_OPEN_CREATE != 0;
            seen.fresh
                .set(log && makes && !seen.disk.folder.join(&seen.name).exists());
        }
        let behind = real_vfs(vfs);
        let Some(pass) = (*behind).xOpen else {
            return ffi::SQLITE_CANTOPEN;
        };
        let answer = pass(behind, name, real(file), flags, out);
        if !(*real(file)).pMethods.is_null() {
            (*file).pMethods = &raw const METHODS;
            (*file.cast::<Watched>()).seen =
                seen.map_or(ptr::null_mut(), |seen| Box::into_raw(Box::new(seen)));
        }
        answer
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite gives a path.
    unsafe {
        let seen = watched(name);
        if let Some(seen) = &seen
            && let Err(code) = seen.disk.admit(ffi::SQLITE_IOERR_DELETE)
        {
            return code;
        }
        let behind = real_vfs(vfs);
        let Some(pass) = (*behind).xDelete else {
            return ffi::SQLITE_IOERR_DELETE;
        };
        let answer = pass(behind, name, sync);
        if let Some(seen) = seen
            && answer == ffi::SQLITE_OK
        {
            seen.disk.changed(&seen.name, Change::Delete);
            if sync != 0 {
                seen.disk.folder_synced();
            }
        }
        answer
    }
}

/// Calls a method of SQLite's own file.
macro_rules! pass {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let behind = real($file);
        match (*(*behind).pMethods).$method {
            Some(method) => method(behind $(, $argument)*),
            None => ffi::SQLITE_IOERR,
        }
    }};
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; what watched it was boxed by `open`.
    unsafe {
        let watching = (*file.cast::<Watched>()).seen;
        if !watching.is_null() {
            drop(Box::from_raw(watching));
        }
        pass!(file, xClose)
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, to: *mut c_void, len: c_int, at: i64) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        if seen(file).is_some_and(|seen| seen.disk.is_dead()) {
            return ffi::SQLITE_IOERR_READ;
        }
        pass!(file, xRead, to, len, at)
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    len: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite gives `len` bytes.
    unsafe {
        if let Some(seen) = seen(file)
            && let Err(code) = seen.disk.admit(ffi::SQLITE_IOERR_WRITE)
        {
            return code;
        }
        let answer = pass!(file, xWrite, from, len, at);
        if let Some(seen) = seen(file)
            && answer == ffi::SQLITE_OK
        {
            let len = usize::try_from(len).unwrap_or(0);
            let bytes: Arc<[u8]> = std::slice::from_raw_parts(from.cast::<u8>(), len).into();
            let at = usize::try_from(at).unwrap_or(0);
            seen.disk.changed(&seen.name, Change::Write { at, bytes });
        }
        answer
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: i64) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        if let Some(seen) = seen(file)
            && let Err(code) = seen.disk.admit(ffi::SQLITE_IOERR_TRUNCATE)
        {
            return code;
        }
        let answer = pass!(file, xTruncate, len);
        if let Some(seen) = seen(file)
            && answer == ffi::SQLITE_OK
        {
            let len = usize::try_from(len).unwrap_or(0);
            seen.disk.changed(&seen.name, Change::Truncate(len));
        }
        answer
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        if let Some(seen) = seen(file) {
            if let Err(code) = seen.disk.admit(ffi::SQLITE_IOERR_FSYNC) {
                return code;
            }
            // The real disk's own sync is not what is tested.
            seen.disk.synced(&seen.name);
            if seen.fresh.replace(false) {
                seen.disk.folder_synced();
            }
            return ffi::SQLITE_OK;
        }
        pass!(file, xSync, flags)
    }
}

unsafe extern "C" fn control(file: *mut sqlite3_file, op: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: for a pragma, SQLite gives its words as an array of writable texts of its own.
    unsafe {
        if op == ffi::SQLITE_FCNTL_PRAGMA && seen(file).is_some_and(|seen| seen.disk.is_lazy()) {
            let words = argument.cast::<*mut c_char>();
            let (name, value) = (*words.add(1), *words.add(2));
            if !value.is_null() && CStr::from_ptr(name).to_bytes() == b"synchronous" {
                // `1` is NORMAL, whatever was asked for.
                *value = b'1'.cast_signed() as c_char;
                *value.add(1) = 0;
            }
        }
        pass!(file, xFileControl, op, argument)
    }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xFileSize, size) }
}

unsafe extern "C" fn take_lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xLock, level) }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xUnlock, level) }
}

unsafe extern "C" fn reserved(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xCheckReservedLock, out) }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xSectorSize) }
}

unsafe extern "C" fn device(file: *mut sqlite3_file) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xDeviceCharacteristics) }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xShmMap, page, size, extend, out) }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, at: c_int, n: c_int, flags: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xShmLock, at, n, flags) }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: passed on as it came.
    unsafe {
        let behind = real(file);
        if let Some(method) = (*(*behind).pMethods).xShmBarrier {
            method(behind);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, remove: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe { pass!(file, xShmUnmap, remove) }
}

/// Version 2: with shared memory and without memory-mapped reads, which would be unseen.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(take_lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

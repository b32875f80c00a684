//! libc's functions that change files, in this program's own version: whoever calls one,
//! Rust's library or SQLite, calls these. They let `disk::calls` carry them out and
//! watch.

#![allow(
    unsafe_code,
    clippy::missing_safety_doc,
    reason = "the functions are those of POSIX, with its contracts, and stand where libc's would"
)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::os::fd::{BorrowedFd, IntoRawFd};

use homeround_tests::disk::calls::{self, NO_FILE};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::{Errno, Result};

unsafe extern "C" {
    fn __errno_location() -> *mut c_int;
}

/// As C answers: -1, and why in `errno`.
fn answer<T: Into<i64>>(done: Result<T>) -> i64 {
    done.map_or_else(
        |error| {
            // SAFETY: glibc and musl give the thread's own.
            unsafe { *__errno_location() = error.raw_os_error() };
            -1
        },
        Into::into,
    )
}

#[expect(clippy::cast_possible_truncation, reason = "a descriptor, 0 or -1")]
fn small<T: Into<i64>>(done: Result<T>) -> c_int {
    answer(done) as c_int
}

fn file<'f>(fd: c_int) -> Result<BorrowedFd<'f>> {
    if fd < 0 {
        return Err(NO_FILE);
    }
    // SAFETY: the caller has it open for as long as the call takes; if not, the system
    // answers so.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// # Safety
/// `path` is null or ends with a zero.
unsafe fn text<'p>(path: *const c_char) -> Result<&'p CStr> {
    if path.is_null() {
        return Err(Errno::FAULT);
    }
    // SAFETY: as the caller says.
    Ok(unsafe { CStr::from_ptr(path) })
}

fn length(len: i64) -> Result<u64> {
    u64::try_from(len).map_err(|_| Errno::INVAL)
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's.
    let path = unsafe { text(path) };
    let flags = OFlags::from_bits_retain(flags.cast_unsigned());
    let mode = Mode::from_raw_mode(if flags.contains(OFlags::CREATE) {
        mode
    } else {
        0
    });
    let opened = path.and_then(|path| calls::open(path, flags, mode));
    small(opened.map(IntoRawFd::into_raw_fd))
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's.
    unsafe { open(path, flags, mode) }
}

/// # Safety
/// As POSIX has it.
unsafe fn put(fd: c_int, bytes: *const c_void, len: usize, at: Option<i64>) -> isize {
    // SAFETY: the caller has so many bytes there.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), len) };
    let written = at
        .map(length)
        .transpose()
        .and_then(|at| calls::write(file(fd)?, bytes, at));
    answer(written.map(|len| i64::try_from(len).unwrap_or(i64::MAX))) as isize
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, len: usize) -> isize {
    // SAFETY: the caller's.
    unsafe { put(fd, bytes, len, None) }
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(fd: c_int, bytes: *const c_void, len: usize, at: i64) -> isize {
    // SAFETY: the caller's.
    unsafe { put(fd, bytes, len, Some(at)) }
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(fd: c_int, bytes: *const c_void, len: usize, at: i64) -> isize {
    // SAFETY: the caller's.
    unsafe { put(fd, bytes, len, Some(at)) }
}

/// As POSIX has it.
#[unsafe(no_mangle)]
extern "C" fn ftruncate(fd: c_int, len: i64) -> c_int {
    small(
        length(len)
            .and_then(|len| calls::resize(file(fd)?, len))
            .map(|()| 0),
    )
}

/// As POSIX has it.
#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, len: i64) -> c_int {
    ftruncate(fd, len)
}

/// As POSIX has it.
#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    small(file(fd).and_then(calls::sync).map(|()| 0))
}

/// As POSIX has it.
#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    fsync(fd)
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's.
    let paths = unsafe { text(from).and_then(|from| Ok((from, text(to)?))) };
    small(
        paths
            .and_then(|(from, to)| calls::rename(from, to))
            .map(|()| 0),
    )
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: c_uint) -> c_int {
    // SAFETY: the caller's.
    let path = unsafe { text(path) };
    small(
        path.and_then(|path| calls::make_folder(path, Mode::from_raw_mode(mode)))
            .map(|()| 0),
    )
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's.
    unsafe { unlinkat(CWD_RAW, path, 0) }
}

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the caller's.
    unsafe { unlinkat(CWD_RAW, path, AtFlags::REMOVEDIR.bits().cast_signed()) }
}

/// `AT_FDCWD`.
const CWD_RAW: c_int = -100;

/// # Safety
/// As POSIX has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's.
    let path = unsafe { text(path) };
    let flags = AtFlags::from_bits_retain(flags.cast_unsigned());
    let folder = if folder == CWD_RAW {
        Ok(None)
    } else {
        file(folder).map(Some)
    };
    let done = path.and_then(|path| calls::remove(folder?, path, flags));
    small(done.map(|()| 0))
}

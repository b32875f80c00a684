//! SQLCipher's cryptography over RustCrypto.
//!
//! SQLCipher asks a table of C functions (`sqlcipher_provider` in its source)
//! for AES-256-CBC, HMAC, PBKDF2 and random bytes. Filling that table here
//! spares every target OpenSSL; the file format stays SQLCipher's own, and files
//! of a stock build open (see the tests). `.cargo/config.toml` names
//! [`homeround_sqlcipher_provider`] to the C build.
//!
//! The only file with `unsafe`: the callers are C, so lengths and pointers come
//! separately. Each function turns them into slices first and is safe from there.
#![allow(
    unsafe_code,
    reason = "the callers are C; every block carries its SAFETY comment"
)]

use std::ffi::{CStr, c_char, c_int, c_uchar, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use aes::Aes256;
use aes::cipher::{Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::ffi::{SQLITE_ERROR, SQLITE_OK};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroize;

const KEY_BYTES: c_int = 32;
const BLOCK_BYTES: c_int = 16;
/// The largest digest asked for: SHA-512's.
const DIGEST_BYTES_MAX: usize = 64;

const MODE_DECRYPT: c_int = 0;
const MODE_ENCRYPT: c_int = 1;

const NAME: &CStr = c"homeround-rustcrypto";
const VERSION: &CStr = c"1";
/// More stack than any primitive here uses.
const STACK_SCRUBBED_BYTES: usize = 16 * 1024;
const CIPHER_NAME: &CStr = c"aes-256-cbc";

/// The digests by SQLCipher's numbers, which are the same for HMAC and PBKDF2.
#[derive(Clone, Copy)]
enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    const fn from_code(code: c_int) -> Option<Self> {
        match code {
            0 => Some(Self::Sha1),
            1 => Some(Self::Sha256),
            2 => Some(Self::Sha512),
            _ => None,
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

type Hash = unsafe extern "C" fn(
    *mut c_void,
    c_int,
    *const c_uchar,
    c_int,
    *const c_uchar,
    c_int,
    *const c_uchar,
    c_int,
    *mut c_uchar,
) -> c_int;
type Derive = unsafe extern "C" fn(
    *mut c_void,
    c_int,
    *const c_uchar,
    c_int,
    *const c_uchar,
    c_int,
    c_int,
    c_int,
    *mut c_uchar,
) -> c_int;
type Crypt = unsafe extern "C" fn(
    *mut c_void,
    c_int,
    *const c_uchar,
    c_int,
    *const c_uchar,
    *const c_uchar,
    c_int,
    *mut c_uchar,
) -> c_int;
type Text = extern "C" fn(*mut c_void) -> *const c_char;
type Number = extern "C" fn(*mut c_void) -> c_int;

/// SQLCipher's `struct sqlcipher_provider`, field for field.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Provider {
    init: Option<extern "C" fn() -> c_int>,
    shutdown: Option<extern "C" fn()>,
    get_provider_name: Option<Text>,
    add_random: Option<extern "C" fn(*mut c_void, *const c_void, c_int) -> c_int>,
    random: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int>,
    hmac: Option<Hash>,
    kdf: Option<Derive>,
    cipher: Option<Crypt>,
    get_cipher: Option<Text>,
    get_key_sz: Option<Number>,
    get_iv_sz: Option<Number>,
    get_block_sz: Option<Number>,
    get_hmac_sz: Option<extern "C" fn(*mut c_void, c_int) -> c_int>,
    ctx_init: Option<extern "C" fn(*mut *mut c_void) -> c_int>,
    ctx_free: Option<extern "C" fn(*mut *mut c_void) -> c_int>,
    fips_status: Option<Number>,
    get_provider_version: Option<Text>,
    next: *mut Provider,
}

unsafe extern "C" {
    fn atexit(work: extern "C" fn()) -> c_int;
}

/// Has something done when the process ends, before what was asked for earlier.
pub(super) fn at_exit(work: extern "C" fn()) {
    // SAFETY: `work` is a function for the whole life of the process. It fails only
    // without memory, and then the process ends as it did before.
    let _ = unsafe { atexit(work) };
}

/// Fills the table. SQLCipher calls it once, when SQLite starts.
///
/// # Safety
/// `provider` points to room for one `sqlcipher_provider`, as SQLCipher's own
/// start-up code allocates it; the room may be uninitialised.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn homeround_sqlcipher_provider(provider: *mut Provider) -> c_int {
    if provider.is_null() {
        return SQLITE_ERROR;
    }
    let table = Provider {
        init: None,
        shutdown: None,
        get_provider_name: Some(provider_name),
        add_random: Some(add_random),
        random: Some(random),
        hmac: Some(hmac),
        kdf: Some(kdf),
        cipher: Some(cipher),
        get_cipher: Some(cipher_name),
        get_key_sz: Some(key_bytes),
        get_iv_sz: Some(block_bytes),
        get_block_sz: Some(block_bytes),
        get_hmac_sz: Some(hmac_bytes),
        ctx_init: Some(context),
        ctx_free: Some(context),
        fips_status: Some(fips_status),
        get_provider_version: Some(provider_version),
        next: ptr::null_mut(),
    };
    // SAFETY: not null, and room for one table by this function's contract.
    unsafe { provider.write(table) };
    SQLITE_OK
}

/// The bytes that C names by pointer and length; none for a negative length or a
/// null pointer with a length.
///
/// # Safety
/// A pointer that is not null points to `len` readable bytes that nothing
/// writes to during `'a`.
unsafe fn input<'a>(bytes: *const c_uchar, len: c_int) -> Option<&'a [u8]> {
    match usize::try_from(len) {
        Ok(0) => Some(&[]),
        // SAFETY: not null, and `len` readable bytes by this function's contract.
        Ok(len) if !bytes.is_null() => Some(unsafe { std::slice::from_raw_parts(bytes, len) }),
        _ => None,
    }
}

extern "C" fn provider_name(_: *mut c_void) -> *const c_char {
    NAME.as_ptr()
}

extern "C" fn provider_version(_: *mut c_void) -> *const c_char {
    VERSION.as_ptr()
}

extern "C" fn cipher_name(_: *mut c_void) -> *const c_char {
    CIPHER_NAME.as_ptr()
}

extern "C" fn key_bytes(_: *mut c_void) -> c_int {
    KEY_BYTES
}

extern "C" fn block_bytes(_: *mut c_void) -> c_int {
    BLOCK_BYTES
}

extern "C" fn hmac_bytes(_: *mut c_void, algorithm: c_int) -> c_int {
    Digest::from_code(algorithm)
        .and_then(|digest| c_int::try_from(digest.bytes()).ok())
        .unwrap_or(0)
}

extern "C" fn fips_status(_: *mut c_void) -> c_int {
    0
}

/// There is no context: nothing is kept between calls.
extern "C" fn context(_: *mut *mut c_void) -> c_int {
    SQLITE_OK
}

/// The system's generator needs no seed from the caller.
extern "C" fn add_random(_: *mut c_void, _: *const c_void, _: c_int) -> c_int {
    SQLITE_OK
}

/// Writes random bytes of the operating system.
///
/// # Safety
/// `out` points to `len` writable bytes, initialised or not.
unsafe extern "C" fn random(_: *mut c_void, out: *mut c_void, len: c_int) -> c_int {
    let len = match usize::try_from(len) {
        Ok(len) if !out.is_null() => len,
        _ => return SQLITE_ERROR,
    };
    // SAFETY: not null, `len` writable bytes, and `MaybeUninit` asks for no content.
    let out = unsafe { std::slice::from_raw_parts_mut(out.cast::<MaybeUninit<u8>>(), len) };
    getrandom::fill_uninit(out).map_or(SQLITE_ERROR, |_| SQLITE_OK)
}

/// HMAC of one or two pieces (the second may be null).
///
/// # Safety
/// `key`, `first` and `second` point to as many readable bytes as their lengths
/// say, and `out` to as many writable ones as `get_hmac_sz` answers.
unsafe extern "C" fn hmac(
    _: *mut c_void,
    algorithm: c_int,
    key: *const c_uchar,
    key_len: c_int,
    first: *const c_uchar,
    first_len: c_int,
    second: *const c_uchar,
    second_len: c_int,
    out: *mut c_uchar,
) -> c_int {
    // SAFETY: each pair is readable by this function's contract.
    let pieces = unsafe { (input(key, key_len), input(first, first_len)) };
    let second = if second.is_null() {
        Some(&[][..])
    } else {
        // SAFETY: not null and readable by this function's contract.
        unsafe { input(second, second_len) }
    };
    let (Some(digest), (Some(key), Some(first)), Some(second)) =
        (Digest::from_code(algorithm), pieces, second)
    else {
        return SQLITE_ERROR;
    };
    let mut mac = [0; DIGEST_BYTES_MAX];
    let done = !out.is_null() && mac_into(digest, key, first, second, &mut mac);
    scrub_stack();
    if !done {
        return SQLITE_ERROR;
    }
    // SAFETY: `out` has room for the digest, and `mac` is ours, so they are apart.
    unsafe { ptr::copy_nonoverlapping(mac.as_ptr(), out, digest.bytes()) };
    mac.zeroize();
    SQLITE_OK
}

/// False for a key that the algorithm refuses; HMAC takes any.
#[inline(never)]
fn mac_into(
    digest: Digest,
    key: &[u8],
    first: &[u8],
    second: &[u8],
    out: &mut [u8; DIGEST_BYTES_MAX],
) -> bool {
    fn run<M: Mac + KeyInit>(key: &[u8], pieces: [&[u8]; 2], out: &mut [u8]) -> bool {
        let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else {
            return false;
        };
        pieces.into_iter().for_each(|piece| mac.update(piece));
        let tag = mac.finalize().into_bytes();
        out[..tag.len()].copy_from_slice(&tag);
        true
    }
    let pieces = [first, second];
    match digest {
        Digest::Sha1 => run::<Hmac<Sha1>>(key, pieces, out),
        Digest::Sha256 => run::<Hmac<Sha256>>(key, pieces, out),
        Digest::Sha512 => run::<Hmac<Sha512>>(key, pieces, out),
    }
}

/// PBKDF2 with HMAC.
///
/// # Safety
/// `pass` and `salt` point to as many readable bytes as their lengths say, `out`
/// to `out_len` writable ones apart from both.
unsafe extern "C" fn kdf(
    _: *mut c_void,
    algorithm: c_int,
    pass: *const c_uchar,
    pass_len: c_int,
    salt: *const c_uchar,
    salt_len: c_int,
    rounds: c_int,
    out_len: c_int,
    out: *mut c_uchar,
) -> c_int {
    // SAFETY: each pair is readable by this function's contract.
    let inputs = unsafe { (input(pass, pass_len), input(salt, salt_len)) };
    let (Some(digest), (Some(pass), Some(salt)), Ok(rounds), Ok(out_len)) = (
        Digest::from_code(algorithm),
        inputs,
        u32::try_from(rounds),
        usize::try_from(out_len),
    ) else {
        return SQLITE_ERROR;
    };
    if out.is_null() || rounds == 0 {
        return SQLITE_ERROR;
    }
    // SAFETY: `out_len` writable bytes by this function's contract; written before
    // they are made into a slice, so they are initialised.
    let out = unsafe {
        ptr::write_bytes(out, 0, out_len);
        std::slice::from_raw_parts_mut(out, out_len)
    };
    let derived = match digest {
        Digest::Sha1 => pbkdf2::pbkdf2::<Hmac<Sha1>>(pass, salt, rounds, out),
        Digest::Sha256 => pbkdf2::pbkdf2::<Hmac<Sha256>>(pass, salt, rounds, out),
        Digest::Sha512 => pbkdf2::pbkdf2::<Hmac<Sha512>>(pass, salt, rounds, out),
    };
    scrub_stack();
    derived.map_or(SQLITE_ERROR, |()| SQLITE_OK)
}

/// AES-256-CBC without padding over whole blocks.
///
/// # Safety
/// `key` points to `key_len` readable bytes, `iv` to sixteen, `data` to `len`
/// readable and `out` to `len` writable ones; `data` and `out` may overlap.
unsafe extern "C" fn cipher(
    _: *mut c_void,
    mode: c_int,
    key: *const c_uchar,
    key_len: c_int,
    iv: *const c_uchar,
    data: *const c_uchar,
    len: c_int,
    out: *mut c_uchar,
) -> c_int {
    // SAFETY: both are readable by this function's contract.
    let inputs = unsafe { (input(key, key_len), input(iv, BLOCK_BYTES)) };
    let ((Some(key), Some(iv)), Ok(len)) = (inputs, usize::try_from(len)) else {
        return SQLITE_ERROR;
    };
    if data.is_null() || out.is_null() {
        return SQLITE_ERROR;
    }
    // SAFETY: `len` bytes readable and writable by this function's contract;
    // `copy` allows overlap and initialises what becomes the slice.
    let pages = unsafe {
        ptr::copy(data, out, len);
        std::slice::from_raw_parts_mut(out, len)
    };
    let done = crypt_in_place(mode, key, iv, pages);
    scrub_stack();
    if done {
        SQLITE_OK
    } else {
        pages.zeroize();
        SQLITE_ERROR
    }
}

/// Overwrites the stack below its caller, where a primitive worked: a key schedule that is
/// moved leaves a copy that no destructor sees.
#[inline(never)]
fn scrub_stack() {
    // A variable: a constant would lie elsewhere.
    let mut below = [0_u8; STACK_SCRUBBED_BYTES];
    std::hint::black_box(&mut below);
}

/// False for a wrong length or mode.
#[inline(never)]
fn crypt_in_place(mode: c_int, key: &[u8], iv: &[u8], bytes: &mut [u8]) -> bool {
    let (blocks, rest) = Block::<Aes256>::slice_as_chunks_mut(bytes);
    if !rest.is_empty() {
        return false;
    }
    match mode {
        MODE_ENCRYPT => cbc::Encryptor::<Aes256>::new_from_slices(key, iv)
            .map(|mut aes| aes.encrypt_blocks(blocks))
            .is_ok(),
        MODE_DECRYPT => cbc::Decryptor::<Aes256>::new_from_slices(key, iv)
            .map(|mut aes| aes.decrypt_blocks(blocks))
            .is_ok(),
        _ => false,
    }
}

#[cfg(test)]
#[path = "cipher_tests.rs"]
mod tests;

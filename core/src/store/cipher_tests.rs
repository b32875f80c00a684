//! Published vectors through the table that SQLCipher calls, and files.

use rusqlite::Connection;

use super::*;

fn table() -> Provider {
    let mut provider = MaybeUninit::<Provider>::zeroed();
    // SAFETY: room for one table, filled when the call answers SQLITE_OK.
    unsafe {
        assert_eq!(
            homeround_sqlcipher_provider(provider.as_mut_ptr()),
            SQLITE_OK
        );
        provider.assume_init()
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn len(bytes: &[u8]) -> c_int {
    c_int::try_from(bytes.len()).unwrap()
}

fn crypt(mode: c_int, key: &[u8], iv: &[u8], data: &[u8]) -> (c_int, Vec<u8>) {
    let mut out = vec![0xAA; data.len()];
    let call = table().cipher.unwrap();
    // SAFETY: pointers and lengths come from live slices; `out` is as long as `data`.
    let code = unsafe {
        call(
            ptr::null_mut(),
            mode,
            key.as_ptr(),
            len(key),
            iv.as_ptr(),
            data.as_ptr(),
            len(data),
            out.as_mut_ptr(),
        )
    };
    (code, out)
}

fn mac(algorithm: c_int, key: &[u8], first: &[u8], second: Option<&[u8]>) -> (c_int, Vec<u8>) {
    let provider = table();
    let size = provider.get_hmac_sz.unwrap()(ptr::null_mut(), algorithm);
    let mut out = vec![0; usize::try_from(size).unwrap()];
    // SAFETY: pointers and lengths come from live slices; `out` has the size asked for.
    let code = unsafe {
        provider.hmac.unwrap()(
            ptr::null_mut(),
            algorithm,
            key.as_ptr(),
            len(key),
            first.as_ptr(),
            len(first),
            second.map_or(ptr::null(), <[u8]>::as_ptr),
            second.map_or(0, len),
            out.as_mut_ptr(),
        )
    };
    (code, out)
}

fn derive(algorithm: c_int, pass: &[u8], salt: &[u8], rounds: c_int, size: usize) -> Vec<u8> {
    let mut out = vec![0; size];
    // SAFETY: pointers and lengths come from live slices.
    let code = unsafe {
        table().kdf.unwrap()(
            ptr::null_mut(),
            algorithm,
            pass.as_ptr(),
            len(pass),
            salt.as_ptr(),
            len(salt),
            rounds,
            len(&out),
            out.as_mut_ptr(),
        )
    };
    assert_eq!(code, SQLITE_OK);
    out
}

#[test]
fn aes_256_cbc_agrees_with_nist_sp_800_38a() {
    let key = hex("603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4");
    let iv = hex("000102030405060708090a0b0c0d0e0f");
    let plain = hex(
        "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51
         30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710",
    );
    let secret = hex(
        "f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d
         39f23369a9d9bacfa530e26304231461 b2eb05e2c39be9fcda6c19078c6a9d1b",
    );
    assert_eq!(
        crypt(MODE_ENCRYPT, &key, &iv, &plain),
        (SQLITE_OK, secret.clone())
    );
    assert_eq!(crypt(MODE_DECRYPT, &key, &iv, &secret), (SQLITE_OK, plain));
}

#[test]
fn a_wrong_length_or_mode_is_an_error_and_leaves_no_plaintext() {
    let (code, out) = crypt(MODE_ENCRYPT, &[1; 32], &[2; 16], &[3; 15]);
    assert_eq!((code, out), (SQLITE_ERROR, vec![0; 15]));
    assert_eq!(
        crypt(MODE_ENCRYPT, &[1; 31], &[2; 16], &[3; 16]).0,
        SQLITE_ERROR
    );
    assert_eq!(crypt(7, &[1; 32], &[2; 16], &[3; 16]).0, SQLITE_ERROR);
}

#[test]
fn hmac_agrees_with_rfc_2202_and_rfc_4231() {
    let (key, data) = (&b"Jefe"[..], &b"what do ya want for nothing?"[..]);
    let cases = [
        (0, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (
            1,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            2,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ];
    for (algorithm, expected) in cases {
        assert_eq!(mac(algorithm, key, data, None), (SQLITE_OK, hex(expected)));
        let (head, tail) = data.split_at(9);
        assert_eq!(mac(algorithm, key, head, Some(tail)).1, hex(expected));
    }
    assert_eq!(mac(9, key, data, None).0, SQLITE_ERROR);
}

#[test]
fn pbkdf2_agrees_with_rfc_6070_and_its_sha2_twins() {
    let (pass, salt) = (&b"password"[..], &b"salt"[..]);
    assert_eq!(
        derive(0, pass, salt, 4096, 20),
        hex("4b007901b765489abead49d926f721d065a429c1")
    );
    assert_eq!(
        derive(1, pass, salt, 4096, 32),
        hex("c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a")
    );
    assert_eq!(
        derive(2, pass, salt, 4096, 64),
        hex(
            "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5
             143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5"
        )
    );
}

#[test]
fn random_bytes_differ_and_a_null_buffer_is_an_error() {
    let call = table().random.unwrap();
    let (mut one, mut two) = ([0_u8; 32], [0_u8; 32]);
    // SAFETY: both buffers have the length that is passed; null is what is tested.
    unsafe {
        assert_eq!(
            call(ptr::null_mut(), one.as_mut_ptr().cast(), 32),
            SQLITE_OK
        );
        assert_eq!(
            call(ptr::null_mut(), two.as_mut_ptr().cast(), 32),
            SQLITE_OK
        );
        assert_eq!(call(ptr::null_mut(), ptr::null_mut(), 32), SQLITE_ERROR);
    }
    assert_ne!(one, two);
}

/// The fixtures were written by SQLCipher 4 as its publisher builds it (OpenSSL):
/// `PRAGMA key`, `CREATE TABLE t(a)`, one row.
fn opens_stock(file: &[u8], key: &str) -> rusqlite::Result<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stock.db");
    std::fs::write(&path, file).unwrap();
    let db = Connection::open(path)?;
    db.execute_batch(&format!(
        "PRAGMA key = {key}; PRAGMA cipher_log_level = NONE"
    ))?;
    db.query_row("SELECT a FROM t", [], |row| row.get(0))
}

#[test]
fn files_of_stock_sqlcipher_open_by_passphrase_and_by_raw_key() {
    let raw = format!("\"x'{}'\"", "2a".repeat(32));
    let wrong = format!("\"x'{}'\"", "2b".repeat(32));
    let by_phrase = include_bytes!("fixtures/stock_passphrase.db");
    let by_key = include_bytes!("fixtures/stock_raw_key.db");
    let row = Ok("written by stock SQLCipher".to_owned());
    assert_eq!(opens_stock(by_phrase, "'correct horse'"), row);
    assert_eq!(opens_stock(by_key, &raw), row);
    assert!(opens_stock(by_key, &wrong).is_err());
}

#[test]
fn a_file_round_trips_and_a_wrong_key_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let open = |byte: &str| {
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!("PRAGMA key = \"x'{}'\"", byte.repeat(32)))
            .unwrap();
        db
    };
    open("01")
        .execute_batch("CREATE TABLE t(a); INSERT INTO t VALUES('Jose')")
        .unwrap();
    let read = |db: Connection| db.query_row("SELECT a FROM t", [], |row| row.get::<_, String>(0));
    assert_eq!(read(open("01")), Ok("Jose".to_owned()));
    assert!(read(open("02")).is_err());
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(4).any(|window| window == b"Jose"));
    assert!(!bytes.starts_with(b"SQLite format 3"));
}

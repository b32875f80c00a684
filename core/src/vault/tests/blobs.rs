//! Attachments at rest.

use std::io::Cursor;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::super::crypt::random_key;
use super::super::*;

const MAX: u64 = 1 << 20;

fn session() -> Session {
    let mut entropy = OsEntropy;
    Session {
        database_key: random_key(&mut entropy).unwrap(),
        device: Box::new(ed25519_dalek::SigningKey::from_bytes(&[1; 32])),
    }
}

fn sealed(session: &Session, plain: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let key = session.blob_key().unwrap();
    let sealed = seal_blob(&key, &mut &*plain, &mut file, MAX, &mut OsEntropy).unwrap();
    assert_eq!(sealed.bytes, plain.len() as u64);
    assert_eq!(sealed.sha256[..], Sha256::digest(plain)[..]);
    file
}

fn open(session: &Session, file: &[u8]) -> Result<Vec<u8>, BlobError> {
    let key = session.blob_key().unwrap();
    let mut reader = BlobReader::new(key, Cursor::new(file))?;
    Ok(reader.read_at(0, usize::MAX)?.to_vec())
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

#[test]
fn a_blob_of_any_length_comes_back_whole_and_is_not_readable_in_the_file() {
    let session = session();
    let chunk = BLOB_CHUNK_BYTES;
    for length in [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 7] {
        let plain = pattern(length);
        let file = sealed(&session, &plain);
        assert_eq!(open(&session, &file).unwrap(), plain, "{length}");
        let needle = &plain[..length.min(16)];
        let found = length >= 16 && file.windows(16).any(|window| window == needle);
        assert!(!found, "{length}");
    }
}

#[test]
fn another_phones_key_does_not_open_a_blob() {
    let file = sealed(&session(), b"wound, left heel");
    assert!(matches!(open(&session(), &file), Err(BlobError::Damaged)));
}

#[test]
fn more_bytes_than_allowed_are_refused_before_they_are_all_read() {
    let plain = pattern(200_000);
    let key = session().blob_key().unwrap();
    let outcome = seal_blob(&key, &mut &*plain, &mut Vec::new(), 100_000, &mut OsEntropy);
    assert!(matches!(outcome, Err(BlobError::TooLarge { max: 100_000 })));
}

#[test]
fn a_cut_off_file_or_swapped_chunks_do_not_open() {
    let session = session();
    let file = sealed(&session, &pattern(3 * BLOB_CHUNK_BYTES));
    let sealed_chunk = BLOB_CHUNK_BYTES + 16;
    for length in [0, 10, 23, 24, 23 + sealed_chunk, file.len() - 1] {
        assert!(open(&session, &file[..length]).is_err(), "{length}");
    }
    let mut swapped = file;
    let (first, second) = swapped[23..].split_at_mut(sealed_chunk);
    first.swap_with_slice(&mut second[..sealed_chunk]);
    assert!(matches!(open(&session, &swapped), Err(BlobError::Damaged)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_part_can_be_read_by_itself(offset in 0_u64..200_000, max in 0_usize..200_000) {
        let session = session();
        let plain = pattern(150_000);
        let file = sealed(&session, &plain);
        let key = session.blob_key().unwrap();
        let mut reader = BlobReader::new(key, Cursor::new(&file)).unwrap();
        let part = reader.read_at(offset, max).unwrap();
        let from = plain.len().min(offset as usize);
        let until = plain.len().min(from + max);
        prop_assert_eq!(&part[..], &plain[from..until]);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed(at in 0_usize..70_000, bit in 0_u8..8) {
        let session = session();
        let mut file = sealed(&session, &pattern(69_900));
        let at = at % file.len();
        file[at] ^= 1 << bit;
        prop_assert!(open(&session, &file).is_err());
    }
}

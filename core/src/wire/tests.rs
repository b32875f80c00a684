//! The bodies keep their bytes, and bad bytes are refused.

mod samples;

use std::path::PathBuf;

use proptest::prelude::*;

use self::samples::{Visitor, page, visit_all};
use super::*;

/// Set it to write the golden bytes of the current version.
const WRITE: &str = "HOMEROUND_WRITE_GOLDEN";

fn golden_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/wire/golden")
}

/// The bytes of every body as it is written today.
fn all_bytes() -> Vec<(String, Vec<u8>)> {
    struct Collect(Vec<(String, Vec<u8>)>);
    impl Visitor for Collect {
        fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, file: &str, body: &T) {
            self.0.push((file.to_owned(), encode(body).unwrap()));
        }
    }
    let mut collect = Collect(Vec::new());
    visit_all(&mut collect);
    collect.0
}

/// Reads the bytes as every kind of body; the names of those that took them.
fn read_as_every_body(bytes: &[u8], sealed: bool) -> usize {
    struct Read<'a>(&'a [u8], bool, usize);
    impl Visitor for Read<'_> {
        fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, _file: &str, _body: &T) {
            let read = if self.1 {
                open_body::<T>(self.0).is_ok()
            } else {
                decode::<T>(self.0).is_ok()
            };
            self.2 += usize::from(read);
        }
    }
    let mut read = Read(bytes, sealed, 0);
    visit_all(&mut read);
    read.2
}

#[test]
fn every_body_keeps_its_golden_bytes_and_this_build_reads_them() {
    struct Golden(PathBuf, Vec<String>);
    impl Visitor for Golden {
        fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, file: &str, body: &T) {
            let name = format!("{file}.cbor");
            let path = self.0.join(&name);
            let bytes = encode(body).unwrap();
            if std::env::var_os(WRITE).is_some() {
                std::fs::write(&path, &bytes).unwrap();
            }
            let golden = std::fs::read(&path).unwrap_or_else(|_| panic!("no golden {name}"));
            assert_eq!(&decode::<T>(&golden).unwrap(), body, "{name}");
            assert_eq!(golden, bytes, "{name} is written otherwise today");
            self.1.push(name);
        }
    }
    let folder = golden_folder().join(format!("v{PROTOCOL}"));
    if std::env::var_os(WRITE).is_some() {
        std::fs::create_dir_all(&folder).unwrap();
    }
    let mut golden = Golden(folder.clone(), Vec::new());
    visit_all(&mut golden);
    let mut there: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    golden.1.sort();
    assert_eq!(there, golden.1, "a golden file that nothing reads");
}

#[test]
fn this_build_reads_the_golden_bytes_of_every_version() {
    struct Read(PathBuf, usize);
    impl Visitor for Read {
        fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, file: &str, _body: &T) {
            // A body that came later has no bytes in an older version.
            if let Ok(golden) = std::fs::read(self.0.join(format!("{file}.cbor"))) {
                decode::<T>(&golden).unwrap();
                let sealed = zstd::bulk::compress(&golden, ZSTD_LEVEL).unwrap();
                open_body::<T>(&sealed).unwrap();
                self.1 += 1;
            }
        }
    }
    for version in 1..=PROTOCOL {
        let mut read = Read(golden_folder().join(format!("v{version}")), 0);
        visit_all(&mut read);
        assert!(read.1 > 0, "no golden bytes of version {version}");
    }
}

/// Copies one CBOR item and adds a key that nobody knows to every map in it.
fn with_unknown_keys<'a>(bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let (major, info) = (bytes[0] >> 5, bytes[0] & 31);
    let width = match info {
        0..24 => 0,
        24..28 => 1_usize << (info - 24),
        _ => panic!("no indefinite lengths here"),
    };
    let value = bytes[1..=width]
        .iter()
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let value = if width == 0 { u64::from(info) } else { value };
    let mut rest = &bytes[1 + width..];
    let count = usize::try_from(value).unwrap();
    match major {
        2 | 3 => {
            out.extend_from_slice(&bytes[..1 + width + count]);
            rest = &rest[count..];
        }
        4 => {
            out.extend_from_slice(&bytes[..=width]);
            for _ in 0..count {
                rest = with_unknown_keys(rest, out);
            }
        }
        5 => {
            assert!(count < 23);
            out.push(0xA0 | u8::try_from(count + 1).unwrap());
            for _ in 0..count * 2 {
                rest = with_unknown_keys(rest, out);
            }
            // 4242: [{"x": h'0102'}, 1.5, null]
            out.extend_from_slice(b"\x19\x10\x92\x83\xA1\x61x\x42\x01\x02\xF9\x3E\x00\xF6");
        }
        _ => out.extend_from_slice(&bytes[..=width]),
    }
    rest
}

#[test]
fn keys_of_later_versions_are_ignored_at_every_depth() {
    struct Grow;
    impl Visitor for Grow {
        fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, file: &str, body: &T) {
            let bytes = encode(body).unwrap();
            let mut grown = Vec::new();
            assert!(with_unknown_keys(&bytes, &mut grown).is_empty());
            assert!(grown.len() > bytes.len());
            assert_eq!(&decode::<T>(&grown).unwrap(), body, "{file}");
        }
    }
    visit_all(&mut Grow);
}

#[test]
fn what_is_optional_may_be_missing() {
    let mut bytes = encode(&page()).unwrap();
    // The last key, 11, with 1998.
    let tail = [11, 0x19, 0x07, 0xCE];
    assert_eq!(bytes.split_off(bytes.len() - 4), tail);
    bytes[0] -= 1;
    let read: Page = decode(&bytes).unwrap();
    assert_eq!(read.remaining, None);
    assert_eq!(read.leaves, page().leaves);
}

#[test]
fn a_body_survives_sealing() {
    struct Seal;
    impl Visitor for Seal {
        fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, file: &str, body: &T) {
            let sealed = seal_body(body).unwrap();
            assert_eq!(&open_body::<T>(&sealed).unwrap(), body, "{file}");
        }
    }
    visit_all(&mut Seal);
}

#[test]
fn an_oversized_body_is_refused_in_both_directions() {
    struct Oversize;
    impl Visitor for Oversize {
        fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, _file: &str, _body: &T) {
            let limit = T::SENT_MAX;
            let what = T::NAME;
            let refused = open_body::<T>(&vec![0x28; limit + 1]).unwrap_err();
            assert_eq!(refused, WireError::TooLarge { what, limit });
            let limit = T::INFLATED_MAX;
            let refused = decode::<T>(&vec![0xA0; limit + 1]).unwrap_err();
            assert_eq!(refused, WireError::TooLarge { what, limit });
        }
    }
    visit_all(&mut Oversize);
    let big = |text: usize| BreakGlassRequest {
        device: [2; 16].into(),
        patient: [5; 16].into(),
        reason: "x".repeat(text),
    };
    assert!(seal_body(&big(SMALL_BODY_MAX - 100)).is_ok());
    let refused = seal_body(&big(SMALL_BODY_MAX)).unwrap_err();
    assert!(matches!(refused, WireError::TooLarge { .. }));
    // Fits once inflated, and not as sent: bytes that don't compress.
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        u8::try_from(state >> 56).unwrap()
    };
    let push = PushRequest {
        device: [2; 16].into(),
        changes: (0..PUSH_BYTES_MAX + 1)
            .map(|_| noise())
            .collect::<Vec<_>>()
            .into(),
        signature: [8; 64].into(),
        proofs: None,
        devices: None,
    };
    let limit = PUSH_BYTES_MAX;
    let refused = seal_body(&push).unwrap_err();
    assert_eq!(
        refused,
        WireError::TooLarge {
            what: "push",
            limit
        }
    );
}

/// `size` zeros as one frame.
fn bomb(size: usize) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..size / zeros.len() {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_bomb_is_refused_at_the_limit_and_not_after() {
    let gigabyte = bomb(1024 * 1024 * 1024);
    assert!(gigabyte.len() < PUSH_BYTES_MAX, "{}", gigabyte.len());
    let limit = PUSH_INFLATED_MAX;
    let what = "push";
    let refused = open_body::<PushRequest>(&gigabyte).unwrap_err();
    assert_eq!(refused, WireError::TooLarge { what, limit });
    let refused = open_body::<Page>(&gigabyte).unwrap_err();
    assert!(matches!(refused, WireError::TooLarge { .. }));
    let limit = SMALL_BODY_MAX;
    let refused = open_body::<Ack>(&bomb(64 * 1024 * 1024)).unwrap_err();
    let what = "acknowledgement";
    assert_eq!(refused, WireError::TooLarge { what, limit });
    // Many frames one after the other.
    let frame = zstd::bulk::compress(&[0; 1024], 3).unwrap();
    let frames = frame.repeat(SMALL_BODY_MAX / frame.len());
    let refused = open_body::<Ack>(&frames).unwrap_err();
    assert_eq!(refused, WireError::TooLarge { what, limit });
}

#[test]
fn a_frame_that_asks_for_a_huge_window_is_refused() {
    // Magic, a window descriptor of 2^31 bytes, an empty last block.
    let frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 0x01, 0x00, 0x00];
    let what = "acknowledgement";
    assert_eq!(open_body::<Ack>(&frame), Err(WireError::Malformed { what }));
}

#[test]
fn a_length_that_the_bytes_do_not_hold_is_refused_without_being_reserved() {
    // {2: [an array of 2^63 runs, and then nothing]}, and the same for bytes,
    // text and maps.
    for head in [0x9B, 0x5B, 0x7B, 0xBB] {
        let mut bytes = vec![0xA3, 0, 3, 1, 5, 2, head];
        bytes.extend_from_slice(&(1_u64 << 63).to_be_bytes());
        assert!(decode::<PushResponse>(&bytes).is_err());
        assert_eq!(read_as_every_body(&bytes, false), 0);
    }
    // Unknown keys are skipped without recursion: deep nesting is no way in.
    let mut deep = encode(&Ack {
        epoch: 1,
        server_ms: 2,
    })
    .unwrap();
    deep[0] += 1;
    deep.push(9);
    deep.extend(std::iter::repeat_n(0x81, SMALL_BODY_MAX - 10));
    let _ = decode::<Ack>(&deep);
}

#[test]
fn no_two_statements_share_bytes() {
    let hashes = [[1; 32], [2; 32]];
    let statements = [
        enrol_statement(&[1; 32], "a"),
        policy_statement("a"),
        push_statement(&[1; 16], &hashes),
        push_statement(&[1; 16], &hashes[..1]),
        receipts_statement(&[1; 16], &[]),
    ];
    for (index, one) in statements.iter().enumerate() {
        for other in &statements[index + 1..] {
            assert_ne!(one, other);
        }
    }
    let receipt = |reason: &str, at_ms| Receipt {
        id: [1; 16].into(),
        patient: [5; 16].into(),
        reason: reason.into(),
        documents: 4,
        records: 5,
        at_ms,
    };
    let one = receipts_statement(&[1; 16], &[receipt("ab", 1), receipt("c", 1)]);
    let other = receipts_statement(&[1; 16], &[receipt("a", 1), receipt("bc", 1)]);
    assert_ne!(one, other);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mutated_bodies_never_panic(
        pick in 0_usize..11,
        cut in 0.0_f64..1.2,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        insert in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let (_, mut bytes) = all_bytes().swap_remove(pick);
        for (at, byte) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some((at, _)) = edits.first() {
            let at = at.index(bytes.len());
            bytes.splice(at..at, insert);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length between 0 and 1 is a length"
        )]
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        let plain = read_as_every_body(&bytes, false);
        let sealed = zstd::bulk::compress(&bytes, 1).unwrap();
        prop_assert_eq!(read_as_every_body(&sealed, true), plain);
    }

    #[test]
    fn mutated_frames_never_panic(
        pick in 0_usize..11,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (_, bytes) = all_bytes().swap_remove(pick);
        let mut sealed = zstd::bulk::compress(&bytes, ZSTD_LEVEL).unwrap();
        for (at, byte) in edits {
            let at = at.index(sealed.len());
            sealed[at] = byte;
        }
        read_as_every_body(&sealed, true);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_as_every_body(&bytes, false);
        read_as_every_body(&bytes, true);
    }

    #[test]
    fn every_prefix_of_a_body_is_refused(pick in 0_usize..11, at in any::<prop::sample::Index>()) {
        struct Prefix<'a>(&'a str, usize);
        impl Visitor for Prefix<'_> {
            fn visit<T: Body + PartialEq + std::fmt::Debug>(&mut self, file: &str, body: &T) {
                if file == self.0 {
                    let bytes = encode(body).unwrap();
                    let cut = &bytes[..self.1];
                    assert_eq!(decode::<T>(cut), Err(WireError::Malformed { what: T::NAME }));
                }
            }
        }
        let (file, bytes) = all_bytes().swap_remove(pick);
        visit_all(&mut Prefix(&file, at.index(bytes.len())));
    }
}

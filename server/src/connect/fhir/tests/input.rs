//! Input that is not what it should be.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{context, fixture, import};
use crate::connect::fhir::{DEPTH_MAX, INFLATED_BYTES_MAX, ImportContext, ImportError};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn inflated(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let compressed = fixture(name);
    let mut decoder = flate2::read::GzDecoder::new(compressed.as_slice());
    std::io::Read::read_to_end(&mut decoder, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_bundle_cut_anywhere_is_truncated_and_says_where() {
    let whole = fixture("collection.json");
    for cut in [1, 20, 500, whole.len() / 2, whole.len() - 3] {
        let offset = whole[..cut].trim_ascii_end().len();
        assert_eq!(
            import(&whole[..cut]).unwrap_err(),
            ImportError::Truncated { offset }
        );
    }
    assert_eq!(import(b"").unwrap_err().code(), "truncated");
    assert_eq!(import(b" \n").unwrap_err().code(), "truncated");
}

#[test]
fn a_gzip_file_cut_or_damaged_is_refused() {
    let whole = fixture("grover_murphy.json.gz");
    let cut = import(&whole[..whole.len() / 2]).unwrap_err();
    assert!(
        matches!(cut, ImportError::Truncated { offset } if offset > 0),
        "{cut}"
    );
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    let error = import(&damaged).unwrap_err();
    assert!(!error.remedy().is_empty());
    assert!(
        matches!(
            error,
            ImportError::BadGzip { .. } | ImportError::Truncated { .. }
        ),
        "{error}"
    );
}

#[test]
fn a_decompression_bomb_is_refused_at_the_limit() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let spaces = vec![b' '; 1024 * 1024];
    for _ in 0..=INFLATED_BYTES_MAX / spaces.len() {
        encoder.write_all(&spaces).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < INFLATED_BYTES_MAX / 100);
    let limit = INFLATED_BYTES_MAX;
    assert_eq!(import(&bomb).unwrap_err(), ImportError::TooLarge { limit });
}

#[test]
fn what_is_not_fhir_is_refused_with_the_element_that_is_missing() {
    for input in [
        "[]",
        "3",
        "\"Bundle\"",
        "{}",
        "{\"resourceType\": 3}",
        "{\"type\": \"collection\", \"entry\": []}",
    ] {
        let error = import(input.as_bytes()).unwrap_err();
        assert_eq!(
            error,
            ImportError::NotFhir {
                field: "resourceType"
            },
            "{input}"
        );
    }
    for input in [
        "<Bundle xmlns=\"http://hl7.org/fhir\"/>",
        "{\"a\": 1,}",
        "{} trailing",
    ] {
        let error = import(input.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "not_json", "{input}");
    }
    assert_eq!(
        import(&[b'{', 0xff]).unwrap_err(),
        ImportError::NotUtf8 { offset: 1 }
    );
}

#[test]
fn a_bundle_of_another_shape_is_refused_with_its_field() {
    for (input, field) in [
        ("{\"resourceType\": \"Bundle\"}", "Bundle.type"),
        (
            "{\"resourceType\": \"Bundle\", \"type\": \"history\"}",
            "Bundle.type",
        ),
        (
            "{\"resourceType\": \"Bundle\", \"type\": \"collection\", \"entry\": {}}",
            "Bundle.entry",
        ),
    ] {
        let error = import(input.as_bytes()).unwrap_err();
        assert_eq!(error, ImportError::WrongShape { field }, "{input}");
    }
}

#[test]
fn nesting_is_bounded_before_anything_is_parsed() {
    let deep = |depth: usize| {
        let inside = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        format!("{{\"resourceType\": \"Bundle\", \"type\": \"collection\", \"x\": {inside}}}")
    };
    assert!(import(deep(DEPTH_MAX - 1).as_bytes()).is_ok());
    let error = import(deep(DEPTH_MAX).as_bytes()).unwrap_err();
    assert!(
        matches!(
            error,
            ImportError::TooDeep {
                limit: DEPTH_MAX,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        import(deep(1_000_000).as_bytes()).unwrap_err().code(),
        "too_deep"
    );
}

#[test]
fn an_empty_bundle_is_an_empty_import() {
    let input = br#"{"resourceType": "Bundle", "type": "transaction"}"#;
    let empty = import(input).unwrap();
    assert_eq!(
        (
            empty.report.entries,
            empty.records.len(),
            empty.documents.len()
        ),
        (0, 0, 0)
    );
}

#[test]
fn a_byte_order_mark_and_the_kind_of_compression_make_no_difference() {
    let plain = inflated("grover_murphy.json.gz");
    let expected = import(&fixture("grover_murphy.json.gz")).unwrap();
    assert_eq!(import(&plain).unwrap(), expected);
    assert_eq!(import(&gzip(&plain)).unwrap(), expected);
    let marked = [b"\xef\xbb\xbf".as_slice(), &plain].concat();
    assert_eq!(import(&marked).unwrap(), expected);
}

#[test]
fn an_unknown_time_zone_is_the_callers_mistake() {
    let context = ImportContext {
        default_time_zone: "Boston".to_owned(),
        ..context()
    };
    let error = crate::connect::fhir::import(b"{}", &context).unwrap_err();
    assert_eq!(error, ImportError::TimeZone);
}

#[test]
fn bytes_changed_at_random_never_stop_the_importer() {
    let whole = fixture("collection.json");
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..400 {
        let mut mutant = whole.clone();
        for _ in 0..3 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from(state % mutant.len() as u64).unwrap();
            mutant[at] = b"\"{}[],:0tnx\\"[usize::try_from(state >> 40).unwrap() % 12];
        }
        if let Ok(taken) = import(&mutant) {
            let report = taken.report;
            assert_eq!(
                report.imported_total() + report.skipped_total(),
                report.entries
            );
        }
    }
}

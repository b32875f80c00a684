//! Verdicts, and the name of a change.

use homeround::model::ChangeHash;
use homeround::wire::{CHANGE_BYTES_MAX, Verdict, VerdictRun};
use sha2::{Digest as _, Sha256};

/// The person has no access to the patient any more.
pub(crate) const ACCESS_ENDED: &str = "access_ended";
/// The change's first one does not say whose document it is, or of a patient
/// that is not here.
pub(crate) const UNKNOWN_DOCUMENT: &str = "unknown_document";
/// The actor is not of the device that offers the change.
pub(crate) const ACTOR_NOT_YOURS: &str = "actor_not_yours";
/// It was accepted before, and nobody here knows any more who wrote it.
pub(crate) const AUTHOR_UNKNOWN: &str = "author_unknown";
/// It builds on a change that was rejected.
pub(crate) const DEPENDS_ON_REJECTED: &str = "depends_on_rejected";

/// The bytes before what a change is named by: magic and checksum.
const PREFIX: usize = 8;
const TYPE_PLAIN: u8 = 1;
const TYPE_DEFLATED: u8 = 2;

/// The name of a change: SHA-256 over its type, length and plain body. What
/// is no change at all is named by its bytes; vetting refuses it by that name.
pub(crate) fn name_of(bytes: &[u8]) -> ChangeHash {
    let named = bytes.get(PREFIX..).unwrap_or_default();
    let plain = match named.first() {
        Some(&TYPE_DEFLATED) => inflate(&named[1..]),
        _ => None,
    };
    let mut hasher = Sha256::new();
    match plain {
        Some(body) => {
            hasher.update([TYPE_PLAIN]);
            hasher.update(leb128(body.len() as u64));
            hasher.update(body);
        }
        None if named.is_empty() => hasher.update(bytes),
        None => hasher.update(named),
    }
    ChangeHash(hasher.finalize().into())
}

/// The body after a length in LEB128, inflated up to the limit of a change.
fn inflate(after_type: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read as _;
    let length = after_type.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let mut body = Vec::new();
    flate2::read::DeflateDecoder::new(&after_type[length..])
        .take(CHANGE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut body)
        .ok()?;
    (body.len() <= CHANGE_BYTES_MAX).then_some(body)
}

fn leb128(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        #[allow(clippy::cast_possible_truncation, reason = "masked to seven bits")]
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A verdict that rejects.
pub(crate) fn rejected(code: &str, field: &str) -> Verdict {
    Verdict::Rejected {
        code: code.into(),
        field: field.into(),
    }
}

/// Equal neighbours in one run; accepted ones when their numbers follow.
pub(crate) fn runs(verdicts: Vec<Verdict>) -> Vec<VerdictRun> {
    let mut runs: Vec<VerdictRun> = Vec::new();
    for verdict in verdicts {
        match runs.last_mut() {
            Some(run) if continues(run, &verdict) => run.count += 1,
            _ => runs.push(VerdictRun { count: 1, verdict }),
        }
    }
    runs
}

fn continues(run: &VerdictRun, next: &Verdict) -> bool {
    match (&run.verdict, next) {
        (Verdict::Accepted { seq: first }, Verdict::Accepted { seq }) => {
            first + u64::from(run.count) == *seq
        }
        (run, next) => run == next,
    }
}

#[cfg(test)]
mod tests {
    use homeround::merge::Document;
    use homeround::model::{ActorId, DocumentId, Millis, PatientId};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_change_has_one_name_plain_and_deflated_which_is_the_merge_rooms() {
        use std::io::Write as _;
        let patient = PatientId(Uuid::from_u128(1));
        let tree = json!({ "schema": 1, "kind": "chart", "patient": patient });
        let id = DocumentId::chart(patient);
        let (_, edit) = Document::create(id, &tree, ActorId([7; 16]), Millis(5)).unwrap();
        assert_eq!(name_of(&edit.bytes), edit.hash);
        let (prefix, named) = edit.bytes.split_at(PREFIX);
        let length = named[1..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&named[1 + length..]).unwrap();
        let body = encoder.finish().unwrap();
        let size = leb128(body.len() as u64);
        let deflated = [prefix, &[TYPE_DEFLATED], &size, &body].concat();
        assert_eq!(name_of(&deflated), edit.hash);
    }

    #[test]
    fn neighbours_with_following_numbers_or_equal_verdicts_share_a_run() {
        let accepted = |seq| Verdict::Accepted { seq };
        let no = || rejected("sealed", "note");
        let verdicts = vec![
            accepted(4),
            accepted(5),
            accepted(7),
            no(),
            no(),
            Verdict::Duplicate,
        ];
        let counts: Vec<u32> = runs(verdicts).iter().map(|run| run.count).collect();
        assert_eq!(counts, [2, 1, 2, 1]);
    }
}

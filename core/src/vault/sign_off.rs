//! Signing a sign-off: what is signed, byte by byte.
//!
//! The bytes of a seal's statement (`seal.rs`), then what the signer gave, each text
//! with its length (u32, big-endian) in front and each figure as a decimal text:
//!
//! ```text
//! clinician | patient | representative, name, relation
//! drawn, width_um, height_um, tolerance_um, true or false, strokes
//! | typed, text | not_signed, reason, comment or nothing
//! ```
//!
//! The device signs `homeround/sign-off/1`, a zero byte, then these bytes.

use super::seal::sealed;
use super::{Domain, SealStatement, Session};
use crate::model::{Mark, NotSignedReason, Relation, SignOffEntry, Signer};

/// Signs what a person gave with the device's key: the entry to append to
/// `sign_offs`; none when something of it is of a kind that this version does not know.
#[must_use]
pub fn seal_sign_off(
    session: &Session,
    statement: &SealStatement,
    signer: Signer,
    mark: Mark,
) -> Option<SignOffEntry> {
    let message = [statement.bytes(), given(&signer, &mark)?].concat();
    let taken = sealed(session, statement, Domain::SignOff, &message);
    Some(SignOffEntry {
        taken,
        signer,
        mark,
    })
}

/// What the signer gave, as it is signed; none for what this version does not know: a
/// word that was read as unknown is not the one that was signed.
pub(super) fn given(signer: &Signer, mark: &Mark) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match signer {
        Signer::Clinician => put(&mut out, "clinician"),
        Signer::Patient => put(&mut out, "patient"),
        Signer::Representative {
            relation: Relation::Unknown,
            ..
        } => return None,
        Signer::Representative { name, relation } => {
            put(&mut out, "representative");
            put(&mut out, name);
            put(&mut out, relation.name());
        }
        Signer::Unknown => return None,
    }
    match mark {
        Mark::Drawn(ink) => {
            put(&mut out, "drawn");
            for figure in [ink.width_um, ink.height_um, ink.tolerance_um] {
                put(&mut out, &figure.to_string());
            }
            put(&mut out, if ink.pressure { "true" } else { "false" });
            put(&mut out, &ink.strokes);
        }
        Mark::Typed { text } => {
            put(&mut out, "typed");
            put(&mut out, text);
        }
        Mark::NotSigned {
            reason: NotSignedReason::Unknown,
            ..
        } => return None,
        Mark::NotSigned { reason, comment } => {
            put(&mut out, "not_signed");
            put(&mut out, reason.name());
            put(&mut out, comment.as_deref().unwrap_or_default());
        }
        Mark::Unknown => return None,
    }
    Some(out)
}

fn put(out: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.extend(length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

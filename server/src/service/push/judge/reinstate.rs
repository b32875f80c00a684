//! Takes back in what was refused for want of access, when a colleague builds on it.
//!
//! Changes reach a phone through the backend alone. So who offers a change that stands on
//! somebody else's shows that the backend had accepted that one: before it was put back to
//! a backup, and before its author's access ended. Refused when it was offered again, it
//! would keep everybody's later work waiting for ever. It is judged as any change but for
//! the access of its author, whose device signed it when it was refused.

use homeround::access::code;
use homeround::merge::{Inspected, VetError};
use homeround::model::ChangeHash;
use homeround::vault::device_tag;

use super::{Bench, signs};
use crate::service::ServiceError;
use crate::service::verdict::ACCESS_ENDED;
use crate::service::way;
use crate::store::{ChangeRow, RejectedRow, Writer};

/// Reasons that speak of nothing but access.
const REASONS: [&str; 2] = [ACCESS_ENDED, code::NO_GRANT];
/// Most changes that one change may bring back.
const REINSTATED_MAX: usize = 1_000;

/// Takes these in, with what they need in turn. Answers whether any was.
pub(super) async fn all(
    bench: &mut Bench<'_>,
    tx: &mut dyn Writer,
    index: usize,
    missing: &[ChangeHash],
) -> Result<bool, ServiceError> {
    // Only who may see the patient may speak for a colleague.
    if bench.shut_out().is_some() {
        return Ok(false);
    }
    let (mut left, mut any) = (missing.to_vec(), false);
    for _ in 0..REINSTATED_MAX {
        let Some(hash) = left.last().copied() else {
            break;
        };
        let Some(row) = find(bench, tx, &hash).await? else {
            left.pop();
            continue;
        };
        let inspected = match bench.trial.inspect(&row.bytes) {
            Ok(inspected) => inspected,
            Err(VetError::Waiting { missing }) if !missing.iter().any(|dep| left.contains(dep)) => {
                left.extend(missing);
                continue;
            }
            Err(_) => {
                left.pop();
                continue;
            }
        };
        left.pop();
        let device = tx.device(row.device).await?;
        let tag = device.map(|device| device_tag(&device.public_key));
        if tag != Some(inspected.actor.device_tag()) || bench.after_seal.contains_key(&hash) {
            continue;
        }
        if bench.patient.is_none() && !founds(bench, tx, &inspected).await? {
            return Ok(any);
        }
        let after_seal = bench.knew_of_seal(tx, &inspected).await? || signs(&inspected);
        if let Err(error) = bench.trial.accept(&row.bytes) {
            bench.spoiled = Some((index, error.code()));
            return Ok(false);
        }
        take(bench, index, row, &inspected, after_seal);
        any = true;
    }
    Ok(any)
}

/// Whether it begins the document of a patient whom the offerer may see.
async fn founds(
    bench: &mut Bench<'_>,
    tx: &mut dyn Writer,
    inspected: &Inspected,
) -> Result<bool, ServiceError> {
    let Some(patient) = bench.owner_of_new(tx, inspected).await? else {
        return Ok(false);
    };
    bench.belongs_to(tx, patient).await?;
    let open = bench.shut_out().is_none();
    if !open {
        bench.patient = None;
    }
    Ok(open)
}

async fn find(
    bench: &mut Bench<'_>,
    tx: &mut dyn Writer,
    hash: &ChangeHash,
) -> Result<Option<RejectedRow>, ServiceError> {
    if tx.change_mark(hash).await?.is_some() {
        return Ok(None);
    }
    for code in REASONS {
        let device = bench.judge.device.id;
        let row = tx.rejected_of_others(hash, device, code).await?;
        if let Some(row) = row.filter(|row| row.document == bench.id) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn take(
    bench: &mut Bench<'_>,
    index: usize,
    row: RejectedRow,
    inspected: &Inspected,
    after_seal: bool,
) {
    let Some(patient) = bench.patient else { return };
    bench.after_seal.insert(row.hash, after_seal);
    bench.judged.reinstated += 1;
    let change = ChangeRow {
        seq: 0,
        document: bench.id,
        patient,
        hash: row.hash,
        actor: inspected.actor,
        actor_seq: inspected.seq,
        device: row.device,
        person: row.person,
        after_seal,
        bytes: row.bytes,
    };
    bench.judged.accepted.push((index, change));
    bench
        .judged
        .effects
        .extend(way::effects(bench.id, inspected));
}

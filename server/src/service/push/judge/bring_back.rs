//! Takes back in what the backend had accepted before it was put back to a backup.
//!
//! Whoever may see the patient may bring it: the proof says that it was judged once, under
//! the access that its author had then. So it is judged as any change but for its author's
//! access, and stands under its author's name. What is refused stays on the phone that brought
//! it, and may be offered again. Somebody whose access ended has to give the phone's
//! copy away: that one is kept for a reviewer, as it may be the last.

use homeround::merge::VetError;
use homeround::model::{ActorId, DeviceId, PersonId};
use homeround::vault::device_tag;

use super::{Bench, Judge, No, signs};
use crate::service::records::put_device;
use crate::service::verdict::{ACCESS_ENDED, AUTHOR_UNKNOWN, UNKNOWN_DOCUMENT};
use crate::service::{ServerKeys, ServiceError};
use crate::store::{DeviceRow, Writer};

pub(super) async fn one(
    bench: &mut Bench<'_>,
    tx: &mut dyn Writer,
    index: usize,
) -> Result<(), ServiceError> {
    let offered = &bench.judge.offered[index];
    let inspected = match bench.trial.inspect(&offered.bytes) {
        Ok(inspected) => inspected,
        Err(VetError::Waiting { missing }) => return bench.wait(tx, index, missing).await,
        Err(error) => {
            bench.refuse(index, error.code(), "");
            return Ok(());
        }
    };
    let founds = bench.patient.is_none();
    if founds {
        let Some(patient) = bench.owner_of_new(tx, &inspected).await? else {
            bench.refuse(index, UNKNOWN_DOCUMENT, "patient");
            return Ok(());
        };
        bench.belongs_to(tx, patient).await?;
    }
    if let Some(no) = bench.shut_out() {
        if founds {
            bench.patient = None;
        }
        match no {
            No::Code(ACCESS_ENDED, _) => {
                let touched = &inspected.touched;
                return bench.reject_once(tx, index, &no, touched).await;
            }
            // The backup may have forgotten a grant that the office gives again.
            No::Denied(denied) => bench.refuse(index, denied.rule, &denied.field),
            No::Code(code, field) => bench.refuse(index, code, field),
            No::Vet(error) => bench.refuse(index, error.code(), ""),
        }
        return Ok(());
    }
    let Some(author) = author(bench.judge, tx, inspected.actor).await? else {
        bench.refuse(index, AUTHOR_UNKNOWN, "devices");
        if founds {
            bench.patient = None;
        }
        return Ok(());
    };
    let after_seal = bench.knew_of_seal(tx, &inspected).await? || signs(&inspected);
    match bench.trial.accept(&offered.bytes) {
        Ok(()) => {
            bench.accept(index, &inspected, after_seal, author);
            bench.judged.brought_back += 1;
        }
        Err(error) => bench.spoiled = Some((index, error.code())),
    }
    Ok(())
}

/// Whose device the actor is of: one that is known, the backend's own, or one that was
/// enrolled since the backup, which is thereby known again.
async fn author(
    judge: &Judge<'_>,
    tx: &mut dyn Writer,
    actor: ActorId,
) -> Result<Option<(DeviceId, PersonId)>, ServiceError> {
    let tag = actor.device_tag();
    if tag == device_tag(&ServerKeys::of(judge.tenant).public()) {
        return Ok(Some((judge.tenant.device, judge.tenant.person)));
    }
    if let Some(known) = tx.device_by_tag(tag).await? {
        return Ok(Some((known.id, known.person)));
    }
    let mut enrolled = judge.enrolled.iter();
    let Some(device) = enrolled.find(|device| device_tag(&device.public_key) == tag) else {
        return Ok(None);
    };
    if tx.person(device.person).await?.is_none() {
        return Ok(None);
    }
    let device = DeviceRow {
        enrolled_at: judge.now,
        ..device.clone()
    };
    put_device(tx, &device).await?;
    Ok(Some((device.id, device.person)))
}

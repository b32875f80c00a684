//! Signing a visit, and what comes after a signature.

use serde_json::json;

use super::edit::{Desk, Saved, is_sealed};
use super::error::AppError;
use super::visit::{VisitHandle, put, status_of};
use crate::access::is_beside_seal;
use crate::merge::{LateChange, Op, Touch};
use crate::model::{AmendmentEntry, ChangeHash, FieldPath, SignatureEntry, StepEntry, VisitStatus};
use crate::vault::{SealFailure, SealStatement, Unlock, Verified, seal_visit, verify_seal};

/// What verifying a seal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealCheck {
    /// It holds.
    Holds(Verified),
    /// The signature or the changes it covers do not fit.
    Broken(SealFailure),
    /// The changes fit and do not give the view that was signed.
    OtherView,
    /// The seal holds by itself, and the device that made it is not known as
    /// the signer's.
    UnknownDevice,
    /// It may hold: it is of a later version, and this one can't judge it.
    LaterVersion,
}

impl VisitHandle {
    /// Seals the completed visit over its heads with this device's key, after
    /// asking for the PIN or the biometric sensor once more.
    ///
    /// # Errors
    /// [`AppError::ConflictsOpen`] until every disagreement is settled,
    /// [`AppError::Step`] unless the visit is completed, [`AppError::WrongPin`],
    /// [`AppError::NotAllowed`] for a role that may not sign.
    pub fn sign(&self, who: &Unlock) -> Result<Saved, AppError> {
        let open = self.conflicts()?.len();
        if open > 0 {
            return Err(AppError::ConflictsOpen { open });
        }
        may_sign(self.read()?.status)?;
        let clock = self.inner.clocks.now();
        self.inner
            .vault()
            .as_ref()
            .ok_or(AppError::Locked)?
            .confirm(who, clock)
            .map_err(|error| super::proof::sensor_error(who, error))?;
        self.inner.edit(self.document(), "signature", |desk| {
            let status = status_of(desk.view)?;
            may_sign(status)?;
            let statement = self.statement(desk);
            let slot = self.inner.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let session = vault.session().map_err(super::session::vault_error)?;
            let entry = seal_visit(session, &statement);
            drop(slot);
            let mut ops = vec![desk.append("signatures", &entry)?];
            if status != VisitStatus::Amended {
                ops.extend(step_to(desk, VisitStatus::Signed)?);
            }
            Ok(ops)
        })
    }

    /// Verifies the seal of the last signature: that the device's signature
    /// fits the statement, that the changes it covers are all there and
    /// unaltered, that the view at those heads is the one that was signed, and
    /// that the device is enrolled for the signer.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the visit is not signed.
    pub fn verify(&self) -> Result<SealCheck, AppError> {
        let visit = self.read()?;
        let entry = visit
            .signatures
            .values()
            .next_back()
            .ok_or(AppError::NotFound { what: "signature" })?;
        self.check_seal(entry, |changes| {
            verify_seal(self.id, visit.patient, entry, changes)
        })
    }

    /// Whether what a device signed holds, with what only a phone can tell.
    pub(super) fn check_seal(
        &self,
        entry: &SignatureEntry,
        verify: impl FnOnce(&[&[u8]]) -> Result<Verified, SealFailure>,
    ) -> Result<SealCheck, AppError> {
        let changes = self.inner.changes(self.document())?;
        let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
        let verified = match verify(&changes) {
            Ok(verified) => verified,
            Err(SealFailure::LaterVersion) => return Ok(SealCheck::LaterVersion),
            Err(failure) => return Ok(SealCheck::Broken(failure)),
        };
        let heads = heads_of(entry)?;
        let signed = self
            .inner
            .with_document(self.document(), |document| document.view_as_of(&heads))?
            .map_err(super::edit::merge_error)?;
        let digest = super::project::hex(&SealStatement::digest_of(&signed));
        if digest != entry.view_sha256 {
            return Ok(SealCheck::OtherView);
        }
        if self.inner.owner_of_device(&entry.device_key)? != Some(entry.by) {
            return Ok(SealCheck::UnknownDevice);
        }
        Ok(SealCheck::Holds(verified))
    }

    /// What came after the last signature and is not taken in by an amendment:
    /// each with whether its author knew of the signature. An edit made in
    /// good faith before awaits the signer; a stamp of presence, a signature by hand, that
    /// one was wrong, and a decision about a duplicate await nobody.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the visit is not signed.
    pub fn awaiting(&self) -> Result<Vec<LateChange>, AppError> {
        let visit = self.read()?;
        let entry = visit
            .signatures
            .values()
            .next_back()
            .ok_or(AppError::NotFound { what: "signature" })?;
        let sealed = heads_of(entry)?;
        let taken: Vec<&String> = visit
            .amendments
            .values()
            .flat_map(|amendment| &amendment.changes)
            .collect();
        let late = self
            .inner
            .with_document(self.document(), |document| document.late_changes(&sealed))?;
        let own = |change: &LateChange| {
            let own = ["signatures/*", "amendments/*"];
            let beside = |touch: &Touch| is_beside_seal(&touch.path, touch.value.as_ref());
            let mut touched = change.touched.iter();
            touched.any(|touch| own.iter().any(|pattern| touch.path.matches(pattern)))
                || change.touched.iter().all(beside)
        };
        Ok(late
            .into_iter()
            .filter(|change| !own(change) && !taken.contains(&&change.hash.to_string()))
            .collect())
    }

    /// Takes what came after the signature into the visit, as an amendment
    /// with its reason. Sign again to seal it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the visit is not signed;
    /// [`AppError::Refused`] on `reason` when it is empty.
    pub fn amend(&self, reason: &str, note: Option<&str>) -> Result<Saved, AppError> {
        if reason.trim().is_empty() {
            return Err(AppError::Refused {
                field: "reason".into(),
                limit: "at least one character".into(),
            });
        }
        let changes = self
            .awaiting()?
            .iter()
            .map(|change| change.hash.to_string())
            .collect();
        self.inner.edit(self.document(), "amendment", |desk| {
            if !is_sealed(desk.view) {
                return Err(AppError::NotFound { what: "signature" });
            }
            let entry = AmendmentEntry {
                changes,
                reason: reason.into(),
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
            };
            let mut ops = vec![desk.append("amendments", &entry)?];
            if status_of(desk.view)? == VisitStatus::Signed {
                ops.extend(step_to(desk, VisitStatus::Amended)?);
            }
            if let Some(note) = note {
                let length = desk.view["note"].as_str().unwrap_or("").chars().count();
                ops.push(Op::Splice {
                    path: FieldPath("note".into()),
                    at: length,
                    delete: 0,
                    insert: note.into(),
                });
            }
            Ok(ops)
        })
    }
}

/// A completed visit is signed; an amended one is signed again.
fn may_sign(status: VisitStatus) -> Result<(), AppError> {
    if status != VisitStatus::Amended {
        status.step(VisitStatus::Signed)?;
    }
    Ok(())
}

fn step_to(desk: &mut Desk<'_>, to: VisitStatus) -> Result<[Op; 2], AppError> {
    let step = StepEntry {
        to,
        by: desk.me,
        stamp: desk.stamp,
        fix: None,
        reason: None,
        break_reason: None,
        comment: None,
    };
    Ok([put("status", json!(to)), desk.append("steps", &step)?])
}

pub(super) fn heads_of(entry: &SignatureEntry) -> Result<Vec<ChangeHash>, AppError> {
    let parsed: Result<Vec<ChangeHash>, _> = entry.heads.iter().map(|head| head.parse()).collect();
    Ok(parsed?)
}

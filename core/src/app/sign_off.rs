//! Signatures by hand: the patient's, a representative's, one's own; or why there
//! is none. Nothing waits for one.

use std::collections::BTreeSet;

use super::edit::{Desk, Saved};
use super::error::AppError;
use super::sign::{SealCheck, heads_of};
use super::visit::{VisitHandle, status_of};
use crate::access::takes_sign_off_back;
use crate::merge::Touch;
use crate::model::{EntryId, Mark, NewMark, Refused, SignOffEntry, Signer, Visit, VisitStatus};
use crate::vault::{SealStatement, seal_sign_off, verify_sign_off};

/// Sections that are no part of what somebody signs for: who else signed, who was
/// there, and where the visit stands.
const BESIDE: [&str; 6] = [
    "sign_offs",
    "signatures",
    "amendments",
    "presence",
    "status",
    "steps",
];

/// A sign-off as a screen shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct SignOffView {
    /// Which.
    pub id: EntryId,
    /// What was given.
    pub entry: SignOffEntry,
    /// Sections that were changed after it, as in `note`: its signer was not shown
    /// that.
    pub changed: BTreeSet<String>,
}

impl VisitHandle {
    /// Takes somebody's signature over the visit as it stands on this phone, or says
    /// why there is none. It may be taken as soon as the visit has begun or was called
    /// off, also after it was sealed, and again.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `status` before the visit has begun, on `signer` when
    /// the member who takes it does not sign themselves, else as
    /// [`Signer::check`] and [`NewMark::keep`].
    pub fn sign_off(&self, signer: Signer, mark: NewMark) -> Result<Saved, AppError> {
        let signer = signer.check()?;
        let mark = mark.keep()?;
        if signer == Signer::Clinician && matches!(mark, Mark::NotSigned { .. }) {
            return Err(Refused::new("signer", "the patient or a representative").into());
        }
        self.edit("sign_off", |desk| {
            if matches!(
                status_of(desk.view)?,
                VisitStatus::Scheduled | VisitStatus::Traveling
            ) {
                return Err(Refused::new("status", "a visit that has begun").into());
            }
            if !desk.view["sign_offs"].is_object() {
                return Err(AppError::NotFound { what: "sign_offs" });
            }
            let statement = self.statement(desk);
            let slot = self.inner.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let session = vault.session().map_err(super::session::vault_error)?;
            let entry = seal_sign_off(session, &statement, signer, mark)
                .ok_or(AppError::Failed { code: "encode" })?;
            drop(slot);
            Ok(vec![desk.append("sign_offs", &entry)?])
        })
    }

    /// Everybody's sign-offs in the order of taking, with what was changed after each.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn sign_offs(&self) -> Result<Vec<SignOffView>, AppError> {
        self.sign_offs_of(&self.read()?)
    }

    /// As [`sign_offs`](Self::sign_offs), of a visit that was read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn sign_offs_of(&self, visit: &Visit) -> Result<Vec<SignOffView>, AppError> {
        let look = |(id, entry): (&EntryId, &SignOffEntry)| {
            let heads = heads_of(&entry.taken)?;
            let late = self
                .inner
                .with_document(self.document(), |document| document.late_changes(&heads))?;
            let touched = late.iter().flat_map(|change| &change.touched);
            Ok(SignOffView {
                id: *id,
                entry: entry.clone(),
                changed: touched.filter_map(section_of).collect(),
            })
        };
        visit.sign_offs.iter().map(look).collect()
    }

    /// Verifies one sign-off as [`verify`](Self::verify) does a seal: that nothing of
    /// it was altered since it was taken, and that it was taken over the view that it
    /// names.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such sign-off.
    pub fn verify_sign_off(&self, id: EntryId) -> Result<SealCheck, AppError> {
        let Visit {
            patient, sign_offs, ..
        } = self.read()?;
        let entry = sign_offs
            .get(&id)
            .ok_or(AppError::NotFound { what: "sign_off" })?;
        self.check_seal(&entry.taken, |changes| {
            verify_sign_off(self.id, patient, entry, changes)
        })
    }

    /// What is signed of the visit on the desk, besides who gave what.
    pub(super) fn statement(&self, desk: &Desk<'_>) -> SealStatement {
        SealStatement {
            visit: self.id,
            patient: desk.patient,
            by: desk.me,
            role: desk.role,
            stamp: desk.stamp,
            heads: desk.document.heads(),
            view_sha256: SealStatement::digest_of(desk.view),
        }
    }
}

/// The section that a touch changes, if it is one that is signed for. Taking back
/// another sign-off changes nothing of it.
fn section_of(touch: &Touch) -> Option<String> {
    let section = touch.path.segments().next()?;
    let takes_back = takes_sign_off_back(&touch.path, touch.value.as_ref());
    (!BESIDE.contains(&section) && !takes_back).then(|| section.to_owned())
}

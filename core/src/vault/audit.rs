//! The head of the audit trail, pinned where no restored database reaches.

use super::{KeyVault, Vault, VaultError, label};

/// What the trail says about the pinned head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditCheck {
    /// Nothing was pinned yet.
    Unpinned,
    /// The trail holds the pinned line, at its end or followed by later ones.
    Holds,
    /// The trail does not hold it: it was cut, altered or put back.
    Broken {
        /// The number of the pinned line.
        pinned: u64,
    },
}

impl Vault {
    /// Pins the head of the audit trail: the number of its last line and that
    /// line's hash. Works while locked.
    ///
    /// # Errors
    /// [`VaultError::AuditWentBack`] for a number below the pinned one, or
    /// another hash at it; [`VaultError::Hardware`].
    pub fn pin_audit_head(&self, number: u64, hash: &[u8; 32]) -> Result<(), VaultError> {
        if let Some((pinned, pinned_hash)) = pinned(&*self.hardware)? {
            let goes_back = number < pinned || (number == pinned && *hash != pinned_hash);
            if goes_back {
                return Err(VaultError::AuditWentBack);
            }
        }
        let head = [number.to_be_bytes().as_slice(), hash].concat();
        Ok(self.hardware.store(label::AUDIT, &head)?)
    }

    /// Compares the trail with the pinned head; `line_hash` answers the hash of
    /// the line of a number.
    ///
    /// # Errors
    /// [`VaultError::Hardware`].
    pub fn check_audit_head(
        &self,
        line_hash: impl FnOnce(u64) -> Option<[u8; 32]>,
    ) -> Result<AuditCheck, VaultError> {
        Ok(match pinned(&*self.hardware)? {
            None => AuditCheck::Unpinned,
            Some((number, hash)) if line_hash(number) == Some(hash) => AuditCheck::Holds,
            Some((number, _)) => AuditCheck::Broken { pinned: number },
        })
    }
}

fn pinned(hardware: &dyn KeyVault) -> Result<Option<(u64, [u8; 32])>, VaultError> {
    let head = hardware.load(label::AUDIT)?;
    Ok(head.and_then(|head| {
        let (number, hash) = head.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*number), hash.try_into().ok()?))
    }))
}

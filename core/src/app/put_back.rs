//! A store that was put back from a backup: the audit trail's head, which the
//! vault keeps where no restored file reaches, gives it away.

use serde_json::Value;

use super::Homeround;
use super::error::AppError;
use super::presence::CHAIN;
use super::session::{CURSOR, vault_error};
use crate::store::AuditEntry;
use crate::vault::AuditCheck;

/// The pinned line that was missing when the pages last started over.
const PUT_BACK: &str = "put_back";

impl Homeround {
    /// Ties the audit trail's head to the hardware.
    pub(super) fn pin_audit(&self) {
        let Ok(reads) = self.inner.reads() else {
            return;
        };
        let head = reads.store.reader().and_then(|reader| reader.audit_head());
        if let (Ok(head), Some(vault)) = (head, self.inner.vault().as_ref()) {
            // A trail that went back is found when the store is opened; what
            // asked for this goes on.
            let _ = vault.pin_audit_head(head.n, &head.chain);
        }
    }

    /// A store older than its trail was known to be may lack what this device
    /// sent since, and pages that its cursor says it has: the pages start
    /// over, once.
    pub(super) fn look_for_put_back(&self) -> Result<(), AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let line = |n: u64| {
            let page = reader.audit_page(n.checked_add(1), 1).ok()?;
            page.first().filter(|row| row.n == n).map(|row| row.chain)
        };
        let check = match self.inner.vault().as_ref() {
            Some(vault) => vault.check_audit_head(line).map_err(vault_error)?,
            None => return Ok(()),
        };
        let AuditCheck::Broken { pinned } = check else {
            return Ok(());
        };
        let mark = pinned.to_be_bytes();
        if reader.meta(PUT_BACK)?.as_deref() == Some(mark.as_slice()) {
            return Ok(());
        }
        drop(reader);
        let at = self.inner.clocks.now().wall_ms;
        reads.store.write(|tx| -> Result<(), AppError> {
            tx.put_meta(CURSOR, None)?;
            // Its last stamps may be out already: their numbers are not given twice.
            tx.put_meta(CHAIN, None)?;
            tx.put_meta(PUT_BACK, Some(&mark))?;
            tx.audit(&AuditEntry {
                at,
                person: None,
                action: "store_put_back".into(),
                subject: None,
                detail: Value::Null,
            })?;
            Ok(())
        })
    }
}

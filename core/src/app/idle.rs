//! Work for idle moments: short slices, any of which may be the last before
//! the process is killed.

use std::collections::BTreeSet;

use super::arrive::Dock;
use super::error::AppError;
use super::inner::load;
use super::{Homeround, fold, project};
use crate::model::DocumentId;

/// Documents of one slice.
pub(super) const SLICE_DOCUMENTS: u32 = 16;

/// What a slice did and left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdleReport {
    /// Documents merged that had arrived before.
    pub merged: u64,
    /// Documents whose changes were folded.
    pub folded: u64,
    /// Notes indexed for search.
    pub indexed: u64,
    /// Documents that are still to be merged.
    pub left: u64,
}

impl IdleReport {
    /// Whether another slice would find nothing to do.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.left == 0 && self.folded == 0 && self.merged == 0
    }
}

impl Homeround {
    /// One slice: merges some of what arrived, then indexes, then folds.
    ///
    /// # Errors
    /// [`AppError::Locked`]; [`AppError::StorageFull`] leaves everything as it was.
    pub fn idle_slice(&self) -> Result<IdleReport, AppError> {
        let mut report = IdleReport::default();
        let clock = self.inner.clocks.now();
        self.look_at_lease()?;
        let touched = {
            let mut guard = self.inner.opened()?;
            let opened = guard.as_mut().ok_or(AppError::Locked)?;
            let tag = opened.actor.device_tag();
            let store = std::sync::Arc::clone(&opened.store);
            let touched = store.write(|tx| -> Result<BTreeSet<DocumentId>, AppError> {
                let mut dock = Dock::new(tx, clock.wall_ms, tag);
                for id in tx.deferred_documents(SLICE_DOCUMENTS)? {
                    dock.take_in(id)?;
                    report.merged += 1;
                }
                report.left = tx.deferred_count()?;
                Ok(dock.touched)
            })?;
            for id in &touched {
                opened.forget_document(*id);
            }
            touched
        };
        if report.merged == 0 {
            let reads = self.inner.reads()?;
            reads.store.write(|tx| -> Result<(), AppError> {
                report.indexed = tx.index_pending(SLICE_DOCUMENTS)? as u64;
                let worth = tx.worth_folding(fold::FOLD_CHANGES_MIN)?;
                for id in worth.into_iter().take(SLICE_DOCUMENTS as usize) {
                    report.folded += u64::from(fold::fold(tx, id)?);
                }
                Ok(())
            })?;
        }
        if report.is_done() {
            self.inner.evict_files(super::ATTACHMENTS_BYTES_MAX)?;
        }
        if !touched.is_empty() {
            let documents: Vec<DocumentId> = touched.into_iter().collect();
            self.inner.tell(self.inner.next_revision(), &documents);
        }
        Ok(report)
    }

    /// Moves the log into the database, as before the app is suspended.
    ///
    /// # Errors
    /// [`AppError::Locked`], [`AppError::StorageFull`].
    pub fn settle_down(&self) -> Result<(), AppError> {
        let reads = self.inner.reads()?;
        reads.store.checkpoint()?;
        Ok(())
    }

    /// Drops every cache and builds it anew from the changes. The same rows
    /// come back: a test compares them.
    ///
    /// # Errors
    /// [`AppError::Locked`]; on any error everything is as before.
    pub fn rebuild_projections(&self) -> Result<u64, AppError> {
        let now = self.inner.clocks.now().wall_ms;
        let mut guard = self.inner.opened()?;
        let opened = guard.as_mut().ok_or(AppError::Locked)?;
        opened.forget_all();
        let store = std::sync::Arc::clone(&opened.store);
        store.write(|tx| -> Result<u64, AppError> {
            tx.drop_caches()?;
            tx.rebuild_lists()?;
            let mut rebuilt = 0;
            let mut after = None;
            loop {
                let page = tx.documents(None, after, 256)?;
                let Some(last) = page.last() else { break };
                after = Some(*last);
                for id in page {
                    if tx.document_truth(id)?.is_empty() {
                        continue;
                    }
                    let document = load(tx, id)?;
                    project::write_all(tx, &document, now, None)?;
                    rebuilt += 1;
                }
            }
            Ok(rebuilt)
        })
    }
}

//! A phone that is lent to a patient: all but what it is lent for is locked, for whoever
//! holds a handle already.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::edit::{Desk, Saved, once};
use super::error::AppError;
use super::inner::{Inner, Opened};
use crate::merge::Op;
use crate::model::{DocumentId, VisitId};

/// One time that the phone is lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loan {
    /// For the survey of which visit.
    pub(super) visit: VisitId,
    /// Which time, from 1.
    pub(super) number: u64,
}

/// Whether the phone is lent. In memory alone: one that was killed meanwhile is locked.
#[derive(Debug, Default)]
pub(super) struct Loans {
    /// How often it was lent since it was opened.
    count: AtomicU64,
    /// The number of the loan that it is lent for now; 0: it is with its clinician.
    lent: AtomicU64,
    /// The loan that was answered last.
    answered: Mutex<u64>,
}

impl Inner {
    /// Lends the phone for a visit's survey.
    pub(super) fn lend(&self, visit: VisitId) -> Result<Loan, AppError> {
        let number = self.loans.count.fetch_add(1, Ordering::SeqCst) + 1;
        let free = self
            .loans
            .lent
            .compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
        free.map_err(|_| AppError::Locked)?;
        Ok(Loan { visit, number })
    }

    /// The phone is with its clinician again, or locked.
    pub(super) fn end_loan(&self) {
        self.loans.lent.store(0, Ordering::SeqCst);
    }

    pub(super) fn is_lent(&self) -> bool {
        self.loans.lent.load(Ordering::SeqCst) != 0
    }

    /// Whoever has a phone that is lent gets at nothing.
    pub(super) fn must_not_be_lent(&self) -> Result<(), AppError> {
        if self.is_lent() {
            Err(AppError::Locked)
        } else {
            Ok(())
        }
    }

    /// The loan that was answered last; held while one is being answered.
    pub(super) fn last_answered(&self) -> MutexGuard<'_, u64> {
        self.loans
            .answered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer, for what the phone is lent for.
    pub(super) fn opened_for(
        &self,
        loan: &Loan,
    ) -> Result<MutexGuard<'_, Option<Opened>>, AppError> {
        if self.loans.lent.load(Ordering::SeqCst) == loan.number {
            self.writer()
        } else {
            Err(AppError::Locked)
        }
    }

    /// As [`edit`](Self::edit), on a phone that is lent: once for each loan.
    pub(super) fn edit_lent(
        &self,
        loan: &Loan,
        id: DocumentId,
        action: &'static str,
        make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<Saved, AppError> {
        let mut last = self.last_answered();
        let opened = self.opened_for(loan)?;
        if *last == loan.number {
            return Err(AppError::Refused {
                field: "survey".into(),
                limit: "once each time that the phone is lent".into(),
            });
        }
        let make = &mut once(make);
        let saved = self.write_edit(opened, id, action, make, &mut |_| Ok(()))?;
        *last = loan.number;
        drop(last);
        self.tell(saved.revision, &[id]);
        Ok(saved)
    }
}

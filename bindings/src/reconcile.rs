//! The medication list against what is in the home.

use homeround::model;

use crate::chart::Chart;
use crate::error::HomeroundError;
use crate::types::{Coding, EntryId, HomeFinding, Saved, VisitId};

/// What was found of one line of the medication list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReconciledLine {
    /// The line.
    pub medication: EntryId,
    /// What was found.
    pub finding: HomeFinding,
    /// How it is taken instead, or why it is not; needed for `TakingDifferently`.
    #[uniffi(default = None)]
    pub comment: Option<String>,
}

/// A medication that is taken in the home and not on the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FoundMedication {
    /// What it is.
    pub code: Coding,
    /// How much, as in `20 mg`.
    #[uniffi(default = None)]
    pub dose: Option<String>,
    /// How often, as in `twice a day`.
    #[uniffi(default = None)]
    pub frequency: Option<String>,
    /// In the person's own words.
    #[uniffi(default = None)]
    pub comment: Option<String>,
}

/// What a look into the home found of the medication list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reconciliation {
    /// During which visit, if it was during one.
    #[uniffi(default = None)]
    pub visit: Option<VisitId>,
    /// What was found of each line.
    pub lines: Vec<ReconciledLine>,
    /// What is taken and not on the list, at most 100.
    #[uniffi(default = [])]
    pub found: Vec<FoundMedication>,
}

#[uniffi::export]
impl Chart {
    /// Says what a look into the home found: of every line that is active, intended or on
    /// hold, and of what is taken and not on the list. It changes no line.
    ///
    /// Fails with `Refused` on `lines`, `finding`, `comment` or `found`.
    #[uniffi::method(default(comment = None))]
    pub fn reconcile(
        &self,
        found: Reconciliation,
        comment: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        let found = found.into();
        self.save(|chart| chart.reconcile(&found, comment))
    }
}

impl From<Reconciliation> for model::Reconciliation {
    fn from(one: Reconciliation) -> Self {
        Self {
            visit: one.visit,
            lines: one
                .lines
                .into_iter()
                .map(|line| model::ReconciledLine {
                    medication: line.medication,
                    finding: line.finding,
                    comment: line.comment,
                })
                .collect(),
            found: one
                .found
                .into_iter()
                .map(|it| model::FoundMedication {
                    code: it.code.into(),
                    dose: it.dose,
                    frequency: it.frequency,
                    comment: it.comment,
                })
                .collect(),
        }
    }
}

impl From<model::Reconciliation> for Reconciliation {
    fn from(one: model::Reconciliation) -> Self {
        Self {
            visit: one.visit,
            lines: one
                .lines
                .into_iter()
                .map(|line| ReconciledLine {
                    medication: line.medication,
                    finding: line.finding,
                    comment: line.comment,
                })
                .collect(),
            found: one
                .found
                .into_iter()
                .map(|it| FoundMedication {
                    code: it.code.into(),
                    dose: it.dose,
                    frequency: it.frequency,
                    comment: it.comment,
                })
                .collect(),
        }
    }
}

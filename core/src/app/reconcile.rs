//! The medication list against what is in the home.

use std::collections::BTreeSet;

use super::chart::ChartHandle;
use super::edit::{Desk, Saved};
use super::error::AppError;
use crate::model::{
    EntryId, FoundMedication, HomeFinding, ReconciledLine, Reconciliation, Refused, ReviewEntry,
};

/// Medications that were found and are not on the list, at most.
pub const FOUND_MAX: usize = 100;
/// Characters of a comment at most.
pub const RECONCILE_COMMENT_CHARS_MAX: usize = 2_000;

impl ChartHandle {
    /// Says what a look into the home found of the medication list: of every line that
    /// is active, intended or on hold, and of what is taken and not on it. It is one
    /// review of the list; it changes no line.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `lines` when a standing line has no finding, or a line
    /// has two; on `finding` when it is unknown; on `comment` when a line is taken
    /// differently and nobody says how; on `found` for one without a name.
    /// [`AppError::NotFound`] for a line that is not on the list;
    /// [`AppError::NotAllowed`].
    pub fn reconcile(
        &self,
        found: &Reconciliation,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        check(found)?;
        self.edit("reconciliation", |desk| {
            must_be_whole(desk, found)?;
            let entry = ReviewEntry {
                section: "medications".into(),
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
                comment,
                reconciliation: Some(found.clone()),
            };
            Ok(vec![desk.append("reviews", &entry)?])
        })
    }
}

/// What can be judged without the list.
fn check(found: &Reconciliation) -> Result<(), Refused> {
    let mut seen = BTreeSet::new();
    for line in &found.lines {
        if !seen.insert(line.medication) {
            return Err(Refused::new("lines", "one finding for each line"));
        }
        check_line(line)?;
    }
    let mut comments = found.found.iter().filter_map(|it| it.comment.as_deref());
    if comments.any(too_long) {
        return Err(Refused::new("comment", "up to 2000 characters"));
    }
    let nameless = |it: &FoundMedication| it.code.text.trim().is_empty();
    if found.found.len() > FOUND_MAX || found.found.iter().any(nameless) {
        return Err(Refused::new("found", "up to 100, each with a name"));
    }
    Ok(())
}

fn check_line(line: &ReconciledLine) -> Result<(), Refused> {
    let said = line
        .comment
        .as_deref()
        .is_some_and(|it| !it.trim().is_empty());
    match line.finding {
        HomeFinding::Unknown => Err(Refused::new("finding", "one that this version knows")),
        HomeFinding::TakingDifferently if !said => {
            Err(Refused::new("comment", "how it is taken instead"))
        }
        _ if line.comment.as_deref().is_some_and(too_long) => {
            Err(Refused::new("comment", "up to 2000 characters"))
        }
        _ => Ok(()),
    }
}

fn too_long(comment: &str) -> bool {
    comment.chars().count() > RECONCILE_COMMENT_CHARS_MAX
}

/// Every line is on the list, and no standing line is left out.
fn must_be_whole(desk: &Desk<'_>, found: &Reconciliation) -> Result<(), AppError> {
    for line in &found.lines {
        desk.must_exist("medications", line.medication)?;
    }
    let answered: BTreeSet<String> = found
        .lines
        .iter()
        .map(|line| line.medication.to_string())
        .collect();
    let mut listed = desk.view["medications"].as_object().into_iter().flatten();
    let standing = |status: &str| matches!(status, "active" | "intended" | "on-hold");
    let left_out = listed.any(|(id, line)| {
        line["status"].as_str().is_some_and(standing)
            && !answered.contains(id)
            && !is_wrong(desk, id)
    });
    if left_out {
        return Err(Refused::new("lines", "a finding for every standing line").into());
    }
    Ok(())
}

/// Whether somebody said that the line was entered in error.
fn is_wrong(desk: &Desk<'_>, id: &str) -> bool {
    let Ok(id) = id.parse::<EntryId>() else {
        return false;
    };
    let mut corrections = desk.view["corrections"].as_object().into_iter().flatten();
    corrections.any(|(_, it)| it["section"] == "medications" && it["target"] == id.to_string())
}

//! The forms that come with the app.

use super::definition::Definition;
use super::{FormError, Key};

/// A form that comes with the app, as FHIR JSON.
#[derive(Debug, Clone, Copy)]
pub struct Shipped {
    /// Canonical address with version.
    pub canonical: &'static str,
    /// The questionnaire's JSON.
    pub json: &'static str,
}

/// Every form of every release. A form that was shipped stays here as it was:
/// answers are pinned to it. A better one is a new version beside it.
pub const SHIPPED: &[Shipped] = &[
    Shipped {
        canonical: "https://github.com/homeround/homeround/fhir/Questionnaire/fall-risk|1.0",
        json: include_str!("../../forms/fall-risk-1.0.json"),
    },
    Shipped {
        canonical: "https://github.com/homeround/homeround/fhir/Questionnaire/pain|1.0",
        json: include_str!("../../forms/pain-1.0.json"),
    },
    Shipped {
        canonical: "https://github.com/homeround/homeround/fhir/Questionnaire/phq-9|1.0",
        json: include_str!("../../forms/phq-9-1.0.json"),
    },
    Shipped {
        canonical: super::SURVEY,
        json: include_str!("../../forms/visit-survey-1.0.json"),
    },
    Shipped {
        canonical: "https://github.com/homeround/homeround/fhir/Questionnaire/wound|1.0",
        json: include_str!("../../forms/wound-1.0.json"),
    },
];

/// The shipped form of a canonical address with version.
#[must_use]
pub fn shipped(canonical: &str) -> Option<Result<Definition, FormError>> {
    let found = SHIPPED.iter().find(|form| form.canonical == canonical)?;
    Some(Definition::parse(found.json))
}

impl Definition {
    /// The keys and values that a new form begins with: initial answers outside
    /// of repetitions. `mint` gives an id for each of several initial answers.
    ///
    /// # Errors
    /// What `mint` fails with.
    pub fn initial<E>(
        &self,
        mut mint: impl FnMut() -> Result<crate::model::EntryId, E>,
    ) -> Result<Vec<(Key, serde_json::Value)>, E> {
        self.initial_of(&self.items, &[], &mut mint)
    }

    /// The same for the items of a repetition that is added.
    ///
    /// # Errors
    /// What `mint` fails with.
    pub fn initial_of<E>(
        &self,
        items: &[super::Item],
        rows: &[crate::model::EntryId],
        mint: &mut impl FnMut() -> Result<crate::model::EntryId, E>,
    ) -> Result<Vec<(Key, serde_json::Value)>, E> {
        let mut begins = Vec::new();
        for item in items {
            for answer in &item.initial {
                let mut rows = rows.to_vec();
                if item.repeats {
                    rows.push(mint()?);
                }
                begins.push((Key::within(&item.link_id, &rows), answer.to_value()));
            }
            if !item.repeats {
                begins.extend(self.initial_of(&item.items, rows, mint)?);
            }
        }
        Ok(begins)
    }
}

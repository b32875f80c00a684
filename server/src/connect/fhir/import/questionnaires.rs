//! Questionnaires to fill.

use homeround::forms::Definition;
use homeround::model::{RecordId, RecordKind, TenantId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::ident::derive;
use super::{Importer, Skip};

/// The record of a questionnaire's version: each version is one of its own, so
/// that a later one takes nothing from answers to an earlier one.
pub(crate) fn questionnaire_id(tenant: TenantId, canonical: &str) -> RecordId {
    RecordId(derive(tenant.0, &["Questionnaire", canonical]))
}

impl Importer<'_> {
    pub(super) fn questionnaire(&mut self, at: usize) -> Result<(), Skip> {
        let mut source: Value = self.parse(at)?;
        match source["status"].as_str() {
            Some("draft" | "active" | "retired" | "unknown") => {}
            _ => return Err(Skip::Malformed("status".to_owned())),
        }
        let own = self.id(at);
        self.name_it(at, &mut source, &format!("urn:uuid:{own}"));
        let definition = Definition::from_value(source).map_err(|wrong| {
            let item = if wrong.item.is_empty() {
                String::new()
            } else {
                format!("item({}).", wrong.item)
            };
            Skip::Malformed(format!("{item}{}", wrong.field))
        })?;
        let body = definition.source().to_string();
        if body.len() > homeround::forms::DEFINITION_BYTES_MAX {
            return Err(Skip::Malformed(
                "Questionnaire (larger than 64 KiB)".to_owned(),
            ));
        }
        let canonical = definition.canonical();
        let id = questionnaire_id(self.context.tenant, &canonical);
        self.questionnaires.insert(canonical, definition);
        self.records
            .insert((RecordKind::Questionnaire, id), (None, body));
        Ok(())
    }

    /// Answers are pinned to address and version: one that has none gets it from
    /// its id and from its date and content.
    pub(super) fn name_it(&mut self, at: usize, source: &mut Value, address: &str) {
        if source["url"].as_str().unwrap_or_default().is_empty() {
            source["url"] = json!(address);
            self.note(
                at,
                "named",
                "url",
                "give it a canonical address in the source system",
            );
        }
        if source["version"].as_str().unwrap_or_default().is_empty() {
            let digest = Sha256::digest(source.to_string().as_bytes());
            let mark: String = digest
                .iter()
                .take(4)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let date = source["date"].as_str().unwrap_or_default();
            let date = date.get(..10).unwrap_or("0");
            source["version"] = json!(format!("{date}-{mark}"));
            self.note(
                at,
                "named",
                "version",
                "give it a version in the source system",
            );
        }
    }
}

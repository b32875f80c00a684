//! What screens read: one row per section of a document, so that an edit rewrites
//! the section that it touched.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use super::keys::{view_key, view_range, view_slot};
use super::{Rows, StoreError, WriteTx};
use crate::model::{DocumentId, DocumentKind, Refused};

/// Sections with a slot of their own, which is their place here plus one. Append only:
/// the numbers are in files. Everything else shares slot 0.
const SECTIONS: [&str; 23] = [
    "tasks",
    "steps",
    "observations",
    "measures",
    "medications",
    "forms",
    "attachments",
    "survey",
    "corrections",
    "signatures",
    "amendments",
    "settlements",
    "note",
    "contacts",
    "home_access",
    "allergies",
    "conditions",
    "alerts",
    "reviews",
    "narrative",
    "goals",
    "activities",
    "adherence",
];
/// Longer parts are stored compressed: they would spill from their page, and a spilled
/// row is written anew, page by page, at each edit.
const PLAIN_BYTES_MAX: usize = 1500;

fn slot_of(section: &str) -> u8 {
    SECTIONS
        .iter()
        .position(|known| *known == section)
        .and_then(|place| u8::try_from(place + 1).ok())
        .unwrap_or(0)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

impl Rows {
    fn body(&self, value: ValueRef<'_>) -> Result<String, StoreError> {
        let bytes = match value {
            ValueRef::Text(text) => text.to_vec(),
            ValueRef::Blob(packed) => self.codec.inflate(packed)?,
            _ => return Err(StoreError::Damaged),
        };
        String::from_utf8(bytes).map_err(|_| StoreError::Damaged)
    }

    fn parts(&self, doc: i64) -> Result<BTreeMap<i64, String>, StoreError> {
        let mut statement =
            self.cached("SELECT id, body FROM view WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
        let mut rows = statement.query(view_range(doc))?;
        let mut parts = BTreeMap::new();
        while let Some(row) = rows.next()? {
            parts.insert(view_slot(row.get(0)?), self.body(row.get_ref(1)?)?);
        }
        Ok(parts)
    }

    /// A document's view as JSON text; none: there is none. Sections that are empty are
    /// left out.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn view(&self, id: DocumentId) -> Result<Option<String>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(None);
        };
        let parts = self.parts(doc)?;
        let Some(root) = parts.get(&0) else {
            return Ok(None);
        };
        let mut text = String::with_capacity(parts.values().map(|part| part.len() + 20).sum());
        text.push_str(root.strip_suffix('}').ok_or(StoreError::Damaged)?);
        for (slot, part) in parts.iter().filter(|(slot, _)| **slot > 0) {
            let place = usize::try_from(slot - 1).map_err(|_| StoreError::Damaged)?;
            let name = SECTIONS.get(place).ok_or(StoreError::Damaged)?;
            text.push_str(if text.len() > 1 { ",\"" } else { "\"" });
            text.push_str(name);
            text.push_str("\":");
            text.push_str(part);
        }
        text.push('}');
        Ok(Some(text))
    }

    /// One section of a document's view as JSON text, without reading the others.
    ///
    /// # Errors
    /// [`StoreError`] of the read; [`StoreError::Refused`] for a field that has no
    /// section of its own.
    pub fn view_section(
        &self,
        id: DocumentId,
        section: &str,
    ) -> Result<Option<String>, StoreError> {
        let slot = slot_of(section);
        if slot == 0 {
            return Err(Refused::new("section", "a section of a document").into());
        }
        let Some(doc) = self.find(id)? else {
            return Ok(None);
        };
        let mut statement = self.cached("SELECT body FROM view WHERE id = ?1")?;
        let mut rows = statement.query([view_key(doc, slot)])?;
        match rows.next()? {
            Some(row) => self.body(row.get_ref(0)?).map(Some),
            None => Ok(None),
        }
    }
}

impl WriteTx<'_> {
    /// Writes a document's view where it differs from the stored one, and what lists
    /// and search take from it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, [`StoreError::Refused`] for a
    /// view that is no object, and of the write.
    pub fn put_view(&self, id: DocumentId, view: &Value) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        let stored = self.parts(doc)?;
        for slot in 0..=u8::try_from(SECTIONS.len()).unwrap_or(u8::MAX) {
            self.put_part(id, doc, slot, view, stored.get(&i64::from(slot)))?;
        }
        Ok(())
    }

    /// As [`Self::put_view`] for the fields named alone: the first segments of the
    /// paths that an edit touched.
    ///
    /// # Errors
    /// As [`Self::put_view`].
    pub fn put_view_fields(
        &self,
        id: DocumentId,
        view: &Value,
        touched: &[&str],
    ) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        let mut slots: Vec<u8> = touched.iter().map(|field| slot_of(field)).collect();
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            self.put_part(id, doc, slot, view, None)?;
        }
        Ok(())
    }

    fn put_part(
        &self,
        id: DocumentId,
        doc: i64,
        slot: u8,
        view: &Value,
        stored: Option<&String>,
    ) -> Result<(), StoreError> {
        let fields = view
            .as_object()
            .ok_or(Refused::new("view", "a JSON object"))?;
        let text = match SECTIONS.get(usize::from(slot).wrapping_sub(1)) {
            None => Some(root_text(fields)?),
            Some(name) => match fields.get(*name).filter(|value| !is_empty(value)) {
                None => None,
                Some(value) => Some(to_text(value)?),
            },
        };
        if text.as_ref() == stored && stored.is_some() {
            return Ok(());
        }
        self.store_part(view_key(doc, slot), text.as_deref())?;
        if slot == 0 && id.kind == DocumentKind::Visit {
            self.list_status(doc, fields.get("status").and_then(Value::as_str))?;
        }
        if matches!(
            SECTIONS.get(usize::from(slot).wrapping_sub(1)),
            Some(&"note" | &"narrative")
        ) {
            self.search_later(doc)?;
        }
        Ok(())
    }

    fn store_part(&self, key: i64, text: Option<&str>) -> Result<(), StoreError> {
        const UPSERT: &str = "INSERT INTO view (id, body) VALUES (?1, ?2)
                              ON CONFLICT (id) DO UPDATE SET body = ?2";
        match text {
            None => self
                .cached("DELETE FROM view WHERE id = ?1")?
                .execute([key])?,
            Some(text) if text.len() > PLAIN_BYTES_MAX => self
                .cached(UPSERT)?
                .execute((key, self.codec.compress(text.as_bytes())?))?,
            Some(text) => self.cached(UPSERT)?.execute((key, text))?,
        };
        Ok(())
    }
}

fn to_text(value: &Value) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Internal(0))
}

/// The fields without a section of their own.
fn root_text(fields: &Map<String, Value>) -> Result<String, StoreError> {
    let rest: BTreeMap<&String, &Value> = fields
        .iter()
        .filter(|(name, _)| slot_of(name) == 0)
        .collect();
    serde_json::to_string(&rest).map_err(|_| StoreError::Internal(0))
}

//! What screens read: a document's view as one row of JSON text, read as it lies.
//!
//! Two things keep an edit cheap. The text is padded to a round length, so that most
//! edits overwrite the row in place and write only the pages that differ. A section that
//! has grown long gets a row of its own, compressed, and costs nothing when another
//! one changes.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use super::keys::{view_key, view_range, view_slot};
use super::{Rows, StoreError, WriteTx};
use crate::model::{DocumentId, DocumentKind, Refused};

/// Sections that may get a row of their own, in the slot of their place here plus one.
/// Append only: the numbers are in files. Slot 0 is everything else.
const SECTIONS: [&str; 34] = [
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
    "presence",
    "sign_offs",
    "duplicates",
    "planned",
    "progress",
    "pauses",
    "messages",
    "message_reads",
    "notices",
    "lobby",
    "looks",
];
/// A longer section gets a row of its own.
const SECTION_BYTES_MAX: usize = 4096;
/// The text's length is a multiple of this, filled with spaces.
const PADDING: usize = 256;

fn slot_of(section: &str) -> Option<u8> {
    let place = SECTIONS.iter().position(|known| *known == section)?;
    u8::try_from(place + 1).ok()
}

fn section_of(slot: i64) -> Option<&'static str> {
    let place = usize::try_from(slot.checked_sub(1)?).ok()?;
    SECTIONS.get(place).copied()
}

fn to_text<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Internal(0))
}

impl Rows {
    fn body(&self, value: ValueRef<'_>) -> Result<String, StoreError> {
        match value {
            ValueRef::Text(text) => {
                let text = std::str::from_utf8(text).map_err(|_| StoreError::Damaged)?;
                Ok(text.trim_end().to_owned())
            }
            ValueRef::Blob(packed) => {
                String::from_utf8(self.codec.inflate(packed)?).map_err(|_| StoreError::Damaged)
            }
            _ => Err(StoreError::Damaged),
        }
    }

    /// A document's view as JSON text; none: there is none.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn view(&self, id: DocumentId) -> Result<Option<String>, StoreError> {
        self.view_with(id, |_| true)
    }

    /// As [`view`](Self::view), without the long sections that are not named: for who reads
    /// a little of many documents.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn view_of(&self, id: DocumentId, sections: &[&str]) -> Result<Option<String>, StoreError> {
        self.view_with(id, |section| sections.contains(&section))
    }

    fn view_with(
        &self,
        id: DocumentId,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(None);
        };
        let mut statement =
            self.cached("SELECT body, id FROM view WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
        let mut rows = statement.query(view_range(doc))?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let mut text = self.body(row.get_ref(0)?)?;
        while let Some(row) = rows.next()? {
            let section = section_of(view_slot(row.get(1)?)).ok_or(StoreError::Damaged)?;
            if !wanted(section) {
                continue;
            }
            if text.pop() != Some('}') {
                return Err(StoreError::Damaged);
            }
            text.push_str(if text.len() > 1 { ",\"" } else { "\"" });
            text.push_str(section);
            text.push_str("\":");
            text.push_str(&self.body(row.get_ref(0)?)?);
            text.push('}');
        }
        Ok(Some(text))
    }

    /// The sections of a document that have a row of their own.
    fn long_sections(&self, doc: i64) -> Result<Vec<&'static str>, StoreError> {
        let (first, last) = view_range(doc);
        let mut statement = self.cached("SELECT id FROM view WHERE id > ?1 AND id <= ?2")?;
        let slots = statement.query_map((first, last), |row| row.get(0).map(view_slot))?;
        slots
            .map(|slot| section_of(slot?).ok_or(StoreError::Damaged))
            .collect()
    }
}

impl WriteTx<'_> {
    /// Writes a document's view, and what lists and search take from it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, [`StoreError::Refused`] for a
    /// view that is no object, and of the write.
    pub fn put_view(&self, id: DocumentId, view: &Value) -> Result<(), StoreError> {
        let fields = fields_of(view)?;
        let touched: Vec<&str> = fields.keys().map(String::as_str).collect();
        let doc = self.require(id)?;
        for section in self.long_sections(doc)? {
            if !fields.contains_key(section) {
                self.put_long(doc, section, None)?;
            }
        }
        self.put_touched(id, doc, fields, &touched)
    }

    /// Takes a document off every screen whose every change was rejected: its view and
    /// its line, unless it is booked: then the line is the booking's. What was written
    /// stays readable in the quarantine.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn unshow(&self, id: DocumentId) -> Result<(), StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(());
        };
        self.cached("DELETE FROM view WHERE id BETWEEN ?1 AND ?2")?
            .execute(view_range(doc))?;
        self.search_later(doc)?;
        self.unlist(doc)?;
        self.list_booked(id)
    }

    /// As [`Self::put_view`] for an edit that touched these fields alone: the first
    /// segments of its paths.
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
        self.put_touched(id, doc, fields_of(view)?, touched)
    }

    fn put_touched(
        &self,
        id: DocumentId,
        doc: i64,
        fields: &Map<String, Value>,
        touched: &[&str],
    ) -> Result<(), StoreError> {
        let before = self.long_sections(doc)?;
        let mut apart = before.clone();
        let mut main_changed = false;
        for name in touched {
            let was_apart = before.iter().any(|section| section == name);
            if self.put_apart(doc, name, fields.get(*name), was_apart)? {
                if let (false, Some(section)) = (was_apart, section_named(name)) {
                    apart.push(section);
                    main_changed = true;
                }
            } else {
                apart.retain(|section| section != name);
                main_changed = true;
            }
        }
        if main_changed {
            let main: BTreeMap<&String, &Value> = fields
                .iter()
                .filter(|(name, _)| !apart.contains(&name.as_str()))
                .collect();
            self.put_main(doc, to_text(&main)?)?;
        }
        if id.kind == DocumentKind::Visit && touched.contains(&"status") {
            self.list_status(doc, fields.get("status").and_then(Value::as_str))?;
        }
        if let (DocumentKind::Visit, Some(unplanned)) = (id.kind, fields.get("unplanned"))
            && touched.contains(&"unplanned")
        {
            self.list_unplanned(id, unplanned)?;
        }
        if touched.contains(&"note") || touched.contains(&"narrative") {
            self.search_later(doc)?;
        }
        Ok(())
    }

    /// Puts a section into its own row if it is long; else sees to it that it has
    /// none. Answers whether it has.
    fn put_apart(
        &self,
        doc: i64,
        name: &str,
        value: Option<&Value>,
        was_apart: bool,
    ) -> Result<bool, StoreError> {
        let Some(section) = section_named(name) else {
            return Ok(false);
        };
        let text = value.map(to_text).transpose()?;
        let long = text.filter(|text| text.len() > SECTION_BYTES_MAX);
        if long.is_some() || was_apart {
            self.put_long(doc, section, long.as_deref())?;
        }
        Ok(long.is_some())
    }

    fn put_long(&self, doc: i64, section: &str, text: Option<&str>) -> Result<(), StoreError> {
        let key = view_key(doc, slot_of(section).ok_or(StoreError::Internal(0))?);
        match text {
            None => self
                .cached("DELETE FROM view WHERE id = ?1")?
                .execute([key])?,
            Some(text) => self
                .cached(PUT)?
                .execute((key, self.codec.compress(text.as_bytes())?))?,
        };
        Ok(())
    }

    fn put_main(&self, doc: i64, mut text: String) -> Result<(), StoreError> {
        let padded = text.len().next_multiple_of(PADDING);
        text.extend(std::iter::repeat_n(' ', padded - text.len()));
        self.cached(PUT)?.execute((view_key(doc, 0), text))?;
        Ok(())
    }
}

const PUT: &str = "INSERT INTO view (id, body) VALUES (?1, ?2)
    ON CONFLICT (id) DO UPDATE SET body = excluded.body WHERE body <> excluded.body";

fn section_named(name: &str) -> Option<&'static str> {
    SECTIONS.iter().find(|section| **section == name).copied()
}

fn fields_of(view: &Value) -> Result<&Map<String, Value>, StoreError> {
    view.as_object()
        .ok_or_else(|| Refused::new("view", "a JSON object").into())
}

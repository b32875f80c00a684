//! Full-text search over patients and notes, without accents or case.

use serde_json::Value;
use uuid::Uuid;

use super::{Reader, Rows, Store, StoreError, WriteTx};
use crate::model::{DocumentId, DocumentKind, Patient, PatientId};

/// Words of a query that count; the rest is ignored.
pub const SEARCH_WORDS_MAX: usize = 8;

/// Something that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchHit {
    /// A patient, by name, number, phone, address or birth date.
    Patient(PatientId),
    /// A document, by its note or narrative.
    Document(DocumentId),
}

const fn patient_row(p: i64) -> i64 {
    p << 1
}

const fn document_row(doc: i64) -> i64 {
    (doc << 1) | 1
}

/// Each word as a prefix, all of them wanted. None: there is no word.
fn to_match(query: &str) -> Option<String> {
    let words: Vec<String> = query
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(SEARCH_WORDS_MAX)
        .map(|word| format!("\"{word}\"*"))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

impl Store {
    /// Takes notes that changed into the index, unless somebody is writing just now,
    /// then searches: patients and documents
    /// with every word of `query` as the beginning of one of theirs, best first.
    ///
    /// # Errors
    /// [`StoreError`] of the read or of the write.
    pub fn search(&self, query: &str, limit: u32) -> Result<Vec<SearchHit>, StoreError> {
        if self.reader()?.is_search_pending()? {
            self.write_if_free(|tx| tx.index_pending(u32::MAX))
                .transpose()?;
        }
        let reader: Reader<'_> = self.reader()?;
        reader.search(query, limit)
    }
}

impl Rows {
    fn is_search_pending(&self) -> Result<bool, StoreError> {
        Ok(self
            .cached("SELECT EXISTS (SELECT 1 FROM search_pending)")?
            .query_row([], |row| row.get(0))?)
    }

    /// Searches what is indexed. Notes that changed since wait for
    /// [`WriteTx::index_pending`]; [`Store::search`] does both.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn search(&self, query: &str, limit: u32) -> Result<Vec<SearchHit>, StoreError> {
        let Some(wanted) = to_match(query) else {
            return Ok(Vec::new());
        };
        let mut statement = self.cached(
            "SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rank, rowid LIMIT ?2",
        )?;
        let rows: Vec<i64> = statement
            .query_map((wanted, limit), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        rows.into_iter().map(|row| self.hit(row)).collect()
    }

    fn hit(&self, row: i64) -> Result<SearchHit, StoreError> {
        if row & 1 == 1 {
            return self.id_of(row >> 1).map(SearchHit::Document);
        }
        let bytes = self
            .cached("SELECT patient FROM patient_key WHERE p = ?1")?
            .query_row([row >> 1], |row| row.get(0))?;
        Ok(SearchHit::Patient(PatientId(Uuid::from_bytes(bytes))))
    }
}

impl WriteTx<'_> {
    /// Takes up to `documents_max` documents whose note changed into the index: work for
    /// an idle slice. Answers how many.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn index_pending(&self, documents_max: u32) -> Result<usize, StoreError> {
        let docs: Vec<i64> = self
            .cached("SELECT doc FROM search_pending LIMIT ?1")?
            .query_map([documents_max], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for doc in &docs {
            let id = self.id_of(*doc)?;
            let field = match id.kind {
                DocumentKind::Plan => "narrative",
                DocumentKind::Visit | DocumentKind::Chart => "note",
            };
            let view = self.view(id)?.unwrap_or_default();
            let view: Value = serde_json::from_str(&view).unwrap_or_default();
            self.put_search(document_row(*doc), view.get(field).and_then(Value::as_str))?;
            self.cached("DELETE FROM search_pending WHERE doc = ?1")?
                .execute([doc])?;
        }
        Ok(docs.len())
    }

    pub(super) fn search_later(&self, doc: i64) -> Result<(), StoreError> {
        self.cached("INSERT OR IGNORE INTO search_pending (doc) VALUES (?1)")?
            .execute([doc])?;
        Ok(())
    }

    pub(super) fn search_patient(&self, patient: &Patient) -> Result<(), StoreError> {
        let p = self.patient_number(patient.id)?;
        let mut words = vec![patient.display_name()];
        words.extend(patient.mrn.clone());
        words.extend(patient.birth_date.clone());
        words.extend(patient.phones.iter().cloned());
        if let Some(address) = &patient.address {
            words.extend(address.lines.iter().cloned());
            words.push(address.city.clone());
            words.push(address.postal_code.clone());
        }
        self.put_search(patient_row(p), Some(&words.join("\n")))
    }

    pub(super) fn unsearch_patient(&self, patient: PatientId) -> Result<(), StoreError> {
        match self.find_patient(patient)? {
            Some(p) => self.put_search(patient_row(p), None),
            None => Ok(()),
        }
    }

    pub(super) fn unsearch_document(&self, doc: i64) -> Result<(), StoreError> {
        self.put_search(document_row(doc), None)
    }

    fn put_search(&self, row: i64, text: Option<&str>) -> Result<(), StoreError> {
        self.cached("DELETE FROM search WHERE rowid = ?1")?
            .execute([row])?;
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.cached("INSERT INTO search (rowid, text) VALUES (?1, ?2)")?
                .execute((row, text))?;
        }
        Ok(())
    }
}

//! Which documents there are and whose.

use rusqlite::OptionalExtension;

use super::{Rows, StoreError, WriteTx};
use crate::model::{DocumentId, DocumentKind, PatientId};

impl Rows {
    /// The number of a document.
    pub(super) fn find(&self, id: DocumentId) -> Result<Option<i64>, StoreError> {
        let key = id.key();
        if let Some((last, doc)) = self.last.get()
            && last == key
        {
            return Ok(Some(doc));
        }
        let doc = self
            .cached("SELECT doc FROM document WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        if let Some(doc) = doc {
            self.last.set(Some((key, doc)));
        }
        Ok(doc)
    }

    pub(super) fn require(&self, id: DocumentId) -> Result<i64, StoreError> {
        self.find(id)?.ok_or(StoreError::Missing)
    }

    pub(super) fn id_of(&self, doc: i64) -> Result<DocumentId, StoreError> {
        let key: Vec<u8> = self
            .cached("SELECT key FROM document WHERE doc = ?1")?
            .query_row([doc], |row| row.get(0))?;
        Ok(DocumentId::from_key(&key)?)
    }

    pub(super) fn find_patient(&self, patient: PatientId) -> Result<Option<i64>, StoreError> {
        Ok(self
            .cached("SELECT p FROM patient_key WHERE patient = ?1")?
            .query_row([patient.bytes()], |row| row.get(0))
            .optional()?)
    }

    /// Whether the store knows the document.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn has_document(&self, id: DocumentId) -> Result<bool, StoreError> {
        Ok(self.find(id)?.is_some())
    }

    /// Whose document it is; none: it is not known.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn patient_of(&self, id: DocumentId) -> Result<Option<PatientId>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(None);
        };
        let bytes: [u8; 16] = self
            .cached(
                "SELECT k.patient FROM document d JOIN patient_key k USING (p) WHERE d.doc = ?1",
            )?
            .query_row([doc], |row| row.get(0))?;
        Ok(Some(PatientId(uuid::Uuid::from_bytes(bytes))))
    }

    /// Every document of a patient.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn documents_of(&self, patient: PatientId) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.cached(
            "SELECT key FROM document WHERE p = (SELECT p FROM patient_key WHERE patient = ?1)
             ORDER BY key",
        )?;
        let keys = statement.query_map([patient.bytes()], |row| row.get(0))?;
        read_ids(keys)
    }

    /// Documents in the order of their keys, a page at a time; `kind` narrows it.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn documents(
        &self,
        kind: Option<DocumentKind>,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let first = [kind.map_or(0, DocumentKind::code)];
        let last = [kind.map_or(u8::MAX, |kind| kind.code() + 1)];
        let from = after.map_or(first.to_vec(), |id| id.key().to_vec());
        let mut statement = self
            .cached("SELECT key FROM document WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3")?;
        let keys = statement.query_map((from, last, limit), |row| row.get(0))?;
        read_ids(keys)
    }
}

fn read_ids(
    keys: impl Iterator<Item = rusqlite::Result<Vec<u8>>>,
) -> Result<Vec<DocumentId>, StoreError> {
    keys.map(|key| Ok(DocumentId::from_key(&key?)?)).collect()
}

impl WriteTx<'_> {
    pub(super) fn patient_number(&self, patient: PatientId) -> Result<i64, StoreError> {
        if let Some(number) = self.find_patient(patient)? {
            return Ok(number);
        }
        self.cached("INSERT INTO patient_key (patient) VALUES (?1)")?
            .execute([patient.bytes()])?;
        Ok(self.sql().last_insert_rowid())
    }

    pub(super) fn document_number(
        &self,
        id: DocumentId,
        patient: PatientId,
    ) -> Result<i64, StoreError> {
        if let Some(doc) = self.find(id)? {
            return Ok(doc);
        }
        let p = self.patient_number(patient)?;
        self.cached("INSERT INTO document (key, p) VALUES (?1, ?2)")?
            .execute((id.key(), p))?;
        let doc = self.sql().last_insert_rowid();
        self.last.set(Some((id.key(), doc)));
        Ok(doc)
    }

    /// Says whose a document is that was known without its patient, as after a
    /// recovery. One whose patient is known stays with them.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn rehome(&self, id: DocumentId, patient: PatientId) -> Result<(), StoreError> {
        if self.patient_of(id)? == Some(PatientId(uuid::Uuid::nil())) {
            let p = self.patient_number(patient)?;
            self.cached("UPDATE document SET p = ?2 WHERE key = ?1")?
                .execute((id.key(), p))?;
            self.rehome_attachments(id, p)?;
        }
        Ok(())
    }

    /// Makes the document known as one of this patient's. A document that is known
    /// already stays with the patient it has.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn ensure_document(&self, id: DocumentId, patient: PatientId) -> Result<(), StoreError> {
        self.document_number(id, patient).map(|_| ())
    }
}

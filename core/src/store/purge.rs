//! Taking a patient off the phone, and the receipt for it.

use uuid::Uuid;

use super::keys::{change_range, view_range};
use super::{QuarantineState, Rows, StoreError, WriteTx, from_sql, to_sql};
use crate::model::{DocumentId, Millis, PatientId, RecordId};

/// What to do about unsent work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeMode {
    /// Refuse while any is there.
    RefuseUnsent,
    /// It was sealed and handed over: it may go.
    Escrowed,
}

/// What a purge removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PurgeCounts {
    /// Documents.
    pub documents: u64,
    /// Changes, folds and whole documents, the unsent and the not yet taken in included.
    pub changes: u64,
    /// Records.
    pub records: u64,
    /// Rows of the quarantine whose values were removed; their codes stay.
    pub quarantined: u64,
    /// Files of attachments that are to be removed.
    pub attachments: u64,
}

/// Proof for the backend that a patient left this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeReceipt {
    /// Names it.
    pub id: RecordId,
    /// Who left.
    pub patient: PatientId,
    /// Why: a stable code.
    pub reason: String,
    /// What was removed.
    pub counts: PurgeCounts,
    /// When.
    pub at: Millis,
    /// Whether the backend has it.
    pub sent: bool,
}

impl Rows {
    /// Receipts that the backend does not have.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn unsent_receipts(&self) -> Result<Vec<PurgeReceipt>, StoreError> {
        let mut statement = self.cached(
            "SELECT id, patient, reason, documents, changes, records, at_ms, sent
             FROM purge_receipt WHERE sent = 0 ORDER BY at_ms, id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(PurgeReceipt {
                id: RecordId(Uuid::from_bytes(row.get(0)?)),
                patient: PatientId(Uuid::from_bytes(row.get(1)?)),
                reason: row.get(2)?,
                counts: PurgeCounts {
                    documents: from_sql(row.get(3)?),
                    changes: from_sql(row.get(4)?),
                    records: from_sql(row.get(5)?),
                    quarantined: 0,
                    attachments: 0,
                },
                at: Millis(row.get(6)?),
                sent: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl WriteTx<'_> {
    /// Removes everything of a patient: documents, changes, views, lines of lists,
    /// records, what waits in the inbox, the search index, the scope, and the values of
    /// rows in quarantine, whose codes stay; files of attachments are marked to be
    /// removed ([`super::Rows::attachments_gone`]). Call [`super::Store::checkpoint`]
    /// afterwards: until then the log holds the old pages.
    ///
    /// # Errors
    /// [`StoreError::Unsent`] while work is unsent and `mode` does not say that it is
    /// escrowed, and of the write.
    pub fn purge_patient(
        &self,
        patient: PatientId,
        mode: PurgeMode,
    ) -> Result<PurgeCounts, StoreError> {
        let unsent = self.unsent_of_patient(patient)? + self.attachments_unsent_of(patient)?;
        if unsent > 0 && mode == PurgeMode::RefuseUnsent {
            return Err(StoreError::Unsent { unsent });
        }
        let Some(p) = self.find_patient(patient)? else {
            return Ok(PurgeCounts::default());
        };
        let mut counts = PurgeCounts::default();
        for id in self.documents_of(patient)? {
            let doc = self.require(id)?;
            counts.changes += self.purge_document(doc)?;
            counts.documents += 1;
        }
        self.forget();
        counts.records = self.count("DELETE FROM record WHERE p = ?1", p)?;
        self.unsearch_patient(patient)?;
        counts.quarantined = self.purge_quarantine(p)?;
        counts.attachments = self.purge_attachments(p)?;
        // The scope goes with it.
        self.count("DELETE FROM patient_key WHERE p = ?1", p)?;
        Ok(counts)
    }

    /// Forgets a document of which nothing true is left: it was made on this phone, and
    /// the backend did not take it.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn drop_document(&self, id: DocumentId) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        self.purge_document(doc)?;
        self.forget();
        Ok(())
    }

    fn purge_document(&self, doc: i64) -> Result<u64, StoreError> {
        let (first, last) = change_range(doc);
        let mut gone = 0;
        for table in ["change", "outbox"] {
            gone += self
                .cached(&format!("DELETE FROM {table} WHERE id BETWEEN ?1 AND ?2"))?
                .execute((first, last))?;
        }
        gone += self
            .cached("DELETE FROM inbox WHERE doc = ?1")?
            .execute([doc])?;
        self.cached("DELETE FROM view WHERE id BETWEEN ?1 AND ?2")?
            .execute(view_range(doc))?;
        self.unsearch_document(doc)?;
        // Snapshot, line of the list, conflicts and pending search go with it.
        self.cached("DELETE FROM document WHERE doc = ?1")?
            .execute([doc])?;
        Ok(gone as u64)
    }

    fn purge_quarantine(&self, p: i64) -> Result<u64, StoreError> {
        let changed = self
            .cached(
                "UPDATE quarantine SET content = 'null', bytes = NULL, p = NULL, state = ?2
                 WHERE p = ?1",
            )?
            .execute((p, QuarantineState::HeldByBackend.code()))?;
        Ok(changed as u64)
    }

    fn count(&self, sql: &str, p: i64) -> Result<u64, StoreError> {
        Ok(self.cached(sql)?.execute([p])? as u64)
    }

    /// Keeps a receipt until the backend has it.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn put_receipt(&self, receipt: &PurgeReceipt) -> Result<(), StoreError> {
        self.cached(
            "INSERT INTO purge_receipt
             (id, patient, reason, documents, changes, records, at_ms, sent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            receipt.id.bytes(),
            receipt.patient.bytes(),
            &receipt.reason,
            to_sql(receipt.counts.documents)?,
            to_sql(receipt.counts.changes)?,
            to_sql(receipt.counts.records)?,
            receipt.at.0,
            receipt.sent,
        ))?;
        Ok(())
    }

    /// The backend has the receipt.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn receipt_sent(&self, id: RecordId) -> Result<(), StoreError> {
        self.cached("UPDATE purge_receipt SET sent = 1 WHERE id = ?1")?
            .execute([id.bytes()])?;
        Ok(())
    }
}

//! Which patients this phone may hold, until when, and why.

use uuid::Uuid;

use super::{Rows, StoreError, WriteTx};
use crate::model::{Grant, Millis, PatientId, Refused};

/// Where a patient stands on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeState {
    /// In scope.
    Active,
    /// Access ended: upload what is unsent, then purge.
    Leaving,
    /// The offline lease ran out: kept, and not shown.
    Locked,
}

impl ScopeState {
    const fn code(self) -> i64 {
        self as i64
    }

    fn from_code(code: i64) -> Result<Self, StoreError> {
        match code {
            0 => Ok(Self::Active),
            1 => Ok(Self::Leaving),
            2 => Ok(Self::Locked),
            _ => Err(Refused::new("scope_state", "0..=2").into()),
        }
    }
}

/// A patient's scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRow {
    /// Whose.
    pub patient: PatientId,
    /// Where it stands.
    pub state: ScopeState,
    /// Since when.
    pub entered: Millis,
    /// Until when without hearing from the backend, if it is limited.
    pub lease_until: Option<Millis>,
    /// Why who may see this patient.
    pub grants: Vec<Grant>,
}

const COLUMNS: &str = "SELECT k.patient, s.state, s.entered_ms, s.lease_until_ms, s.grants
    FROM scope s JOIN patient_key k USING (p)";

fn read_row(row: &rusqlite::Row<'_>) -> Result<ScopeRow, StoreError> {
    let grants: String = row.get(4)?;
    Ok(ScopeRow {
        patient: PatientId(Uuid::from_bytes(row.get(0)?)),
        state: ScopeState::from_code(row.get(1)?)?,
        entered: Millis(row.get(2)?),
        lease_until: row.get::<_, Option<i64>>(3)?.map(Millis),
        grants: serde_json::from_str(&grants).map_err(|_| StoreError::Damaged)?,
    })
}

impl Rows {
    /// A patient's scope; none: the patient is not in it.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn scope(&self, patient: PatientId) -> Result<Option<ScopeRow>, StoreError> {
        let mut statement = self.cached(&format!("{COLUMNS} WHERE k.patient = ?1"))?;
        let mut rows = statement.query([patient.bytes()])?;
        rows.next()?.map(read_row).transpose()
    }

    /// The patients in one state of scope.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn scopes_in(&self, state: ScopeState) -> Result<Vec<PatientId>, StoreError> {
        let mut statement = self.cached(
            "SELECT k.patient FROM scope s JOIN patient_key k USING (p) WHERE s.state = ?1",
        )?;
        let rows = statement.query_map([state.code()], |row| {
            Ok(PatientId(Uuid::from_bytes(row.get(0)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every patient in scope.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn scopes(&self) -> Result<Vec<ScopeRow>, StoreError> {
        let mut statement = self.cached(&format!("{COLUMNS} ORDER BY k.patient"))?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read_row(row)?);
        }
        Ok(all)
    }
}

impl WriteTx<'_> {
    /// Writes a patient's scope.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn put_scope(&self, scope: &ScopeRow) -> Result<(), StoreError> {
        let p = self.patient_number(scope.patient)?;
        let grants = serde_json::to_string(&scope.grants).map_err(|_| StoreError::Internal(0))?;
        self.cached(
            "INSERT INTO scope (p, state, entered_ms, lease_until_ms, grants)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (p) DO UPDATE
             SET state = ?2, entered_ms = ?3, lease_until_ms = ?4, grants = ?5",
        )?
        .execute((
            p,
            scope.state.code(),
            scope.entered.0,
            scope.lease_until.map(|at| at.0),
            grants,
        ))?;
        Ok(())
    }
}

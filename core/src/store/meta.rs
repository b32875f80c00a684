//! Single values: cursor, epoch, device, anchor.

use rusqlite::OptionalExtension;

use super::{Rows, StoreError, WriteTx};

impl Rows {
    /// A value; none: it was never put.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .cached("SELECT value FROM meta WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?)
    }
}

impl WriteTx<'_> {
    /// Puts a value; none removes it.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn put_meta(&self, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        match value {
            Some(value) => self
                .cached(
                    "INSERT INTO meta (key, value) VALUES (?1, ?2)
                     ON CONFLICT (key) DO UPDATE SET value = ?2",
                )?
                .execute((key, value))?,
            None => self
                .cached("DELETE FROM meta WHERE key = ?1")?
                .execute([key])?,
        };
        Ok(())
    }
}

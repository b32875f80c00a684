//! Opens an image as a phone opens its store, and says what is in it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use homeround::store::{DatabaseKey, OpenMode, Store, StoreConfig, open_connection};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// What a store holds: every row of every table, as one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Digest(u64);

/// Opens the store in a folder.
///
/// # Errors
/// Why it did not open, under each key.
pub(super) fn open(path: &Path, keys: &[DatabaseKey]) -> Result<(Store, DatabaseKey), String> {
    let mut why = Vec::new();
    for key in keys {
        let config = StoreConfig {
            path: path.to_path_buf(),
            key: key.clone(),
        };
        match Store::open(config) {
            Ok(store) => return Ok((store, key.clone())),
            Err(error) => why.push(format!("{error:?}")),
        }
    }
    Err(why.join(", "))
}

/// What the store in a folder holds, after it was opened.
///
/// # Errors
/// Why it did not open or could not be read.
pub(super) fn digest(path: &Path, keys: &[DatabaseKey]) -> Result<Digest, String> {
    let (store, key) = open(path, keys)?;
    let database = open_connection(path, &key, OpenMode::ReadOnly);
    let database = database.map_err(|error| format!("{error:?}"))?;
    let told = rows(database.connection()).map_err(|error| format!("{error:?}"))?;
    drop(store);
    Ok(told)
}

fn rows(sql: &Connection) -> rusqlite::Result<Digest> {
    let mut hasher = DefaultHasher::new();
    let version: i64 = sql.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    version.hash(&mut hasher);
    let mut tables = sql.prepare_cached(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
         AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
    )?;
    let names: Vec<String> = tables
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in names {
        name.hash(&mut hasher);
        let mut all = sql.prepare_cached(&format!("SELECT * FROM \"{name}\""))?;
        let columns = all.column_count();
        let mut found = all.query([])?;
        while let Some(row) = found.next()? {
            for at in 0..columns {
                match row.get_ref(at)? {
                    ValueRef::Null => 0_u8.hash(&mut hasher),
                    ValueRef::Integer(figure) => figure.hash(&mut hasher),
                    ValueRef::Real(figure) => figure.to_bits().hash(&mut hasher),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(&mut hasher),
                }
            }
        }
    }
    Ok(Digest(hasher.finish()))
}

//! The plain app that every floor is measured on: rows of JSON in SQLCipher.

use std::path::Path;

use homeround::model::{Coding, Patient, Visit};
use homeround::store::{Database, DatabaseKey, OpenMode, open_connection};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Outcome;
use super::world::{Seed, World};

const SCHEMA: &str = "
CREATE TABLE visit (
    id BLOB PRIMARY KEY, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, patient BLOB NOT NULL,
    name TEXT NOT NULL, address TEXT NOT NULL, latitude_deg REAL, longitude_deg REAL,
    time_zone TEXT NOT NULL, service TEXT NOT NULL, priority INTEGER NOT NULL,
    status TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX visit_by_start ON visit (start_ms);
CREATE TABLE record (id BLOB PRIMARY KEY, kind INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE op (
    n INTEGER PRIMARY KEY, visit BLOB NOT NULL, at_ms INTEGER NOT NULL, person BLOB NOT NULL,
    sent INTEGER NOT NULL, patch TEXT NOT NULL
) STRICT;
";

const LIST: &str = "SELECT id, start_ms, end_ms, patient, name, address, latitude_deg,
    longitude_deg, time_zone, service, priority, status FROM visit
    WHERE start_ms >= ?1 AND start_ms < ?2 ORDER BY start_ms";

/// A line of the floor's list.
pub(crate) struct Line {
    _visit: [u8; 16],
    _window: (i64, i64),
    _patient: [u8; 16],
    _texts: [String; 5],
    _place: (Option<f64>, Option<f64>),
    _priority: i64,
}

/// The plain app's store.
pub(crate) struct Floor {
    database: Database,
}

fn key() -> Outcome<DatabaseKey> {
    Ok(DatabaseKey::from_bytes(&[42; 32])?)
}

/// The file inside a folder.
fn file(folder: &Path) -> std::path::PathBuf {
    folder.join("floor.sqlite")
}

impl Floor {
    /// A new store with its tables.
    pub(crate) fn create(folder: &Path) -> Outcome<Self> {
        let database = open_connection(&file(folder), &key()?, OpenMode::Create)?;
        database.connection().execute_batch(SCHEMA)?;
        Ok(Self { database })
    }

    /// A store that is there.
    pub(crate) fn open(folder: &Path) -> Outcome<Self> {
        let database = open_connection(&file(folder), &key()?, OpenMode::Existing)?;
        Ok(Self { database })
    }

    fn sql(&self) -> &Connection {
        self.database.connection()
    }

    /// One transaction.
    pub(crate) fn transaction<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        self.sql().prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let done = work()?;
        self.sql().prepare_cached("COMMIT")?.execute([])?;
        Ok(done)
    }

    /// Puts a whole world in.
    pub(crate) fn fill(&self, world: &World) -> Outcome<()> {
        self.transaction(|| {
            for (number, id) in world.patients.iter().enumerate() {
                self.put_record(id.bytes(), 3, &world.patient(number).to_string())?;
            }
            for seed in &world.visits {
                self.put_record(seed.visit.bytes(), 1, &world.booking(seed).to_string())?;
                self.put_visit(
                    (seed.visit.bytes(), &seed.tree, &seed.tree.to_string()),
                    &world.booking(seed),
                    world.patient(seed.patient),
                )?;
            }
            Ok(())
        })
    }

    /// Puts a record in.
    pub(crate) fn put_record(&self, id: &[u8; 16], kind: u8, body: &str) -> Outcome<()> {
        self.sql()
            .prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3)")?
            .execute((id, kind, body))?;
        Ok(())
    }

    /// Puts a visit in, with what its line shows.
    pub(crate) fn put_visit(
        &self,
        (id, tree, body): (&[u8; 16], &Value, &str),
        booking: &Value,
        patient: &Value,
    ) -> Outcome<()> {
        let patient: Patient = serde_json::from_value(patient.clone())?;
        let address = patient.address.clone().unwrap_or_default();
        let service: Coding = serde_json::from_value(booking["service"].clone())?;
        self.sql()
            .prepare_cached(
                "INSERT INTO visit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(rusqlite::params![
                id,
                booking["start_ms"].as_i64(),
                booking["end_ms"].as_i64(),
                patient.id.bytes(),
                patient.display_name(),
                address.lines.join(", "),
                address.latitude_deg,
                address.longitude_deg,
                booking["time_zone"].as_str(),
                service.text,
                booking["priority"].as_i64(),
                tree["status"].as_str(),
                body,
            ])?;
        Ok(())
    }

    /// The lines between two instants.
    pub(crate) fn day(&self, from: i64, until: i64) -> Outcome<Vec<Line>> {
        let mut statement = self.sql().prepare_cached(LIST)?;
        let lines = statement.query_map((from, until), |row| {
            Ok(Line {
                _visit: row.get(0)?,
                _window: (row.get(1)?, row.get(2)?),
                _patient: row.get(3)?,
                _texts: [
                    row.get(4)?,
                    row.get(5)?,
                    row.get(8)?,
                    row.get(9)?,
                    row.get(11)?,
                ],
                _place: (row.get(6)?, row.get(7)?),
                _priority: row.get(10)?,
            })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// One visit, typed.
    pub(crate) fn visit(&self, seed: &Seed) -> Outcome<Visit> {
        Ok(serde_json::from_str(&self.body(seed.visit.bytes())?)?)
    }

    /// One visit's JSON.
    pub(crate) fn body(&self, id: &[u8; 16]) -> Outcome<String> {
        let mut statement = self
            .sql()
            .prepare_cached("SELECT body FROM visit WHERE id = ?1")?;
        Ok(statement.query_row([id], |row| row.get(0))?)
    }

    /// Writes a visit's row again.
    pub(crate) fn update(&self, id: &[u8; 16], tree: &Value) -> Outcome<()> {
        self.sql()
            .prepare_cached("UPDATE visit SET status = ?2, body = ?3 WHERE id = ?1")?
            .execute((id, tree["status"].as_str(), tree.to_string()))?;
        Ok(())
    }

    /// Adds a row to the op log.
    pub(crate) fn log(&self, id: &[u8; 16], op: &Value, sent: bool) -> Outcome<()> {
        self.sql()
            .prepare_cached(
                "INSERT INTO op (visit, at_ms, person, sent, patch) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                id,
                op["at"].as_i64(),
                [7_u8; 16],
                sent,
                op["patch"].to_string(),
            ))?;
        Ok(())
    }

    /// What was not sent, as the body of one push.
    pub(crate) fn unsent(&self) -> Outcome<Vec<Value>> {
        let mut statement = self
            .sql()
            .prepare_cached("SELECT visit, at_ms, patch FROM op WHERE sent = 0 ORDER BY n")?;
        let mut rows = statement.query([])?;
        let mut unsent = Vec::new();
        while let Some(row) = rows.next()? {
            let patch: Value = serde_json::from_str(&row.get::<_, String>(2)?)?;
            let visit = uuid::Uuid::from_bytes(row.get(0)?);
            unsent.push(json!({ "visit": visit, "at": row.get::<_, i64>(1)?, "patch": patch }));
        }
        Ok(unsent)
    }

    /// Marks everything as sent.
    pub(crate) fn sent(&self) -> Outcome<()> {
        self.transaction(|| {
            Ok(self
                .sql()
                .execute_batch("UPDATE op SET sent = 1 WHERE sent = 0")?)
        })
    }

    /// Size of the file once everything is in it and nothing is free.
    pub(crate) fn compacted(self, folder: &Path) -> Outcome<f64> {
        self.sql().execute_batch("VACUUM")?;
        self.sql()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        drop(self);
        size(&file(folder))
    }
}

/// Bytes of a file.
pub(crate) fn size(path: &Path) -> Outcome<f64> {
    #[expect(clippy::cast_precision_loss, reason = "files of a benchmark are small")]
    let bytes = std::fs::metadata(path)?.len() as f64;
    Ok(bytes)
}

/// Level of zstd of the floors: that of the wire.
pub(crate) const LEVEL: i32 = homeround::wire::ZSTD_LEVEL;

/// zstd'd JSON.
pub(crate) fn packed(value: &Value) -> Outcome<Vec<u8>> {
    Ok(zstd::bulk::compress(&serde_json::to_vec(value)?, LEVEL)?)
}

/// The reverse.
pub(crate) fn unpacked(bytes: &[u8]) -> Outcome<Value> {
    Ok(serde_json::from_slice(&zstd::stream::decode_all(bytes)?)?)
}

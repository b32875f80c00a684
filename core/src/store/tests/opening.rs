use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use super::*;

fn open(home: &Home, byte: u8) -> Result<Store, OpenError> {
    Store::open(StoreConfig {
        path: home.path(),
        key: key(byte),
    })
}

fn scribble(path: &Path, at: u64) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[0xEE; 64]).unwrap();
}

/// A closed store with enough unsent changes to span many pages.
fn filled() -> (TempDir, PathBuf) {
    let Home { folder, store } = home();
    store
        .write(|tx| {
            for n in 0..200_u8 {
                let id = DocumentId::visit(visit(u128::from(n) / 20));
                tx.ensure_document(id, patient(1))?;
                tx.append_own(id, hash(n), Millis(1), 1, &[n; 900])?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store.close().unwrap();
    let path = folder.path().join("phone.db");
    (folder, path)
}

#[test]
fn the_file_is_encrypted_and_every_setting_is_mended() {
    let home = home();
    home.write(|tx| tx.put_meta("name", Some(b"Josephine")));
    let log = fs::read(open::with_suffix(&home.path(), "-wal")).unwrap();
    assert!(!log.windows(9).any(|window| window == b"Josephine"));
    assert!(home.store.checkpoint().unwrap());
    let bytes = fs::read(home.path()).unwrap();
    assert!(!bytes.windows(9).any(|window| window == b"Josephine"));
    assert!(!bytes.starts_with(b"SQLite format 3"));
    let expected = [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("fullfsync", "1"),
        ("checkpoint_fullfsync", "1"),
        ("trusted_schema", "0"),
        ("foreign_keys", "1"),
        ("secure_delete", "1"),
        ("temp_store", "2"),
        ("auto_vacuum", "2"),
        ("busy_timeout", "5000"),
        ("cell_size_check", "1"),
        ("cache_size", "-2048"),
        ("cipher_provider", "homeround-rustcrypto"),
    ];
    let found = home.write(|tx| {
        expected
            .iter()
            .map(|(name, _)| {
                let value: rusqlite::types::Value =
                    tx.sql()
                        .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?;
                Ok(match value {
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    other => format!("{other:?}"),
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()
    });
    for ((name, wanted), found) in expected.iter().zip(found) {
        assert_eq!((*name, *wanted), (*name, found.as_str()));
    }
    let reader = home.read();
    assert!(reader.sql().execute("DELETE FROM meta", []).is_err());
    let loading = reader
        .sql()
        .query_row("SELECT load_extension('x')", [], |_| Ok(()))
        .unwrap_err();
    assert!(loading.to_string().contains("not authorized"));
}

#[test]
fn a_wrong_key_is_told_and_the_right_one_opens_afterwards() {
    let home = home();
    home.write(|tx| tx.put_meta("cursor", Some(&[1, 2])));
    let Home { folder, store } = home;
    store.close().unwrap();
    let before = fs::read(folder.path().join("phone.db")).unwrap();
    let wrong = StoreConfig {
        path: folder.path().join("phone.db"),
        key: key(8),
    };
    assert!(matches!(Store::open(wrong), Err(OpenError::WrongKey)));
    assert_eq!(fs::read(folder.path().join("phone.db")).unwrap(), before);
    let store = Store::open(config(&folder)).unwrap();
    let value = store.reader().unwrap().meta("cursor").unwrap();
    assert_eq!(value, Some(vec![1, 2]));
}

#[test]
fn an_empty_or_zero_key_is_refused() {
    for bytes in [&[][..], &[1; 31], &[1; 33], &[0; 32]] {
        assert!(DatabaseKey::from_bytes(bytes).is_err());
    }
}

#[test]
fn a_plaintext_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.db");
    let plain = Connection::open(&path).unwrap();
    plain.execute_batch("CREATE TABLE t(a)").unwrap();
    drop(plain);
    let before = fs::read(&path).unwrap();
    assert!(matches!(
        Store::open(config(&folder)),
        Err(OpenError::Plaintext)
    ));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_newer_schema_is_refused_and_nothing_changes() {
    let home = home();
    home.write(|tx| Ok(tx.sql().execute_batch("PRAGMA user_version = 99")?));
    home.store.checkpoint().unwrap();
    let before = fs::read(home.path()).unwrap();
    let known = migrate::MIGRATIONS.last().unwrap().version;
    match open(&home, 7) {
        Err(OpenError::NewerSchema {
            found: 99,
            known: k,
        }) => assert_eq!(k, known),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read(home.path()).unwrap(), before);
}

#[test]
fn migrations_run_once_in_order_from_version_0_and_a_failed_one_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backend.db");
    let database = open_connection(&path, &key(1), OpenMode::Create).unwrap();
    assert_eq!(schema_version(&database).unwrap(), 0);
    let steps = [
        Migration {
            version: 1,
            name: "one",
            sql: "CREATE TABLE a(x); INSERT INTO a VALUES (1)",
        },
        Migration {
            version: 2,
            name: "two",
            sql: "INSERT INTO a VALUES (2); INSERT INTO missing VALUES (1)",
        },
    ];
    migrate(&database, &steps[..1]).unwrap();
    migrate(&database, &steps[..1]).unwrap();
    assert!(migrate(&database, &steps).is_err());
    assert_eq!(schema_version(&database).unwrap(), 1);
    let rows: i64 = database
        .connection()
        .query_row("SELECT count(*) FROM a", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_damaged_first_page_under_the_right_key_is_damage_and_not_a_wrong_key() {
    let (folder, path) = filled();
    scribble(&path, 100);
    assert!(matches!(
        Store::open(config(&folder)),
        Err(OpenError::Damaged)
    ));
    let wrong = StoreConfig { path, key: key(9) };
    assert!(matches!(Store::open(wrong), Err(OpenError::WrongKey)));
}

#[test]
fn a_damaged_page_is_found_set_aside_and_the_rest_of_the_outbox_salvaged() {
    let (folder, path) = filled();
    let pages = fs::metadata(&path).unwrap().len() / 4096;
    // Halfway through the outbox's pages, which are the last to be written.
    scribble(&path, (pages - 20) * 4096 + 512);
    let store = Store::open(config(&folder)).unwrap();
    assert!(matches!(store.verify(), Err(StoreError::Damaged)));
    let read = store
        .reader()
        .unwrap()
        .outbox_page(usize::MAX, usize::MAX, &[]);
    assert!(matches!(read, Err(StoreError::Damaged)));
    // The bad page poisoned that connection alone.
    store
        .write(|tx| tx.put_meta("still", Some(b"works")))
        .unwrap();
    drop(store);

    let aside = set_aside(&path, "damaged-1").unwrap();
    assert!(!path.exists() && aside.exists());
    let saved = salvage(&aside, &key(7)).unwrap();
    assert!(!saved.complete);
    // A page holds four of these rows.
    assert!(saved.unsent.len() >= 190, "{}", saved.unsent.len());
    assert!(
        saved
            .unsent
            .iter()
            .all(|one| one.bytes == [one.hash.0[0]; 900])
    );
    assert!(matches!(salvage(&aside, &key(8)), Err(OpenError::WrongKey)));

    let fresh = Store::open(config(&folder)).unwrap();
    assert_eq!(fresh.reader().unwrap().unsent().unwrap(), 0);
    drop(fresh);
    assert!(matches!(
        set_aside(&path, "damaged-1"),
        Err(OpenError::Io(_))
    ));
}

#[test]
fn two_bad_pages_cost_their_own_rows_alone() {
    let (_folder, path) = filled();
    let pages = fs::metadata(&path).unwrap().len() / 4096;
    for behind in [3, 25] {
        scribble(&path, (pages - behind) * 4096 + 512);
    }
    let saved = salvage(&path, &key(7)).unwrap();
    assert!(!saved.complete);
    assert!(saved.unsent.len() >= 160, "{}", saved.unsent.len());
}

#[test]
fn a_sound_file_salvages_completely() {
    let (_folder, path) = filled();
    let saved = salvage(&path, &key(7)).unwrap();
    assert!(saved.complete);
    assert_eq!(saved.unsent.len(), 200);
}

#[test]
fn a_full_disk_is_told_the_transaction_leaves_nothing_and_work_goes_on_once_there_is_room() {
    let home = home();
    home.write(|tx| edited_visit(tx, 1, 1));
    let pages = |tx: &WriteTx<'_>, max: i64| {
        tx.sql()
            .query_row(&format!("PRAGMA max_page_count = {max}"), [], |row| {
                row.get::<_, i64>(0)
            })
    };
    home.write(|tx| Ok(pages(tx, 1)?));
    let full = home.store.write(|tx| {
        let id = edited_visit(tx, 2, 1)?;
        tx.append_own(id, hash(9), Millis(1), 1, &vec![5; 100_000])
    });
    assert!(matches!(
        full,
        Err(StoreError::Full {
            needed_bytes: FULL_NEEDED_BYTES
        })
    ));
    assert_eq!(home.read().unsent().unwrap(), 1);
    home.write(|tx| Ok(pages(tx, 1_000_000)?));
    home.write(|tx| edited_visit(tx, 2, 1));
    assert_eq!(home.read().unsent().unwrap(), 2);
}

#[test]
fn a_new_key_opens_and_the_old_one_no_longer_does() {
    let home = home();
    home.write(|tx| edited_visit(tx, 1, 1));
    home.store.rekey(&key(9)).unwrap();
    home.write(|tx| edited_visit(tx, 2, 1));
    assert_eq!(home.read().unsent().unwrap(), 2);
    let Home { folder, store } = home;
    store.close().unwrap();
    assert!(matches!(
        Store::open(config(&folder)),
        Err(OpenError::WrongKey)
    ));
    let new = StoreConfig {
        path: folder.path().join("phone.db"),
        key: key(9),
    };
    assert_eq!(
        Store::open(new)
            .unwrap()
            .reader()
            .unwrap()
            .unsent()
            .unwrap(),
        2
    );
}

#[test]
fn a_lost_check_file_costs_nothing() {
    let Home { folder, store } = home();
    store.close().unwrap();
    fs::remove_file(folder.path().join("phone.db.check")).unwrap();
    Store::open(config(&folder)).unwrap();
    assert!(folder.path().join("phone.db.check").exists());
}

#[test]
fn readers_neither_wait_for_an_open_write_nor_see_it() {
    let home = home();
    home.write(|tx| edited_visit(tx, 1, 1));
    let early = home.read();
    assert_eq!(early.unsent().unwrap(), 1);
    home.write(|tx| {
        edited_visit(tx, 2, 1)?;
        assert_eq!(tx.unsent()?, 2);
        let during = home.store.reader()?;
        assert_eq!(during.unsent()?, 1);
        Ok(())
    });
    assert_eq!(early.unsent().unwrap(), 1);
    drop(early);
    assert_eq!(home.read().unsent().unwrap(), 2);
}

#[test]
fn a_panic_or_an_error_inside_a_write_leaves_nothing_behind() {
    let home = home();
    let failed: Result<(), StoreError> = home.store.write(|tx| {
        edited_visit(tx, 1, 1)?;
        Err(StoreError::Missing)
    });
    assert!(failed.is_err());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        home.store.write(|tx| -> Result<(), StoreError> {
            edited_visit(tx, 1, 1)?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(home.read().unsent().unwrap(), 0);
    home.write(|tx| edited_visit(tx, 1, 1));
    assert_eq!(home.read().unsent().unwrap(), 1);
}

#[test]
fn a_store_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let home = home();
    shared(&home.store);
    std::thread::scope(|scope| {
        for n in 1..=4 {
            let home = &home;
            scope.spawn(move || {
                home.write(|tx| edited_visit(tx, n, 1));
                assert!(home.read().unsent().unwrap() >= 1);
            });
        }
    });
    assert_eq!(home.read().unsent().unwrap(), 4);
}

#[test]
fn a_checkpoint_empties_the_log_and_shrinking_gives_pages_back() {
    let home = home();
    home.write(|tx| tx.put_meta("large", Some(&vec![1; 400_000])));
    home.write(|tx| tx.put_meta("large", None));
    assert!(home.store.checkpoint().unwrap());
    let before = home.store.file_sizes().unwrap();
    assert_eq!(before.log, 0);
    home.store.shrink(10_000).unwrap();
    assert!(home.store.checkpoint().unwrap());
    let after = home.store.file_sizes().unwrap();
    assert!(after.database + 300_000 < before.database);
    home.store.verify().unwrap();
}

#[test]
fn a_store_of_every_older_schema_opens_with_everything_that_it_held() {
    for older in 1..migrate::MIGRATIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phone.db");
        let database = open_connection(&path, &key(7), OpenMode::Create).unwrap();
        migrate(&database, &migrate::MIGRATIONS[..older]).unwrap();
        let rows = Rows::new(database);
        let id = transact(&rows, |tx| {
            tx.put_meta("cursor", Some(&[1]))?;
            tx.put_meta("epoch", Some(&[2]))?;
            tx.put_record(&patient_record(1, "Núñez", "José"))?;
            edited_visit(tx, 1, 1)
        });
        let id = id.unwrap();
        drop(rows);
        let store = Store::open(config(&folder)).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.unsent().unwrap(), 1, "from version {older}");
        assert!(reader.view(id).unwrap().is_some());
        assert_eq!(reader.attachments_unsent().unwrap(), 0);
        // What is held without proofs is downloaded once more.
        let meta = |key| reader.meta(key).unwrap();
        assert_eq!((meta("cursor"), meta("epoch")), (None, Some(vec![2])));
        assert!(reader.proofs_of(id).unwrap().is_empty());
    }
}

//! What happens once in a process, and so is alone in its file.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Barrier};

use homeround::store::DatabaseKey;
use homeround_server::store::sqlite::SqliteStorage;
use tempfile::TempDir;

#[test]
fn the_first_databases_of_a_process_open_at_the_same_moment() {
    const AT_ONCE: usize = 16;
    let folder = TempDir::new().unwrap();
    let start = Arc::new(Barrier::new(AT_ONCE));
    let opened: Vec<_> = (0..AT_ONCE)
        .map(|number| {
            let path = folder.path().join(format!("{number}.sqlite"));
            let start = Arc::clone(&start);
            std::thread::spawn(move || {
                let key = DatabaseKey::from_bytes(&[7; 32]).unwrap();
                start.wait();
                SqliteStorage::open(&path, key).map(drop)
            })
        })
        .collect();
    for thread in opened {
        thread.join().unwrap().unwrap();
    }
}

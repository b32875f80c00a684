//! A process that ends while its threads use the store.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use super::*;

/// The folder of the child's store.
const FOLDER: &str = "HOMEROUND_ENDING_FOLDER";
/// After so many milliseconds it ends.
const AFTER: &str = "HOMEROUND_ENDING_AFTER_MS";
const CODE: i32 = 7;

fn config(folder: &Path) -> StoreConfig {
    StoreConfig {
        path: folder.join("store.sqlite"),
        key: DatabaseKey::from_bytes(&[7; 32]).unwrap(),
    }
}

fn name(number: u32) -> String {
    format!("n{number}")
}

/// The child: threads that write, read, open and close, until `exit`. Does nothing
/// unless the test below has started it.
#[test]
fn the_child_that_ends_in_the_middle_of_its_work() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = std::sync::Arc::new(Store::open(config(folder.as_ref())).unwrap());
    let writing = std::sync::Arc::clone(&store);
    std::thread::spawn(move || {
        for number in 0u32.. {
            let put = |tx: &WriteTx<'_>| tx.put_meta(&name(number), Some(&[1; 900]));
            writing.write(put).unwrap();
            // A line of its own in one call: it is whole or not there.
            let line = format!("saved {number}\n");
            std::io::stdout().write_all(line.as_bytes()).unwrap();
        }
    });
    let reading = std::sync::Arc::clone(&store);
    std::thread::spawn(move || {
        loop {
            reading.reader().unwrap().meta("n0").unwrap();
        }
    });
    std::thread::spawn(move || {
        loop {
            drop(Store::open(config(folder.as_ref())).unwrap());
        }
    });
    let after: u64 = std::env::var(AFTER).unwrap().parse().unwrap();
    std::thread::sleep(Duration::from_millis(after));
    std::process::exit(CODE);
}

#[test]
fn a_process_that_ends_in_the_middle_of_its_work_ends_by_itself_and_keeps_what_it_acknowledged() {
    let mut acknowledged = 0;
    for round in 0..12u64 {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg("store::tests::exiting::the_child_that_ends_in_the_middle_of_its_work")
            .env(FOLDER, folder.path())
            .env(AFTER, (150 + 7 * round).to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        let stderr = String::from_utf8_lossy(&child.stderr);
        assert_eq!(
            child.status.code(),
            Some(CODE),
            "{}: {stderr}",
            child.status
        );
        let saved: BTreeSet<u32> = said
            .lines()
            .filter_map(|line| line.strip_prefix("saved ")?.parse().ok())
            .collect();
        let store = Store::open(config(folder.path())).unwrap();
        store.verify().unwrap();
        let reader = store.reader().unwrap();
        for number in &saved {
            assert!(reader.meta(&name(*number)).unwrap().is_some(), "{number}");
        }
        acknowledged += saved.len();
    }
    assert!(acknowledged > 12, "the children wrote {acknowledged}");
}

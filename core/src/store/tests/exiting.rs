//! A process that ends while its threads use the store.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Command;
use std::sync::{Arc, mpsc};

use super::*;

/// The folder of the child's store.
const FOLDER: &str = "HOMEROUND_ENDING_FOLDER";
/// Once so many commits are acknowledged, it ends.
const AFTER: &str = "HOMEROUND_ENDING_AFTER";
const CODE: i32 = 7;
/// The test's own, as its child is started by it.
const OWN_NAME: &str = "store::tests::exiting::a_process_that_ends_in_the_middle_of_its_work_ends_by_itself_and_keeps_what_it_acknowledged";

fn config(folder: &Path) -> StoreConfig {
    StoreConfig {
        path: folder.join("store.sqlite"),
        key: DatabaseKey::from_bytes(&[7; 32]).unwrap(),
    }
}

fn name(number: usize) -> String {
    format!("n{number}")
}

/// The child: threads that write, read, open and close, until `exit`.
fn end_in_the_middle(folder: std::ffi::OsString) -> ! {
    let store = Arc::new(Store::open(config(folder.as_ref())).unwrap());
    let (told, hears) = mpsc::channel();
    let writing = Arc::clone(&store);
    std::thread::spawn(move || {
        for number in 0.. {
            let put = |tx: &WriteTx<'_>| tx.put_meta(&name(number), Some(&[1; 900]));
            writing.write(put).unwrap();
            // A line of its own in one call: it is whole or not there.
            let line = format!("saved {number}\n");
            std::io::stdout().write_all(line.as_bytes()).unwrap();
            told.send(()).unwrap();
        }
    });
    std::thread::spawn(move || {
        loop {
            store.reader().unwrap().meta("n0").unwrap();
        }
    });
    std::thread::spawn(move || {
        loop {
            drop(Store::open(config(folder.as_ref())).unwrap());
        }
    });
    let after: usize = std::env::var(AFTER).unwrap().parse().unwrap();
    assert_eq!(hears.iter().take(after).count(), after);
    std::process::exit(CODE);
}

#[test]
fn a_process_that_ends_in_the_middle_of_its_work_ends_by_itself_and_keeps_what_it_acknowledged() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        end_in_the_middle(folder);
    }
    for after in 5..25 {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", OWN_NAME])
            .env(FOLDER, folder.path())
            .env(AFTER, after.to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        let stderr = String::from_utf8_lossy(&child.stderr);
        let status = child.status;
        assert_eq!(status.code(), Some(CODE), "{status}: {stderr}");
        let saved: BTreeSet<usize> = said
            .lines()
            .filter_map(|line| line.strip_prefix("saved ")?.parse().ok())
            .collect();
        assert!(saved.len() >= after, "{saved:?}");
        let store = Store::open(config(folder.path())).unwrap();
        store.verify().unwrap();
        let reader = store.reader().unwrap();
        for number in saved {
            assert!(reader.meta(&name(number)).unwrap().is_some(), "{number}");
        }
    }
}

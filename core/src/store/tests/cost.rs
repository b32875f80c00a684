//! What an edit costs against its floor. Run with `--ignored --nocapture`, in release for
//! figures that mean something.
#![allow(clippy::disallowed_methods, reason = "measures time")]

use std::time::{Duration, Instant};

use super::*;

const EDITS: u32 = 400;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn big_view(n: u32) -> Value {
    let mut view = visit_view(1, "in_progress", &"Wound clean and dry. ".repeat(10));
    for section in ["observations", "steps", "medications"] {
        view[section] = (0..8)
            .map(|i| {
                (
                    format!("0192{i:032}"),
                    json!({"code": {"system": "http://loinc.org", "code": "8867-4", "text": "Heart rate"},
                    "value": i, "by": person(1), "at_ms": 1_790_000_000_000_i64}),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    view["tasks"] = (0..10)
        .map(|i| {
            (
                format!("0193{i:032}"),
                json!({"title": "Dress the wound", "status": if n % 10 == i { "done" } else { "open" }}),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    view
}

#[test]
#[ignore = "measures"]
fn a_whole_edit_against_one_update_and_one_insert() {
    let home = home();
    let change = [0x5A; 150];
    home.write(|tx| {
        for n in 0..200 {
            tx.put_record(&booking(n, 1, i64::try_from(n).unwrap() * 1_000, 1))?;
            let id = DocumentId::visit(visit(n));
            tx.put_view(id, &big_view(0))?;
        }
        tx.sql().execute_batch(
            "CREATE TABLE floor_row (id INTEGER PRIMARY KEY, body TEXT) STRICT;
             CREATE TABLE floor_log (n INTEGER PRIMARY KEY, id INTEGER, op TEXT) STRICT;",
        )?;
        let body = big_view(0).to_string();
        for n in 0..200 {
            tx.sql()
                .execute("INSERT INTO floor_row VALUES (?1, ?2)", (n, &body))?;
        }
        Ok(())
    });
    let op = r#"[{"op":"replace","path":"/tasks/0193/status","value":"done","at":1790000000000,"by":"0192-aaaa-bbbb-cccc"}]"#;
    let (mut floor, mut ours) = (Vec::new(), Vec::new());
    let cpu = |work: &mut dyn FnMut()| {
        let start = cpu_time();
        work();
        cpu_time() - start
    };
    let views: Vec<Value> = (0..EDITS).map(big_view).collect();
    let texts: Vec<String> = views.iter().map(Value::to_string).collect();
    let floor_cpu = cpu(&mut || {
        for n in 0..EDITS {
            let start = Instant::now();
            home.write(|tx| {
                let text = &texts[n as usize];
                tx.cached("UPDATE floor_row SET body = ?2 WHERE id = ?1")?
                    .execute((n * 7 % 200, text))?;
                tx.cached("INSERT INTO floor_log (id, op) VALUES (?1, ?2)")?
                    .execute((n, op))?;
                Ok(())
            });
            floor.push(start.elapsed());
        }
    });
    let ours_cpu = cpu(&mut || {
        for n in 0..EDITS {
            let start = Instant::now();
            home.write(|tx| {
                let id = DocumentId::visit(visit(u128::from(n * 7 % 200)));
                let mut name = [1; 32];
                name[..4].copy_from_slice(&n.to_be_bytes());
                tx.append_own(id, ChangeHash(name), Millis(1), 1, &change)?;
                tx.put_view_fields(id, &views[n as usize], &["tasks"])?;
                tx.put_conflicts(id, &[], Millis(1), None)?;
                tx.audit(&AuditEntry {
                    at: Millis(1),
                    person: Some(person(1)),
                    action: "visit.edit".into(),
                    subject: Some(id.key().to_vec()),
                    detail: json!({"fields": ["tasks/*/status"]}),
                })?;
                Ok(())
            });
            ours.push(start.elapsed());
        }
    });
    let (floor, ours) = (median(floor), median(ours));
    println!(
        "p50: floor {floor:?}, ours {ours:?}, ratio {:.2}",
        ours.as_secs_f64() / floor.as_secs_f64()
    );
    println!(
        "cpu: floor {:?}, ours {:?} an edit, ratio {:.2}",
        floor_cpu / EDITS,
        ours_cpu / EDITS,
        ours_cpu.as_secs_f64() / floor_cpu.as_secs_f64()
    );
    let reader = home.read();
    let time = |work: &dyn Fn()| {
        work();
        median(
            (0..200)
                .map(|_| {
                    let start = Instant::now();
                    work();
                    start.elapsed()
                })
                .collect(),
        )
    };
    let read = time(&|| {
        reader.view(DocumentId::visit(visit(5))).unwrap();
    });
    let plain = time(&|| {
        let text: String = reader
            .cached("SELECT body FROM floor_row WHERE id = 5")
            .unwrap()
            .query_row([], |row| row.get(0))
            .unwrap();
        assert!(text.len() > 3_000);
    });
    let day = time(&|| {
        assert_eq!(
            reader
                .visits_between(Millis(50_000), Millis(60_000), None)
                .unwrap()
                .len(),
            10
        );
    });
    println!("view {read:?} against {plain:?} for one SELECT; day of ten {day:?}");
}

#[test]
#[ignore = "measures"]
fn opening_to_the_list_of_today_against_one_connection_and_one_select() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(&folder).path;
    let raw = "07".repeat(32);
    let store = Store::open(config(&folder)).unwrap();
    store
        .write(|tx| {
            for n in 0..2_000 {
                tx.put_record(&booking(n, n % 90, i64::try_from(n).unwrap() * 1_000, 1))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store.close().unwrap();
    let many = |work: &dyn Fn()| {
        median(
            (0..40)
                .map(|_| {
                    let start = Instant::now();
                    work();
                    start.elapsed()
                })
                .collect(),
        )
    };
    let ours = many(&|| {
        let store = Store::open(config(&folder)).unwrap();
        let reader = store.reader().unwrap();
        let day = reader.visits_between(Millis(50_000), Millis(60_000), None);
        assert_eq!(day.unwrap().len(), 10);
    });
    let opened = many(&|| {
        Store::open(config(&folder)).unwrap();
    });
    let floor = many(&|| {
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!(
            "PRAGMA key = \"x'{raw}'\"; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
        ))
        .unwrap();
        let mut statement = db
            .prepare("SELECT * FROM visit_list WHERE start_ms >= 50000 AND start_ms < 60000")
            .unwrap();
        let count = statement.query_map([], |_| Ok(())).unwrap().count();
        assert_eq!(count, 10);
    });
    println!("cold: floor {floor:?}, ours {ours:?}, of which Store::open {opened:?}");
}

/// Processor time of this process: user and system ticks of Linux' stat file.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

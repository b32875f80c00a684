use super::*;
use crate::model::{FieldPath, VisitStatus};

fn names(rows: &[VisitRow]) -> Vec<VisitId> {
    rows.iter().map(|row| row.visit).collect()
}

#[test]
fn a_view_reads_back_what_was_written_however_long_its_sections_are() {
    let home = home();
    let id = DocumentId::visit(visit(1));
    let mut view = visit_view(1, "scheduled", "Fine");
    view["from_a_later_version"] = json!({"kept": [1, 2]});
    let long = |count: i32| -> Value {
        (0..count)
            .map(|n| {
                (
                    format!("o{n}"),
                    json!({"code": {"text": "Pulse"}, "value": n}),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    home.write(|tx| tx.ensure_document(id, patient(1)));
    let read =
        || -> Value { serde_json::from_str(&home.read().view(id).unwrap().unwrap()).unwrap() };
    for (observations, tasks) in [(0, 1), (200, 1), (201, 2), (201, 300), (0, 1), (300, 300)] {
        view["observations"] = long(observations);
        view["tasks"] = long(tasks);
        home.write(|tx| tx.put_view_fields(id, &view, &["observations", "tasks", "status"]));
        assert_eq!(read(), view);
    }
    // Both sections have rows of their own now: a change elsewhere leaves them alone.
    assert_eq!(home.count("view"), 3);
    let part = home.read().view_of(id, &["tasks"]).unwrap().unwrap();
    let mut part: Value = serde_json::from_str(&part).unwrap();
    assert!(
        part.get("observations").is_none(),
        "long, and not asked for"
    );
    part["observations"] = view["observations"].clone();
    assert_eq!(part, view, "what is short comes along");
    view["status"] = json!("in_progress");
    view["note"] = json!("");
    home.write(|tx| tx.put_view_fields(id, &view, &["status", "note"]));
    assert_eq!(read(), view);
    view.as_object_mut().unwrap().remove("tasks");
    home.write(|tx| tx.put_view(id, &view));
    assert_eq!(read(), view);
    assert_eq!(home.count("view"), 2);
}

#[test]
fn a_days_list_is_in_order_and_follows_bookings_names_statuses_and_conflicts() {
    let home = home();
    home.write(|tx| {
        tx.put_record(&booking(1, 1, 2_000, 1))?;
        tx.put_record(&booking(2, 1, 1_000, 2))?;
        tx.put_record(&booking(3, 1, 9_000, 1))?;
        tx.put_record(&patient_record(1, "Álvarez", "José"))
    });
    let day = |who| {
        home.read()
            .visits_between(Millis(0), Millis(9_000), who)
            .unwrap()
    };
    assert_eq!(names(&day(None)), [visit(2), visit(1)]);
    assert_eq!(names(&day(Some(person(1)))), [visit(1)]);
    let row = day(Some(person(1))).remove(0);
    assert_eq!(row.patient_name, "José Álvarez");
    assert_eq!(row.address, "12 Elm Street, Boston");
    assert_eq!(row.latitude_deg, Some(42.3));
    assert_eq!((row.status, row.unsent), (VisitStatus::Scheduled, 0));

    let id = home.write(|tx| edited_visit(tx, 1, 1));
    let conflict = OpenConflict {
        path: FieldPath("outcome".into()),
        body: json!(["a", "b"]),
        opened: Millis(5),
    };
    home.write(|tx| tx.put_conflicts(id, std::slice::from_ref(&conflict), Millis(6), None));
    let row = home.read().visit_row(visit(1)).unwrap().unwrap();
    assert_eq!(row.status, VisitStatus::InProgress);
    assert_eq!((row.conflicts, row.unsent), (1, 1));

    // Moved to another day: status and conflicts stay.
    let mut moved = booking(1, 1, 20_000, 1);
    moved.version = 2;
    home.write(|tx| tx.put_record(&moved));
    assert_eq!(names(&day(None)), [visit(2)]);
    let row = home.read().visit_row(visit(1)).unwrap().unwrap();
    assert_eq!(
        (row.start_ms, row.status, row.conflicts),
        (Millis(20_000), VisitStatus::InProgress, 1)
    );

    home.write(|tx| tx.put_conflicts(id, &[], Millis(7), Some(person(1))));
    let all = home.read().conflicts_of(id).unwrap();
    assert_eq!(all[0].settled, Some((Millis(7), Some(person(1)))));
    assert_eq!(home.read().all_open_conflicts().unwrap(), []);
    assert_eq!(
        home.read().visit_row(visit(1)).unwrap().unwrap().conflicts,
        0
    );

    let mut ended = booking(2, 1, 0, 1);
    ended.version = 2;
    ended.body = None;
    home.write(|tx| tx.put_record(&ended));
    assert_eq!(day(None), []);
}

#[test]
fn the_highest_version_wins_and_an_ended_record_does_not_come_back() {
    let home = home();
    let mut record = patient_record(1, "Okafor", "Ada");
    record.version = 5;
    assert!(home.write(|tx| tx.put_record(&record)));
    assert!(!home.write(|tx| tx.put_record(&record)));
    let ended = Record {
        version: 6,
        body: None,
        id: record.id,
        kind: record.kind,
        patient: record.patient,
    };
    assert!(home.write(|tx| tx.put_record(&ended)));
    assert!(!home.write(|tx| tx.put_record(&record)));
    let read = home.read().record(RecordKind::Patient, record.id).unwrap();
    assert_eq!(read.unwrap().body, None);
    assert_eq!(
        home.read().records(RecordKind::Patient, None, 9).unwrap(),
        []
    );
}

#[test]
fn a_body_of_another_shape_is_refused_and_nothing_is_stored() {
    let home = home();
    let odd = record(RecordKind::Booking, visit(1).0, 1, &json!({"visit": 7}));
    let refused = home.store.write(|tx| tx.put_record(&odd));
    assert!(matches!(
        refused,
        Err(StoreError::Shape {
            kind: RecordKind::Booking
        })
    ));
    assert_eq!(home.count("record"), 0);
}

#[test]
fn a_timeline_of_5000_reads_page_by_page_newest_first_without_gap_or_double() {
    let home = home();
    home.write(|tx| {
        for n in 0..5_000 {
            // Many share an instant, and they come in no order.
            tx.put_record(&history(
                n,
                1,
                (i64::try_from(n).unwrap() * 7_919 % 5_000) / 10,
            ))?;
        }
        tx.put_record(&history(9_999, 2, 1)).map(|_| ())
    });
    let (mut cursor, mut seen, mut last) = (None, std::collections::BTreeSet::new(), i64::MAX);
    loop {
        let page = home.read().timeline(patient(1), None, cursor, 100).unwrap();
        for record in &page.records {
            let body: Value = serde_json::from_str(record.body.as_ref().unwrap()).unwrap();
            let at = body["at_ms"].as_i64().unwrap();
            assert!(at <= last);
            last = at;
            assert!(seen.insert(record.id));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 5_000);
    let of = |resource| {
        home.read()
            .timeline(patient(1), Some(resource), None, 10)
            .unwrap()
    };
    assert_eq!(of("Observation").records.len(), 10);
    assert_eq!(of("Encounter").records.len(), 0);
    assert_eq!(home.write(|tx| tx.trim_history(Millis(250))), 2_501);
}

#[test]
fn search_finds_names_without_their_accents_and_notes_by_the_start_of_a_word() {
    let home = home();
    let id = home.write(|tx| {
        tx.put_record(&patient_record(1, "Núñez", "José"))?;
        tx.put_record(&patient_record(2, "O'Brien", "Mary"))?;
        edited_visit(tx, 1, 1)
    });
    let find = |query: &str| home.store.search(query, 10).unwrap();
    assert_eq!(find("Jose"), [SearchHit::Patient(patient(1))]);
    assert_eq!(find("NUÑ jos"), [SearchHit::Patient(patient(1))]);
    assert_eq!(find("brien"), [SearchHit::Patient(patient(2))]);
    assert_eq!(find("wound cle"), [SearchHit::Document(id)]);
    assert_eq!(find("\"; DROP TABLE * NEAR("), []);
    assert_eq!(find(" "), []);
    let changed = visit_view(1, "in_progress", "Healed");
    home.write(|tx| tx.put_view_fields(id, &changed, &["note"]));
    assert_eq!(find("wound"), []);
    assert_eq!(find("heal"), [SearchHit::Document(id)]);
}

#[test]
fn dropped_caches_come_back_the_same_from_records_and_truth() {
    let home = home();
    let view = visit_view(1, "in_progress", "Wound clean and dry");
    let conflict = OpenConflict {
        path: FieldPath("outcome".into()),
        body: json!([1, 2]),
        opened: Millis(5),
    };
    let id = home.write(|tx| {
        tx.put_record(&patient_record(1, "Núñez", "José"))?;
        tx.put_record(&booking(1, 1, 1_000, 1))?;
        let id = edited_visit(tx, 1, 1)?;
        tx.put_snapshot(id, &[hash(1)], b"cache")?;
        tx.put_conflicts(id, std::slice::from_ref(&conflict), Millis(6), None)?;
        Ok(id)
    });
    let look = |home: &Home| {
        let hits = home.store.search("wound", 9).unwrap();
        let reader = home.read();
        let rows = reader
            .visits_between(Millis(0), Millis(9_000), None)
            .unwrap();
        let conflicts: Vec<OpenConflict> = reader
            .conflicts_of(id)
            .unwrap()
            .into_iter()
            .map(|row| row.conflict)
            .collect();
        (rows, reader.view(id).unwrap(), conflicts, hits)
    };
    let before = look(&home);
    let truth = home.read().document_truth(id).unwrap();
    home.write(|tx| tx.drop_caches());
    assert_eq!(home.read().view(id).unwrap(), None);
    assert_eq!(
        home.read()
            .visits_between(Millis(0), Millis(9_000), None)
            .unwrap(),
        []
    );
    assert_eq!(home.read().document_truth(id).unwrap(), truth);
    home.write(|tx| {
        tx.rebuild_lists()?;
        tx.put_view(id, &view)?;
        tx.put_conflicts(id, &[conflict], Millis(9), None)
    });
    assert_eq!(look(&home), before);
}

#[test]
fn documents_are_listed_by_kind_page_by_page() {
    let home = home();
    home.write(|tx| {
        for n in 0..5 {
            tx.ensure_document(DocumentId::visit(visit(n)), patient(1))?;
        }
        tx.ensure_document(DocumentId::chart(patient(1)), patient(1))
    });
    let kind = Some(crate::model::DocumentKind::Visit);
    let first = home.read().documents(kind, None, 3).unwrap();
    let rest = home
        .read()
        .documents(kind, first.last().copied(), 9)
        .unwrap();
    assert_eq!((first.len(), rest.len()), (3, 2));
    assert_eq!(home.read().documents(None, None, 9).unwrap().len(), 6);
    assert_eq!(home.read().documents_of(patient(1)).unwrap().len(), 6);
    assert_eq!(home.read().patient_of(first[0]).unwrap(), Some(patient(1)));
}

#[test]
fn a_booked_visit_whose_every_change_was_refused_stays_in_the_list_as_a_rebuild_has_it() {
    let home = home();
    home.write(|tx| tx.put_record(&booking(1, 1, 2_000, 1)));
    let id = home.write(|tx| edited_visit(tx, 1, 1));
    home.write(|tx| tx.put_view(id, &visit_view(1, "in_progress", "Fine")));
    let line = || home.read().visit_row(visit(1)).unwrap();
    assert_eq!(line().unwrap().status, VisitStatus::InProgress);
    home.write(|tx| tx.unshow(id));
    let shown = line();
    assert_eq!(shown.as_ref().unwrap().status, VisitStatus::Scheduled);
    home.write(|tx| {
        tx.drop_caches()?;
        tx.rebuild_lists()
    });
    assert_eq!(line(), shown);
    // A colleague brings it back.
    home.write(|tx| tx.put_view(id, &visit_view(1, "in_progress", "Fine")));
    assert_eq!(line().unwrap().status, VisitStatus::InProgress);
}

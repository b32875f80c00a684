use super::*;

fn entry(n: i64) -> AuditEntry {
    AuditEntry {
        at: Millis(n),
        person: (n % 2 == 0).then(|| person(1)),
        action: "visit.edit".into(),
        subject: Some(visit(1).bytes().to_vec()),
        detail: json!({"fields": ["outcome"], "n": n}),
    }
}

fn trail() -> (Home, AuditHead) {
    let home = home();
    let head = home.write(|tx| {
        (1..10).try_for_each(|n| tx.audit(&entry(n)).map(|_| ()))?;
        tx.audit(&entry(10))
    });
    (home, head)
}

#[test]
fn an_untouched_trail_is_sound_and_ends_in_the_head_that_was_given() {
    let (home, head) = trail();
    assert_eq!(home.read().audit_head().unwrap(), head);
    assert_eq!(
        home.read().verify_audit().unwrap(),
        AuditVerdict::Sound(head)
    );
    let page = home.read().audit_page(Some(4), 2).unwrap();
    assert_eq!(page.iter().map(|row| row.n).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(page[0].entry, entry(3));
}

#[test]
fn every_kind_of_tampering_breaks_the_chain_where_it_happened() {
    let cases = [
        ("UPDATE audit SET at_ms = 99 WHERE n = 4", 4),
        ("UPDATE audit SET person = NULL WHERE n = 4", 4),
        ("UPDATE audit SET action = 'visit.read' WHERE n = 5", 5),
        ("UPDATE audit SET detail = '{}' WHERE n = 1", 1),
        ("UPDATE audit SET subject = NULL WHERE n = 10", 10),
        ("UPDATE audit SET chain = zeroblob(32) WHERE n = 7", 7),
        ("DELETE FROM audit WHERE n = 3", 3),
        ("DELETE FROM audit WHERE n = 1", 1),
    ];
    for (sql, broken_at) in cases {
        let (home, _) = trail();
        home.write(|tx| Ok(tx.sql().execute_batch(sql)?));
        let verdict = home.read().verify_audit().unwrap();
        assert_eq!(verdict, AuditVerdict::BrokenAt(broken_at), "{sql}");
    }
}

#[test]
fn rows_cut_off_the_end_show_against_the_head_that_the_vault_keeps() {
    let (home, head) = trail();
    home.write(|tx| Ok(tx.sql().execute_batch("DELETE FROM audit WHERE n = 10")?));
    match home.read().verify_audit().unwrap() {
        AuditVerdict::Sound(found) => assert_ne!(found, head),
        AuditVerdict::BrokenAt(n) => panic!("{n}"),
    }
}

#[test]
fn a_single_value_is_put_replaced_and_removed() {
    let home = home();
    home.write(|tx| tx.put_meta("cursor", Some(&[1])));
    home.write(|tx| tx.put_meta("cursor", Some(&[2])));
    assert_eq!(home.read().meta("cursor").unwrap(), Some(vec![2]));
    home.write(|tx| tx.put_meta("cursor", None));
    assert_eq!(home.read().meta("cursor").unwrap(), None);
}

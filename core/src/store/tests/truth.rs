use super::*;

fn visit_1(home: &Home) -> DocumentId {
    let id = DocumentId::visit(visit(1));
    home.write(|tx| tx.ensure_document(id, patient(1)));
    id
}

fn bytes_of(stored: &[Stored]) -> Vec<(bool, Vec<u8>)> {
    stored
        .iter()
        .map(|one| match one {
            Stored::Change { unsent, bytes, .. } => (*unsent, bytes.clone()),
            Stored::Fold(bytes) | Stored::Whole(bytes) => (false, bytes.clone()),
        })
        .collect()
}

#[test]
fn an_edit_is_truth_and_outbox_at_once_and_an_acknowledgement_keeps_its_place() {
    let home = home();
    let id = visit_1(&home);
    home.write(|tx| tx.append_changes(id, &[pulled(1, b"one")]));
    home.write(|tx| tx.append_own(id, hash(2), Millis(5), 1, b"two"));
    home.write(|tx| tx.append_changes(id, &[pulled(3, b"three")]));
    let parts = home.read().document_parts(id).unwrap().unwrap();
    let expected = vec![
        (false, b"one".to_vec()),
        (true, b"two".to_vec()),
        (false, b"three".to_vec()),
    ];
    assert_eq!(bytes_of(&parts.rest), expected);
    assert_eq!(home.read().unsent_of(id).unwrap(), 1);
    assert_eq!(home.read().oldest_unsent().unwrap(), Some(Millis(5)));

    assert!(home.write(|tx| tx.acknowledge(id, &hash(2), Some(9))));
    assert!(!home.write(|tx| tx.acknowledge(id, &hash(2), Some(9))));
    let parts = home.read().document_parts(id).unwrap().unwrap();
    assert_eq!(
        bytes_of(&parts.rest),
        expected
            .into_iter()
            .map(|(_, bytes)| (false, bytes))
            .collect::<Vec<_>>()
    );
    assert_eq!(home.read().unsent().unwrap(), 0);
}

#[test]
fn the_same_change_twice_is_one_and_ones_own_that_comes_back_is_acknowledged() {
    let home = home();
    let id = visit_1(&home);
    let both = [pulled(1, b"one"), pulled(2, b"two")];
    assert_eq!(home.write(|tx| tx.append_changes(id, &both)), 2);
    assert_eq!(home.write(|tx| tx.append_changes(id, &both)), 0);
    home.write(|tx| tx.append_own(id, hash(3), Millis(1), 1, b"mine"));
    assert_eq!(
        home.write(|tx| tx.append_changes(id, &[pulled(3, b"mine")])),
        0
    );
    assert_eq!(home.read().unsent().unwrap(), 0);
    assert!(home.read().has_change(id, &hash(3)).unwrap());
    assert!(!home.read().has_change(id, &hash(4)).unwrap());
}

#[test]
fn a_page_of_the_outbox_keeps_each_documents_order_goes_by_priority_and_fits_its_budget() {
    let home = home();
    let (urgent, plain) = (DocumentId::visit(visit(2)), visit_1(&home));
    home.write(|tx| {
        tx.ensure_document(urgent, patient(1))?;
        for n in 0..3 {
            tx.append_own(plain, hash(n), Millis(i64::from(n)), 5, &[n; 100])?;
        }
        tx.append_own(urgent, hash(10), Millis(50), 5, &[10; 100])?;
        tx.append_own(urgent, hash(11), Millis(51), 0, &[11; 100])
    });
    let names = |bytes, changes, skip: &[DocumentId]| -> Vec<u8> {
        let page = home.read().outbox_page(bytes, changes, skip).unwrap();
        page.iter().map(|unsent| unsent.hash.0[0]).collect()
    };
    assert_eq!(names(usize::MAX, usize::MAX, &[]), [10, 11, 0, 1, 2]);
    assert_eq!(names(350, usize::MAX, &[]), [10, 11, 0]);
    assert_eq!(names(usize::MAX, 2, &[]), [10, 11]);
    assert_eq!(names(1, 9, &[]), [10]);
    assert_eq!(names(usize::MAX, 9, &[urgent]), [0, 1, 2]);
}

#[test]
fn a_rejected_change_leaves_the_document_and_its_snapshot_and_comes_back_whole() {
    let home = home();
    let id = visit_1(&home);
    home.write(|tx| {
        tx.append_own(id, hash(1), Millis(3), 1, b"mine")?;
        tx.put_snapshot(id, &[hash(1)], b"with mine")
    });
    let gone = home.write(|tx| tx.reject(id, &hash(1))).unwrap();
    assert_eq!((gone.document, gone.bytes), (id, b"mine".to_vec()));
    let parts = home.read().document_parts(id).unwrap().unwrap();
    assert_eq!((parts.snapshot, parts.rest.len()), (None, 0));
    assert_eq!(home.write(|tx| tx.reject(id, &hash(1))), None);
}

#[test]
fn a_snapshot_spares_what_it_holds_and_later_changes_come_on_top() {
    let home = home();
    let id = visit_1(&home);
    let large = vec![7; 10_000];
    home.write(|tx| {
        tx.append_changes(id, &[pulled(1, b"one")])?;
        tx.append_own(id, hash(2), Millis(1), 1, b"two")?;
        tx.put_snapshot(id, &[hash(2)], &large)?;
        tx.append_changes(id, &[pulled(3, b"three")])
    });
    home.write(|tx| tx.acknowledge(id, &hash(2), None));
    let parts = home.read().document_parts(id).unwrap().unwrap();
    assert_eq!(parts.snapshot, Some((vec![hash(2)], large)));
    assert_eq!(bytes_of(&parts.rest), [(false, b"three".to_vec())]);
    assert_eq!(home.read().document_truth(id).unwrap().len(), 3);
}

#[test]
fn a_fold_takes_acknowledged_changes_alone_from_the_first_on_and_unfolds_to_the_same() {
    let home = home();
    let id = visit_1(&home);
    home.write(|tx| {
        tx.append_changes(id, &[pulled(1, b"one"), pulled(2, b"two")])?;
        tx.append_own(id, hash(3), Millis(1), 1, b"mine")?;
        tx.append_changes(id, &[pulled(4, b"four")])
    });
    let before = home.read().document_truth(id).unwrap();
    let refuse = |hashes: &[ChangeHash]| home.store.write(|tx| tx.fold(id, hashes, b"f", false));
    assert!(matches!(refuse(&[hash(2)]), Err(StoreError::Refused(_))));
    assert!(matches!(
        refuse(&[hash(1), hash(3)]),
        Err(StoreError::Refused(_))
    ));
    assert!(matches!(refuse(&[]), Err(StoreError::Refused(_))));
    assert_eq!(home.read().document_truth(id).unwrap(), before);

    home.write(|tx| tx.fold(id, &[hash(1), hash(2)], b"folded", false));
    assert_eq!(
        home.read().foldable(id).unwrap(),
        [(hash(4), b"four".to_vec())]
    );
    home.write(|tx| tx.fold(id, &[hash(4)], b"all of them", true));
    let expected = [(false, b"all of them".to_vec()), (true, b"mine".to_vec())];
    let folded = home.read().document_truth(id).unwrap();
    assert_eq!(bytes_of(&folded), expected);

    let contents = vec![pulled(1, b"one"), pulled(2, b"two")];
    home.write(|tx| tx.unfold(id, &[contents]));
    let truth = home.read().document_truth(id).unwrap();
    assert_eq!(truth, before[..3]);
}

#[test]
fn after_a_restored_backend_own_changes_are_offered_again_and_folds_are_named() {
    let home = home();
    let id = visit_1(&home);
    home.write(|tx| {
        tx.append_changes(id, &[pulled(1, b"theirs")])?;
        tx.append_own(id, hash(2), Millis(1), 1, b"mine")?;
        tx.acknowledge(id, &hash(2), Some(2))
    });
    assert_eq!(home.write(|tx| tx.offer_again(Millis(9))), []);
    let page = home.read().outbox_page(usize::MAX, 9, &[]).unwrap();
    assert_eq!((page.len(), page[0].hash), (1, hash(2)));
    assert_eq!(home.read().document_truth(id).unwrap().len(), 2);
    home.write(|tx| tx.acknowledge(id, &hash(2), Some(2)));
    home.write(|tx| tx.fold(id, &[hash(1), hash(2)], b"f", false));
    assert_eq!(home.write(|tx| tx.offer_again(Millis(9))), [id]);
}

#[test]
fn changes_that_wait_are_bounded_and_kept_once() {
    let home = home();
    let id = visit_1(&home);
    let half = vec![1; usize::try_from(WAITING_BYTES_MAX).unwrap() / 2];
    home.write(|tx| {
        tx.wait(id, hash(1), Some(4), &half)?;
        tx.wait(id, hash(1), Some(4), &half)?;
        tx.wait(id, hash(2), None, &half)
    });
    let over = home.store.write(|tx| tx.wait(id, hash(3), None, b"x"));
    assert!(matches!(
        over,
        Err(StoreError::Limit {
            limit: "WAITING_BYTES_MAX"
        })
    ));
    assert_eq!(home.read().waiting(id).unwrap().len(), 2);
    assert!(home.write(|tx| tx.release(id, &hash(1))));
    assert!(!home.write(|tx| tx.release(id, &hash(1))));
    assert_eq!(
        home.read().waiting(id).unwrap()[0].kind,
        ArrivalKind::Change(hash(2))
    );
}

#[test]
fn deferred_arrivals_come_out_by_priority_in_the_order_in_which_they_came() {
    let home = home();
    let ids: Vec<DocumentId> = (1..=3).map(|n| DocumentId::visit(visit(n))).collect();
    home.write(|tx| {
        for (id, priority) in ids.iter().zip([30, 0, 10]) {
            tx.ensure_document(*id, patient(1))?;
            tx.defer(*id, priority, ArrivalKind::Whole, None, b"whole")?;
        }
        tx.defer(ids[0], 30, ArrivalKind::Change(hash(1)), Some(8), b"change")
    });
    assert_eq!(
        home.read().deferred_documents(9).unwrap(),
        [ids[1], ids[2], ids[0]]
    );
    assert_eq!(home.read().deferred_documents(1).unwrap(), [ids[1]]);
    assert!(home.read().is_deferred(ids[0]).unwrap());
    let taken = home.write(|tx| tx.take_deferred(ids[0]));
    assert_eq!(taken[0].bytes, b"whole");
    assert_eq!(taken[1].kind, ArrivalKind::Change(hash(1)));
    assert_eq!(taken[1].seq, Some(8));
    assert!(!home.read().is_deferred(ids[0]).unwrap());
    assert_eq!(home.read().deferred_count().unwrap(), 2);
}

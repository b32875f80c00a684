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
    // What came after the first unsent change stays as it is.
    assert_eq!(home.read().foldable(id).unwrap(), []);
    assert!(matches!(refuse(&[hash(4)]), Err(StoreError::Refused(_))));
    home.write(|tx| tx.acknowledge(id, &hash(3), None));
    let rest = [(hash(3), b"mine".to_vec()), (hash(4), b"four".to_vec())];
    assert_eq!(home.read().foldable(id).unwrap(), rest);
    home.write(|tx| tx.append_whole(id, b""));
    home.write(|tx| tx.append_changes(id, &[pulled(5, b"five")]));
    let hashes = [hash(3), hash(4), hash(5)];
    home.write(|tx| tx.fold(id, &hashes, b"all of them", true));
    let whole = Stored::Whole(Vec::new());
    let folded = home.read().document_truth(id).unwrap();
    assert_eq!(folded, [whole, Stored::Fold(b"all of them".to_vec())]);

    let contents = (1..=5).map(|n| pulled(n, b"x")).collect();
    home.write(|tx| tx.unfold(id, &[contents]));
    let truth = home.read().document_truth(id).unwrap();
    assert_eq!(names(&truth), [1, 2, 3, 4, 5]);
}

#[test]
fn what_is_there_twice_is_folded_and_unfolded_once() {
    let home = home();
    let id = visit_1(&home);
    let twice = [pulled(1, b"one"), pulled(2, b"two"), pulled(1, b"one")];
    home.write(|tx| tx.append_changes(id, &twice));
    assert_eq!(names(&home.read().document_truth(id).unwrap()), [1, 2]);

    // Folded with both, as phones did that did not look: three in the place of two.
    home.write(|tx| tx.fold(id, &[hash(1), hash(2)], b"folded", false));
    home.write(|tx| tx.append_changes(id, &[pulled(2, b"two"), pulled(3, b"three")]));
    home.write(|tx| tx.unfold(id, &[twice.to_vec()]));
    assert_eq!(names(&home.read().document_truth(id).unwrap()), [1, 2, 3]);
}

#[test]
fn rows_that_are_there_twice_fold_whole_and_unfold_to_each_once() {
    let home = home();
    let id = visit_1(&home);
    home.write(|tx| {
        tx.append_changes(id, &[pulled(1, b"one"), pulled(2, b"two")])?;
        tx.append_own(id, hash(2), Millis(1), 1, b"two")?;
        tx.acknowledge(id, &hash(2), None)
    });
    home.write(|tx| tx.fold(id, &[hash(1), hash(2), hash(2)], b"folded", false));
    assert_eq!(home.read().foldable(id).unwrap(), []);
    home.write(|tx| tx.append_changes(id, &[pulled(2, b"two"), pulled(3, b"three")]));
    home.write(|tx| tx.fold(id, &[hash(2), hash(3)], b"later", false));
    // The second one holds more than it had rows, as folds of earlier versions can.
    let earlier = vec![pulled(1, b"one"), pulled(2, b"two"), pulled(2, b"two")];
    let later = [2, 3, 3, 3, 3, 3].map(|n| pulled(n, b"x"));
    home.write(|tx| tx.unfold(id, &[earlier, later.to_vec()]));
    let truth = home.read().document_truth(id).unwrap();
    assert_eq!(names(&truth), [1, 2, 3]);
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

/// One thing that can happen to a document.
#[derive(Debug, Clone, Copy)]
enum Step {
    Pull,
    Edit,
    Acknowledge,
    ComesBack,
    Fold { earlier_too: bool },
    Snapshot,
    OfferAgain,
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    use proptest::prelude::*;
    let step = prop_oneof![
        3 => Just(Step::Pull),
        3 => Just(Step::Edit),
        2 => Just(Step::Acknowledge),
        1 => Just(Step::ComesBack),
        1 => any::<bool>().prop_map(|earlier_too| Step::Fold { earlier_too }),
        1 => Just(Step::Snapshot),
        1 => Just(Step::OfferAgain),
    ];
    proptest::collection::vec(step, 1..40)
}

/// A fold in these tests is the names of its changes, one byte each.
fn names(stored: &[Stored]) -> Vec<u8> {
    stored
        .iter()
        .flat_map(|one| match one {
            Stored::Change { hash, .. } => vec![hash.0[0]],
            Stored::Fold(names) | Stored::Whole(names) => names.clone(),
        })
        .collect()
}

fn take(tx: &WriteTx<'_>, id: DocumentId, step: Step, next: &mut u8) -> Result<(), StoreError> {
    let first = tx.outbox_page(1, 1, &[])?.first().map(|one| one.hash);
    match (step, first) {
        (Step::Pull, _) => {
            *next += 1;
            tx.append_changes(id, &[pulled(*next, b"x")])?;
        }
        (Step::Edit, _) => {
            *next += 1;
            tx.append_own(id, hash(*next), Millis(1), 1, b"x")?;
        }
        (Step::Acknowledge, Some(first)) => {
            assert!(tx.acknowledge(id, &first, Some(1))?);
        }
        (Step::ComesBack, Some(first)) => {
            let back = NewChange {
                hash: first,
                seq: None,
                own: true,
                bytes: b"x",
            };
            assert_eq!(tx.append_changes(id, &[back])?, 0);
        }
        (Step::Fold { earlier_too }, _) => {
            let hashes: Vec<ChangeHash> = tx.foldable(id)?.into_iter().map(|one| one.0).collect();
            if hashes.is_empty() {
                return Ok(());
            }
            let mut held: Vec<u8> = Vec::new();
            for one in tx.document_truth(id)? {
                match &one {
                    Stored::Fold(names) if earlier_too => held.extend(names),
                    Stored::Change { hash, .. } if hashes.contains(hash) => held.push(hash.0[0]),
                    _ => {}
                }
            }
            tx.fold(id, &hashes, &held, earlier_too)?;
        }
        (Step::Snapshot, _) => {
            let all = names(&tx.document_truth(id)?);
            tx.put_snapshot(id, &[], &all)?;
        }
        (Step::OfferAgain, _) => {
            tx.offer_again(Millis(1))?;
        }
        _ => {}
    }
    Ok(())
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_happens_no_change_is_lost_doubled_out_of_order_or_hidden_by_a_snapshot(steps in steps()) {
        let home = home();
        let id = visit_1(&home);
        let mut next = 0;
        for step in steps {
            home.write(|tx| take(tx, id, step, &mut next));
            let truth = names(&home.read().document_truth(id).unwrap());
            let parts = home.read().document_parts(id).unwrap().unwrap();
            let mut opened: std::collections::BTreeSet<u8> = names(&parts.rest).into_iter().collect();
            opened.extend(parts.snapshot.map(|(_, names)| names).unwrap_or_default());
            proptest::prop_assert_eq!(&truth, &(1..=next).collect::<Vec<u8>>());
            proptest::prop_assert_eq!(opened.into_iter().collect::<Vec<u8>>(), truth);
        }
    }
}

#[test]
fn a_proof_is_open_after_a_restore_until_the_backend_says_that_it_has_the_change() {
    let home = home();
    let ids = [1, 2].map(|n| DocumentId::visit(visit(n)));
    home.write(|tx| {
        for id in ids {
            tx.ensure_document(id, patient(1))?;
            tx.put_proof(id, &hash(1), &[4; 16])?;
            tx.put_proof(id, &hash(2), &[5; 16])?;
        }
        Ok(())
    });
    assert!(home.read().in_question().unwrap().is_empty());
    home.write(|tx| {
        tx.question_proofs()?;
        Ok(())
    });
    assert_eq!(home.read().in_question().unwrap(), ids);
    home.write(|tx| {
        // One is sent again, the other is under a later one.
        tx.put_proof(ids[0], &hash(1), &[4; 16])?;
        tx.drop_proofs(ids[0], &[hash(2)])?;
        tx.settle_proofs(ids[1])
    });
    let reader = home.read();
    assert!(reader.in_question().unwrap().is_empty());
    let left = [(hash(1), [4; 16]), (hash(2), [5; 16])];
    for (id, count) in [(ids[0], 1), (ids[1], 2)] {
        let rows = reader.proofs_of(id).unwrap();
        let kept: Vec<_> = rows.iter().map(|row| (row.hash, row.code)).collect();
        assert_eq!(kept, left[..count]);
    }
}

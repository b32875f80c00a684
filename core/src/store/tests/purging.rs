use super::*;
use crate::model::{FieldPath, Grant, GrantSource};

fn rejected(id: DocumentId, name: u8) -> Rejected {
    Rejected {
        document: id,
        hash: hash(name),
        author: Some(person(1)),
        code: "not_in_scope".into(),
        field: Some("outcome".into()),
        values: json!({"outcome": "secret"}),
        bytes: Some(b"sealed".to_vec()),
        at: Millis(4),
    }
}

/// A photo that the backend has.
fn attachment(tx: &WriteTx<'_>, id: DocumentId, n: u128) -> Result<(), StoreError> {
    let name = AttachmentName(n.to_be_bytes());
    tx.begin_attachment(name, id, patient(n), Millis(3))?;
    let written = WrittenAttachment {
        sha256: &[7; 32],
        size_bytes: 5,
        media_type: "image/jpeg",
        thumbnail: Some(b"small"),
    };
    tx.keep_attachment(name, &written, &UploadState::Sent)
}

/// Everything that a patient can leave on a phone.
fn whole_patient(tx: &WriteTx<'_>, n: u128) -> Result<DocumentId, StoreError> {
    tx.put_record(&patient_record(n, "Núñez", "José"))?;
    tx.put_record(&booking(n, n, 1_000, 1))?;
    tx.put_record(&history(n, n, 5))?;
    let id = edited_visit(tx, n, n)?;
    let name = u8::try_from(n).unwrap() + 100;
    tx.append_changes(id, &[pulled(name, b"theirs")])?;
    tx.append_whole(id, b"whole")?;
    tx.put_snapshot(id, &[hash(1)], b"cache")?;
    tx.put_proof(id, &hash(1), &[3; 16])?;
    tx.wait(id, hash(name + 1), None, b"waits")?;
    tx.defer(id, 1, ArrivalKind::Whole, None, b"later")?;
    let conflict = OpenConflict {
        path: FieldPath("outcome".into()),
        body: json!([1, 2]),
        opened: Millis(5),
    };
    tx.put_conflicts(id, &[conflict], Millis(6), None)?;
    tx.quarantine(&rejected(id, name + 2))?;
    attachment(tx, id, n)?;
    tx.put_scope(&ScopeRow {
        patient: patient(n),
        state: ScopeState::Leaving,
        entered: Millis(1),
        lease_until: Some(Millis(99)),
        grants: vec![Grant {
            person: person(1),
            patient: patient(n),
            source: GrantSource::CareTeam,
            from_ms: Millis(0),
            until_ms: None,
        }],
    })?;
    Ok(id)
}

const TABLES: [&str; 14] = [
    "patient_key",
    "document",
    "change",
    "outbox",
    "snapshot",
    "view",
    "visit_list",
    "conflict",
    "inbox",
    "record",
    "search",
    "search_pending",
    "scope",
    "search_content",
];

fn counts(home: &Home) -> Vec<i64> {
    TABLES.iter().map(|table| home.count(table)).collect()
}

#[test]
fn a_purge_is_refused_while_work_is_unsent_unless_it_is_escrowed() {
    let home = home();
    home.write(|tx| whole_patient(tx, 1));
    let refused = home
        .store
        .write(|tx| tx.purge_patient(patient(1), PurgeMode::RefuseUnsent));
    assert!(matches!(refused, Err(StoreError::Unsent { unsent: 1 })));
    assert_eq!(home.read().unsent().unwrap(), 1);
    let gone = home.write(|tx| tx.purge_patient(patient(1), PurgeMode::Escrowed));
    assert_eq!(
        gone,
        PurgeCounts {
            documents: 1,
            changes: 5,
            records: 3,
            quarantined: 1,
            attachments: 1
        }
    );
}

#[test]
fn a_purge_leaves_no_trace_but_codes_and_touches_nobody_else() {
    let home = home();
    home.write(|tx| whole_patient(tx, 2));
    home.store.search("x", 1).unwrap();
    let alone = counts(&home);
    home.write(|tx| whole_patient(tx, 1));
    home.store.search("x", 1).unwrap();
    let id = DocumentId::visit(visit(1));
    home.write(|tx| tx.purge_patient(patient(1), PurgeMode::Escrowed));
    assert_eq!(counts(&home), alone);
    assert_eq!(
        home.store.search("jose", 9).unwrap(),
        [SearchHit::Patient(patient(2))]
    );
    let held = home
        .read()
        .quarantined(Some(QuarantineState::HeldByBackend))
        .unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].rejected.document, id);
    assert_eq!(held[0].rejected.code, "not_in_scope");
    assert_eq!(held[0].rejected.field.as_deref(), Some("outcome"));
    assert_eq!(
        (&held[0].rejected.values, &held[0].rejected.bytes),
        (&Value::Null, &None)
    );
    assert_eq!(home.read().quarantined_open().unwrap(), 1);
    assert_eq!(home.read().scope(patient(1)).unwrap(), None);
    assert_eq!(home.read().scopes().unwrap().len(), 1);
    // The file is still there: its row says so until it is removed.
    let gone = home.read().attachments_gone().unwrap();
    assert_eq!(gone, [(AttachmentName(1_u128.to_be_bytes()), id)]);
    assert_eq!(home.read().thumbnail(gone[0].0).unwrap(), None);
    let again = home.write(|tx| tx.purge_patient(patient(1), PurgeMode::RefuseUnsent));
    assert_eq!(again, PurgeCounts::default());
    // Numbers may be given again: the next patient must not inherit anything.
    home.write(|tx| tx.ensure_document(id, patient(3)));
    assert_eq!(home.read().document_truth(id).unwrap(), []);
    assert_eq!(home.read().view(id).unwrap(), None);
}

#[test]
fn an_edit_in_quarantine_is_one_row_readable_and_owned_until_somebody_decides() {
    let home = home();
    let id = DocumentId::visit(visit(1));
    let row = home.write(|tx| tx.quarantine(&rejected(id, 1)));
    assert_eq!(home.write(|tx| tx.quarantine(&rejected(id, 1))), row);
    let open = home.read().quarantined(None).unwrap();
    assert_eq!(open[0].rejected, rejected(id, 1));
    home.write(|tx| tx.set_quarantine_state(row, QuarantineState::ReEntered));
    assert_eq!(home.read().quarantined_open().unwrap(), 0);
    assert_eq!(
        home.read().quarantined(None).unwrap()[0].state,
        QuarantineState::ReEntered
    );
    let missing = home
        .store
        .write(|tx| tx.set_quarantine_state(99, QuarantineState::Open));
    assert!(matches!(missing, Err(StoreError::Missing)));
}

#[test]
fn a_receipt_is_kept_until_the_backend_has_it() {
    let home = home();
    let receipt = PurgeReceipt {
        id: RecordId(Uuid::from_u128(1)),
        patient: patient(1),
        reason: "revoked".into(),
        counts: PurgeCounts {
            documents: 1,
            changes: 2,
            records: 3,
            quarantined: 0,
            attachments: 0,
        },
        at: Millis(8),
        sent: false,
    };
    home.write(|tx| tx.put_receipt(&receipt));
    let id = receipt.id;
    assert_eq!(home.read().unsent_receipts().unwrap(), [receipt]);
    home.write(|tx| tx.receipt_sent(id));
    assert_eq!(home.read().unsent_receipts().unwrap(), []);
}

#[test]
fn a_purge_waits_for_a_photo_that_only_this_phone_has() {
    let home = home();
    home.write(|tx| whole_patient(tx, 1));
    let id = DocumentId::visit(visit(1));
    home.write(|tx| tx.acknowledge(id, &hash(1), Some(9)));
    let name = AttachmentName(1_u128.to_be_bytes());
    home.write(|tx| tx.attachment_sent(name, &UploadState::Pending));
    let refused = home
        .store
        .write(|tx| tx.purge_patient(patient(1), PurgeMode::RefuseUnsent));
    assert!(matches!(refused, Err(StoreError::Unsent { unsent: 1 })));
    home.write(|tx| tx.attachment_sent(name, &UploadState::Sent));
    home.write(|tx| tx.purge_patient(patient(1), PurgeMode::RefuseUnsent));
}

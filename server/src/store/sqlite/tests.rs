use homeround::model::{DeviceId, Millis, PatientId, PersonId, Role};
use homeround::store::DatabaseKey;
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::*;
use crate::store::{Event, EventRow, PersonRow};

const TENANT: TenantId = TenantId(Uuid::from_u128(1));

fn key(byte: u8) -> DatabaseKey {
    DatabaseKey::from_bytes(&[byte; 32]).unwrap()
}

fn tenant() -> Tenant {
    Tenant {
        id: TENANT,
        name: "willow".into(),
        epoch: 7,
        head: 0,
        signing_seed: Zeroizing::new([1; 32]),
        escrow_seed: Zeroizing::new([2; 32]),
        device: DeviceId(Uuid::from_u128(2)),
        person: PersonId(Uuid::from_u128(3)),
        policy: "{}".into(),
    }
}

async fn fresh() -> (TempDir, Arc<SqliteStorage>) {
    let folder = TempDir::new().unwrap();
    let storage = SqliteStorage::open(&folder.path().join("x.sqlite"), key(9)).unwrap();
    storage.create_tenant(&tenant()).await.unwrap();
    (folder, Arc::new(storage))
}

fn arrival(seq: u64) -> EventRow {
    let patient = PatientId(Uuid::from_u128(u128::from(seq)));
    let event = Event::Patient { patient };
    EventRow { seq, event }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_become_visible_in_order_however_writers_interleave() {
    const WRITERS: u64 = 6;
    const EACH: u64 = 25;
    let (_folder, storage) = fresh().await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                for round in 0..EACH {
                    let mut tx = storage.write(TENANT).await.unwrap();
                    let seq = tx.next_seq().await.unwrap();
                    // A slow transaction between taking a number and its commit.
                    for _ in 0..(writer + round) % 4 {
                        tokio::task::yield_now().await;
                    }
                    tx.add_event(&arrival(seq)).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    let (mut seen, mut cursor) = (Vec::new(), 0);
    while seen.len() < usize::try_from(WRITERS * EACH).unwrap() {
        let mut reader = storage.read(TENANT).await.unwrap();
        for row in reader.events_after(cursor, 10).await.unwrap() {
            cursor = row.seq;
            seen.push(row.seq);
        }
        drop(reader);
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let all: Vec<u64> = (1..=WRITERS * EACH).collect();
    assert_eq!(seen, all, "a cursor skipped a number");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing_and_no_gap() {
    let (_folder, storage) = fresh().await;
    let mut tx = storage.write(TENANT).await.unwrap();
    let seq = tx.next_seq().await.unwrap();
    tx.add_event(&arrival(seq)).await.unwrap();
    drop(tx);
    let mut tx = storage.write(TENANT).await.unwrap();
    assert!(tx.events_after(0, 10).await.unwrap().is_empty());
    assert_eq!(tx.next_seq().await.unwrap(), 1);
}

#[tokio::test]
async fn a_reader_sees_one_moment_while_a_writer_commits() {
    let (_folder, storage) = fresh().await;
    let mut reader = storage.read(TENANT).await.unwrap();
    assert_eq!(reader.tenant().await.unwrap().head, 0);
    let mut tx = storage.write(TENANT).await.unwrap();
    let seq = tx.next_seq().await.unwrap();
    tx.add_event(&arrival(seq)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(reader.events_after(0, 10).await.unwrap().is_empty());
    drop(reader);
    let mut reader = storage.read(TENANT).await.unwrap();
    assert_eq!(reader.events_after(0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_tenant_sees_nothing_of_another() {
    let (_folder, storage) = fresh().await;
    let other = Tenant {
        id: TenantId(Uuid::from_u128(99)),
        name: "oak".into(),
        ..tenant()
    };
    storage.create_tenant(&other).await.unwrap();
    let person = PersonRow {
        id: PersonId(Uuid::from_u128(5)),
        login: Some("ann".into()),
        role: Some(Role::Nurse),
        name: "Ann".into(),
    };
    let mut tx = storage.write(TENANT).await.unwrap();
    tx.put_person(&person).await.unwrap();
    let seq = tx.next_seq().await.unwrap();
    tx.add_event(&arrival(seq)).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = storage.read(other.id).await.unwrap();
    assert_eq!(reader.person_by_login("ann").await.unwrap(), None);
    assert!(reader.events_after(0, 10).await.unwrap().is_empty());
    assert_eq!(reader.tenant().await.unwrap().head, 0);
}

#[tokio::test]
async fn another_key_does_not_open_the_file_and_harms_nothing() {
    let (folder, storage) = fresh().await;
    storage.checkpoint().await.unwrap();
    drop(storage);
    let path = folder.path().join("x.sqlite");
    let wrong = SqliteStorage::open(&path, key(8));
    assert!(matches!(wrong.err(), Some(StorageError::WrongKey)));
    let right = SqliteStorage::open(&path, key(9)).unwrap();
    assert_eq!(right.tenants().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_put_back_from_a_backup_is_noticed() {
    let (folder, storage) = fresh().await;
    let path = folder.path().join("x.sqlite");
    let backup = folder.path().join("backup.sqlite");
    storage.checkpoint().await.unwrap();
    std::fs::copy(&path, &backup).unwrap();
    for _ in 0..3 {
        let mut tx = storage.write(TENANT).await.unwrap();
        let seq = tx.next_seq().await.unwrap();
        tx.add_event(&arrival(seq)).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(storage.restored().await.unwrap().is_empty());
    storage.checkpoint().await.unwrap();
    drop(storage);
    std::fs::copy(&backup, &path).unwrap();
    let storage = SqliteStorage::open(&path, key(9)).unwrap();
    let restored = storage.restored().await.unwrap();
    let expected = Restored {
        tenant: TENANT,
        known: 3,
        found: 0,
    };
    assert_eq!(restored, [expected]);
    renew(&storage, 77).await;
    assert!(storage.restored().await.unwrap().is_empty());

    // The same backup once more, before anybody wrote: nothing is behind, and yet it is older.
    storage.checkpoint().await.unwrap();
    drop(storage);
    std::fs::copy(&backup, &path).unwrap();
    let storage = SqliteStorage::open(&path, key(9)).unwrap();
    let again = Restored {
        known: 0,
        ..expected
    };
    assert_eq!(storage.restored().await.unwrap(), [again]);
    renew(&storage, 78).await;
    assert!(storage.restored().await.unwrap().is_empty());
}

async fn renew(storage: &SqliteStorage, epoch: u64) {
    let mut tx = storage.write(TENANT).await.unwrap();
    tx.set_epoch(epoch).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn grants_that_begin_or_run_out_come_due_once() {
    let (_folder, storage) = fresh().await;
    let mut tx = storage.write(TENANT).await.unwrap();
    let grant = crate::store::GrantRow {
        id: Uuid::from_u128(4),
        grant: homeround::model::Grant {
            person: PersonId(Uuid::from_u128(5)),
            patient: PatientId(Uuid::from_u128(6)),
            source: homeround::model::GrantSource::BreakGlass,
            from_ms: Millis(100),
            until_ms: Some(Millis(200)),
        },
        visit: None,
        ended_at: None,
        started: false,
        reason: String::new(),
    };
    tx.put_grant(&grant).await.unwrap();
    assert!(tx.grants_due(Millis(99), 10).await.unwrap().is_empty());
    assert_eq!(tx.grants_due(Millis(100), 10).await.unwrap().len(), 1);
    let started = crate::store::GrantRow {
        started: true,
        ..grant
    };
    tx.put_grant(&started).await.unwrap();
    assert!(tx.grants_due(Millis(199), 10).await.unwrap().is_empty());
    assert_eq!(tx.grants_due(Millis(200), 10).await.unwrap().len(), 1);
}

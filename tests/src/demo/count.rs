//! The figures, counted from the stores: each phone's, asked through its
//! process, and the server's, opened here after the server has stopped.

use std::collections::{BTreeMap, BTreeSet};

use homeround::merge::Document;
use homeround::model::{ChangeHash, DocumentId, DocumentKind, SignatureEntry, VisitId};
use homeround::vault::{SealStatement, verify_seal};
use homeround_server::config::key_from_hex;
use homeround_server::store::sqlite::SqliteStorage;
use homeround_server::store::{Reader, Storage};
use serde_json::{Value, json};
use uuid::Uuid;

use super::phones::Phone;
use super::play::{Play, text};
use super::screen::grouped;
use super::server::TENANT;
use super::trouble::{During, Trouble};

/// What became of the acknowledged edits.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub(super) acknowledged: u64,
    pub(super) in_documents: u64,
    pub(super) sealed_away: u64,
    pub(super) on_phones: u64,
    pub(super) lost: u64,
}

/// What the server's store says once the server is gone.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) fate: Fate,
    pub(super) purged_documents: u64,
    pub(super) quarantined: u64,
    pub(super) seal_verified: bool,
    pub(super) tampering_found: bool,
}

/// Where each phone has its acknowledged edits, by hash.
pub(super) fn on_phones(play: &mut Play) -> Result<BTreeSet<String>, Trouble> {
    play.screen.step("The phones' stores, looked at closely");
    let mut held = BTreeSet::new();
    let mut shown = Vec::new();
    let (mut sound, mut same, mut quarantined) = (true, true, 0);
    for phone in &mut play.phones {
        let mut by_document: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ack in &phone.acks {
            let hashes = by_document.entry(ack.document.clone()).or_default();
            hashes.push(ack.hash.clone());
        }
        for (document, hashes) in by_document {
            let (kind, id) = document.split_once('/').unwrap_or_default();
            let places = phone.ask(&json!({
                "do": "whereabouts",
                "document": { "kind": kind, "id": id },
                "hashes": hashes,
            }))?;
            for (hash, place) in places.as_object().into_iter().flatten() {
                if place == "outbox" || place == "quarantine" {
                    held.insert(hash.clone());
                }
            }
        }
        phone.ask(&json!({ "do": "idle" }))?;
        let rebuilt = phone.ask(&json!({ "do": "rebuild" }))?;
        let audit = phone.ask(&json!({ "do": "audit" }))?;
        let stats = phone.ask(&json!({ "do": "stats" }))?;
        sound &= audit["sound"] == true;
        same &= rebuilt["same"] == true;
        let rows = phone.ask(&json!({ "do": "quarantine" }))?;
        quarantined += rows.as_array().map_or(0, Vec::len) as u64;
        let bytes = |field: &str| stats[field].as_u64().unwrap_or(0);
        shown.push(vec![
            phone.carrier.name.to_owned(),
            text(&stats["documents"]),
            phone.acks.len().to_string(),
            text(&stats["unsent"]),
            text(&audit["lines"]),
            grouped(bytes("database_bytes") + bytes("log_bytes")),
        ]);
    }
    let head = [
        "who",
        "documents",
        "edits",
        "unsent",
        "audit lines",
        "bytes on disk",
    ];
    play.screen.table(&head, &shown);
    play.promise(
        same,
        "projections dropped and rebuilt from the changes are the same",
    );
    play.promise(
        sound,
        "every phone's audit trail is whole and holds the line pinned in hardware",
    );
    play.figures
        .counted
        .insert("quarantined_on_phones".into(), json!(quarantined));
    Ok(held)
}

/// Opens the server's store and counts.
pub(super) fn in_the_server(
    play: &mut Play,
    on_phones: &BTreeSet<String>,
) -> Result<Counted, Trouble> {
    play.screen
        .step("The server stops, and its store is counted");
    let stopped = play.server.stop()?;
    let audit = play.server.verify_audit();
    play.promise(stopped, "the server shuts down cleanly");
    let whole = audit.is_ok_and(|lines| lines.contains("\"broken_at\":null"));
    play.promise(whole, "the server's audit trail is whole");
    let named = lines_naming_patients(play)?;
    play.promise(
        named == 0,
        "no line of the server's or the phones' logs names a patient or a birth date",
    );
    let digits =
        std::fs::read_to_string(play.server.key_file()).during("reading the server's key")?;
    let key = key_from_hex(digits.trim()).during("reading the server's key")?;
    let storage =
        SqliteStorage::open(&play.server.database(), key).during("opening the server's store")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .during("starting a runtime")?;
    let counted = runtime.block_on(count(&storage, play, on_phones))?;
    let fate = &counted.fate;
    let sentence = format!(
        "{} edits acknowledged: {} in the server's documents, {} sealed away with their reason, {} lost",
        grouped(fate.acknowledged),
        grouped(fate.in_documents),
        grouped(fate.sealed_away),
        fate.lost
    );
    play.promise(fate.lost == 0 && fate.acknowledged > 0, &sentence);
    play.promise(
        counted.seal_verified,
        "the seal verifies over the server's bytes: key, changes, view, device of the signer",
    );
    play.promise(
        counted.tampering_found,
        "one altered bit in a sealed change, or in the seal, is found",
    );
    Ok(counted)
}

/// Lines of the logs in which a patient's name or birth date stands.
fn lines_naming_patients(play: &Play) -> Result<usize, Trouble> {
    let mut logs = vec![play.server.log()];
    logs.extend(play.phones.iter().map(Phone::log));
    let mut found = 0;
    for log in logs {
        let bytes = std::fs::read(&log).during("reading a log")?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let telling = |line: &&str| play.story.telling.iter().any(|word| line.contains(word));
        found += text.lines().filter(telling).count();
    }
    Ok(found)
}

async fn count(
    storage: &SqliteStorage,
    play: &Play,
    on_phones: &BTreeSet<String>,
) -> Result<Counted, Trouble> {
    let tenants = storage.tenants().await.during("listing tenants")?;
    let tenant = tenants.iter().find(|tenant| tenant.name == TENANT);
    let tenant = tenant.ok_or_else(|| Trouble::new("the server's store", "has no such tenant"))?;
    let mut reader = storage
        .read(tenant.id)
        .await
        .during("reading the server's store")?;
    let rejected = reader
        .rejected(u32::MAX)
        .await
        .during("reading what was rejected")?;
    let sealed: BTreeSet<String> = rejected.iter().map(|row| row.hash.to_string()).collect();
    let receipts = reader
        .receipts(u32::MAX)
        .await
        .during("reading the receipts")?;
    let mut counted = Counted {
        purged_documents: receipts.iter().map(|receipt| receipt.documents).sum(),
        quarantined: rejected.len() as u64,
        ..Counted::default()
    };
    for ack in play.phones.iter().flat_map(|phone| &phone.acks) {
        let hash: ChangeHash = ack.hash.parse().during("reading an acknowledged hash")?;
        let stored = reader
            .change_mark(&hash)
            .await
            .during("looking for an edit")?;
        let fate = &mut counted.fate;
        fate.acknowledged += 1;
        if stored.is_some() {
            fate.in_documents += 1;
        } else if sealed.contains(&ack.hash) {
            fate.sealed_away += 1;
        } else if on_phones.contains(&ack.hash) {
            fate.on_phones += 1;
        } else {
            fate.lost += 1;
        }
    }
    let (holds, found) = seal(reader.as_mut(), &play.story.shared.visit).await?;
    counted.seal_verified = holds;
    counted.tampering_found = found;
    Ok(counted)
}

/// Verifies the last seal of a visit over the server's own bytes; then alters
/// one bit of each sealed change in turn, and of the seal, and sees whether
/// each is found.
async fn seal(reader: &mut dyn Reader, visit: &str) -> Result<(bool, bool), Trouble> {
    let what = "verifying the seal";
    let visit = VisitId(Uuid::parse_str(visit).during(what)?);
    let id = DocumentId {
        kind: DocumentKind::Visit,
        id: visit.0,
    };
    let row = reader.document(id).await.during(what)?;
    let row = row.ok_or_else(|| Trouble::new(what, "the visit is not in the server's store"))?;
    let stored = reader.changes_of(id, 0).await.during(what)?;
    let changes: Vec<&[u8]> = stored
        .iter()
        .map(|change| change.bytes.as_slice())
        .collect();
    let document = Document::load(id, None, changes.iter().copied()).during(what)?;
    let signatures = document.view()["signatures"].as_object();
    let Some((_, entry)) = signatures.into_iter().flatten().next_back() else {
        return Ok((false, false));
    };
    let entry: SignatureEntry = serde_json::from_value(entry.clone()).during(what)?;
    let fits = verify_seal(visit, row.patient, &entry, &changes).is_ok();
    let heads: Result<Vec<ChangeHash>, _> = entry.heads.iter().map(|head| head.parse()).collect();
    let heads = heads.during(what)?;
    let signed = document.view_as_of(&heads).during(what)?;
    let same_view = hex(&SealStatement::digest_of(&signed)) == entry.view_sha256;
    let devices = reader.devices().await.during(what)?;
    let own = devices.iter().any(|(device, _)| {
        device.person == entry.by && hex(&device.public_key) == entry.device_key
    });
    let covered: Vec<usize> = (0..changes.len())
        .filter(|at| {
            let others: Vec<&[u8]> = (0..changes.len())
                .filter(|it| it != at)
                .map(|it| changes[it])
                .collect();
            verify_seal(visit, row.patient, &entry, &others).is_err()
        })
        .collect();
    let altered_found = covered.iter().all(|at| {
        let mut altered = changes[*at].to_vec();
        if let Some(last) = altered.last_mut() {
            *last ^= 1;
        }
        let mut all = changes.clone();
        all[*at] = &altered;
        verify_seal(visit, row.patient, &entry, &all).is_err()
    });
    let mut forged = entry.clone();
    forged.by = stored.first().map_or(entry.by, |change| change.person);
    let forged_found = verify_seal(visit, row.patient, &forged, &changes).is_err();
    Ok((
        fits && same_view && own,
        !covered.is_empty() && altered_found && forged_found,
    ))
}

fn hex(bytes: &[u8]) -> String {
    ChangeHash::from_bytes(bytes).map_or_else(|_| String::new(), |it| it.to_string())
}

/// The object for a program.
pub(super) fn object(
    play: &Play,
    counted: &Counted,
    converged: bool,
    conflicts: (u64, u64),
) -> Value {
    let up: u64 = play.phones.iter().map(|phone| phone.bytes_up).sum();
    let down: u64 = play.phones.iter().map(|phone| phone.bytes_down).sum();
    let failed: Vec<&str> = play
        .promises
        .iter()
        .filter(|it| !it.held)
        .map(|it| it.name.as_str())
        .collect();
    json!({
        "acknowledged": counted.fate.acknowledged,
        "kept": counted.fate.in_documents,
        "lost": counted.fate.lost,
        "still_on_phones": counted.fate.on_phones,
        "converged": converged,
        "rounds": play.figures.rounds,
        "conflicts_shown": play.figures.conflicts_shown,
        "conflicts_open": conflicts.0,
        "conflicts_settled": conflicts.1,
        "quarantined": counted.quarantined,
        "quarantined_on_phones": play.figures.counted.get("quarantined_on_phones"),
        "purged_documents": counted.purged_documents,
        "seal_verified": counted.seal_verified,
        "tampering_found": counted.tampering_found,
        "bytes_up": up,
        "bytes_down": down,
        "road_min_booked": play.figures.road_min[0],
        "road_min_suggested": play.figures.road_min[1],
        "first_screen_ms": (play.figures.first_screen_ms * 10.0).round() / 10.0,
        "fhir_out": play.figures.fhir_out,
        "imported": play.figures.imported,
        "skipped": play.figures.skipped,
        "promises": play.promises.len(),
        "failed": failed,
    })
}

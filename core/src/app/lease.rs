//! The offline lease and the anchor, as the store keeps them.

use serde::{Deserialize, Serialize};

use super::error::AppError;
use crate::access::{Lease, Seen};
use crate::model::{Anchor, Clock};
use crate::store::{Rows, WriteTx};

const LEASE: &str = "lease";
const ANCHOR: &str = "anchor";

#[derive(Serialize, Deserialize)]
struct Held {
    lease: Lease,
    seen: Option<Seen>,
}

/// The lease and the last look at it; none: the backend never granted one.
pub(super) fn held(rows: &Rows) -> Result<Option<(Lease, Option<Seen>)>, AppError> {
    let stored = rows.meta(LEASE)?;
    Ok(stored
        .and_then(|bytes| serde_json::from_slice::<Held>(&bytes).ok())
        .map(|held| (held.lease, held.seen)))
}

/// The backend answered: a new lease begins.
pub(super) fn renew(tx: &WriteTx<'_>, anchor: Anchor, lease_ms: i64) -> Result<(), AppError> {
    let lease = Lease {
        granted_at: anchor,
        lease_ms,
    };
    let held = Held {
        lease,
        seen: Some(lease.granted()),
    };
    put(tx, LEASE, &held)?;
    put(tx, ANCHOR, &anchor)
}

/// Notes how much of the lease is used; `used_ms` is what the vault knows.
pub(super) fn look(tx: &WriteTx<'_>, clock: Clock, used_ms: i64) -> Result<Option<Seen>, AppError> {
    let Some((lease, seen)) = held(tx)? else {
        return Ok(None);
    };
    let seen = lease.look(clock, seen, used_ms);
    let held = Held {
        lease,
        seen: Some(seen),
    };
    put(tx, LEASE, &held)?;
    Ok(Some(seen))
}

/// The backend's clock as last heard.
pub(super) fn anchor(rows: &Rows) -> Result<Option<Anchor>, AppError> {
    let stored = rows.meta(ANCHOR)?;
    Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn put(tx: &WriteTx<'_>, key: &str, value: &impl Serialize) -> Result<(), AppError> {
    let bytes = serde_json::to_vec(value).map_err(|_| AppError::Failed { code: "encode" })?;
    tx.put_meta(key, Some(&bytes)).map_err(AppError::from)
}

//! The file beside the database that remembers how far each tenant had come, and the epoch
//! that was renewed last.
//!
//! A database that is behind it was put back from a backup: sequence numbers
//! would be given a second time, and phones would miss what hides behind them. One with
//! another epoch was put back again before anybody had written to it.
//! It is written after each commit and never synced: it may be behind the
//! database, and it is never ahead of what was durable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use homeround::model::TenantId;
use serde::{Deserialize, Serialize};

use crate::store::Tenant;

/// A tenant that went back in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Which.
    pub tenant: TenantId,
    /// The number that had been given.
    pub known: u64,
    /// The number that the file holds.
    pub found: u64,
}

/// How far a tenant is known to have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    head: u64,
    /// None: it was never renewed since the file was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
}

impl Known {
    /// Whether a database that holds this tenant is an older one.
    fn is_ahead_of(self, tenant: &Tenant) -> bool {
        self.head > tenant.head || self.epoch.is_some_and(|epoch| epoch != tenant.epoch)
    }
}

pub(super) struct HeadFile {
    path: PathBuf,
    heads: Mutex<BTreeMap<TenantId, Known>>,
}

impl HeadFile {
    /// Reads the file beside a database; a missing or broken one knows nothing.
    pub(super) fn beside(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(".head");
        let path = PathBuf::from(name);
        let heads = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self {
            path,
            heads: Mutex::new(heads),
        }
    }

    pub(super) fn older_than_known(&self, tenants: &[Tenant]) -> Vec<Restored> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        tenants
            .iter()
            .filter_map(|tenant| {
                let known = *heads.get(&tenant.id)?;
                known.is_ahead_of(tenant).then_some(Restored {
                    tenant: tenant.id,
                    known: known.head,
                    found: tenant.head,
                })
            })
            .collect()
    }

    /// The last number given in what was committed.
    pub(super) fn note(&self, tenant: TenantId, head: u64) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.entry(tenant).or_default().head = head;
        self.write(&heads);
    }

    /// A new epoch began, at this number: what was known before counts no more.
    pub(super) fn renewed(&self, tenant: TenantId, head: u64, epoch: u64) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let epoch = Some(epoch);
        heads.insert(tenant, Known { head, epoch });
        self.write(&heads);
    }

    fn write(&self, heads: &BTreeMap<TenantId, Known>) {
        let fresh = self.path.with_extension("head-new");
        let written = serde_json::to_vec(heads)
            .map_err(std::io::Error::other)
            .and_then(|bytes| std::fs::write(&fresh, bytes))
            .and_then(|()| std::fs::rename(&fresh, &self.path));
        if written.is_err() {
            tracing::warn!("the head file beside the database could not be written");
        }
    }
}

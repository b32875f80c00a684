//! The file beside the database that remembers how far each tenant had come.
//!
//! A database that is behind it was put back from a backup: sequence numbers
//! would be given a second time, and phones would miss what hides behind them.
//! It is written after each commit and never synced: it may be behind the
//! database, and it is never ahead of what was durable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use homeround::model::TenantId;

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

pub(super) struct HeadFile {
    path: PathBuf,
    heads: Mutex<BTreeMap<TenantId, u64>>,
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
                (known > tenant.head).then_some(Restored {
                    tenant: tenant.id,
                    known,
                    found: tenant.head,
                })
            })
            .collect()
    }

    pub(super) fn note(&self, tenant: TenantId, head: u64) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.insert(tenant, head);
        self.write(&heads);
    }

    pub(super) fn clear(&self) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.clear();
        self.write(&heads);
    }

    fn write(&self, heads: &BTreeMap<TenantId, u64>) {
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

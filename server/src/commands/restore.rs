//! Puts a backup in place of the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use homeround_server::http::{Clock as _, SystemClock};
use homeround_server::store::sqlite::SqliteStorage;
use homeround_server::store::{Storage as _, StorageError};
use serde_json::json;

use super::start::backend_over;
use super::{Env, Problem, config, say};
use crate::cli::Restore;

/// The backup is prepared under this name beside the database, so that what
/// goes in place is whole and has its new epochs.
const DRAFT: &str = ".restoring";

pub(super) async fn restore(asked: &Restore, env: &Env) -> Result<(), Problem> {
    let config = config(&asked.configured, env)?;
    let key = config.database_key(env)?;
    let path = &config.database.path;
    let draft = with_suffix(path, DRAFT);
    remove_draft(&draft);
    std::fs::copy(&asked.from, &draft).map_err(|error| Problem::File {
        file: asked.from.clone(),
        problem: error.to_string(),
    })?;
    let storage = Arc::new(SqliteStorage::open(&draft, key)?);
    let backend = backend_over(&storage)?;
    for tenant in storage.tenants().await? {
        let epoch = backend.renew_epoch(tenant.id, SystemClock.now()).await?;
        say(&json!({ "tenant": tenant.name, "epoch": epoch }).to_string())?;
    }
    storage.checkpoint().await?;
    drop(backend);
    drop(storage);
    if path.exists() {
        let suffix = format!("replaced-{}", SystemClock.now().0);
        let aside = homeround::store::set_aside(path, &suffix);
        let aside = aside.map_err(|error| Problem::Storage(StorageError::from(error)))?;
        say(&json!({ "set_aside": aside }).to_string())?;
    }
    for companion in ["", ".check"] {
        std::fs::rename(with_suffix(&draft, companion), with_suffix(path, companion))?;
    }
    // The epochs are new: how far the old file had come means nothing any more.
    let head = with_suffix(path, ".head");
    if head.exists() {
        std::fs::remove_file(head)?;
    }
    remove_draft(&draft);
    Ok(())
}

fn remove_draft(draft: &Path) {
    for companion in ["", "-wal", "-shm", ".check", ".head"] {
        let file = with_suffix(draft, companion);
        if file.exists() && std::fs::remove_file(&file).is_err() {
            tracing::warn!("a leftover of an earlier restore could not be removed");
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

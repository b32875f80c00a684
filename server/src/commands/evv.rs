//! Electronic visit verification at the command line.

use std::io::Write as _;
use std::path::Path;

use homeround::model::PresencePolicy;
use homeround_server::connect::evv::Days;
use homeround_server::evv;
use homeround_server::http::{Clock as _, SystemClock};
use homeround_server::service::EvvFormat;
use homeround_server::store::Storage as _;
use serde_json::json;

use super::start::{backend_over, open};
use super::{Env, Problem, config, say};
use crate::cli::{self, Evv, EvvExport, EvvPolicy, EvvVerify};

pub(super) async fn run(asked: &Evv, env: &Env) -> Result<(), Problem> {
    match asked {
        Evv::Export(asked) => export(asked, env).await,
        Evv::Verify(asked) => verify(asked),
        Evv::Policy(asked) => policy(asked, env).await,
    }
}

async fn export(asked: &EvvExport, env: &Env) -> Result<(), Problem> {
    let days = Days {
        from: asked.from,
        to: asked.to,
    };
    if days.to < days.from {
        return Err(Problem::Days);
    }
    let config = config(&asked.configured, env)?;
    let storage = open(&config, env)?;
    let backend = backend_over(&storage)?;
    let tenant = backend.tenant_named(&asked.tenant).await?;
    let tenant = tenant.ok_or_else(|| Problem::NoTenant(asked.tenant.clone()))?;
    let format = match asked.format {
        cli::EvvFormat::Json => EvvFormat::Json,
        cli::EvvFormat::Csv => EvvFormat::Csv,
    };
    let now = SystemClock.now();
    let text = backend.evv_export(tenant, days, format, now).await?;
    match &asked.out {
        Some(path) => write(path, &text)?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(storage.checkpoint().await?)
}

/// A new file that its owner alone can read: it is full of patient data.
fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let bad = |error: std::io::Error| Problem::File {
        file: path.into(),
        problem: error.to_string(),
    };
    let mut file = options.open(path).map_err(bad)?;
    file.write_all(text.as_bytes()).map_err(bad)?;
    file.sync_all().map_err(bad)
}

fn verify(asked: &EvvVerify) -> Result<(), Problem> {
    let bytes = std::fs::read(&asked.file).map_err(|error| Problem::File {
        file: asked.file.clone(),
        problem: error.to_string(),
    })?;
    let report = evv::verify(&bytes, asked.server_key.as_deref());
    let report = report.map_err(|problem| Problem::Evv {
        file: asked.file.clone(),
        problem,
    })?;
    say(&serde_json::to_string_pretty(&report).unwrap_or_default())?;
    match report.findings.first() {
        None => Ok(()),
        Some(first) => Err(Problem::EvvAltered {
            file: asked.file.clone(),
            findings: report.findings.len(),
            first: format!("{} ({}): {}", first.code, first.place, first.what),
        }),
    }
}

async fn policy(asked: &EvvPolicy, env: &Env) -> Result<(), Problem> {
    let config = config(&asked.configured, env)?;
    let storage = open(&config, env)?;
    let backend = backend_over(&storage)?;
    let tenant = backend.tenant_named(&asked.tenant).await?;
    let tenant = tenant.ok_or_else(|| Problem::NoTenant(asked.tenant.clone()))?;
    let change = |now: PresencePolicy| PresencePolicy {
        radius_m: asked.radius_m.unwrap_or(now.radius_m),
        clock_off_max_ms: asked.clock_off_max_ms.unwrap_or(now.clock_off_max_ms),
        speed_max_kmh: asked.speed_max_kmh.unwrap_or(now.speed_max_kmh),
    };
    let set = backend.set_presence_policy(tenant, change, SystemClock.now());
    let (version, presence) = set.await?;
    storage.checkpoint().await?;
    say(&json!({ "policy": version, "presence": presence }).to_string())
}

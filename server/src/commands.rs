//! What the command line does.

mod evv;
mod restore;
mod start;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use homeround_server::config::{Config, ConfigError};
use homeround_server::http::{Clock as _, SystemClock};
use homeround_server::service::{FhirError, NewTenant, ServiceError};
use homeround_server::store::{Storage as _, StorageError};
use serde_json::json;

use self::start::{backend_over, open};
use crate::cli::{Cli, Command, Configured, Import, Init};

/// What went wrong, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the database: {0}")]
    Storage(#[from] StorageError),
    #[error("{0}; {remedy}", remedy = .0.remedy())]
    Service(#[from] ServiceError),
    #[error("{}: {problem}", file.display())]
    File { file: PathBuf, problem: String },
    #[error("no tenant is called {0}; `homeround-server init --tenant` creates one")]
    NoTenant(String),
    #[error("the audit trail of {0} was altered")]
    AuditBroken(String),
    #[error("{}: {problem}", file.display())]
    Evv {
        file: PathBuf,
        problem: homeround_server::evv::Unreadable,
    },
    #[error(
        "{}: {findings} findings, the first: {first}",
        file.display()
    )]
    EvvAltered {
        file: PathBuf,
        findings: usize,
        first: String,
    },
    #[error("--to is before --from; give the later day last")]
    Days,
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("the figures could not be set up: {0}")]
    Metrics(String),
    #[error("TLS for fetching the issuer's keys could not be set up")]
    Tls,
    #[error("the built-in issuer could not be set up")]
    Issuer,
}

type Env = BTreeMap<String, String>;

pub(crate) async fn run(cli: Cli, env: &Env) -> Result<(), Problem> {
    match cli.command {
        Command::Serve(serve) => start::serve(&serve, env).await,
        Command::Init(asked) => init(&asked, env).await,
        Command::Import(asked) => import(&asked, env).await,
        Command::CheckConfig(configured) => check_config(&configured, env),
        Command::Restore(asked) => restore::restore(&asked, env).await,
        Command::VerifyAudit(configured) => verify_audit(&configured, env).await,
        Command::Evv(asked) => evv::run(&asked, env).await,
    }
}

fn config(configured: &Configured, env: &Env) -> Result<Config, ConfigError> {
    Config::load(configured.config.as_deref(), env)
}

fn say(line: &str) -> Result<(), Problem> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn check_config(configured: &Configured, env: &Env) -> Result<(), Problem> {
    let config = config(configured, env)?;
    config.database_key(env)?;
    start::mail(&config, env)?;
    say("the configuration is good")
}

async fn init(asked: &Init, env: &Env) -> Result<(), Problem> {
    let config = config(&asked.configured, env)?;
    if let Some(path) = &config.database.key_file
        && !env.contains_key(homeround_server::config::ENV_DATABASE_KEY)
        && !path.exists()
    {
        start::make_key(path)?;
        say(&format!(
            "made the database key {}: keep a copy elsewhere",
            path.display()
        ))?;
    }
    let storage = open(&config, env)?;
    let backend = backend_over(&storage)?;
    let new = NewTenant {
        name: asked.tenant.clone(),
        coordinator: asked.coordinator.clone(),
    };
    let tenant = backend.create_tenant(&new, SystemClock.now()).await?;
    storage.checkpoint().await?;
    say(&json!({ "tenant": tenant, "name": asked.tenant }).to_string())
}

async fn import(asked: &Import, env: &Env) -> Result<(), Problem> {
    let config = config(&asked.configured, env)?;
    let storage = open(&config, env)?;
    let backend = backend_over(&storage)?;
    let tenant = backend.tenant_named(&asked.tenant).await?;
    let tenant = tenant.ok_or_else(|| Problem::NoTenant(asked.tenant.clone()))?;
    for file in &asked.files {
        let bad = |problem: String| Problem::File {
            file: file.clone(),
            problem,
        };
        let input = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
        let now = SystemClock.now();
        let zone = &asked.time_zone;
        let done = backend
            .import_fhir_as_operator(tenant, &input, zone, now)
            .await;
        let done = done.map_err(|error| match error {
            FhirError::Input(error) => bad(error.to_string()),
            FhirError::Service(error) => error.into(),
        })?;
        say(&json!({ "file": file, "report": done.report, "stored": done.stored }).to_string())?;
    }
    Ok(storage.checkpoint().await?)
}

async fn verify_audit(configured: &Configured, env: &Env) -> Result<(), Problem> {
    let config = config(configured, env)?;
    let storage = open(&config, env)?;
    let backend = backend_over(&storage)?;
    for tenant in storage.tenants().await? {
        let check = backend.verify_audit(tenant.id).await?;
        say(&json!({ "tenant": tenant.name, "audit": check }).to_string())?;
        if check.broken_at.is_some() {
            return Err(Problem::AuditBroken(tenant.name));
        }
    }
    Ok(())
}

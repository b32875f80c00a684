//! From a configuration to a backend, and serving.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use homeround_server::auth::Verifier;
use homeround_server::auth::issuer::{DevelopmentIssuer, ISSUER};
use homeround_server::auth::jwks::{Keys, Source};
use homeround_server::auth::jwt::Expected;
use homeround_server::config::{AuthMode, Config, ConfigError};
use homeround_server::http::{
    App, Clock as _, Hub, Metrics, Serving, SystemClock, SystemEntropy, serve as serve_http,
};
use homeround_server::notify::Smtp;
use homeround_server::service::{Backend, Entropy as _, Silence, SurveyPage};
use homeround_server::store::Storage;
use homeround_server::store::sqlite::{SqliteAttachments, SqliteStorage};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use super::{Env, Problem, config};
use crate::cli::Serve;

/// The storage that the configuration names.
pub(super) fn open(config: &Config, env: &Env) -> Result<Arc<SqliteStorage>, Problem> {
    let key = config.database_key(env)?;
    Ok(Arc::new(SqliteStorage::open(&config.database.path, key)?))
}

/// A backend without phones, for commands.
pub(super) fn backend_over(storage: &Arc<SqliteStorage>) -> Result<Backend, Problem> {
    let storage: Arc<dyn Storage> = Arc::<SqliteStorage>::clone(storage);
    Ok(Backend::new(
        storage,
        Arc::new(SystemEntropy),
        Arc::new(Silence),
    )?)
}

/// Writes a fresh key, readable by its owner alone.
pub(super) fn make_key(path: &Path) -> Result<(), Problem> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    SystemEntropy.fill(&mut *bytes)?;
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in bytes.iter() {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

pub(super) async fn serve(asked: &Serve, env: &Env) -> Result<(), Problem> {
    let config = config(&asked.configured, env)?;
    config.check_development(asked.development)?;
    log_to_stderr(&config)?;
    let storage = open(&config, env)?;
    renew_after_restore(&storage).await?;
    let hub = Arc::new(Hub::default());
    let dyn_storage: Arc<dyn Storage> = Arc::<SqliteStorage>::clone(&storage);
    let bell: Arc<Hub> = Arc::clone(&hub);
    let attachments = SqliteAttachments::beside(&config.database.path, &config.database_key(env)?)?;
    let backend = Backend::new(dyn_storage, Arc::new(SystemEntropy), bell)?
        .with_attachments(Arc::new(attachments));
    let backend = match mail(&config, env)? {
        Some(relay) => backend.with_provider(Arc::new(relay)),
        None => backend,
    };
    let backend = match &config.survey {
        Some(survey) => backend.with_survey_page(SurveyPage::at(&survey.address)),
        None => backend,
    };
    let (verifier, issuer) = tokens(&config)?;
    let metrics = Metrics::new().map_err(|error| Problem::Metrics(error.to_string()))?;
    let clock = Arc::new(SystemClock);
    let app = App::new(
        backend.clone(),
        verifier,
        issuer,
        Arc::clone(&hub),
        metrics,
        clock.clone(),
        &config.server,
    );
    let listener = TcpListener::bind(config.server.listen).await?;
    let serving = Serving {
        listener,
        router: app.router(),
        hub,
        backend,
        clock,
    };
    let stop = signals()?;
    let address = serving.address()?;
    tracing::info!(%address, "listening");
    if asked.print_address {
        super::say(&format!("listening http://{address}"))?;
    }
    Ok(serve_http(serving, stop).await?)
}

/// Who delivers e-mails, if the configuration names somebody.
pub(super) fn mail(config: &Config, env: &Env) -> Result<Option<Smtp>, ConfigError> {
    let Some(mail) = &config.mail else {
        return Ok(None);
    };
    Smtp::new(mail, config.mail_password(env)?).map(Some)
}

/// A database that went back in time gets new epochs before anybody asks it.
async fn renew_after_restore(storage: &Arc<SqliteStorage>) -> Result<(), Problem> {
    let restored = storage.restored().await?;
    if restored.is_empty() {
        return Ok(());
    }
    let backend = backend_over(storage)?;
    for tenant in restored {
        let epoch = backend
            .renew_epoch(tenant.tenant, SystemClock.now())
            .await?;
        tracing::warn!(
            known = tenant.known,
            found = tenant.found,
            epoch,
            "the database is older than what was acknowledged: new epoch"
        );
    }
    Ok(())
}

fn tokens(config: &Config) -> Result<(Verifier, Option<DevelopmentIssuer>), Problem> {
    let auth = &config.auth;
    let expected = |issuer: &str| Expected {
        issuer: issuer.into(),
        audience: auth.audience.clone(),
        tenant_claim: auth.tenant_claim.clone(),
    };
    match auth.mode {
        AuthMode::Oidc => {
            let source = match &auth.jwks_url {
                Some(url) => Source::Url(url.clone()),
                None => Source::Discovery(auth.issuer.clone()),
            };
            let keys = Keys::at(source).map_err(|_| Problem::Tls)?;
            let verifier = Verifier::new(expected(&auth.issuer), keys);
            Ok((verifier, None))
        }
        AuthMode::Development => {
            let mut seed = Zeroizing::new([0; 32]);
            SystemEntropy.fill(&mut *seed)?;
            let issuer = DevelopmentIssuer::new(&seed, &auth.audience, &auth.tenant_claim);
            let keys = issuer.key_set().map_err(|_| Problem::Issuer)?;
            let verifier = Verifier::new(expected(ISSUER), Keys::fixed(keys));
            tracing::warn!("the built-in issuer is on: it vouches for anybody");
            Ok((verifier, Some(issuer)))
        }
    }
}

fn log_to_stderr(config: &Config) -> Result<(), ConfigError> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log.filter).map_err(|_| {
        ConfigError::new(
            "log.filter",
            "is not a filter",
            "use error, warn, info or debug",
        )
    })?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}

/// SIGTERM or SIGINT. Heard from the call on, not from the first poll: whoever
/// reads the address may stop the server at once.
#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
fn signals() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

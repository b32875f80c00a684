//! The configuration: one TOML file, then the environment over it.
//!
//! `HOMEROUND_<SECTION>_<FIELD>` replaces a field of the file, as in
//! `HOMEROUND_SERVER_LISTEN`. Every mistake names its field and what to do.

mod mail;
mod survey;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use homeround::model::Refused;
use homeround::store::DatabaseKey;
use serde::Deserialize;
use zeroize::Zeroizing;

pub use mail::{Mail, MailTls};
pub use survey::Survey;

/// What every variable of the environment begins with.
pub const ENV_PREFIX: &str = "HOMEROUND_";
/// The database key in the environment: 64 hexadecimal digits.
pub const ENV_DATABASE_KEY: &str = "HOMEROUND_DATABASE_KEY";
/// The password for the mail relay in the environment.
pub const ENV_MAIL_PASSWORD: &str = "HOMEROUND_MAIL_PASSWORD";
/// Most bytes of the file.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}; {remedy}")]
pub struct ConfigError {
    /// The field, as in `server.listen`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl ConfigError {
    /// Names the field, what is wrong and what to do.
    #[must_use]
    pub fn new(field: &str, problem: &str, remedy: &str) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The listener and its limits.
    #[serde(default)]
    pub server: Server,
    /// Where everything is kept.
    pub database: Database,
    /// Whose tokens are taken.
    pub auth: Auth,
    /// Who delivers e-mails to patients; none: they get none.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// The survey that patients answer by a link; none: they are sent no links.
    #[serde(default)]
    pub survey: Option<Survey>,
    /// What is logged.
    #[serde(default)]
    pub log: Log,
}

/// The listener and its limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// A request that takes longer is given up.
    pub request_timeout_ms: u64,
    /// Requests worked on at once; more are asked to come back.
    pub requests_at_once: usize,
    /// Phones that listen for news at once.
    pub live_listeners_max: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            request_timeout_ms: 30_000,
            requests_at_once: 256,
            live_listeners_max: 10_000,
        }
    }
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The encrypted file.
    pub path: PathBuf,
    /// A file with the key: 64 hexadecimal digits. Not needed when
    /// `HOMEROUND_DATABASE_KEY` is set.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
}

/// Whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// An OIDC issuer, or the built-in one.
    pub mode: AuthMode,
    /// `iss` of the tokens. Needed for `oidc`.
    #[serde(default)]
    pub issuer: String,
    /// `aud` of the tokens.
    pub audience: String,
    /// Where the issuer's keys are; else its discovery document says so.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// The claim that names the tenant.
    #[serde(default = "tenant_claim")]
    pub tenant_claim: String,
}

fn tenant_claim() -> String {
    "tid".into()
}

/// Who issues tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// An OIDC issuer.
    Oidc,
    /// The built-in issuer, which vouches for anybody: loopback only, and
    /// only with `--development`.
    Development,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A filter, as in `info` or `homeround_server=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info".into(),
        }
    }
}

impl Config {
    /// Reads the file, if there is one, and the environment over it.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(file: Option<&Path>, env: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let text = file.map(read).transpose()?.unwrap_or_default();
        Self::parse(&text, env)
    }

    /// Reads the file's text and the environment over it.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(text: &str, env: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let mut table: toml::Table = toml::from_str(text)
            .map_err(|error| ConfigError::new("file", error.message(), "correct the TOML"))?;
        overlay(&mut table, env);
        let read: Result<Self, _> = serde_path_to_error::deserialize(toml::Value::Table(table));
        let config = read.map_err(|error| {
            let path = error.path().to_string();
            let message = error.inner().message();
            // A section that lacks a field or has one too many names it itself.
            let named = message.split('`').nth(1).unwrap_or_default();
            let field = match path.as_str() {
                "." => named.to_owned(),
                path if message.contains("missing") => format!("{path}.{named}"),
                path => path.to_owned(),
            };
            ConfigError::new(
                &field,
                message,
                "see homeround-server.example.toml for every field",
            )
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let fail = |field, problem, remedy| Err(ConfigError::new(field, problem, remedy));
        if self.auth.audience.is_empty() {
            return fail(
                "auth.audience",
                "is empty",
                "set it to what the issuer puts in `aud`",
            );
        }
        if self.auth.mode == AuthMode::Oidc && self.auth.issuer.is_empty() {
            return fail("auth.issuer", "is empty", "set it to the issuer's `iss`");
        }
        for (field, url) in [
            ("auth.issuer", Some(&self.auth.issuer)),
            ("auth.jwks_url", self.auth.jwks_url.as_ref()),
        ] {
            if self.auth.mode == AuthMode::Oidc && !url.is_none_or(|url| is_guarded(url)) {
                return fail(
                    field,
                    "is not https",
                    "use https; http is for loopback alone",
                );
            }
        }
        if self.server.request_timeout_ms == 0 {
            return fail(
                "server.request_timeout_ms",
                "is 0",
                "use milliseconds, as in 30000",
            );
        }
        if self.server.requests_at_once == 0 {
            return fail("server.requests_at_once", "is 0", "use at least 1");
        }
        self.survey.as_ref().map_or(Ok(()), Survey::check)?;
        self.mail.as_ref().map_or(Ok(()), Mail::check)
    }

    /// Refuses the built-in issuer unless configuration, listener and command
    /// line all say that this is a developer's machine.
    ///
    /// # Errors
    /// [`ConfigError`] names what speaks against it.
    pub fn check_development(&self, flag: bool) -> Result<(), ConfigError> {
        match (self.auth.mode, flag) {
            (AuthMode::Oidc, false) => Ok(()),
            (AuthMode::Oidc, true) => Err(ConfigError::new(
                "--development",
                "was given, and auth.mode is \"oidc\"",
                "leave the flag out, or set auth.mode = \"development\" on a developer's machine",
            )),
            (AuthMode::Development, false) => Err(ConfigError::new(
                "auth.mode",
                "is \"development\" and --development was not given: the built-in issuer vouches for anybody",
                "set auth.mode = \"oidc\" with auth.issuer, or pass --development on a developer's machine",
            )),
            (AuthMode::Development, true) if !self.server.listen.ip().is_loopback() => {
                Err(ConfigError::new(
                    "server.listen",
                    "is reachable from outside while auth.mode is \"development\"",
                    "listen on 127.0.0.1, or set auth.mode = \"oidc\"",
                ))
            }
            (AuthMode::Development, true) => Ok(()),
        }
    }

    /// The password for the mail relay, from the environment or its file; none: nobody
    /// signs in there.
    ///
    /// # Errors
    /// [`ConfigError`] where there is a user and no password.
    pub fn mail_password(
        &self,
        env: &BTreeMap<String, String>,
    ) -> Result<Option<Zeroizing<String>>, ConfigError> {
        let Some(mail) = self.mail.as_ref().filter(|mail| mail.user.is_some()) else {
            return Ok(None);
        };
        let text = match (env.get(ENV_MAIL_PASSWORD), &mail.password_file) {
            (Some(password), _) => Zeroizing::new(password.clone()),
            (None, Some(path)) => Zeroizing::new(read(path).map_err(|error| ConfigError {
                field: "mail.password_file".into(),
                ..error
            })?),
            (None, None) => {
                return Err(ConfigError::new(
                    "mail.password_file",
                    "is not set, and mail.user is",
                    "name a file with the password, or set HOMEROUND_MAIL_PASSWORD",
                ));
            }
        };
        Ok(Some(Zeroizing::new(text.trim_end().to_owned())))
    }

    /// The database key, from the environment or its file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn database_key(&self, env: &BTreeMap<String, String>) -> Result<DatabaseKey, ConfigError> {
        let text = match (env.get(ENV_DATABASE_KEY), &self.database.key_file) {
            (Some(key), _) => Zeroizing::new(key.clone()),
            (None, Some(path)) => Zeroizing::new(read(path).map_err(|error| ConfigError {
                field: "database.key_file".into(),
                ..error
            })?),
            (None, None) => {
                return Err(ConfigError::new(
                    "database.key_file",
                    "is not set",
                    "name a file with 64 hexadecimal digits, or set HOMEROUND_DATABASE_KEY",
                ));
            }
        };
        key_from_hex(text.trim()).map_err(|refused| {
            ConfigError::new(
                "database.key_file",
                &refused.to_string(),
                "make one with `homeround-server init`, or `openssl rand -hex 32`",
            )
        })
    }
}

/// Reads a key from hexadecimal digits.
///
/// # Errors
/// [`Refused`] for anything but 64 digits.
pub fn key_from_hex(text: &str) -> Result<DatabaseKey, Refused> {
    let refused = || Refused::new("database_key", "64 hexadecimal digits");
    if text.len() != 64 || !text.is_ascii() {
        return Err(refused());
    }
    let mut bytes = Zeroizing::new([0_u8; 32]);
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| refused())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| refused())?;
    }
    DatabaseKey::from_bytes(&*bytes)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let shown = path.display().to_string();
    let fail = |problem: String| ConfigError {
        field: shown.clone(),
        problem,
        remedy: "check the path and who may read it".into(),
    };
    let size = std::fs::metadata(path)
        .map_err(|error| fail(error.kind().to_string()))?
        .len();
    if size > FILE_BYTES_MAX {
        return Err(fail("is larger than 256 KiB".into()));
    }
    std::fs::read_to_string(path).map_err(|error| fail(error.kind().to_string()))
}

/// https, or http to this machine.
fn is_guarded(url: &str) -> bool {
    let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let plain = loopback.iter().any(|prefix| {
        let rest = url.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    url.starts_with("https://") || plain
}

const SECTIONS: [&str; 6] = ["server", "database", "auth", "mail", "survey", "log"];

/// Whether a field holds a figure: a text of digits, as an audience may be,
/// stays a text.
fn is_figure(field: &str) -> bool {
    ["_ms", "_max", "_at_once", "port"]
        .iter()
        .any(|unit| field.ends_with(unit))
}

/// Puts the environment's fields over the file's.
fn overlay(table: &mut toml::Table, env: &BTreeMap<String, String>) {
    for (name, value) in env {
        let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
            continue;
        };
        let rest = rest.to_ascii_lowercase();
        let Some((section, field)) = rest.split_once('_') else {
            continue;
        };
        if [ENV_DATABASE_KEY, ENV_MAIL_PASSWORD].contains(&name.as_str())
            || !SECTIONS.contains(&section)
        {
            continue;
        }
        let entry = table
            .entry(section)
            .or_insert_with(|| toml::Table::new().into());
        if let Some(section) = entry.as_table_mut() {
            let number = value.parse::<i64>().ok().filter(|_| is_figure(field));
            let value = match number {
                Some(number) => toml::Value::Integer(number),
                None => toml::Value::String(value.clone()),
            };
            section.insert(field.into(), value);
        }
    }
}

#[cfg(test)]
mod tests;

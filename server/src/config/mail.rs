//! The relay that delivers e-mails to patients.

use std::path::PathBuf;

use serde::Deserialize;

use super::ConfigError;

/// The SMTP relay that delivers e-mails to patients.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Who writes, as in `Cedar Home Health <visits@cedar.example>`.
    pub from: String,
    /// Put below each text: who this is, and how to reach them.
    #[serde(default)]
    pub signature: String,
    /// The relay.
    pub host: String,
    /// Its port; none: 465 for `implicit`, 587 for `starttls`, 25 for `none`.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the way there is guarded.
    #[serde(default)]
    pub tls: MailTls,
    /// Who signs in there; none: nobody.
    #[serde(default)]
    pub user: Option<String>,
    /// A file with the password. Not needed when `HOMEROUND_MAIL_PASSWORD` is set.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// PEM certificates that the relay's own is signed by, beside those of the public
    /// authorities.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// A relay that takes longer is tried again later.
    #[serde(default = "mail_timeout")]
    pub timeout_ms: u64,
}

const fn mail_timeout() -> u64 {
    10_000
}

/// How the way to the relay is guarded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// TLS from the first byte.
    Implicit,
    /// TLS once the relay was greeted, and nothing without it.
    #[default]
    Starttls,
    /// None: a relay on this machine alone.
    None,
}

impl Mail {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.host.is_empty() {
            let remedy = "name the relay, or leave the section out";
            return Err(ConfigError::new("mail.host", "is empty", remedy));
        }
        let here = ["localhost", "127.0.0.1", "::1"].contains(&self.host.as_str());
        if self.tls == MailTls::None && !here {
            return Err(ConfigError::new(
                "mail.tls",
                "is \"none\", and the relay is another machine",
                "use starttls or implicit: the letters name patients' visits",
            ));
        }
        if self.timeout_ms == 0 {
            let remedy = "use milliseconds, as in 10000";
            return Err(ConfigError::new("mail.timeout_ms", "is 0", remedy));
        }
        Ok(())
    }
}

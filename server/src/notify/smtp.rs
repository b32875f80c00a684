//! E-mail through an SMTP relay.

use std::time::Duration;

use async_trait::async_trait;
use homeround::model::NoticeChannel;
use lettre::address::Address;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use zeroize::Zeroizing;

use super::{Letter, NotTaken, Provider};
use crate::config::{ConfigError, Mail, MailTls};

/// An SMTP relay.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    signature: String,
}

impl Smtp {
    /// Reads what the configuration says; nothing is connected yet.
    ///
    /// # Errors
    /// [`ConfigError`] names the field.
    pub fn new(mail: &Mail, password: Option<Zeroizing<String>>) -> Result<Self, ConfigError> {
        let from: Mailbox = mail.from.parse().map_err(|_| {
            let remedy = "write it as in Cedar Home Health <visits@cedar.example>";
            ConfigError::new("mail.from", "is not an address", remedy)
        })?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
            .timeout(Some(Duration::from_millis(mail.timeout_ms)));
        let port = match (mail.port, mail.tls) {
            (Some(port), _) => port,
            (None, MailTls::Implicit) => 465,
            (None, MailTls::Starttls) => 587,
            (None, MailTls::None) => 25,
        };
        builder = builder.port(port).tls(match mail.tls {
            MailTls::None => Tls::None,
            MailTls::Starttls => Tls::Required(parameters(mail)?),
            MailTls::Implicit => Tls::Wrapper(parameters(mail)?),
        });
        if let (Some(user), Some(password)) = (&mail.user, password) {
            builder = builder.credentials(Credentials::new(user.clone(), (*password).clone()));
        }
        Ok(Self {
            transport: builder.build(),
            from,
            signature: mail.signature.clone(),
        })
    }

    fn message(&self, letter: &Letter) -> Option<Message> {
        let to: Address = letter.to.parse().ok()?;
        let host = self.from.email.domain();
        let body = match self.signature.trim() {
            "" => letter.text.body.clone(),
            signature => format!("{}\n-- \n{signature}\n", letter.text.body),
        };
        let part = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(body);
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&letter.text.subject)
            // The same each time: who gets it twice can see that it is one.
            .message_id(Some(format!("<{}@{host}>", letter.notice)))
            .header(AutoSubmitted)
            .header(ContentLanguage(letter.language))
            .singlepart(part)
            .ok()
    }
}

fn parameters(mail: &Mail) -> Result<TlsParameters, ConfigError> {
    let unusable = |problem: &str| {
        let remedy = "name a file of PEM certificates that the relay's own is signed by";
        ConfigError::new("mail.ca_file", problem, remedy)
    };
    let mut builder = TlsParameters::builder(mail.host.clone());
    if let Some(path) = &mail.ca_file {
        let pem = std::fs::read(path).map_err(|error| unusable(&error.kind().to_string()))?;
        let root = Certificate::from_pem(&pem).map_err(|_| unusable("holds no certificate"))?;
        builder = builder.add_root_certificate(root);
    }
    builder
        .build_rustls()
        .map_err(|_| unusable("can't be used for TLS"))
}

#[async_trait]
impl Provider for Smtp {
    fn channel(&self) -> NoticeChannel {
        NoticeChannel::Email
    }

    async fn send(&self, letter: &Letter) -> Result<(), NotTaken> {
        let message = self.message(letter);
        let message = message.ok_or_else(|| NotTaken::Never("address".into()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if is_for_good(&error) => Err(NotTaken::Never(detail(&error))),
            Err(error) => Err(NotTaken::Later(detail(&error))),
        }
    }
}

/// Whether the relay refused this letter, and not the way in: a wrong password or
/// certificate is the operator's to mend, and the letters wait for it.
fn is_for_good(error: &SmtpError) -> bool {
    // 530, 534, 535, 538: authentication (RFC 4954).
    let code = error.status().map(u16::from);
    error.is_permanent() && !code.is_some_and(|code| [530, 534, 535, 538].contains(&code))
}

/// A code or a kind: what the relay says may quote the address.
fn detail(error: &SmtpError) -> String {
    match error.status() {
        Some(code) => code.to_string(),
        None if error.is_timeout() => "timeout".into(),
        None if error.is_tls() => "tls".into(),
        None if error.is_client() => "client".into(),
        None => "connection".into(),
    }
}

/// That no person wrote it, and nobody's holiday is to answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// In which language (RFC 3282).
#[derive(Clone)]
struct ContentLanguage(&'static str);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self("en"))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.into())
    }
}

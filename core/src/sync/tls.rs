//! Who the phone believes: bundled roots, more of one's own, and pins.
//!
//! The platform's verifier is not used: on Android it panics at the first TLS
//! use unless the shell set it up through JNI.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use sha2::{Digest as _, Sha256};

use super::HttpConfigError;

/// Fewest pins, if there are any: the key in use and one in the safe.
pub const PINS_MIN: usize = 2;

/// Whom to believe.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Roots besides the bundled ones, each one certificate in DER.
    pub extra_roots: Vec<Vec<u8>>,
    /// Only the roots above, not the bundled ones.
    pub only_extra_roots: bool,
    /// SHA-256 of the SubjectPublicKeyInfo of the server's own certificate;
    /// one must match besides a valid chain. None: no pinning. Only the leaf is
    /// looked at: a chain may carry certificates that prove nothing.
    pub pins: Vec<[u8; 32]>,
}

/// The TLS settings of the phone: TLS 1.2 and 1.3 by ring.
pub(super) fn client_config(trust: &Trust) -> Result<ClientConfig, HttpConfigError> {
    if !trust.pins.is_empty() && trust.pins.len() < PINS_MIN {
        return Err(HttpConfigError::BackupPinMissing);
    }
    let mut roots = RootCertStore::empty();
    if !trust.only_extra_roots {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for root in &trust.extra_roots {
        roots
            .add(CertificateDer::from(root.clone()))
            .map_err(|_| HttpConfigError::Root)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|_| HttpConfigError::Root)?;
    let verifier = PinnedVerifier {
        chain,
        pins: trust.pins.clone(),
    };
    let mut config = config_builder(provider)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn config_builder(
    provider: Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, HttpConfigError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| HttpConfigError::Tls)
}

/// A valid chain for the name, and then the pins.
#[derive(Debug)]
struct PinnedVerifier {
    chain: Arc<WebPkiServerVerifier>,
    pins: Vec<[u8; 32]>,
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.chain.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        if self.pins.is_empty() || self.pins.contains(&spki_pin(end_entity)?) {
            return Ok(verified);
        }
        Err(Error::InvalidCertificate(
            CertificateError::ApplicationVerificationFailure,
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

fn spki_pin(certificate: &CertificateDer<'_>) -> Result<[u8; 32], Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    Ok(Sha256::digest(parsed.subject_public_key_info()).into())
}

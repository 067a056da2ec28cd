//! Whom golive trusts when it reaches the product's own hosts, and what it says when TLS fails.

use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, PeerIncompatible};
use rustls_platform_verifier::Verifier;

use crate::seam::clock::Clock;
use crate::text::strip_controls;

/// Longest cause that is told.
const CAUSE_MAX: usize = 300;

/// The roots of this machine, and those of a simulated world.
#[derive(Clone)]
pub struct Trust {
    /// The reason in words when this machine cannot check certificates.
    verifier: Result<Arc<Verifier>, String>,
    crypto: Arc<CryptoProvider>,
    time: Arc<Time>,
}

impl Trust {
    /// Reads this machine's root certificates. `extra` are trusted besides; `clock` says what is valid now, since a
    /// simulated world may be ahead of this machine.
    pub fn new(clock: Arc<dyn Clock>, extra: Vec<CertificateDer<'static>>) -> Self {
        let crypto = Arc::new(ring::default_provider());
        let verifier = Verifier::new_with_extra_roots(extra, crypto.clone());
        Self {
            verifier: verifier.map(Arc::new).map_err(|error| {
                format!(
                    "this machine's root certificates cannot be used ({}); on Debian they come with the package ca-certificates",
                    strip_controls(&error.to_string())
                )
            }),
            crypto,
            time: Arc::new(Time(clock)),
        }
    }

    /// Checks chain, name and time. The error says why this machine cannot.
    pub fn verifier(&self) -> Result<Arc<Verifier>, String> {
        self.verifier.clone()
    }

    /// TLS 1.2 or newer, checked by `verifier`. No session is resumed: a resumed one would show no certificate.
    pub fn config(&self, verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, String> {
        let builder = ClientConfig::builder_with_details(self.crypto.clone(), self.time.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    /// The same, with certificates checked in full.
    pub fn checking(&self) -> Result<ClientConfig, String> {
        self.config(self.verifier()?)
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

/// The launch's time, as rustls asks for it.
struct Time(Arc<dyn Clock>);

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_second()).ok()?;
        let since = std::time::Duration::from_secs(seconds);
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// The certificates in a PEM file, at least one. The error is the cause.
pub fn roots(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let told = |error: &dyn std::fmt::Display| strip_controls(&error.to_string());
    let found = CertificateDer::pem_file_iter(file).map_err(|error| told(&error))?;
    let found: Vec<_> = found
        .collect::<Result<_, _>>()
        .map_err(|error| told(&error))?;
    let mut store = rustls::RootCertStore::empty();
    for certificate in &found {
        store
            .add(certificate.clone())
            .map_err(|error| told(&error))?;
    }
    match found.is_empty() {
        true => Err("there is no certificate in it".into()),
        false => Ok(found),
    }
}

/// TLS' own error, where one lies in an error of a socket. Libraries wrap the one in the other, some of them twice, and
/// `source` passes over what is wrapped so.
pub fn inside(error: &std::io::Error) -> Option<&Error> {
    let inner = error.get_ref()?;
    inner
        .downcast_ref()
        .or_else(|| inner.downcast_ref().and_then(inside))
}

/// What came of a handshake that failed, in the operator's words; `None` for an error that is not TLS' own.
pub fn broken_handshake(error: &std::io::Error) -> Option<String> {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    if let Some(error) = inside(error) {
        return Some(cause(error));
    }
    let deeper = error.get_ref().and_then(|inner| inner.downcast_ref());
    match (deeper, error.kind()) {
        (Some(deeper), _) => broken_handshake(deeper),
        (None, UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe) => {
            Some("the server closed the connection in the middle of the handshake".into())
        }
        _ => None,
    }
}

/// Why TLS failed, in the operator's words.
pub fn cause(error: &Error) -> String {
    let text = match error {
        Error::InvalidCertificate(fault) => return distrust(fault),
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "the server speaks neither TLS 1.2 nor TLS 1.3".into(),
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server does not know this name".into()
        }
        Error::AlertReceived(alert) => format!("the server broke the handshake off ({alert:?})"),
        Error::InvalidMessage(_) => "what the server sent is not TLS".into(),
        other => other.to_string(),
    };
    strip_controls(&text).chars().take(CAUSE_MAX).collect()
}

/// Why a certificate is not trusted, as a sentence that begins with "its certificate".
pub fn distrust(fault: &CertificateError) -> String {
    use CertificateError as Fault;
    let text = match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => "its certificate has expired".into(),
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => {
            "its certificate is not valid yet".into()
        }
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            "its certificate is for other names".into()
        }
        Fault::UnknownIssuer => "its certificate comes from an issuer that nobody trusts".into(),
        Fault::Revoked => "its certificate was revoked".into(),
        other => format!("its certificate is not accepted ({other})"),
    };
    strip_controls(&text).chars().take(CAUSE_MAX).collect()
}

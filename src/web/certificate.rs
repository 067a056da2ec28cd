//! The certificate that a host shows, read whether or not it can be trusted, and what is wrong with it.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use crate::seam::web::{Certificate, CertificateFault, Unreached};
use crate::text::strip_controls;
use crate::tls::{self, Trust};

/// Connects to the first of the places that takes the connection, and does the handshake; nothing is asked after it.
pub(super) async fn read(
    host: &str,
    places: &[SocketAddr],
    trust: &Trust,
    now: Timestamp,
) -> Result<Certificate, Unreached> {
    let name = ServerName::try_from(host.to_string()).map_err(|_| {
        let host = strip_controls(host);
        Unreached::Name(format!("{host:?} is not a host's name"))
    })?;
    let witness = Arc::new(Witness {
        inner: trust.verifier().map_err(Unreached::Tls)?,
        seen: Mutex::default(),
    });
    let config = trust.config(witness.clone()).map_err(Unreached::Tls)?;
    let stream = TcpStream::connect(places).await;
    let stream =
        stream.map_err(|error| Unreached::Connection(strip_controls(&error.to_string())))?;
    let connector = TlsConnector::from(Arc::new(config));
    connector
        .connect(name.clone(), stream)
        .await
        .map_err(|error| {
            let cause = tls::broken_handshake(&error);
            Unreached::Tls(cause.unwrap_or_else(|| strip_controls(&error.to_string())))
        })?;
    let seen = witness
        .seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some((shown, verdict)) = seen else {
        return Err(Unreached::Tls("the server showed no certificate".into()));
    };
    judged(&shown, verdict, &name, now)
}

/// The first certificate of a chain, and what the check of the whole chain said.
type Seen = (CertificateDer<'static>, Result<(), Error>);

/// Lets every certificate pass and remembers it with the verdict. The server must still prove that it is its own.
#[derive(Debug)]
struct Witness {
    inner: Arc<Verifier>,
    seen: Mutex<Option<Seen>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let seen = (end_entity.clone().into_owned(), verdict.map(|_| ()));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn judged(
    shown: &CertificateDer<'_>,
    verdict: Result<(), Error>,
    name: &ServerName<'_>,
    now: Timestamp,
) -> Result<Certificate, Unreached> {
    let unreadable =
        || Unreached::Tls("the server showed a certificate that cannot be read".into());
    let (_, read) = X509Certificate::from_der(shown).map_err(|_| unreadable())?;
    let validity = read.validity();
    let not_before = time(validity.not_before.timestamp());
    let not_after = time(validity.not_after.timestamp());
    // One that is too odd to have its names compared is left to the verdict.
    let other_name = ParsedCertificate::try_from(shown)
        .is_ok_and(|parsed| verify_server_name(&parsed, name).is_err());
    let fault = if now > not_after {
        Some(CertificateFault::Expired)
    } else if now < not_before {
        Some(CertificateFault::NotYetValid)
    } else if other_name {
        Some(CertificateFault::OtherName)
    } else {
        let by_itself = read.issuer() == read.subject();
        verdict
            .err()
            .map(|error| CertificateFault::Untrusted(untrusted(&error, by_itself)))
    };
    Ok(Certificate {
        names: names(&read),
        issuer: issuer(read.issuer()),
        not_before,
        not_after,
        fault,
    })
}

/// Why a certificate that is for this host and valid now is trusted all the same by nobody.
fn untrusted(error: &Error, by_itself: bool) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
            if by_itself =>
        {
            "it is signed by itself".into()
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "it comes from an issuer that nobody trusts, or the certificates between are missing"
                .into()
        }
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "a certificate above it has expired".into(),
        Error::InvalidCertificate(fault) => tls::distrust(fault),
        other => tls::cause(other),
    }
}

/// The names a client compares: the common name counts for nobody any more (RFC 9525).
fn names(read: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = read.subject_alternative_name() else {
        return vec![];
    };
    let names = names.value.general_names.iter();
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(strip_controls(&name.to_ascii_lowercase())),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    });
    names.collect()
}

fn issuer(name: &X509Name<'_>) -> String {
    let organisation = name.iter_organization().next();
    let part = organisation.or_else(|| name.iter_common_name().next());
    let text = part.and_then(|part| part.as_str().ok().map(str::to_string));
    strip_controls(&text.unwrap_or_else(|| name.to_string()))
}

/// A time that no calendar of ours reaches is as far away as one can be.
fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(match seconds < 0 {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    })
}

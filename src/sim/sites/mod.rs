//! The product's own sites as a visitor reaches them: the name, the certificate, then what was deployed there.

mod api;
pub mod caa;
mod cors;
mod express;
mod front;
mod literal;
pub mod resolve;
#[cfg(test)]
mod stories;

use jiff::{SignedDuration, Timestamp};

use self::resolve::{Edge, behind_proxy, resolve};
use super::World;
use crate::seam::transport::{HeaderText, Method};
use crate::seam::web::{Certificate, CertificateFault, Page, Unreached, Visit};

/// How long certificates are valid.
const VALID: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How old the certificates are that providers have for their own names.
const OWN_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

const LETS_ENCRYPT: &str = "Let's Encrypt";
const GOOGLE: &str = "Google Trust Services";

/// Who asks for what, once a connection stands.
struct Asked<'a> {
    at: Timestamp,
    host: &'a str,
    visit: &'a Visit,
}

impl Asked<'_> {
    /// The path without its query.
    fn path(&self) -> &str {
        let path = self.visit.path.split(['?', '#']).next();
        path.filter(|path| !path.is_empty()).unwrap_or("/")
    }

    fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.visit.path.split_once('?')?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    fn named(&self, name: &str) -> Option<&HeaderText> {
        let mut headers = self.visit.headers.iter();
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// A header that is no secret.
    fn header(&self, name: &str) -> Option<&str> {
        match self.named(name)? {
            HeaderText::Plain(text) => Some(text),
            HeaderText::Secret(_) => None,
        }
    }

    /// Whether a header, or the parameter of the same name, has this value.
    fn brings(&self, name: &str, value: &str) -> bool {
        let header = match self.named(name) {
            Some(HeaderText::Plain(text)) => text == value,
            Some(HeaderText::Secret(secret)) => {
                secret.same_as(&crate::secret::Secret::new(value.to_owned()))
            }
            None => false,
        };
        header || self.query(name).as_deref() == Some(value)
    }

    /// What is done, `OPTIONS` for a preflight.
    fn method(&self) -> &'static str {
        match self.visit.preflight {
            true => "OPTIONS",
            false => self.visit.method.as_str(),
        }
    }

    fn gets(&self) -> bool {
        !self.visit.preflight && self.visit.method == Method::Get
    }
}

/// Headers as a page has them.
fn headers<const N: usize>(all: [(&str, String); N]) -> Vec<(String, String)> {
    all.map(|(name, value)| (name.to_owned(), value)).into()
}

impl World {
    /// One exchange over HTTPS with a site of the product.
    pub fn visit(&mut self, now: Timestamp, visit: &Visit) -> Result<Page, Unreached> {
        self.advance(now);
        let host = plain(&visit.host);
        let edge = resolve(&mut self.zones, self.now, &host)?;
        let certificate = self.shown(&edge, &host)?;
        if let Some(fault) = certificate.fault {
            return Err(Unreached::Tls(told(&fault, &certificate.names)));
        }
        let asked = Asked {
            at: self.now,
            host: &host,
            visit,
        };
        let mut page = match &edge {
            Edge::Proxy { origin, .. } => self.behind(origin.as_deref(), &asked)?,
            other => self.page(other, &asked)?,
        };
        page.body.truncate(visit.body_max);
        Ok(page)
    }

    /// The certificate that a host shows.
    pub fn certificate(&mut self, now: Timestamp, host: &str) -> Result<Certificate, Unreached> {
        self.advance(now);
        let host = plain(host);
        let edge = resolve(&mut self.zones, self.now, &host)?;
        self.shown(&edge, &host)
    }

    fn page(&self, edge: &Edge, asked: &Asked<'_>) -> Result<Page, Unreached> {
        match edge {
            Edge::Vercel => {
                let passes = |secret: &str| asked.brings("x-vercel-protection-bypass", secret);
                let answer = self.vercel.answer(asked.at, asked.host, &passes);
                Ok(front::page(&self.github, self.seed, asked, &answer))
            }
            Edge::Render => {
                let site = self.render.site(asked.at, asked.host);
                Ok(api::page(&self.github, self.seed, asked, site.as_ref()))
            }
            Edge::Proxy { address, .. } | Edge::Other(address) => {
                Err(Unreached::Connection(format!("{address} refused")))
            }
        }
    }

    /// What a proxy gives on from where the record behind it leads.
    fn behind(&self, origin: Option<&str>, asked: &Asked<'_>) -> Result<Page, Unreached> {
        let edge = origin.and_then(|origin| behind_proxy(&self.zones, asked.at, origin));
        let reached = edge.filter(|edge| {
            let certificate = self.shown(edge, asked.host);
            certificate.is_ok_and(|shown| shown.fault.is_none())
        });
        let mut page = match reached {
            Some(edge) => self.page(&edge, asked)?,
            // What it cannot trust behind it, it does not pass on.
            None => Page {
                status: 526,
                headers: headers([("content-type", "text/html; charset=UTF-8".to_owned())]),
                body: b"<title>Invalid SSL certificate | 526</title>".to_vec(),
            },
        };
        page.headers.retain(|(name, _)| name != "server");
        page.headers
            .insert(0, ("server".to_owned(), "cloudflare".to_owned()));
        Ok(page)
    }

    /// The certificate shown by an edge for a host, whether or not it fits.
    fn shown(&self, edge: &Edge, host: &str) -> Result<Certificate, Unreached> {
        let now = self.now;
        let own =
            |zone: &str, issuer| Ok(certificate(now, host, wild(zone), issuer, now - OWN_AGE));
        let broken = || Unreached::Tls("the handshake failed: no certificate for this name".into());
        match edge {
            Edge::Vercel if is_below(host, "vercel.app") => own("vercel.app", LETS_ENCRYPT),
            Edge::Vercel => {
                let since = self.vercel.certified(host).filter(|since| *since <= now);
                let since = since.ok_or_else(broken)?;
                let names = vec![host.to_owned()];
                Ok(certificate(now, host, names, LETS_ENCRYPT, since))
            }
            Edge::Render => {
                let site = self.render.site(now, host).filter(|site| site.verified);
                let since = site.and_then(|site| site.certificate_since);
                match since.filter(|since| *since <= now) {
                    Some(_) if is_below(host, "onrender.com") => own("onrender.com", GOOGLE),
                    Some(since) => {
                        let names = vec![host.to_owned()];
                        Ok(certificate(now, host, names, GOOGLE, since))
                    }
                    None => own("onrender.com", GOOGLE),
                }
            }
            Edge::Proxy { zone, .. } => {
                let mut names = wild(zone);
                names.push(zone.clone());
                // One star stands for one label: a name two labels below the zone has no certificate.
                match names.iter().any(|name| fits(name, host)) {
                    true => Ok(certificate(now, host, names, GOOGLE, now - OWN_AGE)),
                    false => Err(broken()),
                }
            }
            Edge::Other(address) => Err(Unreached::Connection(format!("{address} refused"))),
        }
    }
}

/// A host as names are compared.
fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_lowercase()
}

fn is_below(host: &str, zone: &str) -> bool {
    let label = host
        .strip_suffix(zone)
        .and_then(|own| own.strip_suffix('.'));
    label.is_some_and(|label| !label.is_empty())
}

fn wild(zone: &str) -> Vec<String> {
    vec![format!("*.{zone}")]
}

/// Whether a name of a certificate is for a host.
fn fits(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(zone) => host.split_once('.').is_some_and(|(_, rest)| rest == zone),
        None => name == host,
    }
}

fn certificate(
    now: Timestamp,
    host: &str,
    names: Vec<String>,
    issuer: &str,
    since: Timestamp,
) -> Certificate {
    let not_after = since + VALID;
    let fault = if not_after <= now {
        Some(CertificateFault::Expired)
    } else if !names.iter().any(|name| fits(name, host)) {
        Some(CertificateFault::OtherName)
    } else {
        None
    };
    Certificate {
        names,
        issuer: issuer.to_owned(),
        not_before: since,
        not_after,
        fault,
    }
}

fn told(fault: &CertificateFault, names: &[String]) -> String {
    match fault {
        CertificateFault::Expired => "the certificate has expired".to_owned(),
        CertificateFault::NotYetValid => "the certificate is not valid yet".to_owned(),
        CertificateFault::OtherName => format!("the certificate is for {}", names.join(", ")),
        CertificateFault::Untrusted(cause) => format!("the certificate is not trusted: {cause}"),
    }
}

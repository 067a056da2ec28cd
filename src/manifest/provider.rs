//! The providers' parts of `golive.toml`: accounts, projects, clusters, regions and the addresses of their APIs.

use std::net::SocketAddr;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use super::names::{Command, HostName, Key, Login, Repo, ResourceName, Title};
use crate::dns::server_places;
use crate::error::{Error, Result};
use crate::provider::guard::is_loopback;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    pub repository: Repo,
    /// GitHub Enterprise, a proxy or the simulator; absent: github.com.
    #[serde(default, deserialize_with = "api_url")]
    pub api_url: Option<String>,
    /// The login that the token must belong to; absent: pinned when first seen.
    pub account: Option<Login>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vercel {
    #[serde(default, deserialize_with = "api_url")]
    pub api_url: Option<String>,
    /// The team's slug; absent or empty: the token's own account.
    #[serde(default, deserialize_with = "name_or_none")]
    pub team: Option<ResourceName>,
    /// Vercel's word for how the front end is built, such as `create-react-app`; absent: Vercel's own guess.
    pub framework: Option<ResourceName>,
    pub project: IndexMap<Key, VercelProject>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VercelProject {
    pub name: ResourceName,
    /// The name of the existing project that becomes this one by renaming; absent: it is created.
    pub existing: Option<ResourceName>,
    /// The branch whose deployments are Vercel's "Production".
    pub production_branch: Key,
    pub build_command: Command,
    pub was: Option<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Render {
    #[serde(default, deserialize_with = "api_url")]
    pub api_url: Option<String>,
    /// Name or id (`tea-…`) of the workspace.
    pub workspace: Title,
    pub region: RenderRegion,
    pub plan: RenderPlans,
}

/// Cannot be changed on a service once it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderRegion {
    Frankfurt,
    Oregon,
    Ohio,
    Virginia,
    Singapore,
}

/// The plan that services of a type are created on, unless the service names another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderPlans {
    pub web_service: ResourceName,
    pub background_worker: ResourceName,
    pub redis: ResourceName,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Atlas {
    #[serde(default, deserialize_with = "api_url")]
    pub api_url: Option<String>,
    /// What follows `?` in a connection string, before `appName`.
    pub connection_options: String,
    pub cluster: IndexMap<Key, Cluster>,
    pub user: IndexMap<Key, DatabaseUser>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Name or id of the Atlas project it is in.
    pub project: Title,
    pub name: ResourceName,
    /// The host the plan expects. The one Atlas reports is used; a difference is shown.
    pub host: HostName,
    /// How it is created; absent: it must exist already.
    pub create: Option<ClusterSize>,
    pub was: Option<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSize {
    /// Atlas' word for the cloud, such as `AWS`.
    pub provider: ResourceName,
    /// Atlas' word for the region, such as `EU_CENTRAL_1`.
    pub region: ResourceName,
    /// Atlas' word for the size, such as `M10`.
    pub tier: ResourceName,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseUser {
    pub name: ResourceName,
    pub cluster: Key,
    pub password: Password,
    /// Whether the roles below are all it may have; otherwise roles it has besides are kept.
    pub only_these_roles: bool,
    pub roles: Vec<DatabaseRole>,
    pub was: Option<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Password {
    /// golive makes it.
    Generated,
    /// It exists; the operator gives it.
    Asked,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseRole {
    /// MongoDB's word, such as `readWrite`.
    pub role: ResourceName,
    pub database: ResourceName,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// The domain whose records are kept.
    pub zone: HostName,
    pub mode: DnsMode,
    #[serde(default)]
    pub apex: Apex,
    /// The public resolvers that are asked what the world sees, first the one that hosts are looked up at; none: those
    /// golive knows.
    #[serde(default, deserialize_with = "resolvers")]
    pub resolvers: Vec<SocketAddr>,
    #[serde(default, deserialize_with = "api_url")]
    pub api_url: Option<String>,
}

impl Dns {
    /// The record's name inside the zone, as a registrar asks for it: `api.staging`, or `@` for the zone itself.
    /// `None` when the host is not in the zone.
    pub fn record_name<'h>(&self, host: &'h HostName) -> Option<&'h str> {
        match host.as_str().strip_suffix(self.zone.as_str())? {
            "" => Some("@"),
            name => name.strip_suffix('.'),
        }
    }
}

/// Who holds the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum DnsMode {
    #[serde(rename = "godaddy")]
    GoDaddy,
    #[serde(rename = "cloudflare")]
    Cloudflare,
    /// golive shows the records, a person enters them, golive looks.
    #[serde(rename = "by-hand")]
    ByHand,
}

/// What happens to the zone's bare name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Apex {
    /// Left alone; what it shows is told.
    #[default]
    Leave,
    Redirect,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stripe {
    #[serde(default, deserialize_with = "api_url")]
    pub api_url: Option<String>,
    /// The account (`acct_…`) the keys must belong to; absent: pinned when first seen.
    pub account: Option<ResourceName>,
}

/// An address golive may send a token to: https, or http to this machine only.
pub fn checked_api_url(text: &str) -> Result<Url> {
    let refuse = |why: &str| Error::usage("an API address was refused").because(why);
    let url = Url::parse(text).map_err(|error| refuse(&format!("{error}")))?;
    // An address may carry a password, so it is never repeated here.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("a user or password stands in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has a `?` or `#` part"));
    }
    match (url.scheme(), is_loopback(&url)) {
        ("https", _) | ("http", true) if url.host().is_some() => Ok(url),
        ("http", _) => Err(
            refuse("http is for this machine only (localhost, 127.0.0.1, [::1])")
                .hint("write it with https://"),
        ),
        _ => Err(refuse("it does not begin with https://").hint("write it with https://")),
    }
}

/// A name, or an empty text for none.
fn name_or_none<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<ResourceName>, D::Error> {
    let text = String::deserialize(reader)?;
    match text.is_empty() {
        true => Ok(None),
        false => ResourceName::parse(&text)
            .map(Some)
            .map_err(serde::de::Error::custom),
    }
}

fn resolvers<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<SocketAddr>, D::Error> {
    let texts = Vec::<String>::deserialize(reader)?;
    server_places(texts.iter().map(String::as_str)).map_err(serde::de::Error::custom)
}

fn api_url<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(reader)?;
    match checked_api_url(&text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(serde::de::Error::custom(format!(
            "{}: {}",
            error.what,
            error.cause.unwrap_or_default()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_over_https_or_stays_on_this_machine() {
        for good in [
            "https://api.github.com",
            "https://github.example.com/api/v3",
            "http://127.0.0.1:8080",
            "http://127.9.9.9/x",
            "http://localhost:1",
            "http://github.localhost:1",
            "http://[::1]:1",
        ] {
            assert!(checked_api_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.github.com",
            "http://api.github.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://notlocalhost",
            "ftp://localhost",
            "file:///etc/passwd",
            "https://user@api.github.com",
            "https://api.github.com/?a=1",
            "https://api.github.com/#a",
            "http://0.0.0.0",
        ] {
            assert!(checked_api_url(bad).is_err(), "{bad}");
        }
        let error = checked_api_url("https://ada:hunter2@api.github.com").expect_err("refused");
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn a_record_is_named_as_the_registrar_names_it() {
        let dns = Dns {
            zone: HostName::parse("bondigoo.ch").expect("zone"),
            mode: DnsMode::GoDaddy,
            apex: Apex::Leave,
            resolvers: vec![],
            api_url: None,
        };
        let host = |text: &str| HostName::parse(text).expect("host");
        assert_eq!(
            dns.record_name(&host("api.staging.bondigoo.ch")),
            Some("api.staging")
        );
        assert_eq!(dns.record_name(&host("bondigoo.ch")), Some("@"));
        assert_eq!(dns.record_name(&host("notbondigoo.ch")), None);
    }
}

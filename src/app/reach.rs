//! How the product's own names, sites, queues and databases are reached: out there, or where the environment says.
//!
//! The variables are for a simulated world on this machine alone, so that none of them can lead a real launch's
//! secrets, or its belief of what is live, somewhere else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::place::Place;
use crate::dns::{self, Network, Servers};
use crate::error::{Error, Result};
use crate::mongo::Driver;
use crate::plan::Provider;
use crate::provider::guard;
use crate::redis::{self, Queues};
use crate::seam::clock::Clock;
use crate::tls::{self, Trust};
use crate::web::{self, Sites};

type Urls = BTreeMap<Provider, String>;

/// Whether every provider is reached on this machine.
pub fn all_local(urls: &Urls) -> bool {
    let mut all = Provider::ALL.into_iter();
    all.all(|provider| is_local(urls, provider))
}

fn is_local(urls: &Urls, provider: Provider) -> bool {
    let url = urls
        .get(&provider)
        .and_then(|url| url::Url::parse(url).ok());
    url.is_some_and(|url| guard::is_loopback(&url))
}

/// Which name servers are asked. `GOLIVE_RESOLVER` names those of a simulated world, else golive.toml may name others
/// than golive knows; where everything is simulated and none is named, there are none.
pub fn network(place: &Place, urls: &Urls) -> Result<Network> {
    let named = local("GOLIVE_RESOLVER", urls)?;
    let own = &place.manifest.dns.resolvers;
    let servers = servers(named.as_deref(), own, all_local(urls))
        .map_err(|cause| refused("GOLIVE_RESOLVER", &cause, "an address like 127.0.0.1:5353"))?;
    Ok(Network::default().asking(servers))
}

fn servers(
    named: Option<&str>,
    own: &[SocketAddr],
    simulated: bool,
) -> std::result::Result<Servers, String> {
    let places = match named {
        Some(text) => dns::server_places(text.split(','))?,
        None => own.to_vec(),
    };
    let here = !places.is_empty() && places.iter().all(|place| place.ip().is_loopback());
    Ok(match simulated {
        true if here => Servers::Here(places),
        true if named.is_none() => Servers::Nowhere,
        _ if places.is_empty() => Servers::default(),
        _ => Servers::World {
            public: places,
            own_port: dns::PORT,
        },
    })
}

/// Whom the sites and queues are believed. `GOLIVE_CA` names a file with a simulated world's own authority.
pub fn trust(urls: &Urls, clock: Arc<dyn Clock>) -> Result<Trust> {
    let extra = match local("GOLIVE_CA", urls)? {
        Some(file) => tls::roots(Path::new(&file)).map_err(|cause| {
            refused(
                "GOLIVE_CA",
                &format!("{file}: {cause}"),
                "the file `ca` in the ready file",
            )
        })?,
        None => vec![],
    };
    Ok(Trust::new(clock, extra))
}

/// How sites are reached. `GOLIVE_HTTPS` names where every host is; where their provider is simulated and none is
/// named, nowhere.
pub fn sites(
    urls: &Urls,
    network: &Arc<Network>,
    trust: &Trust,
    clock: Arc<dyn Clock>,
) -> Result<Sites> {
    let hosts = [Provider::Vercel, Provider::Render];
    let road = match local_place("GOLIVE_HTTPS", urls)? {
        Some(place) => web::Road::Instead(place),
        None if hosts.iter().any(|host| is_local(urls, *host)) => web::Road::Nowhere,
        None => web::Road::Named(network.clone()),
    };
    Ok(Sites::new(road, trust.clone(), clock))
}

/// How a Redis is reached. `GOLIVE_REDIS` names a server that stands for each; where Render is simulated and none is
/// named, there are none.
pub fn queues(urls: &Urls, network: &Arc<Network>, trust: &Trust) -> Result<Queues> {
    let road = match local_place("GOLIVE_REDIS", urls)? {
        Some(place) => redis::Road::Instead(place),
        None if is_local(urls, Provider::Render) => redis::Road::Nowhere,
        None => redis::Road::Named(network.clone()),
    };
    Ok(Queues::new(road, trust.clone()))
}

/// How databases are reached. `GOLIVE_MONGODB` names a server that stands for every cluster; where Atlas is simulated
/// and none is named, there are no databases.
pub fn databases(urls: &Urls) -> Result<Driver> {
    Ok(match local("GOLIVE_MONGODB", urls)? {
        Some(address) => Driver::new(Some(address)),
        None if is_local(urls, Provider::Atlas) => Driver::nowhere(),
        None => Driver::default(),
    })
}

/// What a variable says that is taken only while every provider is on this machine.
fn local(variable: &str, urls: &Urls) -> Result<Option<String>> {
    taken(variable, super::variable(variable), urls)
}

fn taken(variable: &str, text: Option<String>, urls: &Urls) -> Result<Option<String>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let real = Provider::ALL.into_iter().find(|one| !is_local(urls, *one));
    let Some(real) = real else {
        return Ok(Some(text));
    };
    Err(Error::usage(format!(
        "{variable} is only for a simulated world on this machine"
    ))
    .because(format!("{} is reached elsewhere", real.word()))
    .now("nothing was looked at or changed")
    .hint(format!(
        "unset {variable}, or set GOLIVE_{}_URL and the others to the addresses in the ready file",
        real.word().to_uppercase()
    )))
}

/// The same for an address of this machine with its port.
fn local_place(variable: &str, urls: &Urls) -> Result<Option<SocketAddr>> {
    let text = local(variable, urls)?;
    text.map(|text| place(variable, &text)).transpose()
}

fn place(variable: &str, text: &str) -> Result<SocketAddr> {
    let text = text.trim();
    let elsewhere = format!("{text} is not on this machine");
    match text.parse::<SocketAddr>() {
        Ok(place) if place.ip().is_loopback() && place.port() != 0 => Ok(place),
        Ok(_) => Err(refused(
            variable,
            &elsewhere,
            "an address like 127.0.0.1:8443",
        )),
        Err(_) => Err(refused(
            variable,
            "it is no address with a port",
            "127.0.0.1:8443",
        )),
    }
}

fn refused(variable: &str, cause: &str, instead: &str) -> Error {
    Error::usage(format!("{variable} cannot be used"))
        .because(crate::text::strip_controls(cause))
        .now("nothing was looked at or changed")
        .hint(format!("unset {variable}, or set it to {instead}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn at(text: &str) -> Vec<SocketAddr> {
        dns::server_places(text.split(',')).unwrap()
    }

    #[test]
    fn a_simulated_world_is_asked_for_only_at_its_own_servers() {
        let here = at("127.0.0.1:5353");
        let simulated = |named, own: &[SocketAddr]| servers(named, own, true).unwrap();
        assert_eq!(simulated(None, &[]), Servers::Nowhere);
        assert_eq!(simulated(None, &at("9.9.9.9")), Servers::Nowhere);
        assert_eq!(simulated(None, &here), Servers::Here(here.clone()));
        let named = simulated(Some("127.0.0.1:5353"), &at("9.9.9.9"));
        assert_eq!(named, Servers::Here(here));
        assert!(
            servers(Some("localhost"), &[], true)
                .unwrap_err()
                .contains("localhost")
        );
    }

    #[test]
    fn no_variable_leads_a_real_launch_elsewhere() {
        let mut urls: Urls = Provider::ALL
            .into_iter()
            .map(|provider| (provider, "http://127.0.0.1:8080".to_string()))
            .collect();
        let given = || Some("127.0.0.1:8443".to_string());
        assert_eq!(taken("GOLIVE_HTTPS", given(), &urls).unwrap(), given());
        urls.insert(Provider::Render, Provider::Render.address().into());
        let error = taken("GOLIVE_HTTPS", given(), &urls).unwrap_err();
        assert_eq!(error.kind, Kind::Usage);
        let told = error.to_string();
        for word in [
            "GOLIVE_HTTPS",
            "render is reached elsewhere",
            "GOLIVE_RENDER_URL",
        ] {
            assert!(told.contains(word), "{told}");
        }
        assert_eq!(taken("GOLIVE_HTTPS", None, &urls).unwrap(), None);
        for (text, why) in [
            ("192.0.2.1:443", "not on this machine"),
            ("localhost", "no address with a port"),
            ("127.0.0.1:0", "not on this machine"),
        ] {
            let told = place("GOLIVE_REDIS", text).unwrap_err().to_string();
            assert!(
                told.contains("GOLIVE_REDIS") && told.contains(why),
                "{told}"
            );
        }
        assert!(place("GOLIVE_REDIS", "[::1]:6379").is_ok());
    }

    #[test]
    fn a_real_launch_asks_the_known_resolvers_or_those_in_golive_toml() {
        assert_eq!(servers(None, &[], false).unwrap(), Servers::default());
        // A resolver of this machine is one like others: a zone's own servers are asked where they are.
        let own = at("127.0.0.53,9.9.9.9:9953");
        let Servers::World { public, own_port } = servers(None, &own, false).unwrap() else {
            panic!("not the world's");
        };
        assert_eq!((public, own_port), (own, 53));
    }
}

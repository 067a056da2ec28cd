//! The queues' own door: how a Key Value instance answers a driver, from inside Render and from outside.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::Render;
use super::state::{KeyValue, Server};
use crate::seam::redis::{Facts, Probe};
use crate::secret::Secret;

/// What the servers say to a wrong user or password.
const WRONG: &str = "WRONGPASS invalid username-password pair or user is disabled.";
/// The version that the instances run.
const VERSION: &str = "8.1.4";

/// Who calls.
#[derive(Clone, Copy)]
pub enum Caller<'a> {
    /// A service, with the addresses that it is seen under outside of its own network.
    Inside(&'a Server, &'a [Ipv4Addr]),
    Outside(Ipv4Addr),
}

/// How it ended.
pub enum Reach {
    In(Arc<KeyValue>),
    Refused(String),
    /// The name leads nowhere from there.
    NoName,
    NoAnswer,
}

impl Render {
    /// Calls the instance that an address names. `is_password` is asked whether a text is the address's password.
    pub fn reach(
        &self,
        at: Timestamp,
        url: &Url,
        caller: Caller<'_>,
        is_password: impl FnOnce(&str) -> bool,
    ) -> Reach {
        let host = url.host_str().unwrap_or_default();
        let all = &self.state.current().key_values;
        if let Some(instance) = all.get(host) {
            // The name inside: only services of the same workspace and region know it, and it takes no password.
            return match caller {
                Caller::Inside(service, _)
                    if service.owner == instance.owner && service.region == instance.region =>
                {
                    match url.scheme() == "redis" && answers(instance, at) {
                        true => Reach::In(Arc::clone(instance)),
                        false => Reach::NoAnswer,
                    }
                }
                _ => Reach::NoName,
            };
        }
        let mut here = all.values().filter(|instance| instance.host() == host);
        if here.next().is_none() && !host.ends_with("-keyvalue.render.com") {
            return Reach::NoName;
        }
        let named = all.get(url.username());
        let Some(instance) = named.filter(|instance| instance.host() == host) else {
            return Reach::NoAnswer;
        };
        let let_in = match caller {
            Caller::Inside(_, from) => from.iter().all(|address| instance.lets_in(*address)),
            Caller::Outside(address) => instance.lets_in(address),
        };
        if !let_in || url.scheme() != "rediss" || !answers(instance, at) {
            return Reach::NoAnswer;
        }
        match is_password(&instance.password) {
            true => Reach::In(Arc::clone(instance)),
            false => Reach::Refused(WRONG.to_owned()),
        }
    }

    /// A probe from outside of Render, as `Redis::probe` has it.
    pub fn probe(&self, at: Timestamp, caller: Ipv4Addr, address: &Secret) -> Probe {
        let url = address.address();
        let url = url.filter(|url| matches!(url.scheme(), "redis" | "rediss"));
        let Some(url) = url else {
            return Probe::NoAnswer("that is no address of a Redis".to_owned());
        };
        let password = address.address_password();
        let right = |text: &str| {
            let known = password.as_ref();
            known.is_some_and(|password| password.same_as(&Secret::new(text)))
        };
        let host = url.host_str().unwrap_or_default();
        match self.reach(at, &url, Caller::Outside(caller), right) {
            Reach::In(instance) => Probe::In(Facts {
                tls: url.scheme() == "rediss",
                version: Some(VERSION.to_owned()),
                // The server's own spelling has dashes, the API's has none.
                eviction_policy: Some(instance.policy.replace('_', "-")),
            }),
            Reach::Refused(said) => Probe::Refused(said),
            Reach::NoName => Probe::NoAnswer(format!("{host} leads nowhere from here")),
            Reach::NoAnswer => Probe::NoAnswer(format!("{host} does not answer")),
        }
    }
}

fn answers(instance: &KeyValue, at: Timestamp) -> bool {
    matches!(instance.status(at), "available" | "updating_instance")
}

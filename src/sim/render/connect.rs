//! Whether a new instance stays up: the variables that its code needs, the database and the queue that they lead to, and
//! the health check.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use url::Url;

use super::Render;
use super::door::{Caller, Reach};
use super::services::shared_ranges;
use super::spec::{Kind, Outbound};
use super::state::{Deploy, Server, Trouble};
use crate::seam::documents::Login;
use crate::sim::hidden::is_password;
use crate::sim::product;
use crate::sim::service::Around;

/// What a driver says of servers that do not answer.
const UNREACHED: &str = "MongooseServerSelectionError: Could not connect to any servers in your MongoDB Atlas cluster. One common reason is that you're trying to access the database from an IP that isn't whitelisted.";
/// What it says of an address that it cannot read.
const NO_ADDRESS: &str = "MongoParseError: Invalid scheme, expected connection string to start with \"mongodb://\" or \"mongodb+srv://\"";

impl Render {
    /// What keeps the deploy's instance from taking over. Code of others is known to run.
    pub(super) fn trouble(
        &self,
        at: Timestamp,
        deploy: &Deploy,
        around: Around<'_>,
    ) -> Option<Trouble> {
        let service = self.state.current().services.get(&deploy.service)?;
        if !self.is_ours(&service.repo) {
            return None;
        }
        let exits = |said: String| Some(Trouble::Exits(1, said));
        let mut needs = self.scenario.render.code_needs.iter();
        if let Some(name) = needs.find(|name| !deploy.variables.contains_key(*name)) {
            return exits(format!("Error: {name} is not set"));
        }
        if let Some(address) = deploy.variables.get("DATABASE_URL")
            && let Err(said) = self.database(at, service, address, around)
        {
            return exits(said);
        }
        if let Some(address) = deploy.variables.get("REDIS_URL")
            && let Err(said) = self.queue(at, service, address)
        {
            return exits(said);
        }
        self.unhealthy(service, deploy, around)
    }

    /// The addresses that say whether a list lets a service in: the ends of all that it may call from.
    fn calls_from(&self, service: &Server) -> Vec<Ipv4Addr> {
        if self.scenario.render.outbound == Outbound::Dedicated {
            return [21, 22, 23]
                .map(|last| Ipv4Addr::new(198, 51, 100, last))
                .to_vec();
        }
        let ends = |range: &str| {
            let address = range.split('/').next().and_then(|text| text.parse().ok());
            let first = u32::from(address.unwrap_or(Ipv4Addr::UNSPECIFIED));
            [first + 1, first + 254].map(Ipv4Addr::from)
        };
        shared_ranges(&service.region)
            .iter()
            .flat_map(|range| ends(range))
            .collect()
    }

    fn is_elsewhere(&self, host: &str) -> bool {
        let hosts = &self.scenario.render.elsewhere;
        hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// Logs in at the database as the driver would. The error is what the process says before it ends.
    fn database(
        &self,
        at: Timestamp,
        service: &Server,
        address: &str,
        around: Around<'_>,
    ) -> Result<(), String> {
        let url = Url::parse(address).ok();
        let url = url.filter(|url| matches!(url.scheme(), "mongodb" | "mongodb+srv"));
        let url = url.ok_or(NO_ADDRESS)?;
        let host = url.host_str().unwrap_or_default();
        if self.is_elsewhere(host) {
            return Ok(());
        }
        let databases = around.databases.ok_or(UNREACHED)?;
        let user = decoded(url.username());
        let password = decoded(url.password().unwrap_or_default());
        for caller in self.calls_from(service) {
            let right = |digest: &str| is_password(&password, digest);
            match databases.login(at, caller, host, &user, right) {
                Login::In(_) => {}
                Login::Refused(said) => return Err(format!("MongoServerError: {said}")),
                _ => return Err(UNREACHED.to_owned()),
            }
        }
        Ok(())
    }

    /// Connects to the queue as the driver would.
    fn queue(&self, at: Timestamp, service: &Server, address: &str) -> Result<(), String> {
        let url = Url::parse(address).ok();
        let url = url.filter(|url| matches!(url.scheme(), "redis" | "rediss"));
        let url = url.ok_or("Error: connect ECONNREFUSED 127.0.0.1:6379")?;
        let host = url.host_str().unwrap_or_default();
        if self.is_elsewhere(host) {
            return Ok(());
        }
        let from = self.calls_from(service);
        let caller = Caller::Inside(service, &from);
        let password = decoded(url.password().unwrap_or_default());
        match self.reach(at, &url, caller, |right| password == right) {
            Reach::In(_) => Ok(()),
            Reach::Refused(said) => Err(format!("ReplyError: {said}")),
            Reach::NoName => Err(format!("Error: getaddrinfo ENOTFOUND {host}")),
            Reach::NoAnswer => Err("Error: connect ETIMEDOUT".to_owned()),
        }
    }

    /// Whether the health check of a web service finds its path in the code; without one the open port is enough.
    fn unhealthy(&self, service: &Server, deploy: &Deploy, around: Around<'_>) -> Option<Trouble> {
        let path = service.health_path.trim();
        let commit = deploy.commit.as_ref()?;
        if service.kind != Kind::WebService || path.is_empty() {
            return None;
        }
        let server = product::server_file(&self.scenario.product);
        let code = around.code.file_at(&commit.id, server)?;
        let quoted = ['\'', '"', '`'].map(|quote| format!("{quote}{path}{quote}"));
        let known = quoted.iter().any(|route| code.contains(route.as_str()));
        let why = || format!("Health check at {path} failed with status code 404");
        (!known).then(|| Trouble::Unhealthy(why()))
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

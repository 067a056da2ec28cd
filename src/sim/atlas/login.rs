//! The databases' own door: a login to a cluster, as a driver would find it.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use super::Atlas;
use super::state::Grant;
use crate::seam::documents::{Login, Rights};

/// What a driver says when nothing answers. It cannot tell a cluster that is not there from a list that shuts it out.
const SILENCE: &str = "Server selection timeout: No available servers";
/// What the servers say, whatever of the two is wrong.
const REFUSAL: &str = "bad auth : authentication failed";
/// The database that roles across databases are given in.
const HOME: &str = "admin";

impl Atlas {
    /// Logs in at `host` as `user`. `is_password` is asked whether a SHA-256 in hexadecimal digits is the password's.
    /// No answer: no such host, not ready, paused, or the caller is not let through to it. Refused: wrong password, no
    /// such user, not known to the nodes yet, or limited to other clusters.
    pub fn login(
        &self,
        now: Timestamp,
        caller: Ipv4Addr,
        host: &str,
        user: &str,
        is_password: impl FnOnce(&str) -> bool,
    ) -> Login {
        let at_host = |name: &str| name.eq_ignore_ascii_case(host);
        let found = self.state.current().projects.iter().find_map(|project| {
            let cluster = project.clusters.iter().find(|c| at_host(&c.host))?;
            Some((project, cluster))
        });
        let Some((project, cluster)) = found else {
            return Login::NoAnswer(SILENCE.to_owned());
        };
        if !cluster.answers(now) || !project.lets_in(caller, now) {
            return Login::NoAnswer(SILENCE.to_owned());
        }
        let rights = project.user(user).and_then(|user| user.rights_at(now));
        let rights = rights.filter(|rights| {
            let scopes = &rights.scopes;
            scopes.is_empty() || scopes.contains(&cluster.name)
        });
        match rights {
            Some(rights) if is_password(&rights.password) => Login::In(told(&rights.grants)),
            _ => Login::Refused(REFUSAL.to_owned()),
        }
    }
}

/// What the server tells of a user's rights. A role on one collection is kept as a role of its own in `admin`.
fn told(grants: &[Grant]) -> Rights {
    let mut rights = Rights::default();
    for grant in grants {
        let Grant { role, database, .. } = grant;
        rights.roles.insert(match &grant.collection {
            None => (role.clone(), database.clone()),
            Some(collection) => (format!("{role}@{database}.{collection}"), HOME.to_owned()),
        });
        match role.as_str() {
            "atlasAdmin" | "readWriteAnyDatabase" => rights.writable.insert("*".to_owned()),
            "readWrite" if grant.collection.is_none() => rights.writable.insert(database.clone()),
            _ => false,
        };
    }
    rights
}

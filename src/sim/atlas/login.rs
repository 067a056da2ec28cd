//! The databases' own door: a login to a cluster, as a driver would find it.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use super::Atlas;

/// A role that a user has who is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub role: String,
    pub database: String,
    pub collection: Option<String>,
}

/// What came of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Nothing answered: no such host, not ready, paused, or the caller is not let through to it. A driver cannot tell
    /// these apart, and runs into its time limit.
    NoAnswer,
    /// A server answered and refuses: the user or the password is wrong, or not known to it yet.
    Refused,
    In(Vec<Given>),
}

impl Atlas {
    /// Logs in at `host` as `user`. `is_password` is asked whether a SHA-256 in hexadecimal digits is the password's.
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
            return Login::NoAnswer;
        };
        if !cluster.answers(now) || !project.lets_in(caller, now) {
            return Login::NoAnswer;
        }
        let rights = project.user(user).and_then(|user| user.rights_at(now));
        let rights = rights.filter(|rights| {
            let scopes = &rights.scopes;
            scopes.is_empty() || scopes.contains(&cluster.name)
        });
        match rights {
            Some(rights) if is_password(&rights.password) => {
                let grants = rights.grants.iter().cloned();
                let given = grants.map(|grant| Given {
                    role: grant.role,
                    database: grant.database,
                    collection: grant.collection,
                });
                Login::In(given.collect())
            }
            _ => Login::Refused,
        }
    }
}

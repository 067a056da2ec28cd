//! Who may call what: the token, its permissions, the limits on how often.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::wire::{Reply, Request, refuse};
use crate::seam::transport::Method;
use crate::sim::scenario::{Role, Scenario, TokenKind};

/// What a call needs of a fine-grained token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Such as `contents`; empty for none.
    pub permission: &'static str,
    pub write: bool,
}

impl Need {
    pub const NONE: Need = Need::read("");

    pub const fn read(permission: &'static str) -> Need {
        Need {
            permission,
            write: false,
        }
    }

    pub const fn write(permission: &'static str) -> Need {
        Need {
            permission,
            write: true,
        }
    }

    /// As `x-accepted-github-permissions` says it.
    pub fn words(self) -> String {
        let level = if self.write { "write" } else { "read" };
        format!("{}={level}", self.permission)
    }
}

/// Refuses a call whose token is missing, wrong or over.
pub fn identify(
    scenario: &Scenario,
    token: &str,
    request: &Request,
    now: Timestamp,
) -> Result<(), Box<Reply>> {
    let Some(sent) = request.header("authorization") else {
        return Err(refuse(401, "Requires authentication"));
    };
    let sent = ["Bearer ", "bearer ", "token "]
        .iter()
        .find_map(|scheme| sent.strip_prefix(scheme));
    let over = scenario.token.expires.is_some_and(|expires| expires <= now);
    if sent != Some(token) || over {
        return Err(refuse(401, "Bad credentials"));
    }
    Ok(())
}

/// Whether the token sees the repository at all.
pub fn sees(scenario: &Scenario) -> bool {
    let token = &scenario.token;
    !scenario.repository.private
        || match token.kind {
            TokenKind::Classic => token.scopes.iter().any(|scope| scope == "repo"),
            TokenKind::FineGrained => !token.scopes.is_empty(),
        }
}

/// Refuses a call on the repository that the token's permissions or its user's role do not allow.
pub fn permit(scenario: &Scenario, need: Need) -> Result<(), Box<Reply>> {
    let lacking = || {
        let mut reply = refuse(403, "Resource not accessible by personal access token");
        let words = ("x-accepted-github-permissions", need.words());
        reply.headers.push(words);
        Err(reply)
    };
    let token = &scenario.token;
    match token.kind {
        TokenKind::Classic if token.scopes.iter().any(|scope| scope == "repo") => {}
        TokenKind::Classic => {
            let open = token.scopes.iter().any(|scope| scope == "public_repo");
            if (need.write || need.permission == "administration") && !open {
                return Err(refuse(404, "Not Found"));
            }
        }
        // The permission for check runs cannot be given to such a token.
        TokenKind::FineGrained if need.permission == "checks" => return lacking(),
        TokenKind::FineGrained => {
            let read = format!("{}=read", need.permission);
            let write = format!("{}=write", need.permission);
            let granted = token
                .scopes
                .iter()
                .any(|scope| *scope == write || (!need.write && *scope == read));
            let always = matches!(need.permission, "" | "metadata");
            if !granted && !always {
                return lacking();
            }
        }
    }
    let role = scenario.user.role;
    match need {
        Need {
            permission: "administration",
            write,
        } if role < Role::Admin => Err(if write {
            refuse(403, "Must have admin rights to Repository.")
        } else {
            refuse(404, "Not Found")
        }),
        Need {
            permission: "contents",
            write: true,
        } if role < Role::Write => Err(refuse(403, "Must have push access to Repository.")),
        _ => Ok(()),
    }
}

/// How often was called. Figures from GitHub's documentation of its limits.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    window: Option<Timestamp>,
    pub used: u64,
    /// When, how many points, whether it creates content; of the last hour.
    recent: Vec<(Timestamp, u32, bool)>,
}

pub const PRIMARY: u64 = 5000;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const POINTS_PER_MINUTE: u32 = 900;
const WRITES_PER_MINUTE: usize = 80;
const WRITES_PER_HOUR: usize = 500;

impl Limits {
    /// When the primary limit starts anew.
    pub fn reset(&self, now: Timestamp) -> Timestamp {
        self.window.unwrap_or(now) + HOUR
    }

    pub fn remaining(&self) -> u64 {
        PRIMARY.saturating_sub(self.used)
    }

    /// Counts a call, or refuses it.
    pub fn count(&mut self, request: &Request, now: Timestamp) -> Result<(), Box<Reply>> {
        if self.window.is_none_or(|start| start + HOUR <= now) {
            self.window = Some(now);
            self.used = 0;
        }
        if request.path == "/rate_limit" {
            return Ok(());
        }
        if self.used >= PRIMARY {
            return Err(Box::new(super::wire::reply(
                403,
                json!({
                    "message": "API rate limit exceeded for user ID 1.",
                    "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
                }),
            )));
        }
        let write = request.method != Method::Get;
        let (hour_ago, minute_ago) = (now - HOUR, now - MINUTE);
        self.recent.retain(|(at, _, _)| *at > hour_ago);
        let minute = self.recent.iter().filter(|(at, _, _)| *at > minute_ago);
        let points: u32 = minute.clone().map(|(_, points, _)| points).sum();
        let writes = minute.filter(|(_, _, write)| *write).count();
        let hour = self.recent.iter().filter(|(_, _, write)| *write).count();
        if points >= POINTS_PER_MINUTE
            || (write && (writes >= WRITES_PER_MINUTE || hour >= WRITES_PER_HOUR))
        {
            return Err(secondary(60));
        }
        self.used += 1;
        self.recent.push((now, if write { 5 } else { 1 }, write));
        Ok(())
    }
}

/// The refusal of the secondary limit.
pub fn secondary(wait_s: u64) -> Box<Reply> {
    let mut reply = Box::new(super::wire::reply(
        403,
        json!({
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
        }),
    ));
    reply.headers.push(("retry-after", wait_s.to_string()));
    reply
}

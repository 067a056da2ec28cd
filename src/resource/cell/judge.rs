//! Whether a value may stand in its cell, and what about it will bite.

use super::{Cell, Facts};
use crate::plan::Finding;
use crate::provider::stripe::KeyKind;
use crate::resource::Known;
use crate::resource::value::{Destination, Given, Kind, Origin, Wished, list, reaches_browser};

/// Vercel takes this much for all variables of a deployment together, so for each as well (its documentation).
const VERCEL_BYTES_MAX: usize = 64 << 10;
/// Linux starts no program that is handed a longer variable (its `MAX_ARG_STRLEN`), and Render's services run on it.
const LINUX_BYTES_MAX: usize = 128 << 10;

impl Cell {
    /// Why the value must not be set at all: the end of a sentence about it.
    pub(super) fn refusal(&self, known: &Known, given: &Given, facts: &Facts) -> Option<String> {
        if facts.bytes == 0 && given.origin != Origin::Literal {
            return Some("it is empty".into());
        }
        let (most, who) = match self.to {
            Destination::Vercel => (VERCEL_BYTES_MAX, "Vercel takes"),
            Destination::Render => (LINUX_BYTES_MAX, "a service on Render can be started with"),
        };
        if facts.bytes > most {
            return Some(format!(
                "it has {} bytes, and {who} {most} at most",
                facts.bytes
            ));
        }
        self.public_secret(facts)
            .or_else(|| self.wrong_stage(known, facts))
            .or_else(|| {
                let form = given.form?;
                let why = facts.misfit.as_ref()?;
                Some(format!("{} belongs here: {why}", form.in_words()))
            })
            .or_else(|| facts.stripe_refuses.clone())
    }

    /// A secret on its way into the browser.
    fn public_secret(&self, facts: &Facts) -> Option<String> {
        let public = self.variable.kind == Kind::Public || reaches_browser(&self.variable.name);
        if !public || !facts.is_secret {
            return None;
        }
        let what = match facts.stripe {
            Some(shape) => shape.to_string(),
            None => "a secret, such as an address with a password in it,".into(),
        };
        Some(format!(
            "it is {what} and the build would put it into the browser, where everybody reads it"
        ))
    }

    /// A live key before its time, or where none ever belongs.
    fn wrong_stage(&self, known: &Known, facts: &Facts) -> Option<String> {
        let shape = facts.stripe.filter(|shape| shape.live)?;
        if !self.production {
            return Some(format!(
                "it is {shape}, and those belong to production only"
            ));
        }
        let waits = self.variable.wished.live.is_some();
        let switched = known.switched.contains(&self.variable.cell);
        (waits && !switched).then(|| {
            format!("it is {shape}, and production takes its test key until the switch of step 10")
        })
    }

    /// What is as wished, and will bite.
    pub(super) fn findings(&self, known: &Known, given: &Given, facts: &Facts) -> Vec<Finding> {
        let mut findings = vec![];
        let mut found = |code: &str, text: String, fix: String| {
            findings.push(Finding::new(code, format!("{}: {text}", self.title()), fix));
        };
        let table = format!("[variable.{}] in golive.toml", self.variable.name);
        if !facts.equal.is_empty() && !self.is_test_key(facts) {
            found(
                "equal",
                format!("it is the same secret as in {}", list(&facts.equal)),
                "give each environment its own: whoever has one has them all".into(),
            );
        }
        if let Some(other) = &facts.other_account {
            found(
                "other-account",
                format!(
                    "{other} beside it is of another Stripe account, as far as the keys themselves tell"
                ),
                "take both from one page: https://dashboard.stripe.com/apikeys".into(),
            );
        }
        if facts.names_this_machine && self.production {
            found(
                "localhost",
                "it names this machine (localhost), which nobody else reaches".into(),
                format!("correct {table}"),
            );
        }
        if facts.outer_space {
            found(
                "white-space",
                "it begins or ends with white space, such as a line break".into(),
                "give it again without".into(),
            );
        }
        if let Some(host) = &facts.believed {
            found(
                "host-not-seen",
                format!("its host {host} is golive.toml's word, Atlas has not said it"),
                "compare it with the cluster's page at Atlas".into(),
            );
        }
        if let (None, Kind::Secret, Some(shape)) = (given.form, self.variable.kind, facts.stripe)
            && shape.kind == KeyKind::Publishable
        {
            found(
                "publishable",
                format!("it is {shape}, kept as a secret"),
                "if the code wants the secret key, give that".into(),
            );
        }
        findings.extend(self.origins_findings(given));
        findings.extend(self.api_finding(given));
        findings.extend(self.redis_findings(known, given, facts));
        findings
    }

    /// Sentences that are no findings.
    pub(super) fn notes(&self, given: &Given, facts: &Facts) -> Vec<String> {
        let mut notes = facts.stripe_tells.clone();
        if !facts.equal.is_empty() && self.is_test_key(facts) {
            notes.push(format!(
                "the same test key as in {}: one Stripe account has one test mode",
                list(&facts.equal)
            ));
        }
        if facts.line_break {
            notes.push("it has more than one line".into());
        }
        if self.variable.wished.live.is_some() && self.variable.wished.now == *given {
            notes.push("another value is wished once the launch has switched to live".into());
        }
        notes
    }

    fn is_test_key(&self, facts: &Facts) -> bool {
        facts.stripe.is_some_and(|shape| !shape.live)
    }

    /// The origins that the API lets in: its own site among them, and in production and staging nobody else.
    fn origins_findings(&self, given: &Given) -> Vec<Finding> {
        let holds = self.around.holds_origins || self.variable.name == "CORS_ORIGIN";
        let Some(text) = given.source.shown().filter(|_| holds) else {
            return vec![];
        };
        let Some(own) = self.around.origins.first() else {
            return vec![];
        };
        let there: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .collect();
        let mut findings = vec![];
        if !there.contains(&own.as_str()) {
            findings.push(Finding::new(
                "origin-missing",
                format!(
                    "{}: {own} is not in it, so the API refuses its own site",
                    self.title()
                ),
                format!("write {own} into it, or composed = \"cors_origin\""),
            ));
        }
        let others: Vec<&str> = there.into_iter().filter(|origin| origin != own).collect();
        if !others.is_empty() && !self.is_for_development() {
            findings.push(Finding::new(
                "origin-foreign",
                format!(
                    "{}: it lets in {} besides {own}",
                    self.title(),
                    crate::text::strip_controls(&list(&others))
                ),
                format!(
                    "take it out of also_allow in [environment.{}] of golive.toml",
                    self.environment
                ),
            ));
        }
        findings
    }

    /// Where people develop, their own machines are let in.
    fn is_for_development(&self) -> bool {
        let name = self.environment.as_str();
        !self.production && (name.starts_with("dev") || name.starts_with("local"))
    }

    /// A front end that is told to call something else than its environment's API.
    fn api_finding(&self, given: &Given) -> Option<Finding> {
        let api = self.around.api_host.as_deref()?;
        let text = given
            .source
            .shown()
            .filter(|_| self.to == Destination::Vercel)?;
        let (scheme, host) = web_address(text)?;
        let name = &self.variable.name;
        let by_name = ["API", "BACKEND", "SERVER"]
            .iter()
            .any(|word| name.contains(word));
        let by_host = host.starts_with("api.") || host.ends_with(".onrender.com");
        let right = host == api && scheme == "https";
        ((by_name || by_host) && !right).then(|| {
            Finding::new(
                "api-address",
                format!(
                    "{}: it leads to {scheme}://{host}, and the API of {} is https://{api}",
                    self.title(),
                    self.environment
                ),
                format!("write https://{api} there, in [variable.{name}] of golive.toml"),
            )
        })
    }

    /// One Redis for several environments, and one that is reached through the internet: said once for each instance.
    fn redis_findings(&self, known: &Known, given: &Given, facts: &Facts) -> Vec<Finding> {
        let Origin::Output(maker) = &given.origin else {
            return vec![];
        };
        let theirs = |peer: &Wished| peer.at(known, &self.variable.cell).source == given.source;
        let sharing = self.peers.iter().filter(|(_, peer)| theirs(peer));
        let sharing: Vec<&str> = sharing
            .map(|(environment, _)| environment.as_str())
            .collect();
        // Whose instance it is by its own name says it; it is production's in the plan.
        let owner = maker.as_str().rsplit('-').next().unwrap_or_default();
        let speaks = owner == self.environment || !sharing.contains(&owner);
        if !speaks {
            return vec![];
        }
        let mut findings = vec![];
        if !sharing.is_empty() {
            findings.push(Finding::new(
                "shared-redis",
                format!(
                    "{}: {} use the same Redis, so their workers take each other's jobs",
                    self.title(),
                    list(std::iter::once(self.environment.as_str()).chain(sharing))
                ),
                format!(
                    "the plan parts them in step 10; to do so now, name each environment's own in [variable.{}]",
                    self.variable.name
                ),
            ));
        }
        if facts.outside_redis {
            findings.push(Finding::new(
                "external-redis",
                format!(
                    "{}: it is the address through the internet, which needs an allow-list and is slower",
                    self.title()
                ),
                format!(
                    "write output = \"internal_url\" in [variable.{}]: services in the same workspace and region reach it so",
                    self.variable.name
                ),
            ));
        }
        findings
    }
}

/// Scheme and host of an address of the web.
fn web_address(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.trim().split_once("://")?;
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let host = rest.split(['/', '?', '#']).next()?;
    Some((scheme, host))
}

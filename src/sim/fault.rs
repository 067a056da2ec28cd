//! Faults: what goes wrong on the way, where, and at which call.

use serde::{Deserialize, Serialize};

use super::chance;
use super::ledger::Provider;
use crate::seam::transport::Method;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No reply; nothing happened.
    TimeoutBefore,
    /// No reply; it happened.
    TimeoutAfterApply,
    ResetBefore,
    ResetAfterApply,
    #[serde(rename = "http_500_before")]
    Http500Before,
    #[serde(rename = "http_503_after_apply")]
    Http503AfterApply,
    /// Refused, with `retry-after` in seconds.
    #[serde(rename = "http_429")]
    Http429,
    /// Refused, with `retry-after` as a date.
    #[serde(rename = "http_429_date")]
    Http429Date,
    SecondaryLimit,
    /// It happened; the body ends half-way.
    Truncated,
    /// It happened; the body is empty.
    Empty,
    /// It happened; the body is a page.
    Html,
    /// It happened; the reply takes its time.
    Slow,
    /// The read shows the world as it was half a minute ago.
    StaleRead,
}

/// A fault and the call it strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    pub provider: Provider,
    /// `POST /repos/*/*/git/refs`, `*` standing for one segment; `*` alone is every call that could change something.
    #[serde(rename = "match")]
    pub pattern: String,
    /// Strikes at the n-th call that matches, counted from 1.
    #[serde(default = "first")]
    pub nth: u32,
    pub fault: Fault,
}

fn first() -> u32 {
    1
}

const ANYWHERE: &str = "*";

/// A fault word alone strikes one of this many first calls: enough to reach every kind of write of a short run.
const PLACES: u64 = 8;

impl FaultRule {
    /// Whether a call (its path without the query) is one the rule counts.
    pub fn matches(&self, method: Method, path: &str) -> bool {
        if self.pattern == ANYWHERE {
            return match self.fault {
                Fault::StaleRead => method == Method::Get,
                _ => method != Method::Get,
            };
        }
        let Some((wanted, pattern)) = self.pattern.split_once(' ') else {
            return false;
        };
        let path = path.split('?').next().unwrap_or_default();
        let (pattern, path): (Vec<&str>, Vec<&str>) =
            (pattern.split('/').collect(), path.split('/').collect());
        wanted == method.as_str()
            && pattern.len() == path.len()
            && pattern.iter().zip(&path).all(|(p, s)| *p == "*" || p == s)
    }

    fn check(self) -> Result<FaultRule, String> {
        if self.nth == 0 {
            return Err("nth counts from 1".to_owned());
        }
        if self.pattern == ANYWHERE {
            return Ok(self);
        }
        match self.pattern.split_once(' ') {
            Some((method, path)) if Method::parse(method).is_some() && path.starts_with('/') => {
                Ok(self)
            }
            _ => Err(format!(
                "“{}” is not a place: write it as POST /repos/*/*/git/refs",
                self.pattern
            )),
        }
    }
}

/// Reads `--faults`: a JSON list, or `fault@METHOD /path#nth` separated by commas. A word alone gets its place from the seed.
pub fn parse_list(text: &str, seed: u64) -> Result<Vec<FaultRule>, String> {
    let text = text.trim();
    if text.starts_with('[') {
        let rules: Vec<FaultRule> =
            serde_json::from_str(text).map_err(|cause| format!("not a list of faults: {cause}"))?;
        return rules.into_iter().map(FaultRule::check).collect();
    }
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .enumerate()
        .map(|(index, word)| parse_one(word, index, seed))
        .collect()
}

fn parse_one(word: &str, index: usize, seed: u64) -> Result<FaultRule, String> {
    let (name, place) = match word.split_once('@') {
        Some((name, place)) => (name.trim(), Some(place.trim())),
        None => (word, None),
    };
    let fault: Fault = serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|_| format!("“{name}” is not a fault"))?;
    let (pattern, nth) = match place {
        None => {
            let nth = chance::between(seed, &format!("fault {index} {name}"), 1, PLACES);
            (ANYWHERE, u32::try_from(nth).unwrap_or(1))
        }
        Some(place) => match place.rsplit_once('#') {
            None => (place, 1),
            Some((pattern, nth)) => (
                pattern,
                nth.parse()
                    .map_err(|_| format!("“{nth}” is not a number of a call"))?,
            ),
        },
    };
    FaultRule {
        provider: Provider::Github,
        pattern: pattern.to_owned(),
        nth,
        fault,
    }
    .check()
}

/// The rules of a world and how often each has matched.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Vec<(FaultRule, u32)>,
}

impl Faults {
    pub fn add(&mut self, rules: &[FaultRule]) {
        self.rules
            .extend(rules.iter().map(|rule| (rule.clone(), 0)));
    }

    /// Counts the call with every rule that matches; says whether any did, and the fault that is due.
    pub fn strike(
        &mut self,
        provider: Provider,
        method: Method,
        path: &str,
    ) -> (bool, Option<Fault>) {
        let mut due = None;
        let mut counted = false;
        for (rule, count) in &mut self.rules {
            if rule.provider == provider && rule.matches(method, path) {
                counted = true;
                *count += 1;
                if *count == rule.nth && due.is_none() {
                    due = Some(rule.fault);
                }
            }
        }
        (counted, due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_at_its_call_and_nowhere_else() {
        let mut faults = Faults::default();
        faults.add(&parse_list("reset_before@POST /repos/*/*/git/refs#2", 1).unwrap());
        let mut strike = |method, path| faults.strike(Provider::Github, method, path).1;
        assert_eq!(strike(Method::Post, "/repos/a/b/git/refs"), None);
        assert_eq!(strike(Method::Get, "/repos/a/b/git/refs"), None);
        assert_eq!(strike(Method::Post, "/repos/a/b/git/refs/x"), None);
        assert_eq!(
            strike(Method::Post, "/repos/a/b/git/refs"),
            Some(Fault::ResetBefore)
        );
        assert_eq!(strike(Method::Post, "/repos/a/b/git/refs"), None);
    }

    #[test]
    fn the_list_is_read_strictly() {
        let json = r#"[{"provider":"github","match":"GET /user","nth":3,"fault":"http_429_date"}]"#;
        assert_eq!(parse_list(json, 0).unwrap()[0].fault, Fault::Http429Date);
        for wrong in [
            r#"[{"provider":"github","match":"GET /user","nth":1,"fault":"slow","when":"now"}]"#,
            r#"[{"provider":"gitlab","match":"GET /user","fault":"slow"}]"#,
            "slowly",
            "slow@/user",
            "slow@GET /user#0",
        ] {
            assert!(parse_list(wrong, 0).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_word_alone_gets_its_place_from_the_seed() {
        let one = parse_list("timeout_after_apply, html", 5).unwrap();
        assert_eq!(one, parse_list("timeout_after_apply,html", 5).unwrap());
        assert!(
            one.iter()
                .all(|rule| rule.nth >= 1 && u64::from(rule.nth) <= PLACES)
        );
        assert!(!one[0].matches(Method::Get, "/user"));
        assert!(one[0].matches(Method::Put, "/repos/a/b/pulls/1/merge"));
    }
}

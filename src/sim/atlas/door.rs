//! Who may call: access tokens for a service account, digests for an API key, and the addresses that a key is bound to.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};
use serde_json::json;

use super::spec::{ApiAccessSpec, RateSpec};
use super::state::Block;
use super::wire::{self, Body, Outcome, Reply, Request, ok, refuse, reply, unauthorized};
use super::{Keys, secrets};
use crate::seam::transport::Method;
use crate::sim::chance;
use crate::sim::service::{Around, Visit};

/// How long an access token lives.
const LIFE_S: i64 = 3600;
/// Calls to the token endpoint that one client may make in a minute.
const TOKENS_A_MINUTE: usize = 50;
/// How long a challenge may be answered.
const NONCE_S: i64 = 300;

#[derive(Clone, Debug)]
struct Token {
    text: String,
    expires: Timestamp,
    /// Calls that it is still good for, when they are counted.
    calls: Option<u32>,
}

impl Token {
    fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires && self.calls != Some(0)
    }
}

/// What the service keeps about its callers.
#[derive(Clone, Debug, Default)]
pub struct Door {
    tokens: Vec<Token>,
    /// When the token endpoint was called, in the last minute.
    asked: Vec<Timestamp>,
    /// Challenges given out, with the count of their last answer.
    nonces: BTreeMap<String, (Timestamp, u64)>,
    /// The `authorization` of the last call, when it was let in.
    admitted: Option<String>,
    /// Calls left of each endpoint's bucket, and since when it fills up.
    buckets: BTreeMap<&'static str, (u64, Timestamp)>,
    /// Calls to access lists so far.
    pub list_calls: u64,
}

/// `Basic …` of a service account.
fn basic(keys: &Keys) -> String {
    let pair = STANDARD.encode(format!("{}:{}", keys.id, keys.secret));
    format!("Basic {pair}")
}

impl Door {
    /// Every `authorization` that opens the service, the one for replays first.
    pub fn signatures(&self, keys: &Keys, now: Timestamp) -> Vec<String> {
        let live = self.tokens.iter().filter(|token| token.is_live(now));
        let bearers = live.map(|token| format!("Bearer {}", token.text));
        std::iter::once(basic(keys)).chain(bearers).collect()
    }

    /// Whether the header was good for the last call, which may have used it up.
    pub fn has_admitted(&self, authorization: &str) -> bool {
        self.admitted.as_deref() == Some(authorization)
    }

    /// Forgets the last call, and what is too old.
    pub fn begin(&mut self, now: Timestamp) {
        self.admitted = None;
        self.tokens.retain(|token| token.is_live(now));
        self.nonces
            .retain(|_, (since, _)| now - *since < SignedDuration::from_secs(NONCE_S));
        let minute = now - SignedDuration::from_secs(60);
        self.asked.retain(|at| *at > minute);
    }

    /// Who calls? The refusal is the gateway's.
    pub fn admit(
        &mut self,
        keys: &Keys,
        seed: u64,
        request: &Request,
        visit: Visit<'_>,
        around: Around<'_>,
    ) -> Result<(), Box<Reply>> {
        let header = request.header("authorization").unwrap_or_default();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        let good = match scheme.to_ascii_lowercase().as_str() {
            "basic" => around.replaying && header == basic(keys),
            "bearer" => {
                self.spend(rest.trim(), visit.now)
                    .map_err(|()| unauthorized())?;
                true
            }
            "digest" => {
                let method = visit.call.method.to_string();
                self.answers(keys, rest, &method, &visit.call.path)
            }
            _ => false,
        };
        if good {
            self.admitted = Some(header.to_owned());
            return Ok(());
        }
        Err(self.challenge(seed, visit))
    }

    fn spend(&mut self, text: &str, now: Timestamp) -> Result<(), ()> {
        let token = self.tokens.iter_mut().find(|token| token.text == text);
        let token = token.filter(|token| token.is_live(now)).ok_or(())?;
        if let Some(calls) = &mut token.calls {
            *calls -= 1;
        }
        Ok(())
    }

    /// The 401 that a call without credentials gets, and one whose digest is wrong.
    fn challenge(&mut self, seed: u64, visit: Visit<'_>) -> Box<Reply> {
        let salt = format!("nonce {} {}", visit.n, visit.now);
        let nonce = chance::hex(seed, &salt, 32);
        let mut refusal = unauthorized();
        refusal.headers.push((
            "www-authenticate",
            format!(
                "Digest realm=\"{REALM}\", domain=\"\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\", stale=false"
            ),
        ));
        self.nonces.insert(nonce, (visit.now, 0));
        refusal
    }

    /// Whether a digest answers one of the challenges given out, for this method and this path with its query.
    fn answers(&mut self, keys: &Keys, answer: &str, method: &str, path: &str) -> bool {
        let parts = parameters(answer);
        let part = |name: &str| parts.get(name).map_or("", String::as_str);
        let plain = [
            ("username", &*keys.id),
            ("realm", REALM),
            ("uri", path),
            ("qop", "auth"),
        ];
        if plain.iter().any(|(name, value)| part(name) != *value) {
            return false;
        }
        if !matches!(part("algorithm"), "" | "MD5") || part("cnonce").is_empty() {
            return false;
        }
        let count = u64::from_str_radix(part("nc"), 16).unwrap_or(0);
        let Some((_, last)) = self.nonces.get_mut(part("nonce")) else {
            return false;
        };
        // A count that was there before is an answer overheard.
        if part("nc").len() != 8 || count <= *last {
            return false;
        }
        let who = md5(&format!("{}:{REALM}:{}", keys.id, keys.secret));
        let what = md5(&format!("{method}:{path}"));
        let (nonce, nc, cnonce) = (part("nonce"), part("nc"), part("cnonce"));
        let right = md5(&format!("{who}:{nonce}:{nc}:{cnonce}:auth:{what}"));
        let good = part("response").eq_ignore_ascii_case(&right);
        if good {
            *last = count;
        }
        good
    }

    /// `/api/oauth/*`.
    pub fn oauth(
        &mut self,
        keys: &Keys,
        seed: u64,
        request: &Request,
        visit: Visit<'_>,
        around: Around<'_>,
        calls: Option<u32>,
    ) -> Outcome {
        let which = request.segments.get(2).map_or("", String::as_str);
        if request.method != Method::Post || !matches!(which, "token" | "revoke") {
            return Err(wire::no_resource(&request.path));
        }
        if which == "token" && !around.replaying {
            if self.asked.len() >= TOKENS_A_MINUTE {
                return Err(too_many_tokens());
            }
            self.asked.push(visit.now);
        }
        let header = request.header("authorization").unwrap_or_default();
        if header != basic(keys) {
            let mut refusal = oauth_error(401, "invalid_client", "Client authentication failed");
            refusal
                .headers
                .push(("www-authenticate", "Basic realm=\"oauth\"".to_owned()));
            return Err(refusal);
        }
        self.admitted = Some(header.to_owned());
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(visit.call.body.as_deref().unwrap_or_default())
                .into_owned()
                .collect();
        if which == "revoke" {
            let token = form
                .get("token")
                .ok_or_else(|| oauth_error(400, "invalid_request", "The token is missing"))?;
            let sent = secrets::digest_sent(token, around.replaying);
            self.tokens
                .retain(|known| secrets::digest(&known.text) != sent);
            return Ok(Reply {
                status: 200,
                body: Body::None,
                headers: Vec::new(),
            });
        }
        match form.get("grant_type").map(String::as_str) {
            Some("client_credentials") => {}
            Some(_) => {
                let text = "Only client_credentials is supported";
                return Err(oauth_error(400, "unsupported_grant_type", text));
            }
            None => {
                let text = "The grant_type is missing";
                return Err(oauth_error(400, "invalid_request", text));
            }
        }
        let salt = format!("access token {} {}", visit.n, visit.now);
        let text = format!("golive-sim-atlas-{}", chance::hex(seed, &salt, 24));
        self.tokens.push(Token {
            text: text.clone(),
            expires: visit.now + SignedDuration::from_secs(LIFE_S),
            calls,
        });
        Ok(ok(json!({
            "access_token": text,
            "expires_in": LIFE_S,
            "token_type": "Bearer",
        })))
    }

    /// Takes one call out of an endpoint's bucket. Answers with the limit and what is left.
    pub fn count(
        &mut self,
        endpoint: &'static str,
        rate: RateSpec,
        now: Timestamp,
    ) -> Result<(u64, u64), Box<Reply>> {
        let bucket = self.buckets.entry(endpoint).or_insert((rate.capacity, now));
        let minutes = (now - bucket.1).as_secs() / 60;
        bucket.1 += SignedDuration::from_secs(minutes * 60);
        let back = u64::try_from(minutes)
            .unwrap_or(0)
            .saturating_mul(rate.refill);
        bucket.0 = bucket.0.saturating_add(back).min(rate.capacity);
        if bucket.0 == 0 {
            let gone = (now - bucket.1).as_secs();
            let wait = u64::try_from(60 - gone).unwrap_or(60);
            let mut refusal = wire::limited(endpoint, wait, rate.capacity, rate.refill);
            let own = [
                ("retry-after", wait),
                ("ratelimit-limit", rate.capacity),
                ("ratelimit-remaining", 0),
            ];
            refusal
                .headers
                .extend(own.map(|(name, value)| (name, value.to_string())));
            return Err(refusal);
        }
        bucket.0 -= 1;
        Ok((rate.capacity, bucket.0))
    }
}

const REALM: &str = "MMS Public API";

fn md5(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `name=value` pairs, quoted or not, of a header.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        found.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        rest = left.trim_start().trim_start_matches(',').trim_start();
    }
    found
}

/// A refusal in the form of RFC 6749, which the OAuth endpoints use.
fn oauth_error(status: u16, error: &str, description: &str) -> Box<Reply> {
    Box::new(reply(
        status,
        json!({ "error": error, "error_description": description }),
    ))
}

fn too_many_tokens() -> Box<Reply> {
    let path = "/api/oauth/token";
    refuse(
        429,
        "RATE_LIMITED",
        &format!("Resource {path} is limited to {TOKENS_A_MINUTE} requests every 1 minutes."),
        json!([path, TOKENS_A_MINUTE, 1]),
    )
}

/// Whether a key may be used from where the call comes from.
pub fn allowed_from(spec: &ApiAccessSpec, around: Around<'_>) -> Result<(), Box<Reply>> {
    if spec.addresses.is_empty() {
        return match spec.required {
            false => Ok(()),
            true => Err(refuse(
                403,
                "ORG_REQUIRES_ACCESS_LIST",
                "This organization requires access through an access list of ip ranges.",
                json!([]),
            )),
        };
    }
    let blocks = spec.addresses.iter().filter_map(|text| Block::parse(text));
    let caller = around.caller;
    match blocks.into_iter().any(|block| block.holds(caller.into())) {
        true => Ok(()),
        false => Err(refuse(
            403,
            "IP_ADDRESS_NOT_ON_ACCESS_LIST",
            &format!("IP address {caller} is not allowed to access this resource."),
            json!([caller.to_string()]),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_taken_apart_whether_quoted_or_not() {
        let parts =
            parameters(r#"username="a", uri="/x?a=1,b=2", nc=00000001,qop=auth , response="f""#);
        assert_eq!(parts["uri"], "/x?a=1,b=2");
        assert_eq!(
            (&*parts["nc"], &*parts["qop"], &*parts["response"]),
            ("00000001", "auth", "f")
        );
        assert!(parameters("").is_empty() && parameters("x").is_empty());
        assert_eq!(parameters("a=\"open").len(), 1);
    }

    #[test]
    fn digests_are_the_ones_of_rfc_2617() {
        // Section 3.5 of RFC 2617.
        let who = md5("Mufasa:testrealm@host.com:Circle Of Life");
        let what = md5("GET:/dir/index.html");
        let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
        assert_eq!(
            md5(&format!("{who}:{nonce}:00000001:0a4f113b:auth:{what}")),
            "6629fae49393a05397450978507c4ef1"
        );
    }
}

//! How Atlas speaks: the headers it wants, the words of a refusal, and which refusals are limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::digest::{Question, Riddle};
use super::{Credential, FORM, Session};
use crate::plan::Provider;
use crate::provider::http::{self, Words, not_json, retry_after};
use crate::seam::transport::{HeaderText, HttpResponse, Method};
use crate::secret::Secret;

/// Atlas' manners, with what signs every call.
pub struct Manners {
    credential: Credential,
    session: Arc<Session>,
}

impl Manners {
    pub fn new(credential: Credential, session: Arc<Session>) -> Self {
        Self {
            credential,
            session,
        }
    }

    /// The session, where calls carry a token of it.
    pub(super) fn session(&self) -> Option<&Session> {
        match self.credential {
            Credential::ServiceAccount { .. } => Some(&self.session),
            Credential::ApiKey { .. } => None,
        }
    }

    /// What signs a call before anything was asked: the account itself for a token, the token for all else.
    fn signature(&self, media: Option<&str>) -> Option<Secret> {
        let Credential::ServiceAccount { id, secret } = &self.credential else {
            return None;
        };
        if media == Some(FORM) {
            let pair = format!("{}:{}", id.expose(), secret.expose());
            return Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))));
        }
        let token = self.session.token(Timestamp::MIN)?;
        Some(token.prefixed("Bearer "))
    }
}

impl http::Manners for Manners {
    fn provider(&self) -> Provider {
        Provider::Atlas
    }

    fn headers(&self, media: Option<&str>) -> Vec<(String, HeaderText)> {
        let accept = match media {
            Some(FORM) | None => "application/json",
            Some(media) => media,
        };
        let signature = self
            .signature(media)
            .map(|signature| ("authorization".into(), HeaderText::Secret(signature)));
        [("accept".into(), HeaderText::Plain(accept.into()))]
            .into_iter()
            .chain(signature)
            .collect()
    }

    fn refusal(&self, body: &[u8]) -> Words {
        let Ok(Value::Object(reply)) = serde_json::from_slice::<Value>(body) else {
            return Words {
                message: not_json(body),
                ..Words::default()
            };
        };
        let text = |name: &str| reply.get(name).and_then(Value::as_str);
        let message = ["detail", "error_description", "reason"]
            .into_iter()
            .find_map(text);
        // The token endpoint names its error as OAuth does (RFC 6749): in `error`, where all others have the status.
        let code = text("errorCode").or_else(|| text("error"));
        Words {
            message: message.or(code).unwrap_or("no message").to_string(),
            errors: fields_at_fault(reply.get("badRequestDetail")),
            code: code.map(str::to_string),
            fields: parameters(reply.get("parameters")),
        }
    }

    fn request_id(&self) -> &'static str {
        "x-request-id"
    }

    fn encode(&self, body: &Value, media: Option<&str>) -> (String, Vec<u8>) {
        let kind = media.unwrap_or("application/json");
        let Some(fields) = body.as_object().filter(|_| kind == FORM) else {
            return (kind.to_string(), body.to_string().into_bytes());
        };
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, value.as_str().unwrap_or_default());
        }
        (kind.to_string(), form.finish().into_bytes())
    }

    fn is_challenged(&self) -> bool {
        matches!(self.credential, Credential::ApiKey { .. })
    }

    fn answer(&self, method: Method, path: &str, riddle: &HttpResponse) -> Option<HeaderText> {
        let Credential::ApiKey { public, private } = &self.credential else {
            return None;
        };
        let asks = riddle
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        let riddle = asks
            .into_iter()
            .find_map(|(_, header)| Riddle::read(header))?;
        let mut random = [0u8; 16];
        getrandom::fill(&mut random).ok()?;
        let cnonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(HeaderText::Secret(riddle.answer(&Question {
            user: public,
            password: private,
            method: method.as_str(),
            uri: path,
            cnonce: &cnonce,
        })))
    }

    fn limit(&self, response: &HttpResponse, now: Timestamp) -> Option<Option<Duration>> {
        if response.status != 429 {
            return None;
        }
        Some(retry_after(response, now).or_else(|| self.told_in_words(response)))
    }

    /// Atlas tells how much is left and not until when, so there is no period to show.
    fn left(&self, _response: &HttpResponse, _now: Timestamp) -> Option<(u64, u64, Timestamp)> {
        None
    }

    fn pace(&self) -> Duration {
        Duration::ZERO
    }
}

impl Manners {
    /// The wait that stands among a limit's parameters, where the header that should tell it is absent.
    fn told_in_words(&self, response: &HttpResponse) -> Option<Duration> {
        let words = http::Manners::refusal(self, &response.body);
        let parameters: Vec<&str> = words.fields.get("parameters")?.split(", ").collect();
        let number = |at: usize| parameters.get(at)?.parse::<u64>().ok();
        match words.code.as_deref()? {
            "RATE_LIMITED_TOKEN_BUCKET" => number(1).map(Duration::from_secs),
            // So many requests every so many minutes.
            "RATE_LIMITED" => number(2).map(|minutes| Duration::from_secs(minutes * 60)),
            _ => None,
        }
    }
}

/// `field: what is wrong with it`, of a body that was not taken.
fn fields_at_fault(detail: Option<&Value>) -> Vec<String> {
    let fields = detail.and_then(|detail| detail.get("fields"));
    let fields = fields.and_then(Value::as_array).into_iter().flatten();
    let text = |field: &Value, name: &str| {
        let text = field.get(name).and_then(Value::as_str);
        text.unwrap_or("?").to_string()
    };
    fields
        .map(|field| format!("{}: {}", text(field, "field"), text(field, "description")))
        .collect()
}

/// The parameters of an error, such as the address that is not let in, one behind the other.
fn parameters(list: Option<&Value>) -> BTreeMap<String, String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let words: Vec<String> = list
        .map(|one| match one {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect();
    match words.is_empty() {
        true => BTreeMap::new(),
        false => BTreeMap::from([("parameters".into(), words.join(", "))]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::http::Manners as _;

    fn account() -> Manners {
        let credential = Credential::ServiceAccount {
            id: Secret::new("id"),
            secret: Secret::new("word"),
        };
        Manners::new(credential, Arc::default())
    }

    fn key() -> Manners {
        let credential = Credential::ApiKey {
            public: Secret::new("abcdefgh"),
            private: Secret::new("key"),
        };
        Manners::new(credential, Arc::default())
    }

    fn reply(status: u16, headers: &[(&str, &str)], body: Value) -> HttpResponse {
        HttpResponse {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            body: body.to_string().into_bytes(),
        }
    }

    fn header(manners: &Manners, media: Option<&str>, wanted: &str) -> Option<String> {
        let headers = manners.headers(media);
        let found = headers.into_iter().find(|(name, _)| name == wanted);
        found.map(|(_, text)| match text {
            HeaderText::Plain(text) => text,
            HeaderText::Secret(secret) => secret.expose().to_string(),
        })
    }

    #[test]
    fn a_service_account_signs_for_a_token_and_then_with_it() {
        let manners = account();
        let media = "application/vnd.atlas.2023-01-01+json";
        let signed = |media| header(&manners, media, "authorization");
        assert_eq!(signed(Some(FORM)).as_deref(), Some("Basic aWQ6d29yZA=="));
        assert_eq!(signed(Some(media)), None);
        manners.session.hold(Secret::new("t"), Timestamp::MAX);
        assert_eq!(signed(Some(media)).as_deref(), Some("Bearer t"));
        assert_eq!(
            header(&manners, Some(media), "accept").as_deref(),
            Some(media)
        );
        let body = json!({"grant_type": "client_credentials"});
        let (kind, bytes) = manners.encode(&body, Some(FORM));
        assert_eq!(
            (kind.as_str(), bytes.as_slice()),
            (FORM, b"grant_type=client_credentials".as_slice())
        );
        assert_eq!(manners.encode(&body, Some(media)).0, media);
    }

    #[test]
    fn a_key_signs_only_what_was_asked() {
        let manners = key();
        assert!(manners.is_challenged());
        assert_eq!(header(&manners, Some("x"), "authorization"), None);
        let asks = [
            ("www-authenticate", "Basic realm=\"x\""),
            (
                "www-authenticate",
                "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"",
            ),
        ];
        let Some(HeaderText::Secret(answer)) =
            manners.answer(Method::Get, "/x?y=1", &reply(401, &asks, json!({})))
        else {
            panic!("not answered");
        };
        assert!(answer.starts_with("Digest username=\"abcdefgh\", realm=\"r\""));
        assert!(answer.expose().contains("uri=\"/x?y=1\""));
        assert!(
            manners
                .answer(Method::Get, "/x", &reply(401, &[], json!({})))
                .is_none()
        );
    }

    #[test]
    fn a_refusal_is_read_in_every_form() {
        let words = account().refusal(
            json!({"error": 403, "errorCode": "IP_ADDRESS_NOT_ON_ACCESS_LIST", "reason": "Forbidden",
                "detail": "IP address 203.0.113.9 is not allowed to access this resource.",
                "parameters": ["203.0.113.9", 7],
                "badRequestDetail": {"fields": [{"field": "name", "description": "is too long"}]}})
            .to_string()
            .as_bytes(),
        );
        assert_eq!(words.code.as_deref(), Some("IP_ADDRESS_NOT_ON_ACCESS_LIST"));
        assert_eq!(words.fields["parameters"], "203.0.113.9, 7");
        assert_eq!(words.errors, ["name: is too long"]);
        assert!(words.message.starts_with("IP address 203.0.113.9"));
        let oauth = account().refusal(br#"{"error":"invalid_client"}"#);
        assert_eq!(
            (oauth.code.as_deref(), oauth.message.as_str()),
            (Some("invalid_client"), "invalid_client")
        );
        assert_eq!(
            account().refusal(b"<html>").message,
            "a reply that is not JSON"
        );
        let nothing = json!({"errorCode": "X", "detail": null, "parameters": null});
        assert!(
            account()
                .refusal(nothing.to_string().as_bytes())
                .fields
                .is_empty()
        );
    }

    #[test]
    fn a_limit_says_how_long_to_wait() {
        let limit = |status, headers: &[(&str, &str)], body| {
            account().limit(&reply(status, headers, body), Timestamp::UNIX_EPOCH)
        };
        let seconds = |n| Some(Some(Duration::from_secs(n)));
        let bucket = json!({"errorCode": "RATE_LIMITED_TOKEN_BUCKET", "parameters": ["api/atlas/v2/orgs", 55, 10, 5, 60]});
        assert_eq!(
            limit(429, &[("retry-after", "54")], bucket.clone()),
            seconds(54)
        );
        assert_eq!(limit(429, &[], bucket), seconds(55));
        let token = json!({"errorCode": "RATE_LIMITED", "parameters": ["/api/oauth/token", 50, 1]});
        assert_eq!(limit(429, &[], token), seconds(60));
        assert_eq!(limit(429, &[], json!({})), Some(None));
        assert_eq!(limit(403, &[("retry-after", "5")], json!({})), None);
    }
}

//! What is known after a call that went wrong: refused, unclear, unreachable, limited or moved.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::{FailedCall, Failure};
use crate::plan::{Provider, whose};

/// Why a call did not give what was asked. Every message is vendor text with control characters removed.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The provider answered and refused: it surely did not happen.
    Refused(Box<Refusal>),
    /// It may or may not have happened: only a look can tell.
    Ambiguous { call: FailedCall, cause: String },
    /// Nothing was sent, or a read got no usable answer within its attempts.
    Unreachable { call: FailedCall, cause: String },
    /// The provider asks for more patience than one call has.
    Limited { call: FailedCall, until: Timestamp },
    /// The object has moved; `path` is where the provider says it is now.
    Moved { call: FailedCall, location: String },
    /// What a call needs from this machine could not be had, such as a secret from the vault: nothing was sent.
    Here {
        call: Box<FailedCall>,
        cause: String,
        hint: Option<String>,
    },
}

/// A refusal as the provider worded it.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub provider: Provider,
    pub call: FailedCall,
    pub status: u16,
    pub message: String,
    /// The vendor's list of errors, each as text.
    pub errors: Vec<String>,
    /// The vendor's own name for the error, such as `CLUSTER_NOT_FOUND`.
    pub code: Option<String>,
    /// Further fields that say what to do, such as `action` and `link`.
    pub fields: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
}

impl Refusal {
    /// Whether message or errors contain `text`, ignoring case.
    pub fn says(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.message.to_lowercase().contains(&text)
            || self
                .errors
                .iter()
                .any(|error| error.to_lowercase().contains(&text))
    }

    fn sentence(&self) -> String {
        let mut sentence = format!("{}, {}", self.status, self.message);
        for error in &self.errors {
            sentence.push_str("; ");
            sentence.push_str(error);
        }
        sentence
    }
}

impl CallError {
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            CallError::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    pub fn is_status(&self, status: u16) -> bool {
        self.refusal()
            .is_some_and(|refusal| refusal.status == status)
    }

    pub fn call(&self) -> &FailedCall {
        match self {
            CallError::Refused(refusal) => &refusal.call,
            CallError::Ambiguous { call, .. }
            | CallError::Unreachable { call, .. }
            | CallError::Limited { call, .. }
            | CallError::Moved { call, .. } => call,
            CallError::Here { call, .. } => call,
        }
    }

    pub fn cause(&self) -> String {
        match self {
            CallError::Refused(refusal) => refusal.sentence(),
            CallError::Ambiguous { cause, .. }
            | CallError::Unreachable { cause, .. }
            | CallError::Here { cause, .. } => cause.clone(),
            CallError::Limited { until, .. } => format!(
                "its limit is used up until {}",
                until.strftime("%H:%M:%S UTC")
            ),
            CallError::Moved { location, .. } => format!("it has moved to {location}"),
        }
    }

    fn failure_here(&self, what: &str, hint: Option<String>) -> Failure {
        Failure {
            what: format!("golive could not {what}"),
            cause: self.cause(),
            likely: None,
            hint,
            code: "GL-HERE".into(),
            call: None,
            retryable: true,
        }
    }

    /// Whose refusal it is.
    pub fn provider(&self) -> Option<Provider> {
        self.refusal().map(|refusal| refusal.provider)
    }

    /// The vendor's own name for the refusal.
    pub fn code(&self) -> Option<&str> {
        self.refusal()?.code.as_deref()
    }

    pub fn is_code(&self, code: &str) -> bool {
        self.code()
            .is_some_and(|own| own.eq_ignore_ascii_case(code))
    }

    /// As a failure of `provider` to do `what`, such as "create branch staging".
    pub fn failure(&self, provider: Option<Provider>, what: &str) -> Failure {
        let name = provider.map_or("NETWORK".into(), |provider| {
            provider.to_string().to_uppercase()
        });
        let provider = whose(provider);
        let (verb, code, retryable) = match self {
            CallError::Refused(refusal) => (
                "refused to",
                format!("GL-{name}-{}", refusal.status),
                refusal.status >= 500,
            ),
            CallError::Ambiguous { .. } => (
                "did not say whether it did",
                format!("GL-{name}-UNCLEAR"),
                true,
            ),
            CallError::Unreachable { .. } => (
                "could not be reached to",
                format!("GL-{name}-UNREACHABLE"),
                true,
            ),
            CallError::Limited { .. } => ("is too busy to", format!("GL-{name}-LIMIT"), true),
            CallError::Moved { .. } => ("did not", format!("GL-{name}-MOVED"), true),
            CallError::Here { hint, .. } => return self.failure_here(what, hint.clone()),
        };
        Failure {
            what: format!("{provider} {verb} {what}"),
            cause: self.cause(),
            likely: None,
            hint: None,
            code,
            call: Some(self.call().clone()),
            retryable,
        }
    }
}

/// Of a body that is not JSON, this much is worth showing.
const PLAIN_TEXT_MAX: usize = 200;

/// What a page instead of JSON says: its title, else its beginning.
pub fn not_json(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let start = start + "<title>".len();
        let end = start + lower.get(start..)?.find("</title>")?;
        text.get(start..end)
    });
    match title.or_else(|| (!lower.trim_start().starts_with('<')).then_some(&*text)) {
        Some(words) if !words.trim().is_empty() => {
            words.trim().chars().take(PLAIN_TEXT_MAX).collect()
        }
        _ => "a reply that is not JSON".into(),
    }
}

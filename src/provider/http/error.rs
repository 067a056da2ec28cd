//! What is known after a call that went wrong: refused, unclear, unreachable, limited or moved.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::{FailedCall, Failure};
use crate::plan::Provider;

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
}

/// A refusal as the provider worded it.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub call: FailedCall,
    pub status: u16,
    pub message: String,
    /// The vendor's list of errors, each as text.
    pub errors: Vec<String>,
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
        }
    }

    pub fn cause(&self) -> String {
        match self {
            CallError::Refused(refusal) => refusal.sentence(),
            CallError::Ambiguous { cause, .. } | CallError::Unreachable { cause, .. } => {
                cause.clone()
            }
            CallError::Limited { until, .. } => format!(
                "its limit is used up until {}",
                until.strftime("%H:%M:%S UTC")
            ),
            CallError::Moved { location, .. } => format!("it has moved to {location}"),
        }
    }

    /// As a failure of `provider` to do `what`, such as "create branch staging".
    pub fn failure(&self, provider: Provider, what: &str) -> Failure {
        let name = provider.to_string().to_uppercase();
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

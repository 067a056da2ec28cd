//! The two ways to sign for Atlas, and the short-lived token that a service account signs with.

use std::sync::Mutex;

use jiff::Timestamp;

use crate::secret::Secret;

/// What Atlas knows golive by.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Client id and secret; calls carry a token that is fetched with them.
    ServiceAccount { id: Secret, secret: Secret },
    /// Public and private key; calls are signed by HTTP Digest.
    ApiKey { public: Secret, private: Secret },
}

/// The token that a service account's calls carry, shared by all items of a run. In memory only.
#[derive(Debug, Default)]
pub struct Session(Mutex<Option<(Secret, Timestamp)>>);

impl Session {
    /// The token, while it lasts beyond `now`.
    pub fn token(&self, now: Timestamp) -> Option<Secret> {
        let held = self.held();
        held.as_ref()
            .filter(|(_, until)| *until > now)
            .map(|(token, _)| token.clone())
    }

    /// Takes a token in that is good until then.
    pub fn hold(&self, token: Secret, until: Timestamp) {
        *self.held() = Some((token, until));
    }

    pub fn forget(&self) {
        *self.held() = None;
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<(Secret, Timestamp)>> {
        self.0
            .lock()
            .expect("no one panics while holding the token")
    }
}

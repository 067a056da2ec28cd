//! The two ways to sign for Atlas, and the short-lived token that a service account signs with.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
pub struct Session {
    held: Mutex<Option<(Secret, Timestamp)>>,
    /// Whoever holds it fetches; the others wait and find what was fetched.
    turn: tokio::sync::Mutex<()>,
}

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

    /// Forgets `token` and no other: while one call learned that it has expired, another may have fetched its successor.
    pub(super) fn forget_this(&self, token: &Secret) {
        let mut held = self.held();
        if held.as_ref().is_some_and(|(held, _)| held.same_as(token)) {
            *held = None;
        }
    }

    /// The turn to fetch a token.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    fn held(&self) -> MutexGuard<'_, Option<(Secret, Timestamp)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_token_is_forgotten_and_its_successor_kept() {
        let (session, old, new) = (Session::default(), Secret::new("old"), Secret::new("new"));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        session.hold(old.clone(), at("2026-11-24T10:00:00Z"));
        assert!(session.token(at("2026-11-24T09:59:59Z")).is_some());
        assert!(session.token(at("2026-11-24T10:00:00Z")).is_none());
        session.hold(new.clone(), at("2026-11-24T11:00:00Z"));
        session.forget_this(&old);
        assert!(session.token(Timestamp::MIN).unwrap().same_as(&new));
        session.forget_this(&new);
        assert!(session.token(Timestamp::MIN).is_none());
    }
}

//! A claimed host is verified by its provider, and not misconfigured.

mod render;
#[cfg(test)]
mod tests;
mod vercel;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::site_certificate::way::InTheWay;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Change, ItemId, Output, Outputs, Plan, Row, Sign};
use crate::provider::http::CallError;
use crate::provider::render::CustomDomain;
use crate::provider::vercel::{DomainConfig, ProjectDomain};

/// What is handed on beside: when golive first saw it verified. A certificate is waited for from then on.
pub(super) const SINCE: &str = "since";
/// The change that asks a provider to look.
const ASK: &str = "verify";

/// A claimed host is verified by its provider.
#[derive(Clone, Debug)]
pub struct DomainVerified {
    pub host: String,
    pub zone: String,
    /// The item that claims the host.
    pub claim: ItemId,
    pub at: Claimed,
}

/// Where a host is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// On the project of that item.
    Vercel(ItemId),
    /// On the service of that item.
    Render(ItemId),
}

pub struct Seen {
    now: Timestamp,
    found: Found,
    /// Looked for only while the provider is not content.
    way: Option<InTheWay>,
    /// When it was first seen verified.
    since: Timestamp,
}

/// What the provider says.
enum Found {
    /// The claim is not there (any more).
    Gone,
    Vercel {
        domain: ProjectDomain,
        config: DomainConfig,
        /// Whether public resolvers see the TXT record that Vercel wants, or what they see instead.
        proof: Result<(), String>,
    },
    Render(CustomDomain),
}

/// The provider is asked to look at the records now.
#[derive(Clone, Debug)]
pub struct Ask {
    at: Claimed,
    id: String,
    host: String,
    old: String,
    new: &'static str,
}

impl Change for Ask {
    fn row(&self, item: &ItemId) -> Row {
        let whose = match self.at {
            Claimed::Vercel(_) => "Vercel",
            Claimed::Render(_) => "Render",
        };
        Row {
            old: Some(self.old.clone()),
            new: Some(self.new.into()),
            ..Row::new(item, ASK, Sign::Change, format!("{} at {whose}", self.host))
        }
    }
}

impl Resource for DomainVerified {
    type Seen = Seen;
    type Change = Ask;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let found = match (&self.at, self.id(cx.known)) {
            (_, None) => Found::Gone,
            (Claimed::Vercel(_), Some(id)) => self.at_vercel(cx, id).await?,
            (Claimed::Render(_), Some(id)) => self.at_render(cx, id).await?,
        };
        let content = match &found {
            Found::Gone => true,
            Found::Vercel { domain, config, .. } => vercel::is_content(domain, config),
            Found::Render(domain) => domain.is_verified(),
        };
        let way = match content {
            true => None,
            false => Some(InTheWay::look(cx.resolver, &self.host, &self.zone).await),
        };
        let told = cx.known.own.get(SINCE);
        Ok(Seen {
            now: cx.now,
            found,
            way,
            since: told.and_then(|at| at.parse().ok()).unwrap_or(cx.now),
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<Ask> {
        match &seen.found {
            Found::Gone => Plan::Blocked(self.gone()),
            Found::Vercel {
                domain,
                config,
                proof,
            } => self.of_vercel(known, seen, (domain, config), proof),
            Found::Render(domain) => self.of_render(known, seen, domain),
        }
    }

    /// Render has to be asked, and Vercel where it wants a proof.
    fn foresee(&self, known: &Known) -> Vec<Ask> {
        let wanted = match self.at {
            Claimed::Vercel(_) => known
                .output(&self.claim, super::zone::PROOF_VALUE)
                .is_some(),
            Claimed::Render(_) => true,
        };
        let over = known.settled_before || known.sent.contains_key(ASK);
        match wanted && !over {
            true => vec![self.ask(String::new(), None)],
            false => vec![],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &Ask) -> Result<Applied, CallError> {
        match change.at {
            Claimed::Vercel(_) => {
                let client = cx.vercel()?;
                client.verify_domain(&change.id, &change.host).await?;
            }
            Claimed::Render(_) => {
                let client = cx.render()?;
                client
                    .verify_custom_domain(&change.id, &change.host)
                    .await?;
            }
        }
        Ok(Applied::default())
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        Outputs::from([(SINCE.into(), Output::Text(seen.since.to_string()))])
    }
}

impl DomainVerified {
    /// The provider's id of the project or service.
    fn id<'k>(&self, known: &'k Known) -> Option<&'k str> {
        let (Claimed::Vercel(item) | Claimed::Render(item)) = &self.at;
        known.output(item, "id")
    }

    fn whose(&self) -> &'static str {
        match self.at {
            Claimed::Vercel(_) => "Vercel",
            Claimed::Render(_) => "Render",
        }
    }

    /// What a person must remove or add before the provider can be content.
    fn in_the_way(&self, seen: &Seen) -> Option<Blocker> {
        seen.way
            .as_ref()?
            .blocker(&self.host, &self.zone, self.whose())
    }

    fn silence(&self, seen: &Seen) -> String {
        seen.way.as_ref().map(InTheWay::silence).unwrap_or_default()
    }

    /// How long ago the provider was last asked to look.
    fn asked_ago(&self, known: &Known, seen: &Seen) -> Option<Duration> {
        let sent = known.sent.get(ASK)?;
        let ago = seen.now.duration_since(*sent).max(SignedDuration::ZERO);
        Some(ago.unsigned_abs())
    }

    /// `asked`: when it was asked before, as a row tells it.
    fn ask(&self, id: String, asked: Option<String>) -> Ask {
        let (old, new) = match self.at {
            Claimed::Vercel(_) => ("ownership not shown", "shown, by the TXT record"),
            Claimed::Render(_) => ("unverified", "verified, when it is asked to look now"),
        };
        Ask {
            at: self.at.clone(),
            id,
            host: self.host.clone(),
            old: match asked {
                Some(at) => format!("{old}, asked at {at}"),
                None => old.into(),
            },
            new,
        }
    }

    fn gone(&self) -> Blocker {
        Blocker::ByHand {
            what: format!(
                "claim {} at {} again: it is not there any more",
                self.host,
                self.whose()
            ),
            url: None,
            paste: vec![format!("golive run {}", self.claim)],
        }
    }
}

//! What stands in the way of a provider, and only a person can remove: addresses that lead elsewhere, and records that
//! keep its issuers out.

use super::caa::{self, Climb};
use crate::plan::Blocker;
use crate::seam::resolver::{Record, RecordKind, Resolver};
use crate::text::strip_controls;

/// What stands in a provider's way.
pub(in crate::resource) struct InTheWay {
    /// Both providers are reached by IPv4 alone, so these lead elsewhere. Or why they could not be looked for.
    pub aaaa: Result<Vec<String>, String>,
    pub caa: Climb,
}

impl InTheWay {
    pub async fn look(resolver: &dyn Resolver, host: &str, zone: &str) -> InTheWay {
        let answer = caa::public(resolver, host, RecordKind::Aaaa).await;
        // Those at the end of a CNAME are its target's own.
        let own =
            |one: &&Record| one.kind == RecordKind::Aaaa && one.name.eq_ignore_ascii_case(host);
        let data = |one: &Record| strip_controls(&one.data);
        InTheWay {
            aaaa: answer.map(|answer| answer.records.iter().filter(own).map(data).collect()),
            caa: caa::climb(resolver, host, zone).await,
        }
    }

    /// What a person must remove or add first.
    pub fn blocker(&self, host: &str, zone: &str, by: &str) -> Option<Blocker> {
        let aaaa = self.aaaa.as_deref().unwrap_or_default();
        if !aaaa.is_empty() {
            return Some(Blocker::ByHand {
                what: format!(
                    "remove the AAAA records of {host} ({}): {by} is reached by IPv4 alone, so they lead elsewhere",
                    aaaa.join(", ")
                ),
                url: None,
                paste: aaaa
                    .iter()
                    .map(|address| format!("remove {host} AAAA {address}"))
                    .collect(),
            });
        }
        caa::blocker(host, zone, by, &self.caa)
    }

    /// Questions that nobody answers, as the end of a sentence: who may issue has to be told to issuers too.
    pub fn silence(&self) -> String {
        let mut told = String::new();
        if let Err(why) = &self.aaaa {
            told.push_str(&format!("; AAAA records could not be looked for: {why}"));
        }
        if let Climb::Silent { at, why } = &self.caa {
            told.push_str(&format!(
                "; who may issue certificates is not told at {at}, which keeps issuers away too: {why}"
            ));
        }
        told
    }
}

//! An API answers by its own name, and lets in the origins it should and no other.

mod judge;
#[cfg(test)]
mod tests;

use std::time::Duration;

use self::judge::Origin;
use super::github_access::NoChange;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Evidence, Output, Outputs, Plan, Wait};
use crate::provider::http::CallError;
use crate::seam::transport::{HeaderText, Method};
use crate::seam::web::{Page, Unreached, Visit};
use crate::text::strip_controls;

/// An origin that no launch owns: nobody should let it in.
const FOREIGN: &str = "https://example.org";
const VISIT: Duration = Duration::from_secs(20);
const BODY_MAX: usize = 16 << 10;
const LOOK: Duration = Duration::from_secs(15);
/// Render gives a new instance 15 minutes to become well.
const WORST: Duration = Duration::from_secs(15 * 60);

/// An API answers by its own name.
#[derive(Clone, Debug)]
pub struct ApiAnswers {
    pub host: String,
    pub health_path: String,
    /// The origins that `CORS_ORIGIN` lists here.
    pub allowed: Vec<String>,
    /// Origins of other environments, which must not be let in.
    pub refused: Vec<String>,
}

pub struct Seen {
    /// As the item's id has it.
    environment: String,
    /// A visit that names no origin, as programs other than browsers make it.
    health: Result<Page, Unreached>,
    /// Visited once it answers.
    origins: Vec<Origin>,
}

impl Resource for ApiAnswers {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let name = cx.item.as_str();
        let environment = name.split_once('-').map_or(name, |(_, own)| own);
        let mut seen = Seen {
            environment: environment.to_string(),
            health: cx.web.fetch(&self.visit(None, false)).await,
            origins: vec![],
        };
        if !seen.health.as_ref().is_ok_and(is_well) {
            return Ok(seen);
        }
        let wanted = self.allowed.iter().map(|origin| (origin.as_str(), true));
        let others = self.refused.iter().map(String::as_str).chain([FOREIGN]);
        let others = others.filter(|origin| !self.allowed.iter().any(|own| own == origin));
        for (origin, allowed) in wanted.chain(others.map(|origin| (origin, false))) {
            seen.origins.push(Origin {
                origin: origin.to_string(),
                allowed,
                preflight: cx.web.fetch(&self.visit(Some(origin), true)).await,
                request: cx.web.fetch(&self.visit(Some(origin), false)).await,
            });
        }
        Ok(seen)
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<NoChange> {
        let health = match &seen.health {
            Err(why) => return Plan::Wait(self.wait(strip_controls(&why.to_string()))),
            Ok(page) if is_starting(page) => {
                return Plan::Wait(self.wait(format!("it answers {}", page.status)));
            }
            Ok(page) if !is_well(page) => return Plan::Blocked(self.unwell(page)),
            Ok(page) => page,
        };
        if let Some(unclear) = seen.origins.iter().find_map(Origin::unclear) {
            return Plan::Wait(self.wait(unclear));
        }
        if let Some(closed) = self.closed(seen) {
            return Plan::Blocked(Blocker::ByHand {
                what: format!("{}. {}", closed.text, closed.fix),
                url: None,
                paste: self.commands(seen),
            });
        }
        Plan::Settled(self.evidence(seen, health))
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, _seen: &Seen) -> Outputs {
        let url = format!("https://{}", self.host);
        Outputs::from([("url".into(), Output::Text(url))])
    }
}

fn is_well(page: &Page) -> bool {
    (200..300).contains(&page.status)
}

/// Nothing is behind the name yet, or it asks for patience.
fn is_starting(page: &Page) -> bool {
    let nobody = page.header("x-render-routing");
    let nobody = nobody.is_some_and(|word| word.contains("no-server"));
    page.status >= 500 || page.status == 429 || nobody
}

impl ApiAnswers {
    fn visit(&self, origin: Option<&str>, preflight: bool) -> Visit {
        let origin =
            origin.map(|origin| ("origin".to_string(), HeaderText::Plain(origin.to_string())));
        Visit {
            method: Method::Get,
            preflight,
            host: self.host.clone(),
            path: self.health_path.clone(),
            headers: origin.into_iter().collect(),
            timeout: VISIT,
            body_max: BODY_MAX,
        }
    }

    fn address(&self) -> String {
        format!("https://{}{}", self.host, self.health_path)
    }

    fn wait(&self, seen: String) -> Wait {
        Wait {
            condition: format!("{} answers", self.address()),
            expected: "200 to 299".into(),
            seen,
            look_every: LOOK,
            worst_case: WORST,
            why: "an instance that starts answers 502; Render gives it 15 minutes to become well"
                .into(),
        }
    }

    fn unwell(&self, page: &Page) -> Blocker {
        let what = match page.status {
            300..=399 => format!(
                "mend health_path in golive.toml, or the API: {} sends its visitors on to {}",
                self.address(),
                strip_controls(page.header("location").unwrap_or("an unnamed place"))
            ),
            404 => format!(
                "mend health_path in golive.toml, or the API: there is nothing at {} (404)",
                self.address()
            ),
            status => format!(
                "let {} be answered without a login: it answers {status}",
                self.address()
            ),
        };
        Blocker::ByHand {
            what,
            url: Some(self.address()),
            paste: vec![],
        }
    }

    fn evidence(&self, seen: &Seen, health: &Page) -> Evidence {
        let listed = |allowed: bool| {
            let own = seen.origins.iter().filter(|one| one.is_in() == allowed);
            let names: Vec<&str> = own.map(|one| one.origin.as_str()).collect();
            match names.is_empty() {
                true => "none".to_string(),
                false => names.join(", "),
            }
        };
        let mut evidence = Evidence::new(format!(
            "{} answers {}; let in: {}; kept out: {}",
            self.address(),
            health.status,
            listed(true),
            listed(false)
        ))
        .url(self.address())
        .note("a call that names no origin passes");
        evidence.notes.extend(seen.origins.iter().map(Origin::line));
        evidence.findings(self.findings(seen))
    }
}

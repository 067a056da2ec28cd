//! What is told of a service that is as wished: where it is, how its deploys went, where its calls come from.

use super::{Known, RenderService, Seen, ServiceKey, WEB, is_made};
use crate::plan::{Evidence, Finding};
use crate::provider::render::{Deploy, Service};

impl RenderService {
    pub(super) fn evidence(&self, known: &Known, seen: &Seen, own: &Service) -> Evidence {
        let text = format!(
            "{} is there: {} of {}, started by {}, {} in {}",
            self.title(),
            own.branch.as_deref().unwrap_or("branch not shown"),
            self.repository,
            own.start().unwrap_or("a command that is not shown"),
            own.plan().unwrap_or("plan not shown"),
            own.region().unwrap_or("a region that is not shown"),
        );
        let mut evidence = Evidence::new(text).url(self.page(own));
        if let Some(url) = own.url() {
            evidence = evidence.note(format!("answers at {url} once a deploy is live"));
        }
        evidence = evidence.note(deploys(is_made(known, &own.id), &seen.deploys));
        evidence = evidence.note(outbound(seen));
        let hidden = self.not_shown(own);
        if !hidden.is_empty() {
            evidence = evidence.note(format!(
                "Render does not show and golive did not compare: {}",
                hidden.join(", ")
            ));
        }
        evidence
            .findings(self.of_service(seen, own))
            .findings(self.findings(&seen.item, &seen.package))
    }

    /// What the service itself shows, whatever it starts.
    fn of_service(&self, seen: &Seen, own: &Service) -> Vec<Finding> {
        let mut findings = vec![];
        if own.is_suspended() {
            let by = own.suspenders.clone().unwrap_or_default();
            let by = match by.is_empty() {
                true => String::new(),
                false => format!(" by {}", by.join(", ")),
            };
            findings.push(Finding::new(
                "suspended",
                format!("{} is suspended{by}: nothing is deployed to it", self.name),
                format!("resume it at {}", self.page(own)),
            ));
        }
        if own.is_deployed_by_hand() {
            findings.push(Finding::new(
                "no-auto-deploy",
                format!(
                    "a push to {} does not deploy {}: its auto-deploy is off",
                    self.branch, self.name
                ),
                format!("switch it on at {}/settings", self.page(own)),
            ));
        }
        if self.kind == WEB && own.plan() == Some("free") {
            let key = ServiceKey::of(&seen.item);
            findings.push(Finding::new(
                "sleeps",
                format!(
                    "{} is on the free plan: it sleeps after 15 minutes without a visitor, and the next one waits",
                    self.name
                ),
                format!("write plan = \"starter\" for {key} in golive.toml"),
            ));
        }
        findings
    }
}

/// How its deploys went: a note and no more, since the variables come in step 7.
fn deploys(made_by_golive: bool, deploys: &[Deploy]) -> String {
    let Some(latest) = deploys.first() else {
        return "no deploy seen yet".into();
    };
    let was_live = deploys.iter().any(Deploy::has_been_live);
    match (latest.failure(), was_live) {
        (Some(why), true) => {
            format!("the latest deploy failed ({why}); what was live before goes on")
        }
        (Some(why), false) if made_by_golive => {
            format!("the first deploy failed, as expected before step 7: {why}")
        }
        (Some(why), false) => format!("no deploy of it has been live yet: {why}"),
        (None, _) if latest.has_been_live() => "a deploy is live".into(),
        (None, _) => format!(
            "a deploy is on its way ({})",
            latest.status.replace('_', " ")
        ),
    }
}

fn outbound(seen: &Seen) -> String {
    let told = seen.outbound.as_ref();
    match told.map(|told| (told.kind.as_deref(), told.ranges())) {
        Some((_, ranges)) if ranges.is_empty() => not_told(),
        Some((Some("dedicated"), ranges)) => {
            format!("calls out from its own addresses {}", ranges.join(", "))
        }
        Some((_, ranges)) => format!(
            "calls out from {}, as all of Render's customers of the region do",
            ranges.join(", ")
        ),
        None => not_told(),
    }
}

fn not_told() -> String {
    "Render does not tell its outbound addresses by its API: they stand at the service under Connect, Outbound".into()
}

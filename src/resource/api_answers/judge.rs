//! What a browser would make of an API's answers to one origin, and what deviates from the wish.

use super::{ApiAnswers, Seen, is_well};
use crate::plan::Finding;
use crate::seam::web::{Page, Unreached};
use crate::text::strip_controls;

/// One origin, and how the API answered to it.
pub struct Origin {
    pub origin: String,
    /// It should be let in.
    pub allowed: bool,
    /// The browser's question before a call.
    pub preflight: Result<Page, Unreached>,
    /// The call itself.
    pub request: Result<Page, Unreached>,
}

impl Origin {
    fn pages(&self) -> impl Iterator<Item = &Page> {
        [&self.preflight, &self.request]
            .into_iter()
            .filter_map(|page| page.as_ref().ok())
    }

    /// What cannot be judged: no answer, or one of the provider's own while the API restarts.
    pub fn unclear(&self) -> Option<String> {
        let judged = |page: &Result<Page, Unreached>| match page {
            Err(why) => Some(strip_controls(&why.to_string())),
            Ok(page) if matches!(page.status, 429 | 502..=504) => {
                Some(format!("it answers {}", page.status))
            }
            Ok(_) => None,
        };
        let why = judged(&self.preflight).or_else(|| judged(&self.request))?;
        Some(format!("to {}: {why}", self.origin))
    }

    /// Both answers name the origin, so a browser hands them to the page. Browsers compare letter by letter.
    pub fn is_in(&self) -> bool {
        let named = |page: &Page| names(page) == Some(self.origin.as_str());
        match self.allowed {
            true => {
                let asked = self.preflight.as_ref();
                asked.is_ok_and(|page| is_well(page) && named(page))
                    && self.request.as_ref().is_ok_and(named)
            }
            // One answer that lets it in is one too many.
            false => self.pages().any(|page| named(page) || self.is_open(page)),
        }
    }

    /// The answer lets everybody in.
    fn is_open(&self, page: &Page) -> bool {
        names(page) == Some("*")
    }

    /// Browsers send cookies and logins along only where both answers say so.
    fn with_credentials(&self) -> bool {
        let says = |page: &Page| page.header("access-control-allow-credentials") == Some("true");
        self.pages().all(says)
    }

    /// `https://www.acme.test: let in (preflight 204, call 200, with credentials)`
    pub fn line(&self) -> String {
        let status = |page: &Result<Page, Unreached>| match page {
            Ok(page) => page.status.to_string(),
            Err(_) => "none".into(),
        };
        let (word, more) = match self.is_in() {
            true if self.with_credentials() => ("let in", ", with credentials"),
            true => ("let in", ", without credentials"),
            false => ("kept out", ""),
        };
        format!(
            "{}: {word} (preflight {}, call {}{more})",
            self.origin,
            status(&self.preflight),
            status(&self.request)
        )
    }
}

fn names(page: &Page) -> Option<&str> {
    page.header("access-control-allow-origin").map(str::trim)
}

impl ApiAnswers {
    /// What sets the origins right, as commands.
    pub(super) fn commands(&self, seen: &Seen) -> Vec<String> {
        let environment = &seen.environment;
        vec![format!(
            "golive run 7.cell-{environment}-CORS_ORIGIN,7.group-{environment},7.deploy-api-{environment}"
        )]
    }

    fn settles(&self, seen: &Seen) -> String {
        format!(
            "CORS_ORIGIN in {} should be {}, and be running ({}). Where it is, the server does not read it: see step 2",
            seen.environment,
            self.allowed.join(","),
            self.commands(seen).join(", ")
        )
    }

    /// Origins of this environment that browsers would be refused from.
    pub(super) fn closed(&self, seen: &Seen) -> Option<Finding> {
        let out = seen
            .origins
            .iter()
            .filter(|one| one.allowed && !one.is_in());
        let out: Vec<String> = out.map(Origin::line).collect();
        (!out.is_empty()).then(|| {
            Finding::new(
                "cors-closed",
                format!("{} keeps its own site out: {}", self.host, out.join("; ")),
                self.settles(seen),
            )
        })
    }

    /// What works, and lets in too much or too little.
    pub(super) fn findings(&self, seen: &Seen) -> Vec<Finding> {
        let named = |keep: &dyn Fn(&Origin) -> bool| {
            let all = seen.origins.iter().filter(|one| keep(one));
            all.map(|one| one.origin.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let open = named(&|one| !one.allowed && one.is_in());
        let bare = named(&|one| one.allowed && one.is_in() && !one.with_credentials());
        let mut findings = vec![];
        if !open.is_empty() {
            findings.push(Finding::new(
                "cors-open",
                format!("{} lets in whom it should not: {open}", self.host),
                self.settles(seen),
            ));
        }
        if !bare.is_empty() {
            findings.push(Finding::new(
                "cors-credentials",
                format!(
                    "{} lets {bare} in without credentials: browsers then send no cookies and no login",
                    self.host
                ),
                "let the server's CORS options say credentials: true (step 2)",
            ));
        }
        findings
    }
}

//! What a refusal of Render means: a card that is missing, an app that is not installed, a word that it does not know.

use crate::plan::Blocker;
use crate::provider::http::{CallError, Refusal};
use crate::provider::verdict::Verdict;

const BILLING: &str = "https://dashboard.render.com/billing";
const APP: &str = "https://github.com/apps/render";
/// Where the repositories that Render sees are listed, and the Git provider is connected to the workspace.
const NEW_SERVICE: &str = "https://dashboard.render.com/web/new";

/// What follows from a refusal of Render; `what` completes "the token may not …".
pub fn verdict(error: &CallError, what: &str) -> Verdict {
    let Some(refusal) = error.refusal() else {
        return Verdict::Plain;
    };
    match refusal.status {
        401 => Verdict::TokenRefused,
        _ if let Some(verdict) = super::domain::verdict(refusal, what) => verdict,
        402 => Verdict::Blocked(card()),
        403 => Verdict::Blocked(Blocker::Forbidden {
            what: what.into(),
            scope: format!("a role in the workspace that may ({})", refusal.message),
            url: Some("https://dashboard.render.com/settings".into()),
        }),
        409 => Verdict::Race,
        400 | 422 => worded(refusal),
        _ => Verdict::Plain,
    }
}

/// Render answers 400 to most of what it does not take, and only the words tell which it is.
fn worded(refusal: &Refusal) -> Verdict {
    if refusal.says("invalid or unfetchable") {
        return Verdict::Blocked(app());
    }
    if refusal.says("already exists") || refusal.says("already in use") {
        return Verdict::Race;
    }
    if refusal.says("payment information") || refusal.says("add a card") {
        return Verdict::Blocked(card());
    }
    if refusal.says("more than 1 free tier") {
        return Verdict::Blocked(free_taken());
    }
    let unknown = [
        "invalid",
        "unknown",
        "not a valid",
        "must be one of",
        "unsupported",
    ];
    let not_known = unknown.iter().any(|word| refusal.says(word));
    for (word, page) in [
        ("plan", "https://render.com/pricing"),
        ("region", "https://render.com/docs/regions"),
    ] {
        if not_known && refusal.says(word) {
            return Verdict::Blocked(Blocker::ByHand {
                what: format!(
                    "correct the {word} in golive.toml: Render does not take it ({})",
                    refusal.message
                ),
                url: Some(page.into()),
                paste: vec![],
            });
        }
    }
    Verdict::Plain
}

fn card() -> Blocker {
    Blocker::ByHand {
        what: "add a card to the Render workspace: it takes no paid service without one, and nothing was made".into(),
        url: Some(BILLING.into()),
        paste: vec![],
    }
}

fn app() -> Blocker {
    Blocker::ByHand {
        what: format!(
            "let Render read the repository: install its GitHub app on the account and give it the repository (Configure, \
             Repository access), then open {NEW_SERVICE} and connect GitHub until the repository is on the list there"
        ),
        url: Some(APP.into()),
        paste: vec![NEW_SERVICE.into()],
    }
}

fn free_taken() -> Blocker {
    Blocker::ByHand {
        what: "choose a paid plan for this Redis: a Render workspace has one free Key Value instance and has it already. \
               Write the line beside the service in golive.toml"
            .into(),
        url: Some("https://render.com/pricing".into()),
        paste: vec!["plan = \"starter\"".into()],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::FailedCall;
    use crate::plan::Provider;

    fn told(status: u16, message: &str) -> Verdict {
        let refusal = Refusal {
            provider: Provider::Render,
            call: FailedCall {
                method: "POST".into(),
                path: "/services".into(),
                status: Some(status),
                request_id: None,
            },
            status,
            message: message.into(),
            errors: vec![],
            code: None,
            fields: BTreeMap::new(),
            headers: BTreeMap::new(),
        };
        verdict(&CallError::Refused(Box::new(refusal)), "create it")
    }

    fn by_hand(verdict: Verdict) -> (String, String, Vec<String>) {
        match verdict {
            Verdict::Blocked(Blocker::ByHand { what, url, paste }) => {
                (what, url.unwrap_or_default(), paste)
            }
            other => panic!("not by hand: {other:?}"),
        }
    }

    #[test]
    fn what_a_person_must_do_comes_with_its_page() {
        let card =
            "Payment information is required to complete this request. To add a card, visit …";
        assert_eq!(by_hand(told(402, card)).1, BILLING);
        let repo =
            "passed in repository URL is invalid or unfetchable: https://github.com/acme/shop.";
        let (what, url, paste) = by_hand(told(400, repo));
        assert!(what.contains("GitHub app"));
        assert_eq!((url.as_str(), paste[0].as_str()), (APP, NEW_SERVICE));
        let free = "cannot have more than 1 free tier Key Value instance";
        assert_eq!(by_hand(told(400, free)).2, ["plan = \"starter\""]);
        let plan = by_hand(told(400, "invalid plan: enormous")).0;
        assert!(
            plan.starts_with("correct the plan in golive.toml"),
            "{plan}"
        );
        let region = by_hand(told(400, "region: unknown value mars")).0;
        assert!(region.contains("the region"), "{region}");
    }

    #[test]
    fn a_name_that_is_taken_is_looked_up_again() {
        for (status, message) in [
            (409, "name already in use"),
            (400, "a service named api already exists"),
            (400, "name already in use"),
        ] {
            assert!(matches!(told(status, message), Verdict::Race), "{message}");
        }
        assert!(matches!(told(401, "Unauthorized"), Verdict::TokenRefused));
        assert!(matches!(told(400, "bad request"), Verdict::Plain));
    }
}

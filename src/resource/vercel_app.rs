//! Vercel's GitHub app and the account's login connection reach the repository: seen, else a person's word.

use super::github_access::NoChange;
use super::vercel_project::find::project;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Evidence, Output, Outputs, Plan};
use crate::provider::http::CallError;
use crate::provider::vercel::{
    Client, GITHUB_APP_PAGE, LOGIN_CONNECTIONS_PAGE, Namespace, needs_login_connection, verdict,
};
use crate::provider::verdict::Verdict;

/// Vercel's GitHub app and the account's login connection reach the repository: seen, else a person's word.
#[derive(Clone, Debug)]
pub struct VercelApp {
    /// `owner/name`.
    pub repository: String,
    /// The projects that may be linked to it already, by name.
    pub projects: Vec<String>,
}

/// How far Vercel sees.
#[derive(Debug)]
pub enum Seen {
    /// That project is linked to the repository.
    Linked(String),
    /// Vercel's search shows the repository; whether to its app's selection only.
    Listed { selected_only: Option<bool> },
    /// The Vercel account has no connection to GitHub, or it has lapsed.
    NoConnection(String),
    /// Vercel lists what it sees, and the repository is not there.
    NotListed(String),
    /// No answer that says yes or no.
    NotKnown(String),
}

impl Resource for VercelApp {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.vercel()?;
        for name in &self.projects {
            let link = project(client, name).await?.and_then(|own| own.link);
            if link.is_some_and(|link| link.is(&self.repository)) {
                return Ok(Seen::Linked(name.clone()));
            }
        }
        match self.search(client).await {
            Ok(seen) => Ok(seen),
            Err(error) if needs_login_connection(&error) => Ok(Seen::NoConnection(error.cause())),
            Err(error) if is_no_answer(&error) => Ok(Seen::NotKnown(error.cause())),
            Err(error) => Err(error),
        }
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<NoChange> {
        let repository = &self.repository;
        let by_hand = |what: String, url: &str| {
            Plan::Blocked(Blocker::ByHand {
                what,
                url: Some(url.into()),
                paste: vec![],
            })
        };
        match seen {
            Seen::Linked(project) => Plan::Settled(
                Evidence::new(format!(
                    "Vercel sees {repository}: {project} is linked to it"
                ))
                .url(GITHUB_APP_PAGE),
            ),
            Seen::Listed { selected_only } => {
                let evidence = Evidence::new(format!("Vercel's GitHub app sees {repository}"))
                    .url(GITHUB_APP_PAGE);
                Plan::Settled(match selected_only {
                    Some(true) => {
                        evidence.note("it is one of the repositories selected for the app")
                    }
                    _ => evidence,
                })
            }
            Seen::NoConnection(why) => by_hand(
                format!("connect the Vercel account with GitHub ({why})"),
                LOGIN_CONNECTIONS_PAGE,
            ),
            Seen::NotListed(why) => by_hand(
                format!(
                    "let Vercel's GitHub app see {repository}: {why}. Install it, or add the repository under Repository \
                     access"
                ),
                GITHUB_APP_PAGE,
            ),
            Seen::NotKnown(why) => self.word(known, why),
        }
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let seen = !matches!(seen, Seen::NotKnown(_));
        Outputs::from([("seen".into(), Output::Text(seen.to_string()))])
    }
}

/// A refusal that is about neither the token nor a limit: these two endpoints are in no document.
fn is_no_answer(error: &CallError) -> bool {
    error.refusal().is_some() && !matches!(verdict(error, ""), Verdict::TokenRefused)
}

impl VercelApp {
    async fn search(&self, client: &Client<'_>) -> Look<Seen> {
        let (owner, name) = self.repository.split_once('/').unwrap_or_default();
        let is = |text: &Option<String>, wanted: &str| {
            text.as_ref()
                .is_some_and(|text| text.eq_ignore_ascii_case(wanted))
        };
        let namespaces = client.namespaces().await?;
        let Some(home) = namespaces.iter().find(|one| is(&one.slug, owner)) else {
            return Ok(Seen::NotListed(accounts(&namespaces)));
        };
        if home.require_reauth == Some(true) {
            return Ok(Seen::NoConnection(format!(
                "its connection to {owner} has lapsed"
            )));
        }
        let repositories = client.search_repositories(home, name).await?;
        let found = repositories.iter().any(|one| {
            is(&one.name, name) && (one.namespace.is_none() || is(&one.namespace, owner))
        });
        Ok(match found {
            true => Seen::Listed {
                selected_only: home.is_access_restricted,
            },
            false => Seen::NotListed(format!("it is installed for {owner}, without {name}")),
        })
    }

    fn word(&self, known: &Known, why: &str) -> Plan<NoChange> {
        let repository = &self.repository;
        let word = known.attested.as_ref();
        match word.filter(|word| word.rests_on.eq_ignore_ascii_case(repository)) {
            Some(word) => Plan::Settled(
                Evidence::new(format!(
                    "said by {} on {}, not seen: Vercel's GitHub app sees {repository}",
                    word.by,
                    word.at.strftime("%Y-%m-%d")
                ))
                .url(GITHUB_APP_PAGE)
                .note(format!("{} said: {}", word.by, word.note)),
            ),
            None => Plan::Blocked(Blocker::Attest {
                question: format!(
                    "Vercel does not show whether its GitHub app sees {repository} ({why}). Is the app installed, with \
                     {repository} under Repository access, and is the Vercel account connected with GitHub \
                     ({LOGIN_CONNECTIONS_PAGE})?"
                ),
                url: Some(GITHUB_APP_PAGE.into()),
                rests_on: repository.clone(),
            }),
        }
    }
}

fn accounts(namespaces: &[Namespace]) -> String {
    let slugs: Vec<&str> = namespaces
        .iter()
        .filter_map(|one| one.slug.as_deref())
        .collect();
    match slugs.is_empty() {
        true => format!(
            "it is installed nowhere that Vercel shows to this token, or the account has no connection with GitHub \
             ({LOGIN_CONNECTIONS_PAGE})"
        ),
        false => format!("it is installed for {} only", slugs.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Attestation;

    fn wish() -> VercelApp {
        VercelApp {
            repository: "acme/shop".into(),
            projects: vec!["old-shop".into()],
        }
    }

    fn plan(known: &Known, seen: Seen) -> String {
        match wish().plan(known, &seen) {
            Plan::Settled(evidence) => evidence.text,
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("neither settled nor blocked: {other:?}"),
        }
    }

    #[test]
    fn what_is_seen_needs_nobodys_word() {
        let known = Known::default();
        let linked = plan(&known, Seen::Linked("old-shop".into()));
        assert_eq!(linked, "Vercel sees acme/shop: old-shop is linked to it");
        let listed = Seen::Listed {
            selected_only: Some(true),
        };
        assert_eq!(plan(&known, listed), "Vercel's GitHub app sees acme/shop");
    }

    #[test]
    fn a_repository_that_the_app_does_not_see_is_told_with_the_page() {
        let told = plan(
            &Known::default(),
            Seen::NotListed("it is installed for acme, without shop".into()),
        );
        assert!(told.contains("let Vercel's GitHub app see acme/shop: it is installed for acme"));
        let told = plan(&Known::default(), Seen::NoConnection("none".into()));
        assert!(told.contains("connect the Vercel account with GitHub"));
    }

    #[test]
    fn a_persons_word_stands_for_what_nothing_shows_and_says_so() {
        let not_known = || Seen::NotKnown("404, not found".into());
        let asked = plan(&Known::default(), not_known());
        assert!(asked.contains("does not show whether its GitHub app sees acme/shop (404"));
        let known = |rests_on: &str| Known {
            attested: Some(Attestation {
                by: "Ann".into(),
                note: "looked at it".into(),
                at: "2026-11-24T10:00:00Z".parse().unwrap(),
                rests_on: rests_on.into(),
            }),
            ..Known::default()
        };
        assert_eq!(
            plan(&known("acme/shop"), not_known()),
            "said by Ann on 2026-11-24, not seen: Vercel's GitHub app sees acme/shop"
        );
        assert!(plan(&known("acme/blog"), not_known()).contains("does not show"));
    }
}

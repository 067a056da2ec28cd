//! main is the current, stable code: its checks are shown, and a person says so.

use std::collections::BTreeSet;

use super::checks::{self, Checks};
use super::github_access::NoChange;
use super::{Applied, Cx, Known, Look, Resource, in_force, short};
use crate::plan::{Blocker, Evidence, Output, Outputs, Plan};
use crate::provider::http::CallError;

#[derive(Clone, Debug)]
pub struct MainStability {
    pub branch: String,
}

pub struct Seen {
    sha: String,
    required: BTreeSet<String>,
    checks: Checks,
    page: String,
}

impl Resource for MainStability {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        let sha = client.head(&self.branch).await?;
        let required = in_force::look(client, &self.branch).await?.required_checks;
        Ok(Seen {
            checks: checks::look(client, &sha).await?,
            required,
            sha,
            page: client.page(),
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<NoChange> {
        let Seen { sha, page, .. } = seen;
        let branch = &self.branch;
        let lines = seen.checks.lines(&seen.required);
        let url = format!("{page}/commit/{sha}");
        let Some(word) = &known.attested else {
            return Plan::Blocked(Blocker::Attest {
                question: format!(
                    "is {branch} at {} the current, stable code? ({})",
                    short(sha),
                    lines.join("; ")
                ),
                url: Some(url),
                rests_on: sha.clone(),
            });
        };
        // The word holds for the commit it was given for, and that is what is shown, wherever the branch has gone since.
        let mut text = format!(
            "attested by {} on {} for commit {}",
            word.by,
            word.at.strftime("%Y-%m-%d"),
            short(&word.rests_on)
        );
        if word.rests_on != *sha {
            text.push_str(&format!("; {branch} is now at {}", short(sha)));
        }
        let mut evidence = Evidence::new(text).url(url);
        if !word.note.is_empty() {
            evidence = evidence.note(format!("{} said: {}", word.by, word.note));
        }
        let shown = lines
            .into_iter()
            .map(|line| format!("{}: {line}", short(sha)));
        Plan::Settled(shown.fold(evidence, Evidence::note))
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        Outputs::from([("sha".into(), Output::Text(seen.sha.clone()))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Attestation;
    use crate::resource::checks::CheckState;
    use crate::resource::checks::tests::check;

    const MAIN: fn() -> MainStability = || MainStability {
        branch: "main".into(),
    };

    fn seen() -> Seen {
        Seen {
            sha: "1a2b3c4d5e6f".into(),
            required: BTreeSet::from(["ci".into()]),
            checks: Checks {
                all: vec![check("ci", CheckState::Good)],
                unreadable: vec![],
            },
            page: "https://github.com/acme/shop".into(),
        }
    }

    fn word(rests_on: &str) -> Known {
        Known {
            attested: Some(Attestation {
                by: "Ann".into(),
                note: "released on Monday".into(),
                at: "2026-11-24T10:00:00Z".parse().unwrap(),
                rests_on: rests_on.into(),
            }),
            ..Known::default()
        }
    }

    fn text(known: &Known) -> String {
        match MAIN().plan(known, &seen()) {
            Plan::Settled(evidence) => evidence.text,
            other => panic!("not settled: {other:?}"),
        }
    }

    #[test]
    fn a_person_is_asked_with_the_checks_at_hand() {
        let Plan::Blocked(Blocker::Attest {
            question, rests_on, ..
        }) = MAIN().plan(&Known::default(), &seen())
        else {
            panic!("not asked");
        };
        assert_eq!(
            question,
            "is main at 1a2b3c4 the current, stable code? (required check ci: good)"
        );
        assert_eq!(rests_on, "1a2b3c4d5e6f");
    }

    #[test]
    fn a_word_holds_for_its_commit_and_says_when_main_has_moved() {
        assert_eq!(
            text(&word("1a2b3c4d5e6f")),
            "attested by Ann on 2026-11-24 for commit 1a2b3c4"
        );
        assert_eq!(
            text(&word("0000000fff")),
            "attested by Ann on 2026-11-24 for commit 0000000; main is now at 1a2b3c4"
        );
    }
}

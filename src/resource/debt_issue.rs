//! The issue that keeps the debt of step 2.1, found again by its marker.

use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Change, Evidence, ItemId, Made, Output, Outputs, Plan, Row, Sign, Undo};
use crate::provider::github::Issue;
use crate::provider::http::CallError;

/// The issue that keeps the debt of step 2.1, found again by its marker.
#[derive(Clone, Debug)]
pub struct DebtIssue {
    pub command: String,
    /// The projects with the override.
    pub projects: Vec<String>,
}

pub struct Seen {
    /// Oldest first; `None` when the repository has issues switched off.
    issues: Option<Vec<Issue>>,
    /// The one that keeps the debt.
    own: Option<Issue>,
    /// It bears this launch's marker.
    marked: bool,
    page: String,
}

#[derive(Clone, Debug)]
pub enum DebtIssueChange {
    Open { title: String, body: String },
    Close { number: u64, title: String },
}

impl Change for DebtIssueChange {
    fn row(&self, item: &ItemId) -> Row {
        match self {
            DebtIssueChange::Open { title, body } => Row {
                new: Some(title.clone()),
                undo: Undo::Restorable,
                detail: body
                    .lines()
                    .filter(|line| !line.is_empty())
                    .map(str::to_owned)
                    .collect(),
                ..Row::new(item, "open", Sign::Create, "GitHub issue")
            },
            DebtIssueChange::Close { number, title } => Row {
                old: Some(format!("{title}, open")),
                undo: Undo::Restorable,
                ..Row::new(
                    item,
                    "close",
                    Sign::Remove,
                    format!("GitHub issue #{number}"),
                )
            },
        }
    }
}

impl Resource for DebtIssue {
    type Seen = Seen;
    type Change = DebtIssueChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        let issues = match client.issues().await {
            Ok(issues) => Some(issues),
            Err(error) if error.is_status(410) => None,
            Err(error) => return Err(error),
        };
        Ok(self.seen(cx.known, issues, client.page()))
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<DebtIssueChange> {
        if seen.issues.is_none() {
            return Plan::HandOff {
                why: format!(
                    "issues are switched off in this repository. Keep it where your team will see it: {}",
                    self.title()
                ),
                url: format!("{}/settings", seen.page),
            };
        }
        match &seen.own {
            Some(issue) => Plan::Settled(evidence(seen, issue)),
            None => Plan::Change(vec![self.open(known)]),
        }
    }

    fn foresee(&self, known: &Known) -> Vec<DebtIssueChange> {
        match known.settled_before || !known.made.is_empty() {
            true => vec![],
            false => vec![self.open(known)],
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &DebtIssueChange) -> Result<Applied, CallError> {
        let client = cx.client()?;
        match change {
            DebtIssueChange::Open { title, body } => {
                let issue = client.open_issue(title, body).await?;
                Ok(Applied {
                    made: Some(made(&issue)),
                })
            }
            DebtIssueChange::Close { number, .. } => {
                client.close_issue(*number).await?;
                Ok(Applied::default())
            }
        }
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let own = seen.own.iter();
        own.map(|own| ("number".into(), Output::Text(own.number.to_string())))
            .collect()
    }

    fn found(&self, seen: &Seen, change: &str) -> Option<Made> {
        let own = seen.own.as_ref()?;
        (change == "open" && seen.marked).then(|| made(own))
    }

    /// An issue that golive opened and that is still open is closed; it stays to be read.
    fn undo(&self, known: &Known, seen: &Seen) -> Vec<DebtIssueChange> {
        let opened = |issue: &&Issue| {
            let id = issue.number.to_string();
            let mut records = known.made.iter();
            issue.is_open() && records.any(|made| made.kind == "issue" && made.id == id)
        };
        let own = seen.issues.iter().flatten().filter(opened);
        own.map(|issue| DebtIssueChange::Close {
            number: issue.number,
            title: issue.title.clone(),
        })
        .collect()
    }
}

fn is_marked(issue: &Issue, known: &Known) -> bool {
    let body = issue.body.as_deref().unwrap_or_default();
    body.contains(&format!("<!-- {} -->", known.marker))
}

fn made(issue: &Issue) -> Made {
    Made {
        kind: "issue".into(),
        id: issue.number.to_string(),
        name: format!("issue #{}", issue.number),
        as_made: None,
        url: issue.html_url.clone(),
    }
}

impl DebtIssue {
    fn title(&self) -> String {
        let what = match self.command.starts_with("CI=false ") {
            true => "CI=false from the Vercel build command",
            false => "the override of the Vercel build command",
        };
        format!("Fix all ESLint warnings, then remove {what}")
    }

    fn open(&self, known: &Known) -> DebtIssueChange {
        let projects: Vec<String> = self
            .projects
            .iter()
            .map(|project| format!("- `{project}`"))
            .collect();
        let body = format!(
            "**What.** The build command of these Vercel projects is overridden with `{}`:\n\n{}\n\n\
             **Why.** Vercel builds with `CI` set, and Create React App then treats every ESLint warning as an error, so \
             that one unused variable stops a deployment. The override is a temporary measure.\n\n\
             **How to finish.** Run `CI=true npm run build` and fix what it reports. Once it passes, switch the override \
             off in each project (Settings, Build and Deployment, Build Command), deploy, and close this issue.\n\n\
             Opened by golive, which set the override.\n\n<!-- {} -->",
            self.command,
            projects.join("\n"),
            known.marker
        );
        DebtIssueChange::Open {
            title: self.title(),
            body,
        }
    }

    /// By the marker, whatever has become of title and state; else by the number that golive knows it by, should the
    /// marker have been edited away; else one of the very title that people opened. The oldest counts.
    fn seen(&self, known: &Known, issues: Option<Vec<Issue>>, page: String) -> Seen {
        let mut sorted = issues;
        if let Some(issues) = &mut sorted {
            issues.sort_by_key(|issue| issue.number);
        }
        let number = known
            .id("issue")
            .or_else(|| known.own.get("number").map(String::as_str));
        let of = |fits: &dyn Fn(&Issue) -> bool| {
            let mut issues = sorted.iter().flatten();
            issues.find(|issue| fits(issue)).cloned()
        };
        let own = of(&|issue| is_marked(issue, known))
            .or_else(|| of(&|issue| Some(&*issue.number.to_string()) == number))
            .or_else(|| of(&|issue| issue.title.trim().eq_ignore_ascii_case(&self.title())));
        Seen {
            marked: own.as_ref().is_some_and(|own| is_marked(own, known)),
            own,
            issues: sorted,
            page,
        }
    }
}

fn evidence(seen: &Seen, issue: &Issue) -> Evidence {
    let state = if issue.is_open() { "open" } else { "closed" };
    let url = issue.html_url.clone();
    let url = url.unwrap_or_else(|| format!("{}/issues/{}", seen.page, issue.number));
    let mut evidence =
        Evidence::new(format!("issue #{} keeps the debt, {state}", issue.number)).url(url);
    if !issue.is_open() {
        evidence = evidence.note(
            "people closed it: if the warnings are fixed, take build_command out of golive.toml and off the projects",
        );
    }
    if !seen.marked {
        evidence = evidence.note("found without golive's marker, by its title or number");
    }
    evidence
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MARKER: &str = "golive:shop-1a2b3c4d:2.1.debt";

    fn wish() -> DebtIssue {
        DebtIssue {
            command: "CI=false npm run build".into(),
            projects: vec!["shop-prod".into(), "shop-staging".into()],
        }
    }

    fn known() -> Known {
        Known {
            marker: MARKER.into(),
            ..Known::default()
        }
    }

    fn seen_by(known: &Known, issues: &[Value]) -> Seen {
        let issues = issues.iter().cloned();
        let issues = issues.map(|issue| serde_json::from_value(issue).unwrap());
        let page = "https://github.com/acme/shop".into();
        wish().seen(known, Some(issues.collect()), page)
    }

    fn seen(issues: &[Value]) -> Seen {
        seen_by(&known(), issues)
    }

    fn issue(number: u64, state: &str, title: &str, body: &str) -> Value {
        json!({"number": number, "state": state, "title": title, "body": body})
    }

    fn settled(known: &Known, seen: &Seen) -> Evidence {
        match wish().plan(known, seen) {
            Plan::Settled(evidence) => evidence,
            other => panic!("not settled: {other:?}"),
        }
    }

    fn marked() -> String {
        format!("edited by people <!-- {MARKER} -->")
    }

    #[test]
    fn the_issue_says_what_why_and_how_to_finish() {
        let Plan::Change(changes) = wish().plan(&known(), &seen(&[])) else {
            panic!("no change");
        };
        let row = changes[0].row(&ItemId::new("2.1.debt"));
        assert_eq!(
            row.to_string(),
            "+ GitHub issue: Fix all ESLint warnings, then remove CI=false from the Vercel build command"
        );
        let DebtIssueChange::Open { body, .. } = &changes[0] else {
            panic!("not opened");
        };
        for part in [
            "**What.**",
            "**Why.**",
            "**How to finish.**",
            "- `shop-staging`",
        ] {
            assert!(body.contains(part), "{body}");
        }
        assert!(body.ends_with(&format!("<!-- {MARKER} -->")));
        let foreseen = wish().foresee(&known());
        assert_eq!(foreseen[0].row(&ItemId::new("2.1.debt")).id(), row.id());
    }

    #[test]
    fn it_is_found_again_whatever_people_made_of_it() {
        let renamed = seen(&[
            issue(3, "open", "Something", "else"),
            issue(7, "closed", "Lint", &marked()),
        ]);
        let evidence = settled(&known(), &renamed);
        assert_eq!(evidence.text, "issue #7 keeps the debt, closed");
        assert!(evidence.notes[0].contains("people closed it"));
        // The marker edited away: known by its number.
        let own = Known {
            own: [("number".to_string(), "3".to_string())].into(),
            ..known()
        };
        let evidence = settled(
            &own,
            &seen_by(&own, &[issue(3, "open", "Something", "else")]),
        );
        assert!(evidence.notes[0].contains("without golive's marker"));
    }

    #[test]
    fn one_that_people_opened_is_enough_and_one_of_another_launch_is_not_ours() {
        let title = wish().title();
        let theirs = settled(&known(), &seen(&[issue(2, "open", &title, "by hand")]));
        assert_eq!(theirs.text, "issue #2 keeps the debt, open");
        let other = issue(2, "open", "Lint", "<!-- golive:shop-1a2b3c4d:2.1.debt2 -->");
        assert!(matches!(
            wish().plan(&known(), &seen(&[other])),
            Plan::Change(_)
        ));
    }

    #[test]
    fn without_issues_it_is_handed_to_people() {
        let off = wish().seen(&known(), None, String::new());
        assert!(matches!(wish().plan(&known(), &off), Plan::HandOff { .. }));
    }

    #[test]
    fn undo_closes_what_golive_opened_and_nothing_else() {
        let there = seen(&[
            issue(7, "open", "Lint", &marked()),
            issue(8, "open", "Other", ""),
        ]);
        assert!(wish().undo(&known(), &there).is_empty());
        let mut opened = known();
        let ours: Issue = serde_json::from_value(issue(7, "open", "Lint", "")).unwrap();
        opened.made.push(made(&ours));
        let changes = wish().undo(&opened, &there);
        assert_eq!(changes.len(), 1);
        assert_eq!(
            changes[0].row(&ItemId::new("x")).to_string(),
            "- GitHub issue #7: was Lint, open"
        );
        let closed = seen(&[issue(7, "closed", "Lint", &marked())]);
        assert!(wish().undo(&opened, &closed).is_empty());
    }
}

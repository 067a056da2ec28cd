//! What a branch carries beyond another one: golive's own commits, and those of others.

use super::{Known, short};
use crate::provider::github::{CarriedCommit, Comparison};

/// Commits of a comparison, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub ours: usize,
    /// Shas of the others, oldest first.
    pub others: Vec<String>,
    /// GitHub counted more commits than it listed.
    pub unlisted: u64,
}

impl Carried {
    /// A commit is golive's when its message has this launch's marker, or when it is a merge of one that is: that is how
    /// GitHub's own button merges a pull request of golive's.
    pub fn of(comparison: &Comparison, known: &Known) -> Carried {
        let marker = launch_marker(known);
        let mut ours: Vec<&str> = Vec::new();
        let mut carried = Carried {
            unlisted: comparison
                .ahead_by
                .saturating_sub(comparison.commits.len() as u64),
            ..Carried::default()
        };
        for commit in &comparison.commits {
            let message = commit.commit.message.as_deref().unwrap_or_default();
            let marked = !marker.is_empty() && message.contains(&marker);
            let merged = commit
                .parents
                .get(1)
                .is_some_and(|parent| ours.contains(&parent.sha.as_str()));
            match marked || merged {
                true => ours.push(&commit.sha),
                false => carried.others.push(commit.sha.clone()),
            }
        }
        carried.ours = ours.len();
        carried
    }

    /// `golive's change`, `golive's change and 3 other commits (1a2b3c4…5d6e7f8)`, `3 commits (…), none of them golive's`.
    pub fn words(&self) -> String {
        let others = match self.others.as_slice() {
            [] => None,
            [one] => Some(format!("1 other commit ({})", short(one))),
            [first, .., last] => Some(format!(
                "{} other commits ({}…{})",
                self.others.len(),
                short(first),
                short(last)
            )),
        };
        let mut words = match (self.ours, others) {
            (0, None) => "nothing".to_string(),
            (0, Some(others)) => format!("{}, none of them golive's", others.replace(" other", "")),
            (_, None) => GOLIVES_CHANGE.to_string(),
            (_, Some(others)) => format!("{GOLIVES_CHANGE} and {others}"),
        };
        if self.unlisted > 0 {
            words.push_str(&format!(
                ", and {} commits that GitHub does not list",
                self.unlisted
            ));
        }
        words
    }

    pub fn only_ours(&self) -> bool {
        self.ours > 0 && self.others.is_empty() && self.unlisted == 0
    }
}

/// How a row says that nothing but golive's own work is carried.
pub const GOLIVES_CHANGE: &str = "golive's change";

/// One line for a commit: short sha, first line of its message, author.
pub fn line(commit: &CarriedCommit) -> String {
    let message = commit.commit.message.as_deref().unwrap_or_default();
    let author = commit
        .commit
        .author
        .as_ref()
        .and_then(|author| author.name.as_deref());
    let title = crate::text::strip_controls(message.lines().next().unwrap_or_default());
    let author = crate::text::strip_controls(author.unwrap_or("unknown"));
    format!("{} {title} ({author})", short(&commit.sha))
}

/// `golive:<launch id>`: what the markers of all items of a launch begin with.
pub fn launch_marker(known: &Known) -> String {
    known
        .marker
        .splitn(3, ':')
        .take(2)
        .collect::<Vec<_>>()
        .join(":")
}

#[cfg(test)]
pub mod tests {
    use serde_json::json;

    use super::*;

    pub const MARKER: &str = "golive:shop-1a2b3c4d:2.code";

    pub fn known() -> Known {
        Known {
            marker: MARKER.into(),
            ..Known::default()
        }
    }

    pub fn comparison(commits: &[(&str, &str, &[&str])]) -> Comparison {
        let commits: Vec<_> = commits
            .iter()
            .map(|(sha, message, parents)| {
                let parents: Vec<_> = parents.iter().map(|sha| json!({"sha": sha})).collect();
                json!({"sha": sha, "commit": {"message": message, "author": {"name": "Ann"}}, "parents": parents})
            })
            .collect();
        serde_json::from_value(json!({
            "ahead_by": commits.len(), "behind_by": 0, "commits": commits,
            "files": [{"filename": "server/server.js", "status": "modified"}]
        }))
        .unwrap()
    }

    #[test]
    fn golives_commits_and_their_merges_are_told_from_others() {
        let golive = format!("Take origins\n\n{MARKER}");
        let seen = comparison(&[
            ("aaaaaaa1", &golive, &["0"]),
            (
                "bbbbbbb1",
                "Merge pull request #4 from acme/feature",
                &["0", "aaaaaaa1"],
            ),
        ]);
        assert_eq!(Carried::of(&seen, &known()).words(), "golive's change");
        let seen = comparison(&[
            ("ccccccc1", "fix", &["0"]),
            ("aaaaaaa1", &golive, &["0"]),
            ("ddddddd1", "fix 2", &["0"]),
        ]);
        assert_eq!(
            Carried::of(&seen, &known()).words(),
            "golive's change and 2 other commits (ccccccc…ddddddd)"
        );
        let seen = comparison(&[("ccccccc1", "golive:other-1:2.code", &["0"])]);
        assert_eq!(
            Carried::of(&seen, &known()).words(),
            "1 commit (ccccccc), none of them golive's"
        );
    }

    #[test]
    fn what_github_does_not_list_is_never_passed_over() {
        let golive = format!("x {MARKER}");
        let mut seen = comparison(&[("aaaaaaa1", &golive, &["0"])]);
        seen.ahead_by = 6;
        let carried = Carried::of(&seen, &known());
        assert!(!carried.only_ours());
        assert_eq!(
            carried.words(),
            "golive's change, and 5 commits that GitHub does not list"
        );
    }

    #[test]
    fn commit_messages_cannot_steer_the_terminal() {
        let seen = comparison(&[("aaaaaaa1", "\u{1b}[31mred\nsecond line", &[])]);
        assert_eq!(line(&seen.commits[0]), "aaaaaaa red (Ann)");
    }
}

//! How two lines of history relate: merge base, ahead and behind, differing files, merging them.

use std::collections::BTreeSet;

use super::git::{Files, Objects, Sha};

/// The best common ancestor, or `None` for unrelated histories.
pub fn merge_base(objects: &Objects, a: &str, b: &str) -> Option<Sha> {
    let (of_a, of_b) = (objects.ancestors(a), objects.ancestors(b));
    let common: BTreeSet<&Sha> = of_a.intersection(&of_b).collect();
    // Whatever lies behind a common ancestor is common too, so only those that are nobody's parent there are the best.
    let behind: BTreeSet<&Sha> = common
        .iter()
        .filter_map(|sha| objects.commit(sha))
        .flat_map(|commit| &commit.parents)
        .collect();
    common
        .difference(&behind)
        .max_by_key(|sha| {
            let at = objects.commit(sha).map(|commit| commit.committer.at);
            (at, **sha)
        })
        .map(|sha| (*sha).clone())
}

/// Commits that `head` has and `base` lacks, oldest first.
pub fn only_in(objects: &Objects, head: &str, base: &str) -> Vec<Sha> {
    let behind = objects.ancestors(base);
    let mut left: BTreeSet<Sha> = objects
        .ancestors(head)
        .into_iter()
        .filter(|sha| !behind.contains(sha))
        .collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        // Parents before children; among those that are ready, by time.
        let next = left
            .iter()
            .filter(|sha| {
                objects
                    .commit(sha)
                    .is_none_or(|commit| !commit.parents.iter().any(|parent| left.contains(parent)))
            })
            .min_by_key(|sha| (objects.commit(sha).map(|c| c.committer.at), (*sha).clone()))
            .cloned();
        let Some(next) = next else { break };
        left.remove(&next);
        ordered.push(next);
    }
    ordered
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub path: String,
    /// `added`, `removed` or `modified`.
    pub status: &'static str,
    /// The blob after the change; before it for a removed file.
    pub sha: Sha,
    pub additions: usize,
    pub deletions: usize,
    pub patch: Option<String>,
}

/// Files that differ between two commits, by path.
pub fn diff(objects: &Objects, from: &str, to: &str) -> Vec<Changed> {
    let (old, new) = (objects.files_of(from), objects.files_of(to));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path))
        .map(|path| {
            let before = old.get(path).map(|entry| entry.sha.clone());
            let after = new.get(path).map(|entry| entry.sha.clone());
            let text = |sha: &Option<Sha>| {
                let bytes = sha.as_deref().and_then(|sha| objects.blob(sha));
                String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
            };
            let (old_text, new_text) = (text(&before), text(&after));
            let changes = similar::TextDiff::from_lines(&old_text, &new_text);
            let count = |tag| {
                changes
                    .iter_all_changes()
                    .filter(|c| c.tag() == tag)
                    .count()
            };
            let patch = changes.unified_diff().context_radius(3).to_string();
            Changed {
                path: path.clone(),
                status: match (&before, &after) {
                    (None, _) => "added",
                    (_, None) => "removed",
                    _ => "modified",
                },
                additions: count(similar::ChangeTag::Insert),
                deletions: count(similar::ChangeTag::Delete),
                patch: (!patch.is_empty()).then(|| patch.trim_end_matches('\n').to_owned()),
                sha: after.or(before).unwrap_or_default(),
            }
        })
        .collect()
}

/// The files after merging `theirs` into `ours`, or the paths in conflict. File by file: two different changes of one
/// file are a conflict, even where git could join their lines.
pub fn merge(objects: &Objects, ours: &str, theirs: &str) -> Result<Files, Vec<String>> {
    let base = merge_base(objects, ours, theirs)
        .map(|sha| objects.files_of(&sha))
        .unwrap_or_default();
    let (ours, theirs) = (objects.files_of(ours), objects.files_of(theirs));
    let paths: BTreeSet<&String> = base
        .keys()
        .chain(ours.keys())
        .chain(theirs.keys())
        .collect();
    let mut merged = Files::new();
    let mut conflicts = Vec::new();
    for path in paths {
        let (was, mine, other) = (base.get(path), ours.get(path), theirs.get(path));
        let chosen = if mine == other || was == other {
            mine
        } else if was == mine {
            other
        } else {
            conflicts.push(path.clone());
            continue;
        };
        if let Some(entry) = chosen {
            merged.insert(path.clone(), entry.clone());
        }
    }
    if conflicts.is_empty() {
        Ok(merged)
    } else {
        Err(conflicts)
    }
}

#[cfg(test)]
mod tests {
    use super::super::git::{Commit, Object, Signature, TreeEntry};
    use super::*;
    use jiff::Timestamp;

    fn commit(objects: &mut Objects, files: &[(&str, &str)], parents: &[&str], at: i64) -> Sha {
        let at = Timestamp::from_second(at).unwrap();
        let mut tree = Files::new();
        for (path, text) in files {
            let (mode, sha) = ("100644".to_owned(), objects.put_blob(text.as_bytes(), at));
            tree.insert((*path).to_owned(), TreeEntry { mode, sha });
        }
        let tree = objects.put_files(&tree, at);
        let who = Signature {
            login: "anna".to_owned(),
            name: "Anna".to_owned(),
            email: "anna@example.com".to_owned(),
            at,
        };
        let commit = Commit {
            tree,
            parents: parents.iter().map(|p| (*p).to_owned()).collect(),
            author: who.clone(),
            committer: who,
            message: format!("at {at}"),
        };
        objects.put(Object::Commit(Box::new(commit)), at).0
    }

    #[test]
    fn two_branches_that_touch_different_files_merge() {
        let mut objects = Objects::default();
        let root = commit(&mut objects, &[("a", "1"), ("b", "1")], &[], 1);
        let left = commit(&mut objects, &[("a", "2"), ("b", "1")], &[&root], 2);
        let right = commit(&mut objects, &[("a", "1"), ("c", "1")], &[&root], 3);
        assert_eq!(merge_base(&objects, &left, &right), Some(root.clone()));
        let merged = merge(&objects, &left, &right).unwrap();
        assert_eq!(merged.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(only_in(&objects, &right, &left), vec![right.clone()]);
        let changed = diff(&objects, &root, &right);
        assert_eq!(
            changed
                .iter()
                .map(|c| (c.path.as_str(), c.status))
                .collect::<Vec<_>>(),
            [("b", "removed"), ("c", "added")]
        );
    }

    #[test]
    fn two_changes_of_one_file_are_a_conflict() {
        let mut objects = Objects::default();
        let root = commit(&mut objects, &[("a", "1")], &[], 1);
        let left = commit(&mut objects, &[("a", "2")], &[&root], 2);
        let right = commit(&mut objects, &[("a", "3")], &[&root], 3);
        assert_eq!(merge(&objects, &left, &right), Err(vec!["a".to_owned()]));
    }

    #[test]
    fn after_a_merge_the_base_is_the_merged_side() {
        let mut objects = Objects::default();
        let root = commit(&mut objects, &[("a", "1")], &[], 1);
        let left = commit(&mut objects, &[("a", "2")], &[&root], 2);
        let joined = commit(&mut objects, &[("a", "2")], &[&root, &left], 3);
        assert_eq!(merge_base(&objects, &joined, &left), Some(left.clone()));
        assert_eq!(only_in(&objects, &joined, &left), vec![joined.clone()]);
        assert!(only_in(&objects, &left, &joined).is_empty());
    }
}

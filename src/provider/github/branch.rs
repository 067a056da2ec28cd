//! Branches, the commits they stand at, and how two of them relate.

use serde::Deserialize;
use serde_json::json;

use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

#[derive(Clone, Debug, Deserialize)]
pub struct Branch {
    /// Differs from the name asked for when the branch was renamed: GitHub leads on to the new one.
    pub name: String,
    pub commit: Head,
    pub protected: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Head {
    pub sha: String,
}

/// Something that is known by its sha.
#[derive(Clone, Debug, Deserialize)]
pub struct Sha {
    pub sha: String,
}

#[derive(Deserialize)]
struct Reference {
    object: Sha,
}

/// How `head` relates to `base`, with the commits that `head` has beyond it, oldest first.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Comparison {
    pub ahead_by: u64,
    pub behind_by: u64,
    #[serde(default)]
    pub commits: Vec<CarriedCommit>,
    /// At most 300 of them, against the common ancestor.
    #[serde(default)]
    pub files: Option<Vec<ChangedFile>>,
}

impl Comparison {
    /// `3 ahead of and 1 behind main`, or `identical with main`.
    pub fn words(&self, base: &str) -> String {
        match (self.ahead_by, self.behind_by) {
            (0, 0) => format!("identical with {base}"),
            (ahead, 0) => format!("{ahead} ahead of {base}"),
            (0, behind) => format!("{behind} behind {base}"),
            (ahead, behind) => format!("diverged from {base}: {ahead} ahead, {behind} behind"),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct CarriedCommit {
    pub sha: String,
    pub commit: CommitText,
    #[serde(default)]
    pub parents: Vec<Parent>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CommitText {
    pub message: Option<String>,
    pub author: Option<CommitAuthor>,
    pub committer: Option<CommitAuthor>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CommitAuthor {
    pub name: Option<String>,
    pub date: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Parent {
    pub sha: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ChangedFile {
    pub filename: String,
    /// `added`, `modified`, `removed`, `renamed` …
    pub status: Option<String>,
}

impl Client<'_> {
    /// `GET branches/{branch}`. 404 = `Branch not found`; a renamed one is followed: compare `name`.
    pub async fn branch(&self, name: &str) -> Result<Branch, CallError> {
        self.get(&self.at(&format!("/branches/{}", encoded(name))))
            .await
    }

    /// `GET git/ref/heads%2F{branch}` -> the commit it stands at. 404 = missing, 409 = empty repository.
    pub async fn head(&self, branch: &str) -> Result<String, CallError> {
        let path = self.at(&format!("/git/ref/{}", encoded(&format!("heads/{branch}"))));
        let reference: Reference = self.get(&path).await?;
        Ok(reference.object.sha)
    }

    /// `POST git/refs`: a new branch at a commit. GitHub keeps names unique: 422 `Reference already exists`.
    pub async fn create_branch(&self, name: &str, sha: &str) -> Result<(), CallError> {
        let body = json!({ "ref": format!("refs/heads/{name}"), "sha": sha });
        let path = self.at("/git/refs");
        self.send(Class::Unique, Method::Post, &path, Some(body))
            .await
    }

    /// `PATCH git/refs/heads%2F{branch}` without force: moves it on to a commit that follows its head. 422 `Update is
    /// not a fast forward` = somebody pushed. Moving it to where it stands is fine, so it may be repeated.
    pub async fn move_branch(&self, name: &str, sha: &str) -> Result<(), CallError> {
        let path = self.at(&format!("/git/refs/{}", encoded(&format!("heads/{name}"))));
        let body = json!({ "sha": sha, "force": false });
        self.send(Class::Natural, Method::Patch, &path, Some(body))
            .await
    }

    /// `DELETE git/refs/heads%2F{branch}`. Already gone (422 `Reference does not exist`) is fine. Not repeated blindly:
    /// in between, somebody may have made a branch of that name again.
    pub async fn delete_branch(&self, name: &str) -> Result<(), CallError> {
        let path = self.at(&format!("/git/refs/{}", encoded(&format!("heads/{name}"))));
        match self.send(Class::Unique, Method::Delete, &path, None).await {
            Err(CallError::Refused(refusal)) if refusal.says("reference does not exist") => Ok(()),
            other => other,
        }
    }

    /// `GET compare/{base}...{head}`, all its pages. Both are branch names or commits. 404 = one is missing, or they
    /// have no common history.
    pub async fn compare(&self, base: &str, head: &str) -> Result<Comparison, CallError> {
        let path = format!(
            "/compare/{}...{}?per_page=100",
            encoded(base),
            encoded(head)
        );
        let mut pages = self.pages::<Comparison>(&self.at(&path)).await?.into_iter();
        let mut whole = pages.next().unwrap_or_default();
        // Files stand on the first page only; later ones hold more commits.
        for page in pages {
            whole.commits.extend(page.commits);
        }
        Ok(whole)
    }

    /// `GET compare/{base}...{head}` for the counts alone.
    pub async fn relation(&self, base: &str, head: &str) -> Result<Comparison, CallError> {
        let path = format!("/compare/{}...{}?per_page=1", encoded(base), encoded(head));
        self.get(&self.at(&path)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_reads_as_a_person_says_it() {
        let words = |ahead_by, behind_by| {
            Comparison {
                ahead_by,
                behind_by,
                ..Comparison::default()
            }
            .words("main")
        };
        assert_eq!(words(0, 0), "identical with main");
        assert_eq!(words(2, 0), "2 ahead of main");
        assert_eq!(words(0, 1), "1 behind main");
        assert_eq!(words(2, 1), "diverged from main: 2 ahead, 1 behind");
    }
}

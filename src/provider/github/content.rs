//! Files and commits: reading one file, and committing one by its parts (tree, commit, branch).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::branch::Sha;
use super::{Client, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    Text {
        sha: String,
        text: String,
    },
    /// Not UTF-8, or with a zero byte.
    Binary {
        sha: String,
    },
    /// More than the 1 MB that GitHub hands out inline.
    TooLarge {
        sha: String,
        bytes: u64,
    },
    /// A folder, a link or a submodule.
    NotAFile,
}

impl File {
    /// The blob's sha, of what is a file.
    pub fn sha(&self) -> Option<&str> {
        match self {
            File::Text { sha, .. } | File::Binary { sha } | File::TooLarge { sha, .. } => Some(sha),
            File::NotAFile => None,
        }
    }
}

/// Who a commit is by. The date is given and not GitHub's, so that the same commit sent twice is the same commit.
#[derive(Clone, Debug)]
pub struct Author {
    pub name: String,
    pub email: String,
    pub date: Timestamp,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    #[expect(dead_code, reason = "only that it is a list counts")]
    Folder(Vec<IgnoredAny>),
    One(OneContent),
}

#[derive(Deserialize)]
struct OneContent {
    #[serde(rename = "type")]
    kind: String,
    sha: String,
    size: Option<u64>,
    encoding: Option<String>,
    content: Option<String>,
}

#[derive(Deserialize)]
struct Tree {
    #[serde(default)]
    tree: Vec<TreeEntry>,
}

#[derive(Deserialize)]
struct TreeEntry {
    path: String,
    mode: String,
    sha: Option<String>,
}

#[derive(Deserialize)]
struct GitCommit {
    tree: Sha,
}

impl Client<'_> {
    /// `GET contents/{path}?ref={branch}`. 404 = file or branch missing.
    pub async fn file(&self, path: &str, at: &str) -> Result<File, CallError> {
        let url = format!("/contents/{}?ref={}", encoded(path), encoded(at));
        Ok(match self.get(&self.at(&url)).await? {
            Content::Folder(_) => File::NotAFile,
            Content::One(one) => one.read(),
        })
    }

    /// Commits `text` as `path` on top of `parent` and returns the new commit, or `None` when the file is so already.
    /// No branch moves. Trees and commits are known by their content, so all of it may be repeated.
    pub async fn commit_file(
        &self,
        parent: &str,
        path: &str,
        text: &str,
        message: &str,
        author: &Author,
    ) -> Result<Option<String>, CallError> {
        let commit: GitCommit = self
            .get(&self.at(&format!("/git/commits/{parent}")))
            .await?;
        let mode = self.mode_of(&commit.tree.sha, path).await?;
        let entry = json!({ "path": path, "mode": mode, "type": "blob", "content": text });
        let body = json!({ "base_tree": commit.tree.sha, "tree": [entry] });
        let tree: Sha = self
            .write(Class::Natural, Method::Post, &self.at("/git/trees"), body)
            .await?;
        if tree.sha == commit.tree.sha {
            return Ok(None);
        }
        let by = json!({
            "name": author.name, "email": author.email,
            "date": author.date.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        let body = json!({
            "message": message, "tree": tree.sha, "parents": [parent], "author": by, "committer": by,
        });
        let made: Sha = self
            .write(Class::Natural, Method::Post, &self.at("/git/commits"), body)
            .await?;
        Ok(Some(made.sha))
    }

    /// `GET git/trees/{sha}`, folder by folder: the mode a file has, so that an executable one stays so.
    async fn mode_of(&self, tree: &str, path: &str) -> Result<String, CallError> {
        let mut tree = tree.to_string();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let listing: Tree = self.get(&self.at(&format!("/git/trees/{tree}"))).await?;
            let Some(entry) = listing.tree.into_iter().find(|entry| entry.path == part) else {
                break;
            };
            match (parts.peek(), entry.sha) {
                (None, _) if entry.mode.starts_with("100") => return Ok(entry.mode),
                (Some(_), Some(sha)) => tree = sha,
                _ => break,
            }
        }
        Ok("100644".into())
    }
}

impl OneContent {
    fn read(self) -> File {
        let OneContent { sha, size, .. } = self;
        if self.kind != "file" {
            return File::NotAFile;
        }
        if self.encoding.as_deref() == Some("none") {
            let bytes = size.unwrap_or(0);
            return File::TooLarge { sha, bytes };
        }
        // GitHub breaks the lines of its base64.
        let packed: String = self
            .content
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let bytes = STANDARD.decode(packed).unwrap_or_else(|_| vec![0]);
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => File::Text { sha, text },
            _ => File::Binary { sha },
        }
    }
}

/// The sha that git gives a file of this content.
pub fn blob_sha(content: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(value: Value) -> File {
        match serde_json::from_value(value).unwrap() {
            Content::Folder(_) => File::NotAFile,
            Content::One(one) => one.read(),
        }
    }

    #[test]
    fn a_blob_has_the_sha_that_git_gives_it() {
        assert_eq!(
            blob_sha(b"hello\n"),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
    }

    #[test]
    fn what_stands_at_a_path_is_told_apart() {
        let file = |content: &str, encoding: &str| {
            read(
                json!({"type": "file", "sha": "a", "size": 7, "encoding": encoding, "content": content}),
            )
        };
        let text = File::Text {
            sha: "a".into(),
            text: "hello\n".into(),
        };
        assert_eq!(file("aGVs\nbG8K\n", "base64"), text);
        assert_eq!(file("AAE=", "base64"), File::Binary { sha: "a".into() });
        assert_eq!(file("/w==", "base64"), File::Binary { sha: "a".into() });
        assert_eq!(file("!", "base64"), File::Binary { sha: "a".into() });
        assert_eq!(
            file("", "none"),
            File::TooLarge {
                sha: "a".into(),
                bytes: 7
            }
        );
        assert_eq!(read(json!([{"type": "file"}])), File::NotAFile);
        assert_eq!(read(json!({"type": "symlink", "sha": "a"})), File::NotAFile);
    }
}

//! A commit's files: all their paths in one call, and what is in one of them by its sha.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Client, encoded, endless};
use crate::provider::http::CallError;

/// Where GitHub cuts a listing of everything (100,000 entries, 7 MB), folders are listed one by one, so many at most.
const FOLDERS_MAX: usize = 400;

/// A file or folder of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// From the repository's root.
    pub path: String,
    /// `blob`, `tree`, or `commit` for a submodule.
    #[serde(rename = "type")]
    kind: String,
    pub sha: String,
    /// Of a file, in bytes.
    pub size: Option<u64>,
}

impl Entry {
    pub fn is_file(&self) -> bool {
        self.kind == "blob"
    }
}

#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    tree: Vec<Entry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Blob {
    content: Option<String>,
}

impl Client<'_> {
    /// `GET git/trees/{commit}?recursive=1`: every file of a commit, wherever `enters` lets a folder be entered. A
    /// listing that GitHub cuts off is made folder by folder instead and is never taken for the whole.
    pub async fn files(
        &self,
        commit: &str,
        enters: impl Fn(&str) -> bool,
    ) -> Result<Vec<Entry>, CallError> {
        let path = self.at(&format!("/git/trees/{}?recursive=1", encoded(commit)));
        let all: Listing = self.get(&path).await?;
        if !all.truncated {
            let files = all.tree.into_iter().filter(Entry::is_file);
            return Ok(files.collect());
        }
        let mut files = vec![];
        let mut folders = VecDeque::from([(String::new(), commit.to_string())]);
        let mut listed = 0;
        while let Some((folder, sha)) = folders.pop_front() {
            let path = self.at(&format!("/git/trees/{}", encoded(&sha)));
            listed += 1;
            if listed > FOLDERS_MAX {
                return Err(endless(&path, format!("more than {FOLDERS_MAX} folders")));
            }
            let listing: Listing = self.get(&path).await?;
            if listing.truncated {
                return Err(endless(
                    &path,
                    "GitHub cuts off even one folder's list".into(),
                ));
            }
            for mut entry in listing.tree {
                entry.path = format!("{folder}{}", entry.path);
                match entry.kind.as_str() {
                    "blob" => files.push(entry),
                    "tree" if enters(&entry.path) => {
                        folders.push_back((format!("{}/", entry.path), entry.sha));
                    }
                    _ => {}
                }
            }
        }
        Ok(files)
    }

    /// `GET git/blobs/{sha}`: a file's text; `None` when it is no text.
    pub async fn blob(&self, sha: &str) -> Result<Option<String>, CallError> {
        let path = self.at(&format!("/git/blobs/{}", encoded(sha)));
        let blob: Blob = self.get(&path).await?;
        // GitHub breaks the lines of its base64.
        let packed: String = blob
            .content
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let text = STANDARD.decode(packed).ok();
        Ok(text.and_then(|bytes| String::from_utf8(bytes).ok()))
    }
}

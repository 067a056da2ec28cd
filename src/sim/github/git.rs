//! Git's own objects, with the real names that git gives them: blobs, nested trees, commits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use sha1::{Digest, Sha1};

/// 40 hexadecimal digits.
pub type Sha = String;

/// Author or committer of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub login: String,
    pub name: String,
    pub email: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// `100644`, `100755`, `120000`, `040000` or `160000`.
    pub mode: String,
    pub sha: Sha,
}

impl TreeEntry {
    pub fn is_folder(&self) -> bool {
        self.mode == "040000"
    }

    pub fn kind(&self) -> &'static str {
        match self.mode.as_str() {
            "040000" => "tree",
            "160000" => "commit",
            _ => "blob",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub tree: Sha,
    pub parents: Vec<Sha>,
    pub author: Signature,
    pub committer: Signature,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    Blob(Vec<u8>),
    Tree(BTreeMap<String, TreeEntry>),
    Commit(Box<Commit>),
}

impl Object {
    /// The bytes git hashes, header included.
    fn encoded(&self) -> Vec<u8> {
        let (kind, content) = match self {
            Object::Blob(bytes) => ("blob", bytes.clone()),
            Object::Tree(entries) => ("tree", encode_tree(entries)),
            Object::Commit(commit) => ("commit", encode_commit(commit)),
        };
        let mut bytes = format!("{kind} {}\0", content.len()).into_bytes();
        bytes.extend(content);
        bytes
    }

    pub fn sha(&self) -> Sha {
        Sha1::digest(self.encoded())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

fn encode_tree(entries: &BTreeMap<String, TreeEntry>) -> Vec<u8> {
    // Git sorts a folder as if its name ended in a slash.
    let mut sorted: Vec<(Vec<u8>, &String, &TreeEntry)> = entries
        .iter()
        .map(|(name, entry)| {
            let mut key = name.clone().into_bytes();
            if entry.is_folder() {
                key.push(b'/');
            }
            (key, name, entry)
        })
        .collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut bytes = Vec::new();
    for (_, name, entry) in sorted {
        bytes.extend(entry.mode.trim_start_matches('0').as_bytes());
        bytes.push(b' ');
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes.extend(raw_sha(&entry.sha));
    }
    bytes
}

fn raw_sha(sha: &str) -> Vec<u8> {
    sha.as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn encode_commit(commit: &Commit) -> Vec<u8> {
    let mut text = format!("tree {}\n", commit.tree);
    for parent in &commit.parents {
        text.push_str(&format!("parent {parent}\n"));
    }
    for (role, who) in [("author", &commit.author), ("committer", &commit.committer)] {
        text.push_str(&format!(
            "{role} {} <{}> {} +0000\n",
            who.name,
            who.email,
            who.at.as_second()
        ));
    }
    text.push('\n');
    text.push_str(&commit.message);
    text.into_bytes()
}

/// All files of a tree by their whole path.
pub type Files = BTreeMap<String, TreeEntry>;

/// The object store. Objects are shared and never change; each knows since when it can be read.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    map: BTreeMap<Sha, (Timestamp, Arc<Object>)>,
}

impl Objects {
    /// Stores an object; says its name, and whether it is new here.
    pub fn put(&mut self, object: Object, at: Timestamp) -> (Sha, bool) {
        let sha = object.sha();
        let new = !self.map.contains_key(&sha);
        if new {
            self.map.insert(sha.clone(), (at, Arc::new(object)));
        }
        (sha, new)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    pub fn put_blob(&mut self, bytes: &[u8], at: Timestamp) -> Sha {
        self.put(Object::Blob(bytes.to_vec()), at).0
    }

    pub fn get(&self, sha: &str) -> Option<&Object> {
        self.map.get(sha).map(|(_, object)| object.as_ref())
    }

    /// As a reader sees it whose replica is as old as `at`.
    pub fn get_at(&self, sha: &str, at: Timestamp) -> Option<&Object> {
        self.map
            .get(sha)
            .filter(|(since, _)| *since <= at)
            .map(|(_, object)| object.as_ref())
    }

    pub fn blob(&self, sha: &str) -> Option<&[u8]> {
        match self.get(sha)? {
            Object::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn tree(&self, sha: &str) -> Option<&BTreeMap<String, TreeEntry>> {
        match self.get(sha)? {
            Object::Tree(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn commit(&self, sha: &str) -> Option<&Commit> {
        match self.get(sha)? {
            Object::Commit(commit) => Some(commit),
            _ => None,
        }
    }

    /// Shas of commits that start with `prefix` (at least 7 digits).
    pub fn commit_by_prefix(&self, prefix: &str) -> Option<Sha> {
        if prefix.len() < 7 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.map
            .range(prefix.to_owned()..)
            .take_while(|(sha, _)| sha.starts_with(prefix))
            .find(|(_, (_, object))| matches!(object.as_ref(), Object::Commit(_)))
            .map(|(sha, _)| sha.clone())
    }

    /// Every file below a tree.
    pub fn files(&self, tree: &str) -> Files {
        let mut files = Files::new();
        self.walk(tree, "", &mut files);
        files
    }

    fn walk(&self, tree: &str, prefix: &str, files: &mut Files) {
        for (name, entry) in self.tree(tree).into_iter().flatten() {
            let path = format!("{prefix}{name}");
            if entry.is_folder() {
                self.walk(&entry.sha, &format!("{path}/"), files);
            } else {
                files.insert(path, entry.clone());
            }
        }
    }

    /// The files of a commit.
    pub fn files_of(&self, commit: &str) -> Files {
        self.commit(commit)
            .map(|commit| self.files(&commit.tree))
            .unwrap_or_default()
    }

    /// Stores the nested trees that hold these files; says the name of the outermost.
    pub fn put_files(&mut self, files: &Files, at: Timestamp) -> Sha {
        let mut entries: BTreeMap<String, TreeEntry> = BTreeMap::new();
        let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
        for (path, entry) in files {
            match path.split_once('/') {
                None => {
                    entries.insert(path.clone(), entry.clone());
                }
                Some((folder, rest)) => {
                    folders
                        .entry(folder)
                        .or_default()
                        .insert(rest.to_owned(), entry.clone());
                }
            }
        }
        for (folder, files) in folders {
            let sha = self.put_files(&files, at);
            let mode = "040000".to_owned();
            entries.insert(folder.to_owned(), TreeEntry { mode, sha });
        }
        self.put(Object::Tree(entries), at).0
    }

    /// What stands at a path of a tree: a file or a folder.
    pub fn lookup(&self, tree: &str, path: &str) -> Option<TreeEntry> {
        let mut entry = TreeEntry {
            mode: "040000".to_owned(),
            sha: tree.to_owned(),
        };
        for name in path.split('/').filter(|name| !name.is_empty()) {
            entry = self.tree(&entry.sha)?.get(name)?.clone();
        }
        Some(entry)
    }

    /// The commit itself and all before it.
    pub fn ancestors(&self, commit: &str) -> BTreeSet<Sha> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![commit.to_owned()];
        while let Some(sha) = todo.pop() {
            if let Some(commit) = self.commit(&sha)
                && seen.insert(sha)
            {
                todo.extend(commit.parents.iter().cloned());
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_names_that_git_gives_them() {
        // Each from `git hash-object`, `git mktree` and `git commit-tree`.
        let mut objects = Objects::default();
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(
            objects.put_blob(b"hello\n", at),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        let empty = objects.put_files(&Files::new(), at);
        assert_eq!(empty, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn a_folder_is_sorted_as_if_it_ended_in_a_slash() {
        let mut objects = Objects::default();
        let at = Timestamp::UNIX_EPOCH;
        let blob = TreeEntry {
            mode: "100644".to_owned(),
            sha: objects.put_blob(b"x", at),
        };
        let files: Files = [("a.b", &blob), ("a/c", &blob), ("a0", &blob)]
            .into_iter()
            .map(|(path, entry)| (path.to_owned(), entry.clone()))
            .collect();
        let root = objects.put_files(&files, at);
        let bytes = encode_tree(objects.tree(&root).unwrap());
        let text = String::from_utf8_lossy(&bytes);
        let place = |name: &str| text.find(name).unwrap();
        assert!(place(" a.b\0") < place(" a\0") && place(" a\0") < place(" a0\0"));
        assert_eq!(objects.files(&root), files);
        assert_eq!(objects.lookup(&root, "a/c"), Some(blob));
    }
}

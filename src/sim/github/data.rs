//! The git data API: commits, trees and blobs by their names.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::access::Need;
use super::git::{Commit, Files, Object, Signature, TreeEntry};
use super::wire::{Outcome, Reply, encode, not_found, not_supplied, ok, refuse, reply};
use super::{Cx, Github, Route, body, refs, to};
use crate::seam::transport::Method;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let read = Need::read("contents");
    let write = Need::write("contents");
    match (method, rest) {
        (Method::Post, ["git", "blobs"]) => to(write, "git/blobs#create-a-blob", create_blob),
        (Method::Get, ["git", "blobs", sha]) => {
            let sha = (*sha).to_owned();
            to(read, "git/blobs#get-a-blob", move |cx| get_blob(cx, &sha))
        }
        (Method::Post, ["git", "trees"]) => to(write, "git/trees#create-a-tree", create_tree),
        (Method::Get, ["git", "trees", name @ ..]) if !name.is_empty() => {
            let name = name.join("/");
            to(read, "git/trees#get-a-tree", move |cx| get_tree(cx, &name))
        }
        (Method::Post, ["git", "commits"]) => {
            to(write, "git/commits#create-a-commit", create_commit)
        }
        (Method::Get, ["git", "commits", sha]) => {
            let sha = (*sha).to_owned();
            to(read, "git/commits#get-a-commit-object", move |cx| {
                get_commit(cx, &sha)
            })
        }
        _ => None,
    }
}

fn url(cx: &Cx<'_>) -> String {
    body::repo_url(&cx.request.base, &cx.hub.scenario)
}

fn create_blob(cx: &mut Cx<'_>) -> Outcome {
    let content = cx.request.need("content")?;
    let bytes = match cx.request.text("encoding").unwrap_or("utf-8") {
        "base64" => decode(&content).ok_or_else(|| refuse(422, "Invalid base64 content"))?,
        _ => content.into_bytes(),
    };
    let sha = cx.hub.put(Object::Blob(bytes), cx.hand.at);
    let url = format!("{}/git/blobs/{sha}", url(cx));
    Ok(reply(201, json!({ "sha": sha, "url": url })))
}

/// Base64 with or without line breaks.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(text).ok()
}

/// Base64 as this service writes it: broken after 60 characters.
pub fn encode_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    text.as_bytes()
        .chunks(60)
        .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
        .collect()
}

fn get_blob(cx: &mut Cx<'_>, sha: &str) -> Outcome {
    let view = cx.view();
    let Some(Object::Blob(bytes)) = view.object(sha) else {
        return Err(not_found());
    };
    Ok(ok(json!({
        "sha": sha,
        "node_id": body::node_id("Blob", sha),
        "size": bytes.len(),
        "url": format!("{}/git/blobs/{sha}", url(cx)),
        "content": encode_lines(bytes),
        "encoding": "base64",
    })))
}

fn create_tree(cx: &mut Cx<'_>) -> Outcome {
    let request = cx.request;
    let entries = request.field("tree").ok_or_else(|| not_supplied("tree"))?;
    let entries = entries
        .as_array()
        .ok_or_else(|| refuse(422, "Invalid tree info"))?;
    let mut files = match request.text("base_tree") {
        None => Files::new(),
        Some(base) => {
            let objects = &cx.hub.objects;
            // A commit stands for its tree.
            let tree = objects.commit(base).map_or(base, |commit| &commit.tree);
            objects
                .tree(tree)
                .ok_or_else(|| refuse(422, "base_tree is not a valid tree oid"))?;
            objects.files(tree)
        }
    };
    for entry in entries {
        place(cx.hub, &mut files, entry, cx.hand.at)?;
    }
    let sha = cx.hub.put_files(&files, cx.hand.at);
    let tree = tree_body(cx, &sha, false).ok_or_else(not_found)?;
    Ok(reply(201, tree))
}

/// Puts one entry of a `POST …/git/trees` among the files.
fn place(
    hub: &mut Github,
    files: &mut Files,
    entry: &Value,
    at: Timestamp,
) -> Result<(), Box<Reply>> {
    let path = entry["path"]
        .as_str()
        .filter(|path| !path.is_empty() && !path.starts_with('/'))
        .ok_or_else(|| refuse(422, "tree.path is missing or malformed"))?;
    let below = format!("{path}/");
    let mode = entry["mode"].as_str().unwrap_or("100644");
    let deletes = entry.get("sha").is_some_and(Value::is_null) && entry["content"].is_null();
    if deletes {
        files.retain(|file, _| file != path && !file.starts_with(&below));
        return Ok(());
    }
    if !["100644", "100755", "120000", "040000", "160000"].contains(&mode) {
        return Err(refuse(422, "tree.mode is not a valid mode"));
    }
    match (entry["content"].as_str(), entry["sha"].as_str()) {
        (Some(text), None) => {
            let sha = hub.put(Object::Blob(text.as_bytes().to_vec()), at);
            let mode = mode.to_owned();
            files.insert(path.to_owned(), TreeEntry { mode, sha });
        }
        (None, Some(sha)) if mode == "040000" => {
            let missing = || refuse(422, "tree.sha is not a tree");
            hub.objects.tree(sha).ok_or_else(missing)?;
            files.retain(|file, _| !file.starts_with(&below));
            for (file, inner) in hub.objects.files(sha) {
                files.insert(format!("{below}{file}"), inner);
            }
        }
        (None, Some(sha)) => {
            if hub.objects.blob(sha).is_none() {
                return Err(refuse(422, &format!("tree.sha {sha} is not a valid blob")));
            }
            let (mode, sha) = (mode.to_owned(), sha.to_owned());
            files.insert(path.to_owned(), TreeEntry { mode, sha });
        }
        _ => {
            return Err(refuse(
                422,
                "Must supply either tree.sha or tree.content, not both",
            ));
        }
    }
    Ok(())
}

fn get_tree(cx: &mut Cx<'_>, name: &str) -> Outcome {
    let view = cx.view();
    let commit = refs::resolve(&view, name);
    let tree = commit
        .and_then(|sha| Some(view.objects.commit(&sha)?.tree.clone()))
        .unwrap_or_else(|| name.to_owned());
    view.object(&tree).ok_or_else(not_found)?;
    let recursive = cx.request.query.contains_key("recursive");
    Ok(ok(tree_body(cx, &tree, recursive).ok_or_else(not_found)?))
}

fn tree_body(cx: &Cx<'_>, sha: &str, recursive: bool) -> Option<Value> {
    let url = url(cx);
    let mut entries = Vec::new();
    tree_entries(cx, sha, "", recursive, &url, &mut entries)?;
    Some(json!({
        "sha": sha,
        "url": format!("{url}/git/trees/{sha}"),
        "tree": entries,
        "truncated": false,
    }))
}

fn tree_entries(
    cx: &Cx<'_>,
    sha: &str,
    prefix: &str,
    recursive: bool,
    url: &str,
    entries: &mut Vec<Value>,
) -> Option<()> {
    let objects = Arc::clone(&cx.hub.objects);
    for (name, entry) in objects.tree(sha)? {
        let path = format!("{prefix}{name}");
        let kind = entry.kind();
        let mut item = json!({
            "path": path,
            "mode": entry.mode,
            "type": kind,
            "sha": entry.sha,
            "url": format!("{url}/git/{}s/{}", encode(kind), entry.sha),
        });
        if let Some(bytes) = objects.blob(&entry.sha) {
            body::merge(&mut item, json!({ "size": bytes.len() }));
        }
        entries.push(item);
        if recursive && entry.is_folder() {
            let below = format!("{path}/");
            tree_entries(cx, &entry.sha, &below, recursive, url, entries)?;
        }
    }
    Some(())
}

fn create_commit(cx: &mut Cx<'_>) -> Outcome {
    let request = cx.request;
    let message = request.need("message")?;
    let tree = request.need("tree")?;
    let objects = &cx.hub.objects;
    objects
        .tree(&tree)
        .ok_or_else(|| refuse(422, "Tree SHA does not exist"))?;
    let parents: Vec<String> = request
        .field("parents")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|sha| sha.as_str().map(str::to_owned))
        .collect();
    if parents
        .iter()
        .any(|parent| objects.commit(parent).is_none())
    {
        return Err(refuse(
            422,
            "Parent SHA does not exist or is not a commit object",
        ));
    }
    let own = Github::signature(&cx.hand.login, cx.hand.at);
    let author = named(request.field("author"), &own);
    let commit = Commit {
        tree,
        parents,
        committer: named(request.field("committer"), &author),
        author,
        message,
    };
    let sha = cx.hub.store_commit(&mut cx.hand, commit.clone());
    Ok(reply(201, git_commit(cx, &sha, &commit)))
}

/// The author or committer that the caller names, else the given one.
fn named(value: Option<&Value>, or: &Signature) -> Signature {
    let Some(value) = value else {
        return or.clone();
    };
    let text = |name: &str, or: &str| value[name].as_str().unwrap_or(or).to_owned();
    Signature {
        login: or.login.clone(),
        name: text("name", &or.name),
        email: text("email", &or.email),
        at: value["date"]
            .as_str()
            .and_then(|date| date.parse().ok())
            .unwrap_or(or.at),
    }
}

fn get_commit(cx: &mut Cx<'_>, sha: &str) -> Outcome {
    let view = cx.view();
    let Some(Object::Commit(commit)) = view.object(sha) else {
        return Err(not_found());
    };
    Ok(ok(git_commit(cx, sha, commit)))
}

/// A commit as the git data API shows it.
pub fn git_commit(cx: &Cx<'_>, sha: &str, commit: &Commit) -> Value {
    let url = url(cx);
    let html = body::html_url(&cx.hub.scenario);
    let tree_url = format!("{url}/git/trees/{}", commit.tree);
    json!({
        "sha": sha,
        "node_id": body::node_id("Commit", sha),
        "url": format!("{url}/git/commits/{sha}"),
        "html_url": format!("{html}/commit/{sha}"),
        "author": body::signature(&commit.author),
        "committer": body::signature(&commit.committer),
        "tree": { "sha": commit.tree, "url": tree_url },
        "message": commit.message,
        "parents": commit.parents.iter().map(|parent| json!({
            "sha": parent,
            "url": format!("{url}/git/commits/{parent}"),
            "html_url": format!("{html}/commit/{parent}"),
        })).collect::<Vec<_>>(),
        "verification": body::verification(),
    })
}

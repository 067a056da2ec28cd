//! The contents API: reading a file or a folder, writing one file as one commit.

use serde_json::{Value, json};

use super::access::Need;
use super::git::{Object, TreeEntry};
use super::rules::{self, Push, Refused};
use super::wire::{Body, Outcome, Reply, encode, not_found, not_supplied, ok, refuse, reply};
use super::{Cx, Route, View, body, data, refs, to};
use crate::seam::transport::Method;
use crate::sim::scenario::TokenKind;

/// A larger file comes without its content.
const CONTENT_MAX: usize = 1024 * 1024;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let ["contents", path @ ..] = rest else {
        return None;
    };
    let path = path.join("/");
    match method {
        Method::Get => to(
            Need::read("contents"),
            "repos/contents#get-repository-content",
            move |cx| get(cx, &path),
        ),
        Method::Put if !path.is_empty() => to(
            Need::write("contents"),
            "repos/contents#create-or-update-file-contents",
            move |cx| put(cx, &path),
        ),
        _ => None,
    }
}

fn get(cx: &mut Cx<'_>, path: &str) -> Outcome {
    let view = cx.view();
    let default = view.repo.settings.default_branch.clone();
    let reference = cx.request.query("ref").unwrap_or(&default).to_owned();
    let commit = refs::resolve(&view, &reference)
        .ok_or_else(|| refuse(404, &format!("No commit found for the ref {reference}")))?;
    let tree = view
        .objects
        .commit(&commit)
        .map(|c| c.tree.clone())
        .unwrap_or_default();
    let entry = view.objects.lookup(&tree, path).ok_or_else(not_found)?;
    if !entry.is_folder() {
        let raw = cx
            .request
            .header("accept")
            .is_some_and(|accept| accept.contains("raw"));
        if raw {
            let bytes = view.objects.blob(&entry.sha).unwrap_or_default().to_vec();
            return Ok(Reply {
                status: 200,
                body: Body::Raw(bytes, "application/vnd.github.raw+json; charset=utf-8"),
                headers: Vec::new(),
            });
        }
        return Ok(ok(item(cx, &view, path, &entry, &reference, true)));
    }
    let entries = view.objects.tree(&entry.sha).cloned().unwrap_or_default();
    let items: Vec<Value> = entries
        .iter()
        .map(|(name, entry)| {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            item(cx, &view, &path, entry, &reference, false)
        })
        .collect();
    Ok(ok(Value::Array(items)))
}

/// One entry of a folder, or a whole file with its content.
fn item(
    cx: &Cx<'_>,
    view: &View,
    path: &str,
    entry: &TreeEntry,
    reference: &str,
    whole: bool,
) -> Value {
    let api = body::repo_url(&cx.request.base, &view.scenario);
    let html = body::html_url(&view.scenario);
    let name = path.rsplit('/').next().unwrap_or(path);
    let (encoded, at) = (encode(path), encode(reference));
    let bytes = view.objects.blob(&entry.sha).unwrap_or_default();
    let (kind, git, page) = if entry.is_folder() {
        ("dir", "trees", "tree")
    } else {
        ("file", "blobs", "blob")
    };
    let url = format!("{api}/contents/{encoded}?ref={at}");
    let git_url = format!("{api}/git/{git}/{}", entry.sha);
    let html_url = format!("{html}/{page}/{at}/{encoded}");
    let full_name = format!(
        "{}/{}",
        view.scenario.repository.owner, view.scenario.repository.name
    );
    let download = format!("https://raw.githubusercontent.com/{full_name}/{at}/{encoded}");
    let mut body = json!({
        "name": name,
        "path": path,
        "sha": entry.sha,
        "size": bytes.len(),
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": if kind == "file" { Value::from(download) } else { Value::Null },
        "type": kind,
    });
    if whole {
        let (content, encoding) = if bytes.len() > CONTENT_MAX {
            (String::new(), "none")
        } else {
            (data::encode_lines(bytes), "base64")
        };
        body::merge(
            &mut body,
            json!({ "content": content, "encoding": encoding }),
        );
    }
    let links = json!({ "self": url, "git": git_url, "html": html_url });
    body::merge(&mut body, json!({ "_links": links }));
    body
}

fn put(cx: &mut Cx<'_>, path: &str) -> Outcome {
    let request = cx.request;
    let message = request.need("message")?;
    let content = request.field("content").and_then(Value::as_str);
    let content = content.ok_or_else(|| not_supplied("content"))?;
    let bytes = data::decode(content).ok_or_else(|| refuse(422, "content is not valid Base64"))?;
    let default = cx.hub.repo.settings.default_branch.clone();
    let branch = request.text("branch").unwrap_or(&default).to_owned();
    let branch = branch
        .strip_prefix("refs/heads/")
        .unwrap_or(&branch)
        .to_owned();
    workflows(cx, path)?;
    let head = cx.hub.repo.branches.get(&branch).cloned();
    let head = head.ok_or_else(|| refuse(404, &format!("Branch {branch} not found")))?;
    let mut files = cx.hub.objects.files_of(&head);
    let known = files.get(path).map(|entry| entry.sha.clone());
    match (&known, request.text("sha")) {
        (Some(_), None) => return Err(not_supplied("sha")),
        (Some(known), Some(sent)) if known != sent => {
            return Err(refuse(409, &format!("{path} does not match {sent}")));
        }
        (None, Some(sent)) => {
            return Err(refuse(409, &format!("{path} does not match {sent}")));
        }
        _ => {}
    }
    let login = cx.hand.login.clone();
    match rules::against_push(&cx.hub.look(cx.hand.at), &branch, Push::Forward, &login) {
        Some(Refused::Classic(line)) => {
            return Err(refuse(409, &format!("Could not update file: {line}")));
        }
        Some(Refused::Rulesets(lines)) => {
            let lines: String = lines.iter().map(|line| format!("{line}\n\n")).collect();
            let message = format!("Repository rule violations found\n\n{lines}");
            return Err(refuse(409, &message));
        }
        None => {}
    }
    let at = cx.hand.at;
    let sha = cx.hub.put(Object::Blob(bytes), at);
    let mode = files
        .get(path)
        .map_or("100644".to_owned(), |entry| entry.mode.clone());
    let entry = TreeEntry { mode, sha };
    files.insert(path.to_owned(), entry.clone());
    let tree = cx.hub.put_files(&files, at);
    // The same content again makes an empty commit.
    let commit = cx.hub.commit(&mut cx.hand, tree, vec![head], &message);
    cx.hub.set_branch(&mut cx.hand, &branch, &commit);
    let view = cx.current();
    let found = view.objects.commit(&commit).ok_or_else(not_found)?;
    let status = if known.is_some() { 200 } else { 201 };
    Ok(reply(
        status,
        json!({
            "content": item(cx, &view, path, &entry, &branch, false),
            "commit": data::git_commit(cx, &commit, found),
        }),
    ))
}

/// Workflow files need a permission of their own.
fn workflows(cx: &Cx<'_>, path: &str) -> Result<(), Box<Reply>> {
    let token = &cx.hub.scenario.token;
    let scope = match token.kind {
        TokenKind::Classic => "workflow",
        TokenKind::FineGrained => "workflows=write",
    };
    if path.starts_with(".github/workflows/") && !token.scopes.iter().any(|s| s == scope) {
        let mut reply = refuse(403, "Resource not accessible by personal access token");
        let words = "contents=write,workflows=write".to_owned();
        reply.headers.push(("x-accepted-github-permissions", words));
        return Err(reply);
    }
    Ok(())
}

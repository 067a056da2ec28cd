//! Bodies that many replies share: users, the repository, commits.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::git::{Commit, Objects, Signature};
use super::state::{Look, people, role_of};
use super::wire::{encode, stamp};
use crate::sim::chance;
use crate::sim::scenario::{OwnerType, Role, Scenario};

/// The number of a login; the same in every world.
pub fn user_id(login: &str) -> u64 {
    1000 + chance::draw(0, login) % 90_000_000
}

/// An id in the opaque form of the graph API.
pub fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(format!("{kind}:{id}"))
}

pub fn repository_id(seed: u64) -> String {
    chance::between(seed, "repository id", 100_000_000, 900_000_000).to_string()
}

/// Address of the repository in the API.
pub fn repo_url(base: &str, scenario: &Scenario) -> String {
    let repository = &scenario.repository;
    format!("{base}/repos/{}/{}", repository.owner, repository.name)
}

/// Address of the repository for a person.
pub fn html_url(scenario: &Scenario) -> String {
    let repository = &scenario.repository;
    format!(
        "https://github.com/{}/{}",
        repository.owner, repository.name
    )
}

pub fn user(base: &str, scenario: &Scenario, login: &str) -> Value {
    let id = user_id(login);
    let url = format!("{base}/users/{login}");
    let organisation = login == scenario.repository.owner
        && scenario.repository.owner_type == OwnerType::Organization;
    json!({
        "login": login,
        "id": id,
        "node_id": node_id("User", id),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        "gravatar_id": "",
        "url": url,
        "html_url": format!("https://github.com/{login}"),
        "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"),
        "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
        "type": if organisation { "Organization" } else { "User" },
        "site_admin": false,
    })
}

/// The body of `GET /user`.
pub fn private_user(base: &str, scenario: &Scenario, since: Timestamp) -> Value {
    let mut body = user(base, scenario, &scenario.user.login);
    let plan = match scenario.repository.plan {
        crate::sim::scenario::Plan::Free => "free",
        crate::sim::scenario::Plan::Pro | crate::sim::scenario::Plan::Team => "pro",
    };
    merge(
        &mut body,
        json!({
            "name": scenario.user.login,
            "company": null,
            "blog": "",
            "location": null,
            "email": null,
            "hireable": null,
            "bio": null,
            "public_repos": 2,
            "public_gists": 0,
            "followers": 3,
            "following": 1,
            "created_at": stamp(since),
            "updated_at": stamp(since),
            "private_gists": 0,
            "total_private_repos": 1,
            "owned_private_repos": 1,
            "disk_usage": 512,
            "collaborators": 1,
            "two_factor_authentication": true,
            "plan": { "name": plan, "space": 976_562_499, "collaborators": 0, "private_repos": 9999 },
        }),
    );
    body
}

/// Puts a part in as it is. `json!` would copy it, and the copying of nested bodies was most of the time of a call.
pub fn put(into: &mut Value, name: &str, part: Value) {
    if let Value::Object(into) = into {
        into.insert(name.to_owned(), part);
    }
}

pub fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

/// The roles a login has, as `permissions` shows them.
pub fn permissions(role: Role) -> Value {
    json!({
        "admin": role >= Role::Admin,
        "maintain": role >= Role::Maintain,
        "push": role >= Role::Write,
        "triage": role >= Role::Triage,
        "pull": true,
    })
}

/// Addresses below the repository: field, path.
const URLS: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// The repository as it appears inside other bodies.
pub fn repository(base: &str, look: &Look<'_>, seed: u64) -> Value {
    let spec = &look.scenario.repository;
    let full_name = format!("{}/{}", spec.owner, spec.name);
    let id: u64 = repository_id(seed).parse().unwrap_or_default();
    let url = repo_url(base, look.scenario);
    let html = html_url(look.scenario);
    let mut body = json!({
        "id": id,
        "node_id": node_id("Repository", id),
        "name": spec.name,
        "full_name": full_name,
        "private": spec.private,
        "visibility": if spec.private { "private" } else { "public" },
        "html_url": html,
        "description": null,
        "fork": false,
        "url": url,
        "git_url": format!("git://github.com/{full_name}.git"),
        "ssh_url": format!("git@github.com:{full_name}.git"),
        "clone_url": format!("{html}.git"),
        "svn_url": html,
        "mirror_url": null,
        "homepage": null,
        "language": "JavaScript",
        "license": null,
        "size": 412,
        "default_branch": look.repo.settings.default_branch,
        "has_issues": spec.has_issues,
        "has_projects": true,
        "has_wiki": false,
        "has_pages": false,
        "has_downloads": true,
        "has_discussions": false,
        "archived": spec.archived,
        "disabled": false,
        "created_at": stamp(look.repo.created_at),
        "updated_at": stamp(look.repo.pushed_at),
        "pushed_at": stamp(look.repo.pushed_at),
    });
    put(&mut body, "owner", user(base, look.scenario, &spec.owner));
    let open = look.repo.pulls.values().filter(|pull| pull.open).count()
        + look.repo.issues.values().filter(|issue| issue.open).count();
    merge(
        &mut body,
        json!({
            "forks": 0, "forks_count": 0,
            "stargazers_count": 0,
            "watchers": 0, "watchers_count": 0,
            "open_issues": open, "open_issues_count": open,
        }),
    );
    let urls: Map<String, Value> = URLS
        .iter()
        .map(|(field, path)| ((*field).to_owned(), format!("{url}{path}").into()))
        .collect();
    merge(&mut body, Value::Object(urls));
    body
}

/// The body of `GET /repos/{owner}/{repo}`.
pub fn full_repository(base: &str, look: &Look<'_>, seed: u64) -> Value {
    let spec = &look.scenario.repository;
    let role = look.scenario.user.role;
    let mut body = repository(base, look, seed);
    let more = json!({
        "permissions": permissions(role),
        "subscribers_count": 1,
        "network_count": 0,
        "temp_clone_token": "",
    });
    merge(&mut body, more);
    if role >= Role::Write {
        let more = json!({
            "allow_merge_commit": spec.allow_merge_commit,
            "allow_squash_merge": spec.allow_squash_merge,
            "allow_rebase_merge": spec.allow_rebase_merge,
            "allow_auto_merge": false,
            "allow_update_branch": false,
            "delete_branch_on_merge": look.repo.settings.delete_branch_on_merge,
        });
        merge(&mut body, more);
    }
    body
}

/// Those with access, as `GET …/collaborators` lists them.
pub fn collaborators(base: &str, scenario: &Scenario) -> Vec<(u64, Value)> {
    people(scenario)
        .into_iter()
        .map(|(login, role)| {
            let mut body = user(base, scenario, &login);
            let more = json!({ "permissions": permissions(role), "role_name": role_name(role) });
            merge(&mut body, more);
            (user_id(&login), body)
        })
        .collect()
}

pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Read => "read",
        Role::Triage => "triage",
        Role::Write => "write",
        Role::Maintain => "maintain",
        Role::Admin => "admin",
    }
}

/// How the author stands to the repository.
pub fn association(scenario: &Scenario, login: &str) -> &'static str {
    if login == scenario.repository.owner {
        "OWNER"
    } else if role_of(scenario, login).is_none() {
        "NONE"
    } else if scenario.repository.owner_type == OwnerType::Organization {
        "MEMBER"
    } else {
        "COLLABORATOR"
    }
}

pub fn signature(who: &Signature) -> Value {
    json!({ "name": who.name, "email": who.email, "date": stamp(who.at) })
}

pub fn verification() -> Value {
    json!({
        "verified": false, "reason": "unsigned",
        "signature": null, "payload": null, "verified_at": null,
    })
}

/// A commit as `commits/{ref}`, branches and comparisons show it.
pub fn commit(base: &str, scenario: &Scenario, sha: &str, commit: &Commit) -> Value {
    let url = repo_url(base, scenario);
    let html = html_url(scenario);
    let tree_url = format!("{url}/git/trees/{}", commit.tree);
    let mut body = json!({
        "sha": sha,
        "node_id": node_id("Commit", sha),
        "commit": {
            "author": signature(&commit.author),
            "committer": signature(&commit.committer),
            "message": commit.message,
            "tree": { "sha": commit.tree, "url": tree_url },
            "url": format!("{url}/git/commits/{sha}"),
            "comment_count": 0,
            "verification": verification(),
        },
        "url": format!("{url}/commits/{sha}"),
        "html_url": format!("{html}/commit/{sha}"),
        "comments_url": format!("{url}/commits/{sha}/comments"),
        "parents": commit.parents.iter().map(|parent| json!({
            "sha": parent,
            "url": format!("{url}/commits/{parent}"),
            "html_url": format!("{html}/commit/{parent}"),
        })).collect::<Vec<_>>(),
    });
    put(
        &mut body,
        "author",
        user(base, scenario, &commit.author.login),
    );
    put(
        &mut body,
        "committer",
        user(base, scenario, &commit.committer.login),
    );
    body
}

/// The commit body by its name; null when there is none of that name.
pub fn commit_of(base: &str, look: &Look<'_>, sha: &str) -> Value {
    object_commit(look.objects, sha)
        .map_or(Value::Null, |found| commit(base, look.scenario, sha, found))
}

fn object_commit<'a>(objects: &'a Objects, sha: &str) -> Option<&'a Commit> {
    objects.commit(sha)
}

/// Changed files as comparisons and pull requests list them.
pub fn diff_entries(base: &str, look: &Look<'_>, from: &str, to: &str) -> Vec<Value> {
    let (url, html) = (repo_url(base, look.scenario), html_url(look.scenario));
    super::graph::diff(look.objects, from, to)
        .into_iter()
        .map(|file| {
            let path = encode(&file.path);
            let at = if file.status == "removed" { from } else { to };
            let mut body = json!({
                "sha": file.sha,
                "filename": file.path,
                "status": file.status,
                "additions": file.additions,
                "deletions": file.deletions,
                "changes": file.additions + file.deletions,
                "blob_url": format!("{html}/blob/{at}/{path}"),
                "raw_url": format!("{html}/raw/{at}/{path}"),
                "contents_url": format!("{url}/contents/{path}?ref={at}"),
            });
            if let Some(patch) = file.patch {
                merge(&mut body, json!({ "patch": patch }));
            }
            body
        })
        .collect()
}

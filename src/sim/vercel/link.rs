//! The connection of a project with a repository, and what Vercel's GitHub app sees.

use serde_json::{Value, json};

use super::account::Scope;
use super::spec::App;
use super::state::{Link, Source};
use super::wire::{Outcome, Reply, invalid, ms, ok, refuse, refuse_with};
use super::{Cx, default_branch};
use crate::sim::chance;
use crate::sim::scenario::OwnerType;

/// The link of a `{type, repo}` that was asked for, or why there cannot be one.
pub fn connect(cx: &Cx<'_>, scope: &Scope, wish: &Value) -> Result<Link, Box<Reply>> {
    let (Some(kind), Some(repo)) = (wish["type"].as_str(), wish["repo"].as_str()) else {
        return Err(invalid("missing required property `type` or `repo`."));
    };
    if kind != "github" {
        let message =
            format!("The repository \"{repo}\" couldn't be found in your {kind} account.");
        return Err(refuse(400, "repo_not_found", &message));
    }
    let state = cx.hub.state.current();
    if !state.login_connection {
        return Err(refuse_with(
            400,
            "bad_request",
            "To link a GitHub repository, you need to add a Login Connection to your GitHub account first.",
            json!({
                "action": "Add a Login Connection",
                "link": "https://vercel.com/account/login-connections",
                "repo": repo,
            }),
        ));
    }
    let source = cx.source();
    if state.app != App::Sees || !source.is(repo) {
        let code = cx.hub.spec().odd.app_code.as_deref();
        return Err(refuse_with(
            400,
            code.unwrap_or("repo_not_found"),
            "To link a GitHub repository, you need to install the GitHub integration first.",
            json!({
                "action": "Install GitHub App",
                "link": "https://github.com/apps/vercel",
                "repo": repo,
            }),
        ));
    }
    let limit = cx.hub.spec().link_limit.unwrap_or(scope.plan.links());
    let links = state.projects.values().filter_map(|one| one.link.as_ref());
    if links.filter(|link| link.source.is(repo)).count() >= limit {
        let message =
            format!("A Git repository cannot be connected to more than {limit} Projects.");
        return Err(refuse(400, "repo_links_exceeded_limit", &message));
    }
    Ok(Link {
        source,
        production_branch: default_branch(cx.around.code),
        credential: format!("cred_{}", chance::hex(cx.hub.seed, "vercel credential", 24)),
        created: cx.now(),
        updated: cx.now(),
    })
}

impl Cx<'_> {
    /// The world's repository, as Vercel keeps it.
    pub fn source(&self) -> Source {
        self.hub.source(self.around.code)
    }
}

pub fn link(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let project = cx.project(&scope, key)?;
    if project.link.is_some() {
        let message = "The project is already connected to a Git repository.";
        return Err(refuse(409, "conflict", message));
    }
    let wish = cx.request.body.clone().unwrap_or_default();
    let link = connect(cx, &scope, &wish)?;
    let at = cx.now();
    cx.hub
        .touch(at, &project.id, |project| project.link = Some(link));
    cx.shown(&project.id)
}

/// The production branch goes with the connection.
pub fn unlink(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let project = cx.project(&scope, key)?;
    let at = cx.now();
    if project.link.is_some() {
        cx.hub.touch(at, &project.id, |project| project.link = None);
    }
    cx.shown(&project.id)
}

/// Sets the production branch, which must be in the repository already.
pub fn branch(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let Some(branch) = cx.request.text("branch") else {
        return Err(invalid("missing required property `branch`."));
    };
    let project = cx.project(&scope, key)?;
    let Some(link) = &project.link else {
        let message = "The project is not connected to a Git repository.";
        return Err(refuse(400, "bad_request", message));
    };
    let ours = link.source.is(&cx.around.code.full_name());
    let there = match ours {
        true => cx.around.code.head(branch).is_some(),
        // Nothing is known of another repository but the branch that its project has.
        false => branch == link.production_branch,
    };
    if !there || cx.hub.state.current().app != App::Sees {
        let message = format!("Branch \"{branch}\" not found in the connected Git repository.");
        return Err(refuse(400, "git_branch_not_found", &message));
    }
    let at = cx.now();
    if link.production_branch != branch && !project.branch_elsewhere {
        cx.hub.touch(at, &project.id, |project| {
            if let Some(link) = &mut project.link {
                branch.clone_into(&mut link.production_branch);
                link.updated = at;
            }
        });
    }
    cx.shown(&project.id)
}

/// The GitHub accounts that the user's connection and the app reach together.
pub fn namespaces(cx: &mut Cx<'_>) -> Outcome {
    if ["teamId", "slug"]
        .iter()
        .any(|name| cx.request.query(name).is_some())
    {
        return Err(invalid("should NOT have additional property `teamId`."));
    }
    provider(cx)?;
    let state = &cx.view().state;
    if !state.login_connection || state.app == App::NotInstalled {
        return Ok(ok(json!([])));
    }
    let repository = &cx.hub.scenario.repository;
    Ok(ok(json!([{
        "provider": "github",
        "id": cx.hub.namespace_id(),
        "slug": repository.owner,
        "name": repository.owner,
        "ownerType": owner_type(repository.owner_type),
        "isAccessRestricted": false,
        "installationId": cx.hub.namespace_id() + 17,
        "requireReauth": false,
    }])))
}

/// The repositories that the app sees.
pub fn search(cx: &mut Cx<'_>) -> Outcome {
    cx.scope()?;
    provider(cx)?;
    let state = &cx.view().state;
    let repository = &cx.hub.scenario.repository;
    let namespace = cx.hub.namespace_id();
    let query = cx.request.query("query").unwrap_or_default().to_lowercase();
    let asked = cx.request.query("namespaceId");
    let inside = asked.is_none_or(|asked| asked == namespace.to_string());
    let seen = state.login_connection
        && state.app == App::Sees
        && inside
        && repository.name.to_lowercase().contains(&query);
    let source = cx.source();
    let item = json!({
        "id": source.repo_id,
        "provider": "github",
        "url": format!("https://github.com/{}/{}", source.org, source.repo),
        "name": source.repo,
        "slug": source.repo,
        "namespace": source.org,
        "owner": { "id": namespace, "name": source.org },
        "ownerType": owner_type(repository.owner_type),
        "private": repository.private,
        "defaultBranch": cx.around.code.default_branch(),
        "updatedAt": ms(cx.around.code.pushed_at()),
    });
    let repos: Vec<Value> = seen.then_some(item).into_iter().collect();
    Ok(ok(json!({
        "gitAccount": { "provider": "github", "namespaceId": namespace },
        "repos": repos,
    })))
}

fn provider(cx: &Cx<'_>) -> Result<(), Box<Reply>> {
    match cx.request.query("provider") {
        Some("github") => Ok(()),
        Some(_) => Err(invalid("`provider` is not connected.")),
        None => Err(invalid("missing required property `provider`.")),
    }
}

fn owner_type(kind: OwnerType) -> &'static str {
    match kind {
        OwnerType::User => "user",
        OwnerType::Organization => "team",
    }
}

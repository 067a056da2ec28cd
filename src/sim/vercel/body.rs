//! What projects and deployments look like on the wire.

use serde_json::{Value, json};

use super::state::{Deployment, Project, Source};
use super::wire::ms;
use super::{Vercel, View};

/// The project's settings that a deployment shows.
const SHOWN: [&str; 5] = [
    "buildCommand",
    "devCommand",
    "framework",
    "installCommand",
    "outputDirectory",
];

fn extend(body: &mut Value, more: Value) {
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
}

impl Vercel {
    pub fn project_body(&self, view: &View, project: &Project) -> Value {
        let mut body = json!({
            "id": project.id,
            "accountId": project.owner,
            "name": project.name,
            "createdAt": ms(project.created),
            "updatedAt": project.updated,
            "live": false,
            "defaultResourceConfig": { "functionDefaultRegions": ["iad1"], "fluid": true },
            "lastAliasRequest": null,
        });
        extend(&mut body, Value::Object(project.settings.clone()));
        if let Some(link) = &project.link {
            body["link"] = json!({
                "type": "github",
                "org": link.source.org,
                "repo": link.source.repo,
                "repoId": link.source.repo_id,
                "repoOwnerId": self.namespace_id(),
                "productionBranch": link.production_branch,
                "gitCredentialId": link.credential,
                "deployHooks": [],
                "sourceless": true,
                "createdAt": ms(link.created),
                "updatedAt": ms(link.updated),
            });
        }
        if !project.bypasses.is_empty() {
            body["protectionBypass"] = self.bypasses_body(project);
        }
        let all = || view.state.deployments_of(&project.id);
        let latest: Vec<Value> = all()
            .take(5)
            .map(|one| self.embedded_deployment(view, one))
            .collect();
        let live = all().find(|one| one.production && one.served(view.at));
        body["targets"] = match live {
            Some(live) => json!({ "production": self.embedded_deployment(view, live) }),
            None => json!({}),
        };
        body["latestDeployments"] = latest.into();
        body
    }

    /// A deployment by itself.
    pub fn deployment_body(&self, view: &View, one: &Deployment) -> Value {
        let at = view.at;
        let course = one.course;
        let stage = one.stage(at);
        let served = one.served(at);
        let waits = stage == "QUEUED";
        let slug = self.slug_of(&one.owner);
        let name = match view.state.projects.get(&one.project) {
            Some(project) => &project.name,
            None => &one.name,
        };
        let mut body = json!({
            "id": one.id,
            "name": one.name,
            "url": one.url,
            "version": 2,
            "type": "LAMBDAS",
            "status": stage,
            "readyState": stage,
            "createdAt": ms(course.created),
            "bootedAt": ms(course.starts.min(at.max(course.created))),
            "buildingAt": ms(course.building.min(at.max(course.created))),
            "buildSkipped": false,
            "creator": self.creator(&one.by, false),
            "meta": one.meta,
            "public": false,
            "regions": ["iad1"],
            "target": one.production.then_some("production"),
            "alias": aliases(view, one),
            "aliasAssigned": served,
            "aliasAssignedAt": served.then(|| ms(course.served)),
            "aliasError": null,
            "automaticAliases": one.aliases,
            "source": one.trigger,
            "gitSource": git_source(&one.source, &one.branch, &one.sha),
            "project": { "id": one.project, "name": name, "framework": one.settings.get("framework") },
            "projectId": one.project,
            "projectSettings": shown_settings(one),
            "ownerId": one.owner,
            "plan": self.plan_of(&one.owner).as_str(),
            "createdIn": "iad1",
            "inspectorUrl": self.inspector(one),
            "isInConcurrentBuildsQueue": waits && course.queued,
            "isInSystemBuildsQueue": false,
            "build": { "env": [] },
            "env": [],
            "routes": null,
        });
        if let Some(team) = self.accounts.teams.iter().find(|team| team.id == one.owner) {
            body["team"] = json!({ "id": team.id, "name": team.name, "slug": slug });
        }
        extend(&mut body, ending(view, one));
        body
    }

    /// A deployment in a list, where its id is called `uid`.
    pub fn listed_deployment(&self, view: &View, one: &Deployment) -> Value {
        let stage = one.stage(view.at);
        let served = one.served(view.at);
        let mut body = json!({
            "uid": one.id,
            "name": one.name,
            "projectId": one.project,
            "url": one.url,
            "created": ms(one.course.created),
            "createdAt": ms(one.course.created),
            "source": one.trigger,
            "state": stage,
            "readyState": stage,
            "type": "LAMBDAS",
            "creator": self.creator(&one.by, true),
            "inspectorUrl": self.inspector(one),
            "meta": one.meta,
            "target": one.production.then_some("production"),
            "aliasError": null,
            // A time or a truth value, as it happens.
            "aliasAssigned": if served { json!(ms(one.course.served)) } else { json!(false) },
            "isRollbackCandidate": served && one.production,
            "projectSettings": shown_settings(one),
        });
        if view.at >= one.course.building {
            body["buildingAt"] = ms(one.course.building).into();
        }
        extend(&mut body, ending(view, one));
        body
    }

    /// A deployment inside its project.
    fn embedded_deployment(&self, view: &View, one: &Deployment) -> Value {
        let served = one.served(view.at);
        let mut body = json!({
            "id": one.id,
            "name": one.name,
            "url": one.url,
            "deploymentHostname": one.url.trim_end_matches(".vercel.app"),
            "createdAt": ms(one.course.created),
            "createdIn": "iad1",
            "creator": self.creator(&one.by, true),
            "userId": self.user_id(&one.by),
            "meta": one.meta,
            "plan": self.plan_of(&one.owner).as_str(),
            "private": true,
            "readyState": one.stage(view.at),
            "target": one.production.then_some("production"),
            "type": "LAMBDAS",
            "alias": aliases(view, one),
            "aliasAssigned": served.then(|| ms(one.course.served)),
            "aliasError": null,
        });
        if view.at >= one.course.ends && one.failure.is_none() {
            body["readyAt"] = ms(one.course.ends).into();
        }
        body
    }

    fn creator(&self, username: &str, with_email: bool) -> Value {
        let mut creator = json!({ "uid": self.user_id(username), "username": username });
        if with_email {
            creator["email"] = format!("{username}@example.com").into();
        }
        creator
    }

    fn inspector(&self, one: &Deployment) -> String {
        let slug = self.slug_of(&one.owner);
        let id = one.id.trim_start_matches("dpl_");
        format!("https://vercel.com/{slug}/{}/{id}", one.name)
    }
}

/// The addresses that lead to a deployment: those it got by itself, and its project's names while they do.
fn aliases(view: &View, one: &Deployment) -> Vec<String> {
    if !one.served(view.at) {
        return Vec::new();
    }
    let mut all = one.aliases.clone();
    all.extend(view.state.names_of(one, view.at));
    all
}

/// How a build ended, once it has.
fn ending(view: &View, one: &Deployment) -> Value {
    if view.at < one.course.ends {
        return json!({});
    }
    match &one.failure {
        Some(failure) => json!({
            "errorCode": failure.code,
            "errorMessage": failure.message,
            "errorStep": "buildStep",
        }),
        None if one.production => json!({
            "ready": ms(one.course.ends),
            "readySubstate": if one.served(view.at) { "PROMOTED" } else { "STAGED" },
        }),
        None => json!({ "ready": ms(one.course.ends) }),
    }
}

fn shown_settings(one: &Deployment) -> Value {
    let setting = |name: &str| one.settings.get(name).cloned().unwrap_or_default();
    SHOWN
        .iter()
        .map(|name| ((*name).to_owned(), setting(name)))
        .collect::<serde_json::Map<String, Value>>()
        .into()
}

fn git_source(source: &Source, branch: &str, sha: &str) -> Value {
    json!({
        "type": "github",
        "org": source.org,
        "repo": source.repo,
        "repoId": source.repo_id,
        "ref": branch,
        "sha": sha,
    })
}

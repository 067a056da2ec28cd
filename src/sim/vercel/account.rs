//! Who calls and on whose behalf: the token, its user, the teams, and what a role allows.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::spec::{TeamRole, VercelPlan};
use super::state::Team;
use super::wire::{self, Outcome, Reply, Request, ms, ok, refuse, refuse_with};
use super::{Cx, Vercel};

/// What a call acts on: a team, or the user's own account.
#[derive(Clone, Debug)]
pub struct Scope {
    pub owner: String,
    pub slug: String,
    pub plan: VercelPlan,
    /// Variables of production and preview become sensitive, whatever is asked for.
    pub sensitive_only: bool,
    role: TeamRole,
}

impl Scope {
    fn of(team: &Team) -> Scope {
        Scope {
            owner: team.id.clone(),
            slug: team.slug.clone(),
            plan: team.plan,
            sensitive_only: team.sensitive_variables == "on",
            role: team.role,
        }
    }

    /// Refuses a change of a project to a role that may not make it.
    pub fn changes_projects(&self) -> Result<(), Box<Reply>> {
        allow(self.role.changes_projects())
    }

    pub fn deploys(&self) -> Result<(), Box<Reply>> {
        allow(self.role.deploys())
    }
}

fn allow(may: bool) -> Result<(), Box<Reply>> {
    match may {
        true => Ok(()),
        false => Err(refuse(
            403,
            "forbidden",
            "You don't have permission to perform this action.",
        )),
    }
}

fn unauthorized() -> Box<Reply> {
    refuse(403, "team_unauthorized", "You are not authorized")
}

impl Vercel {
    /// Refuses a call whose token is missing, wrong or over.
    pub fn identify(&self, request: &Request, now: Timestamp) -> Result<(), Box<Reply>> {
        let Some(sent) = request.header("authorization") else {
            return Err(refuse_with(
                403,
                "forbidden",
                "The request is missing an authentication token",
                json!({ "missingToken": true }),
            ));
        };
        let over = self.spec().token.expires.is_some_and(|at| at <= now);
        if over || sent.strip_prefix("Bearer ") != Some(&self.token) {
            let beside = json!({ "invalidToken": true });
            return Err(refuse_with(403, "forbidden", "Not authorized", beside));
        }
        Ok(())
    }

    /// The teams that the token reaches.
    fn teams(&self) -> impl Iterator<Item = &Team> {
        let only = self.spec().token.team.as_deref();
        let all = self.accounts.teams.iter();
        all.filter(move |team| only.is_none_or(|slug| team.slug == slug))
    }

    /// The slug of a team, or the user's name.
    pub fn slug_of(&self, owner: &str) -> &str {
        let team = self.accounts.teams.iter().find(|team| team.id == owner);
        team.map_or(&self.accounts.username, |team| &team.slug)
    }

    pub fn plan_of(&self, owner: &str) -> VercelPlan {
        let team = self.accounts.teams.iter().find(|team| team.id == owner);
        team.map_or(VercelPlan::Hobby, |team| team.plan)
    }

    /// The id of a user by that name.
    pub fn user_id(&self, username: &str) -> String {
        if username == self.accounts.username {
            return self.accounts.user_id.clone();
        }
        wire::id(self.seed, "", &format!("user {username}"), 24)
    }
}

impl Cx<'_> {
    /// `teamId`, else `slug`, else the user's own account, in which nothing of a team is to be found.
    pub fn scope(&self) -> Result<Scope, Box<Reply>> {
        let hub = &self.hub;
        let named = match (self.request.query("teamId"), self.request.query("slug")) {
            (Some(id), _) => Some(hub.teams().find(|team| team.id == id)),
            (None, Some(slug)) => Some(hub.teams().find(|team| team.slug == slug)),
            (None, None) if hub.spec().personal_scope => None,
            (None, None) => Some(hub.teams().next()),
        };
        match named {
            Some(Some(team)) => Ok(Scope::of(team)),
            Some(None) => Err(unauthorized()),
            None => Ok(Scope {
                owner: hub.accounts.user_id.clone(),
                slug: hub.accounts.username.clone(),
                plan: VercelPlan::Hobby,
                sensitive_only: false,
                // A token of one team changes nothing outside it.
                role: match hub.spec().token.team {
                    None => TeamRole::Owner,
                    Some(_) => TeamRole::Viewer,
                },
            }),
        }
    }
}

pub fn user(cx: &mut Cx<'_>) -> Outcome {
    let accounts = &cx.hub.accounts;
    let mut user = json!({
        "id": accounts.user_id,
        "email": format!("{}@example.com", accounts.username),
        "name": accounts.username,
        "username": accounts.username,
        "avatar": null,
        "defaultTeamId": accounts.teams.first().map(|team| &team.id),
    });
    let more = match cx.hub.spec().odd.limited_user {
        true => json!({ "limited": true }),
        false => json!({
            "createdAt": ms(accounts.created),
            "softBlock": null,
            "billing": null,
            "resourceConfig": {},
            "stagingPrefix": accounts.username,
            "hasTrialAvailable": false,
        }),
    };
    if let (Some(user), Value::Object(more)) = (user.as_object_mut(), more) {
        user.extend(more);
    }
    Ok(ok(json!({ "user": user })))
}

pub fn token(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let hub = &cx.hub;
    let own = wire::id(hub.seed, "", "token", 32);
    if id != "current" && id != own {
        return Err(refuse(404, "not_found", "Token not found."));
    }
    let spec = &hub.spec().token;
    let created = hub.accounts.created + SignedDuration::from_hours(48);
    let mut scope = match &spec.team {
        None => json!({ "type": "user" }),
        Some(slug) => {
            let team = hub.accounts.teams.iter().find(|team| team.slug == *slug);
            json!({ "type": "team", "teamId": team.map_or("", |team| &team.id) })
        }
    };
    scope["origin"] = json!("manual");
    scope["createdAt"] = ms(created).into();
    let mut token = json!({
        "id": own,
        "name": spec.name,
        "type": "oauth2-token",
        "origin": "manual",
        "activeAt": ms(cx.now()),
        "createdAt": ms(created),
    });
    if let Some(expires) = spec.expires {
        token["expiresAt"] = ms(expires).into();
        scope["expiresAt"] = ms(expires).into();
    }
    token["scopes"] = json!([scope]);
    Ok(ok(json!({ "token": token })))
}

pub fn teams(cx: &mut Cx<'_>) -> Outcome {
    let number = |name: &str| {
        cx.request
            .query(name)
            .and_then(|text| text.parse::<i64>().ok())
    };
    let (since, until) = (number("since"), number("until"));
    let limit = number("limit").unwrap_or(20).clamp(1, 100);
    let limit = usize::try_from(limit).unwrap_or(20);
    let mut found: Vec<&Team> = cx.hub.teams().collect();
    found.sort_by_key(|team| std::cmp::Reverse(team.created));
    found.retain(|team| {
        until.is_none_or(|until| ms(team.created) < until)
            && since.is_none_or(|since| ms(team.created) > since)
    });
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|team| ms(team.created));
    let prev = found.first().map(|team| ms(team.created));
    let bodies: Vec<Value> = found.iter().map(|team| cx.hub.team_body(team)).collect();
    Ok(ok(json!({
        "pagination": { "count": bodies.len(), "next": next, "prev": prev },
        "teams": bodies,
    })))
}

pub fn team(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let hub = &cx.hub;
    let found = hub.teams().find(|team| team.id == key || team.slug == key);
    let team = found.ok_or_else(unauthorized)?;
    let mut body = hub.team_body(team);
    if !hub.spec().odd.plan_hidden {
        body["billing"] = json!({ "plan": team.plan.as_str(), "status": "active" });
    }
    Ok(ok(body))
}

impl Vercel {
    fn team_body(&self, team: &Team) -> Value {
        let user = &self.accounts.user_id;
        json!({
            "id": team.id,
            "slug": team.slug,
            "name": team.name,
            "avatar": null,
            "creatorId": user,
            "createdAt": ms(team.created),
            "updatedAt": ms(team.created),
            "description": null,
            "stagingPrefix": team.slug,
            "sensitiveEnvironmentVariablePolicy": team.sensitive_variables,
            "resourceConfig": { "concurrentBuilds": team.plan.builds() },
            "membership": {
                "uid": user,
                "teamId": team.id,
                "confirmed": true,
                "role": team.role.as_str(),
                "created": ms(team.created),
                "createdAt": ms(team.created),
            },
        })
    }
}

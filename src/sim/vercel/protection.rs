//! Deployment protection: which addresses ask for a login, and the secrets that let automation past it.

use serde_json::{Value, json};

use super::state::{Deployment, Project};
use super::wire::{Outcome, Reply, invalid, ms, not_found, ok, refuse};
use super::{Cx, Vercel, wire};

/// How an address leads to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name of the project's own.
    Custom,
    /// The project's or a branch's name below `vercel.app`.
    Named,
    /// The one that the deployment alone has.
    Generated,
}

/// Whether an address asks its visitors to log in.
pub fn protects(project: &Project, one: &Deployment, address: Address) -> bool {
    let setting = project.settings.get("ssoProtection");
    let kind = setting.and_then(|setting| setting["deploymentType"].as_str());
    match kind {
        None => false,
        Some("preview") => !one.production,
        Some("prod_deployment_urls_and_all_previews") => {
            !one.production || address == Address::Generated
        }
        Some("all_except_custom_domains") => !(one.production && address == Address::Custom),
        Some(_) => true,
    }
}

/// Makes or takes back a secret. The reply names all that there are, each as a key.
pub fn bypass(cx: &mut Cx<'_>, key: &str) -> Outcome {
    let scope = cx.scope()?;
    scope.changes_projects()?;
    let project = cx.project(&scope, key)?;
    let Some(Value::Object(body)) = cx.request.body.clone() else {
        return Err(invalid("should be object."));
    };
    let unknown = body
        .keys()
        .find(|name| !["generate", "revoke"].contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(invalid(&format!(
            "should NOT have additional property `{name}`."
        )));
    }
    let mut add = None;
    let revoked = match body.get("revoke") {
        None => None,
        Some(revoke) => Some(revoked(&project, revoke)?),
    };
    if let Some((_, true)) = &revoked {
        add = Some(fresh(cx));
    }
    if let Some(generate) = body.get("generate") {
        add = Some(match generate.get("secret") {
            None => fresh(cx),
            Some(secret) => chosen(&project, secret)?,
        });
    }
    let at = cx.now();
    cx.hub.touch(at, &project.id, |project| {
        if let Some((secret, _)) = &revoked {
            project.bypasses.remove(secret);
        }
        if let Some(secret) = add {
            project.bypasses.insert(secret, ms(at));
        }
    });
    let project = cx.project(&scope, &project.id)?;
    let all = cx.hub.bypasses_body(&project);
    Ok(ok(json!({ "protectionBypass": all })))
}

fn revoked(project: &Project, revoke: &Value) -> Result<(String, bool), Box<Reply>> {
    let (Some(secret), Some(again)) = (revoke["secret"].as_str(), revoke["regenerate"].as_bool())
    else {
        return Err(invalid(
            "`revoke` missing required property `secret` or `regenerate`.",
        ));
    };
    match project.bypasses.contains_key(secret) {
        true => Ok((secret.to_owned(), again)),
        false => Err(not_found("protection bypass")),
    }
}

fn chosen(project: &Project, secret: &Value) -> Result<String, Box<Reply>> {
    let fits =
        |secret: &&str| secret.len() == 32 && secret.chars().all(|c| c.is_ascii_alphanumeric());
    let Some(secret) = secret.as_str().filter(fits) else {
        return Err(invalid(
            "`generate.secret` should be 32 letters and digits.",
        ));
    };
    match project.bypasses.contains_key(secret) {
        false => Ok(secret.to_owned()),
        true => Err(refuse(409, "conflict", "The secret is already in use.")),
    }
}

fn fresh(cx: &mut Cx<'_>) -> String {
    cx.hub.next += 1;
    wire::id(cx.hub.seed, "", &format!("bypass {}", cx.hub.next), 32)
}

impl Vercel {
    pub fn bypasses_body(&self, project: &Project) -> Value {
        let all = project.bypasses.iter().map(|(secret, created)| {
            let about = json!({
                "createdAt": created, "createdBy": self.accounts.user_id, "scope": "automation-bypass",
            });
            (secret.clone(), about)
        });
        Value::Object(all.collect())
    }
}

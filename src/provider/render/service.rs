//! Web services and background workers, and the addresses that they call out from.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, cidr, encoded};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// A service of any type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// `web_service`, `background_worker`, …
    #[serde(rename = "type", default)]
    pub kind: String,
    pub owner_id: Option<String>,
    /// Absent where a service runs an image.
    pub repo: Option<String>,
    pub branch: Option<String>,
    pub root_dir: Option<String>,
    /// `commit`, `checksPass` or `off`; older replies have `auto_deploy` alone.
    pub auto_deploy_trigger: Option<String>,
    /// `yes` or `no`.
    pub auto_deploy: Option<String>,
    /// `suspended` or `not_suspended`; a free service that sleeps is not suspended.
    pub suspended: Option<String>,
    pub suspenders: Option<Vec<String>>,
    pub slug: Option<String>,
    pub dashboard_url: Option<String>,
    pub service_details: Option<Details>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    pub plan: Option<String>,
    pub region: Option<String>,
    pub runtime: Option<String>,
    /// The older name of `runtime`.
    pub env: Option<String>,
    pub health_check_path: Option<String>,
    /// Of a web service: `https://…onrender.com`.
    pub url: Option<String>,
    pub env_specific_details: Option<Commands>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commands {
    pub build_command: Option<String>,
    pub start_command: Option<String>,
}

impl Service {
    fn detail<'s>(&'s self, read: impl Fn(&'s Details) -> &'s Option<String>) -> Option<&'s str> {
        read(self.service_details.as_ref()?).as_deref()
    }

    fn command<'s>(&'s self, read: impl Fn(&'s Commands) -> &'s Option<String>) -> Option<&'s str> {
        let details = self.service_details.as_ref()?;
        read(details.env_specific_details.as_ref()?).as_deref()
    }

    pub fn plan(&self) -> Option<&str> {
        self.detail(|details| &details.plan)
    }

    pub fn region(&self) -> Option<&str> {
        self.detail(|details| &details.region)
    }

    /// `node`, `docker`, …, under either of its names.
    pub fn runtime(&self) -> Option<&str> {
        self.detail(|details| &details.runtime)
            .or_else(|| self.detail(|details| &details.env))
    }

    pub fn health(&self) -> Option<&str> {
        self.detail(|details| &details.health_check_path)
    }

    pub fn url(&self) -> Option<&str> {
        self.detail(|details| &details.url)
            .filter(|url| !url.is_empty())
    }

    pub fn build(&self) -> Option<&str> {
        self.command(|commands| &commands.build_command)
    }

    pub fn start(&self) -> Option<&str> {
        self.command(|commands| &commands.start_command)
    }

    pub fn is_suspended(&self) -> bool {
        self.suspended.as_deref() == Some("suspended")
    }

    /// Pushes to its branch do not deploy it.
    pub fn is_deployed_by_hand(&self) -> bool {
        match (&self.auto_deploy_trigger, &self.auto_deploy) {
            (Some(trigger), _) => trigger == "off",
            (None, auto) => auto.as_deref() == Some("no"),
        }
    }
}

/// Two spellings of a repository's address: `https://github.com/acme/shop.git`, `git@github.com:acme/shop`.
pub fn same_repository(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().to_lowercase();
        let text = text.split_once("://").map_or(&*text, |(_, rest)| rest);
        let text = text.split_once('@').map_or(text, |(_, rest)| rest);
        let text = text.trim_end_matches('/');
        let text = text.strip_suffix(".git").unwrap_or(text);
        text.replacen(':', "/", 1)
    };
    bare(one) == bare(other)
}

/// A service to be made, without variables: those come with the environment's group.
#[derive(Clone, Debug)]
pub struct NewService<'s> {
    /// `web_service` or `background_worker`.
    pub kind: &'s str,
    pub name: &'s str,
    pub owner: &'s str,
    /// Without a branch and without `.git`.
    pub repo: &'s str,
    pub branch: &'s str,
    pub root: &'s str,
    pub build: &'s str,
    pub start: &'s str,
    pub plan: &'s str,
    pub region: &'s str,
    /// Web services only.
    pub health: Option<&'s str>,
}

impl NewService<'_> {
    fn body(&self) -> Value {
        let mut details = json!({
            "runtime": "node",
            "region": self.region,
            "plan": self.plan,
            "numInstances": 1,
            "envSpecificDetails": { "buildCommand": self.build, "startCommand": self.start },
        });
        if let Some(health) = self.health {
            details["healthCheckPath"] = json!(health);
        }
        json!({
            "type": self.kind,
            "name": self.name,
            "ownerId": self.owner,
            "repo": self.repo,
            "branch": self.branch,
            "rootDir": self.root,
            "autoDeployTrigger": "commit",
            "serviceDetails": details,
        })
    }
}

#[derive(Deserialize)]
struct Created {
    service: Service,
}

/// Where a service's calls come from.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Outbound {
    /// `shared` with all of Render's customers of the region, or `dedicated`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    ips: Option<Vec<String>>,
}

impl Outbound {
    /// As ranges, sorted, each once. What is no address is passed over.
    pub fn ranges(&self) -> Vec<String> {
        let told = self.ips.iter().flatten();
        let ranges: BTreeSet<String> = told.filter_map(|text| cidr(text)).collect();
        ranges.into_iter().collect()
    }
}

impl Client<'_> {
    /// `GET /services` of a workspace, of one name where one is given. Render does not promise that its filters are
    /// exact, so they are applied here once more.
    pub async fn services(
        &self,
        owner: &str,
        name: Option<&str>,
    ) -> Result<Vec<Service>, CallError> {
        let mut path = format!("/services?ownerId={}&includePreviews=false", encoded(owner));
        if let Some(name) = name {
            path.push_str(&format!("&name={}", encoded(name)));
        }
        let mut list: Vec<Service> = self.list(&path, "service").await?;
        list.retain(|one| one.owner_id.as_deref().is_none_or(|own| own == owner));
        list.retain(|one| name.is_none_or(|name| one.name == name));
        Ok(list)
    }

    /// `GET /services/{id}`. 404 and 410 = gone.
    pub async fn service(&self, id: &str) -> Result<Service, CallError> {
        self.get(&format!("/services/{}", encoded(id))).await
    }

    /// `POST /services`: its first deploy starts at once. Names are unique in a workspace.
    pub async fn create_service(&self, new: &NewService<'_>) -> Result<Service, CallError> {
        let made: Created = self
            .write(Class::Unique, Method::Post, "/services", new.body())
            .await?;
        Ok(made.service)
    }

    /// `PATCH /services/{id}`: only what is sent changes, and takes effect with the next deploy.
    pub async fn patch_service(&self, id: &str, change: Value) -> Result<(), CallError> {
        let path = format!("/services/{}", encoded(id));
        self.send(Class::Natural, Method::Patch, &path, Some(change))
            .await
    }

    /// `DELETE /services/{id}`. Fine when it is gone already.
    pub async fn delete_service(&self, id: &str) -> Result<(), CallError> {
        let path = format!("/services/{}", encoded(id));
        gone(self.send(Class::Natural, Method::Delete, &path, None).await)
    }

    /// `GET /services/{id}/outbound-ips` (since September 2026). 404 = Render does not tell.
    pub async fn outbound(&self, id: &str) -> Result<Outbound, CallError> {
        self.get(&format!("/services/{}/outbound-ips", encoded(id)))
            .await
    }
}

/// A removal that finds nothing has removed it.
pub(super) fn gone(outcome: Result<(), CallError>) -> Result<(), CallError> {
    match outcome {
        Err(error) if error.is_status(404) || error.is_status(410) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_with_nulls_and_unknown_words() {
        let service: Service = serde_json::from_value(json!({
            "id": "srv-1", "name": "api", "type": "edge_function", "suspenders": null, "branch": null,
            "serviceDetails": {"env": "node", "plan": "0.7c", "url": "", "envSpecificDetails": null, "disk": {}}
        }))
        .unwrap();
        assert_eq!(service.runtime(), Some("node"));
        assert_eq!(service.plan(), Some("0.7c"));
        assert_eq!((service.url(), service.start()), (None, None));
        assert!(!service.is_suspended() && !service.is_deployed_by_hand());
    }

    #[test]
    fn one_repository_has_many_spellings() {
        let home = "https://github.com/acme/shop";
        for same in [
            "https://github.com/Acme/Shop.git",
            "http://github.com/acme/shop/",
            "git@github.com:acme/shop.git",
            "https://token@github.com/acme/shop",
        ] {
            assert!(same_repository(home, same), "{same}");
        }
        for other in [
            "https://github.com/acme/shop2",
            "https://gitlab.com/acme/shop",
        ] {
            assert!(!same_repository(home, other), "{other}");
        }
    }

    #[test]
    fn a_worker_is_made_without_a_health_path_and_without_variables() {
        let new = NewService {
            kind: "background_worker",
            name: "w",
            owner: "tea-1",
            repo: "https://github.com/acme/shop",
            branch: "main",
            root: "server",
            build: "npm ci",
            start: "npm run worker",
            plan: "starter",
            region: "frankfurt",
            health: None,
        };
        let body = new.body();
        assert_eq!(body["autoDeployTrigger"], "commit");
        assert!(body["serviceDetails"].get("healthCheckPath").is_none());
        assert!(body.get("envVars").is_none() && body.get("autoDeploy").is_none());
    }

    #[test]
    fn outbound_ranges_are_sorted_and_each_is_there_once() {
        let told = |ips: Value| -> Vec<String> {
            let outbound: Outbound =
                serde_json::from_value(json!({"type": "shared", "ips": ips})).unwrap();
            outbound.ranges()
        };
        assert_eq!(
            told(json!([
                "74.220.59.0/24",
                "74.220.51.0/24",
                "74.220.59.0/24",
                "x"
            ])),
            ["74.220.51.0/24", "74.220.59.0/24"]
        );
        assert_eq!(told(json!(["44.229.227.142"])), ["44.229.227.142/32"]);
        assert!(told(json!(null)).is_empty());
    }
}

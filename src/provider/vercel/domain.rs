//! The hosts of a project: claimed, changed, moved and verified, and the records that Vercel wants for one.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, encoded};
use crate::plan::Blocker;
use crate::provider::http::{CallError, Class, Endpoint, Refusal};
use crate::provider::verdict::Verdict;
use crate::seam::transport::Method;

/// Vercel asks there which team is meant.
const DOMAINS_PAGE: &str = "https://vercel.com/d?to=%2F%5Bteam%5D%2F~%2Fdomains";
/// How a host is redirected: for good, with method and body kept.
const FOR_GOOD: u16 = 308;

/// A host on a project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectDomain {
    pub name: String,
    /// The domain that it is a part of, as Vercel cuts it.
    pub apex_name: Option<String>,
    pub redirect: Option<String>,
    pub redirect_status_code: Option<f64>,
    pub git_branch: Option<String>,
    pub custom_environment_id: Option<String>,
    /// The team has shown that the domain is its own.
    pub verified: bool,
    verification: Option<Vec<Challenge>>,
}

/// A record by which a team shows that a domain is its own.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Challenge {
    #[serde(rename = "type")]
    pub kind: String,
    /// The record's whole name, such as `_vercel.example.com`.
    pub domain: String,
    pub value: String,
}

/// What a host serves: both absent, the project's production.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serves {
    /// A branch other than the production branch.
    pub git_branch: Option<String>,
    /// Another host, to which visitors are sent.
    pub redirect: Option<String>,
}

impl ProjectDomain {
    /// The TXT record that is wanted, while ownership is not shown.
    pub fn challenge(&self) -> Option<&Challenge> {
        let all = self.verification.iter().flatten();
        let mut texts = all.filter(|one| one.kind.eq_ignore_ascii_case("TXT"));
        texts.find(|one| !self.verified && !one.domain.is_empty() && !one.value.is_empty())
    }

    pub fn serves(&self) -> Serves {
        let told = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Serves {
            git_branch: told(&self.git_branch),
            redirect: told(&self.redirect),
        }
    }

    /// It is a domain itself and no part of one; `None` where Vercel does not say.
    pub fn is_apex(&self) -> Option<bool> {
        let apex = self.apex_name.as_ref()?;
        Some(apex.eq_ignore_ascii_case(&self.name))
    }
}

impl std::fmt::Display for Serves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.redirect, &self.git_branch) {
            (Some(to), _) => write!(f, "redirects to {to}"),
            (None, Some(branch)) => write!(f, "branch {branch}"),
            (None, None) => f.write_str("production"),
        }
    }
}

/// How Vercel sees a host's records, and which it wants. Part of it is undocumented and read where it is shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DomainConfig {
    /// `CNAME`, `A`, `http` (through a proxy), `dns-01`, or nothing while the host does not lead to Vercel.
    pub configured_by: Option<String>,
    /// Absent: not known.
    pub misconfigured: Option<bool>,
    #[serde(rename = "recommendedCNAME")]
    recommended_cname: Option<Vec<Ranked<Value>>>,
    #[serde(rename = "recommendedIPv4")]
    recommended_ipv4: Option<Vec<Ranked<Value>>>,
    conflicts: Option<Vec<Conflict>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Ranked<T> {
    rank: Option<f64>,
    value: T,
}

/// A record that stands in the way.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Conflict {
    pub name: String,
    /// `A`, `AAAA` or `CAA`.
    #[serde(rename = "type")]
    pub kind: String,
    pub value: String,
}

impl DomainConfig {
    /// The name that a CNAME of the host should hold, in lower case and without a dot at its end.
    pub fn cname(&self) -> Option<String> {
        let name = first(&self.recommended_cname)?.as_str()?;
        let name = name.trim().trim_end_matches('.').to_lowercase();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        (name.contains('.') && name.chars().all(fits)).then_some(name)
    }

    /// The address that an A record of the host should hold. One is enough where Vercel names several.
    pub fn address(&self) -> Option<Ipv4Addr> {
        let told = match first(&self.recommended_ipv4)? {
            Value::Array(list) => list.first()?.as_str()?,
            one => one.as_str()?,
        };
        told.trim().parse().ok()
    }

    pub fn conflicts(&self) -> &[Conflict] {
        self.conflicts.as_deref().unwrap_or_default()
    }
}

/// The entry of rank 1, else of the lowest rank that there is.
fn first(list: &Option<Vec<Ranked<Value>>>) -> Option<&Value> {
    let rank = |one: &&Ranked<Value>| (one.rank.unwrap_or(f64::MAX) * 1000.0) as i64;
    Some(&list.as_ref()?.iter().min_by_key(rank)?.value)
}

fn at(version: &str, project: &str, rest: &str) -> String {
    format!("/{version}/projects/{}/domains{rest}", encoded(project))
}

impl Client<'_> {
    /// `GET v9/projects/{id}/domains/{host}`. 404 `not_found` = not on this project.
    pub async fn project_domain(
        &self,
        project: &str,
        host: &str,
    ) -> Result<ProjectDomain, CallError> {
        let path = at("v9", project, &format!("/{}", encoded(host)));
        self.get(&self.scoped(&path)).await
    }

    /// `POST v10/projects/{id}/domains`. A host is on one project at a time; that it is on this one already is refused
    /// too, with no status of its own, so a look must tell.
    pub async fn add_domain(
        &self,
        project: &str,
        host: &str,
        serves: &Serves,
    ) -> Result<ProjectDomain, CallError> {
        let mut body = json!({ "name": host });
        if let Some(branch) = &serves.git_branch {
            body["gitBranch"] = json!(branch);
        }
        if let Some(to) = &serves.redirect {
            body["redirect"] = json!(to);
            body["redirectStatusCode"] = json!(FOR_GOOD);
        }
        self.write(Class::Unique, Method::Post, &at("v10", project, ""), body)
            .await
    }

    /// `PATCH v9/projects/{id}/domains/{host}`: what it serves, whole.
    pub async fn change_domain(
        &self,
        project: &str,
        host: &str,
        serves: &Serves,
    ) -> Result<ProjectDomain, CallError> {
        let path = at("v9", project, &format!("/{}", encoded(host)));
        let body = json!({
            "gitBranch": serves.git_branch,
            "redirect": serves.redirect,
            "redirectStatusCode": serves.redirect.as_ref().map(|_| FOR_GOOD),
        });
        self.write(Class::Natural, Method::Patch, &path, body).await
    }

    /// `DELETE v9/projects/{id}/domains/{host}`. One that is gone already is gone.
    pub async fn remove_domain(&self, project: &str, host: &str) -> Result<(), CallError> {
        let path = at("v9", project, &format!("/{}", encoded(host)));
        match self.send(Class::Unique, Method::Delete, &path).await {
            Err(error) if error.is_status(404) => Ok(()),
            other => other,
        }
    }

    /// `POST v1/projects/{id}/domains/{host}/move`: to another project of the team.
    pub async fn move_domain(
        &self,
        project: &str,
        host: &str,
        to: &str,
    ) -> Result<ProjectDomain, CallError> {
        let path = at("v1", project, &format!("/{}/move", encoded(host)));
        let body = json!({ "projectId": to });
        self.write(Class::Unique, Method::Post, &path, body).await
    }

    /// `POST v9/projects/{id}/domains/{host}/verify`: Vercel looks for the TXT record at once. 400 `missing_txt_record`
    /// = not there yet.
    pub async fn verify_domain(
        &self,
        project: &str,
        host: &str,
    ) -> Result<ProjectDomain, CallError> {
        let path = at("v9", project, &format!("/{}/verify", encoded(host)));
        let path = self.scoped(&path);
        self.http
            .json(Endpoint {
                class: Class::Natural,
                method: Method::Post,
                path: &path,
                body: None,
                media: None,
            })
            .await
    }

    /// `GET v6/domains/{host}/config` for that project: without it, and before the host is on it, Vercel gives values
    /// that are not the project's own.
    pub async fn domain_config(
        &self,
        project: &str,
        host: &str,
    ) -> Result<DomainConfig, CallError> {
        let path = format!(
            "/v6/domains/{}/config?projectIdOrName={}",
            encoded(host),
            encoded(project)
        );
        self.get(&self.scoped(&path)).await
    }
}

/// What a refusal about a host means; `None` where it is about something else.
pub(super) fn verdict(refusal: &Refusal, what: &str) -> Option<Verdict> {
    if !refusal.call.path.contains("/domains") {
        return None;
    }
    let message = &refusal.message;
    let code = refusal.code.as_deref().unwrap_or_default();
    let by_hand = |what: String| {
        Some(Verdict::Blocked(Blocker::ByHand {
            what,
            url: Some(DOMAINS_PAGE.into()),
            paste: vec![],
        }))
    };
    match refusal.status {
        400 if code == "missing_txt_record" || refusal.says("required TXT record") => {
            Some(Verdict::Race)
        }
        400 if refusal.says("production deployment") => by_hand(format!(
            "mend the project's latest production deployment: Vercel adds no host while it has failed ({message}), to {what}"
        )),
        400 | 409 if is_taken(refusal, code) => by_hand(format!(
            "free the host: it is on another Vercel project{} ({message}), to {what}",
            match refusal.fields.get("projectId") {
                Some(id) => format!(", {id}"),
                None => String::new(),
            }
        )),
        403 if code != "team_unauthorized"
            && (refusal.fields.contains_key("domain") || refusal.says("domain")) =>
        {
            by_hand(format!(
                "free the domain{}: another account or team at Vercel has it ({message}). Remove it there, or let that team \
                 give this one access, to {what}",
                match refusal.fields.get("domain") {
                    Some(domain) => format!(" {domain}"),
                    None => String::new(),
                }
            ))
        }
        409 if !refusal.says("transfer") => by_hand(format!(
            "settle at Vercel what stands in the way ({message}), to {what}"
        )),
        _ => None,
    }
}

fn is_taken(refusal: &Refusal, code: &str) -> bool {
    matches!(code, "domain_already_in_use" | "existing_project_domain")
        || refusal.says("another project")
        || refusal.says("another vercel project")
        || refusal.says("already in use")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::vercel::refusal::tests::refused_at;

    fn config(value: Value) -> DomainConfig {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_best_ranked_record_is_taken_without_its_dot() {
        let told = config(json!({
            "configuredBy": null, "misconfigured": true, "acceptedChallenges": [],
            "recommendedCNAME": [
                {"rank": 2, "value": "cname.vercel-dns.com."},
                {"rank": 1, "value": "D1d4fc829fe7bc7c.vercel-dns-017.com."}
            ],
            "recommendedIPv4": [
                {"rank": 2, "value": ["76.76.21.21"]},
                {"rank": 1, "value": ["216.198.79.1", "64.29.17.1"]}
            ]
        }));
        assert_eq!(
            told.cname().as_deref(),
            Some("d1d4fc829fe7bc7c.vercel-dns-017.com")
        );
        assert_eq!(told.address(), Some(Ipv4Addr::new(216, 198, 79, 1)));
        assert!(told.conflicts().is_empty());
    }

    #[test]
    fn what_is_no_name_and_no_address_is_never_handed_on() {
        for value in [
            json!({}),
            json!({"recommendedCNAME": null, "recommendedIPv4": []}),
            json!({
                "recommendedCNAME": [{"rank": 1, "value": "a b\u{1b}.com"}],
                "recommendedIPv4": [{"rank": 1, "value": ["::1"]}]
            }),
            json!({
                "recommendedCNAME": [{"rank": 1, "value": ["x.com"]}],
                "recommendedIPv4": [{"rank": 1, "value": []}]
            }),
        ] {
            let told = config(value);
            assert_eq!((told.cname(), told.address()), (None, None));
        }
    }

    #[test]
    fn a_proof_is_wanted_only_while_ownership_is_not_shown() {
        let domain = |verified: bool| -> ProjectDomain {
            serde_json::from_value(json!({
                "name": "www.acme.test", "apexName": "acme.test", "projectId": "prj_1", "verified": verified,
                "redirect": null, "gitBranch": null, "verification": [{
                    "type": "TXT", "domain": "_vercel.acme.test", "value": "vc-domain-verify=www.acme.test,1a",
                    "reason": "pending_domain_verification"
                }]
            }))
            .unwrap()
        };
        let wanted = domain(false);
        assert_eq!(wanted.challenge().unwrap().domain, "_vercel.acme.test");
        assert_eq!(domain(true).challenge(), None);
        assert_eq!(
            (wanted.is_apex(), wanted.serves()),
            (Some(false), Serves::default())
        );
    }

    #[test]
    fn every_refusal_of_a_host_has_its_sentence() {
        let told = |status, code, fields: &[(&str, &str)], message| {
            let error = refused_at("/v10/projects/prj_1/domains", status, code, fields, message);
            match crate::provider::vercel::verdict(&error, "add it") {
                Verdict::Blocked(blocker) => blocker.sentence(),
                Verdict::Race => "race".into(),
                Verdict::TokenRefused => "token".into(),
                Verdict::Plain => "plain".into(),
            }
        };
        let other = told(
            409,
            "domain_already_in_use",
            &[("projectId", "prj_9")],
            "Cannot add www.acme.test since it's already in use by another project.",
        );
        assert!(other.contains("on another Vercel project, prj_9 (Cannot add"));
        let seen = "Cannot add www.acme.test since it's already assigned to another project";
        assert!(told(400, "bad_request", &[], seen).contains("free the host"));
        let failed = "The domain can not be added because the latest production deployment for the project was not successful";
        assert!(told(400, "x", &[], failed).contains("mend the project's latest production"));
        let account = told(
            403,
            "forbidden",
            &[("domain", "acme.test")],
            "Not authorized",
        );
        assert!(account.contains("free the domain acme.test: another account or team"));
        assert_eq!(
            told(403, "forbidden", &[("invalidToken", "true")], "Not"),
            "token"
        );
        assert!(told(403, "team_unauthorized", &[], "x").contains("includes the team"));
        assert_eq!(told(400, "missing_txt_record", &[], "x"), "race");
        let unverified =
            "Cannot create project domain since owner already has `x` on their account";
        assert!(told(409, "x", &[], unverified).contains("settle at Vercel"));
        assert_eq!(
            told(400, "bad_request", &[], "The domain is not valid"),
            "plain"
        );
    }
}

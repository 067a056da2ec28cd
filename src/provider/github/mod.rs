//! GitHub's REST API, one method per endpoint used. Facts: API version 2022-11-28.
//!
//! Wire structs are tolerant: what may be absent is an `Option`, unknown fields are passed over, and words such as
//! states stay text, so that a new word is never an error.

mod account;
mod branch;
mod check;
mod content;
mod issue;
mod manners;
mod protection;
mod pull;
mod refusal;
mod rule;
mod token;
mod tree;

pub use account::{Owner, Permissions, Plan, Repository, TokenFacts, User};
pub use branch::{
    Branch, CarriedCommit, ChangedFile, CommitAuthor, CommitText, Comparison, Head, Parent, Sha,
};
pub use check::{ActionsRun, CheckRun, CombinedStatus, Status};
pub use content::{Author, File, blob_sha};
pub use issue::Issue;
pub use manners::Manners;
pub use protection::{Classic, Enabled, RequiredChecks, RequiredReviews, merged_classic};
pub use pull::{Login, Merged, Pull, PullEnd, Review};
pub use refusal::{accepted_permissions, forbidden, needs_plan, sso_page, verdict};
pub use rule::{ActiveRule, RulesetName, rule_named};
pub use token::{TokenKind, check_github, simulated_provider};
pub use tree::Entry;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http::{CallError, Class, Endpoint, Http, encoded, endless, reading};
use crate::seam::transport::{HttpResponse, Method};

/// A list of more pages than this is a loop or a repository golive was not made for: 50 pages are 5,000 things.
const PAGES_MAX: usize = 50;

/// Speaks to one repository.
pub struct Client<'a> {
    pub http: Http<'a>,
    pub owner: String,
    pub repository: String,
    /// As its prefix tells; `None` when nobody looked.
    pub token_kind: Option<TokenKind>,
}

impl<'a> Client<'a> {
    pub fn new(http: Http<'a>, owner: impl Into<String>, repository: impl Into<String>) -> Self {
        Self {
            http,
            owner: owner.into(),
            repository: repository.into(),
            token_kind: None,
        }
    }

    /// The same client, its token told by its kind.
    pub fn with_token_kind(mut self, kind: Option<TokenKind>) -> Self {
        self.token_kind = kind;
        self
    }

    /// `owner/repository`, as the operator writes it.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.repository)
    }

    /// The repository's page for a person; pages of it are found by adding a path. An Enterprise server has its API
    /// under `/api/v3` of the same host; everything else that answers as GitHub's API stands for github.com.
    pub fn page(&self) -> String {
        let site = self
            .http
            .base()
            .strip_suffix("/api/v3")
            .unwrap_or("https://github.com");
        format!("{site}/{}", self.full_name())
    }

    /// A path below the repository.
    fn at(&self, rest: &str) -> String {
        format!(
            "/repos/{}/{}{rest}",
            encoded(&self.owner),
            encoded(&self.repository)
        )
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.http.json(reading(path)).await
    }

    /// Writes, and reads the reply.
    async fn write<T: DeserializeOwned>(
        &self,
        class: Class,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<T, CallError> {
        self.http
            .json(Endpoint {
                class,
                method,
                path,
                body: Some(body),
                media: None,
            })
            .await
    }

    /// Writes where the reply says nothing more.
    async fn send(
        &self,
        class: Class,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(), CallError> {
        self.http
            .done(Endpoint {
                class,
                method,
                path,
                body,
                media: None,
            })
            .await
    }

    /// All pages of a list. `Link: rel="next"` is followed as given, as long as it stays with the same server; a page
    /// that comes round again, or too many of them, is an error and never a shorter list.
    async fn pages<P: DeserializeOwned>(&self, path: &str) -> Result<Vec<P>, CallError> {
        let mut pages = Vec::new();
        let mut been = BTreeSet::new();
        let mut next = Some(path.to_string());
        while let Some(path) = next {
            if pages.len() >= PAGES_MAX {
                return Err(endless(&path, format!("more than {PAGES_MAX} pages")));
            }
            let (page, response) = self.http.json_with_headers(reading(&path)).await?;
            pages.push(page);
            next = match next_link(&response) {
                None => None,
                Some(link) => match self.http.same_origin(&path, &link) {
                    None => return Err(endless(&path, "its next page is elsewhere".into())),
                    Some(link) => Some(link),
                },
            };
            been.insert(path);
            if let Some(again) = next.as_ref().filter(|next| been.contains(*next)) {
                return Err(endless(again, "its pages go round in a circle".into()));
            }
        }
        Ok(pages)
    }

    /// All items of a list that is a bare array.
    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, CallError> {
        let pages: Vec<Vec<T>> = self.pages(path).await?;
        Ok(pages.into_iter().flatten().collect())
    }
}

/// The address of the next page, from a `Link` header such as `<https://…>; rel="next", <https://…>; rel="last"`.
fn next_link(response: &HttpResponse) -> Option<String> {
    response.header("link")?.split(',').find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        let next = parameters.split(';').any(|parameter| {
            let parameter = parameter.trim().replace('"', "");
            parameter
                .strip_prefix("rel=")
                .is_some_and(|words| words.split(' ').any(|word| word == "next"))
        });
        next.then(|| target.trim().trim_start_matches('<').to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_in_names_are_encoded() {
        assert_eq!(encoded("feature/dynamic cors"), "feature%2Fdynamic%20cors");
        assert_eq!(encoded("v1.0-rc_1~x"), "v1.0-rc_1~x");
    }

    #[test]
    fn the_next_page_is_read_from_the_link_header() {
        let reply = |link: &str| HttpResponse {
            status: 200,
            headers: vec![("link".into(), link.into())],
            body: vec![],
        };
        let both = r#"<https://api.github.com/x?page=1>; rel="prev", <https://api.github.com/x?page=3>; rel="next""#;
        assert_eq!(
            next_link(&reply(both)).as_deref(),
            Some("https://api.github.com/x?page=3")
        );
        assert_eq!(
            next_link(&reply(r#"<https://a/x>; title="t"; rel=next"#)).as_deref(),
            Some("https://a/x")
        );
        assert_eq!(next_link(&reply(r#"<https://a/x>; rel="last""#)), None);
        assert_eq!(next_link(&reply("nonsense")), None);
    }
}

//! The addresses that the databases of a project let in. Not the list that the API itself is used from.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Call, Client, V2023, at, encoded, gone};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;

/// An entry. A single address has both fields, and a range only `cidrBlock`; a security group of AWS has neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub cidr_block: Option<String>,
    pub ip_address: Option<String>,
    pub comment: Option<String>,
    /// When Atlas removes it by itself.
    pub delete_after_date: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(rename = "STATUS", alias = "status")]
    status: Option<String>,
}

impl Entry {
    /// Range or address, as Atlas tells it.
    pub fn value(&self) -> Option<&str> {
        self.cidr_block.as_deref().or(self.ip_address.as_deref())
    }

    pub fn until(&self) -> Option<Timestamp> {
        self.delete_after_date.as_deref()?.parse().ok()
    }
}

impl Client<'_> {
    /// `GET /groups/{g}/accessList`.
    pub async fn access_list(&self, group: &str) -> Result<Vec<Entry>, CallError> {
        self.list(&at(group, "/accessList"), V2023).await
    }

    /// `POST /groups/{g}/accessList`, all in one call: Atlas takes no two of them at a time. An entry that is there
    /// already is left as it is, so the call may be repeated; its 500s are known to pass.
    pub async fn let_in(
        &self,
        group: &str,
        ranges: &[String],
        comment: &str,
        until: Option<Timestamp>,
    ) -> Result<(), CallError> {
        let entry = |range: &String| {
            let mut entry = json!({"cidrBlock": range, "comment": comment});
            if let Some(until) = until {
                let seconds = until.strftime("%Y-%m-%dT%H:%M:%SZ");
                entry["deleteAfterDate"] = json!(seconds.to_string());
            }
            entry
        };
        let body: Vec<_> = ranges.iter().map(entry).collect();
        self.done(&Call {
            class: Class::Natural,
            method: Method::Post,
            path: &at(group, "/accessList"),
            media: V2023,
            body: Some(json!(body)),
        })
        .await
    }

    /// `GET /groups/{g}/accessList/{range}/status`: `PENDING`, `ACTIVE` or `FAILED`. An entry just made may not be
    /// found for a while, which is `PENDING` too.
    pub async fn entry_status(&self, group: &str, range: &str) -> Result<String, CallError> {
        let path = at(group, &format!("/accessList/{}/status", encoded(range)));
        match self.get::<Status>(&path, V2023).await {
            Ok(status) => Ok(status.status.unwrap_or_else(|| "not told".into())),
            Err(error) if error.is_status(404) => Ok("PENDING".into()),
            Err(error) => Err(error),
        }
    }

    /// `DELETE /groups/{g}/accessList/{range}`.
    pub async fn shut_out(&self, group: &str, range: &str) -> Result<(), CallError> {
        gone(
            self.done(&Call {
                class: Class::Natural,
                method: Method::Delete,
                path: &at(group, &format!("/accessList/{}", encoded(range))),
                media: V2023,
                body: None,
            })
            .await,
        )
    }
}

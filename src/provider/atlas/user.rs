//! Database users: whom the databases of a project let in, and what each may do.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Client, V2023, at, encoded, gone};
use crate::provider::http::{CallError, Class};
use crate::seam::transport::Method;
use crate::secret::Secret;

/// The database that passwords are checked against; what a user may do elsewhere stands in the roles.
const AUTH: &str = "admin";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseUser {
    pub username: String,
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Empty: every cluster of the project.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    #[serde(default)]
    pub labels: Vec<Label>,
}

/// A role as it is read and sent back whole: what is left out would be lost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    pub role_name: String,
    pub database_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Scope {
    pub name: String,
    /// `CLUSTER`, `DATA_LAKE` or `STREAM`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Kept with a user, and not shown on Atlas' pages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Label {
    pub key: String,
    pub value: String,
}

/// What a new user is made with.
#[derive(Clone, Debug)]
pub struct NewUser<'n> {
    pub name: &'n str,
    pub password: &'n Secret,
    pub roles: &'n [Role],
    pub scopes: &'n [Scope],
    pub labels: &'n [Label],
}

impl Role {
    pub fn new(role: &str, database: &str) -> Role {
        Role {
            role_name: role.into(),
            database_name: database.into(),
            collection_name: None,
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.role_name, self.database_name)?;
        match &self.collection_name {
            Some(collection) => write!(f, ".{collection}"),
            None => Ok(()),
        }
    }
}

impl Scope {
    pub fn cluster(name: &str) -> Scope {
        Scope {
            name: name.into(),
            kind: "CLUSTER".into(),
        }
    }
}

fn one(group: &str, name: &str) -> String {
    at(group, &format!("/databaseUsers/{AUTH}/{}", encoded(name)))
}

impl Client<'_> {
    /// `GET /groups/{g}/databaseUsers/admin/{name}`. The password never comes back.
    pub async fn database_user(&self, group: &str, name: &str) -> Result<DatabaseUser, CallError> {
        self.get(&one(group, name), V2023).await
    }

    /// `POST /groups/{g}/databaseUsers`.
    pub async fn create_user(&self, group: &str, new: &NewUser<'_>) -> Result<(), CallError> {
        let body = json!({
            "databaseName": AUTH, "username": new.name, "groupId": group, "password": new.password.expose(),
            "roles": new.roles, "scopes": new.scopes, "labels": new.labels,
        });
        self.done(&Call {
            class: Class::Unique,
            method: Method::Post,
            path: &at(group, "/databaseUsers"),
            media: V2023,
            body: Some(body),
        })
        .await
    }

    /// `PATCH …/databaseUsers/admin/{name}`: Atlas replaces the whole list of roles, and of scopes where they are sent.
    /// Answers with the user as it is then.
    pub async fn set_roles(
        &self,
        group: &str,
        name: &str,
        roles: &[Role],
        scopes: Option<&[Scope]>,
    ) -> Result<DatabaseUser, CallError> {
        let mut body = named(group, name);
        body["roles"] = json!(roles);
        if let Some(scopes) = scopes {
            body["scopes"] = json!(scopes);
        }
        self.call(&patch(&one(group, name), body)).await
    }

    /// The same call with a new password alone: roles and scopes stay.
    pub async fn set_password(
        &self,
        group: &str,
        name: &str,
        password: &Secret,
    ) -> Result<(), CallError> {
        let mut body = named(group, name);
        body["password"] = json!(password.expose());
        self.done(&patch(&one(group, name), body)).await
    }

    /// `DELETE …/databaseUsers/admin/{name}`.
    pub async fn delete_user(&self, group: &str, name: &str) -> Result<(), CallError> {
        gone(
            self.done(&Call {
                class: Class::Natural,
                method: Method::Delete,
                path: &one(group, name),
                media: V2023,
                body: None,
            })
            .await,
        )
    }
}

fn named(group: &str, name: &str) -> Value {
    json!({"databaseName": AUTH, "username": name, "groupId": group})
}

fn patch(path: &str, body: Value) -> Call<'_> {
    Call {
        class: Class::Natural,
        method: Method::Patch,
        path,
        media: V2023,
        body: Some(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_goes_back_as_it_came() {
        let text = r#"{"roleName":"read","databaseName":"shop","collectionName":"orders"}"#;
        let role: Role = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&role).unwrap(), text);
        assert_eq!(role.to_string(), "read on shop.orders");
        let plain = serde_json::to_string(&Role::new("readWrite", "shop")).unwrap();
        assert!(!plain.contains("collectionName"));
    }
}

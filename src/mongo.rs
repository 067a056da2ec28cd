//! The product's databases for real: MongoDB's own driver.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use mongodb::bson::{Bson, Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{ClientOptions, Credential};

use crate::seam::documents::{Documents, Door, Login, Rights};
use crate::secret::Secret;
use crate::text::strip_controls;

/// A server that has not answered by then is not reached: Atlas drops what its access list does not let in, without a word.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// MongoDB's code for a user or password that is not right.
const AUTHENTICATION_FAILED: i32 = 18;
/// Atlas' own code for the same, and for what its front end refuses.
const ATLAS_ERROR: i32 = 8000;
/// The database that passwords are checked against.
const AUTH: &str = "admin";
/// What a user must be allowed to do in a database to write in it.
const WRITES: [&str; 4] = ["find", "insert", "update", "remove"];
/// Longest cause that is told.
const CAUSE_MAX: usize = 300;

/// Logs in by MongoDB's driver.
#[derive(Clone, Debug, Default)]
pub struct Driver {
    reach: Reach,
}

/// Where logins go.
#[derive(Clone, Debug, Default)]
enum Reach {
    /// To the host that is named, by `mongodb+srv://`.
    #[default]
    Named,
    /// To this scheme with host and port, whatever is named.
    Instead(String),
    /// Nowhere: there are no databases, and nothing is sent.
    Nowhere,
}

impl Driver {
    /// `instead` is a scheme with host and port that every login goes to, such as `mongodb://127.0.0.1:27017`; `None`
    /// goes to the host that is named.
    pub fn new(instead: Option<String>) -> Self {
        Self {
            reach: instead.map_or(Reach::Named, Reach::Instead),
        }
    }

    /// For a simulated world without databases: its passwords never leave for a host of the same name out there.
    pub fn nowhere() -> Self {
        Self {
            reach: Reach::Nowhere,
        }
    }

    /// The address without user and password: the driver is handed those apart, so nothing needs encoding.
    fn address(&self, door: &Door) -> String {
        let start = match &self.reach {
            Reach::Instead(instead) => instead.trim_end_matches('/').to_string(),
            Reach::Named | Reach::Nowhere => format!("mongodb+srv://{}", door.host),
        };
        let joint = if door.options.is_empty() { "" } else { "?" };
        format!("{start}/{}{joint}{}", door.database, door.options)
    }

    async fn try_login(&self, door: &Door, password: &Secret) -> Result<Rights, Error> {
        let mut options = ClientOptions::parse(self.address(door)).await?;
        options.app_name = Some("golive".into());
        options.server_selection_timeout = Some(ANSWER_MAX);
        options.connect_timeout = Some(ANSWER_MAX);
        options.credential = Some(
            Credential::builder()
                .username(door.user.clone())
                .password(password.expose().to_string())
                .source(AUTH.to_string())
                .build(),
        );
        let client = mongodb::Client::with_options(options)?;
        let rights = rights(&client).await;
        client.shutdown().await;
        rights
    }
}

impl Documents for Driver {
    fn login<'a>(&'a self, door: &'a Door, password: &'a Secret) -> BoxFuture<'a, Login> {
        async move {
            if let Reach::Nowhere = self.reach {
                return Login::Nowhere(
                    "the simulated world has no databases; GOLIVE_MONGODB names a server that stands for them".into(),
                );
            }
            match self.try_login(door, password).await {
                Ok(rights) => Login::In(rights),
                Err(error) if is_refusal(&error) => Login::Refused(cause(&error)),
                Err(error) => Login::NoAnswer(cause(&error)),
            }
        }
        .boxed()
    }
}

/// A ping, which only gets through after the login, and then what the server says about the user.
async fn rights(client: &mongodb::Client) -> Result<Rights, Error> {
    let database = client.database(AUTH);
    database.run_command(doc! {"ping": 1}).await?;
    let whole = doc! {"connectionStatus": 1, "showPrivileges": true};
    match database.run_command(whole).await {
        Ok(status) => Ok(rights_in(&status)),
        // Some front ends know the command and not the option: then the roles alone tell.
        Err(error) if matches!(*error.kind, ErrorKind::Command(_)) && !is_refusal(&error) => {
            let status = database.run_command(doc! {"connectionStatus": 1}).await?;
            Ok(rights_in(&status))
        }
        Err(error) => Err(error),
    }
}

/// Reads a reply of `connectionStatus`.
fn rights_in(status: &Document) -> Rights {
    let Ok(info) = status.get_document("authInfo") else {
        return Rights::default();
    };
    let list = |name: &str| {
        let list = info.get_array(name).ok();
        let documents = list.into_iter().flatten().filter_map(Bson::as_document);
        documents.collect::<Vec<_>>()
    };
    let roles: BTreeSet<(String, String)> = list("authenticatedUserRoles")
        .iter()
        .filter_map(|role| {
            let text = |name| role.get_str(name).ok().map(str::to_string);
            Some((text("role")?, text("db")?))
        })
        .collect();
    let by_role = roles
        .iter()
        .filter_map(|(role, database)| match role.as_str() {
            "readWrite" | "dbOwner" => Some(database.clone()),
            "readWriteAnyDatabase" | "atlasAdmin" | "root" => Some("*".into()),
            _ => None,
        });
    let by_privilege = list("authenticatedUserPrivileges");
    let by_privilege = by_privilege
        .iter()
        .filter_map(|privilege| writable(privilege));
    let writable = by_role.chain(by_privilege).collect();
    Rights { roles, writable }
}

/// The database that a privilege lets its user write in, in every collection; `*` for all databases.
fn writable(privilege: &Document) -> Option<String> {
    let actions = privilege.get_array("actions").ok()?;
    let may = |action: &&str| actions.iter().any(|own| own.as_str() == Some(action));
    if !WRITES.iter().all(may) {
        return None;
    }
    let resource = privilege.get_document("resource").ok()?;
    if resource.get_bool("anyResource").unwrap_or(false) {
        return Some("*".into());
    }
    let every_collection = resource.get_str("collection").ok()?.is_empty();
    let database = resource.get_str("db").ok()?;
    every_collection.then(|| match database {
        "" => "*".into(),
        database => database.into(),
    })
}

/// The server answered, and did not take user or password.
fn is_refusal(error: &Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Authentication { .. } => true,
        ErrorKind::Command(command) => {
            matches!(command.code, AUTHENTICATION_FAILED | ATLAS_ERROR)
        }
        _ => false,
    }
}

/// The driver's words, cut where they go on about every server it knows.
fn cause(error: &Error) -> String {
    let text = match error.kind.as_ref() {
        ErrorKind::Authentication { message, .. } => message.clone(),
        ErrorKind::ServerSelection { message, .. } => {
            let first = message.split("Topology:").next().unwrap_or(message);
            first.trim().to_string()
        }
        ErrorKind::Command(command) => command.message.clone(),
        other => other.to_string(),
    };
    strip_controls(&text).chars().take(CAUSE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door() -> Door {
        Door {
            host: "prod.la2zqd.mongodb.net".into(),
            user: "u".into(),
            database: "bondigoo-prod".into(),
            options: "retryWrites=true&w=majority".into(),
        }
    }

    #[test]
    fn the_address_names_no_user() {
        assert_eq!(
            Driver::default().address(&door()),
            "mongodb+srv://prod.la2zqd.mongodb.net/bondigoo-prod?retryWrites=true&w=majority"
        );
        let local = Driver::new(Some("mongodb://127.0.0.1:27017/".into()));
        let plain = Door {
            options: String::new(),
            ..door()
        };
        assert_eq!(
            local.address(&plain),
            "mongodb://127.0.0.1:27017/bondigoo-prod"
        );
    }

    #[test]
    fn rights_are_read_from_privileges_and_from_roles() {
        let all = vec!["find", "insert", "update", "remove", "listIndexes"];
        let status = doc! {"authInfo": {
            "authenticatedUserRoles": [
                {"role": "readWrite", "db": "staging"}, {"role": "read", "db": "dev"}, {"role": "shopkeeper", "db": "admin"}
            ],
            "authenticatedUserPrivileges": [
                {"resource": {"db": "shop", "collection": ""}, "actions": all.clone()},
                {"resource": {"db": "till", "collection": "orders"}, "actions": all.clone()},
                {"resource": {"db": "dev", "collection": ""}, "actions": ["find"]},
                {"resource": {"cluster": true}, "actions": ["ping"]},
            ],
        }};
        let rights = rights_in(&status);
        assert_eq!(Vec::from_iter(&rights.writable), ["shop", "staging"]);
        assert!(rights.roles.contains(&("read".into(), "dev".into())));
        let any = doc! {"resource": {"db": "", "collection": ""}, "actions": all};
        assert_eq!(writable(&any).as_deref(), Some("*"));
        assert_eq!(rights_in(&doc! {"ok": 1}), Rights::default());
    }
}

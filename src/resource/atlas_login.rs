//! The password of a database user that exists, proved by a login.

use std::time::Duration;

use super::access_list::{Cidr, List, Place, Project, day, group_of, project_page};
use super::atlas_here::address;
use super::atlas_roles::not_carried;
use super::atlas_user::new_password;
use super::{Applied, Cx, Known, Look, Resource, absent_on_404};
use crate::plan::{
    Blocker, Change, Choice, Evidence, ItemId, Observed, Output, Outputs, Plan, Row, Sign, Undo,
    Wait,
};
use crate::provider::atlas::{AnyCluster, Client};
use crate::provider::http::CallError;
use crate::seam::documents::{Door, Login, Rights};
use crate::secret::{Secret, SecretName};

/// An entry that is active may take a moment to reach every node, as may a cluster's name.
const LOOK_EVERY: Duration = Duration::from_secs(15);
const REACHED_MAX: Duration = Duration::from_secs(3 * 60);
/// Shorter ones are let in, and Atlas would take none of them anew.
const PASSWORD_MIN: usize = 8;

/// The password of a database user that exists, proved by a login.
#[derive(Clone, Debug)]
pub struct AtlasLogin {
    pub cluster: String,
    pub cluster_name: String,
    pub expected_host: String,
    pub name: String,
    /// The databases it must be able to write in, with the roles that stand for that.
    pub roles: Vec<(String, String)>,
    pub options: String,
    pub slot: SecretName,
    /// The item that puts this machine's address on the access list.
    pub here: ItemId,
}

pub struct Seen {
    /// What is kept, without its value: characters, and whether an address must encode some of them.
    kept: Option<(usize, bool)>,
    cluster: Observed<AnyCluster>,
    tried: Tried,
    /// Tells one refused password from the next.
    fingerprint: Option<String>,
    group: String,
    today: String,
    /// The day of the last login with this very password.
    let_in_before: Option<String>,
}

enum Tried {
    /// There was nothing to try it with, or nowhere.
    Not,
    Login(Login),
    /// The server did not take it; how far Atlas is with carrying its users to the nodes.
    Refused {
        cause: String,
        carried: Option<String>,
    },
    /// Nobody answered; how this machine stands on the access list, in words, and whether it is on it.
    NoAnswer {
        cause: String,
        here: String,
        listed: bool,
    },
}

#[derive(Clone, Debug)]
pub enum AtlasLoginChange {
    Reset { group: String, name: String },
}

impl Change for AtlasLoginChange {
    fn row(&self, item: &ItemId) -> Row {
        let AtlasLoginChange::Reset { name, .. } = self;
        Row {
            new: Some("a new password".into()),
            undo: Undo::OneWay,
            not_made_by_golive: true,
            confirm: Some(name.clone()),
            detail: vec!["whoever uses the present password is shut out".into()],
            ..Row::new(item, "reset", Sign::Change, format!("database user {name}"))
        }
    }
}

impl Resource for AtlasLogin {
    type Seen = Seen;
    type Change = AtlasLoginChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.atlas()?;
        let group = group_of(cx.known, &self.cluster)?.to_string();
        let password = cx.slots.secret(&self.slot).await?;
        let fingerprint = cx.slots.fingerprint(&self.slot);
        let mut seen = Seen {
            kept: password
                .as_ref()
                .map(|password| (password.chars(), password.needs_encoding())),
            cluster: Observed::Absent,
            tried: Tried::Not,
            fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
            group,
            today: day(cx.now),
            let_in_before: None,
        };
        let own = |name: &str| cx.known.own.get(name).cloned();
        if own("proved") == seen.fingerprint {
            seen.let_in_before = own("let_in");
        }
        let Some(password) = password else {
            return Ok(seen);
        };
        seen.cluster = absent_on_404(client.cluster(&seen.group, &self.cluster_name).await)?;
        let host = seen.cluster.present().and_then(AnyCluster::host);
        if let Some(host) = host {
            seen.tried = self.try_it(cx, client, &seen, host, &password).await?;
        }
        Ok(seen)
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<AtlasLoginChange> {
        let Some((chars, encoded)) = seen.kept else {
            return Plan::Blocked(Blocker::SecretMissing {
                slot: self.slot.to_string(),
                was_kept: known.settled_before,
            });
        };
        match &seen.tried {
            Tried::Login(Login::In(rights)) => self.let_in(seen, rights, chars, encoded),
            Tried::Refused { cause, carried } => {
                match not_carried(carried.as_deref(), &self.name, &self.cluster_name) {
                    Some(wait) => Plan::Wait(wait),
                    None => self.refused(known, seen, cause),
                }
            }
            Tried::NoAnswer {
                here,
                listed: false,
                ..
            } if seen.let_in_before.is_some() => Plan::Settled(self.not_tried(seen, here)),
            Tried::NoAnswer {
                cause,
                here,
                listed,
            } => self.no_answer(seen, cause, here, *listed),
            Tried::Login(Login::Nowhere(why) | Login::Refused(why) | Login::NoAnswer(why)) => {
                Plan::Blocked(Blocker::ByHand {
                    what: format!(
                        "the password of {} cannot be proved: there are no databases to log in to ({why})",
                        self.name
                    ),
                    url: None,
                    paste: vec![],
                })
            }
            Tried::Not => self.nowhere_to_go(seen),
        }
    }

    async fn apply(&self, cx: &Cx<'_>, change: &AtlasLoginChange) -> Result<Applied, CallError> {
        let client = cx.atlas()?;
        let AtlasLoginChange::Reset { group, name } = change;
        let password = new_password(cx, &self.slot).await?;
        client.set_password(group, name, &password).await?;
        Ok(Applied::default())
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let day = match &seen.tried {
            Tried::Login(Login::In(_)) => Some(seen.today.clone()),
            _ => seen.let_in_before.clone(),
        };
        let host = seen.cluster.present().and_then(AnyCluster::host);
        let outputs = [
            ("let_in", day),
            ("proved", seen.fingerprint.clone()),
            ("host", host.map(str::to_string)),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_string(), Output::Text(value?))))
            .collect()
    }
}

impl AtlasLogin {
    /// Where this user logs in, at a host of its cluster.
    pub fn door(&self, host: &str) -> Door {
        let database = self.roles.first().map(|(_, database)| database.clone());
        Door {
            host: host.into(),
            user: self.name.clone(),
            database: database.unwrap_or_else(|| "admin".into()),
            options: self.options.clone(),
        }
    }

    /// One login. Where it was proved before and this machine is let in no more, nobody would answer, and it is not tried.
    async fn try_it(
        &self,
        cx: &Cx<'_>,
        client: &Client<'_>,
        seen: &Seen,
        host: &str,
        password: &Secret,
    ) -> Look<Tried> {
        if seen.let_in_before.is_some() {
            let (here, listed) = self.standing(cx, client, &seen.group).await?;
            if !listed {
                let cause = "not asked".to_string();
                return Ok(Tried::NoAnswer {
                    cause,
                    here,
                    listed,
                });
            }
        }
        Ok(match cx.documents.login(&self.door(host), password).await {
            Login::Refused(cause) => {
                let carried = client
                    .change_status(&seen.group, &self.cluster_name)
                    .await?;
                Tried::Refused { cause, carried }
            }
            Login::NoAnswer(cause) => {
                let (here, listed) = self.standing(cx, client, &seen.group).await?;
                Tried::NoAnswer {
                    cause,
                    here,
                    listed,
                }
            }
            login => Tried::Login(login),
        })
    }

    /// How this machine stands on the project's access list, in words, and whether it is on it.
    async fn standing(
        &self,
        cx: &Cx<'_>,
        client: &Client<'_>,
        group: &str,
    ) -> Look<(String, bool)> {
        let project = Project {
            group: group.into(),
            name: format!("of cluster {}", self.cluster_name),
            key: self.cluster.clone(),
        };
        let address = match address(cx).await {
            Ok(address) => Cidr::single(address),
            Err(error) => {
                let cause = error.cause();
                return Ok((
                    format!("this machine's address is not known: {cause}"),
                    false,
                ));
            }
        };
        let list = List::look(client, &project, &[address]).await?;
        let the_list = format!(
            "the access list of the project of cluster {}",
            self.cluster_name
        );
        Ok(match list.place(&address) {
            Place::Covered { by, status, .. } => (
                format!("{address}, this machine, is on {the_list} ({by}, {status})"),
                true,
            ),
            Place::Missing if list.open_to_all().next().is_some() => {
                (format!("{the_list} lets every address in"), true)
            }
            Place::Missing => (
                format!("{address}, this machine, is not on {the_list}"),
                false,
            ),
        })
    }

    fn let_in(
        &self,
        seen: &Seen,
        rights: &Rights,
        chars: usize,
        encoded: bool,
    ) -> Plan<AtlasLoginChange> {
        let lacking: Vec<String> = self
            .roles
            .iter()
            .filter(|(role, database)| !allows(rights, role, database))
            .map(|(role, database)| format!("{role} on {database}"))
            .collect();
        let host = self.host(seen);
        if !lacking.is_empty() {
            let roles: Vec<String> = rights
                .roles
                .iter()
                .map(|(role, database)| format!("{role} on {database}"))
                .collect();
            return Plan::Wait(Wait {
                condition: format!("{host} gives {} what its roles say", self.name),
                expected: lacking.join(", "),
                seen: match roles.is_empty() {
                    true => "no role".into(),
                    false => roles.join(", "),
                },
                look_every: LOOK_EVERY,
                worst_case: REACHED_MAX,
                why: "a role reaches every node within a minute or so".into(),
            });
        }
        let databases: Vec<&str> = self
            .roles
            .iter()
            .map(|(_, database)| database.as_str())
            .collect();
        let mut evidence = Evidence::new(format!(
            "{} was let in by {host} on {} and may use {}",
            self.name,
            seen.today,
            databases.join(" and ")
        ))
        .note(format!("the password is kept as {}", self.slot));
        if chars < PASSWORD_MIN {
            evidence = evidence.note(format!(
                "it has {chars} characters: Atlas asks for {PASSWORD_MIN} of every new one"
            ));
        }
        if encoded {
            evidence = evidence.note(
                "it holds characters such as @ : / that an address must percent-encode; golive does so where it writes one",
            );
        }
        Plan::Settled(evidence)
    }

    /// Proved before, and not to be proved again from here.
    fn not_tried(&self, seen: &Seen, here: &str) -> Evidence {
        let day = seen.let_in_before.as_deref().unwrap_or_default();
        Evidence::new(format!(
            "{} was let in by {} on {day}, not tried again since",
            self.name,
            self.host(seen)
        ))
        .note(here)
    }

    /// The server answered and did not take the password: another is asked for, or a new one set, as a person says.
    fn refused(&self, known: &Known, seen: &Seen, cause: &str) -> Plan<AtlasLoginChange> {
        let key = match &seen.fingerprint {
            Some(fingerprint) => format!("refused-{fingerprint}"),
            None => "refused".into(),
        };
        match known.decided.get(&key).map(String::as_str) {
            Some("give") => Plan::Blocked(Blocker::TokenRefused {
                slot: self.slot.to_string(),
                cause: format!(
                    "{} does not let {} in with it: {cause}",
                    self.host(seen),
                    self.name
                ),
            }),
            Some("reset") => Plan::Change(vec![AtlasLoginChange::Reset {
                group: seen.group.clone(),
                name: self.name.clone(),
            }]),
            _ => Plan::Blocked(Blocker::Choose {
                key,
                question: format!(
                    "{} refuses the password of {}: {cause}. It is wrong, and Atlas never tells the right one",
                    self.host(seen),
                    self.name
                ),
                options: vec![
                    Choice::new(
                        "give",
                        format!("I have the right one: ask me for {}", self.slot),
                    ),
                    Choice::new(
                        "reset",
                        "plan a new password; whoever uses the present one is shut out then",
                    ),
                ],
            }),
        }
    }

    /// Silence is never a wrong password: mostly it is the access list.
    fn no_answer(
        &self,
        seen: &Seen,
        cause: &str,
        here: &str,
        listed: bool,
    ) -> Plan<AtlasLoginChange> {
        let host = self.host(seen);
        if listed {
            return Plan::Wait(Wait {
                condition: format!("{host} answers this machine"),
                expected: "an answer".into(),
                seen: format!("none ({cause}), which says nothing about the password; {here}"),
                look_every: LOOK_EVERY,
                worst_case: REACHED_MAX,
                why: "an entry of the access list, and a new cluster's name, reach everybody within minutes".into(),
            });
        }
        Plan::Blocked(Blocker::ByHand {
            what: format!(
                "{host} gave no answer ({cause}), which says nothing about the password: {here}. golive run {} puts it there",
                self.here
            ),
            url: Some(project_page(&seen.group, "security/network/accessList")),
            paste: vec![],
        })
    }

    fn nowhere_to_go(&self, seen: &Seen) -> Plan<AtlasLoginChange> {
        let url = Some(project_page(&seen.group, "clusters"));
        let what = match seen.cluster.present() {
            Some(cluster) if cluster.is_paused() => {
                format!(
                    "resume cluster {}: it is paused, and lets nobody in",
                    self.cluster_name
                )
            }
            Some(cluster) => {
                return Plan::Wait(Wait {
                    condition: format!("cluster {} has a host", self.cluster_name),
                    expected: "a host".into(),
                    seen: cluster.state().unwrap_or("none").into(),
                    look_every: LOOK_EVERY,
                    worst_case: Duration::from_secs(45 * 60),
                    why: "Atlas names a cluster's host once it is made".into(),
                });
            }
            None => format!(
                "there is no cluster {} to log in to: correct [atlas.cluster.{}] in golive.toml",
                self.cluster_name, self.cluster
            ),
        };
        let paste = vec![];
        Plan::Blocked(Blocker::ByHand { what, url, paste })
    }

    fn host<'s>(&'s self, seen: &'s Seen) -> &'s str {
        let host = seen.cluster.present().and_then(AnyCluster::host);
        host.unwrap_or(&self.expected_host)
    }
}

/// Whether the server gives what a role stands for.
fn allows(rights: &Rights, role: &str, database: &str) -> bool {
    let writes = rights.writable.contains(database) || rights.writable.contains("*");
    let named = rights.roles.contains(&(role.into(), database.into()));
    match role {
        "read" => named || writes,
        "readWrite" => writes,
        _ => named,
    }
}

#[cfg(test)]
mod tests;

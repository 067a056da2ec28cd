//! What a look at a group finds: its values, its services, and since when all of it is so.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::change::{GROUP, VARIABLE};
use super::{CHOICE, RenderGroup, Values};
use crate::plan::Blocker;
use crate::provider::render::{Client, EnvGroup};
use crate::resource::render_access::workspace_id;
use crate::resource::value::{Wanted, former, sealed, wanted};
use crate::resource::{Cx, Look, absent_on_404, here};
use crate::secret::Secret;

/// A value, and what may be said about it.
#[derive(Clone, Debug)]
pub struct Value {
    pub value: Secret,
    pub fingerprint: Option<String>,
}

pub struct Seen {
    pub owner: String,
    /// The values as wished; the error: one of them is not there any more.
    pub wanted: Result<Vec<Wanted>, Blocker>,
    pub own: Own,
    pub services: Vec<Runs>,
    /// Values that golive has replaced.
    pub former: Values,
    /// Since when values and links are as they are, at the latest, by Render's clock where it tells.
    pub as_of: Option<Timestamp>,
    /// What may be said about all values together.
    pub seal: Option<String>,
}

pub enum Own {
    None,
    One(Box<Held>),
    /// Of one name, and nobody has said yet which it is: id, and what tells them apart.
    Several(Vec<(String, String)>),
}

/// A group as it is.
#[derive(Clone, Debug, Default)]
pub struct Held {
    pub id: String,
    pub name: String,
    pub variables: Values,
    /// Ids of services.
    pub links: BTreeSet<String>,
    pub updated_at: Option<Timestamp>,
}

/// A service that is to run with the group's variables.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    pub id: String,
    pub name: String,
    pub is_linked: bool,
    /// Variables of its own that the group holds too.
    pub beats: Vec<String>,
    /// Other groups that it is linked to.
    pub also_in: Vec<String>,
}

pub(super) async fn look(wish: &RenderGroup, cx: &Cx<'_>) -> Look<Seen> {
    let client = cx.render()?;
    let owner = workspace_id(cx.known)?;
    let list = client.env_groups(&owner).await?;
    let own = match which(wish, cx, client, &list).await? {
        Which::None => Own::None,
        Which::Several(twins) => Own::Several(twins),
        Which::One(id) => match absent_on_404(client.env_group(&id).await)?.present() {
            Some(group) => Own::One(Box::new(held(cx, group).await?)),
            None => Own::None,
        },
    };
    let mut seen = Seen {
        owner,
        wanted: wanted(cx, &wish.variables).await?,
        services: services(wish, cx, client, &own, &list).await?,
        former: formers(wish, cx).await?,
        as_of: None,
        seal: None,
        own,
    };
    if let Own::One(own) = &seen.own {
        seen.seal = seal(cx, own).await?;
        seen.as_of = as_of(cx, own, &seen);
    }
    Ok(seen)
}

enum Which {
    None,
    One(String),
    Several(Vec<(String, String)>),
}

/// Which of the workspace's groups it is: by the id it is known by, else by its name.
async fn which(
    wish: &RenderGroup,
    cx: &Cx<'_>,
    client: &Client<'_>,
    list: &[EnvGroup],
) -> Look<Which> {
    if let Some(id) = cx.known.id(GROUP) {
        // A list may lag behind a creation.
        let there = list.iter().any(|one| one.id == id)
            || absent_on_404(client.env_group(id).await)?
                .present()
                .is_some();
        if there {
            return Ok(Which::One(id.to_string()));
        }
    }
    let named: Vec<&EnvGroup> = list.iter().filter(|one| one.name == wish.name).collect();
    let chosen = cx.known.decided.get(CHOICE);
    let chosen = chosen.and_then(|id| named.iter().find(|one| one.id == *id));
    Ok(match (chosen, named.as_slice()) {
        (Some(one), _) => Which::One(one.id.clone()),
        (None, []) => Which::None,
        (None, [one]) => Which::One(one.id.clone()),
        (None, several) => Which::Several(
            several
                .iter()
                .map(|one| {
                    let made = one.created_at().unwrap_or("at a time not shown");
                    let links = one.links().count();
                    let told = format!("{}, made {made}, linked to {links} services", one.id);
                    (one.id.clone(), crate::text::strip_controls(&told))
                })
                .collect(),
        ),
    })
}

async fn held(cx: &Cx<'_>, group: &EnvGroup) -> Look<Held> {
    let mut variables = Values::new();
    for one in group.variables() {
        let value = Value {
            fingerprint: sealed(cx, &one.value).await?,
            value: one.value.clone(),
        };
        variables.insert(one.key.clone(), value);
    }
    Ok(Held {
        id: group.id.clone(),
        name: group.name.clone(),
        variables,
        links: group.links().map(str::to_string).collect(),
        updated_at: group.updated_at(),
    })
}

async fn services(
    wish: &RenderGroup,
    cx: &Cx<'_>,
    client: &Client<'_>,
    own: &Own,
    list: &[EnvGroup],
) -> Look<Vec<Runs>> {
    let mut services = vec![];
    for (item, name) in &wish.services {
        let id = cx.known.output(item, "id").ok_or_else(|| {
            here(
                format!("{name} is not known before {item} is settled"),
                Some(format!("golive run {item}")),
            )
        })?;
        let mut runs = Runs {
            id: id.into(),
            name: name.clone(),
            ..Runs::default()
        };
        if let Own::One(own) = own {
            runs.is_linked = own.links.contains(id);
            let others = list.iter().filter(|one| one.id != own.id);
            runs.also_in = others
                .filter(|one| one.is_linked_to(id))
                .map(|one| crate::text::strip_controls(&one.name))
                .collect();
            let its_own = client.service_variables(id).await?;
            runs.beats = its_own
                .into_iter()
                .map(|one| one.key)
                .filter(|key| wish.variables.iter().any(|one| one.name == *key))
                .collect();
        }
        services.push(runs);
    }
    Ok(services)
}

/// What was there before golive set something else.
async fn formers(wish: &RenderGroup, cx: &Cx<'_>) -> Look<Values> {
    let mut formers = BTreeMap::new();
    let made = cx.known.made.iter().filter(|made| made.kind == VARIABLE);
    let names: BTreeSet<&str> = made
        .map(|made| made.id.as_str())
        .chain(wish.variables.iter().map(|one| one.name.as_str()))
        .collect();
    for name in names {
        let slot = former(&wish.environment, name);
        if let Some(value) = cx.slots.secret(&slot).await? {
            let value = Value {
                fingerprint: sealed(cx, &value).await?,
                value,
            };
            formers.insert(name.to_string(), value);
        }
    }
    Ok(formers)
}

/// One fingerprint of all values, so that a later look sees whether one of them has changed.
async fn seal(cx: &Cx<'_>, own: &Held) -> Look<Option<String>> {
    let mut all = Secret::new("");
    for (name, one) in &own.variables {
        all = all.followed_by(&format!("\n{name}="), &one.value);
    }
    sealed(cx, &all).await
}

/// Since when, at the latest. Render says when a group was last changed, and nobody says whether a new link counts as
/// a change: where links are new and that time did not move, the present is the latest that can be said.
fn as_of(cx: &Cx<'_>, own: &Held, seen: &Seen) -> Option<Timestamp> {
    let before = &cx.known.own;
    let was = |name: &str| before.get(name).and_then(|text| text.parse().ok());
    let (as_of, updated): (Option<Timestamp>, Option<Timestamp>) = (was("as_of"), was("updated"));
    let linked: Vec<&str> = seen
        .services
        .iter()
        .filter(|service| service.is_linked)
        .map(|service| service.id.as_str())
        .collect();
    let newly_linked = match before.get("links") {
        Some(links) => {
            let links: Vec<&str> = links.split(',').collect();
            linked.iter().any(|id| !links.contains(id))
        }
        // A group that was made with its links has them from its beginning.
        None => cx.known.made.iter().any(|made| made.kind == super::LINK),
    };
    let same_values = before.get("values") == seen.seal.as_ref() && seen.seal.is_some();
    match own.updated_at {
        _ if newly_linked => Some(cx.now),
        _ if same_values && as_of.is_some() => as_of,
        Some(now) if updated.is_none_or(|before| now > before) => Some(now),
        _ => Some(cx.now),
    }
}

//! The key for Render: whose it is, and the workspace that the launch uses.

use super::{Applied, Cx, Known, Look, Resource, here};
use crate::plan::{
    Blocker, Change, Choice, Evidence, ItemId, Output, Outputs, Plan, Provider, Row,
};
use crate::provider::http::CallError;
use crate::provider::render::{Owner, User};

/// Under which name a person's choice of the workspace is remembered.
const CHOICE: &str = "workspace";
const DASHBOARD: &str = "https://dashboard.render.com";
/// Render's own limit, for all services that a user makes.
pub(super) const CREATIONS_AN_HOUR: usize = 20;

/// The key for Render: whose it is, and the workspace that the launch uses.
#[derive(Clone, Debug)]
pub struct RenderAccess {
    /// Name or id of the workspace; empty: asked.
    pub workspace: String,
}

pub struct Seen {
    user: User,
    owners: Vec<Owner>,
    /// The workspace of the launch, or why it is not known yet.
    workspace: Result<Owner, Blocker>,
}

/// There is nothing to change: a key is given, never made.
#[derive(Clone, Debug)]
pub enum RenderAccessChange {}

impl Change for RenderAccessChange {
    fn row(&self, _item: &ItemId) -> Row {
        match *self {}
    }
}

impl Resource for RenderAccess {
    type Seen = Seen;
    type Change = RenderAccessChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.render()?;
        let user = client.user().await?;
        let owners = client.owners().await?;
        Ok(self.seen(cx.known, user, owners))
    }

    fn plan(&self, _known: &Known, seen: &Seen) -> Plan<RenderAccessChange> {
        match &seen.workspace {
            Ok(workspace) => Plan::Settled(evidence(seen, workspace)),
            Err(blocker) => Plan::Blocked(blocker.clone()),
        }
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &RenderAccessChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let Ok(workspace) = &seen.workspace else {
            return Outputs::new();
        };
        let outputs = [
            ("account", account(workspace)),
            ("workspace", workspace.name.clone()),
            ("workspace_id", workspace.id.clone()),
        ];
        outputs
            .into_iter()
            .map(|(name, value)| (name.into(), Output::Text(value)))
            .collect()
    }
}

/// The id of the workspace that 0.render has settled on.
pub(super) fn workspace_id(known: &Known) -> Look<String> {
    let access = Provider::Render.access();
    let id = known.output(&access, "workspace_id").map(str::to_string);
    id.ok_or_else(|| {
        here(
            format!("the Render workspace is not known before {access} is settled"),
            Some(format!("golive run {access}")),
        )
    })
}

/// What a launch is tied to: the workspace by its id, since its name may change.
fn account(workspace: &Owner) -> String {
    format!("{} ({})", workspace.name, workspace.id)
}

impl RenderAccess {
    fn seen(&self, known: &Known, user: User, owners: Vec<Owner>) -> Seen {
        let workspace = match &known.account {
            Some(pinned) => self.pinned(pinned, &user, &owners),
            None => self.chosen(known, &owners),
        };
        Seen {
            user,
            owners,
            workspace,
        }
    }

    /// The workspace that this launch is tied to, as long as the key reaches it and golive.toml names no other.
    fn pinned(&self, pinned: &str, user: &User, owners: &[Owner]) -> Result<Owner, Blocker> {
        let same = |owner: &&Owner| pinned.ends_with(&format!("({})", owner.id));
        let Some(own) = owners.iter().find(same) else {
            return Err(Blocker::OtherAccount {
                pinned: pinned.into(),
                seen: format!("{}, whose workspaces are {}", user.in_words(), list(owners)),
            });
        };
        let named = self.named(owners);
        match named.first() {
            _ if self.workspace.is_empty() || named.contains(&own) => Ok(own.clone()),
            Some(other) => Err(Blocker::OtherAccount {
                pinned: pinned.into(),
                seen: account(other),
            }),
            None => Err(Blocker::ByHand {
                what: format!(
                    "the workspace of this launch is called {} now: write that name in golive.toml",
                    own.name
                ),
                url: Some(DASHBOARD.into()),
                paste: vec![format!("workspace = \"{}\"", own.name)],
            }),
        }
    }

    fn chosen(&self, known: &Known, owners: &[Owner]) -> Result<Owner, Blocker> {
        let named = self.named(owners);
        let decided = known.decided.get(CHOICE);
        let decided = decided.and_then(|id| named.iter().find(|owner| owner.id == *id));
        match (&named[..], decided) {
            ([one], _) => Ok((*one).clone()),
            (_, Some(one)) => Ok((*one).clone()),
            ([], None) => Err(self.none(owners)),
            (several, None) => Err(Blocker::Choose {
                key: CHOICE.into(),
                question: match self.workspace.is_empty() {
                    true => "Which Render workspace is this launch for?".into(),
                    false => format!(
                        "Several Render workspaces are called {}: which one is it?",
                        self.workspace
                    ),
                },
                options: several
                    .iter()
                    .map(|owner| Choice::new(&owner.id, account(owner)))
                    .collect(),
            }),
        }
    }

    /// Those that golive.toml may mean: by id, else by name; all when it names none.
    fn named<'o>(&self, owners: &'o [Owner]) -> Vec<&'o Owner> {
        let wish = self.workspace.trim();
        if wish.is_empty() {
            return owners.iter().collect();
        }
        let ways: [&dyn Fn(&Owner) -> bool; 3] = [
            &|owner| owner.id == wish,
            &|owner| owner.name == wish,
            &|owner| owner.name.eq_ignore_ascii_case(wish),
        ];
        ways.iter()
            .map(|way| owners.iter().filter(|owner| way(owner)).collect::<Vec<_>>())
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn none(&self, owners: &[Owner]) -> Blocker {
        Blocker::ByHand {
            what: match owners.is_empty() {
                true => "this key reaches no Render workspace: make one, or give the key of a user who has one".into(),
                false => format!(
                    "Render has no workspace {} for this key: write one of these in golive.toml, or give another key: {}",
                    self.workspace,
                    list(owners)
                ),
            },
            url: Some(DASHBOARD.into()),
            paste: owners
                .iter()
                .map(|owner| format!("workspace = \"{}\"", owner.name))
                .collect(),
        }
    }
}

fn list(owners: &[Owner]) -> String {
    match owners.is_empty() {
        true => "none".into(),
        false => owners.iter().map(account).collect::<Vec<_>>().join(", "),
    }
}

fn evidence(seen: &Seen, workspace: &Owner) -> Evidence {
    Evidence::new(format!(
        "the key of {} reaches the workspace {}",
        seen.user.in_words(),
        account(workspace)
    ))
    .url(DASHBOARD)
    .note(format!(
        "a Render key reaches every workspace of its user: {}",
        list(&seen.owners)
    ))
    .note(format!(
        "Render lets a user create {CREATIONS_AN_HOUR} services an hour; each plan of one says how many golive has used"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owner(id: &str, name: &str) -> Owner {
        serde_json::from_value(json!({"id": id, "name": name, "type": "team"})).unwrap()
    }

    fn plan(wish: &str, known: &Known, owners: &[Owner]) -> (Plan<RenderAccessChange>, Outputs) {
        let access = RenderAccess {
            workspace: wish.into(),
        };
        let user = serde_json::from_value(json!({"name": "Ann", "email": "ann@acme.ch"})).unwrap();
        let seen = access.seen(known, user, owners.to_vec());
        (access.plan(known, &seen), access.outputs(&seen))
    }

    fn settled_on(wish: &str, known: &Known, owners: &[Owner]) -> String {
        let (plan, outputs) = plan(wish, known, owners);
        assert!(matches!(plan, Plan::Settled(_)), "{plan:?}");
        outputs["workspace_id"].text().unwrap().to_string()
    }

    fn blocked(wish: &str, known: &Known, owners: &[Owner]) -> Blocker {
        match plan(wish, known, owners).0 {
            Plan::Blocked(blocker) => blocker,
            other => panic!("not blocked: {other:?}"),
        }
    }

    #[test]
    fn a_workspace_is_found_by_its_name_or_its_id() {
        let two = [owner("tea-1", "acme"), owner("tea-2", "umbrella")];
        let known = Known::default();
        assert_eq!(settled_on("umbrella", &known, &two), "tea-2");
        assert_eq!(settled_on("Umbrella", &known, &two), "tea-2");
        assert_eq!(settled_on("tea-1", &known, &two), "tea-1");
        assert_eq!(settled_on("", &known, &two[..1]), "tea-1");
        let sentence = blocked("hooli", &known, &two).sentence();
        assert!(
            sentence.contains("acme (tea-1), umbrella (tea-2)"),
            "{sentence}"
        );
    }

    #[test]
    fn a_workspace_that_is_not_clear_is_asked_for_and_remembered() {
        let twins = [owner("tea-1", "acme"), owner("tea-2", "acme")];
        let known = Known::default();
        for wish in ["", "acme"] {
            let Blocker::Choose { key, options, .. } = blocked(wish, &known, &twins) else {
                panic!("not asked");
            };
            assert_eq!((key.as_str(), options.len()), ("workspace", 2));
            let mut known = Known::default();
            known.decided.insert(key, options[1].word.clone());
            assert_eq!(settled_on(wish, &known, &twins), "tea-2");
        }
    }

    #[test]
    fn a_launch_stays_with_its_workspace() {
        let known = Known {
            account: Some("acme (tea-1)".into()),
            ..Known::default()
        };
        let both = [owner("tea-1", "acme"), owner("tea-2", "umbrella")];
        assert_eq!(settled_on("", &known, &both), "tea-1");
        for (wish, owners) in [
            ("umbrella", &both[..]),
            ("umbrella", &both[1..]),
            ("", &both[1..]),
        ] {
            let blocker = blocked(wish, &known, owners);
            assert!(
                matches!(blocker, Blocker::OtherAccount { .. }),
                "{blocker:?}"
            );
        }
        let renamed = [owner("tea-1", "acme corporation")];
        let sentence = blocked("acme", &known, &renamed).sentence();
        assert!(
            sentence.contains("is called acme corporation now"),
            "{sentence}"
        );
    }
}

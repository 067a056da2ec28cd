//! The secrets of a launch besides the providers' tokens: under which names its items keep and ask for them.

use super::{Instance, Launch};
use crate::plan::ItemId;
use crate::resource::Wish;
use crate::resource::value::{Form, Given, Origin, Source};
use crate::secret::SecretName;

/// One secret that items of the launch keep or ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchSlot {
    /// Such as `prod.DATABASE_PASSWORD`.
    pub name: SecretName,
    pub what: String,
    pub origin: SlotOrigin,
    /// The item that keeps it or asks for it.
    pub item: ItemId,
    /// What the value must look like, where that is known.
    pub form: Option<Form>,
    /// It is wanted only once the launch has switched to live: nobody asks for it before.
    pub later: bool,
}

/// Where a launch's secret comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotOrigin {
    /// golive makes it, and keeps it before it is sent.
    Made,
    /// It exists, and a person gives it.
    Asked,
    /// It is read from the provider.
    Read,
}

impl SlotOrigin {
    pub fn word(self) -> &'static str {
        match self {
            SlotOrigin::Made => "made by golive",
            SlotOrigin::Asked => "given by you",
            SlotOrigin::Read => "read from the provider",
        }
    }
}

impl Launch {
    /// Every secret that the launch's items keep or ask for, in the plan's order. The providers' tokens are not among
    /// them.
    pub fn slots(&self) -> Vec<LaunchSlot> {
        self.items.iter().flat_map(of).collect()
    }

    pub fn slot(&self, name: &SecretName) -> Option<LaunchSlot> {
        self.slots().into_iter().find(|slot| slot.name == *name)
    }
}

fn of(item: &Instance) -> Vec<LaunchSlot> {
    let slot = |name: &SecretName, what: String, origin| LaunchSlot {
        name: name.clone(),
        what,
        origin,
        item: item.id.clone(),
        form: None,
        later: false,
    };
    let mut slots: Vec<LaunchSlot> = match &item.wish {
        Wish::AtlasUser(user) => vec![slot(&user.slot, password(&user.name), SlotOrigin::Made)],
        Wish::AtlasLogin(user) => vec![slot(&user.slot, password(&user.name), SlotOrigin::Asked)],
        Wish::Cell(cell) => {
            let wished = &cell.variable.wished;
            let what = format!("{} in {}", cell.variable.name, cell.environment);
            let now = of_cell(&wished.now).map(|(name, origin)| LaunchSlot {
                form: wished.now.form,
                ..slot(name, what.clone(), origin)
            });
            let live = wished.live.as_ref();
            let live = live.and_then(|live| {
                let (name, origin) = of_cell(live)?;
                Some(LaunchSlot {
                    form: live.form,
                    later: true,
                    ..slot(name, format!("{what}, once live"), origin)
                })
            });
            now.into_iter().chain(live).collect()
        }
        Wish::VercelDomain(domain) if domain.git_branch.is_some() => {
            let what = format!("key for golive's visits to {}", domain.project_name);
            vec![slot(&domain.key_slot(), what, SlotOrigin::Read)]
        }
        _ => vec![],
    };
    let kept = item.keeps.iter().map(|(output, name)| {
        let what = format!("{} of {}", output.replace('_', " "), item.title);
        slot(name, what, SlotOrigin::Read)
    });
    slots.extend(kept);
    slots
}

/// A cell's own secret. What another item reads or makes is that item's.
fn of_cell(given: &Given) -> Option<(&SecretName, SlotOrigin)> {
    let origin = match given.origin {
        Origin::Asked => SlotOrigin::Asked,
        Origin::Generated(_) => SlotOrigin::Made,
        Origin::Literal | Origin::Composed | Origin::Output(_) => return None,
    };
    match &given.source {
        Source::Kept(slot) => Some((slot, origin)),
        Source::Text(_) | Source::DatabaseUrl(_) => None,
    }
}

fn password(user: &str) -> String {
    format!("password of {user}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Preset;
    use crate::step::{Catalog, expand};

    #[test]
    fn the_presets_secrets_have_the_names_of_their_environments() {
        let preset = Preset::named("bondigoo").unwrap();
        let id = crate::init::fresh_id(preset).unwrap();
        let (_, manifest) = crate::init::rehearsed(preset, &id).unwrap();
        let launch = expand(&Catalog::embedded().unwrap(), &manifest, true).unwrap();
        let slots = launch.slots();
        let named = |name: &str| launch.slot(&SecretName::new(name)).unwrap();
        assert_eq!(slots.len(), 17);
        let key = named("staging.STRIPE_SECRET_KEY_TEST");
        assert_eq!(
            (key.origin, key.form, key.later),
            (SlotOrigin::Asked, Some(Form::StripeSecretTest), false)
        );
        assert_eq!(key.item, ItemId::new("7.cell-staging-STRIPE_SECRET_KEY"));
        let live = named("prod.STRIPE_SECRET_KEY");
        assert_eq!(live.form, Some(Form::StripeSecretLive));
        assert!(live.later);
        assert_eq!(named("prod.DATABASE_PASSWORD").origin, SlotOrigin::Made);
        let asked = named("dev.DATABASE_PASSWORD");
        assert_eq!(asked.origin, SlotOrigin::Asked);
        assert_eq!(asked.what, "password of coaching_platform_dev_user");
        assert_eq!(named("staging.REDIS_URL").origin, SlotOrigin::Read);
        assert_eq!(
            named("prod.REDIS_URL_INTERNAL").item,
            ItemId::new("4.redis-prod")
        );
    }
}

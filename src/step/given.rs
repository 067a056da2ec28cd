//! What a value must be before it is kept under a name: cleaned, of the right shape, within what its destination takes.
//! The screen, the command line and a `.env` file all go through here.

use super::{Instance, Launch};
use crate::error::{Error, Result};
use crate::plan::Provider;
use crate::provider::token;
use crate::resource::Wish;
use crate::resource::cell::Cell;
use crate::resource::value::{Destination, Form, Given, Origin, Source, Wished};
use crate::seam::vault::Vault;
use crate::secret::{Secret, SecretName};
use crate::vault::shape::{self, Lines};

/// Vercel takes this many bytes for the names and values of all variables of a deployment together (its documentation).
const VERCEL_BYTES_MAX: usize = 64 * 1024;

/// A cell whose value is kept under a name, and what it is wished to be.
#[derive(Clone, Copy, Debug)]
pub struct Use<'l> {
    pub item: &'l Instance,
    pub cell: &'l Cell,
    pub given: &'l Given,
    /// It is wished only once the launch has switched to live.
    pub only_live: bool,
}

/// What a variable is wished to be, now and once live; the second is left out where it is the same.
fn wishes(wished: &Wished) -> impl Iterator<Item = (&Given, bool)> {
    let live = wished.live.iter().map(|given| (given, true));
    std::iter::once((&wished.now, false)).chain(live)
}

impl Launch {
    /// The cells of the launch's variables, each with its item.
    pub fn cells(&self) -> impl Iterator<Item = (&Instance, &Cell)> {
        self.items.iter().filter_map(|item| match &item.wish {
            Wish::Cell(cell) => Some((item, cell)),
            _ => None,
        })
    }

    /// The cells whose value is kept under this name.
    pub fn uses(&self, slot: &SecretName) -> Vec<Use<'_>> {
        let all = self.cells().flat_map(|(item, cell)| {
            wishes(&cell.variable.wished).map(move |(given, only_live)| Use {
                item,
                cell,
                given,
                only_live,
            })
        });
        all.filter(|one| matches!(&one.given.source, Source::Kept(kept) if kept == slot))
            .collect()
    }

    /// What a value under this name must look like, where a cell says so.
    pub fn form(&self, slot: &SecretName) -> Option<Form> {
        self.uses(slot).iter().find_map(|one| one.given.form)
    }

    /// Takes off what pasting adds, and says what. A key in lines of its own is taken only where any text may stand.
    pub fn cleaned(&self, slot: &SecretName, raw: Secret) -> Result<(Secret, Vec<String>)> {
        shape::cleaned_as(raw, self.lines(slot))
    }

    /// How many lines a value under this name may have.
    pub fn lines(&self, slot: &SecretName) -> Lines {
        let uses = self.uses(slot);
        let free = |one: &Use<'_>| one.given.form.is_none() && one.given.origin == Origin::Asked;
        match !uses.is_empty() && uses.iter().all(free) {
            true => Lines::Pem,
            false => Lines::One,
        }
    }

    /// The value looks like what the name is for, and may go where it would be sent; `url` says where a provider is
    /// reached.
    pub fn fits(
        &self,
        slot: &SecretName,
        value: &Secret,
        url: impl Fn(Provider) -> String,
    ) -> Result<()> {
        if let Some(provider) = token::provider_of(slot) {
            return token::fits(slot, value, &url(provider));
        }
        let Some(form) = self.form(slot) else {
            return Ok(());
        };
        form.fits(value).map_err(|why| {
            Error::usage(format!("{slot} takes {}", form.in_words()))
                .because(why)
                .now("nothing was kept")
                .hint(format!("copy it from <{}>", form.page()))
        })
    }

    /// Whether the deployments that the value goes to still have room for it beside their other variables.
    pub async fn has_room(
        &self,
        slot: &SecretName,
        value: &Secret,
        vault: &dyn Vault,
    ) -> Result<()> {
        let uses = self.uses(slot);
        for one in uses.iter().filter(|one| one.cell.to == Destination::Vercel) {
            let mut bytes = 0;
            let beside = self.cells().map(|(_, cell)| cell);
            let beside = beside.filter(|cell| {
                cell.environment == one.cell.environment && cell.to == Destination::Vercel
            });
            for cell in beside {
                bytes += cell.variable.name.len();
                bytes += match &cell.variable.wished.now.source {
                    Source::Text(text) => text.len(),
                    Source::Kept(kept) if kept == slot => value.bytes(),
                    Source::Kept(kept) => vault.get(kept).await?.map_or(0, |kept| kept.bytes()),
                    Source::DatabaseUrl(_) => 0,
                };
            }
            if bytes > VERCEL_BYTES_MAX {
                return Err(Error::usage(format!(
                    "{slot} is too long for {} in {}",
                    one.cell.variable.name, one.cell.environment
                ))
                .because(format!(
                    "all variables of a deployment would have {bytes} bytes, and Vercel takes {VERCEL_BYTES_MAX}"
                ))
                .now("nothing was kept"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Preset;
    use crate::step::{Catalog, expand};
    use crate::vault::memory::MemoryVault;

    fn launch() -> Launch {
        let preset = Preset::named("bondigoo").unwrap();
        let id = crate::init::fresh_id(preset).unwrap();
        let (_, manifest) = crate::init::rehearsed(preset, &id).unwrap();
        expand(&Catalog::embedded().unwrap(), &manifest, true).unwrap()
    }

    fn key(kind: &str) -> Secret {
        Secret::new(format!("golive-sim-stripe-{kind}-{}", "0a".repeat(12)))
    }

    #[test]
    fn a_names_cells_say_what_its_value_must_be() {
        let launch = launch();
        let uses = |name: &str| {
            let slot = SecretName::new(name);
            let uses = launch.uses(&slot).into_iter();
            uses.map(|one| (one.item.id.to_string(), one.only_live))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            uses("prod.STRIPE_SECRET_KEY_TEST"),
            [("7.cell-prod-STRIPE_SECRET_KEY".to_string(), false)]
        );
        assert_eq!(
            uses("prod.STRIPE_SECRET_KEY"),
            [("7.cell-prod-STRIPE_SECRET_KEY".to_string(), true)]
        );
        // One Redis serves three environments until the switch.
        assert_eq!(uses("prod.REDIS_URL").len(), 3);
        assert!(uses("GITHUB_TOKEN").is_empty());
        let form = |name: &str| launch.form(&SecretName::new(name));
        assert_eq!(form("prod.STRIPE_SECRET_KEY"), Some(Form::StripeSecretLive));
        assert_eq!(form("prod.REDIS_URL"), None);
    }

    #[test]
    fn a_key_in_the_wrong_place_is_refused_with_the_reason_and_the_page() {
        let launch = launch();
        let fits = |name: &str, value: Secret| {
            launch.fits(&SecretName::new(name), &value, |provider| {
                provider.address().into()
            })
        };
        assert!(fits("dev.STRIPE_SECRET_KEY_TEST", key("sk-test")).is_ok());
        assert!(fits("dev.DATABASE_PASSWORD", Secret::new("anything")).is_ok());
        let error = fits("dev.STRIPE_SECRET_KEY_TEST", key("sk-live")).unwrap_err();
        assert_eq!(
            error.what,
            "dev.STRIPE_SECRET_KEY_TEST takes Stripe's test secret key"
        );
        assert_eq!(error.cause.as_deref(), Some("it is a live secret key"));
        assert!(
            error
                .to_string()
                .contains("https://dashboard.stripe.com/test/apikeys")
        );
        let publishable = fits("prod.STRIPE_SECRET_KEY", key("pk-live")).unwrap_err();
        assert_eq!(
            publishable.cause.as_deref(),
            Some("it is a live publishable key")
        );
        assert!(fits("GITHUB_TOKEN", key("sk-test")).is_err());
    }

    #[tokio::test]
    async fn all_of_a_deployments_variables_together_have_a_limit() {
        let launch = launch();
        let vault = MemoryVault::new();
        let slot = SecretName::new("prod.REACT_APP_STRIPE_PKEY_TEST");
        let fits = Secret::new("x".repeat(60_000));
        let long = Secret::new("x".repeat(VERCEL_BYTES_MAX));
        assert!(launch.has_room(&slot, &fits, &vault).await.is_ok());
        let error = launch.has_room(&slot, &long, &vault).await.unwrap_err();
        assert!(error.cause.unwrap().contains("Vercel takes 65536"));
        // What goes to Render alone is not counted there.
        let render = SecretName::new("prod.STRIPE_SECRET_KEY_TEST");
        assert!(launch.has_room(&render, &long, &vault).await.is_ok());
    }
}

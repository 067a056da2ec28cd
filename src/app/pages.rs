//! What the screen's prompt shows for each secret: the page and rights of a token, what a password is for and how it is
//! pasted.

use crate::plan::Provider;
use crate::secret::{Secret, SecretName};
use crate::step::{Launch, LaunchSlot, SlotOrigin};
use crate::tui::TokenPage;
use crate::vault::shape::Lines;

/// `None` for a name that golive does not know.
pub fn page(slot: &str, launch: &Launch) -> Option<TokenPage> {
    let name = SecretName::new(slot);
    token(&name)
        .or_else(|| value(&name, launch))
        .or_else(|| launch.slot(&name).map(|own| password(&own)))
}

/// What a value that is being typed looks like, or why it cannot be kept there; none of it is in either.
pub fn judged(
    slot: &str,
    given: &Secret,
    launch: &Launch,
    url: impl Fn(Provider) -> String,
) -> Result<String, String> {
    let name = SecretName::new(slot);
    let cleaned = launch.cleaned(&name, given.clone());
    let (value, _) = cleaned.map_err(|error| error.cause.unwrap_or(error.what))?;
    launch
        .fits(&name, &value, url)
        .map_err(|error| error.cause.unwrap_or(error.what))?;
    Ok(match launch.form(&name) {
        Some(form) => format!("it looks like {}", form.in_words()),
        None if crate::tokens::of_slot(&name).is_some() => "it looks like what it is for".into(),
        None => "no control characters; what it looks like says nothing more".into(),
    })
}

/// A value of the launch's variables.
fn value(name: &SecretName, launch: &Launch) -> Option<TokenPage> {
    let uses = launch.uses(name);
    let first = uses.first()?;
    if launch
        .slot(name)
        .is_some_and(|own| own.origin == SlotOrigin::Read)
    {
        return None;
    }
    let form = first.given.form;
    let variable = &first.cell.variable.name;
    let places = uses.iter().map(|one| one.cell.environment.as_str());
    let mut places: Vec<&str> = places.collect();
    places.dedup();
    let places = places.join(", ");
    let opens = form.is_some_and(|form| form.opens_stripe());
    let public = launch.outline.matrix.kind_of(variable) == "public";
    let mind = match (opens, public) {
        (true, _) => vec!["A restricted key does, as long as the product can live with its rights"],
        (false, true) => {
            vec!["It ends in the browser, where everybody can read it: no secret belongs here"]
        }
        (false, false) => vec![],
    };
    Some(TokenPage {
        what: match form {
            Some(form) => form.in_words().into(),
            None => format!("value of {variable} in {places}"),
        },
        url: form.map(|form| form.page().to_string()),
        use_: format!("puts it into {variable} of {places}"),
        mind: mind.into_iter().map(str::to_string).collect(),
        probe: match opens {
            true => "GET /v1/balance and /v1/account before it is kept: whose account it opens; nothing is changed",
            false => "none: nothing can be asked with it",
        }
        .into(),
        many_lines: launch.lines(name) == Lines::Pem,
        ..TokenPage::default()
    })
}

fn token(name: &SecretName) -> Option<TokenPage> {
    let token = crate::tokens::of_slot(name)?;
    let way = token.way_of(name)?;
    let never = token.never.iter();
    Some(TokenPage {
        what: token.what(name)?,
        url: Some(way.page.clone()),
        choose: way.choose.clone(),
        scopes: way.rights.iter().map(ToString::to_string).collect(),
        expiry: token.expiry.clone(),
        use_: token.purpose.join("; "),
        mind: never.map(|never| format!("golive never {never}")).collect(),
        ..TokenPage::default()
    })
}

fn password(own: &LaunchSlot) -> TokenPage {
    let (use_, mind) = match own.origin {
        SlotOrigin::Asked => (
            "proves it by a login before it relies on it, and later puts it into the environments' addresses",
            vec![
                "It exists already. golive never resets it without asking: what uses it now would stop",
                "Paste it as it is, with any @ : / in it: golive encodes it where it stands in an address",
                "A line break at its end falls off; one inside is refused",
            ],
        ),
        SlotOrigin::Made => (
            "makes one by itself; one that you give is taken in its place",
            vec!["At least 8 characters"],
        ),
        SlotOrigin::Read => ("reads it from the provider", vec![]),
    };
    TokenPage {
        what: own.what.clone(),
        probe: format!("a login by {}, once it is kept", own.item),
        use_: use_.into(),
        mind: mind.into_iter().map(str::to_string).collect(),
        ..TokenPage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Preset;
    use crate::step::{Catalog, expand};

    fn launch() -> Launch {
        let preset = Preset::named("bondigoo").unwrap();
        let id = crate::init::fresh_id(preset).unwrap();
        let (_, manifest) = crate::init::rehearsed(preset, &id).unwrap();
        expand(&Catalog::embedded().unwrap(), &manifest, true).unwrap()
    }

    #[test]
    fn a_password_says_that_it_is_never_reset_without_asking() {
        let page = page("dev.DATABASE_PASSWORD", &launch()).unwrap();
        assert!(page.mind[0].contains("never resets it without asking"));
        assert_eq!(page.url, None);
        assert!(page.probe.contains("3.dev-password"));
    }

    #[test]
    fn every_token_has_its_page_and_rights() {
        let launch = launch();
        for slot in ["VERCEL_TOKEN", "RENDER_API_KEY", "ATLAS_PRIVATE_KEY"] {
            let page = page(slot, &launch).unwrap();
            assert!(page.url.is_some() && !page.scopes.is_empty(), "{slot}");
        }
        assert!(page("nothing", &launch).is_none());
    }

    #[test]
    fn a_variables_value_says_where_it_is_found_and_what_is_tried_with_it() {
        let launch = launch();
        let live = page("prod.STRIPE_SECRET_KEY", &launch).unwrap();
        assert_eq!(live.what, "Stripe's live secret key");
        assert_eq!(
            live.url.as_deref(),
            Some("https://dashboard.stripe.com/apikeys")
        );
        assert!(live.probe.contains("GET /v1/balance"));
        let public = page("dev.REACT_APP_STRIPE_PKEY_TEST", &launch).unwrap();
        assert!(public.mind[0].contains("ends in the browser"));
        assert!(public.probe.starts_with("none"));
    }

    #[test]
    fn what_is_typed_is_judged_and_never_repeated() {
        let launch = launch();
        let judged = |slot: &str, value: &str| {
            judged(slot, &Secret::new(value), &launch, |provider| {
                provider.address().into()
            })
        };
        let key = format!("golive-sim-stripe-sk-test-{}", "0a".repeat(12));
        let slot = "prod.STRIPE_SECRET_KEY_TEST";
        assert_eq!(
            judged(slot, &key).unwrap(),
            "it looks like Stripe's test secret key"
        );
        let why = judged(slot, "sk_live_canary0canary").unwrap_err();
        assert_eq!(why, "it is a live secret key");
        assert!(judged("GITHUB_TOKEN", &key).is_err());
        assert!(judged("dev.DATABASE_PASSWORD", "p@ss").is_ok());
        assert!(judged(slot, "can\nary").unwrap_err().contains("line end"));
    }
}

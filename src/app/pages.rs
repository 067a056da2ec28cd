//! What the screen's prompt shows for each secret: the page and rights of a token, what a password is for and how it is
//! pasted.

use crate::secret::SecretName;
use crate::step::{LaunchSlot, SlotOrigin};
use crate::tui::TokenPage;

/// `None` for a name that golive does not know.
pub fn page(slot: &str, launch: &[LaunchSlot]) -> Option<TokenPage> {
    let name = SecretName::new(slot);
    token(&name).or_else(|| {
        let own = launch.iter().find(|own| own.name == name)?;
        Some(password(own))
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
        use_: use_.into(),
        mind: mind.into_iter().map(str::to_string).collect(),
        ..TokenPage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ItemId;

    #[test]
    fn a_password_says_that_it_is_never_reset_without_asking() {
        let own = LaunchSlot {
            name: SecretName::new("dev.DATABASE_PASSWORD"),
            what: "password of coaching_platform_dev_user".into(),
            origin: SlotOrigin::Asked,
            item: ItemId::new("3.dev-password"),
            form: None,
            later: false,
        };
        let page = page("dev.DATABASE_PASSWORD", &[own]).unwrap();
        assert!(page.mind[0].contains("never resets it without asking"));
        assert_eq!(page.url, None);
    }

    #[test]
    fn every_token_has_its_page_and_rights() {
        for slot in ["VERCEL_TOKEN", "RENDER_API_KEY", "ATLAS_PRIVATE_KEY"] {
            let page = page(slot, &[]).unwrap();
            assert!(page.url.is_some() && !page.scopes.is_empty(), "{slot}");
        }
        assert!(page("nothing", &[]).is_none());
    }
}

//! `golive login`: keeps a provider's token in the vault, after a shape check and a look that it works.

use std::sync::Arc;
use std::time::Duration;

use super::place::Place;
use super::{run, vaults, wants_terminal};
use crate::cli::{From, Global};
use crate::clock::Wall;
use crate::error::{Error, Result};
use crate::event::Live;
use crate::plan::{ItemId, Provider};
use crate::provider::github::{Client, Manners, User, check_github};
use crate::provider::http::{CallError, Http, Pacer};
use crate::provider::https::HttpsTransport;
use crate::provider::token;
use crate::secret::{Secret, SecretName};
use crate::tokens::Token;
use crate::vault::shape;
use crate::vault::ways_in::{Received, Surroundings, WayIn};

/// A password manager may ask its user to unlock it first.
const WAY_IN_DEADLINE: Duration = Duration::from_secs(120);

pub fn run(global: &Global, provider: &str, from: &From) -> Result<u8> {
    let place = Place::find(global)?;
    let Some(token) = crate::tokens::of_provider(provider).next() else {
        let mut known: Vec<&str> = crate::tokens::all()
            .iter()
            .map(|token| token.provider.as_str())
            .collect();
        known.dedup();
        return Err(
            Error::usage(format!("golive does not log in to {provider}")).hint(known.join(", ")),
        );
    };
    let url = place.url(Provider::GitHub)?;
    run::runtime()?.block_on(async {
        // Opened first: nobody should type a token that then cannot be kept.
        let vault = vaults::open(global, &place, wants_terminal(global)).await?;
        if wants_terminal(global) && !from.is_given() {
            introduce(token);
        }
        let received = received(global, &token.slot, from).await?;
        for removed in &received.removed {
            eprintln!("{removed}");
        }
        check_shape(&token.slot, &received.value, &url)?;
        let account = look(&place, &url, &received.value).await?;
        vault.set(&token.slot, &received.value).await?;
        if global.json {
            println!(
                "{}",
                serde_json::json!({"kept": token.slot, "vault": vault.describe(), "account": account.login,
                    "kind": account.kind, "scopes": account.scopes, "expires": account.expires})
            );
            return Ok(0);
        }
        println!("{} belongs to {} and works: {}.", token.slot, account.login, account.kind);
        println!("Scopes: {}. Expiry: {}.", account.scopes, account.expires);
        println!("Kept in the {}.", vault.describe());
        eprintln!("Next: golive plan, or golive for the wizard.");
        Ok(0)
    })
}

/// What the prompt tells before anyone types.
fn introduce(token: &Token) {
    eprintln!("{} ({})", token.name, token.slot);
    for way in &token.ways {
        eprintln!("\n{}: {}\n  {}", way.title, way.page, way.good_for);
        way.choose
            .iter()
            .for_each(|choice| eprintln!("  choose: {choice}"));
        way.rights
            .iter()
            .for_each(|right| eprintln!("  {right}, {}", right.why));
    }
    eprintln!("\nExpiry to choose: {}", token.expiry);
    token
        .purpose
        .iter()
        .for_each(|purpose| eprintln!("golive {purpose}"));
    token
        .never
        .iter()
        .for_each(|never| eprintln!("golive never {never}"));
    eprintln!();
}

/// The secret from wherever the command line says, else from a prompt without echo.
pub async fn received(global: &Global, slot: &SecretName, from: &From) -> Result<Received> {
    if let Some(way) = from.way() {
        let around = Surroundings {
            lookup: vaults::environment(),
            clock: Arc::new(Wall),
            deadline: WAY_IN_DEADLINE,
        };
        return way.read(&around, std::io::stdin()).await;
    }
    if !wants_terminal(global) {
        return Err(Error::usage(format!(
            "{slot} is needed, and there is no terminal to type it on"
        ))
        .now("nothing was kept")
        .hint("--from-env VAR, --from-file FILE, --stdin, or --from-command CMD"));
    }
    let theme = dialoguer::theme::SimpleTheme;
    let typed = dialoguer::Password::with_theme(&theme)
        .with_prompt(slot.as_str())
        .interact();
    let typed = typed.map_err(|error| {
        Error::usage("nothing was typed")
            .because(error)
            .now("nothing was kept")
    })?;
    let (value, removed) = shape::cleaned(Secret::new(typed))?;
    Ok(Received { value, removed })
}

/// The value looks like what the name stands for, and fits the address it would be sent to.
pub fn check_shape(slot: &SecretName, value: &Secret, url: &str) -> Result<()> {
    token::fits(slot, value, url)
}

struct Account {
    login: String,
    kind: String,
    scopes: String,
    expires: String,
}

/// A look that changes nothing: whose token it is.
async fn look(place: &Place, url: &str, token: &Secret) -> Result<Account> {
    let transport = HttpsTransport::new()?;
    let (manners, clock, pacer) = (
        Manners::new(token.clone()),
        run::clock(&place.urls()?, None)?,
        Pacer::default(),
    );
    let quiet = |_: Live| {};
    let http = Http::new(url, &manners, &transport, &*clock, &quiet, &pacer);
    let (owner, name) = &place.launch.repository;
    let client = Client::new(http, owner, name);
    let (user, facts) = client.user().await.map_err(not_looked_at)?;
    fits_launch(place, &user)?;
    let kind = check_github(token)?.in_words().to_string();
    let scopes = match &facts.scopes {
        None => "not listed by GitHub for this kind of token".into(),
        Some(scopes) if scopes.is_empty() => "none".into(),
        Some(scopes) => scopes.join(", "),
    };
    let expires = facts
        .expires
        .map_or("none".into(), |at| at.strftime("%Y-%m-%d").to_string());
    Ok(Account {
        login: user.login,
        kind,
        scopes,
        expires,
    })
}

/// GitHub said no, or said nothing: only the first says something about the token.
fn not_looked_at(error: CallError) -> Error {
    let refused = matches!(&error, CallError::Refused(refusal) if refusal.status == 401);
    let (what, hint) = if refused {
        (
            "GitHub did not take the token",
            "golive explain GITHUB_TOKEN tells where it is made and what it must be allowed",
        )
    } else {
        (
            "GitHub gave no answer to whose token it is, so whether it works is not known",
            "golive login, once GitHub can be reached",
        )
    };
    Error::failed(what)
        .because(error.cause())
        .now("nothing was kept")
        .hint(hint)
}

/// Refuses a token of another account than the one this launch is tied to. An account is known by its id: its login may
/// change. A state file that cannot be read ties to nothing here; whatever uses the token says so.
fn fits_launch(place: &Place, user: &User) -> Result<()> {
    let seen = format!("{} (id {})", user.login, user.id);
    let pinned = place.contents().ok().and_then(|contents| {
        let access = contents.state.item(&ItemId::new("0.github"))?;
        access.outputs.get("account").cloned()
    });
    let tied = match (pinned, &place.manifest.github.account) {
        (Some(pinned), _) if pinned.ends_with(&format!("(id {})", user.id)) => None,
        (Some(pinned), _) => Some(pinned),
        (None, Some(login)) if login.to_string().eq_ignore_ascii_case(&user.login) => None,
        (None, login) => login.as_ref().map(ToString::to_string),
    };
    match tied {
        None => Ok(()),
        Some(tied) => Err(Error::usage(format!(
            "the token belongs to {seen}, this launch is tied to {tied}"
        ))
        .now("nothing was kept; a token kept before is still there")
        .hint(format!("golive login, with a token of {tied}"))),
    }
}

impl From {
    pub fn is_given(&self) -> bool {
        self.way().is_some()
    }

    fn way(&self) -> Option<WayIn> {
        let variable = self.from_env.clone().map(WayIn::Variable);
        let file = self.from_file.clone().map(WayIn::File);
        let command = self.from_command.clone().map(WayIn::Command);
        variable
            .or(file)
            .or(command)
            .or(self.stdin.then_some(WayIn::Stdin))
    }
}

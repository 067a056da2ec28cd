//! The live look of `golive login`: whose the keys are, by one or two reads for each provider. Nothing is changed.

use std::sync::Arc;

use jiff::Timestamp;

use crate::app::place::Place;
use crate::app::run;
use crate::error::{Error, Result};
use crate::event::Live;
use crate::plan::Provider;
use crate::provider::http::{CallError, Http, Manners, Pacer};
use crate::provider::https::HttpsTransport;
use crate::provider::verdict::{Verdict, verdict};
use crate::provider::{atlas, cloudflare, github, godaddy, render, vercel};
use crate::seam::clock::Clock;
use crate::secret::Secret;
use crate::tokens::Way;

/// Whose the keys are, in words.
pub struct Account {
    pub provider: Provider,
    pub name: String,
    /// The provider's ids of everything that a launch may be tied to and the keys reach: the user, teams, workspaces,
    /// organisations. Names may change.
    pub ids: Vec<String>,
    pub kind: String,
    pub scopes: String,
    pub expires: String,
    /// What golive.toml names and the keys do not reach, such as `the team acme`.
    pub lacks: Option<String>,
}

impl Account {
    /// Refuses keys of another account than the one this launch is tied to. A state file that cannot be read ties to
    /// nothing here; whatever uses the keys says so.
    pub fn fits(&self, place: &Place) -> Result<()> {
        if let Some(lacks) = &self.lacks {
            return Err(Error::usage(format!(
                "the token of {} does not reach {lacks}, which golive.toml names",
                self.name
            ))
            .because(format!("Scopes: {}", self.scopes))
            .now("nothing was kept; a token kept before is still there")
            .hint(format!(
                "golive login {}, with a token that reaches it; or correct golive.toml",
                self.provider.word()
            )));
        }
        let pinned = place.contents().ok().and_then(|contents| {
            let access = contents.state.item(&self.provider.access())?;
            access.outputs.get("account").cloned()
        });
        let named = match self.provider {
            Provider::GitHub => place.manifest.github.account.as_ref(),
            _ => None,
        };
        let tied = match (pinned, named) {
            (Some(pinned), _) if self.reaches(&pinned) => None,
            (Some(pinned), _) => Some(pinned),
            (None, Some(login)) if login.to_string().eq_ignore_ascii_case(&self.name) => None,
            (None, login) => login.map(ToString::to_string),
        };
        let Some(tied) = tied else { return Ok(()) };
        let id = self.ids.first().map(|id| format!(" (id {id})"));
        Err(Error::usage(format!(
            "the token belongs to {}{}, this launch is tied to {tied}",
            self.name,
            id.unwrap_or_default()
        ))
        .now("nothing was kept; a token kept before is still there")
        .hint(format!(
            "golive login {}, with a token of {tied}",
            self.provider.word()
        )))
    }
}

impl Account {
    /// A pinned account is told as `name (id 123)`, or as `name (tea-123)` where the id says itself what it is.
    fn reaches(&self, pinned: &str) -> bool {
        let mut ids = self.ids.iter();
        ids.any(|id| {
            pinned.ends_with(&format!("(id {id})")) || pinned.ends_with(&format!("({id})"))
        })
    }
}

/// What a call of this command goes over.
struct Road {
    url: String,
    transport: HttpsTransport,
    clock: Arc<dyn Clock>,
    pacer: Pacer,
}

const QUIET: fn(Live) = |_| {};

impl Road {
    fn http<'a>(&'a self, manners: &'a dyn Manners) -> Http<'a> {
        Http::new(
            &self.url,
            manners,
            &self.transport,
            &*self.clock,
            &QUIET,
            &self.pacer,
        )
    }
}

/// Whose `keys` are. An error says whether the provider refused them or gave no answer.
pub async fn look(
    place: &Place,
    provider: Provider,
    url: &str,
    way: &Way,
    keys: &[Secret],
) -> Result<Account> {
    let seen = ask(place, provider, url, way, keys).await?;
    seen.map_err(|error| not_looked_at(provider, &error))
}

/// Whether the provider does not take the keys, or lets them see nothing: else it only gave no answer.
pub fn is_refused(provider: Provider, error: &CallError) -> bool {
    let verdict = verdict(provider, error, "tell whose it is");
    matches!(verdict, Verdict::TokenRefused | Verdict::Blocked(_))
}

/// Asks the provider whose `keys` are.
pub async fn ask(
    place: &Place,
    provider: Provider,
    url: &str,
    way: &Way,
    keys: &[Secret],
) -> Result<Result<Account, CallError>> {
    let road = Road {
        url: url.into(),
        transport: HttpsTransport::new()?,
        clock: run::clock(&place.urls()?, None)?,
        pacer: Pacer::default(),
    };
    let none = || Secret::new("");
    let key = |n: usize| keys.get(n).cloned().unwrap_or_else(none);
    Ok(match provider {
        Provider::GitHub => github(place, &road, key(0)).await,
        Provider::Vercel => vercel(place, &road, key(0)).await,
        Provider::Render => render(place, &road, key(0)).await,
        Provider::Atlas => atlas(place, &road, way, key(0), key(1)).await,
        Provider::GoDaddy => godaddy(place, &road, way, key(0), key(1)).await,
        Provider::Cloudflare => cloudflare(place, &road, key(0)).await,
        Provider::Stripe => {
            return Err(Error::usage(format!(
                "golive cannot look at {provider} yet"
            )));
        }
    })
}

async fn github(place: &Place, road: &Road, token: Secret) -> Result<Account, CallError> {
    let kind = github::check_github(&token);
    let manners = github::Manners::new(token);
    let (owner, name) = &place.launch.repository;
    let client = github::Client::new(road.http(&manners), owner, name);
    let (user, facts) = client.user().await?;
    let scopes = match &facts.scopes {
        None => "not listed by GitHub for this kind of token".into(),
        Some(scopes) if scopes.is_empty() => "none".into(),
        Some(scopes) => scopes.join(", "),
    };
    let expires = facts.expires.map(day);
    Ok(Account {
        provider: Provider::GitHub,
        name: user.login,
        ids: vec![user.id.to_string()],
        kind: kind.map_or_else(|_| "token".into(), |kind| kind.in_words().to_string()),
        scopes,
        expires: expires.unwrap_or_else(|| "none".into()),
        lacks: None,
    })
}

/// The user, what the token may and until when; a team that golive.toml names must be in its reach.
async fn vercel(place: &Place, road: &Road, token: Secret) -> Result<Account, CallError> {
    let manners = vercel::Manners::new(token);
    let client = vercel::Client::new(road.http(&manners), None);
    let user = client.user().await?;
    let name = user.username.unwrap_or_else(|| user.id.clone());
    let named = place.manifest.vercel.team.as_ref();
    let named = named.map(ToString::to_string).filter(|slug| *slug != name);
    let (teams, lacks) = match named {
        None => (client.teams().await?, None),
        Some(slug) => match client.team(&slug).await {
            Ok(team) => (vec![team], None),
            Err(error) if error.is_status(403) || error.is_status(404) => {
                (vec![], Some(format!("the team {slug}")))
            }
            Err(error) => return Err(error),
        },
    };
    let mut ids = vec![user.id];
    ids.extend(teams.iter().map(|team| team.id.clone()));
    // Not every token may ask about itself; then its expiry is not known.
    let expires = match client.token().await {
        Ok(facts) => facts
            .expires(teams.first().map(|team| team.id.as_str()))
            .map_or("none".into(), day),
        Err(_) => "not known".into(),
    };
    let names: Vec<String> = teams.into_iter().map(|team| team.slug).collect();
    Ok(Account {
        provider: Provider::Vercel,
        name,
        ids,
        kind: "access token".into(),
        scopes: match names.as_slice() {
            [] => "your own account and no team".into(),
            names => format!("reaches the team {}", names.join(", ")),
        },
        expires,
        lacks,
    })
}

/// The user, and which workspaces the key reaches.
async fn render(place: &Place, road: &Road, key: Secret) -> Result<Account, CallError> {
    let manners = render::Manners::new(key);
    let client = render::Client::new(road.http(&manners));
    let user = client.user().await?;
    let owners = client.owners().await?;
    let wanted = place.manifest.render.workspace.to_string();
    let is_it = |own: &render::Owner| own.id == wanted || own.name.eq_ignore_ascii_case(&wanted);
    let reached = wanted.is_empty() || owners.iter().any(is_it);
    let name = user.in_words();
    let mut ids = Vec::from_iter(user.id);
    ids.extend(owners.iter().map(|own| own.id.clone()));
    let names: Vec<String> = owners.into_iter().map(|own| own.name).collect();
    Ok(Account {
        provider: Provider::Render,
        name,
        ids,
        kind: "API key".into(),
        scopes: format!("reaches the workspaces {}", names.join(", ")),
        expires: "Render's keys have none".into(),
        lacks: (!reached).then(|| format!("the workspace {wanted}")),
    })
}

/// The organisations that the keys reach; both kinds of key belong to one. A project that golive.toml names must be in
/// their reach.
async fn atlas(
    place: &Place,
    road: &Road,
    way: &Way,
    id: Secret,
    secret: Secret,
) -> Result<Account, CallError> {
    let (kind, credential) = match way.slots[0].name.as_str() == "ATLAS_CLIENT_ID" {
        true => (
            "service account",
            atlas::Credential::ServiceAccount { id, secret },
        ),
        false => (
            "API key",
            atlas::Credential::ApiKey {
                public: id,
                private: secret,
            },
        ),
    };
    let manners = atlas::Manners::new(credential, Arc::default());
    let client = atlas::Client::new(road.http(&manners), &manners);
    let organisations = client.organizations().await?;
    let groups = client.groups().await?;
    let clusters = place.manifest.atlas.cluster.values();
    let lacks = clusters
        .map(|cluster| cluster.project.to_string())
        .find(|wanted| {
            let is_it = |group: &atlas::Group| group.id == *wanted || group.name == *wanted;
            !groups.iter().any(is_it)
        });
    // A key that belongs to a project alone sees no organisation.
    let mut ids: Vec<String> = organisations.iter().map(|own| own.id.clone()).collect();
    ids.extend(groups.iter().map(|group| group.org_id.clone()));
    ids.dedup();
    let names: Vec<&str> = organisations.iter().map(|own| own.name.as_str()).collect();
    let names = match names.as_slice() {
        [] => ids.join(", "),
        names => names.join(", "),
    };
    let projects: Vec<&str> = groups.iter().map(|own| own.name.as_str()).collect();
    Ok(Account {
        provider: Provider::Atlas,
        name: names,
        ids,
        kind: kind.into(),
        scopes: format!("reaches the projects {}", projects.join(", ")),
        expires: "as chosen in Atlas, on the page of the key".into(),
        lacks: lacks.map(|wanted| format!("the project {wanted}")),
    })
}

/// Whether the keys read the records of the zone: GoDaddy does not say whose they are. An account that its API is not open
/// to has good keys all the same; the launch then goes on by hand.
async fn godaddy(
    place: &Place,
    road: &Road,
    way: &Way,
    first: Secret,
    second: Secret,
) -> Result<Account, CallError> {
    let (kind, authorization) = match way.slots[0].name.as_str() == "GODADDY_TOKEN" {
        true => ("personal access token", first.prefixed("Bearer ")),
        false => (
            "API key",
            first.followed_by(":", &second).prefixed("sso-key "),
        ),
    };
    let manners = godaddy::Manners::new(authorization);
    let client = godaddy::Client::new(road.http(&manners), manners.version());
    let zone = place.manifest.dns.zone.to_string();
    let (scopes, lacks) = match client.probe(&zone).await {
        Ok(()) => (format!("reads the records of {zone}"), None),
        Err(error) if godaddy::is_refused_access(&error) => (
            format!(
                "not the records of {zone} ({}): golive will offer to go on by hand",
                error.cause()
            ),
            None,
        ),
        Err(error) if error.is_status(404) => (error.cause(), Some(format!("the zone {zone}"))),
        Err(error) => return Err(error),
    };
    Ok(Account {
        provider: Provider::GoDaddy,
        name: "an account that GoDaddy does not name".into(),
        ids: vec![],
        kind: kind.into(),
        scopes,
        expires: match way.slots.len() {
            1 => "as chosen when it was made".into(),
            _ => "GoDaddy's keys have none".into(),
        },
        lacks,
    })
}

/// The zone, whose it is, and until when the token works. A token that belongs to an account cannot ask about itself.
async fn cloudflare(place: &Place, road: &Road, token: Secret) -> Result<Account, CallError> {
    let manners = cloudflare::Manners::new(token);
    let client = cloudflare::Client::new(road.http(&manners));
    let zone = place.manifest.dns.zone.to_string();
    let verified = client.verify().await;
    let zones = match (client.zones(&zone).await, &verified) {
        (Ok(zones), _) => zones,
        (Err(_), Err(refused)) => return Err(refused.clone()),
        (Err(error), _) => return Err(error),
    };
    let accounts: Vec<String> = zones.iter().filter_map(cloudflare::Zone::account).collect();
    let ids = zones.iter().filter_map(|zone| zone.account_id());
    Ok(Account {
        provider: Provider::Cloudflare,
        name: match accounts.as_slice() {
            [] => "an account that Cloudflare does not name".into(),
            accounts => accounts.join(", "),
        },
        ids: ids.map(str::to_string).collect(),
        kind: match verified.is_ok() {
            true => "API token".into(),
            false => "API token of an account".into(),
        },
        scopes: format!(
            "reaches the zones {}",
            zones
                .iter()
                .map(|own| own.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ),
        expires: match verified {
            Ok(token) => token.expires_on.unwrap_or_else(|| "none".into()),
            Err(_) => "not known".into(),
        },
        lacks: zones.is_empty().then(|| format!("the zone {zone}")),
    })
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The provider said no, or said nothing: only the first says something about the keys.
fn not_looked_at(provider: Provider, error: &CallError) -> Error {
    let word = provider.word();
    let token = crate::tokens::of(provider);
    let slot = token.map_or("0.stripe", |token| token.ways[0].slots[0].name.as_str());
    let (what, hint) = match verdict(provider, error, "tell whose it is") {
        Verdict::TokenRefused => (
            format!("{provider} did not take the token"),
            format!("golive explain {slot} tells where it is made and what it must be allowed"),
        ),
        Verdict::Blocked(blocker) => (
            format!(
                "{provider} does not let the token look: {}",
                blocker.sentence()
            ),
            format!("golive login {word}, once that is settled"),
        ),
        Verdict::Race | Verdict::Plain => (
            format!(
                "{provider} gave no answer to whose token it is, so whether it works is not known"
            ),
            format!("golive login {word}, once {provider} can be reached"),
        ),
    };
    Error::failed(what)
        .because(error.cause())
        .now("nothing was kept")
        .hint(hint)
}

//! The clients that one visit speaks through: for each provider its tokens from the vault, its manners, its road.

use std::collections::BTreeMap;

use super::desk::Desk;
use super::{Settings, Visit, vault_failure};
use crate::plan::{Blocker, ItemId, Provider};
use crate::provider::http::{self, Http};
use crate::provider::{atlas, cloudflare, github, godaddy, render, stripe, token, vercel};
use crate::secret::{Secret, SecretName};

/// How each provider of an item is spoken to, with the tokens that sign for it.
#[derive(Default)]
pub(super) struct Signed {
    github: Option<(github::Manners, Option<github::TokenKind>)>,
    vercel: Option<vercel::Manners>,
    render: Option<render::Manners>,
    atlas: Option<atlas::Manners>,
    godaddy: Option<godaddy::Manners>,
    cloudflare: Option<cloudflare::Manners>,
}

/// The roads of one visit and the clients on them.
#[derive(Default)]
pub(super) struct Clients<'a> {
    pub github: Option<github::Client<'a>>,
    pub vercel: Option<vercel::Client<'a>>,
    pub render: Option<render::Client<'a>>,
    pub atlas: Option<atlas::Client<'a>>,
    pub godaddy: Option<godaddy::Client<'a>>,
    pub cloudflare: Option<cloudflare::Client<'a>>,
    pub stripe: Option<stripe::Road<'a>>,
}

impl Signed {
    /// Reads the tokens of every provider; the error is how the visit ends when one is missing.
    pub(super) async fn of(
        desk: &Desk,
        providers: impl IntoIterator<Item = Provider>,
    ) -> Result<Signed, Visit> {
        let mut signed = Signed::default();
        for provider in providers {
            if token::ways(provider).is_empty() {
                continue;
            }
            let mut keys = keys(desk, provider).await?.into_iter();
            let mut next = || keys.next().unwrap_or_else(|| Secret::new(""));
            match provider {
                Provider::GitHub => {
                    let token = next();
                    let kind = github::TokenKind::of(&token);
                    signed.github = Some((github::Manners::new(token), kind));
                }
                Provider::Vercel => signed.vercel = Some(vercel::Manners::new(next())),
                Provider::Render => signed.render = Some(render::Manners::new(next())),
                Provider::Atlas => {
                    let (id, secret) = (next(), next());
                    let credential = match is_service_account(desk) {
                        true => atlas::Credential::ServiceAccount { id, secret },
                        false => atlas::Credential::ApiKey {
                            public: id,
                            private: secret,
                        },
                    };
                    signed.atlas = Some(atlas::Manners::new(credential, desk.atlas.clone()));
                }
                Provider::GoDaddy => {
                    let first = next();
                    let token = SecretName::new(token::ways(provider)[0][0]);
                    signed.godaddy = Some(match desk.is_held(&token) {
                        true => godaddy::Manners::new(first.prefixed("Bearer ")),
                        false => godaddy::Manners::new(
                            first.followed_by(":", &next()).prefixed("sso-key "),
                        ),
                    });
                }
                Provider::Cloudflare => {
                    signed.cloudflare = Some(cloudflare::Manners::new(next()));
                }
                Provider::Stripe => {}
            }
        }
        Ok(signed)
    }

    /// The clients, their calls told as part of `item`.
    pub(super) fn clients<'a>(
        &'a self,
        desk: &'a Desk,
        settings: &'a Settings,
        repository: &(String, String),
        listener: &'a http::Listener,
        item: &'a ItemId,
    ) -> Clients<'a> {
        let road = |manners: &'a dyn http::Manners| {
            let provider = manners.provider();
            Http::new(
                settings.url(provider),
                manners,
                &*desk.seams.transport,
                &*desk.seams.clock,
                listener,
                &desk.pacers[&provider],
            )
            .for_item(item)
        };
        let team = || {
            let state = desk.state.borrow();
            let access = state.item(&Provider::Vercel.access())?;
            access.outputs.get("team_id").cloned()
        };
        let (owner, name) = repository;
        Clients {
            github: self.github.as_ref().map(|(manners, kind)| {
                github::Client::new(road(manners), owner, name).with_token_kind(*kind)
            }),
            vercel: self
                .vercel
                .as_ref()
                .map(|manners| vercel::Client::new(road(manners), team())),
            render: self
                .render
                .as_ref()
                .map(|manners| render::Client::new(road(manners))),
            atlas: self
                .atlas
                .as_ref()
                .map(|manners| atlas::Client::new(road(manners), manners)),
            godaddy: self
                .godaddy
                .as_ref()
                .map(|manners| godaddy::Client::new(road(manners), manners.version())),
            cloudflare: self
                .cloudflare
                .as_ref()
                .map(|manners| cloudflare::Client::new(road(manners))),
            stripe: Some(stripe::Road {
                base: settings.url(Provider::Stripe),
                transport: &*desk.seams.transport,
                clock: &*desk.seams.clock,
                listener,
                pacer: &desk.pacers[&Provider::Stripe],
                item,
            }),
        }
    }
}

/// The keys of the first way to sign that is whole. When none is, the first missing slot of the way that was begun is
/// asked for.
async fn keys(desk: &Desk, provider: Provider) -> Result<Vec<Secret>, Visit> {
    let mut wanted: Option<SecretName> = None;
    for way in token::ways(provider) {
        let mut keys = vec![];
        let mut missing = None;
        for slot in *way {
            let slot = SecretName::new(*slot);
            match desk.secret(&slot).await {
                Ok(Some(key)) => keys.push(key),
                Ok(None) => missing = missing.or(Some(slot)),
                Err(error) => return Err(Visit::Failed(vault_failure(&error))),
            }
        }
        let Some(missing) = missing else {
            return Ok(keys);
        };
        if wanted.is_none() || !keys.is_empty() {
            wanted = Some(missing);
        }
    }
    let slot = wanted.unwrap_or_else(|| desk.signing_slot(provider));
    Err(missing(desk, &slot))
}

fn is_service_account(desk: &Desk) -> bool {
    let way: BTreeMap<_, _> = token::ways(Provider::Atlas)[0]
        .iter()
        .map(|slot| (*slot, desk.is_held(&SecretName::new(*slot))))
        .collect();
    way.values().all(|held| *held)
}

fn missing(desk: &Desk, slot: &SecretName) -> Visit {
    let was_kept = desk.state.borrow().kept.contains_key(slot);
    Visit::Blocked(Blocker::SecretMissing {
        slot: slot.to_string(),
        was_kept,
    })
}

//! The knowledge: everything golive can make true, one file per kind. A resource looks, plans and applies; it never
//! prints, sleeps, asks or writes the state file.

mod access_list;
mod alone;
pub mod api_answers;
pub mod atlas_access;
pub mod atlas_cluster;
pub mod atlas_here;
pub mod atlas_login;
pub mod atlas_render_access;
pub mod atlas_roles;
pub mod atlas_user;
pub mod branch_protection;
mod carried;
pub mod cell;
pub mod checks;
pub mod code_variables;
pub mod debt_issue;
pub mod dns_access;
pub mod dns_record;
pub mod dns_seen;
pub mod dns_zone;
pub mod domain_verified;
pub mod dynamic_cors;
pub mod github_access;
pub mod github_branch;
pub mod in_force;
pub mod main_stability;
pub mod promotion;
mod protection;
pub mod render_access;
pub mod render_app;
pub mod render_deploy;
pub mod render_domain;
pub mod render_group;
pub mod render_key_value;
pub mod render_redis_access;
pub mod render_service;
mod ruleset;
pub mod site_certificate;
pub mod stripe_access;
mod stripe_key;
pub mod value;
pub mod vercel_access;
pub mod vercel_app;
pub mod vercel_build;
pub mod vercel_domain;
pub mod vercel_first_build;
pub mod vercel_project;
pub mod vercel_redeploy;
pub mod vercel_variables;
mod wish;
pub mod zone;

pub use api_answers::ApiAnswers;
pub use atlas_access::AtlasAccess;
pub use atlas_cluster::AtlasCluster;
pub use atlas_here::AtlasHere;
pub use atlas_login::AtlasLogin;
pub use atlas_render_access::AtlasRenderAccess;
pub use atlas_roles::AtlasRoles;
pub use atlas_user::AtlasUser;
pub use branch_protection::{BranchProtection, Wish as ProtectionWish};
pub use cell::Cell;
pub use code_variables::CodeVariables;
pub use debt_issue::DebtIssue;
pub use dns_access::DnsAccess;
pub use dns_record::DnsRecord;
pub use dns_seen::DnsSeen;
pub use dns_zone::DnsZone;
pub use domain_verified::DomainVerified;
pub use dynamic_cors::DynamicCors;
pub use github_access::GithubAccess;
pub use github_branch::GithubBranch;
pub use main_stability::MainStability;
pub use promotion::Promotion;
pub use render_access::RenderAccess;
pub use render_app::RenderApp;
pub use render_deploy::RenderDeploy;
pub use render_domain::RenderDomain;
pub use render_group::RenderGroup;
pub use render_key_value::RenderKeyValue;
pub use render_redis_access::RenderRedisAccess;
pub use render_service::RenderService;
pub use site_certificate::SiteCertificate;
pub use stripe_access::StripeAccess;
pub use stripe_key::before_keeping as stripe_key_before_keeping;
pub use vercel_access::VercelAccess;
pub use vercel_app::VercelApp;
pub use vercel_build::VercelBuild;
pub use vercel_domain::VercelDomain;
pub use vercel_first_build::VercelFirstBuild;
pub use vercel_project::VercelProject;
pub use vercel_redeploy::VercelRedeploy;
pub use vercel_variables::VercelVariables;
pub use wish::Wish;

use std::collections::{BTreeMap, BTreeSet};

use futures::future::LocalBoxFuture;
use jiff::Timestamp;

use crate::event::FailedCall;
use crate::plan::{Attestation, Change, ItemId, Made, Observed, Outputs, Plan};
use crate::provider::http::CallError;
use crate::provider::{atlas, cloudflare, github, godaddy, render, stripe, vercel};
use crate::sabotage;
use crate::seam::documents::Documents;
use crate::seam::redis::Redis;
use crate::seam::resolver::Resolver;
use crate::seam::web::Web;
use crate::secret::{Fingerprint, Secret, SecretName};

/// What a resource may use.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    pub item: &'a ItemId,
    pub now: Timestamp,
    /// Clients are `None` where the item does not speak to that provider. While a token is missing, the engine asks for
    /// it before it lets such an item look.
    pub github: Option<&'a github::Client<'a>>,
    pub vercel: Option<&'a vercel::Client<'a>>,
    pub render: Option<&'a render::Client<'a>>,
    pub atlas: Option<&'a atlas::Client<'a>>,
    pub godaddy: Option<&'a godaddy::Client<'a>>,
    pub cloudflare: Option<&'a cloudflare::Client<'a>>,
    /// The way to Stripe; a key is taken from the vault for each client.
    pub stripe: Option<stripe::Road<'a>>,
    pub documents: &'a dyn Documents,
    pub resolver: &'a dyn Resolver,
    pub web: &'a dyn Web,
    pub redis: &'a dyn Redis,
    pub slots: &'a dyn Slots,
    pub known: &'a Known,
}

/// The secrets that an item may read and keep.
pub trait Slots {
    /// What is kept, or lent by a variable, under a name.
    fn secret<'s>(&'s self, slot: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>>;

    /// What may be said about what is kept under a name; `None` where nothing is, or a variable lends it.
    fn fingerprint(&self, slot: &SecretName) -> Option<Fingerprint>;

    /// A new password that is going to be kept under a name.
    fn new_password(&self, _slot: &SecretName) -> Result<Secret, String> {
        Secret::password()
    }

    /// A new value of that many random bytes that is going to be kept under a name.
    fn new_secret(&self, _slot: &SecretName, bytes: u16) -> Result<Secret, String> {
        Secret::random(bytes)
    }

    /// What may be said about any value; `None` where there is no key to make fingerprints with.
    fn fingerprint_of<'s>(
        &'s self,
        _value: &'s Secret,
    ) -> LocalBoxFuture<'s, Look<Option<Fingerprint>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Keeps a value; durable once this returns.
    fn keep<'s>(&'s self, slot: &'s SecretName, value: Secret) -> LocalBoxFuture<'s, Look<()>>;
}

impl<'a> Cx<'a> {
    /// GitHub's client. The engine lets no item look whose token is missing, so its absence is only told, never met.
    fn client(&self) -> Look<&'a github::Client<'a>> {
        self.github.ok_or_else(|| self.no_client("GitHub"))
    }

    fn vercel(&self) -> Look<&'a vercel::Client<'a>> {
        self.vercel.ok_or_else(|| self.no_client("Vercel"))
    }

    fn render(&self) -> Look<&'a render::Client<'a>> {
        self.render.ok_or_else(|| self.no_client("Render"))
    }

    fn atlas(&self) -> Look<&'a atlas::Client<'a>> {
        self.atlas.ok_or_else(|| self.no_client("Atlas"))
    }

    fn godaddy(&self) -> Look<&'a godaddy::Client<'a>> {
        self.godaddy.ok_or_else(|| self.no_client("GoDaddy"))
    }

    fn cloudflare(&self) -> Look<&'a cloudflare::Client<'a>> {
        self.cloudflare.ok_or_else(|| self.no_client("Cloudflare"))
    }

    fn stripe(&self) -> Look<stripe::Road<'a>> {
        self.stripe.ok_or_else(|| self.no_client("Stripe"))
    }

    fn no_client(&self, provider: &str) -> CallError {
        here(format!("there is no token for {provider}"), None)
    }
}

/// What this machine could not give.
pub fn here(cause: impl Into<String>, hint: Option<String>) -> CallError {
    CallError::Here {
        call: Box::new(FailedCall {
            method: "GET".into(),
            path: "/".into(),
            status: None,
            request_id: None,
        }),
        cause: cause.into(),
        hint,
    }
}

/// What planning may read besides the look: this item's history, other items' outputs, and the launch's settings.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The last word of a person on this item.
    pub attested: Option<Attestation>,
    /// What golive made for this item and has not removed.
    pub made: Vec<Made>,
    /// Choices made for this item, key to word.
    pub decided: BTreeMap<String, String>,
    /// What settled items hand on, as `item.output`.
    pub outputs: BTreeMap<String, String>,
    /// The account that this launch is tied to at the item's provider, once seen.
    pub account: Option<String>,
    /// What this item handed on when it was last settled, such as the provider's id of the object.
    pub own: BTreeMap<String, String>,
    /// How many creations golive has sent to the item's provider within the last hour, by kind of path (`services`).
    pub created_last_hour: usize,
    /// When golive last sent each change of this item, by change: what is asked of a provider again and again is spaced.
    pub sent: BTreeMap<String, Timestamp>,
    /// golive has settled this item before; what is missing now was taken away by someone.
    pub settled_before: bool,
    /// An item that needs this one is still open: what is wanted only for a time is wanted now.
    pub needed: bool,
    /// Marks what golive makes: `golive:<launch id>`.
    pub marker: String,
    /// Cells whose `live` wish holds: their switch of step 10 is done.
    pub switched: BTreeSet<ItemId>,
}

/// A look that did not fail. Failing is not "absent": it is its own case, and the engine shows it as unknown.
pub type Look<T> = Result<T, CallError>;

/// One thing that golive makes true, and how it knows.
// Only the engine's one thread calls these, so the futures need not be `Send`.
#[expect(async_fn_in_trait)]
pub trait Resource {
    /// What a look at the world found. May hold a secret; is never stored.
    type Seen;
    type Change: Change + Clone;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Self::Seen>;

    /// Plain deciding: no time, no world, no randomness.
    fn plan(&self, known: &Known, seen: &Self::Seen) -> Plan<Self::Change>;

    /// The changes that can be told before their turn has come, for the step's plan.
    fn foresee(&self, _known: &Known) -> Vec<Self::Change> {
        Vec::new()
    }

    async fn apply(&self, cx: &Cx<'_>, change: &Self::Change) -> Result<Applied, CallError>;

    fn outputs(&self, seen: &Self::Seen) -> Outputs;

    /// What `change` left behind, for a change whose reply was lost and whose effect a look has found.
    fn found(&self, _seen: &Self::Seen, _change: &str) -> Option<Made> {
        None
    }

    /// How what golive made for this item is removed. Empty: nothing of it can be, or nothing is left.
    fn undo(&self, _known: &Known, _seen: &Self::Seen) -> Vec<Self::Change> {
        Vec::new()
    }
}

/// What a change left behind.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    pub made: Option<Made>,
}

/// Turns a 404 into "absent" and every other failure into itself.
pub fn absent_on_404<T>(look: Result<T, CallError>) -> Result<Observed<T>, CallError> {
    match look {
        Ok(value) => Ok(Observed::Present(value)),
        Err(error) if error.is_status(404) => Ok(Observed::Absent),
        Err(_) if sabotage::planted(sabotage::Bug::FailedReadIsAbsent) => Ok(Observed::Absent),
        Err(error) => Err(error),
    }
}

impl Known {
    /// What another item handed on; `None` while it is not settled.
    pub fn output(&self, item: &ItemId, name: &str) -> Option<&str> {
        self.outputs
            .get(&format!("{item}.{name}"))
            .map(String::as_str)
    }

    /// The provider's id of this item's object, as it was made or last seen.
    pub fn id(&self, kind: &str) -> Option<&str> {
        let made = self.made.iter().rev().find(|made| made.kind == kind);
        made.map(|made| made.id.as_str())
            .or_else(|| self.own.get("id").map(String::as_str))
    }
}

/// A commit as it is shown: its first 7 digits.
fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// The most of a line of a build's log that a question shows, in characters.
const LOG_LINE_MAX: usize = 160;

/// A line of a log, cut where it is too long to be shown.
fn clipped(line: &str) -> String {
    match line.char_indices().nth(LOG_LINE_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_string(),
    }
}

/// A moment as evidence names it.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

//! Where the value of an environment variable comes from, and what it must look like.

mod got;
#[cfg(test)]
pub(in crate::resource) mod tests;

pub(in crate::resource) use got::{
    Got, Wanted, former, keep_former, list, sealed, wanted, without_secrets,
};

use super::Known;
use crate::plan::ItemId;
use crate::secret::SecretName;

/// What names begin with that a build puts into the browser.
const PUBLIC_PREFIXES: [&str; 3] = ["REACT_APP_", "NEXT_PUBLIC_", "VITE_"];

/// Whether a build hands the variable of that name on to the browser.
pub fn reaches_browser(name: &str) -> bool {
    PUBLIC_PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// What one variable is wished to be in one environment, now and once the launch has switched to live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wished {
    pub now: Given,
    /// `None`: the same for ever.
    pub live: Option<Given>,
}

impl Wished {
    /// What is wished of a cell at the launch's present stage.
    pub fn at(&self, known: &Known, cell: &ItemId) -> &Given {
        match &self.live {
            Some(live) if known.switched.contains(cell) => live,
            _ => &self.now,
        }
    }
}

/// One wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub source: Source,
    pub origin: Origin,
    /// What the value must look like, where that is known.
    pub form: Option<Form>,
}

/// How a value is come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It may be shown, and stands in `golive.toml` or follows from it.
    Text(String),
    /// It is kept in the vault.
    Kept(SecretName),
    /// Put together from Atlas' host, a user, the kept password and a database.
    DatabaseUrl(Box<DatabaseUrl>),
}

impl Source {
    /// What may be shown.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Source::Text(text) => Some(text),
            Source::Kept(_) | Source::DatabaseUrl(_) => None,
        }
    }

    /// The name under which the secret of it is kept.
    pub fn slot(&self) -> Option<&SecretName> {
        match self {
            Source::Text(_) => None,
            Source::Kept(slot) => Some(slot),
            Source::DatabaseUrl(url) => Some(&url.password),
        }
    }
}

/// The parts of `mongodb+srv://USER:PASSWORD@HOST/DATABASE?OPTIONS&appName=APP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    pub user: String,
    pub password: SecretName,
    /// The item that hands on the cluster's `host`, as Atlas says it.
    pub host_of: ItemId,
    /// The host that `golive.toml` names, before Atlas has said it.
    pub expected_host: String,
    pub database: String,
    /// Such as `retryWrites=true&w=majority`.
    pub options: String,
    /// The cluster's name.
    pub app: String,
}

/// Who a value comes from, in the operator's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It stands in `golive.toml`.
    Literal,
    /// golive puts it together.
    Composed,
    /// A provider issued it for the object of that item.
    Output(ItemId),
    /// golive makes it from that many random bytes.
    Generated(u16),
    /// The operator gives it.
    Asked,
}

impl Origin {
    /// Such as `put together by golive`.
    pub fn words(&self) -> String {
        match self {
            Origin::Literal => "written in golive.toml".into(),
            Origin::Composed => "put together by golive".into(),
            Origin::Output(item) => format!("issued by the provider ({item})"),
            Origin::Generated(bytes) => format!("made by golive from {bytes} random bytes"),
            Origin::Asked => "given by you".into(),
        }
    }
}

/// What a value that a person gives must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    StripeSecretTest,
    StripeSecretLive,
    StripePublishableTest,
    StripePublishableLive,
}

/// Where a variable goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The environment's group on Render.
    Render,
    /// The environment's Vercel project.
    Vercel,
}

/// How a variable may be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// May be shown.
    Plain,
    /// Kept in the vault, never shown.
    Secret,
    /// Ends in the browser, so it must be no secret.
    Public,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Secret => "secret",
            Kind::Public => "public",
        }
    }
}

impl Destination {
    pub fn word(self) -> &'static str {
        match self {
            Destination::Render => "Render",
            Destination::Vercel => "Vercel",
        }
    }
}

/// A variable as a group or a project is to hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub kind: Kind,
    pub wished: Wished,
    /// The item that answers for its value: `7.cell-prod-REDIS_URL`.
    pub cell: ItemId,
}

impl Variable {
    /// What is wished of it at the launch's present stage.
    pub fn given(&self, known: &Known) -> &Given {
        self.wished.at(known, &self.cell)
    }
}

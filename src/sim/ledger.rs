//! The ledger: what truly happened in the world, apart from what its services show.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The services that the world models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Github,
    Vercel,
    Render,
    Atlas,
    Godaddy,
    Cloudflare,
    Stripe,
}

impl Provider {
    /// As ready files, tokens and ledgers name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Github => "github",
            Provider::Vercel => "vercel",
            Provider::Render => "render",
            Provider::Atlas => "atlas",
            Provider::Godaddy => "godaddy",
            Provider::Cloudflare => "cloudflare",
            Provider::Stripe => "stripe",
        }
    }

    /// What a provider's base address ends with, before the paths of its official document begin.
    pub fn prefix(self) -> &'static str {
        match self {
            Provider::Render => "/v1",
            Provider::Cloudflare => "/client/v4",
            _ => "",
        }
    }

    /// Every service, in the order of ready files.
    pub const ALL: [Provider; 7] = [
        Provider::Github,
        Provider::Vercel,
        Provider::Render,
        Provider::Atlas,
        Provider::Godaddy,
        Provider::Cloudflare,
        Provider::Stripe,
    ];

    pub fn parse(name: &str) -> Option<Provider> {
        Provider::ALL
            .into_iter()
            .find(|provider| provider.as_str() == name)
    }
}

/// Who made an object: a call with golive's token, the service itself, or a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MadeBy {
    Golive,
    World,
    Person,
}

/// One object that exists, or once existed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRecord {
    pub provider: Provider,
    /// GitHub: `repository branch ruleset protection commit pull_request issue review label`. Vercel: `project
    /// deployment variable domain`. Render: `service key_value deploy custom_domain env_group`. Atlas: `project cluster
    /// database_user access_entry`. GoDaddy and Cloudflare: `dns_record`, with type, value and TTL in its name; a zone
    /// that neither keeps is under GoDaddy.
    pub kind: String,
    /// The provider's id; the name of a branch, the branch of a protection, the sha of a commit, the name of a
    /// cluster or database user with its project, an access entry's block with its project.
    pub id: String,
    /// What it is in: `owner/name` of a repository, a team, a workspace, a project, a service of a deploy; the number
    /// of the pull request for a review.
    pub parent: String,
    /// What a person would call it. Of a pull request: `head -> base`, which is its natural key.
    pub name: String,
    pub made_by: MadeBy,
    pub alive: bool,
}

/// One call as it truly went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    pub n: u64,
    pub at: Timestamp,
    pub provider: Provider,
    pub method: String,
    /// Of the official URL: percent-encoded, with its query.
    pub path: String,
    /// What the caller was told; `None` when it got no reply.
    pub status: Option<u16>,
    /// An object changed.
    pub mutating: bool,
    /// The service carried the call out, whatever the caller was told.
    pub applied: bool,
    /// A rule for faults counted this call.
    #[serde(skip)]
    pub faulted: bool,
}

impl CallRecord {
    /// Whether a rehearsal must remember the call to come to the same world again.
    pub fn worth_keeping(&self) -> bool {
        self.applied || self.mutating || self.faulted
    }
}

/// The ledger as `GET control/ledger` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub objects: Vec<ObjectRecord>,
    pub calls: Vec<CallRecord>,
}

/// The ledger being written. Entries are shared, so that a snapshot of the world costs next to nothing.
#[derive(Clone, Debug, Default)]
pub struct Book {
    objects: Vec<Arc<ObjectRecord>>,
    calls: Vec<Arc<CallRecord>>,
}

impl Book {
    /// Writes an object of `provider` down.
    pub fn made(
        &mut self,
        provider: Provider,
        kind: &str,
        id: &str,
        parent: &str,
        name: &str,
        made_by: MadeBy,
    ) {
        self.objects.push(Arc::new(ObjectRecord {
            provider,
            kind: kind.to_owned(),
            id: id.to_owned(),
            parent: parent.to_owned(),
            name: name.to_owned(),
            made_by,
            alive: true,
        }));
    }

    /// Marks the living object of that kind and id as gone.
    pub fn gone(&mut self, provider: Provider, kind: &str, id: &str) {
        for object in &mut self.objects {
            let it = object.provider == provider && object.kind == kind && object.id == id;
            if object.alive && it {
                Arc::make_mut(object).alive = false;
            }
        }
    }

    /// Writes down what a living object is called now.
    pub fn renamed(&mut self, provider: Provider, kind: &str, id: &str, name: &str) {
        for object in &mut self.objects {
            let it = object.provider == provider && object.kind == kind && object.id == id;
            if object.alive && it {
                name.clone_into(&mut Arc::make_mut(object).name);
            }
        }
    }

    pub fn called(&mut self, call: CallRecord) {
        self.calls.push(Arc::new(call));
    }

    pub fn last_call(&self) -> Option<&CallRecord> {
        self.calls.last().map(Arc::as_ref)
    }

    /// Every object of that kind that there ever was.
    pub fn of_kind(&self, provider: Provider, kind: &str) -> impl Iterator<Item = &ObjectRecord> {
        let all = self.objects.iter().map(AsRef::as_ref);
        all.filter(move |object| object.provider == provider && object.kind == kind)
    }

    pub fn read(&self) -> Ledger {
        Ledger {
            objects: self.objects.iter().map(|o| o.as_ref().clone()).collect(),
            calls: self.calls.iter().map(|c| c.as_ref().clone()).collect(),
        }
    }
}

//! What all items under way share: the state file, the vault, the road to the providers, and the ear that hears everything.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::{FutureExt, LocalBoxFuture};
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use crate::error::{Error, Result};
use crate::event::{Durable, Event, Live, Record};
use crate::journal::Journal;
use crate::journal::state::State;
use crate::plan::{ItemId, Provider};
use crate::provider::http::{CallError, Pacer};
use crate::provider::{atlas, token};
use crate::resource::{Look, Slots, here};
use crate::seam::clock::Clock;
use crate::seam::documents::Documents;
use crate::seam::hands::Hands;
use crate::seam::passwords::Passwords;
use crate::seam::redis::Redis;
use crate::seam::resolver::Resolver;
use crate::seam::transport::Transport;
use crate::seam::vault::Vault;
use crate::seam::web::Web;
use crate::secret::{Fingerprint, Secret, SecretName};
use crate::vault::Fingerprints;

/// The values in which a real launch, a rehearsal and a test differ.
#[derive(Clone)]
pub struct Seams {
    pub transport: Arc<dyn Transport>,
    pub vault: Arc<dyn Vault>,
    pub clock: Arc<dyn Clock>,
    pub documents: Arc<dyn Documents>,
    pub resolver: Arc<dyn Resolver>,
    pub web: Arc<dyn Web>,
    pub redis: Arc<dyn Redis>,
    pub passwords: Passwords,
    /// A rehearsal's operator, who does by hand what no API does.
    pub hands: Option<Arc<dyn Hands>>,
}

/// Everything that happens, with the launch's time at which it was told.
pub type Told = (Event, Timestamp);

pub struct Desk {
    pub seams: Seams,
    /// `None` when only looking: then nothing is written.
    journal: RefCell<Option<Journal>>,
    pub state: RefCell<State>,
    ear: UnboundedSender<Told>,
    /// When the next write to each provider may leave.
    pub pacers: BTreeMap<Provider, Pacer>,
    /// Atlas' short-lived token, fetched once and shared by all items.
    pub atlas: Arc<atlas::Session>,
    /// One write in flight per provider: GitHub's and Atlas' documentation asks for it, the others do not say more is welcome.
    turns: BTreeMap<Provider, tokio::sync::Mutex<()>>,
    secrets: RefCell<BTreeMap<SecretName, Secret>>,
    /// No new change begins; what is on its way is finished.
    pub stopping: Cell<bool>,
    /// Changes on their way to a provider.
    pub applying: Cell<usize>,
    /// Items from which something was removed in this run.
    pub removed: RefCell<BTreeSet<ItemId>>,
    /// The state file could not be written: nothing more may be changed.
    pub broken: RefCell<Option<Error>>,
}

impl Desk {
    pub fn new(
        seams: Seams,
        journal: Option<Journal>,
        state: State,
        ear: UnboundedSender<Told>,
    ) -> Self {
        Self {
            seams,
            journal: RefCell::new(journal),
            state: RefCell::new(state),
            ear,
            pacers: Provider::ALL
                .map(|provider| (provider, Pacer::default()))
                .into(),
            atlas: Arc::default(),
            turns: Provider::ALL
                .map(|provider| (provider, tokio::sync::Mutex::new(())))
                .into(),
            secrets: RefCell::default(),
            stopping: Cell::new(false),
            applying: Cell::new(0),
            removed: RefCell::default(),
            broken: RefCell::new(None),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.seams.clock.now()
    }

    /// The turn to write at a provider; held while one change is on its way.
    pub async fn turn(&self, provider: Provider) -> tokio::sync::MutexGuard<'_, ()> {
        self.turns[&provider].lock().await
    }

    /// Writes a record, durable once this returns, and only then tells it.
    pub fn record(&self, durable: Durable) -> Result<()> {
        if let Some(error) = &*self.broken.borrow() {
            return Err(error.clone());
        }
        let at = self.now();
        let mut state = self.state.borrow_mut();
        let record = match &mut *self.journal.borrow_mut() {
            Some(journal) => journal.append(&mut state, durable, at),
            None => {
                let record = Record {
                    seq: state.seq + 1,
                    epoch: state.epoch,
                    at,
                    durable,
                };
                state.apply(&record).map(|()| record).map_err(Error::failed)
            }
        };
        drop(state);
        match record {
            Ok(record) => {
                self.hear(Event::Durable(record));
                Ok(())
            }
            Err(error) => {
                *self.broken.borrow_mut() = Some(error.clone());
                Err(error)
            }
        }
    }

    pub fn tell(&self, live: Live) {
        self.hear(Event::Live(live));
    }

    pub fn say(&self, item: Option<&ItemId>, text: impl Into<String>) {
        self.tell(Live::Said {
            item: item.cloned(),
            text: text.into(),
        });
    }

    fn hear(&self, event: Event) {
        // A front end that is gone does not stop a change on its way; the launch ends by its request channel closing.
        let _ = self.ear.send((event, self.now()));
    }

    /// A copy of the ear for the HTTP road, which tells its calls itself.
    pub fn listener(&self) -> impl Fn(Live) + Send + Sync + use<> {
        let (ear, clock) = (self.ear.clone(), self.seams.clock.clone());
        move |live| {
            let _ = ear.send((Event::Live(live), clock.now()));
        }
    }

    /// A secret by its slot, from the vault once per run.
    pub async fn secret(&self, slot: &SecretName) -> Result<Option<Secret>> {
        if let Some(secret) = self.secrets.borrow().get(slot) {
            return Ok(Some(secret.clone()));
        }
        let found = self.seams.vault.get(slot).await?;
        if let Some(secret) = &found {
            self.secrets
                .borrow_mut()
                .insert(slot.clone(), secret.clone());
            self.note_kept(slot, secret).await?;
        }
        Ok(found)
    }

    /// Into the vault first, into the state file second: the other way round the file could promise what is not there.
    pub async fn keep(&self, slot: &SecretName, value: Secret) -> Result<()> {
        self.seams.vault.set(slot, &value).await?;
        self.secrets
            .borrow_mut()
            .insert(slot.clone(), value.clone());
        self.note_kept(slot, &value).await
    }

    /// Whether the secret has been read in this run and is at hand.
    pub fn is_held(&self, slot: &SecretName) -> bool {
        self.secrets.borrow().contains_key(slot)
    }

    pub fn forget(&self, slot: &SecretName) {
        self.secrets.borrow_mut().remove(slot);
    }

    /// The slot to ask for anew when a provider refuses its token: the secret half of the way that is in use.
    pub fn signing_slot(&self, provider: Provider) -> SecretName {
        let kept = |way: &&&[&str]| {
            let state = self.state.borrow();
            way.iter()
                .all(|slot| state.kept.contains_key(&SecretName::new(*slot)))
        };
        let ways = token::ways(provider);
        let way = ways.iter().find(kept).unwrap_or(&ways[0]);
        SecretName::new(way[way.len() - 1])
    }

    /// A provider's token is asked for again: nothing that came of the old one is used any more.
    pub fn forget_token(&self, provider: Provider) {
        token::slots(provider).for_each(|slot| self.forget(&slot));
        if provider == Provider::Atlas {
            self.atlas.forget();
        }
    }

    /// Records the fingerprint of what is kept, when it is news. What a variable lends is not kept.
    async fn note_kept(&self, slot: &SecretName, value: &Secret) -> Result<()> {
        if !self.seams.vault.keeps(slot).await? {
            return Ok(());
        }
        let expected = !self.state.borrow().kept.is_empty();
        let Some(key) = Fingerprints::key(&*self.seams.vault, expected).await? else {
            return Ok(());
        };
        let fingerprint = value.fingerprint(&key);
        if self.state.borrow().kept.get(slot) == Some(&fingerprint) {
            return Ok(());
        }
        self.record(Durable::Kept {
            slot: slot.clone(),
            fingerprint,
        })
    }
}

/// What an item may read and keep of the vault.
impl Slots for Desk {
    fn secret<'s>(&'s self, slot: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        async move {
            Desk::secret(self, slot)
                .await
                .map_err(|error| unheard(&error))
        }
        .boxed_local()
    }

    fn new_password(&self, slot: &SecretName) -> Result<Secret, String> {
        self.seams.passwords.make(slot)
    }

    fn new_secret(&self, slot: &SecretName, bytes: u16) -> Result<Secret, String> {
        self.seams.passwords.random(slot, bytes)
    }

    fn fingerprint_of<'s>(
        &'s self,
        value: &'s Secret,
    ) -> LocalBoxFuture<'s, Look<Option<Fingerprint>>> {
        async move {
            let expected = !self.state.borrow().kept.is_empty();
            let key = Fingerprints::key(&*self.seams.vault, expected).await;
            let key = key.map_err(|error| unheard(&error))?;
            Ok(key.map(|key| value.fingerprint(&key)))
        }
        .boxed_local()
    }

    fn fingerprint(&self, slot: &SecretName) -> Option<Fingerprint> {
        self.state.borrow().kept.get(slot).cloned()
    }

    fn keep<'s>(&'s self, slot: &'s SecretName, value: Secret) -> LocalBoxFuture<'s, Look<()>> {
        async move {
            let kept = Desk::keep(self, slot, value).await;
            kept.map_err(|error| unheard(&error))
        }
        .boxed_local()
    }
}

fn unheard(error: &Error) -> CallError {
    let cause = match &error.cause {
        Some(cause) => format!("{}: {cause}", error.what),
        None => error.what.clone(),
    };
    here(cause, error.hint.clone())
}

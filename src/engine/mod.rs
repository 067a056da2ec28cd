//! The loop over a whole launch: requests in, events out. It visits whatever is ready, several items at once, and rests
//! when only a person or the world can move things on. No front end is needed to run it.

pub mod approval;
mod clients;
pub mod desk;
mod giving;
mod progress;
mod reconcile;
mod requests;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{FutureExt, LocalBoxFuture};
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::error::{Error, Result};
use crate::event::{Durable, Failure, Live};
use crate::journal::state::{ItemState, Standing, State};
use crate::plan::{Blocker, ItemId, Provider, Row};
use crate::request::Request;
use crate::resource::{Cx, Known};
use crate::step::{Instance, Launch};

use self::clients::{Clients, Signed};
use self::desk::Desk;
use self::giving::Given;
use self::progress::{Place, Progress};
use self::reconcile::{Goal, Permit};
pub use self::reconcile::{Visit, Visiting};
pub use self::settle::settle_window;

/// What another person does is looked for this often.
const REVIEW_LOOK: Duration = Duration::from_secs(60);
/// After a look that failed, the next one.
const UNKNOWN_LOOK: Duration = Duration::from_secs(60);

/// What one run of the engine is about.
#[derive(Clone, Debug)]
pub struct Settings {
    /// False: look at everything, change and record nothing.
    pub apply: bool,
    /// The items to work on; `None`: all.
    pub select: Option<BTreeSet<ItemId>>,
    /// Where each provider is reached, where it is not at its own address.
    pub urls: BTreeMap<Provider, String>,
    /// Nothing is made: items rest until their removal is asked for.
    pub undo: bool,
}

impl Settings {
    /// Where a provider is reached.
    pub fn url(&self, provider: Provider) -> &str {
        self.urls
            .get(&provider)
            .map_or(provider.address(), String::as_str)
    }
}

pub struct Engine {
    desk: Rc<Desk>,
    launch: Rc<Launch>,
    settings: Rc<Settings>,
    requests: UnboundedReceiver<Request>,
    heard: u64,
    progress: BTreeMap<ItemId, Progress>,
    /// The rows last told for each step.
    told: BTreeMap<String, Vec<Row>>,
    /// What requests have begun and is not under way yet.
    begun: Vec<LocalBoxFuture<'static, Arrival>>,
}

/// What comes back from what is under way.
enum Arrival {
    Visited(ItemId, Result<Visit>),
    /// A secret that was judged before it is kept.
    Given(Given),
}

type UnderWay = FuturesUnordered<LocalBoxFuture<'static, Arrival>>;

impl Engine {
    pub fn new(
        desk: Desk,
        launch: Launch,
        settings: Settings,
        requests: UnboundedReceiver<Request>,
    ) -> Self {
        let chosen = |item: &Instance| {
            settings
                .select
                .as_ref()
                .is_none_or(|select| select.contains(&item.id))
        };
        let start = || {
            if settings.undo {
                Progress::resting()
            } else {
                Progress::default()
            }
        };
        let progress = launch
            .items
            .iter()
            .filter(|item| chosen(item))
            .map(|item| (item.id.clone(), start()))
            .collect();
        Self {
            desk: Rc::new(desk),
            launch: Rc::new(launch),
            settings: Rc::new(settings),
            requests,
            heard: 0,
            progress,
            told: BTreeMap::new(),
            begun: Vec::new(),
        }
    }

    /// Works until it is asked to stop or its requests can come from nowhere any more. An error means that the state
    /// file could not be written; everything before it is kept.
    pub async fn run(mut self) -> Result<State> {
        let mut under_way = UnderWay::new();
        let (mut idle, mut deaf) = (false, false);
        let ended = loop {
            self.start_ready(&mut under_way);
            under_way.extend(self.begun.drain(..));
            self.present_plans();
            if let Some(error) = self.desk.broken.borrow().clone() {
                break Err(error);
            }
            if self.desk.stopping.get() && self.desk.applying.get() == 0 {
                break Ok(());
            }
            if under_way.is_empty() && !idle {
                self.desk.tell(Live::Idle {
                    heard: self.heard,
                    next_look: self.next_look(),
                });
            }
            idle = under_way.is_empty();
            let sleep = self.sleep();
            tokio::select! {
                biased;
                request = self.requests.recv(), if !deaf => {
                    idle = false;
                    match request {
                        Some(Request::StopNow) => break Ok(()),
                        Some(request) => self.take(request).await?,
                        None => {
                            // Nobody can ask for anything any more: what is on its way is finished first.
                            deaf = true;
                            self.desk.stopping.set(true);
                        }
                    }
                }
                Some(arrival) = under_way.next(), if !under_way.is_empty() => match arrival {
                    Arrival::Visited(id, visit) => self.arrived(&id, visit?)?,
                    Arrival::Given(given) => {
                        let kept = self.given(given).await;
                        self.answer(kept);
                    }
                },
                () = sleep => idle = false,
            }
        };
        drop(under_way);
        self.desk.tell(Live::Ended);
        ended.map(|()| self.desk.state.borrow().clone())
    }

    /// Ends when the next item is due; never, when none is.
    fn sleep(&self) -> impl Future<Output = ()> + use<> {
        let sleep = self.next_look().map(|next| {
            let left = next.duration_since(self.desk.now());
            self.desk
                .seams
                .clock
                .sleep(Duration::try_from(left).unwrap_or(Duration::ZERO))
        });
        async move {
            match sleep {
                Some(sleep) => sleep.await,
                None => std::future::pending().await,
            }
        }
    }

    fn next_look(&self) -> Option<Timestamp> {
        let due = |progress: &Progress| match progress.place {
            Place::Later(at) => Some(at),
            Place::Due | Place::Away | Place::Resting => None,
        };
        self.progress.values().filter_map(due).min()
    }

    fn start_ready(&mut self, under_way: &mut UnderWay) {
        if self.desk.stopping.get() {
            return;
        }
        let now = self.desk.now();
        let ready: Vec<ItemId> = self
            .launch
            .items
            .iter()
            .filter(|item| self.is_ready(item, now))
            .map(|item| item.id.clone())
            .collect();
        for id in ready {
            let Some(progress) = self.progress.get_mut(&id) else {
                continue;
            };
            progress.place = Place::Away;
            let permit = Permit {
                goal: progress.goal,
                apply: self.settings.apply,
            };
            self.desk.tell(Live::Looking { item: id.clone() });
            under_way.push(visit(
                self.desk.clone(),
                self.launch.clone(),
                self.settings.clone(),
                id,
                permit,
            ));
        }
    }

    fn is_ready(&self, item: &Instance, now: Timestamp) -> bool {
        let Some(progress) = self.progress.get(&item.id) else {
            return false;
        };
        let due = match progress.place {
            Place::Due => true,
            Place::Later(at) => at <= now,
            Place::Away | Place::Resting => false,
        };
        due && (progress.goal == Goal::Undo || item.needs.iter().all(|need| self.is_met(need)))
    }

    /// What the file says is believed only of items that are not looked at in this run.
    fn is_met(&self, need: &ItemId) -> bool {
        let looked = self
            .progress
            .get(need)
            .is_none_or(|progress| progress.settled);
        looked && self.desk.state.borrow().is_settled(need)
    }

    fn arrived(&mut self, id: &ItemId, visit: Visit) -> Result<()> {
        let now = self.desk.now();
        let Some(progress) = self.progress.get_mut(id) else {
            return Ok(());
        };
        progress.arrive(&visit);
        self.desk.tell(Live::Looked { item: id.clone() });
        match visit {
            Visit::Settled if progress.goal == Goal::Undo => self.undone(id)?,
            Visit::Settled | Visit::Stopped => {}
            Visit::Wants(rows) => self.wanted(id, &rows)?,
            Visit::Waits(wait) => {
                let until = progress.waits_until(&wait, now);
                let next_look = add(now, wait.look_every);
                progress.place = Place::Later(next_look);
                self.desk.tell(Live::Waiting {
                    item: id.clone(),
                    wait,
                    next_look,
                    until,
                });
            }
            Visit::Blocked(blocker) => self.blocked(id, blocker)?,
            Visit::Failed(failure) => {
                if self.is_news(id, &Standing::Failed(failure.clone())) {
                    self.desk.record(Durable::Failed {
                        item: id.clone(),
                        failure,
                    })?;
                }
            }
            Visit::Unknown(failure) => {
                progress.place = Place::Later(add(now, UNKNOWN_LOOK));
                self.desk.tell(Live::Unknown {
                    item: id.clone(),
                    failure,
                });
            }
        }
        Ok(())
    }

    /// An item that was settled and now wants changes has been changed by someone.
    fn wanted(&mut self, id: &ItemId, rows: &[Row]) -> Result<()> {
        let was = match self.desk.state.borrow().item(id) {
            Some(ItemState {
                standing: Standing::Settled(evidence),
                ..
            }) => Some(evidence.text.clone()),
            _ => None,
        };
        if let Some(was) = was
            && rows.iter().any(|row| row.restores_drift)
        {
            let now = rows
                .iter()
                .map(Row::to_string)
                .collect::<Vec<_>>()
                .join("; ");
            let now = format!("to be as planned it would take: {now}");
            self.desk.record(Durable::Drifted {
                item: id.clone(),
                was,
                now,
            })?;
        }
        Ok(())
    }

    fn blocked(&mut self, id: &ItemId, blocker: Blocker) -> Result<()> {
        // What others do, by review or by hand, is looked for from time to time.
        if matches!(blocker, Blocker::Review { .. } | Blocker::ByHand { .. })
            && let Some(progress) = self.progress.get_mut(id)
        {
            progress.place = Place::Later(add(self.desk.now(), REVIEW_LOOK));
        }
        if self.is_news(id, &Standing::Blocked(blocker.clone())) {
            self.desk.record(Durable::Blocked {
                item: id.clone(),
                blocker,
            })?;
        }
        Ok(())
    }

    fn is_news(&self, id: &ItemId, standing: &Standing) -> bool {
        self.desk
            .state
            .borrow()
            .item(id)
            .is_none_or(|item| item.standing != *standing)
    }

    /// Tells each step's wanted rows once all its items have come to rest, later links of a chain included.
    fn present_plans(&mut self) {
        let steps: Vec<String> = self
            .launch
            .outline
            .steps()
            .map(|step| step.number.clone())
            .collect();
        for step in steps {
            let ids: Vec<ItemId> = self.items_of(&step).map(|item| item.id.clone()).collect();
            let away = |id: &ItemId| {
                self.progress
                    .get(id)
                    .is_some_and(|progress| progress.place == Place::Away)
            };
            if ids.iter().any(away) {
                continue;
            }
            let rows = self.rows_of(&ids);
            if self.told.get(&step).map(Vec::as_slice).unwrap_or_default() != rows {
                self.told.insert(step.clone(), rows.clone());
                self.desk.tell(Live::Planned { step, rows });
            }
        }
    }

    fn items_of(&self, step: &str) -> impl Iterator<Item = &Instance> {
        self.launch
            .items
            .iter()
            .filter(move |item| item.id.step() == step)
    }

    fn rows_of(&self, ids: &[ItemId]) -> Vec<Row> {
        let now = self.desk.now();
        let state = self.desk.state.borrow();
        let wanted = |id: &ItemId| {
            self.progress
                .get(id)
                .and_then(|progress| progress.wants.clone())
        };
        let asks = |row: &Row| state.approval_of(row, now).is_none();
        let asking = ids
            .iter()
            .filter_map(wanted)
            .flatten()
            .any(|row| asks(&row));
        if !asking && self.settings.apply {
            return vec![];
        }
        let rows = ids
            .iter()
            .flat_map(|id| wanted(id).unwrap_or_else(|| self.foreseen(id, &state)));
        rows.filter(asks).collect()
    }

    /// What an item will want once its turn has come, as far as it can be told now.
    fn foreseen(&self, id: &ItemId, state: &State) -> Vec<Row> {
        let Some(item) = self.launch.item(id) else {
            return vec![];
        };
        let Some(progress) = self.progress.get(id) else {
            return vec![];
        };
        let turn_has_come =
            progress.place != Place::Due || progress.settled || progress.goal == Goal::Undo;
        if turn_has_come || state.item(id).is_some_and(ItemState::is_settled) {
            return vec![];
        }
        let after = item
            .needs
            .iter()
            .find(|need| !state.is_settled(need))
            .cloned();
        let mut rows = item
            .wish
            .foresee(id, &known(&self.launch, item, state, self.desk.now()));
        for row in &mut rows {
            row.known_after = after.clone();
        }
        rows
    }
}

/// One visit, with the clients it may use. A panic in it is a failure of that item and of nothing else.
fn visit(
    desk: Rc<Desk>,
    launch: Rc<Launch>,
    settings: Rc<Settings>,
    id: ItemId,
    permit: Permit,
) -> LocalBoxFuture<'static, Arrival> {
    let whose = id.clone();
    let visiting = async move {
        let Some(item) = launch.item(&id) else {
            return Ok(Visit::Stopped);
        };
        let known = known(&launch, item, &desk.state.borrow(), desk.now());
        let providers = item.provider.into_iter();
        let providers = providers.chain(item.wish.reads_at().iter().copied());
        let signed = match Signed::of(&desk, providers).await {
            Ok(signed) => signed,
            Err(visit) => return Ok(visit),
        };
        let listener = desk.listener();
        let clients = signed.clients(&desk, &settings, &launch.repository, &listener, &id);
        let cx = context(&id, &desk, &clients, &known);
        let visiting = Visiting {
            desk: &desk,
            cx,
            provider: item.provider,
            launch: &launch,
            title: &item.title,
            keeps: &item.keeps,
            permit,
        };
        item.wish.visit(visiting).await
    };
    AssertUnwindSafe(visiting)
        .catch_unwind()
        .map(move |outcome| {
            Arrival::Visited(
                whose,
                outcome.unwrap_or_else(|panic| Ok(Visit::Failed(bug(&*panic)))),
            )
        })
        .boxed_local()
}

/// What an item may use.
fn context<'a>(
    item: &'a ItemId,
    desk: &'a Desk,
    clients: &'a Clients<'a>,
    known: &'a Known,
) -> Cx<'a> {
    Cx {
        item,
        now: desk.now(),
        github: clients.github.as_ref(),
        vercel: clients.vercel.as_ref(),
        render: clients.render.as_ref(),
        atlas: clients.atlas.as_ref(),
        godaddy: clients.godaddy.as_ref(),
        cloudflare: clients.cloudflare.as_ref(),
        stripe: clients.stripe,
        documents: &*desk.seams.documents,
        resolver: &*desk.seams.resolver,
        web: &*desk.seams.web,
        redis: &*desk.seams.redis,
        slots: desk,
        known,
    }
}

/// What an item may know before its own history is added.
pub(crate) fn known(launch: &Launch, item: &Instance, state: &State, now: Timestamp) -> Known {
    let outputs = state
        .items
        .iter()
        .filter(|(_, other)| other.is_settled())
        .flat_map(|(id, other)| {
            other
                .outputs
                .iter()
                .map(move |(name, value)| (format!("{id}.{name}"), value.clone()))
        })
        .collect();
    let access = item.provider.map(Provider::access);
    let account = access
        .and_then(|access| state.item(&access))
        .and_then(|access| access.outputs.get("account"))
        .cloned();
    let mut known = Known {
        outputs,
        account,
        marker: format!("golive:{}:{}", launch.id, item.id),
        created_last_hour: created_last_hour(launch, item, state, now),
        needed: is_needed(launch, item, state),
        ..Known::default()
    };
    if let Some(own) = state.item(&item.id) {
        known.attested = own.attested.clone();
        known.made = own.made.clone();
        known.decided = own.decided.clone();
        known.own = own.outputs.clone();
        known.sent = own.last_sent.clone();
        known.settled_before = own.settled_before;
    }
    known
}

/// Whether some item that needs this one is not settled.
fn is_needed(launch: &Launch, item: &Instance, state: &State) -> bool {
    let needing = launch
        .items
        .iter()
        .filter(|other| other.needs.contains(&item.id));
    needing
        .into_iter()
        .any(|other| !state.is_settled(&other.id))
}

/// How many creations of the item's kind have left within the last hour: a provider may allow only so many.
fn created_last_hour(launch: &Launch, item: &Instance, state: &State, now: Timestamp) -> usize {
    let kind = std::mem::discriminant(&item.wish);
    let same = launch
        .items
        .iter()
        .filter(|other| std::mem::discriminant(&other.wish) == kind);
    same.filter_map(|other| state.item(&other.id)?.last_sent.get("create"))
        .filter(|sent| now.duration_since(**sent).as_hours() < 1)
        .count()
}

fn vault_failure(error: &Error) -> Failure {
    Failure {
        what: error.what.clone(),
        cause: error
            .cause
            .clone()
            .unwrap_or_else(|| "it gave no reason".into()),
        likely: None,
        hint: error.hint.clone(),
        code: "GL-VAULT".into(),
        call: None,
        retryable: true,
    }
}

fn bug(panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Failure {
        what: "golive made a mistake here and stopped this item".into(),
        cause: text.unwrap_or_else(|| "a panic without words".into()),
        likely: Some("this is a fault of golive, not of yours; nothing recorded is lost".into()),
        hint: None,
        code: "GL-BUG".into(),
        call: None,
        retryable: true,
    }
}

fn add(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

//! The world over HTTP, on loopback: one address per provider, one for those who direct the play.
//!
//! Faults of the wire are real here: a reset is a TCP reset, and a truncated body ends half-way on the socket.

mod control;
mod names;
mod sites;
mod wire;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::sites::Authority;
use self::wire::{Fate, Wire};
use super::chronicle::Entry;
use super::doors::Doors;
use super::transport::Journal;
use super::{Answer, Call, Provider, World};
use crate::error::{Error, Result};
use crate::seam::clock::Clock;
use crate::seam::disk::Disk;
use crate::seam::transport::{HttpResponse, Method};

/// Longest request body that is read: as much as GitHub takes for one blob.
const BODY_MAX: usize = 40 << 20;

/// Moves the clock on; only a clock that runs by itself needs to be told.
pub type Advance = Arc<dyn Fn(Duration) + Send + Sync>;

/// How the world is served.
pub struct Options {
    /// Where the control interface listens; port 0 takes a free one. Providers take free ports of the same address.
    pub listen: SocketAddr,
    /// What `POST /advance` does to the clock.
    pub advance: Advance,
    /// The time of those who call, which certificates are shown in.
    pub callers: Arc<dyn Clock>,
    /// Where the certificate of the sites' authority is written; beside the ready file in `golive simulate`.
    pub ca: PathBuf,
    /// Told of everything that a world lived through again needs, before it is answered.
    pub journal: Option<Journal>,
}

/// What a client needs to know, as the ready file has it. Providers that are not modelled are absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Provider addresses end where the official documents' paths begin.
    pub github: String,
    pub vercel: String,
    pub render: String,
    pub atlas: String,
    pub godaddy: String,
    pub cloudflare: String,
    pub stripe: String,
    /// Name servers, over UDP and TCP.
    pub dns: String,
    /// The sites, by SNI.
    pub https: String,
    /// The certificate of the authority that the sites' certificates are signed by.
    pub ca: PathBuf,
    /// Where the world's databases are: a server that was given to the simulator, else none.
    pub mongodb: Option<String>,
    /// The same for its queues.
    pub redis: Option<String>,
    pub control: String,
    /// By provider; Atlas has `atlas_id` and `atlas_secret`. They open nothing but this world.
    pub tokens: BTreeMap<String, String>,
}

impl Ready {
    /// Puts the ready file in place whole: whoever sees it can use it.
    pub fn write(&self, disk: &dyn Disk, path: &Path) -> Result<()> {
        let text = serde_json::to_vec(self).map_err(|error| unwritable(path).because(error))?;
        disk.replace(path, &text)
            .map_err(|error| unwritable(path).because(error))
    }
}

fn write_certificate(authority: &Authority, path: &Path) -> Result<()> {
    std::fs::write(path, authority.pem()).map_err(|error| unwritable(path).because(error))
}

fn unwritable(path: &Path) -> Error {
    Error::failed(format!("{} cannot be written", path.display()))
        .now("the simulator does not run")
        .hint("--ready-file FILE, in a folder that is there and can be written")
}

/// A world being served. Dropped, it stops too, though nobody waits for the last replies.
pub struct Serving {
    pub ready: Ready,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Serving {
    /// Takes no new calls, lets those under way end, and returns when all is quiet. What hangs by a fault is cut.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Reads `--listen`: an address of this machine with a port, `localhost` for 127.0.0.1.
pub fn loopback(text: &str) -> Result<SocketAddr> {
    let refused = |cause: &str| {
        Error::usage(format!("the simulator does not listen on {text}"))
            .because(cause)
            .now("nothing was started")
            .hint("--listen 127.0.0.1:0")
    };
    let named = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok());
    let address = match named {
        Some(port) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
        None => text
            .parse()
            .map_err(|_| refused("this is not an address with a port"))?,
    };
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err(refused(
            "other machines could reach it, and it checks nothing that would stop them",
        )),
    }
}

/// Serves `world`, whose time is `clock`'s. Returns once every address takes connections.
pub async fn serve(
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
    options: Options,
) -> Result<Serving> {
    loopback(&options.listen.to_string())?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let stage = Stage {
        world,
        clock,
        advance: options.advance,
        journal: options.journal,
        stopped,
    };
    let control = open(
        options.listen,
        control::router(stage.clone()),
        &stage,
        &mut tasks,
    )
    .await?;
    let mut addresses = BTreeMap::new();
    for provider in Provider::ALL {
        let router = Router::new()
            .fallback(answer)
            .with_state((stage.clone(), provider));
        let free = SocketAddr::new(options.listen.ip(), 0);
        let address = open(free, router, &stage, &mut tasks).await?;
        addresses.insert(provider, format!("{address}{}", provider.prefix()));
    }
    let doors = Doors {
        world: stage.world.clone(),
        clock: stage.clock.clone(),
    };
    let authority = Authority::new(doors.clone(), options.callers)?;
    write_certificate(&authority, &options.ca)?;
    let ip = options.listen.ip();
    let dns = names::open(ip, doors, &mut tasks, &stage.stopped).await?;
    let https = sites::open(ip, Arc::new(authority), &mut tasks, &stage.stopped).await?;
    let mut address = |provider| addresses.remove(&provider).unwrap_or_default();
    let tokens = stage.world().ready_tokens();
    let ready = Ready {
        github: address(Provider::Github),
        vercel: address(Provider::Vercel),
        render: address(Provider::Render),
        atlas: address(Provider::Atlas),
        godaddy: address(Provider::Godaddy),
        cloudflare: address(Provider::Cloudflare),
        stripe: address(Provider::Stripe),
        dns: dns.to_string(),
        https: https.to_string(),
        ca: options.ca,
        mongodb: None,
        redis: None,
        control,
        tokens,
    };
    Ok(Serving { ready, stop, tasks })
}

/// Listens, serves in the background until told to stop, and says where.
async fn open(
    address: SocketAddr,
    router: Router,
    stage: &Stage,
    tasks: &mut JoinSet<()>,
) -> Result<String> {
    let unable = |error| {
        Error::failed(format!("nothing can listen on {address}"))
            .because(error)
            .now("the simulator does not run")
            .hint("--listen 127.0.0.1:0 takes a free port")
    };
    let listener = TcpListener::bind(address).await.map_err(unable)?;
    let address = listener.local_addr().map_err(unable)?;
    let service = router.into_make_service_with_connect_info::<Fate>();
    let stopped = stage.stopped.clone();
    tasks.spawn(async move {
        let served = axum::serve(Wire::listening(listener), service)
            .with_graceful_shutdown(over(stopped))
            .await;
        // It ends with an error never: what goes wrong on a connection ends that connection.
        debug_assert!(served.is_ok());
    });
    Ok(format!("http://{address}"))
}

/// Works until the simulator stops.
async fn while_served(work: impl Future<Output = ()>, stopped: watch::Receiver<bool>) {
    tokio::select! {
        () = work => {}
        () = over(stopped) => {}
    }
}

/// Ends when the simulator stops, or when nobody holds it any more.
async fn over(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// What every call has at hand.
#[derive(Clone)]
struct Stage {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
    advance: Advance,
    journal: Option<Journal>,
    stopped: watch::Receiver<bool>,
}

impl Stage {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn remember(&self, entry: &Entry) -> Result<()> {
        match &self.journal {
            Some(journal) => journal(entry),
            None => Ok(()),
        }
    }

    /// Carries a call out and remembers it under one lock, so that the record has the order of the world.
    fn carry_out(&self, call: &Call) -> Result<Answer> {
        let mut world = self.world();
        let answer = world.call(self.now(), call);
        if let Some(entry) = Entry::of_last_call(&world, call) {
            self.remember(&entry)?;
        }
        Ok(answer)
    }
}

/// One call to a provider.
async fn answer(
    State((stage, provider)): State<(Stage, Provider)>,
    ConnectInfo(fate): ConnectInfo<Fate>,
    request: Request,
) -> Response {
    let call = match read(provider, request).await {
        Ok(call) => call,
        Err(status) => return empty(status),
    };
    let answer = match stage.carry_out(&call) {
        Ok(answer) => answer,
        // What cannot be remembered is not answered: the caller finds the connection gone, as after a crash.
        Err(_) => Answer::Reset { applied: true },
    };
    match answer {
        Answer::Reply(response) => http(response),
        Answer::Slow(response, longer) => {
            tokio::select! {
                () = stage.clock.sleep(longer) => {}
                () = over(stage.stopped.clone()) => {}
            }
            http(response)
        }
        Answer::Truncated(response) => {
            fate.cut_body_after(response.body.len() / 2);
            http(response)
        }
        Answer::Reset { .. } => {
            fate.reset();
            empty(StatusCode::BAD_GATEWAY)
        }
        Answer::Timeout { .. } => {
            // When the caller gives up, this is dropped with the connection.
            over(stage.stopped.clone()).await;
            fate.reset();
            empty(StatusCode::BAD_GATEWAY)
        }
    }
}

async fn read(provider: Provider, request: Request) -> Result<Call, StatusCode> {
    let (parts, body) = request.into_parts();
    let method = Method::parse(parts.method.as_str()).ok_or(StatusCode::METHOD_NOT_ALLOWED)?;
    let path = parts
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let body = axum::body::to_bytes(body, BODY_MAX)
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(Call {
        provider,
        method,
        path,
        headers,
        body: (!body.is_empty()).then(|| body.to_vec()),
    })
}

/// As the world worded it; lengths and transfer are the wire's own.
fn http(response: HttpResponse) -> Response {
    let mut reply = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        if !["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
            reply = reply.header(name, value);
        }
    }
    reply
        .body(Body::from(response.body))
        .unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_call() {
        assert_eq!(
            loopback("localhost:80").unwrap().to_string(),
            "127.0.0.1:80"
        );
        assert_eq!(loopback("[::1]:0").unwrap().to_string(), "[::1]:0");
        for far in [
            "0.0.0.0:80",
            "[::]:80",
            "192.168.0.7:80",
            "example.com:80",
            "127.0.0.1",
            "",
        ] {
            assert!(loopback(far).is_err(), "{far}");
        }
    }
}

//! The served world over real sockets with the real transport: what a client sees, and what truly happened.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use golive::clock::{Scaled, Wall};
use golive::disk::RealDisk;
use golive::provider::https::HttpsTransport;
use golive::seam::clock::Clock;
use golive::seam::transport::{
    HeaderText, HttpRequest, HttpResponse, Method, Transport, TransportError,
};
use golive::secret::Secret;
use golive::sim::scenario::BranchNames;
use golive::sim::serve::{Options, Ready, Serving, serve};
use golive::sim::{Names, Scenario, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const REFS: &str = "/repos/bondigoo/bondigoo-platform/git/refs";
const SPEED: u32 = 60;
/// Long enough for a busy machine, short enough to wait for.
const PATIENCE: Duration = Duration::from_millis(800);

/// A simulator and a client of it.
struct Play {
    serving: Serving,
    clock: Arc<Scaled>,
    client: HttpsTransport,
    token: String,
}

/// The named world `fresh`, at its beginning.
fn fresh() -> (Arc<Mutex<World>>, Arc<Scaled>) {
    let names = Names {
        owner: "bondigoo".into(),
        repository: "bondigoo-platform".into(),
        branches: BranchNames {
            main: "main".into(),
            staging: "staging".into(),
            develop: "develop".into(),
        },
        server_file: "server/server.js".into(),
        front_end: "client".into(),
        reviewers: vec!["robin-keller".into()],
        words: Names::example().words,
    };
    let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let scenario = Scenario::named("fresh", &names).unwrap();
    let world = World::new(&scenario, 7, start);
    (
        Arc::new(Mutex::new(world)),
        Arc::new(Scaled::new(start, SPEED)),
    )
}

fn options(listen: &str, clock: &Arc<Scaled>) -> Options {
    let clock = clock.clone();
    Options {
        listen: listen.parse().unwrap(),
        advance: Arc::new(move |by| clock.advance(by)),
        callers: Arc::new(Wall),
        ca: std::env::temp_dir().join(format!("golive-ca-{}.pem", std::process::id())),
        journal: None,
    }
}

impl Play {
    async fn begin() -> Play {
        let (world, clock) = fresh();
        let options = options("127.0.0.1:0", &clock);
        let serving = serve(world, clock.clone(), options).await.unwrap();
        Play {
            token: serving.ready.tokens["github"].clone(),
            client: HttpsTransport::new().unwrap(),
            serving,
            clock,
        }
    }

    async fn send(
        &self,
        method: Method,
        url: String,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<HttpResponse, TransportError> {
        let bearer = |token: &str| HeaderText::Secret(Secret::new(token).prefixed("Bearer "));
        let headers = token.map(|token| ("authorization".to_string(), bearer(token)));
        self.client
            .send(HttpRequest {
                method,
                url,
                headers: headers.into_iter().collect(),
                body: body.map(|body| body.to_string().into_bytes()),
                timeout: PATIENCE,
                body_max: 16 << 20,
            })
            .await
    }

    async fn github(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<HttpResponse, TransportError> {
        let url = format!("{}{path}", self.serving.ready.github);
        self.send(method, url, Some(&self.token), body).await
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.serving.ready.control);
        let body = (method != Method::Get).then_some(body);
        let reply = self.send(method, url, None, body).await.unwrap();
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    async fn fault(&self, place: &str, fault: &str) {
        let rule = json!([{"provider": "github", "match": place, "nth": 1, "fault": fault}]);
        let (status, said) = self.control(Method::Post, "/faults", rule).await;
        assert_eq!((status, said), (200, json!({"added": 1})));
    }

    async fn main_sha(&self) -> String {
        let path = "/repos/bondigoo/bondigoo-platform/git/ref/heads/main";
        let reply = self.github(Method::Get, path, None).await.unwrap();
        assert_eq!(reply.status, 200);
        let found: Value = serde_json::from_slice(&reply.body).unwrap();
        found["object"]["sha"].as_str().unwrap().to_string()
    }

    async fn create(&self, branch: &str) -> Result<HttpResponse, TransportError> {
        let sha = self.main_sha().await;
        let body = json!({"ref": format!("refs/heads/{branch}"), "sha": sha});
        self.github(Method::Post, REFS, Some(body)).await
    }

    /// How many branches of that name truly exist, and what the ledger says of the last create.
    async fn truth(&self, branch: &str) -> (usize, Value) {
        let (_, ledger) = self.control(Method::Get, "/ledger", Value::Null).await;
        let objects = ledger["objects"].as_array().unwrap();
        let made = objects.iter().filter(|object| {
            object["kind"] == "branch" && object["name"] == branch && object["alive"] == true
        });
        let calls = ledger["calls"].as_array().unwrap().iter();
        let last = calls.rev().find(|call| call["method"] == "POST");
        (made.count(), last.cloned().unwrap_or_default())
    }
}

#[tokio::test]
async fn a_client_finds_everything_in_the_ready_file() {
    let play = Play::begin().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ready.json");
    play.serving
        .ready
        .write(&RealDisk::default(), &path)
        .unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = file.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "github",
            "vercel",
            "render",
            "atlas",
            "godaddy",
            "cloudflare",
            "stripe",
            "dns",
            "https",
            "ca",
            "mongodb",
            "redis",
            "control",
            "tokens"
        ]
    );
    let ready: Ready = serde_json::from_str(&text).unwrap();
    let authority = std::fs::read_to_string(&ready.ca).unwrap();
    assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(ready.tokens["github"].starts_with("golive-sim-github-"));

    let reply = play.github(Method::Get, "/user", None).await.unwrap();
    assert_eq!(reply.status, 200);
    let kind = reply.header("content-type").unwrap();
    assert!(kind.starts_with("application/json"), "{kind}");
    let stranger = "golive-sim-github-000000000000000000000000";
    let url = format!("{}/user", ready.github);
    let refused = play.send(Method::Get, url, Some(stranger), None).await;
    assert_eq!(refused.unwrap().status, 401);
}

#[tokio::test]
async fn what_broke_on_the_wire_is_seen_and_what_truly_happened_is_in_the_ledger() {
    let broken = |outcome: &Result<HttpResponse, TransportError>| {
        matches!(outcome, Err(TransportError::Broken(_)))
    };
    let play = Play::begin().await;
    for (fault, happened) in [
        ("reset_before", false),
        ("reset_after_apply", true),
        ("truncated", true),
        ("timeout_before", false),
        ("timeout_after_apply", true),
    ] {
        play.fault("POST /repos/*/*/git/refs", fault).await;
        let outcome = play.create(fault).await;
        match fault {
            "timeout_before" | "timeout_after_apply" => {
                assert!(
                    matches!(outcome, Err(TransportError::Timeout)),
                    "{fault}: {outcome:?}"
                );
            }
            _ => assert!(broken(&outcome), "{fault}: {outcome:?}"),
        }
        let (made, call) = play.truth(fault).await;
        assert_eq!(made, usize::from(happened), "{fault}");
        assert_eq!(call["applied"], happened, "{fault}");
        let path = call["path"].as_str().unwrap();
        assert_eq!(path, REFS);
        // The road is free again, and the world goes on.
        assert_eq!(play.main_sha().await.len(), 40);
    }
}

#[tokio::test]
async fn a_reset_is_a_reset_and_a_truncated_body_ends_early() {
    let play = Play::begin().await;
    play.fault("GET /user", "reset_before").await;
    let reset = play.github(Method::Get, "/user", None).await.unwrap_err();
    assert!(reset.to_string().contains("reset by peer"), "{reset}");
    play.fault("GET /user", "truncated").await;
    let early = play.github(Method::Get, "/user", None).await.unwrap_err();
    assert!(early.to_string().contains("end of file"), "{early}");
}

#[tokio::test]
async fn replies_that_are_no_use_arrive_whole() {
    let play = Play::begin().await;
    let mut seen = Vec::new();
    for fault in [
        "empty",
        "html",
        "http_500_before",
        "http_503_after_apply",
        "http_429",
        "http_429_date",
        "secondary_limit",
        "slow",
    ] {
        play.fault("GET /user", fault).await;
        let reply = play.github(Method::Get, "/user", None).await.unwrap();
        let kind = reply.header("content-type").unwrap_or_default();
        match fault {
            "empty" => assert!(reply.body.is_empty()),
            "html" => assert!(kind.starts_with("text/html"), "{kind}"),
            "http_429" | "http_429_date" | "secondary_limit" => {
                assert!(reply.header("retry-after").is_some(), "{fault}");
            }
            _ => {}
        }
        seen.push(reply.status);
    }
    assert_eq!(seen, [200, 200, 500, 503, 429, 429, 403, 200]);
}

#[tokio::test]
async fn the_worlds_time_runs_and_can_be_moved_on() {
    let play = Play::begin().await;
    let before = play.clock.now();
    let (status, said) = play
        .control(Method::Post, "/advance", json!({"seconds": 600}))
        .await;
    assert_eq!(status, 200);
    let now: Timestamp = said["now"].as_str().unwrap().parse().unwrap();
    assert!(now.duration_since(before) >= SignedDuration::from_secs(600));
    let reply = play.github(Method::Get, "/user", None).await.unwrap();
    let date = jiff::fmt::rfc2822::parse(reply.header("date").unwrap()).unwrap();
    assert!(date.timestamp().duration_since(now) >= SignedDuration::from_secs(-1));
    for wrong in [
        json!({"seconds": -1}),
        json!({"minutes": 1}),
        json!({"seconds": 1e30}),
        json!(5),
    ] {
        let (status, said) = play.control(Method::Post, "/advance", wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(said["error"].is_string());
    }
}

#[tokio::test]
async fn persons_act_in_the_world() {
    let play = Play::begin().await;
    let (_, ledger) = play.control(Method::Get, "/ledger", Value::Null).await;
    let commits = |ledger: &Value| {
        let objects = ledger["objects"].as_array().unwrap();
        objects
            .iter()
            .filter(|one| one["made_by"] == "person" && one["kind"] == "commit")
            .count()
    };
    let before = commits(&ledger);
    for push in [json!("push main"), json!({"push": "main"})] {
        let (status, said) = play.control(Method::Post, "/person", push).await;
        assert_eq!(status, 200, "{said}");
    }
    let (_, ledger) = play.control(Method::Get, "/ledger", Value::Null).await;
    assert_eq!(commits(&ledger), before + 2);
    let (status, _) = play
        .control(Method::Post, "/person", json!("approve_pr 99"))
        .await;
    assert_eq!(status, 409);
    let (status, said) = play.control(Method::Post, "/person", json!("sing")).await;
    assert_eq!(status, 400);
    assert!(
        said["error"].as_str().unwrap().contains("approve_pr"),
        "{said}"
    );
    let (status, _) = play
        .control(Method::Post, "/faults", json!([{"fault": "slow"}]))
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn stopping_cuts_what_hangs_and_frees_the_address() {
    let play = Play::begin().await;
    play.fault("GET /user", "timeout_before").await;
    let Play {
        serving,
        client,
        token,
        ..
    } = play;
    let url = format!("{}/user", serving.ready.github);
    let request = |timeout| HttpRequest {
        method: Method::Get,
        url: url.clone(),
        headers: vec![(
            "authorization".to_string(),
            HeaderText::Secret(Secret::new(token.clone()).prefixed("Bearer ")),
        )],
        body: None,
        timeout,
        body_max: 1000,
    };
    let minute = Duration::from_secs(60);
    let hanging = client.send(request(minute));
    let ledger = HttpRequest {
        url: format!("{}/ledger", serving.ready.control),
        headers: vec![],
        body_max: 1 << 20,
        ..request(minute)
    };
    let (outcome, ()) = futures::join!(hanging, async {
        // The stop is ordered once the call hangs in the simulator.
        loop {
            let reply = client.send(ledger.clone()).await.unwrap();
            let ledger: Value = serde_json::from_slice(&reply.body).unwrap();
            if ledger["calls"]
                .as_array()
                .is_some_and(|calls| !calls.is_empty())
            {
                break;
            }
        }
        serving.stop().await;
    });
    assert!(
        matches!(outcome, Err(TransportError::Broken(_))),
        "{outcome:?}"
    );
    let after = client.send(request(minute)).await;
    assert!(
        matches!(after, Err(TransportError::NotSent(_))),
        "{after:?}"
    );
}

#[tokio::test]
async fn a_taken_address_and_a_foreign_one_are_refused() {
    let play = Play::begin().await;
    let taken = play.serving.ready.control.strip_prefix("http://").unwrap();
    for (address, why) in [(taken, "in use"), ("192.0.2.1:0", "other machines")] {
        let (world, clock) = fresh();
        let error = serve(world, clock.clone(), options(address, &clock)).await;
        let error = error.err().unwrap().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_remembered_is_not_answered() {
    let (world, clock) = fresh();
    let remembered = Arc::new(Mutex::new(Vec::new()));
    let (notes, full) = (remembered.clone(), Arc::new(Mutex::new(false)));
    let disk_full = full.clone();
    let options = Options {
        journal: Some(Arc::new(move |entry| {
            if *disk_full.lock().unwrap() {
                return Err(golive::error::Error::failed("the disk is full"));
            }
            notes.lock().unwrap().push(format!("{entry:?}"));
            Ok(())
        })),
        ..options("127.0.0.1:0", &clock)
    };
    let serving = serve(world, clock.clone(), options).await.unwrap();
    let play = Play {
        token: serving.ready.tokens["github"].clone(),
        client: HttpsTransport::new().unwrap(),
        serving,
        clock,
    };
    assert_eq!(play.create("kept").await.unwrap().status, 201);
    let notes = remembered.lock().unwrap().join("\n");
    assert!(
        notes.contains(REFS) && !notes.contains(&play.token),
        "{notes}"
    );
    *full.lock().unwrap() = true;
    let outcome = play.create("lost").await;
    assert!(
        matches!(outcome, Err(TransportError::Broken(_))),
        "{outcome:?}"
    );
}

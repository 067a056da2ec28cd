//! The real binary killed with SIGKILL at a hundred moments of a rehearsal, each gone on with to its end: the world must
//! come out as if nothing had happened, its records and variables too, and no file may hold a secret.
//!
//! Left out of --quick: all

#[path = "binary/program.rs"]
mod program;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use golive::disk::RealDisk;
use golive::seam::transport::Method;
use golive::sim::chronicle::Chronicle;
use golive::sim::{Answer, Call, Provider, World};
use jiff::{SignedDuration, Timestamp};
use program::{command, golive};
use serde_json::Value;

const MOMENTS: usize = 100;
/// Fewer deaths than this mean that the moments were badly chosen.
const DEATHS_MIN: usize = 60;
/// Lengths of the state file at the moments of death: many different ones, or they were all the same moment.
const LENGTHS_MIN: usize = 15;
/// Two at a time: a third core is no use to a launch that waits for its disk.
const AT_ONCE: usize = 2;
/// Variables that hold no secret: their values are compared too.
const PLAIN: [&str; 3] = ["NODE_ENV", "ENVIRONMENT_NAME", "CORS_ORIGIN"];
const SEED: u64 = 0x601d_11fe;

fn arguments(dir: &Path) -> [&str; 4] {
    ["rehearse", "--headless", "--dir", dir.to_str().unwrap()]
}

/// The rehearsal's world: all objects but for their ids, which fall out of the hour it began, and what main's history says.
///
/// Commits are compared by that history. One that was made just before a kill and that no branch leads to is content that
/// nobody sees; golive makes another, of a later second, and moves the branch to that.
fn objects(dir: &Path) -> Vec<String> {
    let path = dir.join(".golive/world.jsonl");
    let reopened = Chronicle::reopen(Arc::new(RealDisk::default()), &path)
        .unwrap()
        .unwrap();
    let (mut world, now) = (reopened.world, reopened.now);
    let mut objects: Vec<String> = world
        .ledger()
        .objects
        .iter()
        // Builds come of pushes, and of when they were made.
        .filter(|one| !["commit", "deploy", "deployment"].contains(&one.kind.as_str()))
        .map(|one| {
            let (kind, name, by, alive) = (&one.kind, &one.name, one.made_by, one.alive);
            format!("{kind} {name:?} by {by:?}, alive {alive}")
        })
        .collect();
    objects.sort();
    // Long after the last write, so that nothing lags behind.
    let now = now + SignedDuration::from_hours(1);
    let main = look(&mut world, now, "/git/ref/heads%2Fmain");
    let (mut open, mut seen) = (vec![sha(&main["object"])], BTreeSet::new());
    let mut history = vec![];
    while let Some(commit) = open.pop() {
        if seen.insert(commit.clone()) {
            let commit = look(&mut world, now, &format!("/git/commits/{commit}"));
            // The rest of a message names the launch, each time another one.
            let message = commit["message"].as_str().unwrap().lines().next();
            history.push(format!("on main: {}", message.unwrap()));
            open.extend(commit["parents"].as_array().unwrap().iter().map(sha));
        }
    }
    history.sort();
    assert!(history.len() >= 6, "{history:#?}");
    let groups = groups(&mut world, now);
    no_secret(dir, &mut world, now);
    [objects, history, groups].concat()
}

/// Neither file of the rehearsal holds a token of the world, a password of its queues, or one in an address.
fn no_secret(dir: &Path, world: &mut World, now: Timestamp) {
    let mut text = String::new();
    for name in ["world.jsonl", "state.jsonl"] {
        text += &std::fs::read_to_string(dir.join(".golive").join(name)).unwrap();
    }
    for (name, token) in world.tokens() {
        assert!(
            !text.contains(token.expose()),
            "the token {name} is written down"
        );
    }
    let queues: Vec<String> = world
        .ledger()
        .objects
        .iter()
        .filter(|one| one.kind == "key_value" && one.alive)
        .map(|one| format!("/v1/key-value/{}/connection-info", one.id))
        .collect();
    assert_eq!(queues.len(), 3);
    for path in queues {
        let answer = ask(world, now, Provider::Render, path);
        let external = answer["externalConnectionString"]
            .as_str()
            .unwrap()
            .to_string();
        let password = password_in(external.split_once("://").unwrap().1)
            .unwrap()
            .to_string();
        assert!(
            !text.contains(&password),
            "a queue's password is written down"
        );
    }
    // The password that golive made is in no list: it is found by where it would stand.
    let passwords: Vec<&str> = text.split("://").skip(1).filter_map(password_in).collect();
    assert!(
        passwords.len() >= 6,
        "three databases and three queues are named"
    );
    for password in passwords {
        assert!(
            password.starts_with("{{the world's "),
            "a password is written down"
        );
    }
}

/// The password in what follows `://`.
fn password_in(address: &str) -> Option<&str> {
    let authority = address.split(['/', '"', '\\', '?']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

/// Every variable that a service reads, as Render answers: by its group, the plain ones with their values.
fn groups(world: &mut World, now: Timestamp) -> Vec<String> {
    let ledger = world.ledger();
    let groups = ledger.objects.iter();
    let groups = groups.filter(|one| one.kind == "env_group" && one.alive);
    let mut said = vec![];
    for group in groups {
        let path = format!("/v1/env-groups/{}", group.id);
        let answer = ask(world, now, Provider::Render, path);
        for variable in answer["envVars"].as_array().unwrap() {
            let (key, value) = (variable["key"].as_str().unwrap(), &variable["value"]);
            let value = match PLAIN.contains(&key) {
                true => value.as_str().unwrap(),
                false => {
                    assert!(!value.as_str().unwrap().is_empty(), "{key} is empty");
                    "set"
                }
            };
            said.push(format!("{}: {key}={value}", group.name));
        }
    }
    said.sort();
    assert!(said.len() >= 15, "{said:#?}");
    said
}

fn sha(object: &Value) -> String {
    object["sha"].as_str().unwrap().to_string()
}

/// What the world answers about its repository.
fn look(world: &mut World, now: Timestamp, path: &str) -> Value {
    let path = format!("/repos/bondigoo/bondigoo-platform{path}");
    ask(world, now, Provider::Github, path)
}

/// What one of the world's services answers to its token.
fn ask(world: &mut World, now: Timestamp, provider: Provider, path: String) -> Value {
    let token = world.tokens()[provider.as_str()].expose().to_string();
    let header = |name: &str, value: String| (name.to_string(), value);
    let call = Call {
        provider,
        method: Method::Get,
        path,
        headers: vec![
            header("user-agent", "test".into()),
            header("authorization", format!("Bearer {token}")),
        ],
        body: None,
    };
    let Answer::Reply(reply) = world.call(now, &call) else {
        panic!("{} is not answered", call.path)
    };
    assert_eq!(reply.status, 200, "{}", call.path);
    serde_json::from_slice(&reply.body).unwrap()
}

/// A rehearsal that nobody disturbs: how long it takes, and what the world holds then.
fn calm() -> (Duration, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("rehearsal");
    let began = Instant::now();
    golive(folder.path(), &[], &arguments(&dir)).ends(0);
    (began.elapsed(), objects(&dir))
}

/// The moments as parts of a run, spread evenly over it, each moved a little within its own hundredth.
fn moments() -> Vec<f64> {
    let mut seed = SEED;
    (0..MOMENTS)
        .map(|place| {
            // Knuth's MMIX generator: the same moments in each run of this test.
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let within = (seed >> 40) as f64 / f64::from(1 << 24);
            (place as f64 + within) / MOMENTS as f64
        })
        .collect()
}

/// What became of one rehearsal that was to be killed.
struct Death {
    /// It was killed, and not done before.
    died: bool,
    /// Bytes of the state file when it died.
    recorded: u64,
}

/// Kills a rehearsal at this part of its run, goes on with it, and compares. How long a run takes is measured each time:
/// what else the machine does changes within seconds.
fn killed_at(part: f64, expected: &[String]) -> Death {
    let (run, objects_of_calm) = calm();
    assert_eq!(objects_of_calm, expected, "calm rehearsals end alike");
    let moment = run.mul_f64(part);
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("rehearsal");
    let mut child = command(folder.path(), &[], &arguments(&dir))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The moment itself is what is tried here.
    std::thread::sleep(moment);
    child.kill().unwrap();
    let died = child.wait().unwrap().signal() == Some(9);
    let state = dir.join(".golive/state.jsonl");
    let recorded = std::fs::metadata(&state).map_or(0, |state| state.len());
    let resumed = golive(folder.path(), &[], &arguments(&dir));
    assert_eq!(resumed.code, Some(0), "killed after {moment:?}: {resumed}");
    assert_eq!(
        objects(&dir),
        expected,
        "killed after {moment:?}: {resumed}"
    );
    golive(&dir, &[], &["log", "verify"])
        .ends(0)
        .tells(&["unbroken"]);
    golive(folder.path(), &[], &arguments(&dir))
        .ends(0)
        .tells(&["All 115 items are settled."]);
    Death { died, recorded }
}

#[test]
fn a_hundred_kills_leave_the_same_world() {
    let (_, expected) = &calm();
    assert!(expected.len() > 10, "{expected:#?}");
    let (moments, next) = (moments(), AtomicUsize::new(0));
    let deaths = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(moment) = moments.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let death = killed_at(*moment, expected);
                    deaths.lock().unwrap().push(death);
                }
            });
        }
    });
    let deaths = deaths.into_inner().unwrap();
    assert_eq!(deaths.len(), MOMENTS);
    let died: Vec<&Death> = deaths.iter().filter(|death| death.died).collect();
    let lengths: BTreeSet<u64> = died.iter().map(|death| death.recorded).collect();
    println!(
        "{} of {MOMENTS} died before the end, at {} lengths of the state file: {lengths:?}",
        died.len(),
        lengths.len()
    );
    assert!(died.len() >= DEATHS_MIN, "only {} died", died.len());
    assert!(lengths.len() >= LENGTHS_MIN, "{lengths:?}");
}

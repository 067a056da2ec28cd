//! The real probe at a real Redis: with TLS and a password, as Render's external address has it.
//!
//! `tests/setup/redis.sh` installs it.

#[path = "servers/authority.rs"]
mod authority;
mod servers;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use authority::{Authority, YEARS, Years, self_signed};
use golive::clock::Wall;
use golive::redis::{Queues, Road};
use golive::seam::redis::{Facts, Probe, Redis};
use golive::secret::Secret;
use golive::tls::{Trust, roots};
use servers::{Running, command, free_port, program, wait_for};

const SETUP: &str = "tests/setup/redis.sh";
const HOST: &str = "frankfurt-redis.render.test";
const PASSWORD: &str = "p@ss:w/rd?#[]%";
const ENCODED: &str = "p%40ss%3Aw%2Frd%3F%23%5B%5D%25";
/// What redis-server says when it answers.
const READY: &str = "Ready to accept connections";

/// How a server differs from a well set up one.
#[derive(Clone)]
struct Setup {
    name: &'static str,
    years: Years,
    by_itself: bool,
    policy: &'static str,
    more: &'static str,
    tls: bool,
}

const WELL: Setup = Setup {
    name: HOST,
    years: YEARS,
    by_itself: false,
    policy: "noeviction",
    more: "",
    tls: true,
};

/// A server, with one who trusts its authority.
struct World {
    redis: Running,
    trust: Trust,
}

impl World {
    fn start(test: &str, setup: &Setup) -> Option<World> {
        let program = program(test, "redis-server", SETUP)?;
        let authority = Authority::new("Bondigoo Test Authority");
        let redis = Running::start(READY, |folder, port| {
            prepare(&program, folder, port, &authority, setup)
        });
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        authority.write(&file);
        let trust = Trust::new(Arc::new(Wall), roots(&file).expect("a certificate"));
        Some(World { redis, trust })
    }

    fn probe(&self, url: &str) -> Probe {
        probe(self.redis.port, &self.trust, url)
    }
}

fn prepare(
    program: &Path,
    folder: &Path,
    port: u16,
    authority: &Authority,
    setup: &Setup,
) -> Command {
    match setup.by_itself {
        true => self_signed(folder, "server", &[setup.name]),
        false => authority.certify(folder, "server", &[setup.name], setup.years),
    }
    let place = folder.display();
    let listen = match setup.tls {
        true => format!(
            "port 0\ntls-port {port}\ntls-cert-file {place}/server.pem\ntls-key-file {place}/server.key\n\
             tls-auth-clients no\ntls-ca-cert-dir {place}"
        ),
        false => format!("port {port}"),
    };
    let configuration = format!(
        "bind 127.0.0.1\n{listen}\ndir {place}\nsave \"\"\nrequirepass \"{PASSWORD}\"\n\
         maxmemory 64mb\nmaxmemory-policy {}\n{}\n",
        setup.policy, setup.more
    );
    let file = folder.join("redis.conf");
    std::fs::write(&file, configuration).expect("written");
    let mut redis = command(program);
    redis.arg(file);
    redis
}

fn probe(port: u16, trust: &Trust, url: &str) -> Probe {
    let place: SocketAddr = ([127, 0, 0, 1], port).into();
    let queues = Queues::new(Road::Instead(place), trust.clone());
    let probe = wait_for(queues.probe(&Secret::new(url)));
    let told = format!("{probe:?}");
    assert!(
        !told.contains(PASSWORD) && !told.contains(ENCODED),
        "{told}"
    );
    probe
}

fn url(user: &str, password: &str) -> String {
    format!("rediss://{user}:{password}@{HOST}:6379")
}

fn facts(probe: Probe) -> Facts {
    match probe {
        Probe::In(facts) => facts,
        other => panic!("not let in: {other:?}"),
    }
}

fn silence(probe: Probe) -> String {
    match probe {
        Probe::NoAnswer(cause) => cause,
        other => panic!("answered: {other:?}"),
    }
}

#[test]
fn the_right_password_is_let_in_and_the_policy_told() {
    let Some(world) = World::start("the_right_password_is_let_in_and_the_policy_told", &WELL)
    else {
        return;
    };
    for user in ["default", ""] {
        let facts = facts(world.probe(&url(user, ENCODED)));
        assert!(facts.tls);
        assert_eq!(facts.eviction_policy.as_deref(), Some("noeviction"));
        let version = facts.version.expect("a version");
        assert!(
            version.starts_with(|c: char| c.is_ascii_digit()),
            "{version}"
        );
    }
}

#[test]
fn a_policy_that_loses_jobs_is_told_as_it_is() {
    let lossy = Setup {
        policy: "allkeys-lru",
        // Render refuses this command, too.
        more: "rename-command CONFIG \"\"",
        ..WELL
    };
    let Some(world) = World::start("a_policy_that_loses_jobs_is_told_as_it_is", &lossy) else {
        return;
    };
    let facts = facts(world.probe(&url("default", ENCODED)));
    assert_eq!(facts.eviction_policy.as_deref(), Some("allkeys-lru"));
}

#[test]
fn a_user_who_may_ask_little_is_let_in_and_nothing_is_made_up() {
    let narrow = Setup {
        more: "user watcher on >hunter2 -@all\nuser asker on >hunter2 -@all +config|get",
        ..WELL
    };
    let test = "a_user_who_may_ask_little_is_let_in_and_nothing_is_made_up";
    let Some(world) = World::start(test, &narrow) else {
        return;
    };
    let watcher = facts(world.probe(&url("watcher", "hunter2")));
    assert_eq!((watcher.version, watcher.eviction_policy), (None, None));
    let asker = facts(world.probe(&url("asker", "hunter2")));
    assert_eq!(asker.eviction_policy.as_deref(), Some("noeviction"));
}

#[test]
fn a_wrong_password_an_unknown_user_and_none_at_all_are_refused() {
    let test = "a_wrong_password_an_unknown_user_and_none_at_all_are_refused";
    let Some(world) = World::start(test, &WELL) else {
        return;
    };
    let without = format!("rediss://{HOST}:6379");
    for (url, word) in [
        (url("default", "hunter2"), "WRONGPASS"),
        (url("nobody", ENCODED), "WRONGPASS"),
        (without, "NOAUTH"),
    ] {
        let refused = world.probe(&url);
        assert!(
            matches!(&refused, Probe::Refused(cause) if cause.contains(word) && !cause.contains("hunter2")),
            "{refused:?}"
        );
    }
}

#[test]
fn a_certificate_that_is_not_the_hosts_ends_it_before_the_password() {
    let test = "a_certificate_that_is_not_the_hosts_ends_it_before_the_password";
    let other = Setup {
        name: "oregon-redis.render.test",
        ..WELL
    };
    let expired = Setup {
        years: (2020, 2021),
        ..WELL
    };
    let by_itself = Setup {
        by_itself: true,
        ..WELL
    };
    for (setup, word) in [
        (other, "other names"),
        (expired, "has expired"),
        (by_itself, "nobody trusts"),
    ] {
        let Some(world) = World::start(test, &setup) else {
            return;
        };
        let cause = silence(world.probe(&url("default", ENCODED)));
        assert!(
            cause.starts_with("TLS failed") && cause.contains(word),
            "{cause}"
        );
    }
    let Some(world) = World::start(test, &WELL) else {
        return;
    };
    let strange = Trust::new(Arc::new(Wall), vec![]);
    let cause = silence(probe(world.redis.port, &strange, &url("default", ENCODED)));
    assert!(cause.contains("nobody trusts"), "{cause}");
}

#[test]
fn plain_words_to_a_tls_port_are_no_answer() {
    let Some(world) = World::start("plain_words_to_a_tls_port_are_no_answer", &WELL) else {
        return;
    };
    let plain = format!("redis://default:{ENCODED}@{HOST}:6379");
    let cause = silence(world.probe(&plain));
    assert!(cause.contains("wants TLS"), "{cause}");
}

#[test]
fn a_server_of_this_machine_without_tls_is_told_as_such() {
    let plain = Setup { tls: false, ..WELL };
    let Some(world) = World::start(
        "a_server_of_this_machine_without_tls_is_told_as_such",
        &plain,
    ) else {
        return;
    };
    let facts = facts(world.probe(&format!("redis://default:{ENCODED}@{HOST}:6379/0")));
    assert!(!facts.tls && facts.version.is_some());
}

#[test]
fn a_port_where_nobody_listens_gives_no_answer() {
    let trust = Trust::new(Arc::new(Wall), vec![]);
    let cause = silence(probe(free_port(), &trust, &url("default", ENCODED)));
    assert!(cause.starts_with("could not connect"), "{cause}");
}

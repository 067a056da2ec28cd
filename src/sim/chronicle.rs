//! A rehearsal's memory: every call that changed the world, every person's act and the time, in a file of lines.
//!
//! The world is not stored; it is lived through again. Tokens never reach the file: a call is noted as signed or not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::transport::Journal;
use super::{Act, Call, FaultRule, Provider, Scenario, World, atlas};
use crate::error::{Error, Result};
use crate::seam::disk::Disk;
use crate::seam::transport::Method;

/// The first line: all that a world begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beginning {
    pub scenario: Scenario,
    pub seed: u64,
    pub faults: Vec<FaultRule>,
    pub start: Timestamp,
}

impl Beginning {
    pub fn world(&self) -> World {
        let mut world = World::new(&self.scenario, self.seed, self.start);
        world.add_faults(&self.faults);
        world
    }
}

/// One line after the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    Call(Remembered),
    Person {
        at: Timestamp,
        act: Act,
    },
    /// The time had come so far.
    Mark {
        at: Timestamp,
    },
    /// Faults added on the way.
    Faults {
        at: Timestamp,
        faults: Vec<FaultRule>,
    },
}

/// A call without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// Its number among all calls of the rehearsal.
    pub n: u64,
    pub at: Timestamp,
    pub provider: Provider,
    pub method: String,
    pub path: String,
    /// It carried the world's own token.
    pub signed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Text>,
}

/// Bytes as text where they are text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    Utf8(String),
    Base64(String),
}

/// Stands for the provider's token in a remembered body.
const TOKEN: &str = "{{the world's token}}";

impl World {
    /// A body as it may be written down: tokens have a sign in their place, passwords their digest.
    fn without_secrets(&self, provider: Provider, body: &str) -> String {
        // First the passwords: one of them is a token of the world's too, and its digest is what must be kept.
        let mut text = match provider {
            Provider::Atlas => atlas::without_passwords(body),
            _ => body.to_owned(),
        };
        for token in self.tokens.values() {
            text = text.replace(token, TOKEN);
        }
        text
    }
}

impl Entry {
    pub fn person(at: Timestamp, act: &Act) -> Entry {
        Entry::Person {
            at,
            act: act.clone(),
        }
    }

    pub fn mark(at: Timestamp) -> Entry {
        Entry::Mark { at }
    }

    pub fn faults(at: Timestamp, faults: &[FaultRule]) -> Entry {
        Entry::Faults {
            at,
            faults: faults.to_vec(),
        }
    }

    /// The entry of the call just made, when the world would not come out the same without it.
    pub fn of_last_call(world: &World, call: &Call) -> Option<Entry> {
        let record = world.last_call().filter(|record| record.worth_keeping())?;
        let signed = world.is_signed(call);
        let body = call
            .body
            .as_ref()
            .map(|bytes| match std::str::from_utf8(bytes) {
                Ok(text) => Text::Utf8(world.without_secrets(call.provider, text)),
                Err(_) => Text::Base64(STANDARD.encode(bytes)),
            });
        Some(Entry::Call(Remembered {
            n: record.n,
            at: record.at,
            provider: record.provider,
            method: record.method.clone(),
            path: record.path.clone(),
            signed,
            body,
        }))
    }

    fn at(&self) -> Timestamp {
        match self {
            Entry::Call(call) => call.at,
            Entry::Person { at, .. } | Entry::Mark { at } | Entry::Faults { at, .. } => *at,
        }
    }

    /// Lives through the entry again. The error says what does not fit.
    pub(super) fn replay(&self, world: &mut World) -> Result<(), String> {
        match self {
            Entry::Call(remembered) => {
                let call = remembered.call(world)?;
                world.replay(remembered.n, remembered.at, &call);
                Ok(())
            }
            Entry::Person { at, act } => world.person(*at, act).map(|_| ()),
            Entry::Mark { at } => {
                world.advance(*at);
                Ok(())
            }
            Entry::Faults { at, faults } => {
                world.advance(*at);
                world.add_faults(faults);
                Ok(())
            }
        }
    }
}

impl Remembered {
    fn call(&self, world: &World) -> Result<Call, String> {
        let method = Method::parse(&self.method);
        let sent = world.signatures(self.provider).into_iter().next();
        let sent = sent.filter(|_| self.signed);
        let token = world.token(self.provider.as_str());
        let body = match &self.body {
            None => None,
            Some(Text::Utf8(text)) => Some(text.replace(TOKEN, token).into_bytes()),
            Some(Text::Base64(text)) => {
                let bytes = STANDARD.decode(text);
                Some(bytes.map_err(|_| "a body is not Base64".to_owned())?)
            }
        };
        let header = |name: &str, value: String| (name.to_owned(), value);
        Ok(Call {
            provider: self.provider,
            method: method.ok_or_else(|| format!("{} is not a method", self.method))?,
            path: self.path.clone(),
            headers: vec![
                header("user-agent", "golive".to_owned()),
                header(
                    "authorization",
                    sent.unwrap_or_else(|| "Bearer unknown".to_owned()),
                ),
            ],
            body,
        })
    }
}

/// The file of a rehearsal, open for what happens next.
#[derive(Clone)]
pub struct Chronicle {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

/// A rehearsal gone on with.
pub struct Reopened {
    pub chronicle: Chronicle,
    pub beginning: Beginning,
    pub world: World,
    /// When the last remembered thing happened; the clock goes on from here.
    pub now: Timestamp,
}

impl Chronicle {
    /// Begins a rehearsal; a file that was there is replaced.
    pub fn create(disk: Arc<dyn Disk>, path: &Path, beginning: &Beginning) -> Result<Chronicle> {
        let chronicle = Chronicle {
            disk,
            path: path.to_owned(),
        };
        let line = chronicle.line(beginning)?;
        chronicle
            .disk
            .replace(path, &line)
            .map_err(|cause| chronicle.unwritable(cause))?;
        Ok(chronicle)
    }

    /// Reads a rehearsal and lives through it again; `None` when there is no file.
    pub fn reopen(disk: Arc<dyn Disk>, path: &Path) -> Result<Option<Reopened>> {
        let bytes = disk.read(path).map_err(|cause| {
            Error::failed(format!(
                "The rehearsal's world {} cannot be read",
                path.display()
            ))
            .because(cause)
        })?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let damaged = |line: usize, cause: String| {
            Error::damaged(format!("Line {line} of {} is damaged", path.display()))
                .because(cause)
                .hint("golive rehearse --fresh")
        };
        // What a crash cut short was never answered, so it may go.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        if whole == 0 {
            return Ok(None);
        }
        if whole < bytes.len() {
            let len = u64::try_from(whole).unwrap_or(u64::MAX);
            disk.truncate(path, len).map_err(|cause| {
                Error::failed(format!("{} cannot be mended", path.display())).because(cause)
            })?;
        }
        let mut lines = bytes[..whole - 1].split(|byte| *byte == b'\n').zip(1..);
        let (first, _) = lines.next().unwrap_or_default();
        let beginning: Beginning =
            serde_json::from_slice(first).map_err(|cause| damaged(1, cause.to_string()))?;
        let mut world = beginning.world();
        let mut now = beginning.start;
        for (line, number) in lines {
            let entry: Entry =
                serde_json::from_slice(line).map_err(|cause| damaged(number, cause.to_string()))?;
            entry
                .replay(&mut world)
                .map_err(|cause| damaged(number, cause))?;
            now = now.max(entry.at());
        }
        let path = path.to_owned();
        Ok(Some(Reopened {
            chronicle: Chronicle { disk, path },
            beginning,
            world,
            now,
        }))
    }

    /// Appends an entry; it survives a power cut once this returns.
    pub fn append(&self, entry: &Entry) -> Result<()> {
        let line = self.line(entry)?;
        self.disk
            .append(&self.path, &line)
            .and_then(|()| self.disk.sync(&self.path))
            .map_err(|cause| self.unwritable(cause))
    }

    /// For `SimTransport::journal`.
    pub fn journal(&self) -> Journal {
        let chronicle = self.clone();
        Arc::new(move |entry| chronicle.append(entry))
    }

    fn line(&self, value: &impl Serialize) -> Result<Vec<u8>> {
        let mut line = serde_json::to_vec(value).map_err(|cause| self.unwritable(cause))?;
        line.push(b'\n');
        Ok(line)
    }

    fn unwritable(&self, cause: impl std::fmt::Display) -> Error {
        let path = self.path.display();
        Error::failed(format!("The rehearsal's world {path} cannot be written"))
            .because(cause)
            .now("what it remembered before is kept")
            .hint("make room on that disk and the folder writable, then golive rehearse goes on")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::Mutex;

    use serde_json::json;

    use super::super::desk::{Desk, scenario};
    use super::super::{Answer, fault};
    use super::*;
    use crate::error::Kind;
    use crate::seam::disk::{Holder, Locking};

    /// A disk in memory that counts its syncs.
    #[derive(Default)]
    struct Paper {
        files: Mutex<BTreeMap<PathBuf, Vec<u8>>>,
        synced: Mutex<usize>,
    }

    impl Disk for Paper {
        fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
            Ok(self.files.lock().unwrap().get(path).cloned())
        }

        fn create_dir(&self, _: &Path) -> io::Result<()> {
            Ok(())
        }

        fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
            let mut files = self.files.lock().unwrap();
            files.entry(path.to_owned()).or_default().extend(bytes);
            Ok(())
        }

        fn sync(&self, _: &Path) -> io::Result<()> {
            *self.synced.lock().unwrap() += 1;
            Ok(())
        }

        fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
            let mut files = self.files.lock().unwrap();
            let file = files.entry(path.to_owned()).or_default();
            file.truncate(usize::try_from(len).unwrap());
            Ok(())
        }

        fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
            let mut files = self.files.lock().unwrap();
            files.insert(path.to_owned(), bytes.to_vec());
            Ok(())
        }

        fn lock(&self, _: &Path, _: &Holder) -> io::Result<Locking> {
            Ok(Locking::Busy(None))
        }
    }

    const FILE: &str = ".golive/world.jsonl";

    /// A desk whose calls are remembered, as the transport remembers them.
    struct Rehearsal {
        desk: Desk,
        paper: Arc<Paper>,
        chronicle: Chronicle,
    }

    impl Rehearsal {
        fn begin() -> Rehearsal {
            let scenario = scenario("fresh", |_| {});
            let mut desk = Desk::at(&scenario);
            let beginning = Beginning {
                seed: desk.world.seed(),
                faults: fault::parse_list("timeout_after_apply@POST /repos/*/*/git/refs#2", 1)
                    .unwrap(),
                start: desk.now,
                scenario,
            };
            desk.world = beginning.world();
            let paper = Arc::new(Paper::default());
            let disk: Arc<dyn Disk> = paper.clone();
            let chronicle = Chronicle::create(disk, Path::new(FILE), &beginning).unwrap();
            Rehearsal {
                desk,
                paper,
                chronicle,
            }
        }

        fn call(&mut self, method: Method, path: &str, body: Option<serde_json::Value>) -> Answer {
            self.desk.wait(3);
            let call = self.desk.call_for(method, path, body);
            let answer = self.desk.world.call(self.desk.now, &call);
            if let Some(entry) = Entry::of_last_call(&self.desk.world, &call) {
                self.chronicle.append(&entry).unwrap();
            }
            answer
        }

        /// Branches, a commit, a pull request, a review, time passing.
        fn live(&mut self) {
            let sha = self.desk.head("main");
            for branch in ["develop", "staging", "golive/x"] {
                self.call(Method::Get, "./branches", None);
                let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": sha });
                self.call(Method::Post, "./git/refs", Some(body));
            }
            let token = self.desk.world.token("github").to_owned();
            let file = json!({ "message": token, "content": "eA==", "branch": "golive/x" });
            self.call(Method::Put, "./contents/x", Some(file));
            self.desk.wait(10);
            let pull = json!({ "title": "x", "head": "golive/x", "base": "develop" });
            self.call(Method::Post, "./pulls", Some(pull));
            let act = Act::parse("approve_pr 1").unwrap();
            self.desk.world.person(self.desk.now, &act).unwrap();
            self.chronicle
                .append(&Entry::person(self.desk.now, &act))
                .unwrap();
            self.desk.wait(300);
            self.chronicle.append(&Entry::mark(self.desk.now)).unwrap();
            self.desk.world.advance(self.desk.now);
        }

        fn text(&self) -> String {
            let bytes = self.paper.read(Path::new(FILE)).unwrap().unwrap();
            String::from_utf8(bytes).unwrap()
        }

        fn reopen(&self) -> Result<Option<Reopened>> {
            let disk: Arc<dyn Disk> = self.paper.clone();
            Chronicle::reopen(disk, Path::new(FILE))
        }
    }

    #[test]
    fn a_killed_rehearsal_goes_on_in_the_same_world() {
        let mut rehearsal = Rehearsal::begin();
        rehearsal.live();
        let mut again = rehearsal.reopen().unwrap().unwrap();
        assert_eq!(again.now, rehearsal.desk.now);
        let (old, new) = (rehearsal.desk.world.ledger(), again.world.ledger());
        assert_eq!(old.objects, new.objects);
        let writes = |ledger: &super::super::Ledger| {
            let calls = ledger.calls.clone().into_iter();
            calls.filter(|call| call.applied).collect::<Vec<_>>()
        };
        assert_eq!(writes(&old).len(), 5);
        assert_eq!(
            serde_json::to_string(&writes(&old)).unwrap(),
            serde_json::to_string(&writes(&new)).unwrap()
        );
        // Both worlds give the same bytes to the calls that come next, but for the lag of reads, which goes by their number.
        rehearsal.desk.wait(60);
        for path in [
            "./pulls?state=all",
            "./branches",
            "./git/ref/heads%2Fgolive%2Fx",
            "./pulls/1/reviews",
        ] {
            let call = rehearsal.desk.call_for(Method::Get, path, None);
            let body = |world: &mut World| match world.call(rehearsal.desk.now, &call) {
                Answer::Reply(response) => response.body,
                other => panic!("{other:?}"),
            };
            assert_eq!(
                body(&mut rehearsal.desk.world),
                body(&mut again.world),
                "{path}"
            );
        }
        // The fault struck once and does not strike again.
        let timeouts = new
            .calls
            .iter()
            .filter(|call| call.status.is_none())
            .count();
        assert_eq!(timeouts, 1);
    }

    #[test]
    fn reads_and_refusals_are_not_remembered_and_tokens_never() {
        let mut rehearsal = Rehearsal::begin();
        rehearsal.live();
        let text = rehearsal.text();
        assert_eq!(text.lines().count(), 1 + 5 + 2);
        assert!(!text.contains("golive-sim-github") && !text.to_lowercase().contains("bearer"));
        assert_eq!(*rehearsal.paper.synced.lock().unwrap(), 7);
        let issue = rehearsal.call(Method::Post, "./issues", Some(json!({})));
        assert!(matches!(issue, Answer::Reply(response) if response.status == 422));
        assert_eq!(rehearsal.text(), text);
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_damage_before_it_is_refused() {
        let mut rehearsal = Rehearsal::begin();
        rehearsal.live();
        let whole = rehearsal.text();
        let path = Path::new(FILE);
        rehearsal.paper.append(path, b"{\"entry\":\"ma").unwrap();
        assert!(rehearsal.reopen().unwrap().is_some());
        assert_eq!(rehearsal.text(), whole);
        let torn = whole.replacen("\"entry\":\"call\"", "\"entry\":\"cal\"", 1);
        rehearsal.paper.replace(path, torn.as_bytes()).unwrap();
        let error = rehearsal.reopen().err().unwrap();
        assert_eq!(error.kind, Kind::Damaged);
        assert!(error.what.contains("Line 2"), "{}", error.what);
        rehearsal.paper.files.lock().unwrap().clear();
        assert!(rehearsal.reopen().unwrap().is_none());
    }

    #[test]
    fn a_zones_records_come_back_whichever_key_wrote_them() {
        let mut rehearsal = Rehearsal::begin();
        let godaddy = rehearsal.desk.world.signatures(Provider::Godaddy);
        rehearsal.desk.provider = Provider::Godaddy;
        let zone = "/v1/domains/acmeshop.example/records";
        let path = |name: &str| format!("{zone}/A/{name}");
        for (name, signature) in ["x", "y"].iter().zip(godaddy) {
            rehearsal.desk.authorization = signature;
            let body = json!([{ "data": "192.0.2.1", "ttl": 600 }]);
            let answer = rehearsal.call(Method::Put, &path(name), Some(body));
            assert_eq!(answer.status(), Some(200));
        }
        let act = Act::parse("record z A 192.0.2.2").unwrap();
        rehearsal
            .desk
            .world
            .person(rehearsal.desk.now, &act)
            .unwrap();
        let entry = Entry::person(rehearsal.desk.now, &act);
        rehearsal.chronicle.append(&entry).unwrap();
        let text = rehearsal.text();
        assert_eq!(text.lines().count(), 1 + 3);
        assert!(!text.contains("golive-sim-") && !text.contains("sso-key"));
        let again = rehearsal.reopen().unwrap().unwrap();
        let (old, new) = (rehearsal.desk.world.ledger(), again.world.ledger());
        assert_eq!(old.objects, new.objects);
        let made = new
            .objects
            .iter()
            .filter(|one| one.name.contains(" A 192.0.2."));
        let made: Vec<&str> = made.map(|one| one.name.as_str()).collect();
        assert!(
            ["x A 192.0.2.1 600", "z A 192.0.2.2 3600"]
                .iter()
                .all(|one| made.contains(one))
        );
    }
}

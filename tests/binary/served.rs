//! `golive simulate` as a process of its own, and its control interface.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program;

/// What these tests walk: all that GitHub alone is needed for.
pub const PART: &str = "0.github,1,2";

/// How much faster than real time the world runs: waits of minutes take a second.
pub const SPEED: &str = "600";

/// What `golive init` asks about the products that these tests launch, in the world's own names.
pub const ANSWERS: &str = r#"[answers]
repository = "bondigoo/bondigoo-platform"
operator = "Ada"
health-path = "/health"
vercel-project = "bondigoo-platform"
atlas-prod-project = "bondigoo"
atlas-dev-project = "coaching-platform"
render-workspace = "bondigoo"
"#;

/// Which variable takes what of the ready file.
const LEAD_HERE: [(&str, &str); 10] = [
    ("GOLIVE_GITHUB_URL", "github"),
    ("GOLIVE_VERCEL_URL", "vercel"),
    ("GOLIVE_RENDER_URL", "render"),
    ("GOLIVE_ATLAS_URL", "atlas"),
    ("GOLIVE_GODADDY_URL", "godaddy"),
    ("GOLIVE_CLOUDFLARE_URL", "cloudflare"),
    ("GOLIVE_STRIPE_URL", "stripe"),
    ("GOLIVE_RESOLVER", "dns"),
    ("GOLIVE_HTTPS", "https"),
    ("GOLIVE_CA", "ca"),
];

/// A served world; ended when dropped.
pub struct Served {
    process: Child,
    /// The variables that lead golive here.
    variables: Vec<(&'static str, String)>,
    pub token: String,
    /// Every token that opens something, by its name in the ready file.
    pub tokens: Value,
    control: String,
}

/// The world's file in `tests/worlds`.
pub fn world(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/worlds");
    folder.join(name).with_extension("toml")
}

impl Served {
    /// Serves a world of `tests/worlds`, or one that golive brings along, out of `folder`, where it keeps all its files.
    pub fn start(folder: &Path, name: &str) -> Served {
        std::fs::create_dir_all(folder).unwrap();
        let ready = folder.join("ready.json");
        let here = folder.join("world");
        let file = Some(world(name)).filter(|file| file.exists());
        let file = file.unwrap_or_else(|| name.into());
        let arguments = [
            "simulate",
            "--speed",
            SPEED,
            "--ready-file",
            ready.to_str().unwrap(),
            "--world",
            file.to_str().unwrap(),
            "--dir",
            here.to_str().unwrap(),
        ];
        let said = |name: &str| File::create(folder.join(name)).unwrap();
        let mut process = program::command(folder, &[], &arguments)
            .stdout(said("simulate.out"))
            .stderr(said("simulate.err"))
            .spawn()
            .unwrap();
        let give_up = Instant::now() + Duration::from_secs(30);
        let text = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break text;
            }
            let errors = || std::fs::read_to_string(folder.join("simulate.err")).unwrap();
            assert!(process.try_wait().unwrap().is_none(), "{}", errors());
            assert!(Instant::now() < give_up, "the simulator never listens");
            std::thread::sleep(Duration::from_millis(10));
        };
        let ready: Value = serde_json::from_str(&text).unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_string();
        Served {
            process,
            variables: LEAD_HERE
                .map(|(variable, name)| (variable, word(&ready[name])))
                .into(),
            token: word(&ready["tokens"]["github"]),
            tokens: ready["tokens"].clone(),
            control: word(&ready["control"]),
        }
    }

    /// The variables that lead golive here.
    pub fn variables(&self) -> Vec<(&str, &str)> {
        let own = self.variables.iter();
        let own = own.map(|(variable, value)| (*variable, value.as_str()));
        own.chain([("GOLIVE_SPEED", SPEED)]).collect()
    }

    /// Asks the control interface.
    #[track_caller]
    pub fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let host = self.control.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {reply}");
        serde_json::from_str(body).unwrap()
    }

    /// How many calls changed something so far.
    pub fn changes(&self) -> usize {
        let ledger = self.control("GET", "/ledger", "");
        let calls = ledger["calls"].as_array().unwrap();
        calls.iter().filter(|call| call["mutating"] == true).count()
    }

    /// What golive made and is still there, as `kind name`, in the order of its making.
    pub fn made(&self) -> Vec<String> {
        let ledger = self.control("GET", "/ledger", "");
        let objects = ledger["objects"].as_array().unwrap().iter();
        objects
            .filter(|object| object["made_by"] == "golive" && object["alive"] == true)
            .filter(|object| object["kind"] != "commit")
            .map(|object| {
                let word = |key: &str| object[key].as_str().unwrap().to_string();
                word("kind") + " " + &word("name")
            })
            .collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

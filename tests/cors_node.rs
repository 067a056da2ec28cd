//! Rewritten servers, run: real Node, Express 4 and 5 and the cors package answer as the plan wants them to.
//!
//! `tests/setup/node.sh DIR` installs the packages; `GOLIVE_NODE_MODULES=DIR` names the folder.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use golive::cors::{Change, Style, make_dynamic, snippet};

/// As an operator may type it: blanks, and a comma too many.
const LIST: &str = " https://www.bondigoo.ch , https://second.example,, ";
const FIRST: &str = "https://www.bondigoo.ch";
const SECOND: &str = "https://second.example";
const STRANGER: &str = "https://stranger.example";
const LOCAL: &str = "http://localhost:3000";

/// Server files before the change: name (its ending decides how Node reads it) and text.
const FORMS: [(&str, &str); 9] = [
    (
        "variable.js",
        "const express = require('express');\nconst cors = require('cors');\nconst app = express();\nconst corsOptions = {\n  origin: 'https://old.example',\n  optionsSuccessStatus: 204,\n};\napp.use(cors(corsOptions));\n",
    ),
    (
        "function-and-list.js",
        "const express = require('express');\nconst cors = require('cors');\nconst app = express();\nvar whitelist = ['https://old.example'];\nlet options = { origin: function (o, cb) { cb(null, whitelist.includes(o)); } };\napp.use(cors(options));\n",
    ),
    (
        "in-the-call.js",
        "'use strict';\r\nconst express = require('express');\r\nconst cors = require('cors');\r\nconst app = express();\r\napp.use(cors({ origin: '*', methods: 'GET' }));\r\n",
    ),
    (
        "no-options.mjs",
        "import express from \"express\"\nimport cors from \"cors\"\n\nconst app = express()\napp.use(cors())\n",
    ),
    (
        "no-import.mjs",
        "import express from 'express';\nconst app = express();\nconst corsOptions = { origin: true };\n",
    ),
    (
        "nothing.js",
        "#!/usr/bin/env node\nconst express = require('express')\nconst app = express()\n;(function () { app.use(express.json()) })()\n",
    ),
    (
        "preflight.js",
        "const express = require('express');\nconst cors = require('cors');\nconst app = express();\nconst corsOptions = { origin: 'https://old.example' };\napp.options(/.*/, cors());\napp.use(cors(corsOptions));\n",
    ),
    (
        "names-taken.js",
        "const express = require('express');\nconst middleware = require('cors');\nconst allowedOrigins = ['https://old.example'];\nconst corsOptions = allowedOrigins.length;\nconst app = express();\nconst guard = middleware({ origin: allowedOrigins });\napp.use(express.json(), guard);\napp.set('x', corsOptions);\n",
    ),
    (
        "one-line.js",
        "const express=require('express');const cors=require('cors');const app=express();app.use(cors());",
    ),
];

/// Every form ends with a route and says which port it got.
const TAIL: &str = "
app.get('/', (req, res) => { res.json({ ok: true }) });
const server = app.listen(0, '127.0.0.1', () => { console.log('PORT ' + server.address().port) });
";

/// The folder with the packages; none where they were not installed, which only CI may not accept.
fn packages() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let folder = match std::env::var_os("GOLIVE_NODE_MODULES") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => target.map(|target| target.join("test-tools/node")),
    };
    let found = folder.filter(|folder| folder.join("node_modules/cors").is_dir());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "no Node packages: tests/setup/node.sh installs them"
        );
        println!("SKIPPED cors_node: no Node packages; run tests/run");
    }
    found
}

/// A folder in which `express` is the wanted version.
fn workshop(packages: &Path, express: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let modules = folder.path().join("node_modules");
    std::fs::create_dir(&modules).unwrap();
    let from = packages.canonicalize().unwrap().join("node_modules");
    std::os::unix::fs::symlink(from.join(express), modules.join("express")).unwrap();
    std::os::unix::fs::symlink(from.join("cors"), modules.join("cors")).unwrap();
    folder
}

/// A running server. It ends with the test, whatever the test comes to.
struct Server {
    child: Child,
    port: u16,
    out: Option<JoinHandle<String>>,
    err: Option<JoinHandle<String>>,
}

impl Server {
    fn start(file: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new("node")
            .arg(file)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut errors = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let (mut said, mut port) = (String::new(), None);
        while port.is_none() {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                let _ = child.wait();
                panic!("{} did not start:\n{}", file.display(), err.join().unwrap());
            }
            port = line
                .strip_prefix("PORT ")
                .and_then(|port| port.trim().parse().ok());
            said.push_str(&line);
        }
        let out = std::thread::spawn(move || {
            let _ = lines.read_to_string(&mut said);
            said
        });
        Self {
            child,
            port: port.unwrap_or_default(),
            out: Some(out),
            err: Some(err),
        }
    }

    fn ask(&self, method: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let mut request =
            format!("{method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all((request + "\r\n").as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let mut lines = text.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        Answer {
            status: status.and_then(|status| status.parse().ok()).unwrap_or(0),
            headers: lines
                .take_while(|line| !line.is_empty())
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
        }
    }

    fn get(&self, origin: &str) -> Answer {
        self.ask("GET", &[("Origin", origin)])
    }

    /// Ends the server; gives back what it wrote to stdout and stderr.
    fn stop(mut self) -> (String, String) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let text = |thread: Option<JoinHandle<String>>| thread.unwrap().join().unwrap();
        (text(self.out.take()), text(self.err.take()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn lets_in(&self, origin: &str) -> bool {
        self.status == 200
            && self.header("access-control-allow-origin") == Some(origin)
            && self.header("access-control-allow-credentials") == Some("true")
    }

    fn refuses(&self) -> bool {
        self.status == 500 && self.header("access-control-allow-origin").is_none()
    }
}

/// The rewritten forms, and the snippet pasted by hand.
fn rewritten() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = FORMS
        .iter()
        .map(|(name, text)| {
            let Change::Rewritten { text, .. } = make_dynamic(&format!("{text}{TAIL}")) else {
                panic!("{name} was not rewritten");
            };
            ((*name).to_owned(), text)
        })
        .collect();
    let pasted = snippet(&Style::default());
    let express = "const express = require('express');\nconst app = express();\n";
    files.push(("pasted.js".into(), format!("{express}{pasted}{TAIL}")));
    files
}

fn with_a_list(file: &Path) {
    let server = Server::start(file, &[("NODE_ENV", "production"), ("CORS_ORIGIN", LIST)]);
    for origin in [FIRST, SECOND] {
        let answer = server.get(origin);
        assert!(answer.lets_in(origin), "{origin} at {}", file.display());
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(exposed, Some("Content-Disposition"));
    }
    for origin in [STRANGER, LOCAL, "https://www.bondigoo.ch.stranger.example"] {
        assert!(
            server.get(origin).refuses(),
            "{origin} at {}",
            file.display()
        );
    }
    assert_eq!(server.ask("GET", &[]).status, 200, "no origin");

    let asked = "Access-Control-Request-Method";
    let preflight = server.ask("OPTIONS", &[("Origin", SECOND), (asked, "PATCH")]);
    assert_eq!(preflight.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", SECOND),
        (
            "access-control-allow-methods",
            "GET,POST,PUT,PATCH,DELETE,OPTIONS",
        ),
        ("access-control-allow-headers", "Content-Type,Authorization"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "86400"),
    ] {
        assert_eq!(preflight.header(name), Some(value), "{}", file.display());
    }
    let foreign = server.ask("OPTIONS", &[("Origin", STRANGER), (asked, "PATCH")]);
    assert!(foreign.refuses());

    let (_, log) = server.stop();
    assert!(log.contains(&format!("[CORS] Blocked request from origin: {STRANGER}")));
    assert!(log.contains(&format!(
        "The CORS policy for this site does not allow access from the specified Origin: {STRANGER}"
    )));
}

fn without_a_list(file: &Path) {
    let server = Server::start(file, &[("NODE_ENV", "development")]);
    assert!(server.get(LOCAL).lets_in(LOCAL), "{}", file.display());
    assert!(server.get(STRANGER).refuses());
    let (said, _) = server.stop();
    assert!(said.contains("[CORS] Development mode: allowing localhost:3000 by default."));

    // Blanks and commas alone are no list.
    for environment in [
        &[("NODE_ENV", "production"), ("CORS_ORIGIN", " , ")][..],
        &[],
    ] {
        let server = Server::start(file, environment);
        assert!(server.get(LOCAL).refuses(), "{}", file.display());
        assert_eq!(server.ask("GET", &[]).status, 200, "no origin");
        server.stop();
    }
}

#[test]
fn every_form_answers_as_the_plan_wants() {
    let Some(packages) = packages() else {
        return;
    };
    for express in ["express", "express-4"] {
        let folder = workshop(&packages, express);
        for (name, text) in rewritten() {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            with_a_list(&file);
            if express == "express" {
                without_a_list(&file);
            }
        }
    }
}

#[test]
fn the_plans_own_code_in_place_is_adopted_and_works_without_blanks() {
    let Some(packages) = packages() else {
        return;
    };
    let text = "const express = require('express');\nconst cors = require('cors');\nconst app = express();\nconst allowedOrigins = process.env.CORS_ORIGIN ? process.env.CORS_ORIGIN.split(',') : [];\nconst corsOptions = {\n  origin: (origin, callback) => callback(null, !origin || allowedOrigins.includes(origin)),\n  credentials: true,\n};\napp.use(cors(corsOptions));\n";
    let Change::AlreadyDynamic { why } = make_dynamic(text) else {
        panic!("this follows CORS_ORIGIN already");
    };
    assert!(why.contains("must have no blanks"), "{why}");
    let folder = workshop(&packages, "express");
    let file = folder.path().join("server.js");
    std::fs::write(&file, format!("{text}{TAIL}")).unwrap();
    let server = Server::start(&file, &[("CORS_ORIGIN", LIST)]);
    // The reason given is true: a list with blanks lets nobody in here.
    let answer = server.get(FIRST);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    server.stop();
    let server = Server::start(
        &file,
        &[(
            "CORS_ORIGIN",
            "https://www.bondigoo.ch,https://second.example",
        )],
    );
    assert!(server.get(SECOND).lets_in(SECOND));
    server.stop();
}

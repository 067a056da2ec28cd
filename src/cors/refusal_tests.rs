//! Server files that golive leaves alone, and what it says about them.

use super::*;

const BOTH: &str =
    "const express = require('express');\nconst cors = require('cors');\nconst app = express();\n";

fn refused(source: &str) -> (String, Option<usize>) {
    match make_dynamic(source) {
        Change::NotUnderstood { why, line, snippet } => {
            assert!(snippet.contains("process.env.CORS_ORIGIN"), "{snippet}");
            (why, line)
        }
        other => panic!("expected the file to be left alone, got {other:?}\n{source}"),
    }
}

/// What follows the usual head, why it is refused, and on which line.
const NOT_UNDERSTOOD: [(&str, &str, usize); 18] = [
    (
        "app.use(cors({ origin: 'a' }));\napp.use('/x', cors({ origin: 'b' }));",
        "other options here than in line 4",
        5,
    ),
    (
        "const corsOptions = { origin: 'a' };\napp.use(cors(corsOptions));\napp.get('/x', cors(), h);",
        "other options here than in line 5",
        6,
    ),
    (
        "app.get('/x', cors(), (q, r) => r.end());",
        "single routes only",
        4,
    ),
    (
        "if (process.env.NODE_ENV !== 'production') { app.use(cors()); }",
        "only under a condition",
        4,
    ),
    ("dev && app.use(cors());", "only under a condition", 4),
    (
        "const corsOptions = require('./cors-options');\napp.use(cors(corsOptions));",
        "come from './cors-options'",
        4,
    ),
    (
        "const { options } = require('./x');\napp.use(cors(options));",
        "come from './x'",
        4,
    ),
    (
        "const o = (req, cb) => cb(null, {});\napp.use(cors(o));",
        "chooses the options for each request",
        4,
    ),
    (
        "const o = dev ? { origin: 'a' } : {};\napp.use(cors(o));",
        "not a plain object",
        4,
    ),
    (
        "app.use(cors(config.cors));",
        "worked out where it is called",
        4,
    ),
    (
        "app.use(cors({ ...base, origin: 'a' }));",
        "comes from elsewhere: `...base`",
        4,
    ),
    (
        "app.use(cors({ ['ori' + 'gin']: 'a' }));",
        "worked out while the server runs",
        4,
    ),
    (
        "const o = { origin: [] };\no.origin.push('a');\napp.use(cors(o));",
        "changed here after it was made",
        5,
    ),
    (
        "const o = { origin: 'a' };\no.origin = 'b';\napp.use(cors(o));",
        "changed here after it was made",
        5,
    ),
    (
        "app.use(cors());\napp.use((q, r, n) => { r.header('Access-Control-Allow-Origin', '*'); n(); });",
        "set by hand",
        5,
    ),
    (
        "app.use((q, r, n) => cors()(q, r, n));",
        "cannot see what the result is mounted on",
        4,
    ),
    ("app.use(cors);", "without being called", 4),
    ("app.use(cors(", "not JavaScript that golive can read", 4),
];

#[test]
fn what_golive_does_not_understand_it_leaves_alone_and_says_where() {
    for (rest, why, line) in NOT_UNDERSTOOD {
        let (said, at) = refused(&format!("{BOTH}{rest}\n"));
        assert!(said.contains(why), "{rest}\n{said}");
        assert_eq!(at, Some(line), "{rest}\n{said}");
    }
}

#[test]
fn cors_that_lives_elsewhere_is_not_added_a_second_time() {
    for (source, why) in [
        (
            "const app = require('./app');\napp.listen(0);\n",
            "no Express app is made",
        ),
        (
            "const cors = require('./middleware/cors');\nconst app = require('express')();\napp.use(cors());\n",
            "it comes from './middleware/cors'",
        ),
        (
            "const app = require('express')();\nrequire('./config/cors')(app);\n",
            "set up in './config/cors'",
        ),
        (
            "const cors = require('@koa/cors');\napp.use(cors());\n",
            "it comes from '@koa/cors'",
        ),
        (
            "const app = require('express')();\napp.get('/x', h);\nconst corsOptions = { origin: 'a' };\n",
            "come too late",
        ),
        (
            "import type { Express } from 'express';\nconst app: Express = express();\n",
            "TypeScript",
        ),
        ("", "no Express app is made"),
        ("\u{0}\u{1}(", "not JavaScript"),
    ] {
        let (said, _) = refused(source);
        assert!(said.contains(why), "{source}\n{said}");
    }
}

#[test]
fn a_hundred_thousand_brackets_do_not_harm() {
    for text in [
        "(".repeat(100_000),
        "[".repeat(50_000) + &"]".repeat(50_000),
        "a.".repeat(50_000),
    ] {
        refused(&text);
    }
    refused(&" ".repeat(SOURCE_BYTES_MAX + 1));
}

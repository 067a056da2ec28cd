//! What happens to server files as people write them.

use proptest::prelude::*;

use super::*;

const EXPRESS: &str = "const express = require('express');\nconst app = express();\n";
const BOTH: &str =
    "const express = require('express');\nconst cors = require('cors');\nconst app = express();\n";

/// The plan's list and options in the default manner.
const LIST: &str = "\
// Origins that may call this API from a browser: CORS_ORIGIN, separated by commas
const allowedOrigins = (process.env.CORS_ORIGIN || '')
  .split(',')
  .map((entry) => entry.trim())
  .filter(Boolean);

// For local development, if the variable isn't set, fall back to localhost
if (process.env.NODE_ENV === 'development' && allowedOrigins.length === 0) {
  allowedOrigins.push('http://localhost:3000');
  console.log('[CORS] Development mode: allowing localhost:3000 by default.');
}
";
const OBJECT: &str = "\
{
  origin: function (origin, callback) {
    // Requests without an origin pass (mobile apps, other servers, curl)
    if (!origin) return callback(null, true);

    if (allowedOrigins.indexOf(origin) !== -1) {
      return callback(null, true);
    }
    const msg = `The CORS policy for this site does not allow access from the specified Origin: ${origin}`;
    console.error(`[CORS] Blocked request from origin: ${origin}`);
    return callback(new Error(msg), false);
  },
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  allowedHeaders: ['Content-Type', 'Authorization'],
  credentials: true,
  maxAge: 86400,
  exposedHeaders: ['Content-Disposition'],
}";

fn rewritten(source: &str) -> (String, String) {
    match make_dynamic(source) {
        Change::Rewritten { text, notes } => {
            let again = make_dynamic(&text);
            assert!(
                matches!(again, Change::AlreadyDynamic { .. }),
                "a second time: {again:?}\n{text}"
            );
            assert!(reads_cors_origin(&text));
            (text, notes.join("\n"))
        }
        other => panic!("expected a rewritten file, got {other:?}\n{source}"),
    }
}

fn already(source: &str) -> String {
    match make_dynamic(source) {
        Change::AlreadyDynamic { why } => why,
        other => panic!("expected nothing to do, got {other:?}\n{source}"),
    }
}

#[test]
fn options_in_a_variable_are_replaced_where_they_stand() {
    for keyword in ["const", "let", "var"] {
        let before = format!(
            "{BOTH}\n{keyword} corsOptions = {{ origin: 'https://a.example' }}; // ours\napp.use(cors(corsOptions));\n"
        );
        let (text, notes) = rewritten(&before);
        assert_eq!(
            text,
            format!(
                "{BOTH}\n{LIST}\n{keyword} corsOptions = {OBJECT}; // ours\napp.use(cors(corsOptions));\n"
            )
        );
        assert!(notes.contains("let in until now: https://a.example"));
    }
}

#[test]
fn options_in_the_call_and_a_call_without_options_get_a_name() {
    for (call, note) in [
        (
            "cors({ origin: 'https://a.example', credentials: true })",
            "https://a.example",
        ),
        ("cors({ origin: '*' })", "every site could call"),
        ("cors({})", "every site could call"),
        ("cors()", "every site could call"),
    ] {
        let (text, notes) = rewritten(&format!("{BOTH}app.use({call});\napp.listen(0);\n"));
        assert_eq!(
            text,
            format!(
                "{BOTH}{LIST}\nconst corsOptions = {OBJECT};\n\napp.use(cors(corsOptions));\napp.listen(0);\n"
            ),
            "{call}"
        );
        assert!(notes.contains(note), "{notes}");
    }
}

#[test]
fn another_name_stays_and_other_declarations_beside_it_too() {
    let (text, _) = rewritten(&format!(
        "{BOTH}const port = 1, options = {{ origin: true }}, host = 'x';\napp.use(cors(options));\n"
    ));
    assert_eq!(
        text,
        format!(
            "{BOTH}{LIST}\nconst port = 1, options = {OBJECT}, host = 'x';\napp.use(cors(options));\n"
        )
    );
}

#[test]
fn es_modules_double_quotes_no_semicolons_and_another_app_name_are_kept() {
    let (text, _) = rewritten(
        "import express from \"express\"\nimport cors from \"cors\"\n\nconst server = express()\nserver.use(cors())\n",
    );
    assert!(text.contains("const allowedOrigins = (process.env.CORS_ORIGIN || \"\")\n"));
    assert!(
        text.contains(
            "methods: [\"GET\", \"POST\", \"PUT\", \"PATCH\", \"DELETE\", \"OPTIONS\"],\n"
        )
    );
    assert!(text.ends_with("}\n\nserver.use(cors(corsOptions))\n"));
    assert!(!text.contains(';') && !text.contains('\''.to_string().repeat(2).as_str()));
}

#[test]
fn crlf_tabs_and_a_byte_order_mark_are_kept() {
    let (text, _) = rewritten(
        "\u{feff}const express = require('express');\r\nconst cors = require('cors');\r\nfunction make() {\r\n\tconst app = express();\r\n\tapp.use(cors());\r\n\treturn app;\r\n}\r\n",
    );
    assert!(text.starts_with("\u{feff}const express"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(
        text.contains(
            "\r\n\tconst corsOptions = {\r\n\t\torigin: function (origin, callback) {\r\n"
        )
    );
    assert!(text.contains("\r\n\r\n\tapp.use(cors(corsOptions));\r\n\treturn app;\r\n}\r\n"));
}

#[test]
fn a_missing_import_is_added_once_behind_express() {
    let (text, notes) = rewritten(&format!("'use strict';\n{EXPRESS}app.use(cors());\n"));
    assert!(text.starts_with(
        "'use strict';\nconst express = require('express');\nconst cors = require('cors');\nconst app"
    ));
    assert_eq!(text.matches("require('cors')").count(), 1);
    assert!(notes.contains("npm install cors"));

    let (text, _) =
        rewritten("import express from 'express';\nconst app = express();\napp.use(cors());\n");
    assert!(
        text.starts_with("import express from 'express';\nimport cors from 'cors';\nconst app")
    );
}

#[test]
fn a_missing_import_goes_below_shebang_and_directive_when_nothing_is_brought_in() {
    let (text, _) =
        rewritten("#!/usr/bin/env node\n'use strict';\nfunction set(app) { app.use(cors()); }\n");
    assert!(text.starts_with(
        "#!/usr/bin/env node\n'use strict';\nconst cors = require('cors');\nfunction"
    ));
    let (text, _) =
        rewritten("/* ours */\n'use strict'; // always\nfunction set(app) { app.use(cors()); }\n");
    assert!(text.starts_with(
        "/* ours */\n'use strict'; // always\nconst cors = require('cors');\nfunction"
    ));
}

#[test]
fn a_file_without_any_cors_gets_it_behind_the_app() {
    let (text, notes) = rewritten(&format!("{EXPRESS}app.use(express.json());\n"));
    assert_eq!(
        text,
        format!(
            "{BOTH}\n{LIST}\nconst corsOptions = {OBJECT};\n\napp.use(cors(corsOptions));\n\napp.use(express.json());\n"
        )
    );
    assert!(notes.contains("no cors was here"));
}

#[test]
fn options_that_nothing_uses_get_their_line_once() {
    let source = format!(
        "{EXPRESS}const corsOptions = {{ origin: 'https://a.example' }};\napp.get('/', (q, r) => r.end());\n"
    );
    let (text, _) = rewritten(&source);
    assert!(text.contains("};\napp.use(cors(corsOptions));\napp.get("));
    assert_eq!(text.matches("app.use(cors(corsOptions));").count(), 1);
    assert_eq!(text.matches("require('cors')").count(), 1);
}

#[test]
fn preflights_get_the_same_options() {
    let (text, notes) = rewritten(&format!(
        "{BOTH}const corsOptions = {{ origin: 'https://a.example' }};\napp.options('*', cors());\napp.use(cors(corsOptions));\n"
    ));
    assert!(text.contains("app.options('*', cors(corsOptions));\napp.use(cors(corsOptions));\n"));
    assert!(notes.contains("preflights (line 5)"));

    let (text, _) = rewritten(&format!(
        "{BOTH}app.use(cors());\napp.options('*', cors());\n"
    ));
    assert!(text.ends_with("app.use(cors(corsOptions));\napp.options('*', cors(corsOptions));\n"));

    let (text, _) = rewritten(&format!("{BOTH}app.options('*', cors());\n"));
    assert!(
        text.ends_with("app.use(cors(corsOptions));\n\napp.options('*', cors(corsOptions));\n")
    );
}

#[test]
fn middleware_kept_in_a_variable_is_followed() {
    let (text, _) = rewritten(&format!(
        "{BOTH}const guard = cors({{ origin: true }});\napp.use(guard);\napp.options('*', guard);\n"
    ));
    assert!(text.ends_with(
        "const guard = cors(corsOptions);\napp.use(guard);\napp.options('*', guard);\n"
    ));
}

#[test]
fn lists_and_functions_that_only_the_old_options_used_go_with_them() {
    let (text, notes) = rewritten(&format!(
        "{BOTH}
// Who may call
const whitelist = ['http://localhost:3000', process.env.CLIENT_URL];

// Decides
function decide(origin, cb) {{
  cb(null, whitelist.includes(origin));
}}

const corsOptions = {{ origin: decide }};
app.use(cors(corsOptions));
"
    ));
    assert_eq!(
        text,
        format!(
            "{BOTH}\n// Who may call\n{LIST}\nconst corsOptions = {OBJECT};\napp.use(cors(corsOptions));\n"
        )
    );
    assert!(notes.contains("CLIENT_URL no longer decides"), "{notes}");
}

#[test]
fn a_name_that_is_taken_is_not_taken_again() {
    let (text, notes) = rewritten(&format!(
        "{BOTH}const allowedOrigins = ['https://a.example'];\nconst corsOptions = 1;\napp.use(cors({{ origin: allowedOrigins }}));\nsockets(allowedOrigins, corsOptions);\n"
    ));
    assert!(text.contains("const corsAllowedOrigins = (process.env.CORS_ORIGIN"));
    assert!(text.contains("corsAllowedOrigins.indexOf(origin)"));
    assert!(text.contains("app.use(cors(apiCorsOptions));"));
    assert!(text.contains("const allowedOrigins = ['https://a.example'];\n"));
    assert!(
        notes.contains("`allowedOrigins` (line 4) stays for line 7"),
        "{notes}"
    );
}

#[test]
fn what_the_plan_lacks_is_kept_and_what_it_narrows_is_said() {
    let (text, notes) = rewritten(&format!(
        "{BOTH}app.use(cors({{\n  origin: /\\.a\\.example$/,\n  optionsSuccessStatus: 200,\n  methods: 'GET,HEAD',\n  allowedHeaders: ['X-Csrf', 'content-type'],\n  maxAge: 60,\n}}));\n"
    ));
    assert!(text.contains(
        "  exposedHeaders: ['Content-Disposition'],\n  optionsSuccessStatus: 200,\n};\n"
    ));
    for note in [
        "the pattern /\\.a\\.example$/ goes",
        "kept from the old options: optionsSuccessStatus",
        "methods no longer has HEAD",
        "allowedHeaders no longer has X-Csrf",
        "maxAge was 60 and is now 86400",
    ] {
        assert!(notes.contains(note), "{note} not in {notes}");
    }
}

#[test]
fn what_stays_outside_of_cors_is_said() {
    let (_, notes) = rewritten(&format!(
        "{BOTH}app.post('/hook', hook);\napp.use(cors());\nrequire('dotenv').config();\nconst io = new Server(http, {{ cors: {{ origin: '*' }} }});\n"
    ));
    assert!(notes.contains("line 4 stands before cors"), "{notes}");
    assert!(notes.contains("line 6, after the list is made"), "{notes}");
    assert!(
        notes.contains("line 7 has CORS settings of its own"),
        "{notes}"
    );

    let (text, notes) = rewritten(&format!("{BOTH}app.use('/api', cors());\n"));
    assert!(text.ends_with("app.use('/api', cors(corsOptions));\n"));
    assert!(notes.contains("a part of the API only"), "{notes}");

    let (_, notes) = rewritten(
        "const express = require('express');\nconst cors = require('cors');\nconst router = express.Router();\nrouter.use(cors());\n",
    );
    assert!(notes.contains("a part of the API only"), "{notes}");
}

#[test]
fn without_semicolons_no_line_runs_into_the_next() {
    let (text, _) = rewritten(
        "const express = require('express')\nconst app = express()\n;(async () => { app.listen(0) })()\n",
    );
    assert!(
        text.contains("\napp.use(cors(corsOptions))\n\n;(async"),
        "{text}"
    );
    let (text, _) =
        rewritten("const express = require('express'); const app = express(); app.listen(0)");
    assert!(
        text.ends_with("app.use(cors(corsOptions));\n app.listen(0)"),
        "{text}"
    );
}

#[test]
fn code_that_follows_the_variable_is_left_alone_whatever_its_form() {
    let why = already(&format!(
        "{BOTH}const list = process.env.CORS_ORIGIN ? process.env.CORS_ORIGIN.split(',') : [];\napp.use(cors({{ origin: (o, cb) => cb(null, list.includes(o)) }}));\n"
    ));
    assert!(
        why.contains("line 4") && why.contains("not trimmed"),
        "{why}"
    );
    assert!(
        why.contains("maxAge should be 86400") && why.contains("no fall-back"),
        "{why}"
    );
    already(&format!(
        "{BOTH}const {{ CORS_ORIGIN: raw = '' }} = process.env;\nconst list = [];\nfor (const o of raw.split(',')) list.push(o.trim());\nconst corsOptions = {{ origin: list }};\napp.use(cors(corsOptions));\n"
    ));
    let exact =
        format!("{BOTH}{LIST}\nconst corsOptions = {OBJECT};\napp.use(cors(corsOptions));\n");
    assert_eq!(
        already(&exact),
        "the origins come from CORS_ORIGIN already (line 5)"
    );
}

#[test]
fn reading_the_variable_without_taking_a_list_from_it_is_not_enough() {
    let (_, notes) = rewritten(&format!(
        "{BOTH}app.use(cors({{ origin: process.env.CORS_ORIGIN }}));\n"
    ));
    assert!(notes.contains("as one origin"), "{notes}");
    let (_, notes) = rewritten(&format!(
        "{BOTH}app.use(cors({{ origin: process.env.CORS_ORIGIN ? process.env.CORS_ORIGIN.split(',') : '*' }}));\n"
    ));
    assert!(
        notes.contains("without CORS_ORIGIN every site could call"),
        "{notes}"
    );
    let (_, _) = rewritten(&format!(
        "{BOTH}console.log(process.env.CORS_ORIGIN.split(','));\napp.use(cors({{ origin: 'https://a.example' }}));\n"
    ));
}

#[test]
fn the_snippet_speaks_the_files_own_manner() {
    let style = Style::default();
    assert_eq!(
        snippet(&style),
        format!(
            "const cors = require('cors');\n\n{LIST}\nconst corsOptions = {OBJECT};\n\napp.use(cors(corsOptions));\n"
        )
    );
    match make_dynamic(
        "import express from \"express\"\nconst api = express()\napi.use(cors(make()))\n",
    ) {
        Change::NotUnderstood { snippet, .. } => {
            assert!(snippet.starts_with("import cors from \"cors\"\n"));
            assert!(snippet.ends_with("api.use(cors(corsOptions))\n"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_code_reads_the_variable() {
    assert!(reads_cors_origin("f(process.env.CORS_ORIGIN)"));
    assert!(reads_cors_origin("f(process.env['CORS_ORIGIN'])"));
    assert!(reads_cors_origin(
        "const { PORT, CORS_ORIGIN = '' } = process.env;"
    ));
    assert!(!reads_cors_origin(
        "// process.env.CORS_ORIGIN\nf('process.env.CORS_ORIGIN', env.CORS_ORIGIN)"
    ));
    assert!(!reads_cors_origin(""));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        make_dynamic(&text);
        reads_cors_origin(&text);
    }

    /// Pieces of real files in any order: whatever is given back as rewritten is found dynamic the second time.
    #[test]
    fn any_mixture_of_known_lines_is_rewritten_soundly_or_left_alone(
        picks in prop::collection::vec(0..PIECES.len(), 0..12),
    ) {
        let mixture: String = picks.iter().map(|n| PIECES[*n]).collect();
        for head in ["", EXPRESS, BOTH] {
            if let Change::Rewritten { text, .. } = make_dynamic(&format!("{head}{mixture}")) {
                let second = make_dynamic(&text);
                let settled = matches!(second, Change::AlreadyDynamic { .. });
                prop_assert!(settled, "{:?}\n{}", second, text);
            }
        }
    }
}

const PIECES: [&str; 18] = [
    "const express = require('express');\n",
    "import express from 'express'\r\n",
    "const cors = require('cors')\n",
    "import cors from \"cors\";\n",
    "const app = express();\n",
    "const app = express()\n",
    "const corsOptions = { origin: list, é: 1 };\n",
    "let list = ['https://a.example'] // ü\n",
    "function list(o, cb) { cb(null, true) }\n",
    "app.use(cors(corsOptions));",
    "app.use(cors())\n",
    "app.options('*', cors());\n",
    "\t;[1].map(cors)\n",
    "(function () {",
    "})()\n",
    "/* list */ \n\n",
    "`${list}`\n",
    "\n",
];

//! Code that reads variables, and what is said of each name.

use super::*;
use crate::cors::environment_reads;
use crate::resource::value::Destination;

const SERVER: &str = include_str!("../../../assets/worlds/product/server/server.dynamic.js");
const WORKER: &str = include_str!("../../../assets/worlds/product/server/worker.js");
/// A front end that is told where its API is.
const CONFIG: &str = "\
export const API_URL = process.env.REACT_APP_API_URL || 'http://localhost:5000';
export const STRIPE_KEY = process.env.REACT_APP_STRIPE_PKEY;
export const LAUNCHED = process.env.REACT_APP_LAUNCHED === 'true';
";

fn wish(cells: &[(&str, &str, Destination)], not_needed: &[&str]) -> CodeVariables {
    CodeVariables {
        branches: vec![
            ("prod".into(), "main".into()),
            ("staging".into(), "staging".into()),
        ],
        server: "server".into(),
        front_end: ".".into(),
        cells: cells
            .iter()
            .map(|(name, environment, to)| (name.to_string(), environment.to_string(), *to))
            .collect(),
        not_needed: not_needed.iter().map(ToString::to_string).collect(),
    }
}

/// Both branches with these files.
fn seen(wish: &CodeVariables, files: &[(&str, &str)]) -> Seen {
    let branches = wish.branches.iter().map(|(environment, branch)| {
        let mut own = BranchSeen {
            environment: environment.clone(),
            branch: branch.clone(),
            commit: "1a2b3c4d5e".into(),
            files: files.len(),
            uses: vec![],
            unnamed: vec![],
            passed_over: vec![],
        };
        for (path, text) in files {
            wish.take(&mut own, path, &environment_reads(text));
        }
        own
    });
    Seen {
        branches: branches.collect(),
    }
}

fn blocked(wish: &CodeVariables, seen: &Seen) -> (String, Vec<String>) {
    match wish.plan(&Known::default(), seen) {
        Plan::Blocked(Blocker::ByHand { what, paste, .. }) => (what, paste),
        other => panic!("not blocked: {other:?}"),
    }
}

fn settled(wish: &CodeVariables, seen: &Seen) -> Evidence {
    match wish.plan(&Known::default(), seen) {
        Plan::Settled(evidence) => evidence,
        other => panic!("not settled: {other:?}"),
    }
}

const PRODUCT: [(&str, &str); 3] = [
    ("server/server.js", SERVER),
    ("server/worker.js", WORKER),
    ("client/src/config.js", CONFIG),
];

fn plan_of_the_product() -> Vec<(&'static str, &'static str, Destination)> {
    let server = [
        "NODE_ENV",
        "DATABASE_URL",
        "REDIS_URL",
        "ENVIRONMENT_NAME",
        "CORS_ORIGIN",
        "STRIPE_SECRET_KEY",
    ];
    let mut cells = vec![("REACT_APP_LAUNCHED", "prod", Destination::Vercel)];
    for environment in ["prod", "staging"] {
        cells.extend(server.map(|name| (name, environment, Destination::Render)));
        cells.push(("REACT_APP_STRIPE_PKEY", environment, Destination::Vercel));
    }
    cells
}

#[test]
fn what_the_products_code_reads_beyond_the_plan_is_missing_and_comes_with_its_table() {
    let wish = wish(&plan_of_the_product(), &[]);
    let seen = seen(&wish, &PRODUCT);
    let (what, paste) = blocked(&wish, &seen);
    assert_eq!(
        what,
        "a variable that the code reads has no place in golive.toml: REACT_APP_API_URL (client/src/config.js:1 on main \
         and 1 more; for prod and staging), without which the code falls back on something. Give each a table, or name \
         it in not_needed"
    );
    assert_eq!(
        paste[..5],
        [
            "[variable.REACT_APP_API_URL]",
            "kind = \"public\"",
            "to = \"vercel\"",
            "in.prod = { asked = \"REACT_APP_API_URL\" }",
            "in.staging = { asked = \"REACT_APP_API_URL\" }",
        ]
    );
}

#[test]
fn with_all_in_place_it_is_settled_and_says_where_each_is_read() {
    let mut cells = plan_of_the_product();
    cells.extend(["prod", "staging"].map(|own| ("REACT_APP_API_URL", own, Destination::Vercel)));
    let wish = wish(&cells, &[]);
    let seen = seen(&wish, &PRODUCT);
    let evidence = settled(&wish, &seen);
    assert!(
        evidence
            .text
            .starts_with("the code of main and staging reads")
    );
    assert!(
        evidence
            .notes
            .contains(&"set by the platforms themselves: PORT".to_string()),
        "{:?}",
        evidence.notes
    );
    // The plan sets it in production alone.
    let codes: Vec<&str> = evidence
        .findings
        .iter()
        .map(|one| one.code.as_str())
        .collect();
    assert_eq!(codes, ["unset-REACT_APP_LAUNCHED"]);
    let outputs = wish.outputs(&seen);
    assert_eq!(
        outputs["used-prod-REDIS_URL"].text(),
        Some("server/worker.js:10")
    );
    let mut lines = SERVER.lines();
    let first = lines.position(|line| line.contains("process.env.DATABASE_URL"));
    let told = format!("server/server.js:{} and 1 more", first.unwrap() + 1);
    assert_eq!(
        outputs["used-staging-DATABASE_URL"].text(),
        Some(told.as_str())
    );
}

#[test]
fn what_is_not_needed_or_read_by_nobody_is_told() {
    let cells = [("OLD_KEY", "prod", Destination::Render)];
    let wish = wish(&cells, &["DEBUG_SQL"]);
    let files = [(
        "server/a.js",
        "log(process.env.DEBUG_SQL, process.env.HOME);",
    )];
    let evidence = settled(&wish, &seen(&wish, &files));
    assert_eq!(evidence.findings[0].code, "unused-OLD_KEY");
    assert!(evidence.notes.iter().any(|note| note.contains("DEBUG_SQL")));
}

#[test]
fn a_value_that_goes_where_the_code_does_not_run_does_not_count() {
    let cells = ["prod", "staging"].map(|own| ("API_KEY", own, Destination::Vercel));
    let wish = wish(&cells, &[]);
    let files = [("server/a.js", "use(process.env.API_KEY)")];
    let (what, paste) = blocked(&wish, &seen(&wish, &files));
    assert!(what.contains(
        "API_KEY (server/a.js:1 on main and 1 more; for prod and staging), which goes to where"
    ));
    assert_eq!(paste.len(), 1);
}

#[test]
fn names_that_only_the_running_code_knows_are_a_finding() {
    let wish = wish(&[], &[]);
    let files = [("server/a.js", "const v = process.env[name];")];
    let evidence = settled(&wish, &seen(&wish, &files));
    assert_eq!(evidence.findings.len(), 1);
    assert!(evidence.findings[0].text.contains("server/a.js:1"));
}

#[test]
fn files_are_told_apart_by_who_runs_them() {
    use super::places::{Side, is_code, is_page, page_reads};
    let wish = wish(&[], &[]);
    assert_eq!(wish.sides("server/routes/a.js"), [Side::Server]);
    assert_eq!(wish.sides("src/App.jsx"), [Side::FrontEnd]);
    assert_eq!(wish.sides("serverless/a.js"), [Side::FrontEnd]);
    for code in ["src/App.tsx", "server/bin/www.mjs", "public/index.html"] {
        assert!(is_code(code), "{code}");
    }
    for other in [
        "node_modules/x/index.js",
        "client/build/static/main.js",
        "src/App.test.js",
        "server/__tests__/a.js",
        "types/env.d.ts",
        "README.md",
        "Makefile",
    ] {
        assert!(!is_code(other), "{other}");
    }
    assert!(wish.enters("server") && !wish.enters("server/node_modules"));
    assert!(is_page("index.html"));
    let reads = page_reads("<a href=\"%PUBLIC_URL%/x\">100% of %REACT_APP_NAME%</a>");
    assert_eq!(reads.named.len(), 1);
    assert_eq!(reads.named[0].name, "REACT_APP_NAME");
}

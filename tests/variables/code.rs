//! 7.code on the product's own repository.

use golive::plan::{Blocker, ItemId, Plan};
use golive::resource::value::Destination;
use golive::resource::{CodeVariables, Cx, Known, Resource};

use crate::{Stage, on, world};

const SERVER: [&str; 6] = [
    "NODE_ENV",
    "DATABASE_URL",
    "REDIS_URL",
    "ENVIRONMENT_NAME",
    "CORS_ORIGIN",
    "STRIPE_SECRET_KEY",
];

fn wish(front_end: &[&str]) -> CodeVariables {
    let branches = [("prod", "main"), ("staging", "staging"), ("dev", "develop")];
    let mut cells = vec![];
    for (environment, _) in branches {
        let cell = |name: &&str, to| (name.to_string(), environment.to_string(), to);
        cells.extend(SERVER.iter().map(|name| cell(name, Destination::Render)));
        cells.extend(front_end.iter().map(|name| cell(name, Destination::Vercel)));
    }
    CodeVariables {
        branches: branches
            .map(|(environment, branch)| (environment.to_string(), branch.to_string()))
            .to_vec(),
        server: "server".into(),
        front_end: "client".into(),
        cells,
        not_needed: vec!["REACT_APP_LAUNCHED".into()],
    }
}

async fn looked(
    stage: &Stage<'_>,
    wish: &CodeVariables,
) -> Plan<<CodeVariables as Resource>::Change> {
    let (item, known) = (ItemId::new("7.code"), Known::default());
    let cx = Cx {
        github: Some(&stage.github),
        ..Cx::alone(&item, stage.transport.clock.now(), &known)
    };
    let seen = wish.observe(&cx).await.expect("a look");
    wish.plan(&known, &seen)
}

#[test]
fn three_branches_of_one_content_cost_one_listing_each_and_their_files_once() {
    on(world(|_| {}), async |stage| {
        let wish = wish(&["REACT_APP_STRIPE_PKEY"]);
        let Plan::Settled(evidence) = looked(stage, &wish).await else {
            panic!("not settled")
        };
        assert!(
            evidence
                .text
                .starts_with("the code of main, staging and develop reads"),
            "{}",
            evidence.text
        );
        assert!(evidence.findings.is_empty(), "{:?}", evidence.findings);
        assert_eq!(stage.calls("GET", "/git/trees/").len(), 3);
        let blobs = stage.calls("GET", "/git/blobs/");
        let mut paths: Vec<&str> = blobs.iter().map(|call| call.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), blobs.len(), "no file is fetched twice");
    });
}

#[test]
fn what_is_read_on_one_branch_alone_is_missing_there() {
    let scenario = world(|scenario| {
        let develop = scenario
            .branches
            .iter_mut()
            .find(|one| one.name == "develop");
        let commit = serde_json::json!({
            "message": "Send mail", "hours_ago": 1,
            "write": {"server/mail.js": "const { SMTP_URL } = process.env;\nsend(SMTP_URL);\n",
                      "server/node_modules/x/index.js": "process.env.NOT_OURS;"},
        });
        let commit = serde_json::from_value(commit).expect("a commit");
        develop.expect("develop").commits.push(commit);
    });
    on(scenario, async |stage| {
        let wish = wish(&["REACT_APP_STRIPE_PKEY"]);
        let Plan::Blocked(Blocker::ByHand { what, paste, .. }) = looked(stage, &wish).await else {
            panic!("not blocked")
        };
        assert!(
            what.contains("SMTP_URL (server/mail.js:1 on develop; for dev)"),
            "{what}"
        );
        assert!(!what.contains("NOT_OURS"));
        assert_eq!(
            paste[..4],
            [
                "[variable.SMTP_URL]",
                "kind = \"secret\"",
                "to = \"render\"",
                "in.dev = { asked = \"SMTP_URL\" }"
            ]
        );
    });
}

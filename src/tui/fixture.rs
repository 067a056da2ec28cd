//! Launches to draw in tests: the outline of Phase 0 and stories told by events, as the engine would tell them.

pub mod infrastructure;
pub mod values;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Lookup, TokenPage};
use crate::event::{Call, Durable, Event, FailedCall, Failure, Live, Record};
use crate::journal::state::State;
use crate::plan::{
    Attestation, Blocker, Choice, Evidence, ItemId, Made, Provider, Row, Sign, Undo, Wait,
};
use crate::view::{ItemOutline, Matrix, Outline, PhaseOutline, StepOutline, View};

pub fn id(id: &str) -> ItemId {
    ItemId::new(id)
}

pub fn start() -> Timestamp {
    "2026-11-24T14:00:00Z".parse().expect("a time")
}

fn item(name: &str, title: &str, band: &str, needs: &[&str]) -> ItemOutline {
    ItemOutline {
        id: id(name),
        title: title.into(),
        required: name != "1.rule-develop",
        needs: needs.iter().map(|need| id(need)).collect(),
        provider: Some(Provider::GitHub),
        band: band.into(),
        asks: None,
    }
}

fn step(
    number: &str,
    title: &str,
    minutes: u32,
    why: &str,
    undo: &str,
    items: Vec<ItemOutline>,
) -> StepOutline {
    StepOutline {
        number: number.into(),
        title: title.into(),
        why: why.into(),
        undo: undo.into(),
        docs: format!("https://docs.github.com/step-{number}"),
        minutes,
        items,
    }
}

fn phase_items() -> [Vec<ItemOutline>; 3] {
    const ALL: &str = "ALL ENVIRONMENTS";
    let access = vec![item("0.github", "GitHub token", ALL, &[])];
    let branches = vec![
        item("1.branch-main", "main exists", "PRODUCTION", &["0.github"]),
        item(
            "1.branch-staging",
            "staging exists",
            "STAGING",
            &["0.github"],
        ),
        item("1.branch-develop", "develop exists", "DEV", &["0.github"]),
        item(
            "1.stable-main",
            "main is stable",
            "PRODUCTION",
            &["1.branch-main"],
        ),
        item(
            "1.rule-main",
            "main is protected",
            "PRODUCTION",
            &["1.branch-main"],
        ),
        item(
            "1.rule-staging",
            "staging is protected",
            "STAGING",
            &["1.branch-staging"],
        ),
        item(
            "1.rule-develop",
            "develop is protected",
            "DEV",
            &["1.branch-develop"],
        ),
    ];
    let rules = ["1.rule-develop", "1.branch-develop"];
    let cors = vec![
        item("2.code", "server.js changed", "DEV", &rules),
        item("2.to-develop", "merged to develop", "DEV", &["2.code"]),
        item(
            "2.to-staging",
            "merged to staging",
            "STAGING",
            &["2.to-develop", "1.rule-staging"],
        ),
        item(
            "2.to-main",
            "merged to main",
            "PRODUCTION",
            &["2.to-staging", "1.rule-main"],
        ),
    ];
    [access, branches, cors]
}

pub fn outline(rehearsal: bool) -> Outline {
    let [access, branches, cors] = phase_items();
    Outline {
        name: "bondigoo".into(),
        launch: "bondigoo-1a2b7f3a".into(),
        rehearsal,
        operator: "dana".into(),
        matrix: Matrix::default(),
        phases: vec![PhaseOutline {
            number: 0,
            title: "Pre-flight".into(),
            steps: vec![
                step(
                    "0",
                    "Access",
                    5,
                    "golive works with a token of yours. It must belong to the expected account and may do no more than needed.",
                    "Nothing to undo: golive only looks.",
                    access,
                ),
                step(
                    "1",
                    "Branches",
                    10,
                    "main, staging and develop each serve one environment. Protection keeps anything unreviewed from reaching production.",
                    "Removes the branches and rules that golive created; adopted ones stay.",
                    branches,
                ),
                step(
                    "2",
                    "Dynamic CORS",
                    25,
                    "One build serves three environments only if server/server.js takes its origins from CORS_ORIGIN.",
                    "Pull requests are closed; merged changes are put back by another pull request.",
                    cors,
                ),
            ],
        }],
    }
}

pub fn lookup() -> Lookup {
    Lookup {
        token_page: Box::new(|slot| {
            (slot == "GITHUB_TOKEN").then(|| TokenPage {
                what: "GitHub token".into(),
                url: Some("https://github.com/settings/personal-access-tokens/new".into()),
                choose: vec![],
                scopes: vec![
                    "Contents: read and write (branches, the CORS change)".into(),
                    "Pull requests: read and write (the promotions)".into(),
                    "Administration: read and write (branch rules)".into(),
                ],
                expiry: "30 days: the launch is over by then".into(),
                use_: "reads the repository, creates branches, rules and pull requests, each after you approved it".into(),
                mind: vec!["golive never pushes to main, staging or develop directly".into()],
                ..TokenPage::default()
            })
        }),
        rehearsal_secret: Box::new(|_| None),
        judge: Box::new(|_, _| Ok("one line, no control characters".into())),
        store: "OS keyring \"golive/bondigoo\", Secret Service".into(),
        api_url: Box::new(|_| "https://api.github.com".into()),
        zone: jiff::tz::TimeZone::UTC,
    }
}

/// A launch that is told event by event.
pub struct Story {
    pub view: View,
}

impl Story {
    pub fn new(rehearsal: bool) -> Story {
        let mut story = Story {
            view: View::new(outline(rehearsal), State::default(), start()),
        };
        story.record(Durable::Opened {
            launch: "bondigoo-1a2b7f3a".into(),
            version: "0.1.0".into(),
            catalogue: "1".into(),
            rehearsal,
            host: "desk".into(),
            pid: 4242,
        });
        story
    }

    pub fn record(&mut self, durable: Durable) -> &mut Self {
        let at = self.view.now + SignedDuration::from_secs(1);
        let record = Record {
            seq: self.view.state.seq + 1,
            epoch: 1,
            at,
            durable,
        };
        self.view.apply(&Event::Durable(record), at);
        self
    }

    pub fn live(&mut self, live: Live) -> &mut Self {
        let now = self.view.now;
        self.view.apply(&Event::Live(live), now);
        self
    }

    pub fn settled(&mut self, name: &str, text: &str) -> &mut Self {
        let evidence =
            Evidence::new(text).url(format!("https://github.com/bondigoo/platform/{name}"));
        self.record(Durable::Settled {
            item: id(name),
            evidence,
            outputs: BTreeMap::new(),
        })
    }

    pub fn blocked(&mut self, name: &str, blocker: Blocker) -> &mut Self {
        self.record(Durable::Blocked {
            item: id(name),
            blocker,
        })
    }

    /// A change from its intent to its end.
    pub fn applied(&mut self, row: &Row) -> &mut Self {
        self.sent(row);
        self.record(Durable::Applied {
            item: row.item.clone(),
            change: row.change.clone(),
            row: row.id(),
            found: false,
            made: Some(Made {
                kind: "branch".into(),
                id: row.what.clone(),
                name: row.what.clone(),
                as_made: None,
                url: None,
            }),
        })
    }

    pub fn sent(&mut self, row: &Row) -> &mut Self {
        self.record(Durable::Intended {
            item: row.item.clone(),
            change: row.change.clone(),
            row: row.id(),
            what: row.to_string(),
        });
        self.record(Durable::Sent {
            item: row.item.clone(),
            change: row.change.clone(),
            row: row.id(),
        })
    }

    pub fn call(&mut self, name: &str, method: &str, path: &str, status: Option<u16>) -> &mut Self {
        let at = self.view.now;
        self.live(Live::Call(Call {
            at,
            item: Some(id(name)),
            provider: Provider::GitHub,
            method: method.into(),
            path: path.into(),
            status,
            millis: 212,
            request_id: Some("8F1C:2A40:11".into()),
            mutating: method != "GET",
            error: status.is_none().then(|| "connection reset".into()),
        }))
    }

    pub fn planned(&mut self, step: &str, rows: &[Row]) -> &mut Self {
        self.live(Live::Planned {
            step: step.into(),
            rows: rows.to_vec(),
        })
    }
}

pub fn rows() -> Vec<Row> {
    let create = |name: &str, what: &str, new: &str| Row {
        new: Some(new.into()),
        ..Row::new(&id(name), "create", Sign::Create, what)
    };
    vec![
        create("1.branch-staging", "branch staging", "from main at 3fa91c2"),
        create("1.branch-develop", "branch develop", "from main at 3fa91c2"),
        Row {
            old: Some("reviews 0".into()),
            new: Some("reviews 1, no force pushes, no deletion".into()),
            undo: Undo::Restorable,
            not_made_by_golive: true,
            ..Row::new(&id("1.rule-main"), "rule", Sign::Change, "rules of main")
        },
        Row {
            known_after: Some(id("1.branch-staging")),
            detail: vec![
                "+ pull request reviews: 1".into(),
                "+ no deletion".into(),
                "  everything else stays as it is".into(),
            ],
            ..create(
                "1.rule-staging",
                "rules of staging",
                "reviews 1, no deletion",
            )
        },
    ]
}

pub fn one_way() -> Vec<Row> {
    vec![Row {
        undo: Undo::OneWay,
        confirm: Some("staging".into()),
        old: Some("at 3fa91c2".into()),
        ..Row::new(
            &id("1.branch-staging"),
            "remove",
            Sign::Remove,
            "branch staging",
        )
    }]
}

/// The token works, and step 1 wants its plan approved.
pub fn planned() -> Story {
    let mut story = Story::new(false);
    story.call("0.github", "GET", "/user", Some(200));
    story.settled("0.github", "token of dana-bondigoo, expires 2026-12-24");
    story.settled("1.branch-main", "main at 3fa91c2, 412 commits");
    story.blocked(
        "1.stable-main",
        Blocker::Attest {
            question: "Is main the current, stable code that production may be built from?".into(),
            url: Some("https://github.com/bondigoo/platform/commits/main".into()),
            rests_on: "commit 3fa91c2".into(),
        },
    );
    story.live(Live::Limit {
        provider: Provider::GitHub,
        limit: 5000,
        remaining: 4987,
        resets_at: start() + SignedDuration::from_mins(42),
    });
    story.planned("1", &rows());
    story
}

/// Approved, two branches made, rules under way.
pub fn running() -> Story {
    let mut story = planned();
    let rows = rows();
    story.record(Durable::Approved {
        rows: rows.iter().map(Row::id).collect(),
        items: rows.iter().map(|row| row.item.clone()).collect(),
        typed: vec![],
        by: "dana".into(),
    });
    story.planned("1", &[]);
    for (row, name) in rows.iter().zip(["staging", "develop"]) {
        story.live(Live::Applying {
            item: row.item.clone(),
            change: row.to_string(),
        });
        story.applied(row);
        story.call(
            row.item.as_str(),
            "POST",
            "/repos/bondigoo/platform/git/refs",
            Some(201),
        );
        story.settled(
            row.item.as_str(),
            &format!("{name} at 3fa91c2, even with main"),
        );
    }
    story.live(Live::Applying {
        item: id("1.rule-main"),
        change: rows[2].to_string(),
    });
    story.sent(&rows[2]);
    story.live(Live::Looking {
        item: id("1.rule-staging"),
    });
    story.view.now += SignedDuration::from_secs(3);
    story
}

/// The pull request waits for its checks, and GitHub asks for patience.
pub fn waiting() -> Story {
    let mut story = Story::new(true);
    for item in outline(true).items().filter(|item| item.id.step() != "2") {
        story.settled(item.id.as_str(), "as wished");
    }
    story.settled("2.code", "server.js takes its origins from CORS_ORIGIN");
    let now = story.view.now;
    story.live(Live::Waiting {
        item: id("2.to-develop"),
        wait: Wait {
            condition: "checks of pull request #4".into(),
            expected: "3 of 3 green".into(),
            seen: "1 of 3 green, 2 running".into(),
            look_every: Duration::from_secs(15),
            worst_case: Duration::from_secs(1800),
            why: "the repository's slowest check took 12 minutes last time".into(),
        },
        next_look: now + SignedDuration::from_secs(12),
        until: now + SignedDuration::from_mins(30),
    });
    story.live(Live::BackingOff {
        provider: Provider::GitHub,
        why: "secondary limit".into(),
        attempt: 2,
        attempts_max: 5,
        until: now + SignedDuration::from_secs(21),
    });
    story
}

pub fn failed() -> Story {
    let mut story = running();
    let rows = rows();
    story.call(
        "1.rule-main",
        "POST",
        "/repos/bondigoo/platform/rulesets",
        Some(403),
    );
    story.record(Durable::Refused {
        item: id("1.rule-main"),
        change: "rule".into(),
        row: rows[2].id(),
        why: "403".into(),
    });
    story.record(Durable::Failed {
        item: id("1.rule-main"),
        failure: Failure {
            what: "GitHub refused to create the rules of main".into(),
            cause: "403, \"Resource not accessible by personal access token\"".into(),
            likely: Some("the token has no Administration right on bondigoo/platform".into()),
            hint: Some(
                "give it at https://github.com/settings/personal-access-tokens, then r".into(),
            ),
            code: "GL-GITHUB-403".into(),
            call: Some(FailedCall {
                method: "POST".into(),
                path: "/repos/bondigoo/platform/rulesets".into(),
                status: Some(403),
                request_id: Some("8F1C:2A40:12".into()),
            }),
            retryable: false,
        },
    });
    story.live(Live::Looked {
        item: id("1.rule-staging"),
    });
    story
}

pub fn done() -> Story {
    let mut story = Story::new(true);
    for item in outline(true).items() {
        story.settled(item.id.as_str(), "as wished");
    }
    story.record(Durable::Attested {
        item: id("1.stable-main"),
        attestation: Attestation {
            by: "dana".into(),
            note: "released on Friday".into(),
            at: start(),
            rests_on: "commit 3fa91c2".into(),
        },
    });
    story.record(Durable::Skipped {
        item: id("1.rule-develop"),
        by: "dana".into(),
        why: "two of us only".into(),
        url: None,
    });
    story
}

/// A story whose `1.rule-main` or `0.github` asks this.
pub fn asking(blocker: Blocker) -> Story {
    let mut story = Story::new(false);
    if matches!(
        blocker,
        Blocker::SecretMissing { .. } | Blocker::TokenRefused { .. }
    ) {
        story.blocked("0.github", blocker);
    } else {
        story.settled("0.github", "token of dana-bondigoo");
        story.settled("1.branch-main", "main at 3fa91c2");
        story.blocked("1.rule-main", blocker);
    }
    story
}

pub fn questions() -> Vec<(&'static str, Blocker)> {
    let url = || Some("https://github.com/bondigoo/platform/settings/rules".to_string());
    vec![
        ("attest", Blocker::Attest {
            question: "Is main the current, stable code that production may be built from?".into(),
            url: Some("https://github.com/bondigoo/platform/commits/main".into()),
            rests_on: "commit 3fa91c2".into(),
        }),
        ("choose", Blocker::Choose {
            key: "failing-check".into(),
            question: "The check \"Vercel\" fails on pull request #4. It is not required. Merge all the same?".into(),
            options: vec![
                Choice::new("merge", "Merge: it is not a required check"),
                Choice::new("wait", "Wait until it is green"),
            ],
        }),
        ("by-hand", Blocker::ByHand {
            what: "replace corsOptions in server/server.js".into(),
            url: url(),
            paste: vec![
                "const allowedOrigins = (process.env.CORS_ORIGIN ?? '')".into(),
                "  .split(',').map((o) => o.trim()).filter(Boolean);".into(),
            ],
        }),
        ("review", Blocker::Review {
            what: "a review of pull request #4 by someone else than dana".into(),
            url: "https://github.com/bondigoo/platform/pull/4".into(),
        }),
        ("forbidden", Blocker::Forbidden {
            what: "create rulesets".into(),
            scope: "Administration: read and write".into(),
            url: url(),
        }),
        ("taken", Blocker::Taken {
            name: "ruleset golive-main".into(),
            theirs: "targets release/*, enforcement disabled".into(),
        }),
        ("drift", Blocker::Drift {
            ours: "reviews 1".into(),
            theirs: "reviews 0".into(),
        }),
        ("other-account", Blocker::OtherAccount {
            pinned: "dana-bondigoo".into(),
            seen: "dana-private".into(),
        }),
        ("unclear", Blocker::Unclear {
            change: "issue \"fix ESLint warnings\" opened".into(),
        }),
    ]
}

pub fn secret_missing() -> Blocker {
    Blocker::SecretMissing {
        slot: "GITHUB_TOKEN".into(),
        was_kept: false,
    }
}

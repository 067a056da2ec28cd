//! What cannot be done is told at its item, with the page to open or the word to correct, and nothing of it is made.

use golive::journal::state::Standing;
use golive::manifest::Manifest;
use golive::plan::ItemId;
use golive::sim::{MadeBy, Scenario};
use serde_json::{Value, json};

use super::assembly;
use super::stage::{Ran, Stage};

/// What is wrong, which item says so, in which words, and what of the ledger must not have come to be.
struct Case {
    wrong: Wrong,
    item: &'static str,
    words: &'static [&'static str],
    not_made: &'static [&'static str],
}

enum Wrong {
    /// In `golive.toml`: the text that stands there, and what stands there instead.
    Manifest(&'static str, &'static str),
    /// In the world: the place in its description, and what is true there.
    World(&'static str, fn() -> Value),
}

const SERVICES: &[&str] = &["service", "key_value"];

const CASES: &[Case] = &[
    Case {
        wrong: Wrong::Manifest("region = \"EU_CENTRAL_1\"", "region = \"EU_NOWHERE_9\""),
        item: "3.cluster",
        words: &["no region EU_NOWHERE_9", "[atlas.cluster.prod]"],
        not_made: &["cluster", "database_user"],
    },
    Case {
        wrong: Wrong::Manifest(
            "background_worker = \"starter\"",
            "background_worker = \"hugest\"",
        ),
        item: "4.worker-prod",
        words: &["Render has no plan hugest", "plan.background_worker"],
        not_made: &["bondigoo-worker-prod", "bondigoo-worker-dev"],
    },
    Case {
        wrong: Wrong::Manifest(
            "background_worker = \"starter\"",
            "background_worker = \"free\"",
        ),
        item: "4.worker-prod",
        words: &["no background worker for free"],
        not_made: &["bondigoo-worker-prod"],
    },
    Case {
        wrong: Wrong::World("/render/workspace/0/card", || json!(false)),
        item: "4.redis-prod",
        words: &["add a card", "nothing was made"],
        not_made: SERVICES,
    },
    Case {
        wrong: Wrong::World("/render/app_reaches", || json!(false)),
        item: "4.api-prod",
        words: &["let Render read the repository"],
        not_made: &["service"],
    },
    Case {
        wrong: Wrong::World("/vercel/project/0/linked", || json!(false)),
        item: "0.vercel-app",
        words: &["let Vercel's GitHub app see bondigoo/bondigoo-platform"],
        not_made: &["project bondigoo-platform-staging"],
    },
    Case {
        wrong: Wrong::World("/atlas/api_access_list/addresses", || json!(["192.0.2.1"])),
        item: "0.atlas",
        words: &["put 203.0.113.9", "not the IP access list of the databases"],
        not_made: &["cluster", "database_user", "access_entry"],
    },
    Case {
        wrong: Wrong::World("/atlas/project/0/name", || json!("Another")),
        item: "0.atlas",
        words: &["Another"],
        not_made: &["cluster", "database_user", "access_entry"],
    },
];

impl Case {
    fn run(&self) -> Ran {
        let mut stage = match &self.wrong {
            Wrong::Manifest(right, wrong) => {
                let text = assembly::preset().text().replacen(right, wrong, 1);
                let manifest = Manifest::parse(&text, "golive.toml".as_ref()).unwrap();
                assert!(text.contains(wrong), "{right} is not in golive.toml");
                Stage::of(manifest, "fresh")
            }
            Wrong::World(..) => Stage::whole("fresh"),
        };
        if let Wrong::World(place, value) = &self.wrong {
            stage.scenario = changed(&stage.scenario, place, value());
        }
        stage.run(&stage.beginning(5), None).unwrap()
    }
}

/// The world with another value at a place of its description. Without the app nothing is linked either.
fn changed(scenario: &Scenario, place: &str, value: Value) -> Scenario {
    let mut tree = serde_json::to_value(scenario).unwrap();
    let there = tree.pointer_mut(place);
    *there.unwrap_or_else(|| panic!("a world has no {place}")) = value;
    if place.ends_with("/linked") {
        tree["vercel"]["app"] = json!("not_installed");
    }
    serde_json::from_value(tree).unwrap()
}

#[test]
fn what_cannot_be_done_is_told_and_nothing_of_it_is_made() {
    for case in CASES {
        let ran = case.run();
        let item = ran.view.item_state(&ItemId::new(case.item)).unwrap();
        let Standing::Blocked(blocker) = &item.standing else {
            panic!("{}: {:?}", case.item, item.standing);
        };
        let said = format!("{} {blocker:?}", blocker.sentence());
        for words in case.words {
            assert!(said.contains(words), "{}: {said}", case.item);
        }
        for object in ran.end.world.ledger().objects {
            let called = format!("{} {}", object.kind, object.name);
            let hit = |not: &&&str| called == **not || object.kind == **not || object.name == **not;
            let made =
                object.made_by == MadeBy::Golive && case.not_made.iter().any(|not| hit(&not));
            assert!(!made, "{}: {called} was made", case.item);
        }
    }
}

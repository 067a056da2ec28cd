//! Which protection suffices, and what is added where it does not.

use super::*;
use crate::provider::github::rule_named;
use crate::resource::in_force::tests::{and_classic, rules};

fn main_rule() -> BranchProtection {
    BranchProtection {
        branch: "main".into(),
        wish: Wish {
            pull_requests: true,
            reviews: 1,
            no_force_pushes: true,
            no_deletion: true,
        },
        review_by_other: true,
    }
}

fn seen(in_force: InForce) -> Seen {
    Seen {
        in_force,
        names: BTreeMap::from([(9, "house rules".into())]),
        ours: None,
        page: "https://github.com/acme/shop".into(),
    }
}

fn full(id: u64) -> Value {
    json!([
        {"type": "deletion", "ruleset_id": id}, {"type": "non_fast_forward", "ruleset_id": id},
        {"type": "pull_request", "ruleset_id": id, "parameters": {"required_approving_review_count": 1}}
    ])
}

fn only_change(plan: Plan<ProtectionChange>) -> ProtectionChange {
    match plan {
        Plan::Change(mut changes) if changes.len() == 1 => changes.remove(0),
        other => panic!("not one change: {other:?}"),
    }
}

fn row(change: &ProtectionChange) -> String {
    change.row(&ItemId::new("1.rule-main")).to_string()
}

#[test]
fn a_bare_branch_gets_golives_ruleset() {
    let change = only_change(main_rule().plan(&Known::default(), &seen(rules(json!([])))));
    assert_eq!(
        row(&change),
        "+ ruleset \"golive: main\": pull requests with 1 approval, no force push, no deletion"
    );
    let ProtectionChange::Create { ruleset, .. } = change else {
        panic!("not created")
    };
    assert_eq!(
        ruleset,
        json!({
            "name": "golive: main", "target": "branch", "enforcement": "active",
            "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}},
            "bypass_actors": [],
            "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}, {"type": "pull_request", "parameters": {
                "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": false,
                "require_code_owner_review": false, "require_last_push_approval": false,
                "required_review_thread_resolution": false}}]
        })
    );
}

#[test]
fn what_suffices_is_adopted_and_named() {
    let Plan::Settled(evidence) = main_rule().plan(&Known::default(), &seen(rules(full(9)))) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.text,
        "main: pull requests with 1 approval(s), no force push, no deletion, by ruleset \"house rules\""
    );
    let mixed = and_classic(
        rules(json!([{"type": "deletion", "ruleset_id": 9}])),
        json!({
            "required_pull_request_reviews": {"required_approving_review_count": 2},
            "allow_force_pushes": {"enabled": false}, "allow_deletions": {"enabled": true}
        }),
    );
    let Plan::Settled(evidence) = main_rule().plan(&Known::default(), &seen(mixed)) else {
        panic!("not settled");
    };
    assert!(
        evidence
            .text
            .contains("no deletion by ruleset \"house rules\""),
        "{}",
        evidence.text
    );
    assert_eq!(evidence.notes, ["classic protection lets admins pass"]);
}

#[test]
fn golives_ruleset_is_mended_without_losing_what_others_added() {
    let ours = json!({
        "id": 4, "node_id": "x", "_links": {}, "name": "golive: main", "target": "branch", "enforcement": "disabled",
        "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}},
        "bypass_actors": [{"actor_id": 1, "actor_type": "Team", "bypass_mode": "always"}],
        "rules": [{"type": "required_linear_history"}, {"type": "pull_request", "parameters": {
            "required_approving_review_count": 2, "allowed_merge_methods": ["merge"]}}]
    });
    let seen = Seen {
        ours: Some((4, ours)),
        ..seen(rules(json!([])))
    };
    let change = only_change(main_rule().plan(&Known::default(), &seen));
    assert!(
        row(&change).starts_with(
            "~ ruleset \"golive: main\": changes may come without a pull request, force"
        )
    );
    assert!(change.row(&ItemId::new("1.rule-main")).not_made_by_golive);
    let ProtectionChange::Replace { ruleset, .. } = change else {
        panic!("not replaced")
    };
    assert_eq!(ruleset["enforcement"], "active");
    assert_eq!(ruleset.get("id"), None);
    assert_eq!(ruleset["bypass_actors"][0]["actor_type"], "Team");
    assert!(rule_named(&ruleset, "required_linear_history").is_some());
    let review = &rule_named(&ruleset, "pull_request").unwrap()["parameters"];
    assert_eq!(review["required_approving_review_count"], 2);
    assert_eq!(review["allowed_merge_methods"], json!(["merge"]));
}

#[test]
fn alone_admins_may_pass_golives_review() {
    let alone = BranchProtection {
        review_by_other: false,
        ..main_rule()
    };
    let ProtectionChange::Create { ruleset, shown, .. } =
        only_change(alone.plan(&Known::default(), &seen(rules(json!([])))))
    else {
        panic!("not created");
    };
    assert_eq!(
        ruleset["bypass_actors"],
        json!([
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}])
    );
    assert!(shown.ends_with("admins may pass the review"));
    // Made for two people before: the review stays, and admins are let past it.
    let closed = |actors: Value| Seen {
        ours: Some((4, json!({"bypass_actors": actors, "rules": []}))),
        ..seen(rules(full(4)))
    };
    assert!(matches!(
        alone.plan(&Known::default(), &closed(json!([]))),
        Plan::Change(_)
    ));
    // Who may pass is not shown to everybody: absent is not empty.
    assert!(matches!(
        alone.plan(&Known::default(), &closed(Value::Null)),
        Plan::Settled(_)
    ));
}

#[test]
fn a_free_private_repository_is_handed_to_its_people() {
    let gate = InForce {
        needs_plan: Some(
            "Upgrade to GitHub Pro or make this repository public to enable this feature.".into(),
        ),
        ..InForce::default()
    };
    let Plan::HandOff { url, .. } = main_rule().plan(&Known::default(), &seen(gate)) else {
        panic!("not handed off");
    };
    assert_eq!(url, "https://github.com/acme/shop/settings/branches");
}

#[test]
fn a_token_that_may_not_protect_says_what_it_needs() {
    let look = InForce {
        classic: ClassicLook::NotReadable {
            why: "no".into(),
            scope: "administration=write".into(),
        },
        ..rules(json!([]))
    };
    let Plan::Blocked(blocker) = main_rule().plan(&Known::default(), &seen(look)) else {
        panic!("not blocked");
    };
    assert!(
        blocker
            .sentence()
            .ends_with("it needs administration=write"),
        "{}",
        blocker.sentence()
    );
}

#[test]
fn a_server_without_rulesets_gets_classic_protection() {
    let look = and_classic(
        InForce::default(),
        json!({
            "required_status_checks": {"strict": true, "contexts": ["ci"], "checks": [{"context": "ci", "app_id": 1}]},
            "allow_force_pushes": {"enabled": true}, "allow_deletions": {"enabled": true}
        }),
    );
    let change = only_change(main_rule().plan(&Known::default(), &seen(look)));
    assert!(
        row(&change).starts_with("~ classic protection of main: changes may come without"),
        "{}",
        row(&change)
    );
    let ProtectionChange::Classic { body, .. } = change else {
        panic!("not classic")
    };
    assert_eq!(body["required_status_checks"]["checks"][0]["app_id"], 1);
    assert_eq!(body["allow_deletions"], false);
}

#[test]
fn undo_removes_golives_ruleset_only() {
    let seen = Seen {
        ours: Some((4, json!({}))),
        ..seen(rules(full(4)))
    };
    assert!(main_rule().undo(&Known::default(), &seen).is_empty());
    let made = made(4, "golive: main", "");
    let known = Known {
        made: vec![made],
        ..Known::default()
    };
    assert_eq!(main_rule().undo(&known, &seen).len(), 1);
}

#[test]
fn undo_takes_a_classic_rule_away_only_where_golive_made_it() {
    let mut seen = seen(rules(json!([])));
    seen.in_force.classic = ClassicLook::Rule(json!({}));
    assert!(main_rule().undo(&Known::default(), &seen).is_empty());
    let known = Known {
        made: vec![Made {
            kind: CLASSIC.into(),
            id: "main".into(),
            name: "classic protection of main".into(),
            as_made: None,
            url: None,
        }],
        ..Known::default()
    };
    let rows: Vec<String> = main_rule()
        .undo(&known, &seen)
        .iter()
        .map(|change| change.row(&ItemId::new("1.rule-main")).to_string())
        .collect();
    assert_eq!(rows, ["- classic protection of main"]);
}

#[test]
fn a_classic_rule_that_people_had_is_widened_only_for_a_typed_word() {
    let row = |was: Option<&str>| {
        ProtectionChange::Classic {
            branch: "main".into(),
            was: was.map(Into::into),
            shown: "pull requests".into(),
            body: json!({}),
        }
        .row(&ItemId::new("1.rule-main"))
    };
    let widened = row(Some("no reviews"));
    assert_eq!(widened.undo, Undo::OneWay);
    assert_eq!(widened.confirm.as_deref(), Some("main"));
    let made = row(None);
    assert_eq!((made.undo, made.confirm), (Undo::Reversible, None));
}

//! Every call of the client, answered by the simulated GitHub.

use golive::provider::github::{
    Author, Client, File, blob_sha, merged_classic, needs_plan, rule_named,
};
use golive::sim::Act;
use golive::sim::scenario::{Plan, Role, TokenKind};
use serde_json::json;

use crate::{on, refused, until, world};

#[test]
fn account_and_repository() {
    let mut scenario = world("fresh");
    scenario.token.expires = Some("2027-10-12T09:00:00Z".parse().unwrap());
    on(scenario, async |client, _| {
        let (user, token) = client.user().await.unwrap();
        assert_eq!(user.login, "acme");
        assert_eq!(token.scopes, Some(vec!["repo".into(), "workflow".into()]));
        assert_eq!(token.expires, Some("2027-10-12T09:00:00Z".parse().unwrap()));
        let repository = client.repository().await.unwrap();
        assert_eq!(repository.full_name, "acme/shop");
        assert_eq!(repository.default_branch.as_deref(), Some("main"));
        assert_eq!(repository.delete_branch_on_merge, Some(false));
        assert_eq!(repository.permissions.unwrap().role(), "admin");
        assert_eq!(client.permission_of("robin").await.unwrap(), "write");
        assert_eq!(refused(client.permission_of("nobody-at-all").await).0, 404);
        client.probe("/pulls?per_page=1").await.unwrap();
    });
}

#[test]
fn a_renamed_repository_is_followed_and_told() {
    let mut scenario = world("fresh");
    scenario.repository.name = "store".into();
    scenario.repository.renamed_from = Some("acme/shop".into());
    on(scenario, async |client, _| {
        assert_eq!(client.repository().await.unwrap().full_name, "acme/store");
    });
}

#[test]
fn branches() {
    on(world("fresh"), async |client, transport| {
        let main = client.branch("main").await.unwrap();
        let sha = main.commit.sha;
        assert_eq!(client.head("main").await.unwrap(), sha);
        assert_eq!(
            refused(client.branch("feature/x").await),
            (404, "Branch not found".into())
        );
        assert_eq!(refused(client.head("feature/x").await).0, 404);

        client.create_branch("feature/x", &sha).await.unwrap();
        until(
            client,
            async || client.branch("feature/x").await,
            |branch| branch.commit.sha == sha,
        )
        .await;
        let again = refused(client.create_branch("feature/x", &sha).await);
        assert_eq!(again, (422, "Reference already exists".into()));

        transport.person(&Act::Push("feature/x".into())).unwrap();
        let ahead = until(
            client,
            async || client.compare("main", "feature/x").await,
            |seen| seen.ahead_by == 1,
        )
        .await;
        assert_eq!(ahead.commits.len(), 1);
        assert_eq!(ahead.files.unwrap().len(), 1);
        assert_eq!(
            client
                .relation("feature/x", "main")
                .await
                .unwrap()
                .behind_by,
            1
        );
        assert_eq!(refused(client.compare("main", "nowhere").await).0, 404);

        client.delete_branch("feature/x").await.unwrap();
        until(
            client,
            async || Ok(client.head("feature/x").await),
            |head| head.is_err(),
        )
        .await
        .unwrap_err();
        client.delete_branch("feature/x").await.unwrap();
    });
}

#[test]
fn a_renamed_branch_is_followed_and_told() {
    let mut scenario = world("fresh");
    scenario.repository.renamed_branches = [("master".to_string(), "main".to_string())].into();
    on(scenario, async |client, _| {
        assert_eq!(client.branch("master").await.unwrap().name, "main");
    });
}

#[test]
fn a_file_is_read_and_committed() {
    on(world("fresh"), async |client, _| {
        let File::Text { sha, text } = client.file("server/server.js", "main").await.unwrap()
        else {
            panic!("no text");
        };
        assert_eq!(sha, blob_sha(text.as_bytes()));
        assert_eq!(client.file("server", "main").await.unwrap(), File::NotAFile);
        assert_eq!(refused(client.file("nothing.js", "main").await).0, 404);

        let head = client.head("main").await.unwrap();
        client.create_branch("feature/y", &head).await.unwrap();
        let author = Author {
            name: "acme".into(),
            email: "1+acme@users.noreply.github.com".into(),
            date: "2026-11-24T09:00:00Z".parse().unwrap(),
        };
        let commit = async |text: &str| {
            client
                .commit_file(
                    &head,
                    "server/server.js",
                    text,
                    "change\n\ngolive:x:2.code",
                    &author,
                )
                .await
        };
        assert_eq!(commit(&text).await.unwrap(), None);
        let new = format!("// new\n{text}");
        let made = commit(&new).await.unwrap().unwrap();
        // Sent twice, it is the same commit.
        assert_eq!(commit(&new).await.unwrap().unwrap(), made);
        client.move_branch("feature/y", &made).await.unwrap();
        client.move_branch("feature/y", &made).await.unwrap();
        until(
            client,
            async || client.head("feature/y").await,
            |head| *head == made,
        )
        .await;
        let seen = until(
            client,
            async || client.file("server/server.js", "feature/y").await,
            |file| file.sha() != Some(&sha),
        )
        .await;
        assert_eq!(
            seen,
            File::Text {
                sha: blob_sha(new.as_bytes()),
                text: new.clone()
            }
        );
        let back = refused(client.move_branch("feature/y", &head).await);
        assert!(back.1.contains("not a fast forward"), "{back:?}");
        let carried = client.compare("main", "feature/y").await.unwrap();
        let message = carried.commits[0].commit.message.clone().unwrap();
        assert!(message.ends_with("golive:x:2.code"), "{message}");
    });
}

#[test]
fn rulesets() {
    on(world("fresh"), async |client, _| {
        assert!(client.rulesets().await.unwrap().is_empty());
        let ruleset = json!({
            "name": "golive: main", "target": "branch", "enforcement": "active",
            "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}}, "bypass_actors": [],
            "rules": [{"type": "deletion"}, {"type": "pull_request", "parameters": {
                "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": false,
                "require_code_owner_review": false, "require_last_push_approval": false,
                "required_review_thread_resolution": false}}]
        });
        let made = client.create_ruleset(&ruleset).await.unwrap();
        until(
            client,
            async || client.rulesets().await,
            |list| list.iter().any(|one| one.id == made.id),
        )
        .await;
        let mut whole = client.ruleset(made.id).await.unwrap();
        assert!(rule_named(&whole, "deletion").is_some());
        let rules = until(
            client,
            async || client.rules_of("main").await,
            |rules| rules.len() == 2,
        )
        .await;
        assert!(rules.iter().all(|rule| rule.ruleset_id == Some(made.id)));
        whole["enforcement"] = "disabled".into();
        client.replace_ruleset(made.id, &whole).await.unwrap();
        until(
            client,
            async || client.rules_of("main").await,
            Vec::is_empty,
        )
        .await;
        client.delete_ruleset(made.id).await.unwrap();
        client.delete_ruleset(made.id).await.unwrap();
        until(client, async || client.rulesets().await, Vec::is_empty).await;
    });
}

#[test]
fn classic_protection_survives_being_written_back() {
    on(world("fresh"), async |client, _| {
        assert_eq!(
            refused(client.protection("main").await),
            (404, "Branch not protected".into())
        );
        client
            .put_protection("main", &merged_classic(None, 1, true, true, true))
            .await
            .unwrap();
        let seen = until(client, async || client.protection("main").await, |_| true).await;
        assert_eq!(
            seen["required_pull_request_reviews"]["required_approving_review_count"],
            1
        );
        let again = merged_classic(Some(&seen), 2, true, true, true);
        client.put_protection("main", &again).await.unwrap();
        let seen = until(
            client,
            async || client.protection("main").await,
            |seen| seen["required_pull_request_reviews"]["required_approving_review_count"] == 2,
        )
        .await;
        assert_eq!(seen["enforce_admins"]["enabled"], true);
        assert_eq!(seen["allow_deletions"]["enabled"], false);
    });
}

#[test]
fn a_free_private_repository_has_no_rules() {
    let mut scenario = world("fresh");
    scenario.repository.plan = Plan::Free;
    on(scenario, async |client, _| {
        for answer in [
            client.rules_of("main").await.map(drop),
            client.rulesets().await.map(drop),
            client.protection("main").await.map(drop),
        ] {
            assert!(needs_plan(&answer.unwrap_err()));
        }
    });
}

#[test]
fn a_pull_request_is_opened_once_and_found_again() {
    on(world("fresh"), async |client, transport| {
        let head = client.head("main").await.unwrap();
        client.create_branch("develop", &head).await.unwrap();
        client.create_branch("feature/z", &head).await.unwrap();
        until(
            client,
            async || client.compare("develop", "feature/z").await,
            |_| true,
        )
        .await;
        let early = client.open_pull("feature/z", "develop", "t", "b").await;
        let early = refused(early).1;
        assert!(early.contains("No commits between"), "{early}");
        transport.person(&Act::Push("feature/z".into())).unwrap();
        until(
            client,
            async || client.compare("develop", "feature/z").await,
            |seen| seen.ahead_by == 1,
        )
        .await;

        let made = client
            .open_pull("feature/z", "develop", "title", "text <!-- golive:x:y -->")
            .await
            .unwrap();
        let again = client.open_pull("feature/z", "develop", "t", "b").await;
        assert!(refused(again).1.contains("A pull request already exists"));
        let found = until(
            client,
            async || client.pulls("feature/z", "develop", "open").await,
            |list| !list.is_empty(),
        )
        .await;
        assert_eq!(found[0].number, made.number);
        assert!(
            found[0]
                .body
                .as_deref()
                .unwrap()
                .ends_with("<!-- golive:x:y -->")
        );
        client
            .request_reviewers(made.number, &["robin".into()])
            .await
            .unwrap();
        let own = client
            .request_reviewers(made.number, &["acme".into()])
            .await;
        assert_eq!(refused(own).0, 422);
    });
}

#[test]
fn checks_are_read_and_a_pull_request_is_merged() {
    on(world("fresh"), async |client, transport| {
        let head = client.head("main").await.unwrap();
        client.create_branch("feature/z", &head).await.unwrap();
        until(client, async || client.head("feature/z").await, |_| true).await;
        transport.person(&Act::Push("feature/z".into())).unwrap();
        until(
            client,
            async || client.compare("main", "feature/z").await,
            |seen| seen.ahead_by == 1,
        )
        .await;
        let made = client
            .open_pull("feature/z", "main", "title", "text")
            .await
            .unwrap();
        let sha = made.head.sha;
        let runs = until(
            client,
            async || client.check_runs(&sha).await,
            |runs| {
                runs.iter()
                    .any(|run| run.conclusion.as_deref() == Some("success"))
            },
        )
        .await;
        assert_eq!(runs[0].name, "build");
        until(
            client,
            async || client.statuses(&sha).await,
            |all| all.iter().any(|one| one.state == "success"),
        )
        .await;
        client.workflow_runs(&sha).await.unwrap();
        merged_once_it_may(client, made.number, &head, &sha).await;
    });
}

/// Merges the pull request of `feature/z` at `sha`, after a try at the stale commit `head`.
async fn merged_once_it_may(client: &Client<'_>, number: u64, head: &str, sha: &str) {
    let pull = until(
        client,
        async || client.pull(number).await,
        |pull| pull.mergeable.is_some(),
    )
    .await;
    assert_eq!(pull.mergeable, Some(true));
    assert!(!client.is_merged(number).await.unwrap());
    let stale = client.merge_pull(number, head, "m").await;
    assert_eq!(refused(stale).0, 409);
    let merged = client
        .merge_pull(number, sha, "message golive:x:y")
        .await
        .unwrap();
    assert!(merged.sha.is_some());
    assert!(
        until(
            client,
            async || client.is_merged(number).await,
            |merged| *merged
        )
        .await
    );
    let after = until(
        client,
        async || client.compare("main", "feature/z").await,
        |seen| seen.ahead_by == 0,
    )
    .await;
    assert!(after.commits.is_empty());
    let closed = until(
        client,
        async || client.pulls("feature/z", "main", "closed").await,
        |list| !list.is_empty(),
    )
    .await;
    assert!(closed[0].is_merged());
}

#[test]
fn reviews_are_read_and_a_pull_request_is_updated_and_closed() {
    on(world("fresh"), async |client, transport| {
        let head = client.head("main").await.unwrap();
        client.create_branch("feature/w", &head).await.unwrap();
        until(client, async || client.head("feature/w").await, |_| true).await;
        transport.person(&Act::Push("feature/w".into())).unwrap();
        until(
            client,
            async || client.compare("main", "feature/w").await,
            |seen| seen.ahead_by == 1,
        )
        .await;
        let made = client
            .open_pull("feature/w", "main", "t", "b")
            .await
            .unwrap();
        transport.person(&Act::RefusePull(made.number)).unwrap();
        let reviews = until(
            client,
            async || client.reviews(made.number).await,
            |all| !all.is_empty(),
        )
        .await;
        assert_eq!(reviews[0].state, "CHANGES_REQUESTED");
        transport.person(&Act::Push("main".into())).unwrap();
        client
            .update_pull(made.number, &made.head.sha)
            .await
            .unwrap();
        let pull = until(
            client,
            async || client.pull(made.number).await,
            |pull| pull.head.sha != made.head.sha,
        )
        .await;
        assert_eq!(pull.state, "open");
        client.close_pull(made.number).await.unwrap();
        client.close_pull(made.number).await.unwrap();
        until(
            client,
            async || client.pull(made.number).await,
            |pull| pull.state == "closed",
        )
        .await;
    });
}

#[test]
fn a_reader_and_a_poor_token_are_refused_in_words() {
    let mut scenario = world("fresh");
    scenario.user.login = "reader".into();
    scenario.user.role = Role::Read;
    on(scenario, async |client, _| {
        let role = client.repository().await.unwrap().permissions.unwrap();
        assert_eq!(role.role(), "read");
        assert_ne!(refused(client.protection("main").await).0, 200);
    });
    let mut scenario = world("fresh");
    scenario.token.kind = TokenKind::FineGrained;
    scenario.token.scopes = vec!["metadata=read".into(), "contents=read".into()];
    on(scenario, async |client, _| {
        assert_eq!(client.user().await.unwrap().1.scopes, None);
        let sha = client.head("main").await.unwrap();
        let error = client.create_branch("x", &sha).await.unwrap_err();
        let blocker = golive::provider::github::forbidden(&error, "create branch x").unwrap();
        assert_eq!(
            blocker.sentence(),
            "the token may not create branch x: it needs contents=write"
        );
        assert_eq!(refused(client.check_runs(&sha).await).0, 403);
    });
}

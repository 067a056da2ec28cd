//! Every call of the client, answered by the simulated Vercel.

use golive::provider::vercel::{GitSource, NewDeployment, NewProject};
use serde_json::json;

use crate::{in_team, on, refused, world};

/// Vercel shows a write this much later at most.
const LAG: u64 = 12;

fn new_project() -> NewProject {
    NewProject {
        name: "shop-staging".into(),
        framework: Some("create-react-app".into()),
        build_command: "CI=false npm run build".into(),
        root: Some("client".into()),
        repository: "acme/shop".into(),
    }
}

fn new_deployment(project: &str, branch: &str) -> NewDeployment {
    NewDeployment {
        project_id: project.into(),
        project_name: "shop-staging".into(),
        source: GitSource {
            org: "acme".into(),
            repo: "shop".into(),
            branch: branch.into(),
        },
        marker: "golive:shop-1a2b3c4d:5.first-build".into(),
    }
}

#[test]
fn account_token_and_teams() {
    let mut scenario = world("fresh");
    scenario.vercel.token.expires = Some("2027-10-12T09:00:00Z".parse().unwrap());
    on(scenario, async |stage| {
        let client = &stage.vercel;
        let user = client.user().await.unwrap();
        assert!(user.username.is_some());
        let token = client.token().await.unwrap();
        let end = token.expires(None);
        assert_eq!(end, Some("2027-10-12T09:00:00Z".parse().unwrap()));
        let teams = client.teams().await.unwrap();
        assert_eq!(teams[0].slug, "acme");
        let by_slug = client.team("acme").await.unwrap();
        let by_id = client.team(&teams[0].id).await.unwrap();
        assert_eq!(by_slug.id, by_id.id);
        assert_eq!(by_id.billing.unwrap().plan.as_deref(), Some("pro"));
        let elsewhere = refused(client.team("elsewhere").await);
        assert_eq!((elsewhere.0, &*elsewhere.1), (403, "team_unauthorized"));
        // Without its team, a project is simply not there.
        assert_eq!(refused(client.project("shop").await).1, "not_found");
    });
}

#[test]
fn a_project_is_made_changed_and_deleted() {
    in_team(world("fresh"), async |stage| {
        let client = &stage.vercel;
        let made = client.create_project(&new_project()).await.unwrap();
        assert_eq!(refused(client.create_project(&new_project()).await).0, 409);
        stage.pause(LAG).await;
        let seen = client.project("shop-staging").await.unwrap();
        assert_eq!(seen.id, made.id);
        assert_eq!(seen.framework.as_deref(), Some("create-react-app"));
        assert_eq!(seen.root(), Some("client"));
        assert!(seen.link.unwrap().is("acme/shop"));
        let fields = json!({ "buildCommand": null, "name": "shop-pre" });
        client.change_project(&made.id, fields).await.unwrap();
        stage.pause(LAG).await;
        let seen = client.project(&made.id).await.unwrap();
        assert_eq!((&*seen.name, seen.build_command), ("shop-pre", None));
        assert_eq!(refused(client.project("shop-staging").await).0, 404);
        let contents = client.contents(&made.id).await.unwrap();
        assert_eq!(contents, Default::default());
        client.delete_project(&made.id).await.unwrap();
        client.delete_project(&made.id).await.unwrap();
        stage.pause(LAG).await;
        assert_eq!(refused(client.project(&made.id).await).1, "not_found");
    });
}

#[test]
fn the_link_and_its_branch_are_set_and_read_back() {
    in_team(world("fresh"), async |stage| {
        let client = &stage.vercel;
        let made = client.create_project(&new_project()).await.unwrap();
        let page = "https://vercel.com/acme/shop-staging/settings/environments";
        let set = async |branch| client.set_production_branch(&made.id, branch, page).await;
        set("staging").await.unwrap();
        set("staging").await.unwrap();
        assert_eq!(refused(set("nowhere").await).1, "git_branch_not_found");
        stage.pause(LAG).await;
        let seen = client.project(&made.id).await.unwrap();
        assert_eq!(seen.production_branch(), Some("staging"));
        let again = client.link_project(&made.id, "acme/shop").await;
        assert_eq!(refused(again).0, 409);
        client.unlink_project(&made.id).await.unwrap();
        stage.pause(LAG).await;
        assert!(client.project(&made.id).await.unwrap().link.is_none());
        let linked = client.link_project(&made.id, "acme/shop").await.unwrap();
        // The branch went with the link.
        assert_eq!(linked.production_branch(), Some("main"));
    });
}

#[test]
fn a_branch_that_is_taken_without_effect_is_told_with_the_page() {
    let mut scenario = world("fresh");
    scenario.vercel.odd.branch_elsewhere = true;
    in_team(scenario, async |stage| {
        let client = &stage.vercel;
        let made = client.create_project(&new_project()).await.unwrap();
        stage.pause(LAG).await;
        let page = "https://vercel.com/acme/shop-staging/settings/environments";
        let told = client
            .set_production_branch(&made.id, "staging", page)
            .await;
        let (_, code, message) = refused(told);
        assert_eq!(code, "production_branch_not_taken");
        assert!(message.ends_with("still shows main"), "{message}");
    });
}

#[test]
fn a_branch_is_deployed_and_its_log_read() {
    for odd in [false, true] {
        let mut scenario = world("fresh");
        scenario.vercel.odd.log_payload = odd;
        in_team(scenario, async |stage| {
            let client = &stage.vercel;
            let mut new = new_project();
            new.build_command = "npm run build".into();
            let project = client.create_project(&new).await.unwrap();
            assert!(
                client
                    .production_deployments(&project.id)
                    .await
                    .unwrap()
                    .is_empty()
            );
            let wish = new_deployment(&project.id, "staging");
            let made = client.deploy(&wish).await.unwrap();
            stage.pause(300).await;
            let seen = client.deployment(made.id()).await.unwrap();
            assert_eq!(seen.state(), "ERROR", "{seen:?}");
            let list = client.production_deployments(&project.id).await.unwrap();
            assert_eq!(list.len(), 1);
            assert_eq!(list[0].id(), made.id());
            assert_eq!(list[0].meta("golive"), Some(&*wish.marker));
            assert_eq!(list[0].meta("githubCommitRef"), Some("staging"));
            let log = client.build_log(made.id(), 30).await.unwrap();
            let text = log.join("\n");
            assert!(text.contains("Treating warnings as errors"), "{text}");
            assert_eq!(client.build_log(made.id(), 2).await.unwrap().len(), 2);
            let nowhere = new_deployment(&project.id, "nowhere");
            assert_eq!(refused(client.deploy(&nowhere).await).0, 400);
        });
    }
}

#[test]
fn what_the_app_sees_is_listed() {
    in_team(world("fresh"), async |stage| {
        let client = &stage.vercel;
        let namespaces = client.namespaces().await.unwrap();
        assert_eq!(namespaces[0].slug.as_deref(), Some("acme"));
        let found = client.search_repositories(&namespaces[0], "shop").await;
        assert_eq!(found.unwrap()[0].name.as_deref(), Some("shop"));
        let none = client.search_repositories(&namespaces[0], "no such").await;
        assert!(none.unwrap().is_empty());
    });
}

#[test]
fn issues_are_opened_found_and_closed_and_pull_requests_are_none() {
    in_team(world("fresh"), async |stage| {
        let client = &stage.github;
        let before = client.issues().await.unwrap().len();
        let made = client.open_issue("Lint", "<!-- x -->").await.unwrap();
        assert!(made.is_open());
        stage.act("push main");
        stage.pause(LAG).await;
        client.open_pull("main", "staging", "t", "b").await.unwrap();
        stage.pause(LAG).await;
        assert_eq!(client.issues().await.unwrap().len(), before + 1);
        client.close_issue(made.number).await.unwrap();
        stage.pause(LAG).await;
        let issues = client.issues().await.unwrap();
        let seen = issues.iter().find(|one| one.number == made.number).unwrap();
        assert!(!seen.is_open());
        assert_eq!(seen.body.as_deref(), Some("<!-- x -->"));
    });
}

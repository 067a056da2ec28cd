//! Variables and redeploys on the simulated Vercel.

use golive::plan::ItemId;
use golive::resource::{VercelRedeploy, VercelVariables};
use golive::secret::Secret;

use crate::story::Launch;
use crate::{kept, on, plain, world};

const ITEM: &str = "7.vercel-prod";

fn variables() -> VercelVariables {
    VercelVariables {
        project: ItemId::new("5.prod"),
        project_name: "shop-prod".into(),
        git_branch: None,
        variables: vec![
            kept("REACT_APP_STRIPE_PKEY", "stripe_pk_test"),
            plain("REACT_APP_LAUNCHED", "false"),
        ],
    }
}

fn redeploy() -> VercelRedeploy {
    VercelRedeploy {
        project: ItemId::new("5.prod"),
        project_name: "shop-prod".into(),
        branch: "main".into(),
        production: true,
        host: "www.acmeshop.example".into(),
        set: ItemId::new(ITEM),
        variables: variables().variables,
    }
}

fn variable(value: &str, kind: &str, target: &[&str]) -> serde_json::Value {
    serde_json::json!({"key": "REACT_APP_LAUNCHED", "value": value, "kind": kind, "target": target})
}

#[test]
fn variables_are_set_read_back_and_stand_in_what_is_served() {
    on(world(|_| {}), async |stage| {
        let mut launch = Launch::begun(stage).await;
        let set = launch.drive(stage, ITEM, &variables()).await;
        assert_eq!(set.rows.len(), 2, "{set:?}");
        assert!(
            set.end
                .ends_with("for production of shop-prod: read back as wished"),
            "{set:?}"
        );
        let built = launch.drive(stage, "7.redeploy-prod", &redeploy()).await;
        assert_eq!(
            built.rows,
            ["+ production deployment of shop-prod: branch main, built with its variables"]
        );
        assert!(
            built.notes.contains("the value of REACT_APP_STRIPE_PKEY stands in a script of https://www.acmeshop.example"),
            "{built:?}"
        );
        let again = launch.drive(stage, "7.redeploy-prod", &redeploy()).await;
        assert!(again.rows.is_empty(), "{again:?}");
        let undone = launch.undo(stage, ITEM, &variables()).await;
        assert_eq!(undone.len(), 2, "{undone:?}");
    });
}

#[test]
fn one_value_for_all_environments_leaves_production_when_a_person_says_so() {
    let scenario = world(|own| {
        let wide = variable(
            "true",
            "encrypted",
            &["production", "preview", "development"],
        );
        let wide = serde_json::from_value(wide).expect("a variable");
        own.vercel.projects[0].variables.push(wide);
    });
    on(scenario, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let set = launch.drive(stage, ITEM, &variables()).await;
        assert!(set.blocked[0].contains("one value for"), "{set:?}");
        assert!(
            set.rows
                .iter()
                .any(|row| row.starts_with("~ what REACT_APP_LAUNCHED of shop-prod is for")),
            "{set:?}"
        );
        assert!(set.end.ends_with("read back as wished"), "{set:?}");
        assert!(
            set.notes
                .contains("REACT_APP_LAUNCHED has 1 more for other targets"),
            "{set:?}"
        );
    });
}

#[test]
fn a_value_that_was_there_is_kept_and_put_back() {
    let scenario = world(|own| {
        let old = serde_json::from_value(variable("true", "encrypted", &["production"]));
        own.vercel.projects[0]
            .variables
            .push(old.expect("a variable"));
    });
    on(scenario, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let set = launch.drive(stage, ITEM, &variables()).await;
        assert!(
            set.rows
                .iter()
                .any(|row| row.starts_with("~ REACT_APP_LAUNCHED for production"))
        );
        let former = launch.kept.get("former.vercel.prod.REACT_APP_LAUNCHED");
        assert!(former.expect("kept").same_as(&Secret::new("true")));
        let undone = launch.undo(stage, ITEM, &variables()).await;
        assert_eq!(undone.len(), 2, "{undone:?}");
    });
}

#[test]
fn what_a_team_makes_sensitive_is_known_by_when_golive_wrote_it() {
    let scenario = world(|own| own.vercel.teams[0].sensitive_variables = "on".into());
    on(scenario, async |stage| {
        let mut launch = Launch::begun(stage).await;
        let set = launch.drive(stage, ITEM, &variables()).await;
        assert_eq!(set.rows.len(), 2, "{set:?}");
        assert!(
            set.end.ends_with("written by golive and not changed since"),
            "{set:?}"
        );
        let again = launch.drive(stage, ITEM, &variables()).await;
        assert!(again.rows.is_empty(), "{again:?}");
    });
}

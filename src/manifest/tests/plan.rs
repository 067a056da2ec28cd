//! The preset carries the customer's plan word by word, each name in its right place.

use super::{filled, read};
use crate::manifest::*;

fn preset() -> Manifest {
    read(&filled())
}

#[test]
fn branches_and_their_protection() {
    let manifest = preset();
    let protection = |key: &str| manifest.branch[key].protect.clone();
    for name in ["main", "staging", "develop"] {
        assert_eq!(manifest.branch[name].name, name);
        assert!(!protection(name).deletion);
    }
    let required = Protection::default();
    assert!(required.pull_requests && required.reviews == 1 && !required.force_pushes);
    assert_eq!(protection("main"), required);
    // Of the others the plan asks for reviews or pull requests, and says nothing of force pushes.
    let staging = Protection {
        force_pushes: true,
        ..required
    };
    assert_eq!(protection("staging"), staging);
    assert_eq!(protection("develop").want, Want::Optional);
    assert!(protection("develop").pull_requests);
    assert_eq!(manifest.flow.promote, ["develop", "staging", "main"]);
    assert_eq!(manifest.flow.pipeline_branch, "feature/validate-pipeline");
    assert_eq!(manifest.flow.key_action, "create a booking");
    assert_eq!(manifest.review.by, ReviewBy::Other);
}

#[test]
fn files_of_the_repository() {
    let manifest = preset();
    assert_eq!(manifest.code.server_path(), "server/server.js");
    assert_eq!(
        manifest.code.sanitizer_path(),
        "server/scripts/sanitizeDatabase.js"
    );
    assert_eq!(manifest.github.repository.name, "bondigoo-platform");
    assert_eq!(manifest.data.mail_domain, "test.bondigoo.ch");
    assert_eq!(
        (manifest.data.source.as_str(), manifest.data.target.as_str()),
        ("prod", "staging")
    );
    let seeded: Vec<&str> = manifest
        .data
        .seeded
        .values()
        .map(|it| it.title.as_str())
        .collect();
    assert_eq!(seeded, ["an admin user", "program categories"]);
}

/// Environment, role, type, name, branch, start command.
type PlannedService = (
    &'static str,
    &'static str,
    ServiceKind,
    &'static str,
    &'static str,
    Option<&'static str>,
);

/// The nine services of step 4.
const SERVICES: [PlannedService; 9] = {
    use ServiceKind::{BackgroundWorker, Redis, WebService};
    [
        (
            "prod",
            "api",
            WebService,
            "bondigoo-api-prod",
            "main",
            Some("npm start"),
        ),
        (
            "prod",
            "worker",
            BackgroundWorker,
            "bondigoo-worker-prod",
            "main",
            Some("npm run dev"),
        ),
        ("prod", "redis", Redis, "bondigoo-redis-prod", "main", None),
        (
            "staging",
            "api",
            WebService,
            "bondigoo-api-staging",
            "staging",
            Some("npm start"),
        ),
        (
            "staging",
            "worker",
            BackgroundWorker,
            "bondigoo-worker-staging",
            "staging",
            Some("npm run dev"),
        ),
        (
            "staging",
            "redis",
            Redis,
            "bondigoo-redis-staging",
            "staging",
            None,
        ),
        (
            "dev",
            "api",
            WebService,
            "bondigoo-api-dev",
            "develop",
            Some("npm run dev"),
        ),
        (
            "dev",
            "worker",
            BackgroundWorker,
            "bondigoo-worker-dev",
            "develop",
            Some("npm run dev"),
        ),
        ("dev", "redis", Redis, "bondigoo-redis-dev", "develop", None),
    ]
};

#[test]
fn nine_services_with_their_types_branches_and_start_commands() {
    let manifest = preset();
    let total: usize = manifest
        .environment
        .values()
        .map(|it| it.service.len())
        .sum();
    assert_eq!(total, SERVICES.len());
    for (environment, role, kind, name, branch, start) in SERVICES {
        let home = &manifest.environment[environment];
        let service = &home.service[role];
        assert_eq!(service.kind, kind, "{name}");
        assert_eq!(service.name, name);
        assert_eq!(service.start.as_deref(), start, "{name}");
        assert_eq!(manifest.branch[&home.branch].name, branch, "{name}");
    }
}

#[test]
fn hosts_records_and_projects() {
    let manifest = preset();
    assert_eq!(manifest.dns.zone, "bondigoo.ch");
    assert_eq!(manifest.dns.mode, DnsMode::GoDaddy);
    assert_eq!(manifest.dns.apex, Apex::Leave);
    for (environment, site, project, api, record) in [
        (
            "prod",
            "www.bondigoo.ch",
            "bondigoo-platform-prod",
            "api.bondigoo.ch",
            "api",
        ),
        (
            "staging",
            "staging.bondigoo.ch",
            "bondigoo-platform-staging",
            "api.staging.bondigoo.ch",
            "api.staging",
        ),
        (
            "dev",
            "dev.bondigoo.ch",
            "bondigoo-platform-prod",
            "api.dev.bondigoo.ch",
            "api.dev",
        ),
    ] {
        let home = &manifest.environment[environment];
        let host = home.service["api"].host.as_ref().expect("a host");
        assert_eq!(home.site.host, site);
        assert_eq!(manifest.vercel.project[&home.site.project].name, project);
        assert_eq!(*host, api);
        assert_eq!(manifest.dns.record_name(host), Some(record));
    }
    assert_eq!(manifest.environment["dev"].site.want, Want::Optional);
    for (key, branch) in [("prod", "main"), ("staging", "staging")] {
        let project = &manifest.vercel.project[key];
        assert_eq!(manifest.branch[&project.production_branch].name, branch);
        assert_eq!(project.build_command, "CI=false npm run build");
    }
    assert!(manifest.vercel.project["prod"].existing.is_some());
    assert!(manifest.vercel.project["staging"].existing.is_none());
}

#[test]
fn clusters_users_and_databases() {
    let manifest = preset();
    let (prod, dev) = (
        &manifest.atlas.cluster["prod"],
        &manifest.atlas.cluster["dev"],
    );
    assert_eq!(prod.name, "bondigoo-prod-cluster");
    assert!(prod.create.is_some(), "the plan creates it");
    assert_eq!(dev.name, "coaching-platform-dev");
    assert!(dev.create.is_none(), "it exists already");
    let roles = |key: &str| {
        let user = &manifest.atlas.user[key];
        let roles: Vec<(&str, &str)> = user
            .roles
            .iter()
            .map(|it| (it.role.as_str(), it.database.as_str()))
            .collect();
        (
            user.name.as_str(),
            user.only_these_roles,
            user.password,
            roles,
        )
    };
    assert_eq!(
        roles("prod"),
        (
            "bondigoo-prod-user",
            true,
            Password::Generated,
            vec![("readWrite", "bondigoo-prod")]
        )
    );
    assert_eq!(
        roles("dev"),
        (
            "coaching_platform_dev_user",
            false,
            Password::Asked,
            vec![
                ("readWrite", "coaching-platform-dev"),
                ("readWrite", "bondigoo-staging")
            ]
        )
    );
}

#[test]
fn the_connection_strings_of_the_matrix_are_made_of_these_parts() {
    let manifest = preset();
    let url = |environment: &str, password: &str| {
        let database = &manifest.environment[environment].database;
        let cluster = &manifest.atlas.cluster[&database.cluster];
        let user = &manifest.atlas.user[&database.user];
        format!(
            "mongodb+srv://{}:{password}@{}/{}?{}&appName={}",
            user.name, cluster.host, database.name, manifest.atlas.connection_options, cluster.name
        )
    };
    assert_eq!(
        url("prod", "<PROD_PASS>"),
        "mongodb+srv://bondigoo-prod-user:<PROD_PASS>@bondigoo-prod-cluster.btsivoa.mongodb.net/bondigoo-prod?retryWrites=true&w=majority&appName=bondigoo-prod-cluster"
    );
    assert_eq!(
        url("staging", "<DEV_PASS>"),
        "mongodb+srv://coaching_platform_dev_user:<DEV_PASS>@coaching-platform-dev.nnaff.mongodb.net/bondigoo-staging?retryWrites=true&w=majority&appName=coaching-platform-dev"
    );
    assert_eq!(
        url("dev", "<DEV_PASS>"),
        "mongodb+srv://coaching_platform_dev_user:<DEV_PASS>@coaching-platform-dev.nnaff.mongodb.net/coaching-platform-dev?retryWrites=true&w=majority&appName=coaching-platform-dev"
    );
}

#[test]
fn the_matrix_of_step_7() {
    let manifest = preset();
    for (environment, group) in [
        ("prod", "bondigoo-prod-env"),
        ("staging", "bondigoo-staging-env"),
        ("dev", "bondigoo-dev-env"),
    ] {
        assert_eq!(manifest.environment[environment].group, group);
        assert_eq!(
            manifest.origin("DATABASE_URL", environment, Stage::Now),
            Some(&Origin::Composed(Composed::DatabaseUrl))
        );
        assert_eq!(
            manifest.origin("CORS_ORIGIN", environment, Stage::Now),
            Some(&Origin::Composed(Composed::CorsOrigin))
        );
        let Some(Origin::Output {
            output,
            service,
            environment: from,
        }) = manifest.origin("REDIS_URL", environment, Stage::Now)
        else {
            panic!("REDIS_URL is what a provider issued");
        };
        assert_eq!(*output, Output::ExternalUrl);
        let issued_for = &manifest.environment[from].service[service].name;
        assert_eq!(*issued_for, "bondigoo-redis-prod", "shared until step 10");
    }
    for (variable, environment, value) in [
        ("NODE_ENV", "prod", "production"),
        ("NODE_ENV", "staging", "production"),
        ("NODE_ENV", "dev", "development"),
        ("ENVIRONMENT_NAME", "prod", "production"),
        ("ENVIRONMENT_NAME", "staging", "staging"),
        ("ENVIRONMENT_NAME", "dev", "development"),
        ("REACT_APP_LAUNCHED", "prod", "false"),
    ] {
        assert_eq!(
            manifest.origin(variable, environment, Stage::Now),
            Some(&Origin::Literal(value.into())),
            "{variable} in {environment}"
        );
    }
    let cors = |key: &str| manifest.environment[key].cors_origin();
    assert_eq!(cors("prod"), "https://www.bondigoo.ch");
    assert_eq!(cors("staging"), "https://staging.bondigoo.ch");
    assert_eq!(cors("dev"), "https://dev.bondigoo.ch,http://localhost:3000");
}

#[test]
fn keys_are_test_keys_until_step_10_and_live_in_production_only() {
    use Form::{StripePublishableLive, StripePublishableTest, StripeSecretLive, StripeSecretTest};
    let manifest = preset();
    let form = |variable: &str, environment: &str, stage| match manifest.origin(
        variable,
        environment,
        stage,
    ) {
        Some(Origin::Asked {
            form: Some(form), ..
        }) => *form,
        other => panic!("{variable} in {environment}: {other:?}"),
    };
    for (variable, test, live) in [
        ("STRIPE_SECRET_KEY", StripeSecretTest, StripeSecretLive),
        (
            "REACT_APP_STRIPE_PKEY",
            StripePublishableTest,
            StripePublishableLive,
        ),
    ] {
        assert_eq!(form(variable, "prod", Stage::Now), test);
        assert_eq!(form(variable, "prod", Stage::Live), live);
        for environment in ["staging", "dev"] {
            assert_eq!(form(variable, environment, Stage::Now), test);
            assert_eq!(form(variable, environment, Stage::Live), test);
        }
    }
    assert_eq!(
        manifest.variable["REACT_APP_STRIPE_PKEY"].to,
        Destination::Vercel
    );
    assert_eq!(
        manifest.variable["REACT_APP_LAUNCHED"].to,
        Destination::Vercel
    );
    assert_eq!(
        manifest.variable["STRIPE_SECRET_KEY"].kind,
        VariableKind::Secret
    );
}

#[test]
fn step_10_separates_the_redis_instances() {
    let manifest = preset();
    for (environment, name) in [
        ("staging", "bondigoo-redis-staging"),
        ("dev", "bondigoo-redis-dev"),
    ] {
        let Some(Origin::Output {
            service,
            environment: from,
            ..
        }) = manifest.origin("REDIS_URL", environment, Stage::Live)
        else {
            panic!("REDIS_URL is what a provider issued");
        };
        assert_eq!(manifest.environment[from].service[service].name, name);
    }
}

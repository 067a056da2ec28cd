//! The names and variables of the made-up shop that those see who try the simulator on its own.

use std::collections::BTreeMap;

/// The preset's names for a shop, as its `golive.toml` would give them.
pub fn words() -> BTreeMap<String, String> {
    let list = [
        ("vercel.team", "acme"),
        ("vercel.existing.prod", "shop"),
        ("vercel.project.prod", "shop-prod"),
        ("vercel.project.staging", "shop-staging"),
        ("vercel.branch.prod", "main"),
        ("vercel.branch.staging", "staging"),
        ("vercel.build.prod", "CI=false npm run build"),
        ("vercel.build.staging", "CI=false npm run build"),
        ("vercel.root", "client"),
        ("render.workspace", "Acme"),
        ("render.region", "frankfurt"),
        ("render.root", "server"),
        ("code.health_path", "/health"),
        ("atlas.project.prod", "Shop"),
        ("atlas.project.dev", "Shop"),
        ("atlas.cluster.prod", "shop-prod-cluster"),
        ("atlas.cluster.dev", "shop-dev"),
        ("atlas.host.prod", "shop-prod-cluster.a1b2c.mongodb.net"),
        ("atlas.host.dev", "shop-dev.d3e4f.mongodb.net"),
        ("atlas.provider.prod", "AWS"),
        ("atlas.region.prod", "EU_CENTRAL_1"),
        ("atlas.tier.prod", "M10"),
        ("atlas.user.prod", "shop-prod-user"),
        ("atlas.user.dev", "shop_dev_user"),
        ("database.prod", "shop-prod"),
        ("database.staging", "shop-staging"),
        ("database.dev", "shop-dev"),
        ("zone", "acmeshop.example"),
        ("dns.mode", "godaddy"),
        ("apex.leave", "acmeshop.example"),
        ("site.project.prod", "shop-prod"),
        ("site.project.staging", "shop-staging"),
        ("site.project.dev", "shop-prod"),
        ("host.prod.api", "api.acmeshop.example"),
        ("host.staging.api", "api.staging.acmeshop.example"),
        ("host.dev.api", "api.dev.acmeshop.example"),
    ];
    let mut words: BTreeMap<String, String> = list
        .into_iter()
        .map(|(word, name)| (word.to_owned(), name.to_owned()))
        .collect();
    for (environment, branch) in [("prod", "main"), ("staging", "staging"), ("dev", "develop")] {
        words.insert(format!("branch.{environment}"), branch.to_owned());
        words.extend(matrix(environment));
        words.extend(services(environment));
    }
    words
}

/// An environment's services, and how they are built and started.
fn services(environment: &str) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut say = |word: String, name: &str| list.push((word, name.to_owned()));
    for role in ["api", "worker", "redis"] {
        let key = format!("{environment}.{role}");
        say(
            format!("service.{key}"),
            &format!("shop-{role}-{environment}"),
        );
        say(format!("plan.{key}"), "starter");
    }
    let start = match environment {
        "dev" => "npm run dev",
        _ => "npm start",
    };
    for (role, start) in [("api", start), ("worker", "npm run dev")] {
        let build = match start {
            "npm run dev" => "npm ci --include=dev",
            _ => "npm ci",
        };
        say(format!("start.{environment}.{role}"), start);
        say(format!("build.{environment}.{role}"), build);
    }
    list
}

/// An environment's group and its variables.
fn matrix(environment: &str) -> Vec<(String, String)> {
    let (cluster, host) = match environment {
        "prod" => ("shop-prod-cluster", "shop-prod-cluster.a1b2c.mongodb.net"),
        _ => ("shop-dev", "shop-dev.d3e4f.mongodb.net"),
    };
    let user = match environment {
        "prod" => "shop-prod-user",
        _ => "shop_dev_user",
    };
    let site = match environment {
        "prod" => "www.acmeshop.example".to_owned(),
        other => format!("{other}.acmeshop.example"),
    };
    let database = format!(
        "mongodb+srv://{user}:<token mongodb_dev>@{host}/shop-{environment}?retryWrites=true&w=majority&appName={cluster}"
    );
    let mode = if environment == "dev" {
        "development"
    } else {
        "production"
    };
    let redis = "<redis shop-redis-prod external>";
    let group = format!("shop-{environment}-env");
    let mut list = vec![
        (format!("group.{environment}"), group),
        (format!("site.{environment}"), site.clone()),
    ];
    for (name, value) in [
        ("NODE_ENV", mode),
        ("DATABASE_URL", &database),
        ("REDIS_URL", redis),
        ("ENVIRONMENT_NAME", environment),
        ("CORS_ORIGIN", &format!("https://{site}")),
        ("STRIPE_SECRET_KEY", "<token stripe_sk_test>"),
    ] {
        let word = format!("variable.{environment}.{name}");
        list.push((word, value.to_owned()));
    }
    let mut public = vec![("REACT_APP_STRIPE_PKEY", "<token stripe_pk_test>")];
    if environment == "prod" {
        public.push(("REACT_APP_LAUNCHED", "false"));
    }
    for (name, value) in public {
        let word = format!("vercel.variable.{environment}.{name}");
        list.push((word, value.to_owned()));
    }
    list
}

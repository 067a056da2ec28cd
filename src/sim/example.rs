//! The variables of the made-up shop that those see who try the simulator on its own.

/// An environment's group, names and variables.
pub fn matrix(environment: &str) -> Vec<(String, String)> {
    let (cluster, host) = match environment {
        "prod" => ("shop-prod-cluster", "shop-prod-cluster.a1b2c.mongodb.net"),
        _ => ("shop-dev", "shop-dev.d3e4f.mongodb.net"),
    };
    let (user, below) = match environment {
        "prod" => ("shop-prod-user", String::new()),
        other => ("shop_dev_user", format!("{other}.")),
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
    let mut list = vec![
        (
            format!("group.{environment}"),
            format!("shop-{environment}-env"),
        ),
        (format!("site.{environment}"), site.clone()),
        (
            format!("host.{environment}.api"),
            format!("api.{below}acmeshop.example"),
        ),
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
    list
}

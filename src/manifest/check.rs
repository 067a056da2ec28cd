//! What must be true of a whole manifest: references lead somewhere, nothing is named twice, no secret stands in it.

mod matrix;

use std::collections::HashMap;

use super::names::quoted;
use super::provider::DnsMode;
use super::source::{Source, unknown_hint};
use super::{Environment, Key, Manifest, ReviewBy, SCHEMA, ServiceKind};
use crate::error::{Error, Result};

/// The chain of keys down to a value.
type Path = Vec<String>;

fn path(keys: &[&str]) -> Path {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// What would make the other errors misleading: secrets (which no message may repeat), another schema, no id.
pub fn before_reading(source: &Source) -> Result<()> {
    super::leak::refuse_secrets(source)?;
    if let Some(schema) = source
        .value(&["schema"])
        .and_then(|value| value.as_integer())
        && schema.as_str().parse() != Ok(SCHEMA)
    {
        return Err(source
            .error(
                &["schema"],
                format!(
                    "schema {} is not known; this golive reads schema {SCHEMA}",
                    quoted(schema.as_str())
                ),
            )
            .hint("use the golive that wrote this file, or a newer one"));
    }
    if !source.has(&["id"]) {
        return Err(source
            .error::<&str>(&[], "the launch's id is missing")
            .because("keyring entries and markers derive from `id`, so it is written once and then stays")
            .hint("golive init, in a folder without a golive.toml, writes one"));
    }
    Ok(())
}

/// Everything that types alone cannot hold.
pub fn sound(manifest: &Manifest, source: &Source) -> Result<()> {
    branches(manifest, source)?;
    flow(manifest, source)?;
    review(manifest, source)?;
    environments(manifest, source)?;
    services(manifest, source)?;
    vercel(manifest, source)?;
    hosts(manifest, source)?;
    databases(manifest, source)?;
    matrix::sound(manifest, source)?;
    data(manifest, source)?;
    renames(manifest, source)
}

fn branches(manifest: &Manifest, source: &Source) -> Result<()> {
    let named = |(key, branch): (&Key, &super::Branch)| {
        (path(&["branch", key, "name"]), branch.name.to_string())
    };
    twice(
        source,
        "branches are called",
        manifest.branch.iter().map(named),
    )?;
    for (key, branch) in &manifest.branch {
        let place = path(&["branch", key, "protect"]);
        let protect = &branch.protect;
        if protect.reviews > 6 {
            return Err(source.error(&place, "`reviews` goes from 0 to 6, as GitHub has it"));
        }
        if protect.reviews > 0 && !protect.pull_requests {
            return Err(source.error(
                &place,
                "reviews happen on pull requests, so `pull_requests = false` needs `reviews = 0`",
            ));
        }
        let Some(from) = &branch.from else { continue };
        let place = path(&["branch", key, "from"]);
        known_key(source, &place, from, &manifest.branch)?;
        // Following `from` further than there are branches means going in a circle.
        let mut ancestor = Some(from);
        for _ in 0..manifest.branch.len() {
            ancestor = ancestor
                .and_then(|key| manifest.branch.get(key))
                .and_then(|branch| branch.from.as_ref());
        }
        if ancestor.is_some() {
            return Err(source.error(
                &place,
                "the branches are created from each other in a circle",
            ));
        }
    }
    Ok(())
}

fn flow(manifest: &Manifest, source: &Source) -> Result<()> {
    let flow = &manifest.flow;
    let place = path(&["flow", "promote"]);
    if flow.promote.is_empty() {
        return Err(source.error(&place, "`promote` names at least one branch"));
    }
    for (index, key) in flow.promote.iter().enumerate() {
        known_key(source, &place, key, &manifest.branch)?;
        if flow.promote[..index].contains(key) {
            return Err(source.error(&place, format!("{} stands in it twice", quoted(key))));
        }
    }
    if manifest.production().is_none() {
        return Err(source.error(
            &place,
            "no environment deploys the branch that is promoted to last",
        ));
    }
    let branches = manifest
        .branch
        .iter()
        .map(|(key, branch)| (path(&["branch", key, "name"]), branch.name.to_string()));
    let features = [
        ("cors_branch", &flow.cors_branch),
        ("sanitizer_branch", &flow.sanitizer_branch),
        ("pipeline_branch", &flow.pipeline_branch),
    ]
    .map(|(key, name)| (path(&["flow", key]), name.to_string()));
    twice(source, "branches are called", branches.chain(features))
}

fn review(manifest: &Manifest, source: &Source) -> Result<()> {
    let review = &manifest.review;
    if review.by == ReviewBy::Own && !review.reviewers.is_empty() {
        return Err(source
            .error(
                &["review", "reviewers"],
                "`by = \"self\"` means that nobody else reviews, yet reviewers are named",
            )
            .hint("write by = \"other\", or remove the reviewers"));
    }
    twice(
        source,
        "reviewers are called",
        review
            .reviewers
            .iter()
            .map(|login| (path(&["review", "reviewers"]), login.to_lowercase())),
    )
}

fn environments(manifest: &Manifest, source: &Source) -> Result<()> {
    let all = || manifest.environment.iter();
    for (key, environment) in all() {
        known_key(
            source,
            &path(&["environment", key, "branch"]),
            &environment.branch,
            &manifest.branch,
        )?;
    }
    twice(
        source,
        "environments are called",
        all().map(|(key, _)| (path(&["environment", key]), key.to_lowercase())),
    )?;
    let one = |field: &'static str, of: fn(&Environment) -> String| {
        all().map(move |(key, environment)| (path(&["environment", key, field]), of(environment)))
    };
    twice(
        source,
        "environments have the title",
        one("title", |it| it.title.to_string()),
    )?;
    twice(
        source,
        "environments deploy the branch",
        one("branch", |it| it.branch.to_string()),
    )?;
    twice(
        source,
        "environments use the group",
        one("group", |it| it.group.to_string()),
    )
}

fn services(manifest: &Manifest, source: &Source) -> Result<()> {
    let mut names = Vec::new();
    for (key, environment) in &manifest.environment {
        for (role, service) in &environment.service {
            let place = path(&["environment", key, "service", role]);
            match (service.kind, &service.start) {
                (ServiceKind::Redis, Some(_)) => {
                    return Err(
                        source.error(&deeper(&place, "start"), "a Redis has no start command")
                    );
                }
                (ServiceKind::WebService | ServiceKind::BackgroundWorker, None) => {
                    return Err(source.error(
                        &place,
                        "the key `start` is missing: what starts this service",
                    ));
                }
                _ => {}
            }
            if service.host.is_some() && service.kind != ServiceKind::WebService {
                return Err(source.error(
                    &deeper(&place, "host"),
                    "only a web service answers under a host name",
                ));
            }
            names.push((deeper(&place, "name"), service.name.to_string()));
        }
    }
    twice(source, "services are called", names)
}

fn vercel(manifest: &Manifest, source: &Source) -> Result<()> {
    let projects = &manifest.vercel.project;
    let named = projects.iter().map(|(key, project)| {
        (
            path(&["vercel", "project", key, "name"]),
            project.name.to_string(),
        )
    });
    twice(source, "Vercel projects are called", named)?;
    for (key, project) in projects {
        let place = path(&["vercel", "project", key, "production_branch"]);
        known_key(source, &place, &project.production_branch, &manifest.branch)?;
    }
    for (key, environment) in &manifest.environment {
        let place = path(&["environment", key, "site", "project"]);
        known_key(source, &place, &environment.site.project, projects)?;
    }
    Ok(())
}

fn hosts(manifest: &Manifest, source: &Source) -> Result<()> {
    let mut hosts = Vec::new();
    for (key, environment) in &manifest.environment {
        let site = path(&["environment", key, "site"]);
        hosts.push((deeper(&site, "host"), &environment.site.host));
        for (role, service) in &environment.service {
            let place = path(&["environment", key, "service", role, "host"]);
            hosts.extend(service.host.iter().map(|host| (place.clone(), host)));
        }
        for origin in &environment.site.also_allow {
            let url = url::Url::parse(origin).ok();
            let ascii = url.map(|url| url.origin().ascii_serialization());
            if ascii.as_deref() != Some(origin) {
                return Err(source
                    .error(
                        &deeper(&site, "also_allow"),
                        format!("{} is not an origin", quoted(origin)),
                    )
                    .hint("scheme, host and port only, such as http://localhost:3000"));
            }
        }
    }
    let named = |(place, host): &(Path, &super::HostName)| (place.clone(), host.to_string());
    twice(source, "places claim the host", hosts.iter().map(named))?;
    for (place, host) in hosts {
        if manifest.dns.record_name(host).is_none() {
            return Err(source.error(
                &place,
                format!(
                    "{} is not in the zone {}",
                    quoted(host),
                    quoted(&manifest.dns.zone)
                ),
            ));
        }
    }
    if manifest.dns.api_url.is_some() && manifest.dns.mode == DnsMode::ByHand {
        return Err(source.error(
            &["dns", "api_url"],
            "records entered by hand need no API address",
        ));
    }
    Ok(())
}

fn databases(manifest: &Manifest, source: &Source) -> Result<()> {
    let atlas = &manifest.atlas;
    for (key, user) in &atlas.user {
        known_key(
            source,
            &path(&["atlas", "user", key, "cluster"]),
            &user.cluster,
            &atlas.cluster,
        )?;
    }
    let mut names = Vec::new();
    for (key, environment) in &manifest.environment {
        let place = path(&["environment", key, "database"]);
        let database = &environment.database;
        known_key(
            source,
            &deeper(&place, "cluster"),
            &database.cluster,
            &atlas.cluster,
        )?;
        known_key(source, &deeper(&place, "user"), &database.user, &atlas.user)?;
        let reaches = atlas.user.get(&database.user).is_some_and(|user| {
            user.cluster == database.cluster
                && user.roles.iter().any(|role| role.database == database.name)
        });
        if !reaches {
            return Err(source.error(
                &place,
                format!(
                    "the user {} has no role on the database {} of that cluster",
                    quoted(&database.user),
                    quoted(&database.name)
                ),
            ));
        }
        names.push((
            deeper(&place, "name"),
            format!("{}/{}", database.cluster, database.name),
        ));
    }
    twice(source, "environments use the database", names)
}

fn data(manifest: &Manifest, source: &Source) -> Result<()> {
    let data = &manifest.data;
    known_key(
        source,
        &path(&["data", "source"]),
        &data.source,
        &manifest.environment,
    )?;
    known_key(
        source,
        &path(&["data", "target"]),
        &data.target,
        &manifest.environment,
    )?;
    if data.source == data.target {
        return Err(source.error(
            &["data", "target"],
            "source and target are the same environment",
        ));
    }
    if manifest.production() == Some(&data.target) {
        return Err(source.error(&["data", "target"], "production's data is never replaced"));
    }
    Ok(())
}

/// `was` names a key that is gone, and no two objects were the same one.
fn renames(manifest: &Manifest, source: &Source) -> Result<()> {
    let keys = manifest.keys();
    let mut claimed = Vec::new();
    for (table, present) in &keys.0 {
        for key in present {
            let mut place: Path = table.split('.').map(str::to_owned).collect();
            place.push(key.clone());
            let place = deeper(&place, "was");
            let Some(was) = source.value(&place).and_then(|value| value.as_str()) else {
                continue;
            };
            if present.iter().any(|key| key == was) {
                return Err(source.error(
                    &place,
                    format!(
                        "`was` names the earlier key, but {} is still in [{table}]",
                        quoted(was)
                    ),
                ));
            }
            claimed.push((place, format!("{table}.{was}")));
        }
    }
    twice(source, "keys were renamed from", claimed)
}

fn deeper(place: &Path, key: &str) -> Path {
    let mut place = place.clone();
    place.push(key.to_owned());
    place
}

/// Refuses a reference to a key that a table does not have.
fn known_key<V>(
    source: &Source,
    place: &Path,
    key: &Key,
    table: &indexmap::IndexMap<Key, V>,
) -> Result<()> {
    if table.contains_key(key) {
        return Ok(());
    }
    let error = source.error(place, format!("{} is not defined", quoted(key)));
    Err(match unknown_hint(key, table.keys().map(Key::as_str)) {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

/// Refuses the second of two equal values and names both lines.
fn twice(
    source: &Source,
    what: &str,
    values: impl IntoIterator<Item = (Path, String)>,
) -> Result<()> {
    let mut seen: HashMap<String, Path> = HashMap::new();
    for (place, value) in values {
        if let Some(first) = seen.get(&value) {
            return Err(twice_error(source, what, &value, first, &place));
        }
        seen.insert(value, place);
    }
    Ok(())
}

fn twice_error(source: &Source, what: &str, value: &str, first: &Path, second: &Path) -> Error {
    source
        .error(second, format!("two {what} {}", quoted(value)))
        .because(format!(
            "line {} ({}) and line {} ({}) say the same",
            source.line(first),
            first.join("."),
            source.line(second),
            second.join("."),
        ))
        .hint("change one of the two")
}

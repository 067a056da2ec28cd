//! The names that a rehearsal's world is built around, as `golive.toml` gives them.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::manifest::{Apex, Composed, Destination, Form, Key, Manifest, Origin, Output, Stage};
use crate::sim::Names;
use crate::sim::scenario::BranchNames;

/// The names that a world is built around.
pub fn names(manifest: &Manifest) -> Result<Names> {
    let branch = |place: usize| {
        let key = manifest.flow.promote.iter().rev().nth(place);
        let key =
            key.ok_or_else(|| Error::usage("a rehearsal needs three branches in [flow] promote"))?;
        let branch = manifest
            .branch
            .iter()
            .find(|(other, _)| *other == key)
            .map(|(_, branch)| branch);
        branch
            .map(|branch| branch.name.to_string())
            .ok_or_else(|| Error::usage(format!("there is no [branch.{key}]")))
    };
    Ok(Names {
        owner: manifest.github.repository.owner.to_string(),
        repository: manifest.github.repository.name.to_string(),
        branches: BranchNames {
            main: branch(0)?,
            staging: branch(1)?,
            develop: branch(2)?,
        },
        server_file: manifest.code.server_path(),
        front_end: manifest.code.front_end.to_string(),
        reviewers: manifest
            .review
            .reviewers
            .iter()
            .map(ToString::to_string)
            .collect(),
        words: words(manifest),
    })
}

/// Everything else that a world's file may name, by its word.
fn words(manifest: &Manifest) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    let mut say = |word: String, name: String| words.insert(word, name);
    for (key, project) in &manifest.vercel.project {
        say(format!("vercel.project.{key}"), project.name.to_string());
        let branch = manifest.branch.get(&project.production_branch);
        if let Some(branch) = branch {
            say(format!("vercel.branch.{key}"), branch.name.to_string());
        }
        say(
            format!("vercel.build.{key}"),
            project.build_command.to_string(),
        );
        if let Some(existing) = &project.existing {
            say(format!("vercel.existing.{key}"), existing.to_string());
        }
    }
    let owner = manifest.github.repository.owner.to_string().to_lowercase();
    let team = manifest.vercel.team.as_ref().map(ToString::to_string);
    say("vercel.team".into(), team.unwrap_or(owner));
    say(
        "vercel.root".into(),
        manifest.vercel_root().unwrap_or_default(),
    );
    let region = serde_json::to_value(manifest.render.region).unwrap_or_default();
    say(
        "render.workspace".into(),
        manifest.render.workspace.to_string(),
    );
    say(
        "render.region".into(),
        region.as_str().unwrap_or_default().into(),
    );
    say("render.root".into(), manifest.render_root());
    for (key, cluster) in &manifest.atlas.cluster {
        say(format!("atlas.project.{key}"), cluster.project.to_string());
        say(format!("atlas.cluster.{key}"), cluster.name.to_string());
        say(format!("atlas.host.{key}"), cluster.host.to_string());
        if let Some(size) = &cluster.create {
            say(format!("atlas.provider.{key}"), size.provider.to_string());
            say(format!("atlas.region.{key}"), size.region.to_string());
            say(format!("atlas.tier.{key}"), size.tier.to_string());
        }
    }
    say(
        "code.health_path".into(),
        manifest.code.health_path.to_string(),
    );
    for (key, user) in &manifest.atlas.user {
        say(format!("atlas.user.{key}"), user.name.to_string());
    }
    words.extend(environment_words(manifest));
    words.extend(dns_words(manifest));
    words.extend(matrix(manifest));
    words
}

/// The zone, who holds it, and what is wished of its bare name: only that one of the two words is there.
fn dns_words(manifest: &Manifest) -> BTreeMap<String, String> {
    let dns = &manifest.dns;
    let zone = dns.zone.to_string();
    let mode = serde_json::to_value(dns.mode).unwrap_or_default();
    let apex = match dns.apex {
        Apex::Leave => "apex.leave",
        Apex::Redirect => "apex.redirect",
    };
    [
        ("zone", zone.clone()),
        (apex, zone),
        ("dns.mode", mode.as_str().unwrap_or_default().to_owned()),
    ]
    .map(|(word, name)| (word.to_owned(), name))
    .into()
}

/// The matrix of variables as it stands before step 10, as `variable.ENVIRONMENT.NAME` where it goes to Render and
/// `vercel.variable.ENVIRONMENT.NAME` where it goes to Vercel. What only the world knows stands there by its word
/// (`sim::issued`).
fn matrix(manifest: &Manifest) -> BTreeMap<String, String> {
    let rows = manifest.variable.iter();
    rows.flat_map(|(name, row)| {
        let begin = match row.to {
            Destination::Render => "variable",
            Destination::Vercel => "vercel.variable",
        };
        row.cells.iter().filter_map(move |(environment, cell)| {
            let slot = format!("{environment}.{name}");
            let value = value(manifest, environment, &slot, cell.origin(Stage::Now))?;
            Some((format!("{begin}.{slot}"), value))
        })
    })
    .collect()
}

fn value(manifest: &Manifest, key: &Key, slot: &str, origin: &Origin) -> Option<String> {
    let environment = manifest.environment.get(key)?;
    Some(match origin {
        Origin::Literal(text) => text.clone(),
        Origin::Composed(Composed::CorsOrigin) => environment.cors_origin(),
        Origin::Composed(Composed::DatabaseUrl) => {
            let database = &environment.database;
            let user = &manifest.atlas.user.get(&database.user)?.name;
            let cluster = manifest.atlas.cluster.get(&database.cluster)?;
            let (host, options) = (&cluster.host, &manifest.atlas.connection_options);
            let (database, cluster) = (&database.name, &cluster.name);
            format!(
                "mongodb+srv://{user}:<token mongodb_dev>@{host}/{database}?{options}&appName={cluster}"
            )
        }
        Origin::Output {
            output,
            service,
            environment,
        } => {
            let of = manifest.environment.get(environment)?;
            let name = &of.service.get(service)?.name;
            let which = match output {
                Output::ExternalUrl => "external",
                Output::InternalUrl => "internal",
            };
            format!("<redis {name} {which}>")
        }
        Origin::Asked {
            form: Some(form), ..
        } => format!("<token {}>", token_of(*form)),
        Origin::Generated { .. } | Origin::Asked { form: None, .. } => format!("<made {slot}>"),
    })
}

/// The world's token of a form.
pub fn token_of(form: Form) -> &'static str {
    match form {
        Form::StripeSecretTest => "stripe_sk_test",
        Form::StripeSecretLive => "stripe_sk_live",
        Form::StripePublishableTest => "stripe_pk_test",
        Form::StripePublishableLive => "stripe_pk_live",
    }
}

/// What `golive.toml` says of each environment.
fn environment_words(manifest: &Manifest) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    let mut say = |word: String, name: String| words.insert(word, name);
    for (key, environment) in &manifest.environment {
        let branch = manifest.branch.get(&environment.branch);
        if let Some(branch) = branch {
            say(format!("branch.{key}"), branch.name.to_string());
        }
        say(
            format!("database.{key}"),
            environment.database.name.to_string(),
        );
        say(format!("group.{key}"), environment.group.to_string());
        say(format!("site.{key}"), environment.site.host.to_string());
        if let Some(project) = manifest.vercel.project.get(&environment.site.project) {
            say(format!("site.project.{key}"), project.name.to_string());
        }
        for (role, service) in &environment.service {
            if let Some(host) = &service.host {
                say(format!("host.{key}.{role}"), host.to_string());
            }
            let at = format!("{key}.{role}");
            say(format!("service.{at}"), service.name.to_string());
            say(format!("plan.{at}"), manifest.plan_of(service).to_string());
            if let Some(start) = &service.start {
                say(format!("start.{at}"), start.to_string());
                say(format!("build.{at}"), manifest.build_of(service));
            }
        }
    }
    words
}

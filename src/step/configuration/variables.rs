//! What each cell of the variables wishes, and each item that holds an environment's variables or runs with them.

use super::super::catalog::Ensure;
use super::super::expand::{Draft, instances};
use super::super::wishes::{
    Named, branch, cluster, database_user, environment, key, not_there, project,
};
use super::{API, of_environment, of_project};
use crate::error::Result;
use crate::manifest::{
    Cell as ManifestCell, Composed, Destination as To, Environment, Form as ManifestForm, Key,
    Manifest, Origin as ManifestOrigin, Output, ServiceKind, Stage, VariableKind, Want,
};
use crate::resource::cell::Around;
use crate::resource::value::{
    DatabaseUrl, Destination, Form, Given, Kind, Origin, Source, Variable, Wished,
};
use crate::resource::*;
use crate::secret::SecretName;

/// Environment and variable of a cell's draft.
pub(super) fn cell_of<'m>(draft: &Draft, manifest: &'m Manifest) -> Option<(&'m Key, &'m str)> {
    let own = key(draft);
    manifest.environment.keys().find_map(|environment| {
        let name = own.strip_prefix(environment.as_str())?.strip_prefix('-')?;
        let (name, _) = manifest.variable.get_key_value(name)?;
        Some((environment, name.as_str()))
    })
}

pub(super) fn cell(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let (environment_key, name) =
        cell_of(draft, manifest).ok_or_else(|| not_there("variable", key(draft)))?;
    let own = environment(manifest, environment_key.as_str())?;
    let variable = variable_of(name, environment_key.as_str(), drafts, manifest)?;
    let cells = &manifest.variable[name].cells;
    let peers = cells.keys().filter(|other| *other != environment_key);
    let peers = peers.map(|other| {
        let wished = wished(name, other.as_str(), drafts, manifest)?;
        Ok((other.to_string(), wished))
    });
    let origins = own.cors_origin();
    let others = manifest.variable.iter().filter(|(other, other_row)| {
        let cell = other_row.cells.get(environment_key);
        let origins = cell.map(ManifestCell::origins).unwrap_or_default();
        let asks_for_a_key =
            |origin: &ManifestOrigin| matches!(origin, ManifestOrigin::Asked { form: Some(_), .. });
        other.as_str() != name && origins.iter().any(|(_, origin)| asks_for_a_key(origin))
    });
    let stripe = others
        .map(|(other, _)| variable_of(other.as_str(), environment_key.as_str(), drafts, manifest));
    let stripe = stripe.collect::<Result<_>>()?;
    let code = drafts
        .iter()
        .find(|draft| matches!(draft.item.ensure, Ensure::CodeVariables {}))
        .map(Draft::id);
    let holds_origins = cells[environment_key]
        .origins()
        .iter()
        .any(|(_, origin)| matches!(origin, ManifestOrigin::Composed(Composed::CorsOrigin)));
    let wish = Wish::Cell(Cell {
        environment: environment_key.to_string(),
        production: Some(environment_key) == manifest.production(),
        to: destination(manifest.variable[name].to),
        variable,
        peers: peers.collect::<Result<_>>()?,
        around: Around {
            origins: origins.split(',').map(str::to_string).collect(),
            api_host: own
                .service
                .get(API)
                .and_then(|api| api.host.as_ref())
                .map(ToString::to_string),
            holds_origins,
            stripe,
        },
        code,
    });
    Ok(Named::titled(wish, format!("{name} in {environment_key}")))
}

/// Items that hold the variables of an environment, or run with them.
pub(super) fn filled(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    match &draft.item.ensure {
        Ensure::RenderGroup { .. } | Ensure::RenderDeploy { .. } => {
            at_render(draft, drafts, manifest)
        }
        _ => {
            let own = environment(manifest, key(draft))?;
            Ok(Named {
                required: own.site.want == Want::Required,
                ..at_vercel(draft, drafts, manifest)?
            })
        }
    }
}

/// The variables of an environment that go there.
fn filling(
    to: To,
    environment_key: &str,
    drafts: &[Draft],
    manifest: &Manifest,
) -> Result<Vec<Variable>> {
    let mine = manifest.variable.iter();
    let mine = mine.filter(|(_, own)| own.to == to && own.cells.contains_key(environment_key));
    mine.map(|(name, _)| variable_of(name.as_str(), environment_key, drafts, manifest))
        .collect()
}

fn at_render(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let environment_key = key(draft);
    let own = environment(manifest, environment_key)?;
    let served = branch(manifest, own.branch.as_str())?.name.to_string();
    Ok(match &draft.item.ensure {
        Ensure::RenderGroup { services } => {
            let running = own.service.iter();
            let running = running.filter(|(_, service)| service.kind != ServiceKind::Redis);
            let services = running.filter_map(|(role, service)| {
                let all = services.iter().flat_map(|named| instances(named, drafts));
                let item = all.into_iter().find(|other| {
                    other.key.as_deref() == Some(environment_key)
                        && super::super::expand::role(&other.item.ensure) == Some(role.as_str())
                })?;
                Some((item.id(), service.name.to_string()))
            });
            let wish = RenderGroup {
                environment: environment_key.to_string(),
                name: own.group.to_string(),
                variables: filling(To::Render, environment_key, drafts, manifest)?,
                services: services.collect(),
            };
            Named::titled(Wish::RenderGroup(wish), &own.group)
        }
        Ensure::RenderDeploy {
            role,
            service,
            group,
        } => {
            let running = own.service.get(role.as_str());
            let running = running.ok_or_else(|| {
                not_there(&format!("environment.{environment_key}.service"), role)
            })?;
            let wish = RenderDeploy {
                service: of_environment(service, environment_key, drafts)?,
                name: running.name.to_string(),
                branch: served,
                group: of_environment(group, environment_key, drafts)?,
                variables: filling(To::Render, environment_key, drafts, manifest)?,
            };
            Named::titled(Wish::RenderDeploy(wish), &running.name)
        }
        _ => return Err(not_there("variable", environment_key)),
    })
}

fn at_vercel(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let environment_key = key(draft);
    let own = environment(manifest, environment_key)?;
    let home = project(manifest, own.site.project.as_str())?;
    let served = branch(manifest, own.branch.as_str())?.name.to_string();
    let in_project = |projects: &[String]| of_project(projects, own.site.project.as_str(), drafts);
    Ok(match &draft.item.ensure {
        Ensure::VercelVariables { projects } => {
            let wish = VercelVariables {
                project: in_project(projects)?,
                project_name: home.name.to_string(),
                git_branch: (home.production_branch != own.branch).then_some(served),
                variables: filling(To::Vercel, environment_key, drafts, manifest)?,
            };
            Named::titled(Wish::VercelVariables(wish), environment_key)
        }
        Ensure::VercelRedeploy { projects, set } => {
            let wish = VercelRedeploy {
                project: in_project(projects)?,
                project_name: home.name.to_string(),
                production: home.production_branch == own.branch,
                branch: served,
                host: own.site.host.to_string(),
                set: of_environment(set, environment_key, drafts)?,
                variables: filling(To::Vercel, environment_key, drafts, manifest)?,
            };
            Named::titled(Wish::VercelRedeploy(wish), environment_key)
        }
        _ => return Err(not_there("variable", environment_key)),
    })
}

pub(super) fn destination(to: To) -> Destination {
    match to {
        To::Render => Destination::Render,
        To::Vercel => Destination::Vercel,
    }
}

fn variable_of(
    name: &str,
    environment: &str,
    drafts: &[Draft],
    manifest: &Manifest,
) -> Result<Variable> {
    let cell = drafts.iter().find(|draft| {
        matches!(draft.item.ensure, Ensure::Cell {})
            && cell_of(draft, manifest)
                .is_some_and(|(own, variable)| own.as_str() == environment && variable == name)
    });
    let cell = cell.ok_or_else(|| not_there("variable", name))?;
    Ok(Variable {
        name: name.to_string(),
        kind: match manifest.variable[name].kind {
            VariableKind::Plain => Kind::Plain,
            VariableKind::Secret => Kind::Secret,
            VariableKind::Public => Kind::Public,
        },
        wished: wished(name, environment, drafts, manifest)?,
        cell: cell.id(),
    })
}

fn wished(name: &str, environment: &str, drafts: &[Draft], manifest: &Manifest) -> Result<Wished> {
    let at = |stage: Stage| {
        let origin = manifest
            .origin(name, environment, stage)
            .ok_or_else(|| not_there("variable", name))?;
        given(name, environment, origin, drafts, manifest)
    };
    let now = at(Stage::Now)?;
    let live = Some(at(Stage::Live)?).filter(|live| *live != now);
    Ok(Wished { now, live })
}

fn given(
    name: &str,
    environment_key: &str,
    origin: &ManifestOrigin,
    drafts: &[Draft],
    manifest: &Manifest,
) -> Result<Given> {
    let plain = |source, origin| Given {
        source,
        origin,
        form: None,
    };
    let slot = |name: &str| SecretName::new(format!("{environment_key}.{name}"));
    let own = environment(manifest, environment_key)?;
    Ok(match origin {
        ManifestOrigin::Literal(text) => plain(Source::Text(text.clone()), Origin::Literal),
        ManifestOrigin::Composed(Composed::CorsOrigin) => {
            plain(Source::Text(own.cors_origin()), Origin::Composed)
        }
        ManifestOrigin::Composed(Composed::DatabaseUrl) => {
            let url = database_url(own, drafts, manifest)?;
            plain(Source::DatabaseUrl(Box::new(url)), Origin::Composed)
        }
        ManifestOrigin::Generated { bytes } => {
            plain(Source::Kept(slot(name)), Origin::Generated(*bytes))
        }
        ManifestOrigin::Asked { name, form } => Given {
            source: Source::Kept(slot(name.as_str())),
            origin: Origin::Asked,
            form: form.map(form_of),
        },
        ManifestOrigin::Output {
            output,
            service,
            environment,
        } => {
            let output = match output {
                Output::ExternalUrl => "external_url",
                Output::InternalUrl => "internal_url",
            };
            let maker = drafts.iter().find(|draft| {
                matches!(&draft.item.ensure, Ensure::RenderKeyValue { role } if role == service.as_str())
                    && draft.key.as_deref() == Some(environment.as_str())
            });
            let kept = maker.and_then(|maker| Some((maker.id(), maker.item.keep.get(output)?)));
            let (item, kept) = kept.ok_or_else(|| {
                not_there(
                    &format!("environment.{environment}.service"),
                    service.as_str(),
                )
            })?;
            let slot = SecretName::new(format!("{environment}.{kept}"));
            plain(Source::Kept(slot), Origin::Output(item))
        }
    })
}

fn form_of(form: ManifestForm) -> Form {
    match form {
        ManifestForm::StripeSecretTest => Form::StripeSecretTest,
        ManifestForm::StripeSecretLive => Form::StripeSecretLive,
        ManifestForm::StripePublishableTest => Form::StripePublishableTest,
        ManifestForm::StripePublishableLive => Form::StripePublishableLive,
    }
}

fn database_url(own: &Environment, drafts: &[Draft], manifest: &Manifest) -> Result<DatabaseUrl> {
    let user_key = own.database.user.as_str();
    let user = database_user(manifest, user_key)?;
    let home = cluster(manifest, own.database.cluster.as_str())?;
    // Whichever item has seen the cluster hands on its host: the one that makes it, or the one that logs in at it.
    let host_of = drafts.iter().find(|draft| match &draft.item.ensure {
        Ensure::AtlasCluster {} => key(draft) == own.database.cluster.as_str(),
        Ensure::AtlasLogin { .. } => key(draft) == user_key,
        _ => false,
    });
    let host_of =
        host_of.ok_or_else(|| not_there("atlas.cluster", own.database.cluster.as_str()))?;
    Ok(DatabaseUrl {
        user: user.name.to_string(),
        password: SecretName::new(format!("{user_key}.DATABASE_PASSWORD")),
        host_of: host_of.id(),
        expected_host: home.host.to_string(),
        database: own.database.name.to_string(),
        options: manifest.atlas.connection_options.clone(),
        app: home.name.to_string(),
    })
}

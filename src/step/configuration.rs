//! Phase 2: the hosts and variables that the manifest names, and which items of theirs belong together.

use super::catalog::{Each, Ensure};
use super::expand::{Draft, instances};
use super::wishes::{Named, branch, cluster, database_user, environment, key, not_there, project};
use crate::error::{Error, Result};
use crate::manifest::{
    Apex, Cell as ManifestCell, Composed, Destination as To, DnsMode, Environment,
    Form as ManifestForm, HostName, Key, Manifest, Origin as ManifestOrigin, Output, ServiceKind,
    Stage, VariableKind, Want,
};
use crate::plan::ItemId;
use crate::resource::cell::Around;
use crate::resource::domain_verified::Claimed;
use crate::resource::value::{
    DatabaseUrl, Destination, Form, Given, Kind, Origin, Source, Variable, Wished,
};
use crate::resource::zone::Holder;
use crate::resource::*;
use crate::secret::SecretName;

/// The key of the zone's bare name.
const APEX: &str = "apex";
/// The role of the service that answers to the browser.
const API: &str = "api";

/// One host of the launch.
pub(super) struct Name<'m> {
    /// Its part of an item's id: `www`, `api-staging`, `apex`.
    pub key: String,
    pub host: &'m HostName,
    pub environment: &'m str,
    pub site: bool,
    pub required: bool,
}

/// Every host, in the plan's order: sites, the zone's bare name, APIs.
pub(super) fn names(manifest: &Manifest) -> Vec<Name<'_>> {
    let name = |host, environment, site, required| Name {
        key: label_key(manifest, host),
        host,
        environment,
        site,
        required,
    };
    let environments = || manifest.environment.iter();
    let sites = environments()
        .filter(|(_, own)| own.site.want.is_on())
        .map(|(key, own)| {
            let required = own.site.want == Want::Required;
            name(&own.site.host, key.as_str(), true, required)
        });
    let production = manifest.production().map_or("", Key::as_str);
    let redirected = manifest.dns.apex == Apex::Redirect;
    let apex = redirected.then(|| name(&manifest.dns.zone, production, true, true));
    let apis = environments().filter_map(|(key, own)| {
        let host = own.service.get(API)?.host.as_ref()?;
        Some(name(host, key.as_str(), false, true))
    });
    sites.chain(apex).chain(apis).collect()
}

/// A host's name inside the zone, as a part of an item's id.
fn label_key(manifest: &Manifest, host: &HostName) -> String {
    match manifest.dns.record_name(host) {
        Some("@") => APEX.to_string(),
        Some(label) => label.replace('.', "-"),
        // A host outside the zone is refused when the manifest is read.
        None => host.replace('.', "-"),
    }
}

/// The keys that an item of this phase is repeated over.
pub(super) fn keys(manifest: &Manifest, each: Each) -> Vec<String> {
    let environments = || manifest.environment.iter();
    let has = |environment: &Key, to: To| {
        let cells = manifest.variable.values().filter(|own| own.to == to);
        cells
            .into_iter()
            .any(|own| own.cells.contains_key(environment))
    };
    let keys = |wanted: &dyn Fn(&Key, &Environment) -> bool| {
        environments()
            .filter(|(key, own)| wanted(key, own))
            .map(|(key, _)| key.to_string())
            .collect()
    };
    match each {
        Each::Site => names(manifest)
            .into_iter()
            .filter(|name| name.site)
            .map(|name| name.key)
            .collect(),
        Each::Name => names(manifest).into_iter().map(|name| name.key).collect(),
        Each::ApiHost => keys(&|_, own| own.service.get(API).is_some_and(|api| api.host.is_some())),
        Each::Group => keys(&|key, _| has(key, To::Render)),
        Each::FrontEnd => keys(&|key, own| own.site.want.is_on() && has(key, To::Vercel)),
        Each::Cell => environments()
            .flat_map(|(environment, _)| {
                let own = manifest
                    .variable
                    .iter()
                    .filter(move |(_, own)| own.cells.contains_key(environment));
                own.map(move |(name, _)| format!("{environment}-{name}"))
            })
            .collect(),
        _ => vec![],
    }
}

/// The host that a draft is about.
fn name_of<'m>(draft: &Draft, manifest: &'m Manifest) -> Option<Name<'m>> {
    let own = key(draft);
    names(manifest).into_iter().find(|name| match draft.each {
        Some(Each::Site) => name.site && name.key == own,
        Some(Each::Name) => name.key == own,
        Some(Each::ApiHost) => !name.site && name.environment == own,
        _ => false,
    })
}

/// Environment and variable of a cell's draft.
fn cell_of<'m>(draft: &Draft, manifest: &'m Manifest) -> Option<(&'m Key, &'m str)> {
    let own = key(draft);
    manifest.environment.keys().find_map(|environment| {
        let name = own.strip_prefix(environment.as_str())?.strip_prefix('-')?;
        let (name, _) = manifest.variable.get_key_value(name)?;
        Some((environment, name.as_str()))
    })
}

/// The environment that a draft is a part of, where it is of one.
pub(super) fn environment_of(draft: &Draft, manifest: &Manifest) -> Option<String> {
    match draft.each? {
        Each::Environment | Each::ExternalRedis | Each::Group | Each::FrontEnd | Each::ApiHost => {
            draft.key.clone()
        }
        Each::Cell => cell_of(draft, manifest).map(|(environment, _)| environment.to_string()),
        Each::Site | Each::Name => {
            name_of(draft, manifest).map(|name| name.environment.to_string())
        }
        _ => None,
    }
}

/// Whether `other`, which the file says `draft` needs, is one that belongs to it.
pub(super) fn is_own(draft: &Draft, other: &Draft, manifest: &Manifest) -> bool {
    let same_environment = || {
        let (one, two) = (
            environment_of(draft, manifest),
            environment_of(other, manifest),
        );
        one.is_none() || two.is_none() || one == two
    };
    match &draft.item.ensure {
        Ensure::DnsRecord { .. }
        | Ensure::DnsSeen { .. }
        | Ensure::DomainVerified { .. }
        | Ensure::SiteCertificate { .. } => {
            let (one, two) = (name_of(draft, manifest), name_of(other, manifest));
            two.is_none_or(|two| one.is_some_and(|one| one.host == two.host))
        }
        Ensure::VercelDomain { .. } => project_key(draft, manifest) == other.key,
        Ensure::RenderDomain { .. } => same_environment(),
        Ensure::Cell {} => match cell_of(draft, manifest) {
            Some((environment, variable)) => feeds(other, environment.as_str(), variable, manifest),
            None => true,
        },
        Ensure::RenderGroup { .. } | Ensure::VercelVariables { .. } => {
            let to = match draft.item.ensure {
                Ensure::RenderGroup { .. } => To::Render,
                _ => To::Vercel,
            };
            let goes = |(_, variable): (&Key, &str)| manifest.variable[variable].to == to;
            let project = || project_key(draft, manifest) == other.key;
            match &other.item.ensure {
                Ensure::Cell {} => same_environment() && cell_of(other, manifest).is_some_and(goes),
                Ensure::VercelProject {} | Ensure::VercelFirstBuild { .. } => project(),
                _ => same_environment(),
            }
        }
        Ensure::RenderDeploy { .. } => match &other.item.ensure {
            Ensure::Promotion { .. } => {
                let own = manifest.environment.get(key(draft));
                own.map(|own| own.branch.to_string()) == other.key
            }
            Ensure::RenderRedisAccess { .. } => true,
            _ => same_environment(),
        },
        Ensure::VercelRedeploy { .. } | Ensure::ApiAnswers { .. } => match &other.item.ensure {
            Ensure::Promotion { .. } => {
                let own = manifest.environment.get(key(draft));
                own.map(|own| own.branch.to_string()) == other.key
            }
            Ensure::SiteCertificate { .. } => {
                let (one, two) = (name_of(draft, manifest), name_of(other, manifest));
                one.zip(two).is_some_and(|(one, two)| one.host == two.host)
            }
            _ => same_environment(),
        },
        _ => true,
    }
}

/// The key of the Vercel project that a draft's host or variables belong to.
fn project_key(draft: &Draft, manifest: &Manifest) -> Option<String> {
    let environment = environment_of(draft, manifest)?;
    let own = manifest.environment.get(environment.as_str())?;
    Some(own.site.project.to_string())
}

/// Whether a cell takes something from what `other` makes, now or once live.
fn feeds(other: &Draft, environment: &str, variable: &str, manifest: &Manifest) -> bool {
    let cell = manifest.variable[variable].cells.get(environment);
    let origins = cell.map(ManifestCell::origins).unwrap_or_default();
    let home = manifest.environment.get(environment);
    origins
        .into_iter()
        .any(|(_, origin)| match (&other.item.ensure, origin) {
            (Ensure::CodeVariables {}, _) => true,
            (
                Ensure::RenderKeyValue { role },
                ManifestOrigin::Output {
                    service,
                    environment,
                    ..
                },
            ) => service.as_str() == role && other.key.as_deref() == Some(environment.as_str()),
            (
                Ensure::AtlasUser {} | Ensure::AtlasLogin { .. },
                ManifestOrigin::Composed(Composed::DatabaseUrl),
            ) => home.is_some_and(|home| other.key.as_deref() == Some(home.database.user.as_str())),
            (Ensure::StripeAccess {}, ManifestOrigin::Asked { form, .. }) => form.is_some(),
            _ => false,
        })
}

/// What an item of this phase wishes.
pub(super) fn wish(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    match &draft.item.ensure {
        Ensure::DnsAccess {} => Ok(Named::plain(Wish::DnsAccess(DnsAccess {
            zone: manifest.dns.zone.to_string(),
            holder: holder(manifest),
        }))),
        Ensure::StripeAccess {} => stripe(manifest),
        Ensure::CodeVariables {} => code(manifest),
        Ensure::DnsZone {} => Ok(Named::plain(Wish::DnsZone(DnsZone {
            zone: manifest.dns.zone.to_string(),
            holder: holder(manifest),
            hosts: names(manifest)
                .iter()
                .map(|name| name.host.to_string())
                .collect(),
            apex_left: manifest.dns.apex == Apex::Leave,
        }))),
        Ensure::Cell {} => cell(draft, drafts, manifest),
        Ensure::RenderGroup { .. }
        | Ensure::RenderDeploy { .. }
        | Ensure::VercelVariables { .. }
        | Ensure::VercelRedeploy { .. } => filled(draft, drafts, manifest),
        _ => host(draft, drafts, manifest),
    }
}

fn holder(manifest: &Manifest) -> Holder {
    match manifest.dns.mode {
        DnsMode::GoDaddy => Holder::GoDaddy,
        DnsMode::Cloudflare => Holder::Cloudflare,
        DnsMode::ByHand => Holder::ByHand,
    }
}

/// The test key of production opens the account; where no cell asks for one, the first that is asked for.
fn stripe(manifest: &Manifest) -> Result<Named> {
    let production = manifest.production().map_or("", Key::as_str);
    let asked = manifest.environment.keys().flat_map(|environment| {
        let cells = manifest.variable.values();
        let cells = cells.filter_map(move |own| own.cells.get(environment.as_str()));
        let origins = cells.flat_map(ManifestCell::origins);
        origins.filter_map(move |(_, origin)| match origin {
            ManifestOrigin::Asked {
                name,
                form: Some(ManifestForm::StripeSecretTest),
            } => Some((environment.as_str(), name.as_str())),
            _ => None,
        })
    });
    let mut asked: Vec<(&str, &str)> = asked.collect();
    asked.sort_by_key(|(environment, _)| *environment != production);
    let (environment, name) = asked
        .first()
        .copied()
        .unwrap_or((production, "STRIPE_SECRET_KEY_TEST"));
    Ok(Named::plain(Wish::StripeAccess(StripeAccess {
        slot: SecretName::new(format!("{environment}.{name}")),
        account: manifest.stripe.account.as_ref().map(ToString::to_string),
    })))
}

fn code(manifest: &Manifest) -> Result<Named> {
    let branches = manifest.environment.iter().map(|(key, own)| {
        let branch = branch(manifest, own.branch.as_str())?;
        Ok((key.to_string(), branch.name.to_string()))
    });
    let cells = manifest.variable.iter().flat_map(|(name, own)| {
        let to = destination(own.to);
        own.cells
            .keys()
            .map(move |environment| (name.to_string(), environment.to_string(), to))
    });
    Ok(Named::plain(Wish::CodeVariables(CodeVariables {
        branches: branches.collect::<Result<_>>()?,
        server: manifest.code.server.to_string(),
        front_end: manifest.code.front_end.to_string(),
        cells: cells.collect(),
        not_needed: manifest
            .code
            .not_needed
            .iter()
            .map(ToString::to_string)
            .collect(),
    })))
}

/// Items about one host.
fn host(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let name = name_of(draft, manifest).ok_or_else(|| not_there("dns", key(draft)))?;
    let host = name.host.to_string();
    let zone = manifest.dns.zone.to_string();
    let of_host = |named: &[String]| -> Result<ItemId> {
        let all = named.iter().flat_map(|named| instances(named, drafts));
        let own = all
            .into_iter()
            .find(|other| name_of(other, manifest).is_some_and(|other| other.host == name.host));
        own.map(Draft::id)
            .ok_or_else(|| Error::damaged(format!("{} finds no item for {host}", draft.template)))
    };
    let one = |named: &String| of_host(std::slice::from_ref(named));
    let alone = |named: &String| ItemId::new(named.clone());
    let wish = match &draft.item.ensure {
        Ensure::VercelDomain { projects } => {
            Wish::VercelDomain(vercel_domain(&name, projects, drafts, manifest)?)
        }
        Ensure::RenderDomain { service } => {
            let own = environment(manifest, name.environment)?;
            Wish::RenderDomain(RenderDomain {
                host: host.clone(),
                service: of_environment(service, name.environment, drafts)?,
                service_name: own.service[API].name.to_string(),
            })
        }
        Ensure::DnsRecord { claims, zone: item } => Wish::DnsRecord(DnsRecord {
            label: manifest
                .dns
                .record_name(name.host)
                .unwrap_or("@")
                .to_string(),
            zone,
            holder: holder(manifest),
            host: host.clone(),
            claim: of_host(claims)?,
            zone_item: alone(item),
        }),
        Ensure::DnsSeen {
            claims,
            record,
            zone: item,
        } => Wish::DnsSeen(DnsSeen {
            zone,
            host: host.clone(),
            claim: of_host(claims)?,
            record: one(record)?,
            zone_item: alone(item),
        }),
        Ensure::DomainVerified {
            claims,
            projects,
            services,
        } => {
            let own = environment(manifest, name.environment)?;
            Wish::DomainVerified(DomainVerified {
                host: host.clone(),
                zone,
                claim: of_host(claims)?,
                at: match name.site {
                    true => {
                        Claimed::Vercel(of_project(projects, own.site.project.as_str(), drafts)?)
                    }
                    false => Claimed::Render(of_environment(services, name.environment, drafts)?),
                },
            })
        }
        Ensure::SiteCertificate { claims, verified } => Wish::SiteCertificate(SiteCertificate {
            host: host.clone(),
            zone,
            claim: of_host(claims)?,
            verified: one(verified)?,
            by: if name.site { "Vercel" } else { "Render" },
        }),
        _ => Wish::ApiAnswers(api_answers(&name, manifest)?),
    };
    Ok(Named {
        wish,
        required: name.required,
        title: Some(host),
    })
}

fn vercel_domain(
    name: &Name,
    projects: &[String],
    drafts: &[Draft],
    manifest: &Manifest,
) -> Result<VercelDomain> {
    let own = environment(manifest, name.environment)?;
    let home = project(manifest, own.site.project.as_str())?;
    let is_apex = *name.host == manifest.dns.zone;
    let other_branch = home.production_branch != own.branch && !is_apex;
    let served = branch(manifest, own.branch.as_str())?.name.to_string();
    let own_project = of_project(projects, own.site.project.as_str(), drafts)?;
    let others = projects.iter().flat_map(|named| instances(named, drafts));
    let others = others.map(Draft::id);
    Ok(VercelDomain {
        host: name.host.to_string(),
        project: own_project.clone(),
        project_name: home.name.to_string(),
        others: others.filter(|other| *other != own_project).collect(),
        git_branch: other_branch.then_some(served),
        redirect: is_apex.then(|| own.site.host.to_string()),
    })
}

fn api_answers(name: &Name, manifest: &Manifest) -> Result<ApiAnswers> {
    let own = environment(manifest, name.environment)?;
    let origins = |own: &Environment| -> Vec<String> {
        own.cors_origin().split(',').map(str::to_string).collect()
    };
    let allowed = origins(own);
    let others = manifest.environment.values().flat_map(origins);
    let mut refused: Vec<String> = others.filter(|origin| !allowed.contains(origin)).collect();
    refused.dedup();
    Ok(ApiAnswers {
        host: name.host.to_string(),
        health_path: manifest.code.health_path.to_string(),
        allowed,
        refused,
    })
}

/// The instance among these items that has that key.
fn of_environment(named: &str, environment: &str, drafts: &[Draft]) -> Result<ItemId> {
    let own = instances(named, drafts)
        .into_iter()
        .find(|other| other.key.as_deref() == Some(environment));
    own.map(Draft::id)
        .ok_or_else(|| Error::damaged(format!("{named} has no instance {environment}")))
}

fn of_project(named: &[String], project: &str, drafts: &[Draft]) -> Result<ItemId> {
    let all = named.iter().flat_map(|named| instances(named, drafts));
    let own = all
        .into_iter()
        .find(|other| other.key.as_deref() == Some(project));
    own.map(Draft::id)
        .ok_or_else(|| not_there("vercel.project", project))
}

fn cell(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
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
fn filled(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let environment_key = key(draft);
    let own = environment(manifest, environment_key)?;
    let home = || project(manifest, own.site.project.as_str());
    let served = branch(manifest, own.branch.as_str())?.name.to_string();
    let variables = |to: To| -> Result<Vec<Variable>> {
        let mine = manifest.variable.iter();
        let mine = mine.filter(|(_, own)| own.to == to && own.cells.contains_key(environment_key));
        mine.map(|(name, _)| variable_of(name.as_str(), environment_key, drafts, manifest))
            .collect()
    };
    let in_project = |projects: &[String]| of_project(projects, own.site.project.as_str(), drafts);
    let named = match &draft.item.ensure {
        Ensure::RenderGroup { services } => {
            let running = own.service.iter();
            let running = running.filter(|(_, service)| service.kind != ServiceKind::Redis);
            let services = running.filter_map(|(role, service)| {
                let all = services.iter().flat_map(|named| instances(named, drafts));
                let item = all.into_iter().find(|other| {
                    other.key.as_deref() == Some(environment_key)
                        && super::expand::role(&other.item.ensure) == Some(role.as_str())
                })?;
                Some((item.id(), service.name.to_string()))
            });
            let wish = RenderGroup {
                environment: environment_key.to_string(),
                name: own.group.to_string(),
                variables: variables(To::Render)?,
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
                variables: variables(To::Render)?,
            };
            Named::titled(Wish::RenderDeploy(wish), &running.name)
        }
        Ensure::VercelVariables { projects } => {
            let home = home()?;
            let wish = VercelVariables {
                project: in_project(projects)?,
                project_name: home.name.to_string(),
                git_branch: (home.production_branch != own.branch).then_some(served),
                variables: variables(To::Vercel)?,
            };
            Named::titled(Wish::VercelVariables(wish), environment_key)
        }
        Ensure::VercelRedeploy { projects, set } => {
            let home = home()?;
            let wish = VercelRedeploy {
                project: in_project(projects)?,
                project_name: home.name.to_string(),
                production: home.production_branch == own.branch,
                branch: served,
                host: own.site.host.to_string(),
                set: of_environment(set, environment_key, drafts)?,
                variables: variables(To::Vercel)?,
            };
            Named::titled(Wish::VercelRedeploy(wish), environment_key)
        }
        _ => return Err(not_there("variable", environment_key)),
    };
    let is_front = matches!(
        draft.item.ensure,
        Ensure::VercelVariables { .. } | Ensure::VercelRedeploy { .. }
    );
    Ok(Named {
        required: !is_front || own.site.want == Want::Required,
        ..named
    })
}

fn destination(to: To) -> Destination {
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

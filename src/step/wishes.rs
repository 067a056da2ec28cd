//! The one place where names come from the manifest: what an instance wishes, whether it is required, and what its title
//! names.

use super::catalog::Ensure;
use super::expand::{Draft, instances, role};
use crate::error::{Error, Result};
use crate::manifest::{
    Branch, Cluster, DatabaseUser, Environment, Manifest, ReviewBy, Service, ServiceKind,
    VercelProject as Project, Want,
};
use crate::plan::ItemId;
use crate::resource::*;
use crate::secret::SecretName;

/// A wish with what is told of it.
pub(super) struct Named {
    pub wish: Wish,
    pub required: bool,
    /// What stands behind the item's own title.
    pub title: Option<String>,
}

impl Named {
    pub(super) fn plain(wish: Wish) -> Named {
        Named {
            wish,
            required: true,
            title: None,
        }
    }

    pub(super) fn titled(wish: Wish, title: impl ToString) -> Named {
        Named {
            title: Some(title.to_string()),
            ..Named::plain(wish)
        }
    }
}

pub(super) fn wish(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    match &draft.item.ensure {
        Ensure::GithubAccess {}
        | Ensure::GithubBranch {}
        | Ensure::MainStability {}
        | Ensure::BranchProtection {}
        | Ensure::DynamicCors {}
        | Ensure::Promotion { .. }
        | Ensure::DebtIssue {} => github(draft, manifest),
        Ensure::VercelAccess {}
        | Ensure::VercelApp {}
        | Ensure::VercelBuild { .. }
        | Ensure::VercelProject {}
        | Ensure::VercelFirstBuild { .. } => vercel(draft, drafts, manifest),
        Ensure::AtlasAccess {}
        | Ensure::AtlasCluster {}
        | Ensure::AtlasUser {}
        | Ensure::AtlasHere {}
        | Ensure::AtlasRoles {}
        | Ensure::AtlasLogin { .. }
        | Ensure::AtlasRenderAccess { .. } => atlas(draft, drafts, manifest),
        Ensure::RenderAccess {}
        | Ensure::RenderApp {}
        | Ensure::RenderKeyValue { .. }
        | Ensure::RenderService { .. }
        | Ensure::RenderRedisAccess { .. } => render(draft, drafts, manifest),
        _ => super::configuration::wish(draft, drafts, manifest),
    }
}

fn github(draft: &Draft, manifest: &Manifest) -> Result<Named> {
    let by_other = manifest.review.by == ReviewBy::Other;
    let own = || branch(manifest, key(draft));
    Ok(match &draft.item.ensure {
        Ensure::GithubAccess {} => {
            let expected_login = manifest.github.account.as_ref().map(ToString::to_string);
            Named::plain(Wish::GithubAccess(GithubAccess { expected_login }))
        }
        Ensure::GithubBranch {} => {
            let own = own()?;
            let source = own.from.as_ref();
            let source = source.map(|from| branch(manifest, from.as_str()));
            let source = source.transpose()?.map(|source| source.name.to_string());
            let name = own.name.to_string();
            let wish = GithubBranch {
                name: name.clone(),
                source,
            };
            Named::titled(Wish::GithubBranch(wish), name)
        }
        Ensure::MainStability {} => {
            let branch = own()?.name.to_string();
            let wish = MainStability {
                branch: branch.clone(),
            };
            Named::titled(Wish::MainStability(wish), branch)
        }
        Ensure::BranchProtection {} => {
            let own = own()?;
            Named {
                wish: Wish::BranchProtection(protection(own, by_other)),
                required: own.protect.want == Want::Required,
                title: Some(own.name.to_string()),
            }
        }
        Ensure::Promotion { carries } => {
            let base = own()?.name.to_string();
            let wish = promotion(draft, carries, &base, manifest)?;
            Named::titled(Wish::Promotion(wish), base)
        }
        Ensure::DebtIssue {} => {
            let projects = manifest.vercel.project.values();
            let command = manifest.vercel.project.values().next();
            Named::plain(Wish::DebtIssue(DebtIssue {
                command: command
                    .map(|project| project.build_command.to_string())
                    .unwrap_or_default(),
                projects: projects.map(|project| project.name.to_string()).collect(),
            }))
        }
        _ => Named::plain(Wish::DynamicCors(dynamic_cors(manifest)?)),
    })
}

fn vercel(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let own = || project(manifest, key(draft));
    Ok(match &draft.item.ensure {
        Ensure::VercelAccess {} => Named::plain(Wish::VercelAccess(VercelAccess {
            team: manifest.vercel.team.as_ref().map(ToString::to_string),
        })),
        Ensure::VercelApp {} => {
            let projects = manifest.vercel.project.values();
            let names = projects.flat_map(|project| {
                let existing = project.existing.as_ref().map(ToString::to_string);
                existing.into_iter().chain([project.name.to_string()])
            });
            Named::plain(Wish::VercelApp(VercelApp {
                repository: repository(manifest),
                projects: names.collect(),
            }))
        }
        Ensure::VercelBuild { project } => {
            let own = own()?;
            let wish = VercelBuild {
                name: own.name.to_string(),
                existing: own.existing.as_ref().map(ToString::to_string),
                project: same_key(draft, project, drafts)?,
                command: own.build_command.to_string(),
                repository: repository(manifest),
            };
            Named::titled(Wish::VercelBuild(wish), &own.name)
        }
        Ensure::VercelFirstBuild { project } => {
            let own = own()?;
            let wish = VercelFirstBuild {
                name: own.name.to_string(),
                project: same_key(draft, project, drafts)?,
                repository: repository(manifest),
                branch: production_branch(manifest, own)?,
            };
            Named::titled(Wish::VercelFirstBuild(wish), &own.name)
        }
        _ => {
            let own = own()?;
            let wish = VercelProject {
                name: own.name.to_string(),
                existing: own.existing.as_ref().map(ToString::to_string),
                repository: repository(manifest),
                production_branch: production_branch(manifest, own)?,
                build_command: own.build_command.to_string(),
                framework: manifest.vercel.framework.as_ref().map(ToString::to_string),
                root: manifest.vercel_root(),
            };
            Named::titled(Wish::VercelProject(wish), &own.name)
        }
    })
}

fn atlas(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let projects = || {
        let clusters = manifest.atlas.cluster.iter();
        let named = clusters.map(|(key, cluster)| (key.to_string(), cluster.project.to_string()));
        named.collect::<Vec<_>>()
    };
    Ok(match &draft.item.ensure {
        Ensure::AtlasAccess {} => Named::plain(Wish::AtlasAccess(AtlasAccess {
            projects: projects(),
        })),
        Ensure::AtlasCluster {} => {
            let own = cluster(manifest, key(draft))?;
            let wish = atlas_cluster(key(draft), own, manifest)?;
            Named::titled(Wish::AtlasCluster(wish), &own.name)
        }
        Ensure::AtlasUser {} => {
            let own = database_user(manifest, key(draft))?;
            let wish = AtlasUser {
                cluster: own.cluster.to_string(),
                cluster_name: cluster(manifest, own.cluster.as_str())?.name.to_string(),
                name: own.name.to_string(),
                roles: roles(own),
                only_these: own.only_these_roles,
                slot: password_slot(draft),
            };
            Named::titled(Wish::AtlasUser(wish), &own.name)
        }
        Ensure::AtlasRoles {} => {
            let own = database_user(manifest, key(draft))?;
            let wish = AtlasRoles {
                cluster: own.cluster.to_string(),
                cluster_name: cluster(manifest, own.cluster.as_str())?.name.to_string(),
                name: own.name.to_string(),
                roles: roles(own),
            };
            Named::titled(Wish::AtlasRoles(wish), &own.name)
        }
        Ensure::AtlasLogin { here } => {
            let own = database_user(manifest, key(draft))?;
            let home = cluster(manifest, own.cluster.as_str())?;
            let wish = AtlasLogin {
                cluster: own.cluster.to_string(),
                cluster_name: home.name.to_string(),
                expected_host: home.host.to_string(),
                name: own.name.to_string(),
                roles: roles(own),
                options: manifest.atlas.connection_options.clone(),
                slot: password_slot(draft),
                here: ItemId::new(here.clone()),
            };
            Named::titled(Wish::AtlasLogin(wish), &own.name)
        }
        Ensure::AtlasRenderAccess { services } => {
            Named::plain(Wish::AtlasRenderAccess(AtlasRenderAccess {
                projects: projects(),
                services: all_of(services, drafts),
            }))
        }
        _ => Named::plain(Wish::AtlasHere(AtlasHere {
            projects: projects(),
        })),
    })
}

fn render(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Named> {
    let region = serde_json::to_value(manifest.render.region).unwrap_or_default();
    let region = region.as_str().unwrap_or_default().to_string();
    Ok(match &draft.item.ensure {
        Ensure::RenderAccess {} => Named::plain(Wish::RenderAccess(RenderAccess {
            workspace: manifest.render.workspace.to_string(),
        })),
        Ensure::RenderApp {} => Named::plain(Wish::RenderApp(RenderApp {
            repository: repository(manifest),
        })),
        Ensure::RenderKeyValue { .. } => {
            let (_, own) = service(draft, manifest)?;
            let wish = RenderKeyValue {
                name: own.name.to_string(),
                plan: manifest.plan_of(own).to_string(),
                region,
            };
            Named::titled(Wish::RenderKeyValue(wish), &own.name)
        }
        Ensure::RenderRedisAccess { redis, services } => {
            let redis = same_key(draft, redis, drafts)?;
            let home = environment(manifest, key(draft))?;
            let own = home
                .service
                .values()
                .find(|own| own.kind == ServiceKind::Redis);
            let name = own.map(|own| own.name.to_string()).unwrap_or_default();
            let wish = RenderRedisAccess {
                name: name.clone(),
                redis,
                services: all_of(services, drafts),
            };
            Named::titled(Wish::RenderRedisAccess(wish), name)
        }
        _ => {
            let (home, own) = service(draft, manifest)?;
            let web = own.kind == ServiceKind::WebService;
            let kind = serde_json::to_value(own.kind).unwrap_or_default();
            let wish = RenderService {
                kind: kind.as_str().unwrap_or_default().to_string(),
                name: own.name.to_string(),
                repository: repository(manifest),
                branch: branch(manifest, home.branch.as_str())?.name.to_string(),
                root: manifest.render_root(),
                build: manifest.build_of(own),
                start: own
                    .start
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                plan: manifest.plan_of(own).to_string(),
                region,
                health: web.then(|| manifest.code.health_path.to_string()),
            };
            Named::titled(Wish::RenderService(wish), &own.name)
        }
    })
}

pub(super) fn key<'d>(draft: &'d Draft) -> &'d str {
    draft.key.as_deref().unwrap_or_default()
}

/// `owner/name`.
fn repository(manifest: &Manifest) -> String {
    let repository = &manifest.github.repository;
    format!("{}/{}", repository.owner, repository.name)
}

/// The instance of another item that has the same key over the same list.
fn same_key(draft: &Draft, named: &str, drafts: &[Draft]) -> Result<ItemId> {
    let own = instances(named, drafts)
        .into_iter()
        .find(|other| other.key == draft.key);
    own.map(Draft::id).ok_or_else(|| {
        Error::damaged(format!(
            "{} names {named}, which has no instance {}",
            draft.template,
            key(draft)
        ))
    })
}

fn all_of(named: &[String], drafts: &[Draft]) -> Vec<ItemId> {
    let each = named.iter().flat_map(|named| instances(named, drafts));
    each.map(Draft::id).collect()
}

pub(super) fn not_there(table: &str, key: &str) -> Error {
    Error::usage(format!("golive.toml has no [{table}.{key}]"))
        .hint("golive init shows a whole one")
}

pub(super) fn branch<'a>(manifest: &'a Manifest, key: &str) -> Result<&'a Branch> {
    manifest
        .branch
        .get(key)
        .ok_or_else(|| not_there("branch", key))
}

pub(super) fn environment<'a>(manifest: &'a Manifest, key: &str) -> Result<&'a Environment> {
    let found = manifest.environment.get(key);
    found.ok_or_else(|| not_there("environment", key))
}

pub(super) fn project<'a>(manifest: &'a Manifest, key: &str) -> Result<&'a Project> {
    let found = manifest.vercel.project.get(key);
    found.ok_or_else(|| not_there("vercel.project", key))
}

pub(super) fn cluster<'a>(manifest: &'a Manifest, key: &str) -> Result<&'a Cluster> {
    let found = manifest.atlas.cluster.get(key);
    found.ok_or_else(|| not_there("atlas.cluster", key))
}

pub(super) fn database_user<'a>(manifest: &'a Manifest, key: &str) -> Result<&'a DatabaseUser> {
    let found = manifest.atlas.user.get(key);
    found.ok_or_else(|| not_there("atlas.user", key))
}

fn service<'a>(draft: &Draft, manifest: &'a Manifest) -> Result<(&'a Environment, &'a Service)> {
    let home = environment(manifest, key(draft))?;
    let role = role(&draft.item.ensure).unwrap_or_default();
    let own = home.service.get(role);
    let own = own.ok_or_else(|| not_there(&format!("environment.{}.service", key(draft)), role))?;
    Ok((home, own))
}

fn production_branch(manifest: &Manifest, project: &Project) -> Result<String> {
    let own = branch(manifest, project.production_branch.as_str())?;
    Ok(own.name.to_string())
}

fn roles(user: &DatabaseUser) -> Vec<(String, String)> {
    let roles = user.roles.iter();
    roles
        .map(|role| (role.role.to_string(), role.database.to_string()))
        .collect()
}

fn password_slot(draft: &Draft) -> SecretName {
    SecretName::new(format!("{}.DATABASE_PASSWORD", key(draft)))
}

fn atlas_cluster(key: &str, own: &Cluster, manifest: &Manifest) -> Result<AtlasCluster> {
    let size = own.create.as_ref();
    let size = size.ok_or_else(|| not_there(&format!("atlas.cluster.{key}"), "create"))?;
    let near = serde_json::to_value(manifest.render.region).unwrap_or_default();
    Ok(AtlasCluster {
        key: key.to_string(),
        name: own.name.to_string(),
        expected_host: own.host.to_string(),
        provider: size.provider.to_string(),
        region: size.region.to_string(),
        tier: size.tier.to_string(),
        near: near.as_str().unwrap_or_default().to_string(),
    })
}

fn protection(branch: &Branch, review_by_other: bool) -> BranchProtection {
    let wish = ProtectionWish {
        pull_requests: branch.protect.pull_requests,
        reviews: branch.protect.reviews,
        no_force_pushes: !branch.protect.force_pushes,
        no_deletion: !branch.protect.deletion,
    };
    BranchProtection {
        branch: branch.name.to_string(),
        wish,
        review_by_other,
    }
}

fn dynamic_cors(manifest: &Manifest) -> Result<DynamicCors> {
    let first = manifest.flow.promote.first().ok_or_else(|| {
        Error::usage("golive.toml promotes to no branch: [flow] promote is empty")
    })?;
    Ok(DynamicCors {
        file: manifest.code.server_path(),
        feature_branch: manifest.flow.cors_branch.to_string(),
        base: branch(manifest, first.as_str())?.name.to_string(),
    })
}

fn promotion(draft: &Draft, carries: &str, base: &str, manifest: &Manifest) -> Result<Promotion> {
    let promote = &manifest.flow.promote;
    let place = promote
        .iter()
        .position(|key| Some(key.as_str()) == draft.key.as_deref())
        .unwrap_or_default();
    let head = match place {
        0 => manifest.flow.cors_branch.to_string(),
        place => branch(manifest, promote[place - 1].as_str())?
            .name
            .to_string(),
    };
    let reviewers = manifest.review.reviewers.iter();
    Ok(Promotion {
        head,
        base: base.to_string(),
        carries: ItemId::new(carries),
        file: manifest.code.server_path(),
        review_by_other: manifest.review.by == ReviewBy::Other,
        operator: manifest.operator.name.to_string(),
        reviewers: reviewers.map(ToString::to_string).collect(),
        long_lived: place > 0,
    })
}

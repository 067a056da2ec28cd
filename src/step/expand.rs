//! From catalogue and manifest to a launch: each item repeated over what the manifest lists, every name put in here and
//! nowhere else.

use super::catalog::{Catalog, Each, Ensure, Item, Keyed, PHASES, Step};
use super::configuration;
use super::sound::{names, needs_of};
use super::wishes::{Named, wish};
use super::{Instance, Launch};
use crate::error::Result;
use crate::manifest::{Key, Manifest, Origin, Output, Password, ServiceKind, Stage};
use crate::plan::ItemId;
use crate::resource::Wish;
use crate::secret::SecretName;
use crate::view::{ItemOutline, Outline, PhaseOutline, StepOutline};

/// One instance before its needs are known by id.
pub(super) struct Draft<'a> {
    /// `1.branch`: what needs call it.
    pub(super) template: String,
    pub(super) key: Option<String>,
    pub(super) each: Option<Each>,
    /// The only instance of its item.
    alone: bool,
    pub(super) item: &'a Item,
    step: &'a Step,
}

impl Draft<'_> {
    pub(super) fn id(&self) -> ItemId {
        let number = &self.step.file.number;
        let name = self.item.called.as_ref().unwrap_or(&self.item.id);
        ItemId::new(match (&self.key, self.item.keyed) {
            (None, _) => format!("{number}.{name}"),
            (Some(_), Keyed::UnlessAlone) if self.alone => format!("{number}.{name}"),
            (Some(key), Keyed::After | Keyed::UnlessAlone) => format!("{number}.{name}-{key}"),
            (Some(key), Keyed::Before) => format!("{number}.{key}-{name}"),
            (Some(key), Keyed::Alone) => format!("{number}.{key}"),
        })
    }
}

pub fn expand(catalog: &Catalog, manifest: &Manifest, rehearsal: bool) -> Result<Launch> {
    let drafts: Vec<Draft> = catalog
        .steps
        .iter()
        .flat_map(|step| step.file.item.iter().map(move |item| (step, item)))
        .flat_map(|(step, item)| {
            let keys = keys(manifest, item);
            let alone = keys.len() == 1;
            keys.into_iter().map(move |key| Draft {
                template: format!("{}.{}", step.file.number, item.id),
                key,
                each: item.each,
                alone,
                item,
                step,
            })
        })
        .collect();
    let items = drafts
        .iter()
        .map(|draft| instance(draft, &drafts, manifest))
        .collect::<Result<Vec<Instance>>>()?;
    let outline = outline(catalog, manifest, &items, rehearsal);
    let repository = &manifest.github.repository;
    Ok(Launch {
        id: manifest.id.to_string(),
        repository: (repository.owner.to_string(), repository.name.to_string()),
        items,
        outline,
    })
}

/// The keys that an item is repeated over, in the manifest's order.
fn keys(manifest: &Manifest, item: &Item) -> Vec<Option<String>> {
    let Some(each) = item.each else {
        return vec![None];
    };
    fn of<'m, T>(
        table: impl IntoIterator<Item = (&'m Key, &'m T)>,
        wanted: impl Fn(&Key, &T) -> bool,
    ) -> Vec<String>
    where
        T: 'm,
    {
        let table = table.into_iter();
        let wanted = table.filter(|(key, value)| wanted(key, value));
        wanted.map(|(key, _)| key.to_string()).collect()
    }
    let promote = &manifest.flow.promote;
    let list = match each {
        Each::Branch => of(&manifest.branch, |_, _| true),
        Each::ProtectedBranch => of(&manifest.branch, |_, branch| branch.protect.want.is_on()),
        Each::Production => promote
            .last()
            .map(ToString::to_string)
            .into_iter()
            .collect(),
        Each::Promotion => promote.iter().map(ToString::to_string).collect(),
        Each::Environment => of(&manifest.environment, |_, environment| {
            role(&item.ensure).is_some_and(|role| environment.service.contains_key(role))
        }),
        Each::ExternalRedis => of(&manifest.environment, |key, _| is_external(manifest, key)),
        Each::VercelRenamed => of(&manifest.vercel.project, |_, own| own.existing.is_some()),
        Each::VercelCreated => of(&manifest.vercel.project, |_, own| own.existing.is_none()),
        Each::CreatedCluster => of(&manifest.atlas.cluster, |_, own| own.create.is_some()),
        Each::GeneratedUser => of(&manifest.atlas.user, |_, user| {
            user.password == Password::Generated
        }),
        Each::AskedUser => of(&manifest.atlas.user, |_, user| {
            user.password == Password::Asked
        }),
        _ => configuration::keys(manifest, each),
    };
    list.into_iter().map(Some).collect()
}

/// The key under which the item's service stands in an environment.
pub(super) fn role(ensure: &Ensure) -> Option<&str> {
    match ensure {
        Ensure::RenderKeyValue { role }
        | Ensure::RenderService { role }
        | Ensure::RenderDeploy { role, .. } => Some(role),
        _ => None,
    }
}

/// Whether any variable takes the external URL of this environment's Redis, now or once launched.
fn is_external(manifest: &Manifest, home: &Key) -> bool {
    let takes = |variable: &str, environment: &str, stage: Stage| {
        let origin = manifest.origin(variable, environment, stage);
        let Some(Origin::Output {
            output,
            service,
            environment,
        }) = origin
        else {
            return false;
        };
        let redis = manifest
            .environment
            .get(environment)
            .and_then(|own| own.service.get(service))
            .is_some_and(|own| own.kind == ServiceKind::Redis);
        environment == home && redis && *output == Output::ExternalUrl
    };
    manifest.variable.iter().any(|(variable, own)| {
        own.cells.keys().any(|environment| {
            [Stage::Now, Stage::Live]
                .into_iter()
                .any(|stage| takes(variable, environment, stage))
        })
    })
}

fn instance(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Instance> {
    let Named {
        wish,
        required,
        title,
    } = wish(draft, drafts, manifest)?;
    let title = match title {
        Some(name) => format!("{} {name}", draft.item.title),
        None => draft.item.title.clone(),
    };
    let slot = |name: &String| match &draft.key {
        Some(key) => SecretName::new(format!("{key}.{name}")),
        None => SecretName::new(name.clone()),
    };
    let keeps = draft.item.keep.iter();
    Ok(Instance {
        id: draft.id(),
        title,
        needs: needs(draft, drafts, manifest),
        required,
        provider: wish.provider(),
        environment: configuration::environment_of(draft, manifest),
        keeps: keeps
            .map(|(output, name)| (output.clone(), slot(name)))
            .collect(),
        wish,
    })
}

fn needs(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Vec<ItemId> {
    let own = draft.id();
    let mut needs: Vec<ItemId> = vec![];
    for need in needs_of(&draft.step.file, draft.item) {
        let named: Vec<&Draft> = drafts
            .iter()
            .filter(|other| names(need, &other.template) && is_meant(need, other))
            .filter(|other| configuration::is_own(draft, other, manifest))
            .collect();
        // Over the same list, the same key is meant; else all.
        let same = named
            .iter()
            .filter(|other| over_one_list(draft, other) && other.key == draft.key);
        let same: Vec<ItemId> = same.map(|other| other.id()).collect();
        needs.extend(if same.is_empty() {
            named.iter().map(|other| other.id()).collect()
        } else {
            same
        });
    }
    if draft.each == Some(Each::Promotion) {
        let before = drafts.iter().take_while(|other| other.id() != own);
        needs.extend(
            before
                .filter(|other| other.template == draft.template)
                .map(Draft::id)
                .last(),
        );
    }
    needs.retain(|need| *need != own);
    needs.sort();
    needs.dedup();
    needs
}

/// The instances of the items that a draft names by their template.
pub(super) fn instances<'d>(named: &str, drafts: &'d [Draft<'d>]) -> Vec<&'d Draft<'d>> {
    drafts
        .iter()
        .filter(|draft| draft.template == named)
        .collect()
}

/// `1.branch-main` means that one, `1.branch` all of them.
fn is_meant(need: &str, other: &Draft) -> bool {
    !need.starts_with(&format!("{}-", other.template)) || other.id().as_str() == need
}

fn over_one_list(one: &Draft, other: &Draft) -> bool {
    let branches = |each: Option<Each>| {
        matches!(
            each,
            Some(Each::Branch | Each::ProtectedBranch | Each::Production)
        )
    };
    one.key.is_some() && (one.each == other.each || branches(one.each) && branches(other.each))
}

fn outline(catalog: &Catalog, manifest: &Manifest, items: &[Instance], rehearsal: bool) -> Outline {
    let mut phases: Vec<PhaseOutline> = vec![];
    for step in &catalog.steps {
        let mine = items
            .iter()
            .filter(|item| item.id.step() == step.file.number);
        let outlined = StepOutline {
            number: step.file.number.clone(),
            title: step.file.title.clone(),
            why: step.file.why.trim().replace('\n', " "),
            undo: step.file.undo.clone(),
            docs: step.file.docs.clone(),
            minutes: step.file.minutes,
            items: mine.map(|item| item_outline(item, manifest)).collect(),
        };
        match phases.last_mut().filter(|phase| phase.number == step.phase) {
            Some(phase) => phase.steps.push(outlined),
            None => phases.push(PhaseOutline {
                number: step.phase,
                title: PHASES[step.phase as usize].to_string(),
                steps: vec![outlined],
            }),
        }
    }
    Outline {
        name: manifest.name.to_string(),
        launch: manifest.id.to_string(),
        rehearsal,
        operator: manifest.operator.name.to_string(),
        phases,
        matrix: super::matrix::matrix(manifest, items),
    }
}

fn item_outline(item: &Instance, manifest: &Manifest) -> ItemOutline {
    ItemOutline {
        id: item.id.clone(),
        title: item.title.clone(),
        required: item.required,
        needs: item.needs.clone(),
        provider: item.provider,
        band: band(item, manifest),
        asks: asks(&item.wish),
    }
}

/// The name under which a person gives what the item looks with, where it is no provider's token.
fn asks(wish: &Wish) -> Option<SecretName> {
    match wish {
        Wish::StripeAccess(access) => Some(access.slot.clone()),
        Wish::AtlasLogin(login) => Some(login.slot.clone()),
        _ => None,
    }
}

/// The environment that the item's branch is deployed to, as the band shows it.
fn band(item: &Instance, manifest: &Manifest) -> String {
    if let Some((key, environment)) = item
        .environment
        .as_deref()
        .and_then(|key| manifest.environment.get_key_value(key))
    {
        return match Some(key) == manifest.production() {
            true => "PRODUCTION".into(),
            false => environment.title.to_string().to_uppercase(),
        };
    }
    let Some(branch) = item.wish.branch() else {
        return "ALL ENVIRONMENTS".into();
    };
    let key = manifest
        .branch
        .iter()
        .find(|(_, other)| other.name.as_str() == branch)
        .map(|(key, _)| key.as_str());
    let environment = key.and_then(|key| manifest.environment_of(key));
    match environment {
        Some((key, _)) if Some(key) == manifest.production() => "PRODUCTION".into(),
        Some((_, environment)) => environment.title.to_string().to_uppercase(),
        None => "ALL ENVIRONMENTS".into(),
    }
}

//! From catalogue and manifest to a launch: each item repeated over what the manifest lists, every name put in here and
//! nowhere else.

use super::catalog::{Catalog, Each, Ensure, Item, PHASES, Step};
use super::sound::{names, needs_of};
use super::{Instance, Launch};
use crate::error::{Error, Result};
use crate::manifest::{Branch, Manifest, ReviewBy, Want};
use crate::plan::{ItemId, Provider};
use crate::resource::{
    BranchProtection, DynamicCors, GithubAccess, GithubBranch, MainStability, Promotion,
    ProtectionWish, Wish,
};
use crate::view::{ItemOutline, Outline, PhaseOutline, StepOutline};

/// One instance before its needs are known by id.
struct Draft<'a> {
    template: String,
    key: Option<String>,
    each: Option<Each>,
    item: &'a Item,
    step: &'a Step,
}

impl Draft<'_> {
    fn id(&self) -> ItemId {
        match &self.key {
            Some(key) => ItemId::new(format!("{}-{key}", self.template)),
            None => ItemId::new(self.template.clone()),
        }
    }
}

pub fn expand(catalog: &Catalog, manifest: &Manifest, rehearsal: bool) -> Result<Launch> {
    let drafts: Vec<Draft> = catalog
        .steps
        .iter()
        .flat_map(|step| step.file.item.iter().map(move |item| (step, item)))
        .flat_map(|(step, item)| {
            keys(manifest, item.each).into_iter().map(move |key| Draft {
                template: format!("{}.{}", step.file.number, item.id),
                key,
                each: item.each,
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
fn keys(manifest: &Manifest, each: Option<Each>) -> Vec<Option<String>> {
    let branches = || manifest.branch.iter();
    let list: Vec<String> = match each {
        None => return vec![None],
        Some(Each::Branch) => branches().map(|(key, _)| key.to_string()).collect(),
        Some(Each::ProtectedBranch) => branches()
            .filter(|(_, branch)| branch.protect.want.is_on())
            .map(|(key, _)| key.to_string())
            .collect(),
        Some(Each::Production) => manifest
            .flow
            .promote
            .last()
            .map(|key| key.to_string())
            .into_iter()
            .collect(),
        Some(Each::Promotion) => manifest
            .flow
            .promote
            .iter()
            .map(|key| key.to_string())
            .collect(),
    };
    list.into_iter().map(Some).collect()
}

fn instance(draft: &Draft, drafts: &[Draft], manifest: &Manifest) -> Result<Instance> {
    let (wish, required, name) = wish(draft, manifest)?;
    let title = match name {
        Some(name) => format!("{} {name}", draft.item.title),
        None => draft.item.title.clone(),
    };
    Ok(Instance {
        id: draft.id(),
        title,
        needs: needs(draft, drafts),
        required,
        provider: Provider::GitHub,
        wish,
    })
}

fn needs(draft: &Draft, drafts: &[Draft]) -> Vec<ItemId> {
    let own = draft.id();
    let mut needs: Vec<ItemId> = vec![];
    for need in needs_of(&draft.step.file, draft.item) {
        let named: Vec<&Draft> = drafts
            .iter()
            .filter(|other| names(need, &other.template) && is_meant(need, other))
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

/// The one place where names come from the manifest: the wish, whether it is required, and what its title names.
fn wish(draft: &Draft, manifest: &Manifest) -> Result<(Wish, bool, Option<String>)> {
    let by_other = manifest.review.by == ReviewBy::Other;
    let branch = || branch(manifest, draft.key.as_deref().unwrap_or_default());
    Ok(match &draft.item.ensure {
        Ensure::GithubAccess {} => {
            let expected_login = manifest.github.account.as_ref().map(ToString::to_string);
            (
                Wish::GithubAccess(GithubAccess { expected_login }),
                true,
                None,
            )
        }
        Ensure::GithubBranch {} => {
            let own = branch()?;
            let source = own
                .from
                .as_ref()
                .map(|from| self::branch(manifest, from.as_str()));
            let source = source.transpose()?.map(|source| source.name.to_string());
            let name = own.name.to_string();
            let wish = GithubBranch {
                name: name.clone(),
                source,
            };
            (Wish::GithubBranch(wish), true, Some(name))
        }
        Ensure::MainStability {} => {
            let name = branch()?.name.to_string();
            let wish = MainStability {
                branch: name.clone(),
            };
            (Wish::MainStability(wish), true, Some(name))
        }
        Ensure::BranchProtection {} => {
            let own = branch()?;
            let name = own.name.to_string();
            let wish = protection(own, by_other);
            let required = own.protect.want == Want::Required;
            (Wish::BranchProtection(wish), required, Some(name))
        }
        Ensure::DynamicCors {} => (Wish::DynamicCors(dynamic_cors(manifest)?), true, None),
        Ensure::Promotion { carries } => {
            let base = branch()?.name.to_string();
            let wish = promotion(draft, carries, &base, manifest)?;
            (Wish::Promotion(wish), true, Some(base))
        }
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

fn branch<'a>(manifest: &'a Manifest, key: &str) -> Result<&'a Branch> {
    let found = manifest
        .branch
        .iter()
        .find(|(other, _)| other.as_str() == key)
        .map(|(_, branch)| branch);
    found.ok_or_else(|| {
        Error::usage(format!("golive.toml has no [branch.{key}]")).hint("golive explain 1")
    })
}

fn first_promotion(manifest: &Manifest) -> Result<&Branch> {
    let key = manifest.flow.promote.first();
    let key = key.ok_or_else(|| {
        Error::usage("golive.toml promotes to no branch: [flow] promote is empty")
    })?;
    branch(manifest, key.as_str())
}

fn dynamic_cors(manifest: &Manifest) -> Result<DynamicCors> {
    Ok(DynamicCors {
        file: manifest.code.server_path(),
        feature_branch: manifest.flow.cors_branch.to_string(),
        base: first_promotion(manifest)?.name.to_string(),
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
    Ok(Promotion {
        head,
        base: base.to_string(),
        carries: ItemId::new(carries),
        file: manifest.code.server_path(),
        review_by_other: manifest.review.by == ReviewBy::Other,
        operator: manifest.operator.name.to_string(),
        reviewers: manifest
            .review
            .reviewers
            .iter()
            .map(ToString::to_string)
            .collect(),
        long_lived: place > 0,
    })
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
    }
}

fn item_outline(item: &Instance, manifest: &Manifest) -> ItemOutline {
    ItemOutline {
        id: item.id.clone(),
        title: item.title.clone(),
        required: item.required,
        needs: item.needs.clone(),
        provider: Some(item.provider),
        band: band(item, manifest),
    }
}

/// The environment that the item's branch is deployed to, as the band shows it.
fn band(item: &Instance, manifest: &Manifest) -> String {
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

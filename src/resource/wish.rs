//! The closed list of what golive can make true. One variant, one file beside this one.

use futures::future::FutureExt;

use crate::engine::Visiting;
use crate::error::Result;
use crate::plan::{Change, ItemId, Provider, Row};
use crate::resource::{
    AtlasAccess, AtlasCluster, AtlasHere, AtlasLogin, AtlasRenderAccess, AtlasRoles, AtlasUser,
    BranchProtection, DebtIssue, DynamicCors, GithubAccess, GithubBranch, Known, MainStability,
    Promotion, RenderAccess, RenderApp, RenderKeyValue, RenderRedisAccess, RenderService, Resource,
    VercelAccess, VercelApp, VercelBuild, VercelFirstBuild, VercelProject,
};

#[derive(Clone, Debug)]
pub enum Wish {
    GithubAccess(GithubAccess),
    GithubBranch(GithubBranch),
    MainStability(MainStability),
    BranchProtection(BranchProtection),
    DynamicCors(DynamicCors),
    Promotion(Promotion),
    VercelAccess(VercelAccess),
    RenderAccess(RenderAccess),
    AtlasAccess(AtlasAccess),
    VercelApp(VercelApp),
    RenderApp(RenderApp),
    VercelBuild(VercelBuild),
    DebtIssue(DebtIssue),
    AtlasCluster(AtlasCluster),
    AtlasUser(AtlasUser),
    AtlasHere(AtlasHere),
    AtlasRoles(AtlasRoles),
    AtlasLogin(AtlasLogin),
    AtlasRenderAccess(AtlasRenderAccess),
    RenderKeyValue(RenderKeyValue),
    RenderService(RenderService),
    RenderRedisAccess(RenderRedisAccess),
    VercelProject(VercelProject),
    VercelFirstBuild(VercelFirstBuild),
}

/// Does the same with whichever resource the wish holds.
macro_rules! with {
    ($wish:expr, $resource:ident => $body:expr) => {
        match $wish {
            Wish::GithubAccess($resource) => $body,
            Wish::GithubBranch($resource) => $body,
            Wish::MainStability($resource) => $body,
            Wish::BranchProtection($resource) => $body,
            Wish::DynamicCors($resource) => $body,
            Wish::Promotion($resource) => $body,
            Wish::VercelAccess($resource) => $body,
            Wish::RenderAccess($resource) => $body,
            Wish::AtlasAccess($resource) => $body,
            Wish::VercelApp($resource) => $body,
            Wish::RenderApp($resource) => $body,
            Wish::VercelBuild($resource) => $body,
            Wish::DebtIssue($resource) => $body,
            Wish::AtlasCluster($resource) => $body,
            Wish::AtlasUser($resource) => $body,
            Wish::AtlasHere($resource) => $body,
            Wish::AtlasRoles($resource) => $body,
            Wish::AtlasLogin($resource) => $body,
            Wish::AtlasRenderAccess($resource) => $body,
            Wish::RenderKeyValue($resource) => $body,
            Wish::RenderService($resource) => $body,
            Wish::RenderRedisAccess($resource) => $body,
            Wish::VercelProject($resource) => $body,
            Wish::VercelFirstBuild($resource) => $body,
        }
    };
}

impl Wish {
    /// One visit of the loop.
    pub async fn visit(&self, visiting: Visiting<'_>) -> Result<crate::engine::Visit> {
        // Boxed: else every visit would be as large as the largest of them.
        with!(self, resource => visiting.visit(resource).boxed_local()).await
    }

    /// The rows that can be told before the item's turn has come.
    pub fn foresee(&self, item: &ItemId, known: &Known) -> Vec<Row> {
        fn rows<R: Resource>(resource: &R, item: &ItemId, known: &Known) -> Vec<Row> {
            resource
                .foresee(known)
                .iter()
                .map(|change| change.row(item))
                .collect()
        }
        with!(self, resource => rows(resource, item, known))
    }

    /// The branch it is about, where it is about one.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Wish::GithubBranch(wish) => Some(&wish.name),
            Wish::MainStability(wish) => Some(&wish.branch),
            Wish::BranchProtection(wish) => Some(&wish.branch),
            Wish::DynamicCors(wish) => Some(&wish.base),
            Wish::Promotion(wish) => Some(&wish.base),
            Wish::RenderService(wish) => Some(&wish.branch),
            Wish::VercelProject(wish) => Some(&wish.production_branch),
            Wish::VercelFirstBuild(wish) => Some(&wish.branch),
            _ => None,
        }
    }

    /// The provider that it changes things at; `None`: it only looks at the network, or at the launch itself.
    pub fn provider(&self) -> Option<Provider> {
        Some(match self {
            Wish::GithubAccess(_)
            | Wish::GithubBranch(_)
            | Wish::MainStability(_)
            | Wish::BranchProtection(_)
            | Wish::DynamicCors(_)
            | Wish::Promotion(_)
            | Wish::DebtIssue(_) => Provider::GitHub,
            Wish::VercelAccess(_)
            | Wish::VercelApp(_)
            | Wish::VercelBuild(_)
            | Wish::VercelProject(_)
            | Wish::VercelFirstBuild(_) => Provider::Vercel,
            Wish::RenderAccess(_)
            | Wish::RenderApp(_)
            | Wish::RenderKeyValue(_)
            | Wish::RenderService(_)
            | Wish::RenderRedisAccess(_) => Provider::Render,
            Wish::AtlasAccess(_)
            | Wish::AtlasCluster(_)
            | Wish::AtlasUser(_)
            | Wish::AtlasHere(_)
            | Wish::AtlasRoles(_)
            | Wish::AtlasLogin(_)
            | Wish::AtlasRenderAccess(_) => Provider::Atlas,
        })
    }

    /// The providers that it only reads at, besides.
    pub fn reads_at(&self) -> &'static [Provider] {
        match self {
            // The start script is looked up in the repository.
            Wish::RenderService(_) => &[Provider::GitHub],
            _ => &[],
        }
    }

    /// Whether a person may leave it out with a reason: not what everything else rests on.
    pub fn may_be_left_out(&self) -> bool {
        !matches!(
            self,
            Wish::GithubAccess(_)
                | Wish::GithubBranch(_)
                | Wish::VercelAccess(_)
                | Wish::RenderAccess(_)
                | Wish::AtlasAccess(_)
        )
    }
}

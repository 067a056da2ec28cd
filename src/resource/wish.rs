//! The closed list of what golive can make true. One variant, one file beside this one.

use std::time::Duration;

use futures::future::FutureExt;

use crate::engine::Visiting;
use crate::error::Result;
use crate::plan::{Change, ItemId, Provider, Row};
use crate::resource::domain_verified::Claimed;
use crate::resource::zone::Holder;
use crate::resource::{
    ApiAnswers, AtlasAccess, AtlasCluster, AtlasHere, AtlasLogin, AtlasRenderAccess, AtlasRoles,
    AtlasUser, BranchProtection, Cell, CodeVariables, DebtIssue, DnsAccess, DnsRecord, DnsSeen,
    DnsZone, DomainVerified, DynamicCors, GithubAccess, GithubBranch, Known, MainStability,
    Promotion, RenderAccess, RenderApp, RenderDeploy, RenderDomain, RenderGroup, RenderKeyValue,
    RenderRedisAccess, RenderService, Resource, SiteCertificate, StripeAccess, VercelAccess,
    VercelApp, VercelBuild, VercelDomain, VercelFirstBuild, VercelProject, VercelRedeploy,
    VercelVariables,
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
    DnsAccess(DnsAccess),
    StripeAccess(StripeAccess),
    VercelDomain(VercelDomain),
    RenderDomain(RenderDomain),
    DnsZone(DnsZone),
    DnsRecord(DnsRecord),
    DnsSeen(DnsSeen),
    DomainVerified(DomainVerified),
    SiteCertificate(SiteCertificate),
    CodeVariables(CodeVariables),
    Cell(Cell),
    RenderGroup(RenderGroup),
    RenderDeploy(RenderDeploy),
    VercelVariables(VercelVariables),
    VercelRedeploy(VercelRedeploy),
    ApiAnswers(ApiAnswers),
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
            Wish::DnsAccess($resource) => $body,
            Wish::StripeAccess($resource) => $body,
            Wish::VercelDomain($resource) => $body,
            Wish::RenderDomain($resource) => $body,
            Wish::DnsZone($resource) => $body,
            Wish::DnsRecord($resource) => $body,
            Wish::DnsSeen($resource) => $body,
            Wish::DomainVerified($resource) => $body,
            Wish::SiteCertificate($resource) => $body,
            Wish::CodeVariables($resource) => $body,
            Wish::Cell($resource) => $body,
            Wish::RenderGroup($resource) => $body,
            Wish::RenderDeploy($resource) => $body,
            Wish::VercelVariables($resource) => $body,
            Wish::VercelRedeploy($resource) => $body,
            Wish::ApiAnswers($resource) => $body,
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
            Wish::RenderDeploy(wish) => Some(&wish.branch),
            Wish::VercelRedeploy(wish) => Some(&wish.branch),
            _ => None,
        }
    }

    /// The provider that it changes things at; `None`: it only looks at the network, or at the launch itself.
    pub fn provider(&self) -> Option<Provider> {
        Some(match self {
            Wish::DnsAccess(DnsAccess { holder, .. })
            | Wish::DnsZone(DnsZone { holder, .. })
            | Wish::DnsRecord(DnsRecord { holder, .. }) => match holder {
                Holder::GoDaddy => Provider::GoDaddy,
                Holder::Cloudflare => Provider::Cloudflare,
                Holder::ByHand => return None,
            },
            Wish::DomainVerified(DomainVerified { at, .. }) => match at {
                Claimed::Vercel(_) => Provider::Vercel,
                Claimed::Render(_) => Provider::Render,
            },
            Wish::DnsSeen(_) | Wish::SiteCertificate(_) | Wish::ApiAnswers(_) | Wish::Cell(_) => {
                return None;
            }
            Wish::StripeAccess(_) => Provider::Stripe,
            Wish::CodeVariables(_)
            | Wish::GithubAccess(_)
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
            | Wish::VercelFirstBuild(_)
            | Wish::VercelDomain(_)
            | Wish::VercelVariables(_)
            | Wish::VercelRedeploy(_) => Provider::Vercel,
            Wish::RenderAccess(_)
            | Wish::RenderApp(_)
            | Wish::RenderKeyValue(_)
            | Wish::RenderService(_)
            | Wish::RenderRedisAccess(_)
            | Wish::RenderDomain(_)
            | Wish::RenderGroup(_)
            | Wish::RenderDeploy(_) => Provider::Render,
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
            // What is deployed is compared with the branch's head.
            Wish::RenderDeploy(_) | Wish::VercelRedeploy(_) => &[Provider::GitHub],
            _ => &[],
        }
    }

    /// How often to look, unasked, whether a person has done what is done by hand; `None`: when that person says so.
    pub fn looks_for_hands(&self) -> Option<Duration> {
        match self {
            // The zone's own servers are asked, so it costs nobody anything and holds no answer back.
            Wish::DnsRecord(_) => Some(Duration::from_secs(30)),
            _ => None,
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
                | Wish::DnsZone(_)
        )
    }
}

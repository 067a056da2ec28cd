//! The closed list of what golive can make true. One variant, one file beside this one.

use crate::engine::Visiting;
use crate::error::Result;
use crate::plan::{Change, ItemId, Row};
use crate::resource::{
    BranchProtection, DynamicCors, GithubAccess, GithubBranch, Known, MainStability, Promotion,
    Resource,
};

#[derive(Clone, Debug)]
pub enum Wish {
    GithubAccess(GithubAccess),
    GithubBranch(GithubBranch),
    MainStability(MainStability),
    BranchProtection(BranchProtection),
    DynamicCors(DynamicCors),
    Promotion(Promotion),
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
        }
    };
}

impl Wish {
    /// One visit of the loop.
    pub async fn visit(&self, visiting: Visiting<'_>) -> Result<crate::engine::Visit> {
        with!(self, resource => visiting.visit(resource).await)
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
            Wish::GithubAccess(_) => None,
            Wish::GithubBranch(wish) => Some(&wish.name),
            Wish::MainStability(wish) => Some(&wish.branch),
            Wish::BranchProtection(wish) => Some(&wish.branch),
            Wish::DynamicCors(wish) => Some(&wish.base),
            Wish::Promotion(wish) => Some(&wish.base),
        }
    }

    /// Whether a person may leave it out with a reason: not what everything else rests on.
    pub fn may_be_left_out(&self) -> bool {
        !matches!(self, Wish::GithubAccess(_) | Wish::GithubBranch(_))
    }
}

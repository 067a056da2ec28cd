//! What a look at a promotion finds.

use std::collections::BTreeMap;

use super::{Beyond, Open, Promotion, Seen, Verdict};
use crate::plan::Observed;
use crate::provider::github::{Client, Pull, Review};
use crate::resource::{Cx, Look, absent_on_404, checks, in_force};

impl Promotion {
    pub(super) async fn look(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        let beyond = self.beyond(client).await?;
        let found = client.pulls(&self.head, &self.base, "open").await?;
        let open = match found.first() {
            Some(pull) => self.look_into(client, pull.number).await?,
            None => None,
        };
        let (mut closed, mut files) = (vec![], (Observed::Absent, Observed::Absent));
        if open.is_none() {
            closed = client.pulls(&self.head, &self.base, "closed").await?;
            files = self.files(client, &beyond).await?;
        }
        let merged = closed.iter().find(|pull| pull.is_merged());
        let merged_with_approval = match merged {
            Some(pull) if !self.review_by_other => {
                let reviews = last_words(&client.reviews(pull.number).await?);
                Some(reviews.values().any(|approves| *approves))
            }
            _ => None,
        };
        Ok(Seen {
            beyond,
            base_file: files.0,
            head_file: files.1,
            open,
            closed,
            merged_with_approval,
            page: client.page(),
            now: cx.now,
        })
    }

    async fn beyond(&self, client: &Client<'_>) -> Look<Beyond> {
        if let Observed::Present(comparison) =
            absent_on_404(client.compare(&self.base, &self.head).await)?
        {
            return Ok(Beyond::Known(comparison));
        }
        if absent_on_404(client.head(&self.base).await)?
            .present()
            .is_none()
        {
            return Ok(Beyond::NoBase);
        }
        match absent_on_404(client.head(&self.head).await)? {
            Observed::Present(_) => Ok(Beyond::NoCommonHistory),
            Observed::Absent | Observed::Unknown(_) => Ok(Beyond::NoHead),
        }
    }

    /// golive's file on base and head, where it can decide whether there is something to carry.
    async fn files(
        &self,
        client: &Client<'_>,
        beyond: &Beyond,
    ) -> Look<(
        Observed<crate::provider::github::File>,
        Observed<crate::provider::github::File>,
    )> {
        let head_is_there = match beyond {
            Beyond::Known(comparison) if comparison.ahead_by > 0 => true,
            Beyond::NoHead => false,
            _ => return Ok((Observed::Absent, Observed::Absent)),
        };
        let base = absent_on_404(client.file(&self.file, &self.base).await)?;
        let head = match head_is_there {
            true => absent_on_404(client.file(&self.file, &self.head).await)?,
            false => Observed::Absent,
        };
        Ok((base, head))
    }

    /// `None` when it was closed between the list and this look.
    async fn look_into(&self, client: &Client<'_>, number: u64) -> Look<Option<Open>> {
        let pull = client.pull(number).await?;
        if pull.state != "open" {
            return Ok(None);
        }
        let in_force = in_force::look(client, &self.base).await?;
        let reviews = match in_force.approvals > 0 && self.review_by_other {
            true => verdicts(client, &pull).await?,
            false => vec![],
        };
        Ok(Some(Open {
            checks: checks::look(client, &pull.head.sha).await?,
            deletes_head: self.deletes_head(client).await?,
            pull,
            in_force,
            reviews,
        }))
    }

    async fn deletes_head(&self, client: &Client<'_>) -> Look<bool> {
        if !self.long_lived || client.repository().await?.delete_branch_on_merge != Some(true) {
            return Ok(false);
        }
        let in_force = in_force::look(client, &self.head).await?;
        Ok(in_force.no_deletion.is_none())
    }
}

async fn verdicts(client: &Client<'_>, pull: &Pull) -> Look<Vec<Verdict>> {
    let mut verdicts = Vec::new();
    for (login, approves) in last_words(&client.reviews(pull.number).await?) {
        let may = absent_on_404(client.permission_of(&login).await)?;
        let may = may.present().map(String::as_str);
        verdicts.push(Verdict {
            counts: matches!(may, Some("admin" | "write" | "maintain")),
            login,
            approves,
        });
    }
    Ok(verdicts)
}

/// The last word of each reviewer, from reviews oldest first: true approves, false asks for changes. A comment is no
/// word, and a dismissed one is taken back.
pub(super) fn last_words(reviews: &[Review]) -> BTreeMap<String, bool> {
    let mut words = BTreeMap::new();
    for review in reviews {
        let Some(user) = &review.user else { continue };
        match review.state.as_str() {
            "APPROVED" => drop(words.insert(user.login.clone(), true)),
            "CHANGES_REQUESTED" => drop(words.insert(user.login.clone(), false)),
            "DISMISSED" => drop(words.remove(&user.login)),
            _ => {}
        }
    }
    words
}

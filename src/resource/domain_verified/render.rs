//! Render's word on a host: its one flag, and being asked to look.

use std::time::Duration;

use super::{ASK, Ask, Cx, DomainVerified, Found, Known, Look, Plan, Seen};
use crate::plan::{Evidence, Wait};
use crate::provider::render::CustomDomain;
use crate::resource::render_domain::on_service;

const LOOK: Duration = Duration::from_secs(20);
/// Render looks by itself too; it is asked again when that has led to nothing for so long. Fifty such calls an hour is
/// its limit, for all domains together.
const ASK_AGAIN: Duration = Duration::from_secs(10 * 60);
/// Within this Render has looked and said so.
const ANSWERS: Duration = Duration::from_secs(60);
const WORST: Duration = Duration::from_secs(60 * 60);

impl DomainVerified {
    pub(super) async fn at_render(&self, cx: &Cx<'_>, service: &str) -> Look<Found> {
        let found = on_service(cx.render()?, service, &self.host).await?;
        Ok(found.map_or(Found::Gone, Found::Render))
    }

    pub(super) fn of_render(&self, known: &Known, seen: &Seen, domain: &CustomDomain) -> Plan<Ask> {
        if domain.is_verified() {
            return Plan::Settled(
                Evidence::new(format!("read from Render: {} verified", self.host))
                    .note("Render says nothing of its certificate: that is looked at by itself"),
            );
        }
        let ago = self.asked_ago(known, seen);
        // Render may verify a host in spite of what is in the way, so it is asked first.
        if ago.is_some_and(|ago| ago >= ANSWERS)
            && let Some(blocker) = self.in_the_way(seen)
        {
            return Plan::Blocked(blocker);
        }
        let asked = known
            .sent
            .get(ASK)
            .map(|at| at.strftime("%H:%M UTC").to_string());
        match ago {
            Some(ago) if ago < ASK_AGAIN => Plan::Wait(Wait {
                condition: format!("Render verifies {}", self.host),
                expected: "verified".into(),
                seen: format!(
                    "unverified, asked at {}{}",
                    asked.unwrap_or_default(),
                    self.silence(seen)
                ),
                look_every: LOOK,
                worst_case: WORST,
                why: "Render looks in its own time and asks resolvers of its own, which may remember the old records for up \
                      to an hour"
                    .into(),
            }),
            _ => {
                let id = self.id(known).unwrap_or_default().to_string();
                Plan::Change(vec![self.ask(id, asked)])
            }
        }
    }
}

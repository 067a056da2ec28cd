//! The token for Vercel: whose it is, and the team that the launch uses.
//!
//! Nothing is ever written here. What the user's role does not tell is not known until first used.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::github_access::NoChange;
use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Evidence, Finding, Output, Outputs, Plan};
use crate::provider::http::CallError;
use crate::provider::vercel::{BILLING_PAGE, Client, TOKENS_PAGE, Team, TokenFacts, User, verdict};
use crate::provider::verdict::Verdict;

/// A token that ends within this time may end within the launch.
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 24 * 3600);
/// Roles that may not change a project in any case; others may be given it for single projects.
const ROLES_WITHOUT: [&str; 5] = [
    "VIEWER",
    "VIEWER_FOR_PLUS",
    "BILLING",
    "SECURITY",
    "CONTRIBUTOR",
];

/// The token for Vercel: whose it is, and the team that the launch uses.
#[derive(Clone, Debug)]
pub struct VercelAccess {
    /// The team's slug; absent: the token's own account.
    pub team: Option<String>,
}

pub struct Seen {
    user: User,
    /// `None` when Vercel does not show it to this token.
    token: Option<TokenFacts>,
    /// All that the token sees; `None` when Vercel does not list them.
    teams: Option<Vec<Team>>,
    team: TeamLook,
    now: Timestamp,
}

enum TeamLook {
    /// The user's own account, which has no team.
    Own,
    Found(Box<Team>),
    /// No such team, or none that this token reaches.
    NotSeen(String),
}

impl Resource for VercelAccess {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.vercel()?;
        let user = client.user().await?;
        let token = unless_refused(client.token().await)?;
        let teams = unless_refused(client.teams().await)?;
        let wanted = self.team.as_ref().or(user.default_team_id.as_ref());
        let team = match wanted {
            Some(wanted) => self.team_look(client, &user, wanted).await?,
            None => TeamLook::Own,
        };
        Ok(Seen {
            user,
            token,
            teams,
            team,
            now: cx.now,
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<NoChange> {
        if let TeamLook::NotSeen(wanted) = &seen.team {
            return Plan::Blocked(not_seen(seen, wanted));
        }
        if let Some(blocker) = other_account(known, seen) {
            return Plan::Blocked(blocker);
        }
        match unusable(seen) {
            Some(blocker) => Plan::Blocked(blocker),
            None => Plan::Settled(self.evidence(seen)),
        }
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let team = seen.team();
        let outputs = [
            ("account", Some(account(seen).0)),
            ("team_id", team.map(|team| team.id.clone())),
            ("team", Some(slug(seen).to_string())),
            ("username", seen.user.username.clone()),
            ("plan", plan(seen).map(str::to_owned)),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }
}

/// A refusal that is not about the token itself says only that this may not be seen.
fn unless_refused<T>(look: Result<T, CallError>) -> Look<Option<T>> {
    match look {
        Ok(value) => Ok(Some(value)),
        Err(error) => match (
            error.refusal().map(|refusal| refusal.status),
            verdict(&error, ""),
        ) {
            (_, Verdict::TokenRefused) => Err(error),
            (Some(403 | 404), _) => Ok(None),
            _ => Err(error),
        },
    }
}

impl Seen {
    fn team(&self) -> Option<&Team> {
        match &self.team {
            TeamLook::Found(team) => Some(team),
            TeamLook::Own | TeamLook::NotSeen(_) => None,
        }
    }

    fn user_name(&self) -> &str {
        self.user.username.as_deref().unwrap_or(&self.user.id)
    }
}

/// The name of team or account in Vercel's addresses.
fn slug(seen: &Seen) -> &str {
    seen.team().map_or(seen.user_name(), |team| &team.slug)
}

/// As it is shown and tied to, and its id: names may change.
fn account(seen: &Seen) -> (String, &str) {
    let id = seen.team().map_or(seen.user.id.as_str(), |team| &team.id);
    (format!("{} (id {id})", slug(seen)), id)
}

fn other_account(known: &Known, seen: &Seen) -> Option<Blocker> {
    let pinned = known.account.as_ref()?;
    let (shown, id) = account(seen);
    (!pinned.ends_with(&format!("(id {id})"))).then(|| Blocker::OtherAccount {
        pinned: pinned.clone(),
        seen: shown,
    })
}

fn plan(seen: &Seen) -> Option<&str> {
    let billing = match seen.team() {
        Some(team) => team.billing.as_ref(),
        None => seen.user.billing.as_ref(),
    };
    billing?.plan.as_deref()
}

fn not_seen(seen: &Seen, wanted: &str) -> Blocker {
    let slugs: Vec<String> = seen
        .teams
        .iter()
        .flatten()
        .map(|team| team.slug.clone())
        .collect();
    let sees = match (&seen.teams, slugs.is_empty()) {
        (None, _) => "Vercel does not list the teams it reaches".to_string(),
        (Some(_), true) => "it reaches no team".into(),
        (Some(_), false) => format!("it reaches {}", slugs.join(", ")),
    };
    Blocker::ByHand {
        what: format!(
            "Vercel shows no team {wanted} to this token of {}: {sees}. Correct `team` under [vercel] in golive.toml, or \
             make a token whose scope includes {wanted}",
            seen.user_name()
        ),
        url: Some(TOKENS_PAGE.into()),
        paste: slugs,
    }
}

/// Why nothing could be changed with this token, if so.
fn unusable(seen: &Seen) -> Option<Blocker> {
    let blocked = match seen.team() {
        Some(team) => team.soft_block.as_ref(),
        None => seen.user.soft_block.as_ref(),
    };
    if let Some(block) = blocked {
        return Some(Blocker::ByHand {
            what: format!(
                "settle what blocks {} at Vercel: {}",
                slug(seen),
                block.reason.as_deref().unwrap_or("it says no more")
            ),
            url: Some(BILLING_PAGE.into()),
            paste: vec![],
        });
    }
    let role = seen.team()?.membership.as_ref()?.role.as_deref()?;
    ROLES_WITHOUT.contains(&role).then(|| Blocker::Forbidden {
        what: format!("change projects of {}", slug(seen)),
        scope: format!(
            "a user with the role Member, {} is {}",
            seen.user_name(),
            role.to_lowercase()
        ),
        url: Some(format!(
            "https://vercel.com/{}/~/settings/members",
            slug(seen)
        )),
    })
}

impl VercelAccess {
    async fn team_look(&self, client: &Client<'_>, user: &User, wanted: &str) -> Look<TeamLook> {
        match unless_refused(client.team(wanted).await)? {
            Some(team) => Ok(TeamLook::Found(Box::new(team))),
            // The account's own name is no team's.
            None if user.username.as_deref() == Some(wanted) => Ok(TeamLook::Own),
            None => Ok(TeamLook::NotSeen(wanted.to_string())),
        }
    }

    fn evidence(&self, seen: &Seen) -> Evidence {
        let text = match seen.team() {
            Some(team) => format!(
                "{} reaches team {} ({})",
                seen.user_name(),
                team.slug,
                team.name.as_deref().unwrap_or("no name")
            ),
            None => format!("{} reaches their own account", seen.user_name()),
        };
        let mut evidence = Evidence::new(text).url(format!("https://vercel.com/{}", slug(seen)));
        for note in token_notes(seen).into_iter().chain(self.team_notes(seen)) {
            evidence = evidence.note(note);
        }
        evidence.findings(hobby(seen)).findings(expires_soon(seen))
    }

    fn team_notes(&self, seen: &Seen) -> Vec<String> {
        let mut notes = vec![match plan(seen) {
            Some(plan) => format!("plan {plan}"),
            None => "plan not shown; a product that is sold needs Pro".to_string(),
        }];
        if let Some(role) = seen
            .team()
            .and_then(|team| team.membership.as_ref()?.role.as_ref())
        {
            notes.push(format!(
                "role of {}: {}",
                seen.user_name(),
                role.to_lowercase()
            ));
        }
        if seen.team().is_some_and(|team| team.limited == Some(true)) {
            notes.push("Vercel shows only part of the team to this token".into());
        }
        let others: Vec<&str> = seen
            .teams
            .iter()
            .flatten()
            .map(|team| team.slug.as_str())
            .filter(|other| *other != slug(seen))
            .collect();
        if self.team.is_none() && !others.is_empty() {
            notes.push(format!(
                "golive.toml names no team, so the account's default is taken; it reaches {} too",
                others.join(", ")
            ));
        }
        notes
    }
}

fn token_notes(seen: &Seen) -> Vec<String> {
    let mut notes = vec![];
    match &seen.token {
        None => notes.push("Vercel does not show name and end of this token".into()),
        Some(token) => {
            let name = token.name.as_deref().unwrap_or("without a name");
            let team = seen.team().map(|team| team.id.as_str());
            notes.push(match token.expires(team) {
                Some(end) => format!("token {name}, expires on {}", end.strftime("%Y-%m-%d")),
                None => format!("token {name}, no expiry"),
            });
            notes.push(scopes(seen, token));
        }
    }
    if seen.user.limited == Some(true) {
        notes.push("Vercel shows only part of the account to this token (limited)".into());
    }
    notes
}

/// How far the token says that it reaches; that it reaches the team was seen.
fn scopes(seen: &Seen, token: &TokenFacts) -> String {
    let of = |kind: &str| {
        let kinds = token.scopes.iter();
        kinds
            .filter(|scope| scope.kind.as_deref() == Some(kind))
            .count()
    };
    let team = seen.team().map(|team| team.id.as_str());
    let ours = token
        .scopes
        .iter()
        .any(|scope| team.is_some() && scope.team_id.as_deref() == team);
    match (of("user"), of("team"), ours) {
        (0, 0, _) => "scope not shown".into(),
        (0, 1, true) => "scope: this team only".into(),
        (0, teams, true) => format!("scope: {teams} teams, this one among them"),
        (0, _, false) => "scope: other teams by name, and yet it reaches this one".into(),
        _ => "scope: the full account".into(),
    }
}

fn hobby(seen: &Seen) -> Option<Finding> {
    (plan(seen)? == "hobby").then(|| {
        Finding::new(
            "hobby",
            format!(
                "{} is on Vercel's Hobby plan, which is for non-commercial use only and deploys no private repository of \
                 a GitHub organisation",
                slug(seen)
            ),
            format!("choose Pro at {BILLING_PAGE}"),
        )
    })
}

fn expires_soon(seen: &Seen) -> Option<Finding> {
    let team = seen.team().map(|team| team.id.as_str());
    let end = seen.token.as_ref()?.expires(team)?;
    let soon = SignedDuration::try_from(EXPIRES_SOON).unwrap_or(SignedDuration::MAX);
    (end.duration_since(seen.now) < soon).then(|| {
        Finding::new(
            "expires",
            format!(
                "the Vercel token expires soon, on {}",
                end.strftime("%Y-%m-%d")
            ),
            format!("make a new one at {TOKENS_PAGE}, then: golive login vercel"),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ACCESS: VercelAccess = VercelAccess { team: None };

    fn seen(team: Value) -> Seen {
        let of = |slug: &str| json!({"id": format!("team_{slug}"), "slug": slug, "name": slug});
        let mut own = of("acme");
        if let (Some(own), Some(more)) = (own.as_object_mut(), team.as_object()) {
            own.extend(more.clone());
        }
        let user = json!({"id": "usr_1", "username": "ann", "defaultTeamId": "team_acme"});
        let token = json!({"name": "golive", "scopes": [{"type": "team", "teamId": "team_acme"}]});
        Seen {
            user: serde_json::from_value(user).unwrap(),
            token: Some(serde_json::from_value(token).unwrap()),
            teams: Some(vec![
                serde_json::from_value(of("acme")).unwrap(),
                serde_json::from_value(of("blog")).unwrap(),
            ]),
            team: TeamLook::Found(Box::new(serde_json::from_value(own).unwrap())),
            now: "2026-11-24T10:00:00Z".parse().unwrap(),
        }
    }

    fn settled(seen: &Seen) -> Evidence {
        match ACCESS.plan(&Known::default(), seen) {
            Plan::Settled(evidence) => evidence,
            other => panic!("not settled: {other:?}"),
        }
    }

    fn blocked(known: &Known, seen: &Seen) -> String {
        match ACCESS.plan(known, seen) {
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("not blocked: {other:?}"),
        }
    }

    #[test]
    fn a_token_that_works_says_whose_it_is_and_what_is_not_known() {
        let evidence = settled(&seen(json!({"membership": {"role": "OWNER"}})));
        assert_eq!(evidence.text, "ann reaches team acme (acme)");
        let notes = evidence.notes.join("\n");
        for note in [
            "token golive, no expiry",
            "scope: this team only",
            "plan not shown",
            "role of ann: owner",
            "it reaches blog too",
        ] {
            assert!(notes.contains(note), "{notes}");
        }
        let outputs = ACCESS.outputs(&seen(json!({})));
        assert_eq!(outputs["account"].text(), Some("acme (id team_acme)"));
        assert_eq!(outputs["team_id"].text(), Some("team_acme"));
        assert!(!outputs.contains_key("plan"));
    }

    #[test]
    fn the_hobby_plan_and_a_token_that_ends_soon_are_findings() {
        let mut seen = seen(json!({"billing": {"plan": "hobby"}}));
        let day = 24 * 3600 * 1000;
        let ends = seen.now.as_millisecond() + 13 * day;
        seen.token = Some(serde_json::from_value(json!({"expiresAt": ends})).unwrap());
        let evidence = settled(&seen);
        let codes: Vec<_> = evidence.findings.iter().map(|one| &*one.code).collect();
        assert_eq!(codes, ["hobby", "expires"]);
        assert!(evidence.findings[1].text.contains("2026-12-07"));
        seen.token = Some(serde_json::from_value(json!({"expiresAt": ends + 2 * day})).unwrap());
        assert_eq!(settled(&seen).findings.len(), 1);
    }

    #[test]
    fn a_wrong_team_is_told_with_those_the_token_reaches() {
        let mut seen = seen(json!({}));
        seen.team = TeamLook::NotSeen("shop".into());
        let told = blocked(&Known::default(), &seen);
        assert!(
            told.contains("no team shop to this token of ann: it reaches acme, blog"),
            "{told}"
        );
        seen.teams = None;
        assert!(blocked(&Known::default(), &seen).contains("does not list"));
    }

    #[test]
    fn a_token_of_another_account_is_refused_and_a_new_name_is_not() {
        let pinned = |account: &str| Known {
            account: Some(account.into()),
            ..Known::default()
        };
        let told = blocked(&pinned("blog (id team_blog)"), &seen(json!({})));
        assert_eq!(
            told,
            "the token belongs to acme (id team_acme), this launch is tied to blog (id team_blog)"
        );
        let renamed = ACCESS.plan(&pinned("old (id team_acme)"), &seen(json!({})));
        assert!(matches!(renamed, Plan::Settled(_)));
    }

    #[test]
    fn a_role_or_a_bill_that_forbids_changes_is_told_before_the_first() {
        let viewer = seen(json!({"membership": {"role": "VIEWER"}}));
        assert_eq!(
            blocked(&Known::default(), &viewer),
            "the token may not change projects of acme: it needs a user with the role Member, ann is viewer"
        );
        let unpaid = seen(json!({"softBlock": {"reason": "UNPAID_INVOICE"}}));
        assert!(blocked(&Known::default(), &unpaid).contains("UNPAID_INVOICE"));
    }
}

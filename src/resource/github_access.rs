//! GitHub's access: the token works, belongs to the account this launch is tied to, and reaches the repository.
//!
//! Nothing is ever written here. What only a write can prove is said to be not known until first used.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Applied, Cx, Known, Look, Resource};
use crate::plan::{Blocker, Change, Evidence, ItemId, Output, Outputs, Plan, Row};
use crate::provider::github::{
    Client, Repository, TokenFacts, TokenKind, User, accepted_permissions, needs_plan, sso_page,
};
use crate::provider::http::CallError;

/// A token that ends within this time may end within the launch.
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 24 * 3600);

#[derive(Clone, Debug)]
pub struct GithubAccess {
    /// The account that the operator named beforehand.
    pub expected_login: Option<String>,
}

pub struct Seen {
    user: User,
    token: TokenFacts,
    kind: Option<TokenKind>,
    repository: RepositoryLook,
    reach: Vec<Reach>,
    /// `owner/repository` as golive.toml has it.
    wanted: String,
    page: String,
    now: Timestamp,
}

enum RepositoryLook {
    Found(Box<Repository>),
    /// No such repository, or no access: GitHub does not say which.
    NotSeen,
    /// The token must be authorised for the organisation's single sign-on.
    SignOn {
        url: String,
    },
}

/// One kind of thing that a token may read or not, and why golive wants it.
struct Reach {
    what: &'static str,
    allowed: Allowed,
    /// Without it the launch cannot go on.
    needed: bool,
}

enum Allowed {
    Yes,
    /// The permission that would do.
    No(String),
    /// The plan has no such feature for private repositories.
    NeedsPlan,
    /// No answer that says yes or no.
    NotKnown(String),
}

/// There is nothing to change: a token is given, never made.
#[derive(Clone, Debug)]
pub enum NoChange {}

impl Change for NoChange {
    fn row(&self, _item: &ItemId) -> Row {
        match *self {}
    }
}

impl Resource for GithubAccess {
    type Seen = Seen;
    type Change = NoChange;

    async fn observe(&self, cx: &Cx<'_>) -> Look<Seen> {
        let client = cx.client()?;
        let (user, token) = client.user().await?;
        let repository = match client.repository().await {
            Ok(repository) => RepositoryLook::Found(Box::new(repository)),
            Err(error) if error.is_status(404) => RepositoryLook::NotSeen,
            Err(error) => match sso_page(&error) {
                Some(url) => RepositoryLook::SignOn { url },
                None => return Err(error),
            },
        };
        let reach = match &repository {
            RepositoryLook::Found(found) => {
                probe(client, found.default_branch.as_deref().unwrap_or("main")).await?
            }
            _ => Vec::new(),
        };
        Ok(Seen {
            user,
            token,
            kind: client.token_kind,
            repository,
            reach,
            wanted: client.full_name(),
            page: client.page(),
            now: cx.now,
        })
    }

    fn plan(&self, known: &Known, seen: &Seen) -> Plan<NoChange> {
        if let Some(blocker) = self.other_account(known, &seen.user) {
            return Plan::Blocked(blocker);
        }
        match &seen.repository {
            RepositoryLook::NotSeen => Plan::Blocked(not_seen(seen)),
            RepositoryLook::SignOn { url } => Plan::Blocked(Blocker::ByHand {
                what: "authorise the token for the organisation's single sign-on".into(),
                url: Some(url.clone()),
                paste: vec![],
            }),
            RepositoryLook::Found(repository) => match unusable(seen, repository) {
                Some(blocker) => Plan::Blocked(blocker),
                None => Plan::Settled(evidence(seen, repository)),
            },
        }
    }

    async fn apply(&self, _cx: &Cx<'_>, change: &NoChange) -> Result<Applied, CallError> {
        match *change {}
    }

    fn outputs(&self, seen: &Seen) -> Outputs {
        let RepositoryLook::Found(repository) = &seen.repository else {
            return Outputs::new();
        };
        let user = &seen.user;
        let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string());
        let outputs = [
            ("account", Some(account(user))),
            ("login", Some(user.login.clone())),
            ("repository", Some(repository.full_name.clone())),
            ("default_branch", repository.default_branch.clone()),
            (
                "delete_branch_on_merge",
                flag(repository.delete_branch_on_merge),
            ),
            ("private", flag(repository.private)),
            (
                "plan",
                user.plan.as_ref().and_then(|plan| plan.name.clone()),
            ),
        ];
        outputs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Output::Text(value?))))
            .collect()
    }
}

fn account(user: &User) -> String {
    format!("{} (id {})", user.login, user.id)
}

impl GithubAccess {
    /// An account is known by its id: its login may change.
    fn other_account(&self, known: &Known, user: &User) -> Option<Blocker> {
        let seen = account(user);
        if let Some(pinned) = &known.account {
            let same = pinned == &seen || pinned.ends_with(&format!("(id {})", user.id));
            return (!same).then(|| Blocker::OtherAccount {
                pinned: pinned.clone(),
                seen,
            });
        }
        let expected = self.expected_login.as_ref()?;
        (!expected.eq_ignore_ascii_case(&user.login)).then(|| Blocker::OtherAccount {
            pinned: expected.clone(),
            seen,
        })
    }
}

/// What a GET can prove: each answers 403 when the permission is missing. 404 and 409 say that there is nothing, so
/// that it may be read.
async fn probe(client: &Client<'_>, branch: &str) -> Look<Vec<Reach>> {
    let name: String = url::form_urlencoded::byte_serialize(branch.as_bytes()).collect();
    let name = name.replace('+', "%20");
    let probes = [
        ("contents", format!("/git/ref/heads%2F{name}"), true),
        ("pull requests", "/pulls?per_page=1".into(), true),
        (
            "branch protection",
            format!("/branches/{name}/protection"),
            false,
        ),
        (
            "commit statuses",
            format!("/commits/{name}/status?per_page=1"),
            false,
        ),
        (
            "check runs",
            format!("/commits/{name}/check-runs?per_page=1"),
            false,
        ),
        ("workflow runs", "/actions/runs?per_page=1".into(), false),
    ];
    let mut reach = Vec::new();
    for (what, path, needed) in probes {
        reach.push(Reach {
            what,
            allowed: allowed(client.probe(&path).await)?,
            needed,
        });
    }
    Ok(reach)
}

fn allowed(probe: Result<(), CallError>) -> Look<Allowed> {
    let Err(error) = probe else {
        return Ok(Allowed::Yes);
    };
    let Some(refusal) = error.refusal() else {
        return Err(error);
    };
    match refusal.status {
        403 if needs_plan(&error) => Ok(Allowed::NeedsPlan),
        403 => Ok(Allowed::No(accepted_permissions(&error).unwrap_or_else(
            || format!("a permission GitHub does not name ({})", refusal.message),
        ))),
        // Protection's plain 404 comes from a user who is no admin.
        404 if refusal.says("not protected") || refusal.says("branch not found") => {
            Ok(Allowed::Yes)
        }
        409 => Ok(Allowed::Yes),
        404 | 422 => Ok(Allowed::NotKnown(refusal.message.clone())),
        _ => Err(error),
    }
}

fn not_seen(seen: &Seen) -> Blocker {
    Blocker::ByHand {
        what: format!(
            "GitHub shows no repository {} to {}: it does not exist, or this token may not see it. Correct the name in \
             golive.toml, or give the token access to it (a fine-grained token may wait for the organisation's approval)",
            seen.wanted, seen.user.login
        ),
        url: Some(seen.page.clone()),
        paste: vec![],
    }
}

/// Why the repository cannot be worked on, if so.
fn unusable(seen: &Seen, repository: &Repository) -> Option<Blocker> {
    let settings = format!("{}/settings", seen.page);
    let by_hand = |what: String, url: String, paste: Vec<String>| {
        let url = Some(url);
        Some(Blocker::ByHand { what, url, paste })
    };
    let full_name = &repository.full_name;
    if !full_name.eq_ignore_ascii_case(&seen.wanted) {
        return by_hand(
            format!(
                "{} is called {full_name} now: write that name in golive.toml",
                seen.wanted
            ),
            seen.page.clone(),
            vec![full_name.clone()],
        );
    }
    if repository.archived == Some(true) {
        return by_hand(
            format!("unarchive {full_name}: GitHub takes no change of an archived repository"),
            settings,
            vec![],
        );
    }
    if repository.disabled == Some(true) {
        return by_hand(
            format!("{full_name} was disabled by GitHub: ask its support why"),
            "https://support.github.com".into(),
            vec![],
        );
    }
    let forbidden = |what: String, scope: String| {
        Some(Blocker::Forbidden {
            what,
            scope,
            url: Some("https://github.com/settings/tokens".into()),
        })
    };
    let role = repository.permissions.as_ref();
    if role.is_some_and(|role| role.push == Some(false)) {
        let scope = format!(
            "a user with the role write, {} may only read",
            seen.user.login
        );
        return forbidden(format!("change {full_name}"), scope);
    }
    let public = repository.private == Some(false);
    if let Some(scopes) = &seen.token.scopes {
        let enough = scopes
            .iter()
            .any(|scope| scope == "repo" || (public && scope == "public_repo"));
        if !enough {
            return forbidden(format!("change {full_name}"), "the scope repo".into());
        }
    }
    let missing = seen.reach.iter().filter(|reach| reach.needed);
    missing.into_iter().find_map(|reach| match &reach.allowed {
        Allowed::No(scope) => forbidden(format!("read {}", reach.what), scope.clone()),
        _ => None,
    })
}

fn evidence(seen: &Seen, repository: &Repository) -> Evidence {
    let visibility = match repository.private {
        Some(true) => "private",
        Some(false) => "public",
        None => "visibility not shown",
    };
    let mut evidence = Evidence::new(format!(
        "{} reaches {} ({visibility})",
        seen.user.login, repository.full_name
    ))
    .url(&seen.page);
    for note in token_notes(seen)
        .into_iter()
        .chain(repository_notes(seen, repository))
    {
        evidence = evidence.note(note);
    }
    evidence
}

fn token_notes(seen: &Seen) -> Vec<String> {
    let kind = seen
        .kind
        .map_or("token of a kind golive does not know", TokenKind::in_words);
    let mut notes = vec![kind.to_string()];
    match &seen.token.scopes {
        Some(scopes) => notes.push(format!("scopes: {}", scopes.join(", "))),
        None => notes.push(
            "GitHub lists no scopes for this token; what it may write is not known until first used"
                .into(),
        ),
    }
    notes.push(match seen.token.expires {
        None => "expiry: GitHub names none".into(),
        Some(end) => {
            let soon = SignedDuration::try_from(EXPIRES_SOON).unwrap_or(SignedDuration::MAX);
            let day = end.strftime("%Y-%m-%d");
            match end.duration_since(seen.now) < soon {
                true => format!("expires soon, on {day}: make a new one before it ends"),
                false => format!("expires on {day}"),
            }
        }
    });
    for reach in &seen.reach {
        let what = reach.what;
        notes.push(match &reach.allowed {
            Allowed::Yes => format!("may read {what}"),
            Allowed::No(scope) => format!("may not read {what}: needs {scope}"),
            Allowed::NeedsPlan => format!("{what}: not in this plan for a private repository"),
            Allowed::NotKnown(why) => format!("{what}: not known whether readable ({why})"),
        });
    }
    notes
}

fn repository_notes(seen: &Seen, repository: &Repository) -> Vec<String> {
    let mut notes = Vec::new();
    match &repository.permissions {
        Some(role) => notes.push(format!(
            "role of {}: {} (the person's, not the token's power)",
            seen.user.login,
            role.role()
        )),
        None => notes.push(format!("role of {}: not shown", seen.user.login)),
    }
    match repository.delete_branch_on_merge {
        Some(true) => notes.push(
            "merged branches are deleted automatically: develop and staging need a rule against deletion"
                .into(),
        ),
        Some(false) => {}
        None => notes.push("whether merged branches are deleted automatically is not shown".into()),
    }
    if repository.allow_merge_commit == Some(false) {
        notes.push("merge commits are switched off: golive's promotions need them".into());
    }
    let gated = |reach: &Reach| matches!(reach.allowed, Allowed::NeedsPlan);
    if seen.reach.iter().any(gated) {
        notes.push("private repository on a free plan: GitHub offers no branch rules here".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ACCESS: GithubAccess = GithubAccess {
        expected_login: None,
    };

    fn seen(change: impl FnOnce(&mut serde_json::Value)) -> Seen {
        let mut repository = json!({
            "full_name": "acme/shop", "private": true, "archived": false, "default_branch": "main",
            "delete_branch_on_merge": false, "permissions": {"admin": true, "push": true, "pull": true}
        });
        change(&mut repository);
        Seen {
            user: serde_json::from_value(json!({"login": "ann", "id": 7})).unwrap(),
            token: TokenFacts {
                scopes: Some(vec!["repo".into()]),
                expires: None,
            },
            kind: Some(TokenKind::Classic),
            repository: RepositoryLook::Found(Box::new(
                serde_json::from_value(repository).unwrap(),
            )),
            reach: vec![],
            wanted: "acme/shop".into(),
            page: "https://github.com/acme/shop".into(),
            now: "2026-11-24T10:00:00Z".parse().unwrap(),
        }
    }

    fn blocked(known: &Known, seen: &Seen) -> String {
        match ACCESS.plan(known, seen) {
            Plan::Blocked(blocker) => blocker.sentence(),
            other => panic!("not blocked: {other:?}"),
        }
    }

    fn notes(seen: &Seen) -> String {
        match ACCESS.plan(&Known::default(), seen) {
            Plan::Settled(evidence) => evidence.notes.join("\n"),
            other => panic!("not settled: {other:?}"),
        }
    }

    #[test]
    fn a_token_that_works_is_evidence_with_all_that_reading_shows() {
        let mut seen = seen(|_| {});
        seen.reach.push(Reach {
            what: "check runs",
            allowed: Allowed::No("checks=read".into()),
            needed: false,
        });
        let notes = notes(&seen);
        assert!(
            notes.contains(
                "personal access token (classic)\nscopes: repo\nexpiry: GitHub names none"
            ),
            "{notes}"
        );
        assert!(
            notes.contains("may not read check runs: needs checks=read"),
            "{notes}"
        );
        assert!(
            notes.contains("role of ann: admin (the person's, not the token's power)"),
            "{notes}"
        );
    }

    #[test]
    fn a_fine_grained_token_says_what_is_not_known_yet() {
        let mut seen = seen(|_| {});
        seen.token = TokenFacts {
            scopes: None,
            expires: Some("2026-11-30T00:00:00Z".parse().unwrap()),
        };
        let notes = notes(&seen);
        assert!(notes.contains("not known until first used"), "{notes}");
        assert!(notes.contains("expires soon, on 2026-11-30"), "{notes}");
    }

    #[test]
    fn a_token_of_another_account_is_refused() {
        let pinned = |account: &str| Known {
            account: Some(account.into()),
            ..Known::default()
        };
        assert_eq!(
            blocked(&pinned("bob (id 8)"), &seen(|_| {})),
            "the token belongs to ann (id 7), this launch is tied to bob (id 8)"
        );
        // The same account under a new login is the same account.
        assert!(matches!(
            ACCESS.plan(&pinned("anne (id 7)"), &seen(|_| {})),
            Plan::Settled(_)
        ));
        let named = GithubAccess {
            expected_login: Some("bob".into()),
        };
        assert!(matches!(
            named.plan(&Known::default(), &seen(|_| {})),
            Plan::Blocked(_)
        ));
    }

    #[test]
    fn a_repository_that_cannot_be_worked_on_says_why() {
        let known = Known::default();
        let archived = blocked(
            &known,
            &seen(|repository| repository["archived"] = true.into()),
        );
        assert!(archived.contains("unarchive acme/shop"), "{archived}");
        let renamed = blocked(
            &known,
            &seen(|repository| repository["full_name"] = "acme/store".into()),
        );
        assert!(
            renamed.contains("acme/shop is called acme/store now"),
            "{renamed}"
        );
        let reader = blocked(
            &known,
            &seen(|repository| repository["permissions"]["push"] = false.into()),
        );
        assert!(reader.contains("may only read"), "{reader}");
        let mut missing = seen(|_| {});
        missing.repository = RepositoryLook::NotSeen;
        let missing = blocked(&known, &missing);
        assert!(
            missing.contains("does not exist, or this token may not see it"),
            "{missing}"
        );
        let mut scopes = seen(|_| {});
        scopes.token.scopes = Some(vec!["gist".into()]);
        assert_eq!(
            blocked(&known, &scopes),
            "the token may not change acme/shop: it needs the scope repo"
        );
    }
}

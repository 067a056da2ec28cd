//! What a refusal of Atlas means: a key that is not taken, a role or an address that is missing, a bill.

use crate::plan::Blocker;
use crate::provider::http::{CallError, Refusal};
use crate::provider::verdict::Verdict;

use super::TOKEN_PATH;

/// Where Atlas' own pages are.
pub const SITE: &str = "https://cloud.mongodb.com";

/// Atlas says 401 where the key is known and a role is missing.
const ROLE_MISSING: [&str; 5] = [
    "USER_UNAUTHORIZED",
    "NOT_IN_GROUP",
    "USER_CANNOT_ACCESS_GROUP",
    "USER_CANNOT_ACCESS_ORG",
    "NOT_ORG_GROUP_CREATOR",
];

/// The list of addresses that a service account or key may be used from; not the database's. Older servers say
/// WHITELIST.
const ADDRESS_MISSING: [&str; 4] = [
    "IP_ADDRESS_NOT_ON_ACCESS_LIST",
    "IP_ADDRESS_NOT_ON_WHITELIST",
    "ORG_REQUIRES_ACCESS_LIST",
    "ORG_REQUIRES_WHITELIST",
];

/// 403 that is a bound and no permission.
const FULL: [&str; 3] = [
    "GROUP_USERS_LIMIT_EXCEEDED",
    "ATLAS_NETWORK_PERMISSIONS_LIMIT_EXCEEDED",
    "HOURLY_BILLING_LIMIT_EXCEEDED",
];

/// The world was not as the look showed it.
const RACES: [&str; 2] = ["DUPLICATE_CLUSTER_NAME", "USER_ALREADY_EXISTS"];

/// The key is known, and may not do this.
pub fn lacks_role(error: &CallError) -> bool {
    let code = error.code().unwrap_or_default();
    match error.refusal().map(|refusal| refusal.status) {
        Some(401) => ROLE_MISSING.contains(&code),
        Some(403) => !ADDRESS_MISSING.contains(&code) && !FULL.contains(&code),
        _ => false,
    }
}

/// The token itself is not taken, whatever it would be allowed.
pub(super) fn token_not_taken(error: &CallError) -> bool {
    error.is_status(401) && !lacks_role(error)
}

/// What follows from a refusal of Atlas; `what` completes "the token may not …".
pub fn verdict(error: &CallError, what: &str) -> Verdict {
    let Some(refusal) = error.refusal() else {
        return Verdict::Plain;
    };
    let code = refusal.code.as_deref().unwrap_or_default();
    if ADDRESS_MISSING.contains(&code) {
        return Verdict::Blocked(not_from_here(refusal));
    }
    if refusal.call.path.starts_with(TOKEN_PATH) && matches!(refusal.status, 400 | 401 | 403) {
        return Verdict::TokenRefused;
    }
    if lacks_role(error) {
        return Verdict::Blocked(Blocker::Forbidden {
            what: what.into(),
            scope: role_for(&refusal.call.method, &refusal.call.path).into(),
            url: Some(format!("{SITE}/v2#/preferences/organizations")),
        });
    }
    match refusal.status {
        401 => Verdict::TokenRefused,
        402 => Verdict::Blocked(Blocker::ByHand {
            what: format!(
                "give Atlas a payment method (Organization → Billing): {}",
                refusal.message
            ),
            url: Some(SITE.into()),
            paste: vec![],
        }),
        400 | 409 if RACES.contains(&code) => Verdict::Race,
        _ => Verdict::Plain,
    }
}

/// Told apart from the list that the databases have: this one belongs to the service account or key itself.
fn not_from_here(refusal: &Refusal) -> Blocker {
    let address = refusal.fields.get("parameters").cloned();
    let address = address.filter(|text| text.parse::<std::net::IpAddr>().is_ok());
    let shown = match &address {
        Some(address) => format!("{address}, this machine's address as Atlas sees it,"),
        None => "this machine's public address".into(),
    };
    Blocker::ByHand {
        what: format!(
            "put {shown} on the API access list of the service account or API key: Atlas, Organization → Access Manager → \
             Applications → the service account → API Access List. (It is not the IP access list of the databases.) Atlas \
             says: {}",
            refusal.message
        ),
        url: Some(SITE.into()),
        paste: address.into_iter().collect(),
    }
}

/// The least role that allows the call, and the one that allows all of them.
fn role_for(method: &str, path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or(path);
    match method {
        "GET" if path.contains("/groups") => "the role Project Read Only on the project, or more",
        "GET" => "the role Organization Member",
        _ if path.contains("/databaseUsers") => {
            "the role Project Database Access Admin on the project (Project Owner has it)"
        }
        _ if path.contains("/accessList") => {
            "the role Project Network Access Manager on the project (Project Owner has it)"
        }
        "POST" if path.ends_with("/clusters") => {
            "the role Project Cluster Creator on the project (Project Owner has it)"
        }
        _ => "the role Project Owner on the project",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::FailedCall;
    use crate::plan::Provider;

    fn refused(method: &str, path: &str, status: u16, code: &str, parameters: &str) -> CallError {
        CallError::Refused(Box::new(Refusal {
            provider: Provider::Atlas,
            call: FailedCall {
                method: method.into(),
                path: path.into(),
                status: Some(status),
                request_id: None,
            },
            status,
            message: "as Atlas words it".into(),
            errors: vec![],
            code: Some(code.into()),
            fields: BTreeMap::from([("parameters".into(), parameters.into())]),
            headers: BTreeMap::new(),
        }))
    }

    fn blocked(error: &CallError) -> Blocker {
        match verdict(error, "create cluster x") {
            Verdict::Blocked(blocker) => blocker,
            other => panic!("not blocked: {other:?}"),
        }
    }

    const CLUSTERS: &str = "/api/atlas/v2/groups/1/clusters";

    #[test]
    fn a_401_is_a_bad_key_or_a_missing_role() {
        let bad = refused("GET", CLUSTERS, 401, "UNEXPECTED_ERROR", "");
        assert!(matches!(verdict(&bad, "x"), Verdict::TokenRefused));
        let role = refused("POST", CLUSTERS, 401, "USER_UNAUTHORIZED", "");
        assert_eq!(
            blocked(&role).sentence(),
            "the token may not create cluster x: it needs the role Project Cluster Creator on the project (Project Owner \
             has it)"
        );
        let secret = refused("POST", TOKEN_PATH, 400, "invalid_client", "");
        assert!(matches!(verdict(&secret, "x"), Verdict::TokenRefused));
    }

    #[test]
    fn the_api_access_list_is_told_apart_from_the_databases() {
        let elsewhere = refused(
            "GET",
            CLUSTERS,
            403,
            "IP_ADDRESS_NOT_ON_ACCESS_LIST",
            "203.0.113.9",
        );
        let Blocker::ByHand { what, paste, .. } = blocked(&elsewhere) else {
            panic!("not by hand");
        };
        assert!(
            what.contains("203.0.113.9, this machine's address") && what.contains("not the IP")
        );
        assert_eq!(paste, ["203.0.113.9"]);
        let none = refused("GET", CLUSTERS, 403, "ORG_REQUIRES_ACCESS_LIST", "");
        assert!(
            blocked(&none)
                .sentence()
                .contains("this machine's public address")
        );
    }

    #[test]
    fn bills_races_and_bounds_are_what_they_are() {
        let bill = refused("POST", CLUSTERS, 402, "NO_PAYMENT_INFORMATION_FOUND", "1");
        assert!(blocked(&bill).sentence().contains("payment method"));
        for code in ["DUPLICATE_CLUSTER_NAME", "USER_ALREADY_EXISTS"] {
            let race = refused("POST", CLUSTERS, 409, code, "");
            assert!(matches!(verdict(&race, "x"), Verdict::Race));
        }
        let full = refused(
            "POST",
            "/x/databaseUsers",
            403,
            "GROUP_USERS_LIMIT_EXCEEDED",
            "100",
        );
        assert!(matches!(verdict(&full, "x"), Verdict::Plain));
        let capacity = refused("POST", CLUSTERS, 409, "OUT_OF_CAPACITY", "");
        assert!(matches!(verdict(&capacity, "x"), Verdict::Plain));
    }
}

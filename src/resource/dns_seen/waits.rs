//! What is waited for while the world does not see a host yet: condition, expected, seen, next look, worst case and why.

use std::time::Duration;

use super::{Asked, Seen, is_failing};
use crate::plan::Wait;
use crate::resource::zone::ask::{Said, span};

/// Providers serve a new record within seconds to a few minutes. Later than that it was not written.
const SERVED_MAX: Duration = Duration::from_secs(5 * 60);
/// Of a host that golive does not know, the second server may take the zone from the first only now and then.
const SERVED_ELSEWHERE_MAX: Duration = Duration::from_secs(60 * 60);
const OWN_LOOK: Duration = Duration::from_secs(10);
const LOOK_MIN: u32 = 5;
const LOOK_MAX: u32 = 30;
/// A resolver that fails may remember for so long that it failed, in seconds (RFC 2308).
const FAILURE_MAX: u32 = 5 * 60;
/// For clocks that differ, and for resolvers that have several memories, in seconds.
const SLACK: u32 = 60;
/// A provider gives a target its addresses at once; more is its trouble.
const ADDRESS_MAX: Duration = Duration::from_secs(15 * 60);

/// The zone's own servers do not all serve it.
pub(super) fn not_served(seen: &Seen, asked: &Asked) -> Wait {
    let differs = |said: &Said| matches!(said, Said::Other { .. });
    let state = match asked.own.iter().any(|(_, said)| differs(said)) {
        true => "conflicting",
        false => "written, not served",
    };
    let known = matches!(seen.hosted_by.as_str(), "GoDaddy" | "Cloudflare");
    let (worst_case, why) = match known {
        true => (
            SERVED_MAX,
            format!(
                "{} serves a new record within minutes; after five, it was most likely not written",
                seen.hosted_by
            ),
        ),
        false => (
            SERVED_ELSEWHERE_MAX,
            "most hosts serve a new record within minutes, some within the hour".to_string(),
        ),
    };
    Wait {
        condition: format!("the zone's own servers serve {}", asked.wish.name),
        expected: format!("{} at {}", asked.wish.shown(), names(&asked.own)),
        seen: format!("{state}: {}", each(&asked.own)),
        look_every: OWN_LOOK,
        worst_case,
        why,
    }
}

/// Its own servers serve it, and a public resolver remembers something else.
pub(super) fn stale(seen: &Seen, asked: &Asked) -> Wait {
    let left = |said: &Said| match said {
        Said::Other { ttl, .. } => *ttl,
        // What is not told may be as long as the zone allows.
        Said::Nothing { remembered } => remembered.or(seen.negative).unwrap_or(3600),
        Said::Trouble(_) if is_failing(said) => FAILURE_MAX,
        Said::Trouble(_) | Said::Wished | Said::Flattened | Said::Silent(_) => 0,
    };
    let wrong = asked.public.iter().filter(|(_, said)| !said.is_right());
    let wrong: Vec<(String, Said)> = wrong.cloned().collect();
    let longest = wrong.iter().map(|(_, said)| left(said)).max().unwrap_or(0);
    // A wait is measured from its first look, so its bound may not shrink with what is left.
    let (old, none) = (
        seen.old_ttl.unwrap_or_default(),
        seen.negative.unwrap_or_default(),
    );
    let bound = |said: &Said| match said {
        Said::Other { .. } => old,
        Said::Nothing { .. } => none,
        said => left(said),
    };
    let whole = wrong.iter().map(|(_, said)| bound(said)).max().unwrap_or(0);
    let whole = whole.max(longest);
    Wait {
        condition: format!("public resolvers show {}", asked.wish.name),
        expected: format!("{} at {}", asked.wish.shown(), names(&asked.public)),
        seen: format!("served, resolver stale (≤ {longest} s): {}", each(&wrong)),
        look_every: Duration::from_secs(longest.saturating_add(1).clamp(LOOK_MIN, LOOK_MAX).into()),
        worst_case: Duration::from_secs(whole.saturating_add(SLACK).into()),
        why: because(&wrong, whole),
    }
}

fn because(wrong: &[(String, Said)], whole: u32) -> String {
    let has = |test: fn(&Said) -> bool| wrong.iter().any(|(_, said)| test(said));
    let span = span(whole);
    if has(is_failing) {
        return "a resolver that fails (SERVFAIL) tries again within five minutes; if it goes on failing while the zone's own \
                servers answer, DNSSEC is broken: look at dnsviz.net"
            .into();
    }
    match has(|said| matches!(said, Said::Other { .. })) {
        true => format!(
            "a resolver keeps what it has learned until its time is over: the old record's TTL is {span}"
        ),
        false => format!(
            "a resolver remembers that there was none for {span}: the smaller of the TTL and the minimum of the zone's SOA"
        ),
    }
}

/// The name leads along, and there is no address at its end.
pub(super) fn no_address(seen: &Seen, host: &str) -> Wait {
    let end = seen.chain.last().map_or(host, String::as_str);
    Wait {
        condition: format!("{end} has an address"),
        expected: "an IPv4 address at the end of the chain".into(),
        seen: format!("{host} → {}, and no address there", seen.chain.join(" → ")),
        look_every: Duration::from_secs(LOOK_MAX.into()),
        worst_case: ADDRESS_MAX,
        why: "a provider gives its names their addresses when it takes the domain; later is its trouble".into(),
    }
}

fn names(said: &[(String, Said)]) -> String {
    let names: Vec<&str> = said.iter().map(|(name, _)| name.as_str()).collect();
    names.join(", ")
}

fn each(said: &[(String, Said)]) -> String {
    let each = said.iter().map(|(name, said)| match said {
        Said::Silent(why) => format!("{name} gives no answer ({why})"),
        said => format!("{name} says {said}"),
    });
    each.collect::<Vec<_>>().join("; ")
}

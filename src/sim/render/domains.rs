//! Custom domains of web services: claimed, verified when the world's DNS leads to the service, and their certificates.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::due::Due;
use super::services::find;
use super::spec::Kind;
use super::state::{Domain, Server, State, moment};
use super::wire::{
    Outcome, Reply, accepted, any_place, body, invalid, no_content, not_found, ok, page, passes,
    refuse, reply, text, time,
};
use super::{Cx, Render, body as shown};
use crate::seam::resolver::RecordKind;
use crate::sim::ledger::{MadeBy, Provider};
use crate::sim::service::Around;
use crate::sim::targets;

/// The address that the apex of a domain may point to where it can have no CNAME.
pub const APEX: &str = "216.24.57.1";
/// Who issues Render's certificates: a set of CAA records must allow both.
const ISSUERS: [&str; 2] = ["letsencrypt.org", "pki.goog"];
/// How often a name is looked at that does not lead here yet, and for how long it is done so often.
const EVERY: SignedDuration = SignedDuration::from_mins(5);
const OFTEN_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How often after that, and how often a certificate is asked for that could not be issued.
const SELDOM: SignedDuration = SignedDuration::from_hours(1);

/// Suffixes of two labels under which names are registered, as far as this world knows them.
const DOUBLE: [&str; 6] = ["co.uk", "org.uk", "com.au", "co.jp", "com.br", "co.nz"];

pub const ALLOWANCE: &str = "The custom domains that your plan includes are used up. To add more, visit https://dashboard.render.com/billing";

/// The public suffix of a name.
pub fn suffix(name: &str) -> &str {
    let double = DOUBLE.iter().find(|suffix| {
        let rest = name.strip_suffix(**suffix);
        rest.is_some_and(|rest| rest.ends_with('.'))
    });
    let double = double.copied();
    double.unwrap_or_else(|| name.rsplit('.').next().unwrap_or(name))
}

/// Whether a name is registered as such, not below another.
pub fn is_apex(name: &str) -> bool {
    let rest = name.strip_suffix(suffix(name)).unwrap_or_default();
    !rest.trim_end_matches('.').contains('.')
}

/// The name that comes along: `www` beside an apex, and the apex beside `www`.
fn twin(name: &str) -> Option<String> {
    if is_apex(name) {
        return Some(format!("www.{name}"));
    }
    let rest = name.strip_prefix("www.")?;
    is_apex(rest).then(|| rest.to_owned())
}

fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

/// The domain of a service by its id or name.
fn domain_of<'s>(
    state: &'s State,
    service: &str,
    name: &str,
) -> Result<&'s Arc<Domain>, Box<Reply>> {
    find(state, service)?;
    let mut domains = state.domains.values();
    let found = domains.find(|one| one.service == service && (one.id == name || one.name == name));
    found.ok_or_else(|| not_found(name))
}

pub fn list(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, at) = cx.list_view();
    let service = find(&state, id)?;
    let before = time(cx.request, "createdBefore")?;
    let after = time(cx.request, "createdAfter")?;
    let call = cx.visit.call;
    let found = state
        .domains
        .values()
        .filter(|domain| {
            domain.service == id
                && passes(call, "name", &domain.name)
                && before.is_none_or(|before| domain.created_at < before)
                && after.is_none_or(|after| domain.created_at > after)
        })
        .map(|domain| {
            let place = any_place(cx.hub.seed, &domain.id);
            (place, shown::domain(domain, at, Some(service)))
        })
        .filter(|(_, domain)| {
            ["domainType", "verificationStatus"].iter().all(|field| {
                let value = domain[*field].as_str().unwrap_or_default();
                passes(call, field, value)
            })
        })
        .collect();
    page(cx.request, "customDomain", found)
}

pub fn one(cx: &Cx<'_>, id: &str, name: &str) -> Outcome {
    let (state, at) = cx.view();
    let domain = domain_of(&state, id, name)?;
    let service = find(&state, id)?;
    Ok(ok(shown::domain(domain, at, Some(service))))
}

/// Claims a name, and the one that comes along with it.
pub fn add(cx: &mut Cx<'_>, id: &str) -> Outcome {
    let service = Arc::clone(find(cx.current(), id)?);
    let name = text(body(cx.request)?, "name")?.unwrap_or_default();
    let name = name.trim().trim_end_matches('.').to_lowercase();
    if service.kind != Kind::WebService {
        return Err(invalid("custom domains are for web services only"));
    }
    if !is_host(&name) || name.ends_with(".onrender.com") {
        return Err(invalid(&format!("invalid domain name: {name}")));
    }
    may_claim(cx, &service, &name)?;
    let beside = twin(&name).filter(|twin| !is_claimed(cx.current(), twin));
    let mut made = vec![claim(cx, &service, &name, "")];
    if let Some(twin) = beside {
        made.push(claim(cx, &service, &twin, &name));
    }
    let now = cx.now();
    let shown = made.iter().map(|one| shown::domain(one, now, None));
    Ok(reply(201, shown.collect()))
}

fn is_claimed(state: &State, name: &str) -> bool {
    state.domains.values().any(|domain| domain.name == name)
}

/// Whether the name is free, and the workspace may have another.
fn may_claim(cx: &Cx<'_>, service: &Server, name: &str) -> Result<(), Box<Reply>> {
    let state = cx.current();
    let mut domains = state.domains.values();
    if let Some(taken) = domains.find(|domain| domain.name == name) {
        let status = match taken.service == service.id {
            true => cx.hub.scenario.render.domain_again,
            false => 409,
        };
        return Err(refuse(status, "name already in use"));
    }
    let included = state.owner(&service.owner).and_then(|owner| owner.domains);
    let owned = |domain: &&Arc<Domain>| {
        let of = state.services.get(&domain.service);
        of.is_some_and(|of| of.owner == service.owner)
    };
    let used = state.domains.values().filter(owned).count();
    match included {
        Some(included) if used >= included => Err(refuse(402, ALLOWANCE)),
        _ => Ok(()),
    }
}

fn claim(cx: &mut Cx<'_>, service: &Server, name: &str, redirect: &str) -> Arc<Domain> {
    let (seed, now) = (cx.hub.seed, cx.now());
    let domain = cx.hub.state.change(now, |state| {
        let domain = Arc::new(Domain {
            id: state.new_id(seed, "cdm"),
            service: service.id.clone(),
            name: name.to_owned(),
            redirect: redirect.to_owned(),
            verified_at: None,
            certificate_at: None,
            created_at: now,
        });
        let id = domain.id.clone();
        state.domains.insert(id, Arc::clone(&domain));
        domain
    });
    let (id, parent) = (&domain.id, &service.name);
    cx.book.made(
        Provider::Render,
        "custom_domain",
        id,
        parent,
        name,
        MadeBy::Golive,
    );
    cx.hub.look_soon(now, id);
    domain
}

pub fn delete(cx: &mut Cx<'_>, id: &str, name: &str) -> Outcome {
    let domain = domain_of(cx.current(), id, name)?.id.clone();
    let now = cx.now();
    cx.hub
        .state
        .change(now, |state| state.domains.remove(&domain));
    cx.book.gone(Provider::Render, "custom_domain", &domain);
    Ok(no_content())
}

/// Has the name looked at soon; what came of it is read later.
pub fn verify(cx: &mut Cx<'_>, id: &str, name: &str) -> Outcome {
    let domain = domain_of(cx.current(), id, name)?.id.clone();
    let now = cx.now();
    cx.hub.look_soon(now, &domain);
    Ok(accepted())
}

impl Render {
    fn look_soon(&mut self, at: Timestamp, domain: &str) {
        let at = moment(self.seed, at, &format!("look {domain} {at}"), 2, 8);
        let domain = domain.to_owned();
        self.later(at, Due::Domain { domain });
    }

    /// Looks where the name leads, and asks for its certificate when it leads here. Looks again until both are done.
    pub(super) fn look_at_domain(&mut self, at: Timestamp, id: &str, around: Around<'_>) {
        let state = self.state.current();
        let Some(domain) = state.domains.get(id).cloned() else {
            return;
        };
        let Some(service) = state.services.get(&domain.service) else {
            return;
        };
        let again = match (domain.verified_at, domain.certificate_at) {
            (_, Some(_)) => return,
            (None, None) if leads_here(at, &domain.name, &service.slug, around) => {
                self.edit_domain(at, id, |domain| domain.verified_at = Some(at));
                moment(self.seed, at, &format!("certificate {id}"), 90, 400)
            }
            (None, None) if at < domain.created_at + OFTEN_FOR => at + EVERY,
            (None, None) => at + SELDOM,
            (Some(_), None) if may_certify(at, &domain.name, &service.slug, around) => {
                return self.edit_domain(at, id, |domain| domain.certificate_at = Some(at));
            }
            (Some(_), None) => at + EVERY,
        };
        // Each look that a caller asks for would otherwise go on by itself besides the others.
        let planned = |due: &Due| matches!(due, Due::Domain { domain } if domain == id);
        if !self.due.values().any(planned) {
            let domain = id.to_owned();
            self.later(again, Due::Domain { domain });
        }
    }

    fn edit_domain(&mut self, at: Timestamp, id: &str, edit: impl FnOnce(&mut Domain)) {
        self.state.change(at, |state| {
            if let Some(domain) = state.domains.get_mut(id) {
                edit(Arc::make_mut(domain));
            }
        });
    }
}

fn is_same(found: &str, wanted: &str) -> bool {
    found.trim_end_matches('.').eq_ignore_ascii_case(wanted)
}

/// Whether the zone's own servers point the name at the service: by a CNAME, or an apex by the address that is meant for it.
fn leads_here(at: Timestamp, name: &str, slug: &str, around: Around<'_>) -> bool {
    let target = targets::render_host(slug);
    let links = around.zones.truth(at, name, RecordKind::Cname);
    if links.iter().any(|link| is_same(link, &target)) {
        return true;
    }
    let addresses = around.zones.truth(at, name, RecordKind::A);
    is_apex(name) && addresses.iter().any(|address| address == APEX)
}

/// Whether a certificate can be issued: the name still leads here, nothing answers for it by IPv6, and no CAA record
/// forbids it.
fn may_certify(at: Timestamp, name: &str, slug: &str, around: Around<'_>) -> bool {
    let none = |kind| around.zones.truth(at, name, kind).is_empty();
    leads_here(at, name, slug, around) && none(RecordKind::Aaaa) && is_allowed(at, name, around)
}

/// RFC 8659: the first set of CAA records on the way up decides.
fn is_allowed(at: Timestamp, name: &str, around: Around<'_>) -> bool {
    let mut rest = Some(name);
    while let Some(name) = rest {
        let records = around.zones.truth(at, name, RecordKind::Caa);
        if !records.is_empty() {
            let issuers: Vec<String> = records.iter().filter_map(|text| issuer(text)).collect();
            let both = ISSUERS.iter().all(|one| issuers.iter().any(|i| i == one));
            return issuers.is_empty() || both;
        }
        rest = name.split_once('.').map(|(_, above)| above);
    }
    true
}

/// Whom a record such as `0 issue "letsencrypt.org; parameter=x"` allows; an empty name stands for nobody.
fn issuer(record: &str) -> Option<String> {
    let mut words = record.splitn(3, ' ');
    let (_, tag) = (words.next()?, words.next()?);
    let value = words.next().unwrap_or_default().trim().trim_matches('"');
    let name = value.split(';').next().unwrap_or_default().trim();
    tag.eq_ignore_ascii_case("issue")
        .then(|| name.to_lowercase())
}

//! What name servers say: who answers for a zone, and what the zone's own servers and public resolvers say of one record.
//!
//! A public resolver is never asked for a name that the zone's own servers do not serve yet: it would remember that there
//! is none for as long as the zone allows, up to hours.

use std::net::IpAddr;

use futures::future::join_all;
use sha2::{Digest, Sha256};

use super::entry::{Entry, plain_name};
use crate::resource::{Cx, Look, here};
use crate::seam::resolver::{Answer, Code, Question, RecordKind, Resolver, Server, Silence};

/// How a server says that it failed.
pub const FAILURE: &str = "SERVFAIL";

/// One of the zone's own servers, at one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnServer {
    pub name: String,
    pub address: IpAddr,
}

impl OwnServer {
    /// For an output: `ns17.domaincontrol.com=97.74.108.9,…`.
    pub fn listed(servers: &[OwnServer]) -> String {
        let each = servers
            .iter()
            .map(|server| format!("{}={}", server.name, server.address));
        each.collect::<Vec<_>>().join(",")
    }

    /// Reads `listed` back; what cannot be read is left out.
    pub fn read(list: &str) -> Vec<OwnServer> {
        let each = list.split(',').filter_map(|one| {
            let (name, address) = one.split_once('=')?;
            Some(OwnServer {
                name: name.to_string(),
                address: address.parse().ok()?,
            })
        });
        each.collect()
    }
}

/// Who answers for a zone, as its parent tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegation {
    To {
        /// The zone's name servers, sorted.
        names: Vec<String>,
        /// The resolver that said so.
        by: IpAddr,
        /// Resolvers that name others: the delegation is being changed.
        others: Vec<String>,
    },
    /// It is no zone of its own: its records are in this one.
    Inside(String),
    /// There is no such zone, in the resolver's words.
    Nowhere(String),
    /// Resolvers fail at it, in their words.
    Broken(Vec<String>),
}

pub async fn ask(
    resolver: &dyn Resolver,
    server: Server,
    name: &str,
    kind: RecordKind,
) -> Result<Answer, Silence> {
    let question = Question {
        name: plain_name(name),
        kind,
        server,
    };
    resolver.ask(&question).await
}

/// Asks all public resolvers the same.
async fn ask_public(
    cx: &Cx<'_>,
    name: &str,
    kind: RecordKind,
) -> Vec<(IpAddr, Result<Answer, Silence>)> {
    let each = cx.resolver.public().into_iter().map(async |address| {
        let answer = ask(cx.resolver, Server::Public(address), name, kind).await;
        (address, answer)
    });
    join_all(each).await
}

/// Who answers for `zone`. A name below a registered one is first looked for in its parents, at their own servers.
pub async fn delegation(cx: &Cx<'_>, zone: &str) -> Look<Delegation> {
    if let Some(parent) = parent_that_knows_no_cut(cx, zone).await {
        return Ok(Delegation::Inside(parent));
    }
    let answers = ask_public(cx, zone, RecordKind::Ns).await;
    let mut told: Vec<(IpAddr, Vec<String>)> = Vec::new();
    let (mut broken, mut silent, mut nowhere) = (Vec::new(), Vec::new(), None);
    for (address, answer) in &answers {
        match answer {
            Ok(answer) if answer.code == Code::NoError || answer.code == Code::NxDomain => {
                let mut names: Vec<String> = answer
                    .data(RecordKind::Ns)
                    .into_iter()
                    .map(plain_name)
                    .collect();
                names.sort();
                names.dedup();
                match names.is_empty() {
                    true => nowhere = Some(format!("{address} says {}", in_words(answer.code))),
                    false => told.push((*address, names)),
                }
            }
            Ok(answer) => broken.push(format!("{address} says {}", in_words(answer.code))),
            Err(silence) => silent.push(format!("{address}: {}", silence.0)),
        }
    }
    let Some((by, names)) = told.first().cloned() else {
        return match (broken.is_empty(), nowhere) {
            (false, _) => Ok(Delegation::Broken(broken)),
            (true, Some(said)) => Ok(Delegation::Nowhere(said)),
            (true, None) => Err(here(
                format!("no public resolver answered: {}", silent.join("; ")),
                Some("check that this machine may send DNS questions (port 53)".into()),
            )),
        };
    };
    let others = told.iter().filter(|(_, other)| *other != names);
    let others = others.map(|(address, other)| format!("{address} says {}", other.join(", ")));
    Ok(Delegation::To {
        by,
        others: others.collect(),
        names,
    })
}

/// The nearest zone above `zone` whose own servers say that `zone` is a mere name in it. Registered names such as
/// `bondigoo.ch` are not asked about: what is above them belongs to the registry.
async fn parent_that_knows_no_cut(cx: &Cx<'_>, zone: &str) -> Option<String> {
    let labels: Vec<&str> = zone.split('.').collect();
    for cut in (1..labels.len().saturating_sub(1)).rev() {
        let parent = labels[cut..].join(".");
        let child = labels[cut - 1..].join(".");
        let first = *cx.resolver.public().first()?;
        let Ok(answer) = ask(cx.resolver, Server::Public(first), &parent, RecordKind::Ns).await
        else {
            continue;
        };
        let names: Vec<String> = answer
            .data(RecordKind::Ns)
            .into_iter()
            .map(plain_name)
            .collect();
        let servers = addresses(cx, &names).await;
        for server in servers {
            let own = Server::Own(server.address);
            let Ok(answer) = ask(cx.resolver, own, &child, RecordKind::Ns).await else {
                continue;
            };
            if answer.authoritative && answer.data(RecordKind::Ns).is_empty() {
                return Some(parent);
            }
            break;
        }
    }
    None
}

/// The addresses of name servers, as public resolvers tell them; the first of each, IPv4 before IPv6.
pub async fn addresses(cx: &Cx<'_>, names: &[String]) -> Vec<OwnServer> {
    let each = names.iter().map(async |name| {
        let found = address(cx, name).await?;
        Some(OwnServer {
            name: name.clone(),
            address: found,
        })
    });
    join_all(each).await.into_iter().flatten().collect()
}

async fn address(cx: &Cx<'_>, name: &str) -> Option<IpAddr> {
    for kind in [RecordKind::A, RecordKind::Aaaa] {
        for resolver in cx.resolver.public() {
            let Ok(answer) = ask(cx.resolver, Server::Public(resolver), name, kind).await else {
                continue;
            };
            let found = answer.data(kind).first().and_then(|text| text.parse().ok());
            if found.is_some() {
                return found;
            }
            break;
        }
    }
    None
}

/// The IPv4 addresses that a provider's name leads to; empty where no resolver tells any.
pub async fn leads_to(resolver: &dyn Resolver, name: &str) -> Vec<String> {
    for address in resolver.public() {
        if let Ok(answer) = ask(resolver, Server::Public(address), name, RecordKind::A).await {
            let found = answer.data(RecordKind::A);
            return found.into_iter().map(str::to_string).collect();
        }
    }
    vec![]
}

/// What one server says of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// As wished.
    Wished,
    /// Its addresses in place of a CNAME, and they are the target's.
    Flattened,
    /// Something else, for so many seconds more.
    Other { data: String, ttl: u32 },
    /// There is none; how long that may be remembered, in seconds.
    Nothing { remembered: Option<u32> },
    /// An answer that says nothing: a failure, a refusal, a server that is not the zone's.
    Trouble(String),
    /// No answer.
    Silent(String),
}

impl Said {
    pub fn is_right(&self) -> bool {
        matches!(self, Said::Wished | Said::Flattened)
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Said::Wished => f.write_str("as wished"),
            Said::Flattened => f.write_str("the target's addresses"),
            Said::Other { data, .. } => f.write_str(data),
            Said::Nothing { .. } => f.write_str("nothing"),
            Said::Trouble(why) | Said::Silent(why) => f.write_str(why),
        }
    }
}

/// What `server` says of the record that is wished.
pub async fn says(resolver: &dyn Resolver, server: Server, wish: &Entry) -> Said {
    let kind = kind_of(&wish.kind);
    let answer = match ask(resolver, server, &wish.name, kind).await {
        Ok(answer) => answer,
        Err(silence) => return Said::Silent(silence.0),
    };
    if let Some(trouble) = trouble(server, &answer) {
        return trouble;
    }
    let own = own_records(&answer, &wish.name);
    let said = judged(wish, &own, &answer);
    // A CNAME that is wished may be answered by its addresses (ALIAS, flattening, a proxy): only these tell then.
    if kind != RecordKind::Cname || !matches!(said, Said::Nothing { .. }) {
        return said;
    }
    let Ok(answer) = ask(resolver, server, &wish.name, RecordKind::A).await else {
        return said;
    };
    let own = own_records(&answer, &wish.name);
    let found: Vec<&Entry> = own.iter().filter(|one| one.kind == "A").collect();
    if found.is_empty() {
        return said;
    }
    let target = leads_to(resolver, &wish.data).await;
    match found.iter().all(|one| target.contains(&one.data)) {
        true => Said::Flattened,
        false => other(found),
    }
}

/// Pure judging of an answer's records at the name.
fn judged(wish: &Entry, own: &[Entry], answer: &Answer) -> Said {
    let same_kind: Vec<&Entry> = own.iter().filter(|one| one.kind == wish.kind).collect();
    let nothing = Said::Nothing {
        remembered: answer.negative_ttl,
    };
    if wish.kind == "TXT" {
        // Several texts may stand at one name.
        return match same_kind.iter().any(|one| one.is(wish)) {
            true => Said::Wished,
            false => nothing,
        };
    }
    let leading: Vec<&Entry> = own.iter().filter(|one| one.leads()).collect();
    match (&same_kind[..], &leading[..]) {
        (_, []) => nothing,
        ([one], _) if one.is(wish) && leading.len() == 1 => Said::Wished,
        (_, found) => other(found.to_vec()),
    }
}

fn other(found: Vec<&Entry>) -> Said {
    let shown: Vec<String> = found.iter().map(|one| one.shown()).collect();
    Said::Other {
        data: shown.join(", "),
        ttl: found.iter().map(|one| one.ttl).max().unwrap_or_default(),
    }
}

fn trouble(server: Server, answer: &Answer) -> Option<Said> {
    match answer.code {
        Code::NoError | Code::NxDomain => {}
        code => return Some(Said::Trouble(in_words(code))),
    }
    let is_lame =
        matches!(server, Server::Own(_)) && !answer.authoritative && answer.records.is_empty();
    is_lame.then(|| Said::Trouble("it does not answer for the zone".into()))
}

/// The records of an answer that stand at `name` itself, not further along a chain.
pub fn own_records(answer: &Answer, name: &str) -> Vec<Entry> {
    let own = answer
        .records
        .iter()
        .filter(|record| plain_name(&record.name) == name);
    own.map(|record| Entry::new(&record.name, record.kind.as_str(), &record.data, record.ttl))
        .collect()
}

/// Everything that one of the zone's own servers says of a name: the types that golive writes, and those asked besides.
/// `Err` when it does not answer.
pub async fn records_at(
    cx: &Cx<'_>,
    server: &OwnServer,
    name: &str,
    kinds: &[RecordKind],
) -> Result<Vec<Entry>, String> {
    let own = Server::Own(server.address);
    let each = kinds
        .iter()
        .map(async |kind| ask(cx.resolver, own, name, *kind).await);
    let mut found: Vec<Entry> = Vec::new();
    for answer in join_all(each).await {
        let answer = answer.map_err(|silence| silence.0)?;
        if let Some(Said::Trouble(why)) = trouble(own, &answer) {
            return Err(why);
        }
        for entry in own_records(&answer, name) {
            if !found.contains(&entry) {
                found.push(entry);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What answers for a name that nobody has made: the zone's wildcard. Asked of its own servers alone.
pub async fn wildcard(cx: &Cx<'_>, server: &OwnServer, zone: &str) -> Option<String> {
    let name = format!("{}.{zone}", unlikely_label(&cx.known.marker, zone));
    let kinds = [RecordKind::Cname, RecordKind::A];
    let found = records_at(cx, server, &name, &kinds).await.ok()?;
    found.first().map(Entry::shown)
}

/// A label that nobody has given to anything, the same at every look of a launch.
fn unlikely_label(marker: &str, zone: &str) -> String {
    let launch = marker.split(':').nth(1).unwrap_or(marker);
    let digest = Sha256::digest(format!("{launch} {zone}"));
    let hex: String = digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("nobody-{hex}")
}

pub fn kind_of(word: &str) -> RecordKind {
    match word {
        "A" => RecordKind::A,
        "AAAA" => RecordKind::Aaaa,
        "TXT" => RecordKind::Txt,
        _ => RecordKind::Cname,
    }
}

/// A reply's code, as the operator's tools write it.
pub fn in_words(code: Code) -> String {
    match code {
        Code::NoError => "that there are no such records".into(),
        Code::NxDomain => "that there is no such name (NXDOMAIN)".into(),
        Code::ServFail => FAILURE.into(),
        Code::Refused => "REFUSED".into(),
        Code::Other(code) => format!("code {code}"),
    }
}

/// Seconds as a person says them: `600 s`, `10 min`, `2 h`.
pub fn span(seconds: u32) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::resolver::Record;

    fn answer(records: &[(&str, RecordKind, &str)]) -> Answer {
        let each = records.iter().map(|(name, kind, data)| Record {
            name: name.to_string(),
            kind: *kind,
            data: data.to_string(),
            ttl: 300,
        });
        Answer {
            code: Code::NoError,
            authoritative: true,
            records: each.collect(),
            negative_ttl: Some(3600),
        }
    }

    fn judge(wish: &Entry, records: &[(&str, RecordKind, &str)]) -> Said {
        let answer = answer(records);
        judged(wish, &own_records(&answer, &wish.name), &answer)
    }

    #[test]
    fn a_record_is_right_only_when_nothing_else_leads_elsewhere() {
        let wish = Entry::new("www.bondigoo.ch", "CNAME", "d1.vercel-dns-017.com", 600);
        let www = "www.bondigoo.ch";
        let right = (www, RecordKind::Cname, "D1.vercel-dns-017.com");
        // The rest of the chain stands at other names.
        let chain = ("d1.vercel-dns-017.com", RecordKind::A, "76.76.21.21");
        assert_eq!(judge(&wish, &[right, chain]), Said::Wished);
        let old = judge(&wish, &[(www, RecordKind::Cname, "old.example.com")]);
        assert_eq!(old.to_string(), "CNAME old.example.com");
        let none = judge(&wish, &[]);
        assert_eq!(
            none,
            Said::Nothing {
                remembered: Some(3600)
            }
        );
    }

    #[test]
    fn a_second_address_is_something_else_and_a_second_text_is_not() {
        let apex = "bondigoo.ch";
        let wish = Entry::new(apex, "A", "76.76.21.21", 600);
        let right = (apex, RecordKind::A, "76.76.21.21");
        assert_eq!(judge(&wish, &[right]), Said::Wished);
        let both = judge(&wish, &[right, (apex, RecordKind::A, "203.0.113.7")]);
        assert!(matches!(both, Said::Other { .. }));
        let name = "_vercel.bondigoo.ch";
        let wish = Entry::new(name, "TXT", "vc-domain-verify=www", 600);
        let texts = [
            (name, RecordKind::Txt, "something else"),
            (name, RecordKind::Txt, "vc-domain-verify=www"),
        ];
        assert_eq!(judge(&wish, &texts), Said::Wished);
        assert!(matches!(judge(&wish, &texts[..1]), Said::Nothing { .. }));
    }

    #[test]
    fn servers_are_read_back_from_their_list() {
        let servers = OwnServer::read("ns17.domaincontrol.com=97.74.108.9,nonsense,ns=::1");
        assert_eq!(servers.len(), 2);
        assert_eq!(
            OwnServer::listed(&servers),
            "ns17.domaincontrol.com=97.74.108.9,ns=::1"
        );
    }

    #[test]
    fn spans_are_told_as_a_person_says_them() {
        assert_eq!(
            [90, 600, 3601, 86_400].map(span),
            ["90 s", "10 min", "61 min", "24 h"]
        );
    }

    #[test]
    fn the_label_that_nobody_has_is_the_same_for_all_items_of_a_launch() {
        let label = unlikely_label("golive:shop-0a1b2c3d:6.2.zone", "acme.ch");
        assert_eq!(
            label,
            unlikely_label("golive:shop-0a1b2c3d:6.2.seen-www", "acme.ch")
        );
        assert!(label.starts_with("nobody-") && label.len() == 19);
    }
}

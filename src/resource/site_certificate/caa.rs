//! Who may issue certificates for a host (CAA): the set that decides is looked for from the host up to the top, as
//! issuers do (RFC 8659), and compared with whom the provider lets issue.

use std::net::IpAddr;

use crate::plan::Blocker;
use crate::seam::resolver::{Answer, Code, Question, RecordKind, Resolver, Server};
use crate::text::strip_controls;

/// So many of a zone's name servers are asked, one after another, until one answers.
const SERVERS_MAX: usize = 4;

/// What was found on the way up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::resource) enum Climb {
    /// No set anywhere: everyone may issue.
    Free,
    /// The first set met, and the name it stands at.
    Set { at: String, records: Vec<String> },
    /// A question stayed without an answer, which stops an issuer too.
    Silent { at: String, why: String },
}

/// Looks for the set that decides about `host`. Inside the zone its own servers are asked, so that nothing remembered
/// is taken for true; where the host is a CNAME, what stands at its end counts.
pub(in crate::resource) async fn climb(resolver: &dyn Resolver, host: &str, zone: &str) -> Climb {
    let servers = own_servers(resolver, zone).await;
    let mut rest = Some(host);
    while let Some(name) = rest.filter(|name| !name.is_empty()) {
        let inside = name == zone || name.ends_with(&format!(".{zone}"));
        let asked = match inside && !servers.is_empty() {
            true => set_inside(resolver, &servers, name).await,
            false => public(resolver, name, RecordKind::Caa)
                .await
                .map(|answer| (name.to_string(), set(&answer))),
        };
        match asked {
            Ok((at, records)) if !records.is_empty() => return Climb::Set { at, records },
            Ok(_) => {}
            Err(why) => {
                return Climb::Silent {
                    at: name.to_string(),
                    why,
                };
            }
        }
        rest = name.split_once('.').map(|(_, parent)| parent);
    }
    Climb::Free
}

fn set(answer: &Answer) -> Vec<String> {
    let records = answer.data(RecordKind::Caa).into_iter();
    records.map(strip_controls).collect()
}

/// The set at a name of the zone, or at the end of the CNAME that stands there.
async fn set_inside(
    resolver: &dyn Resolver,
    servers: &[IpAddr],
    name: &str,
) -> Result<(String, Vec<String>), String> {
    let mut trouble = String::new();
    for server in servers {
        let answer = match asked(resolver, name, RecordKind::Caa, Server::Own(*server)).await {
            Ok(answer) => answer,
            Err(why) => {
                trouble = why;
                continue;
            }
        };
        let records = set(&answer);
        let end = answer
            .data(RecordKind::Cname)
            .last()
            .map(|end| end.to_string());
        return match end.filter(|_| records.is_empty()) {
            None => Ok((name.to_string(), records)),
            Some(end) => {
                let answer = public(resolver, &end, RecordKind::Caa).await?;
                Ok((end, set(&answer)))
            }
        };
    }
    // Its servers cannot be asked from here: what the public ones see is the next best.
    let answer = public(resolver, name, RecordKind::Caa).await;
    answer
        .map(|answer| (name.to_string(), set(&answer)))
        .map_err(|why| format!("{trouble}; {why}"))
}

/// The addresses of a zone's own name servers, as the public resolvers tell them; empty where they do not.
async fn own_servers(resolver: &dyn Resolver, zone: &str) -> Vec<IpAddr> {
    let Ok(answer) = public(resolver, zone, RecordKind::Ns).await else {
        return vec![];
    };
    let mut servers = vec![];
    for name in answer.data(RecordKind::Ns).into_iter().take(SERVERS_MAX) {
        if let Ok(answer) = public(resolver, name, RecordKind::A).await {
            let addresses = answer.data(RecordKind::A).into_iter();
            servers.extend(
                addresses
                    .filter_map(|text| text.parse::<IpAddr>().ok())
                    .take(1),
            );
        }
    }
    servers
}

/// What the first public resolver says that gives an answer at all.
pub(in crate::resource) async fn public(
    resolver: &dyn Resolver,
    name: &str,
    kind: RecordKind,
) -> Result<Answer, String> {
    let mut trouble = "there is no public resolver to ask".to_string();
    for server in resolver.public() {
        match asked(resolver, name, kind, Server::Public(server)).await {
            Ok(answer) => return Ok(answer),
            Err(why) => trouble = why,
        }
    }
    Err(trouble)
}

/// One question; an answer is one that says what there is, or that there is nothing.
async fn asked(
    resolver: &dyn Resolver,
    name: &str,
    kind: RecordKind,
    server: Server,
) -> Result<Answer, String> {
    let question = Question {
        name: name.to_string(),
        kind,
        server,
    };
    let (Server::Public(address) | Server::Own(address)) = server;
    match resolver.ask(&question).await {
        Ok(answer) => match answer.code {
            Code::NoError | Code::NxDomain => Ok(answer),
            code => Err(format!("{address} answers {code:?} for {kind} of {name}")),
        },
        Err(silence) => Err(format!(
            "{address} does not answer for {kind} of {name} ({})",
            silence.0
        )),
    }
}

/// The records that let a provider's issuers in. Render may use either of two, and Google's wants its addition.
pub(in crate::resource) fn wanted(by: &str) -> &'static [&'static str] {
    match by {
        "Render" => &[
            r#"0 issue "letsencrypt.org""#,
            r#"0 issue "pki.goog; cansignhttpexchanges=yes""#,
        ],
        _ => &[r#"0 issue "letsencrypt.org""#],
    }
}

/// Those of the wanted records whose issuer the set lacks. A set without any `issue` keeps nobody out. Additions, such as an
/// account or Google's own, are between whoever wrote them and the issuer: nothing here can tell that they keep it out.
pub(in crate::resource) fn lacking(records: &[String], by: &str) -> Vec<&'static str> {
    let issuers: Vec<Vec<String>> = records.iter().filter_map(|one| issue(one)).collect();
    if issuers.is_empty() {
        return vec![];
    }
    let has = |wanted: &Vec<String>| {
        let mut all = issuers.iter();
        all.any(|own| own.first() == wanted.first())
    };
    let all = wanted(by).iter();
    all.filter(|one| issue(one).is_none_or(|one| !has(&one)))
        .copied()
        .collect()
}

/// Issuer and additions of an `issue` record in one spelling; `None` for every other tag.
fn issue(record: &str) -> Option<Vec<String>> {
    let mut words = record.trim().splitn(3, char::is_whitespace);
    let (_, tag, value) = (words.next()?, words.next()?, words.next()?);
    if !tag.eq_ignore_ascii_case("issue") {
        return None;
    }
    let value = value.trim().trim_matches('"');
    let parts = value.split(';').map(|part| part.trim().to_lowercase());
    Some(parts.filter(|part| !part.is_empty()).collect())
}

/// What a person must add, where the set keeps the provider's issuers out. A set outside the zone, at the end of a CNAME,
/// is another's to change: then there is nothing to enter.
pub(in crate::resource) fn blocker(
    host: &str,
    zone: &str,
    by: &str,
    climb: &Climb,
) -> Option<Blocker> {
    let Climb::Set { at, records } = climb else {
        return None;
    };
    let lacking = lacking(records, by);
    let others = *at != zone && !at.ends_with(&format!(".{zone}"));
    if others && !lacking.is_empty() {
        return Some(Blocker::ByHand {
            what: format!(
                "ask whoever keeps {at} for CAA records that let in who issues {by}'s certificates ({} are there), or lead \
                 the name above {host} elsewhere: until then {host} may get none",
                records.join(", ")
            ),
            url: None,
            paste: vec![],
        });
    }
    (!lacking.is_empty()).then(|| Blocker::ByHand {
        what: format!(
            "add to the CAA records at {at} ({}): they keep out who issues {by}'s certificates, so that {host} gets none",
            records.join(", ")
        ),
        url: None,
        paste: lacking
            .iter()
            .map(|record| format!("{at} CAA {record}"))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use futures::future::{BoxFuture, FutureExt, ready};

    use super::*;
    use crate::seam::resolver::{Record, Silence};

    /// Server word, name and type.
    type Asked = (&'static str, &'static str, RecordKind);
    type Told = Result<Vec<(RecordKind, &'static str)>, Code>;

    /// What is told of what is asked; what is not there is "no such name".
    struct Zone(BTreeMap<Asked, Told>);

    impl Resolver for Zone {
        fn public_address(&self) -> BoxFuture<'_, Result<IpAddr, String>> {
            ready(Err("not asked".into())).boxed()
        }

        fn public(&self) -> Vec<IpAddr> {
            vec!["192.0.2.1".parse().unwrap()]
        }

        fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Answer, Silence>> {
            let whom = match question.server {
                Server::Public(_) => "public",
                Server::Own(_) => "own",
            };
            let found = self.0.get(&(whom, &*question.name, question.kind));
            let (code, records) = match found {
                None => (Code::NxDomain, vec![]),
                Some(Ok(records)) => (Code::NoError, records.clone()),
                Some(Err(code)) => (*code, vec![]),
            };
            let records = records.into_iter().map(|(kind, data)| Record {
                name: question.name.clone(),
                kind,
                data: data.into(),
                ttl: 300,
            });
            ready(Ok(Answer {
                code,
                authoritative: whom == "own",
                records: records.collect(),
                negative_ttl: None,
            }))
            .boxed()
        }
    }

    fn zone() -> Zone {
        let (ns, a) = (RecordKind::Ns, RecordKind::A);
        let own = RecordKind::Cname;
        Zone(
            [
                (("public", "acme.test", ns), Ok(vec![(ns, "ns1.host.test")])),
                (("public", "ns1.host.test", a), Ok(vec![(a, "192.0.2.53")])),
                (
                    ("own", "api.acme.test", RecordKind::Caa),
                    Ok(vec![(own, "shop.onrender.com")]),
                ),
                (("public", "shop.onrender.com", RecordKind::Caa), Ok(vec![])),
            ]
            .into(),
        )
    }

    fn climbed(zone: &Zone) -> Climb {
        climb(zone, "api.acme.test", "acme.test")
            .now_or_never()
            .expect("no waiting")
    }

    #[test]
    fn the_first_set_on_the_way_up_decides() {
        assert_eq!(climbed(&zone()), Climb::Free);
        let caa = RecordKind::Caa;
        let mut own = zone();
        let set = Ok(vec![(caa, r#"0 issue "digicert.com""#)]);
        own.0.insert(("own", "acme.test", caa), set.clone());
        // What a public resolver remembers of the zone is not asked for.
        own.0.insert(("public", "acme.test", caa), Ok(vec![]));
        let Climb::Set { at, .. } = climbed(&own) else {
            panic!("no set");
        };
        assert_eq!(at, "acme.test");
        own.0
            .insert(("public", "shop.onrender.com", caa), set.clone());
        let Climb::Set { at, .. } = climbed(&own) else {
            panic!("no set");
        };
        assert_eq!(at, "shop.onrender.com");
        let mut top = zone();
        top.0.insert(("public", "test", caa), set);
        assert!(matches!(climbed(&top), Climb::Set { at, .. } if at == "test"));
    }

    #[test]
    fn a_question_without_an_answer_is_not_taken_for_free() {
        let caa = RecordKind::Caa;
        let mut broken = zone();
        broken
            .0
            .insert(("own", "acme.test", caa), Err(Code::ServFail));
        broken
            .0
            .insert(("public", "acme.test", caa), Err(Code::ServFail));
        let Climb::Silent { at, why } = climbed(&broken) else {
            panic!("not silent");
        };
        assert_eq!(at, "acme.test");
        assert!(why.contains("192.0.2.53 answers ServFail for CAA of acme.test"));
        // Its own servers cannot be reached from here, the public ones can.
        let mut far = zone();
        far.0.insert(("own", "acme.test", caa), Err(Code::Refused));
        assert_eq!(climbed(&far), Climb::Free);
    }

    #[test]
    fn only_what_keeps_the_providers_issuers_out_is_lacking() {
        let set = |records: &[&str]| {
            records
                .iter()
                .map(|one| one.to_string())
                .collect::<Vec<_>>()
        };
        let lets = set(&[r#"0 issue "letsencrypt.org; validationmethods=http-01""#]);
        assert!(lacking(&lets, "Vercel").is_empty());
        let lets = set(&[r#"0 ISSUE "LetsEncrypt.org""#]);
        assert!(lacking(&lets, "Vercel").is_empty());
        assert_eq!(
            lacking(&lets, "Render"),
            [r#"0 issue "pki.goog; cansignhttpexchanges=yes""#]
        );
        let both = set(&[
            r#"0 issue "letsencrypt.org""#,
            r#"0 issue "pki.goog;cansignhttpexchanges=yes""#,
        ]);
        assert!(lacking(&both, "Render").is_empty());
        let plain = set(&[r#"0 issue "letsencrypt.org""#, r#"0 issue "pki.goog""#]);
        assert!(lacking(&plain, "Render").is_empty());
        let nobody = set(&[r#"0 issue ";""#]);
        assert_eq!(lacking(&nobody, "Render").len(), 2);
        // Mail for reports and a rule for wildcards keep nobody out.
        let other = set(&[
            r#"0 iodef "mailto:a@acme.test""#,
            r#"0 issuewild "digicert.com""#,
        ]);
        assert!(lacking(&other, "Vercel").is_empty());
        assert!(lacking(&[], "Vercel").is_empty());
    }

    #[test]
    fn what_to_add_can_be_copied() {
        let climb = Climb::Set {
            at: "acme.test".into(),
            records: vec![r#"0 issue "digicert.com""#.into()],
        };
        let told = |zone: &str| blocker("api.acme.test", zone, "Render", &climb);
        let Some(Blocker::ByHand { what, paste, .. }) = told("acme.test") else {
            panic!("nothing to add");
        };
        assert!(
            what.contains(r#"at acme.test (0 issue "digicert.com")"#),
            "{what}"
        );
        assert_eq!(paste[0], r#"acme.test CAA 0 issue "letsencrypt.org""#);
        assert_eq!(paste.len(), 2);
        assert_eq!(blocker("x", "x", "Render", &Climb::Free), None);
        // Nobody can enter a record in a zone of others.
        let Some(Blocker::ByHand { what, paste, .. }) = told("other.test") else {
            panic!("nothing to ask for");
        };
        assert!(what.contains("ask whoever keeps acme.test") && paste.is_empty());
    }
}

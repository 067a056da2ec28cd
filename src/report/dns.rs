//! The records that a launch wants, and which servers show them: `golive dns` for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::plan::ItemId;

/// The zone and its records.
#[derive(Debug)]
pub struct Records {
    pub launch: String,
    pub rehearsal: bool,
    pub zone: String,
    /// Who hosts the zone, such as `GoDaddy`; `None` before the item that finds it out is settled.
    pub hosted_by: Option<String>,
    /// Where a person edits the zone's records, where golive knows the page.
    pub page: Option<String>,
    /// The item that finds out who answers for the zone.
    pub zone_item: ItemId,
    pub hosts: Vec<Host>,
}

/// One host, and the records that it needs.
#[derive(Debug)]
pub struct Host {
    pub host: String,
    /// The item that answers for the records.
    pub item: ItemId,
    /// A person enters them; else golive writes them.
    pub by_hand: bool,
    /// The item is settled: whoever writes the records has done so.
    pub written: bool,
    pub records: Wanted,
}

/// What is known of a host's records.
#[derive(Debug)]
pub enum Wanted {
    /// The item that will tell them.
    After(ItemId),
    Known(Vec<Record>),
}

/// One record, field by field as a registrar's form asks for it.
#[derive(Debug)]
pub struct Record {
    pub kind: String,
    /// The name inside the zone, `@` for the zone itself.
    pub name: String,
    pub value: String,
    /// Seconds.
    pub ttl: u32,
    /// What the zone's own servers say; `None` while nobody knows which they are.
    pub own: Option<Vec<Word>>,
    /// What public resolvers say; `None` while the zone's own servers do not serve it, as none is asked before.
    pub public: Option<Vec<Word>>,
    pub seen: Sight,
}

/// What all servers together say of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Every server that answers shows it.
    Everywhere,
    /// The zone's own servers serve it, public resolvers do not all show it yet.
    Served,
    /// Not all of the zone's own servers serve it, or nobody knows which they are.
    NotServed,
    /// None of those that were asked said anything.
    Unknown,
}

/// What one server says.
#[derive(Debug)]
pub struct Word {
    pub server: String,
    pub says: Says,
}

#[derive(Debug)]
pub enum Says {
    Seen,
    /// There is none; for how many seconds more that may be remembered.
    NotYet(Option<u32>),
    /// Something else, for so many seconds more.
    Other {
        value: String,
        seconds: u32,
    },
    /// It gave no answer, or one that says nothing.
    NoAnswer(String),
}

impl Says {
    fn word(&self) -> &'static str {
        match self {
            Says::Seen => "seen",
            Says::NotYet(_) => "not_yet",
            Says::Other { .. } => "other",
            Says::NoAnswer(_) => "no_answer",
        }
    }
}

impl std::fmt::Display for Says {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Says::Seen => f.write_str("seen"),
            Says::NotYet(None) => f.write_str("not yet"),
            Says::NotYet(Some(seconds)) => {
                write!(f, "not yet (may be remembered for {seconds} s more)")
            }
            Says::Other { value, seconds } => write!(f, "other: {value} (for {seconds} s more)"),
            Says::NoAnswer(why) => write!(f, "no answer ({why})"),
        }
    }
}

impl Records {
    fn records(&self) -> impl Iterator<Item = (&Host, &Record)> {
        self.hosts.iter().flat_map(|host| {
            let records = match &host.records {
                Wanted::After(_) => &[][..],
                Wanted::Known(records) => records,
            };
            records.iter().map(move |record| (host, record))
        })
    }

    /// 1 where nobody answered, else 10 while something is to be written or entered, else 11 while servers are waited
    /// for, else 0.
    pub fn exit_code(&self) -> u8 {
        if self
            .records()
            .any(|(_, record)| record.seen == Sight::Unknown)
        {
            return 1;
        }
        let open = |host: &Host, record: &Record| record.seen == Sight::NotServed && !host.written;
        let told = |host: &Host| matches!(host.records, Wanted::Known(_));
        if !self.hosts.iter().all(told) || self.records().any(|(host, record)| open(host, record)) {
            return 10;
        }
        let everywhere = |record: &Record| record.seen == Sight::Everywhere;
        match self.records().all(|(_, record)| everywhere(record)) {
            true => 0,
            false => 11,
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        if self.rehearsal {
            out += "REHEARSAL\n";
        }
        let hosted = match &self.hosted_by {
            Some(hosted_by) => format!("hosted by {hosted_by}"),
            None => format!("who hosts it is known after {}", self.zone_item),
        };
        let _ = writeln!(out, "Zone {}, {hosted}", self.zone);
        for host in &self.hosts {
            self.host(&mut out, host);
        }
        out + &self.last_line()
    }

    fn host(&self, out: &mut String, host: &Host) {
        let by = match (host.by_hand, &self.page) {
            (true, Some(page)) => format!("to enter by hand: {page}"),
            (true, None) => "to enter by hand".to_string(),
            (false, _) => format!("written by {}", host.item),
        };
        let _ = writeln!(out, "\n{} ({by})", host.host);
        let records = match &host.records {
            Wanted::After(item) => {
                let _ = writeln!(out, "  its record is known after {item}: golive run {item}");
                return;
            }
            Wanted::Known(records) => records,
        };
        for record in records {
            let Record {
                kind,
                name,
                value,
                ttl,
                ..
            } = record;
            let _ = writeln!(
                out,
                "  Type {kind}   Name {name}   Value {value}   TTL {ttl}"
            );
            match &record.own {
                Some(own) => words(out, "zone's own servers", own),
                None => {
                    let item = &self.zone_item;
                    let _ = writeln!(out, "    zone's own servers: known after {item}");
                }
            }
            match &record.public {
                Some(public) => words(out, "public resolvers", public),
                None => {
                    *out +=
                        "    public resolvers: not asked before the zone's own servers serve it\n";
                }
            }
        }
    }

    fn last_line(&self) -> String {
        let (mut all, mut everywhere) = (0, 0);
        for (_, record) in self.records() {
            all += 1;
            everywhere += usize::from(record.seen == Sight::Everywhere);
        }
        let unknown = self.hosts.len()
            - self
                .hosts
                .iter()
                .filter(|host| matches!(host.records, Wanted::Known(_)))
                .count();
        let open = match unknown {
            0 => String::new(),
            1 => ", 1 host's are not known yet".to_string(),
            n => format!(", those of {n} hosts are not known yet"),
        };
        format!("\n{everywhere} of {all} records are seen everywhere{open}. Nothing was changed.\n")
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let hosts: Vec<Value> = self.hosts.iter().map(|host| self.host_json(host)).collect();
        json!({
            "schema": 1, "launch": self.launch, "rehearsal": self.rehearsal, "zone": self.zone, "hosted_by": self.hosted_by,
            "hosts": hosts,
        })
    }

    fn host_json(&self, host: &Host) -> Value {
        let (after, records) = match &host.records {
            Wanted::After(item) => (Some(item), vec![]),
            Wanted::Known(records) => (None, records.iter().map(record_json).collect()),
        };
        json!({
            "host": host.host, "item": host.item, "by_hand": host.by_hand, "written": host.written,
            "page": self.page.as_ref().filter(|_| host.by_hand), "known_after": after, "records": records,
        })
    }
}

fn words(out: &mut String, who: &str, words: &[Word]) {
    let each: Vec<String> = words
        .iter()
        .map(|word| format!("{} {}", word.server, word.says))
        .collect();
    let _ = writeln!(out, "    {who}: {}", each.join("; "));
}

fn record_json(record: &Record) -> Value {
    let words = |words: &Option<Vec<Word>>| {
        words
            .as_ref()
            .map(|words| words.iter().map(word_json).collect::<Vec<Value>>())
    };
    let seen = match record.seen {
        Sight::Everywhere => "everywhere",
        Sight::Served => "served",
        Sight::NotServed => "not_served",
        Sight::Unknown => "unknown",
    };
    json!({
        "type": record.kind, "name": record.name, "value": record.value, "ttl": record.ttl, "seen": seen,
        "own_servers": words(&record.own), "public_resolvers": words(&record.public),
    })
}

fn word_json(word: &Word) -> Value {
    let (value, seconds) = match &word.says {
        Says::Seen => (None, None),
        Says::NotYet(seconds) => (None, *seconds),
        Says::Other { value, seconds } => (Some(value), Some(*seconds)),
        Says::NoAnswer(why) => (Some(why), None),
    };
    json!({"server": word.server, "says": word.says.word(), "value": value, "seconds_left": seconds})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seen: Sight, says: Says) -> Record {
        let word = |server: &str, says| Word {
            server: server.into(),
            says,
        };
        Record {
            kind: "CNAME".into(),
            name: "www".into(),
            value: "d1.vercel-dns-017.com".into(),
            ttl: 600,
            own: Some(vec![word("ns37.domaincontrol.com", Says::Seen)]),
            public: Some(vec![word("1.1.1.1", says)]),
            seen,
        }
    }

    fn records(by_hand: bool, written: bool, wanted: Wanted) -> Records {
        Records {
            launch: "bondigoo-00c0ffee".into(),
            rehearsal: false,
            zone: "bondigoo.ch".into(),
            hosted_by: Some("GoDaddy".into()),
            page: Some("https://dcc.godaddy.com/".into()),
            zone_item: ItemId::new("6.2.zone"),
            hosts: vec![Host {
                host: "www.bondigoo.ch".into(),
                item: ItemId::new("6.2.record-www"),
                by_hand,
                written,
                records: wanted,
            }],
        }
    }

    #[test]
    fn a_record_stands_as_a_form_asks_for_it_with_what_each_server_says() {
        let old = Says::Other {
            value: "CNAME old.example.com".into(),
            seconds: 287,
        };
        let records = records(false, true, Wanted::Known(vec![record(Sight::Served, old)]));
        let text = records.text();
        for line in [
            "www.bondigoo.ch (written by 6.2.record-www)",
            "  Type CNAME   Name www   Value d1.vercel-dns-017.com   TTL 600",
            "    zone's own servers: ns37.domaincontrol.com seen",
            "    public resolvers: 1.1.1.1 other: CNAME old.example.com (for 287 s more)",
            "0 of 1 records are seen everywhere. Nothing was changed.",
        ] {
            assert!(
                text.lines().any(|one| one == line),
                "{line:?} is not in\n{text}"
            );
        }
        assert_eq!(records.exit_code(), 11);
        let word = &records.json()["hosts"][0]["records"][0]["public_resolvers"][0];
        assert_eq!(word["says"], "other");
        assert_eq!(word["seconds_left"], 287);
    }

    #[test]
    fn the_exit_code_tells_whose_turn_it_is() {
        let known = |seen| Wanted::Known(vec![record(seen, Says::Seen)]);
        let code = |by_hand, written, wanted| records(by_hand, written, wanted).exit_code();
        assert_eq!(code(false, true, known(Sight::Everywhere)), 0);
        assert_eq!(code(true, false, known(Sight::NotServed)), 10);
        assert_eq!(code(false, true, known(Sight::NotServed)), 11);
        assert_eq!(code(false, true, known(Sight::Unknown)), 1);
        assert_eq!(code(false, false, Wanted::After(ItemId::new("6.www"))), 10);
    }

    #[test]
    fn what_is_not_known_yet_says_after_which_item_it_will_be() {
        let records = records(true, false, Wanted::After(ItemId::new("6.www")));
        let text = records.text();
        assert!(
            text.contains("to enter by hand: https://dcc.godaddy.com/")
                && text.contains("its record is known after 6.www: golive run 6.www"),
            "{text}"
        );
        assert_eq!(records.json()["hosts"][0]["known_after"], "6.www");
    }
}

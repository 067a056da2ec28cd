//! `golive dns`: the records that the launch wants, and which servers show them. Looks only, and needs no token.

use std::sync::Arc;

use jiff::Timestamp;

use super::place::Place;
use super::{reach, rehearse, run};
use crate::cli::Global;
use crate::clock::Wall;
use crate::engine;
use crate::error::Result;
use crate::journal::state::State;
use crate::report::dns::{Host, Record, Records, Says, Sight, Wanted, Word};
use crate::resource::dns_seen::{Asked, everywhere};
use crate::resource::zone::ask::{OwnServer, Said};
use crate::resource::zone::entry::Entry;
use crate::resource::zone::{HOSTED_BY, Holder, SERVERS, label, records_page};
use crate::resource::{DnsRecord, Wish};
use crate::seam::clock::Clock;
use crate::seam::resolver::Resolver;
use crate::step::Instance;

pub fn run(global: &Global) -> Result<u8> {
    let place = Place::find(global)?;
    let contents = place.contents()?;
    place.notes(&contents);
    run::runtime()?.block_on(async {
        // A rehearsal's world is held as long as it is asked.
        let (resolver, now, _held): (Arc<dyn Resolver>, _, _) = if place.rehearsal {
            let (parts, held) = rehearse::to_look_at(&place, None)?;
            let now = parts.seams.clock.now();
            (parts.seams.resolver, now, Some(held))
        } else {
            let network = reach::network(&place, &place.urls()?)?;
            (Arc::new(network), Wall.now(), None)
        };
        let records = gathered(&place, &contents.state, &*resolver, now).await;
        match global.json {
            true => println!("{:#}", records.json()),
            false => print!("{}", records.text()),
        }
        Ok(records.exit_code())
    })
}

async fn gathered(
    place: &Place,
    state: &State,
    resolver: &dyn Resolver,
    now: Timestamp,
) -> Records {
    let launch = &place.launch;
    let zone_item = launch
        .items
        .iter()
        .find(|item| matches!(item.wish, Wish::DnsZone(_)))
        .map_or_else(
            || crate::plan::ItemId::new("6.2.zone"),
            |item| item.id.clone(),
        );
    let output = |name: &str| {
        let settled = state.item(&zone_item).filter(|item| item.is_settled())?;
        settled.outputs.get(name).cloned()
    };
    let hosted_by = output(HOSTED_BY);
    let servers = output(SERVERS).map(|list| OwnServer::read(&list));
    let zone = place.manifest.dns.zone.to_string();
    let mut hosts = vec![];
    for item in &launch.items {
        if let Wish::DnsRecord(wish) = &item.wish {
            let asking = Asking {
                place,
                state,
                resolver,
                servers: servers.as_deref(),
                now,
            };
            hosts.push(asking.host(item, wish).await);
        }
    }
    Records {
        launch: launch.id.clone(),
        rehearsal: place.rehearsal,
        page: hosted_by
            .as_deref()
            .and_then(|hosted_by| records_page(hosted_by, &zone)),
        zone,
        hosted_by,
        zone_item,
        hosts,
    }
}

struct Asking<'a> {
    place: &'a Place,
    state: &'a State,
    resolver: &'a dyn Resolver,
    /// `None` while nobody knows which they are.
    servers: Option<&'a [OwnServer]>,
    now: Timestamp,
}

impl Asking<'_> {
    async fn host(&self, item: &Instance, wish: &DnsRecord) -> Host {
        let known = engine::known(&self.place.launch, item, self.state, self.now);
        let mode = wish.mode(&known);
        let records = match wish.wanted(&known, mode) {
            None => Wanted::After(wish.claim.clone()),
            Some(wanted) => {
                let mut records = vec![];
                for entry in wanted.records() {
                    records.push(self.record(entry, &wish.zone).await);
                }
                Wanted::Known(records)
            }
        };
        Host {
            host: wish.host.clone(),
            item: item.id.clone(),
            by_hand: mode == Holder::ByHand,
            written: self.state.is_settled(&item.id),
            records,
        }
    }

    async fn record(&self, entry: &Entry, zone: &str) -> Record {
        let asked = match self.servers {
            Some(servers) => Some(everywhere(self.resolver, servers, entry).await),
            None => None,
        };
        let words = |said: &[(String, Said)]| said.iter().map(word).collect::<Vec<Word>>();
        let own = asked.as_ref().map(|asked| words(&asked.own));
        let served = asked.as_ref().filter(|asked| asked.is_served());
        Record {
            kind: entry.kind.clone(),
            name: label(&entry.name, zone),
            value: entry.data.clone(),
            ttl: entry.ttl,
            own,
            public: served.map(|asked| words(&asked.public)),
            seen: asked.as_ref().map_or(Sight::NotServed, sight),
        }
    }
}

/// No answer at all is a look that failed, and never "not there".
fn sight(asked: &Asked) -> Sight {
    let nothing = |said: &[(String, Said)]| {
        let says = |said: &Said| !matches!(said, Said::Silent(_) | Said::Trouble(_));
        !said.iter().any(|(_, said)| says(said))
    };
    match (asked.is_served(), asked.is_visible()) {
        (true, true) => Sight::Everywhere,
        (true, false) if nothing(&asked.public) => Sight::Unknown,
        (true, false) => Sight::Served,
        (false, _) if nothing(&asked.own) => Sight::Unknown,
        (false, _) => Sight::NotServed,
    }
}

fn word((server, said): &(String, Said)) -> Word {
    Word {
        server: server.clone(),
        says: match said {
            Said::Wished | Said::Flattened => Says::Seen,
            Said::Other { data, ttl } => Says::Other {
                value: data.clone(),
                seconds: *ttl,
            },
            Said::Nothing { remembered } => Says::NotYet(*remembered),
            Said::Trouble(why) | Said::Silent(why) => Says::NoAnswer(why.clone()),
        },
    }
}

//! The hands of a person in the world: they enter what a card shows in the pages of whoever keeps the zone.

use super::Act;
use super::transport::SimTransport;
use crate::seam::hands::Hands;

/// What a line can begin with that asks for something to go.
const AWAY: [&str; 3] = ["remove", "delete", "unrecord"];

impl Hands for SimTransport {
    /// A line is a record, `NAME [TTL] TYPE VALUE`, or one to take away: `remove NAME TYPE [VALUE]`. What is to go goes
    /// first, as nobody could enter what it stands in the way of.
    fn enter(&self, lines: &[String]) -> Result<String, String> {
        let mut acts: Vec<Act> = lines.iter().filter_map(|line| act(line)).collect();
        if acts.is_empty() {
            return Err("there is nothing to enter".to_owned());
        }
        acts.sort_by_key(|act| matches!(act, Act::Record(_)));
        let done: Result<Vec<String>, String> = acts.iter().map(|act| self.person(act)).collect();
        Ok(done?.join("; "))
    }
}

fn act(line: &str) -> Option<Act> {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim().to_owned();
    match first.to_lowercase().as_str() {
        first if AWAY.contains(&first) => Some(Act::Unrecord(rest)),
        "record" | "add" => Some(Act::Record(rest)),
        _ => Some(Act::Record(line.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Jumping;
    use crate::seam::resolver::RecordKind;
    use crate::sim::desk::{Desk, scenario};
    use crate::sim::zones::Host;

    #[test]
    fn what_stands_in_the_way_goes_before_what_is_entered() {
        let desk = Desk::at(&scenario("fresh", |scenario| {
            scenario.lag = false;
            scenario.dns.delegated = Some(Host::Elsewhere);
        }));
        let clock = Arc::new(Jumping::new(desk.now));
        let runtime = Jumping::runtime().unwrap();
        let _inside = runtime.enter();
        let transport = SimTransport::new(desk.world, clock);
        let enter = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            transport.enter(&lines)
        };
        let said = enter(&[
            "www  600  CNAME  a.vercel-dns-017.com",
            "api CNAME shop.onrender.com",
            "remove www CNAME",
        ]);
        assert_eq!(said.unwrap().split("; ").count(), 3);
        let world = transport.world.lock().unwrap();
        let www = world
            .zones
            .truth(desk.now, "www.acmeshop.example", RecordKind::Cname);
        assert_eq!(www, ["a.vercel-dns-017.com"]);
        drop(world);
        assert!(
            enter(&["api CNAME other.onrender.com"])
                .unwrap_err()
                .contains("in the way")
        );
        assert!(enter(&[]).is_err());
        assert!(enter(&["mongodb://a.example", "see the page"]).is_err());
    }
}

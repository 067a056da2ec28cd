//! A person in the pages of whoever keeps the zone: enters a record, takes one away, changes one.

use jiff::Timestamp;

use super::{Clash, Edit, Host, Wish, Zones, relative};
use crate::sim::ledger::{Book, MadeBy};

impl Zones {
    /// Enters `NAME [TTL] TYPE VALUE` where the zone is delegated to. Answers with one sentence.
    pub fn record(
        &mut self,
        now: Timestamp,
        line: &str,
        book: &mut Book,
    ) -> Result<String, String> {
        let host = self.delegated();
        let zone = self.zone().to_owned();
        let wish = Wish::parse(line, &zone)?;
        let said = wish.line(&zone);
        let copy = self.copy_mut(host).ok_or("nobody keeps the zone")?;
        let all = copy.current().records.iter();
        let mut clashes = all.filter_map(|old| Some((wish.clash(&old.wish, &zone)?, old)));
        if let Some((clash, old)) = clashes.next() {
            let old = old.wish.line(&zone);
            return Err(match clash {
                Clash::Same => format!("{old} is there already"),
                Clash::Alone => format!("{old} is in the way; take it away first"),
            });
        }
        copy.apply(now, vec![Edit::Add(wish)], MadeBy::Person, book);
        Ok(format!("{said} was entered in {zone}"))
    }

    /// Takes the records `NAME TYPE [VALUE]` away where the zone is delegated to.
    pub fn unrecord(
        &mut self,
        now: Timestamp,
        line: &str,
        book: &mut Book,
    ) -> Result<String, String> {
        let host = self.delegated();
        let zone = self.zone().to_owned();
        let mut words = line.splitn(3, char::is_whitespace);
        let (name, kind) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let value = words.next().map(str::trim);
        let (name, kind) = (relative(name, &zone), kind.to_uppercase());
        let copy = self.copy_mut(host).ok_or("nobody keeps the zone")?;
        let set = copy.current().set(&name, &kind);
        let meant = set.filter(|old| {
            let wire = old.wish.wire(&zone);
            !old.wish.is_fixed() && value.is_none_or(|value| wire == value.trim_matches('"'))
        });
        let edits: Vec<Edit> = meant.map(|old| Edit::Remove(old.id.clone())).collect();
        if edits.is_empty() {
            return Err(format!(
                "there is no {line} in {zone} that could be taken away"
            ));
        }
        let count = edits.len();
        copy.apply(now, edits, MadeBy::Person, book);
        Ok(format!("{count} of {name} {kind} taken away from {zone}"))
    }

    /// Changes the value of the first record of a name at a host: `record/NAME`, or `record/NAME/TYPE`.
    pub fn edit(
        &mut self,
        now: Timestamp,
        host: Host,
        object: &str,
        book: &mut Book,
    ) -> Result<String, String> {
        let zone = self.zone().to_owned();
        let cannot =
            || format!("{object} cannot be edited in a zone: record/NAME, record/NAME/TYPE");
        let named = object.strip_prefix("record/").ok_or_else(cannot)?;
        let (name, kind) = match named.split_once('/') {
            Some((name, kind)) => (name, Some(kind)),
            None => (named, None),
        };
        let name = relative(name, &zone);
        let copy = self.copy_mut(host).ok_or("the zone is not kept there")?;
        let meant = |kept: &str| kind.is_none_or(|kind| kept.eq_ignore_ascii_case(kind));
        let found = copy
            .current()
            .at(&name)
            .find(|old| !old.wish.is_fixed() && meant(&old.wish.kind));
        let old = found.ok_or_else(|| format!("there is no {named} in {zone}"))?;
        let (id, mut wish) = (old.id.clone(), old.wish.clone());
        wish.data = match wish.kind.as_str() {
            "A" => "203.0.113.80".to_owned(),
            "AAAA" => "2001:db8::80".to_owned(),
            "TXT" => format!("{} changed", wish.data),
            _ => "elsewhere.example".to_owned(),
        };
        let said = wish.line(&zone);
        let edits = vec![Edit::Alter(id, wish)];
        copy.apply(now, edits, MadeBy::Person, book);
        Ok(format!("{said} is what {zone} says now"))
    }
}

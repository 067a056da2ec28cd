//! Plans for one host's records, from what was found there.

use super::change::Kept;
use super::*;
use crate::plan::{Change, Row, Sign, Undo};
use crate::resource::zone::MODE;

const TARGET_NAME: &str = "d1d4.vercel-dns-017.com";

fn www() -> DnsRecord {
    DnsRecord {
        zone: "bondigoo.ch".into(),
        holder: Holder::GoDaddy,
        host: "www.bondigoo.ch".into(),
        label: "www".into(),
        claim: ItemId::new("6.site-www"),
        zone_item: ItemId::new("6.2.zone"),
    }
}

fn bare() -> DnsRecord {
    DnsRecord {
        host: "bondigoo.ch".into(),
        label: "@".into(),
        claim: ItemId::new("6.site-apex"),
        ..www()
    }
}

fn entry(kind: &str, data: &str) -> Entry {
    Entry::new("www.bondigoo.ch", kind, data, 3600)
}

fn known(told: &[(&str, &str)]) -> Known {
    let told = told
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    Known {
        outputs: told.collect(),
        ..Known::default()
    }
}

/// What the claim of `www` has told.
fn claimed() -> Known {
    known(&[
        ("6.site-www.target_kind", "CNAME"),
        ("6.site-www.target", TARGET_NAME),
    ])
}

fn seen(item: &DnsRecord, known: &Known, entries: &[Entry]) -> Seen {
    let mode = item.mode(known);
    Seen {
        mode,
        wanted: item.wanted(known, mode),
        entries: entries.to_vec(),
        by: mode.to_string(),
        hosted_by: "GoDaddy".into(),
        flattened: false,
        ours: ours(known),
    }
}

fn rows_of(changes: &[RecordChange]) -> Vec<Row> {
    let item = ItemId::new("6.2.record-www");
    changes.iter().map(|change| change.row(&item)).collect()
}

fn rows(item: &DnsRecord, known: &Known, entries: &[Entry]) -> Vec<Row> {
    match item.plan(known, &seen(item, known, entries)) {
        Plan::Change(changes) => rows_of(&changes),
        other => panic!("no change: {other:?}"),
    }
}

fn told(rows: &[Row]) -> Vec<String> {
    rows.iter().map(ToString::to_string).collect()
}

fn by_hand(item: &DnsRecord, known: &Known, entries: &[Entry]) -> Vec<String> {
    match item.plan(known, &seen(item, known, entries)) {
        Plan::Blocked(Blocker::ByHand { paste, .. }) => paste,
        other => panic!("not by hand: {other:?}"),
    }
}

#[test]
fn a_name_that_nobody_has_gets_its_record() {
    let rows = rows(&www(), &claimed(), &[]);
    assert_eq!(
        told(&rows),
        ["+ www.bondigoo.ch: CNAME d1d4.vercel-dns-017.com"]
    );
    assert!(!rows[0].wants_a_person() && rows[0].undo == Undo::Reversible);
}

#[test]
fn a_record_that_is_as_wished_is_settled_whoever_made_it() {
    let there = [entry("CNAME", "D1D4.Vercel-DNS-017.com.")];
    let Plan::Settled(evidence) = www().plan(&claimed(), &seen(&www(), &claimed(), &there)) else {
        panic!("not settled");
    };
    assert_eq!(
        evidence.text,
        "www.bondigoo.ch is CNAME d1d4.vercel-dns-017.com, as GoDaddy says"
    );
}

#[test]
fn the_parked_cname_is_replaced_and_its_value_kept() {
    let rows = rows(&www(), &claimed(), &[entry("CNAME", "@")]);
    assert_eq!(
        told(&rows),
        ["~ www.bondigoo.ch: CNAME @ → CNAME d1d4.vercel-dns-017.com"]
    );
    assert!(rows[0].not_made_by_golive && rows[0].undo == Undo::Restorable);
    assert!(rows[0].detail[0].contains("60 min"), "{:?}", rows[0].detail);
}

#[test]
fn each_record_in_the_way_goes_by_a_row_of_its_own_and_others_stay() {
    let there = [
        entry("A", "203.0.113.7"),
        entry("A", "203.0.113.8"),
        entry("AAAA", "2001:db8::7"),
    ];
    let rows = rows(&www(), &claimed(), &there);
    assert_eq!(
        told(&rows),
        [
            "- www.bondigoo.ch: was A 203.0.113.7",
            "- www.bondigoo.ch: was A 203.0.113.8",
            "- www.bondigoo.ch: was AAAA 2001:db8::7",
            "+ www.bondigoo.ch: CNAME d1d4.vercel-dns-017.com",
        ]
    );
    assert!(rows[..3].iter().all(|row| row.sign == Sign::Remove
        && row.not_made_by_golive
        && row.undo == Undo::Restorable
        && row.wants_a_person()));
}

#[test]
fn the_bare_name_keeps_its_mail_and_loses_its_other_addresses() {
    let known = known(&[
        ("6.site-apex.target_kind", "A"),
        ("6.site-apex.target", "76.76.21.21"),
    ]);
    let apex = |kind: &str, data: &str| Entry::new("bondigoo.ch", kind, data, 3600);
    let there = [
        apex("A", "203.0.113.7"),
        apex("A", "203.0.113.8"),
        apex("MX", "mail.bondigoo.ch"),
        apex("TXT", "v=spf1 -all"),
    ];
    let rows = rows(&bare(), &known, &there);
    assert_eq!(
        told(&rows),
        [
            "- bondigoo.ch: was A 203.0.113.8",
            "~ bondigoo.ch: A 203.0.113.7 → A 76.76.21.21",
        ]
    );
}

#[test]
fn a_proof_is_added_beside_whatever_texts_there_are() {
    let mut known = claimed();
    let proof = [
        ("6.site-www.proof_name", "_vercel"),
        (
            "6.site-www.proof_value",
            "vc-domain-verify=www.bondigoo.ch,1",
        ),
    ];
    for (name, value) in proof {
        known.outputs.insert(name.into(), value.into());
    }
    let other = Entry::new(
        "_vercel.bondigoo.ch",
        "TXT",
        "vc-domain-verify=other,2",
        600,
    );
    let there = [entry("CNAME", TARGET_NAME), other];
    assert_eq!(
        told(&rows(&www(), &known, &there)),
        ["+ _vercel.bondigoo.ch: TXT vc-domain-verify=www.bondigoo.ch,1"]
    );
}

#[test]
fn what_cloudflare_proxies_is_led_past_its_proxy() {
    let mut known = claimed();
    known
        .outputs
        .insert(format!("6.2.zone.{MODE}"), "cloudflare".into());
    let proxied = Entry {
        proxied: true,
        ttl: 1,
        ..entry("CNAME", TARGET_NAME)
    };
    let rows = rows(&www(), &known, &[proxied]);
    assert_eq!(
        told(&rows),
        [
            "~ www.bondigoo.ch: CNAME d1d4.vercel-dns-017.com (proxied) → CNAME d1d4.vercel-dns-017.com, not proxied"
        ]
    );
    assert!(rows[0].not_made_by_golive);
}

#[test]
fn a_text_at_a_host_is_no_business_of_golives_and_blocks_its_cname() {
    let there = [entry("TXT", "google-site-verification=x")];
    let told = www().plan(&claimed(), &seen(&www(), &claimed(), &there));
    let Plan::Blocked(blocker) = told else {
        panic!("not blocked: {told:?}");
    };
    let sentence = blocker.sentence();
    assert!(
        sentence.contains("TXT google-site-verification=x"),
        "{sentence}"
    );
    // A service's record is listed under its host, and stands elsewhere.
    let service = [entry("SRV", "sip.bondigoo.ch")];
    assert_eq!(rows(&www(), &claimed(), &service).len(), 1);
}

#[test]
fn a_text_that_was_kept_without_its_value_is_asked_for_by_hand() {
    let mut known = claimed();
    let name = "_vercel.bondigoo.ch";
    for (output, value) in [("proof_name", name), ("proof_value", "vc-domain-verify=1")] {
        known
            .outputs
            .insert(format!("6.site-www.{output}"), value.into());
    }
    let proof = Entry::new(name, "TXT", "vc-domain-verify=1", 600);
    known.made.push(Kept::added(&proof).made(None));
    let there = [
        entry("CNAME", TARGET_NAME),
        Entry::new(name, "TXT", " ", 600),
    ];
    let paste = by_hand(&www(), &known, &there);
    assert_eq!(paste, ["_vercel 600 TXT vc-domain-verify=1"]);
}

#[test]
fn by_hand_the_card_says_what_to_remove_and_what_to_enter() {
    let item = DnsRecord {
        holder: Holder::ByHand,
        ..www()
    };
    let paste = by_hand(&item, &claimed(), &[entry("A", "203.0.113.7")]);
    assert_eq!(
        paste,
        [
            "remove www A 203.0.113.7",
            "www 600 CNAME d1d4.vercel-dns-017.com",
        ]
    );
    assert!(item.foresee(&claimed()).is_empty());
}

#[test]
fn what_the_zone_or_the_operator_says_turns_a_record_to_by_hand() {
    let mut known = claimed();
    known
        .outputs
        .insert(format!("6.2.zone.{MODE}"), "by-hand".into());
    assert_eq!(by_hand(&www(), &known, &[]).len(), 1);
    let mut known = claimed();
    known.decided.insert("godaddy".into(), "by-hand".into());
    assert_eq!(by_hand(&www(), &known, &[]).len(), 1);
    known.decided.insert("godaddy".into(), "again".into());
    assert_eq!(rows(&www(), &known, &[]).len(), 1);
}

#[test]
fn rows_are_foreseen_before_the_claim_has_told_and_after() {
    let foreseen = |known: &Known| told(&rows_of(&www().foresee(known)));
    assert_eq!(
        foreseen(&Known::default()),
        ["+ www.bondigoo.ch: CNAME (known after 6.site-www)"]
    );
    assert_eq!(
        foreseen(&claimed()),
        ["+ www.bondigoo.ch: CNAME d1d4.vercel-dns-017.com"]
    );
    assert_eq!(
        rows_of(&bare().foresee(&Known::default()))[0].what,
        "bondigoo.ch"
    );
    let seen = seen(&www(), &Known::default(), &[]);
    let Plan::Blocked(blocker) = www().plan(&Known::default(), &seen) else {
        panic!("not blocked");
    };
    assert!(blocker.sentence().contains("6.site-www"));
}

#[test]
fn undo_takes_golives_record_away_and_puts_back_what_stood_there() {
    let (old, new) = (
        entry("CNAME", "old.example.com"),
        entry("CNAME", TARGET_NAME),
    );
    let mut known = claimed();
    known.made.push(Kept::replaced(&old, &new).made(None));
    let undo = |known: &Known, there: &[Entry]| {
        told(&rows_of(&www().undo(known, &seen(&www(), known, there))))
    };
    assert_eq!(
        undo(&known, std::slice::from_ref(&new)),
        ["~ www.bondigoo.ch: CNAME d1d4.vercel-dns-017.com → CNAME old.example.com"]
    );
    assert!(undo(&known, std::slice::from_ref(&old)).is_empty());
    assert_eq!(
        undo(&known, &[]),
        ["+ www.bondigoo.ch: CNAME old.example.com"]
    );
    // Somebody has led it elsewhere since: theirs stays.
    assert!(undo(&known, &[entry("CNAME", "third.example.com")]).is_empty());
}

#[test]
fn undo_after_removals_brings_every_address_back() {
    let (one, two) = (entry("A", "203.0.113.7"), entry("A", "203.0.113.8"));
    let new = entry("CNAME", TARGET_NAME);
    let mut known = claimed();
    known.made = vec![
        Kept::removed(&one).made(None),
        Kept::removed(&two).made(None),
        Kept::added(&new).made(Some("rec1".into())),
    ];
    assert_eq!(known.made[2].id, "rec1");
    let undo = |there: &[Entry]| told(&rows_of(&www().undo(&known, &seen(&www(), &known, there))));
    assert_eq!(
        undo(&[new]),
        [
            "- www.bondigoo.ch: was CNAME d1d4.vercel-dns-017.com",
            "+ www.bondigoo.ch: A 203.0.113.7",
            "+ www.bondigoo.ch: A 203.0.113.8",
        ]
    );
    assert_eq!(undo(&[one]), ["+ www.bondigoo.ch: A 203.0.113.8"]);
}

#[test]
fn a_change_whose_answer_was_lost_is_known_by_what_a_look_shows() {
    let known = claimed();
    let found = |there: &[Entry], change: &str| {
        let made = www().found(&seen(&www(), &known, there), change)?;
        Some(made.kind)
    };
    let (old, new) = (entry("A", "203.0.113.7"), entry("CNAME", TARGET_NAME));
    let remove = format!("remove {}", old.coded());
    assert_eq!(found(&[], &remove).as_deref(), Some("removed DNS record"));
    assert_eq!(found(&[old], &remove), None);
    let added = found(std::slice::from_ref(&new), "add CNAME");
    assert_eq!(added.as_deref(), Some("DNS record"));
    assert_eq!(found(&[], "add CNAME"), None);
    let old = entry("CNAME", "old.example.com");
    let replace = format!("replace {}", old.coded());
    let whole = found(&[new], &replace);
    assert_eq!(whole.as_deref(), Some("replaced DNS record"));
    // Half of it: the old one is gone, and is remembered all the same.
    assert_eq!(found(&[], &replace).as_deref(), Some("removed DNS record"));
    assert_eq!(found(&[old], &replace), None);
}

#[test]
fn a_target_that_changes_later_is_golives_own_to_replace() {
    let before = entry("CNAME", "before.onrender.com");
    let mut known = claimed();
    known.made.push(Kept::added(&before).made(None));
    let rows = rows(&www(), &known, &[before]);
    assert_eq!(rows[0].sign, Sign::Change);
    assert!(!rows[0].not_made_by_golive);
}

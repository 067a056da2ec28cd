//! A DNS message as the answer it is: names in lower case, records as texts, and how long "there is none" lasts.

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{CAA, SOA, TXT};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record as Read};

use crate::seam::resolver::{Answer, Code, Record, RecordKind};

pub(super) fn answer(message: &Message) -> Answer {
    let internet = |record: &&Read| record.dns_class == DNSClass::IN;
    Answer {
        code: code(message.metadata.response_code),
        authoritative: message.metadata.authoritative,
        records: message
            .answers
            .iter()
            .filter(internet)
            .filter_map(record)
            .collect(),
        negative_ttl: message
            .authorities
            .iter()
            .find_map(|record| match &record.data {
                RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
                _ => None,
            }),
    }
}

fn code(code: ResponseCode) -> Code {
    match code {
        ResponseCode::NoError => Code::NoError,
        ResponseCode::NXDomain => Code::NxDomain,
        ResponseCode::ServFail => Code::ServFail,
        ResponseCode::Refused => Code::Refused,
        other => Code::Other(other.into()),
    }
}

/// `None` for a type that golive does not read, such as a signature.
fn record(read: &Read) -> Option<Record> {
    let (kind, data) = match &read.data {
        RData::A(address) => (RecordKind::A, address.0.to_string()),
        RData::AAAA(address) => (RecordKind::Aaaa, address.0.to_string()),
        RData::CAA(caa) => (RecordKind::Caa, authority(caa)),
        RData::CNAME(target) => (RecordKind::Cname, name(&target.0)),
        RData::MX(mx) => (
            RecordKind::Mx,
            format!("{} {}", mx.preference, name(&mx.exchange)),
        ),
        RData::NS(server) => (RecordKind::Ns, name(&server.0)),
        RData::SOA(soa) => (RecordKind::Soa, start(soa)),
        RData::TXT(txt) => (RecordKind::Txt, strings(txt)),
        _ => return None,
    };
    Some(Record {
        name: name(&read.name),
        kind,
        data,
        ttl: read.ttl,
    })
}

/// In lower case, without a dot at its end; the root is `.`.
fn name(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(name) => name.to_string(),
    }
}

fn authority(caa: &CAA) -> String {
    let tag = caa.tag.to_ascii_lowercase();
    format!("{} {tag} \"{}\"", caa.flags(), text(&caa.value))
}

fn start(soa: &SOA) -> String {
    format!(
        "{} {} {} {} {} {} {}",
        name(&soa.mname),
        name(&soa.rname),
        soa.serial,
        soa.refresh,
        soa.retry,
        soa.expire,
        soa.minimum
    )
}

/// The strings are one value, cut only because each holds 255 bytes at most (RFC 7208, 3.3 says so for SPF).
fn strings(txt: &TXT) -> String {
    text(&txt.txt_data.concat())
}

/// Bytes that are no text are written as in a zone file, `\` and three digits, so that two values never look the same.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\{byte:03}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::op::{MessageType, OpCode};
    use hickory_resolver::proto::rr::rdata::{CNAME, MX};

    fn read(owner: &str, ttl: u32, data: RData) -> Read {
        Read::from_rdata(Name::from_ascii(owner).unwrap(), ttl, data)
    }

    #[test]
    fn records_are_told_in_the_words_of_a_zone_file() {
        let target = Name::from_ascii("CName.Vercel-DNS.com.").unwrap();
        let mut message = Message::new(7, MessageType::Response, OpCode::Query);
        message.metadata.authoritative = true;
        message.add_answer(read("WWW.Bondigoo.ch.", 600, RData::CNAME(CNAME(target))));
        let null = RData::MX(MX::new(0, Name::root()));
        message.add_answer(read("bondigoo.ch.", 600, null));
        let parts = vec![b"v=spf1 ".as_slice(), b"\xff -all"];
        message.add_answer(read("bondigoo.ch.", 60, RData::TXT(TXT::from_bytes(parts))));
        let soa = SOA::new(
            Name::from_ascii("ns.bondigoo.ch.").unwrap(),
            Name::from_ascii("dns.bondigoo.ch.").unwrap(),
            1,
            2,
            3,
            4,
            900,
        );
        message.add_authority(read("bondigoo.ch.", 3600, RData::SOA(soa.clone())));
        let told = answer(&message);
        assert!(told.authoritative && told.code == Code::NoError);
        assert_eq!(told.negative_ttl, Some(900));
        assert_eq!(told.records[0].name, "www.bondigoo.ch");
        assert_eq!(told.data(RecordKind::Cname), ["cname.vercel-dns.com"]);
        assert_eq!(told.data(RecordKind::Mx), ["0 ."]);
        assert_eq!(told.data(RecordKind::Txt), ["v=spf1 \\255 -all"]);
        assert_eq!(start(&soa), "ns.bondigoo.ch dns.bondigoo.ch 1 2 3 4 900");
    }
}

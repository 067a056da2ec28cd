//! What the network says: the address this machine is seen under, and what name servers answer.

use std::net::IpAddr;

use futures::future::BoxFuture;

pub trait Resolver: Send + Sync {
    /// The public address that other machines see this one under. The error says who was asked and what came.
    fn public_address(&self) -> BoxFuture<'_, Result<IpAddr, String>>;

    /// The public resolvers that are asked what the world sees, in the order they are shown.
    fn public(&self) -> Vec<IpAddr>;

    /// One question to one server, at most a few seconds long. Never answered from a memory of this machine's own.
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Answer, Silence>>;
}

/// One question to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// In lower case, without a dot at its end.
    pub name: String,
    pub kind: RecordKind,
    pub server: Server,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// A public resolver, which looks further itself (recursion desired).
    Public(IpAddr),
    /// A zone's own name server, which answers of its own zone alone (no recursion).
    Own(IpAddr),
}

/// The types of records that golive reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKind {
    A,
    Aaaa,
    Caa,
    Cname,
    Mx,
    Ns,
    Soa,
    Txt,
}

impl RecordKind {
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::A => "A",
            RecordKind::Aaaa => "AAAA",
            RecordKind::Caa => "CAA",
            RecordKind::Cname => "CNAME",
            RecordKind::Mx => "MX",
            RecordKind::Ns => "NS",
            RecordKind::Soa => "SOA",
            RecordKind::Txt => "TXT",
        }
    }
}

impl std::fmt::Display for RecordKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: Code,
    /// The server speaks for the zone itself.
    pub authoritative: bool,
    /// In the order of the reply, the links of a CNAME chain among them.
    pub records: Vec<Record>,
    /// Seconds for which "there is none" may be remembered: the smaller of the SOA's TTL and its minimum (RFC 2308).
    pub negative_ttl: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// With or without records.
    NoError,
    /// There is no such name.
    NxDomain,
    ServFail,
    Refused,
    Other(u16),
}

/// One record as a server gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// In lower case, without a dot at its end.
    pub name: String,
    pub kind: RecordKind,
    /// Names without a dot at their end; a TXT's strings joined, without quotes; CAA as `0 issue "letsencrypt.org"`; MX as
    /// `10 mail.example.com`; SOA as its seven fields.
    pub data: String,
    /// Seconds that are left of it at this server.
    pub ttl: u32,
}

/// Nobody answered, and why: a time-out, a refused connection, a reply that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence(pub String);

impl Answer {
    /// The data of the records of one type.
    pub fn data(&self, kind: RecordKind) -> Vec<&str> {
        let own = self.records.iter().filter(|record| record.kind == kind);
        own.map(|record| record.data.as_str()).collect()
    }
}

//! The world's name servers on one port, over UDP and TCP. A question that asks for recursion is answered as a public
//! resolver would; any other, as the name servers of the name's own zone would.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use hickory_resolver::proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{MX, NULL, SOA, TXT, name};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record as Wire, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::doors::Doors;
use super::while_served;
use crate::error::{Error, Result};
use crate::seam::resolver::{Answer, Code, Question, Record, RecordKind, Resolver, Server};

/// Longest reply over UDP to one who does not say that they take more (RFC 1035, 4.2.1).
const UDP_MAX: usize = 512;
/// Tries to find a port that is free for both.
const PORTS_MAX: usize = 20;

/// Listens on a free port of `ip` and answers in the background; says where.
pub async fn open(
    ip: IpAddr,
    doors: Doors,
    tasks: &mut JoinSet<()>,
    stopped: &watch::Receiver<bool>,
) -> Result<SocketAddr> {
    let unable = |error: std::io::Error| {
        Error::failed(format!("no name server can listen on {ip}"))
            .because(error)
            .now("the simulator does not run")
    };
    for _ in 0..PORTS_MAX {
        let udp = UdpSocket::bind((ip, 0)).await.map_err(unable)?;
        let address = udp.local_addr().map_err(unable)?;
        let Ok(tcp) = TcpListener::bind(address).await else {
            continue;
        };
        tasks.spawn(while_served(over_udp(udp, doors.clone()), stopped.clone()));
        tasks.spawn(while_served(over_tcp(tcp, doors), stopped.clone()));
        return Ok(address);
    }
    Err(Error::failed(format!(
        "no port of {ip} is free for UDP and TCP alike"
    )))
}

/// An answer under way is lost when the simulator stops, as with any name server that goes away.
async fn over_udp(socket: UdpSocket, doors: Doors) {
    let socket = std::sync::Arc::new(socket);
    let mut answers = JoinSet::new();
    let mut buffer = [0u8; 4096];
    loop {
        while answers.try_join_next().is_some() {}
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let (question, doors, socket) = (buffer[..length].to_vec(), doors.clone(), socket.clone());
        answers.spawn(async move {
            let Some(reply) = reply(&question, &doors).await else {
                return;
            };
            let max = reply
                .edns
                .as_ref()
                .map_or(UDP_MAX, |edns| usize::from(edns.max_payload()));
            let bytes = match reply.to_vec() {
                Ok(bytes) if bytes.len() <= max => bytes,
                _ => reply.truncate().to_vec().unwrap_or_default(),
            };
            let _ = socket.send_to(&bytes, from).await;
        });
    }
}

async fn over_tcp(listener: TcpListener, doors: Doors) {
    let mut talks = JoinSet::new();
    loop {
        while talks.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        talks.spawn(talk(stream, doors.clone()));
    }
}

/// Each message is preceded by its length in two bytes (RFC 1035, 4.2.2).
async fn talk(mut stream: TcpStream, doors: Doors) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0u8; usize::from(length)];
        if stream.read_exact(&mut question).await.is_err() {
            return;
        }
        let reply = reply(&question, &doors).await;
        let Some(bytes) = reply.and_then(|reply| reply.to_vec().ok()) else {
            return;
        };
        let Ok(length) = u16::try_from(bytes.len()) else {
            return;
        };
        let sent = async {
            stream.write_u16(length).await?;
            stream.write_all(&bytes).await
        };
        if sent.await.is_err() {
            return;
        }
    }
}

/// The reply to a message; `None` where there is nothing that could be answered, or nobody answers in this world.
async fn reply(message: &[u8], doors: &Doors) -> Option<Message> {
    let asked = Message::from_vec(message).ok()?;
    let mut reply = Message::response(asked.metadata.id, asked.metadata.op_code);
    reply.metadata.recursion_desired = asked.metadata.recursion_desired;
    reply.edns = asked.edns.clone();
    let Some(query) = asked.queries.first().cloned() else {
        reply.metadata.response_code = ResponseCode::FormErr;
        return Some(reply);
    };
    reply.add_query(query.clone());
    let kind = kind_of(&query).filter(|_| asked.metadata.op_code == OpCode::Query);
    let Some(kind) = kind else {
        reply.metadata.response_code = ResponseCode::NotImp;
        return Some(reply);
    };
    let name = query.name().to_ascii().to_lowercase();
    let name = name.trim_end_matches('.').to_string();
    let recursive = asked.metadata.recursion_desired;
    let server = match recursive {
        true => Server::Public(*doors.public().first()?),
        false => match own_server(&name, doors).await {
            Some(server) => server,
            None => {
                reply.metadata.response_code = ResponseCode::Refused;
                return Some(reply);
            }
        },
    };
    let question = Question { name, kind, server };
    let answer = doors.ask(&question).await.ok()?;
    reply.metadata.recursion_available = recursive;
    fill(&mut reply, &question, &answer);
    Some(reply)
}

fn kind_of(query: &Query) -> Option<RecordKind> {
    if query.query_class() != DNSClass::IN {
        return None;
    }
    Some(match query.query_type() {
        RecordType::A => RecordKind::A,
        RecordType::AAAA => RecordKind::Aaaa,
        RecordType::CAA => RecordKind::Caa,
        RecordType::CNAME => RecordKind::Cname,
        RecordType::MX => RecordKind::Mx,
        RecordType::NS => RecordKind::Ns,
        RecordType::SOA => RecordKind::Soa,
        RecordType::TXT => RecordKind::Txt,
        _ => return None,
    })
}

/// The first name server of the zone that a name lies in: the shortest part of it, of two labels or more, that has any.
/// Shorter parts first, so that nobody asks a resolver for a name that may not be there yet.
async fn own_server(name: &str, doors: &Doors) -> Option<Server> {
    let resolver = Server::Public(*doors.public().first()?);
    let labels: Vec<&str> = name.split('.').collect();
    for start in (0..labels.len().saturating_sub(1)).rev() {
        let zone = labels[start..].join(".");
        let found = doors.ask(&question(&zone, RecordKind::Ns, resolver)).await;
        let Some(server) = found
            .ok()?
            .data(RecordKind::Ns)
            .first()
            .map(ToString::to_string)
        else {
            continue;
        };
        let found = doors.ask(&question(&server, RecordKind::A, resolver)).await;
        let address = found.ok()?.data(RecordKind::A).first()?.parse().ok()?;
        return Some(Server::Own(address));
    }
    None
}

fn question(name: &str, kind: RecordKind, server: Server) -> Question {
    Question {
        name: name.to_string(),
        kind,
        server,
    }
}

fn fill(reply: &mut Message, question: &Question, answer: &Answer) {
    reply.metadata.authoritative = answer.authoritative;
    reply.metadata.response_code = match answer.code {
        Code::NoError => ResponseCode::NoError,
        Code::NxDomain => ResponseCode::NXDomain,
        Code::ServFail => ResponseCode::ServFail,
        Code::Refused => ResponseCode::Refused,
        Code::Other(code) => ResponseCode::from(0, u8::try_from(code).unwrap_or(2)),
    };
    reply.add_answers(answer.records.iter().filter_map(wire));
    if let Some(seconds) = answer.negative_ttl
        && let Some(soa) = start_of_authority(&question.name, seconds)
    {
        reply.add_authority(soa);
    }
}

/// What tells how long "there is none" may be remembered.
fn start_of_authority(name: &str, seconds: u32) -> Option<Wire> {
    let labels: Vec<&str> = name.rsplitn(3, '.').collect();
    let zone = match labels[..] {
        [top, second, ..] => format!("{second}.{top}."),
        _ => format!("{name}."),
    };
    let of = |text: &str| Name::from_str(text).ok();
    let minimum = i32::try_from(seconds).unwrap_or(i32::MAX);
    let soa = SOA::new(
        of(&format!("ns.{zone}"))?,
        of(&format!("hostmaster.{zone}"))?,
        1,
        28_800,
        7_200,
        604_800,
        u32::try_from(minimum).unwrap_or(0),
    );
    Some(Wire::from_rdata(of(&zone)?, seconds, RData::SOA(soa)))
}

/// One record as it goes over the wire.
fn wire(record: &Record) -> Option<Wire> {
    let own = Name::from_str(&format!("{}.", record.name)).ok()?;
    let other = |text: &str| Name::from_str(&format!("{}.", text.trim_end_matches('.'))).ok();
    let data = match record.kind {
        RecordKind::A => RData::A(record.data.parse().ok()?),
        RecordKind::Aaaa => RData::AAAA(record.data.parse().ok()?),
        RecordKind::Cname => RData::CNAME(name::CNAME(other(&record.data)?)),
        RecordKind::Ns => RData::NS(name::NS(other(&record.data)?)),
        RecordKind::Mx => {
            let (preference, host) = record.data.split_once(' ')?;
            RData::MX(MX::new(preference.parse().ok()?, other(host)?))
        }
        RecordKind::Txt => RData::TXT(TXT::new(strings(&record.data))),
        RecordKind::Caa => RData::Unknown {
            code: RecordType::CAA,
            rdata: NULL::with(caa(&record.data)?),
        },
        RecordKind::Soa => {
            let fields: Vec<&str> = record.data.split_whitespace().collect();
            let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
            RData::SOA(SOA::new(
                other(fields.first()?)?,
                other(fields.get(1)?)?,
                number(2)?,
                i32::try_from(number(3)?).ok()?,
                i32::try_from(number(4)?).ok()?,
                i32::try_from(number(5)?).ok()?,
                number(6)?,
            ))
        }
    };
    Some(Wire::from_rdata(own, record.ttl, data))
}

/// A text in the strings of at most 255 bytes that a TXT record holds.
fn strings(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for character in text.chars() {
        if parts
            .last()
            .is_some_and(|last| last.len() + character.len_utf8() > 255)
        {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts
}

/// `0 issue "letsencrypt.org"` as its bytes (RFC 8659, 4.1): flags, length of the tag, tag, value.
fn caa(text: &str) -> Option<Vec<u8>> {
    let (flags, rest) = text.split_once(' ')?;
    let (tag, value) = rest.split_once(' ')?;
    let mut bytes = vec![flags.parse().ok()?, u8::try_from(tag.len()).ok()?];
    bytes.extend(tag.as_bytes());
    bytes.extend(value.trim_matches('"').as_bytes());
    Some(bytes)
}

//! One question to one server: by UDP, and again by TCP when the answer did not fit.
//!
//! A socket is made for each question, so that nothing is remembered and each has a port of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::reading;
use crate::clock::within;
use crate::seam::resolver::{Answer, Question, RecordKind, Server, Silence};
use crate::text::strip_controls;

/// For one question in all.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// After this long a datagram is taken for lost, and is sent again.
const REPEAT_AFTER: Duration = Duration::from_millis(1500);
/// What passes every network without being cut in pieces (DNS flag day 2020).
const PAYLOAD: u16 = 1232;
/// The longest message there is.
const MESSAGE_MAX: usize = 65_535;
/// The fixed part of a message, and in it the flags "this is a reply" and "cut short" (RFC 1035, 4.1.1).
const HEADER: usize = 12;
const IS_REPLY: u8 = 0x80;
const IS_CUT: u8 = 0x02;

/// Asks and reads the answer. What the server says about the name, be it a refusal, is an answer.
pub(super) async fn ask(server: SocketAddr, question: &Question) -> Result<Answer, Silence> {
    let asked = within(ANSWER_MAX, converse(server, question)).await;
    let silent = || Silence(format!("no answer in {} s", ANSWER_MAX.as_secs()));
    asked.unwrap_or_else(|| Err(silent()))
}

async fn converse(server: SocketAddr, question: &Question) -> Result<Answer, Silence> {
    let reply = exchange(server, &message(question, true)?).await?;
    // Old servers do not know the extension by which larger datagrams are agreed on.
    let reply = match reply.metadata.response_code {
        ResponseCode::FormErr | ResponseCode::NotImp => {
            exchange(server, &message(question, false)?).await?
        }
        _ => reply,
    };
    Ok(reading::answer(&reply))
}

fn message(question: &Question, extended: bool) -> Result<Message, Silence> {
    let unaskable = |cause: &dyn std::fmt::Display| {
        let name = strip_controls(&question.name);
        Silence(format!(
            "nobody was asked: {name:?} cannot be asked for ({cause})"
        ))
    };
    let name =
        Name::from_ascii(format!("{}.", question.name)).map_err(|error| unaskable(&error))?;
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(|error| unaskable(&error))?;
    let mut message = Message::new(u16::from_be_bytes(id), MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = matches!(question.server, Server::Public(_));
    message.add_query(Query::query(name, record_type(question.kind)));
    if extended {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        message.set_edns(edns);
    }
    Ok(message)
}

fn record_type(kind: RecordKind) -> RecordType {
    match kind {
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
        RecordKind::Caa => RecordType::CAA,
        RecordKind::Cname => RecordType::CNAME,
        RecordKind::Mx => RecordType::MX,
        RecordKind::Ns => RecordType::NS,
        RecordKind::Soa => RecordType::SOA,
        RecordKind::Txt => RecordType::TXT,
    }
}

async fn exchange(server: SocketAddr, asked: &Message) -> Result<Message, Silence> {
    let bytes = asked.to_vec().map_err(|error| {
        Silence(format!(
            "nobody was asked: the question cannot be written ({error})"
        ))
    })?;
    let reply = by_udp(server, asked, &bytes).await?;
    match reply {
        Reply::Whole(message) => Ok(*message),
        Reply::Cut => by_tcp(server, asked, &bytes).await,
    }
}

enum Reply {
    Whole(Box<Message>),
    /// It is longer than a datagram.
    Cut,
}

async fn by_udp(server: SocketAddr, asked: &Message, bytes: &[u8]) -> Result<Reply, Silence> {
    let here: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((here, 0))
        .await
        .map_err(|error| broken(&error))?;
    // What another address sends is not even seen, and a closed port is told of at once.
    socket
        .connect(server)
        .await
        .map_err(|error| broken(&error))?;
    // The time for the whole question ends this, too.
    loop {
        socket.send(bytes).await.map_err(|error| broken(&error))?;
        if let Some(reply) = within(REPEAT_AFTER, hear(&socket, asked)).await {
            return reply;
        }
    }
}

/// Waits for the reply; what belongs to another question is passed over.
async fn hear(socket: &UdpSocket, asked: &Message) -> Result<Reply, Silence> {
    let mut buffer = vec![0; MESSAGE_MAX];
    loop {
        let length = socket
            .recv(&mut buffer)
            .await
            .map_err(|error| broken(&error))?;
        let bytes = &buffer[..length];
        if length < HEADER
            || bytes[..2] != asked.metadata.id.to_be_bytes()
            || bytes[2] & IS_REPLY == 0
        {
            continue;
        }
        // Some servers cut in the middle of a record, so this is looked at before the rest is read.
        if bytes[2] & IS_CUT != 0 {
            return Ok(Reply::Cut);
        }
        let message = read(bytes)?;
        if fits(&message, asked) {
            return Ok(Reply::Whole(Box::new(message)));
        }
    }
}

async fn by_tcp(server: SocketAddr, asked: &Message, bytes: &[u8]) -> Result<Message, Silence> {
    let by_tcp = |error: std::io::Error| {
        let Silence(cause) = broken(&error);
        Silence(format!(
            "the answer is too long for UDP, and TCP failed: {cause}"
        ))
    };
    let mut stream = TcpStream::connect(server).await.map_err(by_tcp)?;
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let framed = [&length.to_be_bytes(), bytes].concat();
    stream.write_all(&framed).await.map_err(by_tcp)?;
    let length = stream.read_u16().await.map_err(by_tcp)?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await.map_err(by_tcp)?;
    let message = read(&reply)?;
    let own = message.metadata.id == asked.metadata.id && fits(&message, asked);
    own.then_some(message)
        .ok_or_else(|| Silence("it answered another question than was asked".into()))
}

fn read(bytes: &[u8]) -> Result<Message, Silence> {
    Message::from_vec(bytes).map_err(|error| {
        let cause = strip_controls(&error.to_string());
        Silence(format!("its reply cannot be read ({cause})"))
    })
}

/// Whether a reply repeats the question. One that could not read it may leave it out.
fn fits(reply: &Message, asked: &Message) -> bool {
    let unread = matches!(
        reply.metadata.response_code,
        ResponseCode::FormErr | ResponseCode::NotImp
    );
    reply.queries == asked.queries || (unread && reply.queries.is_empty())
}

fn broken(error: &std::io::Error) -> Silence {
    Silence(match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "no name server listens there".into(),
        std::io::ErrorKind::UnexpectedEof => "it closed the connection without an answer".into(),
        _ => strip_controls(&error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::resolver::Code;

    fn question() -> Question {
        Question {
            name: "bondigoo.ch".into(),
            kind: RecordKind::A,
            server: Server::Own(Ipv4Addr::LOCALHOST.into()),
        }
    }

    /// A server that answers each question with what `reply` makes of it, and counts them.
    async fn asked(reply: impl Fn(usize, Message) -> Vec<Vec<u8>>) -> Result<Answer, Silence> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let here = socket.local_addr().unwrap();
        let answering = async {
            for count in 0.. {
                let mut buffer = [0; 512];
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                let heard = Message::from_vec(&buffer[..length]).unwrap();
                for bytes in reply(count, heard) {
                    socket.send_to(&bytes, from).await.unwrap();
                }
            }
        };
        let question = question();
        tokio::select! {
            told = ask(here, &question) => told,
            () = answering => unreachable!(),
        }
    }

    fn replied(mut heard: Message, code: ResponseCode) -> Message {
        heard.metadata.message_type = MessageType::Response;
        heard.metadata.response_code = code;
        heard
    }

    #[tokio::test]
    async fn an_old_server_is_asked_without_the_extension() {
        let told = asked(|count, mut heard| {
            assert!(!heard.metadata.recursion_desired);
            assert_eq!(heard.edns.is_some(), count == 0);
            let code = match heard.edns.take() {
                // Such a server repeats nothing of what it did not understand.
                Some(_) => {
                    heard.queries.clear();
                    ResponseCode::FormErr
                }
                None => ResponseCode::Refused,
            };
            vec![replied(heard, code).to_vec().unwrap()]
        });
        assert_eq!(told.await.unwrap().code, Code::Refused);
    }

    #[tokio::test]
    async fn a_reply_to_another_question_is_passed_over() {
        let told = asked(|_, heard| {
            let mut other_id = replied(heard.clone(), ResponseCode::NXDomain);
            other_id.metadata.id = other_id.metadata.id.wrapping_add(1);
            let mut other_name = replied(heard.clone(), ResponseCode::NXDomain);
            let name = Name::from_ascii("evil.ch.").unwrap();
            other_name.queries = vec![Query::query(name, RecordType::A)];
            let own = replied(heard.clone(), ResponseCode::ServFail);
            // An echo of the question is no reply either.
            let all = [heard, other_id, other_name, own];
            all.iter()
                .map(|message| message.to_vec().unwrap())
                .collect()
        });
        assert_eq!(told.await.unwrap().code, Code::ServFail);
    }

    #[tokio::test]
    async fn a_reply_that_is_no_message_is_no_answer() {
        let told = asked(|_, heard| {
            let mut bytes = replied(heard, ResponseCode::NoError).to_vec().unwrap();
            // It promises a thousand records.
            bytes[6..8].copy_from_slice(&1000u16.to_be_bytes());
            vec![bytes]
        });
        let silence = told.await.unwrap_err();
        assert!(silence.0.contains("cannot be read"), "{silence:?}");
    }
}

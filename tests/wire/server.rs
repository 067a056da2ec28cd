//! A provider that misbehaves: a bare TCP server on loopback that counts what it received whole and then does what the test scripted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens after a request was received whole.
#[derive(Clone)]
pub enum Act {
    /// Bytes as they are; the connection stays open.
    Say(Vec<u8>),
    /// Bytes, then the end of the connection.
    SayAndClose(Vec<u8>),
    /// Bytes, then a TCP reset once the client has read them.
    SayAndReset(Vec<u8>),
    /// A byte every 20 ms until the client goes away.
    Drip(Vec<u8>),
    /// Bytes without end.
    Flood(Vec<u8>),
    /// No word, connection open.
    Silence,
}

pub fn reply(status: &str, headers: &[(&str, &str)], body: &str) -> Act {
    let mut text = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    Act::Say(text.into_bytes())
}

pub fn fine() -> Act {
    reply(
        "201 Created",
        &[("content-type", "application/json")],
        r#"{"id":7}"#,
    )
}

#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
}

#[derive(Default)]
struct Shared {
    script: VecDeque<Act>,
    received: Vec<Received>,
}

/// One server of a test; dies with the test's runtime.
pub struct Server {
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
}

impl Server {
    /// Does the acts of `script` in order, one per request, and answers 201 from then on.
    pub async fn start(script: impl IntoIterator<Item = Act>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            script: script.into_iter().collect(),
            received: Vec::new(),
        }));
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            shared: shared.clone(),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.lock().unwrap().received.clone()
    }

    /// How often a request of this method was received whole, which a provider would have applied.
    pub fn count(&self, method: &str) -> usize {
        let received = self.received();
        received.iter().filter(|one| one.method == method).count()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    let mut pending = Vec::new();
    // A TLS greeting is answered as a server without TLS answers it.
    let mut first = [0];
    if stream.peek(&mut first).await.is_ok() && first == [0x16] {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        return;
    }
    while let Some(received) = receive(&mut stream, &mut pending).await {
        let act = {
            let mut shared = shared.lock().unwrap();
            shared.received.push(received);
            shared.script.pop_front().unwrap_or_else(fine)
        };
        if perform(&mut stream, act).await.is_none() {
            return;
        }
    }
}

/// One whole request, or `None` when the client left.
async fn receive(stream: &mut TcpStream, pending: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(at) = pending.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(pending).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(pending[..end].to_vec()).ok()?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_string())
        })
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    while pending.len() < end + length {
        if stream.read_buf(pending).await.ok()? == 0 {
            return None;
        }
    }
    pending.drain(..end + length);
    let mut words = head.split(' ');
    Some(Received {
        method: words.next()?.to_string(),
        path: words.next()?.to_string(),
        authorization: header("authorization"),
    })
}

/// `None` when the connection ends with it.
async fn perform(stream: &mut TcpStream, act: Act) -> Option<()> {
    match act {
        Act::Say(bytes) => stream.write_all(&bytes).await.ok(),
        Act::SayAndClose(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            None
        }
        Act::SayAndReset(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            // A reset throws away what the client has not read yet, so it is given the time to read.
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.set_zero_linger().ok()?;
            None
        }
        Act::Drip(bytes) => {
            for byte in bytes.chunks(1) {
                stream.write_all(byte).await.ok()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            gone(stream).await
        }
        Act::Flood(head) => {
            stream.write_all(&head).await.ok()?;
            let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).await.ok()?;
            }
        }
        Act::Silence => gone(stream).await,
    }
}

/// Waits for the client to leave.
async fn gone(stream: &mut TcpStream) -> Option<()> {
    let mut rest = Vec::new();
    while stream.read_buf(&mut rest).await.ok()? > 0 {}
    None
}

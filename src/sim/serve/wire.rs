//! A connection that can be made to fail as connections do: reset, or ended within a body.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What is to become of a connection; told by the call that is answered on it.
#[derive(Clone, Default)]
pub struct Fate(Arc<Mutex<End>>);

#[derive(Clone, Copy, Default)]
enum End {
    #[default]
    Open,
    /// A TCP reset in place of the reply.
    Reset,
    /// The reply's headers, this much of its body, and the end.
    Cut { body: usize, head: Head },
}

/// How far into the empty line that ends the headers the written bytes are: 0 to 4.
type Head = u8;

impl Fate {
    pub fn reset(&self) {
        self.set(End::Reset);
    }

    pub fn cut_body_after(&self, body: usize) {
        self.set(End::Cut { body, head: 0 });
    }

    fn set(&self, end: End) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    fn get(&self) -> End {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Wire<TcpListener>>> for Fate {
    fn connect_info(stream: IncomingStream<'_, Wire<TcpListener>>) -> Fate {
        stream.io().fate.clone()
    }
}

/// A listener whose connections have a fate, or such a connection.
pub struct Wire<T> {
    inner: T,
    fate: Fate,
}

impl Wire<TcpListener> {
    pub fn listening(inner: TcpListener) -> Self {
        let fate = Fate::default();
        Wire { inner, fate }
    }
}

impl Listener for Wire<TcpListener> {
    type Io = Wire<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (inner, address) = Listener::accept(&mut self.inner).await;
        let fate = Fate::default();
        (Wire { inner, fate }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl AsyncRead for Wire<TcpStream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire<TcpStream> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.fate.get() {
            End::Open => Pin::new(&mut self.inner).poll_write(cx, bytes),
            // With nothing left to linger for, the close that follows an error is a reset.
            End::Reset => {
                let reset = self.inner.set_zero_linger();
                Poll::Ready(Err(reset
                    .err()
                    .unwrap_or(io::ErrorKind::ConnectionReset.into())))
            }
            End::Cut { body, head } => {
                let allowed = passing(bytes, body, head);
                if allowed == 0 {
                    return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
                }
                let written = Pin::new(&mut self.inner).poll_write(cx, &bytes[..allowed]);
                if let Poll::Ready(Ok(count)) = written {
                    let (body, head) = after(&bytes[..count], body, head);
                    self.fate.set(End::Cut { body, head });
                }
                written
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// How many of these bytes may still go: all of the headers, and `body` bytes behind them.
fn passing(bytes: &[u8], body: usize, head: Head) -> usize {
    let mut seen = head;
    for (at, byte) in bytes.iter().enumerate() {
        if seen == 4 {
            return (at + body).min(bytes.len());
        }
        seen = next(seen, *byte);
    }
    if seen == 4 && head == 4 {
        body.min(bytes.len())
    } else {
        bytes.len()
    }
}

/// What may still go once these bytes went.
fn after(bytes: &[u8], body: usize, head: Head) -> (usize, Head) {
    let mut seen = head;
    let mut left = body;
    for byte in bytes {
        match seen {
            4 => left = left.saturating_sub(1),
            _ => seen = next(seen, *byte),
        }
    }
    (left, seen)
}

/// One byte on through `\r\n\r\n`.
fn next(seen: Head, byte: u8) -> Head {
    match (seen, byte) {
        (0 | 2, b'\r') => seen + 1,
        (1 | 3, b'\n') => seen + 1,
        (_, b'\r') => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_lets_the_headers_and_half_the_body_go_however_they_are_written() {
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n12345678";
        let whole = reply.len() - 4;
        for step in 1..=reply.len() {
            let (mut body, mut head, mut gone) = (4, 0, 0);
            for part in reply.chunks(step) {
                let allowed = passing(part, body, head);
                gone += allowed;
                (body, head) = after(&part[..allowed], body, head);
                if allowed < part.len() {
                    break;
                }
            }
            assert_eq!(gone, whole, "{step} bytes at a time");
        }
    }
}

//! A client's connection: what the server reads from and writes to.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::written_head::HeadKeeper;

/// A connection of a client.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: Socket,
    /// At a port that keeps heads, as long as there are any to read.
    heads: Option<Arc<HeadKeeper>>,
}

#[derive(Debug)]
pub(super) enum Socket {
    Plain(TcpStream),
    /// Boxed, so that a plain connection does not pay for its size.
    #[cfg(feature = "tls")]
    Tls(Box<super::tls::TlsStream>),
}

impl Socket {
    pub(super) fn is_tls(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }
}

trait ReadWrite: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> ReadWrite for T {}

impl Stream {
    pub(super) fn new(socket: Socket, heads: Option<Arc<HeadKeeper>>) -> Self {
        Self { socket, heads }
    }

    fn socket(&mut self) -> Pin<&mut dyn ReadWrite> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => Pin::new(socket),
        }
    }

    /// What an upgrade has made of a connection, with the bytes that were read already. `None` if it is not one of this server's.
    pub(crate) fn of_upgrade(upgraded: Upgraded) -> Option<(Self, Bytes)> {
        let parts = upgraded.downcast::<TokioIo<Self>>().ok()?;
        let stream = Self { heads: None, ..parts.io.into_inner() };
        Some((stream, parts.read_buf))
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.socket().poll_read(cx, buffer))?;
        if let Some(heads) = &self.heads {
            heads.read(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.socket().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.socket().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(socket) => socket.is_write_vectored(),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(cx)
    }
}

//! WebSocket clients that can also misbehave.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Error;

/// How long anything may take that must happen: what an integration may take (29 s), and as much again for a busy machine. It only keeps a
/// run from hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How many addresses of this machine the clients have. A closed connection keeps its pair of addresses for a minute, and one address
/// has only some 28,000 ports.
const ADDRESSES: u32 = 16;

/// Of each client, so that ten thousand fit into a test machine.
const READ_BUFFER: usize = 4096;

/// A connected client.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) WebSocketStream<TcpStream>);

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NotConnected {
    /// The gateway has answered with this status.
    Refused(u16),
    /// There was no answer, or none that makes sense.
    Broken(Error),
}

/// A text that a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// An error frame, which does not say what message it answers.
    Error,
    /// A function's text.
    Text(String),
    /// The end of the connection, and how it came.
    End(String),
}

/// A TCP connection to the gateway.
pub(crate) async fn tcp(address: &str) -> Result<TcpStream, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own = Ipv4Addr::from(Ipv4Addr::LOCALHOST.to_bits() + NEXT.fetch_add(1, Ordering::Relaxed) % ADDRESSES);
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.bind(SocketAddr::from((own, 0)))?;
    Ok(timeout(PATIENCE, socket.connect(address.parse()?)).await??)
}

impl Client {
    pub(crate) async fn connect(url: &str) -> Result<Self, NotConnected> {
        let broken = |error: Error| NotConnected::Broken(error);
        let address = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let stream = tcp(address).await.map_err(broken)?;
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
        let handshake = client_async_with_config(url, stream, Some(config));
        match timeout(PATIENCE, handshake).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(tungstenite::Error::Http(answer))) => Err(NotConnected::Refused(answer.status().as_u16())),
            Ok(Err(error)) => Err(broken(error.into())),
            Err(late) => Err(broken(late.into())),
        }
    }

    pub(crate) async fn send(&mut self, text: String) -> Result<(), Error> {
        Ok(timeout(PATIENCE, self.0.send(Message::text(text))).await??)
    }

    /// The next text, or the end of the connection.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            return match timeout(PATIENCE, self.0.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => Heard::of(text.as_str()),
                Ok(Some(Ok(Message::Close(frame)))) => Heard::End(format!("{frame:?}")),
                Ok(Some(Ok(_))) => continue,
                Ok(Some(Err(error))) => Heard::End(error.to_string()),
                Ok(None) => Heard::End("the end".to_owned()),
                Err(_) => Heard::End(format!("nothing within {PATIENCE:?}")),
            };
        }
    }

    /// Sends a message and returns what comes next.
    pub(crate) async fn ask(&mut self, text: String) -> Result<Heard, Error> {
        self.send(text).await?;
        Ok(self.hear().await)
    }

    /// Closes in good order.
    pub(crate) async fn close(mut self) {
        let closing = async {
            let _ = self.0.close(None).await;
            while let Some(Ok(_)) = self.0.next().await {}
        };
        let _ = timeout(PATIENCE, closing).await;
    }

    /// Cuts the line: the system sends RST.
    pub(crate) fn reset(self) {
        reset(self.0.get_ref());
    }
}

/// From now on, closing this connection sends RST.
pub(crate) fn reset(stream: &TcpStream) {
    // If that fails, the connection is closed in the usual way, which is another thing to survive.
    let _ = stream.set_zero_linger();
}

impl Heard {
    pub(crate) fn of(text: &str) -> Self {
        let json: Option<Value> = serde_json::from_str(text).ok();
        let is_error = json.is_some_and(|json| json["message"].is_string() && json["requestId"].is_string());
        if is_error { Self::Error } else { Self::Text(text.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_frames_are_told_from_replies() {
        let frame = r#"{"message": "Internal server error", "connectionId":"a=", "requestId":"b="}"#;
        assert_eq!(Heard::of(frame), Heard::Error);
        assert_eq!(Heard::of("#1#xxx"), Heard::Text("#1#xxx".to_owned()));
        assert_eq!(Heard::of(r#"{"message":"x"}"#), Heard::Text(r#"{"message":"x"}"#.to_owned()));
    }
}

//! A WebSocket client that can also misbehave, over `ws://` and `wss://`.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::pattern::Places;
use super::row::{Close, Connect};

/// Long enough for any machine, and for what API Gateway is given time for.
const WATCHDOG: Duration = Duration::from_secs(60);

pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, String> {
    tokio::time::timeout(WATCHDOG, work).await.map_err(|_| "nothing happened".to_owned())
}

impl Client {
    /// Shakes hands. `None`: as expected it came to nothing.
    pub(crate) async fn connect(url: &str, expected: &Connect, places: &mut Places) -> Result<Option<Self>, String> {
        let mut request = url.into_client_request().map_err(|error| error.to_string())?;
        for (name, value) in &expected.headers {
            let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        places.set("key", request.headers()["sec-websocket-key"].to_str().unwrap());
        let status = match in_time(connect_async(request)).await? {
            Ok((socket, response)) => {
                let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
                if header("sec-websocket-protocol") != expected.subprotocol.as_deref() {
                    return Err(format!("the subprotocol is {:?}", header("sec-websocket-protocol")));
                }
                if let Some(name) = expected.without_header.as_deref().filter(|name| header(name).is_some()) {
                    return Err(format!("the answer has {name}"));
                }
                if expected.status == 101 && expected.client_says.is_none() {
                    return Ok(Some(Self(socket)));
                }
                101
            }
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => match &expected.client_says {
                Some(says) if format!("{error:?}").contains(says) => return Ok(None),
                _ => return Err(format!("{error:?}")),
            },
        };
        if status == expected.status && expected.client_says.is_none() {
            Ok(None)
        } else {
            Err(format!("status {status}"))
        }
    }

    pub(crate) async fn send(&mut self, message: Message) -> Result<(), String> {
        in_time(self.0.send(message)).await?.map_err(|error| error.to_string())
    }

    /// A text in so many frames.
    pub(crate) async fn send_in_frames(&mut self, text: &str, frames: usize) -> Result<(), String> {
        let pieces: Vec<_> = text.as_bytes().chunks(text.len().div_ceil(frames)).collect();
        for (n, piece) in pieces.iter().enumerate() {
            let kind = if n == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(piece.to_vec(), OpCode::Data(kind), n + 1 == pieces.len());
            self.send(Message::Frame(frame)).await?;
        }
        Ok(())
    }

    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), String> {
        let stream = self.0.get_mut();
        let sent = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        in_time(sent).await?.map_err(|error| error.to_string())
    }

    pub(crate) async fn hear(&mut self) -> Result<String, String> {
        match self.next().await? {
            Some(Message::Text(text)) => Ok(text.as_str().to_owned()),
            other => Err(format!("not a text: {other:?}")),
        }
    }

    pub(crate) async fn ping(&mut self, text: &str) -> Result<(), String> {
        self.send(Message::Ping(text.to_owned().into())).await?;
        match self.next().await? {
            Some(Message::Pong(payload)) if payload == text.as_bytes() => Ok(()),
            other => Err(format!("not the pong: {other:?}")),
        }
    }

    pub(crate) async fn hear_close(mut self, expected: &Close) -> Result<(), String> {
        let (code, reason) = match self.next().await? {
            Some(Message::Close(Some(frame))) => (Some(frame.code.into()), frame.reason.as_str().to_owned()),
            Some(Message::Close(None)) => (None, String::new()),
            other => return Err(format!("not a close: {other:?}")),
        };
        if (code, &reason) != (expected.code, &expected.reason) {
            return Err(format!("closed with {code:?} {reason:?}"));
        }
        self.end().await
    }

    pub(crate) async fn close(mut self, with: &Close) -> Result<(), String> {
        let frame = with.code.map(|code| CloseFrame { code: code.into(), reason: with.reason.clone().into() });
        in_time(self.0.close(frame)).await?.map_err(|error| error.to_string())?;
        self.end().await
    }

    /// Reads to the end. Nothing that was not expected may come.
    async fn end(mut self) -> Result<(), String> {
        while let Some(Ok(frame)) = in_time(self.0.next()).await? {
            if !frame.is_close() {
                return Err(format!("not expected: {frame:?}"));
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Message>, String> {
        in_time(self.0.next()).await?.transpose().map_err(|error| error.to_string())
    }
}

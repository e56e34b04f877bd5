use futures_util::{SinkExt, StreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use websocket_gateway::Gateway;

use super::{in_time, try_in_time};

/// A WebSocket client, over `ws://` and `wss://`, which can also misbehave.
///
/// A method fails the test if something else happens than its name says. Methods named `try_…` return what went wrong instead.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) subprotocol: Option<String>,
}

/// The HTTP status that refused a handshake.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u16);

/// The query string of a handshake that gives the probe an order, or a list of orders.
pub(crate) fn order(order: &Value) -> String {
    format!("?do={}", utf8_percent_encode(&order.to_string(), NON_ALPHANUMERIC))
}

impl Client {
    /// Connects to an API whose `$default` is the probe, and asks it for the connection id.
    pub(crate) async fn connect_and_ask_for_its_id(gateway: &Gateway) -> (Self, String) {
        let mut client = Self::connect(gateway, "").await;
        client.send("who am I?").await;
        let event = client.hear_json().await;
        (client, event["requestContext"]["connectionId"].as_str().unwrap().to_owned())
    }

    /// Connects with this query string, which starts with its question mark.
    pub(crate) async fn connect(gateway: &Gateway, query: &str) -> Self {
        Self::try_connect(&format!("{}{query}", gateway.url()), &[]).await.unwrap()
    }

    pub(crate) async fn try_connect(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, Refused> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match in_time("the handshake", Self::handshake(request)).await {
            Ok((client, _)) => Ok(client),
            Err(Error::Http(response)) => Err(Refused(response.status().as_u16())),
            Err(error) => panic!("{error}"),
        }
    }

    /// A handshake with any headers, and its answer.
    pub(crate) async fn handshake(request: Request) -> Result<(Self, Response), Error> {
        let (socket, response) = connect_async(request).await?;
        let subprotocol = response.headers().get("sec-websocket-protocol");
        let subprotocol = subprotocol.map(|name| name.to_str().unwrap().to_owned());
        Ok((Self { socket, subprotocol }, response))
    }

    pub(crate) async fn send(&mut self, message: impl Into<String>) {
        self.send_frame(Message::text(message.into())).await;
    }

    pub(crate) async fn send_frame(&mut self, frame: Message) {
        self.try_send(frame).await.unwrap_or_else(|why| panic!("{why}"));
    }

    pub(crate) async fn try_send(&mut self, frame: Message) -> Result<(), String> {
        try_in_time("sending", self.socket.send(frame)).await?.map_err(|error| error.to_string())
    }

    /// Sends a text in so many frames.
    pub(crate) async fn try_send_in_frames(&mut self, text: &str, frames: usize) -> Result<(), String> {
        let pieces: Vec<_> = text.as_bytes().chunks(text.len().div_ceil(frames)).collect();
        for (n, piece) in pieces.iter().enumerate() {
            let kind = if n == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(piece.to_vec(), OpCode::Data(kind), n + 1 == pieces.len());
            self.try_send(Message::Frame(frame)).await?;
        }
        Ok(())
    }

    /// Sends bytes past the WebSocket library.
    pub(crate) async fn try_send_raw(&mut self, bytes: &[u8]) -> Result<(), String> {
        let stream = self.socket.get_mut();
        let sent = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        try_in_time("sending bytes", sent).await?.map_err(|error| error.to_string())
    }

    /// The example API's `sendmessage`.
    pub(crate) async fn say(&mut self, data: &str) {
        self.send(json!({ "action": "sendmessage", "data": data }).to_string()).await;
    }

    /// The next frame, which must be a text.
    pub(crate) async fn hear(&mut self) -> String {
        self.try_hear().await.unwrap_or_else(|why| panic!("{why}"))
    }

    pub(crate) async fn try_hear(&mut self) -> Result<String, String> {
        match self.try_next().await? {
            Some(Message::Text(text)) => Ok(text.as_str().to_owned()),
            other => Err(format!("not a text: {other:?}")),
        }
    }

    /// The next frame, which must be a JSON text.
    pub(crate) async fn hear_json(&mut self) -> Value {
        let text = self.hear().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Sends a ping. Its pong must be the next frame.
    pub(crate) async fn ping(&mut self, payload: &str) {
        self.try_ping(payload).await.unwrap_or_else(|why| panic!("{why}"));
    }

    pub(crate) async fn try_ping(&mut self, payload: &str) -> Result<(), String> {
        self.try_send(Message::Ping(payload.to_owned().into())).await?;
        match self.try_next().await? {
            Some(Message::Pong(answer)) if answer == payload.as_bytes() => Ok(()),
            other => Err(format!("not the pong: {other:?}")),
        }
    }

    /// The next frame, which must be a close: its code and reason.
    pub(crate) async fn hear_close(&mut self) -> (u16, String) {
        let (code, reason) = self.try_hear_close().await.unwrap_or_else(|why| panic!("{why}"));
        (code.expect("a code"), reason)
    }

    pub(crate) async fn try_hear_close(&mut self) -> Result<(Option<u16>, String), String> {
        match self.try_next().await? {
            Some(Message::Close(Some(frame))) => Ok((Some(frame.code.into()), frame.reason.as_str().to_owned())),
            Some(Message::Close(None)) => Ok((None, String::new())),
            other => Err(format!("not a close: {other:?}")),
        }
    }

    async fn try_next(&mut self) -> Result<Option<Message>, String> {
        try_in_time("hearing", self.socket.next()).await?.transpose().map_err(|error| error.to_string())
    }

    /// Closes in good order, with a code and a reason or without, and waits until the gateway has seen it.
    pub(crate) async fn close(self, frame: Option<(u16, &str)>) {
        self.try_close(frame).await.unwrap_or_else(|why| panic!("{why}"));
    }

    pub(crate) async fn try_close(mut self, frame: Option<(u16, &str)>) -> Result<(), String> {
        let frame = frame.map(|(code, reason)| CloseFrame { code: code.into(), reason: reason.to_owned().into() });
        try_in_time("closing", self.socket.close(frame)).await?.map_err(|error| error.to_string())?;
        self.try_end().await
    }

    /// Reads to the end of the connection. Only close frames may still come.
    pub(crate) async fn try_end(mut self) -> Result<(), String> {
        while let Some(Ok(frame)) = try_in_time("the end of the connection", self.socket.next()).await? {
            if !frame.is_close() {
                return Err(format!("not expected: {frame:?}"));
            }
        }
        Ok(())
    }
}

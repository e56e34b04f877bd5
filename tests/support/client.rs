use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use websocket_gateway::Gateway;

use super::in_time;

/// A WebSocket client.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) subprotocol: Option<String>,
}

/// The HTTP status that refused a handshake.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u16);

impl Client {
    /// Of the API whose every route is the probe.
    pub(crate) async fn connect_and_ask_for_its_id(gateway: &Gateway) -> (Self, String) {
        let mut client = Self::connect(gateway, "").await;
        client.send("who am I?").await;
        let event = client.hear_json().await;
        (client, event["requestContext"]["connectionId"].as_str().unwrap().to_owned())
    }

    /// `query` with its question mark.
    pub(crate) async fn connect(gateway: &Gateway, query: &str) -> Self {
        Self::try_connect(&format!("{}{query}", gateway.url()), &[]).await.unwrap()
    }

    pub(crate) async fn try_connect(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, Refused> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match in_time("the handshake", connect_async(request)).await {
            Ok((socket, response)) => {
                let subprotocol = response.headers().get("sec-websocket-protocol");
                Ok(Self { socket, subprotocol: subprotocol.map(|name| name.to_str().unwrap().to_owned()) })
            }
            Err(Error::Http(response)) => Err(Refused(response.status().as_u16())),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send(&mut self, message: impl Into<String>) {
        self.send_frame(Message::text(message.into())).await;
    }

    pub(crate) async fn send_frame(&mut self, frame: Message) {
        in_time("sending", self.socket.send(frame)).await.unwrap();
    }

    /// The example API's `sendmessage`.
    pub(crate) async fn say(&mut self, data: &str) {
        self.send(json!({ "action": "sendmessage", "data": data }).to_string()).await;
    }

    /// The next text frame.
    pub(crate) async fn hear(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("not a text: {other:?}"),
        }
    }

    /// The next text frame, which is JSON.
    pub(crate) async fn hear_json(&mut self) -> Value {
        let text = self.hear().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The close frame, which must be next: its code and reason.
    pub(crate) async fn hear_close(&mut self) -> (u16, String) {
        match self.next().await {
            Message::Close(Some(frame)) => (frame.code.into(), frame.reason.as_str().to_owned()),
            other => panic!("not a close: {other:?}"),
        }
    }

    pub(crate) async fn hear_pong(&mut self) {
        assert!(self.next().await.is_pong());
    }

    /// The answer to a close frame without a code.
    pub(crate) async fn hear_close_without_a_code(&mut self) {
        assert_eq!(self.next().await, Message::Close(None));
    }

    async fn next(&mut self) -> Message {
        in_time("hearing", self.socket.next()).await.unwrap().unwrap()
    }

    /// Closes in good order, with a code and a reason or with none.
    pub(crate) async fn close(mut self, frame: Option<(u16, &str)>) {
        let frame = frame.map(|(code, reason)| CloseFrame { code: code.into(), reason: reason.to_owned().into() });
        in_time("closing", self.socket.close(frame)).await.unwrap();
        // To the end, so that the gateway has seen it.
        while let Some(Ok(_)) = in_time("the close's answer", self.socket.next()).await {}
    }
}

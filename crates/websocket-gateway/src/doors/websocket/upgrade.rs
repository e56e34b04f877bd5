//! RFC 6455's opening handshake. The gateway writes it itself, so that the client gets exactly API Gateway's answer, and so that the bytes
//! below the WebSocket stay within reach: see [`drain`].

use bytes::Bytes;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};

use crate::api::limits::{FRAME_BYTES, MESSAGE_BYTES};
use crate::wire::answer::{self, Answer};
use crate::wire::stream::Stream;

/// The gateway's end of a WebSocket.
pub(super) type Socket = WebSocketStream<Stream>;

/// A request for a WebSocket.
#[derive(Debug)]
pub(super) struct Upgrade {
    accept: HeaderValue,
    connection: OnUpgrade,
}

impl Upgrade {
    /// `None` for a request that does not ask for a WebSocket.
    pub(super) fn of(request: &mut Parts) -> Option<Self> {
        let headers = &request.headers;
        let asked_for = request.method == Method::GET
            && names(headers, &CONNECTION, "upgrade")
            && names(headers, &UPGRADE, "websocket")
            && headers.get(SEC_WEBSOCKET_VERSION)? == "13";
        let accept = derive_accept_key(headers.get(SEC_WEBSOCKET_KEY)?.as_bytes());
        let connection = request.extensions.remove().filter(|_| asked_for)?;
        Some(Self { accept: accept.try_into().ok()?, connection })
    }

    /// The answer 101, with what to run once the client has got it. If the client has left, it never runs.
    pub(super) fn accept(self, subprotocol: Option<HeaderValue>, then: impl FnOnce(Socket) + Send + 'static) -> Answer {
        let mut answer = answer::status(StatusCode::SWITCHING_PROTOCOLS);
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        headers.extend(subprotocol.map(|name| (SEC_WEBSOCKET_PROTOCOL, name)));
        tokio::spawn(async move {
            match self.connection.await.map(Stream::of_upgrade) {
                Ok(Some((stream, early))) => then(socket(stream, early).await),
                Ok(None) => tracing::error!("a WebSocket came from another server than the gateway's"),
                Err(error) => tracing::debug!("a client left during its handshake: {error}"),
            }
        });
        answer
    }
}

/// Whether a header's comma-separated list has a word; case does not matter.
fn names(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lists = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// `early` are bytes that came with the request.
async fn socket(stream: Stream, early: Bytes) -> Socket {
    let config = WebSocketConfig::default()
        .max_frame_size(Some(FRAME_BYTES))
        .max_message_size(Some(MESSAGE_BYTES))
        // Of the library's 256 KiB of buffers a connection, an idle one needs nothing.
        .read_buffer_size(2048)
        .write_buffer_size(0);
    // Copied: the connection would keep the whole buffer that the head was read into.
    WebSocketStream::from_partially_read(stream, early.to_vec(), Role::Server, Some(config)).await
}

/// Says that no more bytes will come, and discards what the client still sends until it hangs up. If a connection is closed with bytes
/// unread, it is reset, and a client that is still sending then never sees the close frame.
pub(super) async fn drain(socket: &mut Socket) {
    let connection = socket.get_mut();
    // Not in the future: every connection would pay for its size from the beginning.
    let mut bytes = vec![0; 16 * 1024];
    if connection.shutdown().await.is_ok() {
        while let Ok(1..) = connection.read(&mut bytes).await {}
    }
}

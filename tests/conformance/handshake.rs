//! The handshake of a row.

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderName;

use super::pattern::Places;
use super::row::Connect;
use crate::support::{Client, try_in_time};

/// Connects, or is refused as expected: then there is no client.
pub(crate) async fn connect(url: &str, expected: &Connect, places: &mut Places) -> Result<Option<Client>, String> {
    let mut request = url.into_client_request().map_err(|error| error.to_string())?;
    for (name, value) in &expected.headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    places.set("key", request.headers()["sec-websocket-key"].to_str().unwrap());
    let status = match try_in_time("the handshake", Client::handshake(request)).await? {
        Ok((client, response)) => {
            if client.subprotocol != expected.subprotocol {
                return Err(format!("the subprotocol is {:?}", client.subprotocol));
            }
            if let Some(name) = &expected.without_header
                && response.headers().contains_key(name)
            {
                return Err(format!("the answer has {name}"));
            }
            if expected.status == 101 && expected.client_says.is_none() {
                return Ok(Some(client));
            }
            101
        }
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => match &expected.client_says {
            Some(says) if format!("{error:?}").contains(says) => return Ok(None),
            _ => return Err(format!("{error:?}")),
        },
    };
    if status == expected.status && expected.client_says.is_none() { Ok(None) } else { Err(format!("status {status}")) }
}

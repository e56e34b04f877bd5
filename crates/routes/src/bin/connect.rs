//! `$connect`: puts the connection into the table, in the channel that the URL asks for with `?channel=`.

use lambda_websocket::{Accept, AllowedOrigins, Channel, Connect, Error, Registry, Reject, connect};

const DEFAULT_CHANNEL: &str = "lobby";

/// The name of this API's messages. A browser that offers subprotocols fails the connection unless the server picks one.
const SUBPROTOCOL: &str = "chat.v1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    let allowed = AllowedOrigins::from_env()?;
    connect(async |event: Connect| {
        event.check_origin(&allowed)?;
        let channel = event.query("channel").filter(|name| !name.is_empty()).unwrap_or(DEFAULT_CHANNEL);
        let channel: Channel = channel.parse().map_err(Reject::bad_request)?;
        registry.add(&event, &channel).await?;
        Ok(event.subprotocol(SUBPROTOCOL).map(Accept::with_subprotocol).unwrap_or_default())
    })
    .run()
    .await
}

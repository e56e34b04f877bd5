//! `$connect`: puts the connection into the table, in the channel that the URL asks for with `?channel=`.

use lambda_websocket::{Accept, Channel, Connect, Error, Registry, Reject, connect};

const DEFAULT_CHANNEL: &str = "lobby";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    connect(async |event: Connect| {
        let channel = event.query("channel").filter(|name| !name.is_empty()).unwrap_or(DEFAULT_CHANNEL);
        let channel: Channel = channel.parse().map_err(Reject::bad_request)?;
        registry.add(event.id(), &channel, event.connected_at_ms()).await?;
        Ok(Accept::new())
    })
    .run()
    .await
}

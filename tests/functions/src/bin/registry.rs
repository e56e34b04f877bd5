//! Makes the call to the registry that a message names, and replies with the result.

use futures_util::TryStreamExt;
use lambda_websocket::{Channel, ConnectionId, Error, Json, Message, Registry, RouteError, two_way};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Order {
    Add { id: ConnectionId, channel: Channel },
    Remove { id: ConnectionId },
    RemoveMany { ids: Vec<ConnectionId> },
    ChannelOf { id: ConnectionId },
    Members { channel: Channel },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    two_way(async |event: Message<Json<Order>>| obey(&registry, event).await).run().await
}

async fn obey(registry: &Registry, event: Message<Json<Order>>) -> Result<Json<Value>, RouteError> {
    let connected_at = event.connected_at_ms();
    Ok(Json(match event.body.0 {
        Order::Add { id, channel } => json!(registry.add(&id, &channel, connected_at).await?),
        Order::Remove { id } => json!(registry.remove(&id).await?),
        Order::RemoveMany { ids } => json!(registry.remove_many(ids).await?),
        Order::ChannelOf { id } => json!(registry.channel_of(&id).await?),
        Order::Members { channel } => {
            let mut members: Vec<_> = registry.members(&channel).try_collect().await?;
            members.sort();
            json!(members)
        }
    }))
}

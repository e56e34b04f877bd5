//! Makes the call to the registry that a message names, and replies with the result. `$connect` adds the connection to every `channel` of the
//! query string.

use futures_util::{Stream, TryStreamExt};
use lambda_websocket::{
    Accept, Channel, Connect, ConnectionId, Error, Joining, Json, Membership, Message, Recipient, Registry,
    RegistryError, Reject, RouteError, Routes,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Order {
    MyId,
    Add { channel: Channel },
    AddWith { channel: Channel, attributes: Value },
    Remove { id: ConnectionId },
    RemoveFrom { id: ConnectionId, channel: Channel },
    ChannelsOf { id: ConnectionId },
    Members { channel: Channel },
    MembersWith { id: ConnectionId, channel: Channel },
    MembersWithout { id: ConnectionId, channel: Channel },
    Roster { channel: Channel, most: usize },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    Routes::new()
        .connect(async |event: Connect| {
            for channel in event.query_all("channel") {
                registry.add(&event, &channel.parse().map_err(Reject::bad_request)?).await?;
            }
            Ok(Accept::new())
        })
        .two_way("$default", async |event: Message<Json<Order>>| obey(&registry, &event).await)
        .run()
        .await
}

async fn obey(registry: &Registry, event: &Message<Json<Order>>) -> Result<Json<Value>, RouteError> {
    let joined = |joining| json!(joining == Joining::Joined);
    Ok(Json(match &event.body.0 {
        Order::MyId => json!(event.id()),
        Order::Add { channel } => joined(registry.add(event, channel).await?),
        Order::AddWith { channel, attributes } => joined(registry.add_with(event, channel, attributes).await?),
        Order::Remove { id } => all(&registry.remove(id).await?)?,
        Order::RemoveFrom { id, channel } => all(registry.remove_from(id, channel).await?.as_slice())?,
        Order::ChannelsOf { id } => all(&registry.channels_of(id).await?)?,
        Order::Members { channel } => ids(registry.members(channel)).await?,
        Order::MembersWith { id, channel } => ids(registry.members_with(id, channel)).await?,
        Order::MembersWithout { id, channel } => ids(registry.members_without(id, channel)).await?,
        Order::Roster { channel, most } => {
            let members = registry.roster(channel, *most).await?;
            let members = members.iter().map(|member| Ok((member.id.to_string(), member.attributes::<Value>()?)));
            Value::Object(members.collect::<Result<_, RouteError>>()?)
        }
    }))
}

/// Each channel with its attributes.
fn all(memberships: &[Membership]) -> Result<Value, RouteError> {
    let all = memberships.iter().map(|one| Ok(json!([one.channel, one.attributes::<Value>()?])));
    all.collect()
}

async fn ids(members: impl Stream<Item = Result<Recipient, RegistryError>>) -> Result<Value, RegistryError> {
    let mut ids: Vec<_> = members.map_ok(|member| member.id).try_collect().await?;
    ids.sort();
    Ok(json!(ids))
}

//! `join`: `{"action":"join","name":"Alice"}` says who the caller is. The caller learns who is here, and the others who came.

use lambda_websocket::{Error, Json, Message, Registry, RouteError, two_way};
use serde::{Deserialize, Serialize};

/// As many names of 50 bytes have room in an answer.
const MOST: usize = 1000;

#[derive(Deserialize)]
struct Join {
    name: String,
}

/// What `join` adds to a client's row. Until then the client has no name.
#[derive(Deserialize, Serialize)]
struct Person {
    name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Presence {
    Here(Vec<String>),
    Came(String),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    two_way(async |event: Message<Json<Join>>| join(&registry, event).await).run().await
}

async fn join(registry: &Registry, event: Message<Json<Join>>) -> Result<Json<Presence>, RouteError> {
    // If there is an authorizer, it knows who the caller is.
    let name = event.principal_id().unwrap_or(&event.body.name).to_owned();
    if !(1..=50).contains(&name.len()) {
        return Err(RouteError::bad_request("A name must be 1 to 50 bytes long"));
    }
    let reconnect = || RouteError::bad_request("You are in no channel; reconnect");
    let channel = registry.channels_of(event.id()).await?.into_iter().next().ok_or_else(reconnect)?.channel;
    if registry.add_with(&event, &channel, &Person { name: Some(name.clone()) }).await?.is_gone() {
        return Err(reconnect());
    }
    let others = registry.members_without(event.id(), &channel);
    let report = event.connections().broadcast(others, &Json(Presence::Came(name.clone()))).await?;
    registry.remove_gone(report.gone).await?;

    let mut here = vec![name];
    let members = registry.roster(&channel, MOST).await?;
    for other in members.iter().filter(|member| member.id != *event.id()) {
        here.extend(other.attributes::<Person>()?.name);
    }
    Ok(Json(Presence::Here(here)))
}

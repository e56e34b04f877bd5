//! Calls `@connections` at the address that a message names, and replies with the outcome.

use lambda_websocket::{ConnectionId, Connections, Error, Json, Message, PostError, RouteError, Text, two_way};
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    call: String,
    url: String,
    to: ConnectionId,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    two_way(obey).run().await
}

async fn obey(event: Message<Json<Order>>) -> Result<Text, RouteError> {
    let Order { call, url, to } = event.body.0;
    let connections = Connections::at(url);
    let outcome = match call.as_str() {
        "post" => shown(connections.post(&to, &Text::from("hello")).await),
        "post 131073 bytes" => shown(connections.post(&to, &Text("x".repeat(131_073))).await),
        "get" => shown(connections.get(&to).await),
        _ => shown(connections.close(&to).await),
    };
    Ok(Text(outcome))
}

fn shown<T: std::fmt::Debug>(outcome: Result<T, PostError>) -> String {
    outcome.map_or_else(|error| error.to_string(), |value| format!("{value:?}"))
}

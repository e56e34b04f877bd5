//! `sendmessage`: `{"action":"sendmessage","data":…}` goes to all clients in the caller's channel, the caller included.

use lambda_websocket::{Audience, Error, FanOut, Json, Message, Registry, RouteError, Text, one_way};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct SendMessage {
    data: Value,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (registry, fan_out) = (Registry::from_env()?, FanOut::from_env()?);
    one_way(async |event: Message<Json<SendMessage>>| {
        let Some(my) = registry.channels_of(event.id()).await?.into_iter().next() else {
            return Err(RouteError::bad_request("You are in no channel; reconnect"));
        };
        // A channel that is too large for one function goes to the workers of `broadcast`.
        let everyone = Audience::members_with(event.id(), &my.channel);
        let report = fan_out.broadcast(&event, &everyone, &text(&event.body.data)).await?;
        // The message is out. The next message finds a row that stays behind again, and the row has a time to live.
        if let Err(error) = registry.remove_gone(report.posted.gone).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a connection that is gone is still in the table");
        }
        Ok(())
    })
    .run()
    .await
}

/// A string goes out as it is, anything else as JSON.
fn text(data: &Value) -> Text {
    data.as_str().map_or_else(|| Text(data.to_string()), Text::from)
}

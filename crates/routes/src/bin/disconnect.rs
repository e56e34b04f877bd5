//! `$disconnect`: takes the connection out of the table, and tells the others who left.

use lambda_websocket::{Disconnect, Error, Json, Registry, disconnect};

/// What `join` has added to the client's row, if the client has joined.
#[derive(serde::Deserialize)]
struct Person {
    name: Option<String>,
}

#[derive(serde::Serialize)]
struct Left {
    left: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    disconnect(async |event: Disconnect| {
        for removed in registry.remove(event.id()).await? {
            let Some(left) = removed.attributes::<Person>()?.name else { continue };
            let others = registry.members_without(event.id(), &removed.channel);
            let report = event.connections().broadcast(others, &Json(Left { left })).await?;
            registry.remove_gone(report.gone).await?;
        }
        Ok(())
    })
    .run()
    .await
}

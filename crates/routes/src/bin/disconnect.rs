//! `$disconnect`: takes the connection out of the table.

use lambda_websocket::{Disconnect, Error, Registry, disconnect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    disconnect(async |event: Disconnect| Ok(registry.remove(event.id()).await?)).run().await
}

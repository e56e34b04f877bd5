//! `$connect` of the example API, held up: it stores the connection as `connect` does, then asks at a gate and waits until it opens.

use lambda_websocket::{Accept, Channel, Connect, Error, Registry, connect};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    let gate = std::env::var("GATE")?;
    connect(async |event: Connect| {
        let channel: Channel = "lobby".parse()?;
        registry.add(event.id(), &channel, event.connected_at_ms()).await?;
        // Whoever keeps the gate knows that the row is there, and lets us through by hanging up.
        TcpStream::connect(&gate).await?.read_to_end(&mut Vec::new()).await?;
        Ok(Accept::new())
    })
    .run()
    .await
}

//! `$connect` of the example API, held up: it stores the connection as `connect` does, then waits until the test lets it go on.

use lambda_websocket::{Accept, Channel, Connect, Error, Registry, connect};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    let gate = std::env::var("GATE")?;
    connect(async |event: Connect| {
        let channel: Channel = "lobby".parse()?;
        registry.add(&event, &channel).await?;
        // The test accepts this TCP connection, so it knows that the row is there. It lets the function go on by closing it.
        TcpStream::connect(&gate).await?.read_to_end(&mut Vec::new()).await?;
        Ok(Accept::new())
    })
    .run()
    .await
}

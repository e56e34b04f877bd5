//! How many instances a function has: more under load, fewer after it. This takes five minutes, because that is how long an idle instance is
//! kept.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::Error;
use crate::clients;
use crate::round_trips::TEMPLATE;
use crate::server::Server;

const CLIENTS: [usize; 3] = [1, 10, 100];

/// How long to wait for instances to end.
const PATIENCE: Duration = Duration::from_secs(400);

pub(crate) async fn run() -> Result<(), Error> {
    let gateway = Server::gateway(TEMPLATE)?;
    let instances = || gateway.process().children().len();
    for count in CLIENTS {
        clients::run(clients::connect(&gateway.line, count).await?, gateway.process()).await?;
        println!("{count:>4} clients in a closed loop: {} instances", instances());
    }
    let [mut client] = clients::connect(&gateway.line, 1).await?.try_into().map_err(|_| "one client")?;
    let calm = Instant::now();
    while instances() > 1 && calm.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.send(Message::text("hi")).await?;
        client.next().await.ok_or("the gateway has closed")??;
    }
    println!("   1 message a second: {} after {} s", instances(), calm.elapsed().as_secs());
    Ok(())
}

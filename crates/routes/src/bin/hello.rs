//! `hello`: a one-way route, so its greeting is posted to the caller.

use lambda_websocket::{Delivery, Error, Message, RouteError, Text, one_way};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    one_way(hello).run().await
}

async fn hello(event: Message<Text>) -> Result<(), RouteError> {
    let greeting = Text(format!("Hello from hello. You connected at: {}", event.connected_at_ms()));
    match event.connections().post(event.id(), &greeting).await? {
        Delivery::Sent => Ok(()),
        // The caller has left. There is nothing to clean up here: `$disconnect` does that.
        Delivery::Gone => Ok(()),
    }
}

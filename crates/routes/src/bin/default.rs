//! `$default`: messages that no other route takes. It has a RouteResponse, so what it returns is what the client gets.

use lambda_websocket::{Error, Json, Message, RouteError, Text, two_way};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    two_way(greet).run().await
}

async fn greet(_: Message<Text>) -> Result<Json<&'static str>, RouteError> {
    Ok(Json("hello client, I am the $default route!"))
}

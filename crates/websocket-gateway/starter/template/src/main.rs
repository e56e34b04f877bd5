//! One function for all routes of the API. `template.yaml` says which routes there are.

use lambda_websocket::{
    Accept, Connect, Disconnect, Error, Json, Message, Reject, RouteError, Routes,
};
use serde::{Deserialize, Serialize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    routes().run().await
}

fn routes() -> Routes<'static> {
    Routes::new()
        .connect(on_connect)
        .disconnect(on_disconnect)
        .two_way("$default", greet)
}

/// `$connect`: a client wants to connect. This lets every client in.
/// `Err(Reject::forbidden("…"))` would keep it out.
async fn on_connect(_: Connect) -> Result<Accept, Reject> {
    Ok(Accept::new())
}

/// `$disconnect`: a client has left. On AWS this event may never come.
async fn on_disconnect(event: Disconnect) -> Result<(), RouteError> {
    println!("{} has left", event.id());
    Ok(())
}

/// What a client sends: `{"name":"Ada"}`. A message of another shape never reaches the handler:
/// its sender is told what is wrong with it.
#[derive(Deserialize)]
struct Name {
    name: String,
}

/// What the client gets: `{"greeting":"Hello, Ada!"}`.
#[derive(Serialize)]
struct Greeting {
    greeting: String,
}

/// `$default`: a message that no other route takes. The route is two-way: the client gets what
/// this returns.
async fn greet(message: Message<Json<Name>>) -> Result<Json<Greeting>, RouteError> {
    let name = message.body.name.trim();
    if name.is_empty() {
        return Err(RouteError::bad_request("What is your name?"));
    }
    Ok(Json(Greeting {
        greeting: format!("Hello, {name}!"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_client_is_greeted() {
        let route = routes().into_route();
        let event = include_str!("../events/default.json");
        let response = route.replay(event).await.unwrap();
        assert_eq!(response.body(), Some(r#"{"greeting":"Hello, Ada!"}"#));
    }

    #[tokio::test]
    async fn a_message_without_a_name_is_refused() {
        let route = routes().into_route();
        let event = include_str!("../events/default.json").replace("Ada", " ");
        let response = route.replay(&event).await.unwrap();
        assert_eq!(response.status_code(), 400);
    }
}

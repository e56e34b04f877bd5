use serde_json::Value;
use websocket_gateway::Gateway;

use super::{example_with, root};

/// What the tokens in `tests/example/authorizer-events/` are signed with.
pub(crate) const SECRET: &str = "for tests only: 32 bytes or more";

/// The example API with its authorizer switched on.
pub(crate) async fn authorized_example() -> Gateway {
    example_with(&[("JwtSecret", SECRET)]).await
}

/// A sample event of the authorizer, by its file name without `.json`.
pub(crate) fn authorizer_event(name: &str) -> Value {
    let event = std::fs::read(root().join(format!("tests/example/authorizer-events/{name}.json"))).unwrap();
    serde_json::from_slice(&event).unwrap()
}

use serde_json::Value;
use websocket_gateway::{Invocation, Invocations};

use super::in_time;

/// The next invocation of a route that ends.
pub(crate) async fn ended(invocations: &mut Invocations, route_key: &str) -> Invocation {
    in_time(route_key, invocations.next_of(route_key)).await.unwrap()
}

/// The event of the next invocation of a route that ends.
pub(crate) async fn event_of(invocations: &mut Invocations, route_key: &str) -> Value {
    serde_json::from_slice(&ended(invocations, route_key).await.event).unwrap()
}

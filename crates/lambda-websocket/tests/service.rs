//! A route as a `tower` service, with something of a user's own around it.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::LocalBoxFuture;
use lambda_runtime::{LambdaEvent, Service, tower::ServiceExt};
use lambda_websocket::{
    Accept, Authorize, Connect, Connections, Deny, Disconnect, FunctionError, Json, Message, RequestContext, Response,
    Route, RouteError, Routes, Text, authorize, two_way,
};
use serde_json::json;
use serde_json::value::RawValue;

fn json(event_type: &str, route_key: &str, body: &str) -> String {
    json!({
        "requestContext": {
            "routeKey": route_key, "eventType": event_type, "connectionId": "L0SM9cOFvHcCIhw=",
            "requestId": "L0SNAc7LvHcFXMw=", "connectedAt": 1_762_426_800_123_i64,
            "requestTimeEpoch": 1_762_426_804_011_i64
        },
        "body": body
    })
    .to_string()
}

/// A message, with Lambda's deadline in milliseconds since 1970.
fn message(body: &str, deadline: u64) -> LambdaEvent<Box<RawValue>> {
    let mut context = lambda_runtime::Context::default();
    context.deadline = deadline;
    LambdaEvent::new(RawValue::from_string(json("MESSAGE", "$default", body)).unwrap(), context)
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// Counts events, in a variable of its user.
struct Counted<'c, S> {
    inner: S,
    count: &'c RefCell<Vec<String>>,
}

impl<'c, S> Service<LambdaEvent<Box<RawValue>>> for Counted<'c, S>
where
    S: Service<LambdaEvent<Box<RawValue>>, Future: 'c>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = LocalBoxFuture<'c, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, event: LambdaEvent<Box<RawValue>>) -> Self::Future {
        let (count, answer) = (self.count, self.inner.call(event));
        Box::pin(async move {
            count.borrow_mut().push("begins".to_owned());
            let answer = answer.await;
            count.borrow_mut().push("has ended".to_owned());
            answer
        })
    }
}

#[tokio::test]
async fn a_layer_of_ones_own_goes_around_a_route_whose_handler_borrows() {
    let log = RefCell::new(Vec::new());
    let route = two_way(async |event: Message<Text>| {
        log.borrow_mut().push(format!("gets {}", &*event.body));
        Ok(event.body)
    });
    let mut counted = Counted { inner: &route, count: &log };
    for body in ["one", "two"] {
        let answer = counted.ready().await.unwrap().call(message(body, 0)).await.unwrap();
        assert_eq!(answer.body(), Some(body));
    }
    assert_eq!(*log.borrow(), ["begins", "gets one", "has ended", "begins", "gets two", "has ended"]);
}

#[tokio::test]
async fn every_kind_of_route_is_a_service_and_its_errors_keep_their_names() {
    async fn call<A>(route: &Route<'_, A>) -> Result<A, FunctionError> {
        let mut service = route;
        service.call(message("hello", 0)).await
    }
    let routes = Routes::new().connect(async |_: Connect| Ok(Accept::new())).into_route();
    let answer: Response = call(&routes).await.unwrap();
    assert_eq!((answer.status_code(), answer.body()), (400, Some("Unknown route key")));
    let failing = two_way(async |_: Message<Text>| Err::<Text, RouteError>(RouteError::internal("as told")));
    assert_eq!(call(&failing).await.unwrap_err().error_type(), "InternalError");
    let authorizer = authorize(async |_: Authorize| Err(Deny::unauthorized("who?")));
    assert_eq!(call(&authorizer).await.unwrap_err().error_type(), "BadEvent");
}

#[tokio::test]
async fn what_remains_is_lambdas_deadline_unless_that_has_passed_before() {
    let seen = RefCell::new(Vec::new());
    let route = two_way(async |event: Message<Text>| {
        seen.borrow_mut().push(event.remaining());
        Ok(event.body)
    });
    let replayed = json("MESSAGE", "$default", "");
    route.replay(&replayed).await.unwrap();
    // As `cargo lambda watch` sends it, and one of just now.
    for deadline in [0, 600_000, now_ms() - 10] {
        (&route).call(message("", deadline)).await.unwrap();
    }
    assert_eq!(*seen.borrow(), [None; 4]);

    // The second is one that no clock reaches.
    for deadline in [now_ms() + 900_000, u64::MAX] {
        (&route).call(message("", deadline)).await.unwrap();
        assert!(seen.borrow_mut().pop().unwrap().is_some());
    }
    (&route).call(message("", now_ms() + 900_000)).await.unwrap();
    assert!(seen.borrow().last().unwrap().unwrap() <= Duration::from_secs(900));
}

#[tokio::test]
async fn every_event_has_an_id_and_a_message_can_be_taken_apart() {
    fn id(event: &RequestContext) -> String {
        serde_json::to_string(event.id()).unwrap()
    }
    let ids = RefCell::new(Vec::new());
    let routes = Routes::new()
        .connect(async |event: Connect| {
            ids.borrow_mut().push(id(&event));
            Ok(Accept::new())
        })
        .disconnect(async |event: Disconnect| {
            ids.borrow_mut().push(id(&event));
            Ok(())
        })
        .two_way("$default", async |event: Message<Json<Vec<u8>>>| {
            ids.borrow_mut().push(id(&event));
            let (Json(numbers), event) = event.into_parts();
            assert_eq!((event.id().as_str(), event.route_key()), ("L0SM9cOFvHcCIhw=", "$default"));
            Ok(Json(numbers))
        })
        .into_route();
    for (event_type, route_key) in [("CONNECT", "$connect"), ("DISCONNECT", "$disconnect"), ("MESSAGE", "$default")] {
        let answer = routes.replay(&json(event_type, route_key, "[1,2]")).await.unwrap();
        assert_eq!(answer.status_code(), 200);
    }
    assert_eq!(*ids.borrow(), [r#""L0SM9cOFvHcCIhw=""#; 3]);
}

#[test]
fn connections_go_wherever_a_program_needs_them() {
    fn everywhere<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn to_any_thread(_: &(impl Future + Send)) {}
    let connections = Connections::at("http://127.0.0.1:1/prod");
    everywhere(&connections);
    let (to, hello) = ("L0SM9cOFvHcCIhw=".parse().unwrap(), Text::from("hello"));
    to_any_thread(&connections.post(&to, &hello));
    to_any_thread(&connections.get(&to));
    to_any_thread(&lambda_websocket::sdk_config());
}

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Value, json};

use super::{CONNECTION_ID, Kind, Recorder};
use crate::authorize::{Allow, Policy};
use crate::connections::{Connections, EventSource};
use crate::error::FunctionError;
use crate::event::Event;
use crate::response::Response;
use crate::route::Route;

/// An event as API Gateway would send it, for a handler (`build`) or for a route ([`replay`](Self::replay)).
///
/// Made by [`connect`](super::connect), [`message`](super::message), [`disconnect`](super::disconnect) and
/// [`authorizer`](super::authorizer). What a test does not say has a usual value: the stage `prod`, a connection made on 2025-11-06 at
/// 11:00 UTC, and so on.
#[must_use = "an event does nothing until it is built or replayed"]
pub struct TestEvent<K> {
    json: Value,
    connections: Option<Connections>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> TestEvent<K> {
    /// An event with these members. Of `requestContext`, only what the kind has for itself.
    pub(super) fn new(mut json: Value) -> Self {
        let usual = json!({
            "extendedRequestId": "TnAbcF9YDoEFkRw=",
            "requestTime": "06/Nov/2025:11:00:02 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1_762_426_800_123_i64,
            "requestTimeEpoch": 1_762_426_802_340_i64,
            "identity": { "sourceIp": "192.0.2.1" },
            "requestId": "TnAbcF9YDoEFkRw=",
            "domainName": "abcd123456.execute-api.eu-west-1.amazonaws.com",
            "connectionId": CONNECTION_ID,
            "apiId": "abcd123456",
        });
        if let (Value::Object(context), Value::Object(usual)) = (&mut json["requestContext"], usual) {
            context.extend(usual);
        }
        Self { json, connections: None, kind: PhantomData }
    }

    /// The connection that the event is about.
    pub fn id(self, id: impl AsRef<str>) -> Self {
        self.context("connectionId", id.as_ref())
    }

    /// When the connection was made, in milliseconds since 1970.
    pub fn connected_at_ms(self, time: u64) -> Self {
        self.context("connectedAt", time)
    }

    /// When API Gateway received the event, in milliseconds since 1970. This is the time that a [session's deadline](Allow::until) is
    /// compared with.
    pub fn request_time_ms(self, time: u64) -> Self {
        self.context("requestTimeEpoch", time)
    }

    /// A variable of the stage.
    pub fn stage_variable(self, name: &str, value: &str) -> Self {
        self.edit(|event| event["stageVariables"][name] = value.into())
    }

    /// The `@connections` API that the handler posts to. Without one, posts fail as they do in [`Route::replay`].
    pub fn on(mut self, recorder: &Recorder) -> Self {
        self.connections = Some(recorder.connections());
        self
    }

    /// Changes the event's JSON, for what has no method here.
    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.json);
        self
    }

    /// The event as Lambda would deliver it.
    #[must_use]
    pub fn json(&self) -> String {
        self.json.to_string()
    }

    /// Serves the event as [`Route::replay`] does. What a route does by itself can be seen so: it checks the event, refuses a message that
    /// does not fit, keeps the session's deadline, and makes error frames.
    ///
    /// # Errors
    /// What Lambda would report as a function error: a failure on the function's side, or a panic.
    pub async fn replay(&self, route: &Route<'_, K::Answer>) -> Result<K::Answer, FunctionError> {
        match &self.connections {
            Some(connections) => route.replay_at(connections, &self.json()).await,
            None => route.replay(&self.json()).await,
        }
    }

    pub(super) fn context(self, key: &str, value: impl Into<Value>) -> Self {
        self.edit(|event| event["requestContext"][key] = value.into())
    }

    /// What the handler gets.
    #[track_caller]
    #[expect(clippy::panic, reason = "an event that can't be is a mistake in the test, which ends here")]
    pub(super) fn read<T>(&self, read: impl FnOnce(Event<'_>) -> Result<T, String>) -> T {
        let source = self.connections.as_ref().map_or(EventSource::Replay, Connections::as_source);
        let event = Event::parse(&self.json(), source).map_err(|refused| refused.why.to_string()).and_then(read);
        event.unwrap_or_else(|why| panic!("no handler would get this event: {why}"))
    }
}

impl<K: Kind<Answer = Response>> TestEvent<K> {
    /// The authorizer has let the client in with this answer: as in AWS, its context is in the event, every value of it as text.
    #[track_caller]
    #[expect(clippy::panic, reason = "an answer that can't be is a mistake in the test, which ends here")]
    pub fn authorized(self, allow: Allow) -> Self {
        let policy = Policy::allow(String::new(), allow).unwrap_or_else(|why| panic!("no client would get in: {why}"));
        let mut authorizer = json!({ "principalId": policy.principal_id(), "integrationLatency": 21 });
        for (key, value) in policy.values() {
            authorizer[key.as_str()] = value.to_string().into();
        }
        self.context("authorizer", authorizer)
    }
}

/// Leaves out the event itself, as the types that handlers get do.
impl<K> fmt::Debug for TestEvent<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEvent").finish_non_exhaustive()
    }
}

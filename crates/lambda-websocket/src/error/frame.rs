//! What tells a client that its message was refused.

use std::fmt;

use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use super::Refusal;
use crate::body::Payload;
use crate::cause::BoxError;
use crate::connection_id::ConnectionId;
use crate::event::Event;
use crate::response::Response;
use crate::route::Route;
use crate::serve::{Serve, Unserved};

type Make<'h> = dyn Fn(&Refusal<'_>) -> Result<String, BoxError> + 'h;

/// Makes error frames of an application's own shape.
pub(crate) struct ErrorFrame<'h>(Box<Make<'h>>);

impl<'h> ErrorFrame<'h> {
    pub(crate) fn new<P: Payload>(frame: impl Fn(&Refusal<'_>) -> P + 'h) -> Self {
        Self(Box::new(move |refusal| frame(refusal).to_text().map_err(Into::into)))
    }

    pub(crate) fn of(&self, refusal: &Refusal<'_>) -> Result<String, BoxError> {
        (self.0)(refusal)
    }

    /// Puts these frames around routes.
    pub(crate) fn around(self, serve: Box<dyn Serve<Response> + 'h>) -> Route<'h> {
        Route::new(Framed { serve, frame: self })
    }
}

impl fmt::Debug for ErrorFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorFrame").finish_non_exhaustive()
    }
}

struct Framed<'h> {
    serve: Box<dyn Serve<Response> + 'h>,
    frame: ErrorFrame<'h>,
}

impl Serve<Response> for Framed<'_> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<Response, Unserved>> {
        self.serve.serve(Event { error_frame: Some(&self.frame), ..event })
    }
}

impl<'h> Route<'h> {
    /// Tells clients of refused messages in a shape of your own: a JSON-RPC error, an envelope, the default with the id that the client
    /// gave its request. `frame` is called for every message that the route refuses, also for one that can't be read.
    ///
    /// The status and the log stay as they are. A failure on our side has no such frame: API Gateway sends its own.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use lambda_websocket::{Json, Message, Refusal, RouteError, Text, two_way};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize)]
    /// struct Sent {
    ///     id: u64,
    /// }
    ///
    /// #[derive(Serialize)]
    /// struct Refused {
    ///     id: Option<u64>,
    ///     code: Option<String>,
    ///     error: String,
    /// }
    ///
    /// fn refused(refusal: &Refusal<'_>) -> Json<Refused> {
    ///     let id = refusal.read::<Json<Sent>>().ok().map(|sent| sent.id);
    ///     Json(Refused { id, code: refusal.code().map(str::to_owned), error: refusal.text().to_owned() })
    /// }
    ///
    /// async fn seat(_: Message<Text>) -> Result<Text, RouteError> {
    ///     Err(RouteError::bad_request("All seats are taken").with_code("full"))
    /// }
    ///
    /// let route = two_way(seat).error_frame(refused);
    /// # let event = r#"{"requestContext":{"routeKey":"seat","eventType":"MESSAGE","connectionId":"L0SM9cOFvHcCIhw=",
    /// #   "connectedAt":0,"requestTimeEpoch":0},"body":"{\"id\":7}"}"#;
    /// let answer = route.replay(event).await?; // a message {"id":7}
    /// assert_eq!(answer.body(), Some(r#"{"id":7,"code":"full","error":"All seats are taken"}"#));
    /// # Ok::<(), lambda_websocket::FunctionError>(()) }).unwrap();
    /// ```
    ///
    /// It changes nothing on `$connect` and `$disconnect`, which have no error frames.
    pub fn error_frame<P: Payload>(self, frame: impl Fn(&Refusal<'_>) -> P + 'h) -> Self {
        ErrorFrame::new(frame).around(self.into_serve())
    }
}

/// The frame of a route that has no other, in the shape of API Gateway's own error frames.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DefaultFrame<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    connection_id: &'a ConnectionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Refusal<'_> {
    pub(crate) fn default_frame(&self) -> Result<String, BoxError> {
        let frame = DefaultFrame {
            message: self.text,
            code: self.code,
            connection_id: self.id(),
            request_id: self.request_id(),
        };
        Ok(serde_json::to_string(&frame)?)
    }
}

//! The authorizer of `$connect`: may this client connect?

mod claim;
mod claims;
mod context_value;
mod policy;
pub(crate) mod session;
mod typed;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::ops::Deref;

use serde::Serialize;

pub use claims::InvalidClaims;
pub use context_value::ContextValue;
pub use policy::Policy;

use crate::cause::{chain, presentable};
use crate::error::{FunctionError, Reason};
use crate::event::{BadEvent, Event};
use crate::handshake::Handshake;
use crate::route::Route;

/// A client that wants to connect, as API Gateway shows it to the authorizer of `$connect`. What the client sent is on [`Handshake`].
///
/// An authorizer can't post to `@connections`: it runs before the API lets the client in.
#[derive(Clone, Debug)]
pub struct Authorize {
    handshake: Handshake,
    method_arn: String,
}

/// Serves as the REQUEST authorizer of `$connect`, in a function of its own that API Gateway calls before `$connect`.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use lambda_websocket::{Allow, Authorize, Deny, authorize};
///
/// async fn handler(event: Authorize) -> Result<Allow, Deny> {
///     match event.query("token") {
///         Some("let me in") => Ok(Allow::new("alice").with_context("admin", true)),
///         _ => Err(Deny::unauthorized("no good token")),
///     }
/// }
///
/// # let event = r#"{"type":"REQUEST","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect",
/// #   "queryStringParameters":{"token":"let me in"},"requestContext":{"eventType":"CONNECT","connectionId":"L0SM9cOFvHcCIhw=",
/// #   "connectedAt":0,"requestTimeEpoch":0}}"#;
/// assert!(authorize(handler).replay(event).await?.allows());
/// # Ok::<(), lambda_websocket::FunctionError>(()) }).unwrap();
/// ```
///
/// | the handler's outcome | the answer to API Gateway | the client gets |
/// |---|---|---|
/// | [`Allow`] | a policy that allows this handshake and nothing else | what `$connect` answers |
/// | [`Deny::forbidden`] | the same policy, denying | 403 |
/// | [`Deny::unauthorized`] | the function error `Unauthorized` | 401 |
/// | `?` on any error, a panic, an event that is not an authorizer's, an answer over 8 KB | another function error | 500 |
///
/// So whatever goes wrong, the client stays out.
pub fn authorize<'h>(handler: impl AsyncFn(Authorize) -> Result<Allow, Deny> + 'h) -> Route<'h, Policy> {
    let serve = async move |event: Event<'_>| {
        let event = Authorize::new(event)?;
        let method_arn = event.method_arn.clone();
        Ok(match handler(event).await {
            Ok(allow) => Policy::allow(method_arn, allow).map_err(|error| failure(&error))?,
            Err(deny) => deny.answer(method_arn)?,
        })
    };
    Route::authorizer(serve)
}

fn failure(cause: &(dyn Error + 'static)) -> FunctionError {
    tracing::error!("{}", chain(cause));
    FunctionError::authorizer(cause)
}

impl Authorize {
    pub(crate) fn new(event: Event<'_>) -> Result<Self, BadEvent> {
        let method_arn = event.method_arn()?;
        Ok(Self { handshake: Handshake::new(event)?, method_arn })
    }

    /// What the client asks for: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/$connect`. The answer is always about exactly
    /// this.
    #[must_use]
    pub fn method_arn(&self) -> &str {
        &self.method_arn
    }
}

impl Deref for Authorize {
    type Target = Handshake;

    fn deref(&self) -> &Handshake {
        &self.handshake
    }
}

/// The client may connect, as a principal that every later event of the connection names
/// ([`principal_id`](crate::RequestContext::principal_id)).
#[derive(Clone, Debug)]
#[must_use]
pub struct Allow {
    principal_id: String,
    context: BTreeMap<String, ContextValue>,
    exp: Option<u64>,
}

impl Allow {
    /// Allows the client in as `principal`, for example the subject of its token. An empty principal fails the authorizer.
    pub fn new(principal: impl Into<String>) -> Self {
        Self { principal_id: principal.into(), context: BTreeMap::new(), exp: None }
    }

    /// Adds a value for later events, which read it with [`authorizer(key)`](crate::RequestContext::authorizer): a string, a number or a
    /// bool. API Gateway takes nothing else, and passes each on as a string. The whole answer must not be over 8 KB.
    ///
    /// The keys `principalId` and `integrationLatency` are API Gateway's own, and `exp` is [`until`](Self::until)'s: they fail the
    /// authorizer.
    pub fn with_context(mut self, key: impl Into<String>, value: impl Into<ContextValue>) -> Self {
        self.context.insert(key.into(), value.into());
        self
    }

    /// Adds the members of a struct or a map, for later events, which read them with
    /// [`authorizer_as`](crate::RequestContext::authorizer_as), most likely into the same type:
    ///
    /// ```
    /// use lambda_websocket::{Allow, Authorize, Deny, Message, RouteError, Text};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize, Serialize)]
    /// struct Claims {
    ///     tenant: String,
    ///     seats: u32,
    ///     nickname: Option<String>,
    /// }
    ///
    /// async fn authorizer(_: Authorize) -> Result<Allow, Deny> {
    ///     let claims = Claims { tenant: "acme".to_owned(), seats: 2, nickname: None };
    ///     Ok(Allow::new("alice").with_claims(&claims)?)
    /// }
    ///
    /// async fn route(event: Message<Text>) -> Result<Text, RouteError> {
    ///     let Claims { seats, .. } = event.authorizer_as()?;
    ///     Ok(Text(format!("You have {seats} seats")))
    /// }
    /// ```
    ///
    /// API Gateway takes strings, numbers and booleans. So a member may be one of these, or an enum without data. A member that is `None`
    /// is left out, and is `None` again when it is read. The keys that [`with_context`](Self::with_context) does not take are not taken
    /// here either.
    ///
    /// # Errors
    /// If `claims` is not a struct or a map, or a member is a list or an object; the error names it. For these, put the words of a list
    /// into one string, or keep what is large in a table and its key in the context.
    pub fn with_claims(mut self, claims: &impl Serialize) -> Result<Self, InvalidClaims> {
        self.context.extend(claims::write(claims)?);
        Ok(self)
    }

    /// Ends the session at `exp`, in seconds since 1970: mostly the `exp` of the client's token, so that its connection does not outlive it.
    ///
    /// ```
    /// # use lambda_websocket::Allow;
    /// # struct Token { sub: String, exp: u64 }
    /// # let token = Token { sub: "alice".to_owned(), exp: 1_762_430_400 };
    /// let allow = Allow::new(token.sub).until(token.exp);
    /// ```
    ///
    /// API Gateway knows no such deadline: it closes a connection after two hours at the latest. This one is kept by the routes, which need
    /// no change for it. A message that API Gateway receives at `exp` or later is refused before the handler is called: the client gets an
    /// error frame with status 403 and the code `session_ended`, on one-way and on two-way routes. The deadline travels in the context as
    /// `exp`, and handlers read it with [`exp`](crate::RequestContext::exp).
    ///
    /// A session has no deadline unless an authorizer gives it one. An `exp` that gets into the context in another way, through
    /// [`with_context`](Self::with_context) or as a member of claims, fails the authorizer, as does one in milliseconds.
    pub fn until(mut self, exp: u64) -> Self {
        self.exp = Some(exp);
        self
    }
}

/// Keeps the client out. API Gateway calls no function of the API.
///
/// Any other error turns into a `Deny` through `?`: the function fails, API Gateway answers the client with 500, and the cause is in the
/// log.
#[derive(Debug)]
#[must_use]
pub struct Deny(Reason);

const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;

impl Deny {
    /// The client is not authenticated: its token is missing, forged or expired. The client gets 401. `why` goes to the log only, so
    /// leave the token out of it.
    pub fn unauthorized(why: impl fmt::Display) -> Self {
        Self(Reason::refused(UNAUTHORIZED, why))
    }

    /// The client is known, and may not connect. The client gets 403. `why` goes to the log only.
    pub fn forbidden(why: impl fmt::Display) -> Self {
        Self(Reason::refused(FORBIDDEN, why))
    }

    /// Our side failed. The client gets 500; the cause goes to the log only.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Reason::Internal(cause.into()))
    }

    fn answer(self, method_arn: String) -> Result<Policy, FunctionError> {
        match self.0 {
            Reason::Refused { status, text } => {
                tracing::info!(status, "denied: {}", presentable(&text));
                if status == UNAUTHORIZED { Err(FunctionError::unauthorized()) } else { Ok(Policy::deny(method_arn)) }
            }
            Reason::Internal(cause) => Err(failure(&*cause)),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Deny {
    fn from(error: E) -> Self {
        Self::internal(error)
    }
}

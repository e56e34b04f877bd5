//! An authorizer's question: may this client connect?

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::ops::Deref;

use serde::Serialize;

use crate::error::{BoxError, FunctionError, chain, presentable};
use crate::event::{BadEvent, Event};
use crate::handshake::Handshake;
use crate::policy::Policy;
use crate::serve::Unserved;

/// A client that wants to connect, as API Gateway shows it to the authorizer of `$connect`. What it sent is on [`Handshake`].
///
/// An authorizer can't post to `@connections`: the client is nobody yet.
#[derive(Clone, Debug)]
pub struct Authorize {
    handshake: Handshake,
    method_arn: String,
}

impl Authorize {
    fn new(event: Event<'_>) -> Result<Self, BadEvent> {
        let method_arn = event.method_arn()?;
        Ok(Self { handshake: Handshake::new(event)?, method_arn })
    }

    /// What the client asks for: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/$connect`. The answer is always about exactly this.
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
    pub(crate) principal_id: String,
    pub(crate) context: BTreeMap<String, ContextValue>,
}

impl Allow {
    /// Allows the client in as `principal`, for example the subject of its token. It must not be empty: that fails the authorizer.
    pub fn new(principal: impl Into<String>) -> Self {
        Self { principal_id: principal.into(), context: BTreeMap::new() }
    }

    /// Adds what later events are to know, as [`authorizer(key)`](crate::RequestContext::authorizer): a string, a number or a bool. API Gateway
    /// takes nothing else, and hands on each as a string. All of the answer together must not be over 8 KB.
    ///
    /// The keys `principalId` and `integrationLatency` are API Gateway's own: they fail the authorizer.
    pub fn with_context(mut self, key: impl Into<String>, value: impl Into<ContextValue>) -> Self {
        self.context.insert(key.into(), value.into());
        self
    }
}

/// A value of an authorizer's context. Arrays and objects are none: with one of them API Gateway answers 500.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ContextValue {
    /// A string.
    Text(String),
    /// A number.
    Number(serde_json::Number),
    /// True or false.
    Bool(bool),
}

macro_rules! context_values {
    ($($type:ty => |$value:ident| $made:expr),* $(,)?) => {
        $(impl From<$type> for ContextValue {
            fn from($value: $type) -> Self {
                $made
            }
        })*
    };
}

context_values! {
    &str => |text| Self::Text(text.to_owned()),
    String => |text| Self::Text(text),
    bool => |value| Self::Bool(value),
    i32 => |number| Self::Number(number.into()),
    i64 => |number| Self::Number(number.into()),
    u32 => |number| Self::Number(number.into()),
    u64 => |number| Self::Number(number.into()),
    // JSON has neither infinities nor NaN. As all become strings in the end, so may they.
    f64 => |number| serde_json::Number::from_f64(number).map_or_else(|| Self::Text(number.to_string()), Self::Number),
}

/// Keeps the client out. No function of the API is called.
///
/// Any other error turns into one through `?`: the function fails, API Gateway answers the client with 500, and the cause is in the log.
#[derive(Debug)]
#[must_use]
pub struct Deny(Reason);

#[derive(Debug)]
enum Reason {
    Unauthorized(String),
    Forbidden(String),
    Internal(BoxError),
}

impl Deny {
    /// Nobody known: the token is missing, forged or expired. The client gets 401. `why` goes to the log only, so it must not have the token
    /// in it.
    pub fn unauthorized(why: impl fmt::Display) -> Self {
        Self(Reason::Unauthorized(why.to_string()))
    }

    /// Known, and may not connect. The client gets 403. `why` goes to the log only.
    pub fn forbidden(why: impl fmt::Display) -> Self {
        Self(Reason::Forbidden(why.to_string()))
    }

    /// Our side failed. The client gets 500; the cause goes to the log only.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Reason::Internal(cause.into()))
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Deny {
    fn from(error: E) -> Self {
        Self::internal(error)
    }
}

/// Asks the handler, and answers with its verdict.
pub(crate) async fn authorize(
    event: Event<'_>,
    handler: impl AsyncFnOnce(Authorize) -> Result<Allow, Deny>,
) -> Result<Policy, Unserved> {
    let event = Authorize::new(event)?;
    let method_arn = event.method_arn.clone();
    let failed = |cause: &(dyn Error + 'static)| {
        tracing::error!("{}", chain(cause));
        FunctionError::authorizer(cause)
    };
    match handler(event).await {
        Ok(allow) => Ok(Policy::allow(method_arn, allow).map_err(|error| failed(&error))?),
        Err(Deny(Reason::Forbidden(why))) => {
            tracing::info!(status = 403, "denied: {}", presentable(&why));
            Ok(Policy::deny(method_arn))
        }
        Err(Deny(Reason::Unauthorized(why))) => {
            tracing::info!(status = 401, "denied: {}", presentable(&why));
            Err(FunctionError::unauthorized().into())
        }
        Err(Deny(Reason::Internal(cause))) => Err(failed(&*cause).into()),
    }
}

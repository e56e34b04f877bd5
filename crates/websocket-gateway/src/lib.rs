//! A local Amazon API Gateway for WebSocket APIs.
//!
//! [`Gateway::start`] reads a SAM template, builds or finds the functions behind its routes, and serves the API on a local port: real
//! WebSocket clients at the front, the functions as processes behind a real Lambda Runtime API, `@connections`, DynamoDB and SQS for
//! them to call. The rules of API Gateway are in the modules that bear their names.
//!
//! # In a test
//!
//! A gateway in a test listens on a free port, goes by a clock that the test moves, and tells of every event that it sends to a function.
//! A template's path is relative to the current directory, which under `cargo test` is that of the package.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use futures_util::{SinkExt, StreamExt};
//! use tokio_tungstenite::connect_async;
//! use tokio_tungstenite::tungstenite::Message;
//! use websocket_gateway::{Clock, Gateway, InvocationResult, Options};
//!
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Clock::manual(1_762_426_800_000);
//! let gateway = Gateway::start(Options::default().port(0).clock(clock.clone())).await?;
//! let mut invocations = gateway.invocations();
//! let (mut client, _) = connect_async(gateway.url()).await?;
//!
//! client.send(Message::text(r#"{"action":"hello"}"#)).await?;
//! let greeting = client.next().await.ok_or("no greeting")??;
//! assert!(greeting.to_text()?.starts_with("Hello from hello."));
//!
//! // A client can't see how a one-way route ended, nor that `$disconnect` ran. The test can.
//! let hello = invocations.next_of("hello").await?;
//! assert_eq!(hello.result, InvocationResult::Status(200));
//! clock.advance(Duration::from_secs(10 * 60)); // the idle time-out
//! invocations.next_of("$disconnect").await?;
//!
//! gateway.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! [`Gateway::happenings`] tells what else happens between clients, gateway and functions: frames, events, posts, the functions' output.
//! [`Happenings::log`] passes it on to [`tracing`], where the gateway's warnings about the template and the machine go, too.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod api;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod replay;

mod clock;
mod doors;
mod dynamodb;
mod event;
mod event_sources;
mod faults;
mod gateway;
mod guard;
mod happenings;
mod iam;
mod ids;
mod lambda;
mod secrets;
mod service;
mod sqs;
mod template;
mod visible;
mod wire;

pub use clock::Clock;
#[cfg(feature = "console")]
pub use gateway::ConsoleAccess;
pub use gateway::{Changes, Gateway, Options, StartError, Store, WatchError, environment};
pub use happenings::{
    Batch, Door, Happening, Happenings, Invocation, InvocationResult, Invocations, Level, NoInvocation, Reloaded,
    ReportStatus, What,
};
pub use lambda::{BuildError, InvokeError};
pub use service::connections::{AdoptError, Adopted};
pub use template::{Loaded, Location, Remark, Severity, TemplateError};
pub use visible::{Visible, visible_json};

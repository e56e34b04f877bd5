//! One message for all of a channel, however large: a small channel gets it from this function, a larger one from workers behind a queue.

mod audience;
mod broadcast;
mod can_post;
mod deliver;
#[cfg(fuzzing)]
pub mod fuzzing;
mod job;
mod neighbours;
mod next_round;
mod pace;
mod posts;
mod queue;
mod settings;
mod sqs_event;
mod work;
mod worker;

use std::num::NonZeroU32;
use std::time::Duration;

pub use audience::Audience;
pub use broadcast::FannedOut;
pub use can_post::CanPost;
pub use settings::FanOutSettingsError;
pub use worker::BroadcastWorker;

use crate::registry::Registry;
use queue::Queue;

/// Broadcasts to channels of any size.
///
/// A function can't post to 100,000 connections while a client waits for it. So a channel of 1,024 members or more, which don't fit on one page of
/// the registry's index, is cut into slices, and each slice becomes a job in an SQS queue, which a [`BroadcastWorker`] serves. A smaller channel
/// gets the message from the function itself, with the same calls as from [`Connections::broadcast`](crate::Connections::broadcast).
///
/// ```no_run
/// use lambda_websocket::{Audience, Channel, Error, FanOut, Message, Registry, Text, one_way};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Error> {
///     let (registry, fan_out) = (Registry::from_env()?, FanOut::from_env()?);
///     let lobby: Channel = "lobby".parse()?;
///     one_way(async |event: Message<Text>| {
///         let everyone = Audience::members_with(event.id(), &lobby);
///         let broadcast = fan_out.broadcast(&event, &everyone, &event.body).await?;
///         registry.remove_gone(broadcast.posted.gone).await?;
///         Ok(())
///     })
///     .run()
///     .await
/// }
/// ```
///
/// # What is promised
///
/// The message reaches, at least once, each connection that was in the channel when the broadcast began, stays, and reads. It may come twice: if an
/// answer of API Gateway is lost, or a worker is killed in the middle of a slice. Two broadcasts may overtake each other. Who is in the channel is
/// what the index says, which lags behind the table by a moment.
///
/// A client that does not read holds nobody up: API Gateway answers a post to it with 429, and a job of its own tries again, later each time, until
/// the broadcast expires. If many posts get a 429 it is the account that is throttled, and all posts slow down.
///
/// [The guide](crate::guide::fan_out) has the template of the queue and of the worker.
#[derive(Clone, Debug)]
pub struct FanOut {
    registry: Registry,
    queue: Queue,
    rate: NonZeroU32,
    visibility_timeout: Duration,
    expiry: Option<Duration>,
}

impl FanOut {
    /// For the channels of this registry, with the standard queue that the workers get their jobs from. Its URL is what `!Ref` returns.
    pub fn new(registry: Registry, queue_url: impl Into<String>) -> Self {
        let region = std::env::var("AWS_REGION").ok();
        Self {
            registry,
            queue: Queue { url: queue_url.into() },
            rate: settings::default_rate(region.as_deref()),
            visibility_timeout: Duration::from_secs(60),
            expiry: None,
        }
    }

    /// How many posts a second all workers together may make: 8,000 unless this is called, and 2,000 in the regions where an account's quota is
    /// smaller. That is four fifths of the quota, which posts share with the messages of all clients and with all other APIs of the account.
    /// Raise it when the quota is raised.
    #[must_use]
    pub fn rate(self, posts_per_second: NonZeroU32) -> Self {
        Self { rate: posts_per_second, ..self }
    }

    /// The queue's `VisibilityTimeout`: 60 s unless this is called. The job of a worker that was killed comes back after it, so a broadcast must not
    /// expire sooner.
    #[must_use]
    pub fn visibility_timeout(self, timeout: Duration) -> Self {
        Self { visibility_timeout: timeout, ..self }
    }

    /// How long a broadcast is worth sending. Members whom it has not reached by then don't get it, and the workers' log counts them. Unless this is
    /// called, it is twice the time that the channel needs at the [`rate`](Self::rate), and two
    /// [visibility time-outs](Self::visibility_timeout).
    #[must_use]
    pub fn expires_after(self, time: Duration) -> Self {
        Self { expiry: Some(time), ..self }
    }
}

//! The side that sends.

use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::{StreamExt, future, stream};

use super::deliver::{Delivery, Limits, Tally};
use super::job::{Announcement, Job, To};
use super::next_round::{NextRound, next_round, pause};
use super::pace::Pace;
use super::posts::Posts;
use super::{Audience, CanPost, FanOut};
use crate::body::Payload;
use crate::cause::{BoxError, chain};
use crate::connection_id::ConnectionId;
use crate::connections::{Broadcast, Connections, Gone, PostError, Recipient, encode};
use crate::registry::Slice;

/// About how many members a slice has. A worker that is killed repeats at most as many posts.
const SLICE: u64 = 1000;

/// What became of a broadcast when the function is done with it.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "connections that are gone should be forgotten"]
pub struct FannedOut {
    /// The broadcast's name in the log: the workers' lines about it have this as their `broadcast`.
    pub id: String,
    /// About how many members the workers post to: all of a large channel, and of a smaller one those that this function could not reach.
    /// Workers also forget the connections that they find gone.
    pub handed_over: u64,
    /// What this function has posted itself.
    pub posted: Broadcast,
}

impl FanOut {
    /// Sends one message to a channel: posts it to a small one, and hands a larger one over to the workers. Needs `dynamodb:Query` on the index,
    /// `sqs:SendMessage` on the queue, and what [`Connections::broadcast`] needs.
    ///
    /// `from` is the event that is being served, or [`Connections`] in a function that is not a route.
    ///
    /// # Errors
    /// If the message can't be sent to any connection (over 128 KiB, not serialisable), if the channel can't be read or not be handed over, or if at
    /// least one post failed and no member gets the message. If handing over fails half-way, some of the channel gets it nevertheless.
    pub async fn broadcast(
        &self,
        from: &impl CanPost,
        to: &Audience,
        payload: &impl Payload,
    ) -> Result<FannedOut, PostError> {
        let (api, limits) = (from.api(), Limits::within(from.time_left()));
        let text = encode(payload)?;
        let page = self.registry.first_page(&to.channel).await.map_err(|error| PostError::Failed(error.into()))?;
        let sending = Sending { fan_out: self, id: new_id(), api: &api, to, text, about: page.about(), limits };
        let mut members: Vec<_> = to.first().into_iter().collect();
        if sending.about.is_none() {
            members.extend(page.members.into_iter().filter(|member| to.is_other(member)));
        }
        let ((posted, left), slices) = future::try_join(sending.post_to(members), sending.hand_over()).await?;
        let handed_over = slices + left;
        let posted = if handed_over == 0 { posted.into_result()? } else { posted };
        Ok(FannedOut { id: sending.id, handed_over, posted })
    }
}

/// A broadcast that is being sent.
struct Sending<'s> {
    fan_out: &'s FanOut,
    id: String,
    api: &'s Connections,
    to: &'s Audience,
    text: Bytes,
    /// About how many members the channel has, if they are more than one page.
    about: Option<u64>,
    limits: Limits,
}

impl Sending<'_> {
    /// Puts a job for each slice of a large channel on the queue. Returns about how many members these have.
    async fn hand_over(&self) -> Result<u64, PostError> {
        let Some(about) = self.about else { return Ok(0) };
        let slices = Slice::even(about.div_ceil(SLICE));
        let (count, announcement) = (slices.len(), self.announcement());
        let jobs = slices.map(|slice| Job { announcement: &announcement, to: To::Slice(slice), round: 0 });
        let put = self.fan_out.queue.put(jobs, Duration::ZERO).await;
        put.map_err(|error| PostError::Failed(error.into()))?;
        tracing::info!(broadcast = self.id, about, slices = count, "handed a broadcast over");
        Ok(about)
    }

    /// Posts to members, and hands those over that it does not reach. Returns how many these are.
    async fn post_to(&self, members: Vec<Recipient>) -> Result<(Broadcast, u64), PostError> {
        let since = SystemTime::now();
        if members.is_empty() {
            return Ok((report(Tally::default(), since), 0));
        }
        let delivery = Delivery {
            post: Posts::new(self.api, self.text.clone()).await?,
            pace: &Pace::free_until_throttled(self.fan_out.rate.get().into()),
            limits: self.limits,
        };
        let mut members = pin!(stream::iter(members));
        let mut tally = delivery.run(members.as_mut()).await;
        tally.unserved.extend(members.collect::<Vec<_>>().await);
        let left: Vec<_> = tally.slow.drain(..).chain(tally.unserved.drain(..)).collect();
        let count = left.len();
        if count > 0
            && let Err(error) = self.put_left_over(&left).await
        {
            tracing::warn!(broadcast = self.id, members = count, "not handed over: {}", chain(&*error));
            let failed = left.into_iter().map(|member| (member.id, PostError::Throttled));
            tally.failed.extend(failed);
            return Ok((report(tally, since), 0));
        }
        Ok((report(tally, since), count as u64))
    }

    async fn put_left_over(&self, left: &[Recipient]) -> Result<(), BoxError> {
        let announcement = self.announcement();
        let NextRound::Job(round) = next_round(0, announcement.time_left(), pause(0)) else {
            return Err("the broadcast expires sooner than they could be tried again".into());
        };
        let jobs = To::members(left).map(|to| Job { announcement: &announcement, to, round });
        self.fan_out.queue.put(jobs, pause(0)).await?;
        tracing::info!(broadcast = self.id, members = left.len(), "handed over whom it has not reached yet");
        Ok(())
    }

    fn announcement(&self) -> Announcement {
        let needed = Duration::from_secs_f64(self.about.unwrap_or(SLICE) as f64 / f64::from(self.fan_out.rate.get()));
        let expiry = self
            .fan_out
            .expiry
            .unwrap_or_else(|| needed.saturating_add(self.fan_out.visibility_timeout).saturating_mul(2));
        let expires_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_add(expiry);
        Announcement {
            id: self.id.clone(),
            channel: self.to.channel.clone(),
            text: String::from_utf8_lossy(&self.text).into_owned(),
            sender: self.to.caller.clone(),
            expires_at_ms: u64::try_from(expires_at.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn report(tally: Tally, since: SystemTime) -> Broadcast {
    let log = |(id, error): &(ConnectionId, PostError)| {
        tracing::warn!(connectionId = %id, "not sent: {}", chain(error));
    };
    tally.failed.iter().for_each(log);
    Broadcast { sent: tally.sent, gone: Gone::new(tally.gone, since), expired: tally.ended, failed: tally.failed }
}

/// A name that no other broadcast has.
fn new_id() -> String {
    // The standard library's source of random numbers.
    format!("{:016x}", RandomState::new().hash_one(SystemTime::now()))
}

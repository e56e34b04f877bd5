//! One job, from the queue to what is left over.

use std::future::ready;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::FanOut;
use super::deliver::{Delivery, Limits, Tally};
use super::job::{Announcement, Job, To};
use super::next_round::{NextRound, next_round, pause};
use super::pace::Pace;
use super::posts::{Posts, PostsAndForgets};
use crate::cause::{BoxError, chain};
use crate::connections::{Connections, PostError, Recipient};
use crate::registry::{Placed, RegistryError, Slice};

/// What a worker works with while it does a job.
pub(super) struct Work<'w> {
    pub(super) fan_out: &'w FanOut,
    pub(super) connections: &'w Connections,
    pub(super) pace: &'w Pace,
    pub(super) limits: Limits,
}

/// What became of the members that a job is about.
#[derive(Default)]
struct Done {
    sent: usize,
    gone: usize,
    ended: usize,
    /// Whom a later job tries to reach, because they don't read.
    slow: usize,
    expired: usize,
    failed: usize,
}

/// What a job has left over.
struct Left {
    members: Vec<Recipient>,
    slice: Option<Unposted>,
}

/// The rest of a slice.
struct Unposted {
    slice: Slice,
    /// Not because the time was up, but because the index could not be read.
    unread: Option<RegistryError>,
}

impl Work<'_> {
    /// Does the job in this message. What can't be done now is on the queue afterwards, and everything is in the log.
    pub(super) async fn on(&self, message: &str) -> Result<(), BoxError> {
        let start = Instant::now();
        let Job { announcement, to, round } = serde_json::from_str::<Job<Announcement>>(message)?;
        let mut done = Done::default();
        match announcement.time_left() {
            None => done.expired = self.count(&announcement, to).await?,
            Some(left) => {
                let left = self.post(&announcement, to, start + left, &mut done).await?;
                self.hand_back(&announcement, round, left, &mut done).await?;
            }
        }
        tracing::info!(
            broadcast = announcement.id,
            round,
            sent = done.sent,
            gone = done.gone,
            ended = done.ended,
            slow = done.slow,
            expired = done.expired,
            failed = done.failed,
            seconds = start.elapsed().as_secs_f64(),
            "a part of a broadcast"
        );
        Ok(())
    }

    async fn post(
        &self,
        announcement: &Announcement,
        to: To,
        stale: Instant,
        done: &mut Done,
    ) -> Result<Left, BoxError> {
        let text = Bytes::copy_from_slice(announcement.text.as_bytes());
        let posts = Posts::new(self.connections, text).await?;
        let post = PostsAndForgets { posts, registry: &self.fan_out.registry, since: SystemTime::now() };
        let delivery = Delivery { post, pace: self.pace, limits: self.limits.not_after(stale) };
        let (mut tally, mut members, slice) = match to {
            To::Slice(slice) => {
                let (tally, slice) = self.post_slice(&delivery, announcement, slice).await;
                (tally, Vec::new(), slice)
            }
            To::Members(members) => {
                let members = members.into_iter().map(|(id, deadline_s)| Recipient { id, deadline_s });
                let mut members = pin!(stream::iter(members));
                (delivery.run(members.as_mut()).await, members.collect().await, None)
            }
        };
        done.sent = tally.sent;
        done.gone = tally.gone.len();
        done.ended = tally.ended;
        done.slow = tally.slow.len();
        done.failed = tally.failed.len();
        if let Some(error) = &tally.first_loss {
            let posts = tally.unserved.len();
            tracing::warn!(broadcast = announcement.id, posts, "not sent yet, the first because: {}", chain(error));
        }
        if let Some((id, error)) = tally.failed.pop() {
            tracing::warn!(broadcast = announcement.id, connectionId = %id, "not sent: {}", chain(&error));
            // That is the function's role and not the connection: someone can mend it, and until then the job comes again.
            if matches!(error, PostError::Forbidden) && done.sent + done.gone + done.ended == 0 {
                return Err(error.into());
            }
        }
        members.append(&mut tally.slow);
        members.append(&mut tally.unserved);
        Ok(Left { members, slice })
    }

    async fn post_slice(
        &self,
        delivery: &Delivery<'_, PostsAndForgets<'_>>,
        announcement: &Announcement,
        slice: Slice,
    ) -> (Tally, Option<Unposted>) {
        let mut reading = Reading::default();
        let tally = {
            let members = reading.members(self.fan_out.registry.slice(&announcement.channel, &slice));
            let members = members.filter(|member| ready(announcement.sender.as_ref() != Some(&member.id)));
            delivery.run(pin!(members)).await
        };
        let Reading { last, is_over, unread } = reading;
        let rest = (!is_over).then(|| Unposted {
            slice: match last {
                Some(slot) => slice.after(&slot),
                None => slice,
            },
            unread,
        });
        (tally, rest)
    }

    /// Puts what is left on the queue, unless it is stale by then, or was tried too often.
    async fn hand_back(
        &self,
        announcement: &Announcement,
        round: u32,
        left: Left,
        done: &mut Done,
    ) -> Result<(), BoxError> {
        let queue = &self.fan_out.queue;
        match next_round(round, announcement.time_left(), pause(round)) {
            NextRound::Job(round_after) => {
                let jobs = To::members(&left.members).map(|to| Job { announcement, to, round: round_after });
                queue.put(jobs, pause(round)).await?;
            }
            NextRound::TooLate => done.expired += left.members.len(),
            NextRound::Never => done.failed += left.members.len(),
        }
        let Some(Unposted { slice, unread }) = left.slice else { return Ok(()) };
        if let Some(error) = &unread {
            tracing::warn!(broadcast = announcement.id, "the rest of a slice is not posted yet: {}", chain(error));
        }
        let delay = if unread.is_some() { pause(round) } else { Duration::ZERO };
        let to = To::Slice(slice);
        match next_round(round, announcement.time_left(), delay) {
            NextRound::Job(round) => queue.put([Job { announcement, to, round }], delay).await?,
            NextRound::TooLate => done.expired += self.count(announcement, to).await?,
            NextRound::Never => done.failed += self.count(announcement, to).await?,
        }
        Ok(())
    }

    /// How many members a job is about.
    async fn count(&self, announcement: &Announcement, to: To) -> Result<usize, RegistryError> {
        match to {
            To::Members(members) => Ok(members.len()),
            To::Slice(slice) => {
                let members = self.fan_out.registry.slice(&announcement.channel, &slice);
                let others =
                    members.try_filter(|Placed { member, .. }| ready(announcement.sender.as_ref() != Some(&member.id)));
                others.try_fold(0, async |count, _| Ok(count + 1)).await
            }
        }
    }
}

/// How far a slice has been read.
#[derive(Default)]
struct Reading {
    /// The slot of the last member.
    last: Option<String>,
    is_over: bool,
    unread: Option<RegistryError>,
}

impl Reading {
    /// The members. Keeps account of how far they are read.
    fn members(&mut self, slice: impl Stream<Item = Result<Placed, RegistryError>>) -> impl Stream<Item = Recipient> {
        let slice = Box::pin(slice);
        stream::unfold((slice, self), async |(mut slice, reading)| match slice.next().await {
            Some(Ok(Placed { slot, member })) => {
                reading.last = Some(slot);
                Some((member, (slice, reading)))
            }
            Some(Err(error)) => {
                reading.unread = Some(error);
                None
            }
            None => {
                reading.is_over = true;
                None
            }
        })
    }
}

//! The queue of jobs.

use std::iter::Peekable;
use std::time::Duration;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::sleep;

use super::job::Job;
use crate::aws;
use crate::cause::BoxError;

/// The most messages of one call.
/// Source: SQS API reference, `SendMessageBatch`.
const BATCH: usize = 10;

/// The most bytes of the messages of one call, unless a single message is larger. SQS takes 1 MiB; until 2025 it took this much, and other servers of its
/// API still do.
const BATCH_BYTES: usize = 256 * 1024;

/// How many calls are under way at once.
const IN_FLIGHT: usize = 8;

/// How often messages are sent that SQS has refused for reasons of its own.
const TRIES: u32 = 4;

/// Jobs could not be put on the queue.
#[derive(Debug, thiserror::Error)]
#[error("the queue `{url}`: handing a broadcast over failed")]
pub(super) struct QueueError {
    url: String,
    source: BoxError,
}

/// SQS took a call, but not all messages of it.
#[derive(Debug, thiserror::Error)]
#[error("a message was refused: {code}: {message}")]
struct Refused {
    code: String,
    message: String,
}

#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) url: String,
}

impl Queue {
    /// Puts jobs on the queue, from where workers get them after `delay`. If it fails, some of them may be there nevertheless.
    pub(super) async fn put<A: Serialize>(
        &self,
        jobs: impl IntoIterator<Item = Job<A>>,
        delay: Duration,
    ) -> Result<(), QueueError> {
        // Made one batch after the other, because a job has the whole message in it.
        let batches = Batches { bodies: jobs.into_iter().map(|job| body(&job)).peekable() };
        stream::iter(batches)
            .map(async |batch| self.send(batch?, delay).await)
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
            .map_err(|source| QueueError { url: self.url.clone(), source })
    }

    async fn send(&self, mut bodies: Vec<String>, delay: Duration) -> Result<(), BoxError> {
        let delay = i32::try_from(delay.as_secs()).unwrap_or(i32::MAX);
        for tries in 1.. {
            let entries = bodies.iter().enumerate().map(|(nth, body)| {
                let entry = SendMessageBatchRequestEntry::builder().id(nth.to_string()).message_body(body);
                entry.delay_seconds(delay).build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let call = aws::sqs().await?.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let failed = call.send().await?.failed;
            let Some(first) = failed.first() else { break };
            if tries == TRIES || failed.iter().any(|failure| failure.sender_fault) {
                let (code, message) = (first.code.clone(), first.message.clone().unwrap_or_default());
                return Err(Refused { code, message }.into());
            }
            let again = failed.iter().filter_map(|failure| bodies.get(failure.id.parse::<usize>().ok()?).cloned());
            bodies = again.collect();
            sleep(Duration::from_millis(50 << tries)).await;
        }
        Ok(())
    }
}

/// A job as text that SQS accepts: it refuses two letters that JSON does not escape by itself.
/// Source: SQS API reference, `SendMessage`.
fn body<A: Serialize>(job: &Job<A>) -> Result<String, BoxError> {
    let text = serde_json::to_string(job)?;
    let is_refused = |letter| matches!(letter, '\u{fffe}' | '\u{ffff}');
    if !text.contains(is_refused) {
        return Ok(text);
    }
    Ok(text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
}

/// Puts messages together into calls.
struct Batches<B: Iterator> {
    bodies: Peekable<B>,
}

impl<E, B: Iterator<Item = Result<String, E>>> Iterator for Batches<B> {
    type Item = Result<Vec<String>, E>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch: Vec<String> = Vec::new();
        let mut bytes = 0;
        while let Some(body) = self.bodies.next_if(|body| {
            let more = body.as_ref().map_or(0, String::len);
            batch.is_empty() || (batch.len() < BATCH && bytes + more <= BATCH_BYTES)
        }) {
            match body {
                Ok(body) => {
                    bytes += body.len();
                    batch.push(body);
                }
                Err(error) => return Some(Err(error)),
            }
        }
        (!batch.is_empty()).then_some(Ok(batch))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::fan_out::job::{Announcement, To};

    fn batches(sizes: impl IntoIterator<Item = usize>) -> Vec<Vec<usize>> {
        let bodies = sizes.into_iter().map(|size| Ok::<_, ()>("x".repeat(size)));
        let batches = Batches { bodies: bodies.peekable() };
        batches.map(|batch| batch.unwrap().iter().map(String::len).collect()).collect()
    }

    #[test]
    fn a_batch_has_ten_messages_and_a_quarter_of_a_mebibyte_at_most() {
        assert_eq!(batches([]), Vec::<Vec<usize>>::new());
        assert_eq!(batches([5; 3]), [[5; 3]]);
        assert_eq!(batches([5; 21]), [vec![5; 10], vec![5; 10], vec![5; 1]]);
        let third = BATCH_BYTES / 3;
        assert_eq!(batches([third; 4]), [vec![third; 3], vec![third; 1]]);
        // What is too large for a batch goes alone.
        assert_eq!(batches([5, BATCH_BYTES + 1, 5, 5]), [vec![5], vec![BATCH_BYTES + 1], vec![5, 5]]);
        assert_eq!(batches([BATCH_BYTES, 1]), [[BATCH_BYTES], [1]]);
    }

    #[test]
    fn every_text_is_one_that_sqs_takes_and_comes_back_as_it_was() {
        let every_control: String = (0..0x20).filter_map(char::from_u32).collect();
        for text in ["hello", "\u{fffe}é\u{ffff}\"\\", &every_control, "\\ufffe \u{fffe}", "\u{10ffff}\u{7f}"] {
            let announcement = Announcement {
                id: String::new(),
                channel: text.parse().unwrap(),
                text: text.to_owned(),
                sender: None,
                expires_at_ms: 0,
            };
            let body = body(&Job { announcement, to: To::Members(vec![]), round: 0 }).unwrap();
            let is_allowed = |letter| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
            assert!(body.chars().all(is_allowed), "{body:?}");
            let read: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((&read["announcement"]["text"], &read["announcement"]["channel"]), (&text.into(), &text.into()));
        }
    }
}

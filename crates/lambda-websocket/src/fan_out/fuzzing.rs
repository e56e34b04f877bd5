//! A door for the fuzz target `broadcast_worker`. It exists under `cargo fuzz` only.

use super::job::{Announcement, Job, To};
use super::sqs_event::SqsEvent;

/// A message of an event that a worker gets.
#[derive(Debug)]
pub struct ReadMessage {
    /// The message's id.
    pub id: String,
    /// The job in it, or why there is none.
    pub job: Result<ReadJob, String>,
}

/// A job as a worker has understood it.
#[derive(Debug)]
pub struct ReadJob {
    /// The same job, written once more.
    pub json: String,
    /// Whether nothing is left to be done: it is stale, and says itself how many members it is about.
    pub is_over: bool,
}

/// Reads an event as a worker does.
///
/// # Errors
/// If it is not an event of a queue.
pub fn read(event: &str) -> Result<Vec<ReadMessage>, String> {
    let event: SqsEvent = serde_json::from_str(event).map_err(|error| error.to_string())?;
    let read = event.records.into_iter().map(|record| ReadMessage { id: record.message_id, job: job(&record.body) });
    Ok(read.collect())
}

/// Reads a job.
///
/// # Errors
/// If it is none.
pub fn job(body: &str) -> Result<ReadJob, String> {
    let job: Job<Announcement> = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let json = serde_json::to_string(&job).map_err(|error| error.to_string())?;
    let is_over = job.announcement.time_left().is_none() && matches!(job.to, To::Members(_));
    Ok(ReadJob { json, is_over })
}

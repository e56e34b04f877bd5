//! The side that posts: the function behind the queue.

use std::num::NonZeroU32;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use lambda_runtime::{LambdaEvent, Service};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::FanOut;
use super::deliver::Limits;
use super::pace::Pace;
use super::settings::{self, FanOutSettingsError};
use super::sqs_event::{SqsBatchResponse, SqsEvent};
use super::work::Work;
use crate::cause::chain;
use crate::connections::Connections;
use crate::error::FunctionError;
use crate::log::init_log;
use crate::route::Error;
use crate::service::deadline;

/// How long a job may take where Lambda does not say, as under `cargo lambda watch`.
const UNKNOWN: Duration = Duration::from_secs(10);

/// Posts the slices of channels that [`FanOut::broadcast`] has put on the queue: what the `main` of the function behind the queue runs.
///
/// ```no_run
/// use lambda_websocket::{BroadcastWorker, Error};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Error> {
///     BroadcastWorker::from_env()?.run().await
/// }
/// ```
///
/// It serves one job after the other. It reads a slice page by page as the posts go out, 64 at once and no faster than its share of the
/// [rate](FanOut::rate). What it can't finish before the function's deadline becomes a new job. It needs `dynamodb:Query` on the index,
/// `dynamodb:Query` and `dynamodb:DeleteItem` on the table, `execute-api:ManageConnections` on `POST` and `DELETE`, `sqs:SendMessage` on the
/// queue, and what its event source needs.
///
/// A job that fails is reported, so that the queue delivers it again, which takes `ReportBatchItemFailures`.
///
/// A reference to a worker is a `tower` service of Lambda's events, as [a reference to a route is](crate::guide::service).
#[derive(Debug)]
#[must_use = "a worker does nothing until it is run"]
pub struct BroadcastWorker {
    fan_out: FanOut,
    connections: Connections,
    /// Kept from job to job: what was learnt of the account's throttling is good for the next job, too.
    pace: Pace,
}

impl BroadcastWorker {
    /// One of so many workers for what this `fan_out` hands over: `workers` is the `MaximumConcurrency` of the queue's event source.
    pub fn new(fan_out: FanOut, connections: Connections, workers: NonZeroU32) -> Self {
        let pace = Pace::at(f64::from(fan_out.rate.get()) / f64::from(workers.get()));
        Self { fan_out, connections, pace }
    }

    /// A worker with the settings in the environment: those of [`FanOut::from_env`] and [`Connections::from_env`], and
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `BROADCAST_WORKERS` | the `MaximumConcurrency` of the queue's event source |
    ///
    /// # Errors
    /// If one is missing or not valid.
    pub fn from_env() -> Result<Self, FanOutSettingsError> {
        Ok(Self::new(FanOut::from_env()?, Connections::from_env()?, settings::workers()?))
    }

    /// Serves Lambda's invocations until Lambda ends the process, as [`Route::run`](crate::Route::run) does.
    ///
    /// # Errors
    /// If Lambda's Runtime API can't be reached. A job that fails does not end the process.
    ///
    /// # Panics
    /// Outside Lambda: `lambda_runtime` panics if the variables that Lambda sets are missing.
    pub async fn run(self) -> Result<(), Error> {
        init_log();
        lambda_runtime::run(&self).await
    }

    async fn serve(&self, json: &str, time: Duration) -> Result<SqsBatchResponse, FunctionError> {
        let end = Instant::now() + time;
        let event: SqsEvent = serde_json::from_str(json).map_err(|error| {
            tracing::error!("this is not an event of an SQS queue: {error}");
            FunctionError::internal(&error)
        })?;
        let mut response = SqsBatchResponse::default();
        for record in event.records {
            let limits = Limits::within(end.saturating_duration_since(Instant::now()));
            let work = Work { fan_out: &self.fan_out, connections: &self.connections, pace: &self.pace, limits };
            if let Err(error) = work.on(&record.body).await {
                tracing::error!(messageId = record.message_id, "a job has failed: {}", chain(&*error));
                response.add_failure(record.message_id);
            }
        }
        Ok(response)
    }
}

impl<'w> Service<LambdaEvent<Box<RawValue>>> for &'w BroadcastWorker {
    type Response = SqsBatchResponse;
    type Error = FunctionError;
    type Future = LocalBoxFuture<'w, Result<SqsBatchResponse, FunctionError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FunctionError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>) -> Self::Future {
        let worker = *self;
        Box::pin(async move {
            let end = deadline(context.deadline).map(Instant::from_std);
            let time = end.map_or(UNKNOWN, |end| end.saturating_duration_since(Instant::now()));
            worker.serve(payload.get(), time).await
        })
    }
}

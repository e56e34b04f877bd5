//! A `main` of its own around a route: it also serves the events of a queue, measures each event, flushes after each answer, and once more
//! when Lambda ends the instance.

use std::time::Instant;

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::tower::ServiceExt as _;
use lambda_runtime::tower::util::ThenLayer;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, Service as _, service_fn};
use lambda_websocket::{ConnectionId, Connections, Error, Json, Message, Response, Text, init_log, two_way};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What tells the events apart: a queue's have records, a WebSocket API's don't.
#[derive(Deserialize)]
struct Peek<'e> {
    #[serde(borrow, rename = "Records")]
    records: Option<&'e RawValue>,
}

#[derive(Deserialize)]
struct Record {
    body: String,
}

#[derive(Deserialize)]
struct Job {
    connection: ConnectionId,
    text: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Client(Response),
    Queue(()),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_log();
    lambda_runtime::spawn_graceful_shutdown_handler(async || flush("the last")).await;

    let connections = Connections::from_env()?;
    let route = two_way(async |event: Message<Text>| Ok(Json(event.id().clone())));
    let handler = service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let peek: Peek<'_> = serde_json::from_str(event.payload.get()).map_err(Error::from)?;
        match peek.records {
            Some(records) => Ok(Answer::Queue(deliver(&connections, records).await?)),
            None => Ok::<_, Diagnostic>(Answer::Client((&route).call(event).await?)),
        }
    });
    let flush = async |answered: Result<(), Error>| {
        flush("an event's");
        answered
    };
    Runtime::new(handler.map_future(timed))
        .layer(TracingLayer::new())
        .layer(ThenLayer::new(flush)) // the answer has been sent by then, so nobody waits for this
        .run()
        .await
}

/// An error lets the queue deliver all records once more.
async fn deliver(connections: &Connections, records: &RawValue) -> Result<(), Error> {
    for Record { body } in serde_json::from_str::<Vec<_>>(records.get())? {
        let job: Job = serde_json::from_str(&body)?;
        let _delivery = connections.post(&job.connection, &Text(job.text)).await?;
    }
    Ok(())
}

async fn timed<T>(event: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let outcome = event.await;
    tracing::info!("served in {:?}", started.elapsed());
    outcome
}

/// Where OpenTelemetry's exporter would send its spans: `provider.force_flush()`.
fn flush(which: &str) {
    tracing::info!("flushed {which} spans");
}

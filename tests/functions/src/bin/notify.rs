//! Gets jobs from an SQS queue, and posts their results to the connections that wait for them.

use lambda_runtime::{LambdaEvent, service_fn};
use lambda_websocket::{ConnectionId, Connections, Error, Json, PostError, init_log};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Job {
    connection: ConnectionId, // checked as it is read: a text that is not an id is an error
    result: Value,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_log();
    let connections = Connections::from_env()?;
    let deliver = async |event: LambdaEvent<Batch>| Ok::<_, Error>(deliver(&connections, event.payload).await);
    lambda_runtime::run(service_fn(deliver)).await
}

/// Answers with the messages that SQS should deliver once more.
async fn deliver(connections: &Connections, batch: Batch) -> Value {
    let mut failures = Vec::new();
    for record in batch.records {
        match serde_json::from_str(&record.body) {
            Ok(job) => {
                if let Err(error) = notify(connections, &job).await {
                    tracing::warn!("not delivered yet: {error}");
                    failures.push(json!({ "itemIdentifier": record.message_id }));
                }
            }
            Err(error) => tracing::error!("dropped a message that is not a job: {error}"),
        }
    }
    json!({ "batchItemFailures": failures })
}

async fn notify(connections: &Connections, job: &Job) -> Result<(), PostError> {
    if connections.post(&job.connection, &Json(&job.result)).await?.is_gone() {
        tracing::info!("the client has left"); // trying again would not help
    }
    Ok(())
}

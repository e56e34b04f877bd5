//! An SQS that runs elsewhere: a local one, or AWS's own behind a proxy that signs.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::api::Queue;
use crate::api::limits::LONGEST_RECEIVE_WAIT;
use crate::guard::Credentials;
use crate::secrets::without_userinfo;
use crate::wire::client::HttpClient;

/// How long a call may take: a `ReceiveMessage` waits for messages.
const PATIENCE: Duration = LONGEST_RECEIVE_WAIT.saturating_add(Duration::from_secs(10));

/// A server of SQS's JSON protocol.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    url: String,
    authorization: String,
    client: HttpClient,
}

/// Why a queue can't be made.
#[derive(Debug, thiserror::Error)]
#[error("the queue `{queue}` can't be made in the SQS at {url}: {why}")]
pub(crate) struct QueueError {
    queue: String,
    url: String,
    why: String,
}

impl Elsewhere {
    pub(crate) fn new(url: &str, credentials: &Credentials) -> Self {
        let authorization = credentials.unsigned_authorization("sqs");
        Self { url: url.to_owned(), authorization, client: HttpClient::new(PATIENCE) }
    }

    /// Makes the queues that are missing, and then lets them know their dead-letter queues: these have other ARNs there. A queue that is there
    /// already stays as it is.
    pub(super) async fn make(&self, queues: &[Queue]) -> Result<BTreeMap<String, String>, QueueError> {
        let failed =
            |queue: &Queue, why| QueueError { queue: queue.name.clone(), url: without_userinfo(&self.url), why };
        let (mut urls, mut arns, mut made) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for queue in queues {
            let (url, is_new) = self.make_one(queue).await.map_err(|why| failed(queue, why))?;
            made.extend(is_new.then_some(queue));
            let request = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
            let attributes = self.call("GetQueueAttributes", &request).await.map_err(|why| failed(queue, why))?;
            arns.insert(&queue.name, attributes["Attributes"]["QueueArn"].as_str().unwrap_or(&queue.arn).to_owned());
            urls.insert(queue.name.clone(), url);
        }
        for queue in made {
            let Some(redrive) = &queue.redrive else { continue };
            let policy = json!({
                "deadLetterTargetArn": arns.get(&redrive.dead_letter_queue),
                "maxReceiveCount": redrive.max_receive_count.to_string(),
            });
            let request = json!({
                "QueueUrl": urls.get(&queue.name),
                "Attributes": { "RedrivePolicy": policy.to_string() },
            });
            self.call("SetQueueAttributes", &request).await.map_err(|why| failed(queue, why))?;
        }
        Ok(urls)
    }

    /// The URL of a queue, which is made if it is not there; whether that was so.
    async fn make_one(&self, queue: &Queue) -> Result<(String, bool), String> {
        let seconds = |duration: Duration| duration.as_secs().to_string();
        let found = self.call("GetQueueUrl", &json!({ "QueueName": queue.name })).await;
        let is_new = found.is_err();
        let answer = match found {
            Ok(answer) => answer,
            Err(_) => {
                let attributes = json!({
                    "VisibilityTimeout": seconds(queue.visibility_timeout),
                    "DelaySeconds": seconds(queue.delay),
                    "MessageRetentionPeriod": seconds(queue.retention),
                    "ReceiveMessageWaitTimeSeconds": seconds(queue.receive_wait),
                    "MaximumMessageSize": queue.message_bytes.to_string(),
                });
                self.call("CreateQueue", &json!({ "QueueName": queue.name, "Attributes": attributes })).await?
            }
        };
        let url = answer["QueueUrl"].as_str().ok_or("it answers without a QueueUrl")?;
        Ok((url.to_owned(), is_new))
    }

    /// Does an operation.
    ///
    /// # Errors
    /// The reason, in words.
    pub(super) async fn call(&self, operation: &str, request: &Value) -> Result<Value, String> {
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/x-amz-json-1.0")
            .header("X-Amz-Target", format!("AmazonSQS.{operation}"))
            .header("X-Amz-Date", "20260101T000000Z")
            // Local servers don't check signatures, but some tell regions and accounts apart by them.
            .header(AUTHORIZATION, &self.authorization)
            .body(request.to_string().into())
            .map_err(|error| error.to_string())?;
        let (head, body) =
            self.client.send(request).await.map_err(|why| format!("{why}; check that an SQS listens there"))?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if head.status.is_success() {
            return Ok(answer);
        }
        let message = answer["message"].as_str().or_else(|| answer["Message"].as_str());
        Err(format!("{}: {}", head.status, message.unwrap_or("it gave no reason")))
    }
}

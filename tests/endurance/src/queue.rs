//! A queue of the gateway's, used through its port.

use serde_json::{Value, json};

use crate::Error;
use crate::client::tcp;
use crate::http::{call_of, exchange};

/// One queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) address: String,
    url: String,
}

impl Queue {
    /// The queue of this name at a port of this machine.
    pub(crate) fn named(name: &str, port: u16) -> Self {
        let address = format!("127.0.0.1:{port}");
        Self { url: format!("http://{address}/123456789012/{name}"), address }
    }

    /// The request that sends a message.
    pub(crate) fn sending(&self, body: &str) -> String {
        self.request("SendMessage", json!({ "MessageBody": body }))
    }

    /// Sends a message over a connection of its own. Returns the status.
    pub(crate) async fn send(&self, body: &str) -> Result<u16, Error> {
        Ok(self.call("SendMessage", json!({ "MessageBody": body })).await?.0)
    }

    /// Receives and deletes all messages that can be received now, and returns their bodies.
    pub(crate) async fn take_all(&self) -> Result<Vec<String>, Error> {
        let mut bodies = Vec::new();
        loop {
            let (_, mut answer) = self.call("ReceiveMessage", json!({ "MaxNumberOfMessages": 10 })).await?;
            let Value::Array(messages) = answer["Messages"].take() else { return Ok(bodies) };
            for message in messages {
                bodies.extend(message["Body"].as_str().map(str::to_owned));
                self.call("DeleteMessage", json!({ "ReceiptHandle": message["ReceiptHandle"] })).await?;
            }
        }
    }

    /// How many messages can be received.
    pub(crate) async fn count(&self) -> Result<usize, Error> {
        let name = "ApproximateNumberOfMessages";
        let (_, answer) = self.call("GetQueueAttributes", json!({ "AttributeNames": [name] })).await?;
        Ok(answer["Attributes"][name].as_str().ok_or("no number of messages")?.parse()?)
    }

    /// Removes all messages. Returns the status.
    pub(crate) async fn purge(&self) -> Result<u16, Error> {
        Ok(self.call("PurgeQueue", json!({})).await?.0)
    }

    async fn call(&self, operation: &str, body: Value) -> Result<(u16, Value), Error> {
        let answer = exchange(&mut tcp(&self.address).await?, self.request(operation, body).as_bytes()).await?;
        let status = answer.status().ok_or("the answer has no status")?;
        // Some operations have nothing to say.
        Ok((status, serde_json::from_slice(answer.body()).unwrap_or_default()))
    }

    fn request(&self, operation: &str, mut body: Value) -> String {
        body["QueueUrl"] = self.url.as_str().into();
        call_of("sqs", &format!("AmazonSQS.{operation}"), &body.to_string())
    }
}

//! The embedded queues from outside: with the AWS SDK, through functions, and compared with an independent server.

mod api;
mod boto3;
mod comparison;
mod differences;
mod elsewhere;
mod event_sources;
mod permissions;
mod reload;
mod requests;
mod unplayed;

use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::types::QueueAttributeName;
use websocket_gateway::{Batch, Gateway, Happenings, What};

use crate::support::{Keys, in_time};

const TEMPLATE: &str = "tests/templates/queues.yaml";

/// A queue of the template, and a client of a user's.
struct Queue {
    sqs: Sqs,
    url: String,
}

impl Queue {
    async fn named(gateway: &Gateway, name: &str) -> Self {
        let sqs = Keys::of_a_user().sqs(gateway);
        let url = sqs.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap();
        Self { sqs, url }
    }

    async fn send(&self, body: &str) -> String {
        let sent = self.sqs.send_message().queue_url(&self.url).message_body(body).send().await.unwrap();
        sent.message_id.unwrap()
    }

    /// How many messages can be received, and how many were received and not deleted.
    async fn counts(&self) -> [String; 2] {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let attributes = self.sqs.get_queue_attributes().queue_url(&self.url);
        let attributes = attributes.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let attributes = attributes.attributes.unwrap();
        names.map(|name| attributes[&name].clone())
    }

    /// The bodies of the messages that can be received now.
    async fn bodies(&self) -> Vec<String> {
        let received = self.sqs.receive_message().queue_url(&self.url).max_number_of_messages(10).send().await.unwrap();
        received.messages.unwrap_or_default().into_iter().map(|message| message.body.unwrap()).collect()
    }
}

/// The next batch of a function that ends.
async fn batch(happenings: &mut Happenings, function: &str) -> Batch {
    let next = async {
        loop {
            let happening = happenings.next().await.unwrap();
            if let What::Batch(batch) = &happening.what
                && batch.function == function
            {
                return batch.clone();
            }
        }
    };
    in_time("a batch", next).await
}

//! FIFO queues and event sources with a filter. The API beside them is served, and nobody takes them for what they are not.

use websocket_gateway::{Level, What};

use super::Queue;
use crate::support::{Client, Keys, in_time, options, start};

const TEMPLATE: &str = "tests/templates/unplayed-queues.yaml";

#[tokio::test]
async fn a_function_that_sends_to_a_fifo_queue_hears_that_there_are_none_and_so_does_the_log() {
    let gateway = start(options(TEMPLATE)).await;
    let mut happenings = gateway.happenings(Level::Warning);
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"action":"order","do":{"enqueue":"x"}}"#).await;
    assert_eq!(client.hear().await, "AWS.SimpleQueueService.UnsupportedOperation");
    let told = async {
        loop {
            if let What::Refused { why, .. } = &happenings.next().await.unwrap().what {
                return why.clone();
            }
        }
    };
    let expected = "SQS: templates-Orders.fifo is a FIFO queue, and the gateway has standard queues only.";
    assert_eq!(in_time("the line", told).await, expected);
    let found = Keys::of_a_user().sqs(&gateway).get_queue_url().queue_name("templates-Orders.fifo").send().await;
    assert!(found.unwrap_err().into_service_error().meta().message().unwrap().contains("is a FIFO queue"));
    gateway.stop().await;
}

#[tokio::test]
async fn messages_that_a_filter_may_want_stay_in_their_queue() {
    let gateway = start(options(TEMPLATE)).await;
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"do":{"enqueue":"kept"}}"#).await;
    client.hear().await;
    assert_eq!(Queue::named(&gateway, "templates-Jobs").await.bodies().await, ["kept"]);
    gateway.stop().await;
}

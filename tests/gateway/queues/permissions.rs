//! Who may call the queues.

use websocket_gateway::{Gateway, Level, What};

use super::super::permissions::{denied_among, refusal};
use super::{Queue, TEMPLATE};
use crate::support::{Client, Keys, http_with_body, in_time, options, start};

/// The names of the calls that are denied.
async fn denied(gateway: &Gateway, keys: &Keys) -> Vec<&'static str> {
    let jobs = Queue::named(gateway, "templates-Jobs").await;
    let (sqs, url) = (keys.sqs(gateway), jobs.url.as_str());
    let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id("a").message_body("x").build().unwrap();
    let calls = [
        ("SendMessage", refusal(sqs.send_message().queue_url(url).message_body("x").send().await)),
        ("SendMessageBatch", refusal(sqs.send_message_batch().queue_url(url).entries(entry).send().await)),
        ("ReceiveMessage", refusal(sqs.receive_message().queue_url(url).send().await)),
        ("DeleteMessage", refusal(sqs.delete_message().queue_url(url).receipt_handle("x").send().await)),
        ("PurgeQueue", refusal(sqs.purge_queue().queue_url(url).send().await)),
        ("GetQueueUrl", refusal(sqs.get_queue_url().queue_name("templates-Jobs").send().await)),
        ("GetQueueAttributes", refusal(sqs.get_queue_attributes().queue_url(url).send().await)),
        ("ListQueues", refusal(sqs.list_queues().send().await)),
    ];
    denied_among(&calls, (403, "AccessDenied"), "sqs")
}

#[tokio::test]
async fn a_function_may_do_with_queues_what_its_policy_allows() {
    let gateway = start(options(TEMPLATE)).await;
    let all = [
        "SendMessage",
        "SendMessageBatch",
        "ReceiveMessage",
        "DeleteMessage",
        "PurgeQueue",
        "GetQueueUrl",
        "GetQueueAttributes",
        "ListQueues",
    ];
    assert_eq!(denied(&gateway, &Keys::of(&gateway, "Nobody").await).await, all);
    assert_eq!(denied(&gateway, &Keys::of(&gateway, "Sender").await).await, all[2..]);
    // SAM lets a function receive and delete that has a queue among its events.
    let worker = denied(&gateway, &Keys::of(&gateway, "Worker").await).await;
    assert_eq!(worker, ["SendMessage", "SendMessageBatch", "PurgeQueue", "GetQueueUrl", "ListQueues"]);
    assert_eq!(denied(&gateway, &Keys::of_a_user()).await, [""; 0]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_function_without_the_permission_hears_so_and_the_log_says_it() {
    let gateway = start(options(TEMPLATE)).await;
    let mut happenings = gateway.happenings(Level::Warning);
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"action":"nobody","do":{"enqueue":"x"}}"#).await;
    assert_eq!(client.hear().await, "AccessDenied");
    let told = async {
        loop {
            if let What::Refused { why, .. } = &happenings.next().await.unwrap().what {
                return why.clone();
            }
        }
    };
    let told = in_time("the line", told).await;
    let expected = "assumed-role/templates-Nobody/templates-Nobody is not authorized to perform: sqs:SendMessage on resource: \
        arn:aws:sqs:us-east-1:123456789012:templates-Jobs because no identity-based policy allows the sqs:SendMessage action";
    assert!(told.starts_with("SQS: User: ") && told.contains(expected), "{told}");
    gateway.stop().await;
}

#[tokio::test]
async fn own_tools_are_served_unless_the_gateway_is_strict() {
    for strict in [false, true] {
        let gateway = start(options(TEMPLATE).strict(strict)).await;
        let listed = refusal(Keys::of_a_user().sqs(&gateway).list_queues().send().await);
        assert_eq!(listed.map(|(_, name, _)| name).as_deref(), strict.then_some("UnrecognizedClientException"));
        let headers = "x-amz-target: AmazonSQS.ListQueues\r\ncontent-type: application/x-amz-json-1.0\r\n";
        let (status, ..) = http_with_body(&format!("{}/", gateway.sqs_url()), "POST", headers, "{}").await;
        assert_eq!(status, if strict { 403 } else { 200 });
        let forged = Keys { secret: "wrong".to_owned(), ..Keys::of(&gateway, "Sender").await };
        let (status, name, _) = refusal(forged.sqs(&gateway).list_queues().send().await).unwrap();
        assert_eq!((status, name.as_str()), (403, "InvalidSignatureException"));
        gateway.stop().await;
    }
}

//! The operations of SQS, with the AWS SDK. The SDK's own checks are part of what is tested: it reads every error's type and code.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use super::{Queue, TEMPLATE};
use crate::support::{Keys, http_with_body, options, start};

#[tokio::test]
async fn a_message_is_sent_received_and_deleted_with_its_attributes() {
    let gateway = start(options(TEMPLATE)).await;
    let shelf = Queue::named(&gateway, "shelf").await;
    assert_eq!(shelf.url, format!("{}/123456789012/shelf", gateway.sqs_url()));
    let text = MessageAttributeValue::builder().data_type("String").string_value("Bar").build().unwrap();
    let bytes =
        MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([1, 2, 3])).build().unwrap();
    let sent = shelf.sqs.send_message().queue_url(&shelf.url).message_body("msg");
    let sent = sent.message_attributes("Foo", text).send().await.unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("6e2baaf3b97dbeef01c0043275f9a0e7"));
    assert_eq!(sent.md5_of_message_attributes(), Some("ae7155c6026991b6d54b11589678bf9c"));
    let other = shelf.sqs.send_message().queue_url(&shelf.url).message_body("other");
    other.message_attributes("Data", bytes.clone()).send().await.unwrap();

    let receive = || shelf.sqs.receive_message().queue_url(&shelf.url).max_number_of_messages(10);
    let received = receive()
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap();
    let [first, second] = received.messages() else { panic!("{received:?}") };
    assert_eq!(first.body(), Some("msg"));
    assert_eq!(first.md5_of_message_attributes(), Some("ae7155c6026991b6d54b11589678bf9c"));
    let attributes = first.attributes().unwrap();
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert_eq!(second.message_attributes().unwrap()["Data"].binary_value(), bytes.binary_value());

    let entry = |n: usize, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(n.to_string()).receipt_handle(handle).build().unwrap()
    };
    let entries = [first.receipt_handle(), second.receipt_handle(), Some("rubbish")];
    let entries = entries.into_iter().enumerate().map(|(n, handle)| entry(n, handle.unwrap())).collect();
    let deleted =
        shelf.sqs.delete_message_batch().queue_url(&shelf.url).set_entries(Some(entries)).send().await.unwrap();
    assert_eq!(deleted.successful().iter().map(|entry| entry.id()).collect::<Vec<_>>(), ["0", "1"]);
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    assert_eq!(shelf.counts().await, ["0", "0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn queues_are_listed_and_describe_themselves() {
    let gateway = start(options(TEMPLATE)).await;
    let jobs = Queue::named(&gateway, "templates-Jobs").await;
    let listed = jobs.sqs.list_queues().queue_name_prefix("templates-").send().await.unwrap();
    let names: Vec<_> = listed.queue_urls().iter().map(|url| url.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["templates-Dead", "templates-Jobs", "templates-ManyJobs", "templates-SlowJobs"]);
    let page = jobs.sqs.list_queues().max_results(3).send().await.unwrap();
    let rest = jobs.sqs.list_queues().max_results(3).set_next_token(page.next_token.clone()).send().await.unwrap();
    assert_eq!((page.queue_urls().len(), rest.queue_urls().len(), rest.next_token()), (3, 3, None));

    let attributes = jobs.sqs.get_queue_attributes().queue_url(&jobs.url).attribute_names(QueueAttributeName::All);
    let attributes = attributes.send().await.unwrap().attributes.unwrap();
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:templates-Dead","maxReceiveCount":2}"#;
    for (name, value) in [
        (QueueAttributeName::QueueArn, "arn:aws:sqs:us-east-1:123456789012:templates-Jobs"),
        (QueueAttributeName::VisibilityTimeout, "120"),
        (QueueAttributeName::MaximumMessageSize, "1048576"),
        (QueueAttributeName::RedrivePolicy, policy),
    ] {
        assert_eq!(attributes[&name], value);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn errors_are_those_that_sdks_know() {
    let gateway = start(options(TEMPLATE)).await;
    let shelf = Queue::named(&gateway, "shelf").await;
    let (sqs, url) = (&shelf.sqs, shelf.url.as_str());
    let missing = sqs.send_message().queue_url(url.replace("shelf", "none")).message_body("x").send().await;
    let missing = missing.unwrap_err().into_service_error();
    assert!(missing.is_queue_does_not_exist(), "{missing:?}");
    assert_eq!(missing.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    let handle = sqs.delete_message().queue_url(url).receipt_handle("x").send().await.unwrap_err().into_service_error();
    assert!(handle.is_receipt_handle_is_invalid(), "{handle:?}");
    let large = sqs.send_message().queue_url(url).message_body("x".repeat(2049)).send().await.unwrap_err();
    assert_eq!(large.code(), Some("InvalidParameterValue"));
    assert!(large.message().unwrap().ends_with("Message must be shorter than 2048 bytes."), "{large:?}");
    let character = sqs.send_message().queue_url(url).message_body("\u{0}").send().await.unwrap_err();
    assert!(character.into_service_error().is_invalid_message_contents());
    let entry = |id: &str| SendMessageBatchRequestEntry::builder().id(id).message_body("x").build().unwrap();
    let twice = sqs.send_message_batch().queue_url(url).entries(entry("a")).entries(entry("a")).send().await;
    assert!(twice.unwrap_err().into_service_error().is_batch_entry_ids_not_distinct());
    let many = (0..11).map(|n| entry(&n.to_string())).collect();
    let many = sqs.send_message_batch().queue_url(url).set_entries(Some(many)).send().await;
    assert!(many.unwrap_err().into_service_error().is_too_many_entries_in_batch_request());
    let none = sqs.receive_message().queue_url(url).max_number_of_messages(11).send().await.unwrap_err();
    assert_eq!(none.code(), Some("InvalidParameterValue"));
    let made = sqs.create_queue().queue_name("other").send().await.unwrap_err().into_service_error();
    assert!(made.is_unsupported_operation(), "{made:?}");
    assert_eq!(shelf.counts().await, ["0", "0"]);
    gateway.stop().await;
}

/// Old SDKs speak it.
#[tokio::test]
async fn the_query_protocol_is_refused_in_its_own_words() {
    let gateway = start(options(TEMPLATE)).await;
    let url = format!("{}/", gateway.sqs_url());
    let form = "content-type: application/x-www-form-urlencoded; charset=utf-8\r\n";
    for (method, url, body) in
        [("POST", url.clone(), "Action=ListQueues&Version=2012-11-05"), ("GET", format!("{url}?Action=ListQueues"), "")]
    {
        let (status, head, answer) = http_with_body(&url, method, form, body).await;
        assert_eq!(status, 400, "{answer}");
        assert!(head.contains("content-type: text/xml"), "{head}");
        assert!(answer.contains("<Code>AWS.SimpleQueueService.UnsupportedOperation</Code>"), "{answer}");
        assert!(answer.contains("JSON protocol"), "{answer}");
    }
    let json = "content-type: application/x-amz-json-1.0\r\nx-amz-target: AmazonSQS.";
    for (operation, body, name) in [
        ("Nonsense", "{}", "com.amazon.coral.service#UnknownOperationException"),
        ("ListQueues", "[]", "com.amazon.coral.service#SerializationException"),
        ("ListQueues", "rubbish", "com.amazon.coral.service#SerializationException"),
        ("SendMessage", r#"{"QueueUrl":1}"#, "com.amazon.coral.service#SerializationException"),
        ("SendMessage", "{}", "com.amazon.coral.service#MissingRequiredParameterException"),
        ("SendMessage", r#"{"QueueUrl":"http://h/1/a.fifo"}"#, "com.amazonaws.sqs#UnsupportedOperation"),
    ] {
        let (status, head, answer) = http_with_body(&url, "POST", &format!("{json}{operation}\r\n"), body).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains(name), "{answer}");
        assert!(head.contains("x-amzn-query-error: ") && head.contains(";sender"), "{head}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn functions_find_their_queue_by_its_url() {
    let gateway = start(options(TEMPLATE)).await;
    let event = r#"{"queryStringParameters":{"do":"{\"variables\":[\"QUEUE_URL\",\"AWS_ENDPOINT_URL_SQS\"]}"}}"#;
    let answer = gateway.invoke("Sender", event).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let variables: serde_json::Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(variables["AWS_ENDPOINT_URL_SQS"], gateway.sqs_url());
    assert_eq!(variables["QUEUE_URL"], format!("{}/123456789012/templates-Jobs", gateway.sqs_url()));
    let names = Keys::shared().sqs(&gateway).list_queues().send().await;
    assert!(names.is_err(), "no function may list queues");
    gateway.stop().await;
}

//! The queues with boto3, which reads answers in another way than the SDK for Rust. Where Python or boto3 is missing, that is said aloud.

use std::process::Stdio;

use tokio::process::Command;

use super::TEMPLATE;
use crate::support::{in_time, options, start};

const PROGRAM: &str = r#"
import sys
import boto3

sqs = boto3.client("sqs", endpoint_url=sys.argv[1], region_name="us-east-1",
                   aws_access_key_id="AKIAUSER000000000000", aws_secret_access_key="secret")
url = sqs.get_queue_url(QueueName="shelf")["QueueUrl"]
assert url == sys.argv[1] + "/123456789012/shelf", url
assert sqs.list_queues(QueueNamePrefix="sh")["QueueUrls"] == [url]
attributes = {"Foo": {"DataType": "String", "StringValue": "Bar"}, "Data": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}}
sent = sqs.send_message(QueueUrl=url, MessageBody="héllo", MessageAttributes=attributes)
got = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"][0]
assert (got["MessageId"], got["Body"]) == (sent["MessageId"], "héllo"), got
assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"], got
assert got["MessageAttributes"]["Data"]["BinaryValue"] == b"\x00\x01", got
assert got["Attributes"]["ApproximateReceiveCount"] == "1", got
assert "Messages" not in sqs.receive_message(QueueUrl=url)
sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
again = sqs.receive_message(QueueUrl=url)["Messages"][0]
sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
entries = [{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "\x00"}]
batch = sqs.send_message_batch(QueueUrl=url, Entries=entries)
assert [entry["Id"] for entry in batch["Successful"]] == ["a"], batch
assert [(entry["Id"], entry["Code"]) for entry in batch["Failed"]] == [("b", "InvalidMessageContents")], batch
assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"] == {"ApproximateNumberOfMessages": "1"}
sqs.purge_queue(QueueUrl=url)
try:
    sqs.send_message(QueueUrl=url.replace("shelf", "none"), MessageBody="x")
    raise SystemExit("it was sent")
except sqs.exceptions.QueueDoesNotExist as error:
    assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue", error.response
try:
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=11)
    raise SystemExit("it was received")
except sqs.exceptions.ClientError as error:
    assert error.response["Error"]["Code"] == "InvalidParameterValue", error.response
"#;

#[tokio::test]
async fn boto3_understands_every_answer() {
    let python = |arguments: &[&str]| {
        let mut python = Command::new("python3");
        python.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        python
    };
    let has_boto3 = python(&["-c", "import boto3"]).stderr(Stdio::null()).status().await;
    if !has_boto3.is_ok_and(|status| status.success()) {
        eprintln!("left out: python3 has no boto3");
        return;
    }
    let gateway = start(options(TEMPLATE)).await;
    let output = in_time("boto3", python(&["-c", PROGRAM, gateway.sqs_url()]).output()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    gateway.stop().await;
}

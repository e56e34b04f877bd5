//! What a broadcast asks of DynamoDB, `@connections` and SQS: on the side that sends it, and in the worker.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{Context, LambdaEvent, Service};
use lambda_websocket::{
    Audience, BroadcastWorker, Channel, ConnectionId, Connections, FanOut, FannedOut, FunctionError, PostError, Text,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::function::{QUEUE, calls};
use crate::server::{Answer, Request};

const QUERY: &str = "DynamoDB_20120810.Query";
const DELETE: &str = "DynamoDB_20120810.DeleteItem";
const SEND: &str = "AmazonSQS.SendMessageBatch";
const SENT: &str = r#"{"Successful":[],"Failed":[]}"#;

/// Rows of the index, and where the page ends. An id begins with the status that posts to it get.
fn page(ids: &[&str], end: Option<&str>) -> String {
    let slot = |id: &str| format!("{:08x}{id}", u32::from_str_radix(&id[3..], 16).unwrap());
    let row = |id: &&str| json!({ "connectionId": { "S": id }, "slot": { "S": slot(id) } });
    let mut page = json!({ "Items": ids.iter().map(row).collect::<Vec<_>>(), "Count": ids.len() });
    if let Some(end) = end {
        let text = |text: &str| json!({ "S": text });
        page["LastEvaluatedKey"] =
            json!({ "connectionId": text("x"), "entry": text("$connect"), "channel": text("rust"), "slot": text(end) });
    }
    page.to_string()
}

/// AWS with this page of the channel. Posts get the status that the id begins with.
fn aws(page: String) -> impl Fn(&Request) -> Answer {
    let page: &str = page.leak();
    move |request| match request.target.as_deref() {
        Some(QUERY) => (200, page),
        Some(SEND) => (200, SENT),
        Some(_) => (200, "{}"),
        None => (status_in_the_id(request), ""),
    }
}

fn status_in_the_id(request: &Request) -> u16 {
    let (_, id) = request.line.rsplit_once('/').unwrap();
    id[..3].parse().unwrap()
}

fn id(id: &str) -> ConnectionId {
    id.parse().unwrap()
}

fn channel() -> Channel {
    "rust".parse().unwrap()
}

/// The bodies of the requests to a target.
fn bodies(requests: &[Request], target: &str) -> Vec<Value> {
    let of_it = requests.iter().filter(|request| request.target.as_deref() == Some(target));
    of_it.map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

/// The ids that were posted to, as often as they were.
fn posts(requests: &[Request]) -> Vec<&str> {
    let posts = requests.iter().filter_map(|request| request.line.strip_prefix("POST /@connections/"));
    let mut posts: Vec<_> = posts.collect();
    posts.sort_unstable();
    posts
}

/// The jobs on the queue, with their delays.
fn jobs(requests: &[Request]) -> Vec<(Value, u64)> {
    let batches = bodies(requests, SEND);
    let entries = batches.iter().flat_map(|batch| {
        assert_eq!(batch["QueueUrl"], QUEUE);
        batch["Entries"].as_array().unwrap()
    });
    let read = |text: &Value| serde_json::from_str(text.as_str().unwrap()).unwrap();
    entries.map(|entry| (read(&entry["MessageBody"]), entry["DelaySeconds"].as_u64().unwrap())).collect()
}

async fn broadcast(url: String, to: &Audience) -> Result<FannedOut, PostError> {
    FanOut::from_env().unwrap().broadcast(&Connections::at(url), to, &Text::from("hello")).await
}

#[test]
fn a_small_channel_takes_one_query_and_its_posts() {
    let function = async |url| {
        let everyone = Audience::members_with(&id("200c"), &channel());
        let report = broadcast(url, &everyone).await.unwrap();
        assert_eq!((report.posted.sent, report.posted.failed.len(), report.handed_over), (3, 1, 0));
        assert_eq!(report.posted.gone.iter().map(ConnectionId::as_str).collect::<Vec<_>>(), ["410d"]);
    };
    let test = "fan_out::a_small_channel_takes_one_query_and_its_posts";
    // The index has not heard of the caller yet.
    let Some(requests) = calls(test, aws(page(&["200a", "200b", "410d", "403e"], None)), function) else { return };
    assert_eq!(posts(&requests), ["200a", "200b", "200c", "403e", "410d"]);
    let [query] = &bodies(&requests, QUERY)[..] else { panic!("{requests:?}") };
    assert_eq!((&query["IndexName"], &query["Limit"]), (&json!("channel"), &json!(1024)));
    assert_eq!(requests.len(), 6);
}

#[test]
fn a_caller_that_is_not_to_hear_it_does_not() {
    let function = async |url| {
        let others = Audience::members_without(&id("200b"), &channel());
        assert_eq!(broadcast(url, &others).await.unwrap().posted.sent, 2);
    };
    let test = "fan_out::a_caller_that_is_not_to_hear_it_does_not";
    let Some(requests) = calls(test, aws(page(&["200a", "200b", "200c"], None)), function) else { return };
    assert_eq!(posts(&requests), ["200a", "200c"]);
}

#[test]
fn a_large_channel_becomes_a_job_for_each_slice() {
    let function = async |url| {
        let everyone = Audience::members_with(&id("200a"), &channel());
        let report = broadcast(url, &everyone).await.unwrap();
        // The page has four members and reaches through a 4,096th of the hashes.
        assert_eq!((report.handed_over, report.posted.sent, report.id.len()), (16_384, 1, 16));
    };
    let test = "fan_out::a_large_channel_becomes_a_job_for_each_slice";
    let aws = aws(page(&["200a", "200b", "200c", "200d"], Some("000fffff200d")));
    let Some(requests) = calls(test, aws, function) else { return };
    // The caller does not wait for a worker.
    assert_eq!(posts(&requests), ["200a"]);
    assert_eq!(bodies(&requests, SEND).len(), 2);
    let mut jobs = jobs(&requests);
    jobs.sort_by_key(|(job, _)| job["to"]["slice"]["from"].to_string());
    assert_eq!(jobs.len(), 17);
    let bounds =
        |name: &str| jobs.iter().map(|(job, _)| job["to"]["slice"][name].as_str().unwrap()).collect::<Vec<_>>();
    let (from, to) = (bounds("from"), bounds("to"));
    assert_eq!((from[0], to[16], &from[1..]), ("00000000", "g", &to[..16]));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as f64;
    for (job, delay) in &jobs {
        let announcement = &job["announcement"];
        assert_eq!((&announcement["text"], &announcement["sender"]), (&json!("hello"), &json!("200a")));
        assert_eq!((&job["round"], *delay, announcement["id"].as_str().unwrap().len()), (&json!(0), 0, 16));
        // Twice the 2 s that the posts take, and two minutes.
        let left = announcement["expiresAtMs"].as_f64().unwrap() - now;
        assert!((100_000.0..=124_096.0).contains(&left), "{left}");
    }
}

#[test]
fn messages_that_sqs_could_not_take_are_sent_again() {
    let function = async |url| {
        let report = broadcast(url, &Audience::members(&channel())).await.unwrap();
        assert_eq!((report.handed_over, report.posted.sent), (2_048, 0));
    };
    let test = "fan_out::messages_that_sqs_could_not_take_are_sent_again";
    let calls_to_sqs = AtomicUsize::new(0);
    let page: &str = page(&["200a"; 1024], Some("7fffffff200a")).leak();
    let aws = move |request: &Request| match request.target.as_deref() {
        Some(SEND) if calls_to_sqs.fetch_add(1, Relaxed) == 0 => {
            (200, r#"{"Successful":[],"Failed":[{"Id":"1","SenderFault":false,"Code":"InternalError"}]}"#)
        }
        Some(SEND) => (200, SENT),
        _ => (200, page),
    };
    let Some(requests) = calls(test, aws, function) else { return };
    let jobs = jobs(&requests);
    let from: Vec<_> = jobs.iter().map(|(job, _)| job["to"]["slice"]["from"].as_str().unwrap()).collect();
    assert_eq!(from, ["00000000", "55555555", "aaaaaaaa", "55555555"]);
}

#[test]
fn a_queue_that_takes_nothing_is_an_error_that_names_it() {
    let function = async |url| {
        let error = broadcast(url, &Audience::members(&channel())).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), format!("the queue `{QUEUE}`: handing a broadcast over failed"));
    };
    let page: &str = page(&["200a"], Some("7fffffff200a")).leak();
    let aws = move |request: &Request| match request.target.as_deref() {
        Some(SEND) => (403, r#"{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"no"}"#),
        _ => (200, page),
    };
    calls("fan_out::a_queue_that_takes_nothing_is_an_error_that_names_it", aws, function);
}

#[test]
fn a_client_that_does_not_read_gets_a_job_of_its_own() {
    let function = async |url| {
        let report = broadcast(url, &Audience::members(&channel())).await.unwrap();
        assert_eq!((report.posted.sent, report.posted.failed.len(), report.handed_over), (3, 0, 1));
    };
    let test = "fan_out::a_client_that_does_not_read_gets_a_job_of_its_own";
    let Some(requests) = calls(test, aws(page(&["200a", "429b", "200c", "200d"], None)), function) else { return };
    // Once: the SDK repeats no 429.
    assert_eq!(posts(&requests), ["200a", "200c", "200d", "429b"]);
    let [(job, delay)] = &jobs(&requests)[..] else { panic!("{requests:?}") };
    assert_eq!((&job["to"], &job["round"], *delay), (&json!({ "members": [["429b", null]] }), &json!(1), 1));
}

#[test]
fn a_client_that_does_not_read_is_reported_if_no_queue_takes_it() {
    let function = async |url| {
        let report = broadcast(url, &Audience::members(&channel())).await.unwrap();
        let [(id, PostError::Throttled)] = &report.posted.failed[..] else { panic!("{report:?}") };
        assert_eq!((id.as_str(), report.posted.sent, report.handed_over), ("429b", 1, 0));
    };
    let aws = aws(page(&["200a", "429b"], None));
    let aws = move |request: &Request| match request.target.as_deref() {
        Some(SEND) => (400, r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"}"#),
        _ => aws(request),
    };
    calls("fan_out::a_client_that_does_not_read_is_reported_if_no_queue_takes_it", aws, function);
}

/// Hands messages to a worker that has this time, and returns which of them are to come again.
async fn work(url: String, rate: u32, time: Duration, messages: &[Value]) -> Result<Value, FunctionError> {
    let [rate, workers] = [rate, 1].map(|number| NonZeroU32::new(number).unwrap());
    let worker = BroadcastWorker::new(FanOut::from_env().unwrap().rate(rate), Connections::at(url), workers);
    let records = messages.iter().enumerate().map(|(nth, message)| {
        let body = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        json!({ "messageId": format!("m{nth}"), "receiptHandle": "AQEB", "body": body, "eventSource": "aws:sqs" })
    });
    let event = json!({ "Records": records.collect::<Vec<_>>() });
    serve(&worker, time, &event).await
}

async fn serve(mut worker: &BroadcastWorker, time: Duration, event: &Value) -> Result<Value, FunctionError> {
    let mut context = Context::default();
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
    context.deadline = end.as_millis().try_into().unwrap();
    let event = LambdaEvent::new(RawValue::from_string(event.to_string()).unwrap(), context);
    worker.call(event).await.map(|answer| serde_json::to_value(answer).unwrap())
}

const LONG: Duration = Duration::from_secs(30);

fn job(to: &Value, round: u32, time: Duration) -> Value {
    let expiry = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
    let announcement = json!({
        "id": "b", "channel": "rust", "text": "hello", "sender": "200b", "expiresAtMs": u64::try_from(expiry.as_millis()).unwrap()
    });
    json!({ "announcement": announcement, "to": to, "round": round })
}

fn slice() -> Value {
    json!({ "slice": { "from": "00000000", "to": "00001000" } })
}

fn failures(of: &[&str]) -> Value {
    let failures = of.iter().map(|id| json!({ "itemIdentifier": id }));
    json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
}

#[test]
fn a_worker_posts_a_slice_and_forgets_those_who_are_gone() {
    let function = async |url| {
        assert_eq!(work(url, 8_000, LONG, &[job(&slice(), 0, LONG)]).await, Ok(failures(&[])));
    };
    let test = "fan_out::a_worker_posts_a_slice_and_forgets_those_who_are_gone";
    let first: &str = page(&["200a", "200b", "410c"], Some("0000000c410c")).leak();
    let second: &str = page(&["200d", "429e", "200f"], None).leak();
    let aws = move |request: &Request| match request.target.as_deref() {
        Some(QUERY) if request.body.contains("ExclusiveStartKey") => (200, second),
        Some(QUERY) if request.body.contains("BETWEEN") => (200, first),
        Some(SEND) => (200, SENT),
        Some(_) => (200, "{}"),
        None => (status_in_the_id(request), ""),
    };
    let Some(requests) = calls(test, aws, function) else { return };
    // The sender has had it.
    assert_eq!(posts(&requests), ["200a", "200d", "200f", "410c", "429e"]);
    let queries = bodies(&requests, QUERY);
    let of_slice = queries.iter().filter(|query| query["IndexName"] == "channel").collect::<Vec<_>>();
    // Two pages, and a look for other rows of the connection that is gone.
    assert_eq!((of_slice.len(), queries.len()), (2, 3));
    let values = json!({ ":channel": { "S": "rust" }, ":from": { "S": "00000000" }, ":to": { "S": "00001000" } });
    assert!(of_slice.iter().all(|query| query["ExpressionAttributeValues"] == values), "{of_slice:?}");
    let [removal] = &bodies(&requests, DELETE)[..] else { panic!("{requests:?}") };
    assert_eq!(removal["Key"]["connectionId"]["S"], "410c");
    assert_eq!(removal["ConditionExpression"], "attribute_not_exists(connectionId) OR connectedAt < :cutoff");
    let [(job, delay)] = &jobs(&requests)[..] else { panic!("{requests:?}") };
    assert_eq!((&job["to"], &job["round"], *delay), (&json!({ "members": [["429e", null]] }), &json!(1), 1));
}

#[test]
fn what_a_worker_can_not_finish_becomes_a_job() {
    let ids: Vec<String> = (0..200).map(|nth| format!("200{nth:03x}")).collect();
    let function = async |url| {
        // Some sixty posts: clients are made in this time, too, on a machine that may be slow.
        let time = Duration::from_secs(4);
        assert_eq!(work(url, 20, time, &[job(&slice(), 0, LONG)]).await, Ok(failures(&[])));
    };
    let page = page(&ids.iter().map(String::as_str).collect::<Vec<_>>(), None);
    let test = "fan_out::what_a_worker_can_not_finish_becomes_a_job";
    let Some(requests) = calls(test, aws(page), function) else { return };
    let posted: BTreeSet<_> = posts(&requests).into_iter().collect();
    let last = *posted.last().unwrap();
    assert!(posted.len() < 100, "{posted:?}");
    // From the first to the last, all of them: the rest begins after the last.
    assert!(ids.iter().take(posted.len()).map(String::as_str).eq(posted.iter().copied()), "{posted:?}");
    let [(job, delay)] = &jobs(&requests)[..] else { panic!("{requests:?}") };
    let from = format!("{:08x}{last}!", u32::from_str_radix(&last[3..], 16).unwrap());
    assert_eq!((&job["to"], *delay), (&json!({ "slice": { "from": from, "to": "00001000" } }), 0));
    assert_eq!((&job["round"], &job["announcement"]["text"]), (&json!(1), &json!("hello")));
}

#[test]
fn a_worker_drops_what_is_stale_or_was_tried_often_enough() {
    let function = async |url: String| {
        let slow = json!({ "members": [["429a", null], ["200b", null], ["200c", 7]] });
        let stale = job(&slice(), 0, Duration::ZERO);
        let jobs = [stale, job(&slow, 12, LONG), job(&slow, 5, Duration::from_secs(20))];
        assert_eq!(work(url, 8_000, LONG, &jobs).await, Ok(failures(&[])));
    };
    let test = "fan_out::a_worker_drops_what_is_stale_or_was_tried_often_enough";
    let Some(requests) = calls(test, aws(page(&["200d", "200e"], None)), function) else { return };
    assert_eq!(posts(&requests), ["200b", "200b", "429a", "429a"]);
    // The session of this one has ended.
    let closed = requests.iter().filter(|request| request.line == "DELETE /@connections/200c").count();
    assert_eq!((closed, jobs(&requests).len()), (2, 0));
}

#[test]
fn a_job_that_fails_comes_again_and_the_others_do_not() {
    let function = async |url: String| {
        let forbidden = json!({ "members": [["403a", null]] });
        let messages = [
            json!("not a job"),
            job(&json!({ "members": [["200a", null]] }), 0, LONG),
            job(&forbidden, 0, LONG),
            json!({ "round": 1 }),
            job(&json!({ "members": [["../x", null]] }), 0, LONG),
            // API Gateway does not know such an id, and never will.
            job(&json!({ "members": [["400a", null]] }), 0, LONG),
        ];
        assert_eq!(work(url.clone(), 8_000, LONG, &messages).await, Ok(failures(&["m0", "m2", "m3", "m4"])));
        let one = NonZeroU32::MIN;
        let worker = BroadcastWorker::new(FanOut::from_env().unwrap(), Connections::at(url), one);
        for event in [json!({}), json!(7), json!({ "Records": [{ "body": "" }] })] {
            assert_eq!(serve(&worker, LONG, &event).await.unwrap_err().error_type(), "InternalError");
        }
    };
    let test = "fan_out::a_job_that_fails_comes_again_and_the_others_do_not";
    let Some(requests) = calls(test, aws(page(&[], None)), function) else { return };
    assert_eq!(posts(&requests), ["200a", "400a", "403a"]);
}

#[test]
fn a_slice_that_can_not_be_read_to_its_end_goes_on_where_it_broke_off() {
    let function = async |url: String| {
        assert_eq!(work(url, 8_000, LONG, &[job(&slice(), 3, LONG)]).await, Ok(failures(&[])));
    };
    let test = "fan_out::a_slice_that_can_not_be_read_to_its_end_goes_on_where_it_broke_off";
    let aws = aws(page(&["200a", "200c"], Some("0000000c200c")));
    let aws = move |request: &Request| match request.target.as_deref() {
        Some(QUERY) if request.body.contains("ExclusiveStartKey") => {
            (400, r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"broken"}"#)
        }
        _ => aws(request),
    };
    let Some(requests) = calls(test, aws, function) else { return };
    assert_eq!(posts(&requests), ["200a", "200c"]);
    let [(job, delay)] = &jobs(&requests)[..] else { panic!("{requests:?}") };
    let rest = json!({ "slice": { "from": "0000000c200c!", "to": "00001000" } });
    assert_eq!((&job["to"], &job["round"], *delay), (&rest, &json!(4), 8));
}

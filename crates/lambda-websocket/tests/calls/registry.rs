//! What the registry asks of DynamoDB, and what it makes of the answers that no embedded DynamoDB gives.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_websocket::{Channel, Gone, Joining, Message, Registry, RouteError, Text, one_way};
use serde_json::{Value, json};

use crate::function::calls;
use crate::server::{Answer, Request};

const REFUSED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}"#;

/// The table: `young` is younger than a `$connect` can last, and the row of `broken` can't be removed.
fn table(request: &Request) -> Answer {
    match request.target.as_deref() {
        Some("DynamoDB_20120810.DeleteItem") if request.body.contains("young") => (400, REFUSED),
        Some("DynamoDB_20120810.DeleteItem") if request.body.contains("broken") => {
            (400, r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"broken"}"#)
        }
        Some("DynamoDB_20120810.DeleteItem") => {
            (200, r#"{"Attributes":{"connectionId":{"S":"old="},"channel":{"S":"rust"},"connectedAt":{"N":"7"}}}"#)
        }
        _ => (200, "{}"),
    }
}

fn gone(ids: &[&str]) -> Gone {
    Gone::new(ids.iter().map(|id| id.parse().unwrap()), UNIX_EPOCH + Duration::from_secs(1_000_000))
}

/// What the table was asked.
fn bodies(requests: &[Request], operation: &str) -> Vec<Value> {
    let target = Some(format!("DynamoDB_20120810.{operation}"));
    let of_it = requests.iter().filter(|request| request.target == target);
    of_it.map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

#[test]
fn a_connection_that_is_gone_is_removed_unless_it_may_have_been_opening() {
    let function = async |_url| {
        let registry = Registry::from_env().unwrap();
        let removed = registry.remove_gone(gone(&["old1", "young", "old2"])).await.unwrap();
        let removed: Vec<_> = removed.iter().map(|member| (member.id.as_str(), member.channel.as_str())).collect();
        assert_eq!(removed, [("old=", "rust"); 2]);
    };
    let test = "registry::a_connection_that_is_gone_is_removed_unless_it_may_have_been_opening";
    let Some(requests) = calls(test, table, function) else { return };
    let removals = bodies(&requests, "DeleteItem");
    assert_eq!((removals.len(), requests.len()), (3, 3), "one call for each: none has other rows");
    for removal in removals {
        assert_eq!(removal["TableName"], "connections");
        assert_eq!(removal["ConditionExpression"], "attribute_not_exists(connectionId) OR connectedAt < :cutoff");
        // 30 seconds before the broadcast began.
        assert_eq!(removal["ExpressionAttributeValues"], json!({ ":cutoff": { "N": "999970000" } }));
    }
}

#[test]
fn a_row_that_can_not_be_removed_keeps_none_of_the_others() {
    let function = async |_url| {
        let error = Registry::new("connections").remove_gone(gone(&["broken", "old1", "old2"])).await.unwrap_err();
        assert_eq!(error.to_string(), "the table `connections`: removing a connection failed");
        assert!(error.source().is_some());
    };
    let test = "registry::a_row_that_can_not_be_removed_keeps_none_of_the_others";
    let Some(requests) = calls(test, table, function) else { return };
    let mut removed: Vec<_> = bodies(&requests, "DeleteItem").iter().map(|removal| removal["Key"].clone()).collect();
    removed.sort_by_key(Value::to_string);
    let key = |id| json!({ "connectionId": { "S": id }, "entry": { "S": "$connect" } });
    assert_eq!(removed, ["broken", "old1", "old2"].map(key));
}

const CONFLICT: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled",
    "CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"},{"Code":"None"}]}"#;

/// Joins `rust` by a message of a connection whose session ends.
async fn join() -> Result<Joining, RouteError> {
    let event = json!({
        "requestContext": {
            "routeKey": "join", "eventType": "MESSAGE", "connectionId": "L0SM9cOFvHcCIhw=", "requestId": "r=",
            "connectedAt": 1_762_426_800_123_i64, "requestTimeEpoch": 1_762_426_804_011_i64, "stage": "prod",
            "authorizer": { "principalId": "alice", "exp": "1762430400.5" }, "identity": {}
        },
        "body": "", "isBase64Encoded": false
    });
    let joining = std::cell::RefCell::new(None);
    let route = one_way(async |event: Message<Text>| {
        let channel: Channel = "rust".parse()?;
        *joining.borrow_mut() = Some(Registry::from_env()?.add(&event, &channel).await.map_err(RouteError::from));
        Ok(())
    });
    route.replay(&event.to_string()).await.unwrap();
    drop(route);
    joining.into_inner().unwrap()
}

#[test]
fn a_join_is_one_transaction_that_is_repeated_while_another_is_under_way() {
    let calls_so_far = AtomicUsize::new(0);
    let answer = move |_: &Request| if calls_so_far.fetch_add(1, Relaxed) < 2 { (400, CONFLICT) } else { (200, "{}") };
    let function = async |_url| assert_eq!(join().await.unwrap(), Joining::Joined);
    let test = "registry::a_join_is_one_transaction_that_is_repeated_while_another_is_under_way";
    let Some(requests) = calls(test, answer, function) else { return };
    let transactions = bodies(&requests, "TransactWriteItems");
    assert_eq!((transactions.len(), requests.len()), (3, 3));
    let [first, row] = [0, 1].map(|item: usize| transactions[2]["TransactItems"][item]["Update"].clone());
    let key = |entry| json!({ "connectionId": { "S": "L0SM9cOFvHcCIhw=" }, "entry": { "S": entry } });
    assert_eq!(first["Key"], key("$connect"));
    assert!(first["ConditionExpression"].as_str().unwrap().starts_with("attribute_exists(connectionId)"), "{first}");
    assert_eq!(row["Key"], key("+rust"));
    let values = json!({
        ":channel": { "S": "rust" },
        ":slot": { "S": "a6689c75L0SM9cOFvHcCIhw=" },
        ":connectedAt": { "N": "1762426800123" },
        ":expiresAt": { "N": "1762434600" },
        ":deadline": { "N": "1762430400" },
    });
    assert_eq!(row["ExpressionAttributeValues"], values);
}

#[test]
fn a_conflict_that_does_not_end_is_an_error() {
    let function = async |_url| assert!(format!("{:?}", join().await.unwrap_err()).contains("TransactionConflict"));
    let test = "registry::a_conflict_that_does_not_end_is_an_error";
    let Some(requests) = calls(test, |_| (400, CONFLICT), function) else { return };
    assert_eq!(requests.len(), 6);
}

#[test]
fn now_is_no_time_to_forget_what_was_just_found_gone() {
    let now = SystemTime::now();
    let just_found = Gone::new(["old1".parse().unwrap()], now);
    let now_ms = u64::try_from(now.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    assert_eq!(just_found.cutoff_ms(), now_ms - 30_000);
    assert_eq!(just_found.len(), 1);
}

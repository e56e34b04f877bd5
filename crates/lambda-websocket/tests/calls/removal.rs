use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::stream;
use lambda_websocket::{ConnectionId, Connections, Gone, Registry, Text};
use serde_json::{Value, json};

use crate::function::calls;
use crate::server::{Answer, Request};

/// `@connections`, where every connection is gone, and the table: `young` is younger than a `$connect` can last, and the row of `broken`
/// can't be removed.
fn aws(request: &Request) -> Answer {
    match request.target.as_deref() {
        None => (410, ""),
        Some("DynamoDB_20120810.DeleteItem") if request.body.contains("young") => (
            400,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}"#,
        ),
        Some("DynamoDB_20120810.DeleteItem") if request.body.contains("broken") => {
            (400, r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"broken"}"#)
        }
        Some(_) => (200, "{}"),
    }
}

/// The only way to a [`Gone`] is a broadcast.
async fn gone(url: String, ids: &[&str]) -> Gone {
    let ids = ids.iter().map(|id| Ok::<_, std::io::Error>(id.parse::<ConnectionId>().unwrap()));
    Connections::at(url).broadcast(stream::iter(ids), &Text::from("hello")).await.unwrap().gone
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// What the table was asked, one for each row.
fn removals(requests: Vec<Request>) -> Vec<Value> {
    let to_the_table = requests.into_iter().filter(|request| request.target.is_some());
    to_the_table.map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

#[test]
fn a_connection_that_is_gone_is_removed_unless_it_may_have_been_opening() {
    let before = now_ms();
    let function = async |url| {
        let registry = Registry::from_env().unwrap();
        assert_eq!(registry.remove_gone(gone(url, &["old1", "young", "old2"]).await).await.unwrap(), 2);
    };
    let test = "removal::a_connection_that_is_gone_is_removed_unless_it_may_have_been_opening";
    let Some(requests) = calls(test, aws, function) else { return };
    let removals = removals(requests);
    assert_eq!(removals.len(), 3);
    for removal in removals {
        assert_eq!(removal["TableName"], "connections");
        assert_eq!(removal["ConditionExpression"], "connectedAt < :cutoff");
        let cutoff: u128 = removal["ExpressionAttributeValues"][":cutoff"]["N"].as_str().unwrap().parse().unwrap();
        // 30 seconds before the broadcast began.
        assert!((before - 30_000..=now_ms() - 30_000).contains(&cutoff), "{removal}");
    }
}

#[test]
fn a_row_that_can_not_be_removed_keeps_none_of_the_others() {
    let function = async |url| {
        let error = Registry::new("connections").remove_gone(gone(url, &["broken", "old1", "old2"]).await).await;
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "the table `connections`: removing a connection that is gone failed");
        assert!(std::error::Error::source(&error).is_some());
    };
    let test = "removal::a_row_that_can_not_be_removed_keeps_none_of_the_others";
    let Some(requests) = calls(test, aws, function) else { return };
    let mut removed: Vec<_> = removals(requests).iter().map(|removal| removal["Key"].clone()).collect();
    removed.sort_by_key(Value::to_string);
    assert_eq!(removed, ["broken", "old1", "old2"].map(|id| json!({ "connectionId": { "S": id } })));
}

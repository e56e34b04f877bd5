//! Every file of `events/` and `events/invalid/`, through the example's functions.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use websocket_gateway::{Adopted, Gateway};

use super::faults;
use crate::support::{START_MS, Table, example, root};

/// The connection id that all sample events share.
const CONNECTION_ID: &str = "TnAb3dVvDoECJ5A=";

const NO_BODY: Option<&str> = None;

/// Sends a sample event to the function that its file name says, as if its connection were open: the answer, and what was posted to the
/// connection.
async fn replay(gateway: &Gateway, file: &str) -> (Value, Option<String>) {
    let event = std::fs::read(root().join("events").join(file)).unwrap();
    let binary = binary(file);
    let function = format!("{}{}Function", binary[..1].to_uppercase(), &binary[1..]);
    let mut connection: Adopted = gateway.adopt(CONNECTION_ID).unwrap();
    let answer = gateway.invoke(&function, event).await.unwrap_or_else(|error| panic!("{file}: {error}"));
    let posted = connection.posted();
    assert_eq!(connection.posted(), None, "{file}: more than one post");
    (serde_json::from_slice(&answer).unwrap(), posted)
}

fn binary(file: &str) -> &str {
    file.trim_start_matches("invalid/").split('.').next().unwrap()
}

fn answer(status: u16, body: Option<&str>) -> Value {
    let mut answer = json!({ "statusCode": status });
    if let Some(body) = body {
        answer["body"] = body.into();
    }
    answer
}

#[tokio::test]
async fn the_sample_events_do_what_they_say() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    let expected = [
        ("connect.json", answer(200, Some("Connected")), None),
        ("default.json", answer(200, Some(r#""hello client, I am the $default route!""#)), None),
        ("hello.json", answer(200, NO_BODY), Some("Hello from hello. You connected at: 1762426800123")),
        ("join.json", answer(200, Some(r#"{"here":["Alice"]}"#)), None),
        ("sendmessage.json", answer(200, NO_BODY), Some("hi")),
        ("disconnect.json", answer(200, NO_BODY), None),
    ];
    // A new route needs no line here: its event is replayed, and must be served.
    let events = faults::events(root().join("events"));
    for (file, _) in events.iter().filter(|(file, _)| !expected.iter().any(|(name, ..)| name == file)) {
        assert_eq!(replay(&gateway, file).await.0["statusCode"], 200, "{file}");
    }

    for (file, answer, posted) in expected {
        assert_eq!(replay(&gateway, file).await, (answer, posted.map(str::to_owned)), "{file}");
        if file == "connect.json" {
            assert_eq!(table.rows().await[0]["channel"].as_s().unwrap(), "rust");
        }
    }
    assert!(table.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn exactly_the_routes_that_reply_have_a_route_response() {
    let gateway = example().await;
    for (route_key, route) in &gateway.api().routes {
        if ["$connect", "$disconnect"].contains(&route_key.as_str()) {
            continue;
        }
        let (answer, _) = replay(&gateway, &format!("{}.json", route_key.trim_start_matches('$'))).await;
        // True only where the template has both the selection expression and the RouteResponse.
        assert_eq!(route.route_response, answer.get("body").is_some(), "{route_key}: {answer}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn each_invalid_event_is_refused_for_its_fault() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    // These events are valid, and the message in them is not: its sender is told, by a post.
    let wrong_messages: BTreeMap<_, _> = [
        ("empty-body", "The message is not JSON: EOF while parsing a value at line 1 column 0"),
        ("missing-body", "The message is not JSON: EOF while parsing a value at line 1 column 0"),
        ("missing-data", "Invalid message: missing field `data` at line 1 column 24"),
        ("not-json", "The message is not JSON: expected value at line 1 column 1"),
        ("too-large", "The message is too large: 204800 bytes, and 131072 are allowed"),
    ]
    .into();

    for (file, fault) in faults::events(root().join("events/invalid")) {
        let file = format!("invalid/{file}");
        if let Some(message) = faults::message(&fault) {
            let event_type = match binary(&file) {
                "connect" => "CONNECT",
                "disconnect" => "DISCONNECT",
                _ => "MESSAGE",
            };
            let type_is_wrong = message.ends_with("expected ");
            let message = if type_is_wrong { format!("{message}{event_type}") } else { message.to_owned() };
            assert_eq!(replay(&gateway, &file).await, (answer(400, Some(&message)), None), "{file}");
        } else {
            // With a row of the connection, so that nothing but the message is wrong.
            table.put(CONNECTION_ID, "rust", START_MS).await;
            let (answered, posted) = replay(&gateway, &file).await;
            table.delete_row(CONNECTION_ID).await;
            assert_eq!(answered, answer(400, NO_BODY), "{file}");
            let frame: Value = serde_json::from_str(&posted.unwrap()).unwrap();
            let message = wrong_messages.get(&*fault).unwrap_or_else(|| panic!("{file}: what does it say?"));
            assert_eq!(frame["message"], *message, "{file}");
            assert_eq!(frame["connectionId"], CONNECTION_ID, "{file}");
        }
    }
    // Nothing that was refused has reached the table.
    assert!(table.rows().await.is_empty());
    gateway.stop().await;
}

//! Every file of `events/` and `events/invalid/`, through the real binaries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use websocket_gateway::{Adopted, Gateway};

use crate::support::{Table, example, root};

/// The connection id that all sample events share.
const CONNECTION_ID: &str = "TnAb3dVvDoECJ5A=";

const NO_BODY: Option<&str> = None;

/// Sends a sample event to the function that its file name says, as if its connection were open.
async fn replay(gateway: &Gateway, file: &str) -> (Value, Option<String>) {
    let event = std::fs::read(root().join("events").join(file)).unwrap();
    let name = file.rsplit('/').next().unwrap();
    let binary = name.split('.').next().unwrap();
    let function = format!("{}{}Function", binary[..1].to_uppercase(), &binary[1..]);
    let mut connection: Adopted = gateway.adopt(CONNECTION_ID).unwrap();
    let answer = gateway.invoke(&function, event).await.unwrap_or_else(|error| panic!("{file}: {error}"));
    let posted = connection.posted();
    assert_eq!(connection.posted(), None, "{file}: more than one post");
    (serde_json::from_slice(&answer).unwrap(), posted)
}

fn answer(status: u16, body: Option<&str>) -> Value {
    let mut answer = json!({ "statusCode": status });
    if let Some(body) = body {
        answer["body"] = body.into();
    }
    answer
}

fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join("events").join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> =
        names.filter(|name| name.ends_with(".json")).map(|name| format!("{folder}{name}")).collect();
    files.sort();
    files
}

#[tokio::test]
async fn the_sample_events_do_what_they_say() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    let expected = [
        ("connect.json", answer(200, Some("Connected")), None),
        ("default.json", answer(200, Some(r#""hello client, I am the $default route!""#)), None),
        ("hello.json", answer(200, NO_BODY), Some("Hello from hello. You connected at: 1762426800123")),
        ("sendmessage.json", answer(200, NO_BODY), Some("hi")),
        ("disconnect.json", answer(200, NO_BODY), None),
    ];
    // A new route's event needs no line here: it is replayed, and must be served.
    for file in files("").iter().filter(|file| !expected.iter().any(|(name, ..)| name == file)) {
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
async fn each_invalid_event_is_refused_for_its_fault() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;

    let faults: BTreeMap<_, _> = [
        ("connect.empty-connection-id", "Missing connectionId"),
        ("connect.empty-request-context", "Missing RequestContext"),
        ("connect.missing-connection-id", "Missing connectionId"),
        ("connect.missing-request-context", "Missing RequestContext"),
        ("connect.null-request-context", "Missing RequestContext"),
        ("connect.path-traversal-connection-id", "Malformed connectionId"),
        ("connect.wrong-event-type", "Wrong event type: expected CONNECT"),
        ("default.http-api-event", "Missing connectionId"),
        ("default.rest-api-event", "Missing connectionId"),
        ("disconnect.missing-connection-id", "Missing connectionId"),
        ("disconnect.wrong-event-type", "Wrong event type: expected DISCONNECT"),
        ("hello.malformed-connection-id", "Malformed connectionId"),
        ("hello.missing-connection-id", "Missing connectionId"),
        ("hello.missing-event-type", "Wrong event type: expected MESSAGE"),
        ("hello.missing-request-context", "Missing RequestContext"),
        ("hello.wrong-event-type", "Wrong event type: expected MESSAGE"),
    ]
    .into();
    // The event is fine and what the client sent is not: the client is told, by a post.
    let wrong_messages: BTreeMap<_, _> = [
        ("sendmessage.empty-body", "The message is not JSON: EOF while parsing a value at line 1 column 0"),
        ("sendmessage.missing-body", "The message is not JSON: EOF while parsing a value at line 1 column 0"),
        ("sendmessage.missing-data", "Invalid message: missing field `data` at line 1 column 24"),
        ("sendmessage.not-json", "The message is not JSON: expected value at line 1 column 1"),
        ("sendmessage.too-large", "The message is too large: 204800 bytes, and 131072 are allowed"),
    ]
    .into();

    let expected: BTreeSet<_> =
        faults.keys().chain(wrong_messages.keys()).map(|name| format!("invalid/{name}.json")).collect();
    assert_eq!(BTreeSet::from_iter(files("invalid/")), expected);
    for file in files("invalid/") {
        let name = file.trim_start_matches("invalid/").trim_end_matches(".json");
        if let Some(text) = faults.get(name) {
            assert_eq!(replay(&gateway, &file).await, (answer(400, Some(text)), None), "{file}");
            continue;
        }
        let text = wrong_messages[name];
        // So that nothing but the message is wrong.
        table.put(CONNECTION_ID, "rust", 1_762_426_800_123).await;
        let (answered, posted) = replay(&gateway, &file).await;
        assert_eq!(answered, answer(400, NO_BODY), "{file}");
        let frame: Value = serde_json::from_str(&posted.unwrap()).unwrap();
        assert_eq!(frame["message"], text, "{file}");
        assert_eq!(frame["connectionId"], CONNECTION_ID, "{file}");
        table.delete_row(CONNECTION_ID).await;
    }
    // Nothing that was refused got as far as the table.
    assert!(table.rows().await.is_empty());
    gateway.stop().await;
}

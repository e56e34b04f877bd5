//! Claims, the session's deadline and error frames, from the client's side.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, ended, options, start_with_clock};

async fn ask(client: &mut Client, message: Value) -> Value {
    client.send(message.to_string()).await;
    client.hear_json().await
}

#[tokio::test]
async fn claims_arrive_and_a_session_ends_on_both_kinds_of_route() {
    let (gateway, clock) = start_with_clock(options("tests/templates/sessions.yaml")).await;
    let mut invocations = gateway.invocations();
    let mut forever = Client::connect(&gateway, "").await;
    let mut minute = Client::connect(&gateway, "?seconds=60").await;
    let claims = json!({ "tenant": "acme", "seats": 3, "share": 0.5, "admin": true, "nickname": null });
    let exp = 1_762_426_860;
    for action in ["reply", "post"] {
        let order = json!({ "action": action, "id": 1 });
        assert_eq!(ask(&mut forever, order.clone()).await, json!({ "id": 1, "claims": claims, "exp": null }));
        assert_eq!(ask(&mut minute, order).await, json!({ "id": 1, "claims": claims, "exp": exp }));
    }

    // A client hears a post before the function has ended, whose time-out has the same clock.
    for _ in 0..2 {
        ended(&mut invocations, "post").await;
    }

    // To 11:00:59.999, and a millisecond more.
    clock.advance(Duration::from_millis(59_876));
    assert_eq!(ask(&mut minute, json!({ "action": "reply", "id": 2 })).await["id"], 2);
    clock.advance(Duration::from_millis(1));
    for action in ["reply", "post"] {
        let ended =
            json!({ "id": 3, "status": 403, "code": "session_ended", "text": "The session has ended: connect again" });
        assert_eq!(ask(&mut minute, json!({ "action": action, "id": 3 })).await, ended, "{action}");
        assert_eq!(ask(&mut forever, json!({ "action": action, "id": 3 })).await["id"], 3, "{action}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn an_applications_error_frames_arrive_whatever_was_wrong() {
    let (gateway, _) = start_with_clock(options("tests/templates/sessions.yaml")).await;
    let mut client = Client::connect(&gateway, "").await;
    for action in ["reply", "post"] {
        let refused = ask(&mut client, json!({ "action": action, "id": 0 })).await;
        assert_eq!(refused, json!({ "id": 0, "status": 400, "code": "zero", "text": "Count from one" }), "{action}");
        let unreadable = ask(&mut client, json!({ "action": action, "id": "one" })).await;
        assert_eq!((&unreadable["id"], &unreadable["code"]), (&Value::Null, &Value::Null), "{action}");
        assert!(unreadable["text"].as_str().unwrap().starts_with("Invalid message: "), "{unreadable}");
    }
    gateway.stop().await;
}

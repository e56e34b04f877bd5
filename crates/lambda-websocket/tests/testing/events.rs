use lambda_websocket::testing::{CONNECTION_ID, authorizer, connect, disconnect, message};
use lambda_websocket::{Allow, Json, Message, Text, authorize};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[test]
fn a_handshake_has_what_the_test_gives_it() {
    let event = connect()
        .query("channel", "a")
        .query("channel", "b")
        .header("Cookie", "x=1")
        .header("Cookie", "y=2")
        .stage_variable("colour", "red")
        .connected_at_ms(17)
        .id("Amy=")
        .build();
    assert_eq!((event.query("channel"), event.header("cookie")), (Some("b"), Some("y=2")));
    assert_eq!(event.query_all("channel").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(event.header_all("cookie").collect::<Vec<_>>(), ["x=1", "y=2"]);
    assert_eq!((event.stage_variable("colour"), event.connected_at_ms()), (Some("red"), 17));
    assert_eq!((event.id().as_str(), event.route_key(), event.stage()), ("Amy=", "$connect", "prod"));
    assert_eq!(connect().build().query("channel"), None);
}

#[test]
fn a_message_is_read_as_what_the_handler_takes() {
    let event: Message<Json<Vec<u8>>> = message("[1, 2]").route_key("sum").request_time_ms(18).build();
    assert_eq!((&*event.body.0, event.id().as_str()), (&[1, 2][..], CONNECTION_ID));
    assert_eq!((event.route_key(), event.request_time_ms()), ("sum", 18));
    assert!(event.message_id().is_some() && event.request_id().is_some() && event.source_ip().is_some());
}

#[test]
#[should_panic(expected = "no handler would get this event: The message is not JSON")]
fn a_message_that_no_handler_would_get_ends_the_test() {
    let _event: Message<Json<u8>> = message("one").build();
}

#[test]
#[should_panic(expected = "no handler would get this event: Malformed connectionId")]
fn an_event_that_api_gateway_can_not_send_ends_the_test() {
    let _event = connect().id("../x").build();
}

#[test]
#[should_panic(expected = "no client would get in: the principal is empty")]
fn an_answer_that_lets_nobody_in_ends_the_test() {
    let _event = connect().authorized(Allow::new(""));
}

#[test]
fn a_disconnect_has_a_code_and_a_reason() {
    let event = disconnect().build();
    assert_eq!((event.code(), event.reason()), (Some(1005), Some("Client-side close frame status not set")));
    let event = disconnect().code(1000).reason("").build();
    assert_eq!((event.code(), event.reason()), (Some(1000), None));
}

#[test]
fn what_has_no_method_is_changed_in_the_json() {
    let event = connect().edit(|event| event["requestContext"]["identity"]["sourceIp"] = "2001:db8::1".into());
    assert_eq!(event.build().source_ip(), Some("2001:db8::1".parse().unwrap()));
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Claims {
    tenant: String,
    seats: u32,
    admin: bool,
}

#[tokio::test]
async fn an_authorizers_answer_is_in_every_later_event() {
    let claims = || Claims { tenant: "acme".to_owned(), seats: 3, admin: true };
    let route = authorize(async |event| {
        assert_eq!(event.header("host"), Some(event.domain_name()));
        Ok(Allow::new("amy").with_claims(&claims())?.until(1_762_430_400))
    });
    let policy = authorizer().query("token", "x").replay(&route).await.unwrap();
    assert!(policy.allows() && policy.resource().ends_with("/prod/$connect"));

    let allow = || Allow::new("amy").with_claims(&claims()).unwrap().until(1_762_430_400);
    let (connect, disconnect) = (connect().authorized(allow()).build(), disconnect().authorized(allow()).build());
    let message: Message<Text> = message("").authorized(allow()).build();
    for event in [&**connect, &disconnect, &message] {
        assert_eq!(event.authorizer_as(), Ok(claims()), "{event:?}");
        assert_eq!((event.principal_id(), event.exp()), (Some("amy"), Some(1_762_430_400)));
        // Text, as API Gateway passes everything on.
        assert_eq!((event.authorizer("seats"), event.authorizer("admin")), (Some("3"), Some("true")));
    }
}

/// A sample event of this repository has the same members, apart from those that only some clients send.
#[test]
fn an_event_has_the_members_that_api_gateway_sends() {
    fn members(event: &Value, at: &str, into: &mut Vec<String>) {
        for (name, value) in event.as_object().into_iter().flatten() {
            let path = format!("{at}/{name}");
            members(value, &path, into);
            into.push(path);
        }
    }
    let sorted = |json: &str| {
        let mut all = Vec::new();
        members(&serde_json::from_str(json).unwrap(), "", &mut all);
        all.retain(|path| !path.to_lowercase().replace('-', "").contains("useragent"));
        all.sort();
        all
    };
    let events = [
        (connect().query("channel", "rust").json(), include_str!("../../../../events/connect.json")),
        (message("hello?").json(), include_str!("../../../../events/default.json")),
        (disconnect().json(), include_str!("../../../../events/disconnect.json")),
    ];
    for (made, sample) in events {
        assert_eq!(sorted(&made), sorted(sample));
    }
}

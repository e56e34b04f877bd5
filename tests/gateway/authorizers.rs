//! Lambda authorizers of `$connect`.

use std::time::Duration;

use serde_json::{Value, json};
use websocket_gateway::{Gateway, Options};

use crate::support::{Client, Gate, Refused, event_of, get, options_of_api, order, start, start_with_clock};

/// An identity source that every client of these tests sends.
const ORIGIN: (&str, &str) = ("origin", "http://chat.example");

fn api(id: &str) -> Options {
    options_of_api("tests/templates/authorizers.yaml", id)
}

/// An authorizer in both dialects of a template.
async fn both() -> [Gateway; 2] {
    [start(api("Serverless")).await, start(api("Plain")).await]
}

async fn connect(gateway: &Gateway, query: &str) -> Result<Client, Refused> {
    Client::try_connect(&format!("{}{query}", gateway.url()), &[ORIGIN]).await
}

/// Connects with an order for the authorizer: how that is refused.
async fn refused(gateway: &Gateway, orders: &Value) -> Option<Refused> {
    connect(gateway, &order(orders)).await.err()
}

/// Connects with an authorizer that answers this: how that is refused.
async fn refused_by(gateway: &Gateway, answer: &Value) -> Option<Refused> {
    refused(gateway, &json!({ "decide": answer })).await
}

/// A policy with one statement.
fn policy(effect: &str, resource: &str) -> Value {
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource });
    json!({ "principalId": "user-1", "policyDocument": { "Version": "2012-10-17", "Statement": [statement] } })
}

#[tokio::test]
async fn its_context_is_in_every_later_event() {
    for gateway in both().await {
        let mut invocations = gateway.invocations();
        let mut client = connect(&gateway, "?do=allow").await.unwrap();
        let connect = event_of(&mut invocations, "$connect").await;
        client.send("who am I?").await;
        let message = client.hear_json().await;
        client.close(None).await;
        let disconnect = event_of(&mut invocations, "$disconnect").await;

        let context = &connect["requestContext"]["authorizer"];
        assert_eq!(context["principalId"], "user-1");
        assert_eq!((&context["level"], &context["admin"]), (&json!("3"), &json!("true")));
        assert!(context["integrationLatency"].is_u64(), "{context}");
        for event in [&message, &disconnect] {
            assert_eq!(&event["requestContext"]["authorizer"], context);
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn its_event_is_a_request_about_connect() {
    for gateway in both().await {
        let mut client = connect(&gateway, "?do=allow").await.unwrap();
        client.send("what was it asked?").await;
        let event = client.hear_json().await;
        let asked: Value =
            serde_json::from_str(event["requestContext"]["authorizer"]["asked"].as_str().unwrap()).unwrap();

        assert_eq!(asked["type"], "REQUEST");
        let api_id = &gateway.api().api_id;
        assert_eq!(asked["methodArn"], format!("arn:aws:execute-api:us-east-1:123456789012:{api_id}/test/$connect"));
        assert_eq!(asked["headers"]["Upgrade"], "websocket");
        assert_eq!(asked["requestContext"]["connectionId"], event["requestContext"]["connectionId"]);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn without_an_identity_source_it_is_not_called() {
    for gateway in both().await {
        // The authorizer would allow all of them.
        for (query, headers) in [("?do=allow", &[][..]), ("?do=allow", &[("origin", "")]), ("?do=", &[ORIGIN])] {
            let url = format!("{}{query}", gateway.url());
            assert_eq!(Client::try_connect(&url, headers).await.err(), Some(Refused(401)), "{query} {headers:?}");
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn only_a_policy_that_allows_the_connection_opens_it() {
    for gateway in both().await {
        let stage = format!("arn:aws:execute-api:us-east-1:123456789012:{}/test", gateway.api().api_id);
        for resource in [&format!("{stage}/$connect"), &format!("{stage}/*"), "*"] {
            assert_eq!(refused_by(&gateway, &policy("Allow", resource)).await, None, "{resource}");
            assert_eq!(refused_by(&gateway, &policy("Deny", resource)).await, Some(Refused(403)), "{resource}");
        }
        for resource in [&format!("{stage}/*/*"), &format!("{stage}/$disconnect"), ""] {
            assert_eq!(refused_by(&gateway, &policy("Allow", resource)).await, Some(Refused(403)), "{resource}");
        }
        let nothing = json!({ "principalId": "user-1", "policyDocument": { "Statement": [] } });
        assert_eq!(refused_by(&gateway, &nothing).await, Some(Refused(403)));
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_failing_or_malformed_answer_opens_no_connection() {
    for gateway in both().await {
        let mut invocations = gateway.invocations();
        for (orders, status) in [
            (json!({ "fail-with": "Unauthorized" }), 401),
            (json!({ "fail-with": "unauthorized" }), 500),
            (json!("fail"), 500),
            (json!("panic"), 500),
            (json!("exit"), 500),
            // More than 8 KB.
            (json!({ "allow-with": 8 * 1024 }), 500),
        ] {
            assert_eq!(refused(&gateway, &orders).await, Some(Refused(status)), "{orders}");
        }
        // Only the size was wrong.
        assert_eq!(refused(&gateway, &json!({ "allow-with": 7 * 1024 })).await, None);
        let mut condition = policy("Allow", "*");
        condition["policyDocument"]["Statement"][0]["Condition"] = json!({ "Bool": { "aws:SecureTransport": "true" } });
        let mut context = policy("Allow", "*");
        context["context"] = json!({ "roles": ["admin"] });
        let status = json!({ "statusCode": 200 });
        for answer in [&condition, &context, &status, &json!("Allow"), &json!({ "isAuthorized": true }), &Value::Null] {
            assert_eq!(refused_by(&gateway, answer).await, Some(Refused(500)), "{answer}");
        }

        // `$connect` runs for the two that were allowed, and for none of the others.
        drop(connect(&gateway, "?do=allow").await.unwrap());
        for orders in [r#"{"allow-with":7168}"#, "allow"] {
            let event = event_of(&mut invocations, "$connect").await;
            assert_eq!(event["queryStringParameters"]["do"], orders);
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn an_authorizer_that_takes_too_long_fails() {
    let (gateway, clock) = start_with_clock(api("Plain")).await;
    let gate = Gate::new().await;
    let orders = gate.order();
    let (refused, _visitor) = tokio::join!(refused(&gateway, &orders), async {
        let visitor = gate.visitor().await;
        clock.advance(Duration::from_secs(29));
        // It stays at the gate, and could for the 15 minutes of its `Timeout`.
        visitor
    });
    assert_eq!(refused, Some(Refused(500)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_refusal_has_api_gateways_error_type() {
    let gateway = start(api("Serverless")).await;
    let handshake = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let (status, head) = get(&gateway.url(), handshake).await;
    assert_eq!(status, 401);
    assert!(head.contains("x-amzn-errortype: unauthorizedexception"), "{head}");
    gateway.stop().await;
}

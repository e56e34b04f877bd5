//! Lambda authorizers of `$connect`.

use std::time::Duration;

use serde_json::{Value, json};
use websocket_gateway::{Clock, Gateway, Options};

use crate::support::{Client, Gate, Refused, ended, get, options, start};

/// What every client of these tests brings, as the identity sources ask for it.
const ORIGIN: (&str, &str) = ("origin", "http://chat.example");

fn api(id: &str) -> Options {
    options("tests/templates/authorizers.yaml").api(id)
}

/// Both ways to write it in a template.
async fn both() -> [Gateway; 2] {
    [start(api("Serverless")).await, start(api("Plain")).await]
}

async fn connect(gateway: &Gateway, query: &str) -> Result<Client, Refused> {
    Client::try_connect(&format!("{}{query}", gateway.url()), &[ORIGIN]).await
}

/// Has the authorizer answer this.
async fn connect_with(gateway: &Gateway, answer: &Value) -> Option<Refused> {
    let answer: String = form_urlencoded::byte_serialize(answer.to_string().as_bytes()).collect();
    connect(gateway, &format!("?do=say&answer={answer}")).await.err()
}

/// An answer with one statement.
fn saying(effect: &str, resource: &str) -> Value {
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource });
    json!({ "principalId": "user-1", "policyDocument": { "Version": "2012-10-17", "Statement": [statement] } })
}

#[tokio::test]
async fn what_it_says_of_a_client_is_in_every_later_event() {
    for gateway in both().await {
        let mut invocations = gateway.invocations();
        let mut client = connect(&gateway, "?do=allow").await.unwrap();
        let connect: Value = serde_json::from_slice(&ended(&mut invocations, "$connect").await.event).unwrap();
        client.send("who am I?").await;
        let message = client.hear_json().await;
        client.close(None).await;
        let disconnect: Value = serde_json::from_slice(&ended(&mut invocations, "$disconnect").await.event).unwrap();

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
async fn its_event_is_that_of_api_gateway() {
    for gateway in both().await {
        let mut client = connect(&gateway, "?do=allow").await.unwrap();
        client.send("what was it asked?").await;
        let event = client.hear_json().await;
        let asked: Value =
            serde_json::from_str(event["requestContext"]["authorizer"]["asked"].as_str().unwrap()).unwrap();

        let keys: Vec<_> = asked.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "headers",
            "methodArn",
            "multiValueHeaders",
            "multiValueQueryStringParameters",
            "queryStringParameters",
            "requestContext",
            "stageVariables",
            "type",
        ];
        assert_eq!(keys, expected);
        assert_eq!(asked["type"], "REQUEST");
        let api_id = &gateway.api().api_id;
        assert_eq!(asked["methodArn"], format!("arn:aws:execute-api:us-east-1:123456789012:{api_id}/test/$connect"));
        assert_eq!(asked["headers"]["Upgrade"], "websocket");
        assert_eq!(asked["requestContext"]["connectionId"], event["requestContext"]["connectionId"]);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn without_an_identity_it_is_not_asked() {
    for gateway in both().await {
        // It would say yes to all of them.
        for (query, headers) in [("?do=allow", &[][..]), ("?do=allow", &[("origin", "")]), ("?do=", &[ORIGIN])] {
            let refused = Client::try_connect(&format!("{}{query}", gateway.url()), headers).await.err();
            assert_eq!(refused, Some(Refused(401)), "{query} {headers:?}");
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn only_a_policy_that_allows_the_connection_lets_it_in() {
    for gateway in both().await {
        let stage = format!("arn:aws:execute-api:us-east-1:123456789012:{}/test", gateway.api().api_id);
        for resource in [&format!("{stage}/$connect"), &format!("{stage}/*"), "*"] {
            assert_eq!(connect_with(&gateway, &saying("Allow", resource)).await, None, "{resource}");
            assert_eq!(connect_with(&gateway, &saying("Deny", resource)).await, Some(Refused(403)), "{resource}");
        }
        for resource in [&format!("{stage}/*/*"), &format!("{stage}/$disconnect"), ""] {
            assert_eq!(connect_with(&gateway, &saying("Allow", resource)).await, Some(Refused(403)), "{resource}");
        }
        let nothing = json!({ "principalId": "user-1", "policyDocument": { "Statement": [] } });
        assert_eq!(connect_with(&gateway, &nothing).await, Some(Refused(403)));
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_goes_wrong_lets_nobody_in() {
    for gateway in both().await {
        let mut invocations = gateway.invocations();
        for (order, status) in [("unauthorized", 401), ("fail", 500), ("panic", 500), ("exit", 500), ("refuse", 500)] {
            let refused = connect(&gateway, &format!("?do={order}")).await.err();
            assert_eq!(refused, Some(Refused(status)), "{order}");
        }
        let mut condition = saying("Allow", "*");
        condition["policyDocument"]["Statement"][0]["Condition"] = json!({ "Bool": { "aws:SecureTransport": "true" } });
        let mut context = saying("Allow", "*");
        context["context"] = json!({ "roles": ["admin"] });
        for answer in [&condition, &context, &json!("Allow"), &json!({ "isAuthorized": true }), &Value::Null] {
            assert_eq!(connect_with(&gateway, answer).await, Some(Refused(500)), "{answer}");
        }
        // Too long for a query string.
        assert_eq!(connect(&gateway, "?do=long").await.err(), Some(Refused(500)));

        // None of them has come as far as `$connect`: the first that does is this one.
        drop(connect(&gateway, "?do=allow").await.unwrap());
        let event: Value = serde_json::from_slice(&ended(&mut invocations, "$connect").await.event).unwrap();
        assert_eq!(event["queryStringParameters"]["do"], "allow");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn one_that_takes_too_long_is_a_failure() {
    let clock = Clock::manual(1_762_426_800_000);
    let gateway = start(api("Plain").clock(clock.clone())).await;
    let gate = Gate::new().await;
    let query = format!("?do=meet&at={}", gate.address());
    let (refused, _visitor) = tokio::join!(connect(&gateway, &query), async {
        let visitor = gate.visitor().await;
        clock.advance(Duration::from_secs(29));
        // It stays there, and would for the 15 minutes of its `Timeout`.
        visitor
    });
    assert_eq!(refused.err(), Some(Refused(500)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_refusal_says_why_in_api_gateways_words() {
    let gateway = start(api("Serverless")).await;
    let handshake = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let (status, head) = get(&gateway.url(), handshake).await;
    assert_eq!(status, 401);
    assert!(head.contains("x-amzn-errortype: unauthorizedexception"), "{head}");
    gateway.stop().await;
}

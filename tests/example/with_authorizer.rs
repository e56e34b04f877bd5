//! The example with its authorizer switched on by the parameter `JwtSecret`, from the client's side.

use websocket_gateway::Gateway;

use crate::support::{
    Client, Refused, SECRET, Table, authorized_example, authorizer_event, event_of, example, example_with,
    gateway as program, in_time,
};

/// The token of a sample event, with the query or the offer that it came in.
fn sent(name: &str) -> (String, Option<String>) {
    let event = authorizer_event(name);
    let tokens = event["multiValueQueryStringParameters"]["token"].as_array();
    let tokens = tokens.into_iter().flatten().map(|token| format!("token={}", token.as_str().unwrap()));
    let query = tokens.collect::<Vec<_>>().join("&").replace(' ', "%20");
    (query, event["headers"]["Sec-WebSocket-Protocol"].as_str().map(str::to_owned))
}

async fn connect(gateway: &Gateway, name: &str) -> Result<Client, Refused> {
    let (query, offer) = sent(name);
    let offer: Vec<_> = offer.iter().map(|offer| ("sec-websocket-protocol", offer.as_str())).collect();
    Client::try_connect(&format!("{}?{query}", gateway.url()), &offer).await
}

#[tokio::test]
async fn a_good_token_opens_the_connection_and_every_event_says_whose_it_is_and_until_when() {
    let gateway = authorized_example().await;
    let mut invocations = gateway.invocations();
    let by_url = connect(&gateway, "authorize").await.unwrap();
    assert_eq!(by_url.subprotocol, None);
    let mut by_subprotocol = connect(&gateway, "authorize.subprotocol").await.unwrap();
    assert_eq!(by_subprotocol.subprotocol.as_deref(), Some("chat.v1"));

    by_subprotocol.send("hi").await;
    by_subprotocol.hear().await;
    by_subprotocol.close(None).await;
    for route_key in ["$connect", "$default", "$disconnect"] {
        let event = event_of(&mut invocations, route_key).await;
        let authorizer = &event["requestContext"]["authorizer"];
        assert_eq!(
            (&authorizer["principalId"], &authorizer["exp"]),
            (&"alice".into(), &"4102444800".into()),
            "{event}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_bad_token_or_no_token_or_two_tokens_are_401_and_leave_no_row() {
    let gateway = authorized_example().await;
    let table = Table::of(&gateway).await;
    // Which tokens are bad is the function's own test, in authorize.rs.
    for fault in ["expired", "missing-token", "two-tokens-in-url"] {
        let refused = connect(&gateway, &format!("invalid/authorize.{fault}")).await.err();
        assert_eq!(refused, Some(Refused(401)), "{fault}");
    }
    assert!(table.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn without_the_parameter_every_client_is_let_in() {
    let gateway = example().await;
    for name in ["authorize", "invalid/authorize.missing-token", "invalid/authorize.expired"] {
        assert!(connect(&gateway, name).await.is_ok(), "{name}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_start_says_whether_every_client_may_connect() {
    // Builds the functions, which may take longer than the time limit below.
    example().await.stop().await;
    for (parameter, noted) in [("JwtSecret=", true), (&*format!("JwtSecret={SECRET}"), false)] {
        let run = program(&["invoke", "$default", "events/default.json", "--parameter", parameter]).output();
        let output = in_time("the end of the gateway", run).await.unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{log}");
        assert_eq!(log.contains("every client may connect"), noted, "{log}");
        assert_eq!(log.contains("--parameter JwtSecret="), noted, "{log}");
    }
}

#[tokio::test]
async fn a_reference_that_only_cloudformation_resolves_lets_no_client_in() {
    let gateway = example_with(&[("JwtSecret", "{{resolve:secretsmanager:websocket-jwt-secret}}")]).await;
    assert_eq!(connect(&gateway, "authorize").await.err(), Some(Refused(500)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_good_token_does_not_help_a_page_of_another_origin() {
    let gateway = example_with(&[("JwtSecret", SECRET), ("AllowedOrigins", "https://example.com")]).await;
    let url = format!("{}?{}", gateway.url(), sent("authorize").0);
    let foreign = Client::try_connect(&url, &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.err(), Some(Refused(403)));
    assert!(Client::try_connect(&url, &[("origin", "https://example.com")]).await.is_ok());
    gateway.stop().await;
}

//! Who may call `@connections`, and the store.

use aws_sdk_apigatewaymanagement::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, KeysAndAttributes, Put, TransactWriteItem};
use websocket_gateway::{Gateway, Happenings, Level, What};

use crate::support::{Client, Keys, connection_url, in_time, options, post, start};

const TEMPLATE: &str = "tests/templates/permissions.yaml";

async fn gateway() -> Gateway {
    start(options(TEMPLATE)).await
}

/// A gateway that serves only functions, if it is strict.
async fn gateway_that_is(strict: bool) -> Gateway {
    start(options(TEMPLATE).strict(strict)).await
}

/// The HTTP status, the error's name and its message; `None` if the call was served.
pub(super) type Refusal = Option<(u16, String, String)>;

pub(super) fn refusal<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> Refusal {
    let error = answer.err()?;
    let status = error.raw_response().unwrap_or_else(|| panic!("no answer")).status().as_u16();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some((status, text(error.code()), text(error.message())))
}

/// The answers to POST, GET and DELETE of a connection, in this order.
async fn try_all(gateway: &Gateway, keys: &Keys, id: &str) -> [Refusal; 3] {
    let sdk = keys.management_api(gateway);
    [
        refusal(sdk.post_to_connection().connection_id(id).data(Blob::new("x")).send().await),
        refusal(sdk.get_connection().connection_id(id).send().await),
        refusal(sdk.delete_connection().connection_id(id).send().await),
    ]
}

fn statuses(refusals: &[Refusal; 3]) -> [u16; 3] {
    [0, 1, 2].map(|index| refusals[index].as_ref().map_or(200, |(status, ..)| *status))
}

#[tokio::test]
async fn a_function_may_do_with_connections_what_its_policy_allows() {
    let gateway = gateway().await;
    for (function, expected) in [
        ("Nobody", [403, 403, 403]),
        ("Poster", [200, 403, 403]),
        ("Reader", [403, 200, 403]),
        ("Plain", [200, 200, 403]),
    ] {
        let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
        let keys = Keys::of(&gateway, function).await;
        let refusals = try_all(&gateway, &keys, &id).await;
        assert_eq!(statuses(&refusals), expected, "{function}: {refusals:?}");
        let (_, name, message) = refusals[2].clone().unwrap();
        assert_eq!(name, "AccessDeniedException");
        let api_id = &gateway.api().api_id;
        let resource =
            format!("arn:aws:execute-api:us-east-1:123456789012:{api_id}/test/DELETE/@connections/{{connectionId}}");
        let expected = format!("is not authorized to perform: execute-api:ManageConnections on resource: {resource}");
        assert!(
            message.starts_with("User: arn:aws:sts::123456789012:assumed-role/") && message.contains(&expected),
            "{message}"
        );
        assert_eq!(
            message.ends_with("with an explicit deny in an identity-based policy"),
            function == "Plain",
            "{message}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_signature_must_be_right() {
    let gateway = gateway().await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let good = Keys::of(&gateway, "Poster").await;
    assert_eq!(statuses(&try_all(&gateway, &good, &id).await)[0], 200);

    let secret = Keys { secret: "wrong".to_owned(), ..good.clone() };
    // Without a token, these are taken for the shared credentials, whose secret is another.
    let no_token = Keys { session_token: None, ..good.clone() };
    for keys in [secret, no_token] {
        for refusal in try_all(&gateway, &keys, &id).await {
            let (status, found, message) = refusal.unwrap();
            assert_eq!((status, found.as_str()), (403, "InvalidSignatureException"), "{message}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_users_own_keys_are_served_and_logged_unless_the_gateway_is_strict() {
    for (strict, expected) in [(false, [200, 200, 200]), (true, [403, 403, 403])] {
        let gateway = gateway_that_is(strict).await;
        let of_a_session = Keys { session_token: Some("a session".to_owned()), ..Keys::of_a_user() };
        // All gateways have the same access key id. The token tells them apart.
        let of_another_gateway =
            Keys { session_token: Some("another's".to_owned()), ..Keys::of(&gateway, "Nobody").await };
        for keys in [Keys::of_a_user(), of_a_session, of_another_gateway] {
            let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
            let mut happenings = gateway.happenings(Level::Info);
            let refusals = try_all(&gateway, &keys, &id).await;
            assert_eq!(statuses(&refusals), expected, "{refusals:?}");
            for (refusal, expected) in refusals.iter().zip(["POST", "GET", "DELETE"]) {
                let name = refusal.as_ref().map(|(_, name, _)| name.as_str());
                assert_eq!(name, strict.then_some("UnrecognizedClientException"));
                let told = next_of_the_calls(&mut happenings).await;
                assert!(told.starts_with(expected), "{told}");
                assert_eq!(told.contains("signed with keys of your own"), !strict, "{told}");
            }
        }
        gateway.stop().await;
    }
}

/// The next line about a call to `@connections`.
async fn next_of_the_calls(happenings: &mut Happenings) -> String {
    loop {
        let happening = in_time("a line about a call", happenings.next()).await.unwrap();
        if let What::UnknownKeys { .. } | What::NotSigned { .. } | What::Refused { .. } = happening.what {
            return happening.what.to_string();
        }
    }
}

#[tokio::test]
async fn a_function_elsewhere_may_do_what_any_function_may() {
    let gateway = gateway().await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let refusals = try_all(&gateway, &Keys::shared(), &id).await;
    assert_eq!(statuses(&refusals), [200, 200, 403], "{refusals:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_caller_who_does_not_sign_is_served_unless_the_gateway_is_strict() {
    for (strict, expected) in [(false, 200), (true, 403)] {
        let gateway = gateway_that_is(strict).await;
        let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
        assert_eq!(post(&connection_url(&gateway, &id), "POST", "from a user").await, expected);
        let invoke = format!("{}/2015-03-31/functions/Poster/invocations", gateway.lambda_url());
        assert_eq!(post(&invoke, "POST", "{}").await, expected);
        let poster = Keys::of(&gateway, "Poster").await.management_api(&gateway);
        poster.post_to_connection().connection_id(&id).data(Blob::new("from a function")).send().await.unwrap();
        let heard = client.hear().await;
        assert_eq!(heard, if strict { "from a function" } else { "from a user" });
        gateway.stop().await;
    }
}

const TABLE: &str = "templates-Table";

fn key() -> AttributeValue {
    AttributeValue::S("AAAAAAAAAAAAAAA=".to_owned())
}

/// The names of the calls that are denied.
async fn denied(gateway: &Gateway, function: &str) -> Vec<&'static str> {
    let store = Keys::of(gateway, function).await.dynamodb(gateway);
    let put = Put::builder().table_name(TABLE).item("connectionId", key()).build().unwrap();
    let check = ConditionCheck::builder().table_name(TABLE).key("connectionId", key());
    let check = check.condition_expression("attribute_exists(connectionId)").build().unwrap();
    let transaction = store.transact_write_items();
    let transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
    let transaction = transaction.transact_items(TransactWriteItem::builder().condition_check(check).build());
    let keys = KeysAndAttributes::builder().keys([("connectionId".to_owned(), key())].into()).build().unwrap();
    let query = store.query().table_name(TABLE).expression_attribute_values(":x", AttributeValue::S("x".to_owned()));
    let statement = format!("SELECT * FROM \"{TABLE}\"");
    let calls = [
        ("PutItem", refusal(store.put_item().table_name(TABLE).item("connectionId", key()).send().await)),
        ("GetItem", refusal(store.get_item().table_name(TABLE).key("connectionId", key()).send().await)),
        ("BatchGetItem", refusal(store.batch_get_item().request_items(TABLE, keys).send().await)),
        ("Query", refusal(query.clone().key_condition_expression("connectionId = :x").send().await)),
        ("Query index", refusal(query.index_name("channel").key_condition_expression("channel = :x").send().await)),
        ("Scan", refusal(store.scan().table_name(TABLE).send().await)),
        ("PartiQL", refusal(store.execute_statement().statement(statement).send().await)),
        ("Transaction", refusal(transaction.send().await)),
        ("ListTables", refusal(store.list_tables().send().await)),
        ("DeleteItem", refusal(store.delete_item().table_name(TABLE).key("connectionId", key()).send().await)),
    ];
    denied_among(&calls, (400, "AccessDeniedException"), "dynamodb")
}

/// The calls that were refused with this status and error, which has to name an action of the service.
pub(super) fn denied_among(calls: &[(&'static str, Refusal)], denial: (u16, &str), service: &str) -> Vec<&'static str> {
    let is_denied = |refusal: &Refusal| {
        let Some((status, name, message)) = refusal else { return false };
        let denied = (*status, name.as_str()) == denial;
        assert!(!denied || message.contains(&format!("is not authorized to perform: {service}:")), "{message}");
        denied
    };
    calls.iter().filter(|(_, refusal)| is_denied(refusal)).map(|(name, _)| *name).collect()
}

#[tokio::test]
async fn a_function_may_do_with_the_table_what_its_policy_allows() {
    let gateway = gateway().await;
    let everything = denied(&gateway, "Nobody").await;
    assert_eq!(everything.len(), 10, "{everything:?}");
    let poster = denied(&gateway, "Poster").await;
    assert_eq!(poster, ["GetItem", "BatchGetItem", "Query", "Scan", "PartiQL", "Transaction", "ListTables"]);
    let reader = denied(&gateway, "Reader").await;
    assert_eq!(reader, ["PutItem", "PartiQL", "Transaction", "ListTables", "DeleteItem"]);
    assert_eq!(denied(&gateway, "Plain").await, ["DeleteItem"]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_denial_names_the_caller_the_action_and_the_resource() {
    let gateway = gateway().await;
    let store = Keys::of(&gateway, "Nobody").await.dynamodb(&gateway);
    let (_, _, message) = refusal(store.scan().table_name(TABLE).index_name("channel").send().await).unwrap();
    let expected = "User: arn:aws:sts::123456789012:assumed-role/templates-Nobody/templates-Nobody is not authorized to perform: dynamodb:Scan \
        on resource: arn:aws:dynamodb:us-east-1:123456789012:table/templates-Table/index/channel \
        because no identity-based policy allows the dynamodb:Scan action";
    assert_eq!(message, expected);
    gateway.stop().await;
}

#[tokio::test]
async fn the_table_serves_a_users_own_tools_unless_the_gateway_is_strict() {
    for strict in [false, true] {
        let gateway = gateway_that_is(strict).await;
        let own_tools = refusal(Keys::of_a_user().dynamodb(&gateway).scan().table_name(TABLE).send().await);
        assert_eq!(own_tools.map(|(_, name, _)| name).as_deref(), strict.then_some("UnrecognizedClientException"));

        let keys = Keys::of(&gateway, "Reader").await;
        assert_eq!(refusal(keys.dynamodb(&gateway).scan().table_name(TABLE).send().await), None);
        let forged = Keys { secret: "wrong".to_owned(), ..keys };
        let (status, name, _) = refusal(forged.dynamodb(&gateway).scan().table_name(TABLE).send().await).unwrap();
        assert_eq!((status, name.as_str()), (400, "InvalidSignatureException"));
        gateway.stop().await;
    }
}

#[tokio::test]
async fn large_items_are_stored() {
    let gateway = gateway().await;
    let store = Keys::of(&gateway, "Plain").await.dynamodb(&gateway);
    let data = AttributeValue::S("é".repeat(190 * 1024));
    let put = store.put_item().table_name(TABLE).item("connectionId", key()).item("data", data.clone());
    put.send().await.unwrap();
    let got = store.get_item().table_name(TABLE).key("connectionId", key()).send().await.unwrap();
    assert_eq!(got.item.unwrap()["data"], data);
    gateway.stop().await;
}

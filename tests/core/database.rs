//! The program `orders`: a pool that handlers borrow from `main`, and what the authorizer has said of the caller.

use serde_json::{Value, json};
use websocket_gateway::Gateway;

use crate::support::{Client, Postgres, options_with, order, start};

async fn orders(parameters: &[(&str, &str)]) -> Gateway {
    start(options_with("tests/templates/orders.yaml", parameters)).await
}

/// A client whom the authorizer lets in as `user-1`, with this level.
async fn client(gateway: &Gateway, level: Value) -> Client {
    let statement = json!([{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*" }]);
    let policy = json!({ "Version": "2012-10-17", "Statement": statement });
    let decision = json!({ "principalId": "user-1", "policyDocument": policy, "context": { "level": level } });
    Client::connect(gateway, &order(&json!({ "decide": decision }))).await
}

async fn ask(client: &mut Client, limit: Value) -> Value {
    client.send(json!({ "action": "orders", "limit": limit }).to_string()).await;
    client.hear_json().await
}

#[tokio::test]
async fn only_who_may_read_reaches_the_database_and_its_failure_is_ours() {
    let gateway = orders(&[]).await;
    let mut guest = client(&gateway, json!(1)).await;
    assert_eq!(ask(&mut guest, json!(1)).await["message"], "You may not read orders");
    // Claims that don't fit, and a database that is not there.
    for level in [json!("high"), json!(2)] {
        let mut client = client(&gateway, level).await;
        assert_eq!(ask(&mut client, json!(1)).await["message"], "Internal server error");
    }
    let wrong = ask(&mut guest, json!("1")).await;
    assert!(wrong["message"].as_str().unwrap().starts_with("Invalid message: "), "{wrong}");
    gateway.stop().await;
}

#[tokio::test]
async fn the_caller_gets_its_own_orders_through_one_connection_that_is_made_anew_when_it_was_lost() {
    let Some(database) = Postgres::start() else { return };
    database.sql("CREATE TABLE orders (customer text, number int, dish text)");
    database.sql("INSERT INTO orders VALUES ('user-1', 2, 'soup'), ('user-1', 1, 'tea'), ('user-2', 3, 'fish')");
    let gateway = orders(&[("DatabaseUrl", &database.url)]).await;
    let mut client = client(&gateway, json!(2)).await;
    let (tea, soup) = (json!({ "number": 1, "dish": "tea" }), json!({ "number": 2, "dish": "soup" }));
    let connection =
        || database.sql("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE query LIKE 'SELECT number%'");

    assert_eq!(ask(&mut client, json!(5)).await, json!([tea, soup]));
    let first = connection();
    assert_eq!(ask(&mut client, json!(1)).await, json!([tea]));
    assert_eq!(connection(), first, "the pool has one connection and keeps it");

    assert_eq!(database.sql(&format!("SELECT pg_terminate_backend({first}, 10000)")), "t");
    assert_eq!(ask(&mut client, json!(1)).await, json!([tea]));
    assert_ne!(connection(), first);

    // A table of another shape is not for the client to know of.
    database.sql("ALTER TABLE orders ALTER number TYPE text");
    assert_eq!(ask(&mut client, json!(1)).await["message"], "Internal server error");
    gateway.stop().await;
}

//! The registry on DynamoDB, through a function that does nothing else.

use serde_json::{Value, json};
use websocket_gateway::Gateway;

use crate::support::{Client, Table, options, start};

/// A connection, and what it tells the registry.
struct Caller {
    client: Client,
    id: String,
}

impl Caller {
    /// Connects, into these channels.
    async fn into(gateway: &Gateway, channels: &[&str]) -> Self {
        let query: Vec<_> = channels.iter().map(|channel| format!("channel={channel}")).collect();
        let mut client = Client::connect(gateway, &format!("?{}", query.join("&"))).await;
        client.send(json!({ "call": "my_id" }).to_string()).await;
        let id = client.hear_json().await.as_str().unwrap().to_owned();
        Self { client, id }
    }

    async fn call(&mut self, call: &str, arguments: Value) -> Value {
        let mut order = arguments;
        order["call"] = call.into();
        self.client.send(order.to_string()).await;
        self.client.hear_json().await
    }

    async fn add(&mut self, channel: &str) -> Value {
        self.call("add", json!({ "channel": channel })).await
    }

    async fn add_with(&mut self, channel: &str, attributes: Value) -> Value {
        self.call("add_with", json!({ "channel": channel, "attributes": attributes })).await
    }

    async fn members(&mut self, channel: &str) -> Value {
        self.call("members", json!({ "channel": channel })).await
    }

    async fn my_channels(&mut self) -> Value {
        self.call("channels_of", json!({ "id": self.id })).await
    }

    async fn leave(&mut self, channel: &str) -> Value {
        self.call("remove_from", json!({ "id": self.id, "channel": channel })).await
    }

    async fn remove(&mut self) -> Value {
        self.call("remove", json!({ "id": self.id })).await
    }
}

async fn gateway() -> Gateway {
    start(options("tests/templates/registry.yaml")).await
}

fn sorted(ids: &[&Caller]) -> Value {
    let mut ids: Vec<_> = ids.iter().map(|caller| caller.id.as_str()).collect();
    ids.sort_unstable();
    json!(ids)
}

#[tokio::test]
async fn a_connection_may_be_in_several_channels() {
    let gateway = gateway().await;
    let mut ann = Caller::into(&gateway, &["rust", "user:ann"]).await;
    let bob = Caller::into(&gateway, &["rust"]).await;
    for _ in 0..2 {
        assert_eq!(ann.add("zoo").await, true);
        assert_eq!(ann.add("rust").await, true);
        assert_eq!(ann.add("user:ann").await, true);
    }
    // First the channel that $connect put it into, then the others by name.
    assert_eq!(ann.my_channels().await, json!([["rust", {}], ["user:ann", {}], ["zoo", {}]]));
    assert_eq!(Table::of(&gateway).await.rows().await.len(), 4);
    assert_eq!(ann.members("rust").await, sorted(&[&ann, &bob]));
    assert_eq!(ann.members("zoo").await, sorted(&[&ann]));
    assert_eq!(ann.members("empty").await, json!([]));

    let me = json!({ "id": ann.id, "channel": "rust" });
    assert_eq!(ann.call("members_without", me.clone()).await, sorted(&[&bob]));
    assert_eq!(ann.call("members_with", me).await, sorted(&[&ann, &bob]));
    let elsewhere = json!({ "id": bob.id, "channel": "zoo" });
    assert_eq!(ann.call("members_without", elsewhere.clone()).await, sorted(&[&ann]));
    assert_eq!(ann.call("members_with", elsewhere).await, sorted(&[&ann, &bob]));
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_removed_is_returned_and_nothing_can_be_added_after_it() {
    let gateway = gateway().await;
    let mut ann = Caller::into(&gateway, &["rust"]).await;
    ann.add("zoo").await;
    ann.add_with("user:ann", json!({ "name": "Ann" })).await;
    assert_eq!(ann.remove().await, json!([["rust", {}], ["user:ann", { "name": "Ann" }], ["zoo", {}]]));
    assert_eq!(ann.remove().await, json!([]));
    for channel in ["rust", "zoo", "new"] {
        assert_eq!(ann.add(channel).await, false, "{channel}");
        assert_eq!(ann.members(channel).await, json!([]));
    }
    assert!(Table::of(&gateway).await.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_join_that_races_with_the_removal_is_removed_or_refused() {
    let gateway = gateway().await;
    let table = Table::of(&gateway).await;
    for _ in 0..10 {
        let mut ann = Caller::into(&gateway, &["rust"]).await;
        // One connection's messages are served at the same time.
        for order in ["a", "b", "c", "", "d", "e", "f"] {
            let order = match order {
                "" => json!({ "call": "remove", "id": ann.id }),
                channel => json!({ "call": "add", "channel": channel }),
            };
            ann.client.send(order.to_string()).await;
        }
        for _ in 0..7 {
            let answer = ann.client.hear_json().await;
            assert!(answer.is_boolean() || answer.is_array(), "{answer}");
        }
        assert!(table.rows().await.is_empty());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn what_a_removal_that_failed_half_way_has_left_goes_with_the_next() {
    let gateway = gateway().await;
    let mut ann = Caller::into(&gateway, &["rust"]).await;
    ann.add("zoo").await;
    Table::of(&gateway).await.delete_row(&ann.id).await;
    assert_eq!(ann.remove().await, json!([["zoo", {}]]));
    assert!(Table::of(&gateway).await.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_connection_that_leaves_its_channels_can_join_again() {
    let gateway = gateway().await;
    let mut ann = Caller::into(&gateway, &["rust"]).await;
    ann.add("zoo").await;
    for channel in ["rust", "zoo"] {
        assert_eq!(ann.leave(channel).await, json!([[channel, {}]]));
        assert_eq!(ann.leave(channel).await, json!([]));
        assert_eq!(ann.members(channel).await, json!([]));
    }
    assert_eq!(ann.my_channels().await, json!([]));
    assert_eq!(ann.add("rust").await, true);
    assert_eq!(ann.my_channels().await, json!([["rust", {}]]));
    assert_eq!(ann.members("rust").await, sorted(&[&ann]));
    assert_eq!(ann.remove().await, json!([["rust", {}]]));
    assert!(Table::of(&gateway).await.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn attributes_are_kept_when_something_else_is_written() {
    let gateway = gateway().await;
    let mut ann = Caller::into(&gateway, &["rust"]).await;
    let mut bob = Caller::into(&gateway, &["rust"]).await;
    for channel in ["rust", "zoo"] {
        // Words of DynamoDB's own are names like any other.
        ann.add_with(channel, json!({ "name": "Ann", "size": 7, "tags": ["a", { "b": null }] })).await;
        ann.add_with(channel, json!({ "size": 8, "é-1": true })).await;
        ann.add(channel).await;
        let attributes = json!({ "name": "Ann", "size": 8, "tags": ["a", { "b": null }], "é-1": true });
        let mine = ann.my_channels().await;
        assert_eq!(mine.as_array().unwrap().last().unwrap(), &json!([channel, attributes]));
        let roster = json!({ "channel": channel, "most": 100 });
        assert_eq!(bob.call("roster", roster).await[&ann.id], attributes);
    }
    assert_eq!(bob.call("roster", json!({ "channel": "rust", "most": 1 })).await.as_object().unwrap().len(), 1);
    assert_eq!(bob.call("roster", json!({ "channel": "rust", "most": 0 })).await, json!({}));
    // The registry's own attributes are not the application's to write, and nothing is written.
    assert_eq!(bob.add_with("zoo", json!({ "slot": "0" })).await["message"], "Internal server error");
    assert_eq!(bob.add_with("zoo", json!(7)).await["message"], "Internal server error");
    assert_eq!(bob.my_channels().await, json!([["rust", {}]]));
    gateway.stop().await;
}

#[tokio::test]
async fn a_channel_without_a_name_or_an_id_that_is_none_never_reaches_the_table() {
    let gateway = gateway().await;
    let mut caller = Caller::into(&gateway, &["rust"]).await;
    let nameless = caller.members("").await;
    assert_eq!(nameless["message"], "Invalid message: The name of a channel must be 1 to 1023 bytes long");
    let forged = caller.call("remove", json!({ "id": "../x" })).await;
    let message = forged["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid message: not a connection id"), "{message}");
    // The longest name has room beside the mark of a later join.
    assert_eq!(caller.add(&"x".repeat(1023)).await, true);
    gateway.stop().await;
}

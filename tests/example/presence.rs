//! Who is here, who comes and who leaves: the example's `join` and `$disconnect`.

use serde_json::json;

use crate::support::{Client, START_MS, Table, ended, example};

async fn join(client: &mut Client, name: &str) {
    client.send(json!({ "action": "join", "name": name }).to_string()).await;
}

#[tokio::test]
async fn whoever_joins_learns_who_is_here_and_the_others_learn_who_came_and_who_left() {
    let gateway = example().await;
    let mut ann = Client::connect(&gateway, "?channel=rust").await;
    let mut bob = Client::connect(&gateway, "?channel=rust").await;
    let mut eve = Client::connect(&gateway, "?channel=other").await;

    join(&mut ann, "Ann").await;
    assert_eq!(ann.hear_json().await, json!({ "here": ["Ann"] }));
    // Bob has not said who he is.
    assert_eq!(bob.hear_json().await, json!({ "came": "Ann" }));
    join(&mut bob, "Bob").await;
    assert_eq!(bob.hear_json().await, json!({ "here": ["Bob", "Ann"] }));
    assert_eq!(ann.hear_json().await, json!({ "came": "Bob" }));

    bob.close(None).await;
    assert_eq!(ann.hear_json().await, json!({ "left": "Bob" }));
    // The first message that Eve hears is her own.
    eve.say("anybody?").await;
    assert_eq!(eve.hear().await, "anybody?");
    gateway.stop().await;
}

#[tokio::test]
async fn nobody_is_told_of_a_client_without_a_name() {
    let gateway = example().await;
    let mut invocations = gateway.invocations();
    let mut ann = Client::connect(&gateway, "").await;
    let mut silent = Client::connect(&gateway, "").await;
    for name in [String::new(), "x".repeat(51)] {
        join(&mut silent, &name).await;
        assert_eq!(silent.hear_json().await["message"], "A name must be 1 to 50 bytes long");
    }
    silent.close(None).await;
    ended(&mut invocations, "$disconnect").await;
    // The first message that Ann hears is her own.
    ann.say("all quiet").await;
    assert_eq!(ann.hear().await, "all quiet");
    gateway.stop().await;
}

#[tokio::test]
async fn a_peer_whose_session_has_ended_is_closed_and_hears_nothing() {
    let gateway = example().await;
    let mut invocations = gateway.invocations();
    let mut ann = Client::connect(&gateway, "").await;
    let id = "AAAAAAAAAAAAAAA=";
    Table::of(&gateway).await.put_row(id, "$connect", "lobby", START_MS, Some(START_MS / 1000)).await;
    let mut peer = gateway.adopt(id).unwrap();

    ann.say("are you still there?").await;
    assert_eq!(ann.hear().await, "are you still there?");
    ended(&mut invocations, "sendmessage").await;
    assert_eq!((peer.posted(), peer.is_closed()), (None, true));
    gateway.stop().await;
}

#[tokio::test]
async fn news_reach_every_member_of_a_channel_of_several_pages() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    // The core reads 500 members at a time, and DynamoDB returns at most 1 MB. Every row of the index holds the channel's name, so with a
    // long name both limits apply.
    let channel = "x".repeat(1000);
    let mut members = Vec::new();
    for n in 0..1200 {
        let id = format!("AAAAAAAAAAAA{n:04}");
        table.put(&id, &channel, START_MS).await;
        members.push(gateway.adopt(&id).unwrap());
    }
    let mut ann = Client::connect(&gateway, &format!("?channel={channel}")).await;

    join(&mut ann, "Ann").await;
    assert_eq!(ann.hear_json().await, json!({ "here": ["Ann"] }));
    for (n, member) in members.iter_mut().enumerate() {
        assert_eq!(member.posted().as_deref(), Some(r#"{"came":"Ann"}"#), "member {n}");
    }
    gateway.stop().await;
}

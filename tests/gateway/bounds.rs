//! What one client can take from the others, and from the gateway's memory: no more than it has room for.

use serde_json::json;

use crate::support::{Client, connection_url, ended, in_time, post, probe};

/// How many messages the client sends whose answers it does not read. Their answers are far more than the system's own buffers take.
const MESSAGES: usize = 1000;

/// More messages than fit into these buffers and into the gateway's.
const SERVED_AT_MOST: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_read_no_further() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let (mut deaf, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let message = json!({ "do": { "long": 100_000 } }).to_string();
    for _ in 0..MESSAGES {
        deaf.send(message.as_str()).await;
    }
    let url = connection_url(&gateway, &id);
    let until_full = async { while post(&url, "POST", "posted").await != 429 {} };
    in_time("a full outbox", until_full).await;
    // Others are served, also after everything that the gateway had read by now.
    let mut other = Client::connect(&gateway, "").await;
    for n in 0..100 {
        other.send(n.to_string()).await;
        assert_eq!(other.hear_json().await["body"], n.to_string());
    }
    let mut served = 0;
    while !String::from_utf8_lossy(&ended(&mut invocations, "$default").await.event).contains("\"body\":\"99\"") {
        served += 1;
    }
    assert!(served < SERVED_AT_MOST, "{served} messages were served");
    // Nothing is lost: once the client reads, it gets all.
    let mut heard = 0;
    while heard < MESSAGES {
        heard += usize::from(deaf.hear().await.len() == 100_000);
    }
    gateway.stop().await;
}

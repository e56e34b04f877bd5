//! The account's throttle, at `@connections`.

use std::time::Duration;

use websocket_gateway::api::RateLimit;
use websocket_gateway::{Gateway, Level, What};

use crate::support::{Client, connection_url, http_with_body, options, start, start_with_clock};

const TEMPLATE: &str = "tests/templates/probe.yaml";

/// The statuses of so many calls.
async fn statuses(gateway: &Gateway, id: &str, method: &str, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        let (status, head, body) = http_with_body(&connection_url(gateway, id), method, "", "x").await;
        if status == 429 {
            assert!(head.contains("x-amzn-errortype: limitexceededexception"), "{head}");
            assert_eq!(body, "");
        }
        statuses.push(status);
    }
    statuses
}

#[tokio::test]
async fn calls_above_the_rate_get_429_and_the_log_says_so_once() {
    let limit = RateLimit::new(10, 5).unwrap();
    let (gateway, clock) = start_with_clock(options(TEMPLATE).rate_limit(limit)).await;
    let mut happenings = gateway.happenings(Level::Warning);
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    assert_eq!(statuses(&gateway, &id, "POST", 5).await, [200; 5]);
    assert_eq!(statuses(&gateway, &id, "POST", 3).await, [429; 3]);
    // They all take from the same bucket.
    assert_eq!(statuses(&gateway, &id, "GET", 1).await, [429]);
    clock.advance(Duration::from_millis(200));
    assert_eq!(statuses(&gateway, &id, "POST", 3).await, [200, 200, 429]);
    clock.advance(Duration::from_secs(60));
    assert_eq!(statuses(&gateway, &id, "POST", 6).await, [200, 200, 200, 200, 200, 429]);
    for _ in 0..12 {
        assert_eq!(client.hear().await, "x");
    }
    gateway.stop().await;
    let mut told = 0;
    while let Some(happening) = happenings.next().await {
        told += usize::from(matches!(happening.what, What::RateLimited { .. }));
    }
    assert_eq!(told, 2, "once for each time that there had been room for a whole burst");
}

#[tokio::test]
async fn without_a_limit_every_call_is_served() {
    let gateway = start(options(TEMPLATE).rate_limit(RateLimit::new(1, 1)).rate_limit(None)).await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    assert_eq!(statuses(&gateway, &id, "GET", 20).await, [200; 20]);
    gateway.stop().await;
}

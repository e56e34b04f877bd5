//! Events for a function that works in the background, while everything else goes wrong. Nobody hears of them again.

use tokio::time::Instant;

use super::plan::events;
use super::troubles::pause_until;
use crate::conversation::Expected;
use crate::events::{Sent, event};

/// Sends events until `end`.
pub(crate) async fn send(address: &str, seed: u64, end: Instant) -> Sent {
    let mut sent = Sent::default();
    for (number, (pause, orders)) in events(seed).enumerate() {
        if !pause_until(pause, end).await {
            break;
        }
        let one = |(n, order): (usize, super::plan::Order)| {
            let (orders, expected, bytes) = order.spelt_out();
            let tag = format!("{number}-{n}");
            (event(&tag, orders, expected == Expected::Reply, bytes), tag, expected)
        };
        sent.send_at_once(address, orders.into_iter().enumerate().map(one)).await;
    }
    sent
}

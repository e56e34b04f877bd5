//! A row of the table, and what it is made of.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use super::{Channel, Membership};
use crate::connection_id::ConnectionId;
use crate::connections::Recipient;

pub(super) const ID: &str = "connectionId";
pub(super) const ENTRY: &str = "entry";
pub(super) const CHANNEL: &str = "channel";
pub(super) const SLOT: &str = "slot";
pub(super) const CONNECTED_AT: &str = "connectedAt";
pub(super) const EXPIRES_AT: &str = "expiresAt";
pub(super) const DEADLINE: &str = "deadline";
pub(super) const JOINED: &str = "joined";

/// Every attribute that is not the application's.
pub(super) const OWN: [&str; 8] = [ID, ENTRY, CHANNEL, SLOT, CONNECTED_AT, EXPIRES_AT, DEADLINE, JOINED];

/// The sort key of a connection's first row. It is there as long as the connection is, whichever channels it joins and leaves, so that a
/// later join can depend on it.
pub(super) const FIRST: &str = "$connect";

/// A connection lasts two hours at most (API Gateway developer guide, "Quotas for configuring and running a WebSocket API"). Its rows
/// live a little longer, so that they never go before the connection does.
const TIME_TO_LIVE: Duration = Duration::from_secs(2 * 60 * 60 + 10 * 60);

/// The sort key of the row for a channel that was joined later. No such key is [`FIRST`], and all come after it.
pub(super) fn entry(channel: &Channel) -> String {
    format!("+{channel}")
}

/// The key of a row.
pub(super) fn key(id: &str, entry: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([(ID.to_owned(), text(id)), (ENTRY.to_owned(), text(entry))])
}

/// Where a connection stands in the index: the first four bytes of its id's SHA-256, in hex, and the id.
///
/// Ids grow with time, so that by themselves they would crowd at the end of the index. A hash spreads them evenly, which is what lets
/// DynamoDB split a channel that many join at once, and lets a reader cut a channel into even slices and guess its size from one page.
/// The hash must never change: two versions of a function run side by side when one is deployed, and a connection that moves within the
/// index while it is read is missed or read twice.
pub(super) fn slot(id: &str) -> String {
    let hash = Sha256::digest(id);
    let [a, b, c, d] = [hash[0], hash[1], hash[2], hash[3]];
    format!("{a:02x}{b:02x}{c:02x}{d:02x}{id}")
}

pub(super) fn expires_at(connected_at_ms: u64) -> u64 {
    connected_at_ms / 1000 + TIME_TO_LIVE.as_secs()
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A row as DynamoDB returns it.
#[derive(Debug)]
pub(super) struct Row(pub(super) HashMap<String, AttributeValue>);

impl Row {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        Some(self.0.get(name)?.as_s().ok()?.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// Whether the connection has other rows. Only the first row knows.
    pub(super) fn has_others(&self) -> bool {
        self.0.get(JOINED).is_some_and(|joined| joined == &AttributeValue::Bool(true))
    }

    /// `None` for a row with an invalid id. Something else wrote it, and it must not keep a message from the others.
    pub(super) fn id(&self) -> Option<ConnectionId> {
        let id = self.text(ID);
        let valid = id.and_then(|id| id.parse().ok());
        if valid.is_none() {
            tracing::warn!(connectionId = ?id, "skipped a row with an invalid connection id");
        }
        valid
    }

    pub(super) fn recipient(&self) -> Option<Recipient> {
        Some(Recipient { id: self.id()?, deadline_s: self.number(DEADLINE) })
    }

    /// `None` for the first row of a connection that has left its first channel.
    pub(super) fn into_membership(mut self) -> Option<Membership> {
        let channel = self.text(CHANNEL)?.parse().ok()?;
        let connected_at_ms = self.number(CONNECTED_AT).unwrap_or_default();
        self.0.retain(|name, _| !OWN.contains(&name.as_str()));
        Some(Membership::new(channel, connected_at_ms, self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_what_everybody_can_compute() {
        // printf %s ID | sha256sum | cut -c1-8
        assert_eq!(slot("L0SM9cOFvHcCIhw="), "a6689c75L0SM9cOFvHcCIhw=");
        assert_eq!(slot("TnAb3dVvDoECJ5A="), "3d81b56aTnAb3dVvDoECJ5A=");
    }

    #[test]
    fn ids_that_differ_little_are_spread_evenly() {
        const IDS: usize = 64_000;
        // Like those of API Gateway that were made in one second, and like a counter.
        let similar = |n: usize| format!("Tn{}{}dVvDoECJ5A=", char::from(b'A' + (n / 3_000) as u8), n % 3_000);
        for id in [similar, |n| format!("{n:015}=")] {
            let mut slices = [0; 64];
            for n in 0..IDS {
                let hash = u32::from_str_radix(&slot(&id(n))[..8], 16).unwrap();
                slices[hash as usize >> 26] += 1;
            }
            // 1,000 each; four standard deviations are 126.
            assert!(slices.iter().all(|slice| (870..=1_130).contains(slice)), "{slices:?}");
        }
    }

    #[test]
    fn the_first_row_comes_first_and_no_channel_is_taken_for_it() {
        for name in ["$connect", "+", "!", "rust"] {
            let later = entry(&name.parse().unwrap());
            assert!(later.as_str() > FIRST && later != FIRST, "{later}");
        }
    }
}

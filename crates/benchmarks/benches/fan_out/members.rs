//! The members of a channel, and the table that they are in.

use std::net::SocketAddr;

use benchmarks::{Error, channel};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::http::Http;

/// As in the template.
const TABLE: &str = "connections";

/// The most rows of one call.
/// Source: DynamoDB API reference, `BatchWriteItem`.
const BATCH: usize = 25;

/// How many calls are under way at once.
const IN_FLIGHT: usize = 8;

/// The store insists on this header. The gateway does not check signatures with keys that it has not issued, unless it is strict.
const HEADERS: &str = "content-type: application/x-amz-json-1.0\r\n\
    authorization: AWS4-HMAC-SHA256 Credential=benchmark/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0\r\n\
    x-amz-date: 20260101T000000Z\r\n\
    x-amz-target: DynamoDB_20120810.BatchWriteItem\r\n";

/// The members of one channel. They are known by numbers, from 0 on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members {
    pub(crate) count: usize,
}

impl Members {
    /// The channel has as many members as its name says.
    pub(crate) fn channel(self) -> String {
        self.count.to_string()
    }

    pub(crate) fn id(self, nth: usize) -> String {
        channel::id(self.first() + nth)
    }

    /// Who has this number in its id.
    pub(crate) fn with(self, number: usize) -> Option<usize> {
        number.checked_sub(self.first()).filter(|nth| *nth < self.count)
    }

    /// Two of a hundred are gone, although their rows are still there.
    pub(crate) fn is_gone(self, nth: usize) -> bool {
        nth % 50 == 7
    }

    /// One of a thousand does not read.
    pub(crate) fn does_not_read(self, nth: usize) -> bool {
        nth % 1_000 == 503
    }

    /// A connection is in one channel only, so each channel has numbers of its own.
    fn first(self) -> usize {
        self.count * 10
    }
}

/// Where a connection stands in the index of its channel: the first four bytes of its id's SHA-256, in hex, and the id.
pub(crate) fn slot(id: &str) -> String {
    let hash = Sha256::digest(id);
    format!("{:02x}{:02x}{:02x}{:02x}{id}", hash[0], hash[1], hash[2], hash[3])
}

/// Writes the rows of some members of a channel, as `$connect` does.
pub(crate) async fn put(table: SocketAddr, members: Members, wanted: impl Fn(usize) -> bool) -> Result<(), Error> {
    let wanted: Vec<_> = (0..members.count).filter(|nth| wanted(*nth)).collect();
    let batches: Vec<_> = wanted.chunks(BATCH).collect();
    let lanes = (0..IN_FLIGHT).map(async |lane| {
        let mut http = Http::connect(table).await?;
        for batch in batches.iter().skip(lane).step_by(IN_FLIGHT) {
            let rows = batch.iter().map(|nth| json!({ "PutRequest": { "Item": row(members, *nth) } }));
            let request = json!({ "RequestItems": { TABLE: rows.collect::<Value>() } });
            let answer = http.post("/", HEADERS, &request.to_string()).await?;
            if answer.status != 200 || !answer.text.contains(r#""UnprocessedItems":{}"#) {
                return Err(format!("the table does not take rows: {}", answer.text).into());
            }
        }
        Ok::<_, Error>(())
    });
    try_join_all(lanes).await.map(drop)
}

fn row(members: Members, nth: usize) -> Value {
    let id = members.id(nth);
    json!({
        "connectionId": { "S": id },
        "entry": { "S": "$connect" },
        "channel": { "S": members.channel() },
        "slot": { "S": slot(&id) },
        "connectedAt": { "N": "1762426800123" },
        // In the year 2096.
        "expiresAt": { "N": "4000000000" },
    })
}

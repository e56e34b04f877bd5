//! The members of a channel, and the table that they are in.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use benchmarks::{Error, channel};
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

/// As in the template.
const TABLE: &str = "connections";

/// The most rows of one call.
/// Source: DynamoDB API reference, `BatchWriteItem`.
const BATCH: usize = 25;

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

/// The table of connections.
#[derive(Debug)]
pub(crate) struct Table(Client);

impl Table {
    pub(crate) fn at(url: String) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("benchmark", "benchmark", None, None, "benchmark"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(url);
        Self(Client::from_conf(config.build()))
    }

    /// Writes the rows of some members of a channel, as `$connect` does.
    pub(crate) async fn put(&self, members: Members, wanted: impl Fn(usize) -> bool) -> Result<(), Error> {
        let wanted: Vec<_> = (0..members.count).filter(|nth| wanted(*nth)).collect();
        let batches = stream::iter(wanted.chunks(BATCH)).map(Ok::<_, Error>);
        batches.try_for_each_concurrent(8, async |batch| self.put_batch(members, batch).await).await
    }

    async fn put_batch(&self, members: Members, batch: &[usize]) -> Result<(), Error> {
        let rows = batch.iter().map(|nth| {
            let put = PutRequest::builder().set_item(Some(row(members, *nth))).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        });
        let rows = rows.collect::<Result<_, Error>>()?;
        let written = self.0.batch_write_item().request_items(TABLE, rows).send().await?;
        match written.unprocessed_items {
            Some(left) if !left.is_empty() => Err("the table does not take all rows at once".into()),
            _ => Ok(()),
        }
    }
}

fn row(members: Members, nth: usize) -> HashMap<String, AttributeValue> {
    let id = members.id(nth);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: u64| AttributeValue::N(number.to_string());
    let row = [
        ("slot", text(&slot(&id))),
        ("connectionId", AttributeValue::S(id)),
        ("entry", text("$connect")),
        ("channel", AttributeValue::S(members.channel())),
        ("connectedAt", number(1_762_426_800_123)),
        // In the year 2096.
        ("expiresAt", number(4_000_000_000)),
    ];
    row.map(|(name, value)| (name.to_owned(), value)).into()
}

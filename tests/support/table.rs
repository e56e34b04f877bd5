use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};
use websocket_gateway::Gateway;

use super::Keys;

/// The table of connections, seen with the AWS SDK.
pub(crate) struct Table {
    client: Client,
    name: String,
}

type Row = HashMap<String, AttributeValue>;

/// Where a connection stands in the index.
fn slot(id: &str) -> String {
    let hash = Sha256::digest(id);
    let digits: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    digits + id
}

impl Table {
    /// The only table of the gateway's template.
    pub(crate) async fn of(gateway: &Gateway) -> Self {
        let client = Keys::of_a_user().dynamodb(gateway);
        let names = client.list_tables().send().await.unwrap().table_names.unwrap();
        let [name] = <[String; 1]>::try_from(names).unwrap();
        Self { client, name }
    }

    pub(crate) async fn rows(&self) -> Vec<Row> {
        self.client.scan().table_name(&self.name).send().await.unwrap().items.unwrap()
    }

    /// The ids of all rows.
    pub(crate) async fn ids(&self) -> Vec<String> {
        self.rows().await.iter().map(|row| row["connectionId"].as_s().unwrap().clone()).collect()
    }

    /// Writes the row that `$connect` writes.
    pub(crate) async fn put(&self, id: &str, channel: &str, connected_at_ms: u64) {
        self.put_row(id, "$connect", channel, connected_at_ms, None).await;
    }

    /// Writes a row: the first of its connection, or a later one, whose entry is `+` and the channel. `deadline` is in seconds.
    pub(crate) async fn put_row(
        &self,
        id: &str,
        entry: &str,
        channel: &str,
        connected_at_ms: u64,
        deadline: Option<u64>,
    ) {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: u64| AttributeValue::N(number.to_string());
        let row = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("connectionId", text(id))
            .item("entry", text(entry))
            .item("channel", text(channel))
            .item("slot", text(&slot(id)))
            .item("connectedAt", number(connected_at_ms));
        let row = deadline.into_iter().fold(row, |row, deadline| row.item("deadline", number(deadline)));
        row.send().await.unwrap();
    }

    /// Deletes the row that `$connect` has written.
    pub(crate) async fn delete_row(&self, id: &str) {
        let [id, entry] = [id, "$connect"].map(|text| AttributeValue::S(text.to_owned()));
        let delete = self.client.delete_item().table_name(&self.name).key("connectionId", id).key("entry", entry);
        delete.send().await.unwrap();
    }

    pub(crate) async fn drop_table(&self) {
        self.client.delete_table().table_name(&self.name).send().await.unwrap();
    }
}

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use websocket_gateway::Gateway;

use super::Keys;

/// The table of connections, seen with the AWS SDK.
pub(crate) struct Table {
    client: Client,
    name: String,
}

type Row = HashMap<String, AttributeValue>;

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

    pub(crate) async fn put(&self, id: &str, channel: &str, connected_at_ms: u64) {
        self.client
            .put_item()
            .table_name(&self.name)
            .item("connectionId", AttributeValue::S(id.to_owned()))
            .item("channel", AttributeValue::S(channel.to_owned()))
            .item("connectedAt", AttributeValue::N(connected_at_ms.to_string()))
            .send()
            .await
            .unwrap();
    }

    pub(crate) async fn delete_row(&self, id: &str) {
        let key = AttributeValue::S(id.to_owned());
        self.client.delete_item().table_name(&self.name).key("connectionId", key).send().await.unwrap();
    }

    pub(crate) async fn drop_table(&self) {
        self.client.delete_table().table_name(&self.name).send().await.unwrap();
    }
}

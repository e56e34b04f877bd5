//! Counts the rows of the application's table, without its functions.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::Error;

/// The store insists on this header. The gateway does not check signatures with keys that it has not issued, unless it is strict.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0";

/// The one table of a store.
#[derive(Debug)]
pub(crate) struct Table {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    name: Value,
}

impl Table {
    /// # Errors
    /// If the store has no table, or does not answer.
    pub(crate) async fn at(url: &str) -> Result<Self, Error> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut table = Self { client, url: url.to_owned(), name: Value::Null };
        table.name = table.send("ListTables", &json!({})).await?["TableNames"][0].take();
        if table.name.is_null() { Err("the store has no table".into()) } else { Ok(table) }
    }

    /// Counts the rows.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(crate) async fn rows(&self) -> Result<u64, Error> {
        let (mut rows, mut scan) = (0, json!({ "TableName": self.name, "Select": "COUNT" }));
        loop {
            let mut page = self.send("Scan", &scan).await?;
            rows += page["Count"].as_u64().ok_or("a page without a count")?;
            match page["LastEvaluatedKey"].take() {
                Value::Null => return Ok(rows),
                key => scan["ExclusiveStartKey"] = key,
            }
        }
    }

    /// Whether there is no row. This costs less than counting.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(crate) async fn is_empty(&self) -> Result<bool, Error> {
        let page = self.send("Scan", &json!({ "TableName": self.name, "Select": "COUNT", "Limit": 1 })).await?;
        Ok(page["Count"].as_u64() == Some(0))
    }

    async fn send(&self, operation: &str, body: &Value) -> Result<Value, Error> {
        let request = Request::post(&self.url)
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", AUTHORIZATION)
            .header("x-amz-date", "20260101T000000Z")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .body(Full::from(body.to_string()))?;
        let answer = self.client.request(request).await?;
        let (status, body) = (answer.status(), answer.into_body().collect().await?.to_bytes());
        if !status.is_success() {
            return Err(format!("{operation}: {status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(serde_json::from_slice(&body)?)
    }
}

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::api::Table;
use crate::guard::Credentials;
use crate::secrets::without_userinfo;
use crate::wire::client::HttpClient;

/// How long a store may take to answer a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a table can't be created.
#[derive(Debug, thiserror::Error)]
#[error("the table `{table}` can't be created in the DynamoDB at {url}: {why}")]
pub(crate) struct TableError {
    table: String,
    url: String,
    why: String,
}

/// Creates those of `tables` that do not exist yet.
///
/// The properties of a table in a template are the fields of a `CreateTable` request, so they are passed on unchanged.
pub(crate) async fn create_missing(url: &str, credentials: &Credentials, tables: &[Table]) -> Result<(), TableError> {
    let client = HttpClient::new(PATIENCE);
    for table in tables {
        let dynamodb = Dynamodb { client: &client, url, credentials };
        dynamodb.create(table).await.map_err(|why| TableError {
            table: table.name.clone(),
            url: without_userinfo(url),
            why,
        })?;
    }
    Ok(())
}

struct Dynamodb<'a> {
    client: &'a HttpClient,
    url: &'a str,
    credentials: &'a Credentials,
}

impl Dynamodb<'_> {
    async fn create(&self, table: &Table) -> Result<(), String> {
        let (status, answer) = self.call("CreateTable", &table.create_table).await?;
        let exists = answer["__type"].as_str().is_some_and(|name| name.ends_with("ResourceInUseException"));
        if exists {
            return Ok(());
        }
        accepted(status, &answer)?;
        if let Some(attribute) = &table.time_to_live_attribute {
            let request = json!({
                "TableName": table.name,
                "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true }
            });
            let (status, answer) = self.call("UpdateTimeToLive", &request).await?;
            accepted(status, &answer)?;
        }
        Ok(())
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<(StatusCode, Value), String> {
        let request = Request::post(self.url)
            .header(CONTENT_TYPE, "application/x-amz-json-1.0")
            .header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"))
            .header("X-Amz-Date", "20260101T000000Z")
            // Local stores don't check signatures, but some of them keep one database for each access key and region.
            .header(AUTHORIZATION, self.credentials.unsigned_authorization("dynamodb"))
            // The store may belong to another gateway, which does not know this token and treats the request as a person's.
            .header("X-Amz-Security-Token", "of-another-gateway")
            .body(request.to_string().into())
            .map_err(|error| error.to_string())?;
        let (head, body) =
            self.client.send(request).await.map_err(|why| format!("{why}; check that a DynamoDB listens there"))?;
        Ok((head.status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

fn accepted(status: StatusCode, answer: &Value) -> Result<(), String> {
    if status.is_success() {
        return Ok(());
    }
    let message = answer["message"].as_str().or_else(|| answer["Message"].as_str());
    Err(format!("{status}: {}", message.unwrap_or("it gave no reason")))
}

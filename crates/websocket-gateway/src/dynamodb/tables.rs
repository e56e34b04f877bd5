use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{Operation, Queue, Unanswered};
use crate::api::Table;
use crate::guard::Credentials;
use crate::secrets::without_userinfo;
use crate::wire::client::HttpClient;

/// How long a store elsewhere may take, from connecting to the last byte of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where tables are created, past the guard.
#[derive(Clone, Debug)]
pub(crate) enum TableStore {
    Embedded(Queue),
    /// The URL of a DynamoDB that runs elsewhere.
    Elsewhere(String),
}

/// Why a table can't be created.
#[derive(Debug, thiserror::Error)]
#[error("the table `{table}` can't be created in the {store}: {why}")]
pub(crate) struct TableError {
    table: String,
    store: String,
    why: String,
}

/// Creates those of `tables` that do not exist yet.
///
/// The properties of a table in a template are the fields of a `CreateTable` request, so they are passed on unchanged.
pub(crate) async fn create_missing(
    store: &TableStore,
    credentials: &Credentials,
    tables: &[Table],
) -> Result<(), TableError> {
    let client = HttpClient::new(PATIENCE);
    for table in tables {
        let dynamodb = Dynamodb { client: &client, store, credentials };
        dynamodb.create(table).await.map_err(|why| TableError {
            table: table.name.clone(),
            store: store.to_string(),
            why,
        })?;
    }
    Ok(())
}

impl TableStore {
    /// Reads the rows of a table, or of one of its indexes, that have this partition key: at most so many.
    ///
    /// # Errors
    /// Why it can't.
    #[cfg(feature = "console")]
    pub(crate) async fn rows(
        &self,
        table: &str,
        index: Option<&str>,
        key: &str,
        value: &str,
        most: usize,
    ) -> Result<Vec<Value>, String> {
        let Self::Embedded(queue) = self else {
            return Err(format!("the rows are in the {self}, and the console reads only the embedded one"));
        };
        let mut request = json!({
            "TableName": table,
            "KeyConditionExpression": "#key = :value",
            "ExpressionAttributeNames": { "#key": key },
            "ExpressionAttributeValues": { ":value": { "S": value } },
            "Limit": most,
        });
        if let Some(index) = index {
            request["IndexName"] = index.into();
        }
        let query = Operation::named("Query").ok_or("it can't be asked")?;
        let answer = queue.call(query, request.to_string().into()).await.map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
        match answer["Items"].take() {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }
}

struct Dynamodb<'a> {
    client: &'a HttpClient,
    store: &'a TableStore,
    credentials: &'a Credentials,
}

/// A store's refusal of a request.
struct Refused {
    /// `com.amazonaws.dynamodb.v20120810#ResourceInUseException`.
    name: String,
    why: String,
}

impl Dynamodb<'_> {
    async fn create(&self, table: &Table) -> Result<(), String> {
        match self.call("CreateTable", &table.create_table).await? {
            Err(refused) if refused.name.ends_with("ResourceInUseException") => return Ok(()),
            created => created.map_err(|refused| refused.why)?,
        }
        if let Some(attribute) = &table.time_to_live_attribute {
            let request = json!({
                "TableName": table.name,
                "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true }
            });
            self.call("UpdateTimeToLive", &request).await?.map_err(|refused| refused.why)?;
        }
        Ok(())
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<Result<(), Refused>, String> {
        match self.store {
            TableStore::Embedded(queue) => embedded(queue, operation, request).await,
            TableStore::Elsewhere(url) => self.elsewhere(url, operation, request).await,
        }
    }

    async fn elsewhere(&self, url: &str, operation: &str, request: &Value) -> Result<Result<(), Refused>, String> {
        let request = Request::post(url)
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
        Ok(accepted(head.status, &serde_json::from_slice(&body).unwrap_or_default()))
    }
}

async fn embedded(queue: &Queue, operation: &str, request: &Value) -> Result<Result<(), Refused>, String> {
    let operation = Operation::named(operation).ok_or("it has no such operation")?;
    match queue.call(operation, request.to_string().into()).await {
        Ok(_) => Ok(Ok(())),
        Err(Unanswered::Refused(error)) => {
            Ok(Err(Refused { name: error.error_type().to_owned(), why: error.to_string() }))
        }
        Err(unanswered) => Err(unanswered.to_string()),
    }
}

fn accepted(status: StatusCode, answer: &Value) -> Result<(), Refused> {
    if status.is_success() {
        return Ok(());
    }
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    let message = text("message").or_else(|| text("Message"));
    let why = format!("{status}: {}", message.as_deref().unwrap_or("it gave no reason"));
    Err(Refused { name: text("__type").unwrap_or_default(), why })
}

impl fmt::Display for TableStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(_) => f.write_str("embedded DynamoDB"),
            Self::Elsewhere(url) => write!(f, "DynamoDB at {}", without_userinfo(url)),
        }
    }
}

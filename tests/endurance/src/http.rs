//! Just enough HTTP/1.1 for what the runs do to it: whole messages, whose length stands in their head.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Error;

/// No message of a run is longer.
const LONGEST: usize = 16 << 20;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request or an answer, as it came.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    head: usize,
}

impl Message {
    /// Reads a whole message; `None` if the other side has hung up before it.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        loop {
            if let Some(head) = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4) {
                let whole = head + length(&bytes[..head]);
                if bytes.len() >= whole {
                    return Ok(Some(Self { bytes, head }));
                }
            }
            if bytes.len() > LONGEST {
                return Err(io::Error::other("the message is too long"));
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return if bytes.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.head..]
    }

    pub(crate) fn status(&self) -> Option<u16> {
        std::str::from_utf8(&self.bytes[..self.head]).ok()?.split(' ').nth(1)?.parse().ok()
    }
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0)
}

/// Sends an event to a function, whose answer nobody hears, by Lambda's Invoke API. Returns the status.
pub(crate) async fn invoke(stream: &mut TcpStream, function: &str, event: &str) -> Result<u16, Error> {
    let request = format!(
        "POST /2015-03-31/functions/{function}/invocations HTTP/1.1\r\nhost: localhost\r\nx-amz-invocation-type: Event\r\n\
         content-length: {}\r\n\r\n{event}",
        event.len()
    );
    exchange(stream, request.as_bytes()).await?.status().ok_or_else(|| "the answer has no status".into())
}

/// Sends a request as it stands, and reads the answer.
pub(crate) async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Result<Message, Error> {
    let answer = timeout(PATIENCE, async {
        stream.write_all(request).await?;
        Message::read(stream).await
    });
    answer.await??.ok_or_else(|| "it has hung up".into())
}

/// A call of one of AWS's services. The gateway and its store insist on the headers, and take any keys.
pub(crate) fn call_of(service: &str, target: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: {target}\r\n\
         x-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 Credential=endurance/20260101/us-east-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The one table of a DynamoDB that asks nobody for keys.
#[derive(Debug)]
pub(crate) struct Table {
    address: String,
    name: Value,
}

impl Table {
    pub(crate) async fn at(address: &str) -> Result<Self, Error> {
        let mut table = Self { address: address.to_owned(), name: Value::Null };
        table.name = table.call("ListTables", &json!({})).await?["TableNames"][0].take();
        if table.name.is_null() { Err("the store has no table".into()) } else { Ok(table) }
    }

    /// The connections of all rows.
    pub(crate) async fn ids(&self) -> Result<Vec<String>, Error> {
        let (mut ids, mut scan) = (Vec::new(), json!({ "TableName": self.name }));
        loop {
            let mut page = self.call("Scan", &scan).await?;
            let rows = page["Items"].as_array().ok_or("a page without rows")?;
            ids.extend(rows.iter().filter_map(|row| Some(row["connectionId"]["S"].as_str()?.to_owned())));
            match page["LastEvaluatedKey"].take() {
                Value::Null => return Ok(ids),
                key => scan["ExclusiveStartKey"] = key,
            }
        }
    }

    /// Adds the row of a connection that opened at the beginning of 1970.
    pub(crate) async fn put(&self, id: &str, channel: &str) -> Result<(), Error> {
        let item = json!({
            "connectionId": { "S": id }, "entry": { "S": "$connect" }, "channel": { "S": channel },
            "slot": { "S": format!("00000000{id}") }, "connectedAt": { "N": "1" },
        });
        self.call("PutItem", &json!({ "TableName": self.name, "Item": item })).await.map(drop)
    }

    async fn call(&self, operation: &str, body: &Value) -> Result<Value, Error> {
        let request = call_of("dynamodb", &format!("DynamoDB_20120810.{operation}"), &body.to_string());
        let answer = exchange(&mut TcpStream::connect(&self.address).await?, request.as_bytes()).await?;
        if answer.status() != Some(200) {
            return Err(format!("{operation}: {}", String::from_utf8_lossy(&answer.bytes)).into());
        }
        Ok(serde_json::from_slice(answer.body())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_is_read_to_its_end_in_pieces() {
        let mut pieces = (&b"POST / HTTP/1.1\r\nContent-Le"[..]).chain(&b"ngth: 5\r\n\r\nhe"[..]).chain(&b"llo"[..]);
        let message = Message::read(&mut pieces).await.unwrap().unwrap();
        assert_eq!(message.body(), b"hello");
        assert!(Message::read(&mut &b""[..]).await.unwrap().is_none());
        assert!(Message::read(&mut &b"GET / HT"[..]).await.is_err());
        let mut answer = &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..];
        assert_eq!(Message::read(&mut answer).await.unwrap().unwrap().status(), Some(200));
    }
}

//! Asking the console's API.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;

use crate::support::{http_with_body, in_time};

/// The address without its token, and the header with it.
pub(super) fn parts(url: &str) -> (String, String) {
    let (page, token) = url.split_once('#').unwrap();
    (page.to_owned(), format!("authorization: Bearer {token}\r\n"))
}

pub(super) async fn ask(url: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let (page, token) = parts(url);
    let (status, _, body) = http_with_body(&format!("{page}/api/{path}"), method, &token, body).await;
    (status, body)
}

/// The stream of happenings, after the last with this number.
pub(super) struct Stream(Lines<BufReader<TcpStream>>);

impl Stream {
    pub(super) async fn of(url: &str, last: Option<u64>) -> Self {
        let (page, token) = parts(url);
        let (address, path) = page.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let last = last.map_or_else(String::new, |last| format!("last-event-id: {last}\r\n"));
        let request = format!("GET /{path}/api/happenings HTTP/1.1\r\nhost: {address}\r\n{token}{last}\r\n");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(BufReader::new(stream).lines())
    }

    /// The data of the next event, and its number.
    pub(super) async fn next(&mut self) -> (Option<u64>, Value) {
        let mut number = None;
        loop {
            let line = in_time("an event", self.0.next_line()).await.unwrap().expect("the stream has ended");
            if let Some(id) = line.strip_prefix("id: ") {
                number = Some(id.parse().unwrap());
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (number, serde_json::from_str(data).unwrap());
            }
        }
    }

    pub(super) async fn next_of(&mut self, what: &str) -> (u64, Value) {
        loop {
            let (number, happening) = self.next().await;
            if happening["what"] == what {
                return (number.unwrap(), happening);
            }
        }
    }

    pub(super) async fn ends(mut self) -> bool {
        while let Ok(Some(_)) = in_time("the end of the stream", self.0.next_line()).await {}
        true
    }
}

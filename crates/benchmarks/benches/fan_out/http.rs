//! A client of HTTP/1.1 that costs little.

use std::net::SocketAddr;

use benchmarks::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection, over which one request goes after the other.
#[derive(Debug)]
pub(crate) struct Http(TcpStream);

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As it came, with status line and headers.
    pub(crate) text: String,
}

impl Http {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Sends a request, with further headers, each with a line end, and waits for its answer.
    pub(crate) async fn post(&mut self, path: &str, headers: &str, body: &str) -> Result<Answer, Error> {
        let length = body.len();
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        self.0.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(512);
        let text = loop {
            if self.0.read_buf(&mut answer).await? == 0 {
                return Err("a server has hung up".into());
            }
            let text = std::str::from_utf8(&answer)?;
            if is_whole(text) {
                break text;
            }
        };
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok(Answer { status, text: text.to_owned() })
    }
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let length = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    body.len() >= length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0)
}

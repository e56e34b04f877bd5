//! Requests as the inputs write them, and a client that sends them to a port.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::latin1;

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// For how long a server must be silent until a rude client thinks that it has heard everything.
const PAUSE: Duration = Duration::from_millis(1);

/// A request.
#[derive(Clone, Debug, Deserialize)]
pub struct Ask {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    /// JSON, which is sent as it is written, or a text, which stands for the bytes of its characters.
    pub body: Box<RawValue>,
}

/// Headers that say where a message or its connection ends. Whoever sets them may well get no answer.
const ABOUT_ENDS: [&str; 5] = ["connection", "content-length", "expect", "transfer-encoding", "upgrade"];

/// The server allows 100.
const MOST_HEADERS: usize = 90;

impl Ask {
    /// A call as an SDK makes it. `headers` are lines.
    pub fn of_an_sdk(headers: &str, body: &serde_json::Value) -> Self {
        let headers = headers.lines().filter_map(|line| line.split_once(": "));
        let headers = [("host", "localhost")].into_iter().chain(headers);
        Self {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: RawValue::from_string(body.to_string()).expect("JSON"),
        }
    }

    pub fn body(&self) -> Vec<u8> {
        match serde_json::from_str::<String>(self.body.get()) {
            Ok(text) => latin1(&text),
            Err(_) => self.body.get().into(),
        }
    }

    /// The target without a query.
    pub fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The values of a header.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether every server of HTTP must answer it.
    pub fn is_plain(&self) -> bool {
        let is_header = |(name, value): &(String, String)| {
            name.parse::<HeaderName>().is_ok_and(|name| !ABOUT_ENDS.contains(&name.as_str()))
                && HeaderValue::from_bytes(&latin1(value)).is_ok()
        };
        self.method.parse::<Method>().is_ok_and(|method| method != Method::CONNECT)
            && self.target.starts_with('/')
            && Uri::try_from(latin1(&self.target)).is_ok()
            && self.headers.len() < MOST_HEADERS
            && self.headers.iter().all(is_header)
    }

    /// Whether a web page may have sent it, as a server sees it that allows no page.
    pub fn is_of_a_page(&self) -> bool {
        let is_local = |host: &str| {
            let host = host.trim().split(':').next().unwrap_or_default().to_ascii_lowercase();
            let name = host.strip_suffix('.').unwrap_or(&host);
            // In brackets stands an address.
            name == "localhost"
                || name.ends_with(".localhost")
                || name.parse::<Ipv4Addr>().is_ok()
                || name.starts_with('[')
        };
        let is_elsewhere = |site: &str| ["cross-site", "same-site"].contains(&site.trim());
        self.values("origin").next().is_some()
            || self.values("host").count() != 1
            || !self.values("host").all(is_local)
            || self.values("sec-fetch-site").next().is_some_and(is_elsewhere)
    }

    fn write(&self) -> Vec<u8> {
        let body = self.body();
        let mut bytes = latin1(&format!("{} {} HTTP/1.1\r\n", self.method, self.target));
        for (name, value) in &self.headers {
            bytes.extend(latin1(&format!("{name}: {value}\r\n")));
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
        bytes.extend(body);
        bytes
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(other, _)| *other == name).map(|(_, value)| value).next()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("an answer is UTF-8")
    }

    fn length(&self) -> usize {
        self.header("content-length").map_or(0, |length| length.parse().expect("a length"))
    }
}

/// A client.
#[derive(Debug)]
pub struct Client {
    address: String,
    kept: Option<TcpStream>,
}

impl Client {
    pub fn of(address: &str) -> Self {
        Self { address: address.to_owned(), kept: None }
    }

    /// Sends a request that must be answered, over a connection that is kept for the next one.
    pub async fn ask(&mut self, ask: &Ask) -> Answer {
        let answer = timeout(PATIENCE, async {
            // The server may close a connection between two requests.
            if let Some(kept) = self.kept.take()
                && let Some(answer) = self.ask_over(kept, ask).await
            {
                return Some(answer);
            }
            let new = connect(&self.address).await;
            self.ask_over(new, ask).await
        });
        answer.await.ok().flatten().unwrap_or_else(|| panic!("no answer: {ask:?}"))
    }

    /// `None` if the server hangs up instead.
    async fn ask_over(&mut self, mut stream: TcpStream, ask: &Ask) -> Option<Answer> {
        stream.write_all(&ask.write()).await.ok()?;
        let answer = read(&mut stream, ask.method == "HEAD").await?;
        if answer.header("connection") == Some("close") {
            hang_up(&stream);
        } else {
            self.kept = Some(stream);
        }
        Some(answer)
    }

    /// Sends a request that need not be answered. Returns everything that comes back until the server hangs up, which it must do.
    pub async fn be_rude(&self, ask: &Ask) -> Vec<u8> {
        let mut stream = connect(&self.address).await;
        let mut heard = Vec::new();
        let talk = timeout(2 * PATIENCE, async {
            // The server may have hung up already.
            let _ = stream.write_all(&ask.write()).await;
            while matches!(timeout(PAUSE, stream.read_buf(&mut heard)).await, Ok(Ok(1..))) {}
            let _ = stream.shutdown().await;
            loop {
                match stream.read_buf(&mut heard).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) if [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error.kind()) => break,
                    Err(error) => panic!("{error}"),
                }
            }
        });
        talk.await.unwrap_or_else(|_| panic!("it does not hang up: {ask:?}"));
        hang_up(&stream);
        let is_http = heard.is_empty() || heard.starts_with(b"HTTP/1.");
        assert!(is_http, "{:?}", String::from_utf8_lossy(&heard[..heard.len().min(80)]));
        heard
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.kept.iter().for_each(hang_up);
    }
}

async fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// Reads an answer; `None` if the end comes instead.
async fn read(stream: &mut TcpStream, is_head: bool) -> Option<Answer> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break end;
        }
        match stream.read_buf(&mut bytes).await {
            Ok(1..) => {}
            _ if bytes.is_empty() => return None,
            _ => panic!("an answer breaks off: {:?}", String::from_utf8_lossy(&bytes)),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head");
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).expect("a status");
    let mut answer = Answer { status, head, body: bytes.split_off(end + 4) };
    let length = if is_head { 0 } else { answer.length() };
    while answer.body.len() < length {
        assert_ne!(stream.read_buf(&mut answer.body).await.expect("a body"), 0, "the body breaks off");
    }
    assert_eq!(answer.body.len(), length, "one answer for one request");
    Some(answer)
}

/// Lets a connection end, when it is dropped, without the wait that TCP has for the last bytes of a closed connection: ports would run out.
pub fn hang_up(stream: &TcpStream) {
    stream.set_zero_linger().expect("a socket");
}

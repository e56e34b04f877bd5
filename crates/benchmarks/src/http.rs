//! The parts of an HTTP/1.1 server that a function needs, with a thread for each connection and without dependencies.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A request with its whole body.
#[derive(Debug)]
pub struct Request {
    /// Method and path, for example `GET /ping`.
    pub target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// The value of a header, if it is there. `name` is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// An answer with status 200: headers, each with a line end, and the body.
#[derive(Debug, Default)]
pub struct Answer {
    /// For example `"x-id: 7\r\n"`.
    pub headers: String,
    /// What the client gets.
    pub body: String,
}

/// Turns a TCP connection into the stream that carries HTTP: the connection itself, or TLS over it.
pub trait Wrap: Send + Sync + 'static {
    /// The stream.
    type Stream: Read + Write;

    /// # Errors
    /// If the handshake fails. This ends the one connection only.
    fn wrap(&self, stream: TcpStream) -> io::Result<Self::Stream>;
}

/// HTTP without TLS.
#[derive(Debug)]
pub struct Plain;

impl Wrap for Plain {
    type Stream = TcpStream;

    fn wrap(&self, stream: TcpStream) -> io::Result<TcpStream> {
        Ok(stream)
    }
}

/// Serves on a free port until this process ends. A request that gets `None` waits for ever.
///
/// # Errors
/// If no port is free.
pub fn serve(
    wrap: impl Wrap,
    answer: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let shared = Arc::new((wrap, answer));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = Arc::clone(&shared);
            // Most clients here end in the middle of a request.
            thread::spawn(move || shared.0.wrap(stream).and_then(|stream| connection(stream, &shared.1)));
        }
    });
    Ok(address)
}

fn connection(stream: impl Read + Write, answer: &impl Fn(&Request) -> Option<Answer>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream)? {
        let Some(Answer { headers, body }) = answer(&request) else { return until_closed(stream) };
        let length = body.len();
        // A second write would wait until the client has acknowledged the first.
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        stream.get_mut().write_all(answer.as_bytes())?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

fn until_closed(mut stream: impl Read) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

fn read(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let target = lines.next().unwrap_or_default();
    let target = target.trim_end_matches(" HTTP/1.1").to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())))
        .collect();
    let request = Request { target, headers };
    read_body(stream, &request)?;
    Ok(Some(request))
}

fn read_body(stream: &mut impl BufRead, request: &Request) -> io::Result<()> {
    if request.header("transfer-encoding") != "chunked" {
        let length = request.header("content-length").parse().unwrap_or(0);
        return io::copy(&mut stream.take(length), &mut io::sink()).map(drop);
    }
    loop {
        let mut size = String::new();
        stream.read_line(&mut size)?;
        let size = u64::from_str_radix(size.trim_end(), 16).map_err(io::Error::other)?;
        io::copy(&mut stream.take(size + 2), &mut io::sink())?;
        if size == 0 {
            return Ok(());
        }
    }
}

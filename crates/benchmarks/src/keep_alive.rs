//! An HTTP/1.1 server that costs little compared with its client: it keeps all connections open, serves them on one thread, and copies
//! nothing of a request.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// A complete request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'b> {
    head: &'b str,
    /// What the client sent.
    pub body: &'b [u8],
}

impl<'b> Request<'b> {
    /// Method, path and version, for example `GET /ping HTTP/1.1`.
    #[must_use]
    pub fn line(&self) -> &'b str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The value of a header, if it is there.
    #[must_use]
    pub fn header(&self, name: &str) -> &'b str {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    }

    /// Reads the request at the start of `bytes`, and its length. `None` while a part of it is still to come.
    fn read(bytes: &'b [u8]) -> io::Result<Option<(Self, usize)>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[..end]).map_err(io::Error::other)?;
        let request = Request { head, body: &[] };
        if !request.header("transfer-encoding").is_empty() {
            return Err(io::Error::other("a body without a length"));
        }
        let length: usize = request.header("content-length").parse().unwrap_or(0);
        let body = end + 4..end + 4 + length;
        let found = bytes.get(body.clone());
        Ok(found.map(|found| (Self { head, body: found }, body.end)))
    }
}

/// Serves on a free port until this process ends. `answer` writes a whole response.
///
/// # Errors
/// If no port is free.
pub fn serve(answer: impl AsyncFn(Request<'_>, &mut Vec<u8>) + Send + 'static) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || LocalSet::new().block_on(&runtime, accept(listener, Rc::new(answer))));
    Ok(address)
}

async fn accept(
    listener: TcpListener,
    answer: Rc<impl AsyncFn(Request<'_>, &mut Vec<u8>) + 'static>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let answer = Rc::clone(&answer);
        // Most clients here end in the middle of a request.
        tokio::task::spawn_local(async move { connection(stream, &*answer).await });
    }
}

async fn connection(mut stream: TcpStream, answer: &impl AsyncFn(Request<'_>, &mut Vec<u8>)) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut read, mut written) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
    loop {
        while let Some((request, length)) = Request::read(&read)? {
            written.clear();
            answer(request, &mut written).await;
            stream.write_all(&written).await?;
            read.drain(..length);
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

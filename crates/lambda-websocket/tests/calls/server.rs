//! A small HTTP server that answers as a test says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `POST /path`.
    pub(crate) line: String,
    /// `DynamoDB_20120810.DeleteItem`, if this is a request to DynamoDB.
    pub(crate) target: Option<String>,
    pub(crate) body: String,
}

/// A status and a body.
pub(crate) type Answer = (u16, &'static str);

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Each connection has a thread, so an answer may wait for other requests.
    pub(crate) fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, answer) = (Arc::<Mutex<Vec<Request>>>::default(), Arc::new(answer));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer, stream) = (Arc::clone(&seen), Arc::clone(&answer), stream.unwrap());
                thread::spawn(move || {
                    let mut stream = BufReader::new(stream);
                    while let Some(request) = read(&mut stream) {
                        seen.lock().unwrap().push(request.clone());
                        let (status, body) = answer(&request);
                        let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n", body.len());
                        stream.get_mut().write_all((head + body).as_bytes()).unwrap();
                    }
                });
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// `None` when the client hangs up.
fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let head: Vec<String> = stream.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let line = head.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let header = |name: &str| {
        let value =
            head.iter().find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)));
        value.map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    Some(Request { line, target: header("x-amz-target"), body: String::from_utf8(body).unwrap() })
}

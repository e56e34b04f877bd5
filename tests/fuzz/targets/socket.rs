//! Rude requests, handshakes and frames on a socket of a real gateway. Its functions are a small HTTP server in the same process, which the input
//! tells what to answer. Everything runs in one thread, so that a run is the same when it is repeated.
//!
//! A run must not harm the others: after it, a quiet client gets its answer and nothing is left of the rude one.
#![no_main]

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::time::Duration;

use fuzz::http::{PATIENCE, hang_up};
use fuzz::{Format, Sample, fuzz, latin1, now, samples};
use lambda_websocket::{Accept, Allow, Authorize, Connect, Disconnect, Message, Routes, Text, authorize};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::time::timeout;
use websocket_gateway::{Gateway, Options, Store};

fuzz!(Format::Json, samples(), run);

/// For how long the gateway must be silent until the client thinks that it has heard all answers.
const PAUSE: Duration = Duration::from_millis(1);

/// How many bytes the functions of one run may have to read, and a client to hear.
const MOST_BYTES: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Input {
    /// The head of the request. `None` stands for a good handshake, whose answer the client waits for.
    head: Option<String>,
    then: Vec<Step>,
    /// What the functions answer the rude client. `None` stands for a good answer.
    authorizer: Option<Value>,
    connect: Option<Value>,
    message: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Bytes(String),
    Frame(Frame),
}

#[derive(Deserialize)]
struct Frame {
    fin: bool,
    rsv: u8,
    opcode: u8,
    mask: bool,
    /// The length that the frame says it has, if it lies.
    length: Option<u64>,
    payload: String,
}

const HANDSHAKE: &str = "GET /prod?channel=rust HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: fuzz\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn samples() -> Vec<Sample> {
    let frame = |opcode: u8, payload: &str| json!({ "fin": true, "rsv": 0, "opcode": opcode, "mask": true, "length": null, "payload": payload });
    let first = json!({ "fin": false, "rsv": 0, "opcode": 1, "mask": true, "length": null, "payload": "{\"action\":" });
    let messages = json!([
        frame(1, r#"{"action":"oneway"}"#),
        frame(9, "ping"),
        first,
        frame(0, "\"x\"}"),
        frame(8, "\u{3}\u{e8}bye")
    ]);
    let handshake = |then: Value| json!({ "head": null, "then": then });
    let request = |line: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\nContent-Type: application/json\r\n\r\n{body}"
        );
        json!({ "head": head, "then": [] })
    };
    let inputs = [
        handshake(messages.clone()),
        handshake(json!([frame(2, "binary")])),
        // Not UTF-8, then a frame without a mask, one that says it is longer than it is, and one that is too long.
        handshake(json!([frame(1, "Zoë")])),
        handshake(json!([{ "fin": true, "rsv": 0, "opcode": 1, "mask": false, "length": null, "payload": "plain" }])),
        handshake(json!([{ "fin": true, "rsv": 0, "opcode": 1, "mask": true, "length": 70000, "payload": "short" }])),
        handshake(json!([{ "fin": true, "rsv": 0, "opcode": 1, "mask": true, "length": 30000, "payload": "short" }])),
        handshake(json!([frame(1, &"x".repeat(200)), "GET / HTTP/1.1\r\n\r\n"])),
        json!({ "head": format!("{HANDSHAKE}Sec-WebSocket-Protocol: chat.v1, b\r\nCookie: a=b\r\n\r\n"), "then": messages }),
        json!({ "head": null, "then": [frame(1, "hello")], "connect": { "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": "chat.v1" } },
            "message": { "statusCode": 500, "body": "no" } }),
        json!({ "head": null, "then": [], "connect": { "statusCode": 403 } }),
        json!({ "head": null, "then": [], "authorizer": { "principalId": "x", "policyDocument": { "Statement": [] } } }),
        request("POST /prod/@connections/L0SM9cOFvHcCIhw%3D", "hello"),
        request("GET /prod/@connections/L0SM9cOFvHcCIhw=", ""),
        request("POST /2015-03-31/functions/Function/invocations", r#"{"own":"event"}"#),
        json!({ "head": tls_hello(), "then": [] }),
        json!({ "head": tls_hello(), "then": [frame(1, "not for this record")] }),
        json!({ "head": "POST /prod/@connections/a HTTP/1.1\r\nHost: [::1]:3001\r\nTransfer-Encoding: chunked\r\n\r\n", "then": ["5\r\nhello\r\n0\r\n\r\n"] }),
    ];
    inputs.map(|input| Sample::good(input.to_string())).into()
}

/// A whole first message of TLS 1.2, one byte a character: one suite, one group, one scheme of signatures.
fn tls_hello() -> String {
    let extensions: &[u8] = &[0, 10, 0, 4, 0, 2, 0, 29, 0, 13, 0, 4, 0, 2, 4, 3, 0, 11, 0, 2, 1, 0];
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0, 0, extensions.len() as u8]);
    hello.extend(extensions);
    let mut record = vec![0x16, 3, 1, 0, hello.len() as u8 + 4, 1, 0, 0, hello.len() as u8];
    record.extend(hello);
    record.into_iter().map(char::from).collect()
}

thread_local! {
    static WORLD: World = World::new();
    /// What the functions answer in this run.
    static ANSWERS: RefCell<[Option<Value>; 3]> = const { RefCell::new([None, None, None]) };
    /// Whether every event comes from the gateway itself, and not from a client of the Invoke API.
    static ALL_OURS: Cell<bool> = const { Cell::new(true) };
}

/// True if the gateway has answered.
fn run(data: &[u8]) -> bool {
    let Ok(input) = serde_json::from_slice::<Input>(data) else { return false };
    WORLD.with(|world| world.runtime.block_on(world.run(input)))
}

struct World {
    runtime: Runtime,
    gateway: Gateway,
    address: String,
    quiet: RefCell<Option<TcpStream>>,
    runs: Cell<usize>,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (gateway, quiet) = runtime.block_on(async {
            let functions = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("http://{}", functions.local_addr().expect("an address"));
            tokio::spawn(serve_functions(functions));
            let options = Options::default().template(samples::repository("tests/fuzz/socket.yaml")).port(0);
            let options = options.lambda_endpoint(url).store(Store::Endpoint("http://127.0.0.1:9".to_owned()));
            let gateway = Gateway::start(options).await.expect("a gateway");
            let quiet = well_behaved(&address(&gateway)).await;
            (gateway, quiet)
        });
        let address = address(&gateway);
        Self { runtime, gateway, address, quiet: RefCell::new(Some(quiet)), runs: Cell::new(0) }
    }

    async fn run(&self, input: Input) -> bool {
        let Input { head, then, authorizer, connect, message } = input;
        let is_invocation = |text: &String| text.contains("2015-03-31");
        ALL_OURS.set(
            !head.iter().any(is_invocation)
                && !then.iter().any(|step| matches!(step, Step::Bytes(text) if is_invocation(text))),
        );
        ANSWERS.set([authorizer, connect, message]);
        let heard =
            timeout(3 * PATIENCE, talk(&self.address, head, &then)).await.expect("a connection that ends in time");
        check_heard(&heard);
        ANSWERS.set([None, None, None]);

        // Nothing is left of the rude client, but the quiet one is still there.
        let nothing_left = async {
            while self.gateway.open_connections_and_tasks() != (1, 1) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if timeout(PATIENCE, nothing_left).await.is_err() {
            panic!(
                "left, with the quiet client's: {:?} connections and tasks",
                self.gateway.open_connections_and_tasks()
            );
        }
        let mut quiet = self.quiet.take().expect("the quiet client");
        timeout(PATIENCE, ask(&mut quiet)).await.expect("an answer for the quiet client");
        self.runs.set(self.runs.get() + 1);
        if self.runs.get().is_multiple_of(64) {
            // A new one can come, too.
            let old = std::mem::replace(
                &mut quiet,
                timeout(PATIENCE, well_behaved(&self.address)).await.expect("a handshake"),
            );
            hang_up(&old);
            drop(old);
            let gone = async {
                while self.gateway.open_connections_and_tasks() != (1, 1) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(PATIENCE, gone).await.expect("the end of a connection");
        }
        self.quiet.replace(Some(quiet));
        !heard.is_empty()
    }
}

fn address(gateway: &Gateway) -> String {
    gateway.url().trim_start_matches("ws://").trim_end_matches("/prod").to_owned()
}

/// Says everything, then hears everything that there is until the gateway hangs up.
async fn talk(address: &str, head: Option<String>, then: &[Step]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut heard = Vec::new();
    let mut all = match head {
        Some(head) => latin1(&head),
        None => {
            let handshake = format!("{HANDSHAKE}\r\n");
            stream.write_all(handshake.as_bytes()).await.expect("room for a handshake");
            while !heard.windows(4).any(|end| end == b"\r\n\r\n")
                && stream.read_buf(&mut heard).await.is_ok_and(|bytes| bytes > 0)
            {}
            Vec::new()
        }
    };
    for step in then {
        match step {
            Step::Bytes(text) => all.extend(latin1(text)),
            Step::Frame(frame) => frame.write(&mut all),
        }
    }
    let (mut reader, mut writer) = stream.split();
    let said = Notify::new();
    let say = async {
        // The gateway may have hung up already.
        let _ = writer.write_all(&all).await;
        // A client that says nothing more too early gets no answer, as it has hung up for all that hyper can tell.
        let _ = timeout(PATIENCE, said.notified()).await;
        let _ = writer.shutdown().await;
    };
    let hear = async {
        let mut pause = PAUSE;
        while heard.len() < MOST_BYTES {
            match timeout(pause, reader.read_buf(&mut heard)).await {
                Ok(Ok(0)) => break,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    assert!([ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error.kind()), "{error}");
                    break;
                }
                Err(_) => {
                    said.notify_one();
                    pause = 2 * PATIENCE;
                }
            }
        }
        said.notify_one();
    };
    tokio::join!(say, hear);
    hang_up(&stream);
    heard
}

impl Frame {
    fn write(&self, out: &mut Vec<u8>) {
        let Self { fin, rsv, opcode, mask, length, payload } = self;
        let payload = latin1(payload);
        out.push(u8::from(*fin) << 7 | (rsv & 7) << 4 | opcode & 15);
        let masked = u8::from(*mask) << 7;
        match length.unwrap_or(payload.len() as u64) {
            short @ ..126 => out.push(masked | short as u8),
            medium @ ..65536 => {
                out.push(masked | 126);
                out.extend((medium as u16).to_be_bytes());
            }
            long => {
                out.push(masked | 127);
                out.extend(long.to_be_bytes());
            }
        }
        const KEY: [u8; 4] = [1, 2, 3, 4];
        if *mask {
            out.extend(KEY);
            out.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            out.extend(payload);
        }
    }
}

/// What the gateway says is HTTP, and after a 101 it is frames of a server.
fn check_heard(heard: &[u8]) {
    if heard.is_empty() {
        return;
    }
    // A TLS client hears a hello or an alert, and no more: it has no keys.
    if let [0x15 | 0x16, 3, ..] = heard {
        return;
    }
    assert!(heard.starts_with(b"HTTP/1."), "{:?}", String::from_utf8_lossy(&heard[..heard.len().min(80)]));
    if !heard.starts_with(b"HTTP/1.1 101") {
        return;
    }
    let end = heard.windows(4).position(|end| end == b"\r\n\r\n").expect("the end of a head");
    let mut rest = &heard[end + 4..];
    let mut closed = false;
    while let [first, length, after @ ..] = rest {
        let (length, after) = match length {
            short @ ..126 => (usize::from(*short), after),
            126 => (usize::from(u16::from_be_bytes(after[..2].try_into().expect("a length"))), &after[2..]),
            127 => (u64::from_be_bytes(after[..8].try_into().expect("a length")) as usize, &after[8..]),
            _ => panic!("a masked frame from a server"),
        };
        assert!(!closed, "a frame after the close frame");
        // The connection may break off in a frame.
        let Some((payload, after)) = after.split_at_checked(length) else { return };
        match first {
            0x81 => assert!(std::str::from_utf8(payload).is_ok(), "a text that is not UTF-8"),
            0x8a => assert!(length <= 125),
            0x88 => {
                closed = true;
                assert!(length != 1 && std::str::from_utf8(payload.get(2..).unwrap_or_default()).is_ok());
            }
            other => panic!("a frame that begins with {other:#x}"),
        }
        rest = after;
    }
}

const QUESTION: &str = r#"{"action":"ask","quiet":true}"#;
const REPLY: &[u8] = b"here";

async fn well_behaved(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(format!("{HANDSHAKE}\r\n").as_bytes()).await.expect("a handshake");
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut heard).await.expect("an answer"), 0);
    }
    assert!(heard.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&heard));
    ask(&mut stream).await;
    stream
}

async fn ask(stream: &mut TcpStream) {
    let mut frame = Vec::new();
    Frame { fin: true, rsv: 0, opcode: 1, mask: true, length: None, payload: QUESTION.to_owned() }.write(&mut frame);
    stream.write_all(&frame).await.expect("a message");
    let mut reply = [0; 2 + REPLY.len()];
    stream.read_exact(&mut reply).await.expect("a reply");
    assert_eq!(&reply[2..], REPLY);
}

/// Lambda's Invoke API, and behind it the functions.
async fn serve_functions(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(serve_caller(stream));
    }
}

async fn serve_caller(mut stream: TcpStream) {
    let mut bytes = Vec::new();
    loop {
        let Some(head) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else {
            match stream.read_buf(&mut bytes).await {
                Ok(1..) if bytes.len() < MOST_BYTES => continue,
                _ => return,
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
        let length =
            text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).unwrap_or(0);
        let end = head + 4 + length;
        while bytes.len() < end {
            match stream.read_buf(&mut bytes).await {
                Ok(1..) if bytes.len() < MOST_BYTES => {}
                _ => return,
            }
        }
        let answer = answer_of_function(&bytes[head + 4..end]);
        bytes.drain(..end);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
        if stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat()).await.is_err() {
            return;
        }
    }
}

/// The core crate must accept each event that the gateway writes, whatever the client has sent. Its answer is the good one.
fn answer_of_function(event: &[u8]) -> String {
    let text = std::str::from_utf8(event).expect("an event is UTF-8");
    let Ok(event) = serde_json::from_str::<Value>(text) else {
        assert!(!ALL_OURS.get(), "an event is JSON: {text}");
        return "null".to_owned();
    };
    let (place, good) = if event["type"] == "REQUEST" {
        let policy =
            now(authorize(async |event: Authorize| Ok(Allow::new("me").with_context("stage", event.stage())))
                .replay(text));
        (0, policy.map(|policy| serde_json::to_value(policy).expect("JSON")).map_err(|error| error.to_string()))
    } else {
        let routes = Routes::new()
            .connect(async |_: Connect| Ok(Accept::new()))
            .disconnect(async |_: Disconnect| Ok(()))
            .one_way("oneway", async |_: Message<Text>| Ok(()))
            .two_way("$default", async |_: Message<Text>| Ok(Text::from("here")));
        let answer = now(routes.into_route().replay(text)).map_err(|error| error.to_string());
        let answer = answer.and_then(|answer| match answer.status_code() {
            200 => Ok(serde_json::to_value(&answer).expect("JSON")),
            _ => Err(format!("{answer:?}")),
        });
        (if event["requestContext"]["eventType"] == "CONNECT" { 1 } else { 2 }, answer)
    };
    if let Err(why) = &good {
        assert!(!ALL_OURS.get(), "the core refuses an event of the gateway: {why}: {text}");
    }
    let good = good.unwrap_or_default();
    if event["body"] == QUESTION {
        return good.to_string();
    }
    ANSWERS.with_borrow(|answers| match &answers[place] {
        // A text stands for an answer that may not even be JSON.
        Some(Value::String(text)) => text.clone(),
        Some(answer) => answer.to_string(),
        None => good.to_string(),
    })
}

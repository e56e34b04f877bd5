//! A function that does what its event asks for: `{"do": "echo" | "pid" | …}`. The tests of `lambda` start it.

// It panics if its event asks for that.
#![allow(clippy::panic)]

use std::io::Write;

use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if let Ok(path) = std::env::var("PROBE_STARTS") {
        writeln!(std::fs::OpenOptions::new().create(true).append(true).open(path)?, "started")?;
    }
    match std::env::var("PROBE_INIT").as_deref() {
        Ok("exit") => std::process::exit(7),
        Ok("error") => {
            let body = json!({"errorType": "Probe.Init", "errorMessage": "no table"}).to_string();
            assert_eq!(post("/runtime/init/error", &body, "").await?, 202);
            std::process::exit(1);
        }
        _ => run(service_fn(handle)).await,
    }
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let failed = |error: Error| Diagnostic { error_type: "Probe.Broken".to_owned(), error_message: error.to_string() };
    match event.payload["do"].as_str().unwrap_or_default() {
        "fail" => Err(Diagnostic { error_type: "Probe.Failed".to_owned(), error_message: "as asked".to_owned() }),
        "panic" => panic!("as asked"),
        "exit" => {
            println!("last words on stdout");
            eprintln!("last words on stderr");
            std::process::exit(3)
        }
        "child and exit" => {
            // The test reads the child's process id in the log.
            println!("child {}", child().map_err(failed)?);
            std::process::exit(3)
        }
        "flood" => flood().map_err(|error| failed(error.into())),
        "allocate" => Ok(json!(vec![1_u8; event.payload["bytes"].as_u64().unwrap_or_default() as usize].len())),
        "hang" => std::future::pending().await,
        "hang on SIGTERM" => hang_on_sigterm(&event.payload).await.map_err(failed),
        "pid" => Ok(json!(std::process::id())),
        "child" => child().map_err(failed),
        "environment" => Ok(std::env::vars().map(|(name, value)| (name, json!(value))).collect()),
        "context" => Ok(json!({
            "arn": event.context.invoked_function_arn,
            "deadline": event.context.deadline,
            "requestId": event.context.request_id,
            "traceId": event.context.xray_trace_id,
        })),
        "large" => Ok(json!("x".repeat(event.payload["bytes"].as_u64().unwrap_or_default() as usize))),
        "meet" => meet(&event.payload).await.map_err(failed),
        "answer wrongly" => answer_wrongly(&event.context.request_id).await.map_err(failed),
        _ => Ok(event.payload),
    }
}

/// Sends its process id to the test, waits for a byte, and sends it back.
async fn meet(event: &Value) -> Result<Value, Error> {
    let mut test = TcpStream::connect(event["at"].as_str().unwrap_or_default()).await?;
    test.write_u32(std::process::id()).await?;
    let byte = test.read_u8().await?;
    test.write_u8(byte).await?;
    Ok(json!(std::process::id()))
}

async fn hang_on_sigterm(event: &Value) -> Result<Value, Error> {
    let _ignored = signal(SignalKind::terminate())?;
    meet(event).await?;
    std::future::pending().await
}

/// Starts a process that would live longer than this one.
fn child() -> Result<Value, Error> {
    Ok(json!(std::process::Command::new("sleep").arg("1000").spawn()?.id()))
}

/// Prints more than fits into a pipe or a line, and not as text.
fn flood() -> std::io::Result<Value> {
    let mut out = std::io::stdout().lock();
    for _ in 0..200 {
        out.write_all(&[0xff; 64 * 1024])?;
    }
    writeln!(out)?;
    Ok(Value::Null)
}

/// Answers with a wrong request id, with a wrong invocation id, correctly, and once more. The handler's own answer comes too late.
async fn answer_wrongly(request_id: &str) -> Result<Value, Error> {
    let right = format!("/runtime/invocation/{request_id}/response");
    let mut statuses = vec![
        post("/runtime/invocation/no-such-request/response", "0", "").await?,
        post(&right, "0", "lambda-runtime-invocation-id: another\r\n").await?,
        get("/runtime/invocation/next").await?,
        post("/runtime/init/error", "{}", "").await?,
    ];
    statuses.push(post(&right, &json!(statuses).to_string(), "").await?);
    statuses.push(post(&right, "0", "").await?);
    assert_eq!(statuses[4..], [202, 400]);
    Ok(Value::Null)
}

async fn get(path: &str) -> Result<u16, Error> {
    request("GET", path, "", "").await
}

async fn post(path: &str, body: &str, headers: &str) -> Result<u16, Error> {
    request("POST", path, body, headers).await
}

/// Sends one request to the Runtime API without `lambda_runtime`, and returns the status.
async fn request(method: &str, path: &str, body: &str, headers: &str) -> Result<u16, Error> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let length = body.len();
    let request = format!(
        "{method} /2018-06-01{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(&api).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response.split(' ').nth(1).ok_or("no status")?.parse()?)
}

//! Sources and templates that change while clients are connected.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use websocket_gateway::{Gateway, Options};

use crate::support::{Client, Gate, end, gateway, in_time, options, own_folder, signal};

/// A crate with one function, without dependencies so that it builds at once, and its template.
struct Project(PathBuf);

const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Ws:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: test
      RouteSelectionExpression: $request.body.action
      Routes:
        $default: { FunctionArn: !GetAtt Hello.Arn, RouteResponseSelectionExpression: $default }
        # another route
  RouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsDefaultRoute, RouteResponseKey: $default }
  Hello:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, Handler: bootstrap, CodeUri: hello, Timeout: 60 }
";

/// Calls the Runtime API without any library. If the message is an address, it connects there and waits for a byte.
const FUNCTION: &str = r###"
use std::io::{Read, Write};
use std::net::TcpStream;

fn main() {
    loop {
        let invocation = request("GET", "next", "");
        let id = invocation.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        if let Some((_, message)) = invocation.split_once(r##""body":"127"##) {
            let address = format!("127{}", message.split('"').next().unwrap());
            let mut stream = TcpStream::connect(address).unwrap();
            let _ = stream.read(&mut [0]);
            // Open as long as this process lives.
            std::mem::forget(stream);
        }
        request("POST", &format!("{id}/response"), r#"{"statusCode":200,"body":"ANSWER"}"#);
    }
}

fn request(method: &str, path: &str, body: &str) -> String {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = TcpStream::connect(&api).unwrap();
    let head = format!("{method} /2018-06-01/runtime/invocation/{path} HTTP/1.1\r\nhost: {api}\r\n");
    write!(stream, "{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
"###;

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Project {
    fn new(test: &str) -> Self {
        // Not in the target folder: CARGO_TARGET_DIR may lead the project's cargo to that, and what cargo writes is not watched.
        let project = Self(own_folder(&format!("hot_reload_{test}")));
        fs::create_dir_all(project.0.join("hello/src")).unwrap();
        // Its own name, because CARGO_TARGET_DIR may lead all of them to one folder.
        let manifest = format!("[workspace]\n[package]\nname = 'hello_{test}'\nedition = '2024'\n");
        fs::write(project.0.join("hello/Cargo.toml"), manifest).unwrap();
        project.template(TEMPLATE);
        project.answer("one");
        project
    }

    fn template(&self, text: &str) {
        fs::write(self.0.join("template.yaml"), text).unwrap();
    }

    fn source(&self, text: &str) {
        fs::write(self.0.join("hello/src/main.rs"), text).unwrap();
    }

    fn answer(&self, answer: &str) {
        self.source(&FUNCTION.replace("ANSWER", answer));
    }

    fn program(&self) -> Command {
        gateway(&["--port", "0", "--template", self.0.join("template.yaml").to_str().unwrap()])
    }

    fn options(&self) -> Options {
        options(self.0.join("template.yaml").to_str().unwrap())
    }
}

async fn ask(client: &mut Client) -> String {
    client.send("hello").await;
    client.hear().await
}

/// The program, and its output.
struct Running(Child, Lines<BufReader<ChildStdout>>);

impl Running {
    fn start(project: &Project) -> Self {
        Self::spawn(&mut project.program())
    }

    fn spawn(program: &mut Command) -> Self {
        let mut child = program.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self(child, lines)
    }

    /// The rest of the next line that begins with these words.
    async fn says(&mut self, beginning: &str) -> String {
        in_time(beginning, async {
            loop {
                let line = self.1.next_line().await.unwrap().unwrap();
                if let Some(rest) = line.strip_prefix(beginning) {
                    return rest.to_owned();
                }
            }
        })
        .await
    }

    /// The next line that says what has changed.
    async fn next_change(&mut self) -> String {
        in_time("a change", async {
            loop {
                let line = self.1.next_line().await.unwrap().unwrap();
                if line.ends_with(" has changed") {
                    return line;
                }
            }
        })
        .await
    }

    async fn stop(mut self) {
        signal(&self.0, Signal::INT);
        assert_eq!(end(&mut self.0).await.code(), Some(0));
    }
}

#[tokio::test]
async fn a_change_is_served_once_it_builds() {
    let project = Project::new("program");
    let mut running = Running::start(&project);
    let url = running.says("Connect to ").await;
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    assert_eq!(ask(&mut client).await, "one");

    // Not a source: perhaps it is the log of the gateway itself.
    fs::write(project.0.join("hello/gateway.log"), "a line").unwrap();
    project.answer("two");
    assert!(running.next_change().await.contains("main.rs"));
    assert_eq!(running.says("Reloaded ").await, "Hello");
    assert_eq!(ask(&mut client).await, "two");

    project.source("not rust");
    running.says("Not reloaded").await;
    assert_eq!(ask(&mut client).await, "two");
    project.answer("three");
    assert_eq!(running.says("Reloaded ").await, "Hello");

    project.template("Resources: [");
    running.says("Not reloaded").await;
    assert_eq!(ask(&mut client).await, "three");
    // A one-way route: its answer is dropped.
    project.template(&TEMPLATE.replace("# another route", "silent: { FunctionArn: !GetAtt Hello.Arn }"));
    assert_eq!(running.says("Reloaded ").await, "the template");
    client.send(r#"{"action":"silent"}"#).await;
    assert_eq!(ask(&mut client).await, "three");

    // As when another branch is checked out.
    fs::remove_dir_all(project.0.join("hello/src")).unwrap();
    running.says("Not reloaded").await;
    fs::create_dir(project.0.join("hello/src")).unwrap();
    for answer in ["four", "five"] {
        project.answer(answer);
        assert_eq!(running.says("Reloaded ").await, "Hello");
        assert_eq!(ask(&mut client).await, answer);
    }
    running.stop().await;
}

#[tokio::test]
async fn an_invocation_that_runs_during_a_reload_ends_in_the_old_function() {
    let project = Project::new("running");
    let gateway = in_time("the start", Gateway::start(project.options())).await.unwrap();
    let (mut early, mut late) = (Client::connect(&gateway, "").await, Client::connect(&gateway, "").await);
    let gate = Gate::new().await;
    early.send(gate.address()).await;
    let mut at_work = gate.visitor().await;

    project.answer("two");
    let reloaded = in_time("the reload", gateway.reload()).await.unwrap();
    assert_eq!(reloaded.functions, ["Hello"]);
    assert_eq!(ask(&mut late).await, "two");
    at_work.write_all(b"!").await.unwrap();
    assert_eq!(early.hear().await, "one");
    assert_eq!(in_time("the end of the old function", at_work.read(&mut [0])).await.unwrap_or_default(), 0);
    assert_eq!(ask(&mut early).await, "two");

    assert_eq!(in_time("the reload", gateway.reload()).await.unwrap().functions, [""; 0]);
    gateway.stop().await;
}

/// A cargo that counts how often it is asked for metadata.
struct CountingCargo(PathBuf);

impl CountingCargo {
    fn new(project: &Project) -> Self {
        let cargo = Self(project.0.join("cargo.sh"));
        let real = std::env::var("CARGO").unwrap();
        let script = format!("#!/bin/sh\n[ \"$1\" != metadata ] || echo asked >>\"$0.log\"\nexec '{real}' \"$@\"\n");
        fs::write(&cargo.0, script).unwrap();
        fs::set_permissions(&cargo.0, PermissionsExt::from_mode(0o755)).unwrap();
        cargo
    }

    fn count(&self) -> usize {
        fs::read_to_string(self.0.with_extension("sh.log")).unwrap_or_default().lines().count()
    }
}

#[tokio::test]
async fn a_saved_source_asks_cargo_once_and_a_new_path_dependency_is_watched() {
    let project = Project::new("metadata");
    let cargo = CountingCargo::new(&project);
    let mut running = Running::spawn(project.program().env("CARGO", &cargo.0));
    running.says("Connect to ").await;
    project.answer("two");
    assert_eq!(running.says("Reloaded ").await, "Hello");

    let before = cargo.count();
    for (answer, saves) in [("three", 1), ("four", 2)] {
        project.answer(answer);
        assert_eq!(running.says("Reloaded ").await, "Hello");
        assert_eq!(cargo.count(), before + saves);
    }

    let greeting = project.0.join("greeting");
    fs::create_dir_all(greeting.join("src")).unwrap();
    fs::write(greeting.join("Cargo.toml"), "[workspace]\n[package]\nname = 'greeting'\nedition = '2024'\n").unwrap();
    fs::write(greeting.join("src/lib.rs"), "").unwrap();
    let manifest = project.0.join("hello/Cargo.toml");
    let dependency = "[dependencies]\ngreeting = { path = '../greeting' }\n";
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap() + dependency).unwrap();
    running.says("Reloaded ").await;
    fs::write(greeting.join("src/lib.rs"), "not rust").unwrap();
    running.says("Not reloaded").await;
    running.stop().await;
}

/// A log beside the template, for example.
#[tokio::test]
async fn a_file_that_does_not_matter_and_never_rests_delays_no_reload() {
    let project = Project::new("noise");
    let gateway = in_time("the start", Gateway::start(project.options())).await.unwrap();
    let mut changes = gateway.changes(SystemTime::now()).await.unwrap();
    let log = project.0.join("gateway.log");
    let noise = tokio::spawn(async move {
        loop {
            fs::write(&log, "another line").unwrap();
            tokio::task::yield_now().await;
        }
    });
    project.template(&TEMPLATE.replace("another route", "a comment"));
    let changed = in_time("the change", changes.next()).await.unwrap();
    assert!(changed.unwrap().ends_with("template.yaml"));
    noise.abort();
    gateway.stop().await;
}

//! Together with cargo-lambda, which serves functions and invokes them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStderr, Command};

use crate::support::{Client, OwnApi, as_from_a_shell, end, example, gateway, in_time, root, serving, signal};

#[tokio::test]
#[ignore = "needs cargo-lambda: pip install cargo-lambda"]
async fn cargo_lambda_watch_serves_the_functions_and_an_edit_reaches_the_connected_client() {
    let api = OwnApi::new("watch");
    // Otherwise the first message waits for the compiler, and after 29 seconds it times out.
    let mut cargo = Command::new(env!("CARGO"));
    assert!(as_from_a_shell(cargo.arg("build").current_dir(api.folder())).status().await.unwrap().success());
    let [port, dynamodb_port, invoke_port] = [free_port().await, free_port().await, free_port().await];
    let ports = ["--port", &port, "--dynamodb-port", &dynamodb_port];
    let environment =
        gateway(&[&["env"], &ports[..]].concat()).current_dir(api.folder()).output().await.unwrap().stdout;
    let mut watch = Watch::start(api.folder(), &String::from_utf8(environment).unwrap(), &invoke_port).await;
    let endpoint = format!("http://127.0.0.1:{invoke_port}");
    let arguments = [&["--lambda-endpoint", &endpoint], &ports[..]].concat();
    let (mut gateway, url) = serving(gateway(&arguments).current_dir(api.folder())).await;

    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    api.chat_with(&mut client).await;

    watch.says("Running").await;
    api.edit("src/main.rs", "Try ", "Please try ");
    // A message to a function that is about to be stopped would be lost.
    for sign in ["Compiling countdown", "Running"] {
        watch.says(sign).await;
    }
    client.send("hi").await;
    assert_eq!(client.hear().await, r#"Please try {"action":"countdown","from":3}"#);

    for child in [&mut gateway, &mut watch.child] {
        signal(child, Signal::TERM);
        end(child).await;
    }
}

#[tokio::test]
#[ignore = "needs cargo-lambda: pip install cargo-lambda"]
async fn cargo_lambda_invoke_calls_a_function_of_the_gateway() {
    let gateway = example().await;
    let url = gateway.lambda_url();
    let (_, port) = url.rsplit_once(':').unwrap();
    let invoke = async |function: &str| {
        let mut cargo = Command::new("cargo");
        cargo.args(["lambda", "invoke", function, "--invoke-address", "127.0.0.1", "--invoke-port", port]);
        cargo.args(["--data-file", "events/default.json"]).current_dir(root());
        in_time("cargo lambda invoke", cargo.output()).await.unwrap()
    };
    for function in ["default", "DefaultFunction"] {
        let output = invoke(function).await;
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let body = r#""hello client, I am the $default route!""#;
        assert_eq!(answer, json!({ "statusCode": 200, "body": body }), "{function}");
    }
    let output = invoke("unknown").await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("Function not found: unknown"), "{output:?}");
    gateway.stop().await;
}

/// `cargo lambda watch`, with its log and that of its cargo.
struct Watch {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Watch {
    /// Starts it in `environment`, and waits until it listens.
    async fn start(folder: &Path, environment: &str, port: &str) -> Self {
        let script = format!("{environment}\nexec cargo lambda watch --invoke-address 127.0.0.1 --invoke-port {port}");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = as_from_a_shell(&mut command).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        in_time("cargo lambda watch", async {
            while TcpStream::connect(format!("127.0.0.1:{port}")).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        Self { child, log }
    }

    async fn says(&mut self, words: &str) {
        while let Some(line) = in_time(words, self.log.next_line()).await.unwrap() {
            if line.contains(words) {
                return;
            }
        }
        panic!("cargo lambda watch ended");
    }
}

/// A port that is free now. The programs must know it before they listen.
async fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port().to_string()
}

//! Together with cargo-lambda, which serves functions and invokes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStderr, Command};

use crate::support::{
    Client, OwnApi, OwnProject, as_from_a_shell, end, example, gateway, in_time, root, serving, signal,
};

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

#[tokio::test]
#[ignore = "needs cargo-lambda: pip install cargo-lambda"]
async fn cargo_lambda_new_makes_the_same_project() {
    let project = OwnProject::new("cargo_lambda_new");
    let clone = root().canonicalize().unwrap();
    let [by_itself, by_cargo_lambda] = ["by_itself", "by_cargo_lambda"].map(|folder| project.folder().join(folder));
    for folder in [&by_itself, &by_cargo_lambda] {
        fs::create_dir(folder).unwrap();
    }
    let mut new = gateway(&["new", "chat"]);
    let mut cargo = Command::new("cargo");
    cargo.args(["lambda", "new", "chat", "--no-interactive", "--template"]);
    cargo.arg(clone.join("crates/websocket-gateway/starter"));
    cargo.args(["--render-var", &format!("crate_path={}", clone.join("crates/lambda-websocket").display())]);
    for command in [new.current_dir(&by_itself), cargo.current_dir(&by_cargo_lambda)] {
        let output = in_time("a new project", command.output()).await.unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(files(&by_cargo_lambda), files(&by_itself));

    // Asked for nothing, it takes the clone to be beside the project.
    let mut cargo = Command::new("cargo");
    cargo.args(["lambda", "new", "beside", "--no-interactive", "--template"]);
    cargo.arg(clone.join("crates/websocket-gateway/starter")).current_dir(project.folder());
    assert!(in_time("a new project", cargo.status()).await.unwrap().success());
    let dependency = r#"lambda-websocket = { path = "../lambda-websocket/crates/lambda-websocket" }"#;
    assert!(project.read("beside/Cargo.toml").contains(dependency));
}

/// The files in a folder and below it, with what they contain.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            found.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    found
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

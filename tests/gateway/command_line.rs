//! The program: what it prints, its exit codes, and that it leaves no process behind.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Signal, test_kill_process};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::support::{Client, Refused, end, gateway, in_time, pid, root, serving, signal};

/// Runs the program to its end: the exit code and standard error.
async fn fails(arguments: &[&str]) -> (i32, String) {
    let output = in_time("the end of the gateway", gateway(arguments).output()).await.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Starts it with the probe behind every route, and waits until it prints where to connect.
async fn running() -> (Child, String) {
    serving(&mut gateway(&["--template", "tests/templates/probe.yaml", "--port", "0"])).await
}

#[tokio::test]
async fn a_wrong_command_line_or_template_is_2_with_the_place_and_the_cure() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong_templates");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let head = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Ws:\n    Type: AWS::Serverless::WebSocketApi\n    \
        Properties:\n      RouteSelectionExpression: $request.body.action\n      Routes:\n        \
        $default: { FunctionArn: !GetAtt Hello.Arn }\n";
    let function = |code: &str| {
        format!(
            "{head}  Hello:\n    Type: AWS::Serverless::Function\n    Properties: {{ Runtime: provided.al2023, \
            Handler: bootstrap, CodeUri: {code} }}\n"
        )
    };
    let routes = root().join("crates/routes");
    let cases = [
        (vec!["--prot", "1"], vec!["--prot", "--port"]),
        (vec!["--idle-timeout", "10"], vec!["--idle-timeout", "for example 10m"]),
        (vec!["--port", "0", "--allow-host", "http://a.example:80"], vec!["`http://a.example:80`", "--allow-host a"]),
        (vec!["--template", "no such file"], vec!["no such file", "--template"]),
        (vec!["--template", "NOT_YAML"], vec!["not_yaml.yaml:1", "YAML"]),
        (vec!["--template", "UNKNOWN"], vec!["unknown.yaml:8:", "`Hello`"]),
        (
            vec!["--template", "NO_BINARY", "--port", "0"],
            vec!["no_binary.yaml:9:3", "Metadata.BuildProperties.Binary", "sendmessage"],
        ),
        (vec!["--template", "NO_CRATE", "--port", "0"], vec!["no_crate.yaml:9:3", "Cargo.toml", "CodeUri"]),
    ];
    for (arguments, said) in cases {
        let arguments = arguments.into_iter().map(|argument| match argument {
            "NOT_YAML" => write("not_yaml.yaml", "Resources: ["),
            "UNKNOWN" => write("unknown.yaml", head),
            "NO_BINARY" => write("no_binary.yaml", &function(routes.to_str().unwrap())),
            "NO_CRATE" => write("no_crate.yaml", &function("nowhere")),
            other => other.to_owned(),
        });
        let arguments: Vec<_> = arguments.collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let (code, stderr) = fails(&arguments).await;
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        for words in said {
            assert!(stderr.contains(words), "{arguments:?} does not say {words}: {stderr}");
        }
    }
}

#[tokio::test]
async fn a_port_in_use_or_a_store_that_is_not_there_is_1_and_says_which() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, stderr) = fails(&["--port", &port]).await;
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains(&format!("127.0.0.1:{port}")) && stderr.contains("--port"), "{stderr}");

    let (code, stderr) = fails(&["--port", "0", "--dynamodb-endpoint", "http://127.0.0.1:1"]).await;
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("http://127.0.0.1:1") && stderr.contains("refused"), "{stderr}");
}

#[tokio::test]
async fn a_lambda_endpoint_that_is_not_there_is_1_and_the_environment_for_one_is_printed() {
    let (code, stderr) = fails(&["--port", "0", "--lambda-endpoint", "http://127.0.0.1:1"]).await;
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("http://127.0.0.1:1") && stderr.contains("cargo lambda watch"), "{stderr}");

    let output = gateway(&["env", "--port", "4444"]).output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    for line in [
        "export AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI='http://127.0.0.1:4444/prod'",
        "export AWS_ENDPOINT_URL_DYNAMODB='http://127.0.0.1:3002'",
        "export AWS_ENDPOINT_URL_SQS='http://127.0.0.1:3003'",
        "export AWS_ENDPOINT_URL_LAMBDA='http://127.0.0.1:4444'",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} is not in {printed}");
    }
}

#[tokio::test]
async fn what_a_shell_can_not_set_is_no_line_of_the_environment_but_a_warning() {
    let template = std::fs::read_to_string(root().join("tests/templates/probe.yaml")).unwrap();
    let variables = r#"{ GOOD: "it's", "BAD; echo harm": x, "LINE\necho harm": x, "$(echo harm)": x }"#;
    let template = template.replacen("Timeout: 20", &format!("Environment: {{ Variables: {variables} }}"), 1);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shell_names.yaml");
    std::fs::write(&file, template).unwrap();

    let output = gateway(&["env", "--template", file.to_str().unwrap()]).output().await.unwrap();
    let (printed, warned) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let script = format!("{printed}\nprintf 'good: %s' \"$GOOD\"");
    let shell = Command::new("sh").args(["-c", &script]).output().await.unwrap();
    assert_eq!(String::from_utf8(shell.stdout).unwrap(), "good: it's", "{printed}");
    assert!(shell.status.success() && shell.stderr.is_empty(), "{printed}");
    for name in ["`BAD; echo harm`", r"`LINE\necho harm`", "`$(echo harm)`"] {
        assert_eq!(warned.lines().filter(|line| line.contains(name)).count(), 1, "{name}: {warned}");
    }
}

#[tokio::test]
async fn sigint_sigterm_and_sighup_end_it_with_0_and_leave_no_process() {
    for kind in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (mut gateway, url) = running().await;
        let mut client = Client::try_connect(&url, &[]).await.unwrap();
        client.send(r#"{"do":"pid"}"#).await;
        let function: u32 = client.hear().await.parse().unwrap();

        signal(&gateway, kind);
        assert_eq!(client.hear_close().await, (1001, "Going away".to_owned()));
        assert_eq!(end(&mut gateway).await.code(), Some(0), "{kind:?}");
        assert!(test_kill_process(pid(function)).is_err(), "{kind:?}: the function is still there");
    }
}

#[tokio::test]
async fn it_goes_on_serving_when_its_log_is_not_read() {
    let (mut gateway, url) = running().await;
    drop(gateway.stderr.take());
    for _ in 0..3 {
        let mut client = Client::try_connect(&url, &[]).await.unwrap();
        client.send(r#"{"do":"pid"}"#).await;
        client.hear().await;
    }
    signal(&gateway, Signal::INT);
    assert_eq!(end(&mut gateway).await.code(), Some(0));
}

#[tokio::test]
async fn a_low_soft_limit_of_open_files_does_not_limit_the_clients() {
    const FILES: usize = 128;
    let (mut gateway, url) = serving(&mut after_ulimit(&format!("-Sn {FILES}"))).await;
    let mut clients = Vec::new();
    for _ in 0..2 * FILES {
        clients.push(Client::try_connect(&url, &[]).await.unwrap());
    }
    drop(clients);
    signal(&gateway, Signal::INT);
    assert_eq!(end(&mut gateway).await.code(), Some(0));
}

#[tokio::test]
async fn beyond_the_hard_limit_of_open_files_clients_are_refused_until_one_leaves() {
    const FILES: usize = 256;
    let (mut gateway, url) = serving(&mut after_ulimit(&format!("-n {FILES}"))).await;
    let mut clients = Vec::new();
    let refused = loop {
        match Client::try_connect(&url, &[]).await {
            Ok(client) => clients.push(client),
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, Refused(503));
    assert!((FILES / 2..FILES).contains(&clients.len()), "{}", clients.len());
    clients.pop().unwrap().close(None).await;
    let again = async { while Client::try_connect(&url, &[]).await.is_err() {} };
    in_time("a place", again).await;
    signal(&gateway, Signal::INT);
    assert_eq!(end(&mut gateway).await.code(), Some(0));
}

/// A gateway whose shell has other limits than this process.
fn after_ulimit(limits: &str) -> Command {
    let as_usual = gateway(&["--template", "tests/templates/no_default.yaml", "--port", "0"]);
    let mut from_a_shell = Command::new("sh");
    from_a_shell
        .args(["-c", &format!(r#"ulimit {limits}; exec "$0" "$@""#)])
        .arg(as_usual.as_std().get_program())
        .args(as_usual.as_std().get_args())
        .current_dir(root())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    from_a_shell
}

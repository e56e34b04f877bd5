//! Functions in other languages, with real clients. What is left out because a language is missing is said aloud.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use websocket_gateway::{Gateway, Options};

use rustix::process::Signal;

use crate::support::{Client, OwnProject, end, gateway, in_time, serving, signal};

/// A chat of one: `$default` answers in Node.js, `python` in Python, `elsewhere` in a language that the gateway does not have.
const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 29 } }
Resources:
  Ws:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.action
      Routes:
        $default: { FunctionArn: !GetAtt Node.Arn, RouteResponseSelectionExpression: $default }
        python: { FunctionArn: !GetAtt Python.Arn, RouteResponseSelectionExpression: $default }
        elsewhere: { FunctionArn: !GetAtt Java.Arn, RouteResponseSelectionExpression: $default }
        also: { FunctionArn: !GetAtt Ruby.Arn, RouteResponseSelectionExpression: $default }
  WsDefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsDefaultRoute, RouteResponseKey: $default }
  WsPythonRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsPythonRoute, RouteResponseKey: $default }
  Node: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22.x, Handler: app.handler, CodeUri: node } }
  Python: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.13, Handler: app.handler, CodeUri: python } }
  Java: { Type: AWS::Serverless::Function, Properties: { Runtime: java21, Handler: app, CodeUri: java } }
  Ruby: { Type: AWS::Serverless::Function, Properties: { Runtime: ruby3.4, Handler: app, CodeUri: ruby } }
";

fn node(answer: &str) -> String {
    format!("exports.handler = async () => ({{ statusCode: 200, body: JSON.stringify('{answer}') }});\n")
}

fn python(answer: &str) -> String {
    format!("def handler(event, context):\n    return {{'statusCode': 200, 'body': '{answer}'}}\n")
}

fn project(test: &str) -> OwnProject {
    let project = OwnProject::new(test);
    project.write("template.yaml", TEMPLATE);
    project.write("node/app.js", &node("hello client, I am the $default route!"));
    project.write("python/app.py", &python("hello from Python"));
    project
}

pub(super) fn has(language: &str) -> bool {
    let found = Command::new(language).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("left out: {language} is not on PATH");
    }
    found
}

pub(super) async fn start(project: &OwnProject) -> Gateway {
    let options = Options::default().template(project.folder().join("template.yaml")).port(0);
    in_time("the start", Gateway::start(options)).await.unwrap()
}

pub(super) async fn ask(client: &mut Client, message: &str) -> String {
    client.send(message).await;
    client.hear().await
}

const PYTHON: &str = r#"{"action":"python"}"#;

#[tokio::test]
async fn functions_that_can_run_do_and_a_save_runs_the_new_code() {
    let project = project("languages");
    let gateway = start(&project).await;
    let mut client = Client::connect(&gateway, "").await;
    if has("node") {
        assert_eq!(ask(&mut client, "hi").await, "\"hello client, I am the $default route!\"");
        project.write("node/app.js", &node("two, or more"));
        assert_eq!(in_time("the reload", gateway.reload()).await.unwrap().functions, ["Node"]);
        assert_eq!(ask(&mut client, "hi").await, "\"two, or more\"");
    }
    if has("python3") {
        assert_eq!(ask(&mut client, PYTHON).await, "hello from Python");
        project.write("python/lib/other.py", "");
        project.write("python/app.py", &python("two, or more"));
        assert_eq!(in_time("the reload", gateway.reload()).await.unwrap().functions, ["Python"]);
        assert_eq!(ask(&mut client, PYTHON).await, "two, or more");
    }
    let error = ask(&mut client, r#"{"action":"elsewhere"}"#).await;
    assert!(error.contains("Internal server error"), "{error}");
    assert_eq!(in_time("the reload", gateway.reload()).await.unwrap().functions, [""; 0]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_saved_file_is_noticed_and_packages_are_not_watched() {
    if !has("node") {
        return;
    }
    let project = project("languages_watched");
    let gateway = start(&project).await;
    let mut changes = gateway.changes(std::time::SystemTime::now()).await.unwrap();
    project.write("node/node_modules/package/index.js", "");
    project.write("node/log.txt", "");
    project.write("node/lib/text.mjs", "export default 1;");
    let changed = in_time("a change", changes.next()).await.unwrap().unwrap();
    assert!(changed.starts_with(project.folder().canonicalize().unwrap().join("node/lib")), "{}", changed.display());
    gateway.stop().await;
}

#[tokio::test]
async fn what_can_not_run_is_said_once() {
    let project = project("languages_elsewhere");
    let template = project.folder().join("template.yaml");
    let template = template.to_str().unwrap();
    let output = |arguments: &[&str]| {
        let arguments = [arguments, &["--template", template]].concat();
        let command = gateway(&arguments).kill_on_drop(true).output();
        async { String::from_utf8(in_time("the end", command).await.unwrap().stderr).unwrap() }
    };
    project.write("event.json", "{}");
    let event = project.folder().join("event.json");
    let stderr = output(&["invoke", "Java", event.to_str().unwrap()]).await;
    let line = "functions that can't be started here: `Java` (its runtime is `java21`), `Ruby` (its runtime is `ruby3.4`); start them";
    assert_eq!(stderr.matches(line).count(), 1, "{stderr}");
    assert_eq!(stderr.matches("--lambda-endpoint URL").count(), 1, "{stderr}");

    let stderr = output(&["env"]).await;
    assert!(!stderr.contains("can't be started here"), "{stderr}");
}

#[tokio::test]
async fn an_interpreter_that_is_missing_or_too_old_is_named() {
    let project = project("languages_missing");
    project.write("event.json", "{}");
    let (template, event) = (project.folder().join("template.yaml"), project.folder().join("event.json"));
    let invoke = |function: &str| {
        let arguments = ["invoke", function, event.to_str().unwrap(), "--template", template.to_str().unwrap()];
        let command = gateway(&arguments).env("PATH", project.folder().join("bin")).output();
        async { String::from_utf8(in_time("the end", command).await.unwrap().stderr).unwrap() }
    };
    let line = "`Node` can't be started here: `node` is not on PATH; install Node.js 22 (https://nodejs.org)";
    let stderr = invoke("Node").await;
    assert!(stderr.contains(line), "{stderr}");
    let stderr = invoke("Python").await;
    assert!(stderr.contains("`python3` is not on PATH; install Python 3.13"), "{stderr}");

    project.write("bin/node", "#!/bin/sh\necho /old/node\necho 14.21.3\n");
    std::fs::set_permissions(project.folder().join("bin/node"), PermissionsExt::from_mode(0o755)).unwrap();
    let stderr = invoke("Node").await;
    assert!(stderr.contains("/old/node is Node.js 14.21.3; install 16 or newer, best 22"), "{stderr}");
}

#[tokio::test]
async fn packages_that_are_not_installed_are_said_with_the_command() {
    if !has("python3") {
        return;
    }
    let project = project("languages_requirements");
    project.write("event.json", "{}");
    project.write("python/requirements.txt", "none-such-package>=1  # never\n");
    let (template, event) = (project.folder().join("template.yaml"), project.folder().join("event.json"));
    let arguments = ["invoke", "Python", event.to_str().unwrap(), "--template", template.to_str().unwrap()];
    let output = in_time("the end", gateway(&arguments).output()).await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let file = project.folder().canonicalize().unwrap().join("python/requirements.txt");
    let (before, after) =
        stderr.split_once("requirements.txt are not installed, `none-such-package`: run `").expect(&stderr);
    assert!(before.contains("packages of "), "{stderr}");
    assert!(after.lines().next().unwrap().ends_with(&format!("pip install -r {}`", file.display())), "{stderr}");
}

/// What `sam build` writes: the same template with other folders, and the code beside it.
#[tokio::test]
async fn the_output_of_sam_build_is_served_as_it_stands() {
    if !has("node") {
        return;
    }
    let project = OwnProject::new("languages_sam_build");
    let esbuild = "Node:\n    Metadata: { BuildMethod: esbuild, SamResourceId: Node }\n    Type:";
    let template = TEMPLATE.replace("Node: { Type:", "Node_: { Type:");
    let node_function = "\n    Properties: { Runtime: nodejs22.x, Handler: app.handler, CodeUri: Node }\n";
    project.write(
        ".aws-sam/build/template.yaml",
        &format!("{template}  {esbuild} AWS::Serverless::Function{node_function}"),
    );
    project.write(".aws-sam/build/Node/app.js", &node("built"));
    let options = Options::default().template(project.folder().join(".aws-sam/build/template.yaml")).port(0);
    let gateway = in_time("the start", Gateway::start(options)).await.unwrap();
    let mut client = Client::connect(&gateway, "").await;
    assert_eq!(ask(&mut client, "hi").await, "\"built\"");
    gateway.stop().await;
}

/// A machine with the program from a Python or npm package may have no Rust.
#[tokio::test]
async fn without_cargo_functions_in_other_languages_are_served_and_reloaded() {
    if !has("node") {
        return;
    }
    let project = project("no_cargo");
    let rust = "Runtime: provided.al2023, Handler: bootstrap, CodeUri: rust";
    project.write("template.yaml", &TEMPLATE.replace("Runtime: java21, Handler: app, CodeUri: java", rust));
    project.write("rust/Cargo.toml", "[package]\nname = 'rust'\n");
    let mut program = gateway(&["--port", "0"]);
    // Nobody reads its log here, and a reload would wait for a reader.
    program.current_dir(project.folder()).env("CARGO", "/nowhere/cargo").stderr(Stdio::null());
    let (mut running, url) = serving(&mut program).await;
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    assert_eq!(ask(&mut client, "hi").await, "\"hello client, I am the $default route!\"");
    project.write("node/app.js", &node("new"));
    in_time("the new code", async { while ask(&mut client, "hi").await != "\"new\"" {} }).await;
    let error = ask(&mut client, r#"{"action":"elsewhere"}"#).await;
    assert!(error.contains("Internal server error"), "{error}");
    signal(&running, Signal::INT);
    assert_eq!(end(&mut running).await.code(), Some(0));
}

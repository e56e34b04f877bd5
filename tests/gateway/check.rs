//! `check`: what it prints, and its exit codes.

use std::path::Path;

use serde_json::Value;

use crate::support::{gateway, in_time, root};

/// Runs it to its end: the exit code, standard output and standard error.
async fn check(arguments: &[&str]) -> (i32, String, String) {
    let output = in_time("the end of the check", gateway(&[&["check"], arguments].concat()).output()).await.unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().unwrap(), out, err)
}

const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: chat, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref Api, StageName: prod, AutoDeploy: true }
  Send:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: send, Target: !Sub 'integrations/${Integration}' }
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
  Function:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, Handler: bootstrap, CodeUri: . }
";

fn write(name: &str, text: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checked_templates");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_finding_has_its_place_the_line_what_happens_and_what_to_write() {
    let file = write("warning.yaml", TEMPLATE);
    let (code, out, err) = check(&["--template", &file]).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for words in [
        "warning[missing-permission]",
        "warning.yaml:11:46]",
        "Properties: { ApiId: !Ref Api, RouteKey: send",
        "answered with `Internal server error`",
        "\n  FunctionApiPermission:\n    Type: AWS::Lambda::Permission\n",
        "see crates/websocket-gateway/docs/check.md#missing-permission\n",
        "1 warning\n",
    ] {
        assert!(out.contains(words), "{words} is not in:\n{out}");
    }
    // What it says to write is enough.
    let (_, mend) = out.split_once("\n  FunctionApiPermission:").unwrap();
    let (mend, _) = mend.split_once("\n\n").unwrap();
    let file = write("mended.yaml", &format!("{TEMPLATE}  FunctionApiPermission:{mend}\n"));
    let (code, out, _) = check(&["--template", &file, "--strict"]).await;
    assert_eq!((code, out.as_str()), (0, "Nothing to mend\n"));
}

#[tokio::test]
async fn errors_are_1_warnings_only_if_they_count_and_what_can_not_be_read_is_2() {
    let warning = write("counts.yaml", TEMPLATE);
    let error = write(
        "error.yaml",
        &TEMPLATE.replace("IntegrationType: AWS_PROXY", "IntegrationType: AWS_PROXY\n      TimeoutInMillis: 1"),
    );
    let broken = write("broken.yaml", "Resources: [");
    for (arguments, expected) in [
        (&["--template", &warning][..], 0),
        (&["--template", &warning, "--strict"], 1),
        (&["--template", &error], 1),
        (&["--template", &broken], 2),
        (&["--template", "no such file"], 2),
        (&["--port", "1"], 2),
    ] {
        let (code, out, err) = check(arguments).await;
        assert_eq!(code, expected, "{arguments:?}: {out}{err}");
        assert_eq!(code == 2, !err.is_empty(), "{arguments:?}: {err}");
    }
}

#[tokio::test]
async fn json_is_one_line_for_each_finding() {
    let text = TEMPLATE.replace("RouteKey: send", "RouteKey: GET /x").replace(", AutoDeploy: true", "");
    let file = write("json.yaml", &text);
    let (code, out, _) = check(&["--template", &file, "--json"]).await;
    assert_eq!(code, 0, "{out}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<_> =
        lines.iter().map(|line| (line["rule"].as_str().unwrap(), line["line"].as_u64().unwrap())).collect();
    assert_eq!(found, [("stage-without-deployment", 6), ("missing-permission", 11), ("http-route-key", 11)], "{out}");
    assert_eq!(lines[0]["severity"], "warning");
    assert_eq!(lines[0]["file"], file.as_str());
    assert_eq!(lines[0]["column"], 3);
    assert_eq!(lines[0]["mend"], "      AutoDeploy: true\n");
    assert!(
        lines.iter().all(|line| line["guide"].as_str().unwrap().ends_with(line["rule"].as_str().unwrap())),
        "{out}"
    );
}

#[tokio::test]
async fn the_start_tells_the_same_and_refuses_what_aws_refuses() {
    let text = TEMPLATE.replace("IntegrationType: AWS_PROXY", "IntegrationType: AWS_PROXY\n      TimeoutInMillis: 1");
    let text = text.replace("RouteKey: send", "RouteKey: $connect, AuthorizationType: JWT");
    let file = write("refused.yaml", &text);
    let output =
        in_time("the end of the gateway", gateway(&["--template", &file, "--port", "0"]).output()).await.unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    for rule in ["integration-timeout", "authorizer-type"] {
        assert_eq!(err.matches(rule).count(), 1, "{rule}: {err}");
    }
}

#[tokio::test]
async fn the_templates_of_this_repository_break_no_rule() {
    let mut templates = vec![
        root().join("template.yaml"),
        root().join("tests/conformance/template.yaml"),
        root().join("crates/websocket-gateway/starter/template/template.yaml"),
    ];
    let entries = std::fs::read_dir(root().join("tests/templates")).unwrap();
    templates.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
    for template in templates {
        let (code, out, err) = check(&["--strict", "--template", template.to_str().unwrap()]).await;
        assert_eq!((code, err.as_str()), (0, ""), "{}: {out}", template.display());
        assert!(out.ends_with("Nothing to mend\n"), "{}: {out}", template.display());
    }
}

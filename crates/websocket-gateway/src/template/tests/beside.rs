//! What a template has beside its WebSocket API.

use super::plain::{PLAIN, changed};
use super::*;
use crate::ids;

#[test]
fn what_does_not_run_here_is_named_once_for_each_kind() {
    let event = |kind: &str| {
        format!(
            "  Other: {{ Type: AWS::Serverless::Function, Properties: {{ Runtime: java21, Events: {{ E: {{ Type: {kind} }} }} }} }}\n"
        )
    };
    let apis = "REST APIs, HTTP APIs and function URLs are not served here: `Other`";
    let cases = [
        ("  Other: { Type: AWS::Serverless::Api }\n".to_owned(), apis),
        ("  Other: { Type: AWS::ApiGateway::RestApi }\n".to_owned(), apis),
        ("  Other: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: HTTP } }\n".to_owned(), apis),
        (
            "  Other: { Type: AWS::Serverless::Function, Properties: { Runtime: java21, FunctionUrlConfig: { AuthType: NONE } } }\n"
                .to_owned(),
            apis,
        ),
        (event("HttpApi"), apis),
        (event("Kinesis"), "streams and pipes invoke no function here: `Other`"),
        (
            "  Other: { Type: AWS::Lambda::EventSourceMapping }\n".to_owned(),
            "streams and pipes invoke no function here: `Other`",
        ),
        (event("S3"), "topics and buckets invoke no function here: `Other`"),
        (event("Schedule"), "schedules and rules invoke no function here: `Other`"),
        (
            "  Other: { Type: AWS::Serverless::Application, Properties: { Location: x } }\n".to_owned(),
            "nested stacks are not read",
        ),
    ];
    for (resource, message) in cases {
        let text = PLAIN.to_owned() + &resource;
        assert_warns(&text, &load_text(&text).unwrap().warnings, "Other:", message, "");
    }
    let two = PLAIN.to_owned() + &event("Api") + "  Rest: { Type: AWS::Serverless::Api }\n";
    assert_warns(&two, &load_text(&two).unwrap().warnings, "Other:", ": `Other`, `Rest`", "sam local start-api");
    let off = PLAIN.to_owned()
        + "  Rest: { Type: AWS::Serverless::Api, Condition: Never }\nConditions: { Never: !Equals [a, b] }\n";
    assert!(load_text(&off).unwrap().warnings.is_empty());
}

#[test]
fn an_http_api_beside_the_websocket_api_is_left_alone() {
    let text = changed("'${Api.ApiEndpoint}/dev'", "'${HttpApi.ApiEndpoint}'")
        + "  HttpApi: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: pages, ProtocolType: HTTP } }
  HttpRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref HttpApi, RouteKey: GET /, AuthorizationType: JWT } }\n";
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert_eq!((api.logical_id.as_str(), api.routes.len(), warnings.len()), ("Api", 2, 1));
    assert!(api.functions["Function"].environment["URL"].starts_with("https://"));
}

#[test]
fn the_nested_stack_that_has_the_api_is_named() {
    let directory = std::env::temp_dir().join(format!("websocket-gateway.{}", ids::uuid()));
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("ws.yaml"), PLAIN).unwrap();
    let main = directory.join("template.yaml");
    let text = "Resources:\n  Sockets: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ws.yaml } }\n";
    let error = read(&main, text, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("no WebSocket API itself, but this nested stack has one"), "{error}");
    let help = error.help().unwrap().to_string();
    assert!(help.starts_with("serve it with --template ") && help.ends_with("ws.yaml"), "{help}");
    let error = read(&main, &text.replace("ws.yaml", "other.yaml"), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("the template has no WebSocket API"), "{error}");
    std::fs::remove_dir_all(&directory).unwrap();
}

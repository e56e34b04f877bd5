//! What functions that are not in Rust call on AWS reaches the gateway, by every name that code has for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::languages::{ask, has, start};
use crate::support::{Client, OwnProject, options, probe, raw};

const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30 } }
Resources:
  Ws:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.action
      Routes:
        node: { FunctionArn: !GetAtt Node.Arn, RouteResponseSelectionExpression: $default }
        python: { FunctionArn: !GetAtt Python.Arn, RouteResponseSelectionExpression: $default }
        executable: { FunctionArn: !GetAtt Executable.Arn, RouteResponseSelectionExpression: $default }
        boto3: { FunctionArn: !GetAtt Boto.Arn, RouteResponseSelectionExpression: $default }
  NodeResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsNodeRoute, RouteResponseKey: $default }
  PythonResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsPythonRoute, RouteResponseKey: $default }
  ExecutableResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsExecutableRoute, RouteResponseKey: $default }
  BotoResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsBoto3Route, RouteResponseKey: $default }
  Node: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22.x, Handler: app.handler, CodeUri: node } }
  Python: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.13, Handler: app.handler, CodeUri: python } }
  Executable: { Type: AWS::Serverless::Function, Properties: { Runtime: provided.al2023, Handler: app, CodeUri: executable } }
  Boto:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: boto.handler
      CodeUri: python
      Policies: [AmazonAPIGatewayInvokeFullAccess, AmazonDynamoDBFullAccess, LambdaInvokePolicy: { FunctionName: !Ref PythonHelper }]
  NodeHelper:
    Type: AWS::Serverless::Function
    Properties: { Runtime: nodejs22.x, Handler: index.handler, InlineCode: 'exports.handler = async () => \"helped\";' }
  PythonHelper:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.13, Handler: index.handler, InlineCode: 'def handler(event, context): return \"helped\"' }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: connections
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
";

/// Calls a URL with names from the event in it, and answers with what it gets.
const NODE: &str = r"
const https = require('node:https');
exports.handler = async ({ body, requestContext }) => {
    const { to, headers, say } = JSON.parse(body);
    const url = to.replace(/{(\w+)}/g, (_, name) => requestContext[name]);
    const answer = await new Promise((resolve, reject) => {
        https.request(url, { method: 'POST', headers }, resolve).on('error', reject).end(say);
    });
    let text = '';
    for await (const chunk of answer) text += chunk;
    return { statusCode: 200, body: `${answer.statusCode} ${text}` };
};
";

const PYTHON: &str = r#"
import json, re, urllib.request
def handler(event, context):
    message = json.loads(event["body"])
    url = re.sub(r"{(\w+)}", lambda found: event["requestContext"][found[1]], message["to"])
    request = urllib.request.Request(url, message["say"].encode(), message["headers"])
    with urllib.request.urlopen(request) as answer:
        return {"statusCode": 200, "body": f"{answer.status} {answer.read().decode()}"}
"#;

/// What follows [`PYTHON`] in an executable, which the handler names, as Go's does. It reads no variable of the gateway's, and `HTTPS_PROXY` as many programs do.
const RUNTIME_CLIENT: &str = r#"
import os
API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(API + "next") as answer:
        id, event = answer.headers["lambda-runtime-aws-request-id"], json.load(answer)
    urllib.request.urlopen(API + id + "/response", json.dumps(handler(event, None)).encode())
"#;

/// AWS's own client, which finds the services by variables, and the gateway by the event.
const BOTO: &str = r#"
import boto3
table = boto3.resource("dynamodb").Table("connections")
def handler(event, context):
    context = event["requestContext"]
    endpoint = "https://" + context["domainName"] + "/" + context["stage"]
    gateway = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
    table.put_item(Item={"id": context["connectionId"]})
    for item in table.scan()["Items"]:
        gateway.post_to_connection(ConnectionId=item["id"], Data=b"posted")
    functions = boto3.client("lambda")
    helped = functions.invoke(FunctionName="PythonHelper", Payload=b"{}")["Payload"].read().decode()
    try:
        functions.invoke(FunctionName="NodeHelper", Qualifier="live", Payload=b"{}")
    except functions.exceptions.ClientError as error:
        return {"statusCode": 200, "body": f"{helped} {error}"}
"#;

/// With a person's own keys, which the gateway can't check. DynamoDB answers nobody who does not sign.
fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=own/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=0"
    )
}

fn project(test: &str) -> OwnProject {
    let project = OwnProject::new(test);
    project.write("template.yaml", TEMPLATE);
    project.write("node/app.js", NODE);
    project.write("python/app.py", PYTHON);
    project.write("python/boto.py", BOTO);
    project.write("executable/app", &format!("#!/usr/bin/env python3\n{PYTHON}{RUNTIME_CLIENT}"));
    fs::set_permissions(project.folder().join("executable/app"), PermissionsExt::from_mode(0o755)).unwrap();
    project
}

#[tokio::test]
async fn a_call_of_aws_is_led_here_whatever_it_is_built_from() {
    let project = project("posting_home");
    let gateway = start(&project).await;
    let region = &gateway.api().account.region;
    let post = |host: &str| (format!("https://{host}/{{stage}}/@connections/{{connectionId}}"), json!({}), "posted");
    let list_tables = json!({ "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0", "x-amz-date": "20260101T000000Z", "authorization": signed("dynamodb") });
    let list_queues = json!({ "x-amz-target": "AmazonSQS.ListQueues", "content-type": "application/x-amz-json-1.0", "x-amz-date": "20260101T000000Z", "authorization": signed("sqs") });
    for (language, program, helper) in [
        ("node", "node", "NodeHelper"),
        ("python", "python3", "PythonHelper"),
        ("executable", "python3", "PythonHelper"),
    ] {
        if !has(program) {
            continue;
        }
        let invoke = format!("https://lambda.{region}.amazonaws.com/2015-03-31/functions/{helper}/invocations");
        for ((to, headers, say), heard) in [
            (post("{domainName}"), vec!["posted", "200 "]),
            (post(&format!("{{apiId}}.execute-api.{region}.amazonaws.com")), vec!["posted", "200 "]),
            (
                (format!("https://dynamodb.{region}.amazonaws.com/"), list_tables.clone(), "{}"),
                vec![r#"200 {"TableNames":["connections"]}"#],
            ),
            ((format!("https://sqs.{region}.amazonaws.com/"), list_queues.clone(), "{}"), vec!["200 {}"]),
            ((invoke, json!({}), "{}"), vec![r#"200 "helped""#]),
        ] {
            let mut client = Client::connect(&gateway, "").await;
            client.send(json!({ "action": language, "to": to, "headers": headers, "say": say }).to_string()).await;
            for expected in heard {
                assert_eq!(client.hear().await, expected, "{language}: {to}");
            }
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_proxy_of_executables_is_nobody_elses() {
    let gateway = probe().await;
    let address = gateway.lambda_url().trim_start_matches("http://").to_owned();
    for authorization in ["", "proxy-authorization: Basic ZnVuY3Rpb246eA==\r\n"] {
        let request = format!("CONNECT {address} HTTP/1.1\r\nhost: {address}\r\n{authorization}\r\n");
        let (status, head) = raw(&address, &request).await;
        assert!(status == 407 && head.contains("\r\nproxy-authenticate: basic\r\n"), "{head}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn boto3_finds_the_clients_the_tables_and_the_other_functions() {
    let boto3 = std::process::Command::new("python3").args(["-c", "import boto3"]).output();
    if !boto3.is_ok_and(|output| output.status.success()) {
        eprintln!("left out: boto3 is not installed for python3");
        return;
    }
    let project = project("posting_home_boto3");
    for strict in [false, true] {
        let template = project.folder().join("template.yaml");
        let gateway = crate::support::start(options(template.to_str().unwrap()).strict(strict)).await;
        let mut client = Client::connect(&gateway, "").await;
        assert_eq!(ask(&mut client, r#"{"action":"boto3"}"#).await, "posted");
        let heard = client.hear().await;
        let denied = r#""helped" An error occurred (AccessDeniedException) when calling the Invoke operation: User: arn:aws:sts::123456789012:assumed-role/"#;
        let why = "-NodeHelper:live because no identity-based policy allows the lambda:InvokeFunction action";
        assert!(heard.starts_with(denied) && heard.ends_with(why), "{heard}");
        gateway.stop().await;
    }
}

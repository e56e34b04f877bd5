//! The handlers with which people answer "how does a Lambda function reply to a WebSocket client?", as they are.

use super::languages::{ask, has, start};
use crate::support::{Client, OwnProject, root};

const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30, Runtime: nodejs22.x, CodeUri: src, Policies: AmazonAPIGatewayInvokeFullAccess } }
Resources:
  Ws:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.action
      Routes:
        $default: { FunctionArn: !GetAtt Returns.Arn, RouteResponseSelectionExpression: $default }
        callback: { FunctionArn: !GetAtt CallsBack.Arn, RouteResponseSelectionExpression: $default }
        post: { FunctionArn: !GetAtt Posts.Arn }
  DefaultResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsDefaultRoute, RouteResponseKey: $default }
  CallbackResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsCallbackRoute, RouteResponseKey: $default }
  Returns: { Type: AWS::Serverless::Function, Properties: { Handler: returns.handler } }
  CallsBack: { Type: AWS::Serverless::Function, Properties: { Handler: callback.handler } }
  Posts: { Type: AWS::Serverless::Function, Properties: { Handler: posts.handler, Layers: [!Ref Sdk] } }
  Sdk: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: SDK } }
";

const RETURNS: &str = r"
exports.handler = async (event) => {
    const response = {
        statusCode: 200,
        body: JSON.stringify('hello client, I am the $default route!'),
    };
    return response;
};
";

/// It does not return after its first answer, so it answers twice. Only the first counts.
const CALLS_BACK: &str = r"
exports.handler = function (event, context, callback) {
    const { name } = JSON.parse(event.body);
    if (!name) callback(null, { statusCode: 400, body: 'who are you?' });
    setTimeout(() => callback(null, { statusCode: 200, body: 'hello ' + name }), 10);
};
";

const POSTS: &str = r"
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require('@aws-sdk/client-apigatewaymanagementapi');
exports.handler = async (event) => {
    const { domainName, stage, connectionId } = event.requestContext;
    const client = new ApiGatewayManagementApiClient({ endpoint: 'https://' + domainName + '/' + stage });
    await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'hello client, I am a post!' }));
    return { statusCode: 200 };
};
";

fn project(test: &str, sdk: &str) -> OwnProject {
    let project = OwnProject::new(test);
    project.write("template.yaml", &TEMPLATE.replace("SDK", sdk));
    project.write("src/returns.js", RETURNS);
    project.write("src/callback.js", CALLS_BACK);
    project.write("src/posts.js", POSTS);
    project
}

#[tokio::test]
async fn what_a_handler_returns_or_calls_back_with_is_the_reply() {
    if !has("node") {
        return;
    }
    let project = project("classics", "none");
    let gateway = start(&project).await;
    let mut client = Client::connect(&gateway, "").await;
    assert_eq!(ask(&mut client, "hello").await, r#""hello client, I am the $default route!""#);
    assert_eq!(ask(&mut client, r#"{"action":"callback"}"#).await, "who are you?");
    assert_eq!(ask(&mut client, r#"{"action":"callback","name":"Ada"}"#).await, "hello Ada");
    gateway.stop().await;
}

/// The package is where `.ci/run` puts it.
#[tokio::test]
async fn a_handler_posts_with_the_sdk_to_the_domain_name_and_returns_a_status() {
    let layer = root().join("target/npm");
    if !layer.join("nodejs/node_modules/@aws-sdk/client-apigatewaymanagementapi").is_dir() {
        eprintln!("left out: run `npm install --prefix target/npm/nodejs @aws-sdk/client-apigatewaymanagementapi`");
        return;
    }
    let project = project("classics_sdk", layer.canonicalize().unwrap().to_str().unwrap());
    let gateway = start(&project).await;
    let mut client = Client::connect(&gateway, "").await;
    assert_eq!(ask(&mut client, r#"{"action":"post"}"#).await, "hello client, I am a post!");
    // Nothing else comes: the route is one-way.
    assert_eq!(ask(&mut client, "hello").await, r#""hello client, I am the $default route!""#);
    gateway.stop().await;
}

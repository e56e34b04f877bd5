//! JSON in the form that `serverless package` writes.

use super::*;

const PACKAGED: &str = r#"{
 "Resources": {
  "ServerlessDeploymentBucket": { "Type": "AWS::S3::Bucket" },
  "EchoLambdaFunction": {
   "Type": "AWS::Lambda::Function",
   "Properties": {
    "Code": { "S3Bucket": { "Ref": "ServerlessDeploymentBucket" }, "S3Key": "serverless/chat/dev/1762426800123/chat.zip" },
    "Handler": "bootstrap",
    "Runtime": "provided.al2023",
    "FunctionName": "chat-dev-echo",
    "Timeout": 6,
    "Role": { "Fn::GetAtt": ["IamRoleLambdaExecution", "Arn"] }
   }
  },
  "IamRoleLambdaExecution": {
   "Type": "AWS::IAM::Role",
   "Properties": { "RoleName": { "Fn::Join": ["-", ["chat", "dev", { "Ref": "AWS::Region" }, "lambdaRole"]] } }
  },
  "WebsocketsApi": {
   "Type": "AWS::ApiGatewayV2::Api",
   "Properties": { "Name": "dev-chat-websockets", "RouteSelectionExpression": "$request.body.action", "ProtocolType": "WEBSOCKET" }
  },
  "EchoWebsocketsIntegration": {
   "Type": "AWS::ApiGatewayV2::Integration",
   "Properties": {
    "ApiId": { "Ref": "WebsocketsApi" },
    "IntegrationType": "AWS_PROXY",
    "IntegrationUri": { "Fn::Join": ["", [
     "arn:", { "Ref": "AWS::Partition" }, ":apigateway:", { "Ref": "AWS::Region" }, ":lambda:path/2015-03-31/functions/",
     { "Fn::GetAtt": ["EchoLambdaFunction", "Arn"] }, "/invocations"
    ]] }
   }
  },
  "EchoLambdaPermissionWebsockets": {
   "Type": "AWS::Lambda::Permission",
   "DependsOn": ["WebsocketsApi", "EchoLambdaFunction"],
   "Properties": {
    "FunctionName": { "Fn::GetAtt": ["EchoLambdaFunction", "Arn"] },
    "Action": "lambda:InvokeFunction",
    "Principal": "apigateway.amazonaws.com"
   }
  },
  "SconnectWebsocketsRoute": {
   "Type": "AWS::ApiGatewayV2::Route",
   "Properties": {
    "ApiId": { "Ref": "WebsocketsApi" },
    "RouteKey": "$connect",
    "AuthorizationType": "NONE",
    "Target": { "Fn::Join": ["/", ["integrations", { "Ref": "EchoWebsocketsIntegration" }]] }
   },
   "DependsOn": "EchoWebsocketsIntegration"
  },
  "WebsocketsDeploymentStage": {
   "Type": "AWS::ApiGatewayV2::Stage",
   "Properties": { "ApiId": { "Ref": "WebsocketsApi" }, "StageName": "dev", "DeploymentId": { "Ref": "WebsocketsDeploymentA1" } }
  },
  "WebsocketsDeploymentA1": {
   "Type": "AWS::ApiGatewayV2::Deployment",
   "DependsOn": ["SconnectWebsocketsRoute"],
   "Properties": { "ApiId": { "Ref": "WebsocketsApi" } }
  }
 }
}
"#;

#[test]
fn its_api_is_served_and_its_code_runs_elsewhere() {
    let Loaded { api, .. } = load_text(PACKAGED).unwrap();
    assert_eq!((api.stage.name.as_str(), api.routes["$connect"].function.as_str()), ("dev", "EchoLambdaFunction"));
    let function = &api.functions["EchoLambdaFunction"];
    assert_eq!(function.name, "chat-dev-echo");
    assert_eq!(function.code, Code::NotHere { why: "its code is in S3".to_owned() });
}

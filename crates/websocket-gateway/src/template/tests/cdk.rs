//! JSON in the form that `cdk synth` writes.

use super::*;
use crate::api::Place;

const SYNTH: &str = r#"{
 "Resources": {
  "Connections0A1B2C3D": {
   "Type": "AWS::DynamoDB::Table",
   "Properties": {
    "AttributeDefinitions": [{ "AttributeName": "connectionId", "AttributeType": "S" }],
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{ "AttributeName": "connectionId", "KeyType": "HASH" }]
   },
   "UpdateReplacePolicy": "Retain",
   "DeletionPolicy": "Retain",
   "Metadata": { "aws:cdk:path": "Chat/Connections/Resource" }
  },
  "HandlerServiceRole11AA22BB": {
   "Type": "AWS::IAM::Role",
   "Properties": {
    "ManagedPolicyArns": [{ "Fn::Join": ["", ["arn:", { "Ref": "AWS::Partition" }, ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]] }]
   }
  },
  "Handler886CB40B": {
   "Type": "AWS::Lambda::Function",
   "Properties": {
    "Code": {
     "S3Bucket": { "Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}" },
     "S3Key": "0123456789abcdef.zip"
    },
    "Environment": { "Variables": { "TABLE_NAME": { "Ref": "Connections0A1B2C3D" } } },
    "Handler": "bootstrap",
    "Role": { "Fn::GetAtt": ["HandlerServiceRole11AA22BB", "Arn"] },
    "Runtime": "provided.al2023"
   },
   "DependsOn": ["HandlerServiceRole11AA22BB"],
   "Metadata": {
    "aws:cdk:path": "Chat/Handler/Resource",
    "aws:asset:path": "../crates/routes",
    "aws:asset:is-bundled": false,
    "aws:asset:property": "Code"
   }
  },
  "Api1A2B3C4D": {
   "Type": "AWS::ApiGatewayV2::Api",
   "Properties": { "Name": "Api", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action" }
  },
  "ApiconnectRoute5E6F": {
   "Type": "AWS::ApiGatewayV2::Route",
   "Properties": {
    "ApiId": { "Ref": "Api1A2B3C4D" },
    "AuthorizationType": "NONE",
    "RouteKey": "$connect",
    "Target": { "Fn::Join": ["", ["integrations/", { "Ref": "ApiconnectRouteIntegration7A8B" }]] }
   }
  },
  "ApiconnectRouteIntegration7A8B": {
   "Type": "AWS::ApiGatewayV2::Integration",
   "Properties": {
    "ApiId": { "Ref": "Api1A2B3C4D" },
    "IntegrationType": "AWS_PROXY",
    "IntegrationUri": { "Fn::Join": ["", [
     "arn:", { "Ref": "AWS::Partition" }, ":apigateway:", { "Ref": "AWS::Region" }, ":lambda:path/2015-03-31/functions/",
     { "Fn::GetAtt": ["Handler886CB40B", "Arn"] }, "/invocations"
    ]] }
   }
  },
  "ApiconnectRouteIntegrationPermission9C0D": {
   "Type": "AWS::Lambda::Permission",
   "Properties": {
    "Action": "lambda:InvokeFunction",
    "FunctionName": { "Fn::GetAtt": ["Handler886CB40B", "Arn"] },
    "Principal": "apigateway.amazonaws.com",
    "SourceArn": { "Fn::Join": ["", [
     "arn:", { "Ref": "AWS::Partition" }, ":execute-api:", { "Ref": "AWS::Region" }, ":", { "Ref": "AWS::AccountId" }, ":",
     { "Ref": "Api1A2B3C4D" }, "/*$connect"
    ]] }
   }
  },
  "StageE1F2": {
   "Type": "AWS::ApiGatewayV2::Stage",
   "Properties": { "ApiId": { "Ref": "Api1A2B3C4D" }, "AutoDeploy": true, "StageName": "prod" }
  },
  "CDKMetadata": {
   "Type": "AWS::CDK::Metadata",
   "Properties": { "Analytics": "v2:deflate64:H4sI" },
   "Condition": "CDKMetadataAvailable"
  }
 },
 "Conditions": {
  "CDKMetadataAvailable": { "Fn::Or": [
   { "Fn::Equals": [{ "Ref": "AWS::Region" }, "af-south-1"] },
   { "Fn::Or": [{ "Fn::Equals": [{ "Ref": "AWS::Region" }, "us-east-1"] }, { "Fn::Equals": [{ "Ref": "AWS::Region" }, "us-east-2"] }] }
  ] }
 },
 "Parameters": {
  "BootstrapVersion": {
   "Type": "AWS::SSM::Parameter::Value<String>",
   "Default": "/cdk-bootstrap/hnb659fds/version",
   "Description": "Version of the CDK Bootstrap resources in this environment. [cdk:skip]"
  }
 },
 "Rules": {
  "CheckBootstrapVersion": {
   "Assertions": [{
    "Assert": { "Fn::Not": [{ "Fn::Contains": [["1", "2", "3"], { "Ref": "BootstrapVersion" }] }] },
    "AssertDescription": "CDK bootstrap stack version 6 required."
   }]
  }
 }
}
"#;

#[test]
fn assets_are_the_code_of_functions() {
    let Loaded { api, warnings, .. } = load_text(SYNTH).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((api.logical_id.as_str(), api.stage.name.as_str()), ("Api1A2B3C4D", "prod"));
    assert_eq!(api.routes["$connect"].function, "Handler886CB40B");
    let function = &api.functions["Handler886CB40B"];
    assert_eq!(function.code, cargo("../crates/routes", None));
    assert_eq!(function.environment["TABLE_NAME"], "chat-Connections0A1B2C3D");
    assert_eq!(api.tables.len(), 1);
}

#[test]
fn an_asset_that_is_a_build_output_runs_as_it_is() {
    let text = SYNTH
        .replace("\"aws:asset:is-bundled\": false", "\"aws:asset:is-bundled\": true")
        .replace("provided.al2023", "nodejs22.x");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let Code::Files(files) = &api.functions["Handler886CB40B"].code else { panic!() };
    assert_eq!(files.place, Place::Directory("/nowhere/chat/../crates/routes".into()));
}

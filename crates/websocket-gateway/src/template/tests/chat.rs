//! A chat in the style of CloudFormation templates for Node.js.

use super::*;

const CHAT: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  TableName: { Type: String, Default: connections, MinLength: 3, MaxLength: 50, AllowedPattern: '^[A-Za-z_]+$' }
Resources:
  ChatApi:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: Chat, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.message }
  ConnectRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref ChatApi
      RouteKey: $connect
      AuthorizationType: NONE
      OperationName: ConnectRoute
      Target: !Join ['/', [integrations, !Ref ConnectInteg]]
  ConnectInteg:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref ChatApi
      IntegrationType: AWS_PROXY
      IntegrationUri:
        Fn::Sub: arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${OnConnectFunction.Arn}/invocations
  DisconnectRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref ChatApi, RouteKey: $disconnect, Target: !Join ['/', [integrations, !Ref DisconnectInteg]] }
  DisconnectInteg:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref ChatApi
      IntegrationType: AWS_PROXY
      IntegrationUri:
        Fn::Sub: arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${OnDisconnectFunction.Arn}/invocations
  SendRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref ChatApi, RouteKey: send, Target: !Join ['/', [integrations, !Ref SendInteg]] }
  SendInteg:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref ChatApi
      IntegrationType: AWS_PROXY
      IntegrationUri:
        Fn::Sub: arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${SendFunction.Arn}/invocations
  Deployment:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [ConnectRoute, SendRoute, DisconnectRoute]
    Properties: { ApiId: !Ref ChatApi }
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { StageName: Prod, Description: Prod Stage, DeploymentId: !Ref Deployment, ApiId: !Ref ChatApi }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: connectionId, AttributeType: S }]
      KeySchema: [{ AttributeName: connectionId, KeyType: HASH }]
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 }
      SSESpecification: { SSEEnabled: true }
      TableName: !Ref TableName
  OnConnectFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: onconnect/
      Handler: app.handler
      MemorySize: 256
      Runtime: nodejs20.x
      Environment: { Variables: { TABLE_NAME: !Ref TableName } }
      Policies: [{ DynamoDBCrudPolicy: { TableName: !Ref TableName } }]
  OnConnectPermission:
    Type: AWS::Lambda::Permission
    DependsOn: [ChatApi]
    Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref OnConnectFunction, Principal: apigateway.amazonaws.com }
  OnDisconnectFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: ondisconnect/, Handler: app.handler, MemorySize: 256, Runtime: nodejs20.x }
  OnDisconnectPermission:
    Type: AWS::Lambda::Permission
    Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref OnDisconnectFunction, Principal: apigateway.amazonaws.com }
  SendFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: send/
      Handler: app.handler
      Runtime: nodejs20.x
      Policies:
        - Statement: [{ Effect: Allow, Action: execute-api:ManageConnections, Resource: !Sub 'arn:aws:execute-api:*:*:${ChatApi}/*' }]
  SendPermission:
    Type: AWS::Lambda::Permission
    Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref SendFunction, Principal: apigateway.amazonaws.com }
Outputs:
  Url: { Value: !Join ['', [!Ref ChatApi, .execute-api., !Ref 'AWS::Region', .amazonaws.com/, !Ref 'Stage']] }
";

#[test]
fn it_loads_without_warnings() {
    let Loaded { api, warnings, .. } = load_text(CHAT).unwrap();
    let routes: Vec<_> = api.routes.iter().map(|(key, route)| (key.as_str(), route.function.as_str())).collect();
    assert_eq!(
        routes,
        [("$connect", "OnConnectFunction"), ("$disconnect", "OnDisconnectFunction"), ("send", "SendFunction")]
    );
    assert_eq!(api.stage.name, "Prod");
    assert_eq!(api.tables[0].create_table["TableName"], "connections");
    assert!(api.functions.values().all(|function| matches!(function.code, Code::Files(_))));
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn mistakes_that_show_only_on_aws_are_warnings() {
    let text =
        CHAT.replace("DependsOn: [ConnectRoute, SendRoute, DisconnectRoute]", "DependsOn: [ConnectRoute, SendRoute]");
    let warnings = load_text(&text).unwrap().warnings;
    assert_warns(&text, &warnings, "Deployment:", "does not depend on `DisconnectRoute`", "DisconnectRoute");
    let text = CHAT.replace("FunctionName: !Ref SendFunction", "FunctionName: !Ref OnConnectFunction");
    let warnings = load_text(&text).unwrap().warnings;
    assert_warns(&text, &warnings, "send", "lets API Gateway invoke `SendFunction`", "");
}

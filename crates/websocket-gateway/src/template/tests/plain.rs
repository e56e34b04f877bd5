//! APIs written with CloudFormation's own resources.

use super::*;

pub(super) const PLAIN: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: chat, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }
  ConnectRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: $connect, AuthorizationType: NONE, Target: !Join ['/', [integrations, !Ref ConnectIntegration]] }
  ConnectIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
  SendRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: send-message
      Target: !Sub integrations/${SendIntegration}
      RouteResponseSelectionExpression: $default
  SendRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Api, RouteId: !GetAtt SendRoute.RouteId, RouteResponseKey: $default }
  SendIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Function.Arn, TimeoutInMillis: 5000 }
  Deployment:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [ConnectRoute, SendRouteResponse]
    Properties: { ApiId: !Ref Api }
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref Api, StageName: dev, DeploymentId: !Ref Deployment, StageVariables: { level: 1 } }
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Function
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: provided.al2023
      Handler: bootstrap
      Role: !GetAtt Role.Arn
      Code: target/lambda/chat/
      Timeout: 20
      MemorySize: 512
      Environment: { Variables: { URL: !Sub '${Api.ApiEndpoint}/dev' } }
  Role: { Type: AWS::IAM::Role }
";

/// The template with `from` replaced by `to`.
pub(super) fn changed(from: &str, to: &str) -> String {
    assert_eq!(PLAIN.matches(from).count(), 1, "{from}");
    PLAIN.replace(from, to)
}

#[test]
fn routes_integrations_stage_and_functions_are_read() {
    let Loaded { api, warnings, .. } = load_text(PLAIN).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((api.logical_id.as_str(), api.stage.name.as_str()), ("Api", "dev"));
    assert_eq!(api.stage.variables["level"], "1");
    let routes: Vec<_> = api.routes.keys().map(String::as_str).collect();
    assert_eq!(routes, ["$connect", "send-message"]);
    let (connect, send) = (&api.routes["$connect"], &api.routes["send-message"]);
    assert!(send.route_response && !connect.route_response);
    assert_eq!(
        (connect.integration_timeout, send.integration_timeout),
        (Duration::from_secs(29), Duration::from_secs(5))
    );

    let function = &api.functions["Function"];
    assert_eq!((function.name.as_str(), function.memory_size), ("chat-Function", 512));
    assert_eq!((function.timeout, &function.code), (Duration::from_secs(20), &cargo("", Some("chat"))));
    assert_eq!(function.defined_at, "/nowhere/chat/template.yaml:42:3");
    let endpoint = format!("wss://{}.execute-api.us-east-1.amazonaws.com/dev", api.api_id);
    assert_eq!(function.environment["URL"], endpoint);
}

#[test]
fn the_example_s_template_means_the_same_with_plain_resources() {
    let serverless = include_str!("../../../../../template.yaml");
    let from = serverless.find("  WebSocketApi:\n").unwrap();
    // `$connect` is a plain resource in the original, too.
    let to = serverless.find("  WebSocketApiConnectRoute:\n").unwrap();
    let mut plain = serverless[..from].to_owned();
    plain += "
  WebSocketApi:
    Type: AWS::ApiGatewayV2::Api
    Properties: { ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref WebSocketApi, StageName: prod, AutoDeploy: true }
  WebSocketApiDefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref WebSocketApi, RouteId: !Ref DefaultRoute, RouteResponseKey: $default }
  WebSocketApiJoinRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref WebSocketApi, RouteId: !Ref JoinRoute, RouteResponseKey: $default }
";
    for (key, name) in [
        ("$disconnect", "Disconnect"),
        ("$default", "Default"),
        ("hello", "Hello"),
        ("join", "Join"),
        ("sendmessage", "Sendmessage"),
    ] {
        let is_two_way = ["$default", "join"].contains(&key);
        let expression = if is_two_way { "RouteResponseSelectionExpression: $default, " } else { "" };
        plain += &format!(
            "
  {name}Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ ApiId: !Ref WebSocketApi, RouteKey: {key}, {expression}Target: !Sub 'integrations/${{{name}Integration}}' }}
  {name}Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref WebSocketApi
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{name}Function.Arn}}/invocations
  {name}Permission:
    Type: AWS::Lambda::Permission
    Properties: {{ Action: lambda:InvokeFunction, FunctionName: !GetAtt {name}Function.Arn, Principal: apigateway.amazonaws.com }}
"
        );
    }
    plain += &serverless[to..];

    for parameters in [&[][..], &[("JwtSecret", "x")]] {
        let [serverless, plain] = [serverless, &plain].map(|text| {
            let Loaded { mut api, warnings, .. } = load_with(text, parameters).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            assert_eq!(api.authorizer.is_some(), !parameters.is_empty());
            api.functions.values_mut().for_each(|function| function.defined_at.clear());
            format!("{api:#?}")
        });
        assert_eq!(serverless, plain);
    }
}

#[test]
fn a_serverless_api_may_have_plain_routes_too() {
    let text = TEMPLATE.to_owned()
        + "
  DashRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref WebSocketApi, RouteKey: send-message, Target: !Sub 'integrations/${DashIntegration}' }
  DashIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref WebSocketApi, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt DefaultFunction.Arn, CredentialsArn: x }
";
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((api.routes.len(), api.routes["send-message"].function.as_str()), (4, "DefaultFunction"));
}

#[test]
fn connect_without_an_integration_is_as_if_it_were_absent() {
    let text = changed(", Target: !Join ['/', [integrations, !Ref ConnectIntegration]]", "");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(warnings.is_empty() && !api.routes.contains_key("$connect"), "{warnings:?}");
}

#[test]
fn mistakes_are_shown_at_their_place() {
    let cases = [
        (
            "RouteKey: send-message",
            "RouteKey: $connect",
            "$connect",
            "two routes with the key `$connect`",
            "remove one",
        ),
        (
            "RouteKey: send-message",
            "Routekey: send-message",
            "SendRoute:",
            "`SendRoute` has no `RouteKey`",
            "instead of `Routekey`",
        ),
        (
            "RouteKey: send-message",
            "\"Route\\u0003Key\": send-message",
            "SendRoute:",
            "`SendRoute` has no `RouteKey`",
            "instead of `Route Key`",
        ),
        ("AuthorizationType: NONE", "ApiKeyRequired: true", "true", "`ApiKeyRequired` is not supported yet", ""),
        (
            "!Sub integrations/${SendIntegration}",
            "!Ref SendIntegration",
            "!Ref SendI",
            "`SendIntegration` is not an integration",
            "!Sub integrations/${ConnectIntegration}",
        ),
        (
            "!Sub integrations/${SendIntegration}",
            "!Sub 'integrations/${SendIntegratio}'",
            "!Sub",
            "no resource or parameter `SendIntegratio`",
            "did you mean `SendIntegration`?",
        ),
        (
            "IntegrationUri: !GetAtt Function.Arn",
            "IntegrationUri: !Ref Function",
            "!Ref Function",
            "is not the ARN of",
            "`!GetAtt Function.Arn`",
        ),
        (
            "TimeoutInMillis: 5000",
            "TimeoutInMillis: 30000",
            "30000",
            "`TimeoutInMillis`, in milliseconds, must be a whole number from 50 to 29000",
            "",
        ),
        ("StageName: dev", "StageName: !Sub '${Stage}s'", "Stage:", "`Stage` refers to itself", ""),
        (
            "StageName: dev",
            "StageName: $default",
            "$default",
            "can't have the stage `$default`",
            "write for example `prod`",
        ),
        ("StageName: dev, ", "", "Stage:", "`Stage` has no `StageName`", ""),
        (
            ", RouteSelectionExpression: $request.body.action",
            "",
            "Api:",
            "`Api` has no `RouteSelectionExpression`",
            "add it to the API",
        ),
        ("      Code: target/lambda/chat/\n", "", "Function:", "`Function` has no `Code`", ""),
        (
            "      Code: target/lambda/chat/\n",
            "      Code: {}\n",
            "{}",
            "`Code` must be the folder of the function's code",
            "relative to the template's directory",
        ),
    ];
    for (from, to, place, message, help) in cases {
        assert_fails(&changed(from, to), place, message, help);
    }
}

#[test]
fn an_api_without_routes_or_a_stage_is_an_error() {
    let api = "Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action } }\n";
    assert_fails(api, "Api:", "the API `Api` has no AWS::ApiGatewayV2::Stage", "add a stage to `Resources`");
    let error = load_text(api).unwrap_err();
    let addition = error.first.mend.as_ref().unwrap();
    assert_fails(&format!("{api}{addition}"), "Api:", "the API `Api` has no routes", "at least `$default`");
}

#[test]
fn no_missing_line_makes_the_reader_panic() {
    let lines: Vec<_> = PLAIN.lines().collect();
    for skipped in 0..lines.len() {
        drop(load_text(&[&lines[..skipped], &lines[skipped + 1..]].concat().join("\n")));
    }
}

//! APIs written with CloudFormation's own resources.

use super::*;

const PLAIN: &str = "\
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: chat, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }
  HttpApi:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: pages, ProtocolType: HTTP }
  HttpRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref HttpApi, RouteKey: GET /, AuthorizationType: JWT }
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
      Environment: { Variables: { URL: !Sub '${Api.ApiEndpoint}/${Stage}', PAGES: !GetAtt HttpApi.ApiEndpoint } }
  Role: { Type: AWS::IAM::Role }
";

/// The template with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(PLAIN.matches(from).count(), 1, "{from}");
    PLAIN.replace(from, to)
}

#[test]
fn routes_integrations_stage_and_functions_are_read() {
    let Loaded { api, warnings } = load_text(PLAIN).unwrap();
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
    assert_eq!(function.defined_at, "/nowhere/chat/template.yaml:47:3");
    let endpoint = format!("wss://{}.execute-api.us-east-1.amazonaws.com/dev", api.api_id);
    assert_eq!(function.environment["URL"], endpoint);
    assert!(function.environment["PAGES"].starts_with("https://"));
}

#[test]
fn the_project_s_own_template_means_the_same_with_plain_resources() {
    let serverless = include_str!("../../../../../template.yaml");
    let from = serverless.find("  WebSocketApi:\n").unwrap();
    let to = serverless.find("  ConnectFunction:\n").unwrap();
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
";
    for (key, name) in [
        ("$connect", "Connect"),
        ("$disconnect", "Disconnect"),
        ("$default", "Default"),
        ("hello", "Hello"),
        ("sendmessage", "Sendmessage"),
    ] {
        let expression = if key == "$default" { "RouteResponseSelectionExpression: $default, " } else { "" };
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

    let [serverless, plain] = [serverless, &plain].map(|text| {
        let Loaded { mut api, warnings } = load_text(text).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        api.functions.values_mut().for_each(|function| function.defined_at.clear());
        format!("{api:#?}")
    });
    assert_eq!(serverless, plain);
}

#[test]
fn an_api_that_sam_makes_may_have_plain_routes_too() {
    let text = TEMPLATE.to_owned()
        + "
  DashRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref WebSocketApi, RouteKey: send-message, Target: !Sub 'integrations/${DashIntegration}' }
  DashIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref WebSocketApi, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt DefaultFunction.Arn, CredentialsArn: x }
";
    let Loaded { api, warnings } = load_text(&text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((api.routes.len(), api.routes["send-message"].function.as_str()), (4, "DefaultFunction"));
}

#[test]
fn routes_that_only_aws_can_serve_are_left_out_and_named() {
    let proxy = "IntegrationType: AWS_PROXY, ";
    let cases = [
        ("IntegrationType: MOCK, ", "MOCK,", "its integration is `MOCK`"),
        ("IntegrationType: AWS, ", "AWS,", "its integration is `AWS`"),
        ("IntegrationType: HTTP, ", "HTTP,", "its integration is `HTTP`"),
        ("IntegrationType: HTTP_PROXY, ", "HTTP_PROXY,", "its integration is `HTTP_PROXY`"),
        ("IntegrationType: AWS_PROXY, RequestTemplates: { a: b }, ", "{ a", "its integration has `RequestTemplates`"),
        (
            "IntegrationType: AWS_PROXY, ContentHandlingStrategy: CONVERT_TO_BINARY, ",
            "CONVERT_TO_BINARY",
            "its integration has a `ContentHandlingStrategy`",
        ),
    ];
    for (to, place, why) in cases {
        let text = changed(proxy, to);
        let Loaded { api, warnings } = load_text(&text).unwrap();
        assert_eq!(api.routes.keys().collect::<Vec<_>>(), ["$connect"], "{to}");
        assert_warns(&text, &warnings, place, &format!("the route `send-message` is not served: {why}"), "`$default`");
    }
    let text = changed("      Target: !Sub integrations/${SendIntegration}\n", "");
    let Loaded { api, warnings } = load_text(&text).unwrap();
    assert_eq!(api.routes.len(), 1);
    assert_warns(&text, &warnings, "SendRoute:", "the route `send-message` is not served: it has no `Target`", "");
    let text = changed("      IntegrationType: AWS_PROXY\n", "      IntegrationType: MOCK\n");
    let warnings = load_text(&text).unwrap().warnings;
    assert_warns(&text, &warnings, "MOCK", "the route `$connect` is not served", "every client may connect");
}

#[test]
fn without_an_integration_connect_is_as_if_it_were_absent() {
    let text = changed(", Target: !Join ['/', [integrations, !Ref ConnectIntegration]]", "");
    let Loaded { api, warnings } = load_text(&text).unwrap();
    assert!(warnings.is_empty() && !api.routes.contains_key("$connect"), "{warnings:?}");
}

#[test]
fn what_would_be_different_on_aws_is_a_warning() {
    let cases = [
        (
            "DependsOn: [ConnectRoute, SendRouteResponse]",
            "DependsOn: ConnectRoute",
            "Deployment:",
            "`Deployment` does not wait for `SendRoute`",
            "to its `DependsOn`: SendRoute",
        ),
        (
            "    DependsOn: [ConnectRoute, SendRouteResponse]\n",
            "",
            "Deployment:",
            "`Deployment` does not wait for `ConnectRoute`, `SendRoute`",
            "ConnectRoute, SendRoute",
        ),
        (
            ", DeploymentId: !Ref Deployment",
            "",
            "Stage:",
            "on AWS the stage `Stage` serves nothing",
            "AutoDeploy: true",
        ),
        (
            ", DeploymentId: !Ref Deployment",
            ", AutoDeploy: false",
            "Stage:",
            "on AWS the stage `Stage` serves nothing",
            "AutoDeploy: true",
        ),
        (
            "RouteKey: send-message\n",
            "RouteKey: send-message\n      ModelSelectionExpression: x\n",
            "ModelSelectionExpression",
            "the gateway ignores `ModelSelectionExpression`",
            "",
        ),
        (
            "RouteKey: send-message\n",
            "RouteKey: send-message\n      RequestModels: { x: y }\n",
            "RequestModels",
            "the gateway ignores `RequestModels`",
            "",
        ),
        ("TimeoutInMillis: 5000", "Timeout: 5000", "Timeout:", "no property `Timeout` of `SendIntegration`", ""),
        (
            "TimeoutInMillis: 5000",
            "ContentHandlingStrategy: CONVERT_TO_TEXT",
            "ContentHandlingStrategy",
            "the gateway ignores `ContentHandlingStrategy`",
            "",
        ),
        ("Name: chat,", "Nmae: chat,", "Nmae:", "no property `Nmae` of `Api`", "did you mean `Name`?"),
        (
            "Name: chat,",
            "DisableExecuteApiEndpoint: true,",
            "true",
            "the gateway ignores `DisableExecuteApiEndpoint`",
            "",
        ),
        (
            "StageVariables:",
            "StageVariable:",
            "StageVariable:",
            "no property `StageVariable` of `Stage`",
            "did you mean `StageVariables`?",
        ),
        ("      Handler: bootstrap\n", "      Layers: [x]\n", "Layers:", "the gateway ignores `Layers`", ""),
        (
            "  Role: {",
            "  Mapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { ApiId: !Ref Api } }\n  Role: {",
            "Mapping:",
            "the gateway ignores the custom domain of `Mapping`",
            "",
        ),
    ];
    for (from, to, place, message, help) in cases {
        let text = changed(from, to);
        let warnings = load_text(&text).unwrap().warnings;
        assert_warns(&text, &warnings, place, message, help);
    }
}

#[test]
fn a_deployment_may_name_its_stage() {
    let text = changed(", DeploymentId: !Ref Deployment", "")
        .replace("Properties: { ApiId: !Ref Api }", "Properties: { ApiId: !Ref Api, StageName: !Ref Stage }");
    assert!(load_text(&text).unwrap().warnings.is_empty());
    let text = text.replace("DependsOn: [ConnectRoute, SendRouteResponse]", "DependsOn: SendRoute");
    assert_warns(&text, &load_text(&text).unwrap().warnings, "Deployment:", "does not wait for `ConnectRoute`", "");
}

#[test]
fn automatic_deployments_and_those_made_elsewhere_wait_for_every_route() {
    for deployment in ["AutoDeploy: true", "DeploymentId: abc123", "AutoDeploy: 'true', DeploymentId: !Ref Deployment"]
    {
        let text = changed("DeploymentId: !Ref Deployment", deployment)
            .replace("    DependsOn: [ConnectRoute, SendRouteResponse]\n", "");
        assert!(load_text(&text).unwrap().warnings.is_empty(), "{deployment}");
    }
}

#[test]
fn a_function_that_api_gateway_may_not_call_is_a_warning() {
    let source = "      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*\n";
    let arn = "arn:aws:execute-api:us-east-1:123456789012";
    let enough = [
        (source, String::new()),
        (source, format!("      SourceArn: !Sub {arn}:${{Api}}/*/*\n")),
        (source, format!("      SourceArn: !Sub '{arn}:${{Api}}/${{Stage}}/*'\n")),
        (source, "      SourceArn: !ImportValue Elsewhere\n".to_owned()),
        ("!Ref Function\n", "!GetAtt Function.Arn\n".to_owned()),
        ("!Ref Function\n", "!Sub '${Function}:live'\n".to_owned()),
        ("lambda:InvokeFunction", "lambda:*".to_owned()),
        ("apigateway.amazonaws.com", "!Sub 'apigateway.${AWS::URLSuffix}'".to_owned()),
    ];
    for (from, to) in enough {
        let warnings = load_text(&changed(from, &to)).unwrap().warnings;
        assert!(warnings.is_empty(), "{to}: {warnings:?}");
    }
    let too_little = [
        (source, format!("      SourceArn: !Sub {arn}:${{HttpApi}}/*\n")),
        (source, format!("      SourceArn: !Sub {arn}:${{Api}}/prod/*\n")),
        ("!Ref Function\n", "Other\n".to_owned()),
        ("lambda:InvokeFunction", "lambda:GetFunction".to_owned()),
        ("apigateway.amazonaws.com", "sns.amazonaws.com".to_owned()),
        ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission".to_owned()),
    ];
    for (from, to) in too_little {
        let text = changed(from, &to);
        let warnings = load_text(&text).unwrap().warnings;
        assert_eq!(warnings.len(), 2, "{to}: {warnings:?}");
        let message = "no AWS::Lambda::Permission lets API Gateway call `Function` for the route `$connect`";
        assert_warns(&text, &warnings[..1], "$connect", message, "FunctionPermission: {");
        let (_, addition) = warnings[0].help.as_ref().unwrap().split_once("add to `Resources`: ").unwrap();
        assert!(load_text(&format!("{text}  {addition}\n")).unwrap().warnings.is_empty());
    }
    let one = changed(source, &format!("      SourceArn: !Sub {arn}:${{Api}}/*/$connect\n"));
    let warnings = load_text(&one).unwrap().warnings;
    assert_warns(&one, &warnings, "send-message", "for the route `send-message`", "");
}

#[test]
fn faults_are_shown_where_they_are() {
    let cases = [
        (
            "RouteKey: $connect",
            "RouteKey: $conect",
            "$conect",
            "`$conect` is no route key",
            "`$connect`, `$disconnect`",
        ),
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
            "AuthorizationType: NONE",
            "AuthorizationType: AWS_IAM",
            "AWS_IAM",
            "`AuthorizationType: AWS_IAM` is not supported yet",
            "--parameter AuthorizationType=NONE",
        ),
        ("AuthorizationType: NONE", "ApiKeyRequired: true", "true", "`ApiKeyRequired` is not supported yet", ""),
        (
            "!Sub integrations/${SendIntegration}",
            "!Ref SendIntegration",
            "!Ref SendI",
            "`SendIntegration` is no integration",
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
        ("StageName: dev", "StageName: $default", "$default", "can't have the stage `$default`", ""),
        ("StageName: dev, ", "", "Stage:", "`Stage` has no `StageName`", ""),
        (", RouteSelectionExpression: $request.body.action", "", "Api:", "`Api` has no `RouteSelectionExpression`", ""),
        ("      Code: target/lambda/chat/\n", "", "Function:", "`Function` has no `Code`", ""),
        ("      Code: target/lambda/chat/\n", "      Code: {}\n", "{}", "`Code` must be the directory of a crate", ""),
        ("RouteResponseKey: $default", "RouteResponseKey: x", "x }", "`RouteResponseKey` can only be `$default`", ""),
    ];
    for (from, to, place, message, help) in cases {
        let text = changed(from, to);
        let error = load_text(&text).expect_err(message);
        assert!(error.to_string().contains(message), "{error} instead of {message}");
        let rest = rest_of_line(&text, error.location().unwrap());
        assert!(rest.starts_with(place), "{rest} instead of {place}, for {message}");
        let found = error.help().map(|help| help.to_string()).unwrap_or_default();
        assert!(found.contains(help), "{found} instead of {help}");
    }
}

#[test]
fn an_api_without_routes_or_stage_is_none() {
    let api = "Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action } }\n";
    assert_fails(api, "Api:", "the API `Api` has no AWS::ApiGatewayV2::Stage", "add to `Resources`: ApiStage: {");
    let error = load_text(api).unwrap_err();
    let help = error.help().unwrap().to_string();
    let (_, addition) = help.split_once("add to `Resources`: ").unwrap();
    assert_fails(&format!("{api}  {addition}\n"), "Api:", "the API `Api` has no routes", "at least `$default`");
}

//! Warnings about APIs written with CloudFormation's own resources: what the gateway leaves out, and what would fail on AWS.

use super::plain::{PLAIN, changed};
use super::*;

#[test]
fn ignored_properties_and_mistakes_that_show_only_on_aws_are_warnings() {
    let cases = [
        (
            "DependsOn: [ConnectRoute, SendRouteResponse]",
            "DependsOn: ConnectRoute",
            "Deployment:",
            "the deployment `Deployment` does not depend on `SendRoute`",
            "DependsOn: [ConnectRoute, SendRoute, SendRouteResponse]",
        ),
        (
            "    DependsOn: [ConnectRoute, SendRouteResponse]\n",
            "",
            "Deployment:",
            "the deployment `Deployment` does not depend on `ConnectRoute`, `SendRoute`",
            "ConnectRoute, SendRoute",
        ),
        (
            ", DeploymentId: !Ref Deployment",
            "",
            "Stage:",
            "nothing is deployed to the stage `Stage`",
            "AutoDeploy: true",
        ),
        (
            ", DeploymentId: !Ref Deployment",
            ", AutoDeploy: false",
            "Stage:",
            "nothing is deployed to the stage `Stage`",
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
        (
            "TimeoutInMillis: 5000",
            "Timeout: 5000",
            "Timeout:",
            "`SendIntegration` has an unknown property `Timeout`",
            "",
        ),
        (
            "TimeoutInMillis: 5000",
            "ContentHandlingStrategy: CONVERT_TO_TEXT",
            "ContentHandlingStrategy",
            "the gateway ignores `ContentHandlingStrategy`",
            "",
        ),
        ("Name: chat,", "Nmae: chat,", "Nmae:", "`Api` has an unknown property `Nmae`", "did you mean `Name`?"),
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
            "`Stage` has an unknown property `StageVariable`",
            "did you mean `StageVariables`?",
        ),
        ("      Handler: bootstrap\n", "      Layers: [x]\n", "Layers:", "the gateway ignores `Layers`", ""),
        (
            "RouteKey: $connect",
            "RouteKey: $conect",
            "$conect",
            "`$conect` is not a route key",
            "did you mean `$connect`?",
        ),
        (
            "RouteResponseKey: $default",
            "RouteResponseKey: x",
            "x }",
            "`RouteResponseKey` is `x`, but it can only be `$default`",
            "RouteResponseKey: $default",
        ),
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
    let text = text.replace("DependsOn: [ConnectRoute, SendRouteResponse]", "DependsOn: SendRouteResponse");
    assert_warns(&text, &load_text(&text).unwrap().warnings, "Deployment:", "does not depend on `ConnectRoute`", "");
}

#[test]
fn automatic_and_unknown_deployments_need_no_depends_on() {
    for deployment in ["AutoDeploy: true", "DeploymentId: abc123", "AutoDeploy: 'true', DeploymentId: !Ref Deployment"]
    {
        let text = changed("DeploymentId: !Ref Deployment", deployment)
            .replace("    DependsOn: [ConnectRoute, SendRouteResponse]\n", "");
        assert!(load_text(&text).unwrap().warnings.is_empty(), "{deployment}");
    }
}

#[test]
fn a_function_that_api_gateway_may_not_invoke_is_a_warning() {
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
        (source, format!("      SourceArn: !Sub {arn}:abcdefghij/*\n"), "!Sub arn", "SourceArn:"),
        (source, format!("      SourceArn: !Sub {arn}:${{Api}}/prod/*\n"), "!Sub arn", "SourceArn:"),
        ("!Ref Function\n", "Other\n".to_owned(), "$connect", "  FunctionApiPermission:\n"),
        (
            "lambda:InvokeFunction",
            "lambda:GetFunction".to_owned(),
            "lambda:GetFunction",
            "Action: lambda:InvokeFunction",
        ),
        ("apigateway.amazonaws.com", "sns.amazonaws.com".to_owned(), "sns.amazonaws.com", "Principal: apigateway"),
        (
            "AWS::Lambda::Permission",
            "AWS::Lambda::LayerVersionPermission".to_owned(),
            "$connect",
            "  FunctionApiPermission:\n",
        ),
    ];
    for (from, to, place, help) in too_little {
        let text = changed(from, &to);
        let warnings = load_text(&text).unwrap().warnings;
        let message = "no AWS::Lambda::Permission lets API Gateway invoke `Function` for the route `$connect`, the route `send-message`";
        assert_warns(&text, &warnings, place, message, help);
        // A permission more is always enough.
        let mend = warnings[0].mend.as_ref().unwrap();
        if mend.starts_with("  Function") {
            assert!(load_text(&format!("{text}{mend}")).unwrap().warnings.is_empty());
        }
    }
    let one = changed(source, &format!("      SourceArn: !Sub {arn}:${{Api}}/*/$connect\n"));
    let warnings = load_text(&one).unwrap().warnings;
    assert_warns(&one, &warnings, "!Sub arn", "for the route `send-message`: `Permission` is for another", "");
}

#[test]
fn routes_that_only_aws_can_serve_are_named_and_kept_from_default() {
    let proxy = "IntegrationType: AWS_PROXY, ";
    let cases = [
        (
            "IntegrationType: MOCK, ",
            "MOCK,",
            "its integration is `MOCK`, which answers",
            "let its integration be `AWS_PROXY`",
        ),
        (
            "IntegrationType: AWS, ",
            "AWS,",
            "its integration is `AWS`, which calls an AWS",
            "let its integration be `AWS_PROXY`",
        ),
        (
            "IntegrationType: HTTP, ",
            "HTTP,",
            "its integration is `HTTP`, which calls",
            "let its integration be `AWS_PROXY`",
        ),
        ("IntegrationType: HTTP_PROXY, ", "HTTP_PROXY,", "its integration is `HTTP_PROXY`, which", "`AWS_PROXY`"),
        (
            "IntegrationType: AWS_PROXY, ContentHandlingStrategy: CONVERT_TO_BINARY, ",
            "CONVERT_TO_BINARY",
            "its integration has a `ContentHandlingStrategy`",
            "`CONVERT_TO_TEXT`",
        ),
    ];
    for (to, place, why, help) in cases {
        let text = changed(proxy, to);
        let Loaded { api, warnings, .. } = load_text(&text).unwrap();
        assert_eq!(api.routes.keys().collect::<Vec<_>>(), ["$connect"], "{to}");
        assert!(api.unserved["send-message"].starts_with(why), "{:?}", api.unserved);
        let message =
            "the route `send-message` can't be served here, so its messages get the frame `Internal server error`: ";
        assert_warns(&text, &warnings, place, &format!("{message}{why}"), help);
    }
    for (uri, what) in [
        ("arn:aws:apigateway:us-east-1:sqs:path/123456789012/queue", "calls the AWS service `sqs`"),
        (
            "!Sub 'arn:aws:apigateway:us-east-1:lambda:path/functions/${Function.Arn}'",
            "calls a function through mapping",
        ),
        ("!ImportValue Elsewhere", "calls an AWS service"),
    ] {
        let text = changed("AWS_PROXY, IntegrationUri: !GetAtt Function.Arn", &format!("AWS, IntegrationUri: {uri}"));
        assert_warns(&text, &load_text(&text).unwrap().warnings, "AWS,", &format!("is `AWS`, which {what}"), "");
    }
    let text = changed("      Target: !Sub integrations/${SendIntegration}\n", "");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert_eq!((api.routes.len(), api.unserved.len()), (1, 1));
    assert_warns(&text, &warnings, "SendRoute:", "`send-message` can't be served here", "add an integration");
    assert_fails(
        &changed(proxy, "IntegrationType: AWSPROXY, "),
        "AWSPROXY",
        "is not an `IntegrationType`",
        "`AWS_PROXY`?",
    );
}

#[test]
fn a_connect_that_can_not_be_served_lets_nobody_in_unless_it_decides_nothing() {
    let connect = "      IntegrationType: AWS_PROXY\n";
    let text = changed(connect, "      IntegrationType: HTTP\n");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(api.unserved.contains_key("$connect"));
    assert_warns(&text, &warnings, "HTTP", "the route `$connect` can't be served here, so no client can connect", "");

    for template in [
        "",
        "      RequestTemplates: { $default: '{\"statusCode\": 200}' }\n",
        "      RequestTemplates: { a: '{statusCode:204}' }\n",
    ] {
        let Loaded { api, warnings, .. } =
            load_text(&changed(connect, &format!("      IntegrationType: MOCK\n{template}"))).unwrap();
        assert!(warnings.is_empty() && api.unserved.is_empty() && !api.routes.contains_key("$connect"), "{template}");
    }
    for template in ["'{\"statusCode\": 403}'", "'#if($x){\"statusCode\":200}#end {\"statusCode\": $y}'", "$context.x"]
    {
        let text = changed(
            connect,
            &format!("      IntegrationType: MOCK\n      RequestTemplates: {{ $default: {template} }}\n"),
        );
        assert!(load_text(&text).unwrap().api.unserved.contains_key("$connect"), "{template}");
    }
}

#[test]
fn request_templates_of_a_lambda_proxy_have_no_effect() {
    let text = changed("IntegrationType: AWS_PROXY, ", "IntegrationType: AWS_PROXY, RequestTemplates: { a: b }, ");
    let Loaded { api, warnings, notes } = load_text(&text).unwrap();
    assert_eq!((api.routes.len(), warnings.len()), (2, 0));
    let note = notes.iter().filter(|note| note.rule == Some("templates-without-effect")).cloned().collect::<Vec<_>>();
    assert_warns(&text, &note, "{ a: b }", "`RequestTemplates` have no effect on an `AWS_PROXY`", "");
}

#[test]
fn nobody_is_told_to_give_connect_or_disconnect_a_route_response() {
    let text = changed("RouteKey: $connect,", "RouteKey: $connect, RouteResponseSelectionExpression: $default,");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(warnings.is_empty() && !api.routes["$connect"].route_response, "{warnings:?}");
}

#[test]
fn of_a_key_that_is_there_twice_the_last_value_counts() {
    let text = changed("StageName: dev", "StageName: first, StageName: dev");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert_eq!(api.stage.name, "dev");
    assert_warns(
        &text,
        &warnings,
        "StageName: dev",
        "`StageName` is here for the second time: this value counts",
        "remove",
    );

    let text = PLAIN.to_owned() + "  Role: { Type: AWS::IAM::Role, Properties: { RoleName: second } }\n";
    assert_warns(&text, &load_text(&text).unwrap().warnings, "Role: { Type: AWS::IAM::Role, P", "`Role` is here", "");
    let keys = changed("StageVariables: { level: 1 }", "StageVariables: { 1: first, '1': second }");
    let Loaded { api, warnings, .. } = load_text(&keys).unwrap();
    assert_eq!((api.stage.variables["1"].as_str(), warnings.len()), ("second", 1));
    // The same key in another map, or as a value, is not a repetition.
    let nested = changed("StageVariables: { level: 1 }", "StageVariables: { level: level, StageName: level }");
    assert!(load_text(&nested).unwrap().warnings.is_empty());
}

#[test]
fn variables_that_lead_to_aws_are_warnings_with_their_line() {
    const DOMAIN: &str =
        "  Domain:\n    Type: AWS::ApiGatewayV2::DomainName\n    Properties: { DomainName: chat.example.com }\n";
    let warnings = |value: &str| {
        let text = TEMPLATE.replace("RETRIES: 3", &format!("ENDPOINT: {value}")) + DOMAIN;
        let loaded = load_with(&text, &[("Certificate", "x")]).unwrap();
        loaded
            .warnings
            .iter()
            .map(ToString::to_string)
            .filter(|warning| warning.contains("ENDPOINT"))
            .collect::<Vec<_>>()
    };
    for value in [
        "https://example.com",
        "!Sub 'wss://${WebSocketApi}.execute-api.us-east-1.amazonaws.com'",
        "chat.example.com.evil.example",
    ] {
        assert!(warnings(value).is_empty(), "{value}");
    }
    for (value, named) in [
        (
            "wss://abcd123456.execute-api.us-east-1.amazonaws.com/prod",
            "another API on AWS, abcd123456.execute-api.us-east-1.amazonaws.com",
        ),
        ("!Sub 'https://${WebSocketApi}.execute-api.eu-west-1.amazonaws.com'", "another API on AWS, "),
        ("https://CHAT.example.com/prod", "the custom domain chat.example.com"),
    ] {
        let warnings = warnings(value);
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        let line = TEMPLATE.lines().position(|line| line.contains("RETRIES")).unwrap() + 1;
        assert!(
            warning.starts_with(&format!(
                "/nowhere/chat/template.yaml:{line}:11: `ENDPOINT` of `ConnectFunction` names {named}"
            )),
            "{warning}"
        );
    }
}

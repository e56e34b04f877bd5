//! The authorizer of `$connect`, in both dialects.

use super::plain::changed;
use super::*;
use crate::api::{Authorizer, IdentitySource};

const AUTH: &str = "StageName: prod
      Auth: { AuthType: CUSTOM, AuthArn: !GetAtt UnusedFunction.Arn, IdentitySource: [route.request.header.Auth, context.stage] }";

/// The template with an authorizer in which `from` is replaced by `to`.
fn serverless(from: &str, to: &str) -> String {
    assert_eq!(AUTH.matches(from).count(), 1, "{from}");
    with("StageName: prod", &AUTH.replace(from, to)).replace("Runtime: python3.13", "Timeout: 5")
}

const AUTHORIZER: &str = "
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      AuthorizerType: REQUEST
      AuthorizerUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
      IdentitySource: [route.request.querystring.token]
";

fn plain(from: &str, to: &str) -> String {
    let text =
        changed("AuthorizationType: NONE", "AuthorizationType: CUSTOM, AuthorizerId: !Ref Authorizer") + AUTHORIZER;
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

#[test]
fn an_authorizer_is_read_with_its_function() {
    let Loaded { api, warnings, .. } = load_text(&serverless("AuthType: CUSTOM", "AuthType: CUSTOM, Name: x")).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let identity_sources = vec![IdentitySource::Header("Auth".into()), IdentitySource::Context("stage".into())];
    assert_eq!(api.authorizer, Some(Authorizer { function: "UnusedFunction".into(), identity_sources }));
    assert_eq!(api.functions["UnusedFunction"].timeout, Duration::from_secs(5));

    let Loaded { api, warnings, .. } = load_text(&plain("AuthorizerType: REQUEST", "AuthorizerType: REQUEST")).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let identity_sources = vec![IdentitySource::QueryString("token".into())];
    assert_eq!(api.authorizer, Some(Authorizer { function: "Function".into(), identity_sources }));

    for text in [TEMPLATE, &with("StageName: prod", "StageName: prod\n      Auth: { AuthType: NONE }"), plain::PLAIN] {
        assert_eq!(load_text(text).unwrap().api.authorizer, None);
    }
}

#[test]
fn authorizers_that_can_not_be_served_are_refused() {
    for (from, to, place, message, help) in [
        ("CUSTOM", "AWS_IAM", "AWS_IAM", "`AuthType: AWS_IAM` is not supported yet", "--parameter AuthType=NONE"),
        ("CUSTOM", "JWT", "JWT", "`AuthType: JWT` is for HTTP APIs", "an authorizer of the type `REQUEST`"),
        ("CUSTOM", "COGNITO", "COGNITO", "`COGNITO` is not an `AuthType` of a WebSocket API", "`CUSTOM` for a Lambda"),
        ("AuthArn", "AuthArm", "AuthArm", "`Auth` can't have a property `AuthArm`", "did you mean `AuthArn`?"),
        ("AuthArn: !GetAtt UnusedFunction.Arn, ", "", "{ AuthType", "`Auth` has no `AuthArn`", ""),
        ("!GetAtt UnusedFunction.Arn", "arn:aws:lambda:x", "arn:aws", "is not the ARN of an", "write `!GetAtt"),
        (
            "route.request.header.Auth",
            "$request.header.Auth",
            "$request",
            "is not an identity source",
            "route.request.header.Name",
        ),
    ] {
        assert_fails(&serverless(from, to), place, message, help);
    }
    let text = serverless("CUSTOM", "CUSTOM").replace("$connect: {", "connect: {");
    assert_fails(&text, "CUSTOM", "`Routes` has no `$connect`", "add `$connect`");

    for (from, to, place, message, help) in [
        (
            "AuthorizationType: CUSTOM",
            "AuthorizationType: AWS_IAM",
            "AWS_IAM",
            "`AuthorizationType: AWS_IAM` is not supported yet",
            "--parameter AuthorizationType=NONE",
        ),
        (
            "AuthorizerType: REQUEST",
            "AuthorizerType: JWT",
            "JWT",
            "`AuthorizerType: JWT` is for HTTP APIs",
            "of the type `REQUEST`",
        ),
        (
            ", AuthorizerId: !Ref Authorizer",
            "",
            "ConnectRoute:",
            "`ConnectRoute` has no `AuthorizerId`",
            "name the authorizer",
        ),
        (
            "AuthorizerId: !Ref Authorizer",
            "AuthorizerId: x1y2z3",
            "x1y2z3",
            "`x1y2z3` is not an authorizer",
            "!Ref Authorizer",
        ),
        (
            "      AuthorizerType: REQUEST\n",
            "",
            "Authorizer:",
            "`Authorizer` has no `AuthorizerType`",
            "instead of `AuthorizerUri`",
        ),
        (
            "RouteKey: send-message",
            "RouteKey: send-message\n      AuthorizationType: CUSTOM",
            "CUSTOM",
            "API Gateway authorizes only `$connect`",
            "to the route `$connect`",
        ),
    ] {
        assert_fails(&plain(from, to), place, message, help);
    }
}

#[test]
fn mistakes_that_show_only_on_aws_are_warnings() {
    let text = plain("${AWS::AccountId}:${Api}/*", "${AWS::AccountId}:${Api}/dev/*");
    let message = "invoke `Function` for the authorizer `Authorizer`: `Permission` is for another";
    assert_warns(&text, &load_text(&text).unwrap().warnings, "!Sub arn", message, "SourceArn: !Sub");
    let text = text.replace("AuthorizerType: REQUEST", "AuthorizerType: REQUEST\n      AuthorizerCredentialsArn: x");
    assert!(load_text(&text).unwrap().warnings.is_empty());

    let text = plain("AuthorizationType: CUSTOM", "AuthorizationType: NONE");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert_eq!(api.authorizer, None);
    assert_warns(&text, &warnings, "!Ref Authorizer", "this authorizer has no effect", "AuthorizationType: CUSTOM");
}

#[test]
fn advice_about_iam_fits_a_file_that_a_program_has_written() {
    let json = r#"{ "Resources": {
        "Api": { "Type": "AWS::ApiGatewayV2::Api", "Properties": { "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action" } },
        "Stage": { "Type": "AWS::ApiGatewayV2::Stage", "Properties": { "ApiId": { "Ref": "Api" }, "StageName": "prod", "AutoDeploy": true } },
        "Route": { "Type": "AWS::ApiGatewayV2::Route", "Properties": { "ApiId": { "Ref": "Api" }, "RouteKey": "$connect", "AuthorizationType": "AWS_IAM" } }
    } }"#;
    assert_fails(json, "\"AWS_IAM\"", "`AuthorizationType: AWS_IAM` is not supported yet", "where this file is made");
}

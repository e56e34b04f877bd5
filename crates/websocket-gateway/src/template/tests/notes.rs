//! An `AWS::Serverless::WebSocketApi` whose `$connect` is a resource of its own, so that a condition can switch its authorizer on and off.

use super::*;
use crate::api::Authorizer;

const SWITCHABLE: &str = "\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Secret: { Type: String, Default: '' }
  Mode: { Type: String, Default: closed }
Conditions:
  HasSecret: !Not [!Equals [!Ref Secret, '']]
  Authorized: !And [!Condition HasSecret, !Equals [!Sub '${Mode}-for-${AWS::Region}', closed-for-us-east-1]]
  Never: !Equals [a, b]
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: prod
      Routes: { $default: { FunctionArn: !GetAtt Function.Arn } }
  ApiConnectRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: $connect
      AuthorizationType: !If [HasSecret, CUSTOM, NONE]
      AuthorizerId: !If [HasSecret, !Ref Authorizer, !Ref AWS::NoValue]
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Condition: HasSecret
    Properties: { ApiId: !Ref Api, Name: secret, AuthorizerType: REQUEST, AuthorizerUri: !Sub 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${AuthorizeFunction.Arn}/invocations' }
  AuthorizerPermission:
    Type: AWS::Lambda::Permission
    Condition: HasSecret
    Properties: { Action: lambda:InvokeFunction, Principal: apigateway.amazonaws.com, FunctionName: !Ref AuthorizeFunction }
  AuthorizeFunction:
    Type: AWS::Serverless::Function
    Condition: HasSecret
    Properties: { Runtime: provided.al2023, CodeUri: routes, Handler: bootstrap, Environment: { Variables: { SECRET: !Ref Secret } } }
  Function:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, CodeUri: routes, Handler: bootstrap }
";

/// The template with the condition `name` wherever it uses `HasSecret`.
fn on_condition(name: &str) -> String {
    SWITCHABLE
        .replace("Condition: HasSecret\n", &format!("Condition: {name}\n"))
        .replace("!If [HasSecret", &format!("!If [{name}"))
}

#[test]
fn a_condition_switches_the_authorizer_of_connect_on() {
    let Loaded { api, warnings, notes } = load_with(SWITCHABLE, &[("Secret", "x")]).unwrap();
    assert!(warnings.is_empty() && notes.is_empty(), "{warnings:?} {notes:?}");
    assert_eq!(api.authorizer, Some(Authorizer { function: "AuthorizeFunction".into(), identity_sources: Vec::new() }));
    assert_eq!(api.functions["AuthorizeFunction"].environment["SECRET"], "x");
}

#[test]
fn an_authorizer_that_is_off_is_noted_with_the_parameter_that_switches_it_on() {
    let Loaded { api, warnings, notes } = load_text(SWITCHABLE).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(api.authorizer.is_none() && !api.functions.contains_key("AuthorizeFunction"));
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert_eq!(
        note.to_string(),
        "/nowhere/chat/template.yaml:23:3: every client may connect: the authorizer `Authorizer` is off because the \
         condition `HasSecret` is false; to switch it on, start with --parameter Secret=VALUE"
    );
}

#[test]
fn a_note_names_every_parameter_of_the_condition() {
    for (condition, help) in [
        (
            "Authorized",
            Some("the condition depends on the parameters `Mode`, `Secret`, which --parameter NAME=VALUE sets"),
        ),
        ("Never", None),
    ] {
        let notes = load_text(&on_condition(condition)).unwrap().notes;
        let [note] = notes.as_slice() else { panic!("{notes:?}") };
        assert!(note.message.contains(&format!("the condition `{condition}` is false")), "{note}");
        assert_eq!(note.help.as_deref(), help);
    }
}

#[test]
fn only_an_authorizer_of_the_api_that_is_served_is_noted() {
    assert!(load_text(TEMPLATE).unwrap().notes.is_empty());
    for other in ["!Ref Other", "!Ref Missing", "!ImportValue Elsewhere"] {
        let text = SWITCHABLE.replace("{ ApiId: !Ref Api, Name: secret", &format!("{{ ApiId: {other}, Name: secret"))
            + "  Other: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: HTTP } }
  Missing: { Type: AWS::ApiGatewayV2::Api, Condition: Never, Properties: { ProtocolType: HTTP } }\n";
        let notes = load_text(&text).unwrap().notes;
        assert!(notes.is_empty(), "{other}: {notes:?}");
    }
}

#[test]
fn conditions_that_refer_to_each_other_are_followed_once() {
    let text = SWITCHABLE.replace("Never: !Equals [a, b]", "Never: !And [!Equals [a, b], !Condition Never]");
    assert_ne!(text, SWITCHABLE);
    let text = text.replace("Condition: HasSecret\n", "Condition: Never\n").replace("!If [HasSecret", "!If [Never");
    assert_eq!(load_text(&text).unwrap().notes.len(), 1);
}

//! Templates with several APIs or stages.

use super::*;

const SEVERAL: &str = "\
Resources:
  Chat:
    Type: AWS::ApiGatewayV2::Api
    Properties: { ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }
  ChatRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Chat, RouteKey: $connect }
  Dev:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref Chat, StageName: dev, AutoDeploy: true, StageVariables: { a: b } }
  Prod:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref Chat, StageName: prod, AutoDeploy: true }
  News:
    Type: AWS::ApiGatewayV2::Api
    Properties: { ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }
  NewsRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref News, RouteKey: $connect }
  NewsStage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref News, StageName: live, AutoDeploy: true }
  Elsewhere:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !ImportValue Another, RouteKey: $connect }
";

fn choose(text: &str, api: Option<&str>, stage: Option<&str>) -> Result<Loaded, TemplateError> {
    let (api, stage) = (api.map(str::to_owned), stage.map(str::to_owned));
    read(Path::new("/nowhere/chat/template.yaml"), text, &Options { api, stage, ..Options::default() })
}

#[test]
fn api_and_stage_are_chosen_by_name() {
    for (api, stage, expected) in [
        ("Chat", Some("dev"), "dev"),
        ("Chat", Some("prod"), "prod"),
        ("News", None, "live"),
        ("News", Some("live"), "live"),
    ] {
        let loaded = choose(SEVERAL, Some(api), stage).unwrap();
        assert_eq!((loaded.api.logical_id.as_str(), loaded.api.stage.name.as_str()), (api, expected));
        assert_eq!(loaded.api.stage.variables.len(), usize::from(expected == "dev"));
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
}

#[test]
fn a_missing_or_unknown_name_lists_the_names() {
    let cases = [
        (None, None, "Chat:", "the template has 2 WebSocket APIs: `Chat`, `News`", "--api NAME"),
        (Some("Chat"), None, "dev,", "the API `Chat` has 2 stages: `dev`, `prod`", "--stage NAME"),
        (Some("Chatt"), None, "", "the template has no WebSocket API `Chatt`, but --api names it", "`Chat`, `News`"),
        (Some("News"), Some("dev"), "", "the API `News` has no stage `dev`, but --stage names it", "`live`"),
    ];
    for (api, stage, place, message, help) in cases {
        let error = choose(SEVERAL, api, stage).expect_err(message);
        assert_eq!(error.to_string(), message);
        assert!(error.help().unwrap().to_string().contains(help), "{message}");
        let rest = error.location().map(|at| rest_of_line(SEVERAL, at)).unwrap_or_default();
        assert!(rest.starts_with(place) && rest.is_empty() == place.is_empty(), "{rest} instead of {place}");
    }
}

#[test]
fn a_serverless_api_may_have_further_stages() {
    let text = TEMPLATE.to_owned()
        + "  Dev: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref WebSocketApi, StageName: dev, AutoDeploy: true } }\n";
    let error = choose(&text, None, None).unwrap_err();
    assert_eq!(error.to_string(), "the API `WebSocketApi` has 2 stages: `prod`, `dev`");
    for stage in ["prod", "dev"] {
        assert_eq!(choose(&text, None, Some(stage)).unwrap().api.stage.name, stage);
    }
}

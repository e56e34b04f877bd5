//! Each rule of `check` with a template that breaks it. The templates that break none are the same ones mended.

use std::collections::BTreeSet;

use super::super::check::rules;
use super::*;

const SERVERLESS: &str = "\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Origin: { Type: String }
Globals:
  Function: { Runtime: provided.al2023, Handler: bootstrap, CodeUri: routes }
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      RouteSelectionExpression: $request.body.action
      Auth:
        AuthType: CUSTOM
        AuthArn: !GetAtt Authorize.Arn
        IdentitySource: [route.request.querystring.token]
      Routes:
        $connect:
          FunctionArn: !GetAtt Function.Arn
        $default:
          FunctionArn: !GetAtt Function.Arn
          RouteResponseSelectionExpression: $default
        chat:
          FunctionArn: !GetAtt Function.Arn
          IntegrationTimeout: 5000
  ApiDefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties:
      ApiId: !Ref Api
      RouteId: !Ref ApiDefaultRoute
      RouteResponseKey: $default
  Authorize:
    Type: AWS::Serverless::Function
    Properties: { Environment: { Variables: { ORIGIN: !Ref Origin } } }
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 20
      Environment:
        Variables:
          AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod
      LoggingConfig: { LogGroup: !Ref Logs }
      Policies:
        - Version: \"2012-10-17\"
          Statement:
            - Effect: Allow
              Action: execute-api:ManageConnections
              Resource: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/prod/POST/@connections/*
        - DynamoDBCrudPolicy: { TableName: !Ref Table }
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: { RetentionInDays: 7 }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 15
      Events: { Queue: { Type: SQS, Properties: { Queue: !GetAtt Queue.Arn } } }
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 90
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: connectionId, AttributeType: S }]
      KeySchema: [{ AttributeName: connectionId, KeyType: HASH }]
      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
";

const PLAIN: &str = "\
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Name: chat
      ProtocolType: WEBSOCKET
      RouteSelectionExpression: $request.body.action
  Other:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: other, ProtocolType: HTTP }
  OtherIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref Other, IntegrationType: HTTP_PROXY, IntegrationUri: 'https://example.com' }
  OtherAuthorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties: { ApiId: !Ref Other, Name: other, AuthorizerType: JWT }
  ApiStage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Api
      StageName: prod
      AutoDeploy: true
  ConnectRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: $connect
      AuthorizationType: CUSTOM
      AuthorizerId: !Ref Authorizer
      Target: !Sub integrations/${Integration}
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: token
      AuthorizerType: REQUEST
      AuthorizerUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
      IdentitySource: [route.request.header.Authorization]
  SendRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: send-message
      RouteResponseSelectionExpression: $default
      Target: !Sub integrations/${Integration}
  SendRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties:
      ApiId: !Ref Api
      RouteId: !Ref SendRoute
      RouteResponseKey: $default
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
      TimeoutInMillis: 5000
  FunctionApiPermission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Function
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*
  Function:
    Type: AWS::Lambda::Function
    Properties: { Runtime: provided.al2023, Handler: bootstrap, Code: routes, Role: !GetAtt Role.Arn, Timeout: 20 }
  Role:
    Type: AWS::IAM::Role
    Properties: { AssumeRolePolicyDocument: {} }
";

/// The plain template with a deployment.
fn deployed() -> String {
    PLAIN.replace("      AutoDeploy: true\n", "      DeploymentId: !Ref Deployment\n")
        + "  # websocket-gateway: allow stale-deployment
  Deployment:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [ConnectRoute, SendRoute, SendRouteResponse]
    Properties: { ApiId: !Ref Api }
"
}

/// The serverless template behind a custom domain.
fn with_domain() -> String {
    SERVERLESS.to_owned()
        + "  Domain: { Type: AWS::ApiGatewayV2::DomainName, Properties: { DomainName: chat.example.com } }
  Mapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { ApiId: !Ref Api, DomainName: chat.example.com, Stage: prod } }
"
}

fn check(text: &str) -> Vec<Remark> {
    check_text(Path::new("template.yaml"), text, &Options::default()).unwrap()
}

/// A template that breaks one rule.
struct Case {
    rule: &'static str,
    /// The template that breaks none.
    mended: String,
    /// What is written there, and what this case writes instead.
    change: (&'static str, &'static str),
    /// How the rest of the line begins where the finding is.
    place: &'static str,
}

fn case(rule: &'static str, mended: &str, from: &'static str, to: &'static str, place: &'static str) -> Case {
    Case { rule, mended: mended.to_owned(), change: (from, to), place }
}

fn cases() -> Vec<Case> {
    let serverless = |rule, from, to, place| case(rule, SERVERLESS, from, to, place);
    let plain = |rule, from, to, place| case(rule, PLAIN, from, to, place);
    let uri = "IntegrationUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations";
    let endpoint = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod";
    let source = "SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*";
    let permission = "  FunctionApiPermission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Function
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*
";
    let response = "  SendRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties:
      ApiId: !Ref Api
      RouteId: !Ref SendRoute
      RouteResponseKey: $default
";
    let serverless_response = "  ApiDefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties:
      ApiId: !Ref Api
      RouteId: !Ref ApiDefaultRoute
      RouteResponseKey: $default
";
    let policies = "      Policies:
        - Version: \"2012-10-17\"
          Statement:
            - Effect: Allow
              Action: execute-api:ManageConnections
              Resource: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/prod/POST/@connections/*
        - DynamoDBCrudPolicy: { TableName: !Ref Table }
";
    let stage = "  ApiStage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Api
      StageName: prod
      AutoDeploy: true
";
    vec![
        // What is not about WebSocket APIs, but comes up when one is read.
        serverless("unknown-reference", "!GetAtt Authorize.Arn", "!GetAtt Authorise.Arn", "!GetAtt Auth"),
        serverless(
            "circular-reference",
            "{ RetentionInDays: 7 }",
            "{ LogGroupName: !Sub '/aws/lambda/${Function}' }",
            "Function:",
        ),
        case(
            "circular-reference",
            &with_in(
                SERVERLESS,
                "      StageName: prod\n",
                "      StageName: prod\n      RouteSettings: { chat: {} }\n",
            ),
            endpoint,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${ApiprodStage}",
            "Function:",
        ),
        case(
            "circular-reference",
            &deployed(),
            "Timeout: 20 }",
            "Timeout: 20, Environment: { Variables: { STAGE: !Ref ApiStage } } }",
            "ApiStage:",
        ),
        plain("missing-property", "      RouteKey: send-message\n", "", "SendRoute:"),
        plain("unknown-property", "TimeoutInMillis", "TimeoutInMilis", "TimeoutInMilis"),
        serverless(
            "sam-property",
            "      StageName: prod\n",
            "      StageName: prod\n      ProtocolType: WEBSOCKET\n",
            "ProtocolType",
        ),
        serverless("sam-property", "IntegrationTimeout", "TimeoutInMillis", "TimeoutInMillis"),
        serverless("missing-transform", "Transform: AWS::Serverless-2016-10-31\n", "", "AWS::Serverless::WebSocketApi"),
        serverless("unknown-policy-template", "DynamoDBCrudPolicy", "DynamoDBCurdPolicy", "DynamoDBCurd"),
        plain("repeated-key", "      Name: chat\n", "      Name: chat\n      Name: chat\n", "Name: chat"),
        serverless("value-out-of-range", "      Timeout: 20\n", "      Timeout: 20\n      MemorySize: 64\n", "64"),
        // The API.
        plain(
            "missing-route-selection-expression",
            "      RouteSelectionExpression: $request.body.action\n",
            "",
            "Api:",
        ),
        plain("route-selection-expression", "$request.body.action", "request.body.action", "request.body"),
        plain("route-selection-expression", "$request.body.action", "$request.method $request.path", "$request.method"),
        plain(
            "duplicate-route-key",
            "  FunctionApiPermission:\n",
            "  Again:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: send-message, Target: !Sub 'integrations/${Integration}' }
  FunctionApiPermission:\n",
            "send-message, Target",
        ),
        plain("reserved-route-key", "send-message", "$conect", "$conect"),
        plain("http-route-key", "send-message", "GET /x", "GET"),
        serverless("sam-route-key", "        chat:\n", "        send-chat:\n", "send-chat"),
        serverless("sam-route-key", "        chat:\n", "        Connect:\n", "Connect:"),
        serverless("sam-route-key", "        chat:\n", "        $chat:\n", "$chat"),
        // Integrations.
        plain(
            "route-without-target",
            "      RouteResponseSelectionExpression: $default\n      Target: !Sub integrations/${Integration}\n",
            "      RouteResponseSelectionExpression: $default\n",
            "SendRoute:",
        ),
        plain(
            "unknown-target",
            "      RouteResponseSelectionExpression: $default\n      Target: !Sub integrations/${Integration}\n",
            "      RouteResponseSelectionExpression: $default\n      Target: !Ref Integration\n",
            "!Ref Integration",
        ),
        plain(
            "integration-of-other-api",
            "      RouteResponseSelectionExpression: $default\n      Target: !Sub integrations/${Integration}\n",
            "      RouteResponseSelectionExpression: $default\n      Target: !Sub integrations/${OtherIntegration}\n",
            "!Sub integrations/${Other",
        ),
        plain("bare-function-arn", uri, "IntegrationUri: !GetAtt Function.Arn", "!GetAtt Function.Arn"),
        plain("integration-timeout", "5000", "30000", "30000"),
        serverless("integration-timeout", "5000", "10", "10"),
        plain("function-timeout", "Timeout: 20 }", "Timeout: 30 }", "30"),
        plain(
            "templates-without-effect",
            "      TimeoutInMillis: 5000\n",
            "      RequestTemplates: { $default: '{}' }\n",
            "{ $default",
        ),
        // Permissions to invoke.
        plain("missing-permission", permission, "", "$connect"),
        plain(
            "missing-permission",
            source,
            "SourceArn: !Sub arn:aws:execute-api:*:*:${Other}/*",
            "!Sub arn:aws:execute",
        ),
        plain("missing-permission", "Principal: apigateway.amazonaws.com", "Principal: sns.amazonaws.com", "sns"),
        plain("missing-permission", "FunctionName: !Ref Function", "FunctionName: other", "$connect"),
        plain(
            "missing-permission",
            "Action: lambda:InvokeFunction",
            "Action: lambda:GetFunction",
            "lambda:GetFunction",
        ),
        // Two-way routes.
        plain("missing-route-response", response, "", "$default"),
        serverless("missing-route-response", serverless_response, "", "$default"),
        plain("missing-response-selection", "      RouteResponseSelectionExpression: $default\n", "", "send-message"),
        serverless(
            "missing-response-selection",
            "          RouteResponseSelectionExpression: $default\n",
            "",
            "$default:",
        ),
        plain("route-response-key", "RouteResponseKey: $default", "RouteResponseKey: $any", "$any"),
        plain(
            "route-response-key",
            "RouteResponseSelectionExpression: $default",
            "RouteResponseSelectionExpression: $request.body.x",
            "$request.body.x",
        ),
        serverless(
            "route-response-on-connect",
            serverless_response,
            "  ApiDefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties:
      ApiId: !Ref Api
      RouteId: !Ref ApiDefaultRoute
      RouteResponseKey: $default
  ConnectResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Api, RouteId: !Ref ApiConnectRoute, RouteResponseKey: $default }
",
            "ConnectResponse:",
        ),
        // Deployments and stages.
        case("deployment-before-route", &deployed(), "[ConnectRoute, SendRoute, ", "[SendRoute, ", "Deployment:"),
        case("deployment-before-response", &deployed(), ", SendRouteResponse]", "]", "Deployment:"),
        case("stale-deployment", &deployed(), "  # websocket-gateway: allow stale-deployment\n", "", "Deployment:"),
        case("no-routes", NO_ROUTES_MENDED, NO_ROUTES.0, NO_ROUTES.1, "Api:"),
        plain("stage-without-deployment", "      AutoDeploy: true\n", "", "ApiStage:"),
        plain("missing-stage", stage, "", "Api:"),
        plain("default-stage", "StageName: prod", "StageName: $default", "$default"),
        plain("stage-name", "StageName: prod", "StageName: a.b", "a.b"),
        // Who may connect.
        plain(
            "authorizer-elsewhere",
            "      RouteKey: send-message\n",
            "      RouteKey: send-message\n      AuthorizationType: CUSTOM\n      AuthorizerId: !Ref Authorizer\n",
            "CUSTOM",
        ),
        plain("authorizer-without-type", "      AuthorizationType: CUSTOM\n", "", "!Ref Authorizer"),
        plain("missing-authorizer", "      AuthorizerId: !Ref Authorizer\n", "", "ConnectRoute:"),
        plain("authorizer-type", "AuthorizerType: REQUEST", "AuthorizerType: JWT", "JWT"),
        plain("authorizer-type", "AuthorizationType: CUSTOM", "AuthorizationType: JWT", "JWT"),
        plain("identity-source", "route.request.header.Auth", "method.request.header.Auth", "method.request"),
        serverless("identity-source", "route.request.querystring", "$request.querystring", "$request"),
        plain("authorizer-of-other-api", "!Ref Authorizer\n", "!Ref OtherAuthorizer\n", "!Ref OtherAuthorizer"),
        serverless("sam-auth", "        $connect:\n          FunctionArn: !GetAtt Function.Arn\n", "", "CUSTOM"),
        plain(
            "api-key-elsewhere",
            "RouteKey: send-message\n",
            "RouteKey: send-message\n      ApiKeyRequired: true\n",
            "true",
        ),
        // What only HTTP APIs have.
        plain("payload-format", "TimeoutInMillis: 5000", "PayloadFormatVersion: '2.0'", "'2.0'"),
        plain(
            "cors",
            "      Name: chat\n",
            "      Name: chat\n      CorsConfiguration: { AllowOrigins: ['*'] }\n",
            "Cors",
        ),
        plain(
            "http-api-property",
            "      Name: token\n",
            "      Name: token\n      AuthorizerResultTtlInSeconds: 300\n",
            "AuthorizerResultTtl",
        ),
        // Posts.
        serverless("missing-manage-connections", policies, "", "AWS_ENDPOINT_URL"),
        serverless(
            "missing-manage-connections",
            "Action: execute-api:ManageConnections",
            "Action: execute-api:Invoke",
            "AWS_ENDPOINT_URL",
        ),
        serverless(
            "manage-connections-resource",
            "      Timeout: 15\n",
            "      Timeout: 15
      Policies:
        - Statement:
            Effect: Allow
            Action: execute-api:ManageConnections
            Resource: !Sub arn:aws:apigateway:us-east-1::/apis/${Api}/*
",
            "!Sub arn:aws:apigateway",
        ),
        serverless(
            "endpoint-scheme",
            endpoint,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub '${Api.ApiEndpoint}/prod'",
            "AWS_",
        ),
        serverless(
            "endpoint-stage",
            endpoint,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}",
            "AWS_",
        ),
        serverless(
            "endpoint-stage",
            endpoint,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev",
            "AWS_",
        ),
        serverless(
            "endpoint-path",
            endpoint,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod/@connections",
            "AWS_",
        ),
        case(
            "endpoint-domain",
            &with_domain(),
            endpoint,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: https://chat.example.com/prod",
            "AWS_",
        ),
        // Beside the API.
        serverless(
            "table-without-ttl",
            "      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }\n",
            "",
            "Table:",
        ),
        serverless("queue-visibility", "      VisibilityTimeout: 90\n", "      VisibilityTimeout: 10\n", "10"),
        serverless(
            "fifo-queue-name",
            "VisibilityTimeout: 90\n",
            "VisibilityTimeout: 90\n      QueueName: jobs.fifo\n",
            "jobs.fifo",
        ),
        serverless(
            "fifo-queue-name",
            "VisibilityTimeout: 90\n",
            "VisibilityTimeout: 90\n      QueueName: jobs\n      FifoQueue: true\n",
            "jobs",
        ),
        serverless("dead-letter-queue-type", "VisibilityTimeout: 90\n", DEAD_LETTERS, "!GetAtt Dead.Arn"),
        // The rules themselves.
        case(
            "unknown-rule",
            &deployed(),
            "allow stale-deployment",
            "allow stale-deployment, stale-deploiment",
            "stale-deployment, ",
        ),
    ]
}

const DEAD_LETTERS: &str = "\
VisibilityTimeout: 90
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
  Dead: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }
";

/// An API whose only route goes away.
const NO_ROUTES: (&str, &str) = ("        $default: { FunctionArn: !GetAtt Function.Arn }\n", "        {}\n");
const NO_ROUTES_MENDED: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        $default: { FunctionArn: !GetAtt Function.Arn }
  Function:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, Handler: bootstrap, CodeUri: routes }
";

#[test]
fn a_template_that_breaks_a_rule_is_told_so_and_the_mended_one_is_not() {
    let wrong: Vec<_> = cases().iter().filter_map(|case| Some(format!("{}: {}", case.rule, wrong(case)?))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is not as the case says.
fn wrong(Case { rule, mended, change: (from, to), place }: &Case) -> Option<String> {
    let quiet = check(mended);
    if !quiet.is_empty() || mended.matches(from).count() != 1 {
        return Some(format!("{from}: {}, {}", mended.matches(from).count(), listed(&quiet)));
    }
    let text = mended.replace(from, to);
    let found = check(&text);
    let [finding] = found.as_slice() else { return Some(format!("{to}: {}", listed(&found))) };
    let rest = rest_of_line(&text, finding.location.as_ref()?);
    if finding.rule != Some(*rule) || !rest.starts_with(place) {
        return Some(format!("{finding}, at {rest}"));
    }
    if finding.message.contains('\n') || finding.on_aws.is_none() {
        return Some(format!("{finding:?}"));
    }
    // What it says to write is in the mended template, apart from names and numbers that the author may choose.
    let chosen = ["DependsOn:", "VisibilityTimeout:"];
    let lines = finding.mend.iter().flat_map(|mend| mend.lines()).map(str::trim);
    let missing = lines.filter(|line| !mended.lines().any(|written| written.trim() == *line));
    let missing: Vec<_> = missing.filter(|line| !chosen.iter().any(|start| line.starts_with(start))).collect();
    let is_another_way = ["stale-deployment", "endpoint-domain"].contains(rule);
    (!missing.is_empty() && !is_another_way).then(|| format!("{missing:?}"))
}

fn listed(findings: &[Remark]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n    ")
}

#[test]
fn every_rule_has_a_case_and_a_section_in_the_guide() {
    let guide = include_str!("../../../docs/check.md");
    let cases: BTreeSet<_> = cases().iter().map(|case| case.rule).collect();
    let all: BTreeSet<_> = rules::ALL.iter().map(|rule| rule.id).collect();
    assert_eq!(all.len(), rules::ALL.len(), "a rule's name is its own");
    for rule in rules::ALL.iter().filter(|rule| !SHOWN_ELSEWHERE.contains(&rule.id)) {
        assert!(cases.contains(rule.id), "{} has no case", rule.id);
    }
    let mut sections = guide.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap());
    for (name, section) in sections.by_ref() {
        let rule = rules::ALL.iter().find(|rule| rule.id == name).unwrap_or_else(|| panic!("there is no rule {name}"));
        let severity = format!("**{}.**", capital(&rule.severity.to_string()));
        assert!(section.trim_start().starts_with(&severity), "{name} is {severity}");
        assert!(section.contains("Source: "), "{name} has no source");
    }
    let headings: BTreeSet<_> = guide.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(headings, all);
}

/// An action of IAM is shown with what follows from it.
const SHOWN_ELSEWHERE: [&str; 1] = ["unknown-execute-api-action"];

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

fn rules_of(text: &str) -> Vec<(&'static str, String)> {
    check(text).into_iter().map(|finding| (finding.rule.unwrap(), finding.message)).collect()
}

#[test]
fn an_action_or_a_resource_that_allows_no_post_is_shown_with_what_follows_from_it() {
    let action = "Action: execute-api:ManageConnections";
    for wrong in ["execute-api:ManageConnection", "apigateway:ManageConnections", "execute-api:PostToConnection"] {
        let found = rules_of(&with_in(SERVERLESS, action, &format!("Action: {wrong}")));
        let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(rules, ["missing-manage-connections", "unknown-execute-api-action"], "{wrong}: {found:?}");
    }
    let resource = "${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/prod/POST/@connections/*";
    for (wrong, why) in [
        ("aws:apigateway:us-east-1:123456789012:${Api}/prod/POST/@connections/*", "names the service `apigateway`"),
        (
            "aws:execute-api:us-east-1:123456789012:${Api}/prod/post/@connections/*",
            "has `post` where the method stands",
        ),
        ("aws:execute-api:us-east-1:123456789012:${Api}/POST/@connections/*", "has no stage"),
        ("aws:execute-api:us-east-1:123456789012:${Api}/@connections/*", "has no stage"),
        ("aws:execute-api:us-east-1:123456789012:${Api}/dev/POST/@connections/*", "names the stage `dev`"),
        ("aws:execute-api:us-east-1:123456789012:abcdefghij/prod/POST/@connections/*", "names another API"),
        ("aws:execute-api:us-east-1:123456789012:${Api}/prod/POST/connections/*", "does not end with"),
    ] {
        let found = rules_of(&with_in(SERVERLESS, resource, wrong));
        assert!(
            found.iter().any(|(rule, why_not)| *rule == "manage-connections-resource" && why_not.contains(why)),
            "{found:?}"
        );
    }
    let two = "Resource: [!Sub 'arn:aws:apigateway:*::/apis/${Api}/*', !Sub 'arn:aws:execute-api:*:*:${Api}/*']";
    let two = with_in(SERVERLESS, &format!("Resource: !Sub arn:{resource}"), two);
    assert!(rules_of(&two).is_empty(), "{:?}", rules_of(&two));
    for enough in [
        "aws:execute-api:*:*:${Api}/*",
        "aws:execute-api:eu-west-1:1:${Api}/*/POST/@connections/*",
        "aws:execute-api:*",
    ] {
        let found = rules_of(&with_in(SERVERLESS, resource, enough));
        assert!(found.is_empty() || enough.contains("eu-west-1"), "{enough}: {found:?}");
        assert!(found.iter().all(|(rule, _)| *rule != "manage-connections-resource"), "{enough}: {found:?}");
    }
}

/// The template with `from` replaced by `to`.
fn with_in(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

#[test]
fn an_endpoint_of_another_name_or_behind_sams_domain_is_found_too() {
    let endpoint = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod";
    let found = check(&with_in(SERVERLESS, endpoint, "WS_ENDPOINT: !GetAtt Api.ApiEndpoint"));
    let found: Vec<_> = found.iter().map(|finding| (finding.rule, finding.severity)).collect();
    assert_eq!(found, [(Some("endpoint-scheme"), Severity::Note)]);
    assert!(check(&with_in(SERVERLESS, endpoint, "SOCKET: !GetAtt Api.ApiEndpoint")).is_empty());

    let domain =
        "      StageName: prod\n      Domain: { DomainName: chat.example.com, CertificateArn: x, BasePath: [v1] }\n";
    let text = with_in(SERVERLESS, "      StageName: prod\n", domain);
    let with_path = |path: &str| {
        with_in(&text, endpoint, &format!("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: https://chat.example.com/{path}"))
    };
    assert_eq!(rules_of(&with_path("prod"))[0].0, "endpoint-domain");
    assert!(rules_of(&with_path("v1")).is_empty());
}

#[test]
fn no_missing_line_and_no_early_end_makes_a_rule_panic() {
    for template in [SERVERLESS.to_owned(), deployed(), with_domain()] {
        let lines: Vec<_> = template.lines().collect();
        for at in 0..lines.len() {
            for text in [[&lines[..at], &lines[at + 1..]].concat(), lines[..at].to_vec()] {
                drop(check_text(Path::new("template.yaml"), &text.join("\n"), &Options::default()));
            }
        }
    }
}

#[test]
fn everything_is_found_at_once_in_the_order_of_the_file() {
    let text = with_in(PLAIN, "send-message", "GET /x");
    let text = with_in(&text, "      AutoDeploy: true\n", "");
    let text = with_in(&text, "5000", "30000");
    let text = with_in(&text, "AuthorizerType: REQUEST", "AuthorizerType: JWT");
    let rules: Vec<_> = check(&text).iter().map(|finding| finding.rule.unwrap()).collect();
    assert_eq!(rules, ["stage-without-deployment", "authorizer-type", "http-route-key", "integration-timeout"]);
    // The gateway refuses to start with all errors, and says nothing twice.
    let error = load_text(&text).unwrap_err();
    let all = error.related().unwrap().count() + 1;
    assert_eq!(all, 2, "{:?}", miette::Report::new(error));
}

#[test]
fn a_comment_or_metadata_lets_one_rule_be_broken_at_one_place() {
    let bad = with_in(PLAIN, "RouteKey: send-message", "RouteKey: GET /x");
    assert_eq!(check(&bad).len(), 1);
    let silenced = [
        with_in(&bad, "RouteKey: GET /x", "RouteKey: GET /x # websocket-gateway: allow http-route-key"),
        with_in(
            &bad,
            "      RouteKey: GET /x",
            "      # websocket-gateway: allow cors, http-route-key\n      # why\n      RouteKey: GET /x",
        ),
        with_in(
            &bad,
            "  SendRoute:\n",
            "  SendRoute:\n    Metadata: { websocket-gateway: { allow: [http-route-key] } }\n",
        ),
    ];
    for text in silenced {
        assert!(check(&text).is_empty(), "{text}: {:?}", check(&text));
        let warnings = load_text(&text).unwrap().warnings;
        assert!(warnings.iter().all(|warning| warning.rule.is_none()), "{warnings:?}");
    }
    let elsewhere = [
        with_in(&bad, "RouteKey: GET /x", "RouteKey: GET /x # websocket-gateway: allow cors"),
        with_in(&bad, "  SendRoute:\n", "  # websocket-gateway: allow http-route-key\n  SendRoute:\n"),
        with_in(&bad, "  Api:\n", "  Api:\n    Metadata: { websocket-gateway: { allow: [http-route-key] } }\n"),
    ];
    for text in elsewhere {
        assert_eq!(rules_of(&text).iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), ["http-route-key"], "{text}");
    }
}

#[test]
fn what_can_not_be_known_here_breaks_no_rule() {
    let parameter = |text: &str| {
        text.replace(
            "Resources:\n",
            "Parameters:\n  Choice: { Type: String }\n  Seconds: { Type: Number }\nResources:\n",
        )
    };
    for (from, to) in [
        ("StageName: prod", "StageName: !Ref Choice"),
        ("RouteKey: send-message", "RouteKey: !ImportValue key"),
        ("FunctionName: !Ref Function", "FunctionName: !Sub '${Function.Arn}:live'"),
        (
            "SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*",
            "SourceArn: !ImportValue arn",
        ),
        ("TimeoutInMillis: 5000", "TimeoutInMillis: !Ref Seconds"),
        ("Timeout: 20 }", "Timeout: !Ref Seconds }"),
        ("AutoDeploy: true", "AutoDeploy: !ImportValue yes"),
        ("AutoDeploy: true", "DeploymentId: !Ref Choice"),
    ] {
        let found = check(&parameter(&with_in(PLAIN, from, to)));
        assert!(found.is_empty(), "{to}: {found:?}");
    }
}

#[test]
fn every_api_and_stage_is_checked() {
    let second = "  Second:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: second, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }
  SecondStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Second, StageName: one, AutoDeploy: true } }
  BadStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Second, StageName: two } }
  SecondRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Second, RouteKey: GET /x, Target: !Sub 'integrations/${SecondIntegration}' } }
  SecondIntegration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Second, IntegrationType: MOCK, TimeoutInMillis: 50 } }
";
    let found: Vec<_> = rules_of(&format!("{PLAIN}{second}")).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(found, ["stage-without-deployment", "http-route-key"]);
}

#[test]
fn json_templates_have_places_too() {
    let json = r#"{
  "Resources": {
    "Api": { "Type": "AWS::ApiGatewayV2::Api", "Properties": { "Name": "a", "ProtocolType": "WEBSOCKET",
      "RouteSelectionExpression": "request.body.action" } }
  }
}"#;
    let found: Vec<_> =
        check(json).into_iter().map(|finding| (finding.rule.unwrap(), finding.location.unwrap())).collect();
    let places: Vec<_> = found.iter().map(|(rule, at)| (*rule, at.line, at.column)).collect();
    assert_eq!(places, [("missing-stage", 3, 5), ("route-selection-expression", 4, 35)]);
}

#[test]
fn what_is_no_template_with_a_websocket_api_is_an_error() {
    for (text, message) in [
        ("Resources: [", "not valid YAML"),
        ("Resources: {}", "no WebSocket API"),
        ("", "empty"),
        ("Resources: { A: { Type: AWS::SNS::Topic } }", "no WebSocket API"),
    ] {
        let error = check_text(Path::new("template.yaml"), text, &Options::default()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

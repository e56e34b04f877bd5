use std::time::Duration;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use serde_json::json;

use super::*;
use crate::api::Code;

mod authorizers;
mod beside;
mod cdk;
mod chat;
mod check;
mod choices;
mod functions;
mod macros;
mod names;
mod notes;
mod plain;
mod queues;
mod roles;
mod serverless_framework;
mod warnings;

const TEMPLATE: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
# Zum Üben — für alle
Parameters:
  Architecture: { Type: String, Default: x86_64, AllowedValues: [x86_64, arm64] }
  Certificate: { Type: String }
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
    CodeUri: crates/routes
    Timeout: 10
    Architectures: [!Ref Architecture]
    Environment: { Variables: { TABLE_NAME: !Ref ConnectionsTable, LEVEL: info } }
Resources:
  WebSocketApi:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: prod
      Routes:
        $connect: { FunctionArn: !GetAtt ConnectFunction.Arn }
        $default: { FunctionArn: !GetAtt DefaultFunction.Arn, RouteResponseSelectionExpression: $default }
        sendMessage: { FunctionArn: !Sub '${DefaultFunction.Arn}', IntegrationTimeout: 5000 }
  WebSocketApiDefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref WebSocketApi, RouteId: !Ref WebSocketApiDefaultRoute, RouteResponseKey: $default }
  ConnectFunction:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: connect } }
    Properties:
      Policies: [{ Statement: [{ Effect: Allow, Action: 's3:GetObject', Resource: [!ImportValue Elsewhere, !Ref Certificate] }] }]
      Environment:
        Variables:
          LEVEL: debug
          RETRIES: 3
          # websocket-gateway: allow missing-manage-connections
          AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub 'https://${WebSocketApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod'
  DefaultFunction:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: default, MemorySize: 256, Timeout: 20 }
  UnusedFunction:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.13 }
  ConnectionsTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - { AttributeName: connectionId, AttributeType: S }
        - { AttributeName: channel, AttributeType: S }
      KeySchema: [{ AttributeName: connectionId, KeyType: HASH }]
      GlobalSecondaryIndexes:
        - IndexName: channel
          KeySchema: [{ AttributeName: channel, KeyType: HASH }]
          Projection: { ProjectionType: KEYS_ONLY }
      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
";

fn load_text(text: &str) -> Result<Loaded, TemplateError> {
    load_with(text, &[])
}

fn load_with(text: &str, parameters: &[(&str, &str)]) -> Result<Loaded, TemplateError> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    read(Path::new("/nowhere/chat/template.yaml"), text, &Options { parameters, ..Options::default() })
}

/// The template with `from` replaced by `to`.
fn with(from: &str, to: &str) -> String {
    assert_eq!(TEMPLATE.matches(from).count(), 1, "{from}");
    TEMPLATE.replace(from, to)
}

fn cargo(directory: &str, binary: Option<&str>) -> Code {
    Code::Cargo { directory: Path::new("/nowhere/chat").join(directory), binary: binary.map(str::to_owned) }
}

/// The environment variable `X` of a function for which the template says `value`. `sections` are added to the template.
fn evaluate(sections: &str, value: &str) -> Result<Option<String>, TemplateError> {
    let text = with("RETRIES: 3", &format!("X: {value}"));
    let loaded = load_with(&text.replace("Globals:", &format!("{sections}\nGlobals:")), &[])?;
    Ok(loaded.api.functions["ConnectFunction"].environment.get("X").cloned())
}

/// `place` is how the rest of the line begins at the error's column. It is empty if the error has no place in the template.
fn assert_fails(text: &str, place: &str, message: &str, help: &str) {
    let error = load_text(text).expect_err(message);
    let found = error.to_string();
    assert!(found.contains(message), "{found} instead of {message}");
    assert!(!found.contains('\n'), "{found}");
    let found = error.first.help.clone().unwrap_or_default();
    assert!(found.contains(help) && found.is_empty() == help.is_empty(), "{found} instead of {help}");
    let rest = error.location().map(|at| rest_of_line(text, at)).unwrap_or_default();
    assert!(rest.starts_with(place) && rest.is_empty() == place.is_empty(), "{rest} instead of {place}, for {message}");
}

/// Expects a single warning. `place` is how the rest of the line begins at the warning's column.
fn assert_warns(text: &str, warnings: &[Remark], place: &str, message: &str, help: &str) {
    let [warning] = warnings else { panic!("{warnings:?} instead of {message}") };
    assert!(warning.message.contains(message), "{warning} instead of {message}");
    let found = [&warning.help, &warning.mend].map(|text| text.clone().unwrap_or_default()).concat();
    assert!(found.contains(help), "{found} instead of {help}");
    let rest = rest_of_line(text, warning.location.as_ref().unwrap());
    assert!(rest.starts_with(place), "{rest} instead of {place}, for {message}");
}

fn rest_of_line(text: &str, at: &Location) -> String {
    text.lines().nth(at.line - 1).unwrap_or_default().chars().skip(at.column - 1).collect()
}

#[test]
fn the_whole_api_is_read() {
    let Loaded { api, warnings, .. } = load_text(TEMPLATE).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((api.logical_id.as_str(), api.stage.name.as_str()), ("WebSocketApi", "prod"));
    assert_eq!(api.route_selection_expression.evaluate(r#"{"action":"x"}"#).as_deref(), Some("x"));
    assert!(api.api_id.len() == 10 && api.api_id.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()));

    let routes: Vec<_> = api.routes.iter().map(|(key, route)| (key.as_str(), route.function.as_str())).collect();
    let expected =
        [("$connect", "ConnectFunction"), ("$default", "DefaultFunction"), ("sendMessage", "DefaultFunction")];
    assert_eq!(routes, expected);
    assert!(api.routes["$default"].route_response && !api.routes["$connect"].route_response);
    assert_eq!(api.routes["sendMessage"].integration_timeout, Duration::from_secs(5));
    assert_eq!(api.routes["$connect"].integration_timeout, Duration::from_secs(29));
}

#[test]
fn functions_have_the_globals_under_their_own_properties() {
    let api = load_text(TEMPLATE).unwrap().api;
    assert_eq!(api.functions.keys().collect::<Vec<_>>(), ["ConnectFunction", "DefaultFunction", "UnusedFunction"]);
    assert!(!api.invokes("UnusedFunction"));
    let connect = &api.functions["ConnectFunction"];
    assert_eq!(connect.name, "chat-ConnectFunction");
    assert_eq!(connect.defined_at, "/nowhere/chat/template.yaml:28:3");
    assert_eq!(connect.code, cargo("crates/routes", Some("connect")));
    assert_eq!((connect.timeout, connect.memory_size), (Duration::from_secs(10), 128));
    let endpoint = format!("https://{}.execute-api.us-east-1.amazonaws.com/prod", api.api_id);
    let environment: Vec<_> = connect.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", endpoint.as_str()),
        ("LEVEL", "debug"),
        ("RETRIES", "3"),
        ("TABLE_NAME", "chat-ConnectionsTable"),
    ];
    assert_eq!(environment, expected);
    let default = &api.functions["DefaultFunction"];
    assert_eq!(
        (default.name.as_str(), default.timeout, default.memory_size),
        ("default", Duration::from_secs(20), 256)
    );
    assert_eq!((default.environment["LEVEL"].as_str(), &default.code), ("info", &cargo("crates/routes", None)));
}

#[test]
fn a_table_becomes_a_create_table_request() {
    let table = &load_text(TEMPLATE).unwrap().api.tables[0];
    assert_eq!((table.logical_id.as_str(), table.name.as_str()), ("ConnectionsTable", "chat-ConnectionsTable"));
    assert_eq!(table.time_to_live_attribute.as_deref(), Some("expiresAt"));
    let attribute = |name| json!({ "AttributeName": name, "AttributeType": "S" });
    let key = |name| json!([{ "AttributeName": name, "KeyType": "HASH" }]);
    let expected = json!({
        "TableName": "chat-ConnectionsTable",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [attribute("connectionId"), attribute("channel")],
        "KeySchema": key("connectionId"),
        "GlobalSecondaryIndexes": [
            { "IndexName": "channel", "KeySchema": key("channel"), "Projection": { "ProjectionType": "KEYS_ONLY" } }
        ],
    });
    assert_eq!(table.create_table, expected);
}

#[test]
fn tables_may_have_capacity_a_stream_or_the_simple_type() {
    let throughput = "ProvisionedThroughput: { ReadCapacityUnits: !Ref Units, WriteCapacityUnits: 2 }
      StreamSpecification: { StreamViewType: KEYS_ONLY }";
    let text = with("BillingMode: PAY_PER_REQUEST", throughput)
        .replace("Enabled: true", "Enabled: false")
        .replace("Globals:", "  Units: { Type: Number, Default: 5 }\nGlobals:")
        + "  Plain: { Type: AWS::Serverless::SimpleTable }
  Numbered: { Type: AWS::Serverless::SimpleTable, Properties: { TableName: n, PrimaryKey: { Name: no, Type: Number } } }\n";
    let tables = load_text(&text).unwrap().api.tables;
    assert_eq!(tables[0].time_to_live_attribute, None);
    let request = &tables[0].create_table;
    assert_eq!(request["ProvisionedThroughput"], json!({ "ReadCapacityUnits": 5, "WriteCapacityUnits": 2 }));
    assert_eq!(request["StreamSpecification"], json!({ "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" }));
    assert_eq!(tables[1].name, "chat-Plain");
    assert_eq!(
        tables[1].create_table["AttributeDefinitions"],
        json!([{ "AttributeName": "id", "AttributeType": "S" }])
    );
    assert_eq!(tables[2].create_table["TableName"], "n");
    let global = with("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
        .replace("BillingMode: PAY_PER_REQUEST", "Replicas: []");
    let table = &load_text(&global).unwrap().api.tables[0];
    assert_eq!(
        (table.name.as_str(), &table.create_table["BillingMode"]),
        ("chat-ConnectionsTable", &json!("PAY_PER_REQUEST"))
    );
    assert_eq!(
        tables[2].create_table["AttributeDefinitions"],
        json!([{ "AttributeName": "no", "AttributeType": "N" }])
    );
}

#[test]
fn intrinsic_functions_are_resolved_in_their_short_and_long_forms() {
    let sections = "
  Names: { Type: CommaDelimitedList, Default: 'a, b' }
Mappings: { Regions: { us-east-1: { Name: Virginia, 7: seven, List: [x, y] } } }
Conditions:
  Yes: !Equals [!Ref Architecture, x86_64]
  No: !Not [!Condition Yes]
  Long: { 'Fn::And': [{ Condition: Yes }, { 'Fn::Or': [{ Condition: No }, { 'Fn::Equals': ['1', 1] }] }] }";
    let function = "arn:aws:lambda:us-east-1:123456789012:function";
    let table = "arn:aws:dynamodb:us-east-1:123456789012:table/chat-ConnectionsTable";
    let cases = [
        ("plain", "plain"),
        ("true", "true"),
        ("1.5", "1.5"),
        ("!Ref Architecture", "x86_64"),
        ("{ Ref: Architecture }", "x86_64"),
        ("!Sub '${Architecture}-${!Architecture}-${AWS::StackName}'", "x86_64-${Architecture}-chat"),
        ("!Sub ['${A}/${AWS::Region}', { A: !Ref ConnectionsTable }]", "chat-ConnectionsTable/us-east-1"),
        ("{ 'Fn::Sub': '${AWS::Partition}:${AWS::AccountId}' }", "aws:123456789012"),
        ("!Join ['-', [a, !Ref Architecture, 1]]", "a-x86_64-1"),
        ("!Join ['+', !Ref Names]", "a+b"),
        ("!Select [1, !Split [',', 'p,q']]", "q"),
        ("!Select ['0', !Ref Names]", "a"),
        ("!FindInMap [Regions, !Ref AWS::Region, Name]", "Virginia"),
        ("!FindInMap [Regions, us-east-1, 7]", "seven"),
        ("!Select [1, !FindInMap [Regions, us-east-1, List]]", "y"),
        ("!If [Yes, !If [No, 1, 2], 3]", "2"),
        ("!If [Long, long, short]", "long"),
        ("!FindInMap [Regions, us-east-1, Nothing, { DefaultValue: !Ref Architecture }]", "x86_64"),
        ("!FindInMap [Nothing, us-east-1, Name, { DefaultValue: 1 }]", "1"),
        ("!FindInMap [Regions, us-east-1, Name, { DefaultValue: 1 }]", "Virginia"),
        ("!Base64 text", "dGV4dA=="),
        ("{ 'Fn::Base64': !Ref Architecture }", "eDg2XzY0"),
        ("!Select [1, !GetAZs '']", "us-east-1b"),
        ("!Join [',', { 'Fn::GetAZs': eu-west-1 }]", "eu-west-1a,eu-west-1b,eu-west-1c"),
        ("!Join [',', !Ref AWS::NotificationARNs]", ""),
        ("!Select [0, !If [No, [x], !Split ['.', y.z]]]", "y"),
        ("!Ref UnusedFunction", "chat-UnusedFunction"),
        ("!GetAtt UnusedFunction.Arn", &format!("{function}:chat-UnusedFunction")),
        ("{ 'Fn::GetAtt': [DefaultFunction, Arn] }", &format!("{function}:default")),
        ("!GetAtt ConnectionsTable.Arn", table),
        ("!GetAtt ConnectionsTable.StreamArn", &format!("{table}/stream/1970-01-01T00:00:00.000")),
        ("!Ref WebSocketApiSendmessageRoute", "WebSocketApiSendmessageRoute"),
        ("!Ref WebSocketApiDefaultRouteResponse", "WebSocketApiDefaultRouteResponse"),
        ("!GetAtt WebSocketApiDefaultRouteResponse.Some.Thing", "WebSocketApiDefaultRouteResponse.Some.Thing"),
        ("!GetAtt ConnectFunctionRole.Arn", "ConnectFunctionRole.Arn"),
    ];
    for (value, expected) in cases {
        assert_eq!(evaluate(sections, value).unwrap().as_deref(), Some(expected), "{value}");
    }
    assert_eq!(evaluate(sections, "!Ref AWS::NoValue").unwrap(), None);
    assert_eq!(evaluate(sections, "!If [No, x, !Ref 'AWS::NoValue']").unwrap(), None);
    let endpoint = evaluate("", "!GetAtt WebSocketApi.ApiEndpoint").unwrap().unwrap();
    assert!(endpoint.starts_with("wss://") && endpoint.ends_with(".execute-api.us-east-1.amazonaws.com"), "{endpoint}");
}

#[test]
fn values_that_can_not_be_resolved_are_errors() {
    let cases = [
        (
            "!Ref ConectionsTable",
            "the template has no resource or parameter `ConectionsTable`",
            "did you mean `ConnectionsTable`?",
        ),
        ("!Ref Nothing", "the template has no resource or parameter `Nothing`", ""),
        (
            "!Ref ConnectFunction.Alias",
            "the template has no resource or parameter",
            "write `!GetAtt ConnectFunction.Alias`",
        ),
        ("!GetAtt Nothing.Arn", "the template has no resource or parameter `Nothing`", ""),
        ("!GetAtt ConnectFunction", "must name a resource and an attribute", "`!GetAtt Name.Arn`"),
        ("!GetAtt [ConnectFunction]", "must name a resource and an attribute", "`!GetAtt Name.Arn`"),
        ("!Ref [a]", "the argument of `!Ref` must be text, but is a list", ""),
        ("!Sub 'a ${b'", "`!Sub` has a `${` without a closing", "write `${!Name}`"),
        ("!Sub '${AWS::NoValue}'", "`AWS::NoValue` is not allowed inside a text", ""),
        ("!Sub [a]", "the argument of `!Sub` must be text, or a list of text and a map", ""),
        ("!Join [a]", "`!Join` takes a list of 2", ""),
        ("!Split ['', a]", "the delimiter of `!Split` must not be empty", ""),
        ("!Select [2, [a, b]]", "`!Select` asks for item 2 of a list of length 2", "the first item has the index 0"),
        ("!Select [-1, [a, b]]", "the index of `!Select` must be a whole number", ""),
        ("!FindInMap [Nothing, a, b]", "`Mappings` has no key `Nothing` here", ""),
        ("!If [Nothing, a, b]", "the template has no condition `Nothing`", ""),
        ("!ImportValue Elsewhere", "can't resolve `!ImportValue`", "put the value into a parameter"),
        ("!ImportValue Elsewhere", "only AWS knows", "Local: !Equals [!Ref AWS::AccountId, '123456789012']"),
        ("!FindInMap [Nothing, a, b, { Default: x }]", "`!FindInMap` has no `DefaultValue`", ""),
        ("!FindInMap [a, b]", "`!FindInMap` takes a list of 3", ""),
        ("{ 'Fn::Transform': { Name: x } }", "can't resolve `!Transform`", "put the value into a parameter"),
        ("{ 'Fn::Nonsense': 1 }", "can't resolve `!Nonsense`", "put the value into a parameter"),
        ("[a, list]", "`X` must be text, but is a list", ""),
        ("", "`X` must be text, but is empty", ""),
        ("!Split [',', a]", "`X` must be text, but is a list", ""),
    ];
    for (value, message, help) in cases {
        let error = evaluate("", value).expect_err(value);
        assert!(error.to_string().contains(message), "{value}: {error}");
        assert_eq!(error.location().unwrap().line, 37, "{value}");
        let found = error.first.help.clone().unwrap_or_default();
        assert!(found.contains(help) && found.is_empty() == help.is_empty(), "{value}: {found}");
    }
}

#[test]
fn references_in_a_circle_are_an_error() {
    let conditions = "Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }";
    let error = evaluate(conditions, "!If [A, x, y]").unwrap_err();
    assert!(error.to_string().contains("`A` refers to itself"), "{error}");
    let error = load_text(&with("FunctionName: default", "FunctionName: !Sub '${DefaultFunction}-x'")).unwrap_err();
    assert!(error.to_string().contains("`DefaultFunction` refers to itself"), "{error}");
}

#[test]
fn a_long_chain_of_references_is_an_error_and_not_a_stack_overflow() {
    let chain: String = (0..3000).map(|i| format!("  C{i}: !Not [!Condition C{}]\n", i + 1)).collect();
    let error = evaluate(&format!("Conditions:\n{chain}  C3000: !Equals [a, a]"), "!If [C0, x, y]").unwrap_err();
    assert!(error.to_string().contains("this chain of references is too long"), "{error}");
}

#[test]
fn parameters_can_be_set_and_are_checked() {
    let text = with("RETRIES: 3", "X: !Ref Certificate").replace("Enabled: true", "Enabled: !Ref Certificate");
    let loaded = load_with(&text, &[("Certificate", "false"), ("Architecture", "arm64")]).unwrap();
    assert_eq!(loaded.api.functions["ConnectFunction"].environment["X"], "false");
    assert_eq!(loaded.api.tables[0].time_to_live_attribute, None);

    let help = "set it with --parameter Certificate=VALUE";
    assert_fails(&text, "Certificate:", "the parameter `Certificate` has no value", help);
    let cases = [
        ("Architecture", "arm", "the parameter `Architecture` can't be `arm`", "its allowed values are: x86_64, arm64"),
        ("Arch", "arm64", "the template has no parameter `Arch`", "its parameters are `Architecture`, `Certificate`"),
    ];
    for (name, value, message, help) in cases {
        let error = load_with(TEMPLATE, &[(name, value)]).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.help().unwrap().to_string(), help);
    }
    let kept =
        with("Certificate: { Type: String }", "Certificate: { Type: AWS::SSM::Parameter::Value<String>, Default: /a }");
    assert_fails(&kept.replace("RETRIES: 3", "X: !Ref Certificate"), "Certificate:", "has no value", help);
    let number = with("Certificate: { Type: String }", "Certificate: { Type: Number, Default: many }");
    assert_fails(&number, "Certificate:", "the parameter `Certificate` must be a number, but is `many`", "");
    // Nor is a secret shown.
    let secret = number.replace("Default: many", "Default: many, NoEcho: true");
    assert_fails(&secret, "Certificate:", "the value of the parameter `Certificate` is not allowed", "");
}

#[test]
fn a_resource_whose_condition_is_false_does_not_exist() {
    let conditions = "Conditions: { Local: !Equals [!Ref Architecture, arm64] }\nGlobals:";
    let text =
        with("Globals:", conditions).replace("  DefaultFunction:\n", "  DefaultFunction:\n    Condition: Local\n");
    assert_fails(
        &text,
        "!GetAtt DefaultFunction.Arn",
        "the resource `DefaultFunction` does not exist, because its `Condition` is false",
        "",
    );
    assert!(load_with(&text, &[("Architecture", "arm64")]).is_ok());
    let text = text.replace("    Condition: Local\n", "") + "    Condition: Local\n";
    let text =
        text.replace("TABLE_NAME: !Ref ConnectionsTable", "TABLE_NAME: !If [Local, !Ref ConnectionsTable, none]");
    assert!(load_text(&text).unwrap().api.tables.is_empty());
}

#[test]
fn mistakes_are_shown_at_their_place() {
    let cases = [
        (
            "      RouteSelectionExpression: $request.body.action\n",
            "",
            "WebSocketApi:",
            "`WebSocketApi` has no `RouteSelectionExpression`",
            "add it to the API",
        ),
        ("$request.body.action", "$request.header.x", "$request.header.x", "a route key can't come from", ""),
        (
            "RouteSelectionExpression: $r",
            "RouteSelectionExpresion: $r",
            "RouteSelectionExpresion:",
            "can't have a property `RouteSelectionExpresion`",
            "did you mean `RouteSelectionExpression`?",
        ),
        (
            "StageName: prod",
            "StageName: $default",
            "$default",
            "can't have the stage `$default`",
            "write for example `prod`",
        ),
        ("StageName: prod", "StageName: a/b", "a/b", "`a/b` is not a valid stage name", "letters, digits"),
        ("StageName: prod", "StageVariables: [a]", "[a]", "`StageVariables` must be a map", ""),
        ("StageName: prod", "Auth: {}", "{}", "`Auth` has no `AuthType`", ""),
        ("IntegrationTimeout: 5000", "ApiKeyRequired: true", "true }", "`ApiKeyRequired` is not supported yet", ""),
        (
            "IntegrationTimeout: 5000",
            "IntegrationTimeout: 30000",
            "30000",
            "must be a whole number from 50 to 29000",
            "",
        ),
        ("IntegrationTimeout: 5000", "IntegrationTimeout: 49", "49", "must be a whole number from 50 to 29000", ""),
        (
            "IntegrationTimeout: 5000",
            "Timeout: 1",
            "Timeout: 1",
            "the route `sendMessage` can't have a property `Timeout`",
            "remove it",
        ),
        (
            "sendMessage:",
            "send-message:",
            "send-message:",
            "characters other than letters and digits",
            "rename the route",
        ),
        (
            "sendMessage:",
            "$message:",
            "$message:",
            "`$message` is not a route key",
            "`$connect`, `$disconnect` and `$default`",
        ),
        ("sendMessage:", "Connect:", "Connect:", "differs from another only in case", "rename one"),
        ("{ FunctionArn: !GetAtt ConnectFunction.Arn }", "[Arn]", "[Arn]", "the route `$connect` must be a map", ""),
        (
            "!GetAtt ConnectFunction.Arn",
            "!Ref ConnectFunction",
            "!Ref",
            "is not the ARN of an AWS::Serverless::Function",
            "`!GetAtt ConnectFunction.Arn` or",
        ),
        (
            "!GetAtt ConnectFunction.Arn",
            "!Ref ConnectFunctionAliaslive",
            "!Ref",
            "is not the ARN of an AWS::Serverless::Function",
            "not aliases or versions",
        ),
        (
            "!GetAtt ConnectFunction.Arn",
            "!GetAtt ConectFunction.Arn",
            "!GetAtt Con",
            "the template has no resource or parameter `ConectFunction`",
            "did you mean `ConnectFunction`?",
        ),
        ("    CodeUri: crates/routes\n", "", "ConnectFunction:", "`ConnectFunction` has no `CodeUri`", ""),
        (
            "CodeUri: crates/routes",
            "CodeUri: ''",
            "''",
            "must be the folder of the function's code",
            "relative to the template's directory",
        ),
        ("    Timeout: 10\n", "    Timeout: ten\n", "ten", "`Timeout`, in seconds, must be a whole number", ""),
        (
            "MemorySize: 256",
            "MemorySize: 64",
            "64,",
            "`MemorySize`, in MB, must be a whole number from 128 to 10240",
            "",
        ),
        ("FunctionName: default", "FunctionName: ''", "''", "`FunctionName` must have 1 to 64 characters", ""),
        (
            "    Type: AWS::DynamoDB::Table\n",
            "    Typ: AWS::DynamoDB::Table\n",
            "ConnectionsTable:",
            "the resource `ConnectionsTable` has no `Type`",
            "write `Type` instead of `Typ`",
        ),
        (
            "      KeySchema: [{ AttributeName: connectionId, KeyType: HASH }]\n",
            "",
            "ConnectionsTable:",
            "`ConnectionsTable` has no `KeySchema`",
            "",
        ),
        (
            "KeySchema: [{ AttributeName: connectionId, KeyType: HASH }]",
            "KeySchema: x",
            "x",
            "`KeySchema` must be a list (`[first, second]`), but is text",
            "",
        ),
        ("Enabled: true", "Enabled: maybe", "maybe", "`Enabled` must be `true` or `false`, but is text", ""),
        ("AttributeName: expiresAt, ", "", "{ Enabled", "`TimeToLiveSpecification` has no `AttributeName`", ""),
        ("  Function:\n", "  Function:\n    <<: { a: b }\n", "<<:", "merge key", "Globals"),
        ("StageName: prod", "StageName: 'prod", "'prod", "this is not valid YAML", ""),
    ];
    for (from, to, place, message, help) in cases {
        assert_fails(&with(from, to), place, message, help);
    }
}

#[test]
fn a_template_needs_exactly_one_websocket_api() {
    assert_fails("", "", "the template is empty", "Resources");
    assert_fails("Resources: {}", "", "no WebSocket API", "Type: AWS::Serverless::WebSocketApi");
    assert_fails("Resources: []", "[]", "`Resources` must be a map", "");
    assert_fails("just text", "just text", "a template must be a map", "");
    assert_fails("a: b\n---\nc: d\n", "c: d", "a template must be a single YAML document", "remove the line");
    let plain = "Resources: { A: { Type: AWS::ApiGatewayV2::Api, Properties: { ProtocolType: WEBSOCKET } } }";
    assert_fails(plain, "A:", "the API `A` has no AWS::ApiGatewayV2::Stage", "add a stage");
    let misspelt = "Resources: { A: { Type: AWS::Serverless::WebsocketApi } }";
    assert_fails(misspelt, "AWS::Serverless::WebsocketApi", "no WebSocket API", "AWS::Serverless::WebSocketApi");
    let http = plain.replace("WEBSOCKET", "HTTP");
    assert_fails(&http, "", "no WebSocket API", "add a resource");
    let two = format!("{TEMPLATE}  Second: {{ Type: AWS::Serverless::WebSocketApi }}\n");
    assert_fails(
        &two,
        "WebSocketApi:",
        "2 WebSocket APIs: `WebSocketApi`, `Second`",
        "the gateway serves one WebSocket API",
    );
}

#[test]
fn a_route_is_two_way_with_a_route_response_and_one_way_without() {
    let response = "  WebSocketApiDefaultRouteResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref WebSocketApi, RouteId: !Ref WebSocketApiDefaultRoute, RouteResponseKey: $default }\n";
    let text = with(response, "");
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    assert!(!api.routes["$default"].route_response);
    let warning = warnings[0].to_string();
    assert!(
        warning.starts_with("/nowhere/chat/template.yaml:23:97: the route `$default` has no AWS::ApiGatewayV2::Rou"),
        "{warning}"
    );
    let addition = warnings[0].mend.as_ref().unwrap();
    let Loaded { api, warnings, .. } = load_text(&format!("{text}{addition}")).unwrap();
    assert!(api.routes["$default"].route_response && warnings.is_empty());

    let Loaded { api, notes, .. } = load_text(&with(", RouteResponseSelectionExpression: $default", "")).unwrap();
    assert!(api.routes["$default"].route_response);
    let note = notes[0].to_string();
    assert!(note.contains("23:9: the route `$default` has no `RouteResponseSelectionExpression`"), "{note}");
}

#[test]
fn ignored_properties_are_warnings_unless_they_make_no_difference() {
    let domain =
        "Domain: { DomainName: x }\n      DefaultRouteSettings: { ThrottlingRateLimit: 5 }\n      StageName: prod";
    let text = with("StageName: prod", domain)
        .replace("IntegrationTimeout: 5000", "RequestModels: { $default: !Ref Elsewhere }")
        .replace("RETRIES: 3", "SECRET: '{{resolve:ssm:/a}}'");
    let warnings = load_text(&text).unwrap().warnings;
    let messages: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    let expected = [
        "the gateway ignores `Domain`",
        "`SECRET` has a dynamic reference, which only CloudFormation resolves",
        "the gateway ignores `RequestModels`",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn the_defaults_are_those_of_aws() {
    let text = with("      StageName: prod\n", "      StageVariables: { a: 1 }\n").replace("    Timeout: 10\n", "");
    let api = load_text(&text).unwrap().api;
    assert_eq!((api.stage.name.as_str(), api.stage.variables["a"].as_str()), ("default", "1"));
    assert_eq!(api.functions["ConnectFunction"].timeout, Duration::from_secs(3));
}

#[test]
fn json_windows_line_ends_and_byte_order_marks_are_accepted() {
    let json = "{\n\t\"Transform\": \"AWS::Serverless-2016-10-31\",\n\t\"Resources\": {\n\t\t\"Api\": {\"Type\": \"AWS::Serverless::WebSocketApi\", \"Properties\": {
\t\t\t\"RouteSelectionExpression\": \"$request.body.action\",
\t\t\t\"Routes\": {\"$default\": {\"FunctionArn\": {\"Fn::GetAtt\": [\"F\", \"Arn\"]}}}}},
\t\t\"F\": {\"Type\": \"AWS::Serverless::Function\",\n\t\t\t\"Properties\": {\"Runtime\": \"provided.al2\", \"CodeUri\": \".\"}}\n\t}\n}\n";
    assert_eq!(load_text(json).unwrap().api.routes["$default"].function, "F");
    assert!(load_text(&TEMPLATE.replace('\n', "\r\n")).is_ok());
    assert!(load_text(&["\u{feff}", TEMPLATE].concat()).is_ok());
    let broken = with("StageName: prod", "StageName: $default").replace('\n', "\r\n");
    assert_fails(&broken, "$default", "can't have the stage `$default`", "write for example `prod`");
}

#[test]
fn a_report_shows_the_line_and_what_to_write_instead() {
    let error = load_text(&with("ConnectFunction.Arn }", "ConectFunction.Arn }")).unwrap_err();
    let mut report = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_links(false);
    handler.render_report(&mut report, &error).unwrap();
    for part in [
        "the template has no resource or parameter `ConectFunction`",
        "/nowhere/chat/template.yaml:22:34",
        "22 │         $connect: { FunctionArn: !GetAtt ConectFunction.Arn }",
        "did you mean `ConnectFunction`?",
    ] {
        assert!(report.contains(part), "{report}");
    }
}

#[test]
fn an_unreadable_file_is_an_error_that_names_it() {
    let error = load(Path::new("/nowhere/chat/template.yaml"), &Options::default()).unwrap_err();
    assert!(error.to_string().starts_with("the template `/nowhere/chat/template.yaml` can't be read: "), "{error}");
    assert!(error.location().is_none());
}

#[test]
fn no_truncated_template_makes_the_reader_panic() {
    for end in TEMPLATE.char_indices().map(|(at, _)| at) {
        drop(load_text(&TEMPLATE[..end]));
    }
    let lines: Vec<_> = TEMPLATE.lines().collect();
    for skipped in 0..lines.len() {
        drop(load_text(&[&lines[..skipped], &lines[skipped + 1..]].concat().join("\n")));
    }
}

#[test]
fn odd_documents_are_errors_and_not_panics_or_stack_overflows() {
    let laughs: String = (0..30)
        .fold("a0: &a0 [x]\n".to_owned(), |text, i| text + &format!("a{}: &a{} [*a{i}, *a{i}, *a{i}]\n", i + 1, i + 1));
    let nested: String = (0..60).fold("a0: &a0 [x]\n".to_owned(), |text, i| {
        text + &format!("a{}: &a{} {}*a{i}{}\n", i + 1, i + 1, "[".repeat(100), " ]".repeat(100))
    });
    let odd = [
        "- ".repeat(100_000),
        // A carriage return alone ends a line, too.
        format!("#\r{}", "- ".repeat(100_000)),
        "? ".repeat(100_000),
        "[".repeat(100_000),
        "{a: ".repeat(200) + &"}".repeat(200),
        (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        laughs,
        nested,
        "*unknown".to_owned(),
        "!!int x: y".to_owned(),
        "Resources: !Ref".to_owned(),
        "[a]: b".to_owned(),
        "%YAML 9.9\n---\n".to_owned(),
        "\u{0}\u{1b}[31m".to_owned(),
        "!".to_owned(),
        "Resources: { Ref: x }".to_owned(),
        "Resources: { A: { Type: [x] } }".to_owned(),
        "Resources: { A: !Sub x }".to_owned(),
        "Parameters: { A: { Type: String, Default: !Ref B } }".to_owned(),
    ];
    for text in odd {
        assert!(load_text(&text).is_err(), "{}", text.chars().take(60).collect::<String>());
    }
}

#[test]
fn every_line_end_of_yaml_counts() {
    for end in ["\n", "\r\n", "\r"] {
        let error = load_text(&["Resources:", "  A:", "    B: ]", "  C: 1"].join(end)).unwrap_err();
        let place = error.location().unwrap();
        assert_eq!((place.line, place.column), (3, 8), "{end:?}: {error}");
        let mut shown = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme::none()).render_report(&mut shown, &error).unwrap();
        assert!(shown.contains("template.yaml:3:8"), "{shown}");
    }
}

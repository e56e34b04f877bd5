//! Macros, which only AWS expands, and conditions for whole configurations.

use super::*;

#[test]
fn macros_in_resources_are_warnings() {
    for (resources, name) in [
        ("  Fn::ForEach::Topics: [T, [a, b], { 'Topic${T}': { Type: AWS::SNS::Topic } }]\n", "Fn::ForEach::Topics"),
        ("  Fn::Transform: { Name: AWS::Include, Parameters: { Location: s3://b/k } }\n", "Fn::Transform"),
    ] {
        let text = format!("{TEMPLATE}{resources}");
        let warnings = load_text(&text).unwrap().warnings;
        assert_warns(&text, &warnings, name, &format!("the gateway does not expand `{name}`"), "write out");
    }
}

#[test]
fn macros_elsewhere_matter_only_if_something_is_missing() {
    let include = "{ 'Fn::Transform': { Name: AWS::Include, Parameters: { Location: s3://b/k } } }";
    let text = format!("{TEMPLATE}  Topic: {{ Type: AWS::SNS::Topic, Properties: {include} }}\nMappings: {include}\n");
    assert!(load_text(&text).unwrap().warnings.is_empty());
    let text = with("{ FunctionName: default, MemorySize: 256, Timeout: 20 }", include)
        .replace("    Runtime: provided.al2023\n", "");
    let text = text.replace(
        "  ConnectFunction:\n    Type: AWS::Serverless::Function\n",
        "  ConnectFunction:\n    Type: AWS::Serverless::Function\n    Runtime: x\n",
    );
    let error = load_text(&text.replace("ConnectFunction.Arn", "DefaultFunction.Arn")).unwrap_err();
    assert_eq!(error.to_string(), "`DefaultFunction` has no `Runtime`");
    let labels: Vec<_> = error.labels().unwrap().filter_map(|label| label.label().map(str::to_owned)).collect();
    assert_eq!(labels, ["here", "the gateway does not expand this"]);
    let text =
        with("        $connect: {", "        Fn::ForEach::Keys: [K, [a], { $connect: {} }]\n        $connect: {");
    assert_fails(&text, "Fn::ForEach::Keys", "the gateway does not expand `Fn::ForEach::Keys`", "write out the routes");
}

#[test]
fn conditions_choose_whole_routes_and_properties() {
    let conditions = "Conditions: { Yes: !Equals [a, a], No: !Not [!Condition Yes] }\nGlobals:";
    let text = |value: &str| {
        with(
            "sendMessage: { FunctionArn: !Sub '${DefaultFunction.Arn}', IntegrationTimeout: 5000 }",
            &format!("sendMessage: {value}"),
        )
        .replace("Globals:", conditions)
    };
    let route = "{ FunctionArn: !GetAtt DefaultFunction.Arn, IntegrationTimeout: !If [No, 1, 100] }";
    let api = load_text(&text(&format!("!If [Yes, {route}, !Ref AWS::NoValue]"))).unwrap().api;
    assert_eq!(api.routes["sendMessage"].integration_timeout, Duration::from_millis(100));
    let api = load_text(&text(&format!("!If [No, {route}, !Ref AWS::NoValue]"))).unwrap().api;
    assert!(!api.routes.contains_key("sendMessage"));
    let api = load_text(&text(
        "{ FunctionArn: !GetAtt DefaultFunction.Arn, IntegrationTimeout: !If [No, 1, !Ref AWS::NoValue] }",
    ));
    assert_eq!(api.unwrap().api.routes["sendMessage"].integration_timeout, Duration::from_secs(29));
    let misspelt = text("!If [Yes, { FunctionArn: !GetAtt DefaultFunction.Arn, Timeout: 1 }, !Ref AWS::NoValue]");
    assert_fails(&misspelt, "Timeout: 1", "the route `sendMessage` can't have a property `Timeout`", "remove it");
}

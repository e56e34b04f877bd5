//! Functions that the gateway can't build.

use super::*;

/// The template with other properties for `DefaultFunction`, which say what it is built from.
fn default_function(properties: &str) -> String {
    with("{ FunctionName: default, MemorySize: 256, Timeout: 20 }", &format!("{{ {properties} }}"))
}

#[test]
fn a_warning_says_why_the_gateway_can_not_build_a_function() {
    let cases = [
        ("Runtime: nodejs20.x", "nodejs20.x", "its runtime is `nodejs20.x`"),
        ("PackageType: Image, ImageUri: x", "Image", "it is a container image"),
        ("CodeUri: s3://bucket/key", "s3:", "its code is in S3"),
        ("CodeUri: !Ref AWS::NoValue, InlineCode: x", "x }", "its code is inside the template"),
        ("CodeUri: out/function.zip", "out/", "its code is an archive"),
    ];
    for (properties, place, why) in cases {
        let text = default_function(properties);
        let Loaded { api, warnings, .. } = load_text(&text).unwrap();
        let Code::NotHere { why: found } = &api.functions["DefaultFunction"].code else { panic!("{properties}") };
        assert!(found.starts_with(why), "{found} instead of {why}");
        let message = format!("`DefaultFunction` can't be started here: {why}");
        assert_warns(&text, &warnings, place, &message, "--lambda-endpoint URL");
        assert!(matches!(api.functions["ConnectFunction"].code, Code::Cargo { .. }));
    }
    let text = with("CodeUri: crates/routes\n", "CodeUri: { Bucket: b, Key: k }\n");
    let warnings = load_text(&text).unwrap().warnings;
    assert_warns(&text, &warnings[..1], "{ Bucket", "its code is in S3", "--lambda-endpoint URL");
    let text = with("BuildMethod: rust-cargolambda", "BuildMethod: go1.x");
    let warnings = load_text(&text).unwrap().warnings;
    assert_warns(&text, &warnings, "go1.x", "its `BuildMethod` is `go1.x`", "--lambda-endpoint URL");
}

#[test]
fn lambda_functions_describe_their_code_with_other_properties() {
    let cases = [
        ("{ S3Bucket: b, S3Key: k }", "its code is in S3"),
        ("{ ZipFile: x }", "its code is inside the template"),
        ("{ ImageUri: x }", "it is a container image"),
        ("https://bucket.s3.amazonaws.com/key", "its code is in S3"),
    ];
    for (code, why) in cases {
        let text = with("!GetAtt ConnectFunction.Arn", "!GetAtt Plain.Arn")
            + &format!(
                "  Plain: {{ Type: AWS::Lambda::Function, Properties: {{ Runtime: provided.al2, Role: !GetAtt R.Arn, Code: {code} }} }}\n  R: {{ Type: AWS::IAM::Role }}\n"
            );
        let Loaded { api, warnings, .. } = load_text(&text).unwrap();
        assert_eq!(api.functions["Plain"].code, Code::NotHere { why: why.to_owned() });
        assert_warns(&text, &warnings, code, &format!("`Plain` can't be started here: {why}"), "--lambda-endpoint URL");
    }
}

#[test]
fn the_environment_of_a_function_that_runs_elsewhere_is_not_resolved() {
    let text = default_function("Runtime: nodejs20.x, Environment: { Variables: { X: !ImportValue Elsewhere } }");
    assert!(load_text(&text).unwrap().api.functions["DefaultFunction"].environment.is_empty());
}

#[test]
fn debug_shows_the_names_of_variables_and_not_their_values() {
    let text = default_function(
        "Runtime: provided.al2023, CodeUri: crates/routes, Environment: { Variables: { JWT: hunter2 } }",
    );
    let api = load_text(&text).unwrap().api;
    assert_eq!(api.functions["DefaultFunction"].environment["JWT"], "hunter2");
    let shown = format!("{api:?}");
    assert!(shown.contains("JWT") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn the_output_directory_of_cargo_lambda_names_the_crate() {
    for (uri, directory, binary) in [
        ("target/lambda/hello", "", "hello"),
        ("./target/lambda/hello/", ".", "hello"),
        ("../shop/target/lambda/hello", "../shop", "hello"),
    ] {
        let text = default_function(&format!("CodeUri: {uri}"));
        assert_eq!(load_text(&text).unwrap().api.functions["DefaultFunction"].code, cargo(directory, Some(binary)));
    }
    let text = default_function("CodeUri: crates/target/lambda");
    assert_eq!(load_text(&text).unwrap().api.functions["DefaultFunction"].code, cargo("crates/target/lambda", None));
}

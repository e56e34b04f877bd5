//! What functions are built from, or what runs as it is.

use super::*;
use crate::api::{Files, Layer, Place, Runtime};

/// The template with other properties for `DefaultFunction`, which say what it is built from.
fn default_function(properties: &str) -> String {
    with("{ FunctionName: default, MemorySize: 256, Timeout: 20 }", &format!("{{ {properties} }}"))
}

fn code_of(text: &str, function: &str) -> Code {
    let Loaded { api, warnings, .. } = load_text(text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    api.functions[function].code.clone()
}

fn files(runtime: Runtime, handler: &str, place: Place) -> Code {
    Code::Files(Files {
        runtime,
        handler: handler.to_owned(),
        place,
        project: "/nowhere/chat".into(),
        layers: Vec::new(),
    })
}

fn directory(path: &str) -> Place {
    Place::Directory(Path::new("/nowhere/chat").join(path))
}

#[test]
fn what_the_gateway_can_not_run_has_a_reason() {
    for (properties, why) in [
        ("Runtime: java21", "its runtime is `java21`"),
        ("Runtime: python2.7", "its runtime is `python2.7`"),
        ("PackageType: Image, ImageUri: x", "it is a container image"),
        ("CodeUri: s3://bucket/key", "its code is in S3"),
        ("CodeUri: { Bucket: b, Key: k }", "its code is in S3"),
    ] {
        let code = code_of(&default_function(properties), "DefaultFunction");
        assert_eq!(code, Code::NotHere { why: why.to_owned() }, "{properties}");
    }
}

#[test]
fn lambda_functions_describe_their_code_with_other_properties() {
    let not_here = |why: &str| Code::NotHere { why: why.to_owned() };
    for (code, expected) in [
        ("{ S3Bucket: b, S3Key: k }", not_here("its code is in S3")),
        ("{ ImageUri: x }", not_here("it is a container image")),
        ("https://bucket.s3.amazonaws.com/key", not_here("its code is in S3")),
        ("{ ZipFile: x }", files(Runtime::NodeJs { major: 22 }, "index.handler", Place::Inline("x".to_owned()))),
        ("src", files(Runtime::NodeJs { major: 22 }, "index.handler", directory("src"))),
    ] {
        let plain = format!(
            "  Plain: {{ Type: AWS::Lambda::Function, Properties: {{ Runtime: nodejs22.x, Handler: index.handler, Role: !GetAtt R.Arn, Code: {code} }} }}\n  R: {{ Type: AWS::IAM::Role }}\n"
        );
        let text = with("!GetAtt ConnectFunction.Arn", "!GetAtt Plain.Arn") + &plain;
        assert_eq!(load_text(&text).unwrap().api.functions["Plain"].code, expected, "{code}");
    }
}

#[test]
fn files_run_as_they_are() {
    let node = Runtime::NodeJs { major: 20 };
    let python = Runtime::Python { minor: 12 };
    for (properties, expected) in [
        ("Runtime: nodejs20.x, Handler: a/b.c, CodeUri: src", files(node, "a/b.c", directory("src"))),
        ("Runtime: python3.12, Handler: app.run, CodeUri: .", files(python, "app.run", directory("."))),
        (
            "Runtime: python3.12, CodeUri: a.zip",
            files(python, "bootstrap", Place::Archive("/nowhere/chat/a.zip".into())),
        ),
        (
            "CodeUri: out/go.zip",
            files(Runtime::Executable, "bootstrap", Place::Archive("/nowhere/chat/out/go.zip".into())),
        ),
        (
            "CodeUri: !Ref AWS::NoValue, InlineCode: 'x', Runtime: nodejs20.x, Handler: index.handler",
            files(node, "index.handler", Place::Inline("x".to_owned())),
        ),
    ] {
        assert_eq!(code_of(&default_function(properties), "DefaultFunction"), expected, "{properties}");
    }
}

#[test]
fn what_sam_has_to_build_first_is_taken_from_there() {
    let node = Runtime::NodeJs { major: 20 };
    let sam_build = Place::SamBuild {
        output: "/nowhere/chat/.aws-sam/build/ConnectFunction".into(),
        sources: "/nowhere/chat/src".into(),
    };
    let text = |metadata: &str| {
        let own = "Properties: { Runtime: nodejs20.x, CodeUri: src }\n    Type: AWS::Serverless::Function\n  Ignored:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies:";
        with("Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: connect } }", metadata)
            .replacen("  ConnectFunction:\n    Type: AWS::Serverless::Function\n", "  ConnectFunction:\n", 1)
            .replacen("Properties:\n      Policies:", own, 1)
    };
    for (metadata, expected) in [
        ("Metadata: { BuildMethod: esbuild }", sam_build.clone()),
        ("Metadata: { BuildMethod: makefile }", sam_build),
        ("Metadata: { BuildMethod: nodejs20.x }", directory("src")),
        ("Metadata: { BuildMethod: esbuild, SamResourceId: ConnectFunction }", directory("src")),
    ] {
        assert_eq!(code_of(&text(metadata), "ConnectFunction"), files(node, "bootstrap", expected), "{metadata}");
    }
}

#[test]
fn an_executable_that_a_makefile_makes_is_taken_from_there() {
    let text = with(
        "Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: connect } }",
        "Metadata: { BuildMethod: makefile }",
    );
    let Code::Files(files) = code_of(&text, "ConnectFunction") else { panic!() };
    assert!(
        matches!(&files.place, Place::SamBuild { output, .. } if output.ends_with(".aws-sam/build/ConnectFunction"))
    );
}

#[test]
fn layers_are_folders_or_archives_of_the_template() {
    let layers = "  Shared:\n    Type: AWS::Serverless::LayerVersion\n    Properties: { ContentUri: layers/shared }\n  Made:\n    Type: AWS::Serverless::LayerVersion\n    Metadata: { BuildMethod: nodejs20.x }\n    Properties: { ContentUri: layers/made }\n  Compiled:\n    Type: AWS::Serverless::LayerVersion\n    Metadata: { BuildMethod: makefile }\n    Properties: { ContentUri: layers/compiled }\n  Packed:\n    Type: AWS::Lambda::LayerVersion\n    Properties: { Content: layers/packed.zip }\n";
    let arn = "arn:aws:lambda:eu-west-1:1:layer:x:1";
    let properties =
        format!("Runtime: nodejs20.x, Layers: [!Ref Shared, !Ref Made, !Ref Compiled, !Ref Packed, '{arn}']");
    let text = default_function(&properties) + layers;
    let Loaded { api, warnings, .. } = load_text(&text).unwrap();
    let Code::Files(files) = &api.functions["DefaultFunction"].code else { panic!() };
    let at = |path: &str| Path::new("/nowhere/chat").join(path);
    assert_eq!(
        files.layers,
        [
            Layer::Directory(at("layers/shared")),
            Layer::Packages(at("layers/made")),
            Layer::SamBuild { output: at(".aws-sam/build/Compiled"), sources: at("layers/compiled") },
            Layer::Archive(at("layers/packed.zip")),
        ]
    );
    assert_warns(&text, &warnings, "'arn:", "is neither a folder nor a zip file", "install the packages");
}

#[test]
fn the_environment_of_a_function_that_runs_elsewhere_is_not_resolved() {
    let text = default_function("Runtime: java21, Environment: { Variables: { X: !ImportValue Elsewhere } }");
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

//! What linters don't see in `template.yaml`: that it fits the route binaries.

use std::collections::BTreeSet;

use saphyr::{LoadableYamlNode, Yaml};
use websocket_gateway::Loaded;
use websocket_gateway::api::{Api, Code, Function};

use crate::support::{SECRET, options, root};

/// The template with the parameter `JwtSecret`, which switches the authorizer on, or off if it is empty.
fn loaded(secret: &str) -> Loaded {
    options("template.yaml").parameter("JwtSecret", secret).read_template().unwrap()
}

/// The API with its authorizer.
fn api() -> Api {
    loaded(SECRET).api
}

/// The template's document, without looking at tags: `!Sub text` is the text.
fn document() -> Yaml<'static> {
    let text = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    Yaml::load_from_str(text.leak()).unwrap().remove(0)
}

fn untagged<'y>(yaml: &'y Yaml<'static>) -> &'y Yaml<'static> {
    match yaml {
        Yaml::Tagged(_, inner) => untagged(inner),
        other => other,
    }
}

fn get<'y>(yaml: &'y Yaml<'static>, key: &str) -> Option<&'y Yaml<'static>> {
    untagged(yaml).as_mapping_get(key).map(untagged)
}

fn resource<'y>(document: &'y Yaml<'static>, id: &str) -> &'y Yaml<'static> {
    get(document, "Resources").and_then(|resources| get(resources, id)).unwrap_or_else(|| panic!("no {id}"))
}

/// A text, or several in a list.
fn texts(yaml: &Yaml<'static>) -> Vec<String> {
    match untagged(yaml) {
        Yaml::Sequence(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.as_str().unwrap().to_owned()],
    }
}

/// The actions and resources of a function's statements.
fn statements(document: &Yaml<'static>, function: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let Some(policies) = get(resource(document, function), "Properties").and_then(|p| get(p, "Policies")) else {
        return Vec::new();
    };
    let policies = policies.as_vec().unwrap();
    let statements = policies.iter().flat_map(|policy| get(policy, "Statement").unwrap().as_vec().unwrap());
    statements
        .map(|statement| {
            assert_eq!(get(statement, "Effect").unwrap().as_str(), Some("Allow"));
            (texts(get(statement, "Action").unwrap()), texts(get(statement, "Resource").unwrap()))
        })
        .collect()
}

fn binary(function: &Function) -> &str {
    match &function.code {
        Code::Cargo { binary: Some(binary), .. } => binary,
        other => panic!("{}: {other:?}", function.logical_id),
    }
}

#[test]
fn every_route_has_its_binary_and_every_binary_its_route() {
    let api = api();
    let mut binaries = BTreeSet::new();
    for (route_key, route) in &api.routes {
        let name = route_key.trim_start_matches('$');
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{route_key}: SAM takes no other letters");
        let function = &api.functions[&route.function];
        assert_eq!(binary(function), name, "{route_key}");
        binaries.insert(name.to_owned());
    }
    let authorizer = &api.functions[&api.authorizer.unwrap().function];
    binaries.insert(binary(authorizer).to_owned());
    // Not a route's.
    let document = document();
    let properties = get(resource(&document, "BroadcastFunction"), "Metadata").and_then(|m| get(m, "BuildProperties"));
    binaries.extend(texts(properties.and_then(|properties| get(properties, "Binary")).unwrap()));
    let sources = std::fs::read_dir(root().join("crates/routes/src/bin")).unwrap();
    let sources = sources.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    assert_eq!(binaries, sources.collect());
}

#[test]
fn every_permission_is_for_one_kind_of_resource() {
    let document = document();
    for id in api().functions.keys() {
        for (actions, resources) in statements(&document, id) {
            for resource in resources {
                let right = match actions.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                    ["execute-api:ManageConnections"] => ["POST", "DELETE"]
                        .iter()
                        .any(|method| resource.ends_with(&format!(":${{WebSocketApi}}/prod/{method}/@connections/*"))),
                    ["dynamodb:Query"] => resource == "${ConnectionsTable.Arn}/index/channel",
                    [first, ..] if first.starts_with("sqs:") => resource == "BroadcastQueue.Arn",
                    _ => resource == "ConnectionsTable.Arn",
                };
                assert!(right, "{id}: {actions:?} on {resource}");
            }
        }
    }
}

#[test]
fn the_workers_share_the_rate_among_as_many_as_the_source_starts() {
    let document = document();
    let source = get(resource(&document, "BroadcastSource"), "Properties").unwrap();
    let most = get(source, "ScalingConfig").and_then(|scaling| get(scaling, "MaximumConcurrency")).unwrap();
    let worker = get(resource(&document, "BroadcastFunction"), "Properties").unwrap();
    let variables = get(worker, "Environment").and_then(|environment| get(environment, "Variables")).unwrap();
    assert_eq!(Some(most), get(variables, "BROADCAST_WORKERS"));
    // A worker does one job at a time, and a job that fails comes again by itself.
    assert_eq!(get(source, "BatchSize").unwrap().as_integer(), Some(1));
    assert_eq!(texts(get(source, "FunctionResponseTypes").unwrap()), ["ReportBatchItemFailures"]);
    // AWS advises six times, and the core counts on a minute.
    let queue = get(resource(&document, "BroadcastQueue"), "Properties").unwrap();
    let seconds = |of, name| get(of, name).unwrap().as_integer().unwrap();
    assert_eq!((seconds(queue, "VisibilityTimeout"), seconds(worker, "Timeout") * 6), (60, 60));
}

#[test]
fn every_function_keeps_its_logs_for_a_while_only() {
    let document = document();
    let api = api();
    for id in api.functions.keys() {
        let properties = get(resource(&document, id), "Properties").unwrap();
        let group = get(properties, "LoggingConfig").and_then(|logging| get(logging, "LogGroup")).unwrap();
        let group = resource(&document, group.as_str().unwrap());
        assert!(get(group, "Properties").and_then(|p| get(p, "RetentionInDays")).is_some(), "{id}");
    }
}

#[test]
fn the_authorizer_is_off_until_the_parameter_has_a_secret() {
    let secret = get(&document(), "Parameters").and_then(|parameters| get(parameters, "JwtSecret")).unwrap().clone();
    assert_eq!(get(&secret, "NoEcho").unwrap().as_bool(), Some(true));
    assert_eq!(get(&secret, "Default").unwrap().as_str(), Some(""));

    let off = options("template.yaml").read_template().unwrap();
    assert_eq!(off.api.authorizer, None);
    let [note] = off.notes.as_slice() else { panic!("{:?}", off.notes) };
    assert!(note.message.starts_with("every client may connect"), "{note}");
    assert!(note.help.as_ref().unwrap().contains("--parameter JwtSecret="), "{note}");

    let on = loaded(SECRET);
    assert!(on.notes.is_empty(), "{:?}", on.notes);
    let function = "AuthorizeFunction".to_owned();
    assert_eq!(on.api.functions[&function].environment["JWT_SECRET"], SECRET);
    // Every identity source must be there, and the token is in one of two places.
    let authorizer = on.api.authorizer.unwrap();
    assert_eq!((authorizer.function, authorizer.identity_sources), (function, Vec::new()));
}

#[test]
fn nothing_else_changes_with_the_authorizer() {
    let (off, mut on) = (loaded(""), loaded(SECRET));
    // A warning would also name a permission that is missing.
    for warnings in [off.warnings, on.warnings] {
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    on.api.authorizer = None;
    on.api.functions.remove("AuthorizeFunction").unwrap();
    assert_eq!(on.api, off.api);
}

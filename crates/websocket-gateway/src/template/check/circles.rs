//! Circular references between resources, also those of resources that SAM makes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::dependencies::certain_references_in;
use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::kinds::{SERVERLESS_FUNCTION, SERVERLESS_WEBSOCKET_API};
use super::super::node::{Map, Node, Value};
use super::super::references::{route_id, stage_id};
use super::super::stack::{Resource, Stack};
use super::rules;

/// The properties of a function of which SAM makes resources that need the function. Its policies are not among them: the function needs its
/// role.
const OF_OTHERS: [&str; 5] =
    ["DeploymentPreference", "EventInvokeConfig", "Events", "FunctionUrlConfig", "ProvisionedConcurrencyConfig"];

/// What a resource depends on, by logical ids.
type Graph = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(stack: &Stack, findings: &mut Findings) {
    let graph = graph(stack);
    let mut seen = BTreeSet::new();
    for resource in &stack.resources {
        let Some(circle) =
            circle_from(&graph, &resource.id).filter(|circle| seen.is_disjoint(&circle.iter().cloned().collect()))
        else {
            continue;
        };
        let names: Vec<_> = circle.iter().chain(circle.first()).map(|id| format!("`{id}`")).collect();
        let finding = Finding::at(resource.span, format!("these resources need each other: {}", names.join(" → ")));
        findings.push(finding.breaks(rules::CIRCULAR_REFERENCE).help(
            "write one of the references without `!Ref`, `!GetAtt` and `${…}`: the name itself, such as that of the stage, or a log group \
             that is not named after its function",
        ));
        seen.extend(circle);
    }
}

fn graph(stack: &Stack) -> Graph {
    let mut graph = Graph::new();
    for resource in stack.resources.iter().filter(|resource| stack.exists(resource).unwrap_or_default()) {
        match resource.kind.as_str() {
            SERVERLESS_WEBSOCKET_API => add_api(stack, resource, &mut graph),
            SERVERLESS_FUNCTION => {
                let own = |name: &str| !OF_OTHERS.contains(&name);
                add(&mut graph, &resource.id, needs(stack, resource, own));
            }
            // What SAM makes of these is not known here.
            kind if kind.starts_with("AWS::Serverless::") => {}
            _ => add(&mut graph, &resource.id, needs(stack, resource, |_| true)),
        }
    }
    graph
}

fn add(graph: &mut Graph, id: &str, needs: impl IntoIterator<Item = String>) {
    graph.entry(id.to_owned()).or_default().extend(needs);
}

/// What the chosen properties of a resource refer to, and what it waits for.
fn needs(stack: &Stack, resource: &Resource, chosen: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = stack.depends_on(resource);
    let entries = resource.properties.0.iter().filter(|entry| chosen(&entry.key));
    entries.for_each(|entry| certain_references_in(&entry.value, &mut names));
    names
}

/// SAM makes an API, a stage, and a route for each entry of `Routes`.
fn add_api(stack: &Stack, api: &Resource, graph: &mut Graph) {
    const OF_STAGE: [&str; 4] = ["AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables"];
    const OF_ROUTES: [&str; 2] = ["Auth", "Routes"];
    let of_api = |name: &str| !OF_STAGE.contains(&name) && !OF_ROUTES.contains(&name) && name != "Domain";
    add(graph, &api.id, needs(stack, api, of_api));

    let stage = stage_id(stack, api);
    add(graph, &stage, needs(stack, api, |name| OF_STAGE.contains(&name) || name == "StageName"));
    add(graph, &stage, [api.id.clone()]);
    let Some(Node { value: Value::Map(Map(routes)), .. }) = api.properties.get("Routes") else { return };
    for route in routes {
        let id = route_id(&api.id, &route.key);
        let mut names = vec![api.id.clone()];
        certain_references_in(&route.value, &mut names);
        if api.properties.get("RouteSettings").is_some() {
            add(graph, &stage, [id.clone()]);
        }
        add(graph, &id, names);
    }
}

/// A shortest way from a resource back to itself.
fn circle_from(graph: &Graph, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(id) = open.pop_front() {
        for next in graph.get(id).into_iter().flatten() {
            if next == start {
                let mut circle = vec![id.to_owned()];
                let mut at = id;
                while at != start {
                    at = came_from.get(at)?;
                    circle.push(at.to_owned());
                }
                circle.reverse();
                return Some(circle);
            }
            if graph.contains_key(next) && !came_from.contains_key(next.as_str()) {
                came_from.insert(next, id);
                open.push_back(next);
            }
        }
    }
    None
}

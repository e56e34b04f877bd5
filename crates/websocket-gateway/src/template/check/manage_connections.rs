//! Whether a function may post: `execute-api:ManageConnections` in its role, on `{api id}/{stage}/{method}/@connections/{connection id}`.

use super::super::dependencies::references_in;
use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::node::{Map, Node, Value};
use super::super::parameters::Parameters;
use super::super::roles;
use super::super::stack::Stack;
use super::apis::{self, WrittenApi};
use super::{endpoints, rules};
use crate::iam::{Decision, matches};

const ACTION: &str = "execute-api:ManageConnections";

/// Source: Service authorization reference, "Amazon API Gateway".
const ACTIONS: [&str; 3] = ["Invoke", "InvalidateCache", "ManageConnections"];

/// What people write for the service.
const OTHER_SERVICES: [&str; 5] = ["apigateway", "api-gateway", "apigatewaymanagementapi", "executeapi", "execute_api"];

const METHODS: [&str; 3] = ["DELETE", "GET", "POST"];

/// Reads the roles of all functions, of which the gateway itself needs only those behind routes.
pub(super) fn check(stack: &Stack, apis: &[WrittenApi<'_>], findings: &mut Findings) {
    for function in stack.functions().unwrap_or_default() {
        let mut found = Findings::default();
        let policy = roles::policy(stack, function, &mut found);
        let policy = found.keep(policy);
        // What else there is to say about a role is said where the gateway needs it.
        findings.extend(found.of_rules());
        let (Some(policy), Some((variable, api))) = (policy, endpoints::posts_to(stack, apis, function)) else {
            continue;
        };
        let stage = api.example_stage();
        let resource = format!("{}/{stage}/POST/@connections/L0SM9cOFvHcCIhw=", api.id);
        if policy.decide(ACTION, &stack.options.account.arn("execute-api", &resource)) == Decision::Allowed {
            continue;
        }
        let message =
            format!("`{}` has the address of `@connections`, but its role does not allow `{ACTION}`", function.id);
        findings.push(Finding::at(variable.key_span, message).breaks(rules::MISSING_MANAGE_CONNECTIONS).mend(
            "add it to the function's policies",
            format!(
                "      Policies:\n        - Version: \"2012-10-17\"\n          Statement:\n            - Effect: Allow\n              \
                 Action: {ACTION}\n              Resource: {}\n",
                resource_of(api)
            ),
        ));
    }
}

/// What is wrong with a statement of a function's role, seen from AWS.
pub(in crate::template) fn of_statement(stack: &Stack, statement: &Map) -> Vec<Finding> {
    let is_allowed = statement.get("Effect").is_some_and(|node| node.text("").is_ok_and(|effect| effect == "Allow"));
    let actions = statement.get("Action").map(|node| items(stack, node)).unwrap_or_default();
    let mut found: Vec<_> = actions.iter().filter_map(unknown_action).collect();
    let is_about_posts = actions.iter().any(|action| text(action).eq_ignore_ascii_case(ACTION));
    if is_allowed && is_about_posts {
        let resources = statement.get("Resource").map(written_items).unwrap_or_default();
        let apis = apis::all(stack);
        let useless: Vec<_> = resources.iter().map_while(|node| useless(stack, &apis, node)).collect();
        // One that may match is enough.
        if useless.len() == resources.len() {
            found.extend(useless.into_iter().next());
        }
    }
    found
}

fn unknown_action(node: &Node) -> Option<Finding> {
    let action = text(node);
    let (service, name) = action.split_once(':')?;
    let service = service.to_ascii_lowercase();
    let is_wrong = if service == "execute-api" {
        !ACTIONS.iter().any(|known| matches(&name.to_ascii_lowercase(), &known.to_ascii_lowercase()))
    } else {
        let name = name.to_ascii_lowercase();
        OTHER_SERVICES.contains(&service.as_str()) && name.contains("connection")
    };
    is_wrong.then(|| {
        let finding = Finding::at(node.span, format!("IAM has no action `{action}`")).breaks(rules::UNKNOWN_ACTION);
        finding.help(format!("write `{ACTION}`"))
    })
}

/// A resource on which there is no `@connections` of an API of this template.
fn useless(stack: &Stack, apis: &[WrittenApi<'_>], node: &Node) -> Option<Finding> {
    let arn = text(&stack.resolve(node).ok()??);
    if apis.is_empty() || arn.is_empty() || arn == "*" {
        return None;
    }
    let why = why_useless(apis, &arn)?;
    // The author may choose another API or stage, or the API is in another stack.
    if matches!(why, Why::Api | Why::Stage(_)) && depends_on_choices(&stack.parameters, node) {
        return None;
    }
    let why = match why {
        Why::NotAnArn => "is not an ARN".to_owned(),
        Why::Service(service) => format!("names the service `{service}` instead of `execute-api`"),
        Why::NoStage => "has no stage".to_owned(),
        Why::Method(method) => format!("has `{method}` where the method stands: `POST`, `GET`, `DELETE` or `*`"),
        Why::Stage(stage) => format!("names the stage `{stage}`, which the API does not have"),
        Why::Api => "names another API".to_owned(),
        Why::Path => "does not end with `/@connections/*`".to_owned(),
    };
    let finding = Finding::at(node.span, format!("`{arn}` {why}")).breaks(rules::MANAGE_CONNECTIONS_RESOURCE);
    Some(finding.mend("write instead", format!("              Resource: {}\n", resource_of(&apis[0]))))
}

enum Why {
    NotAnArn,
    Service(String),
    NoStage,
    Method(String),
    Stage(String),
    Api,
    Path,
}

/// `None` if the pattern matches a request to one of the APIs.
fn why_useless(apis: &[WrittenApi<'_>], arn: &str) -> Option<Why> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let [prefix, _, service, _, _, path] = parts.as_slice() else {
        // A wildcard may stand for several parts.
        return (!arn.contains('*')).then_some(Why::NotAnArn);
    };
    if *prefix != "arn" {
        return Some(Why::NotAnArn);
    }
    if !matches(service, "execute-api") {
        return Some(Why::Service((*service).to_owned()));
    }
    let requests = |api: &dyn Fn(&str) -> String, stage: &dyn Fn(&str) -> String, method: &dyn Fn(&str) -> String| {
        apis.iter().any(|written| {
            let stages = written.stages.iter().map(|stage| stage.name.as_str());
            let unknown = written.stages.is_empty().then_some("stage");
            stages.chain(unknown).any(|name| {
                METHODS.iter().any(|known| {
                    let request =
                        format!("{}/{}/{}/@connections/L0SM9cOFvHcCIhw=", api(&written.id), stage(name), method(known));
                    matches(path, &request)
                })
            })
        })
    };
    let same = |text: &str| text.to_owned();
    let mut pieces = path.split('/');
    let [named_api, named_stage, named_method] = [(); 3].map(|()| pieces.next().unwrap_or_default().to_owned());
    let (api, stage, method) =
        (|_: &str| named_api.clone(), |_: &str| named_stage.clone(), |_: &str| named_method.clone());
    if requests(&same, &same, &same) {
        None
    } else if METHODS.contains(&named_stage.as_str()) || named_stage == "@connections" || named_stage.is_empty() {
        Some(Why::NoStage)
    } else if requests(&api, &same, &same) {
        Some(Why::Api)
    } else if requests(&same, &stage, &same) {
        Some(Why::Stage(named_stage.clone()))
    } else if requests(&same, &same, &method) {
        Some(Why::Method(named_method.clone()))
    } else if requests(&api, &stage, &same) {
        Some(Why::Api)
    } else {
        Some(Why::Path)
    }
}

/// Whether a parameter or another stack decides about a value.
fn depends_on_choices(parameters: &Parameters, node: &Node) -> bool {
    let mut names = Vec::new();
    references_in(node, &mut names);
    names.iter().any(|name| parameters.names().any(|known| known == name))
}

fn resource_of(api: &WrittenApi<'_>) -> String {
    format!(
        "!Sub arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:{}/{}/POST/@connections/*",
        api.reference(),
        api.example_stage()
    )
}

/// A single value or the items of a list, as far as they can be resolved.
fn items(stack: &Stack, node: &Node) -> Vec<Node> {
    written_items(node).into_iter().filter_map(|item| stack.resolve(item).ok()?).collect()
}

fn written_items(node: &Node) -> Vec<&Node> {
    match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    }
}

fn text(node: &Node) -> String {
    node.text("").unwrap_or_default()
}

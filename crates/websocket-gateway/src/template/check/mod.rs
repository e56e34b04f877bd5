//! What AWS would refuse, or take and then not do, beyond what the reader itself trips over: `websocket-gateway check`, and warnings at the start.
//!
//! A rule looks at what is known. A value that can't be resolved here may well be right on AWS, so it breaks no rule.
//!
//! - `rules`: every rule with its source; the reader's own findings break these rules, too
//! - `apis`: WebSocket APIs as they are written, the same for both dialects: what most rules look at
//! - `permissions`: whether API Gateway may invoke a function
//! - `responses`: two-way routes
//! - `deployments`: whether a stage gets every route, and goes on to
//! - `routes`: route keys, integrations and the route selection expression
//! - `http_apis`: what only HTTP APIs have
//! - `functions`: time-outs
//! - `manage_connections`: whether a function may post
//! - `endpoints`: the address that a function posts to
//! - `tables`, `queues`: what is beside the API
//! - `circles`: circular references
//! - `silence`: the rules that the author allows to be broken

mod apis;
mod circles;
mod deployments;
mod endpoints;
mod functions;
mod http_apis;
pub(super) mod manage_connections;
pub(super) mod permissions;
mod queues;
mod responses;
mod routes;
pub(super) mod rules;
pub(super) mod silence;
mod tables;

use super::error::Finding;
use super::findings::Findings;
use super::stack::Stack;

/// Applies every rule to the whole template.
pub(super) fn run(stack: &Stack, findings: &mut Findings) {
    findings.extend(without_transform(stack));
    let apis = apis::all(stack);
    for api in &apis {
        permissions::check(stack, api, findings);
        responses::check(stack, api, findings);
        deployments::check(stack, api, findings);
        routes::check(stack, api, findings);
        http_apis::check(stack, api, findings);
        functions::check(stack, api, findings);
    }
    manage_connections::check(stack, &apis, findings);
    endpoints::check(stack, &apis, findings);
    tables::check(stack, findings);
    queues::check(stack, findings);
    circles::check(stack, findings);
}

fn without_transform(stack: &Stack) -> Option<Finding> {
    let resource = stack.resources.iter().find(|resource| resource.kind.starts_with("AWS::Serverless::"))?;
    if stack.has_transform {
        return None;
    }
    let message = format!("without a `Transform`, CloudFormation does not know {}", resource.kind);
    Some(
        Finding::at(resource.kind_span, message)
            .breaks(rules::MISSING_TRANSFORM)
            .mend("add it at the top of the template", "Transform: AWS::Serverless-2016-10-31\n"),
    )
}

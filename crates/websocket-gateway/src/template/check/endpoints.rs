//! The address of `@connections` in a function's environment: `https://{api id}.execute-api.{region}.amazonaws.com/{stage}`.

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::kinds::{API_MAPPING, DOMAIN_NAME};
use super::super::node::{Entry, Map};
use super::super::stack::{Resource, Stack};
use super::apis::WrittenApi;
use super::rules;

/// What the AWS SDKs read.
const VARIABLE: &str = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI";

pub(super) fn check(stack: &Stack, apis: &[WrittenApi<'_>], findings: &mut Findings) {
    for function in stack.functions().unwrap_or_default() {
        for entry in variables(&function.properties).filter(|entry| entry.key == VARIABLE) {
            let Some(address) = Address::read(stack, entry) else { continue };
            match apis.iter().find(|api| address.is_of(&api.id)) {
                Some(api) => findings.extend(address.wrong(api, entry)),
                None => findings.extend(address.wrong_domain(stack, apis, entry)),
            }
        }
    }
}

/// The variable of a function's own that holds the address of an API's `@connections`, and the API.
pub(super) fn posts_to<'a, 's>(
    stack: &Stack,
    apis: &'a [WrittenApi<'s>],
    function: &'s Resource,
) -> Option<(&'s Entry, &'a WrittenApi<'s>)> {
    variables(&function.own).find_map(|entry| {
        let address = Address::read(stack, entry)?;
        let api = apis.iter().find(|api| address.is_of(&api.id))?;
        // Clients are told a `wss:` address.
        (address.scheme == "https" || entry.key == VARIABLE).then_some((entry, api))
    })
}

fn variables(properties: &Map) -> impl Iterator<Item = &Entry> {
    let environment = properties.get("Environment").and_then(|node| node.map("").ok());
    let variables = environment.and_then(|map| map.get("Variables")?.map("").ok());
    variables.into_iter().flat_map(|map| &map.0)
}

/// A URL.
struct Address {
    scheme: String,
    host: String,
    path: Vec<String>,
}

impl Address {
    fn read(stack: &Stack, entry: &Entry) -> Option<Self> {
        let text = stack.resolve(&entry.value).ok()??.text("").ok()?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("", &text));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.split('/').filter(|part| !part.is_empty());
        Some(Self {
            scheme: scheme.to_ascii_lowercase(),
            host: host.to_ascii_lowercase(),
            path: path.map(str::to_owned).collect(),
        })
    }

    fn is_of(&self, api_id: &str) -> bool {
        self.host.strip_prefix(api_id).is_some_and(|rest| rest.starts_with(".execute-api."))
    }

    /// The first mistake; mending it in the way proposed mends all.
    fn wrong(&self, api: &WrittenApi<'_>, entry: &Entry) -> Option<Finding> {
        let stages = || api.stages.iter().map(|stage| format!("`{}`", stage.name)).collect::<Vec<_>>().join(", ");
        let (message, rule) = if self.scheme != "https" {
            (format!("`{VARIABLE}` begins with `{}://`, and not with `https://`", self.scheme), rules::ENDPOINT_SCHEME)
        } else if self.path.iter().any(|part| part == "@connections") {
            (format!("`{VARIABLE}` contains `/@connections`"), rules::ENDPOINT_PATH)
        } else {
            let message = match self.path.first() {
                None => format!("`{VARIABLE}` has no stage"),
                Some(stage) if api.stages.is_empty() || api.stages.iter().any(|known| known.name == *stage) => {
                    return None;
                }
                Some(stage) => format!("`{VARIABLE}` names the stage `{stage}`, but the API has {}", stages()),
            };
            (message, rules::ENDPOINT_STAGE)
        };
        Some(Finding::at(entry.key_span, message).breaks(rule).mend("write instead", mend(api)))
    }

    /// An address behind a custom domain of the template that names a stage.
    fn wrong_domain(&self, stack: &Stack, apis: &[WrittenApi<'_>], entry: &Entry) -> Option<Finding> {
        let stage = self.path.first()?;
        let names_stage = apis.iter().any(|api| api.stages.iter().any(|known| known.name == *stage));
        let is_mapped = stack.of_kind(API_MAPPING).ok()?.into_iter().any(|mapping| {
            match stack.properties(mapping).optional("ApiMappingKey") {
                Ok(Some(key)) => key.text("").is_ok_and(|key| key == *stage),
                Ok(None) => false,
                Err(_) => true,
            }
        });
        let mut domains = stack.of_kind(DOMAIN_NAME).ok()?.into_iter();
        let is_domain = domains.any(|domain| {
            let name = stack.properties(domain).known("DomainName");
            name.is_some_and(|(name, _)| name.eq_ignore_ascii_case(&self.host))
        });
        if !is_domain || !names_stage || is_mapped {
            return None;
        }
        let message = format!("`{VARIABLE}` has the custom domain `{}` and the stage `{stage}`", self.host);
        Some(
            Finding::at(entry.key_span, message)
                .breaks(rules::ENDPOINT_DOMAIN)
                .mend("write instead", mend(apis.first()?)),
        )
    }
}

fn mend(api: &WrittenApi<'_>) -> String {
    format!(
        "          {VARIABLE}: !Sub https://{}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{}\n",
        api.reference(),
        api.example_stage()
    )
}

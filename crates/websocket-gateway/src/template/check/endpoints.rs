//! The address of `@connections` in a function's environment: `https://{api id}.execute-api.{region}.amazonaws.com/{stage}`.

use super::super::error::{Finding, Severity};
use super::super::findings::Findings;
use super::super::kinds::{API_MAPPING, DOMAIN_NAME, SERVERLESS_WEBSOCKET_API};
use super::super::node::{Entry, Map};
use super::super::stack::{Resource, Stack};
use super::apis::WrittenApi;
use super::rules;

/// What the AWS SDKs read.
const VARIABLE: &str = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI";

pub(super) fn check(stack: &Stack, apis: &[WrittenApi<'_>], findings: &mut Findings) {
    for function in stack.functions().unwrap_or_default() {
        for entry in variables(&function.properties).filter(|entry| is_endpoint(&entry.key)) {
            let Some(address) = Address::read(stack, entry) else { continue };
            let wrong = match apis.iter().find(|api| address.is_of(&api.id)) {
                Some(api) => address.wrong(api, entry),
                None => address.wrong_domain(stack, apis, entry),
            };
            // What a function makes of any other variable is its own affair.
            findings.extend(wrong.map(|finding| match entry.key.as_str() {
                VARIABLE => finding,
                _ => finding.severity(Severity::Note),
            }));
        }
    }
}

/// Whether a variable may be for posts: clients are told a `wss:` address.
fn is_endpoint(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.contains("ENDPOINT") && !name.contains("WSS")
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
        let name = &entry.key;
        let stages = || api.stages.iter().map(|stage| format!("`{}`", stage.name)).collect::<Vec<_>>().join(", ");
        // Some SDKs take a host alone.
        if self.scheme.is_empty() && name != VARIABLE {
            return None;
        }
        let (message, rule) = if self.scheme.is_empty() {
            (format!("`{name}` has no `https://`"), rules::ENDPOINT_SCHEME)
        } else if self.scheme != "https" {
            (format!("`{name}` begins with `{}://`, and not with `https://`", self.scheme), rules::ENDPOINT_SCHEME)
        } else if self.path.iter().any(|part| part == "@connections") {
            (format!("`{name}` contains `/@connections`"), rules::ENDPOINT_PATH)
        } else {
            let message = match self.path.first() {
                None => format!("`{name}` has no stage"),
                Some(stage) if api.stages.is_empty() || api.stages.iter().any(|known| known.name == *stage) => {
                    return None;
                }
                Some(stage) => format!("`{name}` names the stage `{stage}`, but the API has {}", stages()),
            };
            (message, rules::ENDPOINT_STAGE)
        };
        Some(Finding::at(entry.key_span, message).breaks(rule).mend("write instead", mend(api, name)))
    }

    /// An address behind a custom domain of the template that names a stage.
    fn wrong_domain(&self, stack: &Stack, apis: &[WrittenApi<'_>], entry: &Entry) -> Option<Finding> {
        let stage = self.path.first()?;
        let names_stage = apis.iter().any(|api| api.stages.iter().any(|known| known.name == *stage));
        if !names_stage || !self.is_of_domain(stack).ok()? || is_mapped(stack, stage)? {
            return None;
        }
        let name = &entry.key;
        let message = format!("`{name}` has the custom domain `{}` and the stage `{stage}`", self.host);
        let finding = Finding::at(entry.key_span, message).breaks(rules::ENDPOINT_DOMAIN);
        Some(finding.mend("write instead", mend(apis.first()?, name)))
    }

    fn is_of_domain(&self, stack: &Stack) -> Result<bool, Finding> {
        let named =
            stack.of_kind(DOMAIN_NAME)?.into_iter().filter_map(|domain| stack.properties(domain).known("DomainName"));
        let of_sam = stack.of_kind(SERVERLESS_WEBSOCKET_API)?.into_iter().filter_map(|api| {
            let domain = stack.properties(api).optional("Domain").ok()??;
            Some((domain.map("").ok()?.get("DomainName")?.text("").ok()?, domain.span))
        });
        Ok(named.chain(of_sam).any(|(name, _)| name.eq_ignore_ascii_case(&self.host)))
    }
}

/// Whether a path behind a custom domain is the key of a mapping. `None` if that can't be told.
fn is_mapped(stack: &Stack, path: &str) -> Option<bool> {
    for mapping in stack.of_kind(API_MAPPING).ok()? {
        if stack
            .properties(mapping)
            .optional("ApiMappingKey")
            .ok()?
            .is_some_and(|key| key.text("").is_ok_and(|key| key == path))
        {
            return Some(true);
        }
    }
    for api in stack.of_kind(SERVERLESS_WEBSOCKET_API).ok()? {
        let Some(domain) = stack.properties(api).optional("Domain").ok()? else { continue };
        let paths = domain.map("").ok()?.get("BasePath").and_then(|node| node.list("").ok()).unwrap_or_default();
        if paths.iter().any(|node| node.text("").is_ok_and(|known| known.trim_matches('/') == path)) {
            return Some(true);
        }
    }
    Some(false)
}

fn mend(api: &WrittenApi<'_>, name: &str) -> String {
    format!(
        "          {name}: !Sub https://{}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{}\n",
        api.reference(),
        api.example_stage()
    )
}

//! What `!Ref` and `!GetAtt` return: local names, ids and ARNs, which are the same on every start.

use miette::SourceSpan;

use super::check::rules;
use super::error::Finding;
use super::kinds::{
    API, AUTHORIZER, DEPLOYMENT, GLOBAL_TABLE, INTEGRATION, LAMBDA_FUNCTION, QUEUE, ROLE, ROUTE, SERVERLESS_FUNCTION,
    SERVERLESS_WEBSOCKET_API, SIMPLE_TABLE, STAGE, TABLE,
};
use super::node::{Entry, Value};
use super::stack::{Resource, Stack};

impl Stack {
    /// What `!Ref name` returns. `None` for `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str, span: SourceSpan) -> Result<Option<Value>, Finding> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        let pseudo_or_parameter = self.pseudo_parameter(name).map(Ok);
        if let Some(value) = pseudo_or_parameter.or_else(|| self.parameters.value(name, span)) {
            return value.map(Some);
        }
        let value = match self.resource(name, span)? {
            Some(resource) => self.id_of(resource)?,
            None => self.stage_of_sam(name)?.unwrap_or_else(|| name.to_owned()),
        };
        Ok(Some(Value::Text(value)))
    }

    /// The name of the stage that SAM generates with this logical id.
    fn stage_of_sam(&self, id: &str) -> Result<Option<String>, Finding> {
        let mut apis = self.resources.iter().filter(|resource| resource.kind == SERVERLESS_WEBSOCKET_API);
        let Some(api) = apis.find(|api| stage_id(self, api) == id) else { return Ok(None) };
        let name = self.properties(api).optional("StageName")?;
        name.map_or_else(|| Ok("default".to_owned()), |node| node.text("`StageName`")).map(Some)
    }

    /// What `!GetAtt id.name` returns. For an attribute that has no meaning here it is a made-up text and not an error, because the gateway
    /// mostly does not need the value.
    pub(super) fn attribute(&self, id: &str, name: &str, span: SourceSpan) -> Result<String, Finding> {
        match (self.resource(id, span)?, name) {
            (Some(resource), _) => self.attribute_of(resource, name),
            (None, "RouteId") => Ok(id.to_owned()),
            (None, _) => Ok(format!("{id}.{name}")),
        }
    }

    /// The attribute `name` of a resource, see [`Stack::attribute`].
    pub(super) fn attribute_of(&self, resource: &Resource, name: &str) -> Result<String, Finding> {
        let id = self.id_of(resource)?;
        let account = &self.options.account;
        Ok(match (resource.kind.as_str(), name) {
            (SERVERLESS_FUNCTION | LAMBDA_FUNCTION, "Arn") => account.arn("lambda", &format!("function:{id}")),
            (ROLE, "Arn") => account.global_arn("iam", &format!("role/{id}")),
            (QUEUE, "Arn") => account.arn("sqs", &self.queue_name(resource)?),
            (QUEUE, "QueueName") => self.queue_name(resource)?,
            (QUEUE, "QueueUrl") => id,
            (TABLE | GLOBAL_TABLE | SIMPLE_TABLE, "Arn") => account.arn("dynamodb", &format!("table/{id}")),
            (TABLE | GLOBAL_TABLE | SIMPLE_TABLE, "StreamArn") => {
                account.arn("dynamodb", &format!("table/{id}/stream/1970-01-01T00:00:00.000"))
            }
            (SERVERLESS_WEBSOCKET_API | API, "ApiId")
            | (ROUTE, "RouteId")
            | (INTEGRATION, "IntegrationId")
            | (DEPLOYMENT, "DeploymentId")
            | (AUTHORIZER, "AuthorizerId") => id,
            (SERVERLESS_WEBSOCKET_API | API, "ApiEndpoint") => {
                let scheme = if self.is_websocket_api(resource)? { "wss" } else { "https" };
                format!("{scheme}://{id}.execute-api.{}.{}", account.region, account.url_suffix)
            }
            _ => format!("{}.{name}", resource.id),
        })
    }

    /// The resource's physical id, which `!Ref` returns: a function's or table's name, a queue's URL, the API id, or else the logical id.
    pub(super) fn id_of(&self, resource: &Resource) -> Result<String, Finding> {
        if resource.kind == QUEUE {
            return self.queue_url(resource);
        }
        if let Some(name) = self.name_of(resource) {
            return name;
        }
        match resource.kind.as_str() {
            SERVERLESS_WEBSOCKET_API | API => Ok(hash_of(&resource.id)),
            STAGE => self.known_names.get(&resource.id, resource.span, || {
                self.properties(resource).required("StageName")?.text("`StageName`")
            }),
            _ => Ok(resource.id.clone()),
        }
    }

    /// Whether the resource is a WebSocket API, and not an HTTP API.
    pub(super) fn is_websocket_api(&self, resource: &Resource) -> Result<bool, Finding> {
        match resource.kind.as_str() {
            SERVERLESS_WEBSOCKET_API => Ok(true),
            API => {
                let protocol = self.properties(resource).optional("ProtocolType")?;
                Ok(protocol.is_some_and(|node| node.text("`ProtocolType`").is_ok_and(|name| name == "WEBSOCKET")))
            }
            _ => Ok(false),
        }
    }

    /// The resource `id`. `None` if SAM generates it, so that it is not in the template.
    fn resource(&self, id: &str, span: SourceSpan) -> Result<Option<&Resource>, Finding> {
        let Some(resource) = self.resources.iter().find(|resource| resource.id == id) else {
            return if self.is_generated(id) || self.unread.contains(id) {
                Ok(None)
            } else {
                Err(self.unknown(id, span))
            };
        };
        if self.exists(resource)? {
            return Ok(Some(resource));
        }
        Err(Finding::at(span, format!("the resource `{id}` does not exist, because its `Condition` is false"))
            .label(resource.span, "its condition is false"))
    }

    fn unknown(&self, id: &str, span: SourceSpan) -> Finding {
        let resources = self.resources.iter().map(|resource| resource.id.as_str());
        let finding = Finding::at(span, format!("the template has no resource or parameter `{id}`"));
        let finding = if self.is_complete { finding.breaks(rules::UNKNOWN_REFERENCE) } else { finding };
        match id.split_once('.') {
            Some((id, name)) if resources.clone().any(|known| known == id) => {
                finding.help(format!("write `!GetAtt {id}.{name}` for an attribute of `{id}`"))
            }
            _ => {
                let finding = finding.suggest(id, resources.chain(self.parameters.names()));
                let not_expanded =
                    |finding: Finding, entry: &Entry| finding.label(entry.key_span, "the gateway does not expand this");
                self.macros.iter().fold(finding, not_expanded)
            }
        }
    }

    /// Whether SAM generates a resource with this logical id from a resource of the template.
    ///
    /// Source: the code of SAM's translator, `aws-sam-translator` 1.115.
    fn is_generated(&self, id: &str) -> bool {
        // SAM makes these APIs from the `Events` of functions.
        if id.starts_with("ServerlessRestApi") || id.starts_with("ServerlessHttpApi") {
            return self.has_transform;
        }
        self.resources.iter().any(|resource| {
            let Some(suffix) = id.strip_prefix(resource.id.as_str()) else { return false };
            match resource.kind.as_str() {
                SERVERLESS_FUNCTION => {
                    suffix == "Role" || suffix == "Url" || suffix.starts_with("Alias") || suffix.starts_with("Version")
                }
                SERVERLESS_WEBSOCKET_API => {
                    suffix.ends_with("Stage")
                        || matches!(suffix, "ConnectAuthorizer" | "AuthorizerPermission")
                        || self.properties(resource).keys_of("Routes").any(|key| {
                            let rest = suffix.strip_prefix(capitalized(key).as_str());
                            matches!(rest, Some("Route" | "Integration" | "Permission"))
                        })
                }
                _ => false,
            }
        })
    }

    /// The value of a pseudo parameter, such as `AWS::Region`. `None` if there is no such pseudo parameter.
    fn pseudo_parameter(&self, name: &str) -> Option<Value> {
        let account = &self.options.account;
        Some(Value::Text(match name.strip_prefix("AWS::")? {
            "NotificationARNs" => return Some(Value::List(Vec::new())),
            "Region" => account.region.clone(),
            "AccountId" => account.id.clone(),
            "Partition" => account.partition.clone(),
            "URLSuffix" => account.url_suffix.clone(),
            "StackName" => self.name.clone(),
            "StackId" => {
                account.arn("cloudformation", &format!("stack/{}/00000000-0000-0000-0000-000000000000", self.name))
            }
            _ => return None,
        }))
    }
}

/// The logical id that SAM gives to a route.
pub(super) fn route_id(api: &str, route_key: &str) -> String {
    format!("{api}{}Route", capitalized(route_key))
}

/// The logical id that SAM gives to the stage of an API.
pub(super) fn stage_id(stack: &Stack, api: &Resource) -> String {
    let name = match stack.properties(api).written("StageName").map(|node| &node.value) {
        Some(Value::Text(name)) => name.as_str(),
        Some(_) => "",
        None => "default",
    };
    format!("{}{name}Stage", api.id)
}

/// The route key as SAM writes it in logical ids: with Python's `capitalize`, which also makes every letter after the first lower case.
fn capitalized(route_key: &str) -> String {
    let mut letters = route_key.trim_start_matches('$').chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.flat_map(char::to_lowercase)).collect()
}

/// Ten lower-case letters and digits, as an API id has: the FNV-1a hash of the logical id.
pub(super) fn hash_of(logical_id: &str) -> String {
    let hash = logical_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let digits = std::iter::successors(Some(hash), |rest| Some(rest / 36)).take(10);
    digits.filter_map(|rest| char::from_digit((rest % 36) as u32, 36)).collect()
}

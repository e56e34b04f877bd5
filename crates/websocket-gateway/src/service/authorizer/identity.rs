use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use crate::api::IdentitySource;

/// The first identity source that is missing in the authorizer's event, or empty.
pub(super) fn missing<'s>(sources: &'s [IdentitySource], event: &Bytes) -> Option<&'s IdentitySource> {
    if sources.is_empty() {
        return None;
    }
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    sources.iter().find(|source| !is_present(source, &event))
}

fn is_present(source: &IdentitySource, event: &Value) -> bool {
    let value = match source {
        IdentitySource::Header(name) => {
            let mut headers = event["headers"].as_object().into_iter().flatten();
            headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        }
        IdentitySource::QueryString(name) => event["queryStringParameters"].get(name),
        IdentitySource::StageVariable(name) => event["stageVariables"].get(name),
        IdentitySource::Context(path) => {
            path.split('.').try_fold(&event["requestContext"], |value, name| value.get(name))
        }
    };
    value.is_some_and(|value| !value.is_null() && value != "")
}

impl fmt::Display for IdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header `{name}`"),
            Self::QueryString(name) => write!(f, "query parameter `{name}`"),
            Self::StageVariable(name) => write!(f, "stage variable `{name}`"),
            Self::Context(name) => write!(f, "`{name}` in its context"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &[u8] = br#"{
        "headers": { "Authorization": "x", "Empty": "" },
        "queryStringParameters": { "token": "t", "empty": "" },
        "stageVariables": { "tenant": "acme" },
        "requestContext": { "connectedAt": 1, "identity": { "sourceIp": "192.0.2.1" } }
    }"#;

    fn missing_of(sources: &[&str]) -> Option<String> {
        let sources: Vec<_> = sources.iter().map(|source| IdentitySource::parse(source).unwrap()).collect();
        missing(&sources, &Bytes::from_static(EVENT)).map(ToString::to_string)
    }

    #[test]
    fn every_source_must_be_there_and_not_empty() {
        assert_eq!(missing_of(&[]), None);
        let all = [
            "route.request.header.authorization",
            "route.request.querystring.token",
            "stageVariables.tenant",
            "context.identity.sourceIp",
            "context.connectedAt",
        ];
        assert_eq!(missing_of(&all), None);
        for (source, name) in [
            ("route.request.header.Empty", "header `Empty`"),
            ("route.request.header.token", "header `token`"),
            ("route.request.querystring.empty", "query parameter `empty`"),
            ("route.request.querystring.Token", "query parameter `Token`"),
            ("stageVariables.x", "stage variable `x`"),
            ("context.identity.userAgent", "`identity.userAgent` in its context"),
        ] {
            assert_eq!(missing_of(&[all.as_slice(), &[source]].concat()).as_deref(), Some(name));
        }
    }
}

/// The Lambda authorizer of `$connect`: a function that decides whether a client may connect.
///
/// Source: API Gateway developer guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorizer {
    /// The logical id of the function in [`Api::functions`](super::Api::functions).
    pub function: String,
    /// What every handshake must have. If one of them is missing, the client gets 401 and the function is not invoked.
    pub identity_sources: Vec<IdentitySource>,
}

/// Something that identifies the client: a value in the handshake, of the stage or in the event's context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentitySource {
    /// The name of a header, which is not case-sensitive: `route.request.header.Authorization`.
    Header(String),
    /// The name of a query string parameter: `route.request.querystring.token`.
    QueryString(String),
    /// The name of a stage variable: `stageVariables.tenant`.
    StageVariable(String),
    /// The path of a value in the event's `requestContext`: `context.identity.sourceIp`.
    Context(String),
}

impl IdentitySource {
    /// Reads an identity source in a template's notation, as shown at each variant. Returns `None` for any other text.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (prefix, name) = ["route.request.header.", "route.request.querystring.", "stageVariables.", "context."]
            .into_iter()
            .find_map(|prefix| Some((prefix, text.strip_prefix(prefix)?)))?;
        let name = Some(name).filter(|name| !name.is_empty())?.to_owned();
        Some(match prefix {
            "route.request.header." => Self::Header(name),
            "route.request.querystring." => Self::QueryString(name),
            "stageVariables." => Self::StageVariable(name),
            _ => Self::Context(name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_source_is_a_header_a_query_parameter_a_stage_variable_or_a_context_value() {
        let read = |text| IdentitySource::parse(text);
        assert_eq!(read("route.request.header.Auth"), Some(IdentitySource::Header("Auth".into())));
        assert_eq!(read("route.request.querystring.a.b"), Some(IdentitySource::QueryString("a.b".into())));
        assert_eq!(read("stageVariables.tenant"), Some(IdentitySource::StageVariable("tenant".into())));
        assert_eq!(read("context.identity.sourceIp"), Some(IdentitySource::Context("identity.sourceIp".into())));
        for other in ["", "context.", "$request.header.Auth", "method.request.header.Auth", "route.request.body.x"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}

/// The Lambda authorizer of `$connect`: the function that decides who may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorizer {
    /// The logical id of the function in [`Api::functions`](super::Api::functions).
    pub function: String,
    /// What a handshake must have for the function to be called at all.
    pub identity_sources: Vec<IdentitySource>,
}

/// A place in a handshake, or around it, that says who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentitySource {
    /// A header, whatever the case of its name: `route.request.header.Authorization`.
    Header(String),
    /// A parameter of the query string: `route.request.querystring.token`.
    QueryString(String),
    /// A variable of the stage: `stageVariables.tenant`.
    StageVariable(String),
    /// A member of the event's `requestContext`, or of one inside it: `context.identity.sourceIp`.
    Context(String),
}

impl IdentitySource {
    /// Reads an identity source as it is written in a template; `None` if it is none.
    ///
    /// Source: API Gateway developer guide, "Control access to WebSocket APIs with Lambda REQUEST authorizers".
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
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
    fn an_identity_source_is_one_of_four() {
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

//! Where `@connections` is.

use http::Uri;

/// The SDK's own variable for the endpoint of this service. The template sets it, and so does a local gateway.
const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI";

/// What delivered an event.
#[derive(Clone, Debug)]
pub(crate) enum EventSource {
    ApiGateway,
    /// A test, or a replayed sample event. Its connections belong to an API that a replay must not post to.
    Replay,
    /// A test that says where its handlers may post to.
    ReplayAt(Endpoint),
}

/// The base URL of `@connections`, or why it is not known.
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    Url(String),
    /// A test's.
    #[cfg(feature = "testing")]
    Client(aws_sdk_apigatewaymanagement::Client),
    Unknown(&'static str),
}

/// The environment does not say where `@connections` is: see [`Connections::from_env`](crate::Connections::from_env).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The variable is not set, or empty.
    #[error(
        "{ENDPOINT_VARIABLE} is not set: the function's environment must have {FORM}, because no event tells it to a function that is \
        not a route"
    )]
    Missing,
    /// The variable is not the URL of a stage.
    #[error("{ENDPOINT_VARIABLE} is {value:?}, but {why}: it must be {FORM}")]
    Invalid {
        /// What the variable is set to.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// What the variable looks like.
const FORM: &str = "https://{apiId}.execute-api.{region}.amazonaws.com/{stage}";

impl Endpoint {
    /// The endpoint in the variable.
    pub(crate) fn from_env() -> Result<Self, EndpointError> {
        let value = std::env::var_os(ENDPOINT_VARIABLE).unwrap_or_default().to_string_lossy().into_owned();
        if value.is_empty() {
            return Err(EndpointError::Missing);
        }
        match fault(&value) {
            None => Ok(Self::Url(value)),
            Some(why) => Err(EndpointError::Invalid { value, why }),
        }
    }

    /// The variable wins. Without it the URL is made from the API's id and not from `domainName`: a custom domain's URL has no stage in
    /// its path, so posts to it fail with 403.
    ///
    /// `api` returns the API's id and its stage. It is called only if they are needed: most of the event may have to be read for them.
    pub(crate) fn of<'e>(source: &EventSource, api: impl FnOnce() -> (&'e str, &'e str)) -> Self {
        if let EventSource::ReplayAt(endpoint) = source {
            return endpoint.clone();
        }
        if let Some(url) = std::env::var(ENDPOINT_VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Self::Url(url);
        }
        if matches!(source, EventSource::Replay) {
            return Self::Unknown(
                "in a replay, posts fail unless Route::replay_at or AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI says where to send them",
            );
        }
        let Ok(region) = std::env::var("AWS_REGION") else {
            return Self::Unknown(
                "the endpoint of @connections is not known: set AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI or AWS_REGION",
            );
        };
        let (api_id, stage) = api();
        if is_name(api_id) && is_name(stage) {
            Self::Url(default_url(api_id, &region, stage))
        } else {
            Self::Unknown(
                "the endpoint of @connections is not known: the event has no apiId or no stage, and \
                AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI is not set",
            )
        }
    }
}

/// Why posts to this base URL could not succeed.
fn fault(url: &str) -> Option<&'static str> {
    let Ok(url) = url.parse::<Uri>() else { return Some("that is not a URL") };
    match url.scheme_str() {
        Some("http" | "https") => {}
        Some("ws" | "wss") => return Some("clients connect to that URL, while posts go to https://"),
        _ => return Some("that does not begin with https://"),
    }
    if url.query().is_some() {
        return Some("it has a query string");
    }
    url.path().trim_end_matches('/').ends_with("/@connections").then_some("the SDK itself adds /@connections")
}

/// Checks what becomes part of a URL that requests are signed for.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn default_url(api_id: &str, region: &str, stage: &str) -> String {
    format!("https://{api_id}.execute-api.{region}.{}/{stage}", url_suffix(region))
}

/// `AWS::URLSuffix` of the partition that a region is in.
///
/// Source: the partition metadata (`dnsSuffix`) of the AWS SDK. The SDK could look it up for each event, but it needs an asynchronous
/// call for that; so it stands here again, and a test compares the two.
fn url_suffix(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "amazonaws.com.cn",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ if region.starts_with("us-isof-") => "csp.hci.ic.gov",
        _ if region.starts_with("eu-isoe-") => "cloud.adc-e.uk",
        _ if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_apigatewaymanagement::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

    use super::{default_url, fault};

    #[test]
    fn a_base_url_is_that_of_a_stage() {
        for good in [
            "https://abcd123456.execute-api.eu-west-1.amazonaws.com/prod",
            "http://127.0.0.1:3001/prod",
            "http://[::1]:1/",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        let cases = [
            ("", "not a URL"),
            ("https://", "not a URL"),
            ("https://a b/prod", "not a URL"),
            ("abcd123456.execute-api.eu-west-1.amazonaws.com", "https://"),
            ("/prod", "https://"),
            ("wss://abcd123456.execute-api.eu-west-1.amazonaws.com/prod", "clients connect"),
            ("https://example.com/prod?a=b", "query"),
            ("https://example.com/prod/@connections/", "@connections"),
        ];
        for (bad, why) in cases {
            assert!(fault(bad).is_some_and(|fault| fault.contains(why)), "{bad:?}: {:?}", fault(bad));
        }
    }

    #[tokio::test]
    async fn the_default_url_has_the_stage_and_the_suffix_that_the_sdk_knows() {
        let regions = [
            ("eu-west-1", "amazonaws.com"),
            ("us-gov-west-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
            ("us-isof-south-1", "csp.hci.ic.gov"),
            ("eu-isoe-west-1", "cloud.adc-e.uk"),
            ("eusc-de-east-1", "amazonaws.eu"),
        ];
        for (region, suffix) in regions {
            let url = default_url("abcd123456", region, "prod");
            assert_eq!(url, format!("https://abcd123456.execute-api.{region}.{suffix}/prod"));
            let params = Params::builder().region(region).build().unwrap();
            let sdks = DefaultResolver::new().resolve_endpoint(&params).await.unwrap();
            assert_eq!(sdks.url(), format!("https://execute-api.{region}.{suffix}"));
        }
    }
}

//! Where `@connections` is.

/// The SDK's own variable for the endpoint of this service. The template sets it, and so does a local gateway.
const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI";

/// What delivered an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventSource {
    ApiGateway,
    /// A test, or a replayed sample event. Its connections belong to an API that a replay must not post to.
    Replay,
}

/// The base URL of `@connections`, or why it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Url(String),
    Unknown(&'static str),
}

impl Endpoint {
    /// The variable wins. Without it the URL is made from the API's id and not from `domainName`: a custom domain's URL has no stage in
    /// its path, so posts to it fail with 403.
    ///
    /// `api` returns the API's id and its stage. It is called only if they are needed: most of the event may have to be read for them.
    pub(crate) fn of<'e>(source: EventSource, api: impl FnOnce() -> (&'e str, &'e str)) -> Self {
        if let Some(url) = std::env::var(ENDPOINT_VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Self::Url(url);
        }
        if source == EventSource::Replay {
            return Self::Unknown(
                "in a replay, posts fail unless AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI says where to send them",
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

    use super::default_url;

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

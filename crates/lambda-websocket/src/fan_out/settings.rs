//! What the environment says.

use std::fmt;
use std::num::NonZeroU32;

use http::Uri;

use super::FanOut;
use crate::connections::EndpointError;
use crate::registry::{MissingTableName, Registry};

const QUEUE: &str = "BROADCAST_QUEUE_URL";
const RATE: &str = "BROADCAST_RATE";
const WORKERS: &str = "BROADCAST_WORKERS";

/// The environment does not say what [`FanOut::from_env`] or [`BroadcastWorker::from_env`](super::BroadcastWorker::from_env) must know.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FanOutSettingsError {
    /// `TABLE_NAME` is not set.
    #[error(transparent)]
    Table(#[from] MissingTableName),
    /// The URL of `@connections` is not set, or not valid.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// `BROADCAST_QUEUE_URL` is not set.
    #[error(
        "the environment variable {QUEUE} is not set: it must be the URL of the queue of broadcasts, for example `!Ref BroadcastQueue`"
    )]
    MissingQueue,
    /// `BROADCAST_QUEUE_URL` is not the URL of a standard queue.
    #[error(
        "the environment variable {QUEUE} is {value:?}, but {why}: it must be the URL of a standard queue, for example `!Ref BroadcastQueue`"
    )]
    InvalidQueue {
        /// What the variable is set to.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// `BROADCAST_WORKERS` is not set.
    #[error(
        "the environment variable {WORKERS} is not set: it must be the MaximumConcurrency of the queue's event source, of which each worker \
        takes its share of the rate"
    )]
    MissingWorkers,
    /// A variable that should be a number is something else.
    #[error("the environment variable {name} is {value:?}: it must be a whole number above 0")]
    NotANumber {
        /// Which variable.
        name: &'static str,
        /// What it is.
        value: String,
    },
}

/// A `main` that returns an error prints it with `Debug`.
impl fmt::Debug for FanOutSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FanOut {
    /// The settings in the environment.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `TABLE_NAME` | the table of connections, as for [`Registry::from_env`] |
    /// | `BROADCAST_QUEUE_URL` | the queue that the workers get their jobs from |
    /// | `BROADCAST_RATE` | how many posts a second all workers together may make, see [`FanOut::rate`]; may be left out |
    ///
    /// # Errors
    /// If one is missing or not valid.
    pub fn from_env() -> Result<Self, FanOutSettingsError> {
        let registry = Registry::from_env()?;
        let queue = variable(QUEUE).ok_or(FanOutSettingsError::MissingQueue)?;
        if let Some(why) = fault(&queue) {
            return Err(FanOutSettingsError::InvalidQueue { value: queue, why });
        }
        let fan_out = Self::new(registry, queue);
        Ok(match number(RATE)? {
            Some(rate) => fan_out.rate(rate),
            None => fan_out,
        })
    }
}

/// How many workers share the rate.
pub(super) fn workers() -> Result<NonZeroU32, FanOutSettingsError> {
    number(WORKERS)?.ok_or(FanOutSettingsError::MissingWorkers)
}

/// Why jobs can't be put on the queue with this URL.
fn fault(url: &str) -> Option<&'static str> {
    if url.starts_with("arn:") {
        return Some("that is an ARN");
    }
    let Ok(url) = url.parse::<Uri>() else { return Some("that is not a URL") };
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Some("that does not begin with https://");
    }
    match url.path().rsplit('/').next() {
        None | Some("") => Some("it names no queue"),
        // It takes no delays, and wants to know in which order messages go.
        Some(name) => name.ends_with(".fifo").then_some("that is a FIFO queue"),
    }
}

fn number(name: &'static str) -> Result<Option<NonZeroU32>, FanOutSettingsError> {
    let Some(value) = variable(name) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| FanOutSettingsError::NotANumber { name, value })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Four fifths of what an account may ask of API Gateway in a second, unless its quota was raised: its routes, clients' messages and other APIs need
/// some, too.
/// Source: API Gateway developer guide, "Quotas": throttle quota for each account and region.
pub(super) fn default_rate(region: Option<&str>) -> NonZeroU32 {
    const SMALLER: [&str; 13] = [
        "af-south-1",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "mx-central-1",
    ];
    let is_smaller = region.is_some_and(|region| SMALLER.contains(&region));
    NonZeroU32::MIN.saturating_add(if is_smaller { 1_999 } else { 7_999 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_with_a_smaller_quota_has_a_smaller_rate() {
        for (region, rate) in
            [(None, 8_000), (Some("eu-west-1"), 8_000), (Some("eu-south-1"), 2_000), (Some("mx-central-1"), 2_000)]
        {
            assert_eq!(default_rate(region).get(), rate, "{region:?}");
        }
    }

    #[test]
    fn only_the_url_of_a_standard_queue_is_one() {
        for (url, why) in [
            ("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", None),
            ("http://127.0.0.1:9324/000000000000/jobs", None),
            ("jobs", Some("that does not begin with https://")),
            ("sqs.eu-west-1.amazonaws.com/123456789012/jobs", Some("that is not a URL")),
            ("arn:aws:sqs:eu-west-1:123456789012:jobs", Some("that is an ARN")),
            ("https://sqs.eu-west-1.amazonaws.com/123456789012/", Some("it names no queue")),
            ("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs.fifo", Some("that is a FIFO queue")),
            ("https://", Some("that is not a URL")),
        ] {
            assert_eq!(fault(url), why, "{url}");
        }
    }

    #[test]
    fn an_error_says_what_to_set() {
        let queue = FanOutSettingsError::InvalidQueue { value: "jobs".to_owned(), why: "that is not a URL" };
        assert_eq!(
            format!("{queue:?}"),
            "the environment variable BROADCAST_QUEUE_URL is \"jobs\", but that is not a URL: it must be the URL of a standard queue, \
            for example `!Ref BroadcastQueue`"
        );
        let text = FanOutSettingsError::NotANumber { name: RATE, value: "0".to_owned() };
        assert_eq!(
            format!("{text:?}"),
            r#"the environment variable BROADCAST_RATE is "0": it must be a whole number above 0"#
        );
    }
}

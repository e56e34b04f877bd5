use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::limits::{REQUEST_BURST, REQUEST_RATE};

/// How many requests are served: a bucket with room for a burst, which is filled at a rate. Each request takes one from it.
/// Source: API Gateway developer guide, "Throttle requests to your REST APIs": the token bucket algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    rate: u32,
    burst: u32,
}

/// A text is not a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write RATE/BURST, requests a second and requests at once, for example {REQUEST_RATE}/{REQUEST_BURST}; both are at least 1"
)]
pub struct InvalidRateLimit;

impl RateLimit {
    /// A limit of `rate` requests a second, of which `burst` may come at once. `None` if one of the two is zero: nothing would ever be served.
    #[must_use]
    pub fn new(rate: u32, burst: u32) -> Option<Self> {
        (rate > 0 && burst > 0).then_some(Self { rate, burst })
    }

    /// Requests a second.
    #[must_use]
    pub fn rate(self) -> u32 {
        self.rate
    }

    /// Requests at once.
    #[must_use]
    pub fn burst(self) -> u32 {
        self.burst
    }
}

impl Default for RateLimit {
    /// An account's quota in most regions.
    fn default() -> Self {
        Self { rate: REQUEST_RATE, burst: REQUEST_BURST }
    }
}

/// `10000/5000`.
impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rate, burst) = text.split_once('/').ok_or(InvalidRateLimit)?;
        let number = |text: &str| text.parse().map_err(|_| InvalidRateLimit);
        Self::new(number(rate)?, number(burst)?).ok_or(InvalidRateLimit)
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.rate, self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_it_is_written() {
        assert_eq!("10000/5000".parse(), Ok(RateLimit::default()));
        assert_eq!(RateLimit::default().to_string(), "10000/5000");
        for bad in ["", "10", "10/", "/10", "0/10", "10/0", "-1/10", "1.5/10", "10/10/10", "off", "5000000000/1"] {
            assert_eq!(bad.parse::<RateLimit>(), Err(InvalidRateLimit), "{bad}");
        }
    }
}

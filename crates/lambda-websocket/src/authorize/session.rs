//! How long a connection may be used: the `exp` that its authorizer has put into the context.

use std::fmt;

use serde_json::Value;

use crate::context::RequestContext;
use crate::event::EXP;

/// The year 5138 in seconds, March 1973 in milliseconds: what is larger was not meant as seconds.
const IN_MILLISECONDS: f64 = 1e11;

/// What is said of a deadline that can't be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session's deadline (exp) is not a number of seconds since 1970: {0}")]
pub(crate) struct InvalidExp(String);

impl InvalidExp {
    fn new(found: impl fmt::Display) -> Self {
        Self(found.to_string())
    }
}

/// Reads a deadline: API Gateway turns it into text. A date of a JSON Web Token may have fractions of a second, which are cut off.
pub(crate) fn read(exp: &Value) -> Result<u64, InvalidExp> {
    let seconds = match exp {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match seconds {
        // An `f64` holds every whole number of this range.
        Some(seconds) if (0.0..IN_MILLISECONDS).contains(&seconds) => Ok(seconds as u64),
        _ => Err(InvalidExp::new(exp)),
    }
}

pub(crate) fn check(exp: u64) -> Result<(), InvalidExp> {
    read(&exp.into()).map(drop)
}

/// Whether the session has ended when API Gateway received this event. Its time counts and not this machine's: so the answer does not
/// depend on how long the event took to get here, and a test says what time it is.
pub(crate) fn has_ended(exp: &Value, event: &RequestContext) -> Result<bool, InvalidExp> {
    Ok(event.request_time_ms() / 1000 >= read(exp)?)
}

impl RequestContext {
    /// When the session ends, in seconds since 1970, if the authorizer has set [a deadline](crate::Allow::until). Message routes refuse
    /// what comes after it by themselves.
    #[must_use]
    pub fn exp(&self) -> Option<u64> {
        read(self.raw().request_context.authorizer.fields.get(EXP)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deadline_is_a_number_of_seconds_in_any_spelling() {
        for exp in [json!("1762430400"), json!(1_762_430_400), json!("1762430400.75"), json!("1.7624304E9")] {
            assert_eq!(read(&exp), Ok(1_762_430_400), "{exp}");
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_not_taken_for_one() {
        // A date, milliseconds, and what a bug in an authorizer makes.
        let wrong = ["2025-11-06T12:00:00Z", "1762430400000", "NaN", "inf", "-1", "", "undefined"];
        for exp in wrong.map(Value::from).into_iter().chain([json!(1_762_430_400_000_u64), json!(true)]) {
            assert!(read(&exp).unwrap_err().to_string().contains(&exp.to_string()), "{exp}");
        }
    }
}

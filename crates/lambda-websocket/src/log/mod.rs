//! Log lines in the format that Lambda expects.
//!
//! `lambda_runtime` can set this up too. But its filter links a regular expression engine, 0.4 MB of every function, and its format
//! builds a map of each span's fields before it serialises them, for two spans of every event.

mod fields;

use std::env;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Writes `tracing`'s log lines to standard output, as Lambda's logging settings say. [`Route::run`](crate::Route::run) calls it; call it
/// yourself only if `main` logs before that. A `tracing` subscriber that is set already stays.
///
/// | variable | meaning |
/// |---|---|
/// | `AWS_LAMBDA_LOG_LEVEL` | the lowest level that is written; `INFO` if it is not set |
/// | `RUST_LOG` | overrides it: one level, or one for each module, `info,lambda_websocket=debug` |
/// | `AWS_LAMBDA_LOG_FORMAT` | `JSON`: each line is an object |
///
/// Lambda itself drops JSON lines below its `ApplicationLogLevel`, whatever `RUST_LOG` says.
pub fn init_log() {
    let is_json = env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = fmt::layer().with_target(false);
    let levels = levels(env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref(), env::var("RUST_LOG").ok().as_deref());
    let subscriber = tracing_subscriber::registry().with(levels);
    // An error means that there is a subscriber already.
    let _ = if is_json {
        // With the time: Lambda takes a line without it for INFO.
        // Source: AWS Lambda developer guide, "Log-level filtering".
        subscriber.with(lines.json().fmt_fields(fields::JsonFields)).try_init()
    } else {
        subscriber.with(lines.without_time()).try_init()
    };
}

fn levels(level: Option<&str>, targets: Option<&str>) -> Targets {
    let targets: Targets = targets
        .map(tidy)
        .filter(|targets| !targets.is_empty())
        .and_then(|targets| targets.parse().ok())
        .unwrap_or_default();
    let level = level.and_then(named).unwrap_or(LevelFilter::INFO);
    let level = targets.default_level().unwrap_or(level);
    targets.with_default(level)
}

/// One of Lambda's levels. `tracing` would read an empty text as ERROR.
fn named(level: &str) -> Option<LevelFilter> {
    match level {
        "" => None,
        fatal if fatal.eq_ignore_ascii_case("fatal") => Some(LevelFilter::ERROR),
        level => level.parse().ok(),
    }
}

/// Removes blanks and empty parts, which `tracing` would read as ERROR for everything.
fn tidy(targets: &str) -> String {
    let parts: Vec<_> = targets.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::levels;

    #[test]
    fn the_level_is_lambdas_unless_rust_log_says_otherwise() {
        let cases = [
            (None, None, Level::INFO, Level::INFO),
            (Some("DEBUG"), None, Level::DEBUG, Level::DEBUG),
            (Some("warn"), Some("debug"), Level::DEBUG, Level::DEBUG),
            (Some("warn"), Some("mine=trace"), Level::WARN, Level::TRACE),
            (Some("loud"), Some("mine=[["), Level::INFO, Level::INFO),
            (Some(""), Some(""), Level::INFO, Level::INFO),
            (Some("fatal"), None, Level::ERROR, Level::ERROR),
            (None, Some("debug,"), Level::DEBUG, Level::DEBUG),
            (None, Some("warn, mine=debug"), Level::WARN, Level::DEBUG),
        ];
        for (level, targets, others, mine) in cases {
            let levels = levels(level, targets);
            for (target, least) in [("other", others), ("mine", mine)] {
                let written = |level| levels.would_enable(target, &level);
                assert!(written(least), "{level:?} {targets:?} {target}");
                let below = [Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE].into_iter().find(|l| *l > least);
                assert!(below.is_none_or(|below| !written(below)), "{level:?} {targets:?} {target}");
            }
        }
    }
}

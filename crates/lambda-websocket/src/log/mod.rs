//! Log lines as Lambda wants them.
//!
//! `lambda_runtime` can set this up too. But its filter links a regular expression engine, 0.4 MB of every function, and its format
//! makes and serialises a map of each span's fields, two spans for every event.

mod fields;

use std::env;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Lets `tracing`'s log lines go to standard output as Lambda's logging settings say, for a `main` that logs before
/// [`Route::run`](crate::Route::run), which does this too. If there is a subscriber already, it stays.
///
/// | variable | meaning |
/// |---|---|
/// | `AWS_LAMBDA_LOG_LEVEL` | the least level that is written, `INFO` if it is not set |
/// | `RUST_LOG` | goes before it: a level, or several for modules, `info,lambda_websocket=debug` |
/// | `AWS_LAMBDA_LOG_FORMAT` | `JSON`: each line is an object |
///
/// Of JSON lines Lambda itself drops those below its `ApplicationLogLevel`, whatever `RUST_LOG` says.
pub fn init_log() {
    let is_json = env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = fmt::layer().with_target(false);
    let levels = levels(env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref(), env::var("RUST_LOG").ok().as_deref());
    let subscriber = tracing_subscriber::registry().with(levels);
    // An error means that there is one.
    let _ = if is_json {
        // With the time: of a line without one Lambda believes that its level is INFO.
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

/// One of Lambda's levels. An empty one would be read as ERROR.
fn named(level: &str) -> Option<LevelFilter> {
    match level {
        "" => None,
        fatal if fatal.eq_ignore_ascii_case("fatal") => Some(LevelFilter::ERROR),
        level => level.parse().ok(),
    }
}

/// Without blanks and empty parts, which would be read as ERROR for everything.
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

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
pub fn init_log() {
    let is_json = env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = fmt::layer().with_target(false).without_time();
    let levels = levels(env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref(), env::var("RUST_LOG").ok().as_deref());
    let subscriber = tracing_subscriber::registry().with(levels);
    // An error means that there is one.
    let _ = if is_json {
        subscriber.with(lines.json().fmt_fields(fields::JsonFields)).try_init()
    } else {
        subscriber.with(lines).try_init()
    };
}

fn levels(level: Option<&str>, targets: Option<&str>) -> Targets {
    let targets: Targets = targets.and_then(|targets| targets.parse().ok()).unwrap_or_default();
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let level = targets.default_level().unwrap_or(level);
    targets.with_default(level)
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

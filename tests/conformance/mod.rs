//! The conformance table: every rule of API Gateway as a row, run over one template.
//!
//! Against a gateway of its own, or, if `WS_CONFORMANCE_URL` and `WS_CONFORMANCE_TABLE` are set, against the template deployed on AWS.
//! With `--nocapture` it prints the outcome of each row. `on-aws` deploys the template and sets the variables.

mod call;
mod handshake;
mod pattern;
mod readme;
mod row;
mod steps;
mod target;

use std::collections::BTreeMap;

use row::{Row, rows};
use target::Target;

/// The files of the table.
const THEMES: [&str; 10] = [
    "front-door",
    "frames",
    "routing",
    "answers",
    "events",
    "disconnect",
    "connections",
    "authorization",
    "functions",
    "left-out",
];

/// The outcome of a row.
enum Outcome {
    Holds,
    /// Against AWS only: something that the row needs is missing.
    Skipped(String),
    /// A test of its own shows it, or the gateway is known to differ.
    NotRun(String),
    Fails(String),
}

/// Runs the rows of a theme one after the other.
async fn check(theme: &str) {
    let remote = std::env::var_os("WS_CONFORMANCE_URL").is_some();
    let mut targets = BTreeMap::new();
    let mut failures = Vec::new();
    for row in rows(theme) {
        let outcome = outcome(&row, remote, &mut targets).await;
        println!("{}", line(theme, &row, &outcome));
        if let Outcome::Fails(why) = outcome {
            failures.push(format!("{theme}: {}\n    {why}", row.rule));
        }
    }
    for target in targets.into_values() {
        target.stop().await;
    }
    assert!(failures.is_empty(), "{} rows do not hold:\n{}", failures.len(), failures.join("\n"));
}

type Targets = BTreeMap<(String, bool), Target>;

async fn outcome(row: &Row, remote: bool, targets: &mut Targets) -> Outcome {
    if let Some(elsewhere) = row.test.as_ref().or(row.no.as_ref()) {
        return Outcome::NotRun(elsewhere.clone());
    }
    if remote && row.clock {
        return Outcome::Skipped("time has to pass".to_owned());
    }
    let key = (row.api.clone(), row.clock);
    if !targets.contains_key(&key) {
        let target = if remote { Target::remote(&row.api).await } else { Ok(Target::local(&row.api, row.clock).await) };
        match target {
            Ok(target) => targets.insert(key.clone(), target),
            Err(missing) => return Outcome::Skipped(missing),
        };
    }
    let target = targets.get_mut(&key).unwrap();
    steps::run(row, target).await.map_or_else(Outcome::Fails, |()| Outcome::Holds)
}

/// One line of the report.
fn line(theme: &str, row: &Row, outcome: &Outcome) -> String {
    let outcome = match outcome {
        Outcome::Holds => "holds",
        Outcome::Skipped(why) => &format!("skipped ({why})"),
        Outcome::NotRun(why) => &format!("not run ({why})"),
        Outcome::Fails(why) => &format!("FAILS ({why})"),
    };
    format!("{theme}: {} [{:?}: {}]: {outcome}", row.rule, row.confidence, row.source.join(", "))
}

#[tokio::test]
async fn front_door() {
    check("front-door").await;
}

#[tokio::test]
async fn frames() {
    check("frames").await;
}

#[tokio::test]
async fn routing() {
    check("routing").await;
}

#[tokio::test]
async fn answers() {
    check("answers").await;
}

#[tokio::test]
async fn events() {
    check("events").await;
}

#[tokio::test]
async fn disconnect() {
    check("disconnect").await;
}

#[tokio::test]
async fn connections() {
    check("connections").await;
}

#[tokio::test]
async fn authorization() {
    check("authorization").await;
}

#[tokio::test]
async fn functions() {
    check("functions").await;
}

#[tokio::test]
async fn left_out() {
    check("left-out").await;
}

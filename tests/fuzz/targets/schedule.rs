//! The schedule of a function's instances, as a state machine: whatever comes in whatever order, every invocation is answered once.
#![no_main]

use fuzz::{Format, Sample, fuzz};
use serde_json::json;
use websocket_gateway::fuzzing;

fuzz!(Format::Json, samples(), run);

fn samples() -> Vec<Sample> {
    let usual = json!([
        ["invoke"],
        ["started", 0],
        ["next", 0],
        ["answer", 0, "right"],
        ["next", 0],
        ["invoke"],
        ["next", 0],
        ["check", 0],
        ["later", 100],
        ["answer", 0, "right"],
        ["next", 0],
        ["later", 300_000],
        ["check", 0],
    ]);
    let busy = json!([
        ["invoke"],
        ["invoke"],
        ["invoke"],
        ["next", 0],
        ["next", 1],
        ["give_up"],
        ["answer", 1, "another_request"],
        ["answer", 1, "old_runtime"],
        ["next", 1],
        ["answer", 0, "another_invocation"],
        ["end", 0, "exited"],
        ["invoke"],
        ["next", 1],
        ["end", 1, "overdue"],
    ]);
    let failing = json!([
        ["invoke"],
        ["init_failed", 0],
        ["end", 0, "exited"],
        ["invoke"],
        ["end", 1, "not_started"],
        ["invoke"],
        ["next", 2],
        ["later", 3001],
        ["check", 2],
    ]);
    let reload = json!([
        ["invoke"],
        ["next", 0],
        ["answer", 0, "right"],
        ["retire"],
        ["next", 0],
        ["invoke"],
        ["next", 1],
        ["answer", 1, "right"],
        ["next", 1],
        ["check", 1],
        ["close"],
        ["invoke"],
        ["end", 0, "shutting_down"],
    ]);
    let assigned = json!([
        ["invoke"],
        ["next", 0],
        ["answer", 0, "right"],
        ["next", 0],
        ["invoke"],
        ["end", 0, "exited"],
        ["next", 1],
    ]);
    let mut samples = Vec::new();
    for (i, steps) in [usual, busy, failing, reload, assigned].into_iter().enumerate() {
        for finish in ["serve", "close"] {
            let concurrency = (i == 1).then_some(3);
            let run = json!({ "timeout_ms": 3000, "instances": 2, "concurrency": concurrency, "steps": steps, "finish": finish });
            samples.push(Sample::good(run.to_string()));
        }
    }
    samples
}

fn run(data: &[u8]) -> bool {
    serde_json::from_slice(data).is_ok_and(|run| fuzzing::schedule(&run))
}

//! Measures how a warm function serves one event: it reads and checks the event, calls the handler and answers. The baseline is what a
//! handler without this crate does: `serde_json` into `aws_lambda_events`' type, and its response back into JSON.
//!
//! Both sides run in processes of their own, so that Valgrind can count what 200 more events cost. The difference leaves out
//! everything else.

use std::process::{Command, Stdio};
use std::time::Instant;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use aws_lambda_events::encodings::Body;
use benchmarks::Error;
use benchmarks::goals::Goals;
use benchmarks::process;
use benchmarks::valgrind::{self, ALLOCATIONS, INSTRUCTIONS, Tool};
use lambda_websocket::{Accept, Connect, Disconnect, Message, Reject, Route, Routes, Text};
use serde_json::Value;

const CASES: [(&str, &str, usize); 5] = [
    ("CONNECT", "connect", 0),
    ("MESSAGE 100 B", "default", 100),
    ("MESSAGE 1 KB", "default", 1_000),
    ("MESSAGE 100 KB", "default", 100_000),
    ("DISCONNECT", "disconnect", 0),
];
const SIDES: [&str; 2] = ["ours", "baseline"];

/// The crate's own work may cost this multiple of the baseline's instructions at most.
const GOAL: f64 = 1.1;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", side, case, times] => serve(side, &event(case)?, times.parse()?),
        _ => compare(),
    }
}

fn compare() -> Result<(), Error> {
    let counts = valgrind::is_installed();
    println!("{:<16}{:>10} instructions   ratio   allocations          ns   ratio", "one event", "");
    let mut goals = Goals::new(&[]);
    for (case, ..) in CASES {
        let [ours, baseline] = SIDES.map(|side| measure(case, side, counts));
        let (ours, baseline) = (ours?, baseline?);
        let ratio = ours.instructions / baseline.instructions;
        println!(
            "{case:<16}{:>10.0} / {:>10.0} {ratio:>7.2}{} {:>5.0} / {:<5.0} {:>7.0} / {:<7.0} {:>5.2}",
            ours.instructions,
            baseline.instructions,
            goals.at_most(&format!("{case}, instructions as a multiple of the baseline's"), ratio, GOAL),
            ours.allocations,
            baseline.allocations,
            ours.ns,
            baseline.ns,
            ours.ns / baseline.ns,
        );
    }
    println!("\nours / baseline; goal: at most {GOAL} times the baseline's instructions");
    Ok(goals.finish()?)
}

/// The cost of one event.
struct Cost {
    instructions: f64,
    allocations: f64,
    ns: f64,
}

fn measure(case: &str, side: &str, counts: bool) -> Result<Cost, Error> {
    let counted = |tool| if counts { count(tool, case, side) } else { Ok(f64::NAN) };
    Ok(Cost { instructions: counted(INSTRUCTIONS)?, allocations: counted(ALLOCATIONS)?, ns: time(case, side)? })
}

fn count(tool: Tool, case: &str, side: &str) -> Result<f64, Error> {
    let of = |times: u32| -> Result<u64, Error> {
        let mut valgrind = tool.command();
        let output = worker(valgrind.arg(std::env::current_exe()?), case, side, times).output()?;
        tool.count(&String::from_utf8_lossy(&output.stderr))
    };
    Ok(of(300)?.saturating_sub(of(100)?) as f64 / 200.0)
}

/// Returns the best time of several runs, because other work on the machine only adds to it.
fn time(case: &str, side: &str) -> Result<f64, Error> {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let output = worker(&mut Command::new(std::env::current_exe()?), case, side, 5_000).output()?;
        best = best.min(String::from_utf8(output.stdout)?.trim().parse()?);
    }
    Ok(best)
}

fn worker<'c>(command: &'c mut Command, case: &str, side: &str, times: u32) -> &'c mut Command {
    // The template sets this log format too, so a span costs what it costs on Lambda.
    command.args(["serve", side, case, &times.to_string()]).env("AWS_LAMBDA_LOG_FORMAT", "JSON").stdin(Stdio::null())
}

fn event(case: &str) -> Result<String, Error> {
    let (_, file, size) = CASES.into_iter().find(|(name, ..)| *name == case).ok_or("no such case")?;
    let event = without_blanks(&process::event(file)?);
    if size == 0 {
        return Ok(event);
    }
    let (start, end) = (r#"{"action":"say","data":""#, r#""}"#);
    let body = format!("{start}{}{end}", "x".repeat(size - start.len() - end.len()));
    Ok(event.replace(r#""body":"hello?""#, &format!(r#""body":{}"#, Value::from(body))))
}

/// Removes blanks, as API Gateway sends an event. The order of the members stays.
fn without_blanks(json: &str) -> String {
    let mut in_text = false;
    let kept = json.chars().filter(|&letter| {
        in_text ^= letter == '"';
        in_text || !letter.is_whitespace()
    });
    kept.collect()
}

fn serve(side: &str, event: &str, times: u32) -> Result<(), Error> {
    lambda_websocket::init_log();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let start = Instant::now();
    runtime.block_on(async {
        match side {
            "ours" => ours(event, times).await,
            _ => baseline(event, times),
        }
    })?;
    println!("{}", start.elapsed().as_nanos() as f64 / f64::from(times));
    Ok(())
}

async fn ours(event: &str, times: u32) -> Result<(), Error> {
    let route: Route<'_> = Routes::new()
        .connect(async |event: Connect| match event.query("channel") {
            Some(_) => Ok(Accept::new()),
            None => Err(Reject::bad_request("no channel")),
        })
        .disconnect(async |_: Disconnect| Ok(()))
        .two_way("$default", async |_: Message<Text>| Ok(Text::from("hello")))
        .into_route();
    for _ in 0..times {
        let answer = route.replay(std::hint::black_box(event)).await?;
        std::hint::black_box(serde_json::to_vec(&answer)?);
    }
    Ok(())
}

fn baseline(event: &str, times: u32) -> Result<(), Error> {
    for _ in 0..times {
        let event: ApiGatewayWebsocketProxyRequest = serde_json::from_str(std::hint::black_box(event))?;
        let mut answer = ApiGatewayProxyResponse::default();
        answer.status_code = 200;
        answer.body = Some(Body::Text("hello".to_owned()));
        std::hint::black_box((event, serde_json::to_vec(&answer)?));
    }
    Ok(())
}

//! Measures a function from the start of its process to its first `GET /next`, and on to its first call to AWS. That is what a client waits
//! for when Lambda starts a new instance. The baseline is a `lambda_runtime` program that does nothing.

mod tls;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benchmarks::Error;
use benchmarks::goals::Goals;
use benchmarks::lambda::{Lambda, Step};
use benchmarks::process;
use benchmarks::valgrind::{self, INSTRUCTIONS};
use rustix::process::{Pid, Signal, kill_process};
use tls::Tls;

/// The functions, each with the step that its first event leads to.
const ROUTES: [(&str, Step); 5] = [
    ("default", Step::Done),
    ("connect", Step::Dynamodb),
    ("disconnect", Step::Dynamodb),
    ("hello", Step::Post),
    // After two calls to DynamoDB.
    ("sendmessage", Step::Post),
];

/// The limit of instructions to the first `GET /next`, as a multiple of the baseline's: for a function that calls nothing, and for the others.
const READY: [f64; 2] = [1.1, 1.3];
/// The limit of instructions from there to the first call.
const FIRST_CALL: f64 = 3.5e6;
const MB: f64 = 1e6;
const LARGEST: f64 = 8.0 * MB;

/// A TLS handshake alone takes 2.1 M instructions: it checks three signatures and exchanges keys. `sendmessage` makes two before it posts. It also has
/// the client of SQS in it: 2,400 more addresses that the loader relocates.
const KNOWN_TO_BE_MISSED: [&str; 4] = [
    "connect, instructions to the call over TLS",
    "disconnect, instructions to the call over TLS",
    "sendmessage, instructions to the call over TLS",
    "sendmessage, instructions to ready as a multiple of the baseline's",
];

/// How many runs are timed. Counting takes one run.
const RUNS: usize = 15;

fn main() -> Result<(), Error> {
    process::build(ROUTES.map(|(name, _)| name))?;
    let counts = valgrind::is_installed();
    let tls = Tls::new()?;
    let empty = Program { path: PathBuf::from(env!("CARGO_BIN_EXE_empty")), event: "default" };
    let baseline = to_step(&empty, Step::Ready, &Over::Http, counts)?;
    println!("{:<12}{:>8} | {:^38} | {:^31} | over TLS", "", "", "to the first GET /next", "from there to the call");
    println!(
        "{:<12}{:>8} | {:>11}{:>9}{:>9}{:>9} | {:>12}{:>9}{:>10} | {:>8}",
        "", "MB", "instr.", "ratio", "ms", "CPU ms", "instr.", "ms", "CPU ms", "instr."
    );
    let mut goals = Goals::new(&KNOWN_TO_BE_MISSED);
    report(&mut goals, "empty", size(&empty)?, [&baseline; 2], None);
    for (name, step) in ROUTES {
        let program = Program { path: empty.path.with_file_name(name), event: name };
        let ready = to_step(&program, Step::Ready, &Over::Http, counts)?;
        let called = to_step(&program, step, &Over::Http, counts)?;
        let secure = to_step(&program, step, &Over::Tls(&tls), counts)?;
        report(&mut goals, name, size(&program)?, [&ready, &baseline], Some([&called, &secure]));
    }
    let links_sdk = links_sdk(&empty.path.with_file_name("default"))?;
    goals.holds("default does not link the AWS SDK", !links_sdk);
    println!("\nThe AWS SDK in default: {}", if links_sdk { "yes!" } else { "no" });
    println!(
        "The call is the one to DynamoDB, or the first post; default's is its answer.\n\
         Goals, ! where missed: {:.0} MB; ratio {} for default, {} for the others; {:.1} M instructions to the call; no SDK in default.",
        LARGEST / MB,
        READY[0],
        READY[1],
        FIRST_CALL / 1e6
    );
    Ok(goals.finish()?)
}

struct Program {
    path: PathBuf,
    event: &'static str,
}

enum Over<'t> {
    Http,
    Tls(&'t Tls),
}

/// The cost from the start of a process to some step.
struct Cost {
    instructions: f64,
    wall_ms: f64,
    cpu_ms: f64,
}

fn to_step(program: &Program, step: Step, over: &Over<'_>, counts: bool) -> Result<Cost, Error> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(run(Command::new(&program.path), program, step, over)?);
    }
    let median = |of: fn(&Run) -> Duration| {
        let mut all: Vec<_> = times.iter().map(of).collect();
        all.sort_unstable();
        all[all.len() / 2].as_secs_f64() * 1e3
    };
    let (wall_ms, cpu_ms) = (median(|run| run.wall), median(|run| run.cpu));
    let instructions = if counts {
        let mut valgrind = INSTRUCTIONS.command();
        valgrind.arg(&program.path);
        INSTRUCTIONS.count(&run(valgrind, program, step, over)?.printed)? as f64
    } else {
        f64::NAN
    };
    Ok(Cost { instructions, wall_ms, cpu_ms })
}

struct Run {
    wall: Duration,
    cpu: Duration,
    printed: String,
}

/// Starts a process, lets it come as far as `step` and ends it there.
fn run(mut command: Command, program: &Program, step: Step, over: &Over<'_>) -> Result<Run, Error> {
    let events = if step == Step::Ready { vec![] } else { vec![process::event(program.event)?] };
    let lambda = match over {
        Over::Http => Lambda::plain(events, step)?,
        Over::Tls(tls) => Lambda::start(events, step, "https", tls.acceptor())?,
    };
    lambda.environment(&mut command, &program.path);
    if let Over::Tls(tls) = over {
        command.env("AWS_CA_BUNDLE", &tls.bundle);
    }
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let reached = loop {
        match lambda.steps.recv_timeout(Duration::from_secs(60)) {
            Ok((reached, at)) if reached == step => break Ok(at),
            Ok(_) => {}
            Err(_) => break Err(format!("{} did not come as far as {step:?}", program.path.display())),
        }
    };
    let cpu = process::cpu_of(&child);
    kill_process(Pid::from_child(&child), Signal::TERM)?;
    let printed = valgrind::standard_error(&mut child)?;
    child.wait()?;
    let at = reached.map_err(|error| format!("{error}:\n{printed}"))?;
    Ok(Run { wall: at - start, cpu, printed })
}

/// Returns the size of the file that is deployed. The bench profile keeps the symbols, which the release profile strips.
fn size(program: &Program) -> Result<u64, Error> {
    let stripped = program.path.with_extension("stripped");
    let strip = Command::new("strip").arg("-o").arg(&stripped).arg(&program.path).status()?;
    let size = if strip.success() { fs::metadata(&stripped)?.len() } else { 0 };
    fs::remove_file(stripped)?;
    Ok(size)
}

fn links_sdk(program: &Path) -> Result<bool, Error> {
    let symbols = String::from_utf8(Command::new("nm").arg(program).output()?.stdout)?;
    if !symbols.contains("lambda_runtime") {
        return Err("nm shows no symbols of the function".into());
    }
    Ok(["aws_sdk_", "aws_config", "aws_smithy", "rustls"].iter().any(|name| symbols.contains(name)))
}

/// Prints a row of the table. `ready` is the function's cost and the baseline's; `called` is the cost to the first call, plain and over TLS.
fn report(goals: &mut Goals, name: &str, size: u64, ready: [&Cost; 2], called: Option<[&Cost; 2]>) {
    let [ready, baseline] = ready;
    let ratio = ready.instructions / baseline.instructions;
    let mut goal = |figure: &str, measured, limit| goals.at_most(&format!("{name}, {figure}"), measured, limit);
    print!(
        "{name:<12}{:>8.2}{}| {:>11.0}{ratio:>9.2}{}{:>8.2}{:>9.2}",
        size as f64 / MB,
        goal("bytes", size as f64, LARGEST),
        ready.instructions,
        goal("instructions to ready as a multiple of the baseline's", ratio, READY[usize::from(name != "default")]),
        ready.wall_ms,
        ready.cpu_ms,
    );
    if let Some([called, secure]) = called {
        let more = called.instructions - ready.instructions;
        let secure = secure.instructions - ready.instructions;
        print!(
            " | {more:>12.0}{}{:>8.2}{:>10.2} | {secure:>8.0}{}",
            goal("instructions to the call", more, FIRST_CALL),
            called.wall_ms - ready.wall_ms,
            called.cpu_ms - ready.cpu_ms,
            goal("instructions to the call over TLS", secure, FIRST_CALL),
        );
    }
    println!();
}

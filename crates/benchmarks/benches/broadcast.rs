//! Sends a message to 1, 100 and 1,000 connections, and measures what a post costs in the warm function `sendmessage` and how many posts it
//! makes in a second. The baseline is a handler that calls the SDK in a loop of its own.
//!
//! Each of the two is a process of its own, between servers that play Lambda, DynamoDB and `@connections`. The two take turns, so that other work
//! on the machine slows both alike.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use benchmarks::Error;
use benchmarks::channel::{self, Channel};
use benchmarks::goals::Goals;
use benchmarks::process;
use benchmarks::valgrind::{self, INSTRUCTIONS};
use rustix::process::{Pid, Signal, kill_process};

/// Connections in the channel; events in a round; events before Valgrind's first count; further events before its second.
const SIZES: [(usize, usize, usize, usize); 3] = [(1, 800, 50, 200), (100, 50, 3, 6), (1_000, 5, 2, 3)];
/// How many rounds there are. They are short, and the two programs take turns.
const ROUNDS: usize = 25;

/// The steps after which memory is measured, in this order: connections and events. More connections would be handed over to workers.
const GROWTH: [(usize, usize); 3] = [(100, 1), (1_000, 1), (1_000, 10)];

/// The function must reach this multiple of the loop's posts, in the same time and for the same work.
const GOAL: f64 = 0.95;

fn main() -> Result<(), Error> {
    process::build(["sendmessage"])?;
    let raw = PathBuf::from(env!("CARGO_BIN_EXE_raw_broadcast"));
    let programs = [raw.with_file_name("sendmessage"), raw];
    let counts = valgrind::is_installed();
    println!("{:<12}{:^28} | {:^26} | {:^30}", "", "posts/s", "CPU µs a post", "instructions a post");
    let mut goals = Goals::new(&[]);
    for size in SIZES {
        let costs = measure(&programs, size, counts)?;
        let mut goal =
            |figure: &str, ratio| goals.at_least(&format!("{figure} with {} connections", size.0), ratio, GOAL);
        print!("{:<12}", size.0);
        report(
            costs.map(|cost| cost.posts_per_s),
            9,
            0,
            |[ours, raw]| ours / raw,
            |ratio| goal("posts a second", ratio),
        );
        print!(" |");
        report(
            costs.map(|cost| cost.cpu_us),
            8,
            1,
            |[ours, raw]| raw / ours,
            |ratio| goal("posts for the same CPU time", ratio),
        );
        print!(" |");
        report(
            costs.map(|cost| cost.instructions),
            10,
            0,
            |[ours, raw]| raw / ours,
            |ratio| goal("posts for the same instructions", ratio),
        );
        println!();
    }
    println!(
        "\nsendmessage / the loop; goal: at least {GOAL} times the loop's posts in a second, in a µs, and in an instruction\n"
    );
    let peaks = [peaks(&programs[0])?, peaks(&programs[1])?];
    println!("{:<28}{:>12} / {:<8}", "most memory so far, KiB", "sendmessage", "the loop");
    for (nth, (connections, events)) in GROWTH.into_iter().enumerate() {
        let [ours, raw] = [0, 1].map(|side: usize| peaks[side][nth]);
        println!("{:<28}{ours:>12} / {raw:<8}", format!("{events} × {connections} connections"));
    }
    Ok(goals.finish()?)
}

/// The cost of a post: the median of all rounds.
#[derive(Clone, Copy)]
struct Cost {
    posts_per_s: f64,
    cpu_us: f64,
    instructions: f64,
}

fn report(sides: [f64; 2], width: usize, digits: usize, ratio: fn([f64; 2]) -> f64, check: impl FnOnce(f64) -> char) {
    let [ours, raw] = sides;
    let ratio = ratio(sides);
    print!("{ours:>width$.digits$} / {raw:<width$.digits$}{ratio:>5.2}{}", check(ratio));
}

fn measure(programs: &[PathBuf; 2], size: (usize, usize, usize, usize), counts: bool) -> Result<[Cost; 2], Error> {
    let (connections, events, first, more) = size;
    let functions = [Function::start(&programs[0])?, Function::start(&programs[1])?];
    let mut rounds = [vec![], vec![]];
    for function in &functions {
        function.channel.invoke(connections, events)?;
    }
    for _ in 0..ROUNDS {
        for (function, rounds) in functions.iter().zip(&mut rounds) {
            rounds.push(function.round(connections, events)?);
        }
    }
    let [ours, raw] = rounds.map(|rounds| (median(rounds.iter().map(|r| r.0)), median(rounds.iter().map(|r| r.1))));
    let count = |program: &Path| -> Result<f64, Error> {
        if !counts {
            return Ok(f64::NAN);
        }
        let fewer = count(program, connections, first)?;
        let all = count(program, connections, first + more)?;
        Ok(all.saturating_sub(fewer) as f64 / (more * connections) as f64)
    };
    let cost = |(posts_per_s, cpu_us), instructions| Cost { posts_per_s, cpu_us, instructions };
    Ok([cost(ours, count(&programs[0])?), cost(raw, count(&programs[1])?)])
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<_> = of.collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn count(program: &Path, connections: usize, events: usize) -> Result<u64, Error> {
    let mut valgrind = INSTRUCTIONS.command();
    valgrind.arg(program);
    let function = Function::spawn(valgrind, program)?;
    function.channel.invoke(connections, events)?;
    INSTRUCTIONS.count(&function.end()?)
}

fn peaks(program: &Path) -> Result<Vec<u64>, Error> {
    let function = Function::start(program)?;
    let peak = |(connections, events)| {
        function.channel.invoke(connections, events)?;
        Ok(process::peak_memory_of(&function.child).unwrap_or(0))
    };
    GROWTH.into_iter().map(peak).collect()
}

/// A running function that waits for events.
struct Function {
    channel: Channel,
    child: Child,
}

impl Function {
    fn start(program: &Path) -> Result<Self, Error> {
        Self::spawn(Command::new(program), program)
    }

    fn spawn(mut command: Command, program: &Path) -> Result<Self, Error> {
        let event = process::event("sendmessage")?.replace("TnAb3dVvDoECJ5A=", &channel::id(0));
        let channel = Channel::serve(event)?;
        let address: SocketAddr = channel.address;
        process::environment(&mut command, program, &address.to_string(), &format!("http://{address}"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        Ok(Self { channel, child })
    }

    /// Returns the posts in a second, and the CPU time of each in µs.
    fn round(&self, connections: usize, events: usize) -> Result<(f64, f64), Error> {
        let (start, cpu) = (Instant::now(), process::cpu_of(&self.child));
        self.channel.invoke(connections, events)?;
        let (wall, cpu) = (start.elapsed(), process::cpu_of(&self.child) - cpu);
        let posts = (connections * events) as f64;
        Ok((posts / wall.as_secs_f64(), cpu.as_secs_f64() * 1e6 / posts))
    }

    /// Ends the process and returns what it wrote to its standard error.
    fn end(mut self) -> Result<String, Error> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        Ok(valgrind::standard_error(&mut self.child)?)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // These fail if the process has ended already, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

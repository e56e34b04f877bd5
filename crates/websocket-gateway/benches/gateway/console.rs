//! What the console costs: how many answers clients get in a second, and how much CPU the gateway takes for each, without a console, with one that
//! nobody looks at, and with one whose stream of happenings is read.
//!
//! All sides are measured in turns, so that other work on the machine concerns them alike. A ratio is the median of those of each turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::Error;
use crate::clients::{self, Loop, MEASURED, median};
use crate::goals::Goals;
use crate::round_trips::TEMPLATE;
use crate::server::Server;

const CLIENTS: [usize; 2] = [1, 10];

/// How often each side is measured.
const TURNS: usize = 5;

/// What the gateway is started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// `--no-console`, which the others are compared with.
    Without,
    /// The default.
    Unwatched,
    /// The default, with one page that reads what happens.
    Watched,
}

/// How many bytes are told of an answer at least: its event alone has more.
const LEAST_TOLD: f64 = 500.0;

const SIDES: [Side; 3] = [Side::Without, Side::Unwatched, Side::Watched];

pub(crate) async fn run(goals: &mut Goals) -> Result<(), Error> {
    for count in CLIENTS {
        let mut figures = SIDES.map(|_| Vec::with_capacity(TURNS));
        for _ in 0..TURNS {
            for (side, figures) in SIDES.into_iter().zip(&mut figures) {
                figures.push(measure(side, count).await?);
            }
        }
        report(goals, count, &figures);
    }
    Ok(())
}

async fn measure(side: Side, count: usize) -> Result<Loop, Error> {
    let options: &[_] = if side == Side::Without { &["--no-console"] } else { &[] };
    let mut server = Server::gateway_with(TEMPLATE, options)?;
    let viewer = match side {
        Side::Watched => Some(Viewer::of(&server.next_line("Console: ")?).await?),
        Side::Without | Side::Unwatched => None,
    };
    let figures = clients::run(clients::connect(&server.line, count).await?, server.process()).await?;
    if let Some(viewer) = viewer {
        let read = viewer.end().await? as f64;
        let answers = figures.rate * MEASURED.as_secs_f64();
        if read < answers * LEAST_TOLD {
            return Err(
                format!("the console has told {read} bytes of {answers:.0} answers: it has left some out").into()
            );
        }
    }
    Ok(figures)
}

fn rate(figures: &Loop) -> f64 {
    figures.rate
}

fn cpu(figures: &Loop) -> f64 {
    figures.server_us
}

fn report(goals: &mut Goals, count: usize, figures: &[Vec<Loop>; 3]) {
    println!(
        "\n{:>20} {:>12} {:>11} {:>12} {:>11}",
        format!("{count} clients"),
        "answers/s",
        "of without",
        "gateway's µs",
        "of without"
    );
    let [without, ..] = figures;
    for (side, own) in SIDES.into_iter().zip(figures) {
        let of = |value: fn(&Loop) -> f64| median(&mut own.iter().map(value).collect::<Vec<_>>());
        let ratio = |value: fn(&Loop) -> f64| {
            median(&mut own.iter().zip(without).map(|(own, without)| value(own) / value(without)).collect::<Vec<_>>())
        };
        let (name, goal) = match side {
            Side::Without => ("no console", None),
            Side::Unwatched => ("nobody looks", Some(0.98)),
            Side::Watched => ("one looks", Some(0.9)),
        };
        println!("{name:>20} {:>12.0} {:>10.2}x {:>12.1} {:>10.2}x", of(rate), ratio(rate), of(cpu), ratio(cpu));
        if let Some(goal) = goal {
            let what =
                format!("answers to {count} clients where {name} at the console, as a multiple of those without it");
            goals.at_least(&what, ratio(rate), goal);
        }
    }
}

/// A page that reads what happens, and does nothing with it.
struct Viewer {
    reading: JoinHandle<Result<(), Error>>,
    /// How many bytes it has read.
    read: Arc<AtomicUsize>,
}

impl Viewer {
    /// Begins to read; `url` is what the gateway prints.
    async fn of(url: &str) -> Result<Self, Error> {
        let (page, token) = url.split_once('#').ok_or("an address without a token")?;
        let (host, path) = page.strip_prefix("http://").and_then(|page| page.split_once('/')).ok_or("no HTTP")?;
        let mut stream = TcpStream::connect(host).await?;
        let head =
            format!("GET /{path}/api/happenings HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = vec![0; 64 * 1024];
        let first = stream.read(&mut answer).await?;
        if !answer[..first].starts_with(b"HTTP/1.1 200") {
            return Err(format!("the console answers {}", String::from_utf8_lossy(&answer[..first])).into());
        }
        let read = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&read);
        let reading = tokio::spawn(async move {
            loop {
                match stream.read(&mut answer).await? {
                    0 => return Ok(()),
                    bytes => drop(count.fetch_add(bytes, Ordering::Relaxed)),
                }
            }
        });
        Ok(Self { reading, read })
    }

    /// How many bytes it has read.
    ///
    /// # Errors
    /// If the console has told no more.
    async fn end(self) -> Result<usize, Error> {
        if self.reading.is_finished() {
            self.reading.await??;
            return Err("the console has stopped telling".into());
        }
        self.reading.abort();
        Ok(self.read.load(Ordering::Relaxed))
    }
}

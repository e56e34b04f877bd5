//! Measures a client's message and its answer: client, gateway, Runtime API, the function `default`, and back. The baselines, in the same
//! run, are a WebSocket server that only echoes, and the exchange with the function alone.
//!
//! The gateway does the work of both baselines for a message, on the same CPUs. So "of both", which compares it with an echo and an exchange
//! one after the other, is what the gateway itself adds; "of exchange" can't exceed what the echo leaves.

use crate::Error;
use crate::clients::{self, Loop};
use crate::goals::Goals;
use crate::server::Server;

pub(crate) const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gateway/default.yaml");

const CONNECTIONS: [usize; 4] = [1, 10, 100, 1000];

/// The goals of CPU and of the slowest answers are for this many clients.
const GOAL_CLIENTS: usize = 10;

pub(crate) async fn run(goals: &mut Goals) -> Result<(), Error> {
    println!(
        "{:>11} {:>9} {:>10} {:>8} {:>8} {:>8} {:>10} {:>12} {:>9} {:>11} {:>7}",
        "connections",
        "",
        "answers/s",
        "p50 ms",
        "p99 ms",
        "p99/p50",
        "server µs",
        "functions µs",
        "instances",
        "of exchange",
        "of both"
    );
    for connections in CONNECTIONS {
        let echo = Server::own(&["echo"])?;
        let echoed = through(&echo, connections).await?;
        report(connections, "echo", &echoed, None);
        let exchange: f64 = Server::own(&["exchange", &connections.to_string()])?.line.parse()?;
        println!("{connections:>11} {:>9} {exchange:>10.0}", "exchange");
        let gateway = Server::gateway(TEMPLATE)?;
        let figures = through(&gateway, connections).await?;
        let of_both = figures.rate * (1.0 / exchange + 1.0 / echoed.rate);
        report(connections, "gateway", &figures, Some((figures.rate / exchange, of_both)));
        if connections >= GOAL_CLIENTS {
            goals.at_least(
                &format!("answers to {connections} clients as a multiple of both baselines'"),
                of_both,
                0.85,
            );
            let goal = format!("answers to {connections} clients as a multiple of the exchange's");
            goals.at_least(&goal, figures.rate / exchange, 0.85);
        }
        if connections == GOAL_CLIENTS {
            check(goals, &figures);
        }
    }
    Ok(())
}

fn check(goals: &mut Goals, figures: &Loop) {
    goals.at_most("the gateway's CPU µs for a message of 10 clients", figures.server_us, 40.0);
    let p99 = figures.p99.as_secs_f64() / figures.p50.as_secs_f64();
    goals.at_most("p99 of 10 clients as a multiple of p50", p99, 2.0);
}

async fn through(server: &Server, connections: usize) -> Result<Loop, Error> {
    clients::run(clients::connect(&server.line, connections).await?, server.process()).await
}

fn report(connections: usize, server: &str, figures: &Loop, ratios: Option<(f64, f64)>) {
    let Loop { rate, p50, p99, server_us, children_us, children } = figures;
    let (p50, p99) = (p50.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3);
    let ratios = ratios.map(|(of_exchange, of_both)| format!("{of_exchange:>11.2} {of_both:>7.2}")).unwrap_or_default();
    println!(
        "{connections:>11} {server:>9} {rate:>10.0} {p50:>8.2} {p99:>8.2} {:>8.1} {server_us:>10.1} {children_us:>12.1} {children:>9} {ratios}",
        p99 / p50
    );
}

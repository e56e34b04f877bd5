//! Sends a message to channels of 1,000 to 100,000 members through the example's own functions, `sendmessage` and the workers of `broadcast`, with
//! the gateway's queue between them and its table. Only `@connections` is played: posts take as long as on AWS, the account's rate is limited,
//! some connections are gone, some clients don't read. Half of the runs kill workers.
//!
//! `cargo bench -p benchmarks --bench fan_out`, or `-- 1000000` behind it for one run with as many members. Linux only.

mod account;
mod gateway;
mod http;
mod judge;
mod log;
mod members;
mod other_sender;
mod run;

use std::time::Duration;

use account::Account;
use benchmarks::random::Random;
use benchmarks::{Error, process};
use gateway::Gateway;
use members::Members;
use run::{Outcome, Plan, Sender};

/// Posts a second of all workers together. The default is 8,000, for which everything on one machine of two CPUs takes more than 70 % of it.
const RATE: u32 = 7_000;
/// Requests a second of the account, as AWS has it in most regions.
const QUOTA: u32 = 10_000;
/// What another sender of the account takes.
const OTHERS: u32 = QUOTA / 10;
/// The queue's `MaximumConcurrency`.
const WORKERS: u32 = 4;
/// The queue's `VisibilityTimeout`.
const VISIBILITY: Duration = Duration::from_secs(60);

const SEED: u64 = 20_261_130;

fn main() -> Result<(), Error> {
    // Cargo adds `--bench`, which is not for this program.
    let sizes = std::env::args().skip(1).filter(|argument| argument != "--bench").map(|size| size.parse());
    let sizes: Vec<usize> = sizes.collect::<Result<_, _>>().map_err(|_| "the arguments are numbers of members")?;
    process::build(["sendmessage", "broadcast"])?;
    process::build_gateway()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&sizes))
}

/// What is run, in this order.
fn plans(sizes: &[usize]) -> Vec<Plan> {
    let plain = |count| Plan {
        members: Members { count },
        has_slow: true,
        kills: 0,
        others: OTHERS,
        sender: Sender::Sendmessage,
    };
    // The smallest channel that has workers, to compare their memory with.
    let smallest = plain(1_100);
    if !sizes.is_empty() {
        return [smallest].into_iter().chain(sizes.iter().copied().map(plain)).collect();
    }
    // Nobody can kill a worker of 1,000 members: `sendmessage` posts to them itself.
    let ours = [plain(1_000), smallest, plain(10_000), plain(100_000)];
    let all_read = Plan { has_slow: false, ..plain(10_000) };
    let busy = Plan { others: QUOTA / 10 * 7, ..plain(30_000) };
    let killed = [(1_100, 3), (10_000, 3), (100_000, 6)].map(|(count, kills)| Plan { kills, ..plain(count) });
    let by_loop = [Sender::Loop, Sender::LoopOfPages]
        .into_iter()
        .flat_map(|sender| [1_000, 10_000, 100_000].map(|count| Plan { sender, ..plain(count) }));
    ours.into_iter().chain([all_read, busy]).chain(killed).chain(by_loop).collect()
}

async fn measure(sizes: &[usize]) -> Result<(), Error> {
    let (account, address) = Account::serve(QUOTA, SEED)?;
    let gateway = Gateway::start(address, RATE, WORKERS).await?;
    println!(
        "{WORKERS} workers, {RATE} posts a second, of an account's {QUOTA}; another sender makes {OTHERS}. 2 % of the members are gone, 0.1 % don't read.\n"
    );
    println!(
        "{:<24}{:>9}{:>9}{:>10}{:>18}{:>7}{:>13}",
        "members", "first s", "last s", "posts/s", "others' 429s", "CPU", "a worker MiB"
    );
    let mut random = Random::of(SEED);
    let mut outcomes: Vec<Outcome> = Vec::new();
    for plan in plans(sizes) {
        let is_new = outcomes.iter().all(|outcome| outcome.plan.members.count != plan.members.count);
        // Those who are gone were removed by the run before.
        members::put(gateway.table, plan.members, |nth| is_new || plan.members.is_gone(nth)).await?;
        let outcome = run::run(&account, address, &gateway, plan, &mut random).await?;
        outcome.print();
        outcomes.push(outcome);
    }
    judge::expire(&gateway, &outcomes).await;
    Ok(judge::judge(&gateway, &outcomes).finish()?)
}

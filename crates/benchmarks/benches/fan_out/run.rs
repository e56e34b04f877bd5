//! One message to one channel: how it is sent, and what is measured meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use benchmarks::random::Random;
use benchmarks::{Error, process};
use rustix::process::{Pid, Signal, kill_process};

use crate::account::{Account, Broadcast};
use crate::gateway::Gateway;
use crate::members::Members;
use crate::other_sender::OtherSender;
use crate::{OTHERS, RATE, VISIBILITY, WORKERS};

/// The longest that anything takes beside posts and kills.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) members: Members,
    /// Whether some clients don't read.
    pub(crate) has_slow: bool,
    /// How often a worker is killed.
    pub(crate) kills: u32,
    /// How many posts a second another sender makes meanwhile.
    pub(crate) others: u32,
    pub(crate) sender: Sender,
}

/// The function that sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The example's.
    Sendmessage,
    /// A loop with 64 posts under way at once.
    Loop,
    /// A loop that posts to a page of the channel at once.
    LoopOfPages,
}

/// What has come of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    pub(crate) broadcast: Arc<Broadcast>,
    pub(crate) start: Instant,
    /// Seconds from the send until the first member beside the sender had it, and the last.
    pub(crate) first: f64,
    pub(crate) last: f64,
    /// Answers to the other sender, and how many of them were 429s.
    pub(crate) others: [usize; 2],
    /// A part of this machine's CPUs.
    pub(crate) cpu: f64,
    /// The most memory that a worker has had so far, in KiB.
    pub(crate) peak: Option<u64>,
}

impl Plan {
    /// Of which run a goal or a row is.
    pub(crate) fn name(self) -> String {
        let how = match self {
            Self { sender: Sender::Loop, .. } => ", a loop".to_owned(),
            Self { sender: Sender::LoopOfPages, .. } => ", a loop of pages".to_owned(),
            Self { kills: 1.., .. } => format!(", {} kills", self.kills),
            Self { has_slow: false, .. } => ", all read".to_owned(),
            _ if self.is_busy() => ", a busy account".to_owned(),
            _ => String::new(),
        };
        format!("{}{how}", self.members.count)
    }

    pub(crate) fn is_loop(self) -> bool {
        self.sender != Sender::Sendmessage
    }

    /// Whether the other sender leaves less of the account than the workers want.
    pub(crate) fn is_busy(self) -> bool {
        self.others > OTHERS
    }

    /// Whether only the rate holds the posts back.
    pub(crate) fn is_undisturbed(self) -> bool {
        self.kills == 0 && !self.is_busy() && !self.is_loop()
    }

    /// What the posts take at the paced rate.
    pub(crate) fn ideal(self) -> Duration {
        Duration::from_secs_f64(self.members.count as f64 / f64::from(RATE))
    }
}

impl Outcome {
    pub(crate) fn print(&self) {
        let [answers, throttled] = self.others;
        let per_second = self.broadcast.delivered() as f64 / self.last;
        let peak = self.peak.map_or(String::new(), |kib| format!("{:.1}", kib as f64 / 1024.0));
        println!(
            "{:<24}{:>9.3}{:>9.2}{per_second:>10.0}{:>18}{:>5.0} %{peak:>13}",
            self.plan.name(),
            self.first,
            self.last,
            format!("{throttled} of {answers}"),
            self.cpu * 100.0,
        );
    }
}

/// Sends a message, and waits until everyone has it, or nobody else will get it.
pub(crate) async fn run(
    account: &Account,
    address: SocketAddr,
    gateway: &Gateway,
    plan: Plan,
    random: &mut Random,
) -> Result<Outcome, Error> {
    let broadcast = account.announce(plan.members, plan.has_slow);
    let event = event(&broadcast)?;
    let others = OtherSender::start(address, plan.others);
    // With the gateway and its functions, which are processes of this one.
    let cpu = || process::cpu_with_children(std::process::id());
    let (start, cpu_before) = (Instant::now(), cpu());
    let at_most = 4 * plan.ideal() + VISIBILITY * plan.kills + PATIENCE;
    let invoke = async {
        // The names are those of the template.
        let has_succeeded = gateway.invoke(&format!("{:?}", plan.sender), &event).await?;
        match (plan.is_loop(), has_succeeded) {
            // Whether it ends or is ended makes no difference.
            (true, _) => Ok::<_, Error>(()),
            (false, true) => {
                broadcast.reached_all(at_most).await;
                Ok(())
            }
            (false, false) => Err("sendmessage has failed".into()),
        }
    };
    let ((), sent) = tokio::join!(kill(gateway, plan, random), invoke);
    sent?;
    let took = start.elapsed();
    let cpus = std::thread::available_parallelism()?.get() as f64;
    let cpu = (cpu() - cpu_before).as_secs_f64() / took.as_secs_f64() / cpus;
    let (first, last) = broadcast.times();
    let since = |at: Option<Instant>| at.map_or(f64::NAN, |at| (at - start).as_secs_f64());
    let last = if plan.is_loop() { took.as_secs_f64() } else { since(last) };
    let peak = gateway.workers().into_iter().filter_map(process::peak_memory).max();
    Ok(Outcome { plan, broadcast, start, first: since(first), last, others: others.counts(), cpu, peak })
}

/// The message of the first member.
fn event(broadcast: &Broadcast) -> Result<String, Error> {
    let event = process::event("sendmessage")?.replace("TnAb3dVvDoECJ5A=", &broadcast.members.id(0));
    Ok(event.replace(r#"\"data\":\"hi\""#, &format!(r#"\"data\":\"{}\""#, broadcast.text)))
}

/// Kills workers at random moments while the posts go on.
async fn kill(gateway: &Gateway, plan: Plan, random: &mut Random) {
    let start = tokio::time::Instant::now();
    // However small the channel is, one worker has a slice of 1,000 members.
    let time = plan.ideal().max(Duration::from_secs(1_000) / (RATE / WORKERS));
    let mut moments: Vec<_> = (0..plan.kills).map(|_| time.mul_f64(0.1 + random.below(800) as f64 / 1_000.0)).collect();
    moments.sort_unstable();
    for moment in moments {
        tokio::time::sleep_until(start + moment).await;
        let workers = gateway.workers();
        let chosen = random.below(workers.len() as u64) as usize;
        if let Some(pid) = workers.get(chosen).and_then(|pid| Pid::from_raw(pid.cast_signed())) {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

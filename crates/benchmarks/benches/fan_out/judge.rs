//! Whether the runs were as they must be, once no part of any broadcast is under way.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use benchmarks::goals::Goals;
use tokio::time::timeout;

use crate::VISIBILITY;
use crate::gateway::Gateway;
use crate::log::Told;
use crate::members::slot;
use crate::run::Outcome;

/// From here on the time to the last counts.
const LARGE: usize = 100_000;

/// Waits until all have expired who don't read.
pub(crate) async fn expire(gateway: &Gateway, outcomes: &[Outcome]) {
    println!("\nNow those expire who don't read.\n");
    for outcome in outcomes.iter().filter(|outcome| !outcome.plan.is_loop()) {
        // As `sendmessage` has it: twice what the channel needs, and two visibility time-outs. Then the last job is on its way.
        let expiry = 2 * outcome.plan.ideal() + 2 * VISIBILITY + Duration::from_secs(10);
        let left = (outcome.start + expiry).saturating_duration_since(Instant::now());
        let slow = outcome.broadcast.slow().count();
        let all_expired = gateway
            .log
            .until(|state| state.broadcasts.get(&outcome.broadcast.text).map_or(0, |told| told.expired) >= slow);
        // Those who are missing after that are missed below.
        let _ = timeout(left, all_expired).await;
    }
}

/// Prints who has got the messages, and checks all goals.
pub(crate) fn judge(gateway: &Gateway, outcomes: &[Outcome]) -> Goals {
    let mut goals = Goals::new(&[]);
    let state = gateway.log.state();
    let nothing = Told::default();
    println!(
        "{:<24}{:>9}{:>9}{:>9}{:>15}{:>15}{:>8}",
        "members", "stay", "lost", "expired", "killed slices", "twice in them", "others"
    );
    for outcome in outcomes {
        let told = state.broadcasts.get(&outcome.broadcast.text).unwrap_or(&nothing);
        let who = Who::of(outcome, told);
        who.print(outcome);
        if !outcome.plan.is_loop() {
            judge_one(&mut goals, outcome, told, &who);
        }
    }
    let ours = || outcomes.iter().filter(|outcome| !outcome.plan.is_loop() && !outcome.plan.is_busy());
    let [answers, throttled] = [0, 1].map(|nth: usize| ours().map(|outcome| outcome.others[nth]).sum::<usize>());
    goals.at_most("% of the other sender's posts that got 429", throttled as f64 * 100.0 / answers as f64, 0.1);
    let undisturbed = || ours().filter(|outcome| outcome.plan.is_undisturbed());
    let peaks: Vec<_> = undisturbed().filter_map(|outcome| outcome.peak).collect();
    if let (Some(first), Some(last)) = (peaks.first(), peaks.iter().max()) {
        let more = last.saturating_sub(*first) as f64 / 1024.0;
        goals.at_most("MiB more of a worker with the largest channel", more, 16.0);
    }
    if let Some(all_read) = undisturbed().find(|outcome| !outcome.plan.has_slow)
        && let count = all_read.plan.members.count
        && let Some(some_slow) =
            undisturbed().find(|outcome| outcome.plan.has_slow && outcome.plan.members.count == count)
    {
        let allowed = all_read.last * 1.05 + 0.2;
        goals.at_most("seconds to the last, beside clients that don't read", some_slow.last, allowed);
    }
    for trouble in &state.troubles {
        println!("also told: {trouble}");
    }
    goals
}

fn judge_one(goals: &mut Goals, outcome: &Outcome, told: &Told, who: &Who) {
    let name = outcome.plan.name();
    let goal = |goal: &str| format!("{name}: {goal}");
    goals.at_most(&goal("members lost"), who.lost as f64, 0.0);
    goals.at_most(&goal("members who got it twice and whose worker was not killed"), who.twice_elsewhere as f64, 0.0);
    // A slice that a killed worker had done but for its answer counts again.
    let expired = (who.slow..=who.slow + who.slow_in_killed).contains(&told.expired);
    goals.holds(&goal("exactly those expire who don't read"), expired);
    goals.at_most(&goal("posts that failed"), told.failed as f64, 0.0);
    goals.at_most(&goal("seconds to the first"), outcome.first, 1.0);
    let is_handed_over = outcome.plan.members.count > 1_024;
    if outcome.plan.kills == 0 && is_handed_over {
        // The sender hears it from `sendmessage`.
        goals.holds(&goal("the log counts the posts"), told.sent + 1 == outcome.broadcast.delivered());
    }
    if outcome.plan.members.count >= LARGE {
        let allowed =
            1.15 * outcome.plan.ideal().as_secs_f64() + 1.0 + VISIBILITY.as_secs_f64() * f64::from(who.most_kills);
        goals.at_most(&goal("seconds to the last"), outcome.last, allowed);
        if outcome.plan.kills == 0 {
            goals.at_most(&goal("part of the CPUs in use"), outcome.cpu, 0.7);
        }
    } else if outcome.plan.members.count <= 1_100 && outcome.plan.kills == 0 {
        goals.at_most(&goal("seconds to the last"), outcome.last, 1.0);
    }
}

/// Who has got a message, and who has not.
struct Who {
    lost: usize,
    slow: usize,
    slow_in_killed: usize,
    twice_in_killed: usize,
    twice_elsewhere: usize,
    /// How often the worker of one slice was killed at most.
    most_kills: u32,
    expired: usize,
    killed: usize,
}

impl Who {
    fn of(outcome: &Outcome, told: &Told) -> Self {
        let broadcast = &outcome.broadcast;
        let is_in_killed = |nth: &usize| {
            let slot = slot(&broadcast.members.id(*nth));
            told.killed.iter().any(|(from, to)| (from..=to).contains(&&slot))
        };
        let twice = broadcast.twice().count();
        let twice_in_killed = broadcast.twice().filter(is_in_killed).count();
        let mut kills = HashMap::<&str, u32>::new();
        // What a job hands back has the same end as its slice.
        told.killed.iter().for_each(|(_, to)| *kills.entry(to).or_default() += 1);
        Self {
            lost: broadcast.lost(),
            slow: broadcast.slow().count(),
            slow_in_killed: broadcast.slow().filter(is_in_killed).count(),
            twice_in_killed,
            twice_elsewhere: twice - twice_in_killed,
            most_kills: kills.into_values().max().unwrap_or(0),
            expired: told.expired,
            killed: told.killed.len(),
        }
    }

    fn print(&self, outcome: &Outcome) {
        println!(
            "{:<24}{:>9}{:>9}{:>9}{:>15}{:>15}{:>8}",
            outcome.plan.name(),
            outcome.broadcast.readers() + self.slow,
            self.lost + if outcome.plan.is_loop() { self.slow } else { 0 },
            self.expired,
            self.killed,
            self.twice_in_killed,
            self.twice_elsewhere
        );
    }
}

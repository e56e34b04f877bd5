//! Messages of a queue, whose function is slow, fails and is killed: each is done in the end, or lies in the dead-letter queue.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::plan::jobs;
use super::troubles::pause_until;
use crate::conversation::Expected;
use crate::queue::Queue;
use crate::report::Report;
use crate::wait::settled;

/// What was sent, and what has become of it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The tags of messages that were taken, and what must become of them.
    pub(crate) accepted: HashMap<String, Expected>,
    /// How many calls had another answer than 200.
    strange: usize,
    /// The tags of messages that are done.
    done: HashSet<String>,
    /// The tags of messages that are in the dead-letter queue.
    dead: HashSet<String>,
}

/// Sends messages until `end`.
pub(crate) async fn send(queue: &Queue, seed: u64, end: Instant) -> Seen {
    let mut seen = Seen::default();
    for (number, (pause, orders)) in jobs(seed).enumerate() {
        if !pause_until(pause, end).await {
            break;
        }
        for (n, order) in orders.into_iter().enumerate() {
            let (tag, (orders, expected, bytes)) = (format!("{number}-{n}"), order.spelt_out());
            match queue.send(&job(&tag, orders, expected, bytes)).await {
                Ok(200) => drop(seen.accepted.insert(tag, expected)),
                _ => seen.strange += 1,
            }
        }
    }
    seen
}

/// A message with these orders. The function writes down when it has done them, if it is to.
fn job(tag: &str, mut orders: Vec<Value>, expected: Expected, bytes: usize) -> String {
    orders.extend((expected == Expected::Reply).then(|| json!({ "journal": tag })));
    json!({ "tag": tag, "do": orders, "padding": "x".repeat(bytes) }).to_string()
}

/// Waits until nothing is under way any more, and holds what became of the messages against what must. So many of 100 that were meant to succeed
/// must have done so.
pub(crate) async fn judge(
    report: &mut Report,
    mut seen: Seen,
    journal: &Path,
    dead: &Queue,
    limit: Duration,
    succeeding: usize,
) {
    let look = async || {
        let bodies = dead.take_all().await.unwrap_or_default();
        seen.look(&fs::read_to_string(journal).unwrap_or_default(), &bodies);
        seen.lost()
    };
    let lost = settled(limit, look, |lost| *lost == 0).await;
    let Seen { accepted, done, dead, .. } = &seen;
    report.note(
        "messages of the queue, done, given up",
        format_args!("{}, {}, {}", accepted.len(), done.len(), dead.len()),
    );
    report.none("messages that the queue has not taken", seen.strange);
    report.none("messages that were taken, and are neither done nor in the dead-letter queue", lost);
    report.none("messages done or given up that nobody has sent", seen.unknown());
    report.none("messages done that were meant to fail", seen.of(Expected::Error, done));
    let (all, done) = (accepted.values().filter(|expected| **expected == Expected::Reply).count(), done.len());
    let percent = done * 100 / all.max(1);
    report.check(
        "messages of the queue meant to succeed that did",
        percent >= succeeding,
        format_args!("{succeeding} %"),
        format_args!("{percent} %"),
    );
}

impl Seen {
    /// What the function has written so far, and what was in the dead-letter queue.
    fn look(&mut self, journal: &str, dead: &[String]) {
        self.done = journal.lines().map(str::to_owned).collect();
        let tag = |body: &String| Some(serde_json::from_str::<Value>(body).ok()?["tag"].as_str()?.to_owned());
        self.dead.extend(dead.iter().map(|body| tag(body).unwrap_or_default()));
    }

    fn lost(&self) -> usize {
        self.accepted.keys().filter(|tag| !self.done.contains(*tag) && !self.dead.contains(*tag)).count()
    }

    fn unknown(&self) -> usize {
        self.done.union(&self.dead).filter(|tag| !self.accepted.contains_key(*tag)).count()
    }

    fn of(&self, expected: Expected, tags: &HashSet<String>) -> usize {
        tags.iter().filter(|tag| self.accepted.get(*tag) == Some(&expected)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_done_or_given_up_and_anything_else_is_found() {
        let sent = || {
            let accepted = [("1", Expected::Reply), ("2", Expected::Error)].map(|(tag, it)| (tag.to_owned(), it));
            Seen { accepted: accepted.into(), ..Seen::default() }
        };
        let of = |journal: &str, dead: &[&str]| {
            let mut seen = sent();
            let dead: Vec<_> = dead.iter().map(|tag| job(tag, vec![], Expected::Error, 3)).collect();
            seen.look(journal, &dead);
            (seen.lost(), seen.unknown(), seen.of(Expected::Error, &seen.done))
        };
        assert_eq!(of("1\n", &["2"]), (0, 0, 0));
        assert_eq!(of("1\n1\n", &["2", "1"]), (0, 0, 0), "done once more, and given up because the process was killed");
        assert_eq!(of("1\n", &[]), (1, 0, 0));
        assert_eq!(of("", &["2"]), (1, 0, 0));
        assert_eq!(of("1\n2\n", &[]), (0, 0, 1));
        assert_eq!(of("1\n9\n", &["2"]), (0, 1, 0));
    }
}

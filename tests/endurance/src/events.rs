//! Asynchronous invocations: nobody hears the answer, so only the function's own notes and the gateway's log tell what became of an event.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::Error;
use crate::client::tcp;
use crate::conversation::Expected;
use crate::gateway::Workshop;
use crate::http::invoke;
use crate::report::Report;
use crate::wait::settled;

/// The function, by its logical id.
pub(crate) const BACKGROUND: &str = "Background";

/// What was sent, and how the gateway has answered.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The tags of events that were taken, and what must become of them.
    pub(crate) accepted: HashMap<String, Expected>,
    /// How many were refused because the queue was full.
    pub(crate) throttled: usize,
    /// How many had no answer, or one that makes no sense, and the first of these answers.
    pub(crate) strange: usize,
    pub(crate) example: Option<String>,
}

/// What the function has written down, and how many failures the gateway has.
#[derive(Debug, Default)]
struct Notes {
    /// How often each event began.
    began: HashMap<String, usize>,
    ended: HashSet<String>,
    failures: usize,
}

/// An event with these orders, which takes so many bytes more. The function writes down when it begins, and when it ends, if it is to end.
pub(crate) fn event(tag: &str, orders: Vec<Value>, ends: bool, bytes: usize) -> String {
    let mut all = vec![json!({ "journal": format!("began {tag}") })];
    all.extend(orders);
    all.extend(ends.then(|| json!({ "journal": format!("ended {tag}") })));
    json!({ "body": json!({ "do": all, "padding": "x".repeat(bytes) }).to_string() }).to_string()
}

impl Sent {
    /// Sends events, each with its tag and over a connection of its own.
    pub(crate) async fn send_at_once(
        &mut self,
        address: &str,
        events: impl Iterator<Item = (String, String, Expected)>,
    ) {
        let one = async |(event, tag, expected): (String, String, Expected)| {
            let status = async { invoke(&mut tcp(address).await?, BACKGROUND, &event).await };
            (tag, expected, status.await)
        };
        for (tag, expected, status) in join_all(events.map(one)).await {
            self.note(tag, expected, status);
        }
    }

    pub(crate) fn note(&mut self, tag: String, expected: Expected, status: Result<u16, Error>) {
        match status {
            Ok(202) => drop(self.accepted.insert(tag, expected)),
            Ok(429) => self.throttled += 1,
            other => {
                self.strange += 1;
                self.example.get_or_insert(format!("{other:?}"));
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.accepted.extend(other.accepted);
        self.throttled += other.throttled;
        self.strange += other.strange;
        self.example = self.example.take().or(other.example);
    }
}

/// Holds the notes against what was accepted: each event ran once, or the log has a failure for it. So many of 100 that were meant to succeed
/// must have done so.
pub(crate) async fn judge(report: &mut Report, workshop: &Workshop, sent: &Sent, limit: Duration, succeeding: usize) {
    let look = async || Notes::read(workshop);
    let notes = settled(limit, look, |notes| notes.without_a_trace(sent) == 0).await;
    let Sent { accepted, throttled, strange, example } = sent;
    report.note("events accepted, throttled", format_args!("{}, {throttled}", accepted.len()));
    report.note("events that ended, failures in the log", format_args!("{}, {}", notes.ended.len(), notes.failures));
    report.none("events without 202 or 429", *strange);
    example.iter().for_each(|example| report.note("for example", example));
    report.none("events that began twice, or were not accepted", notes.too_many(sent));
    report.none("events that did not end and have no failure in the log", notes.without_a_trace(sent));
    let to_succeed = accepted.iter().filter(|(_, expected)| **expected == Expected::Reply);
    let (all, ended) =
        to_succeed.fold((0, 0), |(all, ended), (tag, _)| (all + 1, ended + usize::from(notes.ended.contains(tag))));
    let percent = ended * 100 / all.max(1);
    report.check(
        "events meant to succeed that did",
        percent >= succeeding,
        format_args!("{succeeding} %"),
        format_args!("{percent} %"),
    );
}

impl Notes {
    fn read(workshop: &Workshop) -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        // The log first: what fails afterwards may end before it is looked at.
        let log = text(workshop.log("gateway"));
        Self::parse(&text(workshop.events()), &log)
    }

    fn parse(events: &str, log: &str) -> Self {
        let mut notes = Self::default();
        for line in events.lines() {
            match line.split_once(' ') {
                Some(("began", tag)) => *notes.began.entry(tag.to_owned()).or_default() += 1,
                Some(("ended", tag)) => drop(notes.ended.insert(tag.to_owned())),
                _ => {}
            }
        }
        let failed = format!("error: {BACKGROUND}: ");
        notes.failures = log.lines().filter(|line| line.starts_with(&failed)).count();
        notes
    }

    fn too_many(&self, sent: &Sent) -> usize {
        self.began.iter().filter(|(tag, times)| **times > 1 || !sent.accepted.contains_key(*tag)).count()
    }

    /// The log does not name an event, so failures are only counted.
    fn without_a_trace(&self, sent: &Sent) -> usize {
        let not_ended = sent.accepted.keys().filter(|tag| !self.ended.contains(*tag)).count();
        not_ended.saturating_sub(self.failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ran_once_or_the_log_says_why_not() {
        let mut sent = Sent::default();
        for tag in ["1", "2", "3"] {
            sent.note(tag.to_owned(), Expected::Reply, Ok(202));
        }
        let of = |events: &str, log: &str| {
            let notes = Notes::parse(events, log);
            (notes.too_many(&sent), notes.without_a_trace(&sent))
        };
        let events = "began 1\nended 1\nbegan 2\nbegan 3\nended 3\n";
        let log = "error: Background: the function's process ended without an answer\n";
        assert_eq!(of(events, log), (0, 0));
        assert_eq!(of(events, ""), (0, 1));
        assert_eq!(of(events, "Background | error: Background: printed\nerror: Worker: no\n"), (0, 1));
        assert_eq!(of(&format!("{events}began 3\n"), log), (1, 0));
        assert_eq!(of(&format!("{events}began 9\n"), log), (1, 0));
        assert_eq!(of("", log), (0, 2));
    }

    #[test]
    fn only_202_is_accepted_and_only_429_is_throttled() {
        let mut sent = Sent::default();
        for status in [Ok(202), Ok(429), Ok(500), Err("it has hung up".into())] {
            sent.note("x".to_owned(), Expected::Error, status);
        }
        assert_eq!((sent.accepted.len(), sent.throttled, sent.strange), (1, 1, 2));
    }
}

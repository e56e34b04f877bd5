//! What was promised and what was seen: one line for each check.

use std::fmt::Display;
use std::time::Duration;

use crate::figures::{mib, ms};

/// The checks of a run so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    part: String,
    broken: Vec<String>,
    kept: usize,
}

impl Report {
    /// A heading, for what comes after it.
    pub(crate) fn part(&mut self, name: &str) {
        println!("\n== {name}");
        name.clone_into(&mut self.part);
    }

    /// Something that was done or measured, without a promise about it.
    pub(crate) fn note(&self, what: &str, seen: impl Display) {
        println!("        {what}: {seen}");
    }

    /// A promise.
    pub(crate) fn check(&mut self, what: &str, kept: bool, promised: impl Display, seen: impl Display) {
        println!("{} {what}: promised {promised}, seen {seen}", if kept { "  kept " } else { "BROKEN " });
        if kept { self.kept += 1 } else { self.broken.push(format!("{}: {what}", self.part)) }
    }

    /// The promise that something did not happen.
    pub(crate) fn none(&mut self, what: &str, count: usize) {
        self.check(what, count == 0, "none", count);
    }

    /// The promise that a number does not exceed another.
    pub(crate) fn at_most(&mut self, what: &str, most: usize, seen: usize) {
        self.check(what, seen <= most, format_args!("at most {most}"), seen);
    }

    /// The promise that memory stays below a bound.
    pub(crate) fn memory(&mut self, what: &str, most: u64, seen: u64) {
        self.check(what, seen <= most, format_args!("at most {}", mib(most)), mib(seen));
    }

    /// The promise that a time is at most a multiple of another. Without a measurement it is broken.
    pub(crate) fn times(&mut self, what: &str, factor: f64, before: Option<Duration>, seen: Option<Duration>) {
        let shown = |time: Option<Duration>| time.map_or_else(|| "nothing".to_owned(), ms);
        let kept = before.zip(seen).is_some_and(|(before, seen)| seen <= before.mul_f64(factor));
        self.check(what, kept, format_args!("at most {factor} × {}", shown(before)), shown(seen));
    }

    /// Whether every promise was kept, and at least one was made.
    pub(crate) fn finish(self) -> bool {
        let Self { broken, kept, .. } = self;
        println!("\n{kept} kept, {} broken", broken.len());
        broken.iter().for_each(|what| println!("    {what}"));
        broken.is_empty() && kept > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(check: impl FnOnce(&mut Report)) -> bool {
        let mut report = Report::default();
        check(&mut report);
        report.finish()
    }

    #[test]
    fn every_kind_of_check_can_fail() {
        let time = |ms| Some(Duration::from_millis(ms));
        assert!(kept(|report| report.none("x", 0)) && !kept(|report| report.none("x", 1)));
        assert!(kept(|report| report.at_most("x", 2, 2)) && !kept(|report| report.at_most("x", 2, 3)));
        assert!(kept(|report| report.memory("x", 2, 2)) && !kept(|report| report.memory("x", 2, 3)));
        assert!(kept(|report| report.times("x", 1.5, time(10), time(15))));
        assert!(!kept(|report| report.times("x", 1.5, time(10), time(16))));
        assert!(!kept(|report| report.times("x", 1.5, time(10), None)));
        assert!(!kept(|_| {}), "a run that checks nothing proves nothing");
    }

    #[test]
    fn one_broken_promise_is_enough() {
        assert!(!kept(|report| {
            report.none("x", 1);
            report.none("y", 0);
        }));
    }
}

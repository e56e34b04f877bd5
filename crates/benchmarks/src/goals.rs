//! The goals of a benchmark: a goal that was met before and is missed now makes the benchmark fail.

use std::fmt::Write;

/// Checks measurements against goals and counts the outcomes.
///
/// A goal that has never been met stands on a list: missing it is reported but does not fail the benchmark. A measurement that is not a
/// number (no Valgrind, so no count of instructions) is neither met nor missed.
#[derive(Debug)]
pub struct Goals {
    known: &'static [&'static str],
    met: usize,
    not_measured: usize,
    missed: Vec<String>,
    missed_as_known: Vec<String>,
    met_at_last: Vec<String>,
}

impl Goals {
    /// Starts with no measurement. `known` names the goals that are known to be missed.
    #[must_use]
    pub fn new(known: &'static [&'static str]) -> Self {
        let (missed, missed_as_known, met_at_last) = (vec![], vec![], vec![]);
        Self { known, met: 0, not_measured: 0, missed, missed_as_known, met_at_last }
    }

    /// Checks that `measured` is `limit` or less. Returns the mark for a table: `!` if the goal is missed, else a space.
    pub fn at_most(&mut self, goal: &str, measured: f64, limit: f64) -> char {
        self.compare(goal, measured, "at most", limit, measured <= limit)
    }

    /// Checks that `measured` is `limit` or more. Returns the same mark as [`Goals::at_most`].
    pub fn at_least(&mut self, goal: &str, measured: f64, limit: f64) -> char {
        self.compare(goal, measured, "at least", limit, measured >= limit)
    }

    /// Checks a goal without a number. Returns the same mark as [`Goals::at_most`].
    pub fn holds(&mut self, goal: &str, holds: bool) -> char {
        self.check(goal, "", holds)
    }

    /// Prints the outcomes.
    ///
    /// # Errors
    /// If a goal is missed that is not known to be missed.
    pub fn finish(self) -> Result<(), String> {
        print!("\n{}", self.summary());
        match self.missed.len() {
            0 => Ok(()),
            count => Err(format!(
                "goals missed that had been met before: {count}. Instructions tell a regression at once; timings vary on a shared machine, so run the \
                 benchmark again before you look for the cause"
            )),
        }
    }

    fn compare(&mut self, goal: &str, measured: f64, relation: &str, limit: f64, met: bool) -> char {
        if measured.is_nan() {
            self.not_measured += 1;
            return ' ';
        }
        self.check(goal, &format!(": {}, {relation} {} wanted", number(measured), number(limit)), met)
    }

    fn check(&mut self, goal: &str, figures: &str, met: bool) -> char {
        let outcome = format!("{goal}{figures}");
        match (met, self.known.contains(&goal)) {
            (true, false) => self.met += 1,
            (true, true) => self.met_at_last.push(outcome),
            (false, false) => self.missed.push(outcome),
            (false, true) => self.missed_as_known.push(outcome),
        }
        if met { ' ' } else { '!' }
    }

    /// What [`Goals::finish`] prints: how many goals are met and missed, and each that is missed.
    #[must_use]
    pub fn summary(&self) -> String {
        let lists = [
            ("missed", &self.missed),
            ("missed (known)", &self.missed_as_known),
            ("met, although listed as known to be missed", &self.met_at_last),
        ];
        let mut text = format!("Goals: {} met", self.met);
        for (outcome, goals) in lists.iter().filter(|(_, goals)| !goals.is_empty()) {
            let _ = write!(text, ", {} {outcome}", goals.len());
        }
        if self.not_measured > 0 {
            let _ = write!(text, ", {} not measured", self.not_measured);
        }
        text.push('\n');
        for (outcome, goals) in lists {
            for goal in goals {
                let _ = writeln!(text, "  {outcome}: {goal}");
            }
        }
        text
    }
}

/// Counts run into the millions, ratios differ in the third digit.
fn number(figure: f64) -> String {
    if figure.abs() < 1_000.0 { format!("{figure:.3}") } else { format!("{figure:.0}") }
}

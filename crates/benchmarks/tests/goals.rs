//! What becomes of a benchmark that meets or misses its goals.

use benchmarks::goals::Goals;

#[test]
fn a_goal_at_its_limit_is_met() {
    let mut goals = Goals::new(&[]);
    assert_eq!(goals.at_most("ratio", 1.1, 1.1), ' ');
    assert_eq!(goals.at_least("posts", 0.95, 0.95), ' ');
    assert_eq!(goals.holds("rows", true), ' ');
    assert_eq!(goals.summary(), "Goals: 3 met\n");
    assert_eq!(goals.finish(), Ok(()));
}

#[test]
fn a_goal_missed_that_was_met_before_fails() {
    let mut goals = Goals::new(&["another"]);
    assert_eq!(goals.at_most("instructions to the call", 3_541_234.4, 3.5e6), '!');
    assert_eq!(goals.at_least("posts", 0.94, 0.95), '!');
    assert_eq!(goals.holds("rows", false), '!');
    let summary = goals.summary();
    assert!(summary.starts_with("Goals: 0 met, 3 missed\n"), "{summary}");
    assert!(summary.contains("  missed: instructions to the call: 3541234, at most 3500000 wanted\n"), "{summary}");
    assert!(summary.contains("  missed: posts: 0.940, at least 0.950 wanted\n"), "{summary}");
    assert!(goals.finish().is_err_and(|error| error.starts_with("goals missed that had been met before: 3. ")));
}

#[test]
fn a_goal_known_to_be_missed_does_not_fail() {
    let mut goals = Goals::new(&["CPU"]);
    assert_eq!(goals.at_most("CPU", 47.0, 40.0), '!');
    assert_eq!(
        goals.summary(),
        "Goals: 0 met, 1 missed (known)\n  missed (known): CPU: 47.000, at most 40.000 wanted\n"
    );
    assert_eq!(goals.finish(), Ok(()));
}

#[test]
fn a_known_goal_that_is_met_at_last_is_named() {
    let mut goals = Goals::new(&["CPU"]);
    assert_eq!(goals.at_most("CPU", 39.0, 40.0), ' ');
    assert!(goals.summary().contains("met, although listed as known to be missed: CPU: 39.000"));
    assert_eq!(goals.finish(), Ok(()));
}

#[test]
fn what_was_not_measured_is_neither_met_nor_missed() {
    let mut goals = Goals::new(&["CPU"]);
    assert_eq!(goals.at_most("CPU", f64::NAN, 40.0), ' ');
    assert_eq!(goals.at_least("posts", f64::NAN, 40.0), ' ');
    assert_eq!(goals.summary(), "Goals: 0 met, 2 not measured\n");
    assert_eq!(goals.finish(), Ok(()));
}

//! The programs in the core crate's guides are those of `tests/functions`, which `core::programs` runs.

use crate::support::root;

#[test]
fn the_guides_show_the_programs_that_are_tested() {
    let programs = [
        ("orders", "crates/lambda-websocket/docs/database.md"),
        ("notify", "crates/lambda-websocket/docs/posting.md"),
        ("push", "crates/lambda-websocket/docs/posting.md"),
        ("own_main", "crates/lambda-websocket/docs/service.md"),
    ];
    for (program, guide) in programs {
        let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
        let code = read(&format!("tests/functions/src/bin/{program}.rs"));
        // In the guide, its first lines are the text before it.
        let (_, code) = code.split_once("\n\n").unwrap();
        let block = format!("```no_run\n{code}```\n");
        assert!(read(guide).contains(&block), "{guide} does not show {program}.rs as it is:\n{block}");
    }
}

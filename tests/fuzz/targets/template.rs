//! Whole templates. What is accepted is read again; what is refused says why, and where, as the terminal shows it. Every rule of `check` is applied.
#![no_main]

use fuzz::{Format, Sample, fuzz, samples};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use websocket_gateway::{Location, TemplateError, fuzzing};

fuzz!(Format::Yaml, samples(), run);

fn samples() -> Vec<Sample> {
    samples::templates()
}

/// What concerns the template as a whole.
const WITHOUT_PLACE: &[&str] = &[
    "the template can't be read: the YAML library failed",
    "the template is empty",
    "the template has no WebSocket API",
];

fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    rules(text);
    match fuzzing::template(text) {
        Ok(loaded) => {
            let again = fuzzing::template(text).expect("it was accepted before");
            assert_eq!(loaded.api, again.api, "it is read in the same way again");
            for remark in loaded.warnings.iter().chain(&loaded.notes) {
                is_one_line(&remark.to_string());
                remark.location.iter().for_each(|place| is_in(place, text));
            }
            for route in loaded.api.routes.values() {
                assert!(loaded.api.functions.contains_key(&route.function), "a route's function is there");
            }
            true
        }
        Err(error) => {
            is_one_line(&error.to_string());
            match error.location() {
                Some(place) => is_in(place, text),
                None => assert!(has_no_place(&error), "this names no place: {error}"),
            }
            if let Some(help) = error.help() {
                assert!(!help.to_string().trim().is_empty());
            }
            let mut shown = String::new();
            let handler = GraphicalReportHandler::new_themed(GraphicalTheme::none()).with_width(80);
            let shows = handler.render_report(&mut shown, &error);
            assert!(shows.is_ok() && !shown.trim().is_empty(), "the terminal shows it");
            if let Some(place) = error.location() {
                let place = format!("template.yaml:{}:", place.line);
                assert!(shown.contains(&place), "{place} is not in:\n{shown}");
            }
            false
        }
    }
}

/// What `check` finds has a place and a rule, comes in the order of the file, and is the same again.
fn rules(text: &str) {
    let Ok(findings) = fuzzing::check(text) else { return };
    let again = fuzzing::check(text).expect("it was read before");
    assert_eq!(findings.len(), again.len(), "the same is found again");
    let mut last = (0, 0);
    for finding in findings {
        is_one_line(&finding.to_string());
        assert!(finding.rule.is_some() && finding.on_aws.is_some(), "it breaks a rule: {finding}");
        let place = finding.location.as_ref().expect("a finding has a place");
        is_in(place, text);
        assert!(last <= (place.line, place.column), "{place} comes after {last:?}");
        last = (place.line, place.column);
    }
}

fn has_no_place(error: &TemplateError) -> bool {
    let text = error.to_string();
    WITHOUT_PLACE.iter().any(|known| text.starts_with(known))
        || text.contains("--api")
        || text.contains(" APIs: ")
        || text.contains(" stages: ")
}

fn is_one_line(text: &str) {
    assert!(!text.trim().is_empty(), "nothing says why");
    assert!(!text.contains(char::is_control), "this is not one line: {text:?}");
}

fn is_in(place: &Location, text: &str) {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let line = text.split('\n').nth(place.line - 1).unwrap_or_else(|| panic!("there is no line {place}"));
    assert!(place.column <= line.chars().count() + 1, "there is no column {place}");
}

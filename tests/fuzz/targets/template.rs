//! Whole templates. What is accepted is read again; what is refused says why, and where, as the terminal shows it.
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

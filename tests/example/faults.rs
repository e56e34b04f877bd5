//! The faults of the sample events: the last part of a file's name says what is wrong with the event in it.

use std::path::PathBuf;

/// What a function says about an event with this fault. `None` if the fault is in the message or in the token, and not in the event.
pub(super) fn message(fault: &str) -> Option<&'static str> {
    Some(match fault {
        "empty-request-context" | "garbage" | "missing-request-context" | "null-request-context" => {
            "Missing RequestContext"
        }
        "empty-connection-id" | "http-api-event" | "missing-connection-id" | "rest-api-event" => "Missing connectionId",
        "malformed-connection-id" | "path-traversal-connection-id" => "Malformed connectionId",
        "missing-event-type" | "wrong-event-type" => "Wrong event type: expected ",
        "missing-method-arn" => "Missing methodArn",
        "wildcard-method-arn" => "Malformed methodArn",
        "wrong-type" => "Wrong type: expected REQUEST",
        _ => return None,
    })
}

/// The events in a folder, and the fault that each file's name says: empty if it is valid. Sorted by name.
pub(super) fn events(folder: PathBuf) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut events: Vec<_> = names
        .filter_map(|name| {
            let (_, fault) = name.strip_suffix(".json")?.split_once('.').unwrap_or_default();
            let fault = fault.to_owned();
            Some((name, fault))
        })
        .collect();
    events.sort();
    events
}

//! The results of sample events: as JSON, as text, as a line of a table.

use serde::Serialize;
use serde_json::Value;
use websocket_gateway::replay::{Recipient, Replayed, SampleEvent};
use websocket_gateway::{Visible, visible_json};

/// One event and its result. As JSON it has either `answer` or `error`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    route_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    frames: Vec<String>,
    closed: bool,
    #[serde(skip)]
    status: Option<u16>,
    #[serde(skip)]
    body: Option<String>,
}

impl<'a> Row<'a> {
    pub(crate) fn of(event: &SampleEvent, recipient: Recipient<'a>, replayed: &Replayed) -> Self {
        let answer = replayed.answer.as_ref();
        Self {
            file: event.path().display().to_string(),
            route_key: recipient.route_key,
            function: Some(&recipient.function.logical_id),
            answer: answer.ok().and_then(|answer| serde_json::from_slice(&answer.json).ok()),
            error: answer.err().map(ToString::to_string),
            frames: replayed.frames.clone(),
            closed: replayed.closed,
            status: answer.ok().map(|answer| answer.status),
            body: answer.ok().and_then(|answer| answer.body.clone()),
        }
    }

    pub(crate) fn without_recipient(event: &'a SampleEvent) -> Self {
        let route = match event.route_key() {
            Some(route_key) => format!("the template has no route `{route_key}`"),
            None => "it has no routeKey".to_owned(),
        };
        let error =
            format!("{route}, and the file is not named <binary>.json or <binary>.<fault>.json by a function's binary");
        Self {
            file: event.path().display().to_string(),
            route_key: None,
            function: None,
            answer: None,
            error: Some(error),
            frames: Vec::new(),
            closed: false,
            status: None,
            body: None,
        }
    }

    pub(crate) fn is_failure(&self) -> bool {
        self.error.is_some()
    }

    /// One line. On a terminal its texts are escaped further, in JSON's own way.
    pub(crate) fn to_json(&self, on_a_terminal: bool) -> String {
        // A map with string keys can always be serialised.
        let json = serde_json::to_string(self).unwrap_or_default();
        if on_a_terminal { visible_json(&json) } else { json }
    }

    /// All of it, for a person to read. A body or frame that is not JSON is escaped on a terminal; a file gets it as it is.
    pub(crate) fn to_text(&self, on_a_terminal: bool) -> String {
        let mut text = match (&self.error, self.status) {
            (Some(error), _) => format!("error: {}", Visible::line(error)),
            (None, status) => status.unwrap_or_default().to_string(),
        };
        if let Some(body) = &self.body {
            text.push('\n');
            text.push_str(&pretty(body, on_a_terminal));
        }
        for frame in &self.frames {
            text.push_str("\n\nposted:\n");
            text.push_str(&pretty(frame, on_a_terminal));
        }
        if self.closed {
            text.push_str("\n\nclosed the connection");
        }
        text
    }

    /// All of it, for a single line.
    fn summary(&self) -> String {
        let said = self.error.iter().chain(&self.body).cloned();
        let posted = self.frames.iter().map(|frame| format!("posted: {frame}"));
        let closed = self.closed.then(|| "closed the connection".to_owned());
        let parts: Vec<_> = said.chain(posted).chain(closed).collect();
        parts.join(" | ")
    }
}

/// The columns of a table: file, route, status and the rest of the line.
#[derive(Debug)]
pub(crate) struct Table {
    file: usize,
    route: usize,
    width: Option<usize>,
}

/// As wide as `error`.
const STATUS: usize = 6;

impl Table {
    /// A line is cut after `width` characters.
    pub(crate) fn new(rows: &[(&SampleEvent, Option<Recipient<'_>>)], width: Option<usize>) -> Self {
        let files = rows.iter().map(|(event, _)| on_one_line(&event.path().display().to_string()).chars().count());
        let routes =
            rows.iter().filter_map(|(_, recipient)| Some(on_one_line(recipient.as_ref()?.name()).chars().count()));
        Self { file: files.max().unwrap_or(0).max(4), route: routes.max().unwrap_or(0).max(5), width }
    }

    pub(crate) fn head(&self) -> String {
        self.row("FILE", "ROUTE", "STATUS", "BODY AND FRAMES")
    }

    pub(crate) fn line(&self, row: &Row<'_>) -> String {
        let status = row.status.map_or_else(|| "error".to_owned(), |status| status.to_string());
        let route = row.route_key.or(row.function).unwrap_or("-");
        self.row(&row.file, route, &status, &row.summary())
    }

    fn row(&self, file: &str, route: &str, status: &str, rest: &str) -> String {
        let [file, route, rest] = [file, route, rest].map(on_one_line);
        let line = format!("{file:0$}  {route:1$}  {status:STATUS$}  {rest}", self.file, self.route);
        cut(line.trim_end(), self.width)
    }
}

fn cut(line: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if line.chars().count() > width => {
            line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
        }
        _ => line.to_owned(),
    }
}

/// JSON over several lines; anything else as it is.
fn pretty(text: &str, on_a_terminal: bool) -> String {
    let json = serde_json::from_str::<Value>(text).ok().and_then(|value| serde_json::to_string_pretty(&value).ok());
    match (json, on_a_terminal) {
        (Some(json), true) => visible_json(&json),
        (Some(json), false) => json,
        (None, true) => Visible::lines(text).to_string(),
        (None, false) => text.to_owned(),
    }
}

fn on_one_line(text: &str) -> String {
    Visible::line(&text.replace(char::is_whitespace, " ")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row<'static> {
        Row {
            file: "events/hello.json".to_owned(),
            route_key: Some("hello"),
            function: Some("HelloFunction"),
            answer: None,
            error: None,
            frames: vec!["two\nlines \x1b[31m".to_owned(), r#"{"a":1}"#.to_owned()],
            closed: false,
            status: Some(200),
            body: Some("ok".to_owned()),
        }
    }

    #[test]
    fn a_row_is_one_line_that_fits_and_does_not_control_the_terminal() {
        let mut table = Table { file: 17, route: 5, width: None };
        let line = table.line(&row());
        let expected = r#"events/hello.json  hello  200     ok | posted: two lines \u{1b}[31m | posted: {"a":1}"#;
        assert_eq!(line, expected);
        table.width = Some(40);
        assert_eq!(table.line(&row()), "events/hello.json  hello  200     ok | …");
        table.width = Some(0);
        assert_eq!(table.line(&row()), "…");
    }

    #[test]
    fn a_text_has_every_frame_in_full() {
        let expected = "200\nok\n\nposted:\ntwo\nlines \\u{1b}[31m\n\nposted:\n{\n  \"a\": 1\n}";
        assert_eq!(row().to_text(true), expected);
        assert_eq!(row().to_text(false), expected.replace("\\u{1b}", "\u{1b}"));
    }
}

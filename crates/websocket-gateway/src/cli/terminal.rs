//! What a person at the terminal sees: on standard output where to connect, on standard error what happens. With `--json` standard output is
//! for a program, and a person sees everything on standard error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;
use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use websocket_gateway::api::Api;
use websocket_gateway::{Gateway, Happening, Happenings, Reloaded, StartError, TemplateError, Visible, visible_json};

const DIM: &str = "\x1b[2m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

const DEFAULT_FILTER: &str = "info";

/// `RUST_LOG` chooses what is shown, in the usual syntax.
pub(crate) fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // Otherwise the library reports a failed write on standard error, and panics if that is closed.
        .log_internal_errors(false)
        .event_format(Line)
        .init();
}

/// The lines of what happens. A thread of their own writes them, so that a paused terminal does not stop the gateway.
pub(crate) struct Lines {
    finished: oneshot::Receiver<()>,
}

/// How long the last lines may take when the gateway has stopped: a terminal may be paused.
const LAST_LINES: Duration = Duration::from_secs(1);

impl Lines {
    /// Waits until everything is written that happened before the gateway stopped.
    pub(crate) async fn finish(self) {
        let _ = tokio::time::timeout(LAST_LINES, self.finished).await;
    }
}

/// Shows what happens, as far as `RUST_LOG` asks for it.
pub(crate) fn show_happenings(happenings: Happenings) -> Lines {
    write_all(happenings, |happening| {
        happening.log();
        true
    })
}

/// Prints what happens as JSON, until standard output is closed.
pub(crate) fn print_happenings(happenings: Happenings) -> Lines {
    let for_a_person = is_read_by_a_person();
    write_all(happenings, move |happening| {
        // A happening can always be serialised: its maps have texts as keys.
        let json = serde_json::to_string(happening).unwrap_or_default();
        let json = if for_a_person { visible_json(&json) } else { json };
        let mut out = std::io::stdout();
        writeln!(out, "{json}").and_then(|()| out.flush()).is_ok()
    })
}

/// Writes until the gateway stops, or `write` can't any more.
fn write_all(mut happenings: Happenings, write: impl Fn(&Happening) -> bool + Send + 'static) -> Lines {
    let (finish, finished) = oneshot::channel();
    let writing = thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        while happenings.blocking_next().is_some_and(|happening| write(&happening)) {}
        // The program may have given up waiting.
        let _ = finish.send(());
    });
    if let Err(error) = writing {
        tracing::warn!("the gateway can't show its log: {error}");
    }
    Lines { finished }
}

pub(crate) fn show_where(gateway: &Gateway, time_stands: bool) {
    let api = gateway.api();
    let url = gateway.url();
    let routes = routes(&api);
    #[cfg(feature = "console")]
    let console = gateway.console_url().map_or_else(String::new, |url| format!("Console: {url}\n"));
    #[cfg(not(feature = "console"))]
    let console = "";
    let time = if time_stands { "Time stands still until the console moves it (--clock manual)\n" } else { "" };
    say(&format!(
        "\nConnect to {url}\n    npx wscat -c {url}\n\nRoutes: {routes}\n{console}{time}Press Ctrl-C to stop.\n"
    ));
}

fn routes(api: &Api) -> String {
    let asks_only_the_authorizer = api.authorizer.is_some() && !api.routes.contains_key("$connect");
    let connect = asks_only_the_authorizer.then_some("$connect (the authorizer only)");
    let routes: Vec<_> = connect.into_iter().chain(api.routes.keys().map(String::as_str)).collect();
    if routes.is_empty() { "none, so every message is answered with an error".to_owned() } else { routes.join("  ") }
}

/// Prints the environment as lines for a POSIX shell. A variable that can't be such a line is a warning on standard error, where a person
/// sees it while the shell's `eval` takes standard output.
pub(crate) fn show_environment(environment: &BTreeMap<String, BTreeSet<String>>) {
    for (name, values) in environment {
        match shell_line(name, values) {
            Ok(line) => show_result(&line),
            Err(why) => tracing::warn!("{why}"),
        }
    }
}

/// # Errors
/// Why the variable is left out.
fn shell_line(name: &str, values: &BTreeSet<String>) -> Result<String, String> {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || !name.bytes().all(is_of_a_name) {
        return Err(format!(
            "`{name}` is left out: a variable's name has only letters, digits and _, for shells and on Lambda"
        ));
    }
    let values: Vec<_> = values.iter().map(|value| format!("'{}'", value.replace('\'', r"'\''"))).collect();
    match values.as_slice() {
        [value] => Ok(format!("export {name}={value}")),
        several => Err(format!("`{name}` is left out: it differs from function to function: {}", several.join(", "))),
    }
}

/// Relative to the current directory, if the file is below it.
pub(crate) fn show_change(path: &Path) {
    let here = std::env::current_dir().unwrap_or_default();
    say(&format!("\n{} has changed", path.strip_prefix(here).unwrap_or(path).display()));
}

pub(crate) fn show_reloaded(reloaded: &Reloaded) {
    match (reloaded.functions.as_slice(), reloaded.api) {
        ([], false) => say("Nothing to reload"),
        ([], true) => say("Reloaded the template"),
        (functions, _) => say(&format!("Reloaded {}", functions.join(", "))),
    }
}

pub(crate) fn show_not_reloaded(error: StartError) {
    show_start_error(error);
    say("Not reloaded: the gateway goes on with what it served before");
}

pub(crate) fn show_stopping() {
    say("\nStopping. Press Ctrl-C again to stop at once.");
}

/// Whether standard output is for a program alone.
static IS_FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);

/// From now on a person is told everything on standard error.
pub(crate) fn leave_stdout_to_programs() {
    IS_FOR_PROGRAMS.store(true, Ordering::Relaxed);
}

/// For a person to read. If the output is closed, the gateway goes on serving.
pub(crate) fn say(text: &str) {
    let text = Visible::lines(text);
    if IS_FOR_PROGRAMS.load(Ordering::Relaxed) {
        let _ = writeln!(std::io::stderr(), "{text}");
    } else {
        write_out(&text);
    }
}

/// For a program to read, byte for byte, unless standard output is a terminal.
pub(crate) fn show_result(text: &str) {
    if is_read_by_a_person() { say(text) } else { write_out(&text) }
}

pub(crate) fn is_read_by_a_person() -> bool {
    std::io::stdout().is_terminal()
}

fn write_out(text: &dyn fmt::Display) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

pub(crate) fn show_start_error(error: StartError) {
    match error {
        StartError::Template(error) => {
            let report = format!("{:?}", miette::Report::new(error));
            // The report has colours of its own.
            let _ = writeln!(std::io::stderr(), "{}", coloured(&report, std::io::stderr().is_terminal()));
        }
        other => show_error(&other),
    }
}

/// A finding with its place in the template, on standard output.
pub(crate) fn show_finding(finding: &TemplateError) {
    let mut report = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_width(width().unwrap_or(100));
    // Writing to a String does not fail.
    let _ = handler.render_report(&mut report, finding);
    let plain = std::env::var_os("NO_COLOR").is_some();
    write_out(&coloured(report.trim_end(), is_read_by_a_person() && !plain));
}

fn coloured(report: &str, on_a_terminal: bool) -> Visible<'_> {
    let report = Visible::lines(report);
    if on_a_terminal { report.with_colours() } else { report.without_colours() }
}

/// One line of JSON, for a program to read. On a terminal its texts are escaped further, in JSON's own way.
pub(crate) fn show_json(line: &impl Serialize) {
    // A struct with string keys can always be serialised.
    let json = serde_json::to_string(line).unwrap_or_default();
    if is_read_by_a_person() { say(&visible_json(&json)) } else { write_out(&json) }
}

/// The lines after the first are indented, so that none looks like a line of the gateway's.
pub(crate) fn show_error(error: &dyn fmt::Display) {
    let error = error.to_string().replace('\n', "\n    ");
    let _ = writeln!(std::io::stderr(), "error: {}", Visible::lines(&error));
}

/// The width of the terminal that standard output is, in characters.
pub(crate) fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// One line for each event: a function's name and its output, or a sentence followed by the ids.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let ansi = writer.has_ansi_escapes();
        let style = |code: &'static str| if ansi { code } else { "" };
        if event.metadata().target() == "websocket_gateway::function" {
            let line = Visible::line(&fields.message);
            let line = if ansi { line.with_colours() } else { line.without_colours() };
            let function = Visible::line(&fields.function);
            return writeln!(writer, "{}{function} |{} {line}", style(DIM), style(PLAIN));
        }
        match *event.metadata().level() {
            Level::ERROR => write!(writer, "{}error:{} ", style(RED), style(PLAIN))?,
            Level::WARN => write!(writer, "{}warning:{} ", style(YELLOW), style(PLAIN))?,
            _ => {}
        }
        // What comes from outside must not look like another line of the gateway's.
        let (message, others) = (Visible::line(&fields.message), Visible::line(&fields.others));
        writeln!(writer, "{message}{}{others}{}", style(DIM), style(PLAIN))
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    function: String,
    others: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if !value.is_empty() {
            self.record_debug(field, &format_args!("{value}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write;
        // Writing to a String does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "function" => write!(self.function, "{value:?}"),
            name => write!(self.others, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, values: &[&str]) -> Result<String, String> {
        shell_line(name, &values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn a_value_is_quoted_and_a_name_is_one_for_a_shell() {
        assert_eq!(line("_TABLE_2", &["it's\n$HOME"]).unwrap(), "export _TABLE_2='it'\\''s\n$HOME'");
        for name in ["", "2A", "A-B", "A B", "A=B", "A;id", "$(id)", "A\nid", "É"] {
            assert!(line(name, &["x"]).unwrap_err().contains(&format!("`{name}`")), "{name:?}");
        }
        assert!(line("A", &["x", "y"]).unwrap_err().contains("'x', 'y'"));
    }
}

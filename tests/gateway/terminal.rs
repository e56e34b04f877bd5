//! What comes from outside and is shown to a person: it neither controls a terminal nor forges a line.

use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::support::{Client, end, gateway, in_time, root, serving, signal};

const PROBE: [&str; 4] = ["--template", "tests/templates/probe.yaml", "--port", "0"];

/// It clears the screen, forges a line and turns the direction of writing around.
const EVIL: &str = "sorry\u{1b}[2J\r\nerror: forged\u{202e}\u{9b}2K\u{7f}";
const EVIL_ESCAPED: &str = r"sorry\u{1b}[2J\r\nerror: forged\u{202e}\u{9b}2K\u{7f}";

/// A line of a log, with a colour that does not end.
const LOGGED: &str = "\u{1b}[1;31mred\u{1b}[2K\u{1b}]0;title\u{7} grün 👩\u{200d}💻\n";
const LOGGED_ESCAPED: &str = r"red\u{1b}[2K\u{1b}]0;title\u{7} grün 👩‍💻";

/// The message that makes the probe print, and then fail.
fn orders() -> String {
    json!({ "do": [{ "print": LOGGED.as_bytes() }, { "fail-with": EVIL }] }).to_string()
}

/// What a terminal would obey: every control character besides tabs and line ends.
fn controls(text: &str) -> String {
    let obeyed = |character: &char| character.is_control() && !"\t\n".contains(*character);
    text.chars().filter(|character| obeyed(character) || *character == '\u{202e}').collect()
}

/// A file with an event for `$default`: its path.
fn event(name: &str, body: &str) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("terminal.{name}.json"));
    let context = json!({ "routeKey": "$default", "eventType": "MESSAGE", "connectionId": "TnAb3dVvDoECJ5A=" });
    std::fs::write(&file, json!({ "requestContext": context, "body": body }).to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Standard output and standard error.
async fn output(command: &mut Command) -> (String, String) {
    let output = in_time("the end of the gateway", command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

fn invoke(event: &str) -> Command {
    gateway(&["invoke", "$default", event, "--template", "tests/templates/probe.yaml"])
}

/// The same at a terminal, which is both outputs.
async fn at_a_terminal(command: &Command) -> String {
    let mut terminal = Command::new("python3");
    terminal.args(["-c", "import pty, sys; pty.spawn(sys.argv[1:])"]);
    terminal.arg(command.as_std().get_program()).args(command.as_std().get_args());
    let (shown, _) = output(terminal.current_dir(root()).stdin(std::process::Stdio::null()).kill_on_drop(true)).await;
    // A terminal's line ends.
    shown.replace("\r\n", "\n")
}

#[tokio::test]
async fn a_log_in_a_file_has_no_control_characters_and_no_colours() {
    let (mut program, url) = serving(&mut gateway(&PROBE)).await;
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    client.send(orders()).await;
    client.hear().await;
    client.close(Some((1000, EVIL))).await;
    // Its path is in the log, too.
    assert!(Client::try_connect(&format!("{}/%1b\u{202e}", url.trim_end_matches("/test")), &[]).await.is_err());
    signal(&program, Signal::INT);
    let mut log = String::new();
    in_time("the log", program.stderr.take().unwrap().read_to_string(&mut log)).await.unwrap();
    end(&mut program).await;

    assert_eq!(controls(&log), "", "{log}");
    assert!(log.contains(&format!("Probe | {LOGGED_ESCAPED}\n")), "{log}");
    assert!(log.contains(EVIL_ESCAPED), "{log}");
    assert!(log.contains(&format!("reason={EVIL_ESCAPED}")), "{log}");
    assert!(!log.contains("\nerror: forged"), "{log}");
}

#[tokio::test]
async fn a_terminal_shows_a_functions_colours_and_nothing_else_of_what_it_says() {
    let shown = at_a_terminal(&invoke(&event("evil", &orders()))).await;
    // What cargo shows before is its own affair. The function's log and its answer come in two ways, so either may be first.
    let begins = ["\u{1b}[2mProbe |", EVIL_ESCAPED].map(|first| shown.find(first).unwrap());
    let shown = shown[begins.into_iter().min().unwrap()..].to_owned();
    let colours = ["\u{1b}[1;31m", "\u{1b}[0m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[33m"];
    let rest = colours.iter().fold(shown.clone(), |rest, colour| rest.replace(colour, ""));
    assert_eq!(controls(&rest), "", "{shown:?}");
    let line = LOGGED_ESCAPED.trim_start_matches("red");
    assert!(shown.contains(&format!("\u{1b}[1;31mred{line}\u{1b}[0m\n")), "{shown:?}");
    assert!(rest.contains(EVIL_ESCAPED), "{rest}");

    // An answer that is JSON stays JSON.
    let answer = json!({ "statusCode": 200, "body": json!({ "text": EVIL }).to_string() });
    let event = event("json", &json!({ "do": { "answer": answer } }).to_string());
    let shown = at_a_terminal(&invoke(&event)).await;
    let shown = &shown[shown.find("200\n{").unwrap() + 4..=shown.rfind('}').unwrap()];
    assert_eq!(controls(shown), "", "{shown:?}");
    assert_eq!(serde_json::from_str::<Value>(shown).unwrap()["text"], EVIL);
    let shown = at_a_terminal(invoke(&event).arg("--json")).await;
    let line = shown.lines().find(|line| line.starts_with('{')).unwrap();
    assert_eq!(controls(line), "", "{line:?}");
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["answer"], answer);
}

#[tokio::test]
async fn a_program_that_reads_an_answer_gets_every_byte_of_it() {
    let answer = json!({ "statusCode": 200, "body": EVIL });
    let event = event("exact", &json!({ "do": { "answer": answer } }).to_string());
    let (printed, _) = output(&mut invoke(&event)).await;
    assert_eq!(printed, format!("200\n{EVIL}\n"));
    let (printed, _) = output(invoke(&event).arg("--json")).await;
    assert!(printed.contains("\u{202e}\u{9b}2K\u{7f}"), "{printed:?}");
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap()["answer"], answer);
}

#[tokio::test]
async fn a_template_does_not_control_the_terminal() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("terminal.template\u{1b}[2J.yaml");
    std::fs::write(
        &file,
        "Resources: { \"\u{202e}\u{9b}31mA\": { Type: AWS::Serverless::WebSocketApi, Nonsense: 1 } }",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let (_, said) = output(&mut gateway(&["--template", file])).await;
    assert_eq!(controls(&said), "", "{said:?}");
    assert!(said.contains(r"terminal.template\u{1b}[2J.yaml") && said.contains(r"\u{202e}\u{9b}31mA"), "{said}");
    let shown = at_a_terminal(&gateway(&["--template", file])).await;
    assert!(!shown.contains("\u{1b}[2J") && !shown.contains(['\u{202e}', '\u{9b}']), "{shown:?}");
}

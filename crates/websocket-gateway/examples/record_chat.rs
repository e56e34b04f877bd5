//! Records the chat that the README shows: starts `cargo run`, connects two clients, and writes what they and the gateway's terminal show
//! as `crates/websocket-gateway/docs/chat.svg`. Run it again whenever the output of the gateway changes:
//!
//! ```text
//! cargo run -p websocket-gateway --example record_chat
//! ```

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const URL: &str = "ws://127.0.0.1:3001/prod";

/// The default, without the lines that functions print: their REPORT lines are longer than the picture is wide.
const RUST_LOG: &str = "info,websocket_gateway::function=off";

/// A first build takes a few minutes.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let picture = tokio::time::timeout(PATIENCE, record(&root)).await??;
    let file = root.join("crates/websocket-gateway/docs/chat.svg");
    std::fs::write(&file, picture)?;
    println!("wrote {}", file.display());
    Ok(())
}

async fn record(root: &Path) -> Result<String> {
    let mut gateway = Gateway::start(root).await?;
    let mut alice = Client::connect("Alice").await?;
    gateway.shows("$connect: 200").await?;
    let mut bob = Client::connect("Bob").await?;
    gateway.shows("$connect: 200").await?;

    alice.says("hi").await?;
    alice.hears().await?;
    gateway.shows("$default: 200").await?;
    alice.says(r#"{"action":"join","name":"Alice"}"#).await?;
    alice.hears().await?;
    bob.hears().await?;
    gateway.shows("join: 200").await?;
    bob.says(r#"{"action":"join","name":"Bob"}"#).await?;
    bob.hears().await?;
    alice.hears().await?;
    gateway.shows("join: 200").await?;
    alice.says(r#"{"action":"sendmessage","data":"good morning"}"#).await?;
    alice.hears().await?;
    bob.hears().await?;
    gateway.shows("sendmessage: 200").await?;
    bob.socket.close(None).await?;
    alice.hears().await?;
    gateway.shows("$disconnect: 200").await?;

    let rows = alice.lines.len().max(bob.lines.len());
    let below = rows * ROW + 48;
    let panes = [
        Pane { title: alice.name, left: 0, top: 0, columns: 58, rows, lines: &alice.lines },
        Pane { title: bob.name, left: 427, top: 0, columns: 59, rows, lines: &bob.lines },
        Pane {
            title: "the gateway",
            left: 0,
            top: below,
            columns: 120,
            rows: gateway.lines.len(),
            lines: &gateway.lines,
        },
    ];
    let picture = draw(&panes)?;
    gateway.stop().await?;
    Ok(picture)
}

/// `cargo run`, and what its terminal shows.
struct Gateway {
    process: Child,
    errors: Lines<BufReader<ChildStderr>>,
    lines: Vec<String>,
}

impl Gateway {
    async fn start(root: &Path) -> Result<Self> {
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet"]).current_dir(root).env("RUST_LOG", RUST_LOG).kill_on_drop(true);
        // Cargo sets these for this program. Build scripts read some of them, and would run again.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_")) {
            command.env_remove(name);
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("the gateway has no standard output")?;
        let errors = process.stderr.take().ok_or("the gateway has no standard error")?;
        let mut gateway =
            Self { process, errors: BufReader::new(errors).lines(), lines: vec!["$ cargo run".to_owned()] };
        let mut output = BufReader::new(output).lines();
        loop {
            tokio::select! {
                line = output.next_line() => match line? {
                    Some(line) if line.starts_with("Press Ctrl-C") => break,
                    Some(line) if !line.trim().is_empty() => gateway.lines.push(line),
                    Some(_) => {}
                    None => return Err("the gateway did not start; does `cargo run` work?".into()),
                },
                // The progress of cargo, and errors.
                Ok(Some(line)) = gateway.errors.next_line() => eprintln!("{line}"),
            }
        }
        Ok(gateway)
    }

    /// Waits until the terminal shows a line that begins with this.
    async fn shows(&mut self, beginning: &str) -> Result<()> {
        loop {
            let line = self.errors.next_line().await?.ok_or("the gateway has ended")?;
            let found = line.starts_with(beginning);
            self.lines.push(line);
            if found {
                return Ok(());
            }
        }
    }

    async fn stop(mut self) -> Result<()> {
        let id = self.process.id().ok_or("the gateway has ended")?;
        let id = Pid::from_raw(i32::try_from(id)?).ok_or("the gateway has no process id")?;
        kill_process(id, Signal::INT)?;
        self.process.wait().await?;
        Ok(())
    }
}

/// A client, and what its terminal shows.
struct Client {
    name: &'static str,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    lines: Vec<String>,
}

impl Client {
    async fn connect(name: &'static str) -> Result<Self> {
        let (socket, _) = connect_async(URL).await?;
        Ok(Self { name, socket, lines: vec![format!("$ npx wscat -c {URL}")] })
    }

    async fn says(&mut self, text: &str) -> Result<()> {
        self.lines.push(format!("> {text}"));
        Ok(self.socket.send(Message::text(text)).await?)
    }

    async fn hears(&mut self) -> Result<()> {
        let frame = self.socket.next().await.ok_or("the connection has ended")??;
        self.lines.push(format!("< {}", frame.to_text()?));
        Ok(())
    }
}

struct Pane<'l> {
    title: &'l str,
    left: usize,
    top: usize,
    columns: usize,
    rows: usize,
    lines: &'l [String],
}

const COLUMN: usize = 7;
const ROW: usize = 16;

impl Pane<'_> {
    fn width(&self) -> usize {
        self.columns * COLUMN + 10
    }

    fn height(&self) -> usize {
        self.rows * ROW + 38
    }
}

fn draw(panes: &[Pane<'_>]) -> Result<String> {
    let width = panes.iter().map(|pane| pane.left + pane.width()).max().unwrap_or_default();
    let height = panes.iter().map(|pane| pane.top + pane.height()).max().unwrap_or_default();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"11.5\">\n\
         <desc>Written by the example record_chat of the crate websocket-gateway</desc>\n<style>\n  rect {{ fill: #0d1117; stroke: #3d444d }}\n  text {{ fill: #d1d7e0; white-space: pre }}\n  \
         .title {{ fill: #9198a1; font-weight: bold }}\n  .typed {{ fill: #57ab5a }}\n  .heard {{ fill: #6cb6ff }}\n</style>\n"
    );
    for pane in panes {
        let Pane { title, left, top, .. } = pane;
        writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"6\"/>",
            pane.width(),
            pane.height()
        )?;
        writeln!(svg, "<text class=\"title\" x=\"{}\" y=\"{}\">{title}</text>", left + 8, top + 18)?;
        for (row, line) in pane.lines.iter().enumerate() {
            let class = match line.chars().next() {
                Some('$' | '>') if line.as_bytes().get(1) == Some(&b' ') => "typed",
                Some('<') => "heard",
                _ => "shown",
            };
            let (x, y) = (left + 8, top + 40 + row * ROW);
            let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" xml:space=\"preserve\">{line}</text>")?;
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

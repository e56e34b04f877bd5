use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "console")]
use clap::ValueEnum;
use clap::{Args, Parser, Subcommand};
use websocket_gateway::api::RateLimit;
#[cfg(feature = "console")]
use websocket_gateway::{Clock, ConsoleAccess};
use websocket_gateway::{Options, Store};

use super::check::Check;
use super::new::New;

/// A local Amazon API Gateway for WebSocket APIs: reads the SAM template, runs the same Lambda binaries
#[derive(Parser)]
#[command(name = "websocket-gateway", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    start: Start,
}

#[derive(Subcommand)]
enum Command {
    /// Make a project in Rust with one function, in a folder of its own
    New(New),
    /// Build the functions and serve the API until Ctrl-C (the default command)
    Start(Start),
    /// Read the template, and say what AWS would refuse, or take and then not do
    Check(CheckArguments),
    /// Print what functions that are started elsewhere need in their environment, for a shell's `eval`
    Env(Start),
    /// Send one event to a function; print its answer and the messages that it posts to the event's connection
    Invoke(Invoke),
    /// Send many events in the order CONNECT, MESSAGE, DISCONNECT; print a table of the answers
    Replay(Replay),
}

#[derive(Args)]
struct Start {
    #[command(flatten)]
    serving: Serving,
    /// The address to listen at
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,
    /// A host name that requests to `@connections`, DynamoDB, SQS and Lambda may name in `Host` or `Origin`; may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    allowed_hosts: Vec<String>,
    /// The port to listen at; 0 takes a free one
    #[arg(long, default_value_t = 3001)]
    port: u16,
    /// A certificate for clients that speak TLS, in a PEM file [default: one that only the functions trust]
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in a PEM file
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Invoke the functions at a server of Lambda's Invoke API, for example `cargo lambda watch`, instead of starting them
    #[arg(long, value_name = "URL", value_parser = http_url)]
    lambda_endpoint: Option<String>,
    /// The port of the embedded DynamoDB [default: a free one, or 3002 for functions that are started elsewhere]
    #[arg(long, value_name = "PORT")]
    dynamodb_port: Option<u16>,
    /// The port of the embedded queues [default: a free one, or 3003 for functions that are started elsewhere]
    #[arg(long, value_name = "PORT")]
    sqs_port: Option<u16>,
    /// How many calls of `@connections` are served, as in an AWS account: a second, and at once; `off` for as many as come
    #[arg(long, value_name = "RATE/BURST", default_value = "10000/5000", value_parser = rate_limit)]
    rate_limit: RateLimits,
    /// Keep every event in this directory, as a file for `replay`; secrets in the handshake are masked
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Serve `@connections`, the embedded DynamoDB, the embedded queues and Lambda's Invoke API only to functions, not to a person's own tools
    #[arg(long)]
    strict: bool,
    /// Serve no console
    #[cfg(feature = "console")]
    #[arg(long)]
    no_console: bool,
    /// Serve the console to other machines, too, if --host lets them in
    #[cfg(feature = "console")]
    #[arg(long, conflicts_with = "no_console")]
    console_remote: bool,
    /// `system`, or `manual` for a clock that stands still until the console moves it
    #[cfg(feature = "console")]
    #[arg(long, value_name = "CLOCK", value_enum, default_value_t, hide_possible_values = true)]
    #[arg(conflicts_with_all = ["no_console", "strict"])]
    clock: ClockChoice,
    /// Print what happens as JSON, one line each, and everything else to standard error
    #[arg(long)]
    json: bool,
    /// Close a connection that has been idle for this long
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    idle_timeout: Duration,
    /// Close a connection that has lasted this long
    #[arg(long, value_name = "DURATION", default_value = "2h", value_parser = duration)]
    max_duration: Duration,
}

/// What the gateway's time goes by.
#[cfg(feature = "console")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ClockChoice {
    #[default]
    System,
    Manual,
}

#[derive(Args)]
struct Invoke {
    /// A route key, or the logical id, name or binary of a function
    #[arg(value_name = "ROUTE_OR_FUNCTION")]
    recipient: String,
    /// The event, as API Gateway would send it; - reads it from standard input
    #[arg(value_name = "EVENT.json")]
    event: PathBuf,
    #[command(flatten)]
    printing: Printing,
    #[command(flatten)]
    serving: Serving,
}

#[derive(Args)]
struct Replay {
    /// Files with events, and folders, in which every *.json counts, at any depth
    #[arg(value_name = "FILES_OR_FOLDERS", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    printing: Printing,
    #[command(flatten)]
    serving: Serving,
}

#[derive(Args)]
struct Printing {
    /// Print one line of JSON for each event
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct CheckArguments {
    #[command(flatten)]
    reading: Reading,
    /// Print one line of JSON for each finding
    #[arg(long)]
    json: bool,
    /// Let warnings count as errors
    #[arg(long)]
    strict: bool,
}

/// The template, and what it does not say itself.
#[derive(Args)]
struct Reading {
    /// The SAM template
    #[arg(long, value_name = "FILE", default_value = "template.yaml")]
    template: PathBuf,
    /// A value for a parameter of the template; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    /// The stack's name, `AWS::StackName` in the template [default: the name of the template's folder]
    #[arg(long, value_name = "NAME", value_parser = stack_name)]
    stack_name: Option<String>,
}

/// The options of every command that serves: which API, and where its data is.
#[derive(Args)]
struct Serving {
    #[command(flatten)]
    reading: Reading,
    /// The API to serve, by its logical id, if the template has several
    #[arg(long, value_name = "ID")]
    api: Option<String>,
    /// The stage to serve, if the API has several
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// Build the functions with optimisations
    #[arg(long)]
    release: bool,
    /// A DynamoDB that runs elsewhere, for example DynamoDB Local [default: an embedded one, in memory]
    #[arg(long, value_name = "URL", conflicts_with = "data_dir", value_parser = http_url)]
    dynamodb_endpoint: Option<String>,
    /// Keep the embedded DynamoDB's data in this directory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// An SQS that runs elsewhere and speaks JSON, for example `moto_server` [default: embedded queues, in memory]
    #[arg(long, value_name = "URL", value_parser = http_url)]
    sqs_endpoint: Option<String>,
}

/// What `--rate-limit` says; `None` for no limit. A type of its own, because for an `Option` the option would need no value.
type RateLimits = std::option::Option<RateLimit>;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Task {
    /// To make a project.
    New(New),
    /// To check a template.
    Check(Box<Options>, Check),
    /// To do something with an API.
    Api(Box<Options>, Work),
}

/// What there is to do with an API.
#[derive(Debug)]
pub(crate) enum Work {
    /// To serve until Ctrl-C.
    Serve {
        /// Whether to print JSON.
        json: bool,
        /// Whether the gateway's clock stands still until the console moves it.
        time_stands: bool,
    },
    /// To print the environment of functions that are started elsewhere.
    ShowEnvironment,
    /// To send events.
    Send {
        /// The events.
        events: Events,
        /// Whether to print JSON.
        json: bool,
    },
}

#[derive(Debug)]
pub(crate) enum Events {
    /// One event from a file, or from standard input if the file is `-`, for the function that the command line names.
    One { recipient: String, event: PathBuf },
    /// The events of files and folders, each for the function that it names itself.
    Many(Vec<PathBuf>),
}

/// Fixed ports, because functions that are started elsewhere must know them in advance.
const DYNAMODB_PORT: u16 = 3002;
const SQS_PORT: u16 = 3003;

impl Arguments {
    pub(crate) fn into_task(self) -> Task {
        let (options, work) = match self.command.unwrap_or(Command::Start(self.start)) {
            Command::New(new) => return Task::New(new),
            Command::Check(CheckArguments { reading, json, strict }) => {
                return Task::Check(Box::new(reading.into_options()), Check { json, strict });
            }
            Command::Start(start) => {
                let work = Work::Serve { json: start.json, time_stands: start.time_stands() };
                (start.into_options(), work)
            }
            Command::Env(mut start) => {
                start.dynamodb_port.get_or_insert(DYNAMODB_PORT);
                start.sqs_port.get_or_insert(SQS_PORT);
                (start.into_options(), Work::ShowEnvironment)
            }
            Command::Invoke(Invoke { recipient, event, printing, serving }) => {
                let events = Events::One { recipient, event };
                (serving.into_options(), Work::Send { events, json: printing.json })
            }
            Command::Replay(Replay { paths, printing, serving }) => {
                (serving.into_options(), Work::Send { events: Events::Many(paths), json: printing.json })
            }
        };
        Task::Api(Box::new(options), work)
    }
}

impl Start {
    #[cfg(feature = "console")]
    fn time_stands(&self) -> bool {
        self.clock == ClockChoice::Manual
    }

    #[cfg(not(feature = "console"))]
    fn time_stands(&self) -> bool {
        false
    }

    fn into_options(self) -> Options {
        let elsewhere = |port| self.lambda_endpoint.as_ref().map(|_| port);
        let mut options = self
            .serving
            .into_options()
            .host(self.host)
            .port(self.port)
            .dynamodb_port(self.dynamodb_port.or_else(|| elsewhere(DYNAMODB_PORT)).unwrap_or_default())
            .sqs_port(self.sqs_port.or_else(|| elsewhere(SQS_PORT)).unwrap_or_default())
            .rate_limit(self.rate_limit)
            .strict(self.strict)
            .idle_timeout(self.idle_timeout)
            .max_duration(self.max_duration);
        if let Some(url) = self.lambda_endpoint {
            options = options.lambda_endpoint(url);
        }
        if let Some(directory) = self.record {
            options = options.record(directory);
        }
        #[cfg(feature = "tls")]
        if let (Some(certificate), Some(key)) = (self.tls_cert, self.tls_key) {
            options = options.certificate(certificate, key);
        }
        #[cfg(feature = "console")]
        if !self.no_console {
            let access = if self.console_remote { ConsoleAccess::Remote } else { ConsoleAccess::Local };
            // It begins with the time that it is: functions sign by the system's clock.
            let clock = match self.clock {
                ClockChoice::System => Clock::movable(),
                ClockChoice::Manual => Clock::manual(Clock::default().now_ms()),
            };
            options = options.console(access).clock(clock);
        }
        for name in self.allowed_hosts {
            options = options.allow_host(name);
        }
        options
    }
}

impl Reading {
    fn into_options(self) -> Options {
        let mut options = Options::default().template(self.template);
        for (name, value) in self.parameters {
            options = options.parameter(name, value);
        }
        if let Some(name) = self.stack_name {
            options = options.stack_name(name);
        }
        options
    }
}

impl Serving {
    /// On a free port, because no other program needs to know it.
    fn into_options(self) -> Options {
        let store = match (self.dynamodb_endpoint, self.data_dir) {
            (Some(url), _) => Store::Endpoint(url),
            (None, Some(directory)) => Store::Directory(directory),
            (None, None) => Store::Memory,
        };
        let mut options = self.reading.into_options().port(0).release(self.release).store(store);
        if let Some(url) = self.sqs_endpoint {
            options = options.sqs_endpoint(url);
        }
        if let Some(api) = self.api {
            options = options.api(api);
        }
        if let Some(stage) = self.stage {
            options = options.stage(stage);
        }
        options
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// As CloudFormation names stacks.
fn stack_name(text: &str) -> Result<String, String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_allowed) && text.len() <= 128 {
        Ok(text.to_owned())
    } else {
        Err("write at most 128 letters, digits and `-`, with a letter first".to_owned())
    }
}

/// `10000/5000`, or `off`.
fn rate_limit(text: &str) -> Result<Option<RateLimit>, String> {
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| format!("{error}, or off for no limit"))
}

fn http_url(text: &str) -> Result<String, String> {
    let url: Result<http::Uri, _> = text.parse();
    // A user and a password would not be sent.
    let is_bare = |url: &http::Uri| url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let is_http = url.is_ok_and(|url| url.scheme_str() == Some("http") && is_bare(&url));
    if is_http { Ok(text.to_owned()) } else { Err("write http://HOST:PORT, without a user and a password".to_owned()) }
}

/// `500ms`, `30s`, `10m` or `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1000), ("m", 60 * 1000), ("h", 60 * 60 * 1000)];
    let unit = units.iter().find_map(|(unit, ms)| Some((text.strip_suffix(unit)?, ms)));
    unit.and_then(|(number, ms): (_, &u64)| number.parse::<u64>().ok()?.checked_mul(*ms))
        .filter(|ms| *ms > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| "write a number and ms, s, m or h, for example 10m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for bad in ["", "10", "m", "0s", "-1s", "1.5h", "99999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_url_has_no_user_which_would_not_be_sent() {
        assert!(http_url("http://localhost:8000/x").is_ok());
        for bad in ["http://me:pass@localhost:8000", "https://localhost", "localhost:8000", "/x"] {
            assert!(http_url(bad).unwrap_err().contains("http://HOST:PORT"), "{bad}");
        }
    }

    #[test]
    fn a_stack_has_a_name_that_cloudformation_allows() {
        assert_eq!(stack_name("chat-2"), Ok("chat-2".to_owned()));
        for bad in ["", "-chat", "2chat", "my chat", "my_chat", &"x".repeat(129)] {
            assert!(stack_name(bad).is_err(), "{bad}");
        }
    }

    fn read(line: &[&str]) -> (String, Work) {
        let task = Arguments::try_parse_from([&["websocket-gateway"], line].concat()).unwrap().into_task();
        let Task::Api(options, work) = task else { panic!("{task:?}") };
        (format!("{options:?}"), work)
    }

    #[test]
    fn start_may_be_left_out() {
        for line in [&["--port", "3002"][..], &["start", "--port", "3002"]] {
            let (options, work) = read(line);
            assert!(options.contains(" port: 3002"), "{options}");
            assert!(matches!(work, Work::Serve { json: false, time_stands: false }));
        }
        assert!(matches!(read(&["--json"]).1, Work::Serve { json: true, .. }));
    }

    #[test]
    fn a_check_reads_a_template_and_serves_nothing() {
        let line =
            ["websocket-gateway", "check", "--template", "other.yaml", "--parameter", "A=1", "--json", "--strict"];
        let task = Arguments::try_parse_from(line).unwrap().into_task();
        let Task::Check(options, Check { json: true, strict: true }) = task else { panic!("{task:?}") };
        assert!(format!("{options:?}").contains(r#"template: "other.yaml""#), "{options:?}");
        assert!(Arguments::try_parse_from(["websocket-gateway", "check", "--port", "1"]).is_err());
    }

    #[test]
    fn events_are_sent_on_a_free_port_and_need_no_quoting_beyond_the_shells() {
        let (options, work) = read(&["invoke", "$connect", "-", "--template", "other.yaml"]);
        assert!(options.contains(" port: 0") && options.contains(r#"template: "other.yaml""#), "{options}");
        let Work::Send { events: Events::One { recipient, event }, json: false } = work else { panic!("{work:?}") };
        assert_eq!((recipient.as_str(), event), ("$connect", PathBuf::from("-")));

        let (options, work) = read(&["replay", "--json", "events", "more"]);
        assert!(options.contains(" port: 0"), "{options}");
        let Work::Send { events: Events::Many(paths), json: true } = work else { panic!("{work:?}") };
        assert_eq!(paths, ["events", "more"].map(PathBuf::from));
        assert!(Arguments::try_parse_from(["websocket-gateway", "replay"]).is_err());
    }
}

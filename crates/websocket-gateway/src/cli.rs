use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use websocket_gateway::{Clock, Options, Store};

/// A local Amazon API Gateway for WebSocket APIs: reads the SAM template, runs the same Lambda binaries
#[derive(Debug, Parser)]
#[command(name = "websocket-gateway", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    start: Start,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the functions and serve the API until Ctrl-C (this is what no command means too)
    Start(Start),
    /// Print what functions that are started elsewhere need in their environment, for a shell's `eval`
    Env(Start),
}

#[derive(Args, Debug)]
struct Start {
    /// The SAM template
    #[arg(long, value_name = "FILE", default_value = "template.yaml")]
    template: PathBuf,
    /// A value for a parameter of the template; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    /// The API to serve, by its logical id, if the template has several
    #[arg(long, value_name = "ID")]
    api: Option<String>,
    /// The stage to serve, if the API has several
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// The address to listen at
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,
    /// The port to listen at; 0 takes a free one
    #[arg(long, default_value_t = 3001)]
    port: u16,
    /// Build the functions with optimisations
    #[arg(long)]
    release: bool,
    /// Invoke the functions at a server of Lambda's Invoke API, for example `cargo lambda watch`, and start none
    #[arg(long, value_name = "URL", value_parser = http_url)]
    lambda_endpoint: Option<String>,
    /// A DynamoDB that runs elsewhere, for example DynamoDB Local [default: an embedded one, in memory]
    #[arg(long, value_name = "URL", conflicts_with = "data_dir", value_parser = http_url)]
    dynamodb_endpoint: Option<String>,
    /// Keep the embedded DynamoDB's data in this directory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The port of the embedded DynamoDB [default: a free one, or 3002 for functions that are started elsewhere]
    #[arg(long, value_name = "PORT")]
    dynamodb_port: Option<u16>,
    /// Close a connection that has been idle for so long
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    idle_timeout: Duration,
    /// Close a connection that has lasted so long
    #[arg(long, value_name = "DURATION", default_value = "2h", value_parser = duration)]
    max_duration: Duration,
}

/// Functions that are started elsewhere have to know it before it is open.
const DYNAMODB_PORT: u16 = 3002;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Task {
    Start(Options),
    Env(Options),
}

impl Cli {
    pub(crate) fn into_task(self) -> Task {
        match self.command {
            None => Task::Start(self.start.into_options()),
            Some(Command::Start(start)) => Task::Start(start.into_options()),
            Some(Command::Env(mut start)) => {
                start.dynamodb_port.get_or_insert(DYNAMODB_PORT);
                Task::Env(start.into_options())
            }
        }
    }
}

impl Start {
    fn into_options(self) -> Options {
        let start = self;
        let port_elsewhere = start.lambda_endpoint.as_ref().map(|_| DYNAMODB_PORT);
        let store = match (start.dynamodb_endpoint, start.data_dir) {
            (Some(url), _) => Store::Endpoint(url),
            (None, Some(directory)) => Store::Directory(directory),
            (None, None) => Store::Memory,
        };
        Options {
            template: start.template,
            parameters: start.parameters.into_iter().collect(),
            api: start.api,
            stage: start.stage,
            host: start.host,
            port: start.port,
            release: start.release,
            lambda_endpoint: start.lambda_endpoint,
            store,
            dynamodb_port: start.dynamodb_port.or(port_elsewhere).unwrap_or_default(),
            idle_timeout: start.idle_timeout,
            max_duration: start.max_duration,
            clock: Clock::default(),
        }
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn http_url(text: &str) -> Result<String, String> {
    let url: Result<http::Uri, _> = text.parse();
    let is_http = url.is_ok_and(|url| url.scheme_str() == Some("http") && url.authority().is_some());
    if is_http { Ok(text.to_owned()) } else { Err("write http://HOST:PORT".to_owned()) }
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
        Cli::command().debug_assert();
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
    fn start_may_be_left_out() {
        for line in [&["websocket-gateway", "--port", "0"][..], &["websocket-gateway", "start", "--port", "0"]] {
            let Task::Start(options) = Cli::try_parse_from(line).unwrap().into_task() else { panic!("{line:?}") };
            assert_eq!(options.port, 0);
        }
    }
}

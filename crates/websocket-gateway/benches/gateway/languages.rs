//! Functions in Node.js and Python: how soon after the start a client has its first answer, and how many answers it gets in a second. The
//! baselines are AWS's own runtime clients behind the same gateway, and serverless-offline with the same function. They have to be installed:
//!
//! ```sh
//! npm install --prefix target/runtimes aws-lambda-ric serverless-offline
//! python3 -m venv target/runtimes && target/runtimes/bin/pip install awslambdaric
//! ```
//!
//! All sides are measured in turns, so that other work on the machine concerns them alike. A ratio is the median of those of each turn.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::Error;
use crate::clients::{self, median};
use crate::goals::Goals;
use crate::server::{Server, free_port};

const CLIENTS: [usize; 2] = [1, 10];

/// How often each side is measured.
const TURNS: usize = 5;

const NODE: &str = "exports.handler = async () => ({ statusCode: 200, body: JSON.stringify('hello client, I am the $default route!') });\n";

const PYTHON: &str = "def handler(event, context):\n    return {'statusCode': 200, 'body': '\"hello client, I am the $default route!\"'}\n";

const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Ws:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      RouteSelectionExpression: $request.body.action
      Routes:
        $default: { FunctionArn: !GetAtt Function.Arn, RouteResponseSelectionExpression: $default }
  Response:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Ws, RouteId: !Ref WsDefaultRoute, RouteResponseKey: $default }
  Function:
    Type: AWS::Serverless::Function
    Properties: { Runtime: RUNTIME, Handler: app.handler, CodeUri: src, Timeout: 29 }
";

/// Something that serves the function.
enum Side {
    /// The gateway with this template.
    Gateway(PathBuf),
    /// serverless-offline, in worker threads or in its own process.
    Offline { folder: PathBuf, in_process: bool },
}

impl Side {
    fn start(&self) -> Result<Server, Error> {
        match self {
            Self::Gateway(template) => Server::gateway(template.to_str().ok_or("a path in UTF-8")?),
            Self::Offline { folder, in_process } => {
                let mut command = Command::new("node");
                let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gateway/offline.mjs");
                command.arg(driver).arg(installed()).arg(folder.join("src")).arg(in_process.to_string());
                command.args([free_port()?.to_string(), free_port()?.to_string()]);
                Server::start(command, "ready ")
            }
        }
    }
}

pub(crate) async fn run(goals: &mut Goals) -> Result<(), Error> {
    let node = project("node", "nodejs22.x", "app.js", NODE)?;
    let sides = [
        ("Node.js", Some(Side::Gateway(node.join("template.yaml")))),
        ("aws-lambda-ric", aws_node()?),
        ("serverless-offline", offline(&node, false)),
        ("  in process", offline(&node, true)),
        ("Python", Some(Side::Gateway(project("python", "python3.13", "app.py", PYTHON)?.join("template.yaml")))),
        ("awslambdaric", aws_python()?),
    ];
    let sides: Vec<_> = sides.into_iter().filter_map(|(name, side)| Some((name, side?))).collect();

    println!("{:>20} {:>22}", "", "first answer after ms");
    for (name, side) in &sides {
        let mut times = Vec::new();
        for _ in 0..TURNS {
            times.push(first_answer(side).await?);
        }
        let median = median(&mut times);
        println!("{name:>20} {:>22.0}", median * 1e3);
        if *name == "Node.js" {
            goals.at_most("seconds from the start to the first answer of a function in Node.js", median, 0.5);
        }
    }
    for count in CLIENTS {
        in_turns(goals, &sides, count).await?;
    }
    Ok(())
}

/// Measures all sides in turns, with so many clients.
async fn in_turns(goals: &mut Goals, sides: &[(&str, Side)], count: usize) -> Result<(), Error> {
    let mut rates = vec![Vec::new(); sides.len()];
    for _ in 0..TURNS {
        for ((_, side), rates) in sides.iter().zip(&mut rates) {
            let server = side.start()?;
            let figures = clients::run(clients::connect(&server.line, count).await?, server.process()).await?;
            rates.push(figures.rate);
        }
    }
    println!("\n{:>20} {:>12} {:>12}", format!("{count} clients"), "answers/s", "gateway's");
    let rates_of = |wanted: &str| sides.iter().position(|(name, _)| *name == wanted).map(|index| &rates[index]);
    for ((name, _), own) in sides.iter().zip(&rates) {
        let (ours, goal) = match *name {
            "awslambdaric" => ("Python", 0.9),
            "aws-lambda-ric" => ("Node.js", 0.9),
            _ => ("Node.js", 1.0),
        };
        let mut ratios: Vec<_> =
            rates_of(ours).into_iter().flatten().zip(own).map(|(ours, other)| ours / other).collect();
        let (rate, ratio) = (median(&mut own.clone()), median(&mut ratios));
        if matches!(*name, "Node.js" | "Python") {
            println!("{name:>20} {rate:>12.0}");
        } else {
            println!("{name:>20} {rate:>12.0} {ratio:>11.2}x");
            goals.at_least(
                &format!("answers of {ours} to {count} clients as a multiple of {}'s", name.trim()),
                ratio,
                goal,
            );
        }
    }
    Ok(())
}

async fn first_answer(side: &Side) -> Result<f64, Error> {
    let started = Instant::now();
    let server = side.start()?;
    let mut clients = clients::connect(&server.line, 1).await?;
    clients[0].send(Message::text("hi")).await?;
    clients[0].next().await.ok_or("the server has closed")??;
    Ok(started.elapsed().as_secs_f64())
}

/// Writes a template and the one file of its function, and returns their folder.
fn project(name: &str, runtime: &str, file: &str, text: &str) -> Result<PathBuf, Error> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("languages").join(name);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("template.yaml"), TEMPLATE.replace("RUNTIME", runtime))?;
    fs::write(folder.join("src").join(file), text)?;
    Ok(folder)
}

/// The folder of the baselines.
fn installed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("runtimes")
}

/// Whether a baseline is there; if not, that is said.
fn has(name: &str, path: &str) -> bool {
    let found = installed().join(path).exists();
    if !found {
        println!("left out: {name} is not installed in {}", installed().display());
    }
    found
}

/// AWS's client for Node.js, as an executable that runs the same handler.
fn aws_node() -> Result<Option<Side>, Error> {
    let client = "node_modules/aws-lambda-ric/bin/index.mjs";
    has("aws-lambda-ric", client)
        .then(|| {
            bootstrap("aws_node", "app.js", NODE, &format!("node {} app.handler", installed().join(client).display()))
        })
        .transpose()
}

fn aws_python() -> Result<Option<Side>, Error> {
    has("awslambdaric", "bin/python")
        .then(|| {
            let command = format!("{} -m awslambdaric app.handler", installed().join("bin/python").display());
            bootstrap("aws_python", "app.py", PYTHON, &command)
        })
        .transpose()
}

fn bootstrap(name: &str, file: &str, text: &str, command: &str) -> Result<Side, Error> {
    let folder = project(name, "provided.al2023", file, text)?;
    let path = folder.join("src/bootstrap");
    fs::write(&path, format!("#!/bin/sh\nexec {command}\n"))?;
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755))?;
    Ok(Side::Gateway(folder.join("template.yaml")))
}

fn offline(folder: &Path, in_process: bool) -> Option<Side> {
    has("serverless-offline", "node_modules/serverless-offline")
        .then(|| Side::Offline { folder: folder.to_owned(), in_process })
}

//! What every test starts from: a gateway, a client, a look into the table.

mod authorizer;
mod client;
mod gate;
mod generated;
mod keys;
mod own_api;
mod own_project;
mod program;
mod section;
mod table;
mod time_limit;

use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use websocket_gateway::{Gateway, Invocation, Invocations, Options};

pub(crate) use authorizer::{SECRET, authorized_example, authorizer_event, example_with};
pub(crate) use client::{Client, Refused};
pub(crate) use gate::Gate;
pub(crate) use generated::assert_is_up_to_date;
pub(crate) use keys::Keys;
pub(crate) use own_api::OwnApi;
pub(crate) use own_project::OwnProject;
pub(crate) use program::{as_from_a_shell, end, gateway, pid, serving, signal};
pub(crate) use section::{SECTIONS, Section};
pub(crate) use table::Table;
pub(crate) use time_limit::{in_time, try_in_time};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn options(template: &str) -> Options {
    Options { template: root().join(template), port: 0, ..Options::default() }
}

/// The first one builds the functions, which takes as long as it takes.
pub(crate) async fn start(options: Options) -> Gateway {
    Gateway::start(options).await.unwrap()
}

/// The example API.
pub(crate) async fn example() -> Gateway {
    start(options("template.yaml")).await
}

/// The API whose every route is the probe.
pub(crate) async fn probe() -> Gateway {
    start(options("tests/templates/probe.yaml")).await
}

/// Waits until an invocation of a route has ended.
pub(crate) async fn ended(invocations: &mut Invocations, route_key: &str) -> Invocation {
    in_time(route_key, invocations.next_of(route_key)).await.unwrap()
}

/// An HTTP GET with extra header lines: the status and the head of the answer in lower case.
pub(crate) async fn get(url: &str, headers: &str) -> (u16, String) {
    http(url, "GET", headers, "").await
}

/// An HTTP request with a body: the status.
pub(crate) async fn post(url: &str, method: &str, body: &str) -> u16 {
    http(url, method, &format!("content-length: {}\r\n", body.len()), body).await.0
}

/// An HTTP request: the status and the head of the answer in lower case.
pub(crate) async fn http(url: &str, method: &str, headers: &str, body: &str) -> (u16, String) {
    let address_and_path = url.split_once("://").unwrap().1;
    let (address, path) = address_and_path.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} /{path} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n{body}");
    in_time("sending a request", stream.write_all(request.as_bytes())).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(in_time("the answer", stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head)
}

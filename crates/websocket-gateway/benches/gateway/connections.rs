//! Many idle connections: how fast they open and close, how much of the gateway's memory each takes, and whether the application's table has
//! a row for each of them, and none afterwards.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use http::Uri;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Error;
use crate::files;
use crate::goals::Goals;
use crate::round_trips;
use crate::server::{Server, free_port};
use crate::table::Table;

/// The example: `$connect` writes a row, `$disconnect` removes it.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");

/// How many connections there should be.
const ASKED: usize = 20_000;

/// How much of the gateway's memory a connection may take at most.
const KIB_EACH: f64 = 8.0;

/// How many handshakes, or closes, are under way at once.
const AT_ONCE: usize = 32;

/// The connections that are opened and closed before the measurement. They start the functions' processes and fill reusable buffers.
const WARM_UP: usize = 640;

/// How many addresses the clients have.
const CLIENT_ADDRESSES: usize = 16;

/// How long to wait for the last `$disconnect`, and how often to look for it.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);

type Client = WebSocketStream<TcpStream>;

pub(crate) async fn run(goals: &mut Goals) -> Result<(), Error> {
    files::allow_as_many_as_possible();
    println!(
        "{:>11} {:>13} {:>9} {:>6} {:>10} {:>8} {:>8} {:>7} {:>9} {:>10}",
        "connections",
        "",
        "connect/s",
        "rows",
        "KiB before",
        "KiB with",
        "KiB each",
        "close/s",
        "rows left",
        "KiB after"
    );
    let port = free_port()?.to_string();
    let server = Server::gateway_with(EXAMPLE, &["--dynamodb-port", &port])?;
    let table = Table::at(&format!("http://127.0.0.1:{port}")).await?;
    measure(goals, "with $connect", &server, Some(&table)).await?;
    drop(server);
    measure(goals, "no $connect", &Server::gateway(round_trips::TEMPLATE)?, None).await
}

async fn measure(goals: &mut Goals, name: &str, server: &Server, table: Option<&Table>) -> Result<(), Error> {
    let process = server.process();
    close(open(&server.line, WARM_UP).await?).await?;
    nothing_left(table).await?;
    let count = files::connections_possible(ASKED);
    let before = process.resident();

    let (clients, connecting) = timed(open(&server.line, count)).await?;
    // Counting the rows takes memory too, so it comes later.
    let with_all = process.resident();
    let rows = count_rows(table).await?;

    let closing = async {
        close(clients).await?;
        nothing_left(table).await
    };
    let ((), closing) = timed(closing).await?;
    let (rows_left, after) = (count_rows(table).await?, process.resident());

    let rate = |took: Duration| count as f64 / took.as_secs_f64();
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    let each = kib(with_all.saturating_sub(before)) / count as f64;
    println!(
        "{count:>11} {name:>13} {:>9.0} {rows:>6} {:>10.0} {:>8.0} {each:>8.2} {:>7.0} {rows_left:>9} {:>10.0}",
        rate(connecting),
        kib(before),
        kib(with_all),
        rate(closing),
        kib(after),
    );
    goals.at_least(&format!("connections, {name}"), count as f64, ASKED as f64);
    goals.at_most(&format!("KiB for a connection, {name}"), each, KIB_EACH);
    if table.is_some() {
        goals.holds("every connection has a row", rows == count.to_string());
        goals.holds("no row is left", rows_left == "0");
    }
    Ok(())
}

async fn timed<T>(work: impl Future<Output = Result<T, Error>>) -> Result<(T, Duration), Error> {
    let started = Instant::now();
    Ok((work.await?, started.elapsed()))
}

async fn open(url: &str, count: usize) -> Result<Vec<Client>, Error> {
    let url: Uri = url.parse()?;
    stream::iter(0..count).map(|index| connect(&url, index)).buffer_unordered(AT_ONCE).try_collect().await
}

/// Connects from one of several addresses of this machine. Linux has some 28,000 ports for each address, and when most are taken, finding a
/// free one takes longer than everything else together.
async fn connect(url: &Uri, index: usize) -> Result<Client, Error> {
    let last = u8::try_from(index % CLIENT_ADDRESSES)? + 1;
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, 1, last), 0).into())?;
    let address = url.authority().ok_or("no address in the URL")?.as_str().parse()?;
    // Thousands of clients have to fit into the machine beside the gateway.
    let buffers = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
    Ok(client_async_with_config(url, socket.connect(address).await?, Some(buffers)).await?.0)
}

/// Closes in good order: waits for the gateway's close frame.
async fn close(clients: Vec<Client>) -> Result<(), Error> {
    stream::iter(clients)
        .map(|mut client| async move {
            client.close(None).await?;
            while let Some(frame) = client.next().await {
                frame?;
            }
            Ok(())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Returns the number of rows as text, which is empty without a table.
async fn count_rows(table: Option<&Table>) -> Result<String, Error> {
    match table {
        Some(table) => Ok(table.rows().await?.to_string()),
        None => Ok(String::new()),
    }
}

/// Waits until every `$disconnect` has removed its row.
async fn nothing_left(table: Option<&Table>) -> Result<(), Error> {
    let Some(table) = table else { return Ok(()) };
    let looking = async {
        while !table.is_empty().await? {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, looking).await?
}

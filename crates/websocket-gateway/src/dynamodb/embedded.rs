use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How often expired rows are removed. DynamoDB itself promises to remove them within a few days.
const SWEEP: Duration = Duration::from_secs(60);

/// An embedded DynamoDB that listens on a port of its own. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Embedded {
    url: String,
    /// The thread ends when this is dropped.
    stop: Option<DropGuard>,
    thread: Option<JoinHandle<()>>,
}

/// Why the embedded DynamoDB can't be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    #[error("the embedded DynamoDB can't be opened: {0}")]
    Open(String),
    #[error("the embedded DynamoDB can't be started: {0}")]
    Start(#[from] io::Error),
    #[error("the embedded DynamoDB can't listen at {address}: {source}; choose another port with --dynamodb-port")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the directory {} can't be created: {source}; choose another one with --data-dir", .directory.display())]
    Directory { directory: PathBuf, source: io::Error },
}

impl Embedded {
    /// Starts it with its data in memory, or in a file in `data_dir`. It listens on a free port that only the gateway knows.
    pub(crate) fn start(data_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let database = open(data_dir)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        // It runs SQLite on the thread of the caller, so it must not share a thread with connections that wait for it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || runtime.block_on(serve(listener, database, stopped)))?;
        Ok(Self { url, stop: Some(stop.drop_guard()), thread: Some(thread) })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If the thread has panicked, the panic has been printed already.
            drop(thread.join());
        }
    }
}

fn open(data_dir: Option<&Path>) -> Result<Database, EmbeddedError> {
    let Some(data_dir) = data_dir else {
        return Database::memory().map_err(|error| EmbeddedError::Open(error.to_string()));
    };
    std::fs::create_dir_all(data_dir)
        .map_err(|source| EmbeddedError::Directory { directory: data_dir.to_owned(), source })?;
    let file = data_dir.join("dynamodb.sqlite");
    let describe = |error| EmbeddedError::Open(format!("{}: {error}", file.display()));
    Database::new(&file.to_string_lossy()).map_err(|error| describe(error.to_string()))
}

async fn serve(listener: std::net::TcpListener, database: Database, stop: CancellationToken) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("the embedded DynamoDB can't be started: {error}"),
    };
    let served = dynoxide::server::serve_with_shutdown(listener, database.clone(), stop.clone().cancelled_owned());
    tokio::select! {
        served = served => if let Err(error) = served {
            tracing::error!("the embedded DynamoDB has stopped: {error}");
        },
        () = sweep(&database) => {}
        // Without this, a function's idle connections would keep the server running.
        () = stop.cancelled() => {}
    }
}

/// Removes expired rows, which the database does not do by itself.
async fn sweep(database: &Database) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = database.sweep_ttl() {
            tracing::warn!("the embedded DynamoDB can't remove expired rows: {error}");
        }
    }
}

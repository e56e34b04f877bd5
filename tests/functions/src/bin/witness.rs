//! `$connect` and `$disconnect` that bear witness: each connection's beginning and end is a row of the table, as in the example, and also a
//! line of the file that `JOURNAL` names. The lines are `accepted ID TAG`, `refused ID TAG` (the store has failed) and `disconnected ID`; a
//! client chooses its tag in the query string.

use std::fs::OpenOptions;
use std::io::{self, Write};

use lambda_websocket::{Accept, Channel, Connect, Disconnect, Error, Registry, Routes};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let registry = Registry::from_env()?;
    let journal = std::env::var("JOURNAL")?;
    let channel: Channel = "lobby".parse()?;
    Routes::new()
        .connect(async |event: Connect| {
            let stored = registry.add(&event, &channel).await;
            let verdict = if stored.is_ok() { "accepted" } else { "refused" };
            note(&journal, &format!("{verdict} {} {}\n", event.id(), event.query("tag").unwrap_or("-")))?;
            stored?;
            Ok(Accept::new())
        })
        .disconnect(async |event: Disconnect| {
            // First, so that a store that fails does not hide that this has run.
            note(&journal, &format!("disconnected {}\n", event.id()))?;
            registry.remove(event.id()).await?;
            Ok(())
        })
        .run()
        .await
}

/// One write to the end of the file, so that lines of several processes don't mix.
fn note(journal: &str, line: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(journal)?.write_all(line.as_bytes())
}

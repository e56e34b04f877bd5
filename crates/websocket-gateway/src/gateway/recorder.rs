//! Keeping every event of a route as a file that can be replayed. Secrets in the handshake are masked.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

use crate::happenings::{HappeningSender, Happenings, Level, What};
use crate::secrets;

/// A directory of recorded events.
#[derive(Debug)]
pub(super) struct Recorder {
    directory: PathBuf,
    next: u64,
}

impl Recorder {
    /// Continues after the files that are there already.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut last = 0_u64;
        for entry in fs::read_dir(directory)? {
            last = last.max(number(&entry?.path()).unwrap_or(0));
        }
        Ok(Self { directory: directory.to_owned(), next: last.saturating_add(1) })
    }

    /// Writes a file for each event until the gateway stops. The files' names sort in the order of the events.
    pub(super) async fn run(mut self, mut happenings: Happenings, sender: HappeningSender) {
        while let Some(happening) = happenings.next().await {
            let written = match &happening.what {
                What::Event { route_key, event, .. } => self.record(route_key, event.clone()).await,
                What::Missed { count } => Err(format!("{count} events came faster than their files could be written")),
                _ => Ok(()),
            };
            if let Err(why) = written {
                sender.tell(Level::Error, || What::NotRecorded { why });
            }
        }
    }

    async fn record(&mut self, route_key: &str, event: Bytes) -> Result<(), String> {
        let path = self.directory.join(format!("{:06}.{}.json", self.next, file_name(route_key)));
        self.next = self.next.saturating_add(1);
        let shown = path.display().to_string();
        let written = tokio::task::spawn_blocking(move || write(&path, &event)).await;
        written
            .map_err(|_| "the writer panicked".to_owned())
            .and_then(|written| written.map_err(|error| format!("{shown}: {error}")))
    }
}

fn write(path: &Path, event: &[u8]) -> io::Result<()> {
    let mut event: Value = serde_json::from_slice(event)?;
    secrets::mask(&mut event);
    let mut text = serde_json::to_string_pretty(&event)?;
    text.push('\n');
    // An existing file is never overwritten.
    File::create_new(path)?.write_all(text.as_bytes())
}

/// The number at the beginning of a recorded file's name.
fn number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.split_once('.')?.0.parse().ok()
}

/// The route key as a part of a file name. A route key may have any characters.
fn file_name(route_key: &str) -> String {
    let name = route_key.trim_start_matches('$').chars();
    name.map(|character| if character.is_ascii_alphanumeric() || "-_".contains(character) { character } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_key_gives_a_valid_file_name() {
        assert_eq!(file_name("$connect"), "connect");
        assert_eq!(file_name("orders/../new"), "orders____new");
        assert_eq!(number(Path::new("events/000012.connect.json")), Some(12));
        assert_eq!(number(Path::new("events/hello.json")), None);
    }
}

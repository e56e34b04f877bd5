//! Messages that the page offers: those of the sample events beside the template.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How many files are read, and how large one may be in bytes.
const MOST: usize = 100;
const MOST_BYTES: u64 = 256 * 1024;

/// The message of a sample event.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sample {
    /// The file's name without `.json`.
    name: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    event_type: String,
}

/// The messages in a folder, by their names. What is not there, or can't be read as an event, is left out: the page only offers fewer.
pub(super) async fn read(folder: PathBuf) -> Vec<Sample> {
    tokio::task::spawn_blocking(move || read_now(&folder)).await.unwrap_or_default()
}

fn read_now(folder: &Path) -> Vec<Sample> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.truncate(MOST);
    files.iter().filter_map(|path| sample(path)).collect()
}

fn sample(path: &Path) -> Option<Sample> {
    let file = fs::metadata(path).ok()?;
    let event = fs::read(path).ok().filter(|_| file.is_file() && file.len() <= MOST_BYTES)?;
    let event: Event = serde_json::from_slice(&event).ok()?;
    let message = event.body.filter(|_| event.request_context.event_type == "MESSAGE")?;
    Some(Sample { name: path.file_stem()?.to_string_lossy().into_owned(), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_messages_are_offered() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/starter/template/events"));
        let names: Vec<_> = read_now(folder).into_iter().map(|sample| sample.name).collect();
        assert_eq!(names, ["default"]);
        assert_eq!(read_now(Path::new("no such folder")), []);
    }
}

//! Looks again and again. On macOS the other ways are worse: a program that uses `FSEvents` can only be linked with Apple's SDK, and kqueue says
//! nothing about the files in a directory. Each of them would have to be kept open, and notify opens everything beneath a directory, such as
//! `node_modules`, as soon as a file is created beside it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::WatchError;

/// How long a change waits until it is seen.
const PAUSE: Duration = Duration::from_millis(500);

/// How many times longer than a look the pause after it is at least, so that watching many files does not keep a CPU busy.
const PAUSE_PER_LOOK: u32 = 20;

/// Changes are told as long as this lives.
#[derive(Debug)]
pub(in crate::gateway) struct Watch {
    seen: Arc<Mutex<Seen>>,
    /// The thread ends when this is dropped.
    _until: Sender<()>,
}

impl Watch {
    /// Tells `changed` of every path that changes. Nothing is watched yet.
    pub(in crate::gateway) fn new(changed: impl Fn(PathBuf) + Send + 'static) -> Result<Self, WatchError> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (_until, dropped) = mpsc::channel();
        let watched = Arc::clone(&seen);
        let run = move || keep_looking(&watched, &dropped, changed);
        thread::Builder::new().name("watch".to_owned()).spawn(run).map_err(WatchError)?;
        Ok(Self { seen, _until })
    }

    /// Watches these directories, if they are there, and no others.
    pub(in crate::gateway) fn follow(
        &mut self,
        directories: impl IntoIterator<Item = PathBuf>,
    ) -> Result<(), WatchError> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).follow(directories);
        Ok(())
    }
}

fn keep_looking(seen: &Mutex<Seen>, dropped: &Receiver<()>, changed: impl Fn(PathBuf)) {
    let mut pause = PAUSE;
    while dropped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let began = Instant::now();
        let paths = seen.lock().unwrap_or_else(PoisonError::into_inner).look();
        pause = PAUSE.max(began.elapsed() * PAUSE_PER_LOOK);
        paths.into_iter().for_each(&changed);
    }
}

/// The directories, with what was in them at the last look.
#[derive(Debug, Default)]
struct Seen(BTreeMap<PathBuf, Entries>);

type Entries = BTreeMap<OsString, State>;

/// What differs after a change.
#[derive(Debug, PartialEq)]
enum State {
    Folder,
    File { modified: Option<SystemTime>, size: u64, inode: u64 },
}

impl Seen {
    fn follow(&mut self, directories: impl IntoIterator<Item = PathBuf>) {
        let mut before = std::mem::take(&mut self.0);
        let with_entries = |directory: PathBuf| {
            // What has changed since the last look is still to be told.
            let entries = before.remove(&directory).unwrap_or_else(|| entries(&directory));
            (directory, entries)
        };
        self.0 = directories.into_iter().map(with_entries).collect();
    }

    /// What has changed since the last look.
    fn look(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (directory, before) in &mut self.0 {
            let now = entries(directory);
            let differ = now.iter().filter(|(name, state)| before.get(*name) != Some(*state)).map(|(name, _)| name);
            let gone = before.keys().filter(|name| !now.contains_key(*name));
            changed.extend(differ.chain(gone).map(|name| directory.join(name)));
            *before = now;
        }
        changed
    }
}

/// What is in a directory; nothing if it can't be read. A link is what it leads to.
fn entries(directory: &Path) -> Entries {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name(), state(&entry.path())?))).collect()
}

fn state(path: &Path) -> Option<State> {
    let found = fs::metadata(path).ok()?;
    Some(if found.is_dir() {
        State::Folder
    } else {
        State::File { modified: found.modified().ok(), size: found.len(), inode: found.ino() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let name = format!("websocket-gateway.polled.{test}.{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            path
        }

        fn seen(&self) -> Seen {
            let mut seen = Seen::default();
            seen.follow([self.0.clone()]);
            assert!(seen.look().is_empty());
            seen
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_that_come_change_and_go_are_seen_once() {
        let folder = Folder::new("once");
        let file = folder.write("a.js", "one");
        let mut seen = folder.seen();
        let new = folder.write("b.js", "");
        assert_eq!(seen.look(), [new]);
        folder.write("a.js", "three");
        assert_eq!(seen.look(), std::slice::from_ref(&file));
        fs::remove_file(&file).unwrap();
        assert_eq!(seen.look(), [file]);
        assert!(seen.look().is_empty());
    }

    #[test]
    fn a_file_of_the_same_size_is_another_if_it_is_older_or_has_taken_its_place() {
        let folder = Folder::new("same");
        let file = folder.write("a.js", "one");
        let time = fs::metadata(&file).unwrap().modified().unwrap();
        let set_time =
            |path: &Path, time| fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        let mut seen = folder.seen();

        set_time(&file, time - Duration::from_secs(3600));
        assert_eq!(seen.look(), std::slice::from_ref(&file));

        let other = folder.write("a.js.new", "two");
        set_time(&other, time - Duration::from_secs(3600));
        fs::rename(&other, &file).unwrap();
        assert_eq!(seen.look(), [file]);
    }

    #[test]
    fn a_new_folder_is_seen_and_what_is_in_it_only_if_it_is_watched() {
        let folder = Folder::new("folders");
        let mut seen = folder.seen();
        let (inner, inner_folder) = (Folder(folder.0.join("node_modules")), folder.0.join("node_modules"));
        fs::create_dir(&inner_folder).unwrap();
        assert_eq!(seen.look(), std::slice::from_ref(&inner_folder));
        inner.write("a.js", "");
        assert!(seen.look().is_empty());

        seen.follow([folder.0.clone(), inner_folder.clone()]);
        assert!(seen.look().is_empty());
        let file = inner.write("a.js", "changed");
        // What is still to be told is not forgotten.
        seen.follow([inner_folder]);
        assert_eq!(seen.look(), [file]);
    }

    #[test]
    fn changes_are_told_until_it_is_dropped() {
        let folder = Folder::new("told");
        let (sender, told) = mpsc::channel();
        let mut watch = Watch::new(move |path| sender.send(path).unwrap()).unwrap();
        watch.follow([folder.0.clone()]).unwrap();
        let file = folder.write("a.js", "");
        assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok(file));
        drop(watch);
        assert_eq!(told.recv_timeout(Duration::from_secs(60)), Err(RecvTimeoutError::Disconnected));
    }
}

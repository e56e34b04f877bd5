//! What the gateway and the functions have told, line by line.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;

/// What is known so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Where clients connect, once the gateway serves.
    pub(crate) url: Option<String>,
    /// The gateway's process has.
    pub(crate) has_ended: bool,
    /// By a broadcast's text.
    pub(crate) broadcasts: HashMap<String, Told>,
    /// The texts of broadcasts by their ids in the log. Every job has both.
    texts: HashMap<String, String>,
    /// The parts whose broadcast is not known yet, because the gateway tells of a job when it is over.
    parts: Vec<Value>,
    /// What should not happen.
    pub(crate) troubles: Vec<String>,
}

/// What is known of one broadcast.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) sent: usize,
    pub(crate) gone: usize,
    pub(crate) expired: usize,
    pub(crate) failed: usize,
    /// The slices, from and to, whose workers were killed, as often as they were.
    pub(crate) killed: Vec<(String, String)>,
}

impl Log {
    /// Reads until the gateway ends.
    pub(crate) fn follow(&self, output: impl BufRead) {
        for line in output.lines().map_while(Result::ok) {
            let Ok(happening) = serde_json::from_str::<Value>(&line) else { continue };
            self.state().take(&happening);
            self.changed.notify_one();
        }
        self.state().has_ended = true;
        self.changed.notify_one();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to be told.
    pub(crate) async fn until(&self, holds: impl Fn(&State) -> bool) {
        while !holds(&self.state()) {
            self.changed.notified().await;
        }
    }
}

impl State {
    fn take(&mut self, happening: &Value) {
        let text = |name: &str| happening[name].as_str().unwrap_or_default();
        match text("what") {
            "serving" => self.url = Some(text("url").to_owned()),
            // Whom the loops leave out is counted elsewhere.
            _ if text("function").starts_with("Loop") => {}
            "output" => {
                if let Ok(line) = serde_json::from_str::<Value>(text("line")) {
                    self.take_line(line);
                }
            }
            "batch" => self.take_batch(happening),
            // Workers are killed on purpose, and if one had a job, its batch tells of it.
            "idleExit" => {}
            _ if matches!(text("level"), "error" | "warning") => self.troubles.push(text("text").to_owned()),
            _ => {}
        }
    }

    fn take_line(&mut self, mut line: Value) {
        let level = line["level"].take();
        let fields = line["fields"].take();
        if fields["message"] == "a part of a broadcast" {
            self.parts.push(fields);
            self.add_parts();
        } else if level == "WARN" || level == "ERROR" {
            self.troubles.push(fields.to_string());
        }
    }

    /// One job, which a worker has done or not.
    fn take_batch(&mut self, happening: &Value) {
        let records = happening["event"]["Records"].as_array().into_iter().flatten();
        let jobs = records.filter_map(|record| serde_json::from_str::<Value>(record["body"].as_str()?).ok());
        for job in jobs {
            let text = |pointer: &str| job.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let broadcast = text("/announcement/text");
            self.texts.insert(text("/announcement/id"), broadcast.clone());
            if happening["error"].is_string() {
                let slice = (text("/to/slice/from"), text("/to/slice/to"));
                self.broadcasts.entry(broadcast).or_default().killed.push(slice);
            }
        }
        self.add_parts();
    }

    fn add_parts(&mut self) {
        let Self { broadcasts, texts, parts, .. } = self;
        parts.retain(|part| {
            let Some(text) = part["broadcast"].as_str().and_then(|id| texts.get(id)) else { return true };
            let told = broadcasts.entry(text.clone()).or_default();
            let number = |name: &str| part[name].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
            told.sent += number("sent");
            told.gone += number("gone");
            told.expired += number("expired");
            told.failed += number("failed");
            false
        });
    }
}

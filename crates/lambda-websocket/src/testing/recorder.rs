use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::wire::{self, Call};
use crate::connections::Connections;

/// An `@connections` API that remembers what is posted and closed, and answers as a test says. Without a word from the test, every connection
/// is open.
///
/// Posts to it are made by the AWS SDK, which talks to the recorder instead of the network: limits, errors and broadcasts are the real ones.
/// Only the retries after `Throttled` and `Failed` are left out, so that no test waits for them. A clone records to the same place.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use lambda_websocket::testing::{Answer, Recorder};
/// use lambda_websocket::{PostError, Text};
///
/// let api = Recorder::new();
/// api.answer("Bob=", Answer::Gone);
/// let connections = api.connections();
/// assert!(!connections.post(&"Amy=".parse()?, &Text::from("hello")).await?.is_gone());
/// assert!(connections.post(&"Bob=".parse()?, &Text::from("hello")).await?.is_gone());
/// assert_eq!(api.posts(), [("Amy=", "hello")]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Recorder {
    state: Arc<Mutex<State>>,
    connections: Connections,
}

/// How a [`Recorder`] answers calls about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The connection is open, as every connection is at first.
    Open,
    /// 410: the connection is closed, or not open yet.
    Gone,
    /// 429: [`PostError::Throttled`](crate::PostError::Throttled).
    Throttled,
    /// 403: [`PostError::Forbidden`](crate::PostError::Forbidden).
    Forbidden,
    /// 500: [`PostError::Failed`](crate::PostError::Failed).
    Failed,
}

/// A message that was posted to an open connection. It equals a pair of texts: `("Amy=", "hello")`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Post {
    /// The connection's id.
    pub to: String,
    /// What its client gets.
    pub text: String,
}

impl PartialEq<(&str, &str)> for Post {
    fn eq(&self, (to, text): &(&str, &str)) -> bool {
        self.to == *to && self.text == *text
    }
}

#[derive(Default)]
struct State {
    answers: HashMap<String, Answer>,
    posts: Vec<Post>,
    closed: Vec<String>,
}

impl Recorder {
    /// Nothing is recorded yet, and every connection is open.
    #[must_use]
    pub fn new() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let recorded = Arc::clone(&state);
        let connections = wire::connections(move |call| lock(&recorded).answer(call));
        Self { state, connections }
    }

    /// The `@connections` API that is recorded, for code that is handed one. Events get it with [`TestEvent::on`](super::TestEvent::on).
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// From now on, calls about this connection get this answer.
    pub fn answer(&self, id: impl AsRef<str>, answer: Answer) {
        lock(&self.state).answers.insert(id.as_ref().to_owned(), answer);
    }

    /// What was posted to open connections, in this order. A broadcast promises no order.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        lock(&self.state).posts.clone()
    }

    /// What the client of one connection got.
    #[must_use]
    pub fn posts_to(&self, id: impl AsRef<str>) -> Vec<String> {
        let posts = self.posts().into_iter().filter(|post| post.to == id.as_ref());
        posts.map(|post| post.text).collect()
    }

    /// The ids of the connections that were closed, in this order. They are gone after that.
    #[must_use]
    pub fn closed(&self) -> Vec<String> {
        lock(&self.state).closed.clone()
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Recorder").field("posts", &state.posts).field("closed", &state.closed).finish_non_exhaustive()
    }
}

/// A test that panicked elsewhere still wants to see what was posted.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, call: Call) -> Answer {
        let answer = self.answers.get(call.id()).copied().unwrap_or(Answer::Open);
        if answer == Answer::Open {
            match call {
                Call::Post { to, text } => self.posts.push(Post { to, text }),
                Call::Get { .. } => {}
                Call::Close { id } => {
                    self.answers.insert(id.clone(), Answer::Gone);
                    self.closed.push(id);
                }
            }
        }
        answer
    }
}

//! Plays `@connections` as an account on AWS has it: a post takes its time, all of them together share a rate, some connections are gone, and
//! some clients don't read.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use benchmarks::keep_alive::{Request, serve};
use benchmarks::random::Random;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::members::Members;

/// What comes before a connection's id.
pub(crate) const PATH: &str = "/prod/@connections/";

/// `@connections`, and everything that was sent through it.
#[derive(Debug)]
pub(crate) struct Account {
    rate: f64,
    /// How many requests it has left, and when that was.
    tokens: Mutex<(f64, Instant)>,
    random: Mutex<Random>,
    broadcasts: RwLock<Vec<Arc<Broadcast>>>,
}

/// One message to a channel.
#[derive(Debug)]
pub(crate) struct Broadcast {
    /// What clients receive: its number.
    pub(crate) text: String,
    pub(crate) members: Members,
    /// Whether some clients don't read.
    has_slow: bool,
    /// How often each member has got it.
    got: Vec<AtomicU8>,
    /// How many have not got it that should.
    left: AtomicUsize,
    first: OnceLock<Instant>,
    last: OnceLock<Instant>,
    reached_all: Notify,
    /// Posts that were refused because the account was throttled.
    pub(crate) throttled: AtomicUsize,
}

impl Account {
    /// Serves so many requests a second, and half a second's of them at once. That is the ratio of AWS's quota, 10,000 and 5,000.
    pub(crate) fn serve(rate: u32, seed: u64) -> io::Result<(Arc<Self>, SocketAddr)> {
        let rate = f64::from(rate);
        let account = Arc::new(Self {
            rate,
            tokens: Mutex::new((rate / 2.0, Instant::now())),
            random: Mutex::new(Random::of(seed)),
            broadcasts: RwLock::default(),
        });
        let served = Arc::clone(&account);
        let address = serve(async move |request: Request<'_>, response: &mut Vec<u8>| {
            let (status, error) = match served.post(request).await {
                Answer::Sent => ("200 OK", ""),
                Answer::Gone => ("410 Gone", "x-amzn-errortype: GoneException\r\n"),
                Answer::Throttled => ("429 Too Many Requests", "x-amzn-errortype: LimitExceededException\r\n"),
            };
            // Writing to memory does not fail.
            let _ = write!(response, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n{error}\r\n");
        })?;
        Ok((account, address))
    }

    /// The next message to a channel.
    pub(crate) fn announce(&self, members: Members, has_slow: bool) -> Arc<Broadcast> {
        let mut broadcasts = self.broadcasts.write().unwrap_or_else(PoisonError::into_inner);
        let broadcast = Arc::new(Broadcast::new(broadcasts.len(), members, has_slow));
        broadcasts.push(Arc::clone(&broadcast));
        broadcast
    }

    async fn post(&self, request: Request<'_>) -> Answer {
        let has_token = self.take_token();
        sleep(self.latency()).await;
        let broadcast = self.broadcast_of(request.body);
        match broadcast {
            Some(broadcast) if has_token => broadcast.post(number_in(request.line())),
            Some(broadcast) => {
                broadcast.throttled.fetch_add(1, Relaxed);
                Answer::Throttled
            }
            // The other sender's.
            None if has_token => Answer::Sent,
            None => Answer::Throttled,
        }
    }

    fn take_token(&self) -> bool {
        let mut bucket = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *bucket;
        let tokens = (tokens + since.elapsed().as_secs_f64() * self.rate).min(self.rate / 2.0);
        let has_one = tokens >= 1.0;
        *bucket = (if has_one { tokens - 1.0 } else { tokens }, Instant::now());
        has_one
    }

    /// From 5 to 20 ms; one of a hundred takes 200 ms.
    fn latency(&self) -> Duration {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(if random.below(100) == 0 { 200 } else { 5 + random.below(16) })
    }

    fn broadcast_of(&self, body: &[u8]) -> Option<Arc<Broadcast>> {
        let nth: usize = std::str::from_utf8(body).ok()?.parse().ok()?;
        self.broadcasts.read().unwrap_or_else(PoisonError::into_inner).get(nth).cloned()
    }
}

enum Answer {
    Sent,
    Gone,
    Throttled,
}

/// The number in the id that a request is about.
fn number_in(line: &str) -> Option<usize> {
    let (_, id) = line.split_once(PATH)?;
    id.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

impl Broadcast {
    fn new(nth: usize, members: Members, has_slow: bool) -> Self {
        let (first, last, reached_all, throttled) = Default::default();
        let got = (0..members.count).map(|_| AtomicU8::new(0)).collect();
        let broadcast = Self {
            text: nth.to_string(),
            members,
            has_slow,
            got,
            left: AtomicUsize::new(0),
            first,
            last,
            reached_all,
            throttled,
        };
        broadcast.left.store(broadcast.readers(), Relaxed);
        broadcast
    }

    fn is_slow(&self, nth: usize) -> bool {
        self.has_slow && self.members.does_not_read(nth)
    }

    fn reads(&self, nth: usize) -> bool {
        !self.members.is_gone(nth) && !self.is_slow(nth)
    }

    /// How many members stay and read.
    pub(crate) fn readers(&self) -> usize {
        (0..self.members.count).filter(|nth| self.reads(*nth)).count()
    }

    /// Who stays and does not read.
    pub(crate) fn slow(&self) -> impl Iterator<Item = usize> {
        (0..self.members.count).filter(|nth| self.is_slow(*nth))
    }

    fn post(&self, number: Option<usize>) -> Answer {
        let Some(nth) = number.and_then(|number| self.members.with(number)) else { return Answer::Gone };
        if self.is_slow(nth) {
            return Answer::Throttled;
        }
        if self.members.is_gone(nth) {
            return Answer::Gone;
        }
        // The sender hears it from the function itself, before all others.
        if nth != 0 {
            self.first.get_or_init(Instant::now);
        }
        if self.got[nth].fetch_add(1, Relaxed) == 0 && self.left.fetch_sub(1, Relaxed) == 1 {
            self.last.get_or_init(Instant::now);
            self.reached_all.notify_one();
        }
        Answer::Sent
    }

    /// Waits until all have got it who read, but no longer than this.
    pub(crate) async fn reached_all(&self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.reached_all.notified()).await;
    }

    /// When the first member beside the sender had it, and when the last.
    pub(crate) fn times(&self) -> (Option<Instant>, Option<Instant>) {
        (self.first.get().copied(), self.last.get().copied())
    }

    /// How many have not got it who stay and read.
    pub(crate) fn lost(&self) -> usize {
        self.left.load(Relaxed)
    }

    /// Who has got it more than once.
    pub(crate) fn twice(&self) -> impl Iterator<Item = usize> {
        (0..self.got.len()).filter(|nth| self.got[*nth].load(Relaxed) > 1)
    }

    /// How many posts were delivered in all.
    pub(crate) fn delivered(&self) -> usize {
        self.got.iter().map(|times| usize::from(times.load(Relaxed))).sum()
    }
}

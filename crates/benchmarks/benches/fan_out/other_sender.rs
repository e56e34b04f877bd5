//! Another sender of the same account, which posts at a steady rate meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use benchmarks::Error;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use crate::account::PATH;
use crate::http::Http;

/// How many posts a second each of its connections makes, a quarter of what it could. One that waits for a late answer makes up for it afterwards.
const OF_A_LANE: u32 = 16;

/// It posts until this is dropped.
#[derive(Debug)]
pub(crate) struct OtherSender {
    counts: Arc<Counts>,
    _lanes: JoinSet<Result<(), Error>>,
}

#[derive(Debug, Default)]
struct Counts {
    answers: AtomicUsize,
    throttled: AtomicUsize,
}

impl OtherSender {
    /// Starts to post so many times a second.
    pub(crate) fn start(account: SocketAddr, rate: u32) -> Self {
        let (counts, mut lanes) = (Arc::<Counts>::default(), JoinSet::new());
        let (turn, count) = (Duration::from_secs(1) / rate, rate.div_ceil(OF_A_LANE));
        for nth in 0..count {
            lanes.spawn(lane(account, Instant::now() + turn * nth, turn * count, Arc::clone(&counts)));
        }
        Self { counts, _lanes: lanes }
    }

    /// How many answers there were so far, and how many of them were 429s.
    pub(crate) fn counts(&self) -> [usize; 2] {
        [&self.counts.answers, &self.counts.throttled].map(|count| count.load(Relaxed))
    }
}

async fn lane(account: SocketAddr, start: Instant, every: Duration, counts: Arc<Counts>) -> Result<(), Error> {
    let (mut http, path) = (Http::connect(account).await?, format!("{PATH}other%3D"));
    let mut turns = interval_at(start, every);
    loop {
        turns.tick().await;
        let answer = http.post(&path, "", "other").await?;
        counts.answers.fetch_add(1, Relaxed);
        if answer.status == 429 {
            counts.throttled.fetch_add(1, Relaxed);
        }
    }
}

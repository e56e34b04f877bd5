//! Another sender of the same account, which posts at a steady rate meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use benchmarks::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use crate::account::PATH;

/// Its connections. One that waits for a late answer makes up for it afterwards.
const LANES: u32 = 32;

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
        let turn = Duration::from_secs(1) / rate;
        for nth in 0..LANES {
            lanes.spawn(lane(account, Instant::now() + turn * nth, turn * LANES, Arc::clone(&counts)));
        }
        Self { counts, _lanes: lanes }
    }

    /// How many answers there were so far, and how many of them were 429s.
    pub(crate) fn counts(&self) -> [usize; 2] {
        [&self.counts.answers, &self.counts.throttled].map(|count| count.load(Relaxed))
    }
}

async fn lane(account: SocketAddr, start: Instant, every: Duration, counts: Arc<Counts>) -> Result<(), Error> {
    let mut stream = TcpStream::connect(account).await?;
    stream.set_nodelay(true)?;
    let request = format!("POST {PATH}other%3D HTTP/1.1\r\nhost: account\r\ncontent-length: 5\r\n\r\nother");
    let (mut turns, mut answer) = (interval_at(start, every), Vec::new());
    loop {
        turns.tick().await;
        stream.write_all(request.as_bytes()).await?;
        answer.clear();
        // No answer has a body.
        while !answer.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the account has hung up".into());
            }
        }
        counts.answers.fetch_add(1, Relaxed);
        if answer.starts_with(b"HTTP/1.1 429") {
            counts.throttled.fetch_add(1, Relaxed);
        }
    }
}

//! Clients that ask at a steady pace and note how long each answer took.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::Error;
use crate::client::{Client, Heard};
use crate::figures::percentile;

/// An answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// When it was due to be asked for, from the beginning on.
    pub(crate) at: Duration,
    pub(crate) took: Duration,
    /// Whether it was an error frame.
    pub(crate) failed: bool,
}

/// Asks until it is told to stop. The time counts from the moment when a question was due: a question that had to wait for the answer before
/// it has waited, too. Otherwise one answer that takes seconds would count as one slow answer instead of many.
pub(crate) async fn ask(
    mut client: Client,
    text: &str,
    every: Duration,
    stop: &AtomicBool,
) -> Result<Vec<Sample>, Error> {
    let (start, mut samples, mut due) = (Instant::now(), Vec::new(), Instant::now());
    while !stop.load(Ordering::Relaxed) {
        due += every;
        sleep_until(due).await;
        let heard = client.ask(text.to_owned()).await?;
        if let Heard::End(why) = heard {
            return Err(why.into());
        }
        samples.push(Sample { at: due - start, took: due.elapsed(), failed: heard == Heard::Error });
    }
    client.close().await;
    Ok(samples)
}

/// A client on a thread of its own, so that it does not wait for the flood's clients.
#[derive(Debug)]
pub(crate) struct Quiet {
    stop: Arc<AtomicBool>,
    asking: JoinHandle<Result<Vec<Sample>, Error>>,
}

impl Quiet {
    pub(crate) fn start(url: String, text: String, every: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let asking = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let client = Client::connect(&url).await.map_err(|why| format!("the quiet client: {why:?}"))?;
                ask(client, &text, every, &stopping).await
            })
        });
        Self { stop, asking }
    }

    pub(crate) async fn finish(self) -> Result<Vec<Sample>, Error> {
        self.stop.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(|| self.asking.join()).await?;
        joined.map_err(|_| "the quiet client's thread has panicked")?
    }
}

/// The times that lie in this part of the run.
pub(crate) fn between(samples: &[Sample], from: Duration, to: Duration) -> Vec<Duration> {
    samples.iter().filter(|sample| (from..to).contains(&sample.at)).map(|sample| sample.took).collect()
}

/// The time that 99 of 100 answers did not exceed.
pub(crate) fn p99(samples: &[Sample]) -> Option<Duration> {
    percentile(&between(samples, Duration::ZERO, Duration::MAX), 99)
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn one_answer_that_hangs_delays_all_that_were_due_meanwhile() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        // The client ends after so many answers, however long they take.
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        tokio::spawn(async move {
            let mut socket = tokio_tungstenite::accept_async(listener.accept().await.unwrap().0).await.unwrap();
            let mut asked = 0;
            while let Some(Ok(message)) = socket.next().await {
                asked += 1;
                if asked == 3 {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                stopping.store(asked == 40, Ordering::Relaxed);
                let _ = socket.send(message).await;
            }
        });
        let client = Client::connect(&url).await.unwrap();
        let samples = ask(client, "hi", Duration::from_millis(10), &stop).await.unwrap();
        let late = samples.iter().filter(|sample| sample.took > Duration::from_millis(50)).count();
        assert!(late >= 10, "{late}");
    }
}

//! A proxy in front of the store, which spoils requests at times.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::plan::Mood;
use crate::Error;
use crate::client::reset;
use crate::http::Message;

const FAILED: &str =
    "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";

/// The proxy, until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    mood: watch::Sender<Mood>,
    seen: Arc<Mutex<Seen>>,
    serving: tokio::task::JoinHandle<()>,
}

/// What came by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: usize,
    pub(crate) spoilt: usize,
    /// The connections whose rows a spoilt request was about.
    pub(crate) about: HashSet<String>,
}

impl Proxy {
    pub(crate) async fn start(store: String) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (mood, moods) = watch::channel(Mood::Well);
        let seen = Arc::<Mutex<Seen>>::default();
        let all = Arc::clone(&seen);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (store, moods, seen) = (store.clone(), moods.clone(), Arc::clone(&all));
                // A connection that breaks is what the proxy is for.
                tokio::spawn(async move { serve(stream, &store, moods, &seen).await.ok() });
            }
        });
        Ok(Self { url, mood, seen, serving })
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    pub(crate) fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    mut client: TcpStream,
    store: &str,
    mut moods: watch::Receiver<Mood>,
    seen: &Mutex<Seen>,
) -> Result<(), Error> {
    let mut upstream = TcpStream::connect(store).await?;
    while let Some(request) = Message::read(&mut client).await? {
        let mood = *moods.borrow();
        {
            let mut seen = lock(seen);
            seen.requests += 1;
            if mood != Mood::Well {
                seen.spoilt += 1;
                seen.about.extend(connection(request.body()));
            }
        }
        match mood {
            Mood::Well => {}
            Mood::Refusing => {
                reset(&client);
                return Ok(());
            }
            Mood::Failing => {
                client.write_all(FAILED.as_bytes()).await?;
                continue;
            }
            Mood::Stalling => drop(moods.wait_for(|mood| *mood == Mood::Well).await?),
        }
        upstream.write_all(&request.bytes).await?;
        let answer = Message::read(&mut upstream).await?.ok_or("the store has hung up")?;
        client.write_all(&answer.bytes).await?;
    }
    Ok(())
}

/// The connection that a request is about, as the key or in the item.
fn connection(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let of = |part: &str| body[part]["connectionId"]["S"].as_str().map(str::to_owned);
    of("Key").or_else(|| of("Item"))
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_spoilt_request_is_remembered_with_its_connection() {
        let store = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(store.local_addr().unwrap().to_string()).await.unwrap();
        let address = proxy.url.trim_start_matches("http://").to_owned();
        let request = |id: &str| {
            let body = format!(r#"{{"Key":{{"connectionId":{{"S":"{id}"}}}}}}"#);
            format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        };
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

        let mut client = TcpStream::connect(&address).await.unwrap();
        let (mut upstream, _) = store.accept().await.unwrap();
        client.write_all(request("well").as_bytes()).await.unwrap();
        assert!(Message::read(&mut upstream).await.unwrap().is_some());
        upstream.write_all(answer).await.unwrap();
        assert_eq!(Message::read(&mut client).await.unwrap().unwrap().bytes, answer);

        proxy.be(Mood::Failing);
        client.write_all(request("failing").as_bytes()).await.unwrap();
        assert!(Message::read(&mut client).await.unwrap().unwrap().bytes.starts_with(b"HTTP/1.1 500"));
        proxy.be(Mood::Refusing);
        client.write_all(request("refused").as_bytes()).await.unwrap();
        assert!(Message::read(&mut client).await.is_err());

        let seen = proxy.seen();
        assert_eq!((seen.requests, seen.spoilt), (3, 2));
        assert_eq!(seen.about, ["failing", "refused"].map(str::to_owned).into());
    }
}

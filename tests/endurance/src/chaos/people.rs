//! The clients of the chaos. Each lives one life after another until the time is over.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::plan::{Burst, End, Life, life};
use crate::Error;
use crate::client::{Client, Heard, NotConnected, tcp};
use crate::conversation::{Conversation, Tally, message};
use crate::journal::Handshake;

/// How long a connection may be idle. Shorter than on AWS, so that silent clients are seen to end; longer than any message waits.
pub(crate) const IDLE: Duration = Duration::from_secs(15);

/// How long the gateway waits for the answer to its close frame, with something for a busy machine.
const AFTER_IDLE: Duration = Duration::from_secs(5);

/// What the clients have done and seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) handshakes: HashMap<String, Handshake>,
    /// Of the clients that stayed, and of those that left.
    pub(crate) stayed: Tally,
    pub(crate) left: Tally,
    /// Clients that wanted to stay, and lost the connection.
    pub(crate) lost: Vec<String>,
    /// How many connections ended in each way.
    pub(crate) ends: BTreeMap<End, usize>,
    pub(crate) statuses: BTreeMap<u16, usize>,
    pub(crate) stalls: usize,
}

/// Lets so many clients live until `end`. The tags of their connections begin with the name.
pub(crate) async fn live(url: &str, name: &str, seed: u64, clients: u64, end: Instant) -> Result<Seen, Error> {
    let mut all = JoinSet::new();
    for client in 0..clients {
        let (url, name) = (url.to_owned(), name.to_owned());
        all.spawn(async move {
            let mut seen = Seen::default();
            for number in 0.. {
                let life = life(seed, client, number);
                sleep(life.pause).await;
                if Instant::now() >= end {
                    break;
                }
                let tag = format!("{name}-{client}-{number}");
                let handshake = seen.live(&life, &url, &tag).await;
                seen.handshakes.insert(tag, handshake);
            }
            seen
        });
    }
    let mut seen = Seen::default();
    while let Some(one) = all.join_next().await {
        seen.add(one?);
    }
    Ok(seen)
}

impl Seen {
    async fn live(&mut self, life: &Life, url: &str, tag: &str) -> Handshake {
        let url = format!("{url}?tag={tag}");
        if !life.patient {
            return leave_early(&url).await;
        }
        let mut client = match Client::connect(&url).await {
            Ok(client) => client,
            Err(NotConnected::Refused(status)) => {
                *self.statuses.entry(status).or_default() += 1;
                return Handshake::Refused;
            }
            Err(NotConnected::Broken(error)) => {
                self.lost.push(format!("{tag}, while it connected: {error}"));
                return Handshake::Unknown;
            }
        };
        *self.ends.entry(life.end).or_default() += 1;
        let mut conversation = Conversation::default();
        let stays = life.end == End::Close;
        let (last, others) = life.bursts.split_last().map_or((None, &[][..]), |(last, others)| (Some(last), others));
        let mut connected = true;
        for burst in others {
            connected = connected && self.say(burst, &mut client, &mut conversation, tag).await;
        }
        if let Some(burst) = last.filter(|_| connected) {
            if stays {
                self.say(burst, &mut client, &mut conversation, tag).await;
            } else {
                // The client leaves while the functions work.
                let _ = send(burst, &mut client, &mut conversation).await;
            }
        }
        let tally = conversation.tally(stays);
        match life.end {
            End::Close => client.close().await,
            End::Reset => client.reset(),
            End::HangUp => drop(client),
            End::Silence => sleep(IDLE + AFTER_IDLE).await,
        }
        if stays {
            self.stayed += tally;
        } else {
            self.left += tally;
        }
        Handshake::Opened
    }

    /// Sends a burst and waits until everything has its answer; whether the client is still connected.
    async fn say(&mut self, burst: &Burst, client: &mut Client, conversation: &mut Conversation, tag: &str) -> bool {
        let mut end = send(burst, client, conversation).await.err().map(|error| error.to_string());
        if !burst.stall.is_zero() {
            self.stalls += 1;
            sleep(burst.stall).await;
        }
        while end.is_none() && conversation.outstanding() > 0 {
            match client.hear().await {
                Heard::End(why) => end = Some(why),
                heard => conversation.hear(&heard),
            }
        }
        let connected = end.is_none();
        self.lost.extend(end.map(|end| format!("{tag}: {end}")));
        connected
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.handshakes.extend(other.handshakes);
        self.stayed += other.stayed;
        self.left += other.left;
        self.lost.extend(other.lost);
        other.ends.into_iter().for_each(|(end, count)| *self.ends.entry(end).or_default() += count);
        other.statuses.into_iter().for_each(|(status, count)| *self.statuses.entry(status).or_default() += count);
        self.stalls += other.stalls;
    }
}

async fn send(burst: &Burst, client: &mut Client, conversation: &mut Conversation) -> Result<(), Error> {
    sleep(burst.pause).await;
    for order in &burst.orders {
        let (orders, expected, bytes) = order.spelt_out();
        let number = conversation.add(expected);
        client.send(message(number, orders, bytes)).await?;
    }
    Ok(())
}

/// Sends a whole handshake and hangs up before the answer.
async fn leave_early(url: &str) -> Handshake {
    let rest = url.trim_start_matches("ws://");
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let request = format!(
        "GET /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    if let Ok(mut stream) = tcp(address).await {
        let _ = stream.write_all(request.as_bytes()).await;
    }
    Handshake::Unknown
}

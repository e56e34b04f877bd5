//! `CONNECT`: the proxy of functions that are executables. Their SDKs may read no variable with an endpoint, but Go, curl and others read
//! `HTTPS_PROXY`. What they call of AWS that is here comes home; everything else goes on to where it is.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::select;
use http::header::PROXY_AUTHENTICATE;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::io::InspectReader;

use crate::clock::{Clock, millis};
use crate::service::{Place, Service};
use crate::wire::answer::{self, Answer};
use crate::wire::stream::Stream;

/// How long the other end may take to accept the connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a tunnel lasts through which nothing comes, and at most twice that: it is looked at so often. As long as a NAT gateway of AWS's keeps a
/// connection, so no SDK counts on more.
/// Source: Amazon VPC user guide, "Troubleshoot NAT gateways".
const SILENCE: Duration = Duration::from_secs(350);

/// How long a tunnel lasts one side of which has ended, so that what the other has to say still arrives. Nobody can tell a side that only listens from
/// one that is not there any more.
const ONE_SIDED: Duration = Duration::from_secs(10);

/// The port of a target that names none.
const TLS_PORT: u16 = 443;

/// Connects the client with the target of its request. `place` is the connection's.
pub(super) async fn answer(service: &Arc<Service>, place: Place, mut request: Request<Incoming>) -> Answer {
    if !service.guard.proxy.is_in(request.headers()) {
        let text = "This proxy is for the functions of the gateway, which have its key in HTTPS_PROXY.\n";
        let mut answer = answer::text(StatusCode::PROXY_AUTHENTICATION_REQUIRED, text);
        answer.headers_mut().insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic"));
        return answer;
    }
    let Some(target) = request.uri().authority() else { return answer::status(StatusCode::BAD_REQUEST) };
    let (host, port) = (target.host(), target.port_u16().unwrap_or(TLS_PORT));
    let home = service.homes.of(&service.deployment().api).find(|(known, _)| known.eq_ignore_ascii_case(host));
    let address = home.map_or_else(|| format!("{host}:{port}"), |(_, address)| address.to_string());
    // The connection to the other end takes a file, too.
    let Some(onward) = service.places.take() else {
        return answer::text(StatusCode::SERVICE_UNAVAILABLE, "the gateway has no room for more connections\n");
    };
    let other = match timeout(PATIENCE, TcpStream::connect(&address)).await {
        Ok(Ok(other)) => other,
        Ok(Err(error)) => return unreachable(&address, &error.to_string()),
        Err(_) => return unreachable(&address, "it does not answer"),
    };
    let (connection, clock) = (hyper::upgrade::on(&mut request), service.clock.clone());
    let both_ways = async move {
        if let Ok(Some((client, early))) = connection.await.map(Stream::of_upgrade) {
            tunnel(client, &early, other, &clock).await;
        }
        drop((place, onward));
    };
    tokio::spawn(service.stopped.clone().run_until_cancelled_owned(both_ways));
    answer::status(StatusCode::OK)
}

/// Passes on what comes from either side, until both have ended, one of them long ago, or nothing has come for a while. However it ends, both sides see it.
async fn tunnel<C, O>(client: C, early: &[u8], other: O, clock: &Clock)
where
    C: AsyncRead + AsyncWrite + Unpin,
    O: AsyncRead + AsyncWrite + Unpin,
{
    let bytes = AtomicUsize::new(0);
    let count = |read: &[u8]| {
        bytes.fetch_add(read.len(), Ordering::Relaxed);
    };
    let (mut client, mut other) = (InspectReader::new(client, count), InspectReader::new(other, count));
    let passing = async {
        other.write_all(early).await?;
        let ((from_client, to_client), (from_other, to_other)) = (split(&mut client), split(&mut other));
        let (there, back) = (pin!(pass(from_client, to_other)), pin!(pass(from_other, to_client)));
        let (ended, rest) = select(there, back).await.factor_first();
        ended?;
        clock.within(ONE_SIDED, rest).await.unwrap_or(Ok(()))
    };
    tokio::select! {
        _ = passing => {}
        () = silence(&bytes, clock) => {}
    }
}

/// Passes on what comes from one side, until it ends.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    copy(&mut from, &mut to).await?;
    to.shutdown().await
}

/// Waits until the count stands still.
async fn silence(bytes: &AtomicUsize, clock: &Clock) {
    loop {
        let before = bytes.load(Ordering::Relaxed);
        clock.sleep_until(clock.now_ms().saturating_add(millis(SILENCE))).await;
        if bytes.load(Ordering::Relaxed) == before {
            return;
        }
    }
}

fn unreachable(address: &str, why: &str) -> Answer {
    answer::text(StatusCode::BAD_GATEWAY, format!("can't connect to {address}: {why}\n"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    async fn hello(from: &mut DuplexStream, to: &mut DuplexStream) {
        let mut heard = [0; 5];
        from.write_all(b"hello").await.unwrap();
        to.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    }

    async fn advance(clock: &Clock, by: Duration) {
        clock.advance(by);
        // The tunnel is a task of the same thread.
        for _ in 0..10 {
            yield_now().await;
        }
    }

    /// A tunnel, and both its ends.
    fn open(clock: &Clock, early: &'static [u8]) -> (JoinHandle<()>, DuplexStream, DuplexStream) {
        let ((client, near), (far, server)) = (duplex(64), duplex(64));
        let clock = clock.clone();
        (tokio::spawn(async move { tunnel(near, early, far, &clock).await }), client, server)
    }

    #[tokio::test]
    async fn a_tunnel_lasts_as_long_as_something_comes_from_either_side() {
        let clock = Clock::manual(0);
        let (tunnel, mut client, mut server) = open(&clock, b"early");
        let mut early = [0; 5];
        server.read_exact(&mut early).await.unwrap();
        assert_eq!(&early, b"early");
        for _ in 0..3 {
            hello(&mut client, &mut server).await;
            advance(&clock, SILENCE).await;
            hello(&mut server, &mut client).await;
            advance(&clock, SILENCE).await;
            assert!(!tunnel.is_finished());
        }
        advance(&clock, SILENCE).await;
        tunnel.await.unwrap();
        assert_eq!((client.read(&mut early).await.unwrap(), server.read(&mut early).await.unwrap()), (0, 0));
    }

    #[tokio::test]
    async fn what_one_side_still_says_arrives_and_then_it_is_over() {
        let clock = Clock::manual(0);
        let (tunnel, mut client, mut server) = open(&clock, b"");
        client.shutdown().await.unwrap();
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        hello(&mut server, &mut client).await;
        advance(&clock, ONE_SIDED / 2).await;
        hello(&mut server, &mut client).await;
        assert!(!tunnel.is_finished());
        advance(&clock, ONE_SIDED / 2).await;
        tunnel.await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }
}

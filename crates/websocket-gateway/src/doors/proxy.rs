//! `CONNECT`: the proxy of functions that are executables. Their SDKs may read no variable with an endpoint, but Go, curl and others read
//! `HTTPS_PROXY`. What they call of AWS that is here comes home; everything else goes on to where it is.

use std::sync::Arc;
use std::time::Duration;

use http::header::PROXY_AUTHENTICATE;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::service::{Place, Service};
use crate::wire::answer::{self, Answer};
use crate::wire::stream::Stream;

/// How long the other end may take to accept the connection.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let mut other = match timeout(PATIENCE, TcpStream::connect(&address)).await {
        Ok(Ok(other)) => other,
        Ok(Err(error)) => return unreachable(&address, &error.to_string()),
        Err(_) => return unreachable(&address, "it does not answer"),
    };
    let connection = hyper::upgrade::on(&mut request);
    let both_ways = async move {
        if let Ok(Some((mut client, early))) = connection.await.map(Stream::of_upgrade)
            && other.write_all(&early).await.is_ok()
        {
            // However it ends, both sides see it.
            let _ = copy_bidirectional(&mut client, &mut other).await;
        }
        drop(place);
    };
    tokio::spawn(service.stopped.clone().run_until_cancelled_owned(both_ways));
    answer::status(StatusCode::OK)
}

fn unreachable(address: &str, why: &str) -> Answer {
    answer::text(StatusCode::BAD_GATEWAY, format!("can't connect to {address}: {why}\n"))
}

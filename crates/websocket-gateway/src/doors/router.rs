//! The gateway's one port: `/{stage}` is the WebSocket, `/{stage}/@connections/{id}` the management API, and Lambda's Invoke API has a path
//! of its own, as has the console. `CONNECT` makes it a proxy.

use std::sync::Arc;

use http::header::{HOST, UPGRADE};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;

use super::{Console, console, invoke_api, management_api, proxy, websocket};
use crate::api::limits::URL_CHARACTERS;
use crate::happenings::{Door, Level, What};
use crate::lambda::INVOKE_API;
use crate::service::{Place, Service};
use crate::wire::answer::{self, Answer};
use crate::wire::server::{self, Peer, Port};
use crate::wire::tls::Tls;

/// Serves connections until the gateway stops.
pub(crate) async fn serve(
    service: Arc<Service>,
    console: Option<Arc<Console>>,
    listener: TcpListener,
    tls: Option<Tls>,
) {
    let stopped = service.stopped.clone();
    let places = Arc::clone(&service);
    let admit = move || places.places.take();
    let answer = move |peer, request| answer(Arc::clone(&service), console.clone(), peer, request);
    server::serve(Port::of_clients(tls), listener, admit, stopped, answer).await;
}

async fn answer(
    service: Arc<Service>,
    console: Option<Arc<Console>>,
    peer: Peer<Place>,
    request: Request<Incoming>,
) -> Answer {
    if request.method() == Method::CONNECT {
        return proxy::answer(&service, peer.place, request).await;
    }
    let path = request.uri().path().to_owned();
    let (stage, rest) = split(&path);
    let hosts = &service.guard.allowed_hosts;
    if stage == INVOKE_API {
        return match hosts.admit(Door::InvokeApi, &service.happenings, request).await {
            Ok(request) => invoke_api::answer(Arc::clone(&service), rest, request).await,
            Err(refused) => refused,
        };
    }
    if let Some(console) = console.filter(|_| stage == console::NAME) {
        return match hosts.admit(Door::Console, &service.happenings, request).await {
            Ok(request) => Box::pin(console::answer(&console, &service, peer.address.ip(), rest, request)).await,
            Err(refused) => refused,
        };
    }
    let deployment = service.deployment();
    let scheme = if peer.is_tls { "wss" } else { "ws" };
    if stage != deployment.api.stage.name {
        service.happenings.tell(Level::Warning, || {
            let why = no_stage(&request, scheme, &path, &deployment.api.stage.name);
            let door = if rest.is_empty() { Door::WebSocket } else { Door::ManagementApi };
            What::refused(door, StatusCode::FORBIDDEN.as_u16(), why)
        });
        return management_api::forbidden();
    }
    match rest {
        // A guess: no report shows what API Gateway answers.
        "" if characters_of_url(scheme, &request) > URL_CHARACTERS => answer::status(StatusCode::URI_TOO_LONG),
        // Which pages may connect is the API's own affair, as on AWS.
        "" => websocket::handshake(service, peer, request.into_parts().0).await,
        rest if !is_of_connections(rest) && is_plain_get(&request) => {
            websocket::upgrade_required(&service, request.method(), &path)
        }
        rest => match (hosts.admit(Door::ManagementApi, &service.happenings, request).await, connection_id(rest)) {
            (Ok(request), Some(id)) => management_api::answer(&service, &deployment.api, id, request).await,
            (Ok(_), None) => management_api::forbidden(),
            (Err(refused), _) => refused,
        },
    }
}

/// What is wrong with a URL that does not begin with the stage, and the URL that was probably meant.
fn no_stage<B>(request: &Request<B>, scheme: &str, path: &str, stage: &str) -> String {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("HOST");
    let query = request.uri().query().map_or_else(String::new, |_| "?…".to_owned());
    format!("no stage in {path}: the URL is {scheme}://{host}/{stage}{query}")
}

/// The length of the whole URL, as the client wrote it.
fn characters_of_url<B>(scheme: &str, request: &Request<B>) -> usize {
    let host = request.headers().get(HOST).map_or(0, |host| host.len());
    let path = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    scheme.len() + "://".len() + host + path
}

/// The stage, and what follows it without the slash.
pub(super) fn split(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

/// The id of `@connections/{id}`, still percent-encoded; the `@` may be encoded, too.
pub(super) fn connection_id(rest: &str) -> Option<&str> {
    let (_, id) = rest.split_once('/')?;
    is_of_connections(rest).then_some(id)
}

fn is_of_connections(rest: &str) -> bool {
    let name = rest.split('/').next().unwrap_or_default();
    percent_decode_str(name).decode_utf8().is_ok_and(|name| name == management_api::NAME)
}

fn is_plain_get<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET && !request.headers().contains_key(UPGRADE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_the_stage_is_answered_with_the_right_one() {
        let request = |uri: &str| Request::get(uri).header(HOST, "localhost:3001").body(()).unwrap();
        assert_eq!(no_stage(&request("/"), "ws", "/", "dev"), "no stage in /: the URL is ws://localhost:3001/dev");
        let with_query = no_stage(&request("/x?token=secret"), "wss", "/x", "dev");
        assert_eq!(with_query, "no stage in /x: the URL is wss://localhost:3001/dev?…");
    }

    #[test]
    fn paths_are_those_of_api_gateway() {
        assert_eq!(split("/prod"), ("prod", ""));
        assert_eq!(split("/prod/"), ("prod", ""));
        assert_eq!(split("/prod/@connections/a%3D"), ("prod", "@connections/a%3D"));
        for rest in ["@connections/a%3D", "%40connections/a%3D"] {
            assert_eq!(connection_id(rest), Some("a%3D"), "{rest}");
        }
        for rest in ["@connections", "connections/a", "x/@connections/a"] {
            assert_eq!(connection_id(rest), None, "{rest}");
        }
        assert!(is_of_connections("@connections") && is_of_connections("%40connections/"));
        assert!(!is_of_connections("x/@connections"));
    }
}

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::close::Close;
use super::upgrade::{Socket, Upgrade};
use super::{disconnect, session};
use crate::event::{Connection, Identity};
use crate::happenings::{Door, Level, What};
use crate::ids::ConnectionId;
use crate::lambda::ByHand;
use crate::service::authorizer::{self, Refusal};
use crate::service::connections::{OpenConnection, Receivers};
use crate::service::integration::{self, Outcome};
use crate::service::{Place, Service};
use crate::wire::answer::{self, Answer, aws_error};
use crate::wire::server::Peer;

/// Holds the upgrade until `$connect` has answered, and answers the handshake with its verdict.
pub(in crate::doors) async fn handshake(service: Arc<Service>, peer: Peer<Place>, mut request: Parts) -> Answer {
    let Some(upgrade) = Upgrade::of(&mut request) else {
        return upgrade_required(&service, &request.method, request.uri.path());
    };
    if service.stopping.is_cancelled() {
        return answer::status(StatusCode::SERVICE_UNAVAILABLE);
    }
    if !peer.place.is_for_client() {
        let why =
            || "no more clients: this process may not open more files; raise the limit, see `ulimit -Hn`".to_owned();
        refused(&service, Level::Error, StatusCode::SERVICE_UNAVAILABLE, why);
        return answer::status(StatusCode::SERVICE_UNAVAILABLE);
    }
    let connection = new_connection(&service, peer.address.ip(), &request);
    // A task of its own: a client that leaves in the meantime must not cut a running `$connect` short.
    let verdict = service.tasks.spawn(connect(Arc::clone(&service), connection, peer.place, request));
    match verdict.await {
        // A client that was let in while the gateway began to stop is turned away after all, and `$disconnect` runs.
        Ok(Ok(_)) if service.stopping.is_cancelled() => answer::status(StatusCode::SERVICE_UNAVAILABLE),
        Ok(Ok(Accepted { opening, subprotocol })) => upgrade.accept(subprotocol, |socket| opening.open(socket)),
        Ok(Err(refused)) => refused.into_answer(),
        Err(_) => answer::status(StatusCode::BAD_GATEWAY),
    }
}

/// Answers a request that does not ask for a WebSocket.
pub(in crate::doors) fn upgrade_required(service: &Service, method: &Method, path: &str) -> Answer {
    let why = || format!("not a WebSocket handshake: {method} {path}");
    refused(service, Level::Info, StatusCode::UPGRADE_REQUIRED, why);
    let hint = "This is a WebSocket: connect to it with wscat or another client.\n";
    answer::text(StatusCode::UPGRADE_REQUIRED, hint)
}

/// Tells of a handshake that gets no further than the door.
fn refused(service: &Service, level: Level, status: StatusCode, why: impl FnOnce() -> String) {
    service.happenings.tell(level, || What::refused(Door::WebSocket, status.as_u16(), why()));
}

fn new_connection(service: &Service, client: IpAddr, request: &Parts) -> Connection {
    let connected_at_ms = service.clock.now_ms();
    let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    Connection {
        id: ConnectionId::new(connected_at_ms),
        connected_at_ms,
        domain_name: domain_name(service, header(HOST)),
        identity: Identity {
            user_agent: header(USER_AGENT).map(str::to_owned),
            source_ip: client.to_canonical().to_string(),
        },
        authorizer: None,
    }
}

/// Where functions post to: the gateway's own address, unless the user has allowed the client's name for it. Any other `Host` is only what a client says.
fn domain_name(service: &Service, host: Option<&str>) -> String {
    let allowed = host.filter(|host| service.guard.allowed_hosts.has(host));
    allowed.map_or_else(|| service.homes.gateway.to_string(), str::to_owned)
}

/// Asks the authorizer, if there is one, and runs `$connect`. Without either every client is let in.
async fn connect(
    service: Arc<Service>,
    mut connection: Connection,
    place: Place,
    request: Parts,
) -> Result<Accepted, Refused> {
    service.happenings.tell(Level::Info, || What::Connecting {
        connection_id: connection.id.to_string(),
        source_ip: connection.identity.source_ip.clone(),
    });
    if let Some(status) = service.faults.of_handshake() {
        service.happenings.tell_as(true, None, Level::Warning, || What::Refused {
            door: Door::WebSocket,
            status: status.code().as_u16(),
            connection_id: Some(connection.id.to_string()),
            request_id: None,
            why: "the handshake was refused".to_owned(),
        });
        return Err(Refused::ByConnect(status.code()));
    }
    let mut subprotocol = None;
    let deployment = service.deployment();
    if let Some(authorizer) = &deployment.authorizer {
        let event = service.writer(&deployment).authorize(&connection, &request);
        let context = authorizer::ask(&service.clock, &service.happenings, &deployment, authorizer, &event).await;
        connection.authorizer = Some(Arc::new(context.map_err(Refused::ByAuthorizer)?));
    }
    if let Some((_, route)) = deployment.route("$connect") {
        let route = route.map_err(|why| {
            service.unserved(&connection.id, "$connect", why);
            Refused::ByConnect(StatusCode::BAD_GATEWAY)
        })?;
        let event = service.writer(&deployment).connect(&connection, &request);
        let by_hand = ByHand::default();
        let invocation = route.function.invoke(event.json.clone(), &by_hand);
        let (clock, happenings) = (&service.clock, &service.happenings);
        match integration::wait_for(invocation, &by_hand, clock, happenings, "$connect", route, &event).await {
            Outcome::Answered(answer) if (200..300).contains(&answer.status_code) => {
                let name = answer.header("Sec-WebSocket-Protocol");
                subprotocol = name.and_then(|name| HeaderValue::from_str(name).ok());
            }
            Outcome::Answered(answer) => {
                let status = StatusCode::from_u16(answer.status_code).unwrap_or(StatusCode::BAD_GATEWAY);
                return Err(Refused::ByConnect(status));
            }
            Outcome::Failed => return Err(Refused::ByConnect(StatusCode::BAD_GATEWAY)),
            Outcome::TimedOut => return Err(Refused::ByConnect(StatusCode::GATEWAY_TIMEOUT)),
        }
    }
    let name = subprotocol.as_ref().and_then(|name: &HeaderValue| name.to_str().ok()).map(Into::into);
    Ok(Accepted { opening: Opening::new(service, connection, name, place), subprotocol })
}

/// A handshake that opens no connection.
#[derive(Debug)]
enum Refused {
    ByAuthorizer(Refusal),
    ByConnect(StatusCode),
}

impl Refused {
    fn into_answer(self) -> Answer {
        match self {
            Self::ByAuthorizer(refusal) => {
                let (status, name, message) = refusal.answer();
                aws_error(status, name, answer::message(message))
            }
            Self::ByConnect(status) => answer::status(status),
        }
    }
}

/// A handshake that `$connect` let through.
#[derive(Debug)]
struct Accepted {
    opening: Opening,
    subprotocol: Option<HeaderValue>,
}

/// A connection that can be posted to from the moment its client may see the 101. If it never opens, because the client has left,
/// `$disconnect` runs even then: otherwise what `$connect` stored would stay behind.
#[derive(Debug)]
struct Opening {
    service: Arc<Service>,
    connection: Option<(Arc<OpenConnection>, Receivers)>,
    /// Keeps a stopping gateway waiting until the session is a task of its own, or `$disconnect` is.
    _task: TaskTrackerToken,
}

impl Opening {
    fn new(service: Arc<Service>, connection: Connection, subprotocol: Option<Box<str>>, place: Place) -> Self {
        let (connection, receivers) = OpenConnection::new(connection, subprotocol, Some(place));
        let connection = Arc::new(connection);
        service.open.insert(Arc::clone(&connection));
        let task = service.tasks.token();
        Self { service, connection: Some((connection, receivers)), _task: task }
    }

    /// The session becomes a task of its own: within the handshake's task it would keep that task's memory as long as it lasts.
    fn open(mut self, socket: Socket) {
        if let Some((connection, receivers)) = self.connection.take() {
            let session = session::run(Arc::clone(&self.service), connection, receivers, socket);
            self.service.tasks.spawn(session);
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some((connection, _)) = self.connection.take() {
            self.service.open.remove(&connection.facts.id);
            disconnect::run(&self.service, connection.facts.clone(), &Close::Lost { by_hand: false });
        }
    }
}

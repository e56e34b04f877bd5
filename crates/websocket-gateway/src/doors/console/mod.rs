//! The console: a page that shows what happens, live, and the API that it uses. `docs/console.md` describes both.
//!
//! The page itself is public. Everything else wants the token that is in the printed address, and the guard has kept other pages out before.

mod actions;
mod assets;
mod description;
mod events;
mod faults;
mod history;
mod pieces;
mod rows;
mod samples;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::api::limits::INVOCATION_BYTES;
use crate::dynamodb::TableStore;
use crate::happenings::{Door, HappeningSender, Interest, Level, What};
use crate::ids;
use crate::service::Service;
use crate::wire::answer::{self, Answer};
use crate::wire::body::{self, Received};
use history::History;

/// The name in the path. No stage can have it.
pub(super) const NAME: &str = "@console";

/// What the console's door knows beyond the service.
#[derive(Debug)]
pub(crate) struct Console {
    /// Whoever knows it may use the API.
    token: String,
    history: Arc<History>,
    /// The folder `events` beside the template.
    samples: PathBuf,
    /// Where the rows of connections are.
    tables: TableStore,
    /// Whether other machines are served, too.
    is_remote: bool,
}

impl Console {
    /// Keeps warnings and errors from now on, and everything while somebody looks.
    pub(crate) fn start(
        happenings: &HappeningSender,
        samples: PathBuf,
        tables: TableStore,
        is_remote: bool,
    ) -> Arc<Self> {
        let history = Arc::<History>::default();
        let reader = happenings.subscribe(Interest::UpTo(history::UNWATCHED));
        tokio::spawn(history::record(Arc::clone(&history), reader, history::LINGER));
        Arc::new(Self { token: ids::secret(), history, samples, tables, is_remote })
    }

    /// The page's path, with the token where no server sees it but the page does.
    pub(crate) fn path(&self) -> String {
        format!("/{NAME}#{}", self.token)
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        given.is_some_and(|given| is_same(given.as_bytes(), self.token.as_bytes()))
    }
}

/// Takes the same time wherever they differ.
fn is_same(given: &[u8], right: &[u8]) -> bool {
    given.len() == right.len() && given.iter().zip(right).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Answers a request; `path` is what follows the name and its slash.
pub(super) async fn answer(
    console: &Arc<Console>,
    service: &Arc<Service>,
    client: IpAddr,
    path: &str,
    request: Request<Incoming>,
) -> Answer {
    let (head, body) = request.into_parts();
    if !console.is_remote && !client.to_canonical().is_loopback() {
        drop(body::read(body, 0).await);
        return refused(
            service,
            StatusCode::FORBIDDEN,
            "the console is for this machine only, unless the gateway is started with --console-remote",
        );
    }
    let Some(path) = path.strip_prefix("api/") else {
        drop(body::read(body, 0).await);
        return assets::answer(&head, path);
    };
    if !console.knows(&head.headers) {
        drop(body::read(body, 0).await);
        return refused(
            service,
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong: open the address that the gateway has printed",
        );
    }
    let segments: Vec<_> = path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy()).collect();
    let segments: Vec<_> = segments.iter().map(|segment| &**segment).collect();
    let mut answer = match (&head.method, segments.as_slice()) {
        (&Method::GET, ["happenings"]) => events::stream(console, service, &head),
        (&Method::GET, ["gateway"]) => description::answer(console, service).await,
        (&Method::GET, ["connections"]) => description::connections(service),
        (&Method::GET, ["connections", id, "rows"]) => rows::answer(&console.tables, service, id).await,
        (&Method::GET, ["faults"]) => faults::list(service),
        (&Method::POST, ["faults"]) => match whole(body).await {
            Ok(fault) => faults::begin(service, &fault),
            Err(refused) => *refused,
        },
        (&Method::DELETE, ["faults"]) => faults::end_all(service),
        (&Method::DELETE, ["faults", id]) => faults::end(service, id),
        (&Method::DELETE, ["functions", function, "processes"]) => actions::kill_processes(service, function),
        (method, ["connections", id, rest @ ..]) => match text(body).await {
            Ok(text) => actions::on_connection(service, method, id, rest, text),
            Err(refused) => *refused,
        },
        (&Method::POST, ["clock"]) => match text(body).await {
            Ok(text) => actions::advance(service, &text),
            Err(refused) => *refused,
        },
        (&Method::POST, ["functions", function, "invocations"]) => match whole(body).await {
            Ok(event) => actions::invoke(service, function, event).await,
            Err(refused) => *refused,
        },
        _ => {
            drop(body::read(body, 0).await);
            answer::text(StatusCode::NOT_FOUND, "the console's API has no such path\n")
        }
    };
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn refused(service: &Service, status: StatusCode, why: &str) -> Answer {
    service.happenings.tell(Level::Warning, || {
        What::refused(Door::Console, status.as_u16(), format!("{}: {why}", Door::Console.name()))
    });
    answer::text(status, format!("{why}\n"))
}

async fn whole(body: Incoming) -> Result<Bytes, Box<Answer>> {
    let (status, why) = match body::read(body, INVOCATION_BYTES).await {
        Ok(Received::Whole(body)) => return Ok(body),
        Ok(Received::TooLarge { .. }) => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large".to_owned()),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
    };
    Err(Box::new(answer::text(status, why + "\n")))
}

async fn text(body: Incoming) -> Result<String, Box<Answer>> {
    let not_utf8 = |_| Box::new(answer::text(StatusCode::BAD_REQUEST, "the body is not UTF-8\n"));
    String::from_utf8(whole(body).await?.into()).map_err(not_utf8)
}

fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(json) => answer::json(status, json),
        Err(_) => answer::status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

//! What an instance asks the Runtime API for.

use http::Method;

use super::extensions;
use crate::lambda::instance_id::InstanceId;
use crate::lambda::schedule::Refusal;

/// What follows the instance id in every path. It begins with the version of the API.
const API: &str = "2018-06-01/runtime/";

/// A request to the Runtime API, from its method and path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call<'p> {
    Next,
    Response { request_id: &'p str },
    Error { request_id: &'p str },
    InitError,
    Extension(extensions::Call),
}

impl<'p> Call<'p> {
    /// Reads `/{instance id}/2018-06-01/runtime/...`.
    pub(super) fn read(method: &Method, path: &'p str) -> Result<(InstanceId, Self), Refusal> {
        let (prefix, path) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let instance = prefix.parse().map_err(|_| Refusal::UnknownInstance)?;
        let call = match path.strip_prefix(API) {
            Some(path) => Self::of(method, path),
            None => extensions::Call::of(method, path).map(Self::Extension),
        };
        let call = call.ok_or(Refusal::UnknownCall)?;
        Ok((instance, call))
    }

    fn of(method: &Method, path: &'p str) -> Option<Self> {
        match (method, path) {
            (&Method::GET, "invocation/next") => Some(Self::Next),
            (&Method::POST, "init/error") => Some(Self::InitError),
            (&Method::POST, path) => match path.strip_prefix("invocation/")?.split_once('/')? {
                (request_id, "response") => Some(Self::Response { request_id }),
                (request_id, "error") => Some(Self::Error { request_id }),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCE: &str = "0000000000000000000000000000002a";

    fn read<'p>(method: &Method, path: &'p str) -> Result<Call<'p>, Refusal> {
        Call::read(method, path).map(|(_, call)| call)
    }

    #[test]
    fn the_four_calls_are_recognised_by_method_and_path() {
        let path = |call: &str| format!("/{INSTANCE}/2018-06-01/runtime/{call}");
        assert_eq!(read(&Method::GET, &path("invocation/next")), Ok(Call::Next));
        assert_eq!(read(&Method::POST, &path("invocation/a-b/response")), Ok(Call::Response { request_id: "a-b" }));
        assert_eq!(read(&Method::POST, &path("invocation/a-b/error")), Ok(Call::Error { request_id: "a-b" }));
        assert_eq!(read(&Method::POST, &path("init/error")), Ok(Call::InitError));
        for (method, call) in [
            (Method::POST, "invocation/next"),
            (Method::GET, "invocation/a-b/response"),
            (Method::POST, "invocation/a-b"),
            (Method::POST, "invocation/a-b/response/more"),
            (Method::PUT, "init/error"),
        ] {
            assert_eq!(read(&method, &path(call)), Err(Refusal::UnknownCall), "{method} {call}");
        }
    }

    #[test]
    fn extensions_have_an_api_of_their_own() {
        let path = |call: &str| format!("/{INSTANCE}/2020-01-01/extension/{call}");
        for (method, call, expected) in [
            (Method::POST, "register", extensions::Call::Register),
            (Method::GET, "event/next", extensions::Call::Next),
            (Method::POST, "init/error", extensions::Call::Error),
            (Method::POST, "exit/error", extensions::Call::Error),
        ] {
            assert_eq!(read(&method, &path(call)), Ok(Call::Extension(expected)), "{method} {call}");
        }
        for (method, call) in
            [(Method::GET, "register"), (Method::POST, "event/next"), (Method::GET, "invocation/next")]
        {
            assert_eq!(read(&method, &path(call)), Err(Refusal::UnknownCall), "{method} {call}");
        }
    }

    #[test]
    fn the_path_begins_with_the_instance() {
        for path in ["/", "", "/2018-06-01/runtime/invocation/next", "/x/2018-06-01/runtime/invocation/next"] {
            assert_eq!(read(&Method::GET, path), Err(Refusal::UnknownInstance), "{path}");
        }
        assert_eq!(read(&Method::GET, &format!("/{INSTANCE}/2015-03-31/functions")), Err(Refusal::UnknownCall));
    }
}

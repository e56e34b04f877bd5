//! What an instance asks the Runtime API for.

use http::Method;

use super::extensions;
use crate::lambda::schedule::Refusal;

/// What the path of every call begins with, except an extension's.
const API: &str = "/2018-06-01/runtime/";

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
    /// Reads `/2018-06-01/runtime/...` or `/2020-01-01/extension/...`.
    pub(super) fn read(method: &Method, path: &'p str) -> Result<Self, Refusal> {
        let call = match path.strip_prefix(API) {
            Some(call) => Self::of(method, call),
            None => extensions::Call::of(method, path).map(Self::Extension),
        };
        call.ok_or(Refusal::UnknownCall)
    }

    fn of(method: &Method, call: &'p str) -> Option<Self> {
        match (method, call) {
            (&Method::GET, "invocation/next") => Some(Self::Next),
            (&Method::POST, "init/error") => Some(Self::InitError),
            (&Method::POST, call) => match call.strip_prefix("invocation/")?.split_once('/')? {
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

    #[test]
    fn the_four_calls_are_recognised_by_method_and_path() {
        let read = |method, path| Call::read(&method, path);
        assert_eq!(read(Method::GET, "/2018-06-01/runtime/invocation/next"), Ok(Call::Next));
        let response = "/2018-06-01/runtime/invocation/a-b/response";
        assert_eq!(read(Method::POST, response), Ok(Call::Response { request_id: "a-b" }));
        let error = "/2018-06-01/runtime/invocation/a-b/error";
        assert_eq!(read(Method::POST, error), Ok(Call::Error { request_id: "a-b" }));
        assert_eq!(read(Method::POST, "/2018-06-01/runtime/init/error"), Ok(Call::InitError));
        for (method, path) in [
            (Method::POST, "/2018-06-01/runtime/invocation/next"),
            (Method::GET, "/2018-06-01/runtime/invocation/a-b/response"),
            (Method::POST, "/2018-06-01/runtime/invocation/a-b"),
            (Method::POST, "/2018-06-01/runtime/invocation/a-b/response/more"),
            (Method::PUT, "/2018-06-01/runtime/init/error"),
            (Method::GET, "/2015-03-31/functions"),
            (Method::GET, "/2018-06-02/runtime/invocation/next"),
            (Method::GET, "2018-06-01/runtime/invocation/next"),
            (Method::GET, "/"),
            (Method::GET, ""),
        ] {
            assert_eq!(read(method.clone(), path), Err(Refusal::UnknownCall), "{method} {path}");
        }
    }

    #[test]
    fn extensions_have_an_api_of_their_own() {
        let path = |call: &str| format!("/2020-01-01/extension/{call}");
        for (method, call, expected) in [
            (Method::POST, "register", extensions::Call::Register),
            (Method::GET, "event/next", extensions::Call::Next),
            (Method::POST, "init/error", extensions::Call::Error),
            (Method::POST, "exit/error", extensions::Call::Error),
        ] {
            assert_eq!(Call::read(&method, &path(call)), Ok(Call::Extension(expected)), "{method} {call}");
        }
        for (method, call) in
            [(Method::GET, "register"), (Method::POST, "event/next"), (Method::GET, "invocation/next")]
        {
            assert_eq!(Call::read(&method, &path(call)), Err(Refusal::UnknownCall), "{method} {call}");
        }
    }
}

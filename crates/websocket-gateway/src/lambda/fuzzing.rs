//! See [`crate::fuzzing`].

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::error::InvokeError;
use super::{ByHand, Callable, Functions, Processes, Program, remote, runtime_api};
use crate::api::{Code, Function};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::fuzzing::head;
use crate::happenings::{HappeningSender, Interest, Level, What};
use crate::iam::Policy;

pub use super::schedule::fuzzing::schedule;

/// A function with one instance, whose side of the Runtime API the caller plays: its process only waits.
#[derive(Debug)]
pub struct PlayedFunction {
    functions: Functions,
    callable: Callable,
    /// `127.0.0.1:PORT`.
    pub runtime_api: String,
}

impl PlayedFunction {
    /// Starts the instance with a first invocation. `program` prints its `AWS_LAMBDA_RUNTIME_API`, and waits.
    ///
    /// # Errors
    /// If the program can't be started.
    pub async fn start(
        program: PathBuf,
        event: Bytes,
    ) -> io::Result<(Self, impl Future<Output = Result<Bytes, InvokeError>> + Send)> {
        let function = Function {
            logical_id: "Played".to_owned(),
            name: "played".to_owned(),
            arn: "arn:aws:lambda:us-east-1:123456789012:function:played".to_owned(),
            defined_at: "template.yaml:1:1".to_owned(),
            code: Code::Cargo { directory: PathBuf::new(), binary: None },
            environment: BTreeMap::new(),
            timeout: Duration::from_secs(900),
            memory_size: 128,
            reserved_concurrency: None,
            policy: Policy::default(),
        };
        let happenings = HappeningSender::new(Clock::default());
        let mut told = happenings.subscribe(Interest::UpTo(Level::Info));
        let programs = vec![Program::binary(function, program)];
        let faults = Faults::new(happenings.clone());
        let functions = Functions::local(Processes::new(programs, BTreeMap::new(), happenings), [], &faults);
        let callable = functions.get("Played").map_err(io::Error::other)?.clone();
        let mut played = Self { functions, callable, runtime_api: String::new() };
        let mut first = Box::pin(played.invoke(event));
        while played.runtime_api.is_empty() {
            tokio::select! {
                // It fails if the program can't be started.
                answer = &mut first => return Err(io::Error::other(format!("{answer:?}"))),
                told = told.next() => match told.as_deref().map(|told| &told.what) {
                    Some(What::Output { line, .. }) => played.runtime_api.clone_from(line),
                    Some(_) => {}
                    None => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        }
        Ok((played, first))
    }

    /// Invokes the function. The instance is the one that is there: the caller must ask for the invocation at once.
    pub fn invoke(&self, event: Bytes) -> impl Future<Output = Result<Bytes, InvokeError>> + Send + use<> {
        let callable = self.callable.clone();
        async move { callable.invoke(event, &ByHand::default()).await }
    }

    /// Ends the process.
    pub async fn stop(self) {
        self.functions.shutdown().await;
    }
}

/// Reads the method and path of a request to the Runtime API. Returns the request id if there is one.
///
/// # Errors
/// Why it is refused.
pub fn runtime_call(method: &str, path: &str) -> Result<Option<String>, String> {
    let (method, _) = head(method, &[]).ok_or("not a method")?;
    runtime_api::read_call(&method, path).map_err(|refusal| refusal.to_string())
}

/// Reads an error that a function reports to the Runtime API: its type and its message.
pub fn function_error(body: Bytes, error_type: Option<&str>) -> (String, String) {
    let mut headers = HeaderMap::new();
    if let Some(value) = error_type.and_then(|text| text.parse().ok()) {
        headers.insert("lambda-runtime-function-error-type", value);
    }
    parts(runtime_api::read_error(body, &headers)).unwrap_or_default()
}

/// Reads what a Lambda that runs elsewhere answers.
///
/// # Errors
/// Why it is not an answer, in words.
pub fn remote_answer(status: u16, failed: bool, body: Bytes) -> Result<Bytes, String> {
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = StatusCode::from_u16(status).unwrap_or_default();
    if failed {
        head.headers.insert("x-amz-function-error", http::HeaderValue::from_static("Unhandled"));
    }
    remote::answer(&head, body, "http://127.0.0.1:9000").map_err(|error| error.to_string())
}

fn parts(error: InvokeError) -> Option<(String, String)> {
    match error {
        InvokeError::FunctionError { error_type, message, .. } => Some((error_type, message)),
        _ => None,
    }
}

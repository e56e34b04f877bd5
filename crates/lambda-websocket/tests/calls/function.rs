//! A test's function: the same test once more, in a process with the environment that a function has.

use std::env;
use std::process::Command;

use crate::server::{Answer, Request, Server};

/// Marks the function's process.
const ENDPOINT: &str = "TEST_ENDPOINT";

/// The queue that a function puts jobs on.
pub(crate) const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/broadcasts";

/// Runs `function` in a process of its own, whose calls are answered by `answer`, and returns the requests that it made. `test` is the
/// full name of the test that calls this; the test's code after this call runs only in the first process.
///
/// `None` in the second process, which runs `function` with the URL of the server.
pub(crate) fn calls(
    test: &str,
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    function: impl AsyncFnOnce(String),
) -> Option<Vec<Request>> {
    if let Some(url) = endpoint() {
        run(function(url));
        return None;
    }
    let server = Server::start(answer);
    let url = server.url.as_str();
    let endpoints = [("AWS_ENDPOINT_URL_DYNAMODB", url), ("AWS_ENDPOINT_URL_SQS", url)];
    let variables = [endpoints[0], endpoints[1], ("TABLE_NAME", "connections"), ("BROADCAST_QUEUE_URL", QUEUE)];
    again(test, &server.url, &variables);
    Some(server.requests())
}

/// The URL that a function is to call; `None` in the process that started it.
pub(crate) fn endpoint() -> Option<String> {
    env::var(ENDPOINT).ok()
}

pub(crate) fn run(function: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(function);
}

/// Runs a test again, as its function. Its assertions are this process's, too.
pub(crate) fn again(test: &str, endpoint: &str, variables: &[(&str, &str)]) {
    let mut function = Command::new(env::current_exe().unwrap());
    function.args(["--exact", test, "--nocapture"]);
    function.env_remove("AWS_CA_BUNDLE").env(ENDPOINT, endpoint).envs(variables.iter().copied());
    function.envs([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    let output = function.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // With a name that no test has, the process would run no test and succeed.
    assert!(output.status.success() && stdout.contains("1 passed"), "the function failed:\n{stdout}\n{stderr}");
}

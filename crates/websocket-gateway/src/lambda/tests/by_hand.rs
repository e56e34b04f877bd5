//! Instances whose side of the Runtime API the test plays: their process says only where the Runtime API is, and waits.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::time::timeout;

use super::processes::{probe, silent, start_programs};
use super::scratch;
use crate::api::Function;
use crate::happenings::{Happenings, Interest, Level, What};
use crate::lambda::{Functions, Program};
use crate::wire::client::HttpClient;

/// A program that prints its Runtime API's address and then does nothing.
fn executable() -> PathBuf {
    let path = scratch("by-hand").join(format!("waits.{}", std::process::id()));
    std::fs::write(&path, "#!/bin/sh\necho \"$AWS_LAMBDA_RUNTIME_API\"\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The next instance that starts.
struct Instance {
    runtime: String,
    client: HttpClient,
}

impl Instance {
    async fn started(happenings: &mut Happenings) -> Self {
        let output = async {
            loop {
                if let What::Output { line, .. } = &happenings.next().await.expect("more happens").what {
                    return format!("http://{line}/2018-06-01/runtime");
                }
            }
        };
        let runtime = timeout(Duration::from_secs(30), output).await.expect("an instance starts");
        Self { runtime, client: HttpClient::new(Duration::from_secs(30)) }
    }

    /// Asks for the next invocation, and returns its request id.
    async fn next(&self) -> String {
        let request = Request::get(format!("{}/invocation/next", self.runtime)).body(Bytes::new()).unwrap();
        let (head, _) = self.client.send(request).await.unwrap();
        head.headers["lambda-runtime-aws-request-id"].to_str().unwrap().to_owned()
    }

    async fn answer(&self, request_id: &str, answer: &'static str) {
        let url = format!("{}/invocation/{request_id}/response", self.runtime);
        let (head, _) = self.client.send(Request::post(url).body(answer.into()).unwrap()).await.unwrap();
        assert_eq!(head.status, StatusCode::ACCEPTED);
    }
}

async fn start() -> (Functions, Happenings) {
    let happenings = silent();
    let told = happenings.subscribe(Interest::UpTo(Level::Info));
    // Longer than the test waits: the function's time-out would end the instance.
    let function = Function { timeout: Duration::from_secs(900), ..probe() };
    let programs = vec![Program::binary(function, executable())];
    (start_programs(programs, happenings).await, told)
}

#[tokio::test]
async fn an_instance_that_works_on_after_its_answer_delays_nobody() {
    let (lambda, mut happenings) = start().await;
    let invoke = async |event: &'static str| lambda.get("Probe").unwrap().invoke(event.into()).await;
    let (answer, first) = tokio::join!(invoke("1"), async {
        let first = Instance::started(&mut happenings).await;
        first.answer(&first.next().await, "one").await;
        first
    });
    assert_eq!(answer.unwrap(), "one");
    // It does not ask for more.
    let (answer, second) = tokio::join!(invoke("2"), async {
        let second = Instance::started(&mut happenings).await;
        second.answer(&second.next().await, "two").await;
        second
    });
    assert_eq!(answer.unwrap(), "two");
    assert_ne!(first.runtime, second.runtime);
    lambda.shutdown().await;
}

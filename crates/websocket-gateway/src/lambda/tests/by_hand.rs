//! Instances whose side of the Runtime API the test plays: their process says only where the Runtime API is, and waits.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::time::timeout;

use super::processes::{probe, silent, start_programs};
use super::scratch;
use crate::api::Function;
use crate::happenings::{HappeningSender, Happenings, Interest, Level, What};
use crate::lambda::{ByHand, Functions, InvokeError, Program};
use crate::wire::client::HttpClient;

/// What a process prints that is asked to end.
const ASKED: &str = "asked to end";

/// A registration for no events.
const NO_EVENTS: &str = r#"{"events":[]}"#;

/// A program that prints its Runtime API's address and then waits to be asked to end. It is written once: a file that is being written can't be
/// executed.
static EXECUTABLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = scratch("by-hand").join(format!("waits.{}", std::process::id()));
    let script = format!("trap 'echo {ASKED}; exit' TERM\necho \"$AWS_LAMBDA_RUNTIME_API\"\nsleep 600 & wait\n");
    std::fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
});

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

    /// Registers an extension, and returns its identifier or the type of the error.
    async fn register(&self, name: &str, body: &'static str) -> Result<String, String> {
        let request = Request::post(self.extensions("register")).header("lambda-extension-name", name);
        let (head, body) = self.client.send(request.body(body.into()).unwrap()).await.unwrap();
        let identifier = head.headers.get("lambda-extension-identifier").map(|id| id.to_str().unwrap().to_owned());
        identifier.ok_or_else(|| error_type(&body))
    }

    /// Waits for an extension's next event; the type of the error if there will not be one.
    async fn next_event(&self, identifier: &str) -> Result<Bytes, String> {
        let request = Request::get(self.extensions("event/next")).header("lambda-extension-identifier", identifier);
        let (head, body) = self.client.send(request.body(Bytes::new()).unwrap()).await.unwrap();
        if head.status == StatusCode::OK { Ok(body) } else { Err(error_type(&body)) }
    }

    fn extensions(&self, call: &str) -> String {
        format!("{}/{call}", self.runtime.replace("2018-06-01/runtime", "2020-01-01/extension"))
    }

    async fn answer(&self, request_id: &str, answer: &'static str) {
        let url = format!("{}/invocation/{request_id}/response", self.runtime);
        let (head, _) = self.client.send(Request::post(url).body(answer.into()).unwrap()).await.unwrap();
        assert_eq!(head.status, StatusCode::ACCEPTED);
    }
}

fn error_type(body: &[u8]) -> String {
    let error: serde_json::Value = serde_json::from_slice(body).unwrap();
    error["errorType"].as_str().unwrap().to_owned()
}

async fn start(happenings: HappeningSender) -> (Functions, Happenings) {
    let told = happenings.subscribe(Interest::UpTo(Level::Info));
    // Longer than the test waits: the function's time-out would end the instance.
    let function = Function { timeout: Duration::from_secs(900), ..probe() };
    let programs = vec![Program::binary(function, EXECUTABLE.clone())];
    (start_programs(programs, happenings).await, told)
}

#[tokio::test]
async fn an_instance_that_works_on_after_its_answer_delays_nobody() {
    let (lambda, mut happenings) = start(silent()).await;
    let invoke =
        async |event: &'static str| lambda.get("Probe").unwrap().invoke(event.into(), &ByHand::default()).await;
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

#[tokio::test]
async fn an_extension_registers_before_the_first_event_and_gets_no_events() {
    let (lambda, mut happenings) = start(silent()).await;
    let by_hand = ByHand::default();
    let invoke = lambda.get("Probe").unwrap().invoke("1".into(), &by_hand);
    let (answer, ()) = tokio::join!(invoke, async {
        let instance = Instance::started(&mut happenings).await;
        let refused = async |name, body| instance.register(name, body).await.unwrap_err();
        assert_eq!(refused("", NO_EVENTS).await, "Extension.InvalidExtensionName");
        assert_eq!(refused("a", "").await, "InvalidRequestFormat");
        assert_eq!(refused("a", r#"{"events":["INVOKE"]}"#).await, "Extension.InvalidEventType");
        let identifier = instance.register("a", NO_EVENTS).await.unwrap();
        assert_eq!(refused("a", NO_EVENTS).await, "Extension.InvalidExtensionState");
        for name in 1..10 {
            instance.register(&name.to_string(), NO_EVENTS).await.unwrap();
        }
        assert_eq!(refused("b", NO_EVENTS).await, "Extension.TooManyExtensions");

        assert_eq!(instance.next_event("nobody").await.unwrap_err(), "Extension.UnknownExtensionIdentifier");
        let event = instance.next_event(&identifier);
        let invocation = async {
            let request_id = instance.next().await;
            assert_eq!(refused("c", NO_EVENTS).await, "Extension.RegistrationClosed");
            instance.answer(&request_id, "one").await;
        };
        tokio::select! {
            event = event => panic!("{event:?}"),
            () = invocation => {}
        }
    });
    assert_eq!(answer.unwrap(), "one");
    lambda.shutdown().await;
}

#[tokio::test]
async fn only_a_process_with_an_extension_is_asked_to_end() {
    for has_extension in [true, false] {
        let sender = silent();
        let (lambda, mut happenings) = start(sender.clone()).await;
        let by_hand = ByHand::default();
        let invoke = lambda.get("Probe").unwrap().invoke("1".into(), &by_hand);
        let (answer, ()) = tokio::join!(invoke, async {
            let instance = Instance::started(&mut happenings).await;
            if has_extension {
                instance.register("a", NO_EVENTS).await.unwrap();
            }
            lambda.shutdown().await;
        });
        assert!(matches!(answer, Err(InvokeError::ShuttingDown)), "{answer:?}");
        sender.stop();
        let mut was_asked = false;
        while let Some(happening) = happenings.next().await {
            was_asked |= matches!(&happening.what, What::Output { line, .. } if line == ASKED);
        }
        assert_eq!(was_asked, has_extension);
    }
}

//! Functions as real processes: `examples/probe.rs`, which does what its event asks for.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{built, scratch};
use crate::api::{Code, Function};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::happenings::{Happening, HappeningSender, Happenings, Interest, Level, What};
use crate::iam::Policy;
use crate::lambda::{ByHand, Functions, InvokeError, Processes, Program};

#[tokio::test]
async fn an_answer_reaches_its_caller_unchanged() {
    let lambda = start(probe()).await;
    let event = json!({"do": "echo", "text": "Grüße ✓", "numbers": [1, 2.5, null]});
    assert_eq!(invoke(&lambda, event.clone()).await.unwrap(), event);
    lambda.shutdown().await;
}

#[tokio::test]
async fn one_process_serves_one_invocation_after_another() {
    let lambda = start(probe()).await;
    let first = pid(&lambda).await;
    for _ in 0..50 {
        assert_eq!(pid(&lambda).await, first);
    }
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_function_error_keeps_its_fields_and_the_process_lives_on() {
    let lambda = start(probe()).await;
    let before = pid(&lambda).await;
    let InvokeError::FunctionError { error_type, message, payload } = failure(&lambda, "fail").await else { panic!() };
    assert_eq!((error_type.as_str(), message.as_str()), ("Probe.Failed", "as asked"));
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload, json!({"errorType": "Probe.Failed", "errorMessage": "as asked"}));
    assert_eq!(pid(&lambda).await, before);
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_panic_is_a_function_error_and_the_process_lives_on() {
    let lambda = start(probe()).await;
    let before = pid(&lambda).await;
    let InvokeError::FunctionError { message, .. } = failure(&lambda, "panic").await else { panic!() };
    assert!(message.contains("as asked"), "{message}");
    assert_eq!(pid(&lambda).await, before);
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_exit_fails_only_its_own_invocation() {
    let lambda = start(probe()).await;
    let before = pid(&lambda).await;
    let error = failure(&lambda, "exit").await;
    assert!(matches!(error, InvokeError::Exited { status, during_init: false } if status.code() == Some(3)), "{error}");
    assert_ne!(pid(&lambda).await, before);
    lambda.shutdown().await;
}

#[tokio::test]
async fn the_last_lines_of_a_process_are_logged_before_its_caller_gets_the_error() {
    let (lambda, log) = start_and_listen(probe()).await;
    failure(&lambda, "exit").await;

    let log = log.so_far().await;
    for line in ["last words on stdout", "last words on stderr"] {
        assert_eq!(log.line(line).log_of(), Some("Probe"));
    }
    lambda.shutdown().await;
}

#[tokio::test]
async fn every_invocation_has_lambdas_own_lines() {
    let (lambda, log) = start_and_listen(Function { timeout: Duration::from_secs(5), ..probe() }).await;
    let context = invoke(&lambda, json!({"do": "context"})).await.unwrap();
    let id = context["requestId"].as_str().unwrap();
    // The first invocation is over when its instance has asked for the next one.
    failure(&lambda, "hang").await;

    let log = log.so_far().await;
    assert_eq!(log.line(&format!("START RequestId: {id} Version: $LATEST")).log_of(), Some("Probe"));
    log.line(&format!("END RequestId: {id}"));
    let report = log.line(&format!("REPORT RequestId: {id}")).what.to_string();
    for part in ["Duration: ", "Billed Duration: ", "Memory Size: 128 MB", "Max Memory Used: ", "Init Duration: "] {
        assert!(report.contains(part), "{report}");
    }
    let overdue = log.line("Status: timeout").what.to_string();
    assert!(overdue.contains("REPORT") && !overdue.contains("Init Duration"), "{overdue}");
    lambda.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_function_may_open_as_many_files_as_on_lambda() {
    let lambda = start(probe()).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", pid(&lambda).await)).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().collect::<Vec<_>>(), ["1024", "1024", "files"]);
    lambda.shutdown().await;
}

#[tokio::test]
async fn exceeding_the_memory_size_is_a_warning() {
    let (lambda, log) = start_and_listen(probe()).await;
    invoke(&lambda, json!({"do": "allocate", "bytes": 200 * 1024 * 1024})).await.unwrap();
    pid(&lambda).await;
    assert_eq!(log.so_far().await.line("its MemorySize is 128").level, Level::Warning);
    lambda.shutdown().await;
}

#[tokio::test]
async fn endless_binary_output_does_not_block_the_function() {
    let lambda = start(probe()).await;
    assert_eq!(invoke(&lambda, json!({"do": "flood"})).await.unwrap(), Value::Null);
    assert_eq!(invoke(&lambda, json!({"do": "echo"})).await.unwrap(), json!({"do": "echo"}));
    lambda.shutdown().await;
}

#[tokio::test]
async fn child_processes_that_a_process_leaves_behind_are_killed() {
    let (lambda, log) = start_and_listen(probe()).await;
    failure(&lambda, "child and exit").await;
    let line = log.so_far().await.line("child ").what.to_string();
    let child = line.rsplit(' ').find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line}"));
    until_gone(child).await;
    lambda.shutdown().await;
}

#[tokio::test]
async fn beyond_the_reserved_concurrency_an_invocation_is_throttled() {
    let lambda = start(Function { reserved_concurrency: Some(1), ..probe() }).await;
    let meeting = Meeting::open().await;
    let (first, ()) = tokio::join!(invoke(&lambda, meeting.event("meet")), async {
        let mut guest = meeting.guest().await;
        let error = invoke(&lambda, json!({"do": "echo"})).await.unwrap_err();
        assert!(matches!(error, InvokeError::Throttled { concurrency: 1, is_reserved: true }), "{error}");
        guest.release().await;
    });
    first.unwrap();
    invoke(&lambda, json!({"do": "echo"})).await.unwrap();
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_time_out_kills_the_process_and_what_it_started() {
    let lambda = start(Function { timeout: Duration::from_secs(5), ..probe() }).await;
    let before = pid(&lambda).await;
    let child = number(&invoke(&lambda, json!({"do": "child"})).await.unwrap());

    let error = failure(&lambda, "hang").await;

    assert!(matches!(error, InvokeError::TimedOut { during_init: false, .. }), "{error}");
    assert_eq!(error.to_string(), "the function did not answer within 5 s and was killed");
    assert!(is_gone(before));
    until_gone(child).await;
    assert_ne!(pid(&lambda).await, before);
    lambda.shutdown().await;
}

#[tokio::test]
async fn overlapping_invocations_get_processes_of_their_own() {
    let lambda = start(probe()).await;
    let meeting = Meeting::open().await;
    let (answers, pids) = tokio::join!(join_all((0..3).map(|_| invoke(&lambda, meeting.event("meet")))), async {
        let guests = meeting.wait_for(3).await;
        let pids: HashSet<u32> = guests.iter().map(|guest| guest.pid).collect();
        for mut guest in guests {
            guest.release().await;
        }
        pids
    });
    assert_eq!(pids.len(), 3);
    let answered: HashSet<u32> = answers.into_iter().map(|answer| number(&answer.unwrap())).collect();
    assert_eq!(answered, pids);
    lambda.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_invocations_at_once_all_get_their_own_answer() {
    let lambda = start(probe()).await;
    let answers = join_all((0..500).map(|n| invoke(&lambda, json!({"do": "echo", "n": n})))).await;
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap()["n"], json!(n));
    }
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_exit_during_init_fails_the_invocation_and_nothing_is_restarted() {
    let starts = Starts::of("exit_during_init");
    let lambda = start(with(&[("PROBE_INIT", "exit"), ("PROBE_STARTS", starts.path())])).await;
    for count in 1..=10 {
        let error = failure(&lambda, "echo").await;
        let seven = |status: std::process::ExitStatus| status.code() == Some(7);
        assert!(matches!(error, InvokeError::Exited { status, during_init: true } if seven(status)), "{error}");
        assert_eq!(starts.count(), count);
    }
    lambda.shutdown().await;
    assert_eq!(starts.count(), 10);
}

#[tokio::test]
async fn a_reported_init_error_is_the_invocations_error() {
    let lambda = start(with(&[("PROBE_INIT", "error")])).await;
    let error = failure(&lambda, "echo").await;
    assert_eq!(error.to_string(), "the function failed with Probe.Init: no table");
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_process_that_was_killed_while_idle_is_not_used_again() {
    let lambda = start(probe()).await;
    let before = pid(&lambda).await;
    kill_process(process(before), Signal::KILL).unwrap();
    until_gone(before).await;
    assert_ne!(pid(&lambda).await, before);
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_continues_when_its_caller_goes_away() {
    let lambda = start(probe()).await;
    let before = pid(&lambda).await;
    let meeting = Meeting::open().await;

    let mut guest = {
        let mut invocation = Box::pin(invoke(&lambda, meeting.event("meet")));
        tokio::select! {
            guest = meeting.guest() => guest,
            answer = &mut invocation => panic!("{answer:?}"),
        }
    };

    assert_eq!(guest.pid, before);
    guest.release().await;
    lambda.shutdown().await;
}

#[tokio::test]
async fn wrong_late_and_double_answers_are_refused() {
    let lambda = start(probe()).await;
    let statuses = invoke(&lambda, json!({"do": "answer wrongly"})).await.unwrap();
    assert_eq!(statuses, json!([400, 400, 403, 403]));
    assert_eq!(invoke(&lambda, json!({"do": "echo"})).await.unwrap(), json!({"do": "echo"}));
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_answer_above_the_limit_fails_and_the_process_lives_on() {
    let lambda = start(Function { timeout: Duration::from_secs(60), ..probe() }).await;
    let before = pid(&lambda).await;
    let limit = 6 * 1024 * 1024;
    let fits = invoke(&lambda, json!({"do": "large", "bytes": limit - 2})).await.unwrap();
    assert_eq!(fits.as_str().unwrap().len(), limit - 2);
    for bytes in [limit + 1000, 4 * limit] {
        let error = invoke(&lambda, json!({"do": "large", "bytes": bytes})).await.unwrap_err();
        let too_large = "Function.ResponseSizeTooLarge";
        assert!(matches!(&error, InvokeError::FunctionError { error_type, .. } if error_type == too_large), "{error}");
    }
    assert_eq!(pid(&lambda).await, before);
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_function_sees_its_own_environment_and_not_that_of_the_gateway() {
    let lambda = start(with(&[("TABLE_NAME", "connections"), ("AWS_REGION", "from-the-template")])).await;
    let environment = invoke(&lambda, json!({"do": "environment"})).await.unwrap();
    assert_eq!(environment["TABLE_NAME"], "connections");
    assert_eq!(environment["AWS_REGION"], "eu-central-1");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "probe");
    assert_eq!(environment.get("CARGO_MANIFEST_DIR"), None);
    lambda.shutdown().await;
}

#[tokio::test]
async fn the_context_of_an_invocation_is_complete() {
    let lambda = start(probe()).await;
    let context = invoke(&lambda, json!({"do": "context"})).await.unwrap();
    assert_eq!(context["arn"], "arn:aws:lambda:eu-central-1:123456789012:function:probe");
    assert_eq!(context["requestId"].as_str().unwrap().len(), 36);
    assert!(context["traceId"].as_str().unwrap().starts_with("Root=1-"), "{context}");
    let year_2025_ms = 1_735_689_600_000;
    assert!(context["deadline"].as_u64().unwrap() > year_2025_ms, "{context}");
    lambda.shutdown().await;
}

#[tokio::test]
async fn shutdown_leaves_no_process_behind() {
    let lambda = start(Function { timeout: Duration::from_secs(60), ..probe() }).await;
    let meeting = Meeting::open().await;
    let child = number(&invoke(&lambda, json!({"do": "child"})).await.unwrap());

    let running = [meeting.event("meet"), meeting.event("hang on SIGTERM")];
    let (answers, pids) = tokio::join!(join_all(running.map(|event| invoke(&lambda, event))), async {
        let guests = meeting.wait_for(2).await;
        lambda.shutdown().await;
        guests.into_iter().map(|guest| guest.pid).collect::<Vec<_>>()
    });

    for answer in answers {
        assert!(matches!(answer, Err(InvokeError::ShuttingDown)), "{answer:?}");
    }
    assert!(pids.iter().all(|pid| is_gone(*pid)), "{pids:?}");
    until_gone(child).await;
    assert!(matches!(failure(&lambda, "echo").await, InvokeError::ShuttingDown));
    lambda.shutdown().await;
}

#[tokio::test]
async fn dropping_the_functions_ends_their_processes() {
    let lambda = start(probe()).await;
    let process = pid(&lambda).await;
    drop(lambda);
    until_gone(process).await;
}

#[tokio::test]
async fn a_missing_executable_is_named() {
    let program = Program::binary(probe(), "/no/such/binary".into());
    let lambda = start_programs(vec![program], silent()).await;
    let error = failure(&lambda, "echo").await;
    assert!(error.to_string().starts_with("could not start /no/such/binary: "), "{error}");
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_unknown_function_is_named() {
    let lambda = start(probe()).await;
    let error = lambda.get("Missing").unwrap_err();
    assert_eq!(error.to_string(), "the template has no function with the logical id Missing");
}

#[tokio::test]
async fn a_function_that_is_not_here_says_why() {
    let not_here = [("Probe".to_owned(), "its runtime is `java21`".to_owned())];
    let lambda = Functions::local(Processes::new(Vec::new(), BTreeMap::new(), silent()), not_here, &no_faults());
    let error = lambda.get("Probe").unwrap().invoke(Bytes::from_static(b"{}"), &ByHand::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "the function can't be started here: its runtime is `java21`");
}

pub(super) fn probe() -> Function {
    Function {
        logical_id: "Probe".to_owned(),
        name: "probe".to_owned(),
        arn: "arn:aws:lambda:eu-central-1:123456789012:function:probe".to_owned(),
        defined_at: "template.yaml:1:1".to_owned(),
        code: Code::Cargo { directory: env!("CARGO_MANIFEST_DIR").into(), binary: None },
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(20),
        memory_size: 128,
        reserved_concurrency: None,
        policy: Policy::default(),
    }
}

fn with(variables: &[(&str, &str)]) -> Function {
    let environment = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Function { environment, ..probe() }
}

pub(super) async fn start(function: Function) -> Functions {
    start_programs(vec![Program::binary(function, probe_executable())], silent()).await
}

/// Starts a function, and returns the log of everything that happens.
async fn start_and_listen(function: Function) -> (Functions, Log) {
    let happenings = silent();
    let log = Log {
        happenings: happenings.subscribe(Interest::UpTo(Level::Detail)),
        sender: happenings.clone(),
        heard: Vec::new(),
    };
    let programs = vec![Program::binary(function, probe_executable())];
    (start_programs(programs, happenings).await, log)
}

pub(super) async fn start_programs(programs: Vec<Program>, happenings: HappeningSender) -> Functions {
    let own = BTreeMap::from([("AWS_REGION".to_owned(), "eu-central-1".to_owned())]);
    let faults = Faults::new(happenings.clone());
    Functions::local(Processes::new(programs, own, happenings), [], &faults)
}

pub(super) fn no_faults() -> Arc<Faults> {
    Faults::new(silent())
}

pub(super) fn silent() -> HappeningSender {
    HappeningSender::new(Clock::default())
}

/// The executable of the probe. Cargo builds the examples before it runs all tests.
pub(super) fn probe_executable() -> PathBuf {
    let executable = built().join("examples/probe");
    assert!(executable.is_file(), "{} is missing: cargo build --example probe", executable.display());
    executable
}

pub(super) async fn invoke(lambda: &Functions, event: Value) -> Result<Value, InvokeError> {
    let answer = lambda.get("Probe")?.invoke(event.to_string().into(), &ByHand::default()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

async fn failure(lambda: &Functions, what: &str) -> InvokeError {
    invoke(lambda, json!({ "do": what })).await.unwrap_err()
}

async fn pid(lambda: &Functions) -> u32 {
    number(&invoke(lambda, json!({"do": "pid"})).await.unwrap())
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn process(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed()).unwrap()
}

fn is_gone(pid: u32) -> bool {
    test_kill_process(process(pid)).is_err()
}

/// Waits for the end of a process that another process may have to reap.
async fn until_gone(pid: u32) {
    let gone = async {
        while !is_gone(pid) && !is_zombie_of_another(pid) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), gone).await.expect("the process ends");
}

/// Whether a process has ended and waits for a process other than this one to reap it.
fn is_zombie_of_another(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(") ") else { return false };
    let mut fields = rest.split(' ');
    fields.next() == Some("Z") && fields.next() != Some(&std::process::id().to_string())
}

/// A server to which invocations connect when they run, and at which they wait until the test lets them continue.
pub(super) struct Meeting {
    listener: TcpListener,
}

/// An invocation that waits.
pub(super) struct Guest {
    pid: u32,
    stream: TcpStream,
}

impl Meeting {
    pub(super) async fn open() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn event(&self, what: &str) -> Value {
        json!({"do": what, "at": self.listener.local_addr().unwrap().to_string()})
    }

    pub(super) async fn guest(&self) -> Guest {
        let guest = timeout(Duration::from_secs(30), self.listener.accept()).await;
        let (mut stream, _) = guest.expect("an invocation runs").unwrap();
        Guest { pid: stream.read_u32().await.unwrap(), stream }
    }

    pub(super) async fn wait_for(&self, count: usize) -> Vec<Guest> {
        let mut guests = Vec::new();
        while guests.len() < count {
            guests.push(self.guest().await);
        }
        guests
    }
}

impl Guest {
    /// Lets the invocation continue, and waits until it has received that.
    pub(super) async fn release(&mut self) {
        self.stream.write_u8(1).await.unwrap();
        assert_eq!(self.stream.read_u8().await.unwrap(), 1);
    }
}

/// Counts the processes started for a test.
struct Starts(PathBuf);

impl Starts {
    fn of(test: &str) -> Self {
        let path = scratch("starts").join(format!("{test}.{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn count(&self) -> usize {
        std::fs::read_to_string(&self.0).unwrap_or_default().lines().count()
    }
}

/// Everything that happens, as it would be logged.
struct Log {
    happenings: Happenings,
    sender: HappeningSender,
    heard: Vec<Happening>,
}

impl Log {
    /// Reads everything up to now.
    async fn so_far(mut self) -> Self {
        self.sender.stop();
        while let Some(happening) = self.happenings.next().await {
            self.heard.push((*happening).clone());
        }
        self
    }

    /// The first happening whose line contains these words.
    fn line(&self, words: &str) -> &Happening {
        let lines = || self.heard.iter().map(|happening| &happening.what).collect::<Vec<&What>>();
        let found = self.heard.iter().find(|happening| happening.what.to_string().contains(words));
        found.unwrap_or_else(|| panic!("no {words} in {:?}", lines()))
    }
}

/// Uses a probe that was built as for a deployment. Its path is in `PROBE`.
#[tokio::test]
#[ignore = "needs PROBE, the path of a built tests/functions/src/bin/probe.rs"]
async fn a_deployed_function_survives_a_panic() {
    let executable = std::env::var_os("PROBE").unwrap().into();
    let lambda = start_programs(vec![Program::binary(probe(), executable)], silent()).await;
    let order = |order: &str| json!({ "queryStringParameters": { "do": order } });

    let process = invoke(&lambda, order("pid")).await.unwrap();
    let panic = invoke(&lambda, order("panic")).await.unwrap_err();
    assert!(matches!(panic, InvokeError::FunctionError { .. }), "{panic}");
    assert_eq!(invoke(&lambda, order("pid")).await.unwrap(), process);
    lambda.shutdown().await;
}

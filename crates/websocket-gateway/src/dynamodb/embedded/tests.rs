use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Waker};

use dynoxide::storage_backend::Clock;

use super::*;
use crate::ids;

/// As long as the slowest machine needs.
const TIMES: Times = Times { patience: Duration::from_secs(600), sweep: SWEEP };

/// With a stream, because its label makes the database read the clock.
const KEY: &str = r#""AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}"#;

fn call(store: &Embedded, operation: &str, body: &str) -> impl Future<Output = Result<String, Unanswered>> + use<> {
    let (queue, body) = (store.queue().clone(), Bytes::copy_from_slice(body.as_bytes()));
    let operation = Operation::named(operation).unwrap();
    async move { queue.call(operation, body).await }
}

/// The answer, which may be an error in DynamoDB's words.
async fn answer(store: &Embedded, operation: &str, body: &str) -> String {
    match call(store, operation, body).await {
        Ok(answer) => answer,
        Err(Unanswered::Refused(error)) => error.to_json(),
        Err(unanswered) => panic!("{unanswered}"),
    }
}

async fn create(store: &Embedded, table: &str) -> String {
    answer(store, "CreateTable", &format!(r#"{{"TableName":"{table}",{KEY}}}"#)).await
}

/// Puts a request into the queue. `None` if it waits there.
fn begin<F: Future>(call: std::pin::Pin<&mut F>) -> Option<F::Output> {
    match call.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// A clock that makes the database panic while it creates a table.
struct Broken;

impl Clock for Broken {
    fn now_unix_secs(&self) -> u64 {
        panic!("the clock is broken")
    }
    fn now_unix_secs_f64(&self) -> f64 {
        panic!("the clock is broken")
    }
}

/// A clock that says when it is read, and stands still until it may go on or its test has ended.
struct Halting {
    read: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl Clock for Halting {
    fn now_unix_secs(&self) -> u64 {
        let _ = self.read.lock().unwrap().send(());
        let _ = self.go_on.lock().unwrap().recv();
        0
    }
    fn now_unix_secs_f64(&self) -> f64 {
        self.now_unix_secs() as f64
    }
}

/// A store whose database halts when it creates a table; what tells that it does, and what lets it go on when it is dropped.
fn halting(times: Times) -> (Embedded, Receiver<()>, Sender<()>) {
    let ((read, reads), (go_on, gone_on)) = (channel(), channel());
    let clock: Arc<dyn Clock> = Arc::new(Halting { read: Mutex::new(read), go_on: Mutex::new(gone_on) });
    let open = move || Database::memory_with_clock(Arc::clone(&clock)).map_err(|e| EmbeddedError::Open(e.to_string()));
    (Embedded::start_with(times, open).unwrap(), reads, go_on)
}

#[tokio::test]
async fn names_that_differ_only_in_case_are_refused_and_leave_nothing_behind() {
    let store =
        Embedded::start_with(TIMES, || Database::memory().map_err(|e| EmbeddedError::Open(e.to_string()))).unwrap();
    create(&store, "Plain").await;
    let refused = create(&store, "pLAIN").await;
    assert!(
        refused.contains("ValidationException") && refused.contains("differ only in the case of letters"),
        "{refused}"
    );
    assert_eq!(answer(&store, "ListTables", "{}").await, r#"{"TableNames":["Plain"]}"#);
    let index = |name: &str| {
        format!(
            r#"{{"IndexName":"{name}","KeySchema":[{{"AttributeName":"id","KeyType":"HASH"}}],"Projection":{{"ProjectionType":"ALL"}}}}"#
        )
    };
    let both = format!(r#"{{"TableName":"Other",{KEY},"GlobalSecondaryIndexes":[{},{}]}}"#, index("who"), index("WHO"));
    assert_eq!(answer(&store, "CreateTable", &both).await, refused);
    let one = format!(r#"{{"TableName":"Other",{KEY},"GlobalSecondaryIndexes":[{}]}}"#, index("who"));
    assert!(answer(&store, "CreateTable", &one).await.contains(r#""TableName":"Other""#));
    let second = format!(r#"{{"TableName":"Other","GlobalSecondaryIndexUpdates":[{{"Create":{}}}]}}"#, index("WHO"));
    assert_eq!(answer(&store, "UpdateTable", &second).await, refused);
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_store_goes_on() {
    let opened = AtomicU32::new(0);
    let store = Embedded::start_with(TIMES, move || {
        let database = match opened.fetch_add(1, Ordering::Relaxed) {
            0 => Database::memory_with_clock(Arc::new(Broken)),
            1 => return Err(EmbeddedError::Open("not yet".to_owned())),
            _ => Database::memory(),
        };
        database.map_err(|error| EmbeddedError::Open(error.to_string()))
    })
    .unwrap();
    let table = format!(r#"{{"TableName":"Table",{KEY}}}"#);
    let panicked = call(&store, "CreateTable", &table).await.unwrap_err();
    assert!(panicked.to_string().contains("the clock is broken"), "{panicked}");
    let not_open = call(&store, "CreateTable", &table).await.unwrap_err();
    assert!(not_open.to_string().contains("not yet"), "{not_open}");
    assert!(create(&store, "Table").await.contains("TableDescription"));
}

#[test]
fn data_in_memory_is_there_when_it_is_opened_again_and_belongs_to_one_store() {
    let data = Data::in_memory().unwrap();
    let request = format!(r#"{{"TableName":"Table",{KEY}}}"#);
    let create = Operation::named("CreateTable").unwrap();
    create.run(&data.open().unwrap(), &request).unwrap();
    let list = Operation::named("ListTables").unwrap();
    assert_eq!(list.run(&data.open().unwrap(), "{}").unwrap(), r#"{"TableNames":["Table"]}"#);
    let another = Data::in_memory().unwrap();
    assert_eq!(list.run(&another.open().unwrap(), "{}").unwrap(), r#"{"TableNames":[]}"#);
}

#[tokio::test]
async fn what_is_too_much_for_the_queue_is_refused_at_once_and_the_rest_is_answered() {
    let (store, halted, go_on) = halting(TIMES);
    let mut first = pin!(call(&store, "CreateTable", &format!(r#"{{"TableName":"Table",{KEY}}}"#)));
    assert!(begin(first.as_mut()).is_none());
    halted.recv().unwrap();
    let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(call(&store, "ListTables", "{}"))).collect();
    assert!(waiting.iter_mut().all(|call| begin(call.as_mut()).is_none()));
    assert!(matches!(call(&store, "ListTables", "{}").await, Err(Unanswered::Busy)));
    drop(go_on);
    first.await.unwrap();
    for call in waiting {
        assert_eq!(call.await.unwrap(), r#"{"TableNames":["Table"]}"#);
    }
}

#[tokio::test]
async fn bodies_that_wait_have_a_limit_together() {
    let (store, halted, go_on) = halting(TIMES);
    let mut first = pin!(call(&store, "CreateTable", &format!(r#"{{"TableName":"Table",{KEY}}}"#)));
    assert!(begin(first.as_mut()).is_none());
    halted.recv().unwrap();
    let large = "x".repeat(WAITING_BYTES / 2);
    let mut second = pin!(call(&store, "ListTables", &large));
    assert!(begin(second.as_mut()).is_none());
    // The first is being done, and its bytes count, too.
    assert!(matches!(call(&store, "ListTables", &large).await, Err(Unanswered::Busy)));
    drop(go_on);
    first.await.unwrap();
    drop(second.await);
    assert!(matches!(call(&store, "ListTables", &large).await, Err(Unanswered::Refused(_))));
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_is_not_done() {
    let (mut store, halted, go_on) = halting(TIMES);
    // Only the callers give up soon: a store that is slow to begin must not find the first too late.
    store.queue.patience = Duration::from_millis(20);
    let mut first = pin!(call(&store, "CreateTable", &format!(r#"{{"TableName":"First",{KEY}}}"#)));
    assert!(begin(first.as_mut()).is_none());
    halted.recv().unwrap();
    let second = call(&store, "CreateTable", &format!(r#"{{"TableName":"Second",{KEY}}}"#));
    assert!(matches!(first.await, Err(Unanswered::Late(_))));
    assert!(matches!(second.await, Err(Unanswered::Late(_))));
    store.queue.patience = TIMES.patience;
    drop(go_on);
    assert_eq!(call(&store, "ListTables", "{}").await.unwrap(), r#"{"TableNames":["First"]}"#);
}

#[tokio::test]
async fn it_ends_after_what_is_waiting_and_the_directory_keeps_the_data() {
    let directory = std::env::temp_dir().join(format!("websocket-gateway.{}", ids::uuid()));
    let (data, held) = (Data::in_directory(&directory).unwrap(), Arc::new(()));
    let held_by_the_thread = Arc::clone(&held);
    let open = move || {
        let _held = &held_by_the_thread;
        data.open()
    };
    let store = Embedded::start_with(TIMES, open).unwrap();
    create(&store, "Table").await;
    let put = |id: u32| call(&store, "PutItem", &format!(r#"{{"TableName":"Table","Item":{{"id":{{"S":"{id}"}}}}}}"#));
    let mut puts: Vec<_> = (0..100).map(|id| Box::pin(put(id))).collect();
    for put in &mut puts {
        begin(put.as_mut());
    }
    let queue = store.queue().clone();
    drop(store);
    assert_eq!(Arc::strong_count(&held), 1, "the thread has not ended");
    let ended = queue.call(Operation::named("ListTables").unwrap(), Bytes::from_static(b"{}")).await;
    assert!(matches!(ended, Err(Unanswered::Ended)));

    let store = Embedded::start(Some(&directory)).unwrap();
    let count = answer(&store, "Scan", r#"{"TableName":"Table","Select":"COUNT"}"#).await;
    assert!(count.contains(r#""Count":100"#), "{count}");
    drop(store);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn expired_rows_are_removed() {
    let data = Data::in_memory().unwrap();
    let times = Times { sweep: Duration::from_millis(10), ..TIMES };
    let store = Embedded::start_with(times, move || data.open()).unwrap();
    create(&store, "Table").await;
    let expiry = r#"{"TableName":"Table","TimeToLiveSpecification":{"AttributeName":"at","Enabled":true}}"#;
    answer(&store, "UpdateTimeToLive", expiry).await;
    for (id, at) in [("gone", "1000000000"), ("kept", "9000000000")] {
        let item = format!(r#"{{"TableName":"Table","Item":{{"id":{{"S":"{id}"}},"at":{{"N":"{at}"}}}}}}"#);
        assert_eq!(answer(&store, "PutItem", &item).await, "{}");
    }
    let swept = async {
        while !answer(&store, "Scan", r#"{"TableName":"Table"}"#).await.contains(r#""Count":1"#) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), swept).await.unwrap();
    assert!(answer(&store, "Scan", r#"{"TableName":"Table"}"#).await.contains("kept"));
}

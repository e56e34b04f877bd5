//! More invocations than there are instances.

use std::collections::BTreeMap;
use std::thread::available_parallelism;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::processes::{Meeting, invoke, no_faults, probe, probe_executable, silent, start};
use crate::api::Function;
use crate::api::limits::CONCURRENCY;
use crate::lambda::{Functions, InvokeError, Processes, Program};

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_throttled_and_is_over_when_its_callers_give_up() {
    let lambda = start(probe()).await;
    let (meeting, crowd) = (Meeting::open().await, TcpListener::bind("127.0.0.1:0").await.unwrap());
    let instances = available_parallelism().unwrap().get() * 10;
    let event = |n| match n {
        _ if n < instances => meeting.event("meet"),
        _ => json!({"do": "meet", "at": crowd.local_addr().unwrap().to_string()}),
    };
    let flood = join_all((0..CONCURRENCY).map(|n| invoke(&lambda, event(n))));
    let mut guests = tokio::select! {
        biased;
        _ = flood => panic!("the flood waits"),
        guests = meeting.wait_for(instances) => guests,
    };
    // The flood is gone with its future; so far its invocations were in progress.
    for guest in &mut guests {
        guest.release().await;
    }
    timeout(Duration::from_secs(15), invoke(&lambda, json!({"do": "echo"}))).await.expect("others are served").unwrap();
    // In the order of arrival, the others would have been served before.
    assert!(futures_util::FutureExt::now_or_never(crowd.accept()).is_none(), "nobody waits for the others");
    lambda.shutdown().await;
}

#[tokio::test]
async fn no_more_invocations_are_in_progress_than_lambda_allows() {
    let lambda = start(probe()).await;
    let meeting = Meeting::open().await;
    let flood = join_all((0..CONCURRENCY).map(|_| invoke(&lambda, meeting.event("meet"))));
    let throttled = async {
        let _guest = meeting.guest().await;
        invoke(&lambda, json!({"do": "echo"})).await.unwrap_err()
    };
    tokio::select! {
        biased;
        _ = flood => panic!("the flood waits"),
        error = throttled => {
            assert!(matches!(error, InvokeError::Throttled { concurrency: CONCURRENCY, is_reserved: false }), "{error}");
        }
    }
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_reload_does_not_double_the_reserved_concurrency() {
    let function = || Function { reserved_concurrency: Some(1), ..probe() };
    let program = |function| Program::binary(function, probe_executable());
    let before = Processes::new(vec![program(function())], BTreeMap::new(), silent());
    let changed = Function { memory_size: 256, ..function() };
    let after = Functions::local(before.redeploy(vec![program(changed)], BTreeMap::new()), [], &no_faults());
    let before = Functions::local(before, [], &no_faults());
    let meeting = Meeting::open().await;
    let (old, ()) = tokio::join!(invoke(&before, meeting.event("meet")), async {
        let mut guest = meeting.guest().await;
        let error = invoke(&after, json!({"do": "echo"})).await.unwrap_err();
        assert!(matches!(error, InvokeError::Throttled { concurrency: 1, is_reserved: true }), "{error}");
        guest.release().await;
    });
    old.unwrap();
    invoke(&after, json!({"do": "echo"})).await.unwrap();
    after.shutdown().await;
}

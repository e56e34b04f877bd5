//! Invocations of a function without a gateway around them: the exchange over the Runtime API alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use websocket_gateway::Options;
use websocket_gateway::lambda::{Lambda, build};

use crate::Error;
use crate::clients::{MEASURED, WARM_UP};
use crate::round_trips::TEMPLATE;

const EVENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/default.json"));

/// Lets so many callers invoke the function, each again as soon as it has its answer, and says how often that was in a second.
pub(crate) async fn measure(callers: usize) -> Result<(), Error> {
    let api = Options { template: TEMPLATE.into(), ..Options::default() }.read_template()?.api;
    let lambda = Arc::new(Lambda::start(build(api.functions.values(), true).await?, [].into()).await?);
    let invoked = Arc::new(AtomicUsize::new(0));
    for _ in 0..callers {
        let (lambda, invoked) = (Arc::clone(&lambda), Arc::clone(&invoked));
        tokio::spawn(async move {
            while lambda.invoke("Default", Bytes::from_static(EVENT.as_bytes())).await.is_ok() {
                invoked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let (before, since) = (invoked.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(MEASURED).await;
    let rate = (invoked.load(Ordering::Relaxed) - before) as f64 / since.elapsed().as_secs_f64();
    lambda.shutdown().await;
    println!("ready {rate}");
    Ok(())
}

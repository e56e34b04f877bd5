//! Invocations of a function without clients: the exchange over the Runtime API alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use websocket_gateway::{Gateway, Options};

use crate::Error;
use crate::clients::{MEASURED, WARM_UP};
use crate::round_trips::TEMPLATE;

const EVENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/default.json"));

/// Lets so many callers invoke the function, each again as soon as it has its answer, and says how often that was in a second.
pub(crate) async fn measure(callers: usize) -> Result<(), Error> {
    let gateway = Arc::new(Gateway::start(Options::default().template(TEMPLATE).port(0).release(true)).await?);
    let invoked = Arc::new(AtomicUsize::new(0));
    for _ in 0..callers {
        let (gateway, invoked) = (Arc::clone(&gateway), Arc::clone(&invoked));
        tokio::spawn(async move {
            while gateway.invoke("Default", Bytes::from_static(EVENT.as_bytes())).await.is_ok() {
                invoked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let (before, since) = (invoked.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(MEASURED).await;
    let rate = (invoked.load(Ordering::Relaxed) - before) as f64 / since.elapsed().as_secs_f64();
    println!("ready {rate}");
    Ok(())
}

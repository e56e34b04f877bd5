//! Not a route: the worker behind the queue, to which `sendmessage` hands over what goes to a large channel.

use lambda_websocket::{BroadcastWorker, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    BroadcastWorker::from_env()?.run().await
}

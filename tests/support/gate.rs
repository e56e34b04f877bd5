use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use super::in_time;

/// Where functions report and wait: it shows that they are running, and decides for how long.
pub(crate) struct Gate(TcpListener);

impl Gate {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// The message that sends the probe here.
    pub(crate) fn order(&self) -> String {
        json!({ "do": "meet", "at": self.address() }).to_string()
    }

    /// A function that has arrived. It goes on when this is dropped.
    pub(crate) async fn visitor(&self) -> TcpStream {
        in_time("a function at the gate", self.0.accept()).await.unwrap().0
    }
}

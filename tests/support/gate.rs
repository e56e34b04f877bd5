use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::in_time;

/// Where functions report and wait: a test sees that they are running, and decides for how long.
pub(crate) struct Gate(TcpListener);

impl Gate {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// The order that sends the probe here.
    pub(crate) fn order(&self) -> Value {
        json!({ "meet": self.address() })
    }

    /// The message that sends the probe here.
    pub(crate) fn message(&self) -> String {
        json!({ "do": self.order() }).to_string()
    }

    /// The next function that arrives. It goes on when this is dropped.
    pub(crate) async fn visitor(&self) -> TcpStream {
        in_time("a function at the gate", self.0.accept()).await.unwrap().0
    }
}

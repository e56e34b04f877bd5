use std::net::TcpListener;

use websocket_gateway::{Gateway, Options};

use crate::samples;

/// A gateway of which no function is invoked.
pub async fn without_functions(with: impl FnOnce(Options) -> Options) -> Gateway {
    // All that the gateway asks of the functions is an open port.
    let functions = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", functions.local_addr().expect("an address"));
    let options = Options::default().template(samples::repository("tests/fuzz/socket.yaml")).port(0);
    Gateway::start(with(options.lambda_endpoint(url))).await.expect("a gateway")
}

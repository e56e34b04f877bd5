//! An HTTP API's `POST /connections/{id}`: posts the request's body to the connection.

use lambda_http::{Body, Request, RequestExt, Response, service_fn};
use lambda_websocket::{ConnectionId, Connections, Delivery, Error, PostError, Text, init_log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_log();
    let connections = Connections::from_env()?;
    lambda_http::run(service_fn(async |request: Request| push(&connections, &request).await)).await
}

async fn push(connections: &Connections, request: &Request) -> Result<Response<Body>, Error> {
    let parameters = request.path_parameters();
    let Ok(to) = parameters.first("id").unwrap_or_default().parse::<ConnectionId>() else {
        return answer(400, "That is not a connection id");
    };
    let Ok(text) = std::str::from_utf8(request.body()) else { return answer(400, "The body is not text") };
    match connections.post(&to, &Text::from(text)).await {
        Ok(Delivery::Sent) => answer(202, "Sent"),
        Ok(Delivery::Gone) => answer(410, "The client has left"),
        Err(error @ PostError::TooLarge { .. }) => answer(413, &error.to_string()),
        Err(error) => Err(error.into()), // status 500, with the cause in the log only
    }
}

fn answer(status: u16, text: &str) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(status).body(text.into())?)
}

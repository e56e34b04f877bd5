//! An authorizer that lets everybody in, with claims, and for as many seconds as the client says with `?seconds=`.

use lambda_websocket::{Allow, Authorize, Error, authorize};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    authorize(async |event: Authorize| {
        let claims = json!({ "tenant": "acme", "seats": 3, "share": 0.5, "admin": true, "nickname": null });
        let allow = Allow::new("amy").with_claims(&claims)?;
        Ok(match event.query("seconds") {
            Some(seconds) => allow.until(event.request_time_ms() / 1000 + seconds.parse::<u64>()?),
            None => allow,
        })
    })
    .run()
    .await
}

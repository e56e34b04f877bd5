//! Says what it reads from the authorizer's context, with error frames of its own.

use lambda_websocket::{Error, Json, Message, Refusal, RequestContext, RouteError, Routes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize, Serialize)]
struct Claims {
    tenant: String,
    seats: u8,
    share: f64,
    admin: bool,
    nickname: Option<String>,
}

#[derive(Deserialize)]
struct Order {
    id: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Routes::new()
        .two_way("reply", async |event: Message<Json<Order>>| reply(event.body.id, &event))
        .one_way("post", async |event: Message<Json<Order>>| {
            let _delivery = event.connections().post(event.id(), &reply(event.body.id, &event)?).await?;
            Ok(())
        })
        .error_frame(frame)
        .run()
        .await
}

fn reply(id: u64, event: &RequestContext) -> Result<Json<Value>, RouteError> {
    let claims: Claims = event.authorizer_as()?;
    if id == 0 {
        return Err(RouteError::bad_request("Count from one").with_code("zero"));
    }
    Ok(Json(json!({ "id": id, "claims": claims, "exp": event.exp() })))
}

fn frame(refusal: &Refusal<'_>) -> Json<Value> {
    let id = refusal.read::<Json<Order>>().map(|order| order.id).ok();
    Json(json!({ "id": id, "status": refusal.status(), "code": refusal.code(), "text": refusal.text() }))
}

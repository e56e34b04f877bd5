//! The authorizer of `$connect`: lets in clients that have a JSON Web Token that is signed with `JWT_SECRET` (HS256) and valid now.
//!
//! A page can't set headers on a WebSocket, so the token is in the URL, `?token=<JWT>`, or a subprotocol beside `chat.v1`, `bearer.<JWT>`.

mod token;

use lambda_websocket::{Allow, Authorize, Deny, Error, authorize};
use token::Verifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let verifier = Verifier::from_env()?;
    authorize(async |event: Authorize| {
        let token = the_token(&event).ok_or_else(|| Deny::unauthorized("not exactly one token"))?;
        let claims = verifier.verify(token).map_err(Deny::unauthorized)?;
        // Without this, a connection could outlive its token by two hours.
        Ok(Allow::new(claims.sub).until(claims.exp as u64))
    })
    .run()
    .await
}

/// Refuses two tokens: otherwise whatever adds a second token to the request could choose which of them counts.
fn the_token(event: &Authorize) -> Option<&str> {
    let offered = event.subprotocols().filter_map(|name| name.as_str().strip_prefix("bearer."));
    let mut tokens = event.query_all("token").chain(offered);
    let token = tokens.next()?;
    tokens.next().is_none().then_some(token)
}

//! The authorizer of `$connect`: lets in whoever has a JSON Web Token that was signed with `JWT_SECRET` (HS256) and is valid now.
//!
//! A browser can set no headers, so the token is in the URL, `?token=<JWT>`, or beside `chat.v1` a subprotocol, `bearer.<JWT>`.

mod token;

use lambda_websocket::{Allow, Authorize, Deny, Error, authorize};
use token::Verifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let verifier = Verifier::from_env()?;
    authorize(async |event: Authorize| {
        let token = the_token(&event).ok_or_else(|| Deny::unauthorized("not exactly one token"))?;
        let claims = verifier.verify(token).map_err(Deny::unauthorized)?;
        Ok(Allow::new(claims.sub))
    })
    .run()
    .await
}

/// Two tokens are none: which of them counts would be for whoever added one to choose.
fn the_token(event: &Authorize) -> Option<&str> {
    let offered = event.subprotocols().filter_map(|name| name.as_str().strip_prefix("bearer."));
    let mut tokens = event.query_all("token").chain(offered);
    let token = tokens.next()?;
    tokens.next().is_none().then_some(token)
}

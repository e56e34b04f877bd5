//! Reading a body with limits.

use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;

/// How long the other side may take to send a body once it has sent the head. Every body fits into memory here, so this is long enough for
/// a slow line, and a client that stops in the middle is not kept for good.
const PATIENCE: Duration = Duration::from_secs(30);

/// A body that was read to its end.
#[derive(Debug)]
pub(crate) enum Received {
    Whole(Bytes),
    TooLarge { bytes: usize },
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the body broke off: {0}")]
    BrokeOff(String),
    #[error("the body did not arrive within {} s", PATIENCE.as_secs())]
    TooSlow,
}

/// Reads a body to its end and keeps at most `limit` bytes of it. If the server stopped at the limit, the connection would break while the
/// client still writes, and the client would see that instead of the answer.
///
/// # Errors
/// If the body breaks off, or takes too long.
pub(crate) async fn read<B>(body: B, limit: usize) -> Result<Received, Unreadable>
where
    B: Body<Data = Bytes, Error: Display>,
{
    let received = tokio::time::timeout(PATIENCE, read_to_end(body, limit)).await;
    received.map_err(|_| Unreadable::TooSlow)?.map_err(|error| Unreadable::BrokeOff(error.to_string()))
}

async fn read_to_end<B: Body<Data = Bytes>>(body: B, limit: usize) -> Result<Received, B::Error> {
    let mut body = pin!(body);
    let mut chunks = Vec::new();
    let mut bytes = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame?.into_data() else { continue };
        bytes = bytes.saturating_add(chunk.len());
        if bytes <= limit {
            chunks.push(chunk);
        }
    }
    Ok(match chunks.as_slice() {
        _ if bytes > limit => Received::TooLarge { bytes },
        // The usual case: no copy.
        [whole] => Received::Whole(whole.clone()),
        several => Received::Whole(several.concat().into()),
    })
}

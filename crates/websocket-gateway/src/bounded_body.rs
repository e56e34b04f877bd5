//! Reading a request's body with a limit.

use axum::body::Body;
use bytes::Bytes;
use futures_util::TryStreamExt;

/// A body that was read to its end.
#[derive(Debug)]
pub(crate) enum Received {
    Whole(Bytes),
    TooLarge { bytes: usize },
}

/// Reads a body to its end and keeps at most `limit` bytes of it. Stopping at the limit would break the connection while the other side
/// still writes, and it would see that instead of the answer.
///
/// # Errors
/// If the body breaks off.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Received, axum::Error> {
    let mut body = body.into_data_stream();
    let mut chunks = Vec::new();
    let mut bytes = 0_usize;
    while let Some(chunk) = body.try_next().await? {
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

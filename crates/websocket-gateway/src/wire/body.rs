//! Reading a body with a limit.

use std::pin::pin;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;

/// A body that was read to its end.
#[derive(Debug)]
pub(crate) enum Received {
    Whole(Bytes),
    TooLarge { bytes: usize },
}

/// Reads a body to its end and keeps at most `limit` bytes of it. If the server stopped at the limit, the connection would break while the
/// client still writes, and the client would see that instead of the answer.
///
/// # Errors
/// If the body breaks off.
pub(crate) async fn read<B: Body<Data = Bytes>>(body: B, limit: usize) -> Result<Received, B::Error> {
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

//! Which instance a request comes from.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::lambda::Pools;
use crate::lambda::ids::InstanceId;
use crate::lambda::pool::Pool;
use crate::lambda::schedule::Refusal;

/// The instance that a request comes from. Whether it is still known is the pool's to say.
pub(super) struct Caller {
    pub(super) pool: Arc<Pool>,
    pub(super) instance: InstanceId,
}

/// The path prefix of an instance.
#[derive(serde::Deserialize)]
struct Prefix {
    function: String,
    instance: String,
}

impl FromRequestParts<Arc<Pools>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, pools: &Arc<Pools>) -> Result<Self, Refusal> {
        let Path(prefix) =
            Path::<Prefix>::from_request_parts(parts, pools).await.map_err(|_| Refusal::UnknownInstance)?;
        let pool = pools.get(&prefix.function).ok_or(Refusal::UnknownInstance)?;
        let instance = prefix.instance.parse().map_err(|_| Refusal::UnknownInstance)?;
        Ok(Self { pool: Arc::clone(pool), instance })
    }
}

impl Caller {
    /// The function's ARN. The account is the one that AWS's own examples use.
    pub(super) fn arn(&self) -> String {
        let region = self.pool.host.own.get("AWS_REGION").map_or("us-east-1", String::as_str);
        format!("arn:aws:lambda:{region}:123456789012:function:{}", self.pool.program.function.name)
    }
}

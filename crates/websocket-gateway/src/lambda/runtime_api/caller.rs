//! Which instance a request comes from.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::lambda::host::Host;
use crate::lambda::ids::InstanceId;
use crate::lambda::pool::Pool;
use crate::lambda::schedule::Refusal;

/// The instance that a request comes from.
pub(super) struct Caller {
    pub(super) pool: Arc<Pool>,
    pub(super) instance: InstanceId,
}

/// The path prefix of an instance.
#[derive(serde::Deserialize)]
struct Prefix {
    instance: String,
}

impl FromRequestParts<Arc<Host>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Refusal> {
        let Path(prefix) =
            Path::<Prefix>::from_request_parts(parts, host).await.map_err(|_| Refusal::UnknownInstance)?;
        let instance = prefix.instance.parse().map_err(|_| Refusal::UnknownInstance)?;
        let pool = host.pool_of(instance).ok_or(Refusal::UnknownInstance)?;
        Ok(Self { pool, instance })
    }
}

impl Caller {
    /// The function's ARN. The account is the one that AWS's own examples use.
    pub(super) fn arn(&self) -> String {
        let region = self.pool.own.get("AWS_REGION").map_or("us-east-1", String::as_str);
        format!("arn:aws:lambda:{region}:123456789012:function:{}", self.pool.program.function.name)
    }
}

use crate::iam::Decision;

/// Why a request is not served, in AWS's words. Each service wraps them in its own way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is not signed at all.
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    /// The `Authorization` header lacks something that a signature needs.
    #[error(
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter with 'host' and 'x-amz-date'."
    )]
    IncompleteSignature,
    /// This gateway has not issued the access key or the session token.
    #[error("The security token included in the request is invalid.")]
    UnknownKeys,
    /// It is signed for another region, service or day.
    #[error("Credential should be scoped to {expected}.")]
    WrongScope { expected: String },
    /// It was signed too long ago, or in the future.
    #[error("{0}")]
    WrongTime(String),
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
         signing method. Consult the service documentation for details."
    )]
    SignatureDoesNotMatch,
    /// The policies of its role don't allow it.
    #[error(
        "User: {user} is not authorized to perform: {action} on resource: {resource} {}",
        match .decision {
            Decision::ExplicitlyDenied => "with an explicit deny in an identity-based policy".to_owned(),
            _ => format!("because no identity-based policy allows the {action} action"),
        }
    )]
    AccessDenied { user: String, action: String, resource: String, decision: Decision },
}

impl Refusal {
    /// The name that AWS gives the error.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::UnknownKeys => "UnrecognizedClientException",
            Self::WrongScope { .. } | Self::WrongTime(_) | Self::SignatureDoesNotMatch => "InvalidSignatureException",
            Self::AccessDenied { .. } => "AccessDeniedException",
        }
    }
}

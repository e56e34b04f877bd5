//! Who calls `@connections`, the store, the queues or a function, and what the caller may do there.
//!
//! Functions sign their calls with credentials that the gateway gave them (Signature Version 4, as every AWS SDK does), and may do what the
//! policies of their roles allow. A person who does not sign, or signs with keys of their own, is let through unless the gateway is strict:
//! there is nothing to protect from the person who started it. Web pages are kept out, because they would be taken for that person.

mod authorization_header;
mod credentials;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod proxy_key;
mod refusal;
mod signature;
mod web_pages;

use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::api::{Api, Function};
use crate::iam::Decision;
use authorization_header::Authorization;
use credentials::ACCESS_KEY_ID;
pub(crate) use credentials::{Credentials, Holder};
pub(crate) use proxy_key::ProxyKey;
pub(crate) use refusal::Refusal;
pub(crate) use web_pages::AllowedHosts;

/// The header with the session token of temporary credentials.
const SECURITY_TOKEN: &str = "x-amz-security-token";

/// Checks signatures and policies.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) credentials: Credentials,
    /// Whether only functions are served.
    pub(crate) strict: bool,
    /// Whether functions run elsewhere, with the shared credentials, which are not secret.
    pub(crate) elsewhere: bool,
    /// From where web pages are served, and by which names the gateway may be called.
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) proxy: ProxyKey,
}

/// Who has sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A caller with credentials that the gateway has issued.
    Known(Holder),
    /// Any other caller: one who does not sign, or whose signature the gateway can't check, because it did not issue the keys.
    Person,
}

impl Guard {
    /// Finds out who has sent a request to `service`. `now` is in seconds since 1970, by the system's clock, because functions sign by it.
    ///
    /// # Errors
    /// A signature with the gateway's own keys that is wrong, in AWS's words. If the gateway is strict, also one with other keys or none.
    pub(crate) fn identify(&self, service: &str, request: &Parts, body: &[u8], now: i64) -> Result<Caller, Refusal> {
        let verified = match request.headers.get(AUTHORIZATION) {
            None => Err(Refusal::MissingAuthenticationToken),
            Some(header) => self.verify(service, request, header, body, now).map(Caller::Known),
        };
        match verified {
            Err(Refusal::MissingAuthenticationToken | Refusal::UnknownKeys) if !self.strict => Ok(Caller::Person),
            verified => verified,
        }
    }

    fn verify(
        &self,
        service: &str,
        request: &Parts,
        header: &HeaderValue,
        body: &[u8],
        now: i64,
    ) -> Result<Holder, Refusal> {
        let header = header.to_str().unwrap_or_default();
        let authorization = match Authorization::parse(header) {
            Some(authorization) => authorization,
            None if header.contains(ACCESS_KEY_ID) => return Err(Refusal::IncompleteSignature),
            // What a person's tools send for other keys is their own affair: Signature Version 4A, a bearer token.
            None => return Err(Refusal::UnknownKeys),
        };
        if authorization.access_key_id != ACCESS_KEY_ID {
            return Err(Refusal::UnknownKeys);
        }
        let token = text(&request.headers, SECURITY_TOKEN);
        let keys = self.credentials.with_token(token).ok_or(Refusal::UnknownKeys)?;
        if keys.holder == Holder::AnyFunction && self.strict && !self.elsewhere {
            return Err(Refusal::UnknownKeys);
        }
        authorization.check_scope(self.credentials.region(), service)?;
        let signed_at = text(&request.headers, "x-amz-date").ok_or(Refusal::IncompleteSignature)?;
        authorization.check_date(signed_at, now)?;
        let key = keys.signing_key(authorization.scope).ok_or(Refusal::SignatureDoesNotMatch)?;
        if !signature::is_right(request, body, &authorization, signed_at, &key) {
            return Err(Refusal::SignatureDoesNotMatch);
        }
        Ok(keys.holder.clone())
    }
}

impl Caller {
    /// The function that calls, by its logical id; `None` for a person, and for a function that is started elsewhere.
    pub(crate) fn function(&self) -> Option<&str> {
        match self {
            Self::Known(Holder::Function(id)) => Some(id),
            Self::Known(Holder::AnyFunction) | Self::Person => None,
        }
    }

    /// Checks whether the policies allow this caller an action on a resource, which is an ARN.
    ///
    /// # Errors
    /// [`Refusal::AccessDenied`].
    pub(crate) fn check_permission(&self, api: &Api, action: &str, resource: &str) -> Result<(), Refusal> {
        let holder = match self {
            Self::Person => return Ok(()),
            Self::Known(holder) => holder,
        };
        let decide = |function: &Function| function.policy.decide(action, resource);
        let (name, decision) = match holder {
            Holder::Function(id) => {
                let function = api.functions.get(id);
                (
                    function.map_or(id.as_str(), |function| &function.name),
                    function.map_or(Decision::ImplicitlyDenied, decide),
                )
            }
            // The gateway can't tell which one it is.
            Holder::AnyFunction => {
                let allowed = api.functions.values().any(|function| decide(function) == Decision::Allowed);
                ("any-function", if allowed { Decision::Allowed } else { Decision::ImplicitlyDenied })
            }
        };
        if decision == Decision::Allowed {
            return Ok(());
        }
        let user = api.account.global_arn("sts", &format!("assumed-role/{name}/{name}"));
        Err(Refusal::AccessDenied { user, action: action.to_owned(), resource: resource.to_owned(), decision })
    }
}

fn text<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;

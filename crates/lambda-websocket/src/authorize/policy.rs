//! What an authorizer returns to API Gateway.

use std::collections::BTreeMap;

use serde::Serialize;

use super::session::{self, InvalidExp};
use super::{Allow, ContextValue};
use crate::event::EXP;

/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": Lambda authorizer result size, 8 KB.
const MAX_BYTES: usize = 8 * 1024;

/// What API Gateway adds to the context itself.
/// Source: API Gateway developer guide, "API Gateway WebSocket API mapping template reference": `$context.authorizer`.
pub(super) const GATEWAYS_KEYS: [&str; 2] = ["principalId", "integrationLatency"];

/// API Gateway needs a principal in a denial too, and never shows it.
const NOBODY: &str = "nobody";

/// An authorizer's answer: `{"principalId":…,"policyDocument":…,"context":…}`. Its policy allows or denies `execute-api:Invoke` on exactly
/// the resource that API Gateway asked about.
///
/// Handlers don't make it; [`Route::replay`](crate::Route::replay) returns it to tests.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    principal_id: String,
    policy_document: Document,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    context: BTreeMap<String, ContextValue>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: Effect,
    resource: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Effect {
    Allow,
    Deny,
}

/// Why an [`Allow`] can't become an answer that API Gateway takes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidAllow {
    #[error("the principal is empty: name the client that is allowed in")]
    NoPrincipal,
    #[error("the context key {0:?} is API Gateway's own: choose another")]
    ReservedKey(String),
    #[error(
        "the context key \"exp\" is the session's deadline: give it to Allow::until if the session is to end then, and leave it out of the \
        context"
    )]
    ExpInContext,
    #[error(transparent)]
    Exp(#[from] InvalidExp),
    #[error("the authorizer's answer is too large: {0} bytes, and {MAX_BYTES} are allowed; put less into the context")]
    TooLarge(usize),
    #[error("the authorizer's answer can't be serialised")]
    Json(#[from] serde_json::Error),
}

impl Policy {
    pub(crate) fn allow(method_arn: String, allow: Allow) -> Result<Self, InvalidAllow> {
        let Allow { principal_id, mut context, exp } = allow;
        if principal_id.is_empty() {
            return Err(InvalidAllow::NoPrincipal);
        }
        if let Some(key) = context.keys().find(|key| GATEWAYS_KEYS.contains(&key.as_str())) {
            return Err(InvalidAllow::ReservedKey(key.clone()));
        }
        if context.contains_key(EXP) {
            return Err(InvalidAllow::ExpInContext);
        }
        if let Some(exp) = exp {
            session::check(exp)?;
            context.insert(EXP.to_owned(), exp.into());
        }
        let policy = Self::new(principal_id, Effect::Allow, method_arn, context);
        match serde_json::to_string(&policy)?.len() {
            bytes if bytes > MAX_BYTES => Err(InvalidAllow::TooLarge(bytes)),
            _ => Ok(policy),
        }
    }

    pub(crate) fn deny(method_arn: String) -> Self {
        Self::new(NOBODY.to_owned(), Effect::Deny, method_arn, BTreeMap::new())
    }

    fn new(principal_id: String, effect: Effect, resource: String, context: BTreeMap<String, ContextValue>) -> Self {
        let statement = [Statement { action: "execute-api:Invoke", effect, resource }];
        Self { principal_id, policy_document: Document { version: "2012-10-17", statement }, context }
    }

    fn statement(&self) -> &Statement {
        let [statement] = &self.policy_document.statement;
        statement
    }

    /// Whether the policy lets the client in.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.statement().effect == Effect::Allow
    }

    /// What the policy is about: the event's `methodArn`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.statement().resource
    }

    /// Who the client is; a placeholder if it is denied.
    #[must_use]
    pub fn principal_id(&self) -> &str {
        &self.principal_id
    }

    #[cfg(feature = "testing")]
    pub(crate) fn values(&self) -> impl Iterator<Item = (&String, &ContextValue)> {
        self.context.iter()
    }

    /// A value of the context.
    #[must_use]
    pub fn context(&self, key: &str) -> Option<&ContextValue> {
        self.context.get(key)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect";

    #[test]
    fn it_is_written_as_api_gateway_reads_it() {
        let allow = Allow::new("alice")
            .with_context("tenant", "acme")
            .with_context("admin", true)
            .with_context("level", 7)
            .with_context("share", 0.5)
            .with_context("rest", f64::NAN)
            .until(1_762_430_400);
        let statement = |effect| json!([{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": ARN }]);
        assert_eq!(
            to_value(Policy::allow(ARN.to_owned(), allow).unwrap()).unwrap(),
            json!({
                "principalId": "alice",
                "policyDocument": { "Version": "2012-10-17", "Statement": statement("Allow") },
                "context": { "tenant": "acme", "admin": true, "level": 7, "share": 0.5, "rest": "NaN", "exp": 1_762_430_400 },
            })
        );
        assert_eq!(
            to_value(Policy::deny(ARN.to_owned())).unwrap(),
            json!({
                "principalId": "nobody",
                "policyDocument": { "Version": "2012-10-17", "Statement": statement("Deny") },
            })
        );
    }

    #[test]
    fn an_answer_that_api_gateway_would_not_take_is_an_error() {
        let refused = |allow| Policy::allow(ARN.to_owned(), allow).unwrap_err().to_string();
        assert!(refused(Allow::new("")).contains("principal is empty"));
        for key in GATEWAYS_KEYS {
            assert!(refused(Allow::new("alice").with_context(key, "x")).contains(key));
        }
        // A deadline is set on purpose or not at all.
        let claims = json!({ "exp": 1_762_430_400 });
        let by_claims = Allow::new("alice").with_claims(&claims).unwrap().until(1_762_430_400);
        for allow in [Allow::new("alice").with_context("exp", 1_762_430_400), by_claims] {
            assert!(refused(allow).contains("give it to Allow::until"));
        }
        assert!(refused(Allow::new("alice").until(1_762_430_400_000)).contains("not a number of seconds since 1970"));
    }

    #[test]
    fn the_limit_is_on_the_whole_answer() {
        let with = |length| Policy::allow(ARN.to_owned(), Allow::new("alice").with_context("data", "x".repeat(length)));
        let empty = serde_json::to_string(&with(0).unwrap()).unwrap().len();
        assert!(with(8192 - empty).is_ok());
        let error = with(8193 - empty).unwrap_err().to_string();
        assert!(error.contains("8193 bytes, and 8192 are allowed"), "{error}");
    }
}

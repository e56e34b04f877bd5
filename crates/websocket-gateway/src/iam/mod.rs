//! What a policy allows, by the rules of IAM: the policies of functions' roles, and the one that an authorizer answers with.

mod policy;
mod statement;
mod wildcard;

pub(crate) use policy::{Decision, Policy};
pub(crate) use statement::{Effect, Statement, StatementError};
pub(crate) use wildcard::matches;

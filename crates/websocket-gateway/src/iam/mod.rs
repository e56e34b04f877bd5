//! What a policy allows, by IAM's rules. Policies come from the functions' roles and from the answers of authorizers.
//!
//! - `policy` decides whether several statements together allow an action on a resource.
//! - `statement` reads one statement, and refuses what it can't evaluate.
//! - `wildcard` matches the patterns of actions and resources.

mod policy;
mod statement;
mod wildcard;

pub(crate) use policy::{Decision, Policy};
pub(crate) use statement::{Effect, Statement, StatementError};
pub(crate) use wildcard::matches;

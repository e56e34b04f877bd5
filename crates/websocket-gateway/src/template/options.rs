//! The choices that a template leaves open.

use std::collections::BTreeMap;

use crate::api::Account;

/// What a template does not say itself.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// Values for the template's parameters, which replace their defaults.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Whether a parameter without a value gets a made-up value, for a look at the template without the author's choices.
    pub(crate) assumes_parameters: bool,
    /// The values of the pseudo parameters, such as `AWS::Region`.
    pub(crate) account: Account,
    /// The stack's name. Without it the name of the template's directory, or a part of it that makes no name too long.
    pub(crate) stack_name: Option<String>,
    /// The logical id of the API to serve. Needed only if the template has several.
    pub(crate) api: Option<String>,
    /// The name of the stage to serve. Needed only if the API has several.
    pub(crate) stage: Option<String>,
}

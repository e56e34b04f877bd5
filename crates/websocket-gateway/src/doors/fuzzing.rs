//! See [`crate::fuzzing`].

use super::{management_api, router};

/// Where the path of a request leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Its first part.
    pub stage: String,
    /// What follows that.
    pub rest: String,
    /// The id of `@connections/{id}`, as it was written.
    pub written_id: Option<String>,
    /// The connection id that it means, if it is valid.
    pub connection_id: Option<String>,
}

/// Reads the path of a request to the gateway's port.
pub fn door_path(path: &str) -> Path {
    let (stage, rest) = router::split(path);
    let written = router::connection_id(rest);
    Path {
        stage: stage.to_owned(),
        rest: rest.to_owned(),
        written_id: written.map(str::to_owned),
        connection_id: written.and_then(management_api::valid_id).map(|id| id.to_string()),
    }
}

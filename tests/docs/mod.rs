//! What the README says, done as it says.

mod own_api;

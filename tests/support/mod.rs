//! What every test starts from: a gateway, a client, a look into the table.

mod authorizer;
mod browser;
mod client;
mod gate;
mod generated;
mod http;
mod invocations;
mod keys;
mod own_api;
mod own_project;
mod postgres;
mod program;
mod section;
mod start;
mod table;
mod time_limit;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) use authorizer::{SECRET, authorized_example, authorizer_event};
pub(crate) use browser::Browser;
pub(crate) use client::{Client, Refused, order};
pub(crate) use gate::Gate;
pub(crate) use generated::assert_is_up_to_date;
pub(crate) use http::{connection_url, get, http, http_with_body, post, raw};
pub(crate) use invocations::{ended, event_of};
pub(crate) use keys::Keys;
pub(crate) use own_api::OwnApi;
pub(crate) use own_project::OwnProject;
pub(crate) use postgres::Postgres;
pub(crate) use program::{as_from_a_shell, end, gateway, pid, serving, signal};
pub(crate) use section::{SECTIONS, Section};
pub(crate) use start::{
    START_MS, example, example_with, options, options_of_api, options_with, probe, start, start_with_clock,
};
pub(crate) use table::Table;
pub(crate) use time_limit::{in_time, try_in_time};

/// Where a folder of one's own can be made: nothing is there yet, and nobody else gets the same.
pub(crate) fn own_folder(name: &str) -> PathBuf {
    static NAMED: AtomicU32 = AtomicU32::new(0);
    let number = NAMED.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("lambda-websocket.{name}.{}.{number}", std::process::id()))
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

//! `invoke` and `replay`: send sample events and print their results.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use websocket_gateway::Gateway;
use websocket_gateway::api::{Api, Code, Function};
use websocket_gateway::replay::{Recipient, SampleError, SampleEvent};

use super::arguments::{Events, Work};
use super::results::{Row, Table};
use super::{WRONG_INPUT, terminal};

/// The events that the command line names, read from their files.
pub(crate) struct Sending {
    events: Vec<SampleEvent>,
    /// The function or route that the only event is for, if the command line names it.
    recipient: Option<String>,
    json: bool,
}

impl Sending {
    /// `None` if there is nothing to send.
    pub(crate) fn prepare(work: Work) -> Result<Option<Self>, SampleError> {
        let Work::Send { events, json } = work else { return Ok(None) };
        let (events, recipient) = match events {
            Events::One { recipient, event } => (vec![read(&event)?], Some(recipient)),
            Events::Many(paths) => (SampleEvent::read_all(&paths)?, None),
        };
        Ok(Some(Self { events, recipient, json }))
    }

    /// Sends one event after the other. An event without a recipient is wrong input, whatever the other results are.
    pub(crate) async fn run(&self, gateway: &Gateway) -> ExitCode {
        match &self.recipient {
            Some(name) => self.invoke(gateway, name).await,
            None => self.replay(gateway).await,
        }
    }

    /// An error if the template has no route and no function of the name on the command line. A binary's name may be known only when it is built.
    pub(crate) fn refused_by(&self, api: &Api) -> Option<String> {
        let name = self.recipient.as_ref()?;
        let is_unclear = |function: &Function| matches!(function.code, Code::Cargo { binary: None, .. });
        let may_be_known = api.functions.values().any(is_unclear) || Recipient::called(name, api).is_some();
        (!may_be_known).then(|| unknown(name, api))
    }

    async fn invoke(&self, gateway: &Gateway, name: &str) -> ExitCode {
        let api = gateway.api();
        let Some(recipient) = Recipient::called(name, &api) else {
            terminal::show_error(&unknown(name, &api));
            return ExitCode::from(WRONG_INPUT);
        };
        let (for_a_person, mut failed) = (terminal::is_read_by_a_person(), false);
        for event in &self.events {
            let row = send(gateway, event, Some(recipient)).await;
            terminal::show_result(&if self.json { row.to_json(for_a_person) } else { row.to_text(for_a_person) });
            failed |= row.is_failure();
        }
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    async fn replay(&self, gateway: &Gateway) -> ExitCode {
        let api = gateway.api();
        let recipients: Vec<_> = self.events.iter().map(|event| (event, Recipient::of(event, &api))).collect();
        let table = Table::new(&recipients, terminal::width());
        if !self.json {
            terminal::say(&table.head());
        }
        let for_a_person = terminal::is_read_by_a_person();
        let (mut lost, mut failed) = (false, false);
        for (event, recipient) in recipients {
            let row = send(gateway, event, recipient).await;
            terminal::show_result(&if self.json { row.to_json(for_a_person) } else { table.line(&row) });
            lost |= recipient.is_none();
            failed |= row.is_failure();
        }
        match (lost, failed) {
            (true, _) => ExitCode::from(WRONG_INPUT),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

async fn send<'a>(gateway: &Gateway, event: &'a SampleEvent, recipient: Option<Recipient<'a>>) -> Row<'a> {
    match recipient {
        Some(recipient) => {
            let replayed = gateway.replay(&recipient.function.logical_id, event).await;
            Row::of(event, recipient, &replayed)
        }
        None => Row::without_recipient(event),
    }
}

fn read(path: &Path) -> Result<SampleEvent, SampleError> {
    if path != Path::new("-") {
        return SampleEvent::read(path);
    }
    let path = PathBuf::from("standard input");
    let mut json = Vec::new();
    match std::io::stdin().read_to_end(&mut json) {
        Ok(_) => SampleEvent::parse(path, json),
        Err(source) => Err(SampleError::Unreadable { path, source }),
    }
}

fn unknown(name: &str, api: &Api) -> String {
    let routes: Vec<_> = api.routes.keys().map(String::as_str).collect();
    let functions = api.functions.values().map(|function| match function.binary() {
        Some(binary) => format!("{} (binary {binary})", function.logical_id),
        None => function.logical_id.clone(),
    });
    let functions: Vec<_> = functions.collect();
    format!(
        "there is no route and no function `{}`; the routes are {}, and the functions are {}",
        name,
        routes.join(", "),
        functions.join(", ")
    )
}

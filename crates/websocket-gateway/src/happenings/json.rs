//! Happenings as JSON, for programs and for the console's page: one object each, as `docs/happenings.md` describes it. Whoever reads it may not
//! be the person who started the gateway, so the secrets of handshakes are masked.

use std::time::Duration;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::wording::milliseconds as in_milliseconds;
use super::{Happening, Level, What};
use crate::secrets;
use crate::visible::Visible;

impl Serialize for Happening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            at: u64,
            level: Level,
            #[serde(rename = "byHand", skip_serializing_if = "std::ops::Not::not")]
            by_hand: bool,
            #[serde(flatten)]
            what: &'a What,
            text: Text<'a>,
        }
        let Self { at_ms: at, level, by_hand, what } = self;
        Line { at: *at, level: *level, by_hand: *by_hand, what, text: Text(self) }.serialize(serializer)
    }
}

/// The line for a person.
struct Text<'a>(&'a Happening);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.what {
            What::Output { line, .. } => serializer.collect_str(&Visible::line(line).without_colours()),
            what => serializer.collect_str(&format_args!("{what}{}", self.0.suffix())),
        }
    }
}

impl Happening {
    /// Writes its JSON, on one line.
    #[cfg(feature = "console")]
    pub(crate) fn write_line(&self, to: &mut Vec<u8>) {
        // A happening can always be serialised, because its maps have texts as keys, and writing to a Vec does not fail.
        let _ = serde_json::to_writer(to, self);
    }
}

pub(super) fn text<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

pub(super) fn text_if_any<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes)).serialize(serializer)
}

/// The event itself, byte for byte if it has no secrets.
pub(super) fn event<S: Serializer>(event: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(masked) = secrets::masked(event) {
        return masked.serialize(serializer);
    }
    match serde_json::from_slice::<&RawValue>(event) {
        Ok(event) => event.serialize(serializer),
        Err(_) => text(event, serializer),
    }
}

pub(super) fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // In whole microseconds: more is noise.
    serializer.serialize_f64((in_milliseconds(*duration) * 1000.0).round() / 1000.0)
}

pub(super) fn milliseconds_if_any<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => milliseconds(duration, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests;

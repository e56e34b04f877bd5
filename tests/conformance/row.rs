//! The table as data: what a row may say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde::Deserialize;
use serde_json::Value;

use crate::support::root;

/// One rule of API Gateway, what it rests on, and how to see that it holds.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) rule: String,
    pub(crate) confidence: Confidence,
    /// `guide/page` of API Gateway's developer guide, `owner/repository#number` of an issue, a URL, or words.
    #[serde(default)]
    pub(crate) source: Vec<String>,
    /// A remark.
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// The API of the template, by its logical id.
    #[serde(default = "main_api")]
    pub(crate) api: String,
    /// Whether time has to pass: then a clock that is moved by hand stands in for the real one.
    #[serde(default)]
    pub(crate) clock: bool,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    /// Instead of steps: the name of the test that shows it.
    #[serde(default)]
    pub(crate) test: Option<String>,
    /// Instead of steps: how the gateway differs.
    #[serde(default)]
    pub(crate) no: Option<String>,
}

fn main_api() -> String {
    "Api".to_owned()
}

/// How well a rule is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    /// AWS says so.
    Documented,
    /// It was seen on AWS and described in public.
    Observed,
    /// It is not known outside AWS, and the gateway had to choose.
    Guess,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    Connect(Connect),
    /// A text, or JSON that is sent as a text.
    Send(Value),
    SendSized(Sized),
    /// A binary message.
    SendBinary(Vec<u8>),
    /// Bytes that go past the WebSocket library, in hexadecimal.
    SendRaw(String),
    /// A ping, whose pong must be the next frame.
    Ping(String),
    /// The next frame, a text.
    Hear(Value),
    /// The next frame, a JSON text with these fields among others.
    HearJson(Value),
    /// The next frame, the answer to a message that asks the probe for its event: captures `<connectionId>`.
    Identify,
    HearClose(Close),
    Close(Close),
    /// Ends the TCP connection without a close frame.
    Cut,
    /// What the probe saw of this connection.
    Seen(Seen),
    /// What it will have seen after something else: waits until it is so.
    SeenAtLast(Seen),
    /// Waits until an invocation of this route has ended: what was to come of it has come.
    Ended(String),
    /// What the probe must not have seen of the connection whose handshake was last refused. A connection that comes and goes first
    /// makes sure that it is not merely late.
    NeverSeen(String),
    /// A call of `@connections` with the AWS SDK.
    Call(Call),
    /// Places that stand for different texts.
    Differ([String; 2]),
    /// In seconds.
    Advance(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Connect {
    /// What the probe is to do in `$connect`.
    pub(crate) r#do: Option<Value>,
    /// The query string, as it is.
    pub(crate) query: Option<String>,
    /// Fills the URL up to this many characters.
    pub(crate) url_length: Option<usize>,
    pub(crate) stage: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) status: u16,
    /// The subprotocol in the answer.
    pub(crate) subprotocol: Option<String>,
    /// What the client's WebSocket library says against a handshake that the gateway accepts.
    pub(crate) client_says: Option<String>,
    /// What else the 101 must not contain.
    pub(crate) without_header: Option<String>,
}

impl Default for Connect {
    fn default() -> Self {
        Self {
            r#do: None,
            query: None,
            url_length: None,
            stage: None,
            headers: BTreeMap::new(),
            status: 101,
            subprotocol: None,
            client_says: None,
            without_header: None,
        }
    }
}

/// A message of an exact size, which the probe is to measure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sized {
    pub(crate) bytes: usize,
    /// Into how many frames it is cut.
    pub(crate) frames: usize,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Close {
    pub(crate) code: Option<u16>,
    pub(crate) reason: String,
}

impl Close {
    pub(crate) fn frame(&self) -> Option<(u16, &str)> {
        self.code.map(|code| (code, self.reason.as_str()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// `CONNECT`, `DISCONNECT`, or whatever else the probe keeps.
    pub(crate) what: String,
    /// Exactly this.
    #[serde(default)]
    pub(crate) is: Option<Value>,
    /// These fields among others.
    #[serde(default)]
    pub(crate) has: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// After the address of the API. The SDK writes `/{stage}/@connections/{connectionId}` otherwise.
    #[serde(default)]
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) data: Option<String>,
    /// Instead of `data`: that many bytes.
    #[serde(default)]
    pub(crate) bytes: Option<usize>,
    pub(crate) status: u16,
    /// The name of the error in `x-amzn-ErrorType`.
    #[serde(default)]
    pub(crate) error: Option<String>,
    /// The body: a text to the byte, or JSON.
    #[serde(default)]
    pub(crate) body: Option<Value>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

pub(crate) fn folder() -> PathBuf {
    root().join("tests/conformance")
}

/// The rows of one theme, from the file of that name.
pub(crate) fn rows(theme: &str) -> Vec<Row> {
    let file = folder().join(theme).with_extension("yaml");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let rows = json(&Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{theme}: {error}"))[0]);
    let rows = rows.as_array().unwrap_or_else(|| panic!("{theme}: not a list"));
    let row = |row: &Value| Row::deserialize(row).unwrap_or_else(|error| panic!("{theme}: {}: {error}", row["rule"]));
    rows.iter().map(row).collect()
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(entries) => {
            let entry = |(key, value): (&Yaml<'_>, &Yaml<'_>)| (key.as_str().unwrap().to_owned(), json(value));
            Value::Object(entries.iter().map(entry).collect())
        }
        other => panic!("{other:?} has no place in the table"),
    }
}

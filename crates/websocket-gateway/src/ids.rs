//! Ids in the shapes of API Gateway's and Lambda's. API Gateway's have 15 characters of the URL-safe base64 alphabet and a `=`, which is 11
//! bytes.

use std::fmt;
use std::sync::atomic::{AtomicU16, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde::{Deserialize, Serialize};

/// The id of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ConnectionId(String);

/// The 12th character of all of API Gateway's ids seen so far.
const CONNECTION_OR_MESSAGE: char = 'C';
const REQUEST: char = 'F';

impl ConnectionId {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self(id(now_ms, CONNECTION_OR_MESSAGE))
    }

    /// Reads an id from a URL; `None` if the text is not a valid id, to which API Gateway answers 400 and not 410.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        URL_SAFE.decode(text).ok().filter(|bytes| !bytes.is_empty()).map(|_| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a valid connection id"))
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A new id for an event.
pub(crate) fn request_id(now_ms: u64) -> String {
    id(now_ms, REQUEST)
}

/// A new id for a message. Its last characters are those of the connection id.
pub(crate) fn message_id(now_ms: u64, connection: &ConnectionId) -> String {
    let mut id = id(now_ms, CONNECTION_OR_MESSAGE);
    if let (Some(_), Some(end)) = (id.get(SHARED_END..), connection.as_str().get(SHARED_END..)) {
        id.replace_range(SHARED_END.., end);
    }
    id
}

const TRACE_HEADER_CHARACTERS: usize =
    "Root=1-12345678-123456789012345678901234;Parent=1234567890123456;Sampled=0".len();

/// The root of an X-Ray trace header.
/// Source: AWS X-Ray developer guide, "Tracing header": a version, 8 hexadecimal digits of seconds, then 96 random bits.
pub(crate) fn trace_root(now_ms: u64) -> String {
    let mut root = String::with_capacity(TRACE_HEADER_CHARACTERS);
    root.push_str("Root=1-");
    let seconds = u32::try_from(now_ms / 1000).unwrap_or(u32::MAX);
    push_hex(&mut root, &seconds.to_be_bytes());
    root.push('-');
    push_hex(&mut root, &rand::random::<[u8; 12]>());
    root
}

/// A whole trace header that does not ask for sampling.
pub(crate) fn trace_header(now_ms: u64) -> String {
    let mut header = trace_root(now_ms);
    header.push_str(";Parent=");
    push_hex(&mut header, &rand::random::<[u8; 8]>());
    header.push_str(";Sampled=0");
    header
}

/// 128 random bits, for what must not be guessed.
#[cfg(feature = "console")]
pub(crate) fn secret() -> String {
    let mut secret = String::with_capacity(32);
    push_hex(&mut secret, &rand::random::<[u8; 16]>());
    secret
}

/// A random UUID (version 4, RFC 9562 §5.4), the form of Lambda's request ids.
pub(crate) fn uuid() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut uuid = String::with_capacity(36);
    push_hex(&mut uuid, &bytes[..4]);
    for group in [&bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]] {
        uuid.push('-');
        push_hex(&mut uuid, group);
    }
    uuid
}

/// A random id of a request to DynamoDB: 52 digits and capital letters.
pub(crate) fn dynamodb_request_id() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
    rand::random::<[u8; 52]>().iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// Appends two lower-case hexadecimal digits for each byte. Every message gets several ids, and with `format!` they would take a tenth of the
/// time that a message takes.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]));
}

const MARK: usize = 11;
const SHARED_END: usize = 12;

/// An id begins with the time, so ids made close together begin alike. Two ids of the same millisecond differ by a count.
fn id(now_ms: u64, mark: char) -> String {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let mut bytes: [u8; 11] = rand::random();
    bytes[..6].copy_from_slice(&now_ms.to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let mut id = URL_SAFE.encode(bytes);
    id.replace_range(MARK..=MARK, mark.encode_utf8(&mut [0; 4]));
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shape_of_the_real_ones() {
        let connection = ConnectionId::new(1_762_426_800_123);
        let message = message_id(1_762_426_804_011, &connection);
        let request = request_id(1_762_426_804_011);
        for id in [connection.as_str(), &message, &request] {
            assert_eq!((id.len(), &id[15..]), (16, "="), "{id}");
            assert_eq!(ConnectionId::parse(id).map(|id| id.0).as_deref(), Some(id));
        }
        assert_eq!(message[12..], connection.as_str()[12..]);
        assert_eq!((&message[11..12], &request[11..12]), ("C", "F"));
        assert_eq!(connection.as_str()[..6], ConnectionId::new(1_762_426_800_124).as_str()[..6]);
    }

    #[test]
    fn a_text_that_is_not_an_id_is_not_parsed() {
        for bad in ["", "../x", "not base64!", "abc", "====", "%3D"] {
            assert_eq!(ConnectionId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_uuid_carries_version_and_variant() {
        for _ in 0..100 {
            let uuid = uuid();
            let parts: Vec<&str> = uuid.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{uuid}");
            assert!(parts[2].starts_with('4'), "{uuid}");
            assert!(parts[3].starts_with(['8', '9', 'a', 'b']), "{uuid}");
        }
    }
}

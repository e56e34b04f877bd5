//! Header names as the client wrote them. hyper keeps them to itself and shows names in lower case, which is all that most readers need.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderName;

/// How much of a head is kept: as much as hyper reads of one.
const MOST_BYTES: usize = 8 * 1024 + 100 * 4096;

/// A request's head, as the client wrote it. It is among the extensions of a request at a port that keeps heads.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenHead(Bytes);

impl WrittenHead {
    /// The names of the headers as they were written. Of several spellings of a name the first counts.
    pub(crate) fn names(&self) -> HashMap<HeaderName, &str> {
        let mut names = HashMap::new();
        for line in self.0.split(|byte| *byte == b'\n') {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let written = &line[..colon];
            // The first line and what follows the head are not headers. hyper has checked those that are.
            if let (Ok(name), Ok(written)) = (HeaderName::from_bytes(written), str::from_utf8(written)) {
                names.entry(name).or_insert(written);
            }
        }
        names
    }
}

#[cfg(test)]
impl From<&'static str> for WrittenHead {
    fn from(head: &'static str) -> Self {
        Self(Bytes::from_static(head.as_bytes()))
    }
}

/// What a connection keeps of the head that it reads. Between heads it keeps nothing.
#[derive(Debug)]
pub(super) struct HeadKeeper(Mutex<Option<Vec<u8>>>);

impl HeadKeeper {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }

    /// For each piece that is read.
    pub(super) fn read(&self, bytes: &[u8]) {
        if let Some(head) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            head.extend_from_slice(&bytes[..bytes.len().min(MOST_BYTES - head.len())]);
        }
    }

    /// Gives out the head, which has been read to its end. What follows is a body.
    pub(super) fn take(&self) -> WrittenHead {
        let head = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        WrittenHead(head.unwrap_or_default().into())
    }

    /// Keeps the next head.
    pub(super) fn expect_next(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_were_written() {
        let head =
            WrittenHead::from("GET /a:b HTTP/1.1\r\nhost: x:1\r\nX-MiXeD:1\r\nCOOKIE: a\r\nCookie: b\r\n\r\n\0x: y\nq");
        let mut names: Vec<_> = head.names().into_values().collect();
        names.sort_unstable();
        assert_eq!(names, ["COOKIE", "X-MiXeD", "host"]);
    }

    #[test]
    fn only_heads_are_kept_and_not_without_end() {
        let keeper = HeadKeeper::new();
        keeper.read(b"GET / HTTP/1.1\r\nA");
        keeper.read(b"b: c\r\n\r\n");
        assert_eq!(keeper.take().names().into_values().collect::<Vec<_>>(), ["Ab"]);
        keeper.read(b"Body: 1\n");
        assert!(keeper.take().names().is_empty());
        keeper.expect_next();
        for _ in 0..MOST_BYTES / 1000 + 2 {
            keeper.read(&[b'x'; 1000]);
        }
        assert_eq!(keeper.take().0.len(), MOST_BYTES);
    }
}

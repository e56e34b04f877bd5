//! Happenings as the text of server-sent events, many in a row. They are written once, kept, and sent as they are.

use std::collections::VecDeque;
use std::io::Write;

use bytes::{Buf, Bytes};

use crate::happenings::Happening;

/// How many happenings are kept at most. The oldest are forgotten a piece at a time.
pub(super) const MOST: usize = 20_000;

/// How many bytes they may have.
pub(super) const MOST_BYTES: usize = 32 * 1024 * 1024;

/// How many happenings a piece has at most.
const PIECE: usize = 64;

/// A piece with so many bytes gets no more happenings.
pub(super) const PIECE_BYTES: usize = 256 * 1024;

/// What ends an event. Nothing else has it, because JSON writes a line end as `\n`.
const END: &[u8] = b"\n\n";

/// Happenings in a row.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The number of the first.
    first: u64,
    count: usize,
    text: Bytes,
}

/// The last pieces.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: VecDeque<Piece>,
    count: usize,
    bytes: usize,
}

/// Writes pieces.
#[derive(Debug, Default)]
pub(super) struct Writer {
    first: u64,
    count: usize,
    text: Vec<u8>,
}

impl Writer {
    /// Adds a happening as an event, with its number as the id. A page sees from the numbers what it has missed.
    pub(super) fn add(&mut self, happening: &Happening) {
        // Writing to a Vec does not fail.
        let _ = write!(self.text, "id: {}\ndata: ", self.first + self.count as u64);
        happening.write_line(&mut self.text);
        self.text.extend_from_slice(END);
        self.count += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= PIECE || self.text.len() >= PIECE_BYTES
    }

    /// What was added since the last time.
    pub(super) fn finish(&mut self) -> Piece {
        let piece = Piece { first: self.first, count: self.count, text: Bytes::copy_from_slice(&self.text) };
        (self.first, self.count) = (piece.end(), 0);
        self.text.clear();
        self.text.shrink_to(PIECE_BYTES);
        piece
    }
}

impl Piece {
    /// The number that the next happening has.
    pub(super) fn end(&self) -> u64 {
        self.first + self.count as u64
    }

    /// Its events from this number on.
    fn text_from(&self, number: u64) -> Bytes {
        let mut text = self.text.clone();
        for _ in self.first..number {
            let end = text.windows(END.len()).position(|two| two == END);
            text.advance(end.map_or(text.len(), |end| end + END.len()));
        }
        text
    }
}

impl Pieces {
    /// Keeps a piece, and forgets the oldest for which there is no more room.
    pub(super) fn push(&mut self, piece: Piece) {
        self.count += piece.count;
        self.bytes += piece.text.len();
        self.pieces.push_back(piece);
        while self.count > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.pieces.pop_front() else { break };
            self.count -= oldest.count;
            self.bytes -= oldest.text.len();
        }
    }

    /// The events from this number on, or from the oldest that is kept, at least one and about as many bytes as a piece has; and the number to go on with.
    /// `None` if there is none yet.
    pub(super) fn read(&self, from: u64) -> Option<(Bytes, u64)> {
        let start = self.pieces.partition_point(|piece| piece.end() <= from);
        let mut pieces = self.pieces.range(start..);
        let first = pieces.next()?;
        let (mut texts, mut bytes, mut end) = (vec![first.text_from(from)], first.text.len(), first.end());
        for piece in pieces {
            bytes += piece.text.len();
            if bytes > PIECE_BYTES {
                break;
            }
            texts.push(piece.text.clone());
            end = piece.end();
        }
        Some(if texts.len() == 1 { (texts.pop()?, end) } else { (texts.concat().into(), end) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::happenings::{Level, What};

    fn happening(what: What) -> Happening {
        Happening { at_ms: 0, level: Level::Warning, by_hand: false, what }
    }

    fn add(writer: &mut Writer, counts: impl IntoIterator<Item = u64>) {
        counts.into_iter().for_each(|count| writer.add(&happening(What::Missed { count })));
    }

    /// The number of each event, after it is checked against what happened.
    fn numbers(text: &Bytes) -> Vec<u64> {
        let text = std::str::from_utf8(text).unwrap();
        let events = text.strip_suffix("\n\n").unwrap().split("\n\n").map(|event| {
            let (id, data) = event.strip_prefix("id: ").unwrap().split_once("\ndata: ").unwrap();
            let json: serde_json::Value = serde_json::from_str(data).unwrap();
            assert_eq!(json["count"].to_string(), id);
            id.parse().unwrap()
        });
        events.collect()
    }

    #[test]
    fn the_oldest_go_first_and_numbers_go_on() {
        let (mut pieces, mut writer) = (Pieces::default(), Writer::default());
        assert!(pieces.read(0).is_none());
        for first in (0..MOST as u64).step_by(10) {
            add(&mut writer, first..first + 10);
            pieces.push(writer.finish());
        }
        let last = MOST as u64 + 3;
        add(&mut writer, MOST as u64..last);
        pieces.push(writer.finish());
        let (mut next, mut all) = (0, Vec::new());
        while let Some((text, end)) = pieces.read(next) {
            assert!(text.len() <= PIECE_BYTES);
            all.extend(numbers(&text));
            next = end;
        }
        assert_eq!(all, (10..last).collect::<Vec<_>>());
        // In the middle of a piece, and at its end.
        assert_eq!(numbers(&pieces.read(last - 5).unwrap().0), (last - 5..last).collect::<Vec<_>>());
        assert_eq!(numbers(&pieces.read(last - 3).unwrap().0), (last - 3..last).collect::<Vec<_>>());
        assert!(pieces.read(last).is_none() && pieces.read(u64::MAX).is_none());
    }

    #[test]
    fn a_piece_is_full_after_so_many_happenings_or_bytes() {
        let mut writer = Writer::default();
        add(&mut writer, 0..PIECE as u64 - 1);
        assert!(!writer.is_full());
        add(&mut writer, [PIECE as u64 - 1]);
        assert!(writer.is_full() && writer.finish().count == PIECE && !writer.is_full());
        writer.add(&happening(What::NotRecorded { why: "x".repeat(PIECE_BYTES) }));
        assert!(writer.is_full());
    }

    #[test]
    fn large_happenings_leave_less_room() {
        let (mut pieces, mut writer) = (Pieces::default(), Writer::default());
        for _ in 0..5 {
            let message = vec![b'x'; MOST_BYTES / 4].into();
            writer.add(&happening(What::Received { connection_id: "c".to_owned(), message }));
            pieces.push(writer.finish());
        }
        // One at least, however large it is.
        let (text, end) = pieces.read(0).unwrap();
        assert!(text.starts_with(b"id: 2\n") && text.len() > MOST_BYTES / 4 && end == 3, "{end}");
        assert_eq!((pieces.read(3).unwrap().1, pieces.read(4).unwrap().1, pieces.read(5).is_none()), (4, 5, true));
    }
}

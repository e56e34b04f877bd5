//! Receipt handles. They name a message and one time that it was received.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a receipt handle says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    /// The queue that the message was received from, by a number that it has in this process.
    pub(super) queue: u64,
    /// The message, by its number.
    pub(super) message: u64,
    /// A number that is new for each time that a message is received.
    pub(super) receipt: u64,
}

impl Receipt {
    pub(super) fn write(self) -> String {
        let numbers = [self.queue, self.message, self.receipt];
        STANDARD.encode(numbers.map(u64::to_be_bytes).as_flattened())
    }

    /// `None` if the text is not a receipt handle.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 24] = STANDARD.decode(text).ok()?.try_into().ok()?;
        let number = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        Some(Self { queue: number(0)?, message: number(8)?, receipt: number(16)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_as_it_was_written() {
        let receipt = Receipt { queue: 7, message: u64::MAX, receipt: 0x0123_4567_89ab_cdef };
        assert_eq!(Receipt::read(&receipt.write()), Some(receipt));
        for bad in ["", "x", "AAAA", "not base64!", &STANDARD.encode([0; 23]), &STANDARD.encode([0; 25])] {
            assert_eq!(Receipt::read(bad), None, "{bad}");
        }
    }
}

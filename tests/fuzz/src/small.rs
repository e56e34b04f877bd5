use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What a future that never waits comes to.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// The bytes that a text stands for: each character below U+0100 is a byte, so that an input, which is JSON, can have every byte.
pub fn latin1(text: &str) -> Vec<u8> {
    text.chars().flat_map(|c| u8::try_from(c).map_or_else(|_| c.to_string().into_bytes(), |byte| vec![byte])).collect()
}

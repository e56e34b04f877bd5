//! One client's messages and what came back for them.

use std::ops::AddAssign;

use serde_json::{Value, json};

use crate::client::Heard;

/// What a message must bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The function's reply, or an error frame if something else went wrong.
    Reply,
    /// An error frame.
    Error,
}

/// The messages of one connection.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    sent: Vec<Expected>,
    /// How many replies each message has brought.
    replies: Vec<usize>,
    errors: usize,
    strange: usize,
}

/// What the conversations come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) messages: usize,
    pub(crate) replies: usize,
    pub(crate) errors: usize,
    /// How many of the messages were sent to fail.
    pub(crate) to_fail: usize,
    /// Messages that brought nothing.
    pub(crate) missing: usize,
    /// More came than was sent, or the same twice, or a reply to a message that must fail, or something that no function says.
    pub(crate) surplus: usize,
}

impl Conversation {
    /// The next message's number, which its reply begins with.
    pub(crate) fn add(&mut self, expected: Expected) -> usize {
        self.sent.push(expected);
        self.replies.push(0);
        self.sent.len() - 1
    }

    /// Takes note of a text.
    pub(crate) fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Error => self.errors += 1,
            Heard::Text(text) => match number(text).and_then(|number| self.replies.get_mut(number)) {
                Some(replies) => *replies += 1,
                None => self.strange += 1,
            },
            Heard::End(_) => {}
        }
    }

    /// How many messages have brought nothing yet.
    pub(crate) fn outstanding(&self) -> usize {
        let answered: usize = self.replies.iter().sum();
        self.sent.len().saturating_sub(answered + self.errors)
    }

    /// If the client left early, nothing is missing.
    pub(crate) fn tally(&self, stayed: bool) -> Tally {
        let to_fail = self.sent.iter().filter(|expected| **expected == Expected::Error).count();
        let answered = self.replies.iter().filter(|replies| **replies > 0).count();
        let twice: usize = self.replies.iter().map(|replies| replies.saturating_sub(1)).sum();
        let must_fail = |n: usize| self.sent[n] == Expected::Error;
        let not_failed = (0..self.sent.len()).filter(|n| self.replies[*n] > 0 && must_fail(*n)).count();
        let too_many = (answered + self.errors).saturating_sub(self.sent.len());
        Tally {
            messages: self.sent.len(),
            replies: answered,
            errors: self.errors,
            to_fail,
            missing: if stayed { self.sent.len().saturating_sub(answered + self.errors) } else { 0 },
            surplus: twice + not_failed + too_many + self.strange,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.replies += other.replies;
        self.errors += other.errors;
        self.to_fail += other.to_fail;
        self.missing += other.missing;
        self.surplus += other.surplus;
    }
}

/// A message with orders for the worker. It answers with the number and so many bytes more, if no earlier order fails.
pub(crate) fn message(number: usize, mut orders: Vec<Value>, bytes: usize) -> String {
    orders.push(json!({ "fill": [format!("#{number}#"), bytes] }));
    json!({ "do": orders }).to_string()
}

fn number(text: &str) -> Option<usize> {
    text.strip_prefix('#')?.split_once('#')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(heard: &[Heard], stayed: bool) -> Tally {
        let mut conversation = Conversation::default();
        for expected in [Expected::Reply, Expected::Error, Expected::Reply] {
            conversation.add(expected);
        }
        heard.iter().for_each(|heard| conversation.hear(heard));
        conversation.tally(stayed)
    }

    fn text(text: &str) -> Heard {
        Heard::Text(text.to_owned())
    }

    #[test]
    fn each_message_brings_one_reply_or_error_frame() {
        let good = tally(&[text("#2#xx"), Heard::Error, text("#0#")], true);
        assert_eq!(good, Tally { messages: 3, replies: 2, errors: 1, to_fail: 1, ..Tally::default() });
        let killed = tally(&[Heard::Error, Heard::Error, text("#0#")], true);
        assert_eq!((killed.missing, killed.surplus), (0, 0));
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_found() {
        let of = |heard: &[Heard], stayed| {
            let Tally { missing, surplus, .. } = tally(heard, stayed);
            (missing, surplus)
        };
        assert_eq!(of(&[text("#2#")], true), (2, 0));
        assert_eq!(of(&[text("#2#")], false), (0, 0));
        assert_eq!(of(&[text("#2#"), text("#2#"), Heard::Error], true), (1, 1), "the same twice");
        assert_eq!(of(&[text("#0#"), text("#1#"), text("#2#")], true), (0, 1), "a reply to what must fail");
        assert_eq!(of(&[text("#0#"), text("#2#"), Heard::Error, Heard::Error], true), (0, 1), "more than was sent");
        assert_eq!(of(&[text("hello")], false), (0, 1), "not a reply");
        assert_eq!(of(&[text("#9#")], false), (0, 1), "a reply to nothing");
    }
}

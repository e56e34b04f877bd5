//! `SendMessage` and its batch.

use std::time::Duration;

use bytes::Bytes;

use super::answers::{self, Batch, Failed};
use super::attributes;
use super::message::{self, Message};
use super::operations::Sender;
use super::queues::Queues;
use super::refusal::{Kind, Refusal};
use super::requests::{self, Entry, SendMessage, queue_named};
use crate::api::limits;
use crate::happenings::{Level, What};
use crate::ids;

impl Queues {
    pub(super) fn send_message(&self, request: &SendMessage, sender: &Sender) -> Result<answers::Sent, Refusal> {
        let name = queue_named(request.queue_url.as_deref())?;
        let (message, delay) = self.message(&name, request, sender)?;
        let most = self.with(&name, |queue, _| queue.facts.message_bytes)?;
        if message::size(&message.sent.body, &message.sent.attributes) > most {
            let why = format!("One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.");
            return Err(Refusal::new(Kind::INVALID_PARAMETER_VALUE, why));
        }
        let sent = sent(None, &message, request);
        let told = message.clone();
        self.send(&name, vec![(message, delay)])?;
        self.tell_sent(&name, &[told], sender);
        Ok(sent)
    }

    /// A message's own size does not matter here, only that of all together: so it is on AWS.
    pub(super) fn send_batch(
        &self,
        request: requests::Batch<SendMessage>,
        sender: &Sender,
    ) -> Result<Batch<answers::Sent>, Refusal> {
        let name = queue_named(request.queue_url.as_deref())?;
        let entries = requests::entries(request.entries, "SendMessageBatchRequestEntry")?;
        self.with(&name, |_, _| ())?;
        let (mut successful, mut failed, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            match self.message(&name, &entry, sender) {
                Ok((message, delay)) => {
                    successful.push(sent(Some(entry.id().to_owned()), &message, &entry));
                    messages.push((message, delay));
                }
                Err(refusal) => failed.push(Failed::new(entry.id(), refusal)),
            }
        }
        let sizes = messages.iter().map(|(message, _)| message::size(&message.sent.body, &message.sent.attributes));
        let (bytes, most) = (sizes.sum::<usize>(), limits::QUEUED_MESSAGE_BYTES);
        if bytes > most {
            let why = format!("Batch requests cannot be longer than {most} bytes. You have sent {bytes} bytes.");
            return Err(Refusal::new(Kind::BATCH_REQUEST_TOO_LONG, why));
        }
        let told: Vec<_> = messages.iter().map(|(message, _)| message.clone()).collect();
        self.send(&name, messages)?;
        self.tell_sent(&name, &told, sender);
        Ok(Batch { successful, failed })
    }

    /// The message that a request describes, and how long it is to be delayed.
    fn message(&self, queue: &str, request: &SendMessage, sender: &Sender) -> Result<(Message, Duration), Refusal> {
        let delay = match request.delay_seconds {
            Some(delay) => requests::seconds(delay, "DelaySeconds", limits::LONGEST_DELAY)?,
            None => self.with(queue, |queue, _| queue.facts.delay)?,
        };
        let (body, attributes) = request.contents()?;
        let message = Message::new(message::Sent {
            id: ids::uuid(),
            md5_of_body: attributes::md5_of(body),
            body: body.to_owned(),
            attributes,
            trace_header: request.trace_header()?,
            group: request.message_group_id.clone(),
            sender_id: sender.id.clone(),
            sent_ms: self.now_ms(),
        });
        Ok((message, delay))
    }

    fn tell_sent(&self, queue: &str, messages: &[Message], sender: &Sender) {
        for message in messages {
            self.happenings().tell(Level::Detail, || What::Queued {
                queue: queue.to_owned(),
                message_id: message.sent.id.clone(),
                function: sender.function.clone(),
                message: Bytes::from(message.sent.body.clone()),
            });
        }
    }
}

fn sent(id: Option<String>, message: &Message, request: &SendMessage) -> answers::Sent {
    let system = request.message_system_attributes.as_ref();
    answers::Sent {
        id,
        message_id: message.sent.id.clone(),
        md5_of_body: message.sent.md5_of_body.clone(),
        md5_of_attributes: attributes::md5_of_attributes(&message.sent.attributes),
        md5_of_system_attributes: system.and_then(attributes::md5_of_attributes),
    }
}

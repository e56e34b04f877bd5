//! Putting connections into channels.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Serialize;

use super::conflict::conditional;
use super::row::{self, CHANNEL, CONNECTED_AT, DEADLINE, EXPIRES_AT, FIRST, SLOT, number, text};
use super::{Channel, Registry, RegistryError, attributes};
use crate::connect::Connect;
use crate::context::RequestContext;
use crate::message::Message;
use sealed::Outcome;

const ACTION: &str = "adding a connection";

/// What became of adding a connection to a channel by a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a connection that is gone is in no channel"]
pub enum Joining {
    /// The connection is in the channel.
    Joined,
    /// The connection is not in the table, so it was not added: its `$disconnect` has run, or its `$connect` has not added it.
    Gone,
}

impl Joining {
    /// Whether the connection is not in the table.
    #[must_use]
    pub fn is_gone(self) -> bool {
        self == Self::Gone
    }
}

/// An event whose connection can be put into a channel: [`Connect`], or a [`Message`]. A [`Disconnect`](crate::Disconnect) is not one.
pub trait Joins: sealed::Joins {
    /// What [`Registry::add`] returns: a [`Joining`] for a message, and `()` in `$connect`, because what is opening can't be gone.
    type Outcome: sealed::Outcome;
}

impl Joins for Connect {
    type Outcome = ();
}

impl<B> Joins for Message<B> {
    type Outcome = Joining;
}

mod sealed {
    use super::{Connect, Joining, Message, RequestContext};

    pub trait Joins {
        const OPENS: bool;

        fn context(&self) -> &RequestContext;
    }

    pub trait Outcome: Sized {
        /// `None` if there is no such outcome.
        fn of(joining: Joining) -> Option<Self>;
    }

    impl Joins for Connect {
        const OPENS: bool = true;

        fn context(&self) -> &RequestContext {
            self
        }
    }

    impl<B> Joins for Message<B> {
        const OPENS: bool = false;

        fn context(&self) -> &RequestContext {
            self
        }
    }

    impl Outcome for () {
        fn of(joining: Joining) -> Option<Self> {
            (joining == Joining::Joined).then_some(())
        }
    }

    impl Outcome for Joining {
        fn of(joining: Joining) -> Option<Self> {
            Some(joining)
        }
    }
}

impl Registry {
    /// Puts the connection of this event into a channel. Needs `dynamodb:UpdateItem`.
    ///
    /// A connection may be in several channels, and adding it to one that it is in already is not an error. `$connect` comes first: a
    /// [`Message`] adds its connection only if the connection is in the table. If not, most likely because `$disconnect` has run in the
    /// meantime, nothing is written and the answer is [`Joining::Gone`], so that no row outlives its connection. In `$connect` the answer
    /// is `()`.
    ///
    /// # Errors
    /// If the table can't be written to.
    pub async fn add<E: Joins>(&self, event: &E, channel: &Channel) -> Result<E::Outcome, RegistryError> {
        self.put::<E>(&New::of(event, channel, HashMap::new())).await
    }

    /// Puts the connection of this event into a channel, as [`Registry::add`] does, with attributes of the application: a struct of yours
    /// with a name, a user id, a role. [`Registry::roster`] reads them, and what [`Registry::remove`] returns has them too.
    ///
    /// If the connection is in the channel already, these attributes are set and all others stay as they are. A field that is not
    /// serialised (`skip_serializing_if`) counts as not given.
    ///
    /// # Errors
    /// If the table can't be written to, or the attributes are not a struct or a map, or one has the name of the table's own, such as
    /// `channel`.
    pub async fn add_with<E: Joins>(
        &self,
        event: &E,
        channel: &Channel,
        attributes: &impl Serialize,
    ) -> Result<E::Outcome, RegistryError> {
        let attributes = attributes::write(attributes).map_err(|error| self.error(ACTION, error))?;
        self.put::<E>(&New::of(event, channel, attributes)).await
    }

    async fn put<E: Joins>(&self, new: &New<'_>) -> Result<E::Outcome, RegistryError> {
        let unless_elsewhere = "attribute_not_exists(connectionId) OR channel = :channel";
        let joining = if E::OPENS && self.update_first(new, unless_elsewhere).await? {
            Joining::Joined
        } else {
            self.join(new).await?
        };
        Outcome::of(joining).ok_or_else(|| self.error(ACTION, "its first row has been removed"))
    }

    /// Adds a row to those that a connection has.
    async fn join(&self, new: &New<'_>) -> Result<Joining, RegistryError> {
        let client = self.client(ACTION).await?;
        let set = new.set();
        let row = Update::builder()
            .table_name(&self.table)
            .set_key(Some(row::key(new.id, &row::entry(new.channel))))
            .update_expression(set.expression)
            .set_expression_attribute_names(set.names)
            .set_expression_attribute_values(Some(set.values));
        // The first row is in the transaction so that a removal, which takes the first row first, either prevents this join or sees it.
        let first = Update::builder()
            .table_name(&self.table)
            .set_key(Some(row::key(new.id, FIRST)))
            .update_expression("SET joined = :true")
            .condition_expression(
                "attribute_exists(connectionId) AND (attribute_not_exists(channel) OR channel <> :channel)",
            )
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":channel", text(new.channel.as_str()));
        let [first, row] = [first.build(), row.build()].map(|built| built.map_err(|error| self.error(ACTION, error)));
        let transaction = client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(first?).build())
            .transact_items(TransactWriteItem::builder().update(row?).build());
        let written = conditional(async || transaction.clone().send().await).await;
        let joined = written.map_err(|error| self.error(ACTION, error))?.is_some()
            // The first row is gone, or it is the row of this channel.
            || self.update_first(new, "channel = :channel").await?;
        Ok(if joined { Joining::Joined } else { Joining::Gone })
    }

    /// Writes the first row on a condition, and returns whether it held.
    async fn update_first(&self, new: &New<'_>, condition: &str) -> Result<bool, RegistryError> {
        let set = new.set();
        let update = self
            .client(ACTION)
            .await?
            .update_item()
            .table_name(&self.table)
            .set_key(Some(row::key(new.id, FIRST)))
            .condition_expression(condition)
            .update_expression(set.expression)
            .set_expression_attribute_names(set.names)
            .set_expression_attribute_values(Some(set.values));
        let written = conditional(async || update.clone().send().await).await;
        Ok(written.map_err(|error| self.error(ACTION, error))?.is_some())
    }
}

/// A connection that joins a channel.
struct New<'e> {
    id: &'e str,
    channel: &'e Channel,
    connected_at_ms: u64,
    deadline_s: Option<u64>,
    attributes: HashMap<String, AttributeValue>,
}

/// An update that changes no attribute but these.
struct Set {
    expression: String,
    names: Option<HashMap<String, String>>,
    values: HashMap<String, AttributeValue>,
}

impl<'e> New<'e> {
    fn of<E: Joins>(event: &'e E, channel: &'e Channel, attributes: HashMap<String, AttributeValue>) -> Self {
        let context = event.context();
        Self {
            id: context.checked_id().as_str(),
            channel,
            connected_at_ms: context.connected_at_ms(),
            deadline_s: context.exp(),
            attributes,
        }
    }

    fn set(&self) -> Set {
        let mut set = Set { expression: "SET ".to_owned(), names: None, values: HashMap::new() };
        set.add(CHANNEL, text(self.channel.as_str()));
        set.add(SLOT, AttributeValue::S(row::slot(self.id)));
        set.add(CONNECTED_AT, number(self.connected_at_ms));
        set.add(EXPIRES_AT, number(row::expires_at(self.connected_at_ms)));
        if let Some(deadline) = self.deadline_s {
            set.add(DEADLINE, number(deadline));
        }
        for (nth, (name, value)) in self.attributes.iter().enumerate() {
            set.add_named(&format!("a{nth}"), name, value.clone());
        }
        set
    }
}

impl Set {
    /// Sets an attribute whose name is not a word of DynamoDB's.
    fn add(&mut self, name: &str, value: AttributeValue) {
        self.push(name, name);
        self.values.insert(format!(":{name}"), value);
    }

    /// Sets an attribute with any name.
    fn add_named(&mut self, short: &str, name: &str, value: AttributeValue) {
        self.push(&format!("#{short}"), short);
        self.names.get_or_insert_default().insert(format!("#{short}"), name.to_owned());
        self.values.insert(format!(":{short}"), value);
    }

    fn push(&mut self, name: &str, value: &str) {
        if !self.values.is_empty() {
            self.expression.push_str(", ");
        }
        self.expression.extend([name, " = :", value]);
    }
}

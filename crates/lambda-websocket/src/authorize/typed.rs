//! From the values of a context to an application's claims.

use std::collections::{HashMap, hash_map};

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

use super::claim::Claim;
use super::claims::InvalidClaims;
use super::policy::GATEWAYS_KEYS;
use crate::context::RequestContext;
use crate::event::EXP;

impl RequestContext {
    /// The whole context that the `$connect` authorizer returned, as a type of yours: see [`Allow::with_claims`](crate::Allow::with_claims).
    ///
    /// API Gateway turns every value into text. Where `T` has a number or a boolean, the text is read as one; where `T` has an
    /// [`Option`], the value may be missing. `T` may borrow from the event. Values that `T` does not have are skipped, unless it has
    /// `#[serde(deny_unknown_fields)]`. `principalId` and `integrationLatency`, which API Gateway adds, and the session's `exp` are there
    /// only for a struct with such a field.
    ///
    /// ```
    /// use lambda_websocket::{Message, RouteError, Text};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Claims<'e> {
    ///     tenant: &'e str,
    ///     seats: u32,
    ///     admin: bool,
    /// }
    ///
    /// async fn handler(event: Message<Text>) -> Result<Text, RouteError> {
    ///     let claims: Claims<'_> = event.authorizer_as()?;
    ///     Ok(Text(format!("{} has {} seats", claims.tenant, claims.seats)))
    /// }
    /// ```
    ///
    /// `serde` reads `#[serde(flatten)]` and untagged enums before it knows what they should become, so in these a number stays text.
    ///
    /// # Errors
    /// If the event has no authorizer's context, or the context does not fit `T`. This is our side's fault and not the client's: the
    /// authorizer and the route disagree. They do so for a while if you deploy new claims: connections that are open keep the context
    /// that they began with, for up to two hours, so give a new claim a default.
    pub fn authorizer_as<'e, T: Deserialize<'e>>(&'e self) -> Result<T, InvalidClaims> {
        let context = &self.raw().request_context.authorizer.fields;
        if context.is_empty() {
            return Err(InvalidClaims::new(
                "no authorizer has let this connection in: the event has no context of one",
            ));
        }
        T::deserialize(Context(context))
            .map_err(|error| InvalidClaims::new(format_args!("the authorizer's context does not fit: {error}")))
    }
}

struct Context<'de>(&'de HashMap<String, Value>);

impl<'de> Context<'de> {
    /// Its values, and of those that are not claims the ones that are asked for.
    fn values(&self, fields: &'static [&'static str]) -> Values<'de> {
        Values { rest: self.0.iter(), fields, value: None }
    }
}

impl<'de> Deserializer<'de> for Context<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self.values(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(self.values(fields))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

struct Values<'de> {
    rest: hash_map::Iter<'de, String, Value>,
    fields: &'static [&'static str],
    /// The value of the key that was read last.
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Values<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let is_wanted = |key: &str| self.fields.contains(&key) || !(GATEWAYS_KEYS.contains(&key) || key == EXP);
        let Some((key, value)) = self.rest.find(|(key, value)| is_wanted(key) && !value.is_null()) else {
            return Ok(None);
        };
        self.value = Some((key, value));
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, value)) = self.value.take() else { return Err(Error::custom("a value without its key")) };
        seed.deserialize(Claim(value)).map_err(|error| Error::custom(format_args!("`{key}`: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::authorize::{Allow, Policy};
    use crate::connections::EventSource;
    use crate::event::Event;

    #[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Plan {
        #[default]
        Free,
        Paid,
    }

    #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
    struct Tenant(String);

    #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
    struct Claims {
        tenant: Tenant,
        plan: Plan,
        admin: bool,
        seats: u8,
        balance: i64,
        largest: u64,
        share: f64,
        initial: char,
        zip: String,
        nickname: Option<String>,
        limit: Option<u32>,
    }

    /// A message whose authorizer returned a context. API Gateway passes a number or a boolean on as text.
    fn message(context: &Value) -> RequestContext {
        let context = context.as_object().unwrap().iter().map(|(key, value)| {
            let value = if value.is_number() || value.is_boolean() { value.to_string().into() } else { value.clone() };
            (key.clone(), value)
        });
        let mut authorizer: serde_json::Map<String, Value> = context.collect();
        authorizer.insert("principalId".into(), "alice".into());
        authorizer.insert("integrationLatency".into(), json!(21));
        event(json!(authorizer))
    }

    fn event(authorizer: Value) -> RequestContext {
        let mut event: Value = serde_json::from_str(include_str!("../../../../events/default.json")).unwrap();
        event["requestContext"]["authorizer"] = authorizer;
        Event::parse(&event.to_string(), EventSource::Replay).unwrap().context
    }

    fn fault<'e, T: Deserialize<'e> + std::fmt::Debug>(event: &'e RequestContext) -> String {
        event.authorizer_as::<T>().unwrap_err().to_string()
    }

    #[test]
    fn what_an_authorizer_says_is_what_a_handler_reads() {
        let some = Claims {
            tenant: Tenant("acme".to_owned()),
            plan: Plan::Paid,
            admin: true,
            seats: 200,
            balance: -7,
            largest: u64::MAX,
            share: 0.1,
            initial: 'ü',
            // Text that looks like a number is text.
            zip: "00501".to_owned(),
            nickname: Some("true".to_owned()),
            limit: Some(0),
        };
        for claims in [some, Claims { initial: '"', ..Claims::default() }] {
            let allow = Allow::new("alice").with_claims(&claims).unwrap();
            let policy = Policy::allow("arn".to_owned(), allow).unwrap();
            let context = serde_json::to_value(policy).unwrap()["context"].take();
            assert_eq!(message(&context).authorizer_as::<Claims>(), Ok(claims));
        }
    }

    #[test]
    fn what_is_not_a_claim_is_there_for_who_asks() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Own<'e> {
            principal_id: &'e str,
            integration_latency: u32,
            exp: u64,
            tenant: String,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Strict {
            tenant: String,
        }
        let event = message(&json!({ "tenant": "acme", "exp": 1_762_430_400 }));
        let tenant = "acme".to_owned();
        let own = Own { principal_id: "alice", integration_latency: 21, exp: 1_762_430_400, tenant: tenant.clone() };
        assert_eq!(event.authorizer_as(), Ok(own));
        assert_eq!(event.authorizer_as(), Ok(Strict { tenant: tenant.clone() }));
        assert_eq!(event.authorizer_as(), Ok(HashMap::from([("tenant".to_owned(), tenant)])));
    }

    #[test]
    fn an_emulator_may_leave_numbers_and_booleans_as_they_are() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Few {
            admin: bool,
            seats: u8,
            zip: String,
            nickname: Option<String>,
        }
        let event = event(json!({ "admin": true, "seats": 3, "zip": 90210, "nickname": null }));
        let few = Few { admin: true, seats: 3, zip: "90210".to_owned(), nickname: None };
        assert_eq!(event.authorizer_as(), Ok(few));
    }

    #[test]
    fn a_fault_names_the_claim() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only the faults of reading it matter here")]
        struct Some {
            seats: u8,
            #[serde(default)]
            plan: Plan,
            #[serde(default)]
            admin: bool,
        }
        let does_not_fit = "the authorizer's context does not fit: ";
        let cases = [
            (json!({}), "missing field `seats`"),
            (json!({ "seats": "many" }), "`seats`: invalid type: string \"many\", expected u8"),
            (json!({ "seats": 256 }), "`seats`: invalid value: integer `256`, expected u8"),
            (json!({ "seats": 1.5 }), "`seats`: invalid type: string \"1.5\", expected u8"),
            (json!({ "seats": 1, "plan": "gold" }), "`plan`: unknown variant `gold`, expected `free` or `paid`"),
            (json!({ "seats": 1, "admin": "yes" }), "`admin`: invalid type: string \"yes\", expected a boolean"),
        ];
        for (context, why) in cases {
            assert_eq!(fault::<Some>(&message(&context)), does_not_fit.to_owned() + why);
        }
        assert!(fault::<u8>(&message(&json!({}))).contains("invalid type: map, expected u8"));
    }

    #[test]
    fn without_an_authorizer_there_are_no_claims() {
        let why = "no authorizer has let this connection in: the event has no context of one";
        assert_eq!(fault::<HashMap<String, String>>(&event(json!({}))), why);
    }
}

//! A channel in slices: how many members it has about, where to cut it, and the members of one slice.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{Stream, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::members::PAGE;
use super::row::{CHANNEL, Row, SLOT, text};
use super::{Channel, Registry, RegistryError};
use crate::connections::Recipient;

/// How many members are read in one call to find out how many there are. A channel that has fewer has been read then. Rows of so many are well
/// below DynamoDB's page of 1 MB, unless they have large attributes.
const ONE_PAGE: i32 = 1024;

/// The most slices that a channel is cut into. Only an estimate that is wrong asks for more: that is four million members, and an account opens
/// 500 connections a second, for two hours each. Larger slices are no mistake.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API".
const MOST_SLICES: u64 = 4096;

/// What comes after every hash in the index.
const END: &str = "g";

/// What comes after a slot and before every other: no connection id has this letter, and all that have come later in ASCII.
const JUST_AFTER: char = '!';

const READING: &str = "reading a channel";

/// A part of a channel's index: the slots from `from` on, before `to`.
///
/// A slot begins with eight hexadecimal digits, a hash, and the connection id follows. So a bound of eight digits is no connection's slot, and it
/// does not matter that DynamoDB's `BETWEEN` has both bounds in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slice {
    from: String,
    to: String,
}

impl Slice {
    /// Cuts a whole channel into as many slices, which are even to one part in four billion. Together they hold every slot, each once.
    pub(crate) fn even(count: u64) -> impl ExactSizeIterator<Item = Self> {
        let count = count.clamp(1, MOST_SLICES);
        // Fits: there are 4096 slices at most.
        (0..count as u32).map(move |nth| {
            let bound = |nth: u64| format!("{:08x}", (nth << 32) / count);
            let nth = u64::from(nth);
            Self { from: bound(nth), to: if nth + 1 == count { END.to_owned() } else { bound(nth + 1) } }
        })
    }

    /// What is left of a slice after this slot.
    pub(crate) fn after(self, slot: &str) -> Self {
        Self { from: format!("{slot}{JUST_AFTER}"), ..self }
    }
}

/// The first page of a channel.
#[derive(Debug)]
pub(crate) struct FirstPage {
    pub(crate) members: Vec<Recipient>,
    /// Where the page ends, if the channel goes on.
    end: Option<String>,
}

impl FirstPage {
    /// About how many members the channel has. `None` if they are all on this page.
    ///
    /// Hashes are spread evenly, so the page holds as large a part of the members as it covers of the hashes. With 1,000 members on the page, the
    /// estimate is within 10 % of the truth in 998 of 1,000 cases.
    pub(crate) fn about(&self) -> Option<u64> {
        let end = self.end.as_deref()?;
        let hash = end.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(u32::MAX);
        let members = u64::try_from(self.members.len()).unwrap_or(u64::MAX).max(1);
        Some(((members << 32) / (u64::from(hash) + 1)).max(members + 1))
    }
}

/// A member with its place in the index.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) slot: String,
    pub(crate) member: Recipient,
}

impl Registry {
    /// The first members of a channel, and where they end.
    pub(crate) async fn first_page(&self, channel: &Channel) -> Result<FirstPage, RegistryError> {
        let query = self.client(READING).await?.query().table_name(&self.table).index_name(CHANNEL);
        let query = query
            .key_condition_expression("channel = :channel")
            .expression_attribute_values(":channel", text(channel.as_str()))
            .projection_expression("connectionId, deadline")
            .limit(ONE_PAGE);
        let page = query.send().await.map_err(|error| self.error(READING, error))?;
        let end = page.last_evaluated_key.map(|key| Row(key).text(SLOT).unwrap_or_default().to_owned());
        let members = page.items.unwrap_or_default().into_iter().filter_map(|row| Row(row).recipient()).collect();
        Ok(FirstPage { members, end })
    }

    /// The members of a slice in the order of their slots, read page by page as the stream is read.
    pub(crate) fn slice(
        &self,
        channel: &Channel,
        slice: &Slice,
    ) -> impl Stream<Item = Result<Placed, RegistryError>> + use<> {
        let (registry, channel, slice) = (self.clone(), text(channel.as_str()), slice.clone());
        stream::once(async move { registry.pages_of(channel, slice).await }).try_flatten()
    }

    async fn pages_of(
        self,
        channel: AttributeValue,
        slice: Slice,
    ) -> Result<impl Stream<Item = Result<Placed, RegistryError>>, RegistryError> {
        let query = self.client(READING).await?.query().table_name(&self.table).index_name(CHANNEL);
        let pages = query
            .key_condition_expression("channel = :channel AND slot BETWEEN :from AND :to")
            .expression_attribute_values(":channel", channel)
            .expression_attribute_values(":from", AttributeValue::S(slice.from))
            .expression_attribute_values(":to", AttributeValue::S(slice.to))
            .projection_expression("connectionId, deadline, slot")
            .limit(PAGE)
            .into_paginator()
            .send();
        Ok(stream::unfold(pages, async |mut pages| Some((pages.next().await?, pages)))
            .map_err(move |error| self.error(READING, error))
            .map_ok(|page| stream::iter(page.items.unwrap_or_default().into_iter().filter_map(placed).map(Ok)))
            .try_flatten())
    }
}

/// `None` for a row that is not valid.
fn placed(row: HashMap<String, AttributeValue>) -> Option<Placed> {
    let row = Row(row);
    Some(Placed { slot: row.text(SLOT)?.to_owned(), member: row.recipient()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::row::slot;

    /// The ids of a crowd that connected one after the other.
    fn slots(members: usize) -> Vec<String> {
        let mut slots: Vec<_> = (0..members).map(|nth| slot(&format!("Tn{nth:012}E="))).collect();
        slots.sort();
        slots
    }

    /// As DynamoDB's `BETWEEN` sees it.
    fn has(slice: &Slice, slot: &str) -> bool {
        slice.from.as_str() <= slot && slot <= slice.to.as_str()
    }

    #[test]
    fn every_slot_is_in_exactly_one_slice() {
        let edges =
            ["00000000-", "00000000=", "ffffffffzzz=", "ffffffff_", "7fffffffA", "80000000A", "3fffffffz", "55555555A"];
        let slots = slots(100).into_iter().chain(edges.map(str::to_owned)).collect::<Vec<_>>();
        for count in (1..=70).chain([255, 256, 257, 1000, 4096]) {
            let slices: Vec<_> = Slice::even(count).collect();
            assert_eq!(slices.len() as u64, count);
            for slot in &slots {
                let of = slices.iter().filter(|slice| has(slice, slot)).count();
                assert_eq!(of, 1, "{slot} with {count} slices");
            }
            // The end of each is the beginning of the next.
            assert!(slices.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].from < pair[0].to), "{count}");
            // Also where an id that begins with the bound's digits could stand.
            assert!(slices.windows(2).all(|pair| !has(&pair[0], &format!("{}-", pair[1].from))), "{count}");
        }
        for absurd in [0, 4097, u64::MAX] {
            assert_eq!(Slice::even(absurd).len() as u64, absurd.clamp(1, MOST_SLICES));
        }
    }

    #[test]
    fn slices_of_a_crowd_are_even() {
        let slots = slots(50_000);
        let sizes: Vec<_> =
            Slice::even(50).map(|slice| slots.iter().filter(|slot| has(&slice, slot)).count()).collect();
        // 1,000 each; five standard deviations are 158.
        assert!(sizes.iter().all(|size| (842..=1_158).contains(size)), "{sizes:?}");
    }

    #[test]
    fn the_first_page_tells_about_how_many_there_are() {
        let member = Recipient::from("L0SM9cOFvHcCIhw=".parse::<crate::ConnectionId>().unwrap());
        let page = |members, end: Option<&str>| FirstPage {
            members: vec![member.clone(); members],
            end: end.map(str::to_owned),
        };
        for members in [1_025, 2_000, 10_000, 100_000] {
            let slots = slots(members);
            let about = page(1024, Some(&slots[1023])).about().unwrap() as f64;
            assert!((0.85..1.15).contains(&(about / members as f64)), "{members}: {about}");
        }
        assert_eq!(page(1024, None).about(), None);
        // Whatever is in the table, there are more than are on the page.
        for (members, end) in [(0, "zzz"), (7, ""), (7, "ffffffffA"), (1024, "é0000000")] {
            assert_eq!(page(members, Some(end)).about(), Some(members.max(1) as u64 + 1), "{end}");
        }
        assert_eq!(page(1024, Some("00000000A")).about(), Some(1024 << 32));
    }

    #[test]
    fn the_rest_of_a_slice_begins_after_a_member_and_before_the_next() {
        let [slice] = Slice::even(1).collect::<Vec<_>>().try_into().unwrap();
        let slots = slots(200);
        for pair in slots.windows(2) {
            let rest = slice.clone().after(&pair[0]);
            assert!(!has(&rest, &pair[0]) && has(&rest, &pair[1]), "{pair:?}");
        }
        // An id that another begins with.
        let rest = slice.after("3d81b56aTnAb3dVv");
        assert!(has(&rest, "3d81b56aTnAb3dVv-") && has(&rest, "3d81b56aTnAb3dVv="), "{rest:?}");
    }
}

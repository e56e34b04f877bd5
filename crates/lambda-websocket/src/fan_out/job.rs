//! What a worker gets to do, as it stands in the queue.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::connection_id::ConnectionId;
use crate::connections::Recipient;
use crate::registry::{Channel, Slice};

/// How many members are in one job: with the longest ids and a deadline each, 90 KB.
const MEMBERS: usize = 500;

/// One message to a channel.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(Clone, PartialEq))]
#[serde(rename_all = "camelCase")]
pub(super) struct Announcement {
    /// Names it in the log.
    pub(super) id: String,
    pub(super) channel: Channel,
    pub(super) text: String,
    /// The one member who does not get it from a worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sender: Option<ConnectionId>,
    /// From then on it is stale, in milliseconds since 1970.
    pub(super) expires_at_ms: u64,
}

impl Announcement {
    /// How long it may still be sent; `None` if it is stale.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let end = UNIX_EPOCH + Duration::from_millis(self.expires_at_ms);
        end.duration_since(SystemTime::now()).ok().filter(|left| !left.is_zero())
    }
}

/// A part of an announcement's work. `A` is an [`Announcement`], or a reference to one.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(Clone, PartialEq))]
pub(super) struct Job<A> {
    pub(super) announcement: A,
    pub(super) to: To,
    /// How often this was left over by a job before.
    pub(super) round: u32,
}

/// Whom a job is for.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(Clone, PartialEq))]
#[serde(rename_all = "lowercase")]
pub(super) enum To {
    /// Everyone in this part of the channel.
    Slice(Slice),
    /// Whom a job before has not reached: connections, and when their sessions end, in seconds since 1970.
    Members(Vec<(ConnectionId, Option<u64>)>),
}

impl To {
    /// As many as are needed for these members.
    pub(super) fn members(members: &[Recipient]) -> impl Iterator<Item = Self> {
        let chunks = members.chunks(MEMBERS);
        chunks.map(|chunk| Self::Members(chunk.iter().map(|member| (member.id.clone(), member.deadline_s)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn announcement() -> Announcement {
        Announcement {
            id: "0123456789abcdef".to_owned(),
            channel: "rust".parse().unwrap(),
            text: "hello".to_owned(),
            sender: None,
            expires_at_ms: 1_762_426_800_123,
        }
    }

    /// Two versions of the functions are at work while a new one goes out, so this changes with care.
    #[test]
    fn a_job_is_this_json() {
        let id: ConnectionId = "L0SM9cOFvHcCIhw=".parse().unwrap();
        let whole = announcement();
        let [slice] = Slice::even(1).collect::<Vec<_>>().try_into().unwrap();
        let job = Job { announcement: &whole, to: To::Slice(slice.clone()), round: 0 };
        let announcement = json!({ "id": "0123456789abcdef", "channel": "rust", "text": "hello", "expiresAtMs": 1_762_426_800_123_u64 });
        let expected =
            json!({ "announcement": announcement, "to": { "slice": { "from": "00000000", "to": "g" } }, "round": 0 });
        assert_eq!(serde_json::to_value(&job).unwrap(), expected);
        let read: Job<Announcement> = serde_json::from_value(expected).unwrap();
        assert_eq!(read, Job { announcement: whole.clone(), to: To::Slice(slice), round: 0 });

        let from_someone = Announcement { sender: Some(id.clone()), ..whole };
        let job =
            Job { announcement: from_someone, to: To::Members(vec![(id.clone(), None), (id, Some(7))]), round: 3 };
        let text = serde_json::to_string(&job).unwrap();
        assert!(text.contains(r#""members":[["L0SM9cOFvHcCIhw=",null],["L0SM9cOFvHcCIhw=",7]]"#), "{text}");
        assert_eq!(serde_json::from_str::<Job<Announcement>>(&text).unwrap(), job);
    }

    #[test]
    fn members_go_into_as_many_jobs_as_they_need() {
        let sizes = |members: usize| {
            let members = (0..members).map(|nth| Recipient::from(format!("{nth}").parse::<ConnectionId>().unwrap()));
            let members: Vec<_> = members.collect();
            let sizes = To::members(&members).map(|to| match to {
                To::Members(members) => members.len(),
                To::Slice(slice) => panic!("{slice:?}"),
            });
            sizes.collect::<Vec<_>>()
        };
        assert_eq!(sizes(0), [0_usize; 0]);
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(500), [500]);
        assert_eq!(sizes(1_001), [500, 500, 1]);
    }

    #[test]
    fn an_announcement_is_stale_from_its_expiry_on() {
        assert_eq!(announcement().time_left(), None);
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        let left = Announcement { expires_at_ms: now + 60_000, ..announcement() }.time_left();
        assert!(left.is_some_and(|left| left > Duration::from_secs(50)), "{left:?}");
    }
}

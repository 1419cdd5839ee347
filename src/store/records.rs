//! Records that only the gateway itself has: keys, webhook endpoints, deliveries, answers.

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid, Version};

use crate::domain::{SessionId, SessionRef, Timestamp};

/// An API key as it is stored: never its secret, only the hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyRecord {
    pub id: Uuid,
    pub name: String,
    /// The first characters of the secret, by which people recognise it.
    pub prefix: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    pub scopes: Vec<String>,
    /// Limits the key to one session.
    pub session: Option<SessionId>,
    /// Which session of that name. The key of a session that is gone opens no later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_uuid: Option<Uuid>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// The wording of subscriptions that name none, as all of before there were others.
pub const OPEN_WA: &str = "open-wa";

/// A place that events are posted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRecord {
    pub id: Uuid,
    /// None for all sessions.
    pub session: Option<SessionId>,
    /// Which session of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_uuid: Option<Uuid>,
    /// How events read that are posted to it: the name of a [`crate::events::Wording`].
    #[serde(default = "open_wa", skip_serializing_if = "is_open_wa")]
    pub wording: String,
    pub url: String,
    /// Names as the surface that registered it gives them; `*` for all.
    pub events: Vec<String>,
    pub headers: Vec<(String, String)>,
    /// `whsec_…`, the newest first; an older one still signs until its time is over.
    pub secrets: Vec<WebhookSecret>,
    pub enabled: bool,
    /// Why it was switched off, when the gateway did it.
    pub disabled_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The first failure of the present unbroken row of failures.
    pub failing_since: Option<Timestamp>,
    /// Attempts that failed in that row.
    #[serde(default)]
    pub failures_in_row: u32,
    /// Until then the receiver wishes to be left alone.
    #[serde(default)]
    pub paused_until: Option<Timestamp>,
    /// Set while the endpoint fails as a whole, and until its queue is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<Outage>,
    /// The first few deliveries that are in the present row of failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Uuid>,
    #[serde(default)]
    pub retries: RetryPlan,
    #[serde(default)]
    pub set_by: SetBy,
    /// Events that became deliveries, and deliveries that were put back in line. Both together are
    /// those delivered, those failed and those that still wait.
    #[serde(default)]
    pub accepted: u64,
    #[serde(default)]
    pub redelivered: u64,
    pub delivered: u64,
    /// Given up on.
    pub failed: u64,
    /// Events that the log had dropped before this endpoint, long switched off, could get them.
    #[serde(default)]
    pub missed: u64,
    pub last_status: Option<u16>,
    pub last_delivery_at: Option<Timestamp>,
}

fn open_wa() -> String {
    OPEN_WA.to_owned()
}

fn is_open_wa(wording: &str) -> bool {
    wording == OPEN_WA
}

impl WebhookRecord {
    /// The session whose events it gets; none for those of all sessions.
    pub fn session(&self) -> Option<SessionRef> {
        let id = self.session.clone()?;
        Some(SessionRef { id, uuid: self.session_uuid.unwrap_or_default() })
    }

    /// Lets an endpoint that is down be probed now, since somebody changed it or asks for a delivery.
    pub fn probe_now(&mut self, now: Timestamp) {
        if let Some(outage) = &mut self.outage {
            outage.next_probe_at = outage.next_probe_at.min(now);
        }
    }
}

/// Who chose an endpoint's address, which bounds where it may lead. Records of before that was noted
/// count as those of a key for one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SetBy {
    #[default]
    KeyOfOneSession,
    /// A caller who may touch all sessions.
    AllSessions,
}

/// An endpoint that fails as a whole. Times are steady.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    pub since: Timestamp,
    pub last_probe_at: Timestamp,
    pub next_probe_at: Timestamp,
    /// Deliveries that were never tried and may still be tried before the next probe.
    pub extra_probes: u8,
    /// The endpoint took a delivery; its queue is yet to be released.
    #[serde(default)]
    pub is_over: bool,
}

/// Which of the two schedules a failed delivery is tried again by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryPlan {
    #[default]
    Full,
    Short,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSecret {
    pub secret: String,
    /// None for the one in force.
    pub valid_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Waiting,
    Delivered,
    /// Given up on; a dead letter.
    Dead,
}

/// How far an endpoint has read the log, and which of those events are neither in its line nor over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "StoredReading")]
pub struct Reading {
    pub read_to: u64,
    /// In order.
    pub open: Vec<u64>,
}

impl Reading {
    /// All up to this number, with nothing left open.
    pub fn up_to(read_to: u64) -> Self {
        Self { read_to, open: Vec::new() }
    }

    /// The first number that is still to be read.
    pub fn needed_from(&self) -> u64 {
        self.open.first().copied().unwrap_or(u64::MAX).min(self.read_to.saturating_add(1))
    }
}

/// Before anything could stand open, it was the number alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredReading {
    Number(u64),
    #[serde(rename_all = "camelCase")]
    Whole {
        read_to: u64,
        open: Vec<u64>,
    },
}

impl From<StoredReading> for Reading {
    fn from(stored: StoredReading) -> Self {
        match stored {
            StoredReading::Number(read_to) => Self::up_to(read_to),
            StoredReading::Whole { read_to, open } => Self { read_to, open },
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub id: Uuid,
    pub webhook: Uuid,
    /// Number and id of the event in the log.
    pub seq: u64,
    pub event: Uuid,
    pub event_name: String,
    /// Deliveries of one lane keep their order.
    pub lane: String,
    pub state: DeliveryState,
    pub attempts: u32,
    /// Those of them that were made before it was last put back in line: the schedule begins anew.
    #[serde(default)]
    pub earlier_attempts: u32,
    /// How many deliveries the endpoint had taken when this one last failed: where it took others since, this
    /// one fails alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Of one that is over: the attempt that ended it. Others are records of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<Box<Attempt>>,
}

/// The id of an event's delivery to an endpoint: the same whenever the event is read, and in the order
/// of the log, since it begins with the event's number.
pub fn delivery_id(webhook: Uuid, seq: u64, event: Uuid) -> Uuid {
    let chance = event.as_u128() ^ webhook.as_u128();
    let numbered = u128::from(seq) << NUMBER_AT | chance & CHANCE;
    Builder::from_custom_bytes(numbered.to_be_bytes()).into_uuid()
}

/// The number of the event that a delivery's id begins with.
pub fn number_of(delivery: Uuid) -> Option<u64> {
    let is_numbered = delivery.get_version() == Some(Version::Custom);
    u64::try_from(delivery.as_u128() >> NUMBER_AT).ok().filter(|_| is_numbered)
}

/// The first bit of the number; and what of an id is neither that nor the version.
const NUMBER_AT: u32 = 80;
const CHANCE: u128 = (1 << NUMBER_AT) - 1;

/// One try to deliver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    pub delivery: Uuid,
    pub number: u32,
    pub at: Timestamp,
    pub duration_ms: u64,
    pub status: Option<u16>,
    pub error: Option<String>,
    /// The first KiB of the answer.
    pub response: Option<String>,
    /// Whether the receiver answered at a public address. Attempts of before that was noted count as
    /// such at a private one.
    #[serde(default)]
    pub is_public: bool,
}

/// A write that carried an `Idempotency-Key`, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyedWrite {
    /// SHA-256 of what must be the same when the key is used again. None while the request has not
    /// been read to its end.
    pub request: Option<[u8; 32]>,
    /// The key of the message that it sends, if it sends one: by it the outcome can be looked up.
    pub message_key: String,
    /// When it first began.
    pub at: Timestamp,
    pub outcome: WriteOutcome,
    /// The session that it wrote to, and with which it is forgotten; none for one of the gateway itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum WriteOutcome {
    /// It has begun. When nobody is at it any more, nobody knows how far it came.
    UnderWay,
    /// It was not done and may be tried again.
    Failed,
    Answered(FirstAnswer),
}

/// What a write answered the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstAnswer {
    pub status: u16,
    pub content_type: Option<String>,
    /// None when it was too large to keep, or is not to be kept.
    pub body: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_id_of_a_delivery_is_the_same_each_time_and_follows_the_log(
            seq in 0_u64..1 << 48, other in 0_u64..1 << 48, hooks in any::<(u128, u128)>(),
        ) {
            let (event, webhook) = (Uuid::from_u128(hooks.0), Uuid::from_u128(hooks.1));
            let id = |seq| delivery_id(webhook, seq, event);
            prop_assert_eq!(id(seq).cmp(&id(other)), seq.cmp(&other));
            prop_assert_eq!(number_of(id(seq)), Some(seq));
        }
    }

    #[test]
    fn two_endpoints_have_deliveries_of_their_own() {
        let event = Uuid::now_v7();
        let ids = [Uuid::now_v7(), Uuid::now_v7()].map(|webhook| delivery_id(webhook, 7, event));
        assert_ne!(ids[0], ids[1]);
        assert_eq!(number_of(event), None);
    }
}

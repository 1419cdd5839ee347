//! Records of webhook endpoints, their cursors and their deliveries.

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid, Version};

use crate::domain::{SessionId, SessionRef, Timestamp};

/// The wording of the business's endpoints.
pub const BUSINESS: &str = "business";
/// The wording of endpoints of bots.
pub const WORKSPACE: &str = "workspace";
/// The wording of subscriptions that name none.
pub const OPEN_WA: &str = "open-wa";

/// Whose endpoint it is: which surface manages it, and which events it may get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookScope {
    /// Those of one session.
    Session(SessionRef),
    /// Those of all sessions.
    Gateway,
    /// Those of the business.
    Business,
    /// Those of one bot, by its id.
    Bot(Uuid),
}

impl From<Option<SessionRef>> for WebhookScope {
    fn from(session: Option<SessionRef>) -> Self {
        session.map_or(Self::Gateway, Self::Session)
    }
}

impl WebhookScope {
    /// The session, of an endpoint for one.
    pub fn session(&self) -> Option<&SessionRef> {
        match self {
            Self::Session(session) => Some(session),
            Self::Gateway | Self::Business | Self::Bot(_) => None,
        }
    }

    /// The bot, of an endpoint for one.
    pub fn bot(&self) -> Option<Uuid> {
        match self {
            Self::Bot(bot) => Some(*bot),
            Self::Session(_) | Self::Gateway | Self::Business => None,
        }
    }
}

/// A webhook endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRecord {
    pub id: Uuid,
    /// None for all sessions.
    pub session: Option<SessionId>,
    /// Which session of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_uuid: Option<Uuid>,
    /// Whether the business API manages it. It gets the events of the business then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub business: bool,
    /// The bot whose events alone it gets; the workspace API manages it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<Uuid>,
    /// As a person named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of the [`crate::events::Wording`] of its deliveries.
    #[serde(default = "open_wa", skip_serializing_if = "is_open_wa")]
    pub wording: String,
    pub url: String,
    /// Names as the surface that registered it gives them; `*` for all.
    pub events: Vec<String>,
    pub headers: Vec<(String, String)>,
    /// `whsec_…`, newest first. An older one signs until its end.
    pub secrets: Vec<WebhookSecret>,
    pub enabled: bool,
    /// Why the gateway disabled it.
    pub disabled_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The first failure since the last success.
    pub failing_since: Option<Timestamp>,
    /// Failures since the last success.
    #[serde(default)]
    pub failures_in_row: u32,
    /// The end of a pause that the receiver asked for (`Retry-After`).
    #[serde(default)]
    pub paused_until: Option<Timestamp>,
    /// Set while the endpoint fails as a whole, and until its queue is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<Outage>,
    /// The first few deliveries that failed since the last success.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Uuid>,
    #[serde(default)]
    pub retries: RetryPlan,
    #[serde(default)]
    pub set_by: SetBy,
    /// Events that became deliveries, and deliveries that were put back in the queue. Both together are the
    /// delivered, failed and waiting ones.
    #[serde(default)]
    pub accepted: u64,
    #[serde(default)]
    pub redelivered: u64,
    pub delivered: u64,
    /// Dead letters.
    pub failed: u64,
    /// Events that the log dropped before this endpoint read them, for example while it was disabled.
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
    /// Who manages it, and whose events it gets.
    pub fn scope(&self) -> WebhookScope {
        match (self.session(), self.bot) {
            (Some(session), _) => WebhookScope::Session(session),
            (None, Some(bot)) => WebhookScope::Bot(bot),
            (None, None) if self.business => WebhookScope::Business,
            (None, None) => WebhookScope::Gateway,
        }
    }

    /// The session whose events it gets; none for those of all sessions.
    pub fn session(&self) -> Option<SessionRef> {
        let id = self.session.clone()?;
        Some(SessionRef { id, uuid: self.session_uuid.unwrap_or_default() })
    }

    /// How many deliveries wait.
    pub fn waiting(&self) -> u64 {
        let ended = self.delivered.saturating_add(self.failed);
        self.accepted.saturating_add(self.redelivered).saturating_sub(ended)
    }

    /// Makes the next probe of an outage due: the endpoint was changed, or a caller asks for a delivery.
    pub fn probe_now(&mut self, now: Timestamp) {
        if let Some(outage) = &mut self.outage {
            outage.next_probe_at = outage.next_probe_at.min(now);
        }
    }
}

/// Who set an endpoint's URL, which decides its guard. Of a bot's endpoint, somebody who does not administer the gateway
/// counts as a key for one session. Older records without this field count as set by a key for
/// one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SetBy {
    #[default]
    KeyOfOneSession,
    /// A caller with access to all sessions.
    AllSessions,
}

/// An outage: the endpoint fails as a whole. Times are steady.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    pub since: Timestamp,
    pub last_probe_at: Timestamp,
    pub next_probe_at: Timestamp,
    /// How many untried deliveries may still be tried before the next probe.
    pub extra_probes: u8,
    /// A delivery succeeded; the queue is yet to be released.
    #[serde(default)]
    pub is_over: bool,
}

/// The retry schedule of an endpoint.
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
    /// A dead letter.
    Dead,
}

/// Cursor of an endpoint: how far it has read the log, and which of these events are neither queued nor finished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "StoredCursor")]
pub struct WebhookCursor {
    pub read_to: u64,
    /// In order.
    pub open: Vec<u64>,
}

impl WebhookCursor {
    /// Everything up to this number, with nothing open.
    pub fn up_to(read_to: u64) -> Self {
        Self { read_to, open: Vec::new() }
    }

    /// The first number that the endpoint still needs.
    pub fn needed_from(&self) -> u64 {
        self.open.first().copied().unwrap_or(u64::MAX).min(self.read_to.saturating_add(1))
    }
}

/// Former versions stored the number alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredCursor {
    Number(u64),
    #[serde(rename_all = "camelCase")]
    Whole {
        read_to: u64,
        open: Vec<u64>,
    },
}

impl From<StoredCursor> for WebhookCursor {
    fn from(stored: StoredCursor) -> Self {
        match stored {
            StoredCursor::Number(read_to) => Self::up_to(read_to),
            StoredCursor::Whole { read_to, open } => Self { read_to, open },
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
    /// Attempts before the delivery was last put back in the queue: its schedule starts again.
    #[serde(default)]
    pub earlier_attempts: u32,
    /// The endpoint's `delivered` when this delivery last failed. If that has grown since, this delivery fails
    /// alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The last attempt of a finished delivery. Others are records of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<Box<Attempt>>,
}

/// The id of an event's delivery to an endpoint. It is the same at each reading, and sorts by the log since it
/// begins with the event's number.
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

/// The lowest bit of the number in an id, and the mask of the bits below.
const NUMBER_AT: u32 = 80;
const CHANCE: u128 = (1 << NUMBER_AT) - 1;

/// A delivery attempt.
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
    /// Whether the receiver has a public address. False in older records without this field.
    #[serde(default)]
    pub is_public: bool,
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

//! Entries of the event log.

use uuid::Uuid;

use crate::domain::{Body, Channel, SessionId, Timestamp, identity::Pair};

/// One entry of the event log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The number in the log: counts from 1, without gaps, over all channels.
    pub seq: u64,
    /// Stays the same over retries and replays.
    pub id: Uuid,
    /// None for an event of the gateway as a whole.
    pub channel: Option<Channel>,
    /// The number within the channel: counts from 1, without gaps.
    pub channel_seq: u64,
    pub at: Timestamp,
    pub body: Body,
    /// Both ids of the people in the event, as far as they were known when it was logged.
    pub identities: Vec<Pair>,
}

impl Event {
    /// The session of the event, if its channel is one.
    pub fn session(&self) -> Option<&SessionId> {
        self.channel.as_ref().and_then(|channel| channel.id.session())
    }

    /// The UUID of the channel; nil for none, and for one that no longer exists.
    pub fn channel_uuid(&self) -> Uuid {
        self.channel.as_ref().map(|channel| channel.uuid).unwrap_or_default()
    }

    /// Events of one lane are handled in order.
    pub fn lane(&self) -> String {
        let channel = self.channel.as_ref().map(|channel| channel.id.to_string());
        format!("{}|{}", channel.unwrap_or_default(), self.body.subject().lane())
    }
}

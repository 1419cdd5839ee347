//! Recipients of a broadcast: a small record of each, and what became of all of them.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `BroadcastRecipients` | broadcast, contact | [`Recipient`] |
//! | `RecipientsByState` | broadcast, state, contact | the key of the recipient |
//! | `RecipientsByMessage` | key of the message | the key of the recipient |
//! | `BroadcastOutcomes` | broadcast | [`Outcome`] |
//! | `BroadcastDays` | session | [`Day`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    campaigns::recipient_state::{Counts, State},
    domain::{Jid, MessageId, SessionId, Timestamp},
    events::effect::{effect_id, message_key},
    store::{Index, IndexKey, Key, Record, Scope, Table, Tree},
};

const OUTCOMES: Tree = Tree::new(183, "BroadcastOutcomes");
const RECIPIENTS: Tree = Tree::new(184, "BroadcastRecipients");
const RECIPIENTS_BY_STATE: Tree = Tree::new(185, "RecipientsByState");
const RECIPIENTS_BY_MESSAGE: Tree = Tree::new(186, "RecipientsByMessage");
const DAYS: Tree = Tree::new(187, "BroadcastDays");
const BY_STATE: Index<Recipient> = Index::new(RECIPIENTS_BY_STATE);
const BY_MESSAGE: Index<Recipient> = Index::new(RECIPIENTS_BY_MESSAGE);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    pub broadcast: Uuid,
    pub contact: Uuid,
    pub state: State,
    /// Why it was skipped or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The digits of its number when the broadcast began.
    pub phone: String,
    /// The chat of its message, once that is queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Jid>,
    pub changed_at: Timestamp,
}

impl Record for Recipient {
    const TABLE: Table = Table {
        tree: RECIPIENTS,
        owner: "campaigns",
        indexes: &[RECIPIENTS_BY_STATE, RECIPIENTS_BY_MESSAGE],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let mut entries = vec![by_state(self.broadcast, self.state).uuid(self.contact)];
        entries.extend(self.chat.as_ref().map(|_| by_message(&self.key_of_message())));
        entries
    }
}

impl Recipient {
    pub fn at(broadcast: Uuid, contact: Uuid) -> Key<Self> {
        Self::key().uuid(broadcast).uuid(contact)
    }

    /// The key of its message, which is the same each time: so it is sent once.
    pub fn key_of_message(&self) -> String {
        message_key(effect_id(self.broadcast, &self.contact.to_string(), 0))
    }

    /// The id of its message, once that is queued.
    pub fn message_id(&self) -> Option<MessageId> {
        let key = self.key_of_message().as_str().into();
        let chat = self.chat.clone()?;
        Some(MessageId { from_me: true, chat, key, participant: None })
    }
}

/// The recipients in a state, in the order of their contacts.
pub fn by_state(broadcast: Uuid, state: State) -> IndexKey<Recipient> {
    BY_STATE.key().uuid(broadcast).number(state.number())
}

/// The one entry of a message.
pub fn by_message(key: &str) -> IndexKey<Recipient> {
    BY_MESSAGE.key().text(key)
}

/// Whether a message key may be that of a broadcast: all effects are named alike, and most other messages are not.
pub fn may_be_effect(key: &str) -> bool {
    const VERSION: usize = "3EB0".len() + 12;
    key.len() == 22 && key.as_bytes().get(VERSION) == Some(&b'5')
}

/// What became of the messages of a broadcast. Only the consumer changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcome {
    pub counts: Counts,
}

impl Record for Outcome {
    const TABLE: Table =
        Table { tree: OUTCOMES, owner: "campaigns", indexes: &[], scope: Scope::Gateway };
}

impl Outcome {
    pub fn at(broadcast: Uuid) -> Key<Self> {
        Self::key().uuid(broadcast)
    }
}

/// How many messages of broadcasts a session sent on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Day {
    /// In the time zone of the business, as `2026-01-31`.
    pub date: String,
    pub messages: u64,
}

impl Record for Day {
    const TABLE: Table =
        Table { tree: DAYS, owner: "campaigns", indexes: &[], scope: Scope::Account };
}

impl Day {
    pub fn at(session: &SessionId) -> Key<Self> {
        Self::key().text(session.as_str())
    }

    /// Messages on this date.
    pub fn on(&self, date: &str) -> u64 {
        if self.date == date { self.messages } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn the_message_of_a_recipient_has_this_key_for_good() {
        let [broadcast, contact] = [1, 2].map(Uuid::from_u128);
        let recipient = Recipient {
            broadcast,
            contact,
            state: State::Pending,
            reason: None,
            phone: "15550000001".to_owned(),
            chat: None,
            changed_at: from_seconds(0),
        };
        let key = recipient.key_of_message();
        assert!(may_be_effect(&key), "{key}");
        assert_eq!(
            key,
            Recipient { chat: "15550000001@c.us".parse().ok(), ..recipient.clone() }
                .key_of_message()
        );
        let other = Recipient { contact: broadcast, ..recipient };
        assert_ne!(key, other.key_of_message());
        assert!(!may_be_effect("3EB0") && !may_be_effect("3EB0A1B2C3D4E5F6A7B8C9"));
    }
}

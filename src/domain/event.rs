//! WhatsApp's family of events. Other families: [`crate::domain::family`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    Ack, Chat, Contact, EventSubject, FailureCode, Jid, Me, Message, MessageId, SendHold,
    SessionState, Timestamp,
};

/// The events that engines and sessions report.
pub type EventBody = WaEvent;

/// An event on WhatsApp, or in a WhatsApp session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "EventBody"))]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum WaEvent {
    #[cfg_attr(test, ts(skip))]
    Qr {
        text: String,
        attempt: u32,
        expires_at: Timestamp,
    },
    #[cfg_attr(test, ts(skip))]
    Authenticated,
    #[cfg_attr(test, ts(skip))]
    Ready {
        me: Me,
    },
    #[cfg_attr(test, ts(skip))]
    Disconnected {
        reason: DisconnectReason,
        will_reconnect: bool,
    },
    #[cfg_attr(test, ts(skip))]
    Failed {
        reason: String,
    },
    #[cfg_attr(test, ts(skip))]
    StateChanged {
        state: SessionState,
        line: Option<String>,
    },
    /// A message came in.
    Message {
        message: Box<Message>,
    },
    /// A message went out, from here or from the phone.
    MessageSent {
        message: Box<Message>,
    },
    Ack {
        message: MessageId,
        ack: Ack,
        participant: Option<Jid>,
    },
    MessageEdited {
        message: MessageId,
        text: String,
    },
    MessageRevoked {
        message: MessageId,
        by: Jid,
    },
    /// An empty emoji takes the reaction back.
    Reaction {
        message: MessageId,
        sender: Jid,
        emoji: String,
    },
    /// A person's vote in a poll; it replaces the one before, and an empty one withdraws it.
    PollVote {
        message: MessageId,
        sender: Jid,
        options: Vec<String>,
    },
    GroupJoined {
        group: Jid,
        group_name: Option<String>,
        participants: Vec<Jid>,
        by: Option<Jid>,
        action: JoinAction,
    },
    GroupLeft {
        group: Jid,
        participants: Vec<Jid>,
        by: Option<Jid>,
        action: LeaveAction,
    },
    GroupUpdated {
        group: Jid,
        change: GroupChange,
        value: Option<String>,
        by: Option<Jid>,
    },
    ChatUpdated {
        chat: Box<Chat>,
    },
    ContactUpdated {
        contact: Box<Contact>,
    },
    /// A hidden identity and a telephone number were learned to be one person's. An engine says no
    /// more than the two; the rest is what the session knew before.
    IdentityLearned {
        lid: Jid,
        phone: Jid,
        #[cfg_attr(test, ts(skip))]
        former_phone: Option<Jid>,
        #[cfg_attr(test, ts(skip))]
        former_lid: Option<Jid>,
        #[cfg_attr(test, ts(skip))]
        since: Option<Timestamp>,
    },
    Presence {
        chat: Jid,
        sender: Jid,
        presence: Presence,
    },
    Call {
        id: String,
        from: Jid,
        video: bool,
        group: bool,
    },
    /// Messages between these times were missed and could not all be fetched.
    #[cfg_attr(test, ts(skip))]
    HistoryGap {
        chat: Jid,
        after: Timestamp,
        before: Timestamp,
    },
    /// A message that was accepted was not sent, and will not be.
    #[cfg_attr(test, ts(skip))]
    MessageFailed {
        /// Its entry of the outbox.
        outbox: Uuid,
        /// The id that it would have had.
        message: MessageId,
        code: FailureCode,
        reason: String,
    },
    /// WhatsApp takes no messages of the account for now: the queue of the session waits.
    #[cfg_attr(test, ts(skip))]
    SendingHeld {
        hold: SendHold,
    },
    #[cfg_attr(test, ts(skip))]
    SendingResumed {
        hold: SendHold,
        by_hand: bool,
    },
    /// A message that was accepted to be sent later will not be: it was cancelled, or its session removed.
    #[cfg_attr(test, ts(skip))]
    MessageCancelled {
        /// Its entry of the outbox.
        outbox: Uuid,
        /// The id that it has or would have had.
        message: MessageId,
        reason: CancelReason,
        /// Whether an engine was given it, so that it may have been sent all the same.
        may_be_sent: bool,
    },
    /// Something that the engine reports and nobody here knows.
    EngineUnknown {
        name: String,
        #[cfg_attr(test, ts(type = "unknown"))]
        raw: serde_json::Value,
    },
}

impl WaEvent {
    /// Its name in logs, filters and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Qr { .. } => "qr",
            Self::Authenticated => "authenticated",
            Self::Ready { .. } => "ready",
            Self::Disconnected { .. } => "disconnected",
            Self::Failed { .. } => "failed",
            Self::StateChanged { .. } => "state_changed",
            Self::Message { .. } => "message",
            Self::MessageSent { .. } => "message_sent",
            Self::Ack { .. } => "ack",
            Self::MessageEdited { .. } => "message_edited",
            Self::MessageRevoked { .. } => "message_revoked",
            Self::Reaction { .. } => "reaction",
            Self::PollVote { .. } => "poll_vote",
            Self::GroupJoined { .. } => "group_joined",
            Self::GroupLeft { .. } => "group_left",
            Self::GroupUpdated { .. } => "group_updated",
            Self::ChatUpdated { .. } => "chat_updated",
            Self::ContactUpdated { .. } => "contact_updated",
            Self::IdentityLearned { .. } => "identity_learned",
            Self::Presence { .. } => "presence",
            Self::Call { .. } => "call",
            Self::HistoryGap { .. } => "history_gap",
            Self::MessageFailed { .. } => "message_failed",
            Self::SendingHeld { .. } => "sending_held",
            Self::SendingResumed { .. } => "sending_resumed",
            Self::MessageCancelled { .. } => "message_cancelled",
            Self::EngineUnknown { .. } => "engine_unknown",
        }
    }

    /// What makes two reports of the same happening one event within a session; none for those
    /// that may rightly happen again, such as a state that comes back.
    pub fn identity(&self) -> Option<String> {
        match self {
            Self::Message { message } | Self::MessageSent { message } => {
                Some(Self::identity_of(&message.id))
            }
            Self::Ack { message, ack, participant } => {
                let participant = participant.as_ref().map(Jid::as_str).unwrap_or_default();
                Some(format!("ack|{message}|{}|{participant}", ack.level()))
            }
            Self::MessageRevoked { message, .. } => Some(format!("revoked|{message}")),
            // An entry has one end: the same report once more is known, whatever its words.
            Self::MessageFailed { outbox, .. } => Some(format!("failed|{outbox}")),
            Self::MessageCancelled { outbox, .. } => Some(format!("cancelled|{outbox}")),
            Self::Call { id, .. } => Some(format!("call|{id}")),
            // The same two may be learned again after one of them was somebody else's meanwhile.
            Self::IdentityLearned { lid, phone, since: Some(since), .. } => {
                Some(format!("identity|{lid}|{phone}|{since}"))
            }
            _ => None,
        }
    }

    /// The identity of the event of a message, by the message's id.
    pub fn identity_of(message: &MessageId) -> String {
        format!("message|{message}")
    }

    /// The chat that it belongs to; events of one chat reach a receiver in order.
    pub fn chat(&self) -> Option<&Jid> {
        match self {
            Self::Message { message } | Self::MessageSent { message } => Some(message.chat()),
            Self::Ack { message, .. }
            | Self::MessageEdited { message, .. }
            | Self::MessageRevoked { message, .. }
            | Self::MessageFailed { message, .. }
            | Self::MessageCancelled { message, .. }
            | Self::Reaction { message, .. }
            | Self::PollVote { message, .. } => Some(&message.chat),
            Self::GroupJoined { group, .. }
            | Self::GroupLeft { group, .. }
            | Self::GroupUpdated { group, .. } => Some(group),
            Self::ChatUpdated { chat } => Some(&chat.id),
            Self::Presence { chat, .. } | Self::HistoryGap { chat, .. } => Some(chat),
            _ => None,
        }
    }

    pub fn subject(&self) -> EventSubject {
        match self {
            Self::Message { message } | Self::MessageSent { message } => {
                EventSubject::Message(message.id.clone())
            }
            Self::Ack { message, .. }
            | Self::MessageEdited { message, .. }
            | Self::MessageRevoked { message, .. }
            | Self::MessageFailed { message, .. }
            | Self::MessageCancelled { message, .. }
            | Self::Reaction { message, .. }
            | Self::PollVote { message, .. } => EventSubject::Message(message.clone()),
            Self::ContactUpdated { contact } => EventSubject::Contact(contact.id.clone()),
            Self::IdentityLearned { phone, .. } => EventSubject::Contact(phone.clone()),
            other => other.chat().cloned().map_or(EventSubject::Channel, EventSubject::Chat),
        }
    }

    /// Gives its chat another name, wherever it is named.
    pub fn rename_chat(&mut self, name: &Jid) {
        match self {
            Self::Message { message } | Self::MessageSent { message } => message.rename_chat(name),
            Self::Ack { message, .. }
            | Self::MessageEdited { message, .. }
            | Self::MessageRevoked { message, .. }
            | Self::MessageFailed { message, .. }
            | Self::MessageCancelled { message, .. }
            | Self::Reaction { message, .. }
            | Self::PollVote { message, .. } => message.chat = name.clone(),
            Self::ChatUpdated { chat } => chat.id = name.clone(),
            Self::Presence { chat, .. } | Self::HistoryGap { chat, .. } => *chat = name.clone(),
            _ => (),
        }
    }
}

/// Why a session lost its line, or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisconnectReason {
    LoggedOut,
    ConnectionLost,
    QrTimeout,
    AuthTimeout,
    Crashed,
    SessionRemoved,
    Restart,
    Shutdown,
}

/// Why an accepted message will not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelReason {
    SessionRemoved,
    /// The session was linked to another account since the message was accepted.
    AccountChanged,
    /// A caller cancelled it before it was sent.
    TakenBack,
    /// Its caller timed out while it waited in the queue.
    Expired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum JoinAction {
    Create,
    Add,
    Invite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum LeaveAction {
    Remove,
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum GroupChange {
    Subject,
    Description,
    Picture,
    Announce,
    Restrict,
    Promote,
    Demote,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    Typing,
    Recording,
    Paused,
    Available,
    Unavailable,
}

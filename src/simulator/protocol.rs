//! Protocol between a linked device and the simulated network: requests and answers, pushes.
//!
//! The in-process engine passes these values; the simulated page sends them as JSON over its
//! WebSocket (`web/simulator/src/protocol.ts` is generated from them). All of them take the point of view of
//! the device's account: `fromMe` means that this account wrote the message.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Chat, Contact, Content, EventBody, Group, Jid, Me, Message, MessageId, ParticipantOutcome,
    Receipt, Timestamp,
    command::{MediaKind, Sent},
    event::Presence,
    identity::Pair,
};

/// Sent by the network without a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "push", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Push {
    /// The reference of a QR code that a phone may scan now; it replaces the one before.
    Reference { reference: String, attempt: u32, expires_at: Timestamp },
    /// All references ran out; [`Request::RefreshReferences`] brings new ones.
    ReferencesExhausted,
    /// A phone linked the device. The credential opens the same account again later.
    Linked { credential: String, me: Me },
    /// Everything in the account; follows `Linked`, and comes first for a restored device.
    Snapshot {
        me: Me,
        contacts: Vec<Contact>,
        chats: Vec<Chat>,
        groups: Vec<Group>,
        messages: Vec<Message>,
        /// Both identities of people whose number is known beside their hidden identity.
        identities: Vec<Pair>,
    },
    /// An event in the account, caused by another device or another person.
    Happened { event: EventBody },
    /// The account went offline or came back online.
    Line { connected: bool },
    /// The network's clock was stopped at a moment, or follows the system's again.
    Clock {
        #[serde(rename = "standsAt")]
        stopped_at: Option<Timestamp>,
    },
    /// The device was removed on the phone. Its credential is no longer valid.
    Unlinked,
    /// A planned fault that the page carries out.
    Fault { fault: PageFault },
}

/// A fault that only a page can carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum PageFault {
    /// Blocks the page's thread for good.
    Hang,
    /// Ends the page's process.
    Crash,
    /// Reloads the page.
    Reload,
    /// Removes all listeners: commands work, events are no longer reported.
    Deaf,
    /// Removes all injected scripts: only a reload brings them back.
    Emptied,
}

/// A request of a device, over the WebSocket with a number to match the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NumberedRequest {
    pub number: u64,
    pub request: Request,
}

/// What a device may ask of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "request", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// The first request of a device; without a credential it gets references to scan.
    Hello {
        credential: Option<String>,
    },
    RefreshReferences,
    /// Asks for a code to type on the phone.
    PairingCode {
        phone: String,
    },
    Send {
        key: String,
        chat: Jid,
        content: DeviceContent,
        quoted: Option<MessageId>,
        mentions: Vec<Jid>,
    },
    Edit {
        message: MessageId,
        text: String,
    },
    Revoke {
        message: MessageId,
        for_everyone: bool,
    },
    React {
        message: MessageId,
        emoji: String,
    },
    MarkRead {
        chat: Jid,
    },
    Archive {
        chat: Jid,
        archived: bool,
    },
    Presence {
        chat: Jid,
        presence: Presence,
    },
    History {
        chat: Jid,
        before: Option<MessageId>,
        limit: usize,
    },
    /// One message, wherever it is.
    Message {
        message: MessageId,
    },
    /// The id under which the file of a message can be fetched.
    Media {
        message: MessageId,
    },
    /// The receipts of a message, by person.
    Receipts {
        message: MessageId,
    },
    /// Whether a person has an account.
    Exists {
        id: Jid,
    },
    Group {
        id: Jid,
    },
    CreateGroup {
        name: String,
        description: Option<String>,
        participants: Vec<Jid>,
    },
    DescribeGroup {
        group: Jid,
        description: String,
    },
    AddParticipants {
        group: Jid,
        participants: Vec<Jid>,
    },
    RemoveParticipants {
        group: Jid,
        participants: Vec<Jid>,
    },
    /// Unlinks this device from its account.
    LogOut,
}

/// [`Content`] as a device sends it: a file is named by the id that its upload was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DeviceContent {
    Media {
        media: String,
        kind: MediaKind,
        mime: String,
        filename: Option<String>,
        caption: Option<String>,
    },
    #[serde(untagged)]
    Other(Content),
}

/// The network's answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NumberedAnswer {
    pub number: u64,
    pub answer: Result<Answer, Refusal>,
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "answer", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Answer {
    Done,
    PairingCode {
        code: String,
        expires_at: Timestamp,
    },
    Sent {
        sent: Sent,
        message: Box<Message>,
    },
    Messages {
        messages: Vec<Message>,
    },
    Receipts {
        receipts: Vec<Receipt>,
    },
    /// The id under which the file can be fetched.
    Media {
        media: String,
        mime: String,
        size: u64,
    },
    Exists {
        contact: Option<Box<Contact>>,
    },
    Group {
        group: Group,
    },
    GroupCreated {
        group: Group,
        participants: Vec<ParticipantOutcome>,
    },
    Participants {
        participants: Vec<ParticipantOutcome>,
    },
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
#[error("{reason}")]
pub struct Refusal {
    pub kind: RefusalKind,
    pub reason: String,
    /// WhatsApp's code of a send that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub code: Option<u32>,
}

impl Refusal {
    pub fn new(kind: RefusalKind, reason: &str) -> Self {
        Self { kind, reason: reason.to_owned(), code: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum RefusalKind {
    NotLinked,
    NotOnWhatsapp,
    UnknownChat,
    UnknownMessage,
    UnknownMedia,
    NotAdmin,
    NotMember,
    /// Reserved for the author or an admin.
    NotAllowed,
    /// The message was deleted for everyone.
    Deleted,
    /// Too late to edit or revoke.
    TooLate,
    /// Nothing in it could be edited.
    NoText,
    Invalid,
    /// A planned fault.
    Fault,
}

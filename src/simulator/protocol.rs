//! What a linked device and the simulated network say to each other.
//!
//! The in-process engine passes these values; the simulated page sends them as JSON over its
//! WebSocket (`web/simulator/src/protocol.ts` mirrors them). All of them speak from the point of
//! view of the device's account: `fromMe` means that this account wrote it.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Chat, Contact, Content, EventBody, Group, Jid, Me, Message, MessageId, ParticipantOutcome,
    Receipt, Timestamp, command::Sent, event::Presence, identity::Pair,
};

/// From the network to a device, unasked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "push", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Push {
    /// The reference of a QR code that a phone may scan now; it replaces the one before.
    Reference { reference: String, attempt: u32, expires_at: Timestamp },
    /// All references ran out; [`Request::RefreshReferences`] brings new ones.
    ReferencesExhausted,
    /// A phone took the device in. The credential opens the same account again later.
    Linked { credential: String, me: Me },
    /// All that the account holds; follows `Linked`, and comes first for a restored device.
    Snapshot {
        me: Me,
        contacts: Vec<Contact>,
        chats: Vec<Chat>,
        groups: Vec<Group>,
        messages: Vec<Message>,
        /// Hidden identities of its people whose number is told.
        identities: Vec<Pair>,
    },
    /// Something happened in the account: on another device, or somebody else did it.
    Happened { event: EventBody },
    /// The network cut or restored the device's line.
    Line { connected: bool },
    /// The network's clock stands at a moment, or goes with the system's again.
    Clock { stands_at: Option<Timestamp> },
    /// The device was removed on the phone. Its credential is worthless now.
    Unlinked,
    /// A planned fault for the page to act out.
    Fault { fault: PageFault },
}

/// A fault that only a page can act out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PageFault {
    /// Blocks the page's thread for good.
    Hang,
    /// Ends the page's process.
    Crash,
    /// Reloads the page.
    Reload,
    /// Loses whoever listens to the page: it works, and nothing that happens is heard any more.
    Deaf,
    /// Loses all that was brought into the page: only a reload brings it back.
    Emptied,
}

/// A request of a device, over the WebSocket with a number to match the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberedRequest {
    pub number: u64,
    pub request: Request,
}

/// What a device may ask of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// The first thing that a device says; without a credential it is shown references to scan.
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
    /// Where the file of a message can be fetched.
    Media {
        message: MessageId,
    },
    /// Who got, read and played a message.
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
    /// Takes this device off the account.
    LogOut,
}

/// [`Content`] as a device sends it: a file is named by the id that its upload was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DeviceContent {
    Media {
        media: String,
        kind: crate::domain::command::MediaKind,
        mime: String,
        filename: Option<String>,
        caption: Option<String>,
    },
    #[serde(untagged)]
    Other(Content),
}

/// The network's answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberedAnswer {
    pub number: u64,
    #[serde(flatten)]
    pub answer: Result<Answer, Refusal>,
}

/// What a request brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The id under which the door offers the file.
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

/// Why the network would not do it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{reason}")]
pub struct Refusal {
    pub kind: RefusalKind,
    pub reason: String,
    /// WhatsApp's code of a send that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalKind {
    NotLinked,
    NotOnWhatsapp,
    UnknownChat,
    UnknownMessage,
    UnknownMedia,
    NotAdmin,
    NotMember,
    /// Not one's own.
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

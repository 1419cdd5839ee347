//! Record of an inbound message whose files are not all there yet.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Jid, Message, MessageId, Timestamp},
    store::{Key, Record, Scope, Table, Tree},
};

/// The kind of the jobs that fetch files.
pub const FILES: &str = "files of a text message";
/// Files of one inbound message.
pub const MOST_FILES: usize = 10;

/// A message whose files are not all there yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundFiles {
    /// The provider's id of the message.
    pub id: String,
    pub from: Jid,
    pub text: String,
    pub at: Timestamp,
    pub files: Vec<InboundFile>,
    /// Rounds in which a file did not come.
    #[serde(default)]
    pub rounds: u32,
}

/// A file of an inbound message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundFile {
    /// Where the provider has it.
    pub url: String,
    /// The type that the provider names.
    pub mime: Option<String>,
    /// It is there, or never will be.
    #[serde(default)]
    pub is_done: bool,
}

impl Record for InboundFiles {
    const TABLE: Table = Table {
        tree: Tree::new(226, "InboundFiles"),
        owner: "sms",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl InboundFiles {
    pub fn at(id: &str) -> Key<Self> {
        <Self as Record>::key().text(id)
    }

    /// The id of the message with the text.
    pub fn message_id(&self) -> MessageId {
        self.id_of(&self.id)
    }

    fn id_of(&self, key: &str) -> MessageId {
        MessageId { from_me: false, chat: self.from.clone(), key: key.into(), participant: None }
    }

    /// The key of the message of one file that is none with the text.
    pub fn key_of(&self, place: usize) -> String {
        format!("{}F{place}", self.id)
    }

    pub fn message(&self, key: &str, body: String) -> Message {
        Message::text(self.id_of(key), self.from.clone(), body, self.at)
    }
}

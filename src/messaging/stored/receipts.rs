//! Receipts of own messages by person: one record for each recipient, so that a receipt is one small write
//! however large the group is.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Jid, MessageId, Receipt, SessionId},
    messaging::stored::trees,
    store::{
        Batch, Declaration, Key, Record, Scope, StoreError, Table,
        raw::{self, Engine},
    },
};

/// The most people whose receipts are kept of one message: more than a group takes.
pub const MOST: usize = 2_048;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredReceipt {
    pub receipt: Receipt,
    /// Whether the message's own ack waits for this person. One who left the group holds nothing back.
    #[serde(default)]
    pub counts: bool,
}

impl Record for StoredReceipt {
    const TABLE: Table =
        Table { tree: trees::RECEIPTS, owner: "messaging", indexes: &[], scope: Scope::Account };
}

pub struct Receipts<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Receipts<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// Those of one message, in the order of the ids of their people.
    pub async fn of(
        &self,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<Vec<StoredReceipt>, StoreError> {
        raw::select(self.engine, of_message(session, message).below(), MOST).await
    }

    /// That of one person, under the id that it is kept by.
    pub async fn get(
        &self,
        session: &SessionId,
        message: &MessageId,
        participant: &Jid,
    ) -> Result<Option<StoredReceipt>, StoreError> {
        let key = of_message(session, message).text(participant.as_str());
        raw::get(self.engine, &key).await
    }

    pub fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &MessageId,
        stored: &StoredReceipt,
    ) -> Result<(), StoreError> {
        let key = of_message(session, message).text(stored.receipt.participant.as_str());
        raw::put_in(batch, &key, stored)
    }

    pub fn remove_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &MessageId,
        participant: &Jid,
    ) {
        batch.remove(of_message(session, message).text(participant.as_str()).done());
    }

    /// Removes those of all messages of a chat.
    pub async fn clear(&self, session: &SessionId, chat: &Jid) -> Result<(), StoreError> {
        Declaration::of::<StoredReceipt>().clear(self.engine, of_chat(session, chat).all()).await
    }
}

fn of_chat(session: &SessionId, chat: &Jid) -> Key<StoredReceipt> {
    StoredReceipt::key().text(session.as_str()).text(chat.as_str())
}

fn of_message(session: &SessionId, message: &MessageId) -> Key<StoredReceipt> {
    of_chat(session, &message.chat).text(&message.key)
}

//! What the lists need of a chat and its record, as messaging has them now.

use uuid::Uuid;

use crate::{
    domain::{Chat, Jid, SessionId, conversation::ConversationRecord},
    inbox::state::Listed,
    messaging::MessagingTables,
    store::{Store, StoreError},
};

/// A conversation as messaging has it.
pub struct Facts {
    pub conversation: Uuid,
    pub listed: Listed,
    /// Whether automation is paused.
    pub is_paused: bool,
}

/// None for a chat without a conversation. What is read is expected to be the same at the commit.
pub async fn read(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Option<Facts>, StoreError> {
    let record = store.conversations().get(session, chat).await?;
    let Some(record) = record else { return Ok(None) };
    let known = store.chats().get(session, chat).await?;
    let listed = listed(&record, known.as_ref());
    let is_paused = record.inbox.pause.is_some();
    Ok(Some(Facts { conversation: record.uuid, listed, is_paused }))
}

fn listed(record: &ConversationRecord, chat: Option<&Chat>) -> Listed {
    Listed {
        last_activity: chat.map_or(record.changed_at, |chat| chat.last_activity),
        unread: chat.is_some_and(|chat| 0 < chat.unread),
        archived: chat.is_some_and(|chat| chat.archived),
        tags: record.inbox.tags.clone(),
        hidden: record.hidden || chat.is_none(),
    }
}

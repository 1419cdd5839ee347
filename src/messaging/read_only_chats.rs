//! Status updates and channels: chats that can only be read. A session may ignore either.

use crate::{
    domain::{Error, ErrorCode, Jid, SessionId, Subject},
    session::SessionTables,
    store::{Store, StoreError},
};

/// Whether the session is configured to ignore the chat.
pub async fn is_ignored(
    store: &Store,
    session: &SessionId,
    chat: Option<&Jid>,
) -> Result<bool, StoreError> {
    let Some(chat) = chat.filter(|chat| chat.is_status() || chat.is_channel()) else {
        return Ok(false);
    };
    let record = store.sessions().get(session).await?;
    Ok(record.is_some_and(|record| match chat.is_status() {
        true => record.config.ignore_status,
        false => record.config.ignore_channels,
    }))
}

/// Refuses to write to a chat that can only be read.
pub fn check_can_write(chat: &Jid) -> Result<(), Error> {
    let what = match (chat.is_status(), chat.is_channel()) {
        (true, _) => {
            "status updates can be received, not posted; to reply, send a message to the author"
        }
        (_, true) => "channels can be read only; the gateway cannot post to a channel",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorCode::Forbidden, what).about(Subject::Chat).detail("chatId", chat.as_str()))
}

/// Refuses to mark or archive status updates, which are no chat.
pub fn check_is_chat(chat: &Jid) -> Result<(), Error> {
    if !chat.is_status() {
        return Ok(());
    }
    let what = "status updates cannot be marked as read or archived";
    Err(Error::new(ErrorCode::Forbidden, what).about(Subject::Chat).detail("chatId", chat.as_str()))
}

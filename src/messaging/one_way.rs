//! Stories and channels: what comes in without a chat to answer to. A session may leave either out.

use crate::{
    domain::{Error, ErrorCode, Jid, SessionId, Subject},
    messaging::Ingest,
    store::StoreError,
};

impl Ingest {
    /// Whether the session was made to leave out what comes from there.
    pub(in crate::messaging) async fn is_ignored(
        &self,
        session: &SessionId,
        chat: Option<&Jid>,
    ) -> Result<bool, StoreError> {
        let Some(chat) = chat.filter(|chat| chat.is_status() || chat.is_channel()) else {
            return Ok(false);
        };
        let record = self.store.sessions().get(session).await?;
        Ok(record.is_some_and(|record| match chat.is_status() {
            true => record.config.ignore_status,
            false => record.config.ignore_channels,
        }))
    }
}

/// Refuses what would speak to a place that only speaks.
pub fn check_can_write(chat: &Jid) -> Result<(), Error> {
    let what = match (chat.is_status(), chat.is_channel()) {
        (true, _) => "stories can be received and not posted; to answer one, write to its author",
        (_, true) => "posts of channels can be received; the gateway posts to none",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorCode::Forbidden, what).about(Subject::Chat).detail("chatId", chat.as_str()))
}

/// Refuses what needs a chat: stories have none.
pub fn check_is_chat(chat: &Jid) -> Result<(), Error> {
    if !chat.is_status() {
        return Ok(());
    }
    let what = "stories are no chat that can be marked or archived";
    Err(Error::new(ErrorCode::Forbidden, what).about(Subject::Chat).detail("chatId", chat.as_str()))
}

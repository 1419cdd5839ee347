//! Sync checkpoint of a session: set when its connection changes, cleared when backfill completes.

use std::time::Duration;

use crate::{
    domain::{Chat, SessionId, Timestamp, clock::from_seconds},
    messaging::stored::{MessagingTables, SyncCheckpoint},
    store::{Batch, Store, StoreError},
};

/// Messages of different chats may arrive in another order than they were sent.
const MARGIN: Duration = Duration::from_secs(10);
/// Chats that are searched for the newest message of a session.
const NEWEST_CHATS: usize = 100;

/// Sets the checkpoint, since a connection begins or may begin: live messages must not hide missed ones.
/// `linked_at` is given for a session that is ready; the first time it is the time of its link.
pub async fn begin(
    store: &Store,
    session: &SessionId,
    linked_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let checkpoint = match (store.sync_checkpoints().get(session).await?, linked_at) {
        (None, None) => return Ok(()),
        (None, Some(linked_at)) => {
            let behind_since = Some(linked_at);
            SyncCheckpoint { linked_at, history_until: None, behind_since, connection: 0 }
        }
        (Some(checkpoint), _) => {
            let behind_since = match checkpoint.behind_since {
                Some(since) => since,
                None => complete_until(store, session, &checkpoint).await?,
            };
            let connection = checkpoint.connection + 1;
            // Timestamps are whole seconds: a message of the second of the link may have come after it.
            let behind_since = Some(from_seconds(behind_since.as_second()));
            SyncCheckpoint { behind_since, connection, ..checkpoint }
        }
    };
    let mut batch = Batch::new();
    store.sync_checkpoints().put_in(&mut batch, session, &checkpoint)?;
    store.commit(batch).await
}

/// The number of the current connection. Later reads from the engine belong to it or to a later one.
pub async fn connection(store: &Store, session: &SessionId) -> Result<u64, StoreError> {
    Ok(store.sync_checkpoints().get(session).await?.map_or(0, |checkpoint| checkpoint.connection))
}

/// Clears the checkpoint of a connection, unless another has begun since. `chats` are all chats of the engine.
pub async fn end(
    store: &Store,
    session: &SessionId,
    connection: u64,
    chats: &[Chat],
) -> Result<(), StoreError> {
    let Some(mut checkpoint) = store.sync_checkpoints().get(session).await? else { return Ok(()) };
    if checkpoint.history_until.is_none() {
        checkpoint.history_until = Some(end_of_history(store, session, &checkpoint, chats).await?);
    }
    if checkpoint.connection == connection {
        checkpoint.behind_since = None;
    }
    let mut batch = Batch::new();
    store.sync_checkpoints().put_in(&mut batch, session, &checkpoint)?;
    store.commit(batch).await
}

/// The time up to which a session without a checkpoint has everything.
async fn complete_until(
    store: &Store,
    session: &SessionId,
    checkpoint: &SyncCheckpoint,
) -> Result<Timestamp, StoreError> {
    let Some(history_until) = checkpoint.history_until else { return Ok(checkpoint.linked_at) };
    let chats = store.chats().page(session, 0, NEWEST_CHATS).await?;
    let newest =
        chats.iter().filter_map(|chat| chat.last_message.as_ref()).map(|last| last.timestamp);
    let of_history = (history_until + Duration::from_secs(1)).min(checkpoint.linked_at);
    Ok(newest.max().map_or(of_history, |newest| of_history.max(newest - MARGIN)))
}

/// The time of the newest message before the link. Where a chat has newer messages, that time is unknown, and
/// the time of the link is used.
async fn end_of_history(
    store: &Store,
    session: &SessionId,
    checkpoint: &SyncCheckpoint,
    chats: &[Chat],
) -> Result<Timestamp, StoreError> {
    let mut end = Timestamp::UNIX_EPOCH;
    for chat in chats.iter().filter(|chat| chat.last_message.is_some()) {
        if end < chat.last_activity {
            let is_as_it_was = store.messages().page(session, &chat.id, None, 1).await?.is_empty();
            end = if is_as_it_was { chat.last_activity } else { end.max(checkpoint.linked_at) };
        }
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::LastMessage;

    fn chat(number: u32, at: i64) -> Chat {
        let timestamp = from_seconds(at);
        Chat {
            id: format!("1555000{number:04}@c.us").parse().unwrap(),
            name: String::new(),
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: timestamp,
            last_message: Some(LastMessage {
                preview: String::new(),
                timestamp,
                from_me: false,
                key: None,
            }),
        }
    }

    struct Session {
        store: Store,
        id: SessionId,
    }

    impl Session {
        async fn new() -> Self {
            Self { store: Store::temporary().await.unwrap(), id: "s".parse().unwrap() }
        }

        /// The connection that begins at this time.
        async fn begins(&self, at: i64) -> u64 {
            begin(&self.store, &self.id, Some(from_seconds(at))).await.unwrap();
            connection(&self.store, &self.id).await.unwrap()
        }

        async fn ends(&self, connection: u64, chats: &[Chat]) {
            let mut batch = Batch::new();
            for chat in chats {
                self.store.chats().put_in(&mut batch, &self.id, chat).await.unwrap();
            }
            self.store.commit(batch).await.unwrap();
            end(&self.store, &self.id, connection, chats).await.unwrap();
        }

        async fn behind_since(&self) -> Option<Timestamp> {
            self.store.sync_checkpoints().get(&self.id).await.unwrap().unwrap().behind_since
        }
    }

    #[tokio::test]
    async fn a_session_lacks_nothing_older_than_its_link_and_nothing_once_it_has_caught_up() {
        let session = Session::new().await;
        let first = session.begins(1_000).await;
        assert_eq!(session.behind_since().await, Some(from_seconds(1_000)));
        session.ends(first, &[chat(1, 500), chat(2, 990)]).await;
        assert_eq!(session.behind_since().await, None);
        session.begins(2_000).await;
        assert_eq!(session.behind_since().await, Some(from_seconds(991)));
    }

    #[tokio::test]
    async fn a_message_that_came_while_it_first_caught_up_makes_no_news_of_what_was_said_before() {
        let session = Session::new().await;
        let first = session.begins(1_000).await;
        let (chat, came) = (chat(1, 1_002), from_seconds(1_002));
        let id = format!("false_{}_K", chat.id).parse().unwrap();
        let message = crate::domain::Message::text(id, chat.id.clone(), "hello", came);
        let mut batch = Batch::new();
        session.store.messages().put_in(&mut batch, &session.id, &message).await.unwrap();
        session.store.commit(batch).await.unwrap();
        session.ends(first, &[chat]).await;
        session.begins(2_000).await;
        // Ten seconds before the newest message would be before the link.
        assert_eq!(session.behind_since().await, Some(from_seconds(1_000)));
    }

    #[tokio::test]
    async fn what_comes_before_it_has_caught_up_hides_nothing_over_any_number_of_connections() {
        let session = Session::new().await;
        let first = session.begins(1_000).await;
        session.ends(first, &[]).await;
        let second = session.begins(2_000).await;
        assert_eq!(session.behind_since().await, Some(from_seconds(1)));
        let mut batch = Batch::new();
        session.store.chats().put_in(&mut batch, &session.id, &chat(1, 2_001)).await.unwrap();
        session.store.commit(batch).await.unwrap();
        let third = session.begins(3_000).await;
        assert_eq!(session.behind_since().await, Some(from_seconds(1)));
        // The second ends after all: the third may still lack something.
        session.ends(second, &[]).await;
        assert_eq!(session.behind_since().await, Some(from_seconds(1)));
        session.ends(third, &[chat(1, 2_001)]).await;
        session.begins(4_000).await;
        assert_eq!(session.behind_since().await, Some(from_seconds(1_991)));
    }
}

//! Local changes: what callers change in chats and messages without the engine. Each change and its [`ChatEvent`]
//! are one commit, under the lock of the session.

use crate::{
    domain::{
        Chat, Jid, Message, MessageId, SessionId,
        conversation::{ConversationRecord, StoredMessage, Window},
    },
    events::{NewEvent, Work},
    messaging::{
        conversations::chat_event::ChatEvent,
        identities::{is_in_other, other_id},
        inbound::{
            event_writer::EventWriter, ingest::Ingest, locally_changed::LocallyChanged,
            mirror::Mirror, mirror_records,
        },
        stored::MessagingTables,
    },
    store::{Batch, Store, StoreError},
};

/// Clones are the same writer.
#[derive(Clone)]
pub struct LocalChanges {
    writer: EventWriter,
    locally_changed: LocallyChanged,
}

impl LocalChanges {
    pub fn of(ingest: &Ingest) -> Self {
        let (writer, locally_changed) = (ingest.writer().clone(), ingest.locally_changed().clone());
        Self { writer, locally_changed }
    }

    /// Changes a chat and logs the event that the change returns; skipped if the mirror has no such chat.
    /// Durable on return.
    pub async fn change_chat(
        &self,
        session: &SessionId,
        id: &Jid,
        change: impl Fn(&mut Chat) -> Option<ChatEvent>,
    ) -> Result<(), StoreError> {
        self.write_chat(session, id, change, false).await
    }

    /// Marks a whole chat and its messages as read, after the engine did so.
    pub async fn mark_read(&self, session: &SessionId, id: &Jid) -> Result<(), StoreError> {
        self.write_chat(session, id, ChatEvent::of_reading, true).await
    }

    async fn write_chat(
        &self,
        session: &SessionId,
        id: &Jid,
        change: impl Fn(&mut Chat) -> Option<ChatEvent>,
        marks_messages: bool,
    ) -> Result<(), StoreError> {
        let held = self.writer.lock(session).await;
        let mut work = self.writer.work();
        let events = loop {
            let store = work.store();
            let Some(mut chat) = store.chats().get(session, id).await? else { return Ok(()) };
            let event = change(&mut chat);
            if marks_messages {
                Mirror { store, session, now: self.writer.now() }.merge_chat(&chat).await?;
            } else {
                mirror_records::put_chat(store, session, &chat).await?;
            }
            log_in(&mut work, session, event)?;
            if let Some(events) = work.commit().await? {
                break events;
            }
        };
        self.locally_changed.note(session, id);
        drop(held);
        self.writer.publish_events(&events).await
    }

    /// Changes the record of a conversation and logs the event that the change returns; none if there is no such
    /// conversation. Durable on return.
    pub async fn change_conversation(
        &self,
        session: &SessionId,
        chat: &Jid,
        change: impl Fn(&mut ConversationRecord) -> Option<ChatEvent>,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        let held = self.writer.lock(session).await;
        let mut work = self.writer.work();
        let (record, events) = loop {
            let (store, mut batch) = (work.store(), Batch::new());
            let stored = store.conversations();
            let Some(former) = stored.get(session, chat).await? else { return Ok(None) };
            let mut record = former.clone();
            let event = change(&mut record);
            stored.put_in(&mut batch, Some(&former), &record)?;
            store.commit(batch).await?;
            log_in(&mut work, session, event)?;
            if let Some(events) = work.commit().await? {
                break (record, events);
            }
        };
        drop(held);
        self.writer.publish_events(&events).await?;
        Ok(Some(record))
    }

    /// Deletes a message in the gateway alone: its place and number stay, its content is removed. Durable on
    /// return.
    pub async fn delete_message(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredMessage>, StoreError> {
        let held = self.writer.lock(session).await;
        let mut work = self.writer.work();
        let (deleted, events) = loop {
            let (store, mut batch) = (work.store(), Batch::new());
            let stored = store.messages();
            let Some(mut known) = stored.stored(session, id).await? else { return Ok(None) };
            let event = (!known.hidden).then(|| ChatEvent::MessageDeleted {
                message: known.message.id.clone(),
                number: known.number,
            });
            let newest = stored.page(session, &known.message.id.chat, None, 2).await?;
            let other = newest.iter().rev().find(|message| message.id != known.message.id);
            let mirror = Mirror { store, session, now: self.writer.now() };
            mirror.replace_preview(&known.message, other).await?;
            known.hidden = true;
            let message = &mut known.message;
            message.forget_content();
            message.quoted = None;
            message.mentions.clear();
            message.reactions.clear();
            stored.replace_in(&mut batch, session, &known).await?;
            store.commit(batch).await?;
            log_in(&mut work, session, event)?;
            if let Some(events) = work.commit().await? {
                break (known, events);
            }
        };
        drop(held);
        self.writer.publish_events(&events).await?;
        Ok(Some(deleted))
    }

    /// Adds a fetched page of a chat's earlier messages, oldest first, in one commit. They are not counted, and
    /// no engine event is logged. Returns how many were new. A chat that was deleted meanwhile gets none.
    pub async fn add_history(
        &self,
        session: &SessionId,
        chat: &Jid,
        page: &[Message],
    ) -> Result<usize, StoreError> {
        let held = self.writer.lock(session).await;
        let mut work = self.writer.work();
        let (added, events) = loop {
            let store = work.store();
            let record = store.conversations().get(session, chat).await?;
            if record.is_none_or(|record| record.deleted_at.is_some()) {
                return Ok(0);
            }
            let below = oldest(store, session, chat).await?.unwrap_or(u64::MAX);
            let other = other_id(store, session, chat).await?;
            let mut added = 0;
            // Each message gets a number below that of the one before it.
            for message in page.iter().rev() {
                if is_in_other(store, session, other.as_ref(), &message.id.key).await? {
                    continue;
                }
                let mut batch = Batch::new();
                let is_new = store.messages().put_earlier_in(&mut batch, session, message).await?;
                store.commit(batch).await?;
                added += usize::from(is_new);
            }
            let from = oldest(store, session, chat).await?.unwrap_or(below);
            let chat = chat.clone();
            let event = (0 < added).then_some(ChatEvent::HistoryFetched { chat, from, below });
            log_in(&mut work, session, event)?;
            if let Some(events) = work.commit().await? {
                break (added, events);
            }
        };
        drop(held);
        if let Some(last) = events.last() {
            self.writer.log().publish(last.seq).await?;
        }
        Ok(added)
    }

    /// Deletes a chat and its messages in the gateway; a later message starts a new list. Durable on return.
    pub async fn delete_conversation(
        &self,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        let now = self.writer.now();
        let deleted = self
            .change_conversation(session, chat, |record| {
                (record.hidden, record.deleted_at) = (true, Some(now));
                record.changed_at = now;
                record.inbox.tags.clear();
                record.inbox.pause = None;
                let (chat, conversation) = (record.chat.clone(), record.uuid);
                Some(ChatEvent::ConversationDeleted { chat, conversation })
            })
            .await?;
        let _held = self.writer.lock(session).await;
        let store = self.writer.store();
        let mut work = store.transaction();
        loop {
            let (store, mut batch) = (work.store(), Batch::new());
            let Some(known) = store.chats().get(session, chat).await? else { break };
            store.chats().remove_in(&mut batch, session, &known);
            store.commit(batch).await?;
            if work.commit().await? {
                break;
            }
        }
        store.messages().clear(session, Some(chat)).await?;
        store.receipts().clear(session, chat).await?;
        store.durable().await?;
        Ok(deleted)
    }
}

/// Adds events of a session to a transaction.
pub fn log_in(
    work: &mut Work<'_>,
    session: &SessionId,
    events: impl IntoIterator<Item = ChatEvent>,
) -> Result<(), StoreError> {
    for event in events {
        work.append(NewEvent::of_module(Some(session.into()), &event)?);
    }
    Ok(())
}

/// The lowest message number of a chat.
async fn oldest(store: &Store, session: &SessionId, chat: &Jid) -> Result<Option<u64>, StoreError> {
    let found = store.messages().window(session, chat, Window::After(0), 1).await?;
    Ok(found.first().map(|oldest| oldest.number))
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Clock, EventBody, Message, SessionId, clock::from_seconds, conversation::Window},
        events::EventLog,
        messaging::{
            conversations::local_changes::LocalChanges,
            inbound::ingest::Ingest,
            stored::MessagingTables,
            sync::backfill_writer::{BackfillWriter, Missed},
        },
        session::EventSink,
        store::Store,
    };

    fn message(key: &str) -> Message {
        Message::text(
            format!("false_15550000001@c.us_{key}").parse().unwrap(),
            "15550000001@c.us".parse().unwrap(),
            "words",
            from_seconds(100),
        )
    }

    #[tokio::test]
    async fn reports_of_the_engine_do_not_change_the_records_of_the_gateway() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log, clock);
        let changes = LocalChanges::of(&ingest);
        let session: SessionId = "s".parse().unwrap();
        let message = message("K");
        let (id, chat) = (message.id.clone(), message.chat().clone());
        let came = EventBody::Message { message: Box::new(message) };
        ingest.ingest(&session, vec![came]).await.unwrap();
        let tag = uuid::Uuid::now_v7();
        let tagged = changes.change_conversation(&session, &chat, |record| {
            record.inbox.tags.push(tag);
            None
        });
        let before = tagged.await.unwrap().unwrap();
        changes.delete_message(&session, &id).await.unwrap().unwrap();

        let text = "again".to_owned();
        let edited = EventBody::MessageEdited { message: id.clone(), text };
        let mut reported = store.chats().get(&session, &chat).await.unwrap().unwrap();
        reported.name = "another".to_owned();
        let updated = EventBody::ChatUpdated { chat: Box::new(reported) };
        ingest.ingest(&session, vec![edited, updated]).await.unwrap();
        let stored = store.messages().stored(&session, &id).await.unwrap().unwrap();
        assert!(stored.hidden && stored.message.body.is_empty());
        assert_eq!(store.messages().page(&session, &chat, None, 9).await.unwrap(), []);
        let after = store.conversations().get(&session, &chat).await.unwrap().unwrap();
        assert_eq!(after, before);

        changes.delete_conversation(&session, &chat).await.unwrap().unwrap();
        let window = store.messages().window(&session, &chat, Window::Newest, 9).await.unwrap();
        assert_eq!(window, []);
        assert!(store.chats().get(&session, &chat).await.unwrap().is_none());
        let stored = store.conversations().by_uuid(after.uuid).await.unwrap().unwrap();
        assert!(stored.deleted_at.is_some() && stored.inbox.tags.is_empty());
        assert!(store.conversations().with_tag(tag, None, 9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn messages_read_before_a_chat_was_deleted_do_not_come_back() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log.clone(), clock);
        let changes = LocalChanges::of(&ingest);
        let backfill = BackfillWriter { writer: ingest.writer(), retries: ingest.retries() };
        let session: SessionId = "s".parse().unwrap();
        let (first, missed) = (message("K"), message("L"));
        let chat = first.chat().clone();
        let came = |message: &Message| EventBody::Message { message: Box::new(message.clone()) };
        ingest.ingest(&session, vec![came(&first)]).await.unwrap();
        // Both were read from the engine by now; the chat is deleted before either is written.
        changes.delete_conversation(&session, &chat).await.unwrap().unwrap();
        let newest = log.newest();
        let found = || Missed::of_new(missed.clone(), from_seconds(0)).into_iter().collect();
        assert!(!backfill.write(&session, &chat, None, found()).await.unwrap());
        let page = std::slice::from_ref(&missed);
        assert_eq!(changes.add_history(&session, &chat, page).await.unwrap(), 0);
        let window = store.messages().window(&session, &chat, Window::Newest, 9).await.unwrap();
        assert_eq!((window, log.newest()), (Vec::new(), newest));
        // What was found to be missed after the deletion is written.
        let record = store.conversations().get(&session, &chat).await.unwrap().unwrap();
        assert!(backfill.write(&session, &chat, record.deleted_at, found()).await.unwrap());
        let window = store.messages().window(&session, &chat, Window::Newest, 9).await.unwrap();
        assert_eq!((window.len(), log.newest()), (1, newest + 1));
    }
}

//! What callers do to chats and messages here, without the engine: each change and its [`ChatEvent`] are one
//! commit. Like [`Ingest`], under the lock of the session.

use std::sync::Arc;

use crate::{
    domain::{
        Event, Jid, Message, MessageId, SessionId,
        conversation::{ConversationRecord, StoredMessage, Window},
    },
    events::{NewEvent, Work},
    messaging::{ChatEvent, Ingest},
    store::{Batch, Store, StoreError},
};

/// Adds to a transaction what it does in a session.
pub(in crate::messaging) fn tell_in(
    work: &mut Work<'_>,
    session: &SessionId,
    events: impl IntoIterator<Item = ChatEvent>,
) -> Result<(), StoreError> {
    for event in events {
        work.append(NewEvent::of_module(Some(session.into()), &event)?);
    }
    Ok(())
}

impl Ingest {
    /// Returns once a change with these events is durable; then the consumers of the log get them.
    pub(in crate::messaging) async fn tell_own(
        &self,
        events: &[Arc<Event>],
    ) -> Result<(), StoreError> {
        match events.last() {
            Some(last) => self.log.publish(last.seq).await,
            None => self.store.durable().await,
        }
    }

    /// Changes what is known of a conversation, and tells what the change says of itself; none when there is
    /// no such. Durable on return.
    pub async fn change_conversation(
        &self,
        session: &SessionId,
        chat: &Jid,
        change: impl Fn(&mut ConversationRecord) -> Option<ChatEvent>,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let mut work = self.log.work();
        let (record, told) = loop {
            let (store, mut batch) = (work.store(), Batch::new());
            let stored = store.conversations();
            let Some(former) = stored.get(session, chat).await? else { return Ok(None) };
            let mut record = former.clone();
            let event = change(&mut record);
            stored.put_in(&mut batch, Some(&former), &record)?;
            store.commit(batch).await?;
            tell_in(&mut work, session, event)?;
            if let Some(told) = work.commit().await? {
                break (record, told);
            }
        };
        drop(held);
        self.tell_own(&told).await?;
        Ok(Some(record))
    }

    /// Deletes a message here alone: its place and number stay, its content goes. Durable on
    /// return.
    pub async fn hide(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredMessage>, StoreError> {
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let mut work = self.log.work();
        let (hidden, told) = loop {
            let (store, mut batch) = (work.store(), Batch::new());
            let stored = store.messages();
            let Some(mut known) = stored.stored(session, id).await? else { return Ok(None) };
            let event = (!known.hidden).then(|| ChatEvent::MessageDeleted {
                message: known.message.id.clone(),
                number: known.number,
            });
            let newest = stored.page(session, &known.message.id.chat, None, 2).await?;
            let other = newest.iter().rev().find(|message| message.id != known.message.id);
            self.show_in(store, session, &known.message, other).await?;
            known.hidden = true;
            let message = &mut known.message;
            message.forget_content();
            message.quoted = None;
            message.mentions.clear();
            message.reactions.clear();
            stored.replace_in(&mut batch, session, &known).await?;
            store.commit(batch).await?;
            tell_in(&mut work, session, event)?;
            if let Some(told) = work.commit().await? {
                break (known, told);
            }
        };
        drop(held);
        self.tell_own(&told).await?;
        Ok(Some(hidden))
    }

    /// Keeps a page of a chat's earlier messages, oldest first as an engine tells them, in one commit. They are
    /// no news: nothing is counted, and no engine's event is told. How many were not known. Of a chat that was
    /// deleted here meanwhile nothing comes back.
    pub async fn keep_earlier(
        &self,
        session: &SessionId,
        chat: &Jid,
        page: &[Message],
    ) -> Result<usize, StoreError> {
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let mut work = self.log.work();
        let (added, told) = loop {
            let store = work.store();
            let record = store.conversations().get(session, chat).await?;
            if record.is_none_or(|record| record.deleted_at.is_some()) {
                return Ok(0);
            }
            let below = oldest(store, session, chat).await?.unwrap_or(u64::MAX);
            let mut added = 0;
            // Each gets its number, and its place, below that of the one before it.
            for message in page.iter().rev() {
                let mut batch = Batch::new();
                let is_new = store.messages().put_earlier_in(&mut batch, session, message).await?;
                store.commit(batch).await?;
                added += usize::from(is_new);
            }
            let from = oldest(store, session, chat).await?.unwrap_or(below);
            let chat = chat.clone();
            let event = (0 < added).then_some(ChatEvent::HistoryFetched { chat, from, below });
            tell_in(&mut work, session, event)?;
            if let Some(told) = work.commit().await? {
                break (added, told);
            }
        };
        drop(held);
        if let Some(last) = told.last() {
            self.log.publish(last.seq).await?;
        }
        Ok(added)
    }

    /// Removes a chat and its messages; what comes to it later begins a new list. Durable on
    /// return.
    pub async fn delete_conversation(
        &self,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        let now = self.clock.now();
        let deleted = self
            .change_conversation(session, chat, |record| {
                (record.hidden, record.deleted_at) = (true, Some(now));
                record.changed_at = now;
                record.tags.clear();
                record.pause = None;
                let (chat, conversation) = (record.chat.clone(), record.uuid);
                Some(ChatEvent::ConversationDeleted { chat, conversation })
            })
            .await?;
        let lock = self.lock_of(session);
        let _held = lock.lock().await;
        let mut work = self.store.transaction();
        loop {
            let (store, mut batch) = (work.store(), Batch::new());
            let Some(known) = store.chats().get(session, chat).await? else { break };
            store.chats().remove_in(&mut batch, session, &known);
            store.commit(batch).await?;
            if work.commit().await? {
                break;
            }
        }
        self.store.messages().clear(session, Some(chat)).await?;
        self.store.receipts().clear(session, chat).await?;
        self.store.durable().await?;
        Ok(deleted)
    }
}

/// The lowest number in a chat.
async fn oldest(store: &Store, session: &SessionId, chat: &Jid) -> Result<Option<u64>, StoreError> {
    let found = store.messages().window(session, chat, Window::After(0), 1).await?;
    Ok(found.first().map(|oldest| oldest.number))
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Clock, EventBody, Message, SessionId, clock::from_seconds, conversation::Window},
        events::EventLog,
        messaging::{Ingest, backfill::Missed},
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
    async fn what_the_engine_tells_does_not_touch_what_the_gateway_keeps() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log, clock);
        let session: SessionId = "s".parse().unwrap();
        let message = message("K");
        let (id, chat) = (message.id.clone(), message.chat().clone());
        let came = EventBody::Message { message: Box::new(message) };
        ingest.ingest(&session, vec![came]).await.unwrap();
        let tag = uuid::Uuid::now_v7();
        let tagged = ingest.change_conversation(&session, &chat, |record| {
            record.tags.push(tag);
            None
        });
        let before = tagged.await.unwrap().unwrap();
        ingest.hide(&session, &id).await.unwrap().unwrap();

        let text = "again".to_owned();
        let edited = EventBody::MessageEdited { message: id.clone(), text };
        let mut told = store.chats().get(&session, &chat).await.unwrap().unwrap();
        told.name = "another".to_owned();
        let updated = EventBody::ChatUpdated { chat: Box::new(told) };
        ingest.ingest(&session, vec![edited, updated]).await.unwrap();
        let stored = store.messages().stored(&session, &id).await.unwrap().unwrap();
        assert!(stored.hidden && stored.message.body.is_empty());
        assert_eq!(store.messages().page(&session, &chat, None, 9).await.unwrap(), []);
        let after = store.conversations().get(&session, &chat).await.unwrap().unwrap();
        assert_eq!(after, before);

        ingest.delete_conversation(&session, &chat).await.unwrap().unwrap();
        let window = store.messages().window(&session, &chat, Window::Newest, 9).await.unwrap();
        assert_eq!(window, []);
        assert!(store.chats().get(&session, &chat).await.unwrap().is_none());
        let kept = store.conversations().by_uuid(after.uuid).await.unwrap().unwrap();
        assert!(kept.deleted_at.is_some() && kept.tags.is_empty());
        assert!(store.conversations().with_tag(tag, None, 9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_read_of_a_chat_before_it_was_deleted_does_not_come_back() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log.clone(), clock);
        let session: SessionId = "s".parse().unwrap();
        let (first, missed) = (message("K"), message("L"));
        let chat = first.chat().clone();
        let came = |message: &Message| EventBody::Message { message: Box::new(message.clone()) };
        ingest.ingest(&session, vec![came(&first)]).await.unwrap();
        // Both were read from the engine by now; the chat is deleted before either is written.
        ingest.delete_conversation(&session, &chat).await.unwrap().unwrap();
        let told = log.newest();
        let found = || Missed::of_new(missed.clone(), from_seconds(0)).into_iter().collect();
        assert!(!ingest.missed(&session, &chat, None, found()).await.unwrap());
        let page = std::slice::from_ref(&missed);
        assert_eq!(ingest.keep_earlier(&session, &chat, page).await.unwrap(), 0);
        let window = store.messages().window(&session, &chat, Window::Newest, 9).await.unwrap();
        assert_eq!((window, log.newest()), (Vec::new(), told));
        // What was found to be missed after the deletion is written.
        let record = store.conversations().get(&session, &chat).await.unwrap().unwrap();
        assert!(ingest.missed(&session, &chat, record.deleted_at, found()).await.unwrap());
        let window = store.messages().window(&session, &chat, Window::Newest, 9).await.unwrap();
        assert_eq!((window.len(), log.newest()), (1, told + 1));
    }
}

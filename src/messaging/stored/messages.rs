//! The mirror of each session's messages: by number, in each chat in the order of time and in that of their
//! numbers, by key and by UUID. WhatsApp counts time in whole seconds: within one, messages stand in the order
//! of their numbers, which is that in which they came.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        Jid, Message, MessageId, SessionId, Timestamp,
        conversation::{StoredMessage, Window, message_uuid},
    },
    messaging::stored::{numbers::Numbers, trees},
    store::{
        Batch, Found, Index, IndexKey, Key, Record, Scope, StoreError, Table,
        raw::{self, Engine, encode},
    },
};

/// How many are read at once where some are left out.
const READ_AT_ONCE: usize = 64;
/// Several messages of a chat carry one key only where several people chose it.
const MOST_OF_A_KEY: usize = 64;

const BY_TIME: Index<MessageRecord> = Index::new(trees::MESSAGES_BY_TIME);
const IN_CHAT: Index<MessageRecord> = Index::new(trees::MESSAGES_OF_CHAT);
const BY_KEY: Index<MessageRecord> = Index::new(trees::MESSAGES_BY_KEY);
const BY_UUID: Index<MessageRecord> = Index::new(trees::MESSAGE_UUIDS);

/// A message as it is stored, under its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRecord {
    pub session: SessionId,
    pub number: u64,
    /// Deleted here alone; its content is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// The time of its place in the chat, where a later report gave the message another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    pub message: Message,
}

impl Record for MessageRecord {
    const TABLE: Table = Table {
        tree: trees::MESSAGE_RECORDS,
        owner: "messaging",
        indexes: &[
            trees::MESSAGES_BY_TIME,
            trees::MESSAGES_OF_CHAT,
            trees::MESSAGES_BY_KEY,
            trees::MESSAGE_UUIDS,
        ],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let (session, id) = (self.session.as_str(), &self.message.id);
        let at = self.placed_at.unwrap_or(self.message.timestamp);
        let of = |index: Index<Self>| index.key().text(session).text(id.chat.as_str());
        vec![
            of(BY_TIME).time(at).number(self.number),
            of(IN_CHAT).number(self.number),
            of(BY_KEY).text(&id.key).number(self.number),
            BY_UUID.key().uuid(message_uuid(&self.session, id)),
        ]
    }
}

impl MessageRecord {
    /// As the rest of the gateway knows it.
    fn stored(self) -> StoredMessage {
        let Self { number, hidden, message, .. } = self;
        StoredMessage { number, hidden, message }
    }

    fn key_of(number: u64) -> Key<Self> {
        Self::key().number(number)
    }

    /// The same place with another content.
    fn with(self, stored: StoredMessage) -> Self {
        let at = self.placed_at.unwrap_or(self.message.timestamp);
        let placed_at = Some(at).filter(|at| *at != stored.message.timestamp);
        let (hidden, message) = (stored.hidden, stored.message);
        Self { hidden, message, placed_at, ..self }
    }
}

pub struct Messages<'a> {
    engine: &'a dyn Engine,
    numbers: Numbers,
}

impl<'a> Messages<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: Numbers) -> Self {
        Self { engine, numbers }
    }

    pub async fn get(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<Message>, StoreError> {
        Ok(self.stored(session, id).await?.map(|stored| stored.message))
    }

    pub async fn stored(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredMessage>, StoreError> {
        Ok(self.record(session, id).await?.map(MessageRecord::stored))
    }

    /// Finds a message of a chat by its key alone, of any sender.
    pub async fn find_by_key(
        &self,
        session: &SessionId,
        chat: &Jid,
        key: &str,
    ) -> Result<Option<Message>, StoreError> {
        Ok(self.stored_by_key(session, chat, key).await?.map(|stored| stored.message))
    }

    pub async fn stored_by_key(
        &self,
        session: &SessionId,
        chat: &Jid,
        key: &str,
    ) -> Result<Option<StoredMessage>, StoreError> {
        let found = self.of_key(session, chat, key).await?;
        // The same one always: that of the lowest id.
        let first = found.into_iter().min_by_key(|record| record.message.id.to_string());
        Ok(first.map(MessageRecord::stored))
    }

    pub async fn by_uuid(
        &self,
        uuid: Uuid,
    ) -> Result<Option<(SessionId, StoredMessage)>, StoreError> {
        let part = BY_UUID.key().uuid(uuid).below();
        let found = raw::follow(self.engine, part, 1).await?.pop();
        Ok(found.map(|found| (found.record.session.clone(), found.record.stored())))
    }

    pub async fn by_number(
        &self,
        number: u64,
    ) -> Result<Option<(SessionId, StoredMessage)>, StoreError> {
        let found = raw::get(self.engine, &MessageRecord::key_of(number)).await?;
        Ok(found.map(|record| (record.session.clone(), record.stored())))
    }

    /// The newest `limit` messages before the one given, in the order of time; without those that
    /// were deleted here.
    pub async fn page(
        &self,
        session: &SessionId,
        chat: &Jid,
        before: Option<&Message>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let of_chat = || of(BY_TIME, session, chat);
        let mut end = match before {
            None => None,
            Some(message) => {
                let known = self.record(session, &message.id).await?;
                let place = |record: &MessageRecord| {
                    let at = record.placed_at.unwrap_or(record.message.timestamp);
                    of_chat().time(at).number(record.number)
                };
                Some(known.as_ref().map_or_else(|| of_chat().time(message.timestamp), place))
            }
        };
        let mut page = Vec::new();
        loop {
            let wanted = limit - page.len();
            let mut part = of_chat().below().backward();
            if let Some(end) = end {
                part = part.before(end);
            }
            let found = raw::follow(self.engine, part, wanted).await?;
            let is_last = found.len() < wanted;
            end = found.last().map(|found| found.entry.clone());
            let shown = found.into_iter().filter(|found| !found.record.hidden);
            page.extend(shown.map(|found| found.record.message));
            if is_last || limit <= page.len() {
                page.reverse();
                return Ok(page);
            }
        }
    }

    /// Up to `limit` messages of a chat by number, lowest first.
    pub async fn window(
        &self,
        session: &SessionId,
        chat: &Jid,
        window: Window,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let of_chat = || of(IN_CHAT, session, chat);
        let (part, is_backward) = match window {
            Window::Newest => (of_chat().below().backward(), true),
            Window::Before(number) => {
                (of_chat().below().before(of_chat().number(number)).backward(), true)
            }
            Window::After(number) => {
                (of_chat().below().from(of_chat().number(number.saturating_add(1))), false)
            }
        };
        let found = raw::follow(self.engine, part, limit).await?;
        let mut found: Vec<_> = found.into_iter().map(|found| found.record.stored()).collect();
        if is_backward {
            found.reverse();
        }
        Ok(found)
    }

    /// The newest message by number of each of several chats, in their order, in one call.
    pub async fn newest_of<'b>(
        &self,
        chats: impl IntoIterator<Item = (&'b SessionId, &'b Jid)>,
    ) -> Result<Vec<Option<StoredMessage>>, StoreError> {
        let newest = |(session, chat): (&'b SessionId, &'b Jid)| {
            of(IN_CHAT, session, chat).below().backward()
        };
        let parts = chats.into_iter().map(newest).collect();
        let pages = raw::follow_many(self.engine, parts, 1).await?;
        let stored = |page: Vec<Found<MessageRecord>>| {
            page.into_iter().next().map(|found| found.record.stored())
        };
        Ok(pages.into_iter().map(stored).collect())
    }

    /// Up to `limit` messages of all sessions below a number, highest first. Nothing at the end alone.
    pub async fn feed(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(SessionId, StoredMessage)>, StoreError> {
        let mut part = MessageRecord::key().below().backward();
        if let Some(number) = before {
            part = part.before(MessageRecord::key_of(number));
        }
        let found = raw::select(self.engine, part, limit).await?;
        Ok(found.into_iter().map(|record| (record.session.clone(), record.stored())).collect())
    }

    /// Adds the write to a batch; whether the message is new. One stays where it was first written
    /// and keeps its number; one that was deleted here stays so. A caller that writes new messages of one
    /// chat does so one after the other.
    pub async fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<bool, StoreError> {
        let Some(known) = self.record(session, &message.id).await? else {
            let number = self.numbers.message(self.engine).await?;
            self.add_in(batch, session, message, number)?;
            return Ok(true);
        };
        if !known.hidden {
            let (number, message) = (known.number, message.clone());
            let changed = known.with(StoredMessage { number, hidden: false, message });
            batch.put(MessageRecord::key_of(number).done(), encode(&changed)?);
        }
        Ok(false)
    }

    /// Adds a message of an earlier time, unless it is known; whether it is new. Of several the
    /// newest comes first, each in a batch of its own.
    pub async fn put_earlier_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<bool, StoreError> {
        let of_key = self.of_key(session, message.chat(), &message.id.key).await?;
        if !of_key.is_empty() || self.record(session, &message.id).await?.is_some() {
            return Ok(false);
        }
        let number = self.numbers.earlier_message(self.engine).await?;
        self.add_in(batch, session, message, number)?;
        Ok(true)
    }

    /// Writes a known message, whatever it was before.
    pub async fn replace_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        stored: &StoredMessage,
    ) -> Result<(), StoreError> {
        if let Some(known) = self.record(session, &stored.message.id).await? {
            let number = known.number;
            let changed = known.with(stored.clone());
            batch.put(MessageRecord::key_of(number).done(), encode(&changed)?);
        }
        Ok(())
    }

    /// Removes the messages of a chat, or of all chats of a session.
    pub async fn clear(&self, session: &SessionId, chat: Option<&Jid>) -> Result<(), StoreError> {
        let mut given = self.numbers.keep(self.engine).await?;
        loop {
            let of_session = BY_TIME.key().text(session.as_str());
            let part = match chat {
                Some(chat) => of_session.text(chat.as_str()),
                None => of_session,
            };
            let found = raw::follow(self.engine, part.below(), READ_AT_ONCE).await?;
            if found.is_empty() {
                return Ok(());
            }
            // What comes meanwhile is removed as well, here or at the next call.
            if found.iter().any(|found| !given.has_message(found.record.number)) {
                given = self.numbers.keep(self.engine).await?;
            }
            let mut batch = Batch::in_background();
            for Found { key, record, .. } in found {
                raw::remove_in(&mut batch, &key, &record);
            }
            self.engine.commit(batch).await?;
            tokio::task::yield_now().await;
        }
    }

    fn add_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
        number: u64,
    ) -> Result<(), StoreError> {
        let (session, message) = (session.clone(), message.clone());
        let record = MessageRecord { session, number, hidden: false, placed_at: None, message };
        raw::put_in(batch, &MessageRecord::key_of(number), &record)
    }

    async fn record(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<MessageRecord>, StoreError> {
        // By the one key that nobody else can write unnoticed meanwhile.
        let part = BY_UUID.key().uuid(message_uuid(session, id)).below();
        match raw::follow(self.engine, part, 1).await?.pop() {
            None => return Ok(None),
            Some(found) if found.record.message.id == *id => return Ok(Some(found.record)),
            // An own message under another form of its id.
            Some(_) => (),
        }
        let found = self.of_key(session, &id.chat, &id.key).await?;
        Ok(found.into_iter().find(|record| record.message.id == *id))
    }

    /// The messages of a chat that carry a key.
    async fn of_key(
        &self,
        session: &SessionId,
        chat: &Jid,
        key: &str,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let part = of(BY_KEY, session, chat).text(key).below();
        let found = raw::follow(self.engine, part, MOST_OF_A_KEY).await?;
        Ok(found.into_iter().map(|found| found.record).collect())
    }
}

/// What the entries of a chat begin with.
fn of(index: Index<MessageRecord>, session: &SessionId, chat: &Jid) -> IndexKey<MessageRecord> {
    index.key().text(session.as_str()).text(chat.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Ack, clock::from_seconds},
        messaging::stored::MessagingTables,
        store::Store,
    };

    fn message(key: &str, at: i64) -> Message {
        Message::text(
            format!("true_1234567890@c.us_{key}").parse().unwrap(),
            "15551234567@c.us".parse().unwrap(),
            "",
            from_seconds(at),
        )
    }

    #[tokio::test]
    async fn messages_of_one_second_stay_in_the_order_they_came_in() {
        let store = Store::temporary().await.unwrap();
        let session = "s".parse().unwrap();
        let all = [("F", 7), ("C", 7), ("E", 7), ("A", 8), ("D", 6)];
        let all = all.map(|(key, at)| message(key, at));
        for message in &all {
            let mut batch = Batch::new();
            store.messages().put_in(&mut batch, &session, message).await.unwrap();
            store.commit(batch).await.unwrap();
        }
        let changed = Message { ack: Ack::Read, timestamp: from_seconds(9), ..all[0].clone() };
        let mut batch = Batch::new();
        store.messages().put_in(&mut batch, &session, &changed).await.unwrap();
        store.commit(batch).await.unwrap();
        let page = async |before: Option<&Message>| {
            let messages = store.messages();
            let page = messages.page(&session, all[0].chat(), before, 10).await.unwrap();
            page.iter().map(|message| message.id.key.to_string()).collect::<String>()
        };
        assert_eq!(page(None).await, "DFCEA");
        assert_eq!(page(Some(&changed)).await, "D");
        assert_eq!(page(Some(&all[2])).await, "DFC");
        assert_eq!(page(Some(&message("Z", 8))).await, "DFCE");
    }

    #[tokio::test]
    async fn the_feed_goes_past_numbers_without_a_message() {
        let store = Store::temporary().await.unwrap();
        let (a, b): (SessionId, SessionId) = ("a".parse().unwrap(), "b".parse().unwrap());
        for (session, key, at) in [(&a, "A", 1), (&b, "B", 2), (&b, "C", 3), (&a, "D", 4)] {
            let mut batch = Batch::new();
            store.messages().put_in(&mut batch, session, &message(key, at)).await.unwrap();
            store.commit(batch).await.unwrap();
        }
        let all = store.messages().feed(None, 10).await.unwrap();
        store.messages().clear(&b, None).await.unwrap();
        let left = store.messages().feed(Some(all[0].1.number), 2).await.unwrap();
        assert_eq!(left.iter().map(|(_, one)| one.number).collect::<Vec<_>>(), [all[3].1.number]);
        assert!(store.messages().feed(Some(all[3].1.number), 2).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_key_that_two_people_chose_leads_to_both() {
        let (store, session) = (Store::temporary().await.unwrap(), "s".parse().unwrap());
        let chat: Jid = "15550000001-1600000000@g.us".parse().unwrap();
        let ids = ["15550000002@c.us", "15550000003@c.us"];
        let ids: Vec<MessageId> =
            ids.map(|who| format!("false_{chat}_K_{who}").parse().unwrap()).to_vec();
        for id in ids.iter().rev() {
            let author = id.participant.clone().unwrap();
            let message = Message::text(id.clone(), author, id.to_string(), from_seconds(7));
            let mut batch = Batch::new();
            store.messages().put_in(&mut batch, &session, &message).await.unwrap();
            store.commit(batch).await.unwrap();
        }
        for id in &ids {
            let found = store.messages().get(&session, id).await.unwrap().unwrap();
            assert_eq!(found.body, id.to_string());
        }
        let found = store.messages().find_by_key(&session, &chat, "K").await.unwrap().unwrap();
        assert_eq!(found.id, ids[0]);
    }
}

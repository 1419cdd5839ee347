//! The mirror of each session's messages, in the order of time within a chat, and in that of their
//! numbers. WhatsApp counts time in whole seconds: within one, messages keep the order in which they
//! came.

use uuid::Uuid;

use crate::{
    domain::{
        Jid, Message, MessageId, SessionId, Timestamp,
        conversation::{DayCount, StoredMessage, Window, message_uuid},
    },
    store::{
        StoreError,
        codec::{Key, decode, encode, last_number, number_at, text_at},
        engine::{Batch, Direction, Engine, Followed, Range, Scan},
        numbers::Numbers,
        table::Table,
        trees::Tree,
    },
};

/// How many are read at once where some are left out.
const READ_AT_ONCE: usize = 64;
/// The place of the first message of a second; there is room on both sides.
const MIDDLE: u64 = 1 << 32;

pub struct Messages<'a> {
    table: Table<'a, StoredMessage>,
    numbers: &'a Numbers,
}

impl<'a> Messages<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: &'a Numbers) -> Self {
        Self { table: Table::new(engine), numbers }
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
        self.at_place(&place(session, id)).await
    }

    /// Finds a message of a chat by its key alone, whoever sent it.
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
        let range = places(session, chat).text(key).all();
        let found = self.table.engine.scan(range, Direction::Forward, 1).await?;
        let Some((_, key)) = found.into_iter().next() else { return Ok(None) };
        self.at(&key).await
    }

    pub async fn by_uuid(
        &self,
        uuid: Uuid,
    ) -> Result<Option<(SessionId, StoredMessage)>, StoreError> {
        let found = self.table.engine.get(&by_uuid(uuid)).await?;
        match found.as_deref().map(decode).transpose()? {
            Some(number) => self.by_number(number).await,
            None => Ok(None),
        }
    }

    pub async fn by_number(
        &self,
        number: u64,
    ) -> Result<Option<(SessionId, StoredMessage)>, StoreError> {
        let Some(key) = self.table.engine.get(&by_number(number)).await? else { return Ok(None) };
        let stored = self.at(&key).await?;
        stored.map(|stored| Ok((session_of(&key)?, stored))).transpose()
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
        let chat_key = Key::new(Tree::Messages).text(session.as_str()).text(chat.as_str());
        let mut range = chat_key.all();
        if let Some(message) = before {
            range.end = match self.table.engine.get(&place(session, &message.id)).await? {
                Some(key) => key,
                None => second(session, message).done(),
            };
        }
        let mut page = Vec::new();
        loop {
            let wanted = limit - page.len();
            let found = self.table.engine.scan(range.clone(), Direction::Backward, wanted).await?;
            let is_last = found.len() < wanted;
            for (key, value) in found {
                let stored: StoredMessage = decode(&value)?;
                range.end = key;
                if !stored.hidden {
                    page.push(stored.message);
                }
            }
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
        let of_chat = in_chat(session, chat);
        let (range, direction) = match window {
            Window::Newest => (of_chat.all(), Direction::Backward),
            Window::Before(number) => {
                (of_chat.until(in_chat(session, chat).number(number)), Direction::Backward)
            }
            Window::After(number) => {
                let end = of_chat.all().end;
                let start = in_chat(session, chat).number(number.saturating_add(1)).done();
                (Range { start, end }, Direction::Forward)
            }
        };
        let scans = vec![Scan { range, direction, limit }];
        let page = self.table.engine.follow(scans).await?.pop().unwrap_or_default();
        let found: Result<Vec<StoredMessage>, _> =
            page.iter().map(|one| decode(&one.pair.1)).collect();
        let mut found = found?;
        if direction == Direction::Backward {
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
            let range = in_chat(session, chat).all();
            Scan { range, direction: Direction::Backward, limit: 1 }
        };
        let pages = self.table.engine.follow(chats.into_iter().map(newest).collect()).await?;
        let stored = |page: Vec<Followed>| page.first().map(|one| decode(&one.pair.1)).transpose();
        pages.into_iter().map(stored).collect()
    }

    /// Up to `limit` messages of all sessions below a number, highest first. Nothing at the end alone.
    pub async fn feed(
        &self,
        mut before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(SessionId, StoredMessage)>, StoreError> {
        loop {
            let all = Key::new(Tree::MessagesByNumber);
            let range = match before {
                Some(number) => all.until(Key::new(Tree::MessagesByNumber).number(number)),
                None => all.all(),
            };
            let scan = Scan { range: range.clone(), direction: Direction::Backward, limit };
            let page = self.table.engine.follow(vec![scan]).await?.pop().unwrap_or_default();
            if !page.is_empty() {
                let stored = |one: Followed| Ok((session_of(&one.pair.0)?, decode(&one.pair.1)?));
                return page.into_iter().map(stored).collect();
            }
            // All of these may belong to a session that is being removed.
            let entries = self.table.engine.scan(range, Direction::Backward, limit).await?;
            before = entries.last().and_then(|(entry, _)| last_number(entry));
            if before.is_none() {
                return Ok(Vec::new());
            }
        }
    }

    /// Adds the write to a batch; whether the message is new. One stays where it was first written
    /// and keeps its number; one that was deleted here stays so. Whoever writes new messages of one
    /// chat does so one after the other.
    pub async fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<bool, StoreError> {
        if let Some(key) = self.table.engine.get(&place(session, &message.id)).await? {
            if let Some(known) = self.at(&key).await?
                && !known.hidden
            {
                let stored = StoredMessage { message: message.clone(), ..known };
                batch.put(key, encode(&stored)?);
            }
            return Ok(false);
        }
        let key = self.key_behind(session, message).await?;
        self.add_in(batch, session, message, self.numbers.message(), key)?;
        Ok(true)
    }

    /// Adds a message of an earlier time, unless it is known; whether it is new. Of several the
    /// newest comes first, each in a batch of its own.
    pub async fn put_earlier_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<bool, StoreError> {
        if self.find_by_key(session, message.chat(), &message.id.key).await?.is_some() {
            return Ok(false);
        }
        let key = self.key_before(session, message).await?;
        self.add_in(batch, session, message, self.numbers.earlier_message(), key)?;
        Ok(true)
    }

    /// Writes a known message, whatever it was before.
    pub async fn replace_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        stored: &StoredMessage,
    ) -> Result<(), StoreError> {
        if let Some(key) = self.table.engine.get(&place(session, &stored.message.id)).await? {
            batch.put(key, encode(stored)?);
        }
        Ok(())
    }

    /// Counts a new message among those of its day.
    pub async fn count_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<(), StoreError> {
        let key = count_key(session, day_of(message.timestamp));
        let counts = Table::new(self.table.engine);
        let mut count: DayCount = counts.get(key.clone()).await?.unwrap_or_default();
        let of = if message.from_me() { &mut count.sent } else { &mut count.received };
        *of = of.saturating_add(1);
        counts.put_in(batch, key, &count)
    }

    /// What was sent and received from the day of `since` on.
    pub async fn counted_since(
        &self,
        session: &SessionId,
        since: Timestamp,
    ) -> Result<DayCount, StoreError> {
        let mut range = Key::new(Tree::MessageCounts).text(session.as_str()).all();
        range.start = count_key(session, day_of(since)).done();
        let days: Vec<DayCount> =
            Table::new(self.table.engine).scan(range, Direction::Forward, usize::MAX).await?;
        let sum = |sum: DayCount, day: DayCount| DayCount {
            sent: sum.sent + day.sent,
            received: sum.received + day.received,
        };
        Ok(days.into_iter().fold(DayCount::default(), sum))
    }

    /// Removes the messages of a chat, or of all chats of a session.
    pub async fn clear(&self, session: &SessionId, chat: Option<&Jid>) -> Result<(), StoreError> {
        self.numbers.keep(self.table.engine).await?;
        let of_session = Key::new(Tree::Messages).text(session.as_str());
        let range = match chat {
            Some(chat) => of_session.text(chat.as_str()).all(),
            None => of_session.all(),
        };
        loop {
            let found =
                self.table.engine.scan(range.clone(), Direction::Forward, READ_AT_ONCE).await?;
            if found.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (key, value) in found {
                let stored: StoredMessage = decode(&value)?;
                for index in indexes(session, &stored) {
                    batch.remove(index);
                }
                batch.remove(key);
            }
            self.table.engine.commit(batch).await?;
            tokio::task::yield_now().await;
        }
    }

    /// Behind all messages of the same second that are there.
    async fn key_behind(
        &self,
        session: &SessionId,
        message: &Message,
    ) -> Result<Vec<u8>, StoreError> {
        let last = self.end_of_second(session, message, Direction::Backward).await?;
        let place = last.map_or(MIDDLE, |last| last.saturating_add(1));
        Ok(second(session, message).number(place).text(&message.id.to_string()).done())
    }

    /// Before all of them.
    async fn key_before(
        &self,
        session: &SessionId,
        message: &Message,
    ) -> Result<Vec<u8>, StoreError> {
        let first = self.end_of_second(session, message, Direction::Forward).await?;
        let place = first.map_or(MIDDLE, |first| first.saturating_sub(1));
        Ok(second(session, message).number(place).text(&message.id.to_string()).done())
    }

    async fn end_of_second(
        &self,
        session: &SessionId,
        message: &Message,
        direction: Direction,
    ) -> Result<Option<u64>, StoreError> {
        let second = second(session, message);
        let length = second.length();
        let found = self.table.engine.scan(second.all(), direction, 1).await?;
        Ok(found.first().and_then(|(key, _)| number_at(key, length)))
    }

    fn add_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
        number: u64,
        key: Vec<u8>,
    ) -> Result<(), StoreError> {
        let stored = StoredMessage { number, hidden: false, message: message.clone() };
        batch.put(key.clone(), encode(&stored)?);
        index_in(batch, session, &stored, key)
    }

    async fn at_place(&self, place: &[u8]) -> Result<Option<StoredMessage>, StoreError> {
        match self.table.engine.get(place).await? {
            Some(key) => self.at(&key).await,
            None => Ok(None),
        }
    }

    async fn at(&self, key: &[u8]) -> Result<Option<StoredMessage>, StoreError> {
        self.table.engine.get(key).await?.as_deref().map(decode).transpose()
    }
}

/// Adds all that leads to a message.
pub fn index_in(
    batch: &mut Batch,
    session: &SessionId,
    stored: &StoredMessage,
    key: Vec<u8>,
) -> Result<(), StoreError> {
    let [place, in_chat, by_number, by_uuid] = indexes(session, stored);
    batch.put(by_uuid, encode(&stored.number)?);
    batch.put(by_number, key.clone());
    batch.put(in_chat, key.clone());
    batch.put(place, key);
    Ok(())
}

/// The session whose message has this key.
pub fn session_of(key: &[u8]) -> Result<SessionId, StoreError> {
    let damaged = || StoreError::Corrupt("a key without a session".to_owned());
    text_at(key, 1).and_then(|text| text.parse().ok()).ok_or_else(damaged)
}

fn indexes(session: &SessionId, stored: &StoredMessage) -> [Vec<u8>; 4] {
    let message = &stored.message;
    [
        place(session, &message.id),
        in_chat(session, message.chat()).number(stored.number).done(),
        by_number(stored.number),
        by_uuid(message_uuid(session, &message.id)),
    ]
}

/// What the keys of all messages of a chat that bear the same time begin with.
fn second(session: &SessionId, message: &Message) -> Key {
    Key::new(Tree::Messages)
        .text(session.as_str())
        .text(message.chat().as_str())
        .time(message.timestamp)
}

fn places(session: &SessionId, chat: &Jid) -> Key {
    Key::new(Tree::MessagePlaces).text(session.as_str()).text(chat.as_str())
}

fn place(session: &SessionId, id: &MessageId) -> Vec<u8> {
    places(session, &id.chat).text(&id.key).text(&id.to_string()).done()
}

fn in_chat(session: &SessionId, chat: &Jid) -> Key {
    Key::new(Tree::MessagesInChat).text(session.as_str()).text(chat.as_str())
}

fn by_number(number: u64) -> Vec<u8> {
    Key::new(Tree::MessagesByNumber).number(number).done()
}

fn by_uuid(uuid: Uuid) -> Vec<u8> {
    Key::new(Tree::MessagesByUuid).uuid(uuid).done()
}

fn count_key(session: &SessionId, day: u64) -> Key {
    Key::new(Tree::MessageCounts).text(session.as_str()).number(day)
}

/// Days since 1970 in UTC.
fn day_of(time: Timestamp) -> u64 {
    u64::try_from(time.as_second().div_euclid(86_400)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Ack, clock::from_seconds},
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
        let session = "s".parse().unwrap();
        for (key, at) in [("A", 1), ("B", 2), ("C", 3), ("D", 4)] {
            let mut batch = Batch::new();
            store.messages().put_in(&mut batch, &session, &message(key, at)).await.unwrap();
            store.commit(batch).await.unwrap();
        }
        let all = store.messages().feed(None, 10).await.unwrap();
        let mut batch = Batch::new();
        for (_, stored) in &all[..3] {
            let place = by_number(stored.number);
            let key = store.messages().table.engine.get(&place).await.unwrap().unwrap();
            batch.remove(key);
        }
        store.commit(batch).await.unwrap();
        let left = store.messages().feed(None, 2).await.unwrap();
        assert_eq!(left.iter().map(|(_, one)| one.number).collect::<Vec<_>>(), [all[3].1.number]);
        assert!(store.messages().feed(Some(all[3].1.number), 2).await.unwrap().is_empty());
    }
}

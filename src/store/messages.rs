//! The mirror of each session's messages, in the order of time within a chat. WhatsApp counts time
//! in whole seconds: within one, messages keep the order in which they came.

use crate::{
    domain::{Jid, Message, MessageId, SessionId},
    store::{
        StoreError,
        codec::{Key, decode, encode, number_at},
        engine::{Batch, Direction, Engine},
        table::Table,
        trees::Tree,
    },
};

pub struct Messages<'a> {
    table: Table<'a, Message>,
}

impl<'a> Messages<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<Message>, StoreError> {
        let Some(key) = self.table.engine.get(&place(session, id)).await? else { return Ok(None) };
        self.table.engine.get(&key).await?.as_deref().map(decode).transpose()
    }

    /// Finds a message of a chat by its key alone, whoever sent it.
    pub async fn find_by_key(
        &self,
        session: &SessionId,
        chat: &Jid,
        key: &str,
    ) -> Result<Option<Message>, StoreError> {
        let range = places(session, chat).text(key).all();
        let found = self.table.engine.scan(range, Direction::Forward, 1).await?;
        let Some((_, key)) = found.into_iter().next() else { return Ok(None) };
        self.table.engine.get(&key).await?.as_deref().map(decode).transpose()
    }

    /// The newest `limit` messages before the one given, oldest first.
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
        let mut newest_first = self.table.scan(range, Direction::Backward, limit).await?;
        newest_first.reverse();
        Ok(newest_first)
    }

    /// Adds the write to a batch. A message stays where it was first written. Whoever writes new
    /// messages of one chat does so one after the other.
    pub async fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<(), StoreError> {
        let place = place(session, &message.id);
        let key = match self.table.engine.get(&place).await? {
            Some(key) => key,
            None => self.new_key(session, message).await?,
        };
        batch.put(key.clone(), encode(message)?);
        batch.put(place, key);
        Ok(())
    }

    /// Behind all messages of the same second that are there.
    async fn new_key(&self, session: &SessionId, message: &Message) -> Result<Vec<u8>, StoreError> {
        let second = second(session, message);
        let range = second.clone().all();
        let newest = self.table.engine.scan(range, Direction::Backward, 1).await?;
        let before = newest.first().and_then(|(key, _)| number_at(key, second.length()));
        let number = before.map_or(0, |before| before.saturating_add(1));
        Ok(second.number(number).text(&message.id.to_string()).done())
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Ack, MessageKind, clock::from_seconds},
        store::Store,
    };

    fn message(key: &str, at: i64) -> Message {
        Message {
            id: format!("true_1234567890@c.us_{key}").parse().unwrap(),
            author: "15551234567@c.us".parse().unwrap(),
            kind: MessageKind::Text,
            body: String::new(),
            timestamp: from_seconds(at),
            ack: Ack::Sent,
            push_name: None,
            media: None,
            quoted: None,
            mentions: Vec::new(),
            forwarded: false,
            edited: false,
            reactions: Vec::new(),
            raw: None,
        }
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
}

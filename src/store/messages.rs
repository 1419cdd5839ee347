//! The mirror of each session's messages, in the order of time within a chat.

use crate::{
    domain::{Jid, Message, MessageId, SessionId},
    store::{
        StoreError,
        codec::{Key, decode},
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
        let range = match before {
            Some(message) => chat_key.until(key(session, message)),
            None => chat_key.all(),
        };
        let mut newest_first = self.table.scan(range, Direction::Backward, limit).await?;
        newest_first.reverse();
        Ok(newest_first)
    }

    /// Adds the write to a batch. A message stays at the time it was first written with.
    pub async fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<(), StoreError> {
        let place = place(session, &message.id);
        if let Some(old) = self.table.engine.get(&place).await? {
            batch.remove(old);
        }
        batch.put(place, key(session, message).done());
        self.table.put_in(batch, key(session, message), message)
    }
}

fn key(session: &SessionId, message: &Message) -> Key {
    Key::new(Tree::Messages)
        .text(session.as_str())
        .text(message.chat().as_str())
        .time(message.timestamp)
        .text(&message.id.key)
        .text(&message.id.to_string())
}

fn places(session: &SessionId, chat: &Jid) -> Key {
    Key::new(Tree::MessagePlaces).text(session.as_str()).text(chat.as_str())
}

fn place(session: &SessionId, id: &MessageId) -> Vec<u8> {
    places(session, &id.chat).text(&id.key).text(&id.to_string()).done()
}

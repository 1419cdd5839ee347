//! The mirror of each session's chats, kept in the order of their last activity.

use crate::{
    domain::{Chat, Jid, SessionId},
    store::{
        StoreError,
        codec::Key,
        conversations::Conversations,
        engine::{Batch, Direction, Engine},
        numbers::{Listing, Numbers},
        table::Table,
        trees::Tree,
    },
};

pub struct Chats<'a> {
    table: Table<'a, Chat>,
    conversations: Conversations<'a>,
    numbers: &'a Numbers,
}

impl<'a> Chats<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: &'a Numbers) -> Self {
        let conversations = Conversations::new(engine, numbers);
        Self { table: Table::new(engine), conversations, numbers }
    }

    pub async fn get(&self, session: &SessionId, id: &Jid) -> Result<Option<Chat>, StoreError> {
        self.table.get(key(session, id)).await
    }

    /// Newest first.
    pub async fn page(
        &self,
        session: &SessionId,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Chat>, StoreError> {
        let all = Key::new(Tree::ChatsByActivity).text(session.as_str()).all();
        let places =
            self.table.engine.scan(all, Direction::Forward, offset.saturating_add(limit)).await?;
        let mut chats = Vec::new();
        for (_, chat_key) in places.into_iter().skip(offset) {
            if let Some(bytes) = self.table.engine.get(&chat_key).await? {
                chats.push(crate::store::codec::decode(&bytes)?);
            }
        }
        Ok(chats)
    }

    /// Those after the one given, newest first.
    pub async fn after(
        &self,
        session: &SessionId,
        after: Option<&Chat>,
        limit: usize,
    ) -> Result<Vec<Chat>, StoreError> {
        let mut range = Key::new(Tree::ChatsByActivity).text(session.as_str()).all();
        if let Some(chat) = after {
            // Nothing lies between a key and the same with a zero behind it.
            range.start = [place(session, chat).as_slice(), &[0]].concat();
        }
        let mut chats = Vec::new();
        for (_, key) in self.table.engine.scan(range, Direction::Forward, limit).await? {
            let bytes = self.table.engine.get(&key).await?;
            chats.extend(bytes.as_deref().map(crate::store::codec::decode).transpose()?);
        }
        Ok(chats)
    }

    /// Tells whether a chat may have come, gone, or changed between the archive and the list.
    pub fn listing(&self) -> Listing {
        self.numbers.listing()
    }

    /// Adds the removal to a batch.
    pub fn remove_in(&self, batch: &mut Batch, session: &SessionId, chat: &Chat) {
        self.numbers.change_listing();
        batch.remove(place(session, chat));
        batch.remove(key(session, &chat.id).done());
    }

    /// Adds the write to a batch. Reads the old record to move its place in the order. A chat that
    /// is new becomes a conversation with it.
    pub async fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        chat: &Chat,
    ) -> Result<(), StoreError> {
        match self.get(session, &chat.id).await? {
            Some(old) => {
                batch.remove(place(session, &old));
                if old.archived != chat.archived {
                    self.numbers.change_listing();
                }
            }
            None => {
                self.numbers.change_listing();
                let (id, at) = (&chat.id, chat.last_activity);
                self.conversations.ensure_in(batch, session, id, at).await?;
            }
        }
        index_in(batch, session, chat);
        self.table.put_in(batch, key(session, &chat.id), chat)
    }
}

/// Adds its place in the order.
pub fn index_in(batch: &mut Batch, session: &SessionId, chat: &Chat) {
    batch.put(place(session, chat), key(session, &chat.id).done());
}

fn key(session: &SessionId, id: &Jid) -> Key {
    Key::new(Tree::Chats).text(session.as_str()).text(id.as_str())
}

fn place(session: &SessionId, chat: &Chat) -> Vec<u8> {
    Key::new(Tree::ChatsByActivity)
        .text(session.as_str())
        .time_descending(chat.last_activity)
        .text(chat.id.as_str())
        .done()
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Chat, clock::from_seconds},
        store::{Batch, Store},
    };

    fn chat(number: i64, at: i64) -> Chat {
        Chat {
            id: format!("{}@c.us", 1_000_000 + number).parse().unwrap(),
            name: format!("chat {number}"),
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: from_seconds(at),
            last_message: None,
        }
    }

    #[tokio::test]
    async fn a_chat_that_wakes_up_moves_to_the_front_and_stands_there_once() {
        let store = Store::temporary().await.unwrap();
        let session = "s".parse().unwrap();
        for (number, at) in [(1, 10), (2, 20), (3, 30), (1, 40)] {
            let mut batch = Batch::new();
            store.chats().put_in(&mut batch, &session, &chat(number, at)).await.unwrap();
            store.commit(batch).await.unwrap();
        }
        let names = |chats: Vec<Chat>| chats.into_iter().map(|chat| chat.name).collect::<Vec<_>>();
        let all = names(store.chats().page(&session, 0, 10).await.unwrap());
        assert_eq!(all, ["chat 1", "chat 3", "chat 2"]);
        assert_eq!(names(store.chats().page(&session, 1, 1).await.unwrap()), ["chat 3"]);
    }
}

//! The mirror of each session's chats, kept in the order of their last activity.

use crate::{
    domain::{Chat, Jid, SessionId},
    messaging::stored::{
        conversations::Conversations,
        numbers::{Listing, Numbers},
        trees,
    },
    store::{
        Batch, Found, Index, IndexKey, Key, Record, Scope, StoreError, Table,
        raw::{self, Engine},
    },
};

const BY_ACTIVITY: Index<Chat> = Index::new(trees::CHATS_BY_ACTIVITY);

impl Record for Chat {
    const TABLE: Table = Table {
        tree: trees::CHATS,
        owner: "messaging",
        indexes: &[trees::CHATS_BY_ACTIVITY],
        scope: Scope::Account,
    };

    fn entries(&self, key: &Key<Self>) -> Vec<IndexKey<Self>> {
        key.first_text().map(|session| place(&session, self)).into_iter().collect()
    }
}

pub struct Chats<'a> {
    engine: &'a dyn Engine,
    conversations: Conversations<'a>,
    numbers: Numbers,
}

impl<'a> Chats<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: Numbers) -> Self {
        let conversations = Conversations::new(engine, numbers.clone());
        Self { engine, conversations, numbers }
    }

    pub async fn get(&self, session: &SessionId, id: &Jid) -> Result<Option<Chat>, StoreError> {
        raw::get(self.engine, &key(session, id)).await
    }

    /// Newest first.
    pub async fn page(
        &self,
        session: &SessionId,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Chat>, StoreError> {
        let all = BY_ACTIVITY.key().text(session.as_str()).below();
        let found = raw::follow(self.engine, all, offset.saturating_add(limit)).await?;
        Ok(records(found).skip(offset).collect())
    }

    /// Of each session those after the one given, newest first.
    pub async fn after<'b>(
        &self,
        sessions: impl IntoIterator<Item = (&'b SessionId, Option<&'b Chat>)>,
        limit: usize,
    ) -> Result<Vec<Vec<Chat>>, StoreError> {
        let part = |(session, after): (&'b SessionId, Option<&'b Chat>)| {
            let part = BY_ACTIVITY.key().text(session.as_str()).below();
            match after {
                Some(chat) => part.after(&place(session.as_str(), chat)),
                None => part,
            }
        };
        let parts = sessions.into_iter().map(part).collect();
        let pages = raw::follow_many(self.engine, parts, limit).await?;
        Ok(pages.into_iter().map(|page| records(page).collect()).collect())
    }

    /// Several chats, in their order, in one call.
    pub async fn get_many<'b>(
        &self,
        ids: impl IntoIterator<Item = (&'b SessionId, &'b Jid)>,
    ) -> Result<Vec<Option<Chat>>, StoreError> {
        let keys: Vec<_> = ids.into_iter().map(|(session, id)| key(session, id)).collect();
        raw::get_many(self.engine, &keys).await
    }

    /// Tells whether a chat may have come, gone, or changed between the archive and the list.
    pub fn listing(&self) -> Listing {
        self.numbers.listing()
    }

    /// Adds the removal to a batch.
    pub fn remove_in(&self, batch: &mut Batch, session: &SessionId, chat: &Chat) {
        self.numbers.change_listing();
        raw::remove_in(batch, &key(session, &chat.id), chat);
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
                batch.remove(place(session.as_str(), &old).done());
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
        raw::put_in(batch, &key(session, &chat.id), chat)
    }
}

fn records(found: Vec<Found<Chat>>) -> impl Iterator<Item = Chat> {
    found.into_iter().map(|found| found.record)
}

fn key(session: &SessionId, id: &Jid) -> Key<Chat> {
    Chat::key().text(session.as_str()).text(id.as_str())
}

fn place(session: &str, chat: &Chat) -> IndexKey<Chat> {
    BY_ACTIVITY.key().text(session).time_descending(chat.last_activity).text(chat.id.as_str())
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Chat, clock::from_seconds},
        messaging::stored::MessagingTables,
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

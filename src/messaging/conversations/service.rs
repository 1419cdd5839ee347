//! Conversations: the list, single ones, and what callers change in them.

use uuid::Uuid;

use crate::{
    domain::{
        Chat, Clock, Error, ErrorCode, Jid, SessionId,
        conversation::{AutomationPause, ConversationRecord},
    },
    messaging::{
        conversations::{
            chat_event::ChatEvent,
            chats::Chats,
            conversation::{Conversation, unknown_conversation},
            list::{ConversationFilter, ConversationList, ConversationSearch},
            local_changes::LocalChanges,
        },
        engines::Engines,
        identities::canonical_chat,
        stored::MessagingTables,
    },
    store::Store,
};

/// Clones are the same service.
#[derive(Clone)]
pub struct Conversations {
    store: Store,
    engines: Engines,
    chats: Chats,
    local: LocalChanges,
    list: ConversationList,
    clock: Clock,
}

impl Conversations {
    pub fn new(
        store: Store,
        engines: Engines,
        chats: Chats,
        local: LocalChanges,
        clock: Clock,
    ) -> Self {
        let list = ConversationList::new(store.clone());
        Self { store, engines, chats, local, list, clock }
    }

    /// A page of the list, newest activity first, and the length of the whole list.
    pub async fn list(
        &self,
        filter: &ConversationFilter,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Conversation>, usize), Error> {
        self.list.page(filter, offset, limit).await
    }

    /// A conversation by its UUID or number.
    pub async fn get(&self, id: &str) -> Result<Conversation, Error> {
        let record = self.record(id).await?;
        let chat = self.store.chats().get(&record.session, &record.chat).await?;
        let chat = chat.filter(|_| !record.hidden).ok_or_else(|| unknown_conversation(id))?;
        self.complete(record, chat).await
    }

    /// The record of a conversation, by its UUID or number, also of one that was deleted.
    pub async fn record(&self, id: &str) -> Result<ConversationRecord, Error> {
        let stored = self.store.conversations();
        let record = match (id.parse::<Uuid>(), id.parse::<u64>()) {
            (Ok(uuid), _) => stored.by_uuid(uuid).await?,
            (_, Ok(number)) => stored.by_number(number).await?,
            _ => None,
        };
        record.ok_or_else(|| unknown_conversation(id))
    }

    /// The conversation of a chat.
    pub async fn of_chat(&self, session: &SessionId, chat: &Jid) -> Result<Conversation, Error> {
        let chat = &canonical_chat(&self.store, session, chat).await?;
        let record = self.store.conversations().get(session, chat).await?;
        let known = self.store.chats().get(session, chat).await?;
        match (record, known) {
            (Some(record), Some(chat)) => self.complete(record, chat).await,
            _ => Err(unknown_conversation(chat.as_str())),
        }
    }

    /// The conversations of several chats, in their order, in a few calls. None for a chat that has none, or was
    /// deleted here.
    pub async fn of_many(
        &self,
        chats: &[(&SessionId, &Jid)],
    ) -> Result<Vec<Option<Conversation>>, Error> {
        self.of_many_naming(chats, |_| true).await
    }

    /// The same, with the contact of those alone that the caller has no name for.
    pub async fn of_many_naming(
        &self,
        chats: &[(&SessionId, &Jid)],
        is_named: impl Fn((&SessionId, &Jid)) -> bool,
    ) -> Result<Vec<Option<Conversation>>, Error> {
        let records = self.store.conversations().get_many(chats.iter().copied()).await?;
        let known = self.store.chats().get_many(chats.iter().copied()).await?;
        let both = records
            .into_iter()
            .zip(known)
            .map(|(record, chat)| record.filter(|record| !record.hidden).zip(chat));
        let both: Vec<_> = both.collect();
        let is_there: Vec<bool> = both.iter().map(Option::is_some).collect();
        let found = both.into_iter().flatten().collect();
        let mut complete = self.list.complete(found, is_named).await?.into_iter();
        Ok(is_there
            .into_iter()
            .map(|is_there| if is_there { complete.next() } else { None })
            .collect())
    }

    /// A search in the conversations of some sessions.
    pub async fn search(
        &self,
        text: &str,
        sessions: &[SessionId],
    ) -> Result<ConversationSearch, Error> {
        self.list.search(text, sessions).await
    }

    /// Marks a conversation as read. The senders see that if the session is ready.
    pub async fn mark_read(&self, of: &ConversationRecord) -> Result<(), Error> {
        if self.engines.is_ready(&of.session)? {
            match self.chats.mark_read(&of.session, &of.chat).await {
                // The connection was lost meanwhile.
                Err(error) if error.code == ErrorCode::NotReady => (),
                outcome => return outcome,
            }
        }
        Ok(self.local.change_chat(&of.session, &of.chat, ChatEvent::of_reading).await?)
    }

    pub async fn pause_automation(
        &self,
        of: &ConversationRecord,
        by: Option<Uuid>,
        reason: Option<String>,
    ) -> Result<AutomationPause, Error> {
        let pause = AutomationPause { at: self.clock.now(), by, reason };
        let change = |record: &mut ConversationRecord| {
            (record.changed_at, record.inbox.pause) = (pause.at, Some(pause.clone()));
            let (chat, conversation) = (record.chat.clone(), record.uuid);
            Some(ChatEvent::AutomationPaused { chat, conversation, pause: pause.clone() })
        };
        self.local.change_conversation(&of.session, &of.chat, change).await?;
        Ok(pause)
    }

    pub async fn resume_automation(&self, of: &ConversationRecord) -> Result<(), Error> {
        let now = self.clock.now();
        let change = |record: &mut ConversationRecord| {
            let was_paused = record.inbox.pause.take().is_some();
            record.changed_at = now;
            let (chat, conversation) = (record.chat.clone(), record.uuid);
            was_paused.then_some(ChatEvent::AutomationResumed { chat, conversation })
        };
        self.local.change_conversation(&of.session, &of.chat, change).await?;
        Ok(())
    }

    /// Deletes a conversation and its messages in the gateway; the account still has them.
    pub async fn delete(&self, of: &ConversationRecord) -> Result<(), Error> {
        self.local.delete_conversation(&of.session, &of.chat).await?;
        Ok(())
    }

    async fn complete(
        &self,
        record: ConversationRecord,
        chat: Chat,
    ) -> Result<Conversation, Error> {
        let found = self.list.complete(vec![(record, chat)], |_| true).await?.pop();
        found.ok_or_else(|| Error::internal("a conversation could not be completed"))
    }
}

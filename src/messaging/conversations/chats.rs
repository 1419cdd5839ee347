//! Chats of the mirror, and what callers change in them through the engine.

use crate::{
    domain::{Chat, Command, Error, Jid, SessionId},
    messaging::{
        conversations::{chat_event::ChatEvent, local_changes::LocalChanges},
        engines::Engines,
        identities::{canonical_chat, number_of},
        read_only_chats::{check_can_write, check_is_chat},
        stored::MessagingTables,
    },
    store::Store,
};

/// Clones are the same service.
#[derive(Clone)]
pub struct Chats {
    store: Store,
    engines: Engines,
    local: LocalChanges,
}

impl Chats {
    pub fn new(store: Store, engines: Engines, local: LocalChanges) -> Self {
        Self { store, engines, local }
    }

    /// A page of chats, newest activity first. The session must be ready, unless the caller accepts the last
    /// known chats (`cached`).
    pub async fn page(
        &self,
        session: &SessionId,
        cached: bool,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Chat>, Error> {
        self.engines.session(session)?;
        if !cached {
            self.engines.require_ready(session)?;
        }
        Ok(self.store.chats().page(session, offset, limit).await?)
    }

    /// The mirror's id of a chat.
    pub async fn canonical_id(&self, session: &SessionId, chat: &Jid) -> Result<Jid, Error> {
        Ok(canonical_chat(&self.store, session, chat).await?)
    }

    /// The telephone number of a person, if it is known; else the id itself.
    pub async fn number_of(&self, session: &SessionId, chat: &Jid) -> Result<Jid, Error> {
        Ok(number_of(&self.store, session, chat).await?)
    }

    pub async fn mark_read(&self, session: &SessionId, chat: &Jid) -> Result<(), Error> {
        check_is_chat(chat)?;
        let chat = &self.canonical_id(session, chat).await?;
        self.engines.carry_out(session, Command::MarkRead { chat: chat.clone() }).await?;
        Ok(self.local.mark_read(session, chat).await?)
    }

    pub async fn archive(
        &self,
        session: &SessionId,
        chat: &Jid,
        archived: bool,
    ) -> Result<(), Error> {
        check_is_chat(chat)?;
        let chat = &self.canonical_id(session, chat).await?;
        self.engines.carry_out(session, Command::Archive { chat: chat.clone(), archived }).await?;
        let change = |chat: &mut Chat| ChatEvent::of_archiving(chat, archived);
        Ok(self.local.change_chat(session, chat, change).await?)
    }

    /// Shows or hides "typing…" in a chat.
    pub async fn set_typing(
        &self,
        session: &SessionId,
        chat: &Jid,
        typing: bool,
    ) -> Result<(), Error> {
        check_can_write(chat)?;
        let chat = self.canonical_id(session, chat).await?;
        self.engines.carry_out(session, Command::Typing { chat, typing }).await
    }
}

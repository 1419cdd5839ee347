//! What a chat is called: what the engine calls it, else what is known of whom it is with. Digits are a name
//! only where there is no other.

use crate::{
    domain::{Chat, Jid, Message, SessionId},
    messaging::{Ingest, identity::number_of},
    store::{Store, StoreError},
};

impl Ingest {
    /// The name of a chat by one of its messages.
    pub(in crate::messaging) async fn chat_name(
        &self,
        store: &Store,
        session: &SessionId,
        message: &Message,
    ) -> Result<String, StoreError> {
        let chat = message.chat();
        if let Some(name) = message.group_name.as_ref().filter(|_| !chat.is_person()) {
            return Ok(name.clone());
        }
        let push_name =
            message.push_name.clone().filter(|_| !message.from_me() && chat.is_person());
        let known = self.known_name(store, session, chat).await?;
        Ok(known.or(push_name).unwrap_or_else(|| chat.user().to_owned()))
    }

    /// The name that an engine gives a chat. Where that is no more than one of its ids, the name that is known.
    pub(in crate::messaging) async fn best_name(
        &self,
        store: &Store,
        session: &SessionId,
        told: &Chat,
        known: Option<&Chat>,
    ) -> Result<String, StoreError> {
        if told.given_name().is_some() && !self.is_id(store, session, &told.id, &told.name).await? {
            return Ok(told.name.clone());
        }
        if let Some(name) = known.and_then(Chat::given_name)
            && !self.is_id(store, session, &told.id, name).await?
        {
            return Ok(name.to_owned());
        }
        let found = self.known_name(store, session, &told.id).await?;
        Ok(found.unwrap_or_else(|| told.id.user().to_owned()))
    }

    /// What is known of the person that a chat is with, who may be the account itself.
    async fn known_name(
        &self,
        store: &Store,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Option<String>, StoreError> {
        if !chat.is_person() {
            return Ok(None);
        }
        let number = number_of(store, session, chat).await?;
        for id in [chat, &number] {
            if let Some(contact) = store.contacts().get(session, id).await?
                && contact.display_name() != contact.id.user()
            {
                return Ok(Some(contact.display_name().to_owned()));
            }
        }
        let record = store.sessions().get(session).await?;
        let me = record.and_then(|record| record.me);
        let own = me.filter(|me| me.id == number || me.lid.as_ref() == Some(chat));
        Ok(own.and_then(|me| me.push_name).filter(|name| !name.is_empty()))
    }

    /// Whether a name is the number or the hidden identity of the person whose chat it is.
    async fn is_id(
        &self,
        store: &Store,
        session: &SessionId,
        chat: &Jid,
        name: &str,
    ) -> Result<bool, StoreError> {
        if !name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(false);
        }
        let pair = store.identities().get(session, chat).await?.map(|known| known.pair);
        let is_either = |pair: &crate::domain::identity::Pair| {
            name == pair.lid().user() || name == pair.phone().user()
        };
        Ok(name == chat.user() || pair.as_ref().is_some_and(is_either))
    }
}

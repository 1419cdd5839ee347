//! Names of chats: the engine's name, else the name of the person. Digits are a name only when no other is known.

use crate::{
    domain::{Chat, Jid, Message, SessionId, identity::Pair},
    messaging::{identities::number_of, stored::MessagingTables},
    session::SessionTables,
    store::{Store, StoreError},
};

/// The name of a chat, from one of its messages.
pub async fn from_message(
    store: &Store,
    session: &SessionId,
    message: &Message,
) -> Result<String, StoreError> {
    let chat = message.chat();
    if let Some(name) = message.group_name.as_ref().filter(|_| !chat.is_person()) {
        return Ok(name.clone());
    }
    let push_name = message.push_name.clone().filter(|_| !message.from_me() && chat.is_person());
    let known = of_person(store, session, chat).await?;
    Ok(known.or(push_name).unwrap_or_else(|| chat.user().to_owned()))
}

/// The engine's name of a chat. Where that is only one of the chat's ids, the best known name.
pub async fn best_name(
    store: &Store,
    session: &SessionId,
    reported: &Chat,
    known: Option<&Chat>,
) -> Result<String, StoreError> {
    if reported.given_name().is_some()
        && !is_id(store, session, &reported.id, &reported.name).await?
    {
        return Ok(reported.name.clone());
    }
    if let Some(name) = known.and_then(Chat::given_name)
        && !is_id(store, session, &reported.id, name).await?
    {
        return Ok(name.to_owned());
    }
    let found = of_person(store, session, &reported.id).await?;
    Ok(found.unwrap_or_else(|| reported.id.user().to_owned()))
}

/// The known name of the person that a chat is with, who may be the account itself.
async fn of_person(
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

/// Whether a name is only the number or the hidden id of the chat's person.
async fn is_id(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
    name: &str,
) -> Result<bool, StoreError> {
    if !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(false);
    }
    let pair = store.identities().get(session, chat).await?.map(|known| known.pair);
    let is_either = |pair: &Pair| name == pair.lid().user() || name == pair.phone().user();
    Ok(name == chat.user() || pair.as_ref().is_some_and(is_either))
}

//! Replies to the menu that a chat was sent last.

use crate::{
    domain::{Message, MessageKind, SessionId, details::MenuReply},
    inbox::menu::SentMenu,
    messaging::note_menu_reply,
    store::{Record, Store, StoreError},
};

/// Makes a reply to the last menu of the chat a choice from it.
pub async fn map_reply(
    store: &Store,
    message: &Message,
    session: &SessionId,
) -> Result<(), StoreError> {
    if message.kind != MessageKind::Text {
        return Ok(());
    }
    let of_chat = SentMenu::key().text(session.as_str()).text(message.chat().as_str());
    let Some(menu) = store.get(&of_chat).await? else { return Ok(()) };
    let Some(option) = menu.chosen(&message.body, message.timestamp) else { return Ok(()) };
    let (id, title) = (Some(option.id.clone()), Some(option.title.clone()));
    let reply = MenuReply { id, title, menu: menu.kind.details() };
    note_menu_reply(store, session, &message.id, reply, message.timestamp).await
}

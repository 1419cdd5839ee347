//! Replies to menus that were sent as text: the message becomes a choice, and keeps its text.

use crate::{
    domain::{Message, MessageId, MessageKind, SessionId, Timestamp, details::MenuReply},
    messaging::inbound::mirror::Mirror,
    store::{Store, StoreError},
};

/// Notes within a transaction what a message chooses from a menu. One that the mirror does not have is skipped.
pub async fn note_menu_reply(
    store: &Store,
    session: &SessionId,
    message: &MessageId,
    reply: MenuReply,
    now: Timestamp,
) -> Result<(), StoreError> {
    let choose = |message: &mut Message| {
        if message.kind == MessageKind::Text {
            message.kind = MessageKind::MenuReply;
            message.details.get_or_insert_default().menu_reply = Some(reply);
        }
    };
    Mirror { store, session, now }.change_message(message, choose).await
}

//! Changes of the index by an event of the log. Texts are read from the store, which may be ahead of the log: a
//! message that is deleted meanwhile is not indexed.

use crate::{
    domain::{
        Event, Jid, MessageId, SessionId, WaEvent,
        conversation::{StoredMessage, Window},
        event::DisconnectReason,
    },
    messaging::{ChatEvent, MessagingTables},
    search::index::{Change, Entry},
    store::{Store, StoreError},
};

/// Messages of fetched history that are read at once.
const READ_AT_ONCE: usize = 50;

pub async fn changes_of(store: &Store, event: &Event) -> Result<Vec<Change>, StoreError> {
    let Some(session) = event.session() else { return Ok(Vec::new()) };
    if let Some(event) = event.body.read::<ChatEvent>() {
        return of_chat_event(store, session, event).await;
    }
    let changed = match event.body.whatsapp() {
        Some(WaEvent::Message { message } | WaEvent::MessageSent { message }) => &message.id,
        Some(
            WaEvent::MessageEdited { message, .. }
            | WaEvent::MessageRevoked { message, .. }
            // One that was to wait stands in its chat, as failed.
            | WaEvent::MessageFailed { message, .. },
        ) => message,
        Some(WaEvent::Disconnected { reason: DisconnectReason::SessionRemoved, .. }) => {
            return Ok(vec![Change::Session(session.clone())]);
        }
        _ => return Ok(Vec::new()),
    };
    Ok(of_message(store, session, changed).await?.into_iter().collect())
}

async fn of_message(
    store: &Store,
    session: &SessionId,
    id: &MessageId,
) -> Result<Option<Change>, StoreError> {
    let stored = store.messages().stored(session, id).await?;
    Ok(stored.map(|stored| Change::Message(stored.number, entry(session, stored))))
}

async fn of_chat_event(
    store: &Store,
    session: &SessionId,
    event: ChatEvent,
) -> Result<Vec<Change>, StoreError> {
    match event {
        ChatEvent::MessageDeleted { number, .. } => Ok(vec![Change::Message(number, None)]),
        ChatEvent::ConversationDeleted { chat, .. } => {
            Ok(vec![Change::Chat(session.clone(), chat)])
        }
        ChatEvent::HistoryFetched { chat, from, below } => {
            of_history(store, session, &chat, from, below).await
        }
        ChatEvent::TagCreated { .. }
        | ChatEvent::TagChanged { .. }
        | ChatEvent::TagDeleted { .. }
        | ChatEvent::ConversationTagged { .. }
        | ChatEvent::AutomationPaused { .. }
        | ChatEvent::AutomationResumed { .. }
        | ChatEvent::ChatRead { .. }
        | ChatEvent::ChatArchived { .. } => Ok(Vec::new()),
    }
}

async fn of_history(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
    from: u64,
    below: u64,
) -> Result<Vec<Change>, StoreError> {
    let (mut changes, mut after) = (Vec::new(), from.saturating_sub(1));
    loop {
        let window = Window::After(after);
        let page = store.messages().window(session, chat, window, READ_AT_ONCE).await?;
        let is_last = page.len() < READ_AT_ONCE;
        for stored in page {
            if below <= stored.number {
                return Ok(changes);
            }
            after = stored.number;
            changes.push(Change::Message(stored.number, entry(session, stored)));
        }
        if is_last {
            return Ok(changes);
        }
    }
}

/// The index entry of a message; none for a deleted or empty one.
pub fn entry(session: &SessionId, stored: StoredMessage) -> Option<Entry> {
    let is_there = !stored.is_deleted() && !stored.message.body.is_empty();
    is_there.then(|| Entry {
        session: session.clone(),
        chat: stored.message.chat().clone(),
        text: stored.message.body,
    })
}

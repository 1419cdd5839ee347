//! Unread counts, where the engine's count of a chat meets reports of single messages. The engine's count includes all
//! messages up to the newest one that it shows with the chat; later messages are not in it.

use crate::{
    domain::{Chat, Message, MessageKind, SessionId, chat::LastMessage},
    messaging::stored::MessagingTables,
    store::{Store, StoreError},
};

/// Messages that may come to a chat between the engine's count and its use.
const MOST_LATER: usize = 256;

/// Whether the count of a chat includes a message that is reported only now: the count goes up to this message, or to
/// a later one that is not reported yet.
pub async fn is_counted(
    store: &Store,
    session: &SessionId,
    chat: &Chat,
    message: &Message,
) -> Result<bool, StoreError> {
    let Some(LastMessage { key: Some(key), timestamp, .. }) = &chat.last_message else {
        return Ok(false);
    };
    if *key == message.id.key {
        return Ok(true);
    }
    let is_later = *timestamp < message.timestamp;
    if is_later || store.messages().find_by_key(session, &chat.id, key).await?.is_some() {
        return Ok(false);
    }
    // Engines report in order, so this message came before the one that is not reported yet. But a message from before
    // the link is never reported, and timestamps are whole seconds.
    let linked =
        store.sync_checkpoints().get(session).await?.map(|checkpoint| checkpoint.linked_at);
    let is_of_the_link = linked.is_some_and(|at| timestamp.as_second() <= at.as_second());
    Ok(message.timestamp < *timestamp || !is_of_the_link)
}

/// Whether a message is the newest of its chat.
pub fn is_newest(chat: &Chat, message: &Message, is_counted: bool) -> bool {
    chat.last_message.as_ref().is_none_or(|last| match is_counted {
        true => last.key.as_ref() == Some(&message.id.key),
        false => last.timestamp <= message.timestamp,
    })
}

/// The engine's chat, with the messages that came to it since the request.
pub async fn with_later(
    store: &Store,
    session: &SessionId,
    reported: &Chat,
) -> Result<Chat, StoreError> {
    let Some(known) = store.chats().get(session, &reported.id).await? else {
        return Ok(reported.clone());
    };
    if known.last_activity < reported.last_activity {
        return Ok(reported.clone());
    }
    let key = |chat: &Chat| chat.last_message.as_ref().and_then(|last| last.key.clone());
    let (Some(up_to), Some(newest)) = (key(reported), key(&known)) else {
        let is_old = reported.last_activity < known.last_activity;
        return Ok(if is_old { known } else { reported.clone() });
    };
    if up_to == newest {
        return Ok(reported.clone());
    }
    let page = store.messages().page(session, &reported.id, None, MOST_LATER).await?;
    let later: Vec<&Message> = match page.iter().position(|message| message.id.key == up_to) {
        Some(place) => page.iter().skip(place + 1).collect(),
        // The message is older than all known ones, or not reported yet.
        None => page.iter().filter(|message| reported.last_activity < message.timestamp).collect(),
    };
    Ok(with(reported, known, &later))
}

/// `later` are in the order of time.
fn with(reported: &Chat, known: Chat, later: &[&Message]) -> Chat {
    if later.is_empty() {
        return reported.clone();
    }
    let counts = |message: &&&Message| message.kind != MessageKind::GroupNotice;
    let unanswered = later.iter().rev().take_while(|message| !message.from_me());
    let came = u32::try_from(unanswered.filter(counts).count()).unwrap_or(u32::MAX);
    // A reply marks the chat as read.
    let is_answered = later.iter().any(|message| message.from_me());
    let before = if is_answered { 0 } else { reported.unread };
    let is_woken = later.iter().any(|message| !message.from_me());
    Chat {
        unread: before.saturating_add(came),
        archived: reported.archived && !is_woken,
        last_activity: known.last_activity,
        last_message: known.last_message,
        ..reported.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::{Clock, EventBody, clock::from_seconds},
        events::EventLog,
        messaging::inbound::{ingest::Ingest, mirror},
        session::EventSink,
    };

    const CHAT: &str = "15550000001@c.us";

    fn message(key: &str, at: i64) -> Message {
        let id = format!("false_{CHAT}_{key}").parse().unwrap();
        Message::text(id, CHAT.parse().unwrap(), key, from_seconds(at))
    }

    /// The engine's chat after this message.
    fn reported(newest: &Message, unread: u32) -> Chat {
        Chat {
            id: CHAT.parse().unwrap(),
            name: "Ada".to_owned(),
            unread,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: newest.timestamp,
            last_message: Some(LastMessage::of(newest)),
        }
    }

    struct Mirror {
        ingest: Arc<Ingest>,
        session: SessionId,
    }

    impl Mirror {
        async fn new() -> Self {
            let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
            let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
            Self { ingest: Ingest::new(store, log, clock), session: "s".parse().unwrap() }
        }

        async fn comes(&self, message: &Message) {
            let body = EventBody::Message { message: Box::new(message.clone()) };
            self.ingest.ingest(&self.session, vec![body]).await.unwrap();
        }

        /// The initial sync writes the engine's chat.
        async fn is_read(&self, reported: &Chat) {
            let (store, session) = (self.ingest.writer().store(), &self.session);
            let chat = with_later(store, session, reported).await.unwrap();
            let mirror = mirror::Mirror { store, session, now: from_seconds(0) };
            mirror.merge_chat(&chat).await.unwrap();
        }

        async fn chat(&self) -> Chat {
            let chats = self.ingest.writer().store().chats();
            chats.get(&self.session, &CHAT.parse().unwrap()).await.unwrap().unwrap()
        }
    }

    #[tokio::test]
    async fn each_message_counts_once_wherever_the_count_of_the_engine_falls_among_the_reports() {
        let all: Vec<Message> =
            (1..=4).map(|n| message(&format!("K{n}"), 100 + i64::from(n / 2))).collect();
        for counted in 1..=all.len() {
            for written in 0..=all.len() {
                let mirror = Mirror::new().await;
                let chat = reported(&all[counted - 1], u32::try_from(counted).unwrap());
                for message in &all[..written] {
                    mirror.comes(message).await;
                }
                mirror.is_read(&chat).await;
                for message in &all[written..] {
                    mirror.comes(message).await;
                }
                let unread = mirror.chat().await.unread;
                assert_eq!(unread, 4, "{counted} counted, {written} reported before");
            }
        }
    }

    #[tokio::test]
    async fn a_chat_that_is_told_before_its_newest_message_is_reported_has_it_unread_once() {
        let (mirror, message) = (Mirror::new().await, message("K", 100));
        let chat = Box::new(reported(&message, 1));
        mirror.ingest.ingest(&mirror.session, vec![EventBody::ChatUpdated { chat }]).await.unwrap();
        mirror.comes(&message).await;
        assert_eq!(mirror.chat().await.unread, 1);
    }

    #[tokio::test]
    async fn what_was_unread_before_the_link_stays_so_when_more_comes_while_the_chat_is_read() {
        let (mirror, before, came) = (Mirror::new().await, message("A", 90), message("B", 100));
        let chat = Chat { pinned: true, archived: true, ..reported(&before, 5) };
        mirror.comes(&came).await;
        mirror.is_read(&chat).await;
        let chat = mirror.chat().await;
        assert_eq!((chat.unread, chat.name.as_str(), chat.pinned), (6, "Ada", true));
        assert!(!chat.archived && chat.last_message.unwrap().shows(&came));
    }
}

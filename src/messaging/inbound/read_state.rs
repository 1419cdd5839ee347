//! Read state of incoming messages. WhatsApp marks a chat as read up to a message, so all but the newest unread
//! ones are read. Engines report the count of unread messages; this module derives the state of each message.

use crate::{
    domain::{Ack, Jid, Message, MessageKind, SessionId},
    messaging::{inbound::mirror_records, stored::MessagingTables},
    store::{Store, StoreError},
};

const READ_AT_ONCE: usize = 64;
/// Older messages beyond so many stay unread.
const MOST: usize = 1_000;

/// Marks incoming messages as read when the unread count of their chat falls from `was` to `is`.
pub async fn apply_unread_count(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
    was: u32,
    is: u32,
) -> Result<(), StoreError> {
    let count = |count: u32| usize::try_from(count).unwrap_or(MOST).min(MOST);
    let (was, is) = (count(was), count(is));
    let (mut looked_at, mut before): (usize, Option<Message>) = (0, None);
    while looked_at < was && is < was {
        let messages = store.messages();
        let page = messages.page(session, chat, before.as_ref(), READ_AT_ONCE).await?;
        for message in page.iter().rev().filter(|message| counts(message)) {
            if is <= looked_at && looked_at < was && message.ack < Ack::Read {
                let read = Message { ack: Ack::Read, ..message.clone() };
                mirror_records::put_message(store, session, &read).await?;
            }
            looked_at += 1;
        }
        let is_last = page.len() < READ_AT_ONCE;
        before = page.into_iter().next();
        if is_last {
            break;
        }
    }
    Ok(())
}

fn counts(message: &Message) -> bool {
    !message.from_me() && message.kind != MessageKind::GroupNotice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, EventBody, clock::from_seconds, conversation::Window},
        events::EventLog,
        messaging::{conversations::local_changes::LocalChanges, inbound::ingest::Ingest},
        session::EventSink,
        store::Store,
    };

    fn message(number: i64, from_me: bool) -> EventBody {
        let chat = "15550000001@c.us";
        let message = Message::text(
            format!("{from_me}_{chat}_K{number}").parse().unwrap(),
            chat.parse().unwrap(),
            "words",
            from_seconds(number),
        );
        match from_me {
            true => EventBody::MessageSent { message: Box::new(message) },
            false => EventBody::Message { message: Box::new(message) },
        }
    }

    #[tokio::test]
    async fn what_is_read_or_answered_is_read_up_to_the_newest_that_are_not() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log, clock);
        let (session, chat) = ("s".parse().unwrap(), "15550000001@c.us".parse().unwrap());
        let read = async || -> Vec<usize> {
            let messages = store.messages();
            let all = messages.window(&session, &chat, Window::After(0), 500).await.unwrap();
            let read = all.iter().enumerate().filter(|(_, one)| one.message.ack == Ack::Read);
            read.map(|(place, _)| place).collect()
        };
        let came: Vec<_> = (0..100).map(|number| message(number, false)).collect();
        ingest.ingest(&session, came).await.unwrap();
        assert_eq!(read().await, Vec::<usize>::new());
        let mut reported = store.chats().get(&session, &chat).await.unwrap().unwrap();
        reported.unread = 2;
        let updated = EventBody::ChatUpdated { chat: Box::new(reported) };
        ingest.ingest(&session, vec![updated]).await.unwrap();
        assert_eq!(read().await, (0..98).collect::<Vec<_>>());
        ingest.ingest(&session, vec![message(100, true), message(101, false)]).await.unwrap();
        assert_eq!(read().await, (0..100).collect::<Vec<_>>());
        LocalChanges::of(&ingest).mark_read(&session, &chat).await.unwrap();
        assert_eq!(read().await, (0..100).chain([101]).collect::<Vec<_>>());
    }
}

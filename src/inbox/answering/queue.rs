//! Queue of answers that are due: what the bot's step adds to, and who waits for answers looks at. It lies on the disk;
//! here are its doors.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    answers::{AnswerRules, LiveAnswers},
    domain::{Clock, Event, Jid, Message, SessionId},
    inbox::{
        answering::due::{AnswerDue, AnswerLeft, DueMessage},
        other_chat::other_chat,
    },
    store::{Store, StoreError},
};

/// Clones are the same queue.
#[derive(Clone)]
pub struct AnswerQueue {
    store: Store,
    clock: Clock,
    rules: AnswerRules,
    live: LiveAnswers,
    /// Events that added something, and whose commit is under way.
    added: Arc<Mutex<HashSet<Uuid>>>,
    wake: Arc<Notify>,
}

impl AnswerQueue {
    pub fn new(store: Store, clock: Clock, rules: AnswerRules) -> Self {
        let (live, added) = (LiveAnswers::default(), Arc::default());
        Self { store, clock, rules, live, added, wake: Arc::default() }
    }

    /// What is being said at the moment.
    pub fn live(&self) -> &LiveAnswers {
        &self.live
    }

    /// What is due in a conversation.
    pub async fn get(
        &self,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Option<AnswerDue>, StoreError> {
        self.store.get(&AnswerDue::at(session, chat)).await
    }

    /// Has a bot answer a message, in the commit of its event. What is due in the person's other chat is answered
    /// with it.
    pub async fn add(
        &self,
        store: &Store,
        (session, chat): (&SessionId, &Jid),
        bot: Uuid,
        (event, message): (&Event, &Message),
    ) -> Result<(), StoreError> {
        let key = AnswerDue::at(session, chat);
        // A visitor's message is a request of its own, whose answer is waited for.
        let gather = if session.is_web() { Duration::ZERO } else { self.rules.gather };
        let now = (self.clock.now(), gather);
        let message = DueMessage {
            key: message.id.key.to_string(),
            event: event.id,
            at: event.at,
            chat: None,
        };
        let mut transaction = store.transaction();
        let mut due = match transaction.get(&key).await? {
            Some(mut due) if due.bot == bot => {
                due.join(message, now);
                due
            }
            _ => AnswerDue::new((session, chat), bot, message, now),
        };
        if let Some(other) = other_chat(transaction.store(), session, chat).await? {
            let at = AnswerDue::at(session, &other.chat);
            if let Some(waiting) = transaction.get(&at).await?.filter(|due| due.bot == bot) {
                transaction.delete(&at).await?;
                due.follow(waiting);
            }
        }
        transaction.put(&key, &due).await?;
        // Within a transaction nothing can be in conflict.
        transaction.commit().await?;
        self.added.lock().unwrap_or_else(PoisonError::into_inner).insert(event.id);
        Ok(())
    }

    /// Makes the answer to a message due whose reader left before it began. Whether it is.
    pub async fn resume(
        &self,
        session: &SessionId,
        chat: &Jid,
        message: &str,
    ) -> Result<bool, StoreError> {
        let (at, key) = (AnswerLeft::at(session, chat), AnswerDue::at(session, chat));
        let mut transaction = self.store.transaction();
        loop {
            let Some(mut left) = transaction.get(&at).await? else { return Ok(false) };
            let place = left.messages.iter().position(|left| left.key == message);
            let Some(place) = place else { return Ok(false) };
            let (bot, message) = (left.bot, left.messages.remove(place));
            match left.messages.is_empty() {
                true => transaction.delete(&at).await?,
                false => transaction.put(&at, &left).await?,
            }
            let now = (self.clock.now(), Duration::ZERO);
            let due = match transaction.get(&key).await? {
                Some(mut due) if due.bot == bot => {
                    due.join(message, now);
                    due
                }
                _ => AnswerDue::new((session, chat), bot, message, now),
            };
            transaction.put(&key, &due).await?;
            if transaction.commit().await? {
                self.store.durable().await?;
                self.wake.notify_one();
                return Ok(true);
            }
        }
    }

    /// Forgets what was left in a conversation that is deleted.
    pub async fn forget(&self, session: &SessionId, chat: &Jid) -> Result<(), StoreError> {
        self.store.upkeep().clear(AnswerLeft::at(session, chat)).await
    }

    /// Wakes the runner, if the event that was committed added something.
    pub fn committed(&self, event: &Event) {
        if self.added.lock().unwrap_or_else(PoisonError::into_inner).remove(&event.id) {
            self.wake.notify_one();
        }
    }

    /// Returns when something was added.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        domain::clock::from_seconds,
        inbox,
        store::{Catalogue, Opener},
    };

    const CATALOGUE: Catalogue = Catalogue::with(&[inbox::TABLES]);

    #[tokio::test]
    async fn each_message_whose_answer_was_left_is_due_again_once_it_is_asked_for() {
        let store = Opener::of(CATALOGUE).temporary().await.unwrap();
        let rules = AnswerRules::of(&Config::shipped().unwrap().assistant);
        let queue = AnswerQueue::new(store.clone(), Clock::system(), rules);
        let (session, chat) = (SessionId::of_web(Uuid::nil()), Jid::of_visitor(Uuid::nil()));
        let message = |key: &str| DueMessage {
            key: key.to_owned(),
            event: Uuid::nil(),
            at: from_seconds(1),
            chat: None,
        };
        assert!(!queue.resume(&session, &chat, "a").await.unwrap());
        let messages = vec![message("a"), message("b")];
        let left = AnswerLeft { bot: Uuid::nil(), messages };
        let mut transaction = store.transaction();
        transaction.put(&AnswerLeft::at(&session, &chat), &left).await.unwrap();
        assert!(transaction.commit().await.unwrap());
        for (key, is_left) in [("c", false), ("a", true), ("a", false), ("b", true), ("b", false)] {
            assert_eq!(queue.resume(&session, &chat, key).await.unwrap(), is_left, "{key}");
        }
        let due = queue.get(&session, &chat).await.unwrap().unwrap();
        assert_eq!(due.keys(), ["a", "b"]);
        assert_eq!(store.get(&AnswerLeft::at(&session, &chat)).await.unwrap(), None);
    }
}

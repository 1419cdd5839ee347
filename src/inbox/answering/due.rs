//! Answers that are due: which messages of a conversation a model has to answer, and when.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `AnswersDue` | session, chat | [`AnswerDue`] |
//! | `AnswersByDue` | due, session, chat | |
//! | `AnswersLeft` | session, chat | [`AnswerLeft`] |

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Jid, SessionId, Timestamp},
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

const DUE: Tree = Tree::new(133, "AnswersDue");
const BY_DUE_TREE: Tree = Tree::new(134, "AnswersByDue");
const BY_DUE: Index<AnswerDue> = Index::new(BY_DUE_TREE);
/// Messages that one answer is for. More are part of the conversation, and wait for nothing of their own.
const MOST_MESSAGES: usize = 20;
/// Somebody who goes on and on is answered after so many pauses.
const MOST_PAUSES: u32 = 5;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerDue {
    pub session: SessionId,
    pub chat: Jid,
    pub bot: Uuid,
    /// Oldest first, at least one.
    pub messages: Vec<DueMessage>,
    /// When the first of them was noted.
    pub since: Timestamp,
    pub due: Timestamp,
    /// Requests to the model that further messages made useless.
    #[serde(default)]
    pub restarts: u32,
    /// Attempts that failed for another reason than the model.
    #[serde(default)]
    pub failures: u32,
}

/// A message that is to be answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DueMessage {
    pub key: String,
    /// Its event, after which the reply is named.
    pub event: Uuid,
    /// When that was.
    pub at: Timestamp,
    /// Where it is, if that is the other chat of the same person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Jid>,
}

impl Record for AnswerDue {
    const TABLE: Table =
        Table { tree: DUE, owner: "inbox", indexes: &[BY_DUE_TREE], scope: Scope::Account };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let place = BY_DUE.key().time(self.due).text(self.session.as_str());
        vec![place.text(self.chat.as_str())]
    }
}

/// Messages of a conversation whose reader left before an answer began. Asked for again, they are answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerLeft {
    pub bot: Uuid,
    /// Oldest first.
    pub messages: Vec<DueMessage>,
}

impl Record for AnswerLeft {
    const TABLE: Table = Table {
        tree: Tree::new(215, "AnswersLeft"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Account,
    };
}

impl AnswerLeft {
    pub fn at(session: &SessionId, chat: &Jid) -> Key<Self> {
        <Self as Record>::key().text(session.as_str()).text(chat.as_str())
    }

    /// With the messages of an answer; the newest are kept.
    pub fn with(known: Option<Self>, due: &AnswerDue) -> Self {
        let known = known.filter(|known| known.bot == due.bot);
        let mut messages = known.map(|known| known.messages).unwrap_or_default();
        messages.retain(|message| !due.messages.contains(message));
        messages.extend(due.messages.iter().cloned());
        let surplus = messages.len().saturating_sub(MOST_MESSAGES);
        messages.drain(..surplus);
        Self { bot: due.bot, messages }
    }
}

impl AnswerDue {
    pub fn at(session: &SessionId, chat: &Jid) -> Key<Self> {
        <Self as Record>::key().text(session.as_str()).text(chat.as_str())
    }

    pub fn new(
        (session, chat): (&SessionId, &Jid),
        bot: Uuid,
        message: DueMessage,
        (now, gather): (Timestamp, Duration),
    ) -> Self {
        Self {
            session: session.clone(),
            chat: chat.clone(),
            bot,
            messages: vec![message],
            since: now,
            due: now + gather,
            restarts: 0,
            failures: 0,
        }
    }

    /// A further message joins it, and puts it off for a while.
    pub fn join(&mut self, message: DueMessage, (now, gather): (Timestamp, Duration)) {
        self.due = (now + gather).min(self.since + gather * MOST_PAUSES);
        if self.messages.len() < MOST_MESSAGES {
            self.messages.push(message);
        } else {
            self.due = self.due.min(now);
        }
    }

    /// The messages of the person's other chat come before its own.
    pub fn follow(&mut self, other: Self) {
        let Self { chat, messages, .. } = other;
        let moved = messages.into_iter().map(|message| {
            let chat = Some(message.chat.unwrap_or_else(|| chat.clone()));
            DueMessage { chat: chat.filter(|chat| *chat != self.chat), ..message }
        });
        self.messages.splice(..0, moved);
        let surplus = self.messages.len().saturating_sub(MOST_MESSAGES);
        self.messages.drain(..surplus);
    }

    /// The other chat in which there are messages of it.
    pub fn other_chat(&self) -> Option<&Jid> {
        self.messages.iter().find_map(|message| message.chat.as_ref())
    }

    /// What is left of it when an answer to some of its messages is there; none when nothing is.
    pub fn without(mut self, answered: &[DueMessage], now: Timestamp) -> Option<Self> {
        self.messages.retain(|message| !answered.contains(message));
        let is_due = !self.messages.is_empty();
        is_due.then_some(Self { since: now, restarts: 0, failures: 0, ..self })
    }

    pub fn keys(&self) -> Vec<String> {
        self.messages.iter().map(|message| message.key.clone()).collect()
    }
}

/// The first answers by the time that they are due.
pub async fn next(store: &Store, limit: usize) -> Result<Vec<AnswerDue>, StoreError> {
    let found = store.follow(BY_DUE.key().below(), limit).await?;
    Ok(found.into_iter().map(|found| found.record).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    const GATHER: Duration = Duration::from_secs(2);

    fn message(number: u128) -> DueMessage {
        let at = from_seconds(100);
        DueMessage { key: number.to_string(), event: Uuid::from_u128(number), at, chat: None }
    }

    fn due() -> AnswerDue {
        let (session, chat) = ("s".parse().unwrap(), "15550000001@c.us".parse().unwrap());
        let now = (from_seconds(100), GATHER);
        AnswerDue::new((&session, &chat), Uuid::nil(), message(0), now)
    }

    #[test]
    fn each_message_puts_the_answer_off_but_not_for_ever() {
        let mut due = due();
        assert_eq!(due.due, from_seconds(102));
        due.join(message(1), (from_seconds(101), GATHER));
        assert_eq!(
            (due.due, due.keys()),
            (from_seconds(103), vec!["0".to_owned(), "1".to_owned()])
        );
        due.join(message(2), (from_seconds(109), GATHER));
        assert_eq!(due.due, from_seconds(110));
        due.join(message(3), (from_seconds(120), GATHER));
        assert_eq!(due.due, from_seconds(110));
    }

    #[test]
    fn many_messages_are_bounded_and_answered_at_once() {
        let mut due = due();
        for number in 1..50 {
            due.join(message(number), (from_seconds(100), GATHER));
        }
        assert_eq!((due.messages.len(), due.due), (MOST_MESSAGES, from_seconds(100)));
    }

    #[test]
    fn messages_of_the_other_chat_come_first_and_keep_their_chat() {
        let hidden: Jid = "100015550000001@lid".parse().unwrap();
        let (mut own, other) = (due(), AnswerDue { chat: hidden.clone(), ..due() });
        own.messages = vec![message(7)];
        own.follow(other);
        assert_eq!((own.keys(), own.other_chat()), (vec!["0".into(), "7".into()], Some(&hidden)));
        // And back again: what is of the chat itself needs no name.
        let mut back = AnswerDue { chat: hidden.clone(), messages: vec![message(8)], ..due() };
        back.follow(own);
        let chats: Vec<_> = back.messages.iter().map(|message| message.chat.clone()).collect();
        assert_eq!(chats, [None, Some(due().chat), None]);
    }

    #[test]
    fn what_came_meanwhile_stays_due() {
        let mut joined = due();
        joined.join(message(1), (from_seconds(101), GATHER));
        let rest = joined.clone().without(&due().messages, from_seconds(104)).unwrap();
        assert_eq!((rest.keys(), rest.since), (vec!["1".to_owned()], from_seconds(104)));
        assert_eq!(joined.clone().without(&joined.messages, from_seconds(104)), None);
    }
}

//! Summaries of conversations: the last one of each is kept.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Summaries` | session, chat | [`StoredSummary`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    answers::{
        assistant::Assistant,
        summary::{
            extract,
            kinds::{EMBEDDED, Summary},
            transcript::{MOST_MESSAGES, Transcript},
            worded,
        },
    },
    bots::Bot,
    domain::{Clock, Error, Jid, SessionId},
    messaging::MessagingTables,
    session::SessionTables,
    store::{Key, Record, Scope, Store, Table, Tree},
};

/// The last summary of a conversation, and of which words it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredSummary {
    /// Named after the words of the messages.
    of: Uuid,
    summary: Summary,
}

impl Record for StoredSummary {
    const TABLE: Table = Table {
        tree: Tree::new(135, "Summaries"),
        owner: "answers",
        indexes: &[],
        scope: Scope::Account,
    };
}

fn at(session: &SessionId, chat: &Jid) -> Key<StoredSummary> {
    StoredSummary::key().text(session.as_str()).text(chat.as_str())
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Summaries {
    store: Store,
    clock: Clock,
    assistant: Assistant,
}

impl Summaries {
    pub fn new((store, clock): (Store, Clock), assistant: Assistant) -> Self {
        Self { store, clock, assistant }
    }

    /// The summary of a conversation, and whether it was made before.
    pub async fn of(
        &self,
        (session, chat): (&SessionId, &Jid),
        bot: Option<&Bot>,
        again: bool,
    ) -> Result<(Summary, bool), Error> {
        let Self { store, clock, assistant } = self;
        let messages = store.messages().page(session, chat, None, MOST_MESSAGES).await?;
        let transcript = Transcript::of(&messages);
        if transcript.is_empty() {
            return Err(Error::invalid("the conversation has no messages with words yet"));
        }
        let model = bot.and_then(|bot| Some((bot, assistant.model_of(bot)?)));
        let of = transcript.name();
        let known = store.get(&at(session, chat)).await?;
        if let Some(StoredSummary { of: known, summary }) = known
            && known == of
            && !again
            && (model.is_none() || summary.by != EMBEDDED)
        {
            return Ok((summary, true));
        }
        let worded = match model {
            Some((bot, model)) => worded::ask(&**model, bot, &transcript).await,
            None => None,
        };
        let (parts, by) =
            worded.unwrap_or_else(|| (extract::summary(&transcript), EMBEDDED.to_owned()));
        let summary = Summary {
            text: parts.text,
            key_points: parts.key_points,
            topics: parts.topics,
            sentiment: parts.sentiment,
            action_items: parts.action_items,
            messages: transcript.len(),
            by,
            at: clock.now(),
        };
        self.keep((session, chat), &StoredSummary { of, summary: summary.clone() }).await?;
        Ok((summary, false))
    }

    async fn keep(
        &self,
        (session, chat): (&SessionId, &Jid),
        summary: &StoredSummary,
    ) -> Result<(), Error> {
        let mut transaction = self.store.transaction();
        loop {
            // One that is being removed gets nothing new.
            if transaction.store().sessions().living(session).await?.is_none() {
                return Ok(());
            }
            transaction.put(&at(session, chat), summary).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }

    /// Forgets the summary of a conversation that was deleted.
    pub async fn forget(&self, session: &SessionId, chat: &Jid) -> Result<(), Error> {
        let mut transaction = self.store.transaction();
        loop {
            transaction.delete(&at(session, chat)).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }
}

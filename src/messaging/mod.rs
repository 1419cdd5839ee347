//! Messages on their way out and in, and the mirror of chats, messages and contacts.
//!
//! Out: a send gets its message id before the engine sees it. In: what a session reports is written
//! to the mirror and to the event log in one commit. Reads come from the mirror, and from the
//! engine where the mirror has gaps. No wire format is known here.

mod allowed;
mod backfill;
mod backlog;
mod cards;
mod catching_up;
mod changes;
mod chat_event;
mod chat_names;
#[cfg(test)]
mod contention;
mod conversation_list;
mod conversations;
mod ended;
pub mod files;
mod groups;
mod history;
mod identity;
mod ingest;
mod keeping;
mod media;
mod mirror;
mod named;
mod one_way;
mod outbox;
mod polls;
mod pull;
mod read;
mod receipts;
mod refused;
mod removal;
mod retried;
mod seen;
mod send;
mod sent;
mod sink;
mod tags;
mod unread;
mod waiting;

use std::{path::PathBuf, sync::Arc};

use self::conversation_list::Totals;
pub use self::{
    allowed::{Change, Refusal, check_unsent},
    chat_event::ChatEvent,
    conversation_list::ConversationFilter,
    conversations::{Conversation, ConversationName, Found, unknown_conversation},
    ended::unsent_message,
    history::HistoryPage,
    ingest::Ingest,
    media::StoredMedia,
    outbox::{Outbox, OutboxParts, OutboxSettings, Pace, Posted, Reservations, Waiting},
    send::SendRequest,
    sent::Unsettled,
    tags::checked_color,
};
use crate::{
    domain::{Clock, Command, Error, ErrorCode, Reply, SessionId},
    session::Supervisor,
    store::Store,
};

/// What surfaces do with messages, chats, contacts and groups. Clones are the same service.
#[derive(Clone)]
pub struct Messaging {
    store: Store,
    supervisor: Supervisor,
    ingest: Arc<Ingest>,
    outbox: Outbox,
    clock: Clock,
    /// Files of messages lie here, in a folder for each session.
    media_dir: PathBuf,
    totals: Totals,
}

impl Messaging {
    pub fn new(
        store: Store,
        supervisor: Supervisor,
        ingest: Arc<Ingest>,
        outbox: Outbox,
        clock: Clock,
        media_dir: PathBuf,
    ) -> Self {
        let totals = Totals::default();
        Self { store, supervisor, ingest, outbox, clock, media_dir, totals }
    }

    async fn execute(&self, session: &SessionId, command: Command) -> Result<Reply, Error> {
        self.supervisor.get(session)?.execute(command).await
    }

    /// A command whose only answer is that it was done.
    async fn order(&self, session: &SessionId, command: Command) -> Result<(), Error> {
        match self.execute(session, command).await? {
            Reply::Done => Ok(()),
            _ => Err(odd_reply()),
        }
    }
}

fn odd_reply() -> Error {
    Error::new(ErrorCode::EngineFailed, "the engine gave an answer to another question")
}

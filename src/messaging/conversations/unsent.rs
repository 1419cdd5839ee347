//! What the outbox adds to the messages of a chat: those that are not sent yet, and why others failed.

use crate::{
    domain::{
        Ack, Error, Jid, SessionId,
        conversation::{ConversationRecord, StoredMessage, Window},
    },
    messaging::{
        conversations::history::{History, HistoryPage},
        outbound::outgoing_message::unsent_message,
        stored::MessagingTables,
    },
};

/// Waiting messages that are shown of a session, or of one of its chats.
const MOST_SHOWN: usize = 200;

impl History {
    /// A page of one conversation, as lists show it: behind the newest messages stand those that wait in the outbox.
    pub async fn shown_page(
        &self,
        conversation: &ConversationRecord,
        window: Window,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        let mut waiting = match window {
            Window::Newest => self.waiting(&conversation.session, Some(&conversation.chat)).await?,
            Window::Before(_) | Window::After(_) => Vec::new(),
        };
        let mut page = self.page(conversation, window, limit).await?;
        // One that was sent since then is in the page.
        waiting.retain(|one| page.messages.iter().all(|sent| sent.message.id != one.message.id));
        page.messages.append(&mut waiting);
        Ok(page)
    }

    /// Messages of a session, or of one of its chats, that were accepted and wait in the outbox, next to be sent first. They
    /// have no number yet. What the mirror has as well is not among them: it stands in its place there. Read before the
    /// messages of the mirror, so that one that is sent meanwhile is in either.
    pub async fn waiting(
        &self,
        session: &SessionId,
        chat: Option<&Jid>,
    ) -> Result<Vec<StoredMessage>, Error> {
        // The number of text messages has no session before its first message.
        let Ok(handle) = self.engines.session(session) else { return Ok(Vec::new()) };
        let status = handle.status();
        let me = status.me.map(|me| me.id);
        let queue = self.store.outbox_queue();
        let mut waiting = Vec::new();
        for entry in queue.unsent(status.uuid, chat, MOST_SHOWN).await? {
            let (chat, key) = (entry.chat(), entry.outgoing.key.as_str());
            if self.store.messages().stored_by_key(session, chat, key).await?.is_none() {
                let message = unsent_message(entry, me.clone());
                waiting.push(StoredMessage { number: 0, hidden: false, message });
            }
        }
        Ok(waiting)
    }

    /// Why a message of one's own failed; none for any other, and where the outbox has it no more.
    pub async fn reason(
        &self,
        session: &SessionId,
        stored: &StoredMessage,
    ) -> Result<Option<String>, Error> {
        let message = &stored.message;
        if !message.from_me() || message.ack != Ack::Failed {
            return Ok(None);
        }
        let entry = self.store.outbox().by_message(session, &message.id.key).await?;
        Ok(entry.and_then(|entry| entry.reason))
    }
}

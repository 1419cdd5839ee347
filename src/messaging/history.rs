//! Pages of a chat's messages by number. They come from the store; where it holds nothing older and
//! the session is ready, an earlier page is fetched from the engine, kept, and read from the store
//! like all others.

use std::time::Duration;

use crate::{
    domain::{
        Command, Error, ErrorCode, JidKind, Reply, SessionId, SessionState,
        conversation::{ConversationRecord, StoredMessage, Window},
    },
    messaging::{Messaging, identity::in_chat, odd_reply},
};

/// The least that is asked of an engine at once: a further page costs it about as much as one more
/// message.
const PAGE: usize = 50;
/// Pages fetched for one reader.
const MOST_PAGES: usize = 4;
/// How long a reader waits for an engine. What it does not get now it finds the next time.
const PATIENCE: Duration = Duration::from_secs(8);
/// An engine that had nothing older is asked again after this: a fresh login still gets its past
/// from the phone.
const ASK_AGAIN: Duration = Duration::from_secs(3_600);
/// The same for one that could not say.
const RETRY: Duration = Duration::from_secs(60);
/// How many messages of all chats are looked at for one page of a filtered list.
const LOOKED_AT: usize = 10_000;
const READ_AT_ONCE: usize = 200;

/// Lowest number first, unless said otherwise.
pub struct HistoryPage {
    pub messages: Vec<StoredMessage>,
    /// Whether there are more in the direction that was read in.
    pub has_more: bool,
}

impl Messaging {
    pub async fn history(
        &self,
        conversation: &ConversationRecord,
        window: Window,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        let mut found = self.window(conversation, window, limit + 1).await?;
        let reads_back = !matches!(window, Window::After(_));
        if reads_back && found.len() <= limit && self.may_have_more(conversation)? {
            self.fetch_earlier(conversation, limit + 1 - found.len()).await?;
            found = self.window(conversation, window, limit + 1).await?;
        }
        let has_more = limit < found.len();
        if has_more && reads_back {
            found.remove(0);
        }
        found.truncate(limit);
        Ok(HistoryPage { messages: found, has_more })
    }

    /// Messages of all chats that satisfy `wanted`, highest number first, below `before`. Bounded
    /// in what it looks at: with `has_more` and a number to go on from there may be few or none.
    pub async fn feed(
        &self,
        mut before: Option<u64>,
        limit: usize,
        wanted: impl Fn(&SessionId, &StoredMessage) -> bool,
    ) -> Result<(Vec<(SessionId, StoredMessage)>, Option<u64>), Error> {
        let mut found = Vec::new();
        for _ in 0..LOOKED_AT / READ_AT_ONCE {
            let page = self.store.messages().feed(before, READ_AT_ONCE).await?;
            let is_last = page.len() < READ_AT_ONCE;
            for (session, stored) in page {
                if found.len() == limit {
                    return Ok((found, before));
                }
                before = Some(stored.number);
                if wanted(&session, &stored) {
                    found.push((session, stored));
                }
            }
            if is_last {
                return Ok((found, None));
            }
        }
        Ok((found, before))
    }

    async fn window(
        &self,
        ConversationRecord { session, chat, .. }: &ConversationRecord,
        window: Window,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Error> {
        let mut found = self.store.messages().window(session, chat, window, limit).await?;
        self.show_retries(session, found.iter_mut().map(|stored| &mut stored.message)).await?;
        Ok(found)
    }

    fn may_have_more(&self, conversation: &ConversationRecord) -> Result<bool, Error> {
        let has_history = !matches!(conversation.chat.kind(), JidKind::Broadcast);
        let now = self.clock.now();
        let is_due = conversation.ask_history_after.is_none_or(|after| after <= now);
        let is_kept = conversation.deleted_at.is_none();
        let status = self.supervisor.get(&conversation.session)?.status();
        let can_ask = status.state == SessionState::Ready && status.connected;
        // On a disk that is about full nothing is taken on that can be had later.
        let has_room = self.store.admit().is_ok();
        Ok(has_history && has_room && is_due && is_kept && can_ask)
    }

    /// Fetches at least so many messages older than all that are stored, as far as there are any.
    async fn fetch_earlier(
        &self,
        conversation: &ConversationRecord,
        wanted: usize,
    ) -> Result<(), Error> {
        let ConversationRecord { session, chat, .. } = conversation;
        let fetched = tokio::time::timeout(PATIENCE, self.fetch_pages(conversation, wanted)).await;
        let pause = match fetched {
            Ok(Ok(true)) => return Ok(()),
            Ok(Ok(false)) => ASK_AGAIN,
            Ok(Err(error)) if error.code == ErrorCode::NotFound => ASK_AGAIN,
            Ok(Err(_)) | Err(_) => {
                tracing::debug!(%session, "older messages of a chat could not be fetched");
                RETRY
            }
        };
        let after = self.clock.now() + pause;
        let note = |record: &mut ConversationRecord| {
            record.ask_history_after = Some(after);
            None
        };
        // Unnoted, it is asked again: what is stored can be read on a full disk too.
        let _ = self.ingest.change_conversation(session, chat, note).await;
        Ok(())
    }

    /// Whether the engine may have still more.
    async fn fetch_pages(
        &self,
        conversation: &ConversationRecord,
        wanted: usize,
    ) -> Result<bool, Error> {
        let ConversationRecord { session, chat, .. } = conversation;
        let mut added = 0;
        for _ in 0..MOST_PAGES {
            let oldest = self.window(conversation, Window::After(0), 1).await?.pop();
            let before = oldest.map(|oldest| oldest.message.id);
            let limit = PAGE.max(wanted.saturating_sub(added));
            let command = Command::Messages { chat: chat.clone(), before, limit };
            let Reply::Messages(mut page) = self.execute(session, command).await? else {
                return Err(odd_reply());
            };
            in_chat(&mut page, chat);
            let new = self.ingest.keep_earlier(session, chat, &page).await?;
            added += new;
            if page.len() < limit || new == 0 {
                return Ok(false);
            }
            if wanted <= added {
                break;
            }
        }
        Ok(true)
    }
}

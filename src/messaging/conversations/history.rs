//! Message history of chats: pages by message number, read from the store.
//!
//! Where the store has nothing older and the session is ready, an earlier page is fetched from the engine and
//! stored first.

use std::time::Duration;

use crate::{
    domain::{
        Clock, Command, Error, ErrorCode, JidKind, Reply, SessionId,
        conversation::{ConversationRecord, StoredMessage, Window},
    },
    messaging::{
        conversations::{local_changes::LocalChanges, message_filter::MessageFilter},
        engines::{Engines, unexpected_reply},
        identities::name_in_chat,
        outbound::retries::mark_retries,
        stored::MessagingTables,
    },
    store::Store,
};

/// The least number of messages of one request to the engine: a page costs it about as much as one message.
const PAGE: usize = 50;
/// Pages that are fetched for one reader.
const MOST_PAGES: usize = 4;
/// How long a reader waits for an engine. A later reader finds what came too late.
const PATIENCE: Duration = Duration::from_secs(8);
/// The pause after an engine had nothing older: after a login the phone still sends history.
const ASK_AGAIN: Duration = Duration::from_secs(3_600);
/// The pause after a failed request.
const RETRY: Duration = Duration::from_secs(60);
/// Messages of all chats that are read for one page of a filtered list.
const LOOKED_AT: usize = 10_000;
const READ_AT_ONCE: usize = 200;
/// Pages that are read for one page of a filtered conversation.
const MOST_FILTERED: usize = 20;

/// Lowest number first, unless said otherwise.
pub struct HistoryPage {
    pub messages: Vec<StoredMessage>,
    /// Whether there are more in the direction of reading.
    pub has_more: bool,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct History {
    pub(super) store: Store,
    pub(super) engines: Engines,
    local: LocalChanges,
    clock: Clock,
}

impl History {
    pub fn new(store: Store, engines: Engines, local: LocalChanges, clock: Clock) -> Self {
        Self { store, engines, local, clock }
    }

    /// A page of one conversation.
    pub async fn page(
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

    /// A page of one conversation with the messages that match a filter. The read is bounded, so a page may have few
    /// messages or none although there are more.
    pub async fn filtered_page(
        &self,
        conversation: &ConversationRecord,
        mut window: Window,
        limit: usize,
        filter: &MessageFilter,
    ) -> Result<HistoryPage, Error> {
        if *filter == MessageFilter::default() {
            return self.page(conversation, window, limit).await;
        }
        let (mut found, mut has_more): (Vec<StoredMessage>, bool) = (Vec::new(), true);
        let reads_on = matches!(window, Window::After(_));
        for _ in 0..MOST_FILTERED {
            let page = self.page(conversation, window, READ_AT_ONCE).await?;
            has_more = page.has_more;
            let ends = (page.messages.first(), page.messages.last());
            let (Some(first), Some(last)) = ends else { break };
            window =
                if reads_on { Window::After(last.number) } else { Window::Before(first.number) };
            let matching = page.messages.into_iter().filter(|stored| filter.matches(stored));
            if reads_on {
                found.extend(matching);
            } else {
                found.splice(0..0, matching);
            }
            if !has_more || limit < found.len() {
                break;
            }
        }
        let surplus = found.len().saturating_sub(limit);
        has_more |= 0 < surplus;
        if reads_on {
            found.truncate(limit);
        } else {
            found.drain(..surplus);
        }
        Ok(HistoryPage { messages: found, has_more })
    }

    /// Messages of all chats that satisfy `wanted`, highest number first, below `before`, and the number to go
    /// on from. The read is bounded, so a page may have few messages or none although there are more.
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
            for (session, mut stored) in page {
                mark_retries(&self.store, &session, [&mut stored.message]).await?;
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
        let messages = found.iter_mut().map(|stored| &mut stored.message);
        mark_retries(&self.store, session, messages).await?;
        Ok(found)
    }

    fn may_have_more(&self, conversation: &ConversationRecord) -> Result<bool, Error> {
        let has_history = !matches!(conversation.chat.kind(), JidKind::Broadcast);
        let now = self.clock.now();
        let is_due = conversation.ask_history_after.is_none_or(|after| after <= now);
        let is_there = conversation.deleted_at.is_none();
        let can_ask = self.engines.is_connected(&conversation.session)?;
        // On a disk that is nearly full nothing is fetched that can be fetched later.
        let has_room = self.store.health().admit().is_ok();
        Ok(has_history && has_room && is_due && is_there && can_ask)
    }

    /// Fetches at least so many messages older than all stored ones, as far as the engine has them.
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
        // Without the note the engine is asked again sooner; a full disk must not fail the read.
        let _ = self.local.change_conversation(session, chat, note).await;
        Ok(())
    }

    /// Whether the engine may have more.
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
            let Reply::Messages(mut page) = self.engines.execute(session, command).await? else {
                return Err(unexpected_reply());
            };
            name_in_chat(&mut page, chat);
            let new = self.local.add_history(session, chat, &page).await?;
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

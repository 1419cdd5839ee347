//! Mirror of one session: applies events to its chats, messages and contacts within a transaction.

use crate::{
    domain::{
        Ack, Chat, EventBody, Jid, Message, MessageId, MessageKind, SessionId, Timestamp,
        chat::LastMessage, conversation::ConversationRecord, details::Vote,
        event::DisconnectReason, message::Reaction,
    },
    messaging::{
        inbound::{chat_names, mirror_records, read_state::apply_unread_count, unread},
        stored::MessagingTables,
        sync::checkpoint,
    },
    store::{Batch, Store, StoreError},
};

/// A session's records in the store of a transaction.
#[derive(Clone, Copy)]
pub struct Mirror<'a> {
    pub store: &'a Store,
    pub session: &'a SessionId,
    pub now: Timestamp,
}

impl Mirror<'_> {
    /// Writes what an event changes. Receipts have their own rules, in `receipts`.
    pub async fn apply(&self, body: &EventBody) -> Result<(), StoreError> {
        let Self { store, session, now } = *self;
        match body {
            EventBody::Message { message } | EventBody::MessageSent { message } => {
                self.add_message(message).await
            }
            EventBody::MessageEdited { message, text } => {
                let edit = |message: &mut Message| {
                    message.body.clone_from(text);
                    message.edited = true;
                };
                self.change_message(message, edit).await
            }
            EventBody::MessageRevoked { message, .. } => {
                self.change_message(message, Message::revoke).await
            }
            EventBody::Reaction { message, sender, emoji } => {
                let react = |message: &mut Message| {
                    message.reactions.retain(|reaction| reaction.sender != *sender);
                    if !emoji.is_empty() {
                        let (sender, emoji) = (sender.clone(), emoji.clone());
                        message.reactions.push(Reaction { sender, emoji, timestamp: now });
                    }
                };
                self.change_message(message, react).await
            }
            EventBody::PollVote { message, sender, options } => {
                let (sender, options) = (sender.clone(), options.clone());
                let vote = Vote { sender, options, timestamp: now };
                let count = |message: &mut Message| {
                    if let Some(poll) = message.details.as_mut().and_then(|all| all.poll.as_mut()) {
                        poll.vote(vote);
                    }
                };
                self.change_message(message, count).await
            }
            EventBody::ChatUpdated { chat } => self.merge_chat(chat).await,
            EventBody::ContactUpdated { contact } => {
                mirror_records::put_contact(store, session, contact).await
            }
            EventBody::GroupJoined { group, group_name, .. } => {
                if store.chats().get(session, group).await?.is_some() {
                    return Ok(());
                }
                let name = group_name.clone().unwrap_or_else(|| group.user().to_owned());
                let chat = self.new_chat(group, name);
                mirror_records::put_chat(store, session, &chat).await
            }
            EventBody::Ready { .. } | EventBody::StateChanged { .. } => {
                let is_ready = matches!(body, EventBody::Ready { .. });
                checkpoint::begin(store, session, is_ready.then_some(now)).await
            }
            EventBody::Disconnected { reason: DisconnectReason::LoggedOut, .. } => {
                let mut batch = Batch::new();
                store.sync_checkpoints().remove_in(&mut batch, session);
                store.commit(batch).await
            }
            EventBody::Qr { .. }
            | EventBody::Ack { .. }
            | EventBody::Authenticated
            | EventBody::Disconnected { .. }
            | EventBody::Failed { .. }
            | EventBody::GroupLeft { .. }
            | EventBody::GroupUpdated { .. }
            | EventBody::IdentityLearned { .. }
            | EventBody::Presence { .. }
            | EventBody::Call { .. }
            | EventBody::HistoryGap { .. }
            | EventBody::MessageFailed { .. }
            | EventBody::MessageCancelled { .. }
            | EventBody::SendingHeld { .. }
            | EventBody::SendingResumed { .. }
            | EventBody::EngineUnknown { .. } => Ok(()),
        }
    }

    /// Writes a chat as the account has it, and marks messages as read by its unread count.
    pub async fn merge_chat(&self, chat: &Chat) -> Result<(), StoreError> {
        let Self { store, session, .. } = *self;
        let known = store.chats().get(session, &chat.id).await?;
        if let Some(known) = &known {
            apply_unread_count(store, session, &chat.id, known.unread, chat.unread).await?;
        }
        let name = chat_names::best_name(store, session, chat, known.as_ref()).await?;
        mirror_records::put_chat(store, session, &Chat { name, ..chat.clone() }).await
    }

    async fn add_message(&self, message: &Message) -> Result<(), StoreError> {
        let Self { store, session, .. } = *self;
        let name = chat_names::from_message(store, session, message);
        let mut chat = match store.chats().get(session, message.chat()).await? {
            Some(chat) if chat.given_name().is_some() => chat,
            Some(chat) if message.push_name.is_none() && message.group_name.is_none() => chat,
            // The chat was created by a send; this message brings the first name of the person.
            Some(chat) => Chat { name: name.await?, ..chat },
            None => self.new_chat(message.chat(), name.await?),
        };
        let is_counted = unread::is_counted(store, session, &chat, message).await?;
        if unread::is_newest(&chat, message, is_counted) {
            chat.last_activity = message.timestamp;
            chat.last_message = Some(LastMessage::of(message));
        }
        if message.from_me() && !is_counted {
            // A reply marks the chat as read.
            apply_unread_count(store, session, message.chat(), chat.unread, 0).await?;
            chat.unread = 0;
        } else if !message.from_me() && message.kind != MessageKind::GroupNotice {
            chat.unread = chat.unread.saturating_add(u32::from(!is_counted));
            chat.archived = false;
        }
        mirror_records::put_chat(store, session, &chat).await?;
        // A message whose earlier attempt failed is in the mirror, and was not counted.
        let messages = store.messages();
        let has_failed = message.from_me()
            && messages.get(session, &message.id).await?.is_some_and(|it| it.ack == Ack::Failed);
        if mirror_records::put_message(store, session, message).await? || has_failed {
            self.count_message(message).await?;
        }
        Ok(())
    }

    /// Counts a new message, and shows its conversation again if it was deleted here.
    async fn count_message(&self, message: &Message) -> Result<(), StoreError> {
        let Self { store, session, .. } = *self;
        let mut batch = Batch::new();
        store.message_counts().add_in(&mut batch, session, message).await?;
        let conversations = store.conversations();
        let known = conversations.get(session, message.chat()).await?;
        if let Some(former) = known.filter(|record| record.hidden) {
            let record = ConversationRecord { hidden: false, ..former.clone() };
            conversations.put_in(&mut batch, Some(&former), &record)?;
        }
        store.commit(batch).await
    }

    fn new_chat(&self, id: &Jid, name: String) -> Chat {
        Chat {
            id: id.clone(),
            name,
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: self.now,
            last_message: None,
        }
    }

    /// Notes a receipt in the outbox entry of a message.
    pub async fn raise_outbox_entry(&self, id: &MessageId, ack: Ack) -> Result<(), StoreError> {
        if !id.from_me {
            return Ok(());
        }
        let outbox = self.store.outbox();
        let Some(mut entry) = outbox.by_message(self.session, &id.key).await? else {
            return Ok(());
        };
        if let Some(state) = entry.state.after(ack) {
            (entry.state, entry.changed_at) = (state, self.now);
        } else if entry.state.is_waiting() {
            // The receipt came before the engine's reply to the send.
            entry.acked = entry.acked.max(Some(ack));
        } else {
            return Ok(());
        }
        mirror_records::change_outbox(self.store, &entry).await
    }

    /// Changes a message; one that the mirror does not have is skipped.
    pub async fn change_message(
        &self,
        id: &MessageId,
        change: impl FnOnce(&mut Message),
    ) -> Result<(), StoreError> {
        let known = self.store.messages().get(self.session, id).await?;
        let Some(mut message) = known else { return Ok(()) };
        let former = message.clone();
        change(&mut message);
        mirror_records::put_message(self.store, self.session, &message).await?;
        if former.preview() != message.preview() {
            self.replace_preview(&former, Some(&message)).await?;
        }
        Ok(())
    }

    /// Replaces the preview of a chat in the list, if it shows the former message.
    pub async fn replace_preview(
        &self,
        former: &Message,
        now: Option<&Message>,
    ) -> Result<(), StoreError> {
        let known = self.store.chats().get(self.session, former.chat()).await?;
        let Some(chat) = known else { return Ok(()) };
        if !chat.last_message.as_ref().is_some_and(|last| last.shows(former)) {
            return Ok(());
        }
        let last_message = now.map(LastMessage::of);
        mirror_records::put_chat(self.store, self.session, &Chat { last_message, ..chat }).await
    }
}

//! Single messages and the newest messages of a chat: from the mirror, else from the engine.

use std::{collections::HashSet, time::Duration};

use uuid::Uuid;

use crate::{
    domain::{
        Ack, Command, Error, ErrorCode, Jid, Message, MessageId, Receipt, Reply, SessionId,
        Subject, Timestamp,
        conversation::{DayCount, StoredMessage, Window},
    },
    messaging::{
        conversations::conversation::FoundMessage,
        engines::{Engines, unexpected_reply},
        identities::{canonical_chat, canonical_message, name_in_chat, number_of},
        inbound::{ingest::Ingest, receipt_writer::ReceiptWriter, receipts::fold_stored},
        outbound::{
            message_rules::{Change, check_unsent},
            outgoing_message::unsent_message,
            retries::{mark_retries, retry_of},
        },
        stored::MessagingTables,
    },
    store::{Store, StoreError},
};

/// How long a reader of receipts waits for the engine.
const RECEIPTS_PATIENCE: Duration = Duration::from_secs(5);

/// Clones are the same service.
#[derive(Clone)]
pub struct Messages {
    store: Store,
    engines: Engines,
    receipts: ReceiptWriter,
}

impl Messages {
    pub fn new(store: Store, engines: Engines, ingest: &Ingest) -> Self {
        Self { store, engines, receipts: ReceiptWriter::new(ingest.writer().clone()) }
    }

    /// A message by its UUID or number; an unsent one by its UUID.
    pub async fn get(&self, id: &str) -> Result<FoundMessage, Error> {
        let stored = self.store.messages();
        let (uuid, number) = (id.parse::<Uuid>().ok(), id.parse::<u64>().ok());
        let found = match (uuid, number) {
            (Some(uuid), _) => stored.by_uuid(uuid).await?,
            (_, Some(number)) => stored.by_number(number).await?,
            _ => None,
        };
        if let Some((session, stored)) = found {
            // A failed message that is tried again is in the outbox.
            if let Some(entry) = retry_of(&self.store, &session, &stored.message).await? {
                return Ok(FoundMessage::Unsent(Box::new(entry)));
            }
            return Ok(FoundMessage::Stored(session, Box::new(stored)));
        }
        let unsent = match uuid {
            Some(uuid) => self.store.outbox().by_uuid(uuid).await?,
            None => None,
        };
        let unknown = || Error::not_found(Subject::Message, "there is no such message");
        unsent.map(|entry| FoundMessage::Unsent(Box::new(entry))).ok_or_else(unknown)
    }

    /// The id of a message that a reply quotes, by its UUID or number. None if it is no message of this chat.
    pub async fn quoted(
        &self,
        session: &SessionId,
        chat: &Jid,
        id: &str,
    ) -> Result<Option<MessageId>, Error> {
        let chat = canonical_chat(&self.store, session, chat).await?;
        match self.get(id).await {
            Ok(FoundMessage::Stored(of, stored))
                if of == *session && *stored.message.chat() == chat =>
            {
                Ok(Some(stored.message.id))
            }
            Ok(FoundMessage::Unsent(entry))
                if entry.session == *session && *entry.chat() == chat =>
            {
                check_unsent(entry.state, Change::Quote)?;
                // The message was just sent, and is in the chat once its caller is answered.
                Ok(Some(entry.message_id(None)))
            }
            Ok(_) => Ok(None),
            Err(error) if error.subject == Some(Subject::Message) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A message of the mirror by its WhatsApp id.
    pub async fn stored(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredMessage>, Error> {
        let chat = canonical_chat(&self.store, session, &id.chat).await?;
        Ok(self.store.messages().stored_by_key(session, &chat, &id.key).await?)
    }

    /// Messages of a chat that the mirror has, lowest number first.
    pub async fn window(
        &self,
        (session, chat): (&SessionId, &Jid),
        window: Window,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Error> {
        Ok(self.store.messages().window(session, chat, window, limit).await?)
    }

    /// A message of the mirror that a caller wants to change. None where the engine may know it; refused where
    /// the outbox alone has it.
    pub async fn stored_for(
        &self,
        session: &SessionId,
        id: &MessageId,
        change: Change,
    ) -> Result<Option<StoredMessage>, Error> {
        let stored = self.store.messages().stored_by_key(session, &id.chat, &id.key).await?;
        if stored.is_some() || !id.from_me {
            return Ok(stored);
        }
        if let Some(entry) = self.store.outbox().by_message(session, &id.key).await? {
            check_unsent(entry.state, change)?;
        }
        Ok(None)
    }

    /// The newest messages of a chat before the one named, oldest first. Where the mirror has too few, the
    /// engine loads the others.
    pub async fn page(
        &self,
        session: &SessionId,
        chat: &Jid,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, Error> {
        let handle = self.engines.session(session)?;
        let chat = &canonical_chat(&self.store, session, chat).await?;
        let before = match before {
            Some(text) => Some(self.find(session, chat, text).await?),
            None => None,
        };
        let mut mirrored =
            self.store.messages().page(session, chat, before.as_ref(), limit).await?;
        mark_retries(&self.store, session, &mut mirrored).await?;
        // Without a connection the mirror is all there is.
        if limit <= mirrored.len() || !self.engines.is_connected(session)? {
            if mirrored.is_empty() && !self.has_chat(session, chat).await? {
                self.engines.require_ready(session)?;
                return Err(unknown_chat(chat));
            }
            return Ok(mirrored);
        }
        let before = before.map(|message| message.id);
        let command = Command::Messages { chat: chat.clone(), before, limit };
        let loaded = match handle.execute(command).await {
            Ok(Reply::Messages(mut messages)) => {
                name_in_chat(&mut messages, chat);
                messages
            }
            Ok(_) => return Err(unexpected_reply()),
            // The mirror may have a chat that the engine does not.
            Err(error) if error.code == ErrorCode::NotFound => {
                if mirrored.is_empty() && !self.has_chat(session, chat).await? {
                    return Err(unknown_chat(chat));
                }
                Vec::new()
            }
            // A failed engine takes away only what it would have added.
            Err(_) if !mirrored.is_empty() => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(merged(loaded, mirrored, limit))
    }

    async fn has_chat(&self, session: &SessionId, chat: &Jid) -> Result<bool, StoreError> {
        Ok(self.store.chats().get(session, chat).await?.is_some())
    }

    /// A message of a chat by its full id or by its key alone. The engine alone knows messages from before the
    /// link.
    pub async fn find(
        &self,
        session: &SessionId,
        chat: &Jid,
        text: &str,
    ) -> Result<Message, Error> {
        let chat = &canonical_chat(&self.store, session, chat).await?;
        let unknown = || {
            Error::not_found(Subject::Message, "there is no such message in this chat")
                .detail("messageId", text)
        };
        if text.contains('_') {
            let id: MessageId = text.parse().map_err(|_| unknown())?;
            let id = canonical_message(&self.store, session, &id).await?;
            if id.chat != *chat {
                return Err(unknown());
            }
            let known = self.store.messages().find_by_key(session, chat, &id.key).await?;
            let found = match known {
                Some(known) => Some(known),
                None => self.find_in_engine(session, id).await?,
            };
            return found.ok_or_else(unknown);
        }
        let known = self.store.messages().find_by_key(session, chat, text).await?;
        known.ok_or_else(unknown)
    }

    async fn find_in_engine(
        &self,
        session: &SessionId,
        id: MessageId,
    ) -> Result<Option<Message>, Error> {
        if !self.engines.is_ready(session)? {
            return Ok(None);
        }
        match self.engines.execute(session, Command::Find { message: id.clone() }).await {
            Ok(Reply::Found(found)) => Ok(found.map(|found| Message { id, ..*found })),
            Ok(_) => Err(unexpected_reply()),
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A poll with its votes: from the mirror, else from the engine.
    pub async fn poll(&self, session: &SessionId, id: &MessageId) -> Result<Message, Error> {
        self.engines.session(session)?;
        let id = canonical_message(&self.store, session, id).await?;
        let stored = self.store.messages();
        let mirrored = match stored.get(session, &id).await? {
            Some(message) => Some(message),
            None => stored.find_by_key(session, &id.chat, &id.key).await?,
        };
        let found = match mirrored.or(self.unsent_poll(session, &id).await?) {
            Some(message) => Some(message),
            None if !self.engines.is_ready(session)? => None,
            None => {
                let command = Command::Find { message: id.clone() };
                match self.engines.execute(session, command).await? {
                    Reply::Found(found) => found.map(|message| *message),
                    _ => return Err(unexpected_reply()),
                }
            }
        };
        match found {
            Some(message) if message.details().poll.is_some() => Ok(message),
            Some(_) => Err(no_such_message(&id, "this message is no poll")),
            None => Err(no_such_message(&id, "there is no such message")),
        }
    }

    /// A poll that waits to be sent, or was never sent: it has no votes.
    async fn unsent_poll(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<Message>, Error> {
        if !id.from_me {
            return Ok(None);
        }
        let entry = self.store.outbox().by_message(session, &id.key).await?;
        let entry = entry.filter(|entry| entry.sent.is_none() && *entry.chat() == id.chat);
        let me = self.engines.session(session)?.status().me.map(|me| me.id);
        Ok(entry.map(|entry| unsent_message(entry, me)))
    }

    /// The receipts of a message that the session sent. A ready session's engine may know more than its events
    /// said.
    pub async fn receipts(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Vec<Receipt>, Error> {
        let handle = self.engines.session(session)?;
        let id = canonical_message(&self.store, session, id).await?;
        let known = self.store.messages().find_by_key(session, &id.chat, &id.key).await?;
        let message = known.ok_or_else(|| no_such_message(&id, "there is no such message"))?;
        if !message.from_me() {
            let reason =
                "receipts exist for messages that this session sent; this one was received";
            return Err(Error::new(ErrorCode::Conflict, reason).about(Subject::Message));
        }
        if self.is_to_oneself(session, &message).await? {
            return Ok(own_receipt(&message).into_iter().collect());
        }
        let mut found = Vec::new();
        if self.engines.is_ready(session)? {
            let request = handle.execute(Command::Receipts { message: message.id.clone() });
            // A failed engine takes away only what it would have added.
            let reply = tokio::time::timeout(RECEIPTS_PATIENCE, request).await;
            if let Ok(Ok(Reply::Receipts(receipts))) = reply {
                found = receipts;
            }
        }
        // Writing also merges rows of people whose two ids were learned since. A full disk refuses that.
        match self.receipts.write(session, &message.id, found).await {
            Err(error) if !error.is_of_the_disk() => return Err(error.into()),
            _ => (),
        }
        let stored = self.store.receipts().of(session, &message.id).await?;
        let stored = fold_stored(&self.store, session, stored).await?;
        let mut receipts: Vec<Receipt> = stored
            .rows
            .into_iter()
            .filter(|one| one.counts || Ack::Sent < one.receipt.ack)
            .map(|one| one.receipt)
            .collect();
        if receipts.is_empty() && message.chat().is_person() {
            // Messages of older versions have no receipts by recipient.
            let ack = message.ack.max(Ack::Sent);
            receipts.push(Receipt { ack, ..Receipt::none(message.chat().clone()) });
        }
        Ok(receipts)
    }

    /// Whether a message went to the account itself alone.
    async fn is_to_oneself(
        &self,
        session: &SessionId,
        message: &Message,
    ) -> Result<bool, StoreError> {
        if !message.chat().is_person() {
            return Ok(false);
        }
        let author = number_of(&self.store, session, &message.author).await?;
        Ok(author == number_of(&self.store, session, message.chat()).await?)
    }

    /// Messages that a session sent and received since the day (UTC) of `since`.
    pub async fn count_since(
        &self,
        session: &SessionId,
        since: Timestamp,
    ) -> Result<DayCount, Error> {
        Ok(self.store.message_counts().since(session, since).await?)
    }
}

fn unknown_chat(chat: &Jid) -> Error {
    Error::not_found(Subject::Chat, format!("there is no chat '{chat}'"))
        .detail("chatId", chat.as_str())
}

fn no_such_message(id: &MessageId, reason: &str) -> Error {
    Error::not_found(Subject::Message, reason).detail("messageId", id.to_string())
}

/// WhatsApp shows a message to oneself as read once it is sent.
fn own_receipt(message: &Message) -> Option<Receipt> {
    let mut receipt = Receipt::none(message.author.clone());
    receipt.raise(Ack::Read, Some(message.timestamp));
    (Ack::Sent <= message.ack).then_some(receipt)
}

/// Merges two lists, each message once. The mirror's version of a message wins, since it has all later changes.
/// Within one second the mirror's order stands, which is that of arrival.
fn merged(loaded: Vec<Message>, mirrored: Vec<Message>, limit: usize) -> Vec<Message> {
    let key = |message: &Message| (message.chat().clone(), message.id.key.clone());
    let known: HashSet<_> = mirrored.iter().map(key).collect();
    let unknown = loaded.into_iter().filter(|message| !known.contains(&key(message)));
    let mut all: Vec<Message> = unknown.chain(mirrored).collect();
    all.sort_by_key(|message| message.timestamp);
    let surplus = all.len().saturating_sub(limit);
    all.drain(..surplus);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn message(key: &str, second: i64, body: &str) -> Message {
        Message::text(
            format!("false_15550000001@c.us_{key}").parse().unwrap(),
            "15550000001@c.us".parse().unwrap(),
            body,
            from_seconds(second),
        )
    }

    #[test]
    fn messages_of_one_second_keep_their_order_and_the_mirror_knows_better() {
        let loaded = vec![message("Z", 1, "z"), message("Y", 1, "y"), message("A", 2, "a")];
        let mirrored = vec![message("Y", 1, "y, edited"), message("B", 1, "b")];
        let bodies = |limit| {
            let all = merged(loaded.clone(), mirrored.clone(), limit);
            all.into_iter().map(|message| message.body).collect::<Vec<_>>()
        };
        assert_eq!(bodies(9), ["z", "y, edited", "b", "a"]);
        assert_eq!(bodies(2), ["b", "a"]);
    }
}

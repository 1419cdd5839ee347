//! Chats, messages and contacts as callers read them.

use std::collections::HashSet;

use crate::{
    domain::{
        Chat, Command, Contact, Error, ErrorCode, Jid, Message, Reply, SessionId, SessionState,
        Subject,
    },
    messaging::{
        ChatEvent, Messaging,
        identity::in_chat,
        odd_reply,
        one_way::{check_can_write, check_is_chat},
    },
    session::SessionHandle,
};

impl Messaging {
    /// Chats from the mirror, newest first. A session that is not ready is an error unless the
    /// caller is content with what was known last (`cached`).
    pub async fn chats(
        &self,
        session: &SessionId,
        cached: bool,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Chat>, Error> {
        let handle = self.supervisor.get(session)?;
        if !cached {
            require_ready(&handle)?;
        }
        Ok(self.store.chats().page(session, offset, limit).await?)
    }

    /// The newest messages of a chat before the one named, oldest first: those of the mirror, and
    /// where they are too few, what the engine can load.
    pub async fn messages(
        &self,
        session: &SessionId,
        chat: &Jid,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, Error> {
        let handle = self.supervisor.get(session)?;
        let chat = &self.chat_name(session, chat).await?;
        let stored = self.store.messages();
        let before = match before {
            Some(text) => Some(self.find_message(session, chat, text).await?),
            None => None,
        };
        let mut mirrored = stored.page(session, chat, before.as_ref(), limit).await?;
        self.show_retries(session, &mut mirrored).await?;
        let status = handle.status();
        // Without a connection, what is known here is what there is.
        let can_ask = status.state == SessionState::Ready && status.connected;
        if limit <= mirrored.len() || !can_ask {
            if mirrored.is_empty() && self.store.chats().get(session, chat).await?.is_none() {
                require_ready(&handle)?;
                return Err(unknown_chat(chat));
            }
            return Ok(mirrored);
        }
        let before = before.map(|message| message.id);
        let command = Command::Messages { chat: chat.clone(), before, limit };
        let loaded = match handle.execute(command).await {
            Ok(Reply::Messages(mut messages)) => {
                in_chat(&mut messages, chat);
                messages
            }
            Ok(_) => return Err(odd_reply()),
            // What the engine does not know may still be known here.
            Err(error) if error.code == ErrorCode::NotFound => {
                if mirrored.is_empty() && self.store.chats().get(session, chat).await?.is_none() {
                    return Err(unknown_chat(chat));
                }
                Vec::new()
            }
            // A failing engine takes away only what it would have added.
            Err(_) if !mirrored.is_empty() => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(merged(loaded, mirrored, limit))
    }

    pub async fn contacts(&self, session: &SessionId) -> Result<Vec<Contact>, Error> {
        require_ready(&self.supervisor.get(session)?)?;
        Ok(self.store.contacts().list(session).await?)
    }

    /// A person as the engine sees them now.
    pub async fn contact(&self, session: &SessionId, id: &Jid) -> Result<Contact, Error> {
        match self.execute(session, Command::Contact { id: id.clone() }).await? {
            Reply::Contact(contact) => {
                self.ingest.acquaint(session, &contact).await?;
                Ok(*contact)
            }
            _ => Err(odd_reply()),
        }
    }

    pub async fn mark_read(&self, session: &SessionId, chat: &Jid) -> Result<(), Error> {
        check_is_chat(chat)?;
        let chat = &self.chat_name(session, chat).await?;
        self.order(session, Command::MarkRead { chat: chat.clone() }).await?;
        Ok(self.ingest.read_chat(session, chat).await?)
    }

    pub async fn archive(
        &self,
        session: &SessionId,
        chat: &Jid,
        archived: bool,
    ) -> Result<(), Error> {
        check_is_chat(chat)?;
        let chat = &self.chat_name(session, chat).await?;
        self.order(session, Command::Archive { chat: chat.clone(), archived }).await?;
        let change = |chat: &mut Chat| ChatEvent::of_archiving(chat, archived);
        Ok(self.ingest.change_chat(session, chat, change).await?)
    }

    pub async fn typing(&self, session: &SessionId, chat: &Jid, typing: bool) -> Result<(), Error> {
        check_can_write(chat)?;
        let chat = self.chat_name(session, chat).await?;
        self.order(session, Command::Typing { chat, typing }).await
    }
}

fn require_ready(handle: &SessionHandle) -> Result<(), Error> {
    let state = handle.status().state;
    if state == SessionState::Ready { Ok(()) } else { Err(crate::session::not_ready(state)) }
}

fn unknown_chat(chat: &Jid) -> Error {
    Error::not_found(Subject::Chat, format!("there is no chat '{chat}'"))
        .detail("chatId", chat.as_str())
}

/// Two lists as one, each message once; where both have it, the mirror's wins, since it has seen
/// every later change. Within one second the mirror's order stands, which is that of arrival.
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

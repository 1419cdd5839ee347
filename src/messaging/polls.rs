//! Polls as they stand.

use crate::{
    domain::{Command, Error, Message, MessageId, Reply, SessionId, SessionState, Subject},
    messaging::{Messaging, ended::unsent_message, odd_reply},
};

impl Messaging {
    /// A message that is a poll, with its votes: from the mirror, else from the engine.
    pub async fn poll(&self, session: &SessionId, id: &MessageId) -> Result<Message, Error> {
        let handle = self.supervisor.get(session)?;
        let id = self.message_name(session, id).await?;
        let stored = self.store.messages();
        let mirrored = match stored.get(session, &id).await? {
            Some(message) => Some(message),
            None => stored.find_by_key(session, &id.chat, &id.key).await?,
        };
        let found = match mirrored.or(self.unsent_poll(session, &id).await?) {
            Some(message) => Some(message),
            None if handle.status().state != SessionState::Ready => None,
            None => match handle.execute(Command::Find { message: id.clone() }).await? {
                Reply::Found(found) => found.map(|message| *message),
                _ => return Err(odd_reply()),
            },
        };
        let unknown = |reason: &str| {
            let error = Error::not_found(Subject::Message, reason);
            error.detail("messageId", id.to_string())
        };
        match found {
            Some(message) if message.details().poll.is_some() => Ok(message),
            Some(_) => Err(unknown("this message is no poll")),
            None => Err(unknown("there is no such message")),
        }
    }

    /// A poll that waits to be sent or never was: nobody has voted.
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
        let me = self.supervisor.get(session)?.status().me.map(|me| me.id);
        Ok(entry.map(|entry| unsent_message(entry, me)))
    }
}

//! Changes of messages and chats: edit, revoke, reaction, vote, read, archive, presence.

use std::collections::HashMap;

use crate::{
    domain::{
        Ack, EventBody, Jid, Message, MessageId, MessageKind, Timestamp,
        details::Vote,
        event::Presence,
        message::Reaction,
        rules::{self, EDIT_WINDOW, REVOKE_WINDOW},
    },
    simulator::{
        actions::{not_deleted, queries, receipts::Receipts, receivers},
        connections::Connections,
        message_builder::since,
        protocol::{Answer, Refusal, RefusalKind},
        state::{Record, State, directory::Directory},
    },
};

/// Changes messages and chats, at one moment.
pub struct MessageChanges<'a> {
    pub state: &'a mut State,
    pub connections: &'a mut Connections,
    pub now: Timestamp,
}

impl MessageChanges<'_> {
    pub fn edit(
        &mut self,
        me: &Jid,
        id: &MessageId,
        text: String,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let now = self.now;
        let message = &queries::stored(self.state, me, id)?.message;
        not_deleted(message)?;
        if !message.from_me() {
            let reason = "only a message of one's own can be edited";
            return Err(Refusal::new(RefusalKind::NotAllowed, reason));
        }
        let has_caption = message.kind.is_media() && !message.body.is_empty();
        if message.kind != MessageKind::Text && !has_caption {
            let reason = "only a text or a caption can be edited";
            return Err(Refusal::new(RefusalKind::NoText, reason));
        }
        if EDIT_WINDOW < since(message.timestamp, now) {
            let reason = "only a message of the last 15 minutes can be edited";
            return Err(Refusal::new(RefusalKind::TooLate, reason));
        }
        self.for_everyone(me, id, device, |message| {
            message.body.clone_from(&text);
            message.edited = true;
            EventBody::MessageEdited { message: message.id.clone(), text: text.clone() }
        });
        Ok(Answer::Done)
    }

    pub fn revoke(
        &mut self,
        me: &Jid,
        id: &MessageId,
        for_everyone: bool,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let now = self.now;
        if !for_everyone {
            queries::stored(self.state, me, id)?;
            let (account, chat, key) = (me.clone(), id.chat.clone(), id.key.to_string());
            self.state.put(Record::MessageGone { account, chat, key });
            return Ok(Answer::Done);
        }
        let message = &queries::stored(self.state, me, id)?.message;
        if message.kind == MessageKind::Revoked {
            return Ok(Answer::Done);
        }
        if !message.from_me() && !Directory::of(self.state).is_admin(me, &id.chat) {
            let reason = "only your own messages can be deleted for everyone";
            return Err(Refusal::new(RefusalKind::NotAllowed, reason));
        }
        if REVOKE_WINDOW < since(message.timestamp, now) {
            let reason = "only a message of the last 60 hours can be deleted for everyone";
            return Err(Refusal::new(RefusalKind::TooLate, reason));
        }
        let by = me.clone();
        self.for_everyone(me, id, device, |message| {
            message.revoke();
            EventBody::MessageRevoked { message: message.id.clone(), by: by.clone() }
        });
        Ok(Answer::Done)
    }

    pub fn react(
        &mut self,
        me: &Jid,
        id: &MessageId,
        emoji: String,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let now = self.now;
        not_deleted(&queries::stored(self.state, me, id)?.message)?;
        if !emoji.is_empty() && !rules::is_emoji(&emoji) {
            return Err(Refusal::new(RefusalKind::Invalid, "a reaction is one emoji"));
        }
        let sender = me.clone();
        self.for_everyone(me, id, device, |message| {
            message.reactions.retain(|reaction| reaction.sender != sender);
            if !emoji.is_empty() {
                let (sender, emoji) = (sender.clone(), emoji.clone());
                message.reactions.push(Reaction { sender, emoji, timestamp: now });
            }
            let message = message.id.clone();
            EventBody::Reaction { message, sender: sender.clone(), emoji: emoji.clone() }
        });
        Ok(Answer::Done)
    }

    /// Marks a chat as read, which sends receipts to the authors.
    pub fn mark_read(
        &mut self,
        me: &Jid,
        chat: &Jid,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let seen = self.state.change_chats().read(me, chat);
        let (seen, unread) =
            seen.ok_or_else(|| Refusal::new(RefusalKind::UnknownChat, "there is no such chat"))?;
        self.connections.notify(
            self.state,
            me,
            &EventBody::ChatUpdated { chat: Box::new(seen) },
            device,
        );
        for (key, sender) in unread {
            let their_chat = if chat.is_person() { me.clone() } else { chat.clone() };
            self.receipts().record(&sender, &their_chat, &key, Ack::Read, me);
        }
        Ok(Answer::Done)
    }

    pub fn archive(
        &mut self,
        me: &Jid,
        chat: &Jid,
        archived: bool,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let changed = self.state.change_chats().change(me, chat, |chat| chat.archived = archived);
        let changed = changed
            .ok_or_else(|| Refusal::new(RefusalKind::UnknownChat, "there is no such chat"))?;
        self.connections.notify(
            self.state,
            me,
            &EventBody::ChatUpdated { chat: Box::new(changed) },
            device,
        );
        Ok(Answer::Done)
    }

    pub fn send_presence(
        &mut self,
        me: &Jid,
        chat: &Jid,
        presence: Presence,
    ) -> Result<Answer, Refusal> {
        for receiver in receivers(self.state, me, chat)? {
            let chat = if chat.is_group() { chat.clone() } else { me.clone() };
            let event = EventBody::Presence { chat, sender: me.clone(), presence };
            self.connections.notify(self.state, &receiver, &event, None);
        }
        Ok(Answer::Done)
    }

    pub fn vote(
        &mut self,
        me: &Jid,
        id: &MessageId,
        options: Vec<String>,
    ) -> Result<Answer, Refusal> {
        let now = self.now;
        let id = self.own_name_of(me, id);
        let message = &queries::stored(self.state, me, &id)?.message;
        let invalid = |reason: &str| Err(Refusal::new(RefusalKind::Invalid, reason));
        let Some(poll) = &message.details().poll else {
            return invalid("this message is no poll");
        };
        if let Some(unknown) = options.iter().find(|option| !poll.options.contains(option)) {
            return invalid(&format!("'{unknown}' is no option of this poll"));
        }
        // Each option once, in the order of the poll, as the apps report them.
        let is_chosen = |option: &&String| options.contains(option);
        let options: Vec<String> = poll.options.iter().filter(is_chosen).cloned().collect();
        if poll.selectable != 0 && (poll.selectable as usize) < options.len() {
            return invalid("these are more options than one person may choose");
        }
        let id = message.id.clone();
        self.for_everyone(me, &id, None, |message| {
            let (sender, options) = (me.clone(), options.clone());
            if let Some(poll) = message.details.as_mut().and_then(|all| all.poll.as_mut()) {
                poll.vote(Vote {
                    sender: sender.clone(),
                    options: options.clone(),
                    timestamp: now,
                });
            }
            EventBody::PollVote { message: message.id.clone(), sender, options }
        });
        Ok(Answer::Done)
    }

    /// The id that this account has for a message, also where the id is the sender's.
    fn own_name_of(&self, me: &Jid, id: &MessageId) -> MessageId {
        if self.state.chats().message(me, &id.chat, &id.key).is_some() {
            return id.clone();
        }
        let mut chats = self.state.chats().of(me).into_iter().flat_map(HashMap::keys);
        let found = chats.find_map(|chat| self.state.chats().message(me, chat, &id.key));
        found.map_or_else(|| id.clone(), |stored| stored.message.id.clone())
    }

    /// Changes a message in every account that has it, and notifies each account.
    fn for_everyone(
        &mut self,
        me: &Jid,
        id: &MessageId,
        device: Option<u64>,
        change: impl Fn(&mut Message) -> EventBody,
    ) {
        let everyone = match self.state.groups().contains_key(&id.chat) {
            true => Directory::of(self.state)
                .members(&id.chat)
                .into_iter()
                .map(|p| (p, id.chat.clone()))
                .collect(),
            false if id.chat.is_status() => Directory::of(self.state)
                .story_viewers(me)
                .into_iter()
                .chain([me.clone()])
                .map(|person| (person, id.chat.clone()))
                .collect(),
            false => vec![(me.clone(), id.chat.clone()), (id.chat.clone(), me.clone())],
        };
        for (person, chat) in everyone {
            let event = self.state.change_chats().change_message(&person, &chat, &id.key, &change);
            if let Some(event) = event {
                self.connections.notify(
                    self.state,
                    &person,
                    &event,
                    device.filter(|_| person == *me),
                );
            }
        }
    }

    fn receipts(&mut self) -> Receipts<'_> {
        Receipts { state: self.state, connections: self.connections, now: self.now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, Content},
        simulator::{Extra, Network, NetworkSettings, protocol::DeviceContent},
    };

    #[tokio::test]
    async fn a_vote_is_held_to_the_poll_and_everybody_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = NetworkSettings::new(folder.path().to_owned(), Clock::system());
        let network = Network::new(settings).unwrap();
        let (me, ada): (Jid, Jid) =
            ("15557654321@c.us".parse().unwrap(), "15550000011@c.us".parse().unwrap());
        let content = DeviceContent::Other(Content::Poll {
            question: "Tea?".to_owned(),
            options: vec!["yes".to_owned(), "no".to_owned()],
            selectable: 1,
        });
        let sent = network.phone(&me).write_content(&ada, content, Extra::default()).unwrap();
        while network.phone(&ada).messages(&me).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let vote = |options: &[&str]| {
            let options = options.iter().map(|option| (*option).to_owned()).collect();
            network.phone(&ada).vote(&sent.id, options)
        };
        assert_eq!(vote(&["perhaps"]).unwrap_err().kind, RefusalKind::Invalid);
        assert_eq!(vote(&["yes", "no"]).unwrap_err().kind, RefusalKind::Invalid);
        vote(&["yes"]).unwrap();
        vote(&["no"]).unwrap();
        for (who, with) in [(&me, &ada), (&ada, &me)] {
            let poll = network.phone(who).messages(with)[0].details().poll.clone().unwrap();
            assert_eq!((poll.voters("yes").count(), poll.voters("no").count()), (0, 1));
        }
    }
}

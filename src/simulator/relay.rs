//! Messages between accounts: sending, receipts, edits, reactions, reading, and who answers.

use std::time::Duration;

use crate::{
    domain::{
        Ack, Content, EventBody, Jid, Message, MessageId, MessageKind, Timestamp, command::Sent,
        event::Presence, message::Reaction,
    },
    simulator::{
        Network,
        account::Behaviour,
        compose::{compose, media_kind, sent_as, since},
        linking::refusal,
        protocol::{Answer, DeviceContent, Refusal, RefusalKind},
        world::World,
    },
};

const EDIT_WINDOW: Duration = Duration::from_secs(15 * 60);
const REVOKE_WINDOW: Duration = Duration::from_secs(60 * 3600);

/// A message that somebody wants sent.
#[derive(Clone, Debug)]
pub struct Draft {
    pub key: String,
    pub chat: Jid,
    pub content: DeviceContent,
    pub quoted: Option<MessageId>,
    pub mentions: Vec<Jid>,
}

impl Network {
    /// Sends a message in the name of an account. A key that was used in this chat before is
    /// answered with what became of it then.
    pub(in crate::simulator) fn send(
        &self,
        me: &Jid,
        draft: Draft,
        device: Option<u64>,
    ) -> Result<(Sent, Message), Refusal> {
        let now = self.now();
        let mut world = self.world();
        if world.faults.take(|faults| &mut faults.refuse_sends) {
            return Err(refusal(RefusalKind::Fault, "a planned fault: the send is refused"));
        }
        let chat = world.phone_identity(&draft.chat).unwrap_or_else(|| draft.chat.clone());
        let receivers = world.receivers(me, &chat)?;
        if let Some(sent) =
            world.accounts.get(me).and_then(|account| account.message(&chat, &draft.key))
        {
            return Ok((sent_as(sent), sent.clone()));
        }
        let mut message = compose(&world, me, &chat, &draft, now)?;
        if let DeviceContent::Media { media, .. } = &draft.content {
            world.message_media.insert(draft.key.clone(), media.clone());
        }
        world.add(me, message.clone(), now);
        let event = EventBody::MessageSent { message: Box::new(message.clone()) };
        world.tell(me, &event, device);
        let delay = self.settings().delivery_delay + world.faults.receipt_delay();
        drop(world);

        let (sender, key) = (me.clone(), draft.key.clone());
        let sent = sent_as(&message);
        message.ack = Ack::Delivered;
        let (delivered, chat_of_it) = (message.clone(), chat.clone());
        self.after(delay, move |network| {
            for receiver in &receivers {
                network.deliver(&sender, receiver, &delivered);
            }
            network.world().raise_ack(&sender, &chat_of_it, &key, Ack::Delivered, None);
            network.let_receivers_act(&sender, &chat_of_it, &key, receivers);
        });
        message.ack = Ack::Sent;
        Ok((sent, message))
    }

    /// Puts a message into one receiver's account, as that account sees it.
    fn deliver(&self, sender: &Jid, receiver: &Jid, message: &Message) {
        let now = self.now();
        let mut world = self.world();
        let mut theirs = message.clone();
        theirs.id.from_me = false;
        if !message.chat().is_group() {
            theirs.id.chat = sender.clone();
        }
        theirs.push_name = world.accounts.get(sender).map(|account| account.name());
        // The receiver's phone knows the quoted message under its own name for it.
        theirs.quoted = message.quoted.as_ref().and_then(|quoted| {
            let chat = theirs.chat().clone();
            world.accounts.get(receiver)?.message(&chat, &quoted.key).map(|found| found.id.clone())
        });
        theirs.ack = Ack::Delivered;
        world.add(receiver, theirs.clone(), now);
        world.tell(receiver, &EventBody::Message { message: Box::new(theirs) }, None);
    }

    /// The people who got a message read it and answer, each in their way.
    fn let_receivers_act(&self, sender: &Jid, chat: &Jid, key: &str, receivers: Vec<Jid>) {
        let extra = self.world().faults.receipt_delay();
        for receiver in receivers {
            let Some(behaviour) = self.world().accounts.get(&receiver).map(|a| a.behaviour) else {
                continue;
            };
            let answer_after = match behaviour {
                Behaviour::Echo => Some(self.settings().echo_delay),
                Behaviour::Slow => Some(self.settings().slow_delay),
                Behaviour::Reads => None,
                Behaviour::Silent | Behaviour::Manual => continue,
            };
            let their_chat = if chat.is_group() { chat.clone() } else { sender.clone() };
            let read_by = (receiver.clone(), their_chat.clone());
            self.after(self.settings().read_delay + extra, move |network| {
                // Somebody who left the group meanwhile has nothing to read.
                let _ = network.mark_read(&read_by.0, &read_by.1, None);
            });
            // Two echoes in one group would talk for ever.
            if let Some(delay) = answer_after.filter(|_| !chat.is_group()) {
                let key = key.to_owned();
                self.after(delay, move |network| network.repeat(&receiver, &their_chat, &key));
            }
        }
    }

    /// An echo: sends what came in back to where it came from.
    fn repeat(&self, me: &Jid, chat: &Jid, key: &str) {
        let world = self.world();
        let Some(message) = world.accounts.get(me).and_then(|account| account.message(chat, key))
        else {
            return;
        };
        let content = match (&message.media, world.message_media.get(key)) {
            (Some(media), Some(id)) => DeviceContent::Media {
                media: id.clone(),
                kind: media_kind(message.kind),
                mime: media.mime.clone(),
                filename: media.filename.clone(),
                caption: Some(message.body.clone()).filter(|caption| !caption.is_empty()),
            },
            _ => DeviceContent::Other(Content::Text { body: message.preview() }),
        };
        drop(world);
        let draft = Draft {
            key: crate::domain::Outgoing::new_key(),
            chat: chat.clone(),
            content,
            quoted: None,
            mentions: Vec::new(),
        };
        // A planned fault may refuse the echo; then there is none.
        let _ = self.send(me, draft, None);
    }

    pub(in crate::simulator) fn edit(
        &self,
        me: &Jid,
        id: &MessageId,
        text: String,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let now = self.now();
        let mut world = self.world();
        let message = world.own_message(me, id)?;
        if message.kind != MessageKind::Text || EDIT_WINDOW < since(message.timestamp, now) {
            return Err(refusal(
                RefusalKind::NotAllowed,
                "only a text of the last 15 minutes can be edited",
            ));
        }
        world.for_everyone(me, id, device, |message| {
            message.body.clone_from(&text);
            message.edited = true;
            EventBody::MessageEdited { message: message.id.clone(), text: text.clone() }
        });
        Ok(Answer::Done)
    }

    pub(in crate::simulator) fn revoke(
        &self,
        me: &Jid,
        id: &MessageId,
        for_everyone: bool,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let now = self.now();
        let mut world = self.world();
        if !for_everyone {
            world.message(me, id)?;
            if let Some(thread) = world.accounts.get_mut(me).and_then(|a| a.chats.get_mut(&id.chat))
            {
                thread.messages.retain(|message| message.id.key != id.key);
            }
            return Ok(Answer::Done);
        }
        let message = world.own_message(me, id)?;
        if REVOKE_WINDOW < since(message.timestamp, now) {
            return Err(refusal(
                RefusalKind::NotAllowed,
                "only a message of the last 60 hours can be revoked",
            ));
        }
        let by = me.clone();
        world.for_everyone(me, id, device, |message| {
            message.kind = MessageKind::Revoked;
            message.body.clear();
            message.media = None;
            EventBody::MessageRevoked { message: message.id.clone(), by: by.clone() }
        });
        Ok(Answer::Done)
    }

    pub(in crate::simulator) fn react(
        &self,
        me: &Jid,
        id: &MessageId,
        emoji: String,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let now = self.now();
        let mut world = self.world();
        world.message(me, id)?;
        let sender = me.clone();
        world.for_everyone(me, id, device, |message| {
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

    /// Reads a chat: its senders see the blue ticks.
    pub(in crate::simulator) fn mark_read(
        &self,
        me: &Jid,
        chat: &Jid,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let mut world = self.world();
        let thread = world.accounts.get_mut(me).and_then(|account| account.chats.get_mut(chat));
        let thread =
            thread.ok_or_else(|| refusal(RefusalKind::UnknownChat, "there is no such chat"))?;
        let keys = thread.read();
        let seen = EventBody::ChatUpdated { chat: Box::new(thread.chat.clone()) };
        let of_message = |key: &String| {
            thread.messages.iter().find(|m| *m.id.key == **key).map(|m| m.author.clone())
        };
        let senders: Vec<(String, Jid)> =
            keys.iter().filter_map(|key| Some((key.clone(), of_message(key)?))).collect();
        world.tell(me, &seen, device);
        for (key, sender) in senders {
            let (their_chat, participant) = match chat.is_group() {
                true => (chat.clone(), Some(me.clone())),
                false => (me.clone(), None),
            };
            world.raise_ack(&sender, &their_chat, &key, Ack::Read, participant);
        }
        Ok(Answer::Done)
    }

    pub(in crate::simulator) fn archive(
        &self,
        me: &Jid,
        chat: &Jid,
        archived: bool,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let mut world = self.world();
        let thread = world.accounts.get_mut(me).and_then(|account| account.chats.get_mut(chat));
        let thread =
            thread.ok_or_else(|| refusal(RefusalKind::UnknownChat, "there is no such chat"))?;
        thread.chat.archived = archived;
        let changed = EventBody::ChatUpdated { chat: Box::new(thread.chat.clone()) };
        world.tell(me, &changed, device);
        Ok(Answer::Done)
    }

    pub(in crate::simulator) fn show_presence(
        &self,
        me: &Jid,
        chat: &Jid,
        presence: Presence,
    ) -> Result<Answer, Refusal> {
        let mut world = self.world();
        for receiver in world.receivers(me, chat)? {
            let chat = if chat.is_group() { chat.clone() } else { me.clone() };
            let event = EventBody::Presence { chat, sender: me.clone(), presence };
            world.tell(&receiver, &event, None);
        }
        Ok(Answer::Done)
    }

    pub(in crate::simulator) fn history(
        &self,
        me: &Jid,
        chat: &Jid,
        before: Option<&MessageId>,
        limit: usize,
    ) -> Result<Answer, Refusal> {
        let world = self.world();
        let thread = world.accounts.get(me).and_then(|account| account.chats.get(chat));
        let thread =
            thread.ok_or_else(|| refusal(RefusalKind::UnknownChat, "there is no such chat"))?;
        let end = match before {
            Some(id) => thread.messages.iter().position(|message| message.id.key == id.key),
            None => Some(thread.messages.len()),
        };
        let end =
            end.ok_or_else(|| refusal(RefusalKind::UnknownMessage, "there is no such message"))?;
        let messages = thread.messages[end.saturating_sub(limit)..end].to_vec();
        Ok(Answer::Messages { messages })
    }

    pub(in crate::simulator) fn media_of(
        &self,
        me: &Jid,
        id: &MessageId,
    ) -> Result<Answer, Refusal> {
        let mut world = self.world();
        world.message(me, id)?;
        let media = world.message_media.get(&*id.key).cloned();
        let found =
            media.and_then(|id| world.media.get(&id).map(|file| (id.clone(), file.clone())));
        let (media, file) =
            found.ok_or_else(|| refusal(RefusalKind::UnknownMedia, "this message has no file"))?;
        Ok(Answer::Media { media, mime: file.mime, size: file.size })
    }
}

impl World {
    /// Who gets what an account says in a chat.
    fn receivers(&mut self, me: &Jid, chat: &Jid) -> Result<Vec<Jid>, Refusal> {
        if let Some(group) = self.groups.get(chat) {
            let members: Vec<Jid> = group.participants.iter().map(|p| p.id.clone()).collect();
            if !members.contains(me) {
                return Err(refusal(RefusalKind::NotMember, "you are not in this group"));
            }
            return Ok(members.into_iter().filter(|member| member != me).collect());
        }
        if !chat.is_person() {
            return Err(refusal(RefusalKind::UnknownChat, "there is no such chat"));
        }
        match self.account_of(chat) {
            Some(account) => {
                let id = account.me.id.clone();
                // A note to oneself goes nowhere else.
                Ok(if id == *me { Vec::new() } else { vec![id] })
            }
            None => Err(refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp")),
        }
    }

    fn add(&mut self, account: &Jid, message: Message, now: Timestamp) {
        let name = self.chat_name(account, message.chat());
        if let Some(account) = self.accounts.get_mut(account) {
            let chat = message.chat().clone();
            account.thread(&chat, &name, now).add(message);
        }
    }

    fn message(&mut self, me: &Jid, id: &MessageId) -> Result<&mut Message, Refusal> {
        let account = self.accounts.get_mut(me);
        let message = account.and_then(|account| account.message_mut(&id.chat, &id.key));
        message.ok_or_else(|| refusal(RefusalKind::UnknownMessage, "there is no such message"))
    }

    fn own_message(&mut self, me: &Jid, id: &MessageId) -> Result<&mut Message, Refusal> {
        let message = self.message(me, id)?;
        if message.from_me() && message.kind != MessageKind::Revoked {
            Ok(message)
        } else {
            Err(refusal(RefusalKind::NotAllowed, "only a message of one's own can be changed"))
        }
    }

    /// Raises how far a message has come, and tells its sender when that is news.
    fn raise_ack(
        &mut self,
        sender: &Jid,
        chat: &Jid,
        key: &str,
        ack: Ack,
        participant: Option<Jid>,
    ) {
        let account = self.accounts.get_mut(sender);
        let Some(message) = account.and_then(|account| account.message_mut(chat, key)) else {
            return;
        };
        if message.ack < ack {
            message.ack = ack;
            let message = message.id.clone();
            self.tell(sender, &EventBody::Ack { message, ack, participant }, None);
        }
    }

    /// Changes a message in the account of everybody who has it, and tells each.
    fn for_everyone(
        &mut self,
        me: &Jid,
        id: &MessageId,
        device: Option<u64>,
        change: impl Fn(&mut Message) -> EventBody,
    ) {
        let everyone = match self.groups.get(&id.chat) {
            Some(group) => {
                group.participants.iter().map(|p| (p.id.clone(), id.chat.clone())).collect()
            }
            None => vec![(me.clone(), id.chat.clone()), (id.chat.clone(), me.clone())],
        };
        for (person, chat) in everyone {
            let Some(account) = self.accounts.get_mut(&person) else { continue };
            let Some(message) = account.message_mut(&chat, &id.key) else { continue };
            let event = change(message);
            self.tell(&person, &event, device.filter(|_| person == *me));
        }
    }
}

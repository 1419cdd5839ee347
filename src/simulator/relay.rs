//! Messages between accounts: sending, receipts, edits, reactions, reading, and who answers.

use std::sync::Arc;

use crate::{
    domain::{
        Ack, Content, Details, EventBody, Jid, Message, MessageId, MessageKind, Outgoing, Receipt,
        Timestamp,
        command::Sent,
        event::Presence,
        message::Reaction,
        rules::{self, EDIT_WINDOW, REVOKE_WINDOW},
    },
    simulator::{
        account::{Behaviour, Person},
        agenda::Deed,
        compose::{compose, media_kind, sent_as, since},
        ledger::Record,
        linking::refusal,
        protocol::{Answer, DeviceContent, Refusal, RefusalKind},
        thread::Stored,
        world::World,
    },
};

/// A message that somebody wants sent.
#[derive(Clone, Debug)]
pub struct Draft {
    pub key: String,
    pub chat: Jid,
    pub content: DeviceContent,
    pub quoted: Option<MessageId>,
    pub mentions: Vec<Jid>,
    pub extra: Extra,
}

/// What a phone can say of a message and the gateway cannot.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// In addition to those of its content.
    pub details: Details,
    /// In place of the kind of its content.
    pub kind: Option<MessageKind>,
    /// What the engine of a receiver shows of a kind that the gateway does not know.
    pub raw: Option<serde_json::Value>,
}

impl World {
    /// Sends a message in the name of an account. A key that was used in this chat before is
    /// answered with what became of it then.
    pub fn send(
        &mut self,
        me: &Jid,
        draft: Draft,
        device: Option<u64>,
    ) -> Result<(Sent, Message), Refusal> {
        self.check_writing()?;
        if self.faults.take(|faults| &mut faults.refuse_sends) {
            let refused = refusal(RefusalKind::Fault, "a planned fault: the send is refused");
            return Err(Refusal { code: self.faults.refusal_code, ..refused });
        }
        let now = self.now();
        let chat = self.phone_identity(&draft.chat).unwrap_or_else(|| draft.chat.clone());
        let receivers = self.receivers(me, &chat)?;
        if let Some(sent) = self.ledger.stored(me, &chat, &draft.key).map(|stored| stored.told()) {
            return Ok((sent_as(&sent), sent));
        }
        if let Some(quoted) = &draft.quoted
            && let Some(stored) = self.ledger.stored(me, &chat, &quoted.key)
        {
            not_deleted(&stored.message)?;
        }
        let mut message = compose(self, me, &chat, &draft, now)?;
        if chat == *me {
            // A person who writes to themselves has it, and has read it.
            message.ack = Ack::Read;
        }
        let media = match draft.content {
            DeviceContent::Media { media, .. } => Some(media),
            DeviceContent::Other(_) => None,
        };
        let tells_readers = !chat.is_channel();
        let readers = receivers.iter().filter(|_| tells_readers).cloned();
        let receipts = readers.map(Receipt::none).collect();
        let stored = Stored { message, media, receipts };
        let message = stored.told();
        self.add(me, stored.clone(), now);
        let event = EventBody::MessageSent { message: Box::new(message.clone()) };
        self.tell(me, &event, device);
        let delay = self.settings.delivery_delay + self.faults.receipt_delay();
        self.owe(delay, Deed::Deliver { sender: me.clone(), stored: Box::new(stored), receivers });
        let thread = device.and_then(|_| self.ledger.thread(me, &chat));
        if thread.is_some_and(|thread| 0 < thread.unread) {
            // On a device, whoever writes has the chat before them.
            self.mark_read(me, &chat, device)?;
        }
        Ok((sent_as(&message), message))
    }

    /// A message comes to its receivers, who read it and answer, each in their way.
    pub fn deliver(&mut self, sender: &Jid, sent: Stored, receivers: Vec<Jid>) {
        let (chat, key) = (sent.message.chat().clone(), sent.message.id.key.clone());
        // The sender may have changed it meanwhile, or deleted their own copy alone.
        let stored = self.ledger.stored(sender, &chat, &key).unwrap_or_else(|| sent.into());
        for receiver in &receivers {
            self.deliver_to(sender, receiver, &stored);
            if !chat.is_channel() {
                self.receipt(sender, &chat, &key, Ack::Delivered, receiver);
            }
        }
        if receivers.is_empty() || chat.is_channel() {
            self.raise_own(sender, &chat, &key, Ack::Delivered);
        }
        self.let_receivers_act(sender, &chat, &key, receivers);
    }

    /// Puts a message into one receiver's account, as that account sees it.
    fn deliver_to(&mut self, sender: &Jid, receiver: &Jid, sent: &Stored) {
        let mut theirs = sent.message.clone();
        theirs.id.from_me = false;
        if theirs.chat().is_person() {
            theirs.id.chat = sender.clone();
        }
        if theirs.chat().is_channel() {
            // A channel hides who posts to it.
            theirs.author = theirs.chat().clone();
        }
        let (chat, key) = (theirs.chat().clone(), theirs.id.key.clone());
        // Senders choose keys; one that is taken must not overwrite another message.
        if self.ledger.stored(receiver, &chat, &key).is_some() {
            return;
        }
        let name = self.ledger.person(sender).map(Person::name);
        theirs.push_name = name.filter(|_| !theirs.chat().is_channel());
        // The receiver's phone knows the quoted message under its own name for it.
        theirs.quoted = theirs.quoted.as_ref().and_then(|quoted| {
            self.ledger.stored(receiver, &chat, &quoted.key).map(|found| found.message.id.clone())
        });
        theirs.ack = Ack::Delivered;
        let (media, receipts) = (sent.media.clone(), Vec::new());
        let stored = Stored { message: theirs.clone(), media, receipts };
        self.add(receiver, stored, self.now());
        self.tell(receiver, &EventBody::Message { message: Box::new(theirs) }, None);
    }

    /// The people who got a message read it and answer, each in their way.
    fn let_receivers_act(&mut self, sender: &Jid, chat: &Jid, key: &str, receivers: Vec<Jid>) {
        let extra = self.faults.receipt_delay();
        let sender_answers = self.ledger.person(sender).is_some_and(|p| p.behaviour.answers());
        for receiver in receivers {
            let Some(behaviour) = self.ledger.person(&receiver).map(|p| p.behaviour) else {
                continue;
            };
            let answer_after = match behaviour {
                Behaviour::Echo => Some(self.settings.echo_delay),
                Behaviour::Slow => Some(self.settings.slow_delay),
                Behaviour::Reads => None,
                Behaviour::Silent | Behaviour::Manual => continue,
            };
            let their_chat = if chat.is_person() { sender.clone() } else { chat.clone() };
            let read = Deed::Read { account: receiver.clone(), chat: their_chat.clone() };
            self.owe(self.settings.read_delay + extra, read);
            // Two echoes, also in one group, would talk for ever.
            if let Some(delay) = answer_after.filter(|_| chat.is_person() && !sender_answers) {
                let key = key.to_owned();
                self.owe(delay, Deed::Repeat { account: receiver, chat: their_chat, key });
            }
        }
    }

    /// An echo: sends what came in back to where it came from.
    pub fn repeat(&mut self, me: &Jid, chat: &Jid, key: &str) {
        let Some(stored) = self.ledger.stored(me, chat, key) else { return };
        let Stored { message, media, .. } = &*stored;
        let file = media.as_ref().filter(|id| self.ledger.files().contains_key(*id));
        let content = match (&message.media, file) {
            (Some(media), Some(id)) => DeviceContent::Media {
                media: id.clone(),
                kind: media_kind(message.kind),
                mime: media.mime.clone(),
                filename: media.filename.clone(),
                caption: Some(message.body.clone()).filter(|caption| !caption.is_empty()),
            },
            _ => DeviceContent::Other(Content::Text { body: message.preview() }),
        };
        let draft = Draft {
            key: Outgoing::new_key(),
            chat: chat.clone(),
            content,
            quoted: None,
            mentions: Vec::new(),
            extra: Extra::default(),
        };
        // A planned fault may refuse the echo; then there is none.
        let _ = self.send(me, draft, None);
    }

    pub fn edit(
        &mut self,
        me: &Jid,
        id: &MessageId,
        text: String,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let now = self.now();
        let message = &self.stored(me, id)?.message;
        not_deleted(message)?;
        if !message.from_me() {
            let reason = "only a message of one's own can be edited";
            return Err(refusal(RefusalKind::NotAllowed, reason));
        }
        let has_caption = message.kind.is_media() && !message.body.is_empty();
        if message.kind != MessageKind::Text && !has_caption {
            let reason = "only a text or a caption can be edited";
            return Err(refusal(RefusalKind::NoText, reason));
        }
        if EDIT_WINDOW < since(message.timestamp, now) {
            let reason = "only a message of the last 15 minutes can be edited";
            return Err(refusal(RefusalKind::TooLate, reason));
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
        let now = self.now();
        if !for_everyone {
            self.stored(me, id)?;
            let (account, chat, key) = (me.clone(), id.chat.clone(), id.key.to_string());
            self.ledger.put(Record::MessageGone { account, chat, key });
            return Ok(Answer::Done);
        }
        let message = &self.stored(me, id)?.message;
        if message.kind == MessageKind::Revoked {
            return Ok(Answer::Done);
        }
        if !message.from_me() && !self.is_admin(me, &id.chat) {
            let reason = "only your own messages can be deleted for everyone";
            return Err(refusal(RefusalKind::NotAllowed, reason));
        }
        if REVOKE_WINDOW < since(message.timestamp, now) {
            let reason = "only a message of the last 60 hours can be deleted for everyone";
            return Err(refusal(RefusalKind::TooLate, reason));
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
        let now = self.now();
        not_deleted(&self.stored(me, id)?.message)?;
        if !emoji.is_empty() && !rules::is_emoji(&emoji) {
            return Err(refusal(RefusalKind::Invalid, "a reaction is one emoji"));
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

    /// Reads a chat: its senders see the blue ticks.
    pub fn mark_read(
        &mut self,
        me: &Jid,
        chat: &Jid,
        device: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let seen = self.ledger.read_chat(me, chat);
        let (seen, unread) =
            seen.ok_or_else(|| refusal(RefusalKind::UnknownChat, "there is no such chat"))?;
        self.tell(me, &EventBody::ChatUpdated { chat: Box::new(seen) }, device);
        for (key, sender) in unread {
            let their_chat = if chat.is_person() { me.clone() } else { chat.clone() };
            self.receipt(&sender, &their_chat, &key, Ack::Read, me);
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
        let changed = self.ledger.change_chat(me, chat, |chat| chat.archived = archived);
        let changed =
            changed.ok_or_else(|| refusal(RefusalKind::UnknownChat, "there is no such chat"))?;
        self.tell(me, &EventBody::ChatUpdated { chat: Box::new(changed) }, device);
        Ok(Answer::Done)
    }

    pub fn show_presence(
        &mut self,
        me: &Jid,
        chat: &Jid,
        presence: Presence,
    ) -> Result<Answer, Refusal> {
        for receiver in self.receivers(me, chat)? {
            let chat = if chat.is_group() { chat.clone() } else { me.clone() };
            let event = EventBody::Presence { chat, sender: me.clone(), presence };
            self.tell(&receiver, &event, None);
        }
        Ok(Answer::Done)
    }

    pub fn history(
        &self,
        me: &Jid,
        chat: &Jid,
        before: Option<&MessageId>,
        limit: usize,
    ) -> Result<Answer, Refusal> {
        if self.ledger.thread(me, chat).is_none() {
            return Err(refusal(RefusalKind::UnknownChat, "there is no such chat"));
        }
        let messages = match before {
            Some(id) => self.ledger.before(me, chat, &id.key, limit),
            None => Some(self.ledger.newest(me, chat, limit)),
        };
        let messages = messages
            .ok_or_else(|| refusal(RefusalKind::UnknownMessage, "there is no such message"))?;
        Ok(Answer::Messages { messages })
    }

    pub fn media_of(&self, me: &Jid, id: &MessageId) -> Result<Answer, Refusal> {
        let stored = self.stored(me, id)?;
        let media = stored.media.as_ref();
        let media =
            media.ok_or_else(|| refusal(RefusalKind::UnknownMedia, "this message has no file"))?;
        let file = self.ledger.files().get(media);
        let file = file.ok_or_else(|| refusal(RefusalKind::UnknownMedia, "the file is gone"))?;
        Ok(Answer::Media { media: media.clone(), mime: file.mime.clone(), size: file.size })
    }
}

impl World {
    /// Who gets what an account says in a chat.
    fn receivers(&mut self, me: &Jid, chat: &Jid) -> Result<Vec<Jid>, Refusal> {
        if self.ledger.groups().contains_key(chat) {
            let members = self.members(chat);
            if !members.contains(me) {
                return Err(refusal(RefusalKind::NotMember, "you are not in this group"));
            }
            if chat.is_channel() {
                self.as_admin(me, chat)?;
            }
            return Ok(members.into_iter().filter(|member| member != me).collect());
        }
        if chat.is_status() {
            return Ok(self.watchers(me));
        }
        if !chat.is_person() {
            return Err(refusal(RefusalKind::UnknownChat, "there is no such chat"));
        }
        match self.account_of(chat) {
            // A note to oneself goes nowhere else.
            Some(person) if person.me.id == *me => Ok(Vec::new()),
            Some(person) => Ok(vec![person.me.id.clone()]),
            None => Err(refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp")),
        }
    }

    fn add(&mut self, account: &Jid, stored: Stored, now: Timestamp) {
        let chat = stored.message.chat();
        let name = self.chat_name(account, chat);
        self.ledger.open_chat(account, chat, &name, now);
        self.ledger.add_message(account, stored);
    }

    pub fn stored(&self, me: &Jid, id: &MessageId) -> Result<Arc<Stored>, Refusal> {
        let stored = self.ledger.stored(me, &id.chat, &id.key);
        stored.ok_or_else(|| refusal(RefusalKind::UnknownMessage, "there is no such message"))
    }

    /// Changes a message in the account of everybody who has it, and tells each.
    pub fn for_everyone(
        &mut self,
        me: &Jid,
        id: &MessageId,
        device: Option<u64>,
        change: impl Fn(&mut Message) -> EventBody,
    ) {
        let everyone = match self.ledger.groups().contains_key(&id.chat) {
            true => self.members(&id.chat).into_iter().map(|p| (p, id.chat.clone())).collect(),
            false if id.chat.is_status() => self
                .watchers(me)
                .into_iter()
                .chain([me.clone()])
                .map(|person| (person, id.chat.clone()))
                .collect(),
            false => vec![(me.clone(), id.chat.clone()), (id.chat.clone(), me.clone())],
        };
        for (person, chat) in everyone {
            let event = self.ledger.change_message(&person, &chat, &id.key, &change);
            if let Some(event) = event {
                self.tell(&person, &event, device.filter(|_| person == *me));
            }
        }
    }
}

fn not_deleted(message: &Message) -> Result<(), Refusal> {
    match message.kind {
        MessageKind::Revoked => Err(refusal(RefusalKind::Deleted, "that message was deleted")),
        _ => Ok(()),
    }
}

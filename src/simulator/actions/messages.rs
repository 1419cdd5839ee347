//! Sending and delivery of messages between accounts, and the automatic answers of people.

use std::time::Duration;

use crate::{
    domain::{Ack, Content, EventBody, Jid, Message, Outgoing, Receipt, Timestamp, command::Sent},
    simulator::{
        NetworkSettings,
        actions::{message_changes::MessageChanges, not_deleted, receipts::Receipts, receivers},
        connections::Connections,
        faults::Faults,
        message_builder::{self, Draft, Extra, media_kind, sent_as},
        protocol::{DeviceContent, Refusal, RefusalKind},
        scheduler::{Scheduler, after},
        state::{Behaviour, Person, State, Stored, Task, directory::Directory},
    },
};

/// Sends and delivers messages, at one moment.
pub struct Messages<'a> {
    pub settings: &'a NetworkSettings,
    pub state: &'a mut State,
    pub connections: &'a mut Connections,
    pub scheduler: &'a mut Scheduler,
    pub faults: &'a mut Faults,
    pub now: Timestamp,
}

impl Messages<'_> {
    /// Sends a message of an account. A key that was used in this chat before is answered with the message
    /// that has it.
    pub fn send(
        &mut self,
        me: &Jid,
        draft: Draft,
        device: Option<u64>,
    ) -> Result<(Sent, Message), Refusal> {
        self.state.store().check_writable()?;
        if self.faults.take(|faults| &mut faults.refuse_sends) {
            let refused = Refusal::new(RefusalKind::Fault, "a planned fault: the send is refused");
            return Err(Refusal { code: self.faults.refusal_code, ..refused });
        }
        let now = self.now;
        let chat = Directory::of(self.state)
            .phone_identity(&draft.chat)
            .unwrap_or_else(|| draft.chat.clone());
        let receivers = receivers(self.state, me, &chat)?;
        if let Some(sent) =
            self.state.chats().message(me, &chat, &draft.key).map(|stored| stored.for_device())
        {
            return Ok((sent_as(&sent), sent));
        }
        if let Some(quoted) = &draft.quoted
            && let Some(stored) = self.state.chats().message(me, &chat, &quoted.key)
        {
            not_deleted(&stored.message)?;
        }
        let mut message = message_builder::build(self.state, me, &chat, &draft, now)?;
        if chat == *me {
            // A message to oneself is delivered and read at once.
            message.ack = Ack::Read;
        }
        let media = match draft.content {
            DeviceContent::Media { media, .. } => Some(media),
            DeviceContent::Other(_) => None,
        };
        let has_receipts = !chat.is_channel();
        let readers = receivers.iter().filter(|_| has_receipts).cloned();
        let receipts = readers.map(Receipt::none).collect();
        let stored = Stored { message, media, receipts };
        let message = stored.for_device();
        self.add(me, stored.clone());
        let event = EventBody::MessageSent { message: Box::new(message.clone()) };
        self.connections.notify(self.state, me, &event, device);
        let delay = self.settings.delivery_delay + self.faults.receipt_delay();
        let task = Task::Deliver { sender: me.clone(), stored: Box::new(stored), receivers };
        self.schedule(delay, task);
        let thread = device.and_then(|_| self.state.chats().thread(me, &chat));
        if thread.is_some_and(|thread| 0 < thread.unread) {
            // The chat is open on a device that sends to it.
            self.changes().mark_read(me, &chat, device)?;
        }
        Ok((sent_as(&message), message))
    }

    /// Delivers a message to its receivers, and schedules what they do with it.
    pub fn deliver(&mut self, sender: &Jid, sent: Stored, receivers: Vec<Jid>) {
        let (chat, key) = (sent.message.chat().clone(), sent.message.id.key.clone());
        // The sender may have changed the message since, or deleted their own copy alone.
        let stored = self.state.chats().message(sender, &chat, &key).unwrap_or_else(|| sent.into());
        for receiver in &receivers {
            self.deliver_to(sender, receiver, &stored);
            if !chat.is_channel() {
                self.receipts().record(sender, &chat, &key, Ack::Delivered, receiver);
            }
        }
        if receivers.is_empty() || chat.is_channel() {
            self.receipts().raise_message(sender, &chat, &key, Ack::Delivered);
        }
        self.schedule_reactions(sender, &chat, &key, receivers);
    }

    /// Adds a message to one receiver's account, from that account's point of view.
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
        // Senders choose keys. A key that is taken must not overwrite another message.
        if self.state.chats().message(receiver, &chat, &key).is_some() {
            return;
        }
        let name = self.state.people().get(sender).map(Person::name);
        theirs.push_name = name.filter(|_| !theirs.chat().is_channel());
        // The receiver's phone knows the quoted message under its own name for it.
        theirs.quoted = theirs.quoted.as_ref().and_then(|quoted| {
            self.state
                .chats()
                .message(receiver, &chat, &quoted.key)
                .map(|found| found.message.id.clone())
        });
        theirs.ack = Ack::Delivered;
        let (media, receipts) = (sent.media.clone(), Vec::new());
        let stored = Stored { message: theirs.clone(), media, receipts };
        self.add(receiver, stored);
        self.connections.notify(
            self.state,
            receiver,
            &EventBody::Message { message: Box::new(theirs) },
            None,
        );
    }

    /// Schedules reading and answering by each receiver's behaviour.
    fn schedule_reactions(&mut self, sender: &Jid, chat: &Jid, key: &str, receivers: Vec<Jid>) {
        let extra = self.faults.receipt_delay();
        let sender_answers = self.state.people().get(sender).is_some_and(|p| p.behaviour.answers());
        for receiver in receivers {
            let Some(behaviour) = self.state.people().get(&receiver).map(|p| p.behaviour) else {
                continue;
            };
            let answer_after = match behaviour {
                Behaviour::Echo => Some(self.settings.echo_delay),
                Behaviour::Slow => Some(self.settings.slow_delay),
                Behaviour::Reads => None,
                Behaviour::Silent | Behaviour::Manual => continue,
            };
            let their_chat = if chat.is_person() { sender.clone() } else { chat.clone() };
            let read = Task::Read { account: receiver.clone(), chat: their_chat.clone() };
            self.schedule(self.settings.read_delay + extra, read);
            // Two echoes, also in one group, would answer each other without end.
            if let Some(delay) = answer_after.filter(|_| chat.is_person() && !sender_answers) {
                let key = key.to_owned();
                self.schedule(delay, Task::Repeat { account: receiver, chat: their_chat, key });
            }
        }
    }

    /// Sends an incoming message back to its chat.
    pub fn repeat(&mut self, me: &Jid, chat: &Jid, key: &str) {
        let Some(stored) = self.state.chats().message(me, chat, key) else { return };
        let Stored { message, media, .. } = &*stored;
        let file = media.as_ref().filter(|id| self.state.files().contains(id));
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
        // A planned fault may refuse the echo.
        let _ = self.send(me, draft, None);
    }

    fn add(&mut self, account: &Jid, stored: Stored) {
        let chat = stored.message.chat();
        let name = Directory::of(self.state).chat_name(account, chat);
        self.state.change_chats().open(account, chat, &name, self.now);
        self.state.change_chats().add_message(account, stored);
    }

    fn schedule(&mut self, delay: Duration, task: Task) {
        self.scheduler.schedule_task(self.state, after(self.now, delay), task);
    }

    fn receipts(&mut self) -> Receipts<'_> {
        Receipts { state: self.state, connections: self.connections, now: self.now }
    }

    fn changes(&mut self) -> MessageChanges<'_> {
        MessageChanges { state: self.state, connections: self.connections, now: self.now }
    }
}

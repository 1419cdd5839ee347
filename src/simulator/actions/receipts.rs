//! Receipts: one for each person that a message was sent to. The message's own ack is the least of them.

use crate::{
    domain::{Ack, EventBody, Jid, Receipt, Timestamp, receipt::least},
    simulator::{
        connections::Connections,
        state::{State, Stored, directory::Directory},
    },
};

/// Records receipts, at one moment.
pub struct Receipts<'a> {
    pub state: &'a mut State,
    pub connections: &'a mut Connections,
    pub now: Timestamp,
}

impl Receipts<'_> {
    /// Records a receipt of one person for a message of another. Notifies the sender's devices of the receipt
    /// if it is new, and of the message's own ack if that rises.
    pub fn record(&mut self, sender: &Jid, chat: &Jid, key: &str, ack: Ack, from: &Jid) {
        let now = self.now;
        let Some(stored) = self.state.chats().message(sender, chat, key) else { return };
        let mut stored = Stored::clone(&stored);
        if stored.receipts.is_empty() {
            // Written before there were receipts by person.
            stored.receipts.push(Receipt::none(from.clone()));
        }
        let one = stored.receipts.iter_mut().find(|one| one.participant == *from);
        if !one.is_some_and(|one| one.raise(ack, Some(now))) {
            return;
        }
        let (own, message) = (least(&stored.receipts), stored.message.id.clone());
        self.state.change_chats().put_message(sender, stored);
        if !chat.is_person() {
            let participant = Some(from.clone());
            self.connections.notify(
                self.state,
                sender,
                &EventBody::Ack { message, ack, participant },
                None,
            );
        }
        if let Some(own) = own {
            self.raise_message(sender, chat, key, own);
        }
    }

    /// Raises the ack of a message, and notifies its sender if that is new.
    pub fn raise_message(&mut self, sender: &Jid, chat: &Jid, key: &str, ack: Ack) {
        if self.state.chats().message(sender, chat, key).is_none_or(|one| ack <= one.message.ack) {
            return;
        }
        let raised = self.state.change_chats().change_message(sender, chat, key, |message| {
            message.ack = ack;
            message.id.clone()
        });
        if let Some(message) = raised {
            self.connections.notify(
                self.state,
                sender,
                &EventBody::Ack { message, ack, participant: None },
                None,
            );
        }
    }

    /// Drops the receipts of people who left a group: the acks of messages no longer depend on them.
    pub fn drop_people(&mut self, group: &Jid, people: &[Jid]) {
        for member in Directory::of(self.state).members(group) {
            let is_theirs = |one: &Receipt| people.contains(&one.participant);
            let waits = |stored: &Stored| stored.receipts.iter().any(is_theirs);
            let waiting: Vec<Stored> =
                self.state.chats().all_messages(&member, group).filter(waits).collect();
            for mut stored in waiting.into_iter().rev() {
                stored.receipts.retain(|one| !is_theirs(one));
                let (own, key) = (least(&stored.receipts), stored.message.id.key.clone());
                self.state.change_chats().put_message(&member, stored);
                if let Some(own) = own {
                    self.raise_message(&member, group, &key, own);
                }
            }
        }
    }
}

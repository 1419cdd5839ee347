//! Receipts of the simulated network: one from each person whom a message was sent to. The message's own ack is
//! the least of them.

use crate::{
    domain::{Ack, EventBody, Jid, MessageId, Receipt, receipt::least},
    simulator::{
        protocol::{Answer, Refusal},
        thread::Stored,
        world::World,
    },
};

impl World {
    /// A receipt of one person for a message of another. The sender's devices are told of it where it is
    /// news, and of the message's own ack where that rises by it.
    pub fn receipt(&mut self, sender: &Jid, chat: &Jid, key: &str, ack: Ack, from: &Jid) {
        let now = self.now();
        let Some(stored) = self.ledger.stored(sender, chat, key) else { return };
        let mut stored = Stored::clone(&stored);
        if stored.receipts.is_empty() {
            // From before receipts were kept by person.
            stored.receipts.push(Receipt::none(from.clone()));
        }
        let one = stored.receipts.iter_mut().find(|one| one.participant == *from);
        if !one.is_some_and(|one| one.raise(ack, Some(now))) {
            return;
        }
        let (own, message) = (least(&stored.receipts), stored.message.id.clone());
        self.ledger.put_stored(sender, stored);
        if !chat.is_person() {
            let participant = Some(from.clone());
            self.tell(sender, &EventBody::Ack { message, ack, participant }, None);
        }
        if let Some(own) = own {
            self.raise_own(sender, chat, key, own);
        }
    }

    /// Raises how far a message has come as a whole, and tells its sender where that is news.
    pub fn raise_own(&mut self, sender: &Jid, chat: &Jid, key: &str, ack: Ack) {
        if self.ledger.stored(sender, chat, key).is_none_or(|one| ack <= one.message.ack) {
            return;
        }
        let raised = self.ledger.change_message(sender, chat, key, |message| {
            message.ack = ack;
            message.id.clone()
        });
        if let Some(message) = raised {
            self.tell(sender, &EventBody::Ack { message, ack, participant: None }, None);
        }
    }

    /// People left a group: they no longer hold back what the others have read.
    pub fn drop_receipts(&mut self, group: &Jid, people: &[Jid]) {
        for member in self.members(group) {
            let is_theirs = |one: &Receipt| people.contains(&one.participant);
            let waits = |stored: &Stored| stored.receipts.iter().any(is_theirs);
            let waiting: Vec<Stored> =
                self.ledger.all_stored(&member, group).filter(waits).collect();
            for mut stored in waiting.into_iter().rev() {
                stored.receipts.retain(|one| !is_theirs(one));
                let (own, key) = (least(&stored.receipts), stored.message.id.key.clone());
                self.ledger.put_stored(&member, stored);
                if let Some(own) = own {
                    self.raise_own(&member, group, &key, own);
                }
            }
        }
    }

    pub fn receipts_of(&self, me: &Jid, id: &MessageId) -> Result<Answer, Refusal> {
        Ok(Answer::Receipts { receipts: self.stored(me, id)?.receipts.clone() })
    }
}

//! Receipts by recipient: each receipt is stored and logged, and a message's own ack is the least of them.
//!
//! The recipients of a group message are noted when it is sent. A receipt may come before that, twice, or late:
//! no event says less than an earlier one. Where the recipients are unknown, the own ack follows the engine's
//! report alone. A member who leaves the group no longer holds a message back. A recipient whose two ids are
//! learned later has one receipt from then on.

mod rows;

pub use self::rows::fold_stored;
use self::rows::{Folded, own_ack, position_of};
use crate::{
    domain::{Ack, EventBody, Jid, Message, MessageId, Receipt},
    events::EventLog,
    messaging::{
        identities::number_of,
        inbound::{mirror::Mirror, mirror_records},
        stored::{MOST_RECEIPTS, MessagingTables, StoredReceipt},
    },
    store::StoreError,
};

/// Messages of a group that are checked when a member leaves it.
const CHECKED_ON_LEAVE: usize = 500;

/// The receipts of one session within a transaction.
#[derive(Clone, Copy)]
pub struct Receipts<'a> {
    mirror: Mirror<'a>,
    log: &'a EventLog,
}

impl<'a> Receipts<'a> {
    pub fn new(mirror: Mirror<'a>, log: &'a EventLog) -> Self {
        Self { mirror, log }
    }

    /// Writes the receipts in an event. Returns the events that follow after it.
    pub async fn apply(&self, body: &mut EventBody) -> Result<Vec<EventBody>, StoreError> {
        match body {
            EventBody::Ack { message, ack, participant } => {
                let participant = participant.clone();
                self.apply_ack(message, *ack, participant).await
            }
            EventBody::MessageSent { message } => {
                let reached = self.note_recipients(message).await?;
                message.ack = message.ack.max(reached.unwrap_or(message.ack));
                Ok(Vec::new())
            }
            EventBody::Message { message } => {
                message.recipients = None;
                Ok(Vec::new())
            }
            EventBody::GroupLeft { group, participants, .. } => {
                self.remove_members(group, participants).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether an ack says less than what is known. A late ack is not logged.
    pub async fn is_late(&self, body: &EventBody) -> Result<bool, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        let EventBody::Ack { message, ack, participant } = body else { return Ok(false) };
        let Some(person) = participant.as_ref().filter(|_| !message.chat.is_person()) else {
            let reached = self.reached(message).await?;
            return Ok(reached.is_some_and(|reached| says_less(*ack, reached)));
        };
        let known = store.receipts().of(session, message).await?;
        let known = fold_stored(store, session, known).await?.rows;
        let position = position_of(store, session, &known, person).await?;
        let reached = position.and_then(|at| known.get(at)).map(|one| one.receipt.ack);
        // Each step of a recipient is logged in the commit that writes it.
        Ok(reached.is_some_and(|reached| Ack::Sent < reached && *ack <= reached))
    }

    /// The own ack of a message, known even before the reply to its send.
    pub async fn reached(&self, id: &MessageId) -> Result<Option<Ack>, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        if let Some(known) = store.messages().find_by_key(session, &id.chat, &id.key).await?
            && known.ack != Ack::Failed
        {
            return Ok(Some(known.ack));
        }
        let entry = store.outbox().by_message(session, &id.key).await?;
        Ok(entry.filter(|_| id.from_me).and_then(|entry| entry.acked))
    }

    async fn apply_ack(
        &self,
        message: &MessageId,
        ack: Ack,
        participant: Option<Jid>,
    ) -> Result<Vec<EventBody>, StoreError> {
        let person = participant.or_else(|| Some(message.chat.clone()).filter(Jid::is_person));
        let recipient = match person {
            Some(person) if message.from_me && Ack::Sent < ack => person,
            _ => {
                self.raise(message, ack).await?;
                return Ok(Vec::new());
            }
        };
        if !self.is_own(message).await? {
            return Ok(Vec::new());
        }
        let mut found = Receipt::none(recipient);
        found.raise(ack, Some(self.mirror.now));
        let (own, _) = self.merge(message, vec![found]).await?;
        if !message.chat.is_group() {
            self.raise(message, ack).await?;
            return Ok(Vec::new());
        }
        self.raise_to(message, own).await
    }

    /// Whether the session sent the message, or is sending it.
    async fn is_own(&self, id: &MessageId) -> Result<bool, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        Ok(store.messages().find_by_key(session, &id.chat, &id.key).await?.is_some()
            || store.outbox().by_message(session, &id.key).await?.is_some())
    }

    /// Merges receipts into the stored ones. Returns the message's own ack, and the acks that are news.
    pub async fn merge(
        &self,
        message: &MessageId,
        found: Vec<Receipt>,
    ) -> Result<(Option<Ack>, Vec<(Jid, Ack)>), StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        let mut known = self.rows(message).await?;
        let mut news = Vec::new();
        for mut found in found {
            if message.chat.is_person() {
                found.participant = message.chat.clone();
            }
            let at = match position_of(store, session, &known, &found.participant).await? {
                Some(at) => at,
                None if known.len() < MOST_RECEIPTS => {
                    let person = number_of(store, session, &found.participant).await?;
                    let receipt = Receipt::none(person);
                    known.push(StoredReceipt { receipt, counts: false });
                    known.len() - 1
                }
                None => continue,
            };
            let Some(one) = known.get_mut(at) else { continue };
            let before = one.clone();
            let risen = one.receipt.merge(&found);
            let person = &one.receipt.participant;
            news.extend(risen.into_iter().map(|ack| (person.clone(), ack)));
            if *one != before {
                mirror_records::put_receipt(store, session, message, one).await?;
            }
        }
        Ok((self.least(message, known).await?, news))
    }

    /// The rows of a message, one for each recipient. Rows that were merged for it are written.
    async fn rows(&self, message: &MessageId) -> Result<Vec<StoredReceipt>, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        let known = store.receipts().of(session, message).await?;
        let Folded { rows, changed, gone } = fold_stored(store, session, known).await?;
        for id in &gone {
            mirror_records::remove_receipt(store, session, message, id).await?;
        }
        for at in changed {
            if let Some(one) = rows.get(at) {
                mirror_records::put_receipt(store, session, message, one).await?;
            }
        }
        Ok(rows)
    }

    /// Notes the recipients of a message. Returns the own ack by receipts that came before.
    pub async fn note_recipients(&self, message: &mut Message) -> Result<Option<Ack>, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        let Some(recipients) = message.recipients.take() else { return Ok(None) };
        if recipients.len() > MOST_RECEIPTS {
            return Ok(None);
        }
        let mut known = self.rows(&message.id).await?;
        for person in recipients {
            let at = match position_of(store, session, &known, &person).await? {
                Some(at) => at,
                None => {
                    let person = number_of(store, session, &person).await?;
                    known.push(StoredReceipt { receipt: Receipt::none(person), counts: true });
                    known.len() - 1
                }
            };
            let Some(one) = known.get_mut(at) else { continue };
            one.counts = true;
            mirror_records::put_receipt(store, session, &message.id, one).await?;
        }
        self.least(&message.id, known).await
    }

    /// Members left a group: messages that only they had not read count as read.
    async fn remove_members(
        &self,
        group: &Jid,
        people: &[Jid],
    ) -> Result<Vec<EventBody>, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        let newest = store.messages().page(session, group, None, CHECKED_ON_LEAVE).await?;
        let mut follows = Vec::new();
        for message in newest.iter().filter(|message| message.from_me()) {
            let mut known = self.rows(&message.id).await?;
            for person in people {
                let Some(at) = position_of(store, session, &known, person).await? else {
                    continue;
                };
                let Some(one) = known.get_mut(at).filter(|one| one.counts) else { continue };
                one.counts = false;
                mirror_records::put_receipt(store, session, &message.id, one).await?;
            }
            let own = self.least(&message.id, known).await?;
            follows.extend(self.raise_to(&message.id, own).await?);
        }
        Ok(follows)
    }

    /// Raises the own ack of a message, and the state of its outbox entry.
    pub async fn raise(&self, id: &MessageId, ack: Ack) -> Result<(), StoreError> {
        self.mirror.raise_outbox_entry(id, ack).await?;
        let raise = |message: &mut Message| {
            if !says_less(ack, message.ack) {
                message.ack = ack;
            }
        };
        self.mirror.change_message(id, raise).await
    }

    /// The least ack of a message's recipients. One receipt that holds it back becomes an expectation of the
    /// transaction. Without that, two transactions that raise the last two receipts would each miss the
    /// other's, and the message would never rise.
    async fn least(
        &self,
        message: &MessageId,
        mut known: Vec<StoredReceipt>,
    ) -> Result<Option<Ack>, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        for _ in 0..=MOST_RECEIPTS {
            let own = own_ack(&known);
            let mut waited_for = known.iter_mut().filter(|one| one.counts);
            let Some(last) = waited_for.rfind(|one| Some(one.receipt.ack) == own) else {
                return Ok(own);
            };
            let person = last.receipt.participant.clone();
            match store.receipts().get(session, message, &person).await? {
                Some(stored) if stored == *last => return Ok(own),
                Some(stored) => *last = stored,
                None => known = self.rows(message).await?,
            }
        }
        Ok(None)
    }

    /// Raises a group message to its own ack. Returns the event of that, if it is news.
    pub async fn raise_to(
        &self,
        id: &MessageId,
        own: Option<Ack>,
    ) -> Result<Vec<EventBody>, StoreError> {
        let Mirror { store, session, .. } = self.mirror;
        let Some(own) = own else { return Ok(Vec::new()) };
        let known = store.messages().find_by_key(session, &id.chat, &id.key).await?;
        let Some(known) = known.filter(|known| known.ack < own) else { return Ok(Vec::new()) };
        self.raise(&known.id, own).await?;
        let body = EventBody::Ack { message: known.id, ack: own, participant: None };
        let is_logged = self.log.number_of(session, &body).await?.is_some();
        Ok(if is_logged { Vec::new() } else { vec![body] })
    }
}

/// Whether an ack is lower than what was reached. A sent message no longer fails.
pub fn says_less(ack: Ack, reached: Ack) -> bool {
    match ack {
        Ack::Failed => Ack::Sent <= reached,
        _ => ack < reached,
    }
}

#[cfg(test)]
mod tests;

//! Receipts by person: each recipient's is kept and is an event, and the message's own ack is the least of them.
//!
//! Whom a message went to in a group is noted when it is sent. A receipt may come before that, twice, or late:
//! no event says less than an earlier one. Where nobody knows the recipients, the message's own ack rises by
//! what the engine says of it alone. People who leave the group no longer hold a message back. A person whose
//! two ids are learned later has one receipt from then on.

mod own;

use std::time::Duration;

use crate::{
    domain::{
        Ack, Command, Error, ErrorCode, EventBody, Identities, Jid, JidKind, Message, MessageId,
        Receipt, Reply, SessionId, SessionState, Subject, identity::named_by,
    },
    messaging::{Ingest, Messaging, identity::number_of, mirror},
    store::{MOST_RECEIPTS, Store, StoreError, StoredReceipt},
};

/// How many of the newest messages of a group are looked at when somebody leaves it.
const LOOKED_AT: usize = 500;
/// How long a reader waits for the engine, which may know more than its events said.
const PATIENCE: Duration = Duration::from_secs(5);

impl Ingest {
    /// What an event says of receipts: written, with the events that follow after
    /// the event itself. For those who hold the session's lock.
    pub(in crate::messaging) async fn receipts_in(
        &self,
        store: &Store,
        session: &SessionId,
        body: &mut EventBody,
    ) -> Result<Vec<EventBody>, StoreError> {
        match body {
            EventBody::Ack { message, ack, participant } => {
                let participant = participant.clone();
                self.ack_in(store, session, message, *ack, participant).await
            }
            EventBody::MessageSent { message } => {
                let reached = self.recipients_in(store, session, message).await?;
                message.ack = message.ack.max(reached.unwrap_or(message.ack));
                Ok(Vec::new())
            }
            EventBody::Message { message } => {
                message.recipients = None;
                Ok(Vec::new())
            }
            EventBody::GroupLeft { group, participants, .. } => {
                self.leave_in(store, session, group, participants).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether an ack says less than what is known already. It comes late, and is no event.
    pub(in crate::messaging) async fn is_late(
        &self,
        store: &Store,
        session: &SessionId,
        body: &EventBody,
    ) -> Result<bool, StoreError> {
        let EventBody::Ack { message, ack, participant } = body else { return Ok(false) };
        let Some(person) = participant.as_ref().filter(|_| !message.chat.is_person()) else {
            let reached = self.own_ack_of(store, session, message).await?;
            return Ok(reached.is_some_and(|reached| says_less(*ack, reached)));
        };
        let known = store.receipts().of(session, message).await?;
        let known = self.folded(store, session, known).await?.rows;
        let place = self.place_of(store, session, &known, person).await?;
        let reached = place.and_then(|place| known.get(place)).map(|one| one.receipt.ack);
        // Each step of a person is an event in the commit that writes it.
        Ok(reached.is_some_and(|reached| Ack::Sent < reached && *ack <= reached))
    }

    /// How far a message has come as a whole, also before it is known to be sent.
    async fn own_ack_of(
        &self,
        store: &Store,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<Ack>, StoreError> {
        if let Some(known) = store.messages().find_by_key(session, &id.chat, &id.key).await?
            && known.ack != Ack::Failed
        {
            return Ok(Some(known.ack));
        }
        let entry = store.outbox().by_message(session, &id.key).await?;
        Ok(entry.filter(|_| id.from_me).and_then(|entry| entry.acked))
    }

    async fn ack_in(
        &self,
        store: &Store,
        session: &SessionId,
        message: &MessageId,
        ack: Ack,
        participant: Option<Jid>,
    ) -> Result<Vec<EventBody>, StoreError> {
        let person = participant.or_else(|| Some(message.chat.clone()).filter(Jid::is_person));
        let by_person = match person {
            Some(person) if message.from_me && Ack::Sent < ack => person,
            _ => {
                self.raise_in(store, session, message, ack).await?;
                return Ok(Vec::new());
            }
        };
        if !self.is_own(store, session, message).await? {
            return Ok(Vec::new());
        }
        let mut found = Receipt::none(by_person);
        found.raise(ack, Some(self.clock.now()));
        let (own, _) = self.merge_in(store, session, message, vec![found]).await?;
        if !message.chat.is_group() {
            self.raise_in(store, session, message, ack).await?;
            return Ok(Vec::new());
        }
        self.own_in(store, session, message, own).await
    }

    /// Whether it is a message that the session sent, or is sending.
    async fn is_own(
        &self,
        store: &Store,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<bool, StoreError> {
        Ok(store.messages().find_by_key(session, &id.chat, &id.key).await?.is_some()
            || store.outbox().by_message(session, &id.key).await?.is_some())
    }

    /// Merges what is found into what is known; the message's own ack then, and what was news.
    async fn merge_in(
        &self,
        store: &Store,
        session: &SessionId,
        message: &MessageId,
        found: Vec<Receipt>,
    ) -> Result<(Option<Ack>, Vec<(Jid, Ack)>), StoreError> {
        let mut known = self.fold_in(store, session, message).await?;
        let mut news = Vec::new();
        for mut found in found {
            if message.chat.is_person() {
                found.participant = message.chat.clone();
            }
            let place = match self.place_of(store, session, &known, &found.participant).await? {
                Some(place) => place,
                None if known.len() < MOST_RECEIPTS => {
                    let person = number_of(store, session, &found.participant).await?;
                    let receipt = Receipt::none(person);
                    known.push(StoredReceipt { receipt, counts: false });
                    known.len() - 1
                }
                None => continue,
            };
            let Some(one) = known.get_mut(place) else { continue };
            let before = one.clone();
            let risen = one.receipt.merge(&found);
            let person = &one.receipt.participant;
            news.extend(risen.into_iter().map(|ack| (person.clone(), ack)));
            if *one != before {
                mirror::put_receipt(store, session, message, one).await?;
            }
        }
        Ok((self.own_ack_in(store, session, message, known).await?, news))
    }

    /// The receipts of a message, one for each person. Where two were of one person, that is written along.
    async fn fold_in(
        &self,
        store: &Store,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<Vec<StoredReceipt>, StoreError> {
        let stored = store.receipts();
        let known = stored.of(session, message).await?;
        let Folded { rows, changed, gone } = self.folded(store, session, known).await?;
        for id in &gone {
            mirror::remove_receipt(store, session, message, id).await?;
        }
        for place in changed {
            if let Some(one) = rows.get(place) {
                mirror::put_receipt(store, session, message, one).await?;
            }
        }
        Ok(rows)
    }

    async fn folded(
        &self,
        store: &Store,
        session: &SessionId,
        rows: Vec<StoredReceipt>,
    ) -> Result<Folded, StoreError> {
        let hidden: Vec<&Jid> = rows
            .iter()
            .map(|one| &one.receipt.participant)
            .filter(|id| id.kind() == JidKind::Lid)
            .collect();
        if hidden.is_empty() {
            return Ok(Folded { rows, ..Folded::default() });
        }
        let known = store.identities().of(session, hidden).await?;
        Ok(fold(rows, &known))
    }

    /// Where a person is among the receipts of a message, under either of their ids.
    async fn place_of(
        &self,
        store: &Store,
        session: &SessionId,
        known: &[StoredReceipt],
        person: &Jid,
    ) -> Result<Option<usize>, StoreError> {
        let at = |id: &Jid| known.iter().position(|one| one.receipt.participant == *id);
        if let Some(place) = at(person) {
            return Ok(Some(place));
        }
        let identity = store.identities().get(session, person).await?;
        Ok(identity.and_then(|one| at(one.pair.phone()).or_else(|| at(one.pair.lid()))))
    }

    /// Notes whom a message went to. The own ack that it has by receipts that came before.
    pub(in crate::messaging) async fn recipients_in(
        &self,
        store: &Store,
        session: &SessionId,
        message: &mut Message,
    ) -> Result<Option<Ack>, StoreError> {
        let Some(recipients) = message.recipients.take() else { return Ok(None) };
        if recipients.len() > MOST_RECEIPTS {
            return Ok(None);
        }
        let mut known = self.fold_in(store, session, &message.id).await?;
        for person in recipients {
            let place = match self.place_of(store, session, &known, &person).await? {
                Some(place) => place,
                None => {
                    let person = number_of(store, session, &person).await?;
                    known.push(StoredReceipt { receipt: Receipt::none(person), counts: true });
                    known.len() - 1
                }
            };
            let Some(one) = known.get_mut(place) else { continue };
            one.counts = true;
            mirror::put_receipt(store, session, &message.id, one).await?;
        }
        self.own_ack_in(store, session, &message.id, known).await
    }

    /// People left a group: what only they had not read is read now.
    async fn leave_in(
        &self,
        store: &Store,
        session: &SessionId,
        group: &Jid,
        people: &[Jid],
    ) -> Result<Vec<EventBody>, StoreError> {
        let newest = store.messages().page(session, group, None, LOOKED_AT).await?;
        let mut follows = Vec::new();
        for message in newest.iter().filter(|message| message.from_me()) {
            let mut known = self.fold_in(store, session, &message.id).await?;
            for person in people {
                let Some(place) = self.place_of(store, session, &known, person).await? else {
                    continue;
                };
                let Some(one) = known.get_mut(place).filter(|one| one.counts) else { continue };
                one.counts = false;
                mirror::put_receipt(store, session, &message.id, one).await?;
            }
            let own = self.own_ack_in(store, session, &message.id, known).await?;
            follows.extend(self.own_in(store, session, &message.id, own).await?);
        }
        Ok(follows)
    }

    /// Raises a message and its entry of the outbox.
    async fn raise_in(
        &self,
        store: &Store,
        session: &SessionId,
        id: &MessageId,
        ack: Ack,
    ) -> Result<(), StoreError> {
        self.raise_outbox(store, session, id, ack).await?;
        let raise = |message: &mut Message| {
            if !says_less(ack, message.ack) {
                message.ack = ack;
            }
        };
        self.change(store, session, id, raise).await
    }

    /// Takes the receipts of a message as the engine has them; what was no event yet becomes one.
    pub(in crate::messaging) async fn found_receipts(
        &self,
        session: &SessionId,
        message: &MessageId,
        found: Vec<Receipt>,
    ) -> Result<(), StoreError> {
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let mut work = self.store.transaction();
        let events = loop {
            let store = work.store();
            let reached = self.own_ack_of(store, session, message).await?;
            let (own, news) = self.merge_in(store, session, message, found.clone()).await?;
            let mut bodies = Vec::new();
            for (person, ack) in news {
                let participant = Some(person).filter(|_| message.chat.is_group());
                if participant.is_none() {
                    self.raise_in(store, session, message, ack).await?;
                }
                let is_late =
                    participant.is_none() && reached.is_some_and(|reached| says_less(ack, reached));
                let message = message.clone();
                let body = EventBody::Ack { message, ack, participant };
                if !is_late && self.log.number_of(session, &body).await?.is_none() {
                    bodies.push(body);
                }
            }
            bodies.extend(self.own_in(store, session, message, own).await?);
            let people: Vec<Jid> = bodies.iter().flat_map(named_by).collect();
            let known = store.identities().of(session, &people).await?;
            let batch = work.batch();
            let committed = self.log.commit(session, bodies, &known, batch).await;
            if let Some(events) = work.settled(committed).await? {
                break events;
            }
        };
        drop(held);
        match events.last() {
            Some(last) => self.log.publish(last.seq).await,
            None => Ok(()),
        }
    }
}

impl Messaging {
    /// Who got, read and played a message that the session sent: what events said, and what the engine knows
    /// beyond that while the session is ready.
    pub async fn receipts(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Vec<Receipt>, Error> {
        let handle = self.supervisor.get(session)?;
        let id = self.message_name(session, id).await?;
        let known = self.store.messages().find_by_key(session, &id.chat, &id.key).await?;
        let message = known.ok_or_else(|| {
            Error::not_found(Subject::Message, "there is no such message")
                .detail("messageId", id.to_string())
        })?;
        if !message.from_me() {
            let reason = "receipts are of messages that this session sent; this one came in";
            return Err(Error::new(ErrorCode::Conflict, reason).about(Subject::Message));
        }
        if self.is_to_oneself(session, &message).await? {
            return Ok(own_receipt(&message).into_iter().collect());
        }
        let mut found = Vec::new();
        if handle.status().state == SessionState::Ready {
            let ask = handle.execute(Command::Receipts { message: message.id.clone() });
            // An engine that fails takes away only what it would have added.
            if let Ok(Ok(Reply::Receipts(told))) = tokio::time::timeout(PATIENCE, ask).await {
                found = told;
            }
        }
        // What was learned of people since may make one of two. A full disk takes none of it.
        match self.ingest.found_receipts(session, &message.id, found).await {
            Err(error) if !error.is_of_the_disk() => return Err(error.into()),
            _ => (),
        }
        let stored = self.store.receipts().of(session, &message.id).await?;
        let stored = self.ingest.folded(&self.store, session, stored).await?;
        let mut receipts: Vec<Receipt> = stored
            .rows
            .into_iter()
            .filter(|one| one.counts || Ack::Sent < one.receipt.ack)
            .map(|one| one.receipt)
            .collect();
        if receipts.is_empty() && message.chat().is_person() {
            // From before receipts were kept by person.
            let ack = message.ack.max(Ack::Sent);
            receipts.push(Receipt { ack, ..Receipt::none(message.chat().clone()) });
        }
        Ok(receipts)
    }

    /// Whether a message went to nobody but the account itself.
    async fn is_to_oneself(
        &self,
        session: &SessionId,
        message: &Message,
    ) -> Result<bool, StoreError> {
        if !message.chat().is_person() {
            return Ok(false);
        }
        let writer = number_of(&self.store, session, &message.author).await?;
        Ok(writer == number_of(&self.store, session, message.chat()).await?)
    }
}

/// Whether an ack is lower than what was reached. What was sent fails no more.
fn says_less(ack: Ack, reached: Ack) -> bool {
    match ack {
        Ack::Failed => Ack::Sent <= reached,
        _ => ack < reached,
    }
}

/// WhatsApp shows a message to oneself as read from the moment at which it is sent.
fn own_receipt(message: &Message) -> Option<Receipt> {
    let mut receipt = Receipt::none(message.author.clone());
    receipt.raise(Ack::Read, Some(message.timestamp));
    (Ack::Sent <= message.ack).then_some(receipt)
}

/// Receipts with one row for each person.
#[derive(Debug, Default, PartialEq)]
struct Folded {
    rows: Vec<StoredReceipt>,
    /// Places of rows that are not stored like this.
    changed: Vec<usize>,
    /// People under whose ids a row is stored that is part of another now.
    gone: Vec<Jid>,
}

/// Makes one row of two that are of one person, under the number. Pure.
fn fold(stored: Vec<StoredReceipt>, known: &Identities) -> Folded {
    let mut folded = Folded::default();
    for mut row in stored {
        let id = row.receipt.participant.clone();
        let number = known.other(&id).filter(|_| id.kind() == JidKind::Lid).cloned();
        let is_renamed = number.is_some();
        if let Some(number) = number {
            row.receipt.participant = number;
            folded.gone.push(id);
        }
        let person = &row.receipt.participant;
        let place = folded.rows.iter().position(|one| one.receipt.participant == *person);
        match place.and_then(|place| Some((place, folded.rows.get_mut(place)?))) {
            Some((place, one)) => {
                one.receipt.merge(&row.receipt);
                one.counts |= row.counts;
                folded.changed.push(place);
            }
            None => {
                if is_renamed {
                    folded.changed.push(folded.rows.len());
                }
                folded.rows.push(row);
            }
        }
    }
    folded
}

#[cfg(test)]
mod tests;

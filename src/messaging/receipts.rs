//! Receipts by person: each recipient's is kept and is an event, and the message's own ack is the least of them.
//!
//! Whom a message went to in a group is noted when it is sent. A receipt may come before that, twice, or late.
//! Where nobody knows the recipients, the message's own ack rises by what the engine says of it alone. People
//! who leave the group no longer hold a message back.

use std::time::Duration;

use crate::{
    domain::{
        Ack, Command, Error, ErrorCode, EventBody, Jid, Message, MessageId, Receipt, Reply,
        SessionId, SessionState, Subject, identity::named_by, receipt::least,
    },
    messaging::{Ingest, Messaging, mirror},
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
        let stored = store.receipts();
        let mut known = stored.of(session, message).await?;
        let mut news = Vec::new();
        for mut found in found {
            if message.chat.is_person() {
                found.participant = message.chat.clone();
            }
            let place = match self.place_of(store, session, &known, &found.participant).await? {
                Some(place) => place,
                None if known.len() < MOST_RECEIPTS => {
                    let receipt = Receipt::none(found.participant.clone());
                    known.push(StoredReceipt { receipt, counts: false });
                    known.len() - 1
                }
                None => continue,
            };
            let Some(one) = known.get_mut(place) else { continue };
            let before = one.clone();
            let risen = one.receipt.merge(&found);
            news.extend(risen.into_iter().map(|ack| (found.participant.clone(), ack)));
            if *one != before {
                mirror::put_receipt(store, session, message, one).await?;
            }
        }
        Ok((own_ack(&known), news))
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
        let stored = store.receipts();
        let mut known = stored.of(session, &message.id).await?;
        for person in recipients {
            let place = match self.place_of(store, session, &known, &person).await? {
                Some(place) => place,
                None => {
                    known.push(StoredReceipt { receipt: Receipt::none(person), counts: true });
                    known.len() - 1
                }
            };
            let Some(one) = known.get_mut(place) else { continue };
            one.counts = true;
            mirror::put_receipt(store, session, &message.id, one).await?;
        }
        Ok(own_ack(&known))
    }

    /// People left a group: what only they had not read is read now.
    async fn leave_in(
        &self,
        store: &Store,
        session: &SessionId,
        group: &Jid,
        people: &[Jid],
    ) -> Result<Vec<EventBody>, StoreError> {
        let stored = store.receipts();
        let newest = store.messages().page(session, group, None, LOOKED_AT).await?;
        let mut follows = Vec::new();
        for message in newest.iter().filter(|message| message.from_me()) {
            let mut known = stored.of(session, &message.id).await?;
            for person in people {
                let Some(place) = self.place_of(store, session, &known, person).await? else {
                    continue;
                };
                let Some(one) = known.get_mut(place).filter(|one| one.counts) else { continue };
                one.counts = false;
                mirror::put_receipt(store, session, &message.id, one).await?;
            }
            follows.extend(self.own_in(store, session, &message.id, own_ack(&known)).await?);
        }
        Ok(follows)
    }

    /// Raises a message of a group to its own ack, and tells that.
    async fn own_in(
        &self,
        store: &Store,
        session: &SessionId,
        id: &MessageId,
        own: Option<Ack>,
    ) -> Result<Vec<EventBody>, StoreError> {
        let Some(own) = own else { return Ok(Vec::new()) };
        let known = store.messages().find_by_key(session, &id.chat, &id.key).await?;
        let Some(known) = known.filter(|known| known.ack < own) else { return Ok(Vec::new()) };
        self.raise_in(store, session, &known.id, own).await?;
        let body = EventBody::Ack { message: known.id, ack: own, participant: None };
        let is_told = self.log.number_of(session, &body).await?.is_some();
        Ok(if is_told { Vec::new() } else { vec![body] })
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
            if message.ack < ack || ack == Ack::Failed {
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
        let mut work = self.store.begin();
        let events = loop {
            let store = work.store();
            let (own, news) = self.merge_in(store, session, message, found.clone()).await?;
            let mut bodies = Vec::new();
            for (person, ack) in news {
                let participant = Some(person).filter(|_| message.chat.is_group());
                if participant.is_none() {
                    self.raise_in(store, session, message, ack).await?;
                }
                let message = message.clone();
                let body = EventBody::Ack { message, ack, participant };
                if self.log.number_of(session, &body).await?.is_none() {
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
        if handle.status().state == SessionState::Ready {
            let ask = handle.execute(Command::Receipts { message: message.id.clone() });
            // An engine that fails takes away only what it would have added.
            if let Ok(Ok(Reply::Receipts(found))) = tokio::time::timeout(PATIENCE, ask).await {
                self.ingest.found_receipts(session, &message.id, found).await?;
            }
        }
        let stored = self.store.receipts().of(session, &message.id).await?;
        let mut receipts: Vec<Receipt> = stored
            .into_iter()
            .filter(|one| one.counts || Ack::Sent < one.receipt.ack)
            .map(|one| one.receipt)
            .collect();
        let is_to_another = message.chat().is_person() && message.author != *message.chat();
        if receipts.is_empty() && is_to_another {
            // From before receipts were kept by person.
            let ack = message.ack.max(Ack::Sent);
            receipts.push(Receipt { ack, ..Receipt::none(message.chat().clone()) });
        }
        Ok(receipts)
    }
}

fn own_ack(known: &[StoredReceipt]) -> Option<Ack> {
    least(known.iter().filter(|one| one.counts).map(|one| &one.receipt))
}

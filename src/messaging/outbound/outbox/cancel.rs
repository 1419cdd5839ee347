//! Cancellation of waiting messages: one, or all of a session that is removed.

use uuid::Uuid;

use crate::{
    domain::{
        Error, ErrorCode, EventBody, SessionId, SessionRef,
        event::CancelReason,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::{
        outbound::outbox::{attempt, entries::Entries, parts::OutboxParts, stored},
        stored::{MessagingTables, PlaceKind},
    },
    session::not_found,
    store::StoreError,
};

/// Messages that are cancelled in one commit.
const CANCELLED_AT_ONCE: usize = 100;

/// Ends or changes entries on request.
pub struct Cancellation<'a> {
    pub parts: &'a OutboxParts,
    pub entries: &'a mut Entries,
}

impl Cancellation<'_> {
    /// Cancels a message. None if it is not waiting, or may have been sent.
    pub async fn cancel(
        &mut self,
        session: &SessionId,
        id: Uuid,
        reason: CancelReason,
    ) -> Option<Result<OutboxEntry, Error>> {
        if self.entries.in_flight.contains(&id) {
            return None;
        }
        let store = self.parts.store.clone();
        let mut entry = match store.outbox().get(session, id).await {
            Ok(entry) => self.entries.unwritten.get(&id).cloned().or(entry)?,
            Err(error) => return Some(Err(error.into())),
        };
        let place = match store.outbox_queue().place_of(&entry).await {
            Ok(place) => place?,
            Err(error) => return Some(Err(error.into())),
        };
        // A message that may have been sent cannot be cancelled.
        if !entry.state.is_waiting()
            || (self.entries.needs_lookup(&entry) && !self.is_early(&entry))
        {
            return None;
        }
        if let Err(error) = attempt::cancel(self.parts, &mut entry, reason, false, None).await {
            // The cancellation is not stored, so the message stays in its queue.
            return Some(Err(error.into()));
        }
        let uuid = entry.session_uuid;
        self.entries.remove_from(uuid, id, place);
        self.entries.wake(uuid);
        let error =
            Error::new(ErrorCode::Conflict, "the message was cancelled and will not be sent");
        self.entries.waiter_of(id).refuse(error);
        Some(Ok(entry))
    }

    /// Makes a message wait for its session, in the store too. Its caller is answered that it is queued.
    pub async fn make_queueable(
        &mut self,
        session: &SessionId,
        id: Uuid,
    ) -> Option<Box<OutboxEntry>> {
        let stored = self.parts.store.outbox().get(session, id).await.ok()?;
        if self.entries.in_flight.contains(&id) {
            self.entries.made_queueable.insert(id);
            return stored.map(Box::new);
        }
        let known = self.entries.unwritten.remove(&id).or(stored);
        let mut entry = known.filter(|entry| entry.state.is_waiting())?;
        entry.options.queue_if_offline = true;
        if !stored::write_again(&self.parts.store, &mut entry).await {
            self.entries.unwritten.insert(id, entry.clone());
        }
        if let Some(queue) = self.entries.queues.get_mut(&entry.session_uuid) {
            queue.unqueueable.remove(&id);
        }
        self.entries.waiters.remove(&id);
        Some(Box::new(entry))
    }

    /// Cancels all waiting entries of a session that is removed, with an event for each, in pages. Entries in flight
    /// are cancelled when their attempts end.
    pub async fn cancel_session(&mut self, session: &SessionRef) {
        for kind in [PlaceKind::Queue, PlaceKind::Lookup, PlaceKind::Schedule] {
            let mut after = None;
            loop {
                let queue = self.parts.store.outbox_queue();
                let page = queue.waiting(session.uuid, kind, after, CANCELLED_AT_ONCE).await;
                let (entries, last) = match page {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::error!(session = %session.id, %error, "the outbox could not be read");
                        break;
                    }
                };
                self.cancel_page(session, entries).await;
                if last.is_none() {
                    break;
                }
                after = last;
                tokio::task::yield_now().await;
            }
        }
        if let Some(queue) = self.entries.queues.get_mut(&session.uuid) {
            (queue.queued, queue.scheduled, queue.lookups) = (0, 0, 0);
            queue.unqueueable.clear();
        }
    }

    async fn cancel_page(&mut self, session: &SessionRef, mut entries: Vec<OutboxEntry>) {
        entries.retain(|entry| !self.entries.in_flight.contains(&entry.id));
        if entries.is_empty() {
            return;
        }
        let me = self.parts.supervisor.get(&session.id).ok().and_then(|handle| handle.status().me);
        let me = me.map(|me| me.id);
        let mut events = Vec::with_capacity(entries.len());
        for entry in &mut entries {
            if let Some(known) = self.entries.unwritten.remove(&entry.id) {
                *entry = known;
            }
            self.entries.waiter_of(entry.id).refuse(not_found(&session.id));
            events.push(EventBody::MessageCancelled {
                outbox: entry.id,
                message: entry.message_id(me.as_ref()),
                reason: CancelReason::SessionRemoved,
                may_be_sent: self.entries.needs_lookup(entry) && !self.is_early(entry),
            });
        }
        // A full disk refuses the events; the messages of a removed session are not sent all the same.
        let logged: Result<(), StoreError> =
            self.parts.results.cancelled(&session.id, events).await;
        if let Err(error) = logged {
            let session = &session.id;
            tracing::error!(%session, %error, "the events of cancelled messages could not be written");
        }
        stored::discard(self.parts, &entries).await;
    }

    /// Whether no engine can have received the message, since it is scheduled for later.
    fn is_early(&self, entry: &OutboxEntry) -> bool {
        let now = self.parts.clock.now();
        let is_untouched = entry.state == OutboxState::Queued && entry.attempts == 0;
        is_untouched && entry.options.send_at.is_some_and(|at| now < at)
    }
}

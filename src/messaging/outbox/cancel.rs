//! Cancels messages that wait: one, or all of a session that is removed.

use uuid::Uuid;

use crate::{
    domain::{
        Error, ErrorCode, EventBody, SessionId, SessionRef,
        event::CancelReason,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::outbox::{attempt, dispatcher::Dispatcher, stored},
    session::not_found,
    store::{PlaceKind, StoreError},
};

/// Messages that are cancelled in one commit.
const CANCELLED_AT_ONCE: usize = 100;

impl Dispatcher {
    /// Cancels a message; none when it does not wait, or may have been sent already.
    pub(in crate::messaging::outbox) async fn cancel(
        &mut self,
        session: &SessionId,
        id: Uuid,
        reason: CancelReason,
    ) -> Option<Result<OutboxEntry, Error>> {
        if self.begun.contains(&id) {
            return None;
        }
        let store = self.parts.store.clone();
        let mut entry = match store.outbox().get(session, id).await {
            Ok(entry) => self.unwritten.get(&id).cloned().or(entry)?,
            Err(error) => return Some(Err(error.into())),
        };
        let place = match store.outbox_queue().place_of(&entry).await {
            Ok(place) => place?,
            Err(error) => return Some(Err(error.into())),
        };
        // One that may have been sent already cannot be cancelled.
        if !entry.state.is_waiting() || (self.is_doubtful(&entry) && !self.is_early(&entry)) {
            return None;
        }
        if let Err(error) = attempt::cancel(&self.parts, &mut entry, reason, false, None).await {
            // What is not written down as cancelled goes its way.
            return Some(Err(error.into()));
        }
        let uuid = entry.session_uuid;
        self.left(uuid, id, place);
        self.wake(uuid);
        let error = Error::new(ErrorCode::Conflict, "the message was cancelled");
        self.waiter_of(id).refuse(error);
        Some(Ok(entry))
    }

    /// Makes a message wait for its session, on the disk too. Its caller is answered that it waits.
    pub(in crate::messaging::outbox) async fn keep(
        &mut self,
        session: &SessionId,
        id: Uuid,
    ) -> Option<Box<OutboxEntry>> {
        let stored = self.parts.store.outbox().get(session, id).await.ok()?;
        if self.begun.contains(&id) {
            self.kept.insert(id);
            return stored.map(Box::new);
        }
        let known = self.unwritten.remove(&id).or(stored);
        let mut entry = known.filter(|entry| entry.state.is_waiting())?;
        entry.terms.patient = true;
        if !stored::write_again(&self.parts.store, &mut entry).await {
            self.unwritten.insert(id, entry.clone());
        }
        if let Some(queue) = self.queues.get_mut(&entry.session_uuid) {
            queue.urgent.remove(&id);
        }
        self.waiters.remove(&id);
        Some(Box::new(entry))
    }

    /// Ends all that waits in a session that is removed, and tells so, in pages. What is under way comes
    /// here when it has ended.
    pub(in crate::messaging::outbox) async fn cancel_session(&mut self, session: &SessionRef) {
        for kind in [PlaceKind::Queue, PlaceKind::Lookup, PlaceKind::Schedule] {
            let mut after = None;
            loop {
                let queue = self.parts.store.outbox_queue();
                let page = queue.waiting(session.uuid, kind, after, CANCELLED_AT_ONCE).await;
                let (entries, last) = match page {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::error!(session = %session.id, %error, "the outbox cannot be read");
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
        if let Some(queue) = self.queues.get_mut(&session.uuid) {
            (queue.queued, queue.scheduled, queue.lookups) = (0, 0, 0);
            queue.urgent.clear();
        }
    }

    async fn cancel_page(&mut self, session: &SessionRef, mut entries: Vec<OutboxEntry>) {
        entries.retain(|entry| !self.begun.contains(&entry.id));
        if entries.is_empty() {
            return;
        }
        let me = self.parts.supervisor.get(&session.id).ok().and_then(|handle| handle.status().me);
        let me = me.map(|me| me.id);
        let mut events = Vec::with_capacity(entries.len());
        for entry in &mut entries {
            if let Some(known) = self.unwritten.remove(&entry.id) {
                *entry = known;
            }
            self.waiter_of(entry.id).refuse(not_found(&session.id));
            events.push(EventBody::MessageCancelled {
                outbox: entry.id,
                message: entry.message_id(me.as_ref()),
                reason: CancelReason::SessionRemoved,
                may_be_sent: self.is_doubtful(entry) && !self.is_early(entry),
            });
        }
        // A full disk takes no events, but messages of a session that is gone are not sent.
        let told: Result<(), StoreError> =
            self.parts.ingest.tell_cancelled(&session.id, events).await;
        if let Err(error) = told {
            let session = &session.id;
            tracing::error!(%session, %error, "the events of cancelled messages cannot be written");
        }
        stored::discard(&self.parts, &entries).await;
    }

    /// Whether no engine can have seen it, since its time has not come.
    fn is_early(&self, entry: &OutboxEntry) -> bool {
        let now = self.parts.clock.now();
        let is_untouched = entry.state == OutboxState::Queued && entry.attempts == 0;
        is_untouched && entry.terms.send_at.is_some_and(|at| now < at)
    }
}

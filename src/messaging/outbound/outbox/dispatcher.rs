//! Dispatcher: the one task that starts attempts, each in a task of its own.
//!
//! Waiting entries lie in the store. A wake-up concerns one session: a request, the end of an attempt, a change of
//! the session's status, or a timer. The dispatcher then reads the session's queue heads in order. Memory holds only
//! entries in flight or backing off, and the callers who wait.

use std::collections::HashMap;

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::{
        Error, SessionId, SessionRef, Timestamp,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::{
        outbound::outbox::{
            answered::{Answered, answer},
            attempt::{DISK_PAUSE, Ended, Readiness, fail, readiness_of},
            cancel::Cancellation,
            due::Due,
            entries::Entries,
            parts::OutboxParts,
            publications::Publications,
            queue::{Head, Next, Queue, QueueStats},
            request::{Request, Waiter},
            status_watches::StatusWatches,
            stored,
            timers::Timer,
        },
        stored::{ChatQueue, Counted, MessagingTables, Place},
    },
    session::{not_found, not_ready},
    store::{IndexKey, StoreError},
};

/// Queue heads that are read at once beside those that may be in flight: each start of an attempt reads them.
const HEADS_AT_ONCE: usize = 2;

pub struct Dispatcher {
    parts: OutboxParts,
    /// The entries that wait or are in flight.
    entries: Entries,
    /// Sessions that are removed, with the caller who waits until none of their entries is in flight.
    removing: HashMap<Uuid, oneshot::Sender<Result<(), Error>>>,
    attempts: JoinSet<Answered>,
    publications: Publications,
    watches: StatusWatches,
}

impl Dispatcher {
    /// With the counts of entries that an earlier run of the gateway left in each session.
    pub fn new(parts: OutboxParts, left: HashMap<Uuid, Counted>) -> Self {
        Self {
            entries: Entries::new(&parts, left),
            parts,
            removing: HashMap::new(),
            attempts: JoinSet::new(),
            publications: Publications::default(),
            watches: StatusWatches::default(),
        }
    }

    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>, stop: CancellationToken) {
        let mut moved = self.parts.clock.moved();
        self.due().read_schedule().await;
        loop {
            self.due().handle().await;
            while let Some(session) = self.entries.next_dirty() {
                self.start_attempts(session, None).await;
            }
            let pause = self.entries.timers.pause(self.parts.clock.moment());
            tokio::select! {
                () = stop.cancelled() => break,
                request = requests.recv() => match request {
                    Some(request) => self.requested(request).await,
                    None => break,
                },
                Some(ended) = self.attempts.join_next() => {
                    if let Ok(answered) = ended {
                        self.ended(answered).await;
                    }
                }
                Some(held) = self.publications.next() => {
                    held.into_iter().for_each(|session| self.entries.wake(session));
                }
                session = self.watches.next() => self.entries.wake(session),
                () = moved.wait() => (),
                () = tokio::time::sleep(pause) => (),
            }
        }
        // Entries in flight are looked up at the next start; their callers are answered that the gateway stops.
        self.attempts.shutdown().await;
    }

    fn cancellation(&mut self) -> Cancellation<'_> {
        Cancellation { parts: &self.parts, entries: &mut self.entries }
    }

    fn due(&mut self) -> Due<'_> {
        Due { parts: &self.parts, entries: &mut self.entries }
    }

    async fn requested(&mut self, request: Request) {
        match request {
            Request::Accept { entry, place, waiter, reservation } => {
                drop(reservation);
                self.accept(*entry, place, waiter).await;
            }
            Request::MakeQueueable { session, id, reply } => {
                let _ = reply.send(self.cancellation().make_queueable(&session, id).await);
            }
            Request::Cancel { session, id, reason, reply } => {
                let _ = reply.send(self.cancellation().cancel(&session, id, reason).await);
            }
            Request::CancelAll { session, reply } => {
                self.cancellation().cancel_session(&session).await;
                self.removing.insert(session.uuid, reply);
                self.finish_removal(session.uuid);
            }
            Request::Stats { reply } => drop(reply.send(self.stats())),
        }
    }

    async fn accept(&mut self, entry: OutboxEntry, place: Place, waiter: Waiter) {
        let handle = self.parts.supervisor.get(&entry.session);
        let is_there = handle.is_ok_and(|handle| {
            let status = handle.status();
            status.uuid == entry.session_uuid && !status.removing
        });
        if !is_there {
            // The caller is answered that the session is gone, and the entry is removed.
            let error = not_found(&entry.session);
            stored::discard(&self.parts, &[entry]).await;
            return waiter.refuse(error);
        }
        let most = self.parts.settings.most_waiting;
        let uuid = entry.session_uuid;
        let session = SessionRef { id: entry.session.clone(), uuid };
        let queue = self.entries.queues.entry(uuid).or_insert_with(|| Queue::new(session));
        if most <= queue.len() {
            return self.refuse(entry, waiter, full(most)).await;
        }
        match place {
            Place::Queue => queue.queued += 1,
            Place::Lookup => queue.lookups += 1,
            Place::Schedule(at) => {
                queue.scheduled += 1;
                self.entries.timers.schedule(at);
            }
        }
        if !entry.options.is_queueable() {
            queue.unqueueable.insert(entry.id);
        }
        match waiter {
            Waiter::Acceptance(waiter) => drop(waiter.send(Ok(()))),
            Waiter::Outcome(waiter) => drop(self.entries.waiters.insert(entry.id, waiter)),
            Waiter::Nobody => (),
        }
        if place == Place::Queue {
            self.start_attempts(uuid, Some(entry)).await;
        }
    }

    fn stats(&self) -> HashMap<SessionId, QueueStats> {
        let waiting = self.entries.queues.values().map(|queue| {
            let is_ready = self.readiness(&queue.session) == Ok(Readiness::Ready);
            (queue.session.id.clone(), queue.stats(is_ready))
        });
        waiting.filter(|(_, waiting)| waiting.total() != 0).collect()
    }

    fn readiness(&self, session: &SessionRef) -> Result<Readiness, Error> {
        let status = self.parts.supervisor.get(&session.id)?.status();
        if status.uuid == session.uuid {
            Ok(readiness_of(&status))
        } else {
            Err(not_found(&session.id))
        }
    }

    /// Starts all attempts of a session that may start now, or watches for the next change of its status. `fresh` was
    /// accepted just now.
    async fn start_attempts(&mut self, uuid: Uuid, fresh: Option<OutboxEntry>) {
        self.entries.drop_idle(uuid);
        let Some(queue) = self.entries.queues.get(&uuid) else { return };
        let session = queue.session.clone();
        // Watched before it is read, so that no change is missed between.
        let handle = self.parts.supervisor.get(&session.id);
        let handle = handle.ok().filter(|handle| handle.status().uuid == uuid);
        let Some(handle) = handle else {
            // The session was removed.
            self.cancellation().cancel_session(&session).await;
            return self.entries.drop_idle(uuid);
        };
        let mut watch = handle.watch();
        let readiness = readiness_of(&watch.borrow_and_update());
        match readiness {
            Readiness::Ready => {
                if let Err(error) = self.start_heads(uuid, fresh).await {
                    tracing::error!(%error, session = %session.id, "the outbox could not be read");
                    self.entries.wake_after(DISK_PAUSE, uuid, Timer::CheckQueue);
                }
                return;
            }
            // The callers are answered by `wait_for_outcome`, if the connection stays lost.
            Readiness::Disconnected => (),
            Readiness::Held(hold) => {
                let error = hold.error(self.parts.clock.now());
                self.drain_unqueueable(uuid, error).await;
            }
            Readiness::NotReady(state) => self.drain_unqueueable(uuid, not_ready(state)).await,
        }
        self.entries.drop_idle(uuid);
        let has_queued = self.entries.queues.get(&uuid).is_some_and(|queue| queue.queued != 0);
        if has_queued {
            self.watches.add(uuid, watch);
        }
    }

    async fn start_heads(
        &mut self,
        uuid: Uuid,
        mut fresh: Option<OutboxEntry>,
    ) -> Result<(), StoreError> {
        let pace = self.parts.settings.pace;
        let Some(queue) = self.entries.queues.get(&uuid) else { return Ok(()) };
        // Whatever else waits was looked at before.
        let priority = fresh.as_ref().map(|entry| entry.options.priority);
        if queue.queued == 0 || !queue.has_place_for(priority, pace) {
            return Ok(());
        }
        if !self.publications.admit(uuid) {
            return Ok(());
        }
        let at_once = pace.at_once + HEADS_AT_ONCE;
        let mut after: Option<IndexKey<_>> = None;
        loop {
            let alone = fresh.as_ref().filter(|_| self.entries.has_one_alone(uuid));
            let (heads, is_last) = if let Some(entry) = alone {
                (vec![head_of(entry)], true)
            } else {
                let found = self.parts.store.outbox_queue();
                let found = found.heads(uuid, after.as_ref(), at_once).await?;
                metrics::counter!("wagate_outbox_heads_read_total").increment(found.len() as u64);
                after = found.last().map(|found| found.entry.clone());
                let is_last = found.len() < at_once;
                let head =
                    |ChatQueue { head, chat, priority, .. }| Head { entry: head, chat, priority };
                let heads = found.into_iter().map(|found| head(found.record));
                // The callers of reserved entries are not known yet.
                let is_known = |head: &Head| !self.parts.reservations.holds(head.entry);
                (heads.filter(is_known).collect(), is_last)
            };
            loop {
                let Some(queue) = self.entries.queues.get(&uuid) else { return Ok(()) };
                match queue.next(&heads, self.parts.clock.moment(), pace) {
                    Next::Send(head) => {
                        let known = fresh.take_if(|entry| entry.id == head.entry);
                        self.start_attempt(uuid, head, known).await?;
                    }
                    Next::After(left) => {
                        self.entries.wake_after(left, uuid, Timer::CheckQueue);
                        return Ok(());
                    }
                    Next::Full => return Ok(()),
                    Next::None if is_last => return Ok(()),
                    Next::None => break,
                }
            }
        }
    }

    /// Starts an attempt, unless the entry is not waiting, or was scheduled for later again.
    async fn start_attempt(
        &mut self,
        uuid: Uuid,
        head: Head,
        known: Option<OutboxEntry>,
    ) -> Result<(), StoreError> {
        let now = self.parts.clock.moment();
        let Some(queue) = self.entries.queues.get_mut(&uuid) else { return Ok(()) };
        let entry = match self.entries.unwritten.remove(&head.entry).or(known) {
            Some(entry) => Some(entry),
            None => self.parts.store.outbox().get(&queue.session.id, head.entry).await?,
        };
        let Some(mut entry) = entry.filter(|entry| entry.state.is_waiting()) else {
            // Only a fault leads here, so the entry is skipped.
            tracing::error!(entry = %head.entry, "an outbox queue has an entry that is not waiting; it is skipped");
            queue.back_off(head.entry, Timestamp::MAX);
            return Ok(());
        };
        if let Some(at) = entry.options.send_at.filter(|at| now.wall < *at && entry.attempts == 0)
            && entry.state == OutboxState::Queued
        {
            // The wall clock was set back.
            stored::move_to(&self.parts.store, &mut entry, Place::Schedule(at)).await?;
            queue.queued = queue.queued.saturating_sub(1);
            queue.scheduled += 1;
            self.entries.timers.schedule(at);
            return Ok(());
        }
        queue.started(&entry, now);
        let needs_lookup = self.entries.needs_lookup(&entry);
        let waiter = self.entries.waiters.remove(&entry.id);
        self.entries.in_flight.insert(entry.id);
        self.attempts.spawn(answer(self.parts.clone(), Box::new(entry), needs_lookup, waiter));
        Ok(())
    }

    /// Refuses the entries that must not wait for the session. One that may have been sent waits all the same.
    async fn drain_unqueueable(&mut self, uuid: Uuid, error: Error) {
        let Some(queue) = self.entries.queues.get_mut(&uuid) else { return };
        let session = queue.session.id.clone();
        for id in std::mem::take(&mut queue.unqueueable) {
            let known = self.entries.unwritten.remove(&id);
            let entry = match known {
                Some(entry) => Ok(Some(entry)),
                None => self.parts.store.outbox().get(&session, id).await,
            };
            let Ok(Some(entry)) = entry else { continue };
            if !entry.state.is_waiting() || self.entries.needs_lookup(&entry) {
                continue;
            }
            self.entries.remove_from(uuid, id, Place::Queue);
            let waiter = self.entries.waiter_of(id);
            self.refuse(entry, waiter, error.clone()).await;
        }
    }

    async fn refuse(&self, mut entry: OutboxEntry, waiter: Waiter, error: Error) {
        if let Err(fault) = fail(&self.parts, &mut entry, &error).await {
            tracing::error!(error = %fault, "an outbox entry could not be written");
        }
        waiter.refuse(error);
    }

    async fn ended(&mut self, Answered { ended, waiter, patience }: Answered) {
        let Ended { mut entry, pause, mut is_written, unpublished, .. } = ended;
        let uuid = entry.session_uuid;
        if let Some(sent) = unpublished {
            self.publications.begin(self.parts.results.clone(), sent, patience);
        }
        if self.entries.made_queueable.remove(&entry.id) && entry.state.is_waiting() {
            entry.options.queue_if_offline = true;
            is_written &= stored::write_again(&self.parts.store, &mut entry).await;
        }
        self.entries.in_flight.remove(&entry.id);
        self.entries.wake(uuid);
        self.entries.waiters.extend(waiter.map(|waiter| (entry.id, waiter)));
        let Some(queue) = self.entries.queues.get_mut(&uuid) else { return };
        queue.ended(entry.chat());
        if !entry.state.is_waiting() {
            return self.finish_removal(uuid);
        }
        let id = entry.id;
        let timer = if entry.state == OutboxState::Unknown && is_written {
            queue.lookups += 1;
            Timer::Lookup(id)
        } else {
            queue.queued += 1;
            if !pause.is_zero() {
                queue.back_off(id, self.parts.clock.steady() + pause);
            }
            if !entry.options.is_queueable() && entry.state == OutboxState::Queued {
                queue.unqueueable.insert(id);
            }
            Timer::BackoffOver(id)
        };
        if self.removing.contains_key(&uuid) {
            let session = queue.session.clone();
            self.cancellation().cancel_session(&session).await;
            return self.finish_removal(uuid);
        }
        if !is_written {
            self.entries.unwritten.insert(id, entry);
        }
        self.entries.wake_after(pause, uuid, timer);
    }

    /// Answers the caller who removes a session, once none of its entries is in flight.
    fn finish_removal(&mut self, uuid: Uuid) {
        if !self.entries.queues.get(&uuid).is_some_and(Queue::has_in_flight)
            && let Some(reply) = self.removing.remove(&uuid)
        {
            let _ = reply.send(Ok(()));
        }
    }
}

fn head_of(entry: &OutboxEntry) -> Head {
    Head { entry: entry.id, chat: entry.chat().clone(), priority: entry.options.priority }
}

fn full(most: usize) -> Error {
    let message = format!("{most} messages wait in this session already");
    Error::new(crate::domain::ErrorCode::Unavailable, message)
}

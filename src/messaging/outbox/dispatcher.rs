//! The dispatcher: the one task that starts attempts, each in a task of its own.
//!
//! What waits lies in the store. A wake-up concerns one session, whose heads are read from the index in
//! their order: by a request, by the end of an attempt, by a change of the session's status, or by a time.
//! In memory is what is under way or rests after an attempt, and the callers who wait.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    panic::AssertUnwindSafe,
};

use futures_util::FutureExt;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::{
        Error, SessionId, SessionRef, Timestamp,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::outbox::{
        OutboxParts,
        attempt::{DISK_PAUSE, Ended, Standing, attempt, fail, standing_of},
        queue::{Head, Next, Queue, Waiting},
        request::{Request, Waiter},
        stored,
        timers::Timer,
        waiter::{FOR_THE_NEXT, OutcomeWaiter},
    },
    session::{not_found, not_ready},
    store::{Counted, IndexKey, Place, StoreError},
};

/// Heads that are read at once beside those that may be under way.
const HEADS_AT_ONCE: usize = 8;

pub struct Dispatcher {
    pub(in crate::messaging::outbox) parts: OutboxParts,
    /// By the UUID of the session: those with something waiting or under way.
    pub(in crate::messaging::outbox) queues: HashMap<Uuid, Queue>,
    /// Sessions that are being removed, and who waits until nothing of them is under way.
    pub(in crate::messaging::outbox) leaving:
        HashMap<Uuid, tokio::sync::oneshot::Sender<Result<(), Error>>>,
    /// Callers who wait for an outcome.
    pub(in crate::messaging::outbox) waiters: HashMap<Uuid, OutcomeWaiter>,
    /// Entries under way that are kept, though their callers did not ask for it.
    pub(in crate::messaging::outbox) kept: HashSet<Uuid>,
    /// The entries under way.
    pub(in crate::messaging::outbox) begun: HashSet<Uuid>,
    /// Entries whose state the disk did not take: in memory it is right.
    pub(in crate::messaging::outbox) unwritten: HashMap<Uuid, OutboxEntry>,
    /// Each brings back the caller that it could not answer yet.
    under_way: JoinSet<(Ended, Option<OutcomeWaiter>)>,
    /// Sessions whose next change of status ends one of these tasks.
    changes: JoinSet<Uuid>,
    watched: HashSet<Uuid>,
    /// In steady time, with the UUID of the session.
    pub(in crate::messaging::outbox) timers: BTreeSet<(Timestamp, Uuid, Timer)>,
    /// When the first message that is for later is due; none when nothing is, or the store could not say.
    pub(in crate::messaging::outbox) next_due: Option<Timestamp>,
    /// Sessions to look at.
    pub(in crate::messaging::outbox) dirty: BTreeSet<Uuid>,
}

impl Dispatcher {
    /// With how much an earlier run of the gateway left in each session.
    pub fn new(parts: OutboxParts, left: HashMap<Uuid, Counted>) -> Self {
        let queue = |(uuid, counted): (Uuid, Counted)| {
            let mut queue = Queue::new(SessionRef { id: counted.session, uuid });
            queue.queued = usize::try_from(counted.queued).unwrap_or(usize::MAX);
            queue.scheduled = usize::try_from(counted.scheduled).unwrap_or(usize::MAX);
            (uuid, queue)
        };
        Self {
            dirty: left.keys().copied().collect(),
            queues: left.into_iter().map(queue).collect(),
            parts,
            leaving: HashMap::new(),
            waiters: HashMap::new(),
            kept: HashSet::new(),
            begun: HashSet::new(),
            unwritten: HashMap::new(),
            under_way: JoinSet::new(),
            changes: JoinSet::new(),
            watched: HashSet::new(),
            timers: BTreeSet::new(),
            next_due: None,
        }
    }

    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>, stop: CancellationToken) {
        let mut moved = self.parts.clock.moved();
        self.find_next_due().await;
        loop {
            self.fire().await;
            while let Some(session) = self.dirty.pop_first() {
                self.look(session, None).await;
            }
            let pause = self.pause();
            tokio::select! {
                () = stop.cancelled() => break,
                request = requests.recv() => match request {
                    Some(request) => self.requested(request).await,
                    None => break,
                },
                Some(ended) = self.under_way.join_next() => {
                    if let Ok((ended, waiter)) = ended {
                        self.ended(ended, waiter).await;
                    }
                }
                Some(changed) = self.changes.join_next() => {
                    if let Ok(session) = changed {
                        self.watched.remove(&session);
                        self.dirty.insert(session);
                    }
                }
                () = moved.wait() => (),
                () = tokio::time::sleep(pause) => (),
            }
        }
        // What is under way is looked up at the next start; its callers hear that the gateway stops.
        self.under_way.shutdown().await;
    }

    async fn requested(&mut self, request: Request) {
        match request {
            Request::Take { entry, place, waiter, reservation } => {
                drop(reservation);
                self.take(*entry, place, waiter).await;
            }
            Request::Keep { session, id, reply } => {
                let _ = reply.send(self.keep(&session, id).await);
            }
            Request::Cancel { session, id, reason, reply } => {
                let _ = reply.send(self.cancel(&session, id, reason).await);
            }
            Request::CancelAll { session, reply } => {
                self.cancel_session(&session).await;
                self.leaving.insert(session.uuid, reply);
                self.let_leave(session.uuid);
            }
            Request::Stats { reply } => drop(reply.send(self.stats())),
        }
    }

    async fn take(&mut self, entry: OutboxEntry, place: Place, waiter: Waiter) {
        let handle = self.parts.supervisor.get(&entry.session);
        let is_there = handle.is_ok_and(|handle| {
            let status = handle.status();
            status.uuid == entry.session_uuid && !status.removing
        });
        if !is_there {
            // Its caller hears so, and nothing of it stays.
            let error = not_found(&entry.session);
            stored::discard(&self.parts, &[entry]).await;
            return waiter.refuse(error);
        }
        let most = self.parts.settings.most_waiting;
        let uuid = entry.session_uuid;
        let session = SessionRef { id: entry.session.clone(), uuid };
        let queue = self.queues.entry(uuid).or_insert_with(|| Queue::new(session));
        if most <= queue.len() {
            return self.refuse(entry, waiter, full(most)).await;
        }
        match place {
            Place::Queue => queue.queued += 1,
            Place::Lookup => queue.lookups += 1,
            Place::Schedule(at) => {
                queue.scheduled += 1;
                self.next_due = Some(self.next_due.map_or(at, |next| next.min(at)));
            }
        }
        if !entry.terms.waits() {
            queue.urgent.insert(entry.id);
        }
        match waiter {
            Waiter::Acceptance(waiter) => drop(waiter.send(Ok(()))),
            Waiter::Outcome(waiter) => drop(self.waiters.insert(entry.id, waiter)),
            Waiter::Nobody => (),
        }
        if place == Place::Queue {
            self.look(uuid, Some(entry)).await;
        }
    }

    pub(in crate::messaging::outbox) fn stats(&self) -> HashMap<SessionId, Waiting> {
        let waiting = self.queues.values().map(|queue| {
            let is_ready = self.standing(&queue.session) == Ok(Standing::Sends);
            (queue.session.id.clone(), queue.waiting(is_ready))
        });
        waiting.filter(|(_, waiting)| waiting.total() != 0).collect()
    }

    fn standing(&self, session: &SessionRef) -> Result<Standing, Error> {
        let status = self.parts.supervisor.get(&session.id)?.status();
        if status.uuid == session.uuid {
            Ok(standing_of(&status))
        } else {
            Err(not_found(&session.id))
        }
    }

    /// Starts every attempt of a session that may begin now, or sees that it is looked at again when its
    /// status changes. `fresh` has just been accepted.
    async fn look(&mut self, uuid: Uuid, fresh: Option<OutboxEntry>) {
        self.drop_idle(uuid);
        let Some(queue) = self.queues.get(&uuid) else { return };
        let session = queue.session.clone();
        // Watched before it is judged, so that no change falls between.
        let handle = self.parts.supervisor.get(&session.id);
        let handle = handle.ok().filter(|handle| handle.status().uuid == uuid);
        let Some(handle) = handle else {
            // It is gone for good.
            self.cancel_session(&session).await;
            return self.drop_idle(uuid);
        };
        let mut watch = handle.watch();
        let standing = standing_of(&watch.borrow_and_update());
        match standing {
            Standing::Sends => {
                if let Err(error) = self.begin_all(uuid, fresh).await {
                    tracing::error!(%error, session = %session.id, "the outbox cannot be read");
                    self.wake_after(DISK_PAUSE, uuid, Timer::Look);
                }
                return;
            }
            // Their callers are answered elsewhere, if it lasts.
            Standing::Disconnected => (),
            Standing::Held(hold) => {
                let error = hold.error(self.parts.clock.now());
                self.answer_urgent(uuid, error).await;
            }
            Standing::NotReady(state) => self.answer_urgent(uuid, not_ready(state)).await,
        }
        self.drop_idle(uuid);
        let has_queued = self.queues.get(&uuid).is_some_and(|queue| queue.queued != 0);
        if has_queued && self.watched.insert(uuid) {
            self.changes.spawn(async move {
                // An error says that the session has ended, which is a change as well.
                let _ = watch.changed().await;
                uuid
            });
        }
    }

    async fn begin_all(
        &mut self,
        uuid: Uuid,
        mut fresh: Option<OutboxEntry>,
    ) -> Result<(), StoreError> {
        let pace = self.parts.settings.pace;
        let Some(queue) = self.queues.get(&uuid) else { return Ok(()) };
        if queue.queued == 0 {
            return Ok(());
        }
        let at_once = pace.at_once + HEADS_AT_ONCE;
        let mut after: Option<IndexKey<_>> = None;
        loop {
            let alone = fresh.as_ref().filter(|_| self.has_one_alone(uuid));
            let (heads, is_last) = if let Some(entry) = alone {
                (vec![Head { entry: entry.id, chat: entry.chat().clone() }], true)
            } else {
                let found = self.parts.store.outbox_queue();
                let found = found.heads(uuid, after.as_ref(), at_once).await?;
                metrics::counter!("wagate_outbox_heads_read_total").increment(found.len() as u64);
                after = found.last().map(|found| found.entry.clone());
                let is_last = found.len() < at_once;
                let head =
                    |chat: crate::store::ChatQueue| Head { entry: chat.head, chat: chat.chat };
                let heads = found.into_iter().map(|found| head(found.record));
                // Of those that are reserved the caller is not known yet.
                let is_known = |head: &Head| !self.parts.reservations.holds(head.entry);
                (heads.filter(is_known).collect(), is_last)
            };
            loop {
                let Some(queue) = self.queues.get(&uuid) else { return Ok(()) };
                match queue.next(&heads, self.parts.clock.moment(), pace) {
                    Next::Send(head) => {
                        let known = fresh.take_if(|entry| entry.id == head.entry);
                        self.begin(uuid, head, known).await?;
                    }
                    Next::After(left) => {
                        self.wake_after(left, uuid, Timer::Look);
                        return Ok(());
                    }
                    Next::Full => return Ok(()),
                    Next::None if is_last => return Ok(()),
                    Next::None => break,
                }
            }
        }
    }

    fn has_one_alone(&self, uuid: Uuid) -> bool {
        self.queues.get(&uuid).is_some_and(Queue::has_one_alone)
    }

    /// Starts an attempt, unless the entry is not what the index says.
    async fn begin(
        &mut self,
        uuid: Uuid,
        head: Head,
        known: Option<OutboxEntry>,
    ) -> Result<(), StoreError> {
        let now = self.parts.clock.moment();
        let Some(queue) = self.queues.get_mut(&uuid) else { return Ok(()) };
        let entry = match self.unwritten.remove(&head.entry).or(known) {
            Some(entry) => Some(entry),
            None => self.parts.store.outbox().get(&queue.session.id, head.entry).await?,
        };
        let Some(entry) = entry.filter(|entry| entry.state.is_waiting()) else {
            // Nothing leads here but a fault: it is passed over.
            tracing::error!(entry = %head.entry, "an entry in a queue of the outbox does not wait");
            queue.rest(head.entry, Timestamp::MAX);
            return Ok(());
        };
        if let Some(at) = entry.terms.send_at.filter(|at| now.wall < *at && entry.attempts == 0)
            && entry.state == OutboxState::Queued
        {
            // The wall clock was set back.
            stored::move_to(&self.parts.store, &entry, Place::Schedule(at)).await?;
            queue.queued = queue.queued.saturating_sub(1);
            queue.scheduled += 1;
            self.next_due = Some(self.next_due.map_or(at, |next| next.min(at)));
            return Ok(());
        }
        queue.begun(&entry, now);
        let is_doubtful = self.is_doubtful(&entry);
        let waiter = self.waiters.remove(&entry.id);
        self.begun.insert(entry.id);
        self.under_way.spawn(answer(self.parts.clone(), Box::new(entry), is_doubtful, waiter));
        Ok(())
    }

    /// Whether an earlier attempt may have sent it.
    pub(in crate::messaging::outbox) fn is_doubtful(&self, entry: &OutboxEntry) -> bool {
        entry.run != self.parts.run || entry.state != OutboxState::Queued
    }

    /// Answers those who do not want to wait for the session. What may have been sent already waits all the
    /// same.
    async fn answer_urgent(&mut self, uuid: Uuid, error: Error) {
        let Some(queue) = self.queues.get_mut(&uuid) else { return };
        let session = queue.session.id.clone();
        for id in std::mem::take(&mut queue.urgent) {
            let known = self.unwritten.remove(&id);
            let entry = match known {
                Some(entry) => Ok(Some(entry)),
                None => self.parts.store.outbox().get(&session, id).await,
            };
            let Ok(Some(entry)) = entry else { continue };
            if !entry.state.is_waiting() || self.is_doubtful(&entry) {
                continue;
            }
            self.left(uuid, id, Place::Queue);
            let waiter = self.waiter_of(id);
            self.refuse(entry, waiter, error.clone()).await;
        }
    }

    fn drop_idle(&mut self, uuid: Uuid) {
        if self.queues.get(&uuid).is_some_and(Queue::is_idle) {
            self.queues.remove(&uuid);
        }
    }

    /// An entry waits no longer in its place.
    pub(in crate::messaging::outbox) fn left(&mut self, uuid: Uuid, id: Uuid, place: Place) {
        self.unwritten.remove(&id);
        let Some(queue) = self.queues.get_mut(&uuid) else { return };
        let count = match place {
            Place::Queue => &mut queue.queued,
            Place::Schedule(_) => &mut queue.scheduled,
            Place::Lookup => &mut queue.lookups,
        };
        *count = count.saturating_sub(1);
        queue.urgent.remove(&id);
        queue.rested(id);
    }

    async fn refuse(&self, mut entry: OutboxEntry, waiter: Waiter, error: Error) {
        if let Err(fault) = fail(&self.parts, &mut entry, &error).await {
            tracing::error!(error = %fault, "an entry of the outbox cannot be written");
        }
        waiter.refuse(error);
    }

    pub(in crate::messaging::outbox) fn waiter_of(&mut self, id: Uuid) -> Waiter {
        self.waiters.remove(&id).map_or(Waiter::Nobody, Waiter::Outcome)
    }

    async fn ended(&mut self, ended: Ended, waiter: Option<OutcomeWaiter>) {
        let Ended { mut entry, pause, mut is_written, .. } = ended;
        let uuid = entry.session_uuid;
        if self.kept.remove(&entry.id) && entry.state.is_waiting() {
            entry.terms.patient = true;
            is_written &= stored::write_again(&self.parts.store, &mut entry).await;
        }
        self.begun.remove(&entry.id);
        self.dirty.insert(uuid);
        self.waiters.extend(waiter.map(|waiter| (entry.id, waiter)));
        let Some(queue) = self.queues.get_mut(&uuid) else { return };
        queue.ended(entry.chat());
        if !entry.state.is_waiting() {
            return self.let_leave(uuid);
        }
        let id = entry.id;
        let timer = if entry.state == OutboxState::Unknown && is_written {
            queue.lookups += 1;
            Timer::Lookup(id)
        } else {
            queue.queued += 1;
            if !pause.is_zero() {
                queue.rest(id, self.parts.clock.steady() + pause);
            }
            if !entry.terms.waits() && entry.state == OutboxState::Queued {
                queue.urgent.insert(id);
            }
            Timer::Rested(id)
        };
        if self.leaving.contains_key(&uuid) {
            let session = queue.session.clone();
            self.cancel_session(&session).await;
            return self.let_leave(uuid);
        }
        if !is_written {
            self.unwritten.insert(id, entry);
        }
        self.wake_after(pause, uuid, timer);
    }

    /// Answers who removes a session, once nothing of it is under way.
    pub(in crate::messaging::outbox) fn let_leave(&mut self, uuid: Uuid) {
        if !self.queues.get(&uuid).is_some_and(Queue::is_under_way)
            && let Some(reply) = self.leaving.remove(&uuid)
        {
            let _ = reply.send(Ok(()));
        }
    }

    /// Sees that a session is looked at.
    pub(in crate::messaging::outbox) fn wake(&mut self, uuid: Uuid) {
        self.dirty.insert(uuid);
    }
}

/// One attempt, whose caller is answered at once when the matter is decided: WhatsApp has the message,
/// and that it was to be sent is on the disk, so that its outcome is found again if the power fails before
/// that is there too.
async fn answer(
    parts: OutboxParts,
    entry: Box<OutboxEntry>,
    is_doubtful: bool,
    mut waiter: Option<OutcomeWaiter>,
) -> (Ended, Option<OutcomeWaiter>) {
    let patience = waiter.as_ref().map_or(FOR_THE_NEXT, OutcomeWaiter::patience);
    let attempted = AssertUnwindSafe(attempt(&parts, (*entry).clone(), is_doubtful));
    let attempted = attempted.catch_unwind().await;
    let mut ended = attempted.unwrap_or_else(|_| Ended::cut_off(*entry));
    if let Some(outcome) = ended.outcome.take()
        && let Some(waiter) = waiter.take()
    {
        // The caller may have gone.
        waiter.send(outcome);
    }
    if let Some(unsettled) = ended.unsettled.take()
        && let Err(error) = parts.ingest.settle(unsettled, patience).await
    {
        tracing::error!(%error, "that a message was sent is not on the disk yet");
    }
    (ended, waiter)
}

fn full(most: usize) -> Error {
    let message = format!("{most} messages wait in this session already");
    Error::new(crate::domain::ErrorCode::Unavailable, message)
}

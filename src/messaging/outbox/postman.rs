//! The one task that owns the lanes of all sessions: it waits for one cause at a time, and starts
//! attempts in tasks of their own.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::{
        Content, Error, ErrorCode, EventBody, SessionId, SessionRef,
        command::Sent,
        event::CancelReason,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::outbox::{
        OutboxParts,
        attempt::{Ended, Standing, attempt, cancel, fail, standing},
        lane::{Lane, Next, Waiting},
    },
    session::{not_found, not_ready},
    store::Batch,
};

type OutcomeWaiter = oneshot::Sender<Result<Sent, Error>>;

/// Whom to tell of an entry.
pub enum Waiter {
    /// Wants to know whether it was taken, and no more.
    Acceptance(oneshot::Sender<Result<(), Error>>),
    Outcome(OutcomeWaiter),
}

impl Waiter {
    /// The caller may have gone.
    fn refuse(self, error: Error) {
        match self {
            Self::Acceptance(waiter) => drop(waiter.send(Err(error))),
            Self::Outcome(waiter) => drop(waiter.send(Err(error))),
        }
    }
}

/// Entries of an earlier run that are taken up at most.
const MOST_LEFT: usize = 1_000_000;
/// Messages that are cancelled in one commit.
const CANCELLED_AT_ONCE: usize = 100;
/// A session is ready a moment after its event says so.
const READY_LOOK: Duration = Duration::from_millis(500);
/// A wall clock that was set is noticed after it.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What the postman is asked.
pub enum Order {
    Take {
        entry: Box<OutboxEntry>,
        waiter: Waiter,
    },
    /// Answered with nothing when the message is not waiting.
    Cancel {
        session: SessionId,
        id: Uuid,
        reason: CancelReason,
        reply: oneshot::Sender<Option<Result<OutboxEntry, Error>>>,
    },
    /// Keeps a message until its session sends again, though its caller did not ask for that. Answered with
    /// nothing when it has ended.
    Keep {
        session: SessionId,
        id: Uuid,
        reply: oneshot::Sender<Option<Box<OutboxEntry>>>,
    },
    /// Cancels all that waits in a session that is being removed.
    CancelAll {
        session: SessionRef,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// How much waits in each session that has anything waiting.
    Survey {
        reply: oneshot::Sender<HashMap<SessionId, Waiting>>,
    },
}

pub struct Postman {
    parts: OutboxParts,
    lanes: HashMap<SessionId, Lane>,
    /// Sessions that are being removed, and who waits until nothing of them is under way.
    leaving: HashMap<SessionId, oneshot::Sender<Result<(), Error>>>,
    /// Callers who wait for an outcome.
    waiters: HashMap<Uuid, OutcomeWaiter>,
    /// Entries that an earlier attempt may have sent.
    doubtful: HashSet<Uuid>,
    /// Entries under way that are kept, though their callers did not ask for it.
    kept: HashSet<Uuid>,
    /// The entries under way, which is never many.
    begun: HashSet<Uuid>,
    /// Each brings back the caller that it could not answer yet.
    under_way: JoinSet<(Ended, Option<OutcomeWaiter>)>,
    /// When a lane must be looked at again.
    soonest: Option<Duration>,
    /// Whether something waits for its session.
    is_blocked: bool,
}

impl Postman {
    pub fn new(parts: OutboxParts) -> Self {
        Self {
            parts,
            lanes: HashMap::new(),
            leaving: HashMap::new(),
            waiters: HashMap::new(),
            doubtful: HashSet::new(),
            kept: HashSet::new(),
            begun: HashSet::new(),
            under_way: JoinSet::new(),
            soonest: None,
            is_blocked: false,
        }
    }

    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>, stop: CancellationToken) {
        self.take_up().await;
        // Any event may have made a session ready; which one does not matter.
        let mut changes = self.parts.events.wake();
        loop {
            self.send_what_is_due().await;
            let pause = self.pause();
            tokio::select! {
                () = stop.cancelled() => break,
                order = orders.recv() => match order {
                    Some(order) => self.ordered(order).await,
                    None => break,
                },
                Some(ended) = self.under_way.join_next() => {
                    if let Ok((ended, waiter)) = ended {
                        self.ended(ended, waiter).await;
                    }
                }
                changed = changes.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(pause) => (),
            }
        }
        // What is under way is looked up at the next start; its callers hear that the gateway stops.
        self.under_way.shutdown().await;
    }

    /// What an earlier run of the gateway left.
    async fn take_up(&mut self) {
        let left = match self.parts.store.outbox().waiting(MOST_LEFT).await {
            Ok(left) => left,
            Err(error) => return tracing::error!(%error, "the outbox cannot be read"),
        };
        let mut lost: HashMap<SessionId, Vec<OutboxEntry>> = HashMap::new();
        for entry in left {
            if self.is_of_its_session(&entry) {
                self.doubtful.insert(entry.id);
                self.lane(&entry.session.clone()).add(entry);
            } else {
                lost.entry(entry.session.clone()).or_default().push(entry);
            }
        }
        for (session, entries) in lost {
            self.cancel(&session, entries).await;
        }
    }

    /// Whether the session that an entry was accepted for is there, and not a later one of its name.
    fn is_of_its_session(&self, entry: &OutboxEntry) -> bool {
        let handle = self.parts.supervisor.get(&entry.session);
        handle.is_ok_and(|handle| handle.status().uuid == entry.session_uuid)
    }

    async fn ordered(&mut self, order: Order) {
        match order {
            Order::Take { entry, waiter } => {
                let handle = self.parts.supervisor.get(&entry.session);
                let is_there = handle.is_ok_and(|handle| {
                    let status = handle.status();
                    status.uuid == entry.session_uuid && !status.removing
                });
                if !is_there {
                    // Its caller hears so, and nothing of it stays.
                    let error = not_found(&entry.session);
                    discard(&self.parts, vec![*entry]).await;
                    waiter.refuse(error);
                    return;
                }
                let most = self.parts.settings.most_waiting;
                if most <= self.lane(&entry.session).len() {
                    self.refuse(*entry, Some(waiter), full(most)).await;
                    return;
                }
                match waiter {
                    Waiter::Acceptance(waiter) => drop(waiter.send(Ok(()))),
                    Waiter::Outcome(waiter) => drop(self.waiters.insert(entry.id, waiter)),
                }
                self.lane(&entry.session.clone()).add(*entry);
            }
            Order::Keep { session, id, reply } => {
                let _ = reply.send(self.keep(&session, id).await);
            }
            Order::Cancel { session, id, reason, reply } => {
                let cancelled = match self.lane(&session).cancel(id) {
                    // One that may have been sent already cannot be taken back.
                    Some(entry) if self.doubtful.contains(&id) => {
                        self.lane(&session).add(entry);
                        None
                    }
                    Some(mut entry) => {
                        let closed = cancel(&self.parts, &mut entry, reason, false, None).await;
                        if closed.is_err() {
                            // What is not written down as cancelled goes its way.
                            self.lane(&session).add(entry.clone());
                        }
                        if closed.is_ok()
                            && let Some(waiter) = self.waiter_of(id)
                        {
                            let message = "the message was cancelled";
                            waiter.refuse(Error::new(ErrorCode::Conflict, message));
                        }
                        Some(closed.map(|()| entry).map_err(Error::from))
                    }
                    None => None,
                };
                let _ = reply.send(cancelled);
            }
            Order::CancelAll { session, reply } => {
                let waiting = self.lane(&session.id).take_all();
                self.cancel(&session.id, waiting).await;
                self.leaving.insert(session.id.clone(), reply);
                self.let_leave(&session.id);
            }
            Order::Survey { reply } => drop(reply.send(self.survey())),
        }
    }

    /// Makes a message wait for its session, on the disk too. Its caller is answered that it waits.
    async fn keep(&mut self, session: &SessionId, id: Uuid) -> Option<Box<OutboxEntry>> {
        if self.begun.contains(&id) {
            self.kept.insert(id);
            let entry = self.parts.store.outbox().get(session, id).await.ok()??;
            return Some(Box::new(entry));
        }
        let mut entry = self.lane(session).cancel(id)?;
        entry.terms.patient = true;
        self.lane(session).add(entry.clone());
        self.write_again(&entry).await;
        self.waiters.remove(&id);
        Some(Box::new(entry))
    }

    /// Writes an entry that waits on other terms than it was accepted on.
    async fn write_again(&self, entry: &OutboxEntry) {
        let mut batch = Batch::new();
        let written = match self.parts.store.outbox().add_in(&mut batch, entry) {
            Ok(()) => self.parts.store.commit(batch).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::error!(%error, "that a message waits for its session cannot be written");
        }
    }

    fn survey(&self) -> HashMap<SessionId, Waiting> {
        let now = self.parts.clock.now();
        let waiting = self.lanes.iter().map(|(session, lane)| {
            let is_ready = standing(&self.parts, session) == Ok(Standing::Sends);
            (session.clone(), lane.waiting(is_ready, now))
        });
        waiting.filter(|(_, waiting)| waiting.total() != 0).collect()
    }

    /// Starts every attempt that may begin now, and notes when the next one may.
    async fn send_what_is_due(&mut self) {
        (self.soonest, self.is_blocked) = (None, false);
        let sessions: Vec<SessionId> = self.lanes.keys().cloned().collect();
        for session in sessions {
            match standing(&self.parts, &session) {
                Ok(Standing::Sends) => {
                    self.begin(&session);
                    continue;
                }
                // Their callers are answered elsewhere, if it lasts.
                Ok(Standing::Disconnected) => (),
                Ok(Standing::Held(hold)) => {
                    let error = hold.error(self.parts.clock.now());
                    self.answer_impatient(&session, error).await;
                }
                Ok(Standing::NotReady(state)) => {
                    self.answer_impatient(&session, not_ready(state)).await;
                }
                Err(_) => self.fail_all(&session).await,
            }
            self.is_blocked |= self.lane(&session).len() != 0;
        }
        self.lanes.retain(|_, lane| !lane.is_idle());
    }

    fn begin(&mut self, session: &SessionId) {
        loop {
            let (now, pace) = (self.parts.clock.moment(), self.parts.settings.pace);
            match self.lane(session).next(now, pace) {
                Next::Send(entry) => {
                    let is_doubtful = self.doubtful.remove(&entry.id);
                    let waiter = self.waiters.remove(&entry.id);
                    self.begun.insert(entry.id);
                    let parts = self.parts.clone();
                    self.under_way.spawn(answer(parts, entry, is_doubtful, waiter));
                }
                Next::After(left) => {
                    self.soonest = Some(self.soonest.map_or(left, |soonest| soonest.min(left)));
                    return;
                }
                Next::Nothing => return,
            }
        }
    }

    /// Answers those who do not want to wait for the session. What may have been sent already waits all the
    /// same.
    async fn answer_impatient(&mut self, session: &SessionId, error: Error) {
        for entry in self.lane(session).take_impatient() {
            if self.doubtful.contains(&entry.id) {
                self.lane(session).add(entry);
                continue;
            }
            let waiter = self.waiter_of(entry.id);
            self.refuse(entry, waiter, error.clone()).await;
        }
    }

    /// The session is gone for good.
    async fn fail_all(&mut self, session: &SessionId) {
        let waiting = self.lane(session).take_all();
        self.cancel(session, waiting).await;
    }

    /// Ends what will not be sent since its session is removed, and tells so.
    async fn cancel(&mut self, session: &SessionId, entries: Vec<OutboxEntry>) {
        if entries.is_empty() {
            return;
        }
        for entry in &entries {
            if let Some(waiter) = self.waiter_of(entry.id) {
                waiter.refuse(not_found(session));
            }
        }
        let now = self.parts.clock.now();
        let is_early = |entry: &OutboxEntry| entry.terms.send_at.is_some_and(|at| now < at);
        let may_be_sent: HashSet<Uuid> = entries
            .iter()
            .filter(|entry| self.doubtful.remove(&entry.id) && !is_early(entry))
            .map(|entry| entry.id)
            .collect();
        let me = self.parts.supervisor.get(session).ok().and_then(|handle| handle.status().me);
        let me = me.map(|me| me.id);
        for page in entries.chunks(CANCELLED_AT_ONCE) {
            let events = page.iter().map(|entry| EventBody::MessageCancelled {
                outbox: entry.id,
                message: entry.message_id(me.as_ref()),
                reason: CancelReason::SessionRemoved,
                may_be_sent: may_be_sent.contains(&entry.id),
            });
            // A full disk takes no events, but messages of a session that is gone are not sent.
            if let Err(error) = self.parts.ingest.tell_cancelled(session, events.collect()).await {
                tracing::error!(%session, %error, "the events of cancelled messages cannot be written");
            }
            tokio::task::yield_now().await;
        }
        discard(&self.parts, entries).await;
    }

    /// Answers who removes a session, once nothing of it is under way.
    fn let_leave(&mut self, session: &SessionId) {
        if self.lanes.get(session).is_none_or(Lane::is_idle)
            && let Some(reply) = self.leaving.remove(session)
        {
            let _ = reply.send(Ok(()));
        }
    }

    async fn refuse(&self, mut entry: OutboxEntry, waiter: Option<Waiter>, error: Error) {
        if let Err(fault) = fail(&self.parts, &mut entry, &error).await {
            tracing::error!(error = %fault, "an entry of the outbox cannot be written");
        }
        if let Some(waiter) = waiter {
            waiter.refuse(error);
        }
    }

    fn waiter_of(&mut self, id: Uuid) -> Option<Waiter> {
        self.waiters.remove(&id).map(Waiter::Outcome)
    }

    async fn ended(&mut self, ended: Ended, waiter: Option<OutcomeWaiter>) {
        let Ended { mut entry, pause, .. } = ended;
        let session = entry.session.clone();
        if self.kept.remove(&entry.id) && entry.state.is_waiting() {
            entry.terms.patient = true;
            self.write_again(&entry).await;
        }
        self.begun.remove(&entry.id);
        self.lane(&session).ended(entry.chat());
        self.waiters.extend(waiter.map(|waiter| (entry.id, waiter)));
        if entry.state.is_waiting() {
            if entry.state == OutboxState::Unknown {
                self.doubtful.insert(entry.id);
            }
            if self.leaving.contains_key(&session) {
                self.cancel(&session, vec![entry]).await;
                return self.let_leave(&session);
            }
            let again = self.parts.clock.steady() + pause;
            self.lane(&session).add_again(entry, again);
        }
        self.let_leave(&session);
    }

    fn lane(&mut self, session: &SessionId) -> &mut Lane {
        self.lanes.entry(session.clone()).or_default()
    }

    fn pause(&self) -> Duration {
        let longest = if self.is_blocked { READY_LOOK } else { LONGEST_PAUSE };
        self.soonest.map_or(longest, |soonest| soonest.min(longest))
    }
}

/// Forgets entries, and drops their files.
async fn discard(parts: &OutboxParts, entries: Vec<OutboxEntry>) {
    for page in entries.chunks(CANCELLED_AT_ONCE) {
        let mut batch = Batch::new();
        page.iter().for_each(|entry| parts.store.outbox().remove_in(&mut batch, entry));
        if let Err(error) = parts.store.commit(batch).await {
            tracing::error!(%error, "messages that are not sent are still in the outbox");
        }
        for entry in page {
            if let Content::Media(media) = &entry.outgoing.content {
                let _ = tokio::fs::remove_file(&media.path).await;
            }
        }
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
    let attempted = AssertUnwindSafe(attempt(&parts, (*entry).clone(), is_doubtful));
    let attempted = attempted.catch_unwind().await;
    let mut ended = attempted.unwrap_or_else(|_| Ended::cut_off(*entry));
    if let Some(outcome) = ended.outcome.take()
        && let Some(waiter) = waiter.take()
    {
        // The caller may have gone.
        let _ = waiter.send(outcome);
    }
    if let Some(unsettled) = ended.unsettled.take()
        && let Err(error) = parts.ingest.settle(unsettled).await
    {
        tracing::error!(%error, "that a message was sent is not on the disk yet");
    }
    (ended, waiter)
}

fn full(most: usize) -> Error {
    let message = format!("{most} messages wait in this session already");
    Error::new(ErrorCode::Unavailable, message)
}

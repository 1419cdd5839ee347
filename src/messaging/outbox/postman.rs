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
        Error, ErrorCode, SessionId,
        command::Sent,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::outbox::{
        OutboxParts,
        attempt::{Ended, attempt, close, is_ready},
        lane::{Lane, Next, Waiting},
    },
    session::{not_found, not_ready},
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
        reply: oneshot::Sender<Option<Result<OutboxEntry, Error>>>,
    },
    /// How much waits in each session that has anything waiting.
    Survey {
        reply: oneshot::Sender<HashMap<SessionId, Waiting>>,
    },
}

pub struct Postman {
    parts: OutboxParts,
    lanes: HashMap<SessionId, Lane>,
    /// Callers who wait for an outcome.
    waiters: HashMap<Uuid, OutcomeWaiter>,
    /// Entries that an earlier attempt may have sent.
    doubtful: HashSet<Uuid>,
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
            waiters: HashMap::new(),
            doubtful: HashSet::new(),
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
                        self.ended(ended, waiter);
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
        match self.parts.store.outbox().waiting(MOST_LEFT).await {
            Ok(left) => {
                for entry in left {
                    self.doubtful.insert(entry.id);
                    self.lane(&entry.session.clone()).add(entry);
                }
            }
            Err(error) => tracing::error!(%error, "the outbox cannot be read"),
        }
    }

    async fn ordered(&mut self, order: Order) {
        match order {
            Order::Take { entry, waiter } => {
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
            Order::Cancel { session, id, reply } => {
                let cancelled = match self.lane(&session).cancel(id) {
                    // One that may have been sent already cannot be taken back.
                    Some(entry) if self.doubtful.contains(&id) => {
                        self.lane(&session).add(entry);
                        None
                    }
                    Some(mut entry) => {
                        let state = OutboxState::Cancelled;
                        let closed = close(&self.parts, &mut entry, state, None).await;
                        if let Some(waiter) = self.waiter_of(id) {
                            let message = "the message was cancelled";
                            waiter.refuse(Error::new(ErrorCode::Conflict, message));
                        }
                        Some(closed.map(|()| entry).map_err(Error::from))
                    }
                    None => None,
                };
                let _ = reply.send(cancelled);
            }
            Order::Survey { reply } => drop(reply.send(self.survey())),
        }
    }

    fn survey(&self) -> HashMap<SessionId, Waiting> {
        let now = self.parts.clock.now();
        let waiting = self.lanes.iter().map(|(session, lane)| {
            let is_ready = is_ready(&self.parts, session).unwrap_or(false);
            (session.clone(), lane.waiting(is_ready, now))
        });
        waiting.filter(|(_, waiting)| waiting.total() != 0).collect()
    }

    /// Starts every attempt that may begin now, and notes when the next one may.
    async fn send_what_is_due(&mut self) {
        (self.soonest, self.is_blocked) = (None, false);
        let sessions: Vec<SessionId> = self.lanes.keys().cloned().collect();
        for session in sessions {
            match is_ready(&self.parts, &session) {
                Ok(true) => self.begin(&session),
                Ok(false) => {
                    self.answer_impatient(&session).await;
                    self.is_blocked |= self.lane(&session).len() != 0;
                }
                Err(_) => self.fail_all(&session).await,
            }
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

    /// Whoever does not want to wait for the session hears that it is not ready. What may have been
    /// sent already waits all the same.
    async fn answer_impatient(&mut self, session: &SessionId) {
        for entry in self.lane(session).take_impatient() {
            if self.doubtful.contains(&entry.id) {
                self.lane(session).add(entry);
                continue;
            }
            let state = self.parts.supervisor.get(session).map(|handle| handle.status().state);
            let error = state.map_or_else(|error| error, not_ready);
            let waiter = self.waiter_of(entry.id);
            self.refuse(entry, waiter, error).await;
        }
    }

    /// The session is gone for good.
    async fn fail_all(&mut self, session: &SessionId) {
        for entry in self.lane(session).take_all() {
            let waiter = self.waiter_of(entry.id);
            self.doubtful.remove(&entry.id);
            self.refuse(entry, waiter, not_found(session)).await;
        }
    }

    async fn refuse(&self, mut entry: OutboxEntry, waiter: Option<Waiter>, error: Error) {
        let reason = Some(error.message.clone());
        if let Err(fault) = close(&self.parts, &mut entry, OutboxState::Failed, reason).await {
            tracing::error!(error = %fault, "an entry of the outbox cannot be written");
        }
        if let Some(waiter) = waiter {
            waiter.refuse(error);
        }
    }

    fn waiter_of(&mut self, id: Uuid) -> Option<Waiter> {
        self.waiters.remove(&id).map(Waiter::Outcome)
    }

    fn ended(&mut self, ended: Ended, waiter: Option<OutcomeWaiter>) {
        let Ended { entry, pause, .. } = ended;
        self.lane(&entry.session).ended(entry.chat());
        self.waiters.extend(waiter.map(|waiter| (entry.id, waiter)));
        if entry.state.is_waiting() {
            if entry.state == OutboxState::Unknown {
                self.doubtful.insert(entry.id);
            }
            let again = self.parts.clock.steady() + pause;
            self.lane(&entry.session.clone()).add_again(entry, again);
        }
    }

    fn lane(&mut self, session: &SessionId) -> &mut Lane {
        self.lanes.entry(session.clone()).or_default()
    }

    fn pause(&self) -> Duration {
        let longest = if self.is_blocked { READY_LOOK } else { LONGEST_PAUSE };
        self.soonest.map_or(longest, |soonest| soonest.min(longest))
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

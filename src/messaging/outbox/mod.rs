//! The outbox: every send is written down before an engine sees it, and its outcome after.
//!
//! ```text
//!              accepted            picked               WhatsApp has it       receipts
//!   (caller) ──────────▶ queued ──────────▶ sending ──────────────────▶ sent ─────────▶ delivered …
//!                          │  ▲               │   │
//!                 cancelled┘  │ not found,    │   └─ refused ─▶ failed
//!                             │ and patient   ▼
//!                             └──────────── unknown ── found ─▶ sent
//!                                             └─ not found, and not patient ─▶ failed
//! ```
//!
//! The message's key is chosen before the send. When an engine goes away in the middle, or the gateway
//! does, the message is looked up by it: the outcome is never guessed. What waits lies in the store, in
//! queues (`store/outbox_queue`); which message goes next is decided in `queue`; the one task that starts
//! sends is in `dispatcher`; what becomes of one message is in `attempt`.

mod attempt;
mod cancel;
mod dispatcher;
mod hand_over;
mod queue;
mod request;
mod stored;
mod timers;
mod waiter;

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use self::{
    dispatcher::Dispatcher,
    hand_over::{HandOver, Reservation},
    request::{Request, Waiter},
    waiter::OutcomeWaiter,
};
pub use self::{
    hand_over::Reservations,
    queue::{Pace, Waiting},
};
use crate::{
    breakpoint::Breakpoint,
    domain::{
        Clock, Content, Error, ErrorCode, Outgoing, SessionId, SessionRef, Subject, Timestamp,
        command::Sent,
        event::CancelReason,
        failure::HoldTimes,
        outbox::{OutboxEntry, OutboxState, Terms},
    },
    events::{EventLog, Work},
    jobs::{Handler, Job, Then},
    messaging::Ingest,
    session::{LINE_GRACE, Supervisor, not_found},
    store::{Place, Store, StoreError},
};

/// Requests that may lie before the dispatcher.
const REQUESTS: usize = 256;
/// How long a caller is kept waiting for a send before being told that it is queued.
const PATIENCE: Duration = Duration::from_secs(60);
const FILE_PATIENCE: Duration = Duration::from_secs(330);
const STATS_PATIENCE: Duration = Duration::from_secs(1);
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// Entries that get their place in one commit.
const TAKEN_OVER_AT_ONCE: usize = 100;
/// Entries of one session that are looked at in one round.
const PRUNED_AT_ONCE: usize = 10_000;
/// How long a caller who asks for the same message again waits for its outcome: longer than until
/// it is looked up. And how often it is looked.
const FIND_PATIENCE: Duration = Duration::from_secs(25);
const FIND_LOOK: Duration = Duration::from_millis(50);

/// What an outbox needs.
#[derive(Clone)]
pub struct OutboxParts {
    pub store: Store,
    pub supervisor: Supervisor,
    pub ingest: std::sync::Arc<Ingest>,
    pub events: EventLog,
    pub clock: Clock,
    pub settings: OutboxSettings,
    /// This run of the gateway.
    pub run: Uuid,
    /// Entries that are on their way to the dispatcher.
    pub reservations: Reservations,
}

#[derive(Clone, Copy, Debug)]
pub struct OutboxSettings {
    pub pace: Pace,
    /// Messages that may wait in one session.
    pub most_waiting: usize,
    /// How long an entry is kept after it is done with.
    pub retention: Duration,
    pub holds: HoldTimes,
}

/// What became of a send by the time that its caller is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Posted {
    Sent(Sent),
    /// It is written down and will be sent.
    Queued(Box<OutboxEntry>),
}

type Outcome = oneshot::Receiver<Result<Sent, Error>>;

/// What a caller waited for.
enum Settled {
    Outcome(Result<Result<Sent, Error>, oneshot::error::RecvError>),
    /// It waits for the session's connection.
    Kept(Box<OutboxEntry>),
}

/// The handle of the outbox. Clones are the same outbox.
#[derive(Clone)]
pub struct Outbox {
    parts: OutboxParts,
    requests: mpsc::Sender<Request>,
}

impl Outbox {
    /// Starts the task that sends, with what an earlier run of the gateway left.
    pub async fn start(
        parts: OutboxParts,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        take_over(&parts).await?;
        let left = parts.store.outbox_queue().count().await?;
        let (requests, receiver) = mpsc::channel(REQUESTS);
        tasks.spawn(Dispatcher::new(parts.clone(), left).run(receiver, stop));
        Ok(Self { parts, requests })
    }

    /// Writes a send down and sees it sent, or queued if its terms say so. One
    /// that will be asked for again by its key is on the disk before the engine begins: not found,
    /// it was not sent.
    pub async fn post(
        &self,
        session: &SessionId,
        outgoing: Outgoing,
        terms: Terms,
        is_keyed: bool,
    ) -> Result<Posted, Error> {
        let deadline = match outgoing.content {
            Content::Media(_) => FILE_PATIENCE,
            _ => PATIENCE,
        };
        let entry = self.entry(session, outgoing, terms)?;
        let reservation = self.parts.reservations.reserve(entry.id);
        let mut work = self.parts.store.transaction();
        let place = loop {
            let place = self.enqueue_in(work.store(), &entry).await?;
            if work.commit().await? {
                break place;
            }
        };
        let accepted = HandOver::new(self.requests.clone(), entry.clone(), place, reservation);
        Breakpoint::OutboxCommitted.pass();
        if terms.waits() || is_keyed {
            self.parts.store.durable().await?;
            Breakpoint::OutboxDurable.pass();
        }
        if terms.waits() {
            let (waiter, taken) = oneshot::channel();
            accepted.to(Waiter::Acceptance(waiter)).await.map_err(|()| stopping())?;
            taken.await.unwrap_or_else(|_| Err(stopping()))?;
            return Ok(Posted::Queued(Box::new(entry)));
        }
        // Who waits for the outcome has been promised nothing yet: the record goes to the disk while
        // the engine begins, and both are there before the answer. Were the gateway killed in that
        // millisecond, the message would be found by what the session missed.
        let (waiter, outcome) = oneshot::channel();
        let waiter = Waiter::Outcome(OutcomeWaiter::new(waiter, is_keyed));
        accepted.to(waiter).await.map_err(|()| stopping())?;
        let outcome = tokio::time::timeout(deadline, self.settled(&entry, outcome));
        let durable = async {
            // What is keyed is there already; what others committed since is not for it to wait for.
            if is_keyed { Ok(()) } else { self.parts.store.durable().await }
        };
        let (written, outcome) = tokio::join!(durable, outcome);
        written?;
        match outcome {
            Ok(Settled::Outcome(Ok(outcome))) => {
                outcome.map(Posted::Sent).map_err(|error| with_ids(error, &entry))
            }
            Ok(Settled::Outcome(Err(_))) => Err(stopping()),
            Ok(Settled::Kept(entry)) => Ok(Posted::Queued(entry)),
            Err(_) => Err(self.take_back(&entry).await),
        }
    }

    /// An entry for a message that is to be sent: nothing is written yet.
    pub fn entry(
        &self,
        session: &SessionId,
        outgoing: Outgoing,
        terms: Terms,
    ) -> Result<OutboxEntry, Error> {
        self.parts.store.admit()?;
        let status = self.parts.supervisor.get(session)?.status();
        if status.removing {
            return Err(not_found(session));
        }
        let now = self.parts.clock.now();
        Ok(OutboxEntry {
            id: Uuid::now_v7(),
            session: session.clone(),
            session_uuid: status.uuid,
            run: self.parts.run,
            account: status.me.map(|me| me.id),
            outgoing,
            terms,
            state: OutboxState::Queued,
            queued_at: now,
            changed_at: now,
            attempts: 0,
            sent: None,
            acked: None,
            reason: None,
            failure: None,
        })
    }

    /// Writes an entry in a transaction, with whatever else belongs to the same commit. After the commit,
    /// [`Self::enqueued`] wakes the dispatcher.
    pub async fn enqueue_in(
        &self,
        store: &Store,
        entry: &OutboxEntry,
    ) -> Result<Place, StoreError> {
        store.outbox_queue().accept(entry, self.parts.clock.now()).await
    }

    /// Keeps the dispatcher from an entry that is about to be committed.
    pub fn reserve(&self, entry: &OutboxEntry) -> Reservation {
        self.parts.reservations.reserve(entry.id)
    }

    /// An entry was committed for which nobody waits, and which was reserved before. Were the gateway killed
    /// before this, the next run finds the entry.
    pub async fn enqueued(
        &self,
        entry: OutboxEntry,
        place: Place,
        reservation: Reservation,
    ) -> Result<(), Error> {
        let accepted = HandOver::new(self.requests.clone(), entry, place, reservation);
        accepted.to(Waiter::Nobody).await.map_err(|()| stopping())
    }

    /// Waits for an outcome; without a connection to WhatsApp only for a moment: then the message waits for
    /// it, and its caller does not.
    async fn settled(&self, entry: &OutboxEntry, mut outcome: Outcome) -> Settled {
        tokio::select! {
            outcome = &mut outcome => return Settled::Outcome(outcome),
            () = self.parts.supervisor.lost_connection(&entry.session, LINE_GRACE) => (),
        }
        let (reply, kept) = oneshot::channel();
        let (session, id) = (entry.session.clone(), entry.id);
        if self.ask(Request::Keep { session, id, reply }).await.is_err() {
            return Settled::Outcome(outcome.await);
        }
        match kept.await {
            Ok(Some(entry)) => Settled::Kept(entry),
            // It has just ended.
            _ => Settled::Outcome(outcome.await),
        }
    }

    /// Its caller waits no longer: what has not begun is not to be sent behind their back.
    async fn take_back(&self, entry: &OutboxEntry) -> Error {
        match self.cancel_because(&entry.session, entry.id, CancelReason::Expired).await {
            Ok(_) => {
                let message = "others went first for too long; the message was not sent";
                Error::new(ErrorCode::Unavailable, message)
            }
            Err(_) => Error::new(ErrorCode::Timeout, "the message is still under way")
                .detail("outcome", "unknown")
                .detail("outboxId", entry.id.to_string()),
        }
    }

    /// What became of an earlier send of the message with this key. None when there was none or it
    /// has failed for certain: then it may be posted. One whose outcome is being looked up is
    /// waited for, if its caller did not want it queued.
    pub async fn find(&self, session: &SessionId, key: &str) -> Result<Option<Posted>, Error> {
        let deadline = Instant::now() + FIND_PATIENCE;
        loop {
            let entry = self.parts.store.outbox().by_message(session, key).await?;
            let Some(entry) = entry.filter(|entry| entry.state != OutboxState::Failed) else {
                return Ok(None);
            };
            if entry.state == OutboxState::Cancelled {
                return Err(Error::new(ErrorCode::Conflict, "the message was cancelled"));
            }
            if let Some(sent) = entry.sent {
                return Ok(Some(Posted::Sent(sent)));
            }
            if entry.terms.waits() || deadline <= Instant::now() {
                return Ok(Some(Posted::Queued(Box::new(entry))));
            }
            tokio::time::sleep(FIND_LOOK).await;
        }
    }

    pub async fn get(&self, session: &SessionId, id: Uuid) -> Result<OutboxEntry, Error> {
        self.parts.store.outbox().get(session, id).await?.ok_or_else(no_such_entry)
    }

    /// The newest entry of a message, by its key.
    pub async fn of_message(
        &self,
        session: &SessionId,
        key: &str,
    ) -> Result<Option<OutboxEntry>, Error> {
        Ok(self.parts.store.outbox().by_message(session, key).await?)
    }

    /// The newest entries before the one given, newest first.
    pub async fn page(
        &self,
        session: &SessionId,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, Error> {
        Ok(self.parts.store.outbox().page(session, before, limit).await?)
    }

    /// Takes back a message that no engine has seen yet.
    pub async fn cancel(&self, session: &SessionId, id: Uuid) -> Result<OutboxEntry, Error> {
        self.cancel_because(session, id, CancelReason::TakenBack).await
    }

    async fn cancel_because(
        &self,
        session: &SessionId,
        id: Uuid,
        reason: CancelReason,
    ) -> Result<OutboxEntry, Error> {
        let entry = self.get(session, id).await?;
        let (reply, outcome) = oneshot::channel();
        self.ask(Request::Cancel { session: session.clone(), id, reason, reply }).await?;
        match outcome.await {
            Ok(Some(cancelled)) => cancelled,
            Ok(None) => {
                let entry = self.get(session, entry.id).await?;
                let message = "the message is not waiting any more";
                let state = serde_json::to_value(entry.state).unwrap_or_default();
                Err(Error::new(ErrorCode::Conflict, message).detail("state", state))
            }
            Err(_) => Err(stopping()),
        }
    }

    /// Cancels all that waits in a session that is being removed, with an event for each message. Returns when
    /// nothing of it is under way any more: its engine is closed.
    pub async fn cancel_all(&self, session: &SessionRef) -> Result<(), Error> {
        let (reply, done) = oneshot::channel();
        self.ask(Request::CancelAll { session: session.clone(), reply }).await?;
        done.await.map_err(|_| stopping())?
    }

    /// How much waits in each session that has anything waiting.
    pub async fn waiting(&self) -> Result<HashMap<SessionId, Waiting>, Error> {
        let asked = async {
            let (reply, answer) = oneshot::channel();
            self.ask(Request::Stats { reply }).await?;
            answer.await.map_err(|_| stopping())
        };
        // Whoever only wants to look does not wait until a slow disk is through.
        tokio::time::timeout(STATS_PATIENCE, asked).await.map_err(|_| {
            Error::new(ErrorCode::Timeout, "the outbox is too busy to say what waits")
        })?
    }

    async fn ask(&self, request: Request) -> Result<(), Error> {
        self.requests.send(request).await.map_err(|_| stopping())
    }
}

/// Gives a place to what an older version or an earlier run left without one.
async fn take_over(parts: &OutboxParts) -> Result<(), StoreError> {
    let mut work = parts.store.transaction();
    loop {
        let (now, queue) = (parts.clock.now(), work.store().outbox_queue());
        let found = queue.take_over(now, TAKEN_OVER_AT_ONCE).await?;
        if work.commit().await? && found == 0 {
            return Ok(());
        }
    }
}

/// Drops what is done with and past its retention, round after round.
#[async_trait]
impl Handler for Outbox {
    async fn run(&self, _: &Job, _: &mut Work<'_>) -> Result<Then, Error> {
        let Self { parts, .. } = self;
        let before = parts.clock.now() - parts.settings.retention;
        for session in parts.supervisor.list() {
            if let Err(error) = prune(&parts.store, &session.id, before).await {
                tracing::warn!(%error, "old entries of the outbox could not be dropped");
            }
        }
        Ok(Then::After(PRUNE_INTERVAL))
    }
}

/// Drops ended entries of one session. One that a receipt changes meanwhile is looked at again.
async fn prune(store: &Store, session: &SessionId, before: Timestamp) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        work.store().outbox().prune(session, before, PRUNED_AT_ONCE).await?;
        if work.commit().await? {
            return Ok(());
        }
    }
}

fn stopping() -> Error {
    Error::new(ErrorCode::Unavailable, "the gateway is stopping; the message stays in the outbox")
}

/// The same error with the ids of the message that it is about, so that this can be found again.
fn with_ids(mut error: Error, entry: &OutboxEntry) -> Error {
    let message = entry.message_id(entry.account.as_ref()).to_string();
    let (id, uuid) = (entry.id.to_string(), entry.message_uuid().to_string());
    for (name, id) in [("outboxId", id), ("messageId", message), ("uuid", uuid)] {
        error.details.entry(name).or_insert_with(|| id.into());
    }
    error
}

fn no_such_entry() -> Error {
    Error::not_found(Subject::Message, "there is no such message in the outbox")
}

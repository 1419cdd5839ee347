//! Outbox: every send is stored before an engine receives it, and its outcome after.
//!
//! ```text
//!              accepted            picked               WhatsApp has it       receipts
//!   (caller) ──────────▶ queued ──────────▶ sending ──────────────────▶ sent ─────────▶ delivered …
//!                          │  ▲               │   │
//!                 cancelled┘  │ not found,    │   └─ refused ─▶ failed
//!                             │ queueable     ▼
//!                             └──────────── unknown ── found ─▶ sent
//!                                             └─ not found, not queueable ─▶ failed
//! ```
//!
//! The message's key is chosen before the send. After a kill of the engine or the gateway the message is looked up
//! by its key: the outcome is never guessed. Waiting entries lie in the store, in queues (`messaging/stored/outbox_queue`).
//! `queue` decides which message goes next, `dispatcher` starts attempts, and `attempt` carries one out.

mod along;
mod answered;
mod attempt;
mod cancel;
mod dispatcher;
mod due;
mod entries;
mod hand_over;
mod parts;
mod publications;
mod queue;
mod request;
mod reservations;
mod status_watches;
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

pub use self::{
    along::Along,
    attempt::{Readiness, readiness_of},
    parts::{OutboxParts, OutboxSettings},
    queue::{Pace, QueueStats},
    reservations::{Reservation, Reservations},
};
use self::{
    dispatcher::Dispatcher,
    hand_over::HandOver,
    request::{Request, Waiter},
    waiter::OutcomeWaiter,
};
use crate::{
    breakpoint::Breakpoint,
    domain::{
        Content, Error, ErrorCode, Outgoing, SessionId, SessionRef, Subject, Timestamp,
        command::Sent,
        event::CancelReason,
        outbox::{OutboxEntry, OutboxState, SendOptions},
    },
    events::Work,
    jobs::{Handler, Job, Then},
    messaging::stored::{MessagingTables, Place},
    session::{CONNECTION_GRACE, not_found},
    store::{Store, StoreError},
};

/// Capacity of the dispatcher's channel.
const REQUESTS: usize = 256;
/// How long a caller waits for the outcome of a send.
const PATIENCE: Duration = Duration::from_secs(60);
const FILE_PATIENCE: Duration = Duration::from_secs(330);
const STATS_PATIENCE: Duration = Duration::from_secs(1);
/// Entries that are queued in one commit at the start.
const PLACED_AT_ONCE: usize = 100;
/// Entries that are read in one transaction when old ones are pruned.
const PRUNED_AT_ONCE: usize = 200;
/// How long a caller who repeats a send waits for the outcome of the first: longer than the pause before a look-up.
/// And the pause between two reads of the entry.
const FIND_PATIENCE: Duration = Duration::from_secs(25);
const FIND_LOOK: Duration = Duration::from_millis(50);

/// The outcome of a send when its caller is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum SendOutcome {
    Sent(Sent),
    /// The message is stored and will be sent.
    Queued(Box<OutboxEntry>),
}

type Outcome = oneshot::Receiver<Result<Sent, Error>>;

/// The end of a caller's wait.
enum WaitEnd {
    Outcome(Result<Result<Sent, Error>, oneshot::error::RecvError>),
    /// The message waits for the session's connection.
    Queued(Box<OutboxEntry>),
}

/// The handle of the outbox. Clones are the same outbox.
#[derive(Clone)]
pub struct Outbox {
    parts: OutboxParts,
    requests: mpsc::Sender<Request>,
}

impl Outbox {
    /// The pause between two rounds of retention.
    pub const EVERY: Duration = Duration::from_secs(600);

    /// Starts the dispatcher with the entries that an earlier run of the gateway left.
    pub async fn start(
        parts: OutboxParts,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        queue_unplaced(&parts).await?;
        let left = parts.store.outbox_queue().count().await?;
        let (requests, receiver) = mpsc::channel(REQUESTS);
        tasks.spawn(Dispatcher::new(parts.clone(), left).run(receiver, stop));
        Ok(Self { parts, requests })
    }

    /// Stores a message and waits until it is sent, or queued if its options say so. A keyed message is durable
    /// before the engine starts: if its entry is not found later, it was not sent.
    pub async fn post(
        &self,
        session: &SessionId,
        outgoing: Outgoing,
        options: SendOptions,
        is_keyed: bool,
        along: Option<&dyn Along>,
    ) -> Result<SendOutcome, Error> {
        let deadline = match outgoing.content {
            Content::Media(_) => FILE_PATIENCE,
            _ => PATIENCE,
        };
        let entry = self.entry(session, outgoing, options)?;
        let reservation = self.parts.reservations.reserve(entry.id);
        let place = along::accept(&self.parts, &entry, along).await?;
        let accepted = HandOver::new(self.requests.clone(), entry.clone(), place, reservation);
        Breakpoint::OutboxCommitted.pass();
        if options.is_queueable() || is_keyed {
            self.parts.store.durable().await?;
            Breakpoint::OutboxDurable.pass();
        }
        if options.is_queueable() {
            let (waiter, taken) = oneshot::channel();
            accepted.to(Waiter::Acceptance(waiter)).await.map_err(|()| stopping())?;
            taken.await.unwrap_or_else(|_| Err(stopping()))?;
            return Ok(SendOutcome::Queued(Box::new(entry)));
        }
        // A caller who waits for the outcome was promised nothing yet. So the entry is flushed while the engine
        // starts, and both are done before the answer. After a kill in between, backfill finds the message.
        let (waiter, outcome) = oneshot::channel();
        let waiter = Waiter::Outcome(OutcomeWaiter::new(waiter, is_keyed));
        accepted.to(waiter).await.map_err(|()| stopping())?;
        let outcome = tokio::time::timeout(deadline, self.wait_for_outcome(&entry, outcome));
        let durable = async {
            // A keyed entry is durable already, and need not wait for later commits of others.
            if is_keyed { Ok(()) } else { self.parts.store.durable().await }
        };
        let (written, outcome) = tokio::join!(durable, outcome);
        written?;
        match outcome {
            Ok(WaitEnd::Outcome(Ok(outcome))) => {
                outcome.map(SendOutcome::Sent).map_err(|error| with_ids(error, &entry))
            }
            Ok(WaitEnd::Outcome(Err(_))) => Err(stopping()),
            Ok(WaitEnd::Queued(entry)) => Ok(SendOutcome::Queued(entry)),
            Err(_) => Err(self.cancel_timed_out(&entry).await),
        }
    }

    /// Makes an entry for a message; nothing is stored yet.
    pub fn entry(
        &self,
        session: &SessionId,
        outgoing: Outgoing,
        options: SendOptions,
    ) -> Result<OutboxEntry, Error> {
        self.parts.store.health().admit()?;
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
            options,
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

    /// Adds an entry to a transaction. After the commit, [`Self::enqueued`] wakes the dispatcher.
    pub async fn enqueue_in(
        &self,
        store: &Store,
        entry: &OutboxEntry,
    ) -> Result<Place, StoreError> {
        store.outbox_queue().accept(entry, self.parts.clock.now()).await
    }

    /// Keeps the dispatcher from an entry until its caller is known.
    pub fn reserve(&self, entry: &OutboxEntry) -> Reservation {
        self.parts.reservations.reserve(entry.id)
    }

    /// Hands over a committed and reserved entry that no caller waits for. After a kill before this call, the next
    /// run finds the entry.
    pub async fn enqueued(
        &self,
        entry: OutboxEntry,
        place: Place,
        reservation: Reservation,
    ) -> Result<(), Error> {
        let accepted = HandOver::new(self.requests.clone(), entry, place, reservation);
        accepted.to(Waiter::Nobody).await.map_err(|()| stopping())
    }

    /// Waits for an outcome. Without a connection to WhatsApp the wait is short: then the message is queued, and its
    /// caller is answered.
    async fn wait_for_outcome(&self, entry: &OutboxEntry, mut outcome: Outcome) -> WaitEnd {
        tokio::select! {
            outcome = &mut outcome => return WaitEnd::Outcome(outcome),
            () = self.parts.supervisor.lost_connection(&entry.session, CONNECTION_GRACE) => (),
        }
        let (reply, queued) = oneshot::channel();
        let (session, id) = (entry.session.clone(), entry.id);
        if self.ask(Request::MakeQueueable { session, id, reply }).await.is_err() {
            return WaitEnd::Outcome(outcome.await);
        }
        match queued.await {
            Ok(Some(entry)) => WaitEnd::Queued(entry),
            // The attempt has just ended.
            _ => WaitEnd::Outcome(outcome.await),
        }
    }

    /// Cancels a message whose caller timed out, unless its attempt has started.
    async fn cancel_timed_out(&self, entry: &OutboxEntry) -> Error {
        match self.cancel_because(&entry.session, entry.id, CancelReason::Expired).await {
            Ok(_) => {
                let message = "the send timed out in the queue; the message was not sent";
                Error::new(ErrorCode::Unavailable, message)
            }
            Err(_) => Error::new(
                ErrorCode::Timeout,
                "the send is still in progress; look its outcome up in the outbox",
            )
            .detail("outcome", "unknown")
            .detail("outboxId", entry.id.to_string()),
        }
    }

    /// The outcome of an earlier send with this key. None if there was none, or it failed for certain: then the
    /// message may be posted. Waits while the outcome is looked up, unless the message is queueable.
    pub async fn find(&self, session: &SessionId, key: &str) -> Result<Option<SendOutcome>, Error> {
        let deadline = Instant::now() + FIND_PATIENCE;
        loop {
            let entry = self.parts.store.outbox().by_message(session, key).await?;
            let Some(entry) = entry.filter(|entry| entry.state != OutboxState::Failed) else {
                return Ok(None);
            };
            if entry.state == OutboxState::Cancelled {
                return Err(Error::new(
                    ErrorCode::Conflict,
                    "the message was cancelled and will not be sent",
                ));
            }
            if let Some(sent) = entry.sent {
                return Ok(Some(SendOutcome::Sent(sent)));
            }
            if entry.options.is_queueable() || deadline <= Instant::now() {
                return Ok(Some(SendOutcome::Queued(Box::new(entry))));
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

    /// Cancels a message that no engine has received yet.
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
                let message = "the message is no longer waiting, so it cannot be cancelled";
                let state = serde_json::to_value(entry.state).unwrap_or_default();
                Err(Error::new(ErrorCode::Conflict, message).detail("state", state))
            }
            Err(_) => Err(stopping()),
        }
    }

    /// Cancels all waiting messages of a session that is removed, with an event for each. Returns when none of its
    /// attempts is in flight.
    pub async fn cancel_all(&self, session: &SessionRef) -> Result<(), Error> {
        let (reply, done) = oneshot::channel();
        self.ask(Request::CancelAll { session: session.clone(), reply }).await?;
        done.await.map_err(|_| stopping())?
    }

    /// The waiting messages of each session that has any, by what they wait for.
    pub async fn stats(&self) -> Result<HashMap<SessionId, QueueStats>, Error> {
        let asked = async {
            let (reply, answer) = oneshot::channel();
            self.ask(Request::Stats { reply }).await?;
            answer.await.map_err(|_| stopping())
        };
        // A reader of statistics must not wait for a slow disk.
        tokio::time::timeout(STATS_PATIENCE, asked).await.map_err(|_| {
            Error::new(ErrorCode::Timeout, "the outbox is busy; ask for its statistics again later")
        })?
    }

    async fn ask(&self, request: Request) -> Result<(), Error> {
        self.requests.send(request).await.map_err(|_| stopping())
    }
}

/// Queues entries that an older version or an earlier run left outside of the queues.
async fn queue_unplaced(parts: &OutboxParts) -> Result<(), StoreError> {
    let mut work = parts.store.transaction();
    loop {
        let (now, queue) = (parts.clock.now(), work.store().outbox_queue());
        let found = queue.take_over(now, PLACED_AT_ONCE).await?;
        if work.commit().await? && found == 0 {
            return Ok(());
        }
    }
}

/// Prunes ended entries past their retention, in rounds.
#[async_trait]
impl Handler for Outbox {
    async fn run(&self, _: &Job, _: &mut Work<'_>) -> Result<Then, Error> {
        let Self { parts, .. } = self;
        let before = parts.clock.now() - parts.settings.retention;
        for session in parts.supervisor.all() {
            if let Err(error) = prune(&parts.store, &session.id, before).await {
                tracing::warn!(%error, "old entries of the outbox could not be pruned");
            }
        }
        Ok(Then::After(Self::EVERY))
    }
}

/// Prunes ended entries of one session, page by page. A page runs again after a conflict with a receipt.
async fn prune(store: &Store, session: &SessionId, before: Timestamp) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let mut work = store.transaction();
        let next = loop {
            let outbox = work.store().outbox();
            let next = outbox.prune(session, before, after, PRUNED_AT_ONCE).await?;
            if work.commit().await? {
                break next;
            }
        };
        if next.is_none() {
            return Ok(());
        }
        after = next;
        tokio::task::yield_now().await;
    }
}

fn stopping() -> Error {
    Error::new(ErrorCode::Unavailable, "the gateway is stopping; the message stays in the outbox")
}

/// Adds the ids of the message to an error, so that a caller can look the message up.
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

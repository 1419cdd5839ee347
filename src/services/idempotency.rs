//! Idempotency store: executes each keyed write once and replays its answer. Knows nothing of HTTP.
//!
//! ```text
//!   nothing ──claim──▶ under way ──answer──▶ answered ──a day──▶ nothing
//!                       │  ▲   ╲
//!                 failed│  │    ╲ the gateway ends
//!                       ▼  │     ╲
//!                      failed     ▶ under way without a process: the outcome is unknown
//! ```
//!
//! A claim is durable before the work begins. For repeatable work it is durable no later than what the work writes.
//! An answer is durable before the caller gets it. Requests with the same key wait while one is in flight. The
//! claim chooses a message key that every attempt uses: a message that was sent is found by it and not sent again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

pub use crate::services::keyed_writes::{FirstAnswer, KeyedWrite, WriteOutcome};
use crate::{
    breakpoint::Breakpoint,
    domain::{
        Clock, Error, ErrorCode, Outgoing, SessionRef, Subject, Timestamp, clock::from_millis,
    },
    services::keyed_writes::KeyedWrites,
    session::SessionTables,
    store::{Store, StoreError},
};

/// How long answers are stored.
pub const RETENTION: Duration = Duration::from_secs(24 * 3600);
/// How long a request waits for one in flight with the same key.
const PATIENCE: Duration = Duration::from_secs(30);
const PRUNED_AT_ONCE: usize = 1_000;

/// Scope of an `Idempotency-Key`: the same key of another caller, method or path is another key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyScope {
    pub caller: String,
    pub method: String,
    pub path: String,
    pub key: String,
    /// The session that the path names.
    pub session: Option<Uuid>,
}

impl KeyScope {
    fn parts(&self) -> [&str; 4] {
        [&self.caller, &self.method, &self.path, &self.key]
    }
}

/// What [`IdempotencyStore::claim`] found.
pub enum ClaimResult {
    /// The caller does the write.
    Claimed(Box<Claim>),
    /// The write was begun before.
    Known(KeyedWrite),
    /// Another request with the key was in flight for the whole wait.
    InFlight,
}

/// Clones are the same store.
#[derive(Clone)]
pub struct IdempotencyStore {
    store: Store,
    clock: Clock,
    patience: Duration,
    in_flight: Arc<Mutex<HashMap<KeyScope, watch::Receiver<()>>>>,
}

impl IdempotencyStore {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, patience: PATIENCE, in_flight: Arc::default() }
    }

    /// Claims a write, or returns what became of it. `request` is its hash where that is known already. A
    /// repeatable write with an unknown outcome is claimed again.
    pub async fn claim(
        &self,
        scope: &KeyScope,
        request: Option<[u8; 32]>,
        is_repeatable: bool,
    ) -> Result<ClaimResult, Error> {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(known) = self.known(&self.store, scope).await?
                && is_settled(&known, request)
            {
                return Ok(ClaimResult::Known(known));
            }
            match self.begin(scope) {
                Ok(in_flight) => {
                    return Ok(self.claim_in_flight(in_flight, request, is_repeatable).await?);
                }
                // The sender is dropped at the end of the other request, which answers an error here.
                Err(mut in_flight) => {
                    match tokio::time::timeout_at(deadline, in_flight.changed()).await {
                        Ok(_) => (),
                        Err(_) => return Ok(ClaimResult::InFlight),
                    }
                }
            }
        }
    }

    /// Removes writes older than [`RETENTION`]. Returns how many.
    pub async fn prune(&self) -> Result<usize, StoreError> {
        let mut dropped = 0;
        loop {
            let at_once =
                KeyedWrites::of(&self.store).prune(self.retained_from(), PRUNED_AT_ONCE).await?;
            dropped += at_once;
            if at_once < PRUNED_AT_ONCE {
                return Ok(dropped);
            }
        }
    }

    async fn known(
        &self,
        store: &Store,
        scope: &KeyScope,
    ) -> Result<Option<KeyedWrite>, StoreError> {
        let known = KeyedWrites::of(store).get(&scope.parts()).await?;
        let Some(known) = known.filter(|known| self.retained_from() <= known.at) else {
            return Ok(None);
        };
        // A write to a session that is gone does not count for a later one of its name.
        Ok(match known.session {
            Some(session) if !self.is_there(session).await? => None,
            _ => Some(known),
        })
    }

    async fn is_there(&self, session: Uuid) -> Result<bool, StoreError> {
        Ok(self.store.sessions().list().await?.iter().any(|record| record.uuid == session))
    }

    /// Removes the writes to a session that is being removed.
    pub async fn forget(&self, session: &SessionRef) -> Result<(), StoreError> {
        KeyedWrites::of(&self.store).clear(session.uuid).await
    }

    fn retained_from(&self) -> Timestamp {
        let kept = i64::try_from(RETENTION.as_millis()).unwrap_or(i64::MAX);
        from_millis(self.clock.now().as_millisecond().saturating_sub(kept))
    }

    async fn claim_in_flight(
        &self,
        in_flight: InFlight,
        request: Option<[u8; 32]>,
        is_repeatable: bool,
    ) -> Result<ClaimResult, StoreError> {
        let mut work = self.store.transaction();
        let write = loop {
            let write = match self.known(work.store(), &in_flight.scope).await? {
                Some(known) if is_settled(&known, request) => return Ok(ClaimResult::Known(known)),
                Some(known) if known.outcome == WriteOutcome::UnderWay && !is_repeatable => {
                    return Ok(ClaimResult::Known(known));
                }
                Some(known) => KeyedWrite {
                    request: known.request.or(request),
                    outcome: WriteOutcome::UnderWay,
                    ..known
                },
                None => KeyedWrite {
                    request,
                    message_key: Outgoing::new_key(),
                    at: self.clock.now(),
                    outcome: WriteOutcome::UnderWay,
                    session: in_flight.scope.session,
                },
            };
            KeyedWrites::of(work.store()).put_lazily(&in_flight.scope.parts(), &write).await?;
            if work.commit().await? {
                break write;
            }
        };
        // A repeatable write needs no flush: if the claim is lost, the write is lost too, or doing it twice changes
        // nothing. A message becomes durable after its key.
        if !is_repeatable {
            self.store.durable().await?;
        }
        Breakpoint::WriteClaimed.pass();
        let store = self.store.clone();
        Ok(ClaimResult::Claimed(Box::new(Claim { store, in_flight, write: Mutex::new(write) })))
    }

    /// Marks a write as in flight, or returns what ends with the one that is.
    fn begin(&self, scope: &KeyScope) -> Result<InFlight, watch::Receiver<()>> {
        let mut all = held(&self.in_flight);
        if let Some(in_flight) = all.get(scope) {
            return Err(in_flight.clone());
        }
        let (ended, receiver) = watch::channel(());
        all.insert(scope.clone(), receiver);
        Ok(InFlight { scope: scope.clone(), all: self.in_flight.clone(), _ended: ended })
    }
}

/// Whether the write is answered, or the request differs.
fn is_settled(known: &KeyedWrite, request: Option<[u8; 32]>) -> bool {
    let is_answered = matches!(known.outcome, WriteOutcome::Answered(_));
    is_answered || known.is_another(request)
}

impl KeyedWrite {
    /// Whether this was a different request, as far as both hashes are known.
    pub fn is_another(&self, request: Option<[u8; 32]>) -> bool {
        matches!((self.request, request), (Some(first), Some(now)) if first != now)
    }
}

/// A write in flight. Dropping it lets the next request with the key continue.
struct InFlight {
    scope: KeyScope,
    all: Arc<Mutex<HashMap<KeyScope, watch::Receiver<()>>>>,
    _ended: watch::Sender<()>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        held(&self.all).remove(&self.scope);
    }
}

/// A claimed write. When it is dropped without an answer, the outcome is unknown.
pub struct Claim {
    store: Store,
    in_flight: InFlight,
    write: Mutex<KeyedWrite>,
}

impl Claim {
    /// The key of the message that the write sends, if any.
    pub fn message_key(&self) -> String {
        held(&self.write).message_key.clone()
    }

    /// Whether the hash of the whole request is known.
    pub fn is_sealed(&self) -> bool {
        held(&self.write).request.is_some()
    }

    /// Sets the session that is written to, where the path does not name it.
    pub fn is_to(&self, session: Uuid) {
        held(&self.write).session = Some(session);
    }

    /// Sets the hash of a request that was just read to its end. Refused when an earlier attempt had another
    /// request.
    pub async fn seal(&self, request: [u8; 32]) -> Result<(), Error> {
        let write = {
            let mut write = held(&self.write);
            if write.is_another(Some(request)) {
                return Err(key_reused());
            }
            if write.request.is_some() {
                return Ok(());
            }
            write.request = Some(request);
            write.clone()
        };
        Ok(self.put(&write).await?)
    }

    /// Stores the answer of the finished write.
    pub async fn answered(&self, answer: FirstAnswer) -> Result<(), Error> {
        Breakpoint::WriteDone.pass();
        self.end(WriteOutcome::Answered(answer)).await
    }

    /// The write failed or its outcome is uncertain; it may be retried.
    pub async fn failed(&self) -> Result<(), Error> {
        self.end(WriteOutcome::Failed).await
    }

    async fn end(&self, outcome: WriteOutcome) -> Result<(), Error> {
        let write = KeyedWrite { outcome, ..held(&self.write).clone() };
        Ok(self.put(&write).await?)
    }

    async fn put(&self, write: &KeyedWrite) -> Result<(), StoreError> {
        KeyedWrites::of(&self.store).put(&self.in_flight.scope.parts(), write).await
    }
}

/// Conflict: the key was used for another request.
pub fn key_reused() -> Error {
    conflict("key_reused", "this Idempotency-Key was used for another request")
}

/// Conflict: the first request with this key is in flight.
pub fn under_way() -> Error {
    conflict("under_way", "the first request with this Idempotency-Key is still under way")
}

/// Conflict: the gateway ended between the begin of the write and its answer.
pub fn outcome_unknown() -> Error {
    let message = "the gateway ended while it was at the request with this Idempotency-Key: \
        whether it was done is not known. Look, and use a new key to do it again";
    conflict("outcome_unknown", message)
}

/// Conflict: the write was done, and its answer is not stored.
pub fn answer_not_kept(status: u16) -> Error {
    let message = "the request with this Idempotency-Key was done before; its answer was too large \
        to keep, or holds a secret that is shown once";
    conflict("answer_not_kept", message).detail("status", status)
}

fn conflict(reason: &str, message: &str) -> Error {
    let error = Error::new(ErrorCode::Conflict, message).about(Subject::IdempotencyKey);
    error.detail("reason", reason)
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    const ONE: Option<[u8; 32]> = Some([1; 32]);
    const OTHER: Option<[u8; 32]> = Some([2; 32]);

    async fn answers() -> (IdempotencyStore, Clock) {
        let clock = Clock::manual(from_seconds(1_000_000));
        let answers = IdempotencyStore::new(Store::temporary().await.unwrap(), clock.clone());
        (IdempotencyStore { patience: Duration::from_millis(50), ..answers }, clock)
    }

    fn scope(key: &str) -> KeyScope {
        let (caller, method) = ("somebody".to_owned(), "POST".to_owned());
        KeyScope { caller, method, path: "/a".to_owned(), key: key.to_owned(), session: None }
    }

    fn answer() -> FirstAnswer {
        FirstAnswer { status: 200, content_type: None, body: Some("{}".to_owned()) }
    }

    async fn first(answers: &IdempotencyStore, request: Option<[u8; 32]>) -> Claim {
        match answers.claim(&scope("k"), request, false).await.unwrap() {
            ClaimResult::Claimed(claim) => *claim,
            ClaimResult::Known(known) => panic!("it is known: {known:?}"),
            ClaimResult::InFlight => panic!("it is under way"),
        }
    }

    async fn known(answers: &IdempotencyStore, request: Option<[u8; 32]>) -> KeyedWrite {
        match answers.claim(&scope("k"), request, false).await.unwrap() {
            ClaimResult::Known(known) => known,
            ClaimResult::Claimed(_) => panic!("it is not known"),
            ClaimResult::InFlight => panic!("it is under way"),
        }
    }

    #[tokio::test]
    async fn an_answer_is_known_until_its_day_is_over_and_then_forgotten() {
        let (answers, clock) = answers().await;
        first(&answers, ONE).await.answered(answer()).await.unwrap();
        assert_eq!(known(&answers, ONE).await.outcome, WriteOutcome::Answered(answer()));
        clock.advance(RETENTION);
        assert_eq!(known(&answers, ONE).await.outcome, WriteOutcome::Answered(answer()));
        assert_eq!(answers.prune().await.unwrap(), 0);
        clock.advance(Duration::from_millis(1));
        drop(first(&answers, OTHER).await);
        assert_eq!(answers.prune().await.unwrap(), 1);
        // What was begun again is still there.
        assert_eq!(known(&answers, OTHER).await.outcome, WriteOutcome::UnderWay);
        clock.advance(RETENTION + Duration::from_millis(1));
        assert_eq!(answers.prune().await.unwrap(), 1);
        first(&answers, ONE).await;
    }

    #[tokio::test]
    async fn a_clock_that_is_set_by_an_hour_makes_no_write_be_done_twice() {
        for jump in [-3_600, 3_600] {
            let (answers, clock) = answers().await;
            first(&answers, ONE).await.answered(answer()).await.unwrap();
            clock.jump(jump);
            assert_eq!(answers.prune().await.unwrap(), 0);
            assert_eq!(known(&answers, ONE).await.outcome, WriteOutcome::Answered(answer()));
            clock.advance(RETENTION - Duration::from_secs(3_600));
            assert_eq!(known(&answers, ONE).await.outcome, WriteOutcome::Answered(answer()));
            // However it was set, it is forgotten an hour late at most.
            clock.advance(Duration::from_secs(2 * 3_600) + Duration::from_millis(1));
            assert_eq!(answers.prune().await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn those_who_come_meanwhile_wait_and_one_who_waits_too_long_is_told() {
        let (answers, _) = answers().await;
        let claim = first(&answers, ONE).await;
        let entry = answers.claim(&scope("k"), ONE, false).await.unwrap();
        assert!(matches!(entry, ClaimResult::InFlight));
        // What is plainly another request need not wait.
        assert!(known(&answers, OTHER).await.is_another(OTHER));
        let waiting = tokio::spawn({
            let answers = answers.clone();
            async move { known(&answers, ONE).await }
        });
        tokio::task::yield_now().await;
        claim.answered(answer()).await.unwrap();
        drop(claim);
        assert_eq!(waiting.await.unwrap().outcome, WriteOutcome::Answered(answer()));
        assert!(held(&answers.in_flight).is_empty());
    }

    #[tokio::test]
    async fn what_failed_is_tried_again_with_the_same_message_key_and_request() {
        let (answers, _) = answers().await;
        let claim = first(&answers, ONE).await;
        let message_key = claim.message_key();
        claim.failed().await.unwrap();
        drop(claim);
        assert!(known(&answers, OTHER).await.is_another(OTHER));
        let claim = first(&answers, None).await;
        assert_eq!(claim.message_key(), message_key);
        assert!(claim.seal([2; 32]).await.is_err());
        claim.seal([1; 32]).await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_is_at_any_more_is_done_again_only_where_that_is_harmless() {
        let (answers, _) = answers().await;
        let claim = first(&answers, None).await;
        assert!(!claim.is_sealed());
        claim.seal([1; 32]).await.unwrap();
        let message_key = claim.message_key();
        drop(claim);
        let left = known(&answers, ONE).await;
        assert_eq!((left.request, left.outcome), (ONE, WriteOutcome::UnderWay));
        match answers.claim(&scope("k"), ONE, true).await.unwrap() {
            ClaimResult::Claimed(claim) => assert_eq!(claim.message_key(), message_key),
            _ => panic!("it is not done again"),
        }
    }
}

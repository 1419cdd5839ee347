//! Writes that are done once however often they are asked for: who has the turn, and what was
//! answered the first time. Knows nothing of HTTP.
//!
//! ```text
//!   nothing ──claim──▶ under way ──answer──▶ answered ──a day──▶ nothing
//!                       │  ▲   ╲
//!                 failed│  │    ╲ the gateway ends
//!                       ▼  │     ╲
//!                      failed     ▶ under way, and nobody at it: the outcome is unknown
//! ```
//!
//! A claim is on the disk before the work begins, or, where the work may be done twice, no later than what it
//! writes. The answer is there before it is given. While one holds the turn all others wait for it. With the claim a message key is chosen, which every
//! attempt uses: by it a message that was sent after all is found instead of sent again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

pub use crate::store::records::{FirstAnswer, KeyedWrite, WriteOutcome};
use crate::{
    breakpoint::Breakpoint,
    domain::{
        Clock, Error, ErrorCode, Outgoing, SessionRef, Subject, Timestamp, clock::from_millis,
    },
    store::{Store, StoreError},
};

/// How long a first answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long a caller waits for another one's answer.
const PATIENCE: Duration = Duration::from_secs(30);
const PRUNED_AT_ONCE: usize = 1_000;

/// What an `Idempotency-Key` belongs to, and the key: the same key of another caller, or in
/// another place, is another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub caller: String,
    pub method: String,
    pub path: String,
    pub key: String,
    /// The session that the path names.
    pub session: Option<Uuid>,
}

impl Place {
    fn parts(&self) -> [&str; 4] {
        [&self.caller, &self.method, &self.path, &self.key]
    }
}

/// What a caller finds.
pub enum Entry {
    /// It is the caller's to do.
    First(Box<Claim>),
    /// It was begun before.
    Known(KeyedWrite),
    /// Another is at it, and was for as long as one may wait.
    UnderWay,
}

/// First answers to writes. Clones are the same service.
#[derive(Clone)]
pub struct FirstAnswers {
    store: Store,
    clock: Clock,
    patience: Duration,
    under_way: Arc<Mutex<HashMap<Place, watch::Receiver<()>>>>,
}

impl FirstAnswers {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, patience: PATIENCE, under_way: Arc::default() }
    }

    /// Claims a write, or learns what became of it. `request` is its hash where it is known
    /// already. `is_repeatable` says that a write whose outcome is unknown may be done again.
    pub async fn enter(
        &self,
        place: &Place,
        request: Option<[u8; 32]>,
        is_repeatable: bool,
    ) -> Result<Entry, Error> {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(known) = self.known(&self.store, place).await?
                && is_settled(&known, request)
            {
                return Ok(Entry::Known(known));
            }
            match self.take_turn(place) {
                Ok(turn) => return Ok(self.claim(turn, request, is_repeatable).await?),
                // An error says that the turn has ended, which is what is waited for.
                Err(mut turn) => match tokio::time::timeout_at(deadline, turn.changed()).await {
                    Ok(_) => (),
                    Err(_) => return Ok(Entry::UnderWay),
                },
            }
        }
    }

    /// Forgets what is older than [`KEPT`]. How many.
    pub async fn prune(&self) -> Result<usize, StoreError> {
        let mut dropped = 0;
        loop {
            let at_once = self.store.idempotency().prune(self.kept_from(), PRUNED_AT_ONCE).await?;
            dropped += at_once;
            if at_once < PRUNED_AT_ONCE {
                return Ok(dropped);
            }
        }
    }

    async fn known(&self, store: &Store, place: &Place) -> Result<Option<KeyedWrite>, StoreError> {
        let known = store.idempotency().get(&place.parts()).await?;
        let Some(known) = known.filter(|known| self.kept_from() <= known.at) else {
            return Ok(None);
        };
        // What was written to a session that is gone was not written to a later one of its name.
        Ok(match known.session {
            Some(session) if !self.is_there(session).await? => None,
            _ => Some(known),
        })
    }

    async fn is_there(&self, session: Uuid) -> Result<bool, StoreError> {
        Ok(self.store.sessions().list().await?.iter().any(|record| record.uuid == session))
    }

    /// Forgets what was written to a session that is removed.
    pub async fn forget(&self, session: &SessionRef) -> Result<(), StoreError> {
        self.store.idempotency().clear(session.uuid).await
    }

    fn kept_from(&self) -> Timestamp {
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        from_millis(self.clock.now().as_millisecond().saturating_sub(kept))
    }

    async fn claim(
        &self,
        turn: Turn,
        request: Option<[u8; 32]>,
        is_repeatable: bool,
    ) -> Result<Entry, StoreError> {
        let mut work = self.store.transaction();
        let write = loop {
            let write = match self.known(work.store(), &turn.place).await? {
                Some(known) if is_settled(&known, request) => return Ok(Entry::Known(known)),
                Some(known) if known.outcome == WriteOutcome::UnderWay && !is_repeatable => {
                    return Ok(Entry::Known(known));
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
                    session: turn.place.session,
                },
            };
            work.store().idempotency().put_lazily(&turn.place.parts(), &write).await?;
            if work.commit().await? {
                break write;
            }
        };
        if !is_repeatable {
            // Of one that is repeatable nothing of the write is there either when this is lost, or doing it
            // twice changes nothing: a message reaches the disk after its key.
            self.store.durable().await?;
        }
        Breakpoint::WriteClaimed.pass();
        let store = self.store.clone();
        Ok(Entry::First(Box::new(Claim { store, turn, write: Mutex::new(write) })))
    }

    /// The turn, or what ends with it when another has it.
    fn take_turn(&self, place: &Place) -> Result<Turn, watch::Receiver<()>> {
        let mut under_way = held(&self.under_way);
        if let Some(turn) = under_way.get(place) {
            return Err(turn.clone());
        }
        let (ended, receiver) = watch::channel(());
        under_way.insert(place.clone(), receiver);
        Ok(Turn { place: place.clone(), under_way: self.under_way.clone(), _ended: ended })
    }
}

/// Whether there is nothing to wait for and nothing to do.
fn is_settled(known: &KeyedWrite, request: Option<[u8; 32]>) -> bool {
    let is_answered = matches!(known.outcome, WriteOutcome::Answered(_));
    is_answered || known.is_another(request)
}

impl KeyedWrite {
    /// Whether this was another request, as far as both are known.
    pub fn is_another(&self, request: Option<[u8; 32]>) -> bool {
        matches!((self.request, request), (Some(first), Some(now)) if first != now)
    }
}

/// The right to be the only one at a write. When dropped, the next one has it.
struct Turn {
    place: Place,
    under_way: Arc<Mutex<HashMap<Place, watch::Receiver<()>>>>,
    _ended: watch::Sender<()>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        held(&self.under_way).remove(&self.place);
    }
}

/// A write that its holder is to do. When it is dropped without an answer, the outcome is unknown.
pub struct Claim {
    store: Store,
    turn: Turn,
    write: Mutex<KeyedWrite>,
}

impl Claim {
    /// The key of the message that the write sends, if it sends one.
    pub fn message_key(&self) -> String {
        held(&self.write).message_key.clone()
    }

    /// Whether the whole request is known.
    pub fn is_sealed(&self) -> bool {
        held(&self.write).request.is_some()
    }

    /// Notes the session that is written to, where the path does not name it.
    pub fn is_to(&self, session: Uuid) {
        held(&self.write).session = Some(session);
    }

    /// Notes the hash of a request that is known to its end only now. Refused when it is not the
    /// request that an earlier attempt was made with.
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

    /// The write is done and this is its answer.
    pub async fn answered(&self, answer: FirstAnswer) -> Result<(), Error> {
        Breakpoint::WriteDone.pass();
        self.end(WriteOutcome::Answered(answer)).await
    }

    /// The write was not done, or not for certain, and may be tried again.
    pub async fn failed(&self) -> Result<(), Error> {
        self.end(WriteOutcome::Failed).await
    }

    async fn end(&self, outcome: WriteOutcome) -> Result<(), Error> {
        let write = KeyedWrite { outcome, ..held(&self.write).clone() };
        Ok(self.put(&write).await?)
    }

    async fn put(&self, write: &KeyedWrite) -> Result<(), StoreError> {
        self.store.idempotency().put(&self.turn.place.parts(), write).await
    }
}

/// The key was used for another request.
pub fn key_reused() -> Error {
    conflict("key_reused", "this Idempotency-Key was used for another request")
}

/// The first request with this key has not ended yet.
pub fn under_way() -> Error {
    conflict("under_way", "the first request with this Idempotency-Key is still under way")
}

/// The gateway ended between the beginning of a write and its answer.
pub fn outcome_unknown() -> Error {
    let message = "the gateway ended while it was at the request with this Idempotency-Key: \
        whether it was done is not known. Look, and use a new key to do it again";
    conflict("outcome_unknown", message)
}

/// The write was done, and what was answered cannot be told again.
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

    async fn answers() -> (FirstAnswers, Clock) {
        let clock = Clock::manual(from_seconds(1_000_000));
        let answers = FirstAnswers::new(Store::temporary().await.unwrap(), clock.clone());
        (FirstAnswers { patience: Duration::from_millis(50), ..answers }, clock)
    }

    fn place(key: &str) -> Place {
        let (caller, method) = ("somebody".to_owned(), "POST".to_owned());
        Place { caller, method, path: "/a".to_owned(), key: key.to_owned(), session: None }
    }

    fn answer() -> FirstAnswer {
        FirstAnswer { status: 200, content_type: None, body: Some("{}".to_owned()) }
    }

    async fn first(answers: &FirstAnswers, request: Option<[u8; 32]>) -> Claim {
        match answers.enter(&place("k"), request, false).await.unwrap() {
            Entry::First(claim) => *claim,
            Entry::Known(known) => panic!("it is known: {known:?}"),
            Entry::UnderWay => panic!("it is under way"),
        }
    }

    async fn known(answers: &FirstAnswers, request: Option<[u8; 32]>) -> KeyedWrite {
        match answers.enter(&place("k"), request, false).await.unwrap() {
            Entry::Known(known) => known,
            Entry::First(_) => panic!("it is not known"),
            Entry::UnderWay => panic!("it is under way"),
        }
    }

    #[tokio::test]
    async fn an_answer_is_known_until_its_day_is_over_and_then_forgotten() {
        let (answers, clock) = answers().await;
        first(&answers, ONE).await.answered(answer()).await.unwrap();
        assert_eq!(known(&answers, ONE).await.outcome, WriteOutcome::Answered(answer()));
        clock.advance(KEPT);
        assert_eq!(known(&answers, ONE).await.outcome, WriteOutcome::Answered(answer()));
        assert_eq!(answers.prune().await.unwrap(), 0);
        clock.advance(Duration::from_millis(1));
        drop(first(&answers, OTHER).await);
        assert_eq!(answers.prune().await.unwrap(), 1);
        // What was begun anew is still there.
        assert_eq!(known(&answers, OTHER).await.outcome, WriteOutcome::UnderWay);
        clock.advance(KEPT + Duration::from_millis(1));
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
            clock.advance(KEPT - Duration::from_secs(3_600));
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
        let entry = answers.enter(&place("k"), ONE, false).await.unwrap();
        assert!(matches!(entry, Entry::UnderWay));
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
        assert!(held(&answers.under_way).is_empty());
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
        match answers.enter(&place("k"), ONE, true).await.unwrap() {
            Entry::First(claim) => assert_eq!(claim.message_key(), message_key),
            _ => panic!("it is not done again"),
        }
    }
}

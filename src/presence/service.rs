//! Service of presence: takes signs of life, and tells changes by the log.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    domain::{
        Clock,
        clock::{Moment, between},
    },
    events::{EventLog, NewEvent},
    presence::{
        board::{Board, Change, LIFE, Shown, Status},
        chosen::Chosen,
        event::PresenceEvent,
    },
    store::{Store, StoreError},
};

/// How long the next look is put off where nobody is here.
const IDLE: Duration = Duration::from_secs(3_600);

/// Clones are the same service.
#[derive(Clone)]
pub struct Presence {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    state: Mutex<State>,
    log: EventLog,
    clock: Clock,
    /// Held while a choice is written, so that the newest is what stays.
    choosing: tokio::sync::Mutex<()>,
    /// Wakes the task that tells changes and notices who is gone.
    changed: Notify,
}

#[derive(Default)]
struct State {
    board: Board,
    /// Changes that are to be published, at most one of a person: the newest.
    news: Vec<Change>,
}

/// A stream of somebody that is open. Its end is a last heartbeat.
pub struct Listening {
    presence: Presence,
    user: Uuid,
}

impl Presence {
    /// How long a heartbeat counts.
    pub const LIFE: Duration = LIFE;

    /// Reads what people chose, and starts the task that tells changes and notices who is gone.
    pub async fn start(
        store: Store,
        log: EventLog,
        clock: Clock,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        let mut state = State::default();
        for Chosen { user, status, message } in Chosen::all(&store).await? {
            state.board.restore(user, status, message);
        }
        let (state, changed) = (Mutex::new(state), Notify::new());
        let presence = Self {
            shared: Arc::new(Shared {
                store,
                state,
                log,
                clock,
                changed,
                choosing: tokio::sync::Mutex::default(),
            }),
        };
        tasks.spawn(presence.clone().watch(stop));
        Ok(presence)
    }

    /// A sign of life of somebody.
    pub fn beat(&self, user: Uuid) -> Shown {
        self.change(|board, now| board.beat(user, now));
        self.of(user)
    }

    /// Somebody chooses a status, and says something of it.
    /// A choice that is another than before is written first.
    pub async fn choose(
        &self,
        user: Uuid,
        status: Status,
        message: Option<String>,
    ) -> Result<Shown, StoreError> {
        let _held = self.shared.choosing.lock().await;
        let before = self.state().board.chosen(user);
        if before != (status.lasting(), message.clone()) {
            let chosen = Chosen { user, status: status.lasting(), message: message.clone() };
            chosen.keep(&self.shared.store).await?;
        }
        self.change(|board, now| board.choose(user, status, message, now));
        Ok(self.of(user))
    }

    /// Somebody listens to a stream for as long as the value lives.
    pub fn listening(&self, user: Uuid) -> Listening {
        self.change(|board, now| board.stream(user, true, now));
        Listening { presence: self.clone(), user }
    }

    /// What others see of somebody.
    pub fn of(&self, user: Uuid) -> Shown {
        self.state().board.shown(user, self.shared.clock.moment())
    }

    pub fn is_online(&self, user: Uuid) -> bool {
        self.of(user).status == Status::Online
    }

    /// Whether somebody is not here, or says so.
    pub fn is_offline(&self, user: Uuid) -> bool {
        self.of(user).status == Status::Offline
    }

    /// Forgets somebody whose account is gone.
    pub async fn forget(&self, user: Uuid) -> Result<(), StoreError> {
        let _held = self.shared.choosing.lock().await;
        self.state().board.forget(user);
        Chosen::forget(&self.shared.store, user).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the board. Does not wait for the publication.
    fn change(&self, change: impl FnOnce(&mut Board, Moment) -> Option<Change>) {
        let now = self.shared.clock.moment();
        let mut state = self.state();
        let change = change(&mut state.board, now);
        if let Some((user, status)) = change {
            state.news.retain(|(known, _)| *known != user);
            state.news.push((user, status));
        }
        drop(state);
        if change.is_some() {
            self.shared.changed.notify_one();
        }
    }

    /// What is to be published now, and when the next person may be offline.
    fn news(&self) -> (Vec<Change>, Duration) {
        let now = self.shared.clock.moment();
        let mut state = self.state();
        let (gone, next) = state.board.expire(now);
        let mut news = std::mem::take(&mut state.news);
        news.extend(gone);
        (news, next.map_or(IDLE, |next| between(now.steady, next)))
    }

    async fn append(&self, (user, status): Change) -> Result<(), StoreError> {
        let event = PresenceEvent::Changed { user, status };
        let mut work = self.shared.log.work();
        loop {
            work.append(NewEvent::of_module(None, &event)?);
            if let Some(events) = work.commit().await? {
                if let Some(last) = events.last() {
                    self.shared.log.publish(last.seq).await?;
                }
                return Ok(());
            }
        }
    }

    async fn watch(self, stop: CancellationToken) {
        let mut moved = self.shared.clock.moved();
        while !stop.is_cancelled() {
            let (news, pause) = self.news();
            for change in news {
                if let Err(error) = self.append(change).await {
                    tracing::debug!(%error, "a change of presence could not be logged");
                }
            }
            tokio::select! {
                () = stop.cancelled() => (),
                () = moved.wait() => (),
                () = self.shared.changed.notified() => (),
                () = tokio::time::sleep(pause) => (),
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let user = self.user;
        self.presence.change(|board, now| board.stream(user, false, now));
        // From now on, somebody may be gone.
        self.presence.shared.changed.notify_one();
    }
}

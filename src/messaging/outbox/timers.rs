//! What the dispatcher does when a time has come: pauses by steady time, messages for later by the wall clock.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::clock::between,
    messaging::outbox::{attempt::DISK_PAUSE, dispatcher::Dispatcher, stored},
    store::{Place, StoreError},
};

/// A wall clock that was set is noticed after it.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Messages that become due in one commit.
const DUE_AT_ONCE: usize = 100;

/// What is done when a steady time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Look at the session's queue.
    Look,
    /// An entry has rested.
    Rested(Uuid),
    /// The outcome of an entry is to be looked up.
    Lookup(Uuid),
    /// Look for what is due.
    Schedule,
}

impl Dispatcher {
    pub(in crate::messaging::outbox) fn wake_after(
        &mut self,
        pause: Duration,
        uuid: Uuid,
        timer: Timer,
    ) {
        self.timers.insert((self.parts.clock.steady() + pause, uuid, timer));
    }

    /// Does what has become due.
    pub(in crate::messaging::outbox) async fn fire(&mut self) {
        let now = self.parts.clock.moment();
        while let Some((at, uuid, timer)) = self.timers.first().copied()
            && at <= now.steady
        {
            self.timers.pop_first();
            self.dirty.insert(uuid);
            match timer {
                Timer::Look => (),
                Timer::Rested(id) => {
                    if let Some(queue) = self.queues.get_mut(&uuid) {
                        queue.rested(id);
                    }
                }
                Timer::Lookup(id) => self.look_up(uuid, id).await,
                Timer::Schedule => self.find_next_due().await,
            }
        }
        // One page, so that others get their turn: the rest is due at once.
        if self.next_due.is_some_and(|due| due <= now.wall) {
            match stored::come_due(&self.parts.store, now.wall, DUE_AT_ONCE).await {
                Ok(come) if come.is_empty() => self.find_next_due().await,
                Ok(come) => {
                    for entry in come {
                        if let Some(queue) = self.queues.get_mut(&entry.session_uuid) {
                            queue.scheduled = queue.scheduled.saturating_sub(1);
                            queue.queued += 1;
                        }
                        self.dirty.insert(entry.session_uuid);
                    }
                }
                Err(error) => self.schedule_failed(&error),
            }
        }
    }

    /// Puts an entry whose outcome is unknown back into its chat, where it is looked up when its turn comes.
    async fn look_up(&mut self, uuid: Uuid, id: Uuid) {
        let Some(queue) = self.queues.get(&uuid) else { return };
        match stored::back_to_queue(&self.parts.store, &queue.session.id, id).await {
            Ok(false) => (),
            Ok(true) => {
                self.left(uuid, id, Place::Lookup);
                if let Some(queue) = self.queues.get_mut(&uuid) {
                    queue.queued += 1;
                }
            }
            Err(error) => {
                tracing::error!(%error, "a message whose outcome is unknown cannot be looked up yet");
                self.wake_after(DISK_PAUSE, uuid, Timer::Lookup(id));
            }
        }
    }

    pub(in crate::messaging::outbox) async fn find_next_due(&mut self) {
        match self.parts.store.outbox_queue().next_due().await {
            Ok(next) => self.next_due = next,
            Err(error) => self.schedule_failed(&error),
        }
    }

    fn schedule_failed(&mut self, error: &StoreError) {
        tracing::error!(%error, "what is to be sent later cannot be read");
        self.next_due = None;
        self.wake_after(DISK_PAUSE, Uuid::nil(), Timer::Schedule);
    }

    pub(in crate::messaging::outbox) fn pause(&self) -> Duration {
        let now = self.parts.clock.moment();
        let timer = self.timers.first().map(|(at, ..)| between(now.steady, *at));
        let due = self.next_due.map(|due| between(now.wall, due));
        timer.into_iter().chain(due).fold(LONGEST_PAUSE, Duration::min)
    }
}

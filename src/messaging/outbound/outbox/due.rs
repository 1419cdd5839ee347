//! Timer handling of the dispatcher: back-offs by steady time, scheduled messages by the wall clock.

use uuid::Uuid;

use crate::{
    messaging::{
        outbound::outbox::{
            attempt::DISK_PAUSE, entries::Entries, parts::OutboxParts, stored, timers::Timer,
        },
        stored::{MessagingTables, Place},
    },
    store::StoreError,
};

/// Scheduled messages that become due in one commit.
const DUE_AT_ONCE: usize = 100;

/// Moves entries whose time has come.
pub struct Due<'a> {
    pub parts: &'a OutboxParts,
    pub entries: &'a mut Entries,
}

impl Due<'_> {
    /// Handles what has become due.
    pub async fn handle(&mut self) {
        let now = self.parts.clock.moment();
        while let Some((uuid, timer)) = self.entries.timers.pop_due(now.steady) {
            self.entries.wake(uuid);
            match timer {
                Timer::CheckQueue => (),
                Timer::BackoffOver(id) => {
                    if let Some(queue) = self.entries.queues.get_mut(&uuid) {
                        queue.backoff_over(id);
                    }
                }
                Timer::Lookup(id) => self.look_up(uuid, id).await,
                Timer::ReadSchedule => self.read_schedule().await,
            }
        }
        // One page at a time, so that other requests are served between; the rest stays due.
        if self.entries.timers.is_schedule_due(now.wall) {
            match stored::queue_due(&self.parts.store, now.wall, DUE_AT_ONCE).await {
                Ok(due) if due.is_empty() => self.read_schedule().await,
                Ok(due) => {
                    for entry in due {
                        if let Some(queue) = self.entries.queues.get_mut(&entry.session_uuid) {
                            queue.scheduled = queue.scheduled.saturating_sub(1);
                            queue.queued += 1;
                        }
                        self.entries.wake(entry.session_uuid);
                    }
                }
                Err(error) => self.schedule_failed(&error),
            }
        }
    }

    /// Moves an entry whose outcome is unknown back to its chat's queue, where its next attempt looks it up.
    async fn look_up(&mut self, uuid: Uuid, id: Uuid) {
        let Some(queue) = self.entries.queues.get(&uuid) else { return };
        match stored::back_to_queue(&self.parts.store, &queue.session.id, id).await {
            Ok(false) => (),
            Ok(true) => {
                self.entries.remove_from(uuid, id, Place::Lookup);
                if let Some(queue) = self.entries.queues.get_mut(&uuid) {
                    queue.queued += 1;
                }
            }
            Err(error) => {
                tracing::error!(%error, "an outbox entry with an unknown outcome could not be queued for its look-up");
                self.entries.wake_after(DISK_PAUSE, uuid, Timer::Lookup(id));
            }
        }
    }

    /// Reads when the first scheduled message is due.
    pub async fn read_schedule(&mut self) {
        match self.parts.store.outbox_queue().next_due().await {
            Ok(next) => self.entries.timers.set_schedule(next),
            Err(error) => self.schedule_failed(&error),
        }
    }

    fn schedule_failed(&mut self, error: &StoreError) {
        tracing::error!(%error, "the scheduled messages could not be read");
        self.entries.timers.set_schedule(None);
        self.entries.wake_after(DISK_PAUSE, Uuid::nil(), Timer::ReadSchedule);
    }
}

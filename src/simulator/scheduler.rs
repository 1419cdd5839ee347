//! Scheduler: what happens later, and when. Durable tasks outlive a restart, timers end with the process.
//!
//! A [`Task`] follows a request that was answered already, so it is part of the state. A [`Timer`] belongs to a
//! device or a request of this process.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::oneshot;

use crate::{
    domain::{Timestamp, clock::from_millis},
    simulator::state::{Record, State, Task},
};

/// Something that is due while the process lives.
#[derive(Debug)]
pub enum Timer {
    /// The QR reference of a device is replaced.
    NextReference {
        device: u64,
        rotation: u64,
    },
    ExpirePairingCode {
        code: String,
    },
    /// A request that waits goes on.
    Wake(oneshot::Sender<()>),
}

/// What is due first.
pub enum Due {
    Task(Task),
    Timer(Timer),
}

/// Timers by due time, and whether the worker must look again.
#[derive(Default)]
pub struct Scheduler {
    timers: BTreeMap<(Timestamp, u64), Timer>,
    next_timer: u64,
    is_changed: bool,
}

/// The moment after a delay, within the range of time.
pub fn after(now: Timestamp, delay: Duration) -> Timestamp {
    let delay = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    from_millis(now.as_millisecond().saturating_add(delay))
}

impl Scheduler {
    pub fn schedule_task(&mut self, state: &mut State, due: Timestamp, task: Task) {
        let number = state.tasks().next_number();
        state.put(Record::Task { due, number, task: Box::new(task) });
        self.is_changed = true;
    }

    pub fn schedule(&mut self, due: Timestamp, timer: Timer) {
        self.timers.insert((due, self.next_timer), timer);
        self.next_timer += 1;
        self.is_changed = true;
    }

    /// Whether something changed since the last call.
    pub fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// The number of tasks and timers.
    pub fn len(&self, state: &State) -> usize {
        state.tasks().len() + self.timers.len()
    }

    pub fn next_due(&self, state: &State) -> Option<Timestamp> {
        let task = state.tasks().first().map(|(due, ..)| due);
        let timer = self.timers.keys().next().map(|(due, _)| *due);
        task.into_iter().chain(timer).min()
    }

    /// Removes what is due first. A task goes before a timer of the same moment.
    pub fn take_first(&mut self, state: &mut State) -> Option<Due> {
        let due = self.next_due(state)?;
        let task = state.tasks().first().filter(|(task_due, ..)| *task_due == due);
        if let Some((number, task)) = task.map(|(_, number, task)| (number, task.clone())) {
            state.put(Record::TaskGone { due, number });
            return Some(Due::Task(task));
        }
        self.timers.pop_first().map(|(_, timer)| Due::Timer(timer))
    }

    /// The clock was set back: tasks and timers keep their distance from it.
    pub fn shift_back(&mut self, state: &mut State, milliseconds: i64) {
        let earlier =
            |due: Timestamp| from_millis(due.as_millisecond().saturating_sub(milliseconds));
        let timers = std::mem::take(&mut self.timers);
        self.timers =
            timers.into_iter().map(|((due, n), timer)| ((earlier(due), n), timer)).collect();
        let tasks: Vec<_> =
            state.tasks().iter().map(|(due, number, task)| (due, number, task.clone())).collect();
        for (due, number, _) in &tasks {
            state.put(Record::TaskGone { due: *due, number: *number });
        }
        for (due, number, task) in tasks {
            state.put(Record::Task { due: earlier(due), number, task: Box::new(task) });
        }
    }

    /// The clock was changed: the worker must look again.
    pub fn clock_changed(&mut self) {
        self.is_changed = true;
    }

    /// Drops all timers. Requests that wait for one go on.
    pub fn clear_timers(&mut self) {
        self.timers.clear();
    }
}

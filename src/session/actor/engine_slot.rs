//! Engine slot of a session: the open driver, its reports, and the background tasks that end with it.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    domain::Error,
    driver::{Close, Driver, DriverEvent, OpenedEngine},
    session::actor::engine_tasks::Task,
};

/// What comes from an engine or from a background task.
pub enum Report {
    /// None when the engine ended without a report.
    Event(Option<DriverEvent>),
    Opened(Result<OpenedEngine, Error>),
    Ended(Task),
}

#[derive(Default)]
pub struct EngineSlot {
    driver: Option<Arc<dyn Driver>>,
    events: Option<mpsc::Receiver<Box<DriverEvent>>>,
    tasks: JoinSet<Task>,
    is_opening: bool,
}

impl EngineSlot {
    pub fn driver(&self) -> Option<&Arc<dyn Driver>> {
        self.driver.as_ref()
    }

    pub fn is_open(&self) -> bool {
        self.driver.is_some()
    }

    pub fn is_opening(&self) -> bool {
        self.is_opening
    }

    /// The number of background tasks.
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Runs a task, which [`Self::close`] aborts.
    pub fn spawn(&mut self, task: impl Future<Output = Task> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Runs the task that opens an engine; it ends with [`Task::Opening`].
    pub fn open(&mut self, opening: impl Future<Output = Task> + Send + 'static) {
        self.is_opening = true;
        self.tasks.spawn(opening);
    }

    pub fn opened(&mut self, opened: OpenedEngine) {
        self.is_opening = false;
        self.driver = Some(opened.driver);
        self.events = Some(opened.events);
    }

    pub fn not_opened(&mut self) {
        self.is_opening = false;
    }

    /// The next report; never without an engine and tasks. Nothing is lost when the wait is cancelled.
    pub async fn next(&mut self) -> Report {
        tokio::select! {
            event = next_event(&mut self.events) => Report::Event(event),
            Some(ended) = self.tasks.join_next() => match ended {
                Ok(Task::Opening(outcome)) => Report::Opened(outcome),
                Ok(task) => Report::Ended(task),
                Err(_) => Report::Ended(Task::Command),
            },
        }
    }

    /// The number of events that wait to be handled.
    pub fn waiting_events(&self) -> usize {
        self.events.as_ref().map_or(0, mpsc::Receiver::len)
    }

    /// An event that waits to be handled.
    pub fn waiting_event(&mut self) -> Option<DriverEvent> {
        self.events.as_mut()?.try_recv().ok().map(|event| *event)
    }

    /// Closes the engine, however stuck it is, and aborts all tasks. Returns whether the engine closed in time.
    pub async fn close(&mut self, how: Close, deadline: Duration) -> bool {
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        self.is_opening = false;
        self.events = None;
        match self.driver.take() {
            Some(driver) => tokio::time::timeout(deadline, driver.close(how)).await.is_ok(),
            None => true,
        }
    }
}

async fn next_event(events: &mut Option<mpsc::Receiver<Box<DriverEvent>>>) -> Option<DriverEvent> {
    match events {
        Some(events) => events.recv().await.map(|event| *event),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::{
        domain::{Command, ErrorCode, Reply},
        driver::{Capabilities, RecoveryMethod},
    };

    /// An engine that closes only when it may.
    #[derive(Default)]
    struct Stuck {
        closes: bool,
        closed: AtomicUsize,
    }

    #[async_trait]
    impl Driver for Stuck {
        fn capabilities(&self) -> Capabilities {
            Capabilities::default()
        }

        async fn execute(&self, _command: Command) -> Result<Reply, Error> {
            Err(Error::new(ErrorCode::EngineFailed, "stuck"))
        }

        async fn recover(&self, _method: RecoveryMethod) -> Result<(), Error> {
            Ok(())
        }

        async fn close(&self, _how: Close) {
            self.closed.fetch_add(1, Ordering::Relaxed);
            if !self.closes {
                std::future::pending::<()>().await;
            }
        }
    }

    fn open(driver: &Arc<Stuck>) -> (EngineSlot, mpsc::Sender<Box<DriverEvent>>) {
        let (sender, events) = mpsc::channel(4);
        let mut slot = EngineSlot::default();
        slot.opened(OpenedEngine { driver: driver.clone(), events });
        (slot, sender)
    }

    #[tokio::test]
    async fn a_stuck_engine_is_closed_at_its_deadline_with_its_tasks_and_events() {
        for closes in [false, true] {
            let driver = Arc::new(Stuck { closes, ..Stuck::default() });
            let (mut slot, sender) = open(&driver);
            slot.spawn(std::future::pending());
            sender.try_send(Box::new(DriverEvent::QrExhausted)).unwrap();
            assert_eq!((slot.tasks(), slot.waiting_events()), (1, 1));
            let in_order = slot.close(Close::KeepLogin, Duration::from_millis(20)).await;
            assert_eq!((in_order, driver.closed.load(Ordering::Relaxed)), (closes, 1));
            assert!(!slot.is_open() && slot.waiting_event().is_none());
            assert_eq!((slot.tasks(), slot.waiting_events()), (0, 0));
        }
    }

    #[tokio::test]
    async fn an_opening_is_reported_as_such_and_an_engine_that_ends_as_none() {
        let driver = Arc::new(Stuck::default());
        let mut slot = EngineSlot::default();
        let error = Error::new(ErrorCode::Timeout, "too late");
        slot.open(async { Task::Opening(Err(error)) });
        assert!(slot.is_opening());
        assert!(matches!(slot.next().await, Report::Opened(Err(_))));
        slot.not_opened();
        assert!(!slot.is_opening());
        let (mut slot, sender) = open(&driver);
        drop(sender);
        assert!(matches!(slot.next().await, Report::Event(None)));
    }
}

//! Actor of one session: a task that handles one cause at a time, and is the only writer of the session's state
//! and the only caller of its driver.
//!
//! ```text
//! Actor (mailbox) ──▶ Health ──▶ Reports ──▶ Startup ──▶ Lifecycle: open, close, crash, fail
//!                                                          ├─ StatePublisher   record, status, log, events
//!                                                          ├─ EngineSlot       driver, its events, tasks
//!                                                          ├─ Timers · RecoveryState · Restarts · Stalls
//!                                                          └─ EngineHold · SessionFolder
//! ```
//!
//! The lowest row holds the fields; each type there is tested by itself. The types above are the steps of the state
//! machine, and hold nothing.

mod engine_slot;
mod engine_tasks;
mod folder;
mod health;
mod hold;
mod lifecycle;
mod recovery_state;
mod reports;
mod send_pause;
mod shared;
mod stalls;
mod startup;
mod state_publisher;
mod timers;

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

pub use self::shared::Shared;
use crate::{
    breakpoint::Breakpoint,
    domain::{
        Error, ErrorCode, EventBody, Removal, SendHold, SessionRecord, SessionState, Subject,
        event::DisconnectReason, session::Desired,
    },
    driver::Close,
    session::{
        SessionHandle,
        actor::{
            engine_slot::Report, engine_tasks::Task, health::Health, lifecycle::Lifecycle,
            reports::Reports, startup::Startup, state_publisher::StatePublisher, timers::Timer,
        },
        request::{Hold, Request, SendRefusal},
    },
    store::StoreError,
};

const MAILBOX: usize = 64;
/// Longest hold; after it the session is released automatically.
const LONGEST_HOLD: Duration = Duration::from_secs(300);
/// How long an engine must have been ready before it may be closed: a browser writes a new login to the disk some
/// seconds late.
const SETTLING: Duration = Duration::from_secs(10);

/// Everything that makes a session act.
enum Cause {
    Requested(Option<Request>),
    Reported(Report),
    /// The hold of the session was released.
    Released,
    TimerFired,
}

/// The task of one session: dispatches causes to the steps of the state machine.
pub struct Actor {
    mailbox: mpsc::Receiver<Request>,
    life: Lifecycle,
}

/// Makes a session's handle and its task.
pub fn session(
    shared: Arc<Shared>,
    record: SessionRecord,
) -> (SessionHandle, impl Future<Output = ()> + Send + 'static) {
    let starts = record.desired == Desired::Running && record.removal.is_none();
    let state = match record.removal {
        Some(_) => SessionState::Terminated,
        None if starts => SessionState::Initializing,
        None => record.state,
    };
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let pause_ends = send_pause::ends(&record, shared.parts.clock.now());
    let id = record.id.clone();
    let publisher = StatePublisher::new(&shared.parts, record, state);
    let (status, log) = publisher.watch();
    let deadlines = shared.parts.settings.deadlines;
    let handle = SessionHandle { id, mailbox: sender, status, log, deadlines };
    let mut life = Lifecycle::new(shared, handle.clone(), publisher);
    life.timers.set(Timer::SendPause, pause_ends);
    let actor = Actor { mailbox, life };
    (handle, actor.run(starts))
}

impl Actor {
    async fn run(mut self, starts: bool) {
        if starts {
            self.life.open();
        }
        loop {
            match self.next_cause().await {
                Cause::Requested(Some(request)) => {
                    if !self.requested(request).await {
                        return;
                    }
                }
                Cause::Requested(None) => return,
                Cause::Reported(report) => self.reported(report).await,
                Cause::Released => self.release(),
                Cause::TimerFired => self.timers_fired().await,
            }
        }
    }

    async fn next_cause(&mut self) -> Cause {
        let next_time = self.life.timers.next();
        tokio::select! {
            report = self.life.engine.next() => Cause::Reported(report),
            request = self.mailbox.recv() => Cause::Requested(request),
            () = self.life.hold.released() => Cause::Released,
            () = sleep_until(next_time) => Cause::TimerFired,
        }
    }

    async fn reported(&mut self, report: Report) {
        match report {
            Report::Event(Some(event)) => Reports(&mut self.life).handle(event).await,
            Report::Event(None) => self.life.crashed("the engine ended without a report").await,
            Report::Opened(Ok(opened)) => Startup(&mut self.life).opened(opened),
            Report::Opened(Err(error)) => Startup(&mut self.life).not_opened(error).await,
            Report::Ended(task) => self.ended(task).await,
        }
    }

    async fn ended(&mut self, task: Task) {
        match task {
            Task::Command | Task::Opening(_) => (),
            Task::Probe { fault, memory } => Health(&mut self.life).probed(fault, memory).await,
            Task::Recovery { stage, outcome } => {
                Health(&mut self.life).stage_ended(stage, &outcome).await;
            }
            Task::PairingCode { expires_at } => Startup(&mut self.life).pairing_began(expires_at),
            Task::Stalled { engine_state } => Startup(&mut self.life).stalled(engine_state).await,
        }
    }

    async fn timers_fired(&mut self) {
        let now = Instant::now();
        while let Some(timer) = self.life.timers.take_due(now) {
            let life = &mut self.life;
            match timer {
                Timer::Qr => {
                    let message = if life.timers.is_set(Timer::Pairing) {
                        "nobody typed the pairing code in time"
                    } else {
                        "nobody scanned the QR code in time"
                    };
                    life.fail(DisconnectReason::QrTimeout, message.to_owned()).await;
                }
                Timer::Pairing => Startup(life).pairing_ended(),
                Timer::Progress => Startup(life).inspect_stall(),
                Timer::Authentication => {
                    let message = "the account did not load in time after the scan".to_owned();
                    life.fail(DisconnectReason::AuthTimeout, message).await;
                }
                Timer::Connection => {
                    let message =
                        "no connection to WhatsApp for a minute; starting the engine again";
                    life.state.note("warn", message.to_owned());
                    life.restart().await;
                }
                Timer::Hold => {
                    life.state.note("warn", "held for too long; released".to_owned());
                    self.release();
                }
                Timer::SendPause => {
                    self.resume_sends(false).await;
                }
                Timer::Restart => {
                    life.state.enter(SessionState::Initializing).await;
                    life.open();
                }
                Timer::Probe => Health(life).probe(),
            }
        }
    }

    /// Handles a request. Returns whether the task goes on.
    async fn requested(&mut self, request: Request) -> bool {
        let Some(request) = self.refuse_while_removing(request) else { return true };
        let life = &mut self.life;
        match request {
            Request::Execute { command, reply } => life.execute(*command, reply),
            Request::Start { config, reply } => {
                life.state.record_mut().config = *config;
                life.begin().await;
                let _ = reply.send(Ok(()));
            }
            Request::Restart { reply } => {
                self.close_for(DisconnectReason::Restart).await;
                self.life.begin().await;
                let _ = reply.send(Ok(()));
            }
            Request::LogOut { reply } => {
                life.close(Close::LogOut).await;
                life.wipe().await;
                life.state.record_mut().me = None;
                life.state.publish(|status| status.me = None);
                life.state.log_disconnected(DisconnectReason::LoggedOut, false).await;
                life.begin().await;
                let _ = reply.send(Ok(()));
            }
            Request::Hold { may_close, reply } => {
                let _ = reply.send(self.hold(may_close).await);
            }
            Request::HoldSends { refusal, reply } => {
                let _ = reply.send(Ok(self.hold_sends(*refusal).await));
            }
            Request::ResumeSends { reply } => {
                let _ = reply.send(Ok(self.resume_sends(true).await));
            }
            Request::BeginRemoval { removal, reply } => {
                let _ = reply.send(self.begin_removal(removal).await);
            }
            Request::EndRemoval { reply } => {
                self.end_removal().await;
                let _ = reply.send(Ok(()));
                return false;
            }
            Request::Stop => {
                self.close_for(DisconnectReason::Shutdown).await;
                return false;
            }
        }
        true
    }

    /// Refuses a request that would start a session that is being removed; returns any other.
    fn refuse_while_removing(&self, request: Request) -> Option<Request> {
        let record = self.life.state.record();
        if record.removal.is_none() {
            return Some(request);
        }
        let refusal = || {
            let message = format!("Session with ID '{}' is being removed", record.id);
            Error::new(ErrorCode::Conflict, message).about(Subject::Session)
        };
        match request {
            Request::Start { reply, .. }
            | Request::Restart { reply }
            | Request::LogOut { reply } => {
                let _ = reply.send(Err(refusal()));
            }
            Request::Hold { reply, .. } => {
                let _ = reply.send(Ok(None));
            }
            other => return Some(other),
        }
        None
    }

    /// Closes the engine for a reason that is none of its own. Returns whether it closed in time.
    async fn close_for(&mut self, reason: DisconnectReason) -> bool {
        if self.life.engine.is_open() {
            self.life.state.log_disconnected(reason, true).await;
        }
        self.life.close(Close::KeepLogin).await
    }

    /// Closes the engine and keeps it closed; none when that is not possible now.
    async fn hold(&mut self, may_close: bool) -> Result<Option<Hold>, Error> {
        let closed_engine = self.life.engine.is_open();
        let is_settling = self.life.state.age() < SETTLING;
        if self.life.engine.is_opening() || self.life.hold.is_held() {
            return Ok(None);
        }
        if closed_engine && (!may_close || is_settling) {
            return Ok(None);
        }
        if closed_engine {
            self.life.state.note("info", "the engine is closed: the session is held".to_owned());
            let in_order = self.close_for(DisconnectReason::Restart).await;
            self.life.state.enter(SessionState::Initializing).await;
            if !in_order {
                self.life.open();
                let message = "the engine did not close in time";
                return Err(Error::new(ErrorCode::EngineFailed, message));
            }
        }
        self.life.timers.set(Timer::Hold, Instant::now() + LONGEST_HOLD);
        Ok(Some(self.life.hold.begin(closed_engine)))
    }

    /// Releases the session: its engine is opened again if the session is to run.
    fn release(&mut self) {
        let life = &mut self.life;
        life.hold.end();
        life.timers.clear([Timer::Hold]);
        let is_to_run = life.state.record().desired == Desired::Running;
        if is_to_run && life.state.state() == SessionState::Initializing {
            life.open();
        }
    }

    /// Pauses sends: WhatsApp refused a message for now.
    async fn hold_sends(&mut self, refusal: SendRefusal) -> SendHold {
        let Lifecycle { state, timers, shared, .. } = &mut self.life;
        let now = shared.parts.clock.now();
        let (hold, is_new) = send_pause::begin(state.record_mut(), refusal, now);
        if !is_new {
            return hold;
        }
        state.note("warn", format!("{}; sends wait until {}", hold.message(), hold.until));
        timers.set(Timer::SendPause, send_pause::ends(state.record(), now));
        state.write().await;
        state.publish(|status| status.send_hold = Some(hold.clone()));
        state.log_events(vec![EventBody::SendingHeld { hold: hold.clone() }]).await;
        hold
    }

    /// Ends the pause of sends. Returns whether there was one.
    async fn resume_sends(&mut self, by_hand: bool) -> bool {
        let Lifecycle { state, timers, shared, .. } = &mut self.life;
        timers.clear([Timer::SendPause]);
        let ended = send_pause::end(state.record_mut(), shared.parts.clock.now());
        let Some(hold) = ended else { return false };
        state.note("info", "sends are resumed".to_owned());
        state.write().await;
        state.publish(|status| status.send_hold = None);
        state.log_events(vec![EventBody::SendingResumed { hold, by_hand }]).await;
        true
    }

    /// Records that the session is being removed, and closes the engine. The options of the first request
    /// count, also when an interrupted removal is requested again.
    async fn begin_removal(&mut self, removal: Removal) -> Result<(), Error> {
        let state = &mut self.life.state;
        let before = state.record().removal;
        let removal = *state.record_mut().removal.get_or_insert(removal);
        state.record_mut().desired = Desired::Stopped;
        state.publish(|status| status.removing = true);
        if let Err(error) = state.try_write().await {
            // A removal is possible on a full disk, and may be meant to make room.
            if !matches!(error, StoreError::Full) {
                state.record_mut().removal = before;
                state.publish(|status| status.removing = before.is_some());
                return Err(error.into());
            }
            state.note("warn", "the removal is not recorded: the disk is full".to_owned());
        }
        Breakpoint::RemovalBegun.pass();
        let how = if removal.log_out { Close::LogOut } else { Close::KeepLogin };
        self.life.close(how).await;
        self.life.state.enter(SessionState::Terminated).await;
        Ok(())
    }

    /// Nothing of the session is pending any more: logs its removal, and deletes its folder.
    async fn end_removal(&mut self) {
        self.life.state.log_disconnected(DisconnectReason::SessionRemoved, false).await;
        if self.life.state.record().removal.is_some_and(|removal| !removal.keep_data) {
            self.life.wipe().await;
        }
    }
}

async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

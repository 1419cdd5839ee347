//! Runner of answers that are due: in the order of their times, a bounded number at once.

use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    answers::Assistant,
    bots::Bots,
    domain::{Clock, Error, ErrorCode, Jid, SessionId, clock::between},
    events::EventLog,
    inbox::{
        answering::{
            due::{self, AnswerDue, AnswerLeft},
            queue::AnswerQueue,
            wording::Ending,
            worker::Worker,
        },
        bot_rules::BotRules,
        post::Post,
    },
    messaging::Outbox,
    settings::Settings,
    store::{Store, StoreError},
};

/// The longest rest. After it a changed wall clock is noticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The pause after the store failed.
const DISK_PAUSE: Duration = Duration::from_secs(5);
/// Failures after which a conversation is left unanswered.
const MOST_FAILURES: u32 = 5;

/// What answering needs.
pub struct AnsweringParts {
    pub store: Store,
    pub log: EventLog,
    pub clock: Clock,
    pub settings: Settings,
    pub bots: Bots,
    pub assistant: Assistant,
    pub queue: AnswerQueue,
    pub outbox: Outbox,
}

/// Words what is due.
pub struct Answering(Worker);

type Place = (SessionId, Jid);

impl Answering {
    /// Starts the task that words answers.
    pub fn start(parts: AnsweringParts, tasks: &TaskTracker, stop: CancellationToken) {
        let AnsweringParts { store, log, clock, settings, .. } = parts;
        let AnsweringParts { bots, assistant, queue, outbox, .. } = parts;
        let rules = BotRules { settings, clock: clock.clone() };
        let post = Post::new(clock.clone(), Some(outbox));
        let worker = Worker { store, log, clock, bots, assistant, queue, post, rules };
        tasks.spawn(Arc::new(Self(worker)).run(stop));
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut moved = self.0.clock.moved();
        let (mut running, mut tasks) = (HashSet::new(), JoinSet::new());
        loop {
            let pause = match self.start_due(&mut running, &mut tasks).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "answers that are due cannot be read; retrying");
                    DISK_PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = tasks.join_next() => match ended {
                    Ok(place) => drop(running.remove(&place)),
                    // Caught within; only a task that is cut off ends so.
                    Err(error) => tracing::error!(%error, "an answer was cut off"),
                },
                () = self.0.queue.woken() => (),
                () = moved.wait() => (),
                () = tokio::time::sleep(pause) => (),
            }
        }
        // What is not committed is due at the next start.
        tasks.shutdown().await;
    }

    /// Begins what is due and has room. How long until the next.
    async fn start_due(
        self: &Arc<Self>,
        running: &mut HashSet<Place>,
        tasks: &mut JoinSet<Place>,
    ) -> Result<Duration, StoreError> {
        let at_once = self.0.assistant.rules().at_once;
        // Those that run are among the first.
        let next = due::next(&self.0.store, running.len() + at_once + 1).await?;
        let now = self.0.clock.now();
        for due in next {
            let place = (due.session.clone(), due.chat.clone());
            if running.contains(&place) {
                continue;
            }
            if now < due.due {
                return Ok(between(now, due.due).min(LONGEST_PAUSE));
            }
            if at_once <= running.len() {
                break;
            }
            running.insert(place.clone());
            let answering = self.clone();
            tasks.spawn(async move {
                answering.answer_safely(&due).await;
                place
            });
        }
        Ok(LONGEST_PAUSE)
    }

    async fn answer_safely(&self, due: &AnswerDue) {
        let error = match AssertUnwindSafe(self.answer(due)).catch_unwind().await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => Error::internal("the answer panicked"),
        };
        tracing::warn!(%error, "a message of a conversation could not be answered");
        let waits = matches!(error.code, ErrorCode::Unavailable | ErrorCode::StorageFull);
        if let Err(error) = self.note_failure(due, waits).await {
            tracing::error!(%error, "the failure of an answer could not be stored");
            tokio::time::sleep(DISK_PAUSE).await;
        }
    }

    async fn answer(&self, due: &AnswerDue) -> Result<(), Error> {
        let live = self.0.queue.live().begin((&due.session, &due.chat), &due.keys());
        let Some(scene) = self.0.scene(due).await? else { return self.leave(due).await };
        match self.0.word(due, &scene, &live).await? {
            Ending::Said(said) => self.0.commit(due, &scene.bot, &said).await,
            Ending::Dropped => self.leave(due).await,
            Ending::Left => self.leave_for_later(due).await,
            Ending::Joined => self.begin_again(due).await,
        }
    }

    /// Puts the answer off until the messages that came meanwhile are quiet.
    async fn begin_again(&self, due: &AnswerDue) -> Result<(), Error> {
        let again = |found: AnswerDue| {
            let restarts = due.restarts.saturating_add(1);
            Some(AnswerDue { restarts, ..found })
        };
        Ok(self.change(due, again, false).await?)
    }

    /// Leaves the messages of an answer until somebody asks for it again.
    async fn leave_for_later(&self, due: &AnswerDue) -> Result<(), Error> {
        let now = self.0.clock.now();
        Ok(self.change(due, |found| found.without(&due.messages, now), true).await?)
    }

    /// Leaves the messages of an answer unanswered.
    async fn leave(&self, due: &AnswerDue) -> Result<(), Error> {
        let now = self.0.clock.now();
        Ok(self.change(due, |found| found.without(&due.messages, now), false).await?)
    }

    /// Puts the answer off. While the store is not well, it waits; other failures are counted.
    async fn note_failure(&self, due: &AnswerDue, waits: bool) -> Result<(), StoreError> {
        let failures = due.failures.saturating_add(u32::from(!waits));
        if MOST_FAILURES <= failures {
            tracing::error!(
                "the messages of a conversation stay unanswered after {failures} failures"
            );
            let now = self.0.clock.now();
            return self.change(due, |found| found.without(&due.messages, now), false).await;
        }
        let later = self.0.clock.now() + DISK_PAUSE * 2_u32.pow(failures);
        self.change(due, |found| Some(AnswerDue { failures, due: later, ..found }), false).await
    }

    /// Changes what is due in a conversation, or removes it. Its messages can be asked for again where that is wanted.
    async fn change(
        &self,
        due: &AnswerDue,
        change: impl Fn(AnswerDue) -> Option<AnswerDue>,
        is_for_later: bool,
    ) -> Result<(), StoreError> {
        let key = AnswerDue::at(&due.session, &due.chat);
        let mut work = self.0.log.work();
        loop {
            let Some(found) = work.get(&key).await? else { return Ok(()) };
            if is_for_later {
                let at = AnswerLeft::at(&due.session, &due.chat);
                let left = AnswerLeft::with(work.get(&at).await?, due);
                work.put(&at, &left).await?;
            }
            match change(found) {
                Some(changed) => work.put(&key, &changed).await?,
                None => {
                    work.delete(&key).await?;
                    self.0.give_up(&mut work, due).await?;
                }
            }
            if let Some(events) = work.commit().await? {
                return match events.last() {
                    Some(last) => self.0.log.publish(last.seq).await,
                    None => Ok(()),
                };
            }
        }
    }
}

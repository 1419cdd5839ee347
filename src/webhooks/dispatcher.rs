//! Deliveries: one task for each endpoint, so that a slow one holds up no other.
//!
//! The task turns new events into waiting deliveries and starts an attempt for each lane whose head
//! is due, as many at once as the endpoint's pace allows. A lane with an attempt under way starts
//! no other, so that the events of one chat go out one after the other; lanes go out side by side.
//!
//! Attempts that end are recorded in groups: while one group is on its way to the disk, the next
//! gathers, and attempts go on. A lane goes on at once after an event that was delivered at the first
//! try; after any other attempt it goes on when that is on the disk.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{Error, Event, Timestamp, clock::between},
    store::records::{Delivery, Outage, WebhookRecord},
    webhooks::{
        Progress, Webhooks,
        attempt::{self, Letter},
        desk::{AFTER_FAILURE, Desk},
        outage,
        record::{Came, Ended},
        window::{Fresh, Window},
    },
};

/// The longest rest; a clock that was set anew is noticed after it, and a task that ended.
const LONGEST_REST: Duration = Duration::from_secs(15);
const SHORTEST_REST: Duration = Duration::from_millis(1);
/// How long attempts under way may go on when the gateway stops.
const LAST_ATTEMPTS: Duration = Duration::from_secs(3);
/// Heads read from the line at once.
const READ_AT_ONCE: usize = 32;
/// How often at most it is told how far an endpoint lags.
const LAG_TOLD_EVERY: Duration = Duration::from_secs(1);
/// When so many times as many deliveries have ended as are kept, old ones are forgotten out of turn.
const TIDIED_AFTER: usize = 5;
/// For this, no fewer are thought to be kept: forgetting looks at all that are.
const KEPT_AT_LEAST: usize = 100;

impl Webhooks {
    /// Runs deliveries until the token is cancelled.
    pub fn start(&self, tasks: &TaskTracker, stop: CancellationToken) {
        let (webhooks, own_tasks, own_stop) = (self.clone(), tasks.clone(), stop.clone());
        tasks.spawn(async move { webhooks.keep_endpoints_running(own_tasks, own_stop).await });
        let webhooks = self.clone();
        tasks.spawn(async move { webhooks.keep_tidy(stop).await });
    }

    async fn keep_endpoints_running(self, tasks: TaskTracker, stop: CancellationToken) {
        let mut changes = self.inner.changes.subscribe();
        let mut running: HashMap<Uuid, (CancellationToken, JoinHandle<()>)> = HashMap::new();
        loop {
            changes.mark_unchanged();
            let wanted: HashSet<Uuid> = match self.inner.store.webhooks().all().await {
                Ok(all) => all.into_iter().map(|webhook| webhook.id).collect(),
                Err(error) => {
                    tracing::error!(%error, "webhooks cannot be read");
                    running.keys().copied().collect()
                }
            };
            running.retain(|id, (token, task)| {
                if !wanted.contains(id) {
                    token.cancel();
                }
                if wanted.contains(id) && task.is_finished() {
                    tracing::error!(webhook = %id, "webhook {id}: its task broke off, starts anew");
                }
                wanted.contains(id) && !task.is_finished()
            });
            for id in wanted {
                running.entry(id).or_insert_with(|| {
                    let (token, webhooks) = (stop.child_token(), self.clone());
                    let own = token.clone();
                    (token, tasks.spawn(async move { webhooks.serve(id, own).await }))
                });
            }
            let changed = tokio::time::timeout(LONGEST_REST, changes.changed());
            if stop.run_until_cancelled(changed).await.is_none() {
                return;
            }
        }
    }

    /// Serves one endpoint until its token is cancelled.
    async fn serve(self, id: Uuid, stop: CancellationToken) {
        let mut wake = self.inner.log.wake();
        let mut changes = self.inner.changes.subscribe();
        let mut desk = Desk::new(self.inner.settings.per_endpoint);
        let read = async {
            self.mend(id).await?;
            self.forgive_the_future(id).await
        };
        if let Err(error) = read.await {
            tracing::error!(webhook = %id, %error, "webhook {id}: its line cannot be read");
        }
        while !stop.is_cancelled() {
            let rest = self.work(id, &mut desk).await.unwrap_or_else(|error| {
                tracing::error!(webhook = %id, %error, "webhook {id}: deliveries cannot go on");
                desk.let_go();
                desk.rest_after_failure();
                AFTER_FAILURE
            });
            let gathering = desk.gathering();
            tokio::select! {
                Some(ended) = desk.under_way.join_next_with_id() => desk.end(id, ended),
                Some(result) = desk.recording.join_next() => desk.recorded(id, result),
                _ = wake.changed() => desk.has_news = true,
                _ = changes.changed() => desk.look_anew(),
                () = tokio::time::sleep(gathering.unwrap_or_default()), if gathering.is_some() => (),
                () = tokio::time::sleep(rest) => if !rest.is_zero() {
                    desk.look_anew();
                    desk.has_news = true;
                },
                () = stop.cancelled() => (),
            }
        }
        self.put_down(id, desk).await;
    }

    /// Ends what is under way, and records it.
    async fn put_down(&self, id: Uuid, mut desk: Desk) {
        let all = async {
            while let Some(ended) = desk.under_way.join_next_with_id().await {
                desk.end(id, ended);
            }
        };
        if tokio::time::timeout(LAST_ATTEMPTS, all).await.is_err() {
            tracing::info!(webhook = %id, "webhook {id}: what is under way is sent again later");
            desk.under_way.shutdown().await;
        }
        while let Some(result) = desk.recording.join_next().await {
            desk.recorded(id, result);
        }
        if let Some(group) = desk.group() {
            desk.recorded(id, Ok(self.record(id, group).await));
        }
        self.forget_progress(id);
    }

    /// Takes in new events, has what ended recorded, and starts what is due. How long there is
    /// nothing else to do.
    async fn work(&self, id: Uuid, desk: &mut Desk) -> Result<Duration, Error> {
        if std::mem::take(&mut desk.is_changed) {
            let found = self.inner.store.webhooks().get(id).await?;
            desk.webhook = found.filter(|webhook| webhook.enabled).map(Arc::new);
        }
        let Some(webhook) = desk.webhook.clone() else {
            self.write_down(id, desk);
            if desk.is_at_rest() {
                desk.let_go();
                self.forget_progress(id);
            }
            return Ok(LONGEST_REST);
        };
        let more = self.take_news(&webhook, desk).await?;
        self.write_down(id, desk);
        let mut rest = if more { Duration::ZERO } else { self.report_lag(&webhook, desk).await? };
        // When something is due is counted in steady time: a clock set by an hour moves nothing.
        let now = self.inner.clock.steady();
        if let Some(end) = webhook.paused_until.filter(|end| now < *end) {
            return Ok(rest.min(until(now, end)));
        }
        if let Some(quiet) = desk.quiet_for() {
            return Ok(quiet);
        }
        // What cannot be recorded would be posted again and again.
        if !self.inner.store.takes_records() {
            return Ok(AFTER_FAILURE);
        }
        if let Some(outage) = webhook.outage {
            if outage.is_over {
                self.release(id).await?;
                desk.look_anew();
                return Ok(Duration::ZERO);
            }
            return Ok(rest.min(self.probe(&webhook, &outage, desk, now).await?));
        }
        for _ in 0..desk.room() {
            let Some((delivery, event)) = self.next_one(id, desk, now).await? else { break };
            self.begin_attempt(desk, webhook.clone(), delivery, event);
        }
        // Without room, the end of an attempt comes before anything that falls due.
        if let Some(due) = desk.next_due.filter(|_| 0 < desk.room()) {
            rest = rest.min(until(now, due));
        }
        Ok(rest)
    }

    fn begin_attempt(
        &self,
        desk: &mut Desk,
        webhook: Arc<WebhookRecord>,
        delivery: Delivery,
        event: Option<Arc<Event>>,
    ) {
        let (webhooks, lane) = (self.clone(), delivery.lane.clone());
        desk.start(lane, async move { webhooks.attempt(&webhook, delivery, event).await });
    }

    /// Tries one delivery of an endpoint that fails as a whole, when it is time to. How long there is
    /// nothing else to do.
    async fn probe(
        &self,
        webhook: &Arc<WebhookRecord>,
        outage: &Outage,
        desk: &mut Desk,
        now: Timestamp,
    ) -> Result<Duration, Error> {
        desk.ready.clear();
        // What the last attempt said must be in the record first.
        if !desk.is_idle() || desk.room() == 0 {
            return Ok(LONGEST_REST);
        }
        let mut heads = self.inner.store.deliveries().heads(webhook.id, 1).await?;
        let Some(head) = heads.pop() else { return Ok(LONGEST_REST) };
        let first_pause = self.schedule_of(webhook).first_pause();
        let at = outage::probe_at(outage, head.attempts == 0, first_pause);
        if now < at {
            return Ok(until(now, at));
        }
        self.begin_attempt(desk, webhook.clone(), head, None);
        Ok(LONGEST_REST)
    }

    /// Has a group recorded, when there is one and none is on its way.
    fn write_down(&self, id: Uuid, desk: &mut Desk) {
        if let Some(group) = desk.group() {
            let webhooks = self.clone();
            desk.recording.spawn(async move { webhooks.record(id, group).await });
        }
        if let Some(window) = &desk.window {
            let (accepted, needed_from) = (window.accepted(), window.needed_from());
            self.tell_progress(id, Progress { accepted, needed_from });
        }
        if let Some(Ok(Err(error))) = desk.tidying.try_join_next() {
            tracing::warn!(webhook = %id, %error, "webhook {id}: old deliveries are not forgotten");
        }
        let kept = self.inner.settings.keep_delivered.max(KEPT_AT_LEAST);
        if kept.saturating_mul(TIDIED_AFTER) < desk.ended_since_tidy && desk.tidying.is_empty() {
            desk.ended_since_tidy = 0;
            let webhooks = self.clone();
            desk.tidying.spawn(async move { webhooks.forget_old(id).await });
        }
    }

    /// What to try next, the longest due first: of the line, which is read when the heads that were
    /// read before are used up, or of what just came from the log, which has its event with it.
    async fn next_one(
        &self,
        id: Uuid,
        desk: &mut Desk,
        now: Timestamp,
    ) -> Result<Option<(Delivery, Option<Arc<Event>>)>, Error> {
        if desk.ready.is_empty() && std::mem::take(&mut desk.is_stale) {
            let stored = self.inner.store.deliveries();
            let is_taken = |lane: &str| desk.is_taken(lane);
            let due = stored.due(id, now, (&is_taken, desk.taken()), READ_AT_ONCE).await?;
            // There may be more where all that was asked for was found.
            desk.is_stale = due.heads.len() == READ_AT_ONCE;
            (desk.ready, desk.next_due) = (due.heads.into(), due.next);
        }
        let lined_up = desk.ready.front().map(|head| head.next_attempt_at);
        let fresh = desk.window.as_ref().and_then(Window::first).map(|first| first.next_attempt_at);
        if fresh.is_some() && lined_up.is_none_or(|lined_up| fresh < Some(lined_up)) {
            let first = desk.window.as_mut().and_then(Window::start);
            return Ok(first.map(|Fresh { delivery, event }| (delivery, Some(event))));
        }
        Ok(desk.ready.pop_front().map(|head| (head, None)))
    }

    /// Tells how far an endpoint lags, now and then. When it is to be told next.
    async fn report_lag(
        &self,
        webhook: &WebhookRecord,
        desk: &mut Desk,
    ) -> Result<Duration, Error> {
        if desk.lag_told.is_some_and(|told| told.elapsed() < LAG_TOLD_EVERY) {
            return Ok(LAG_TOLD_EVERY);
        }
        desk.lag_told = Some(Instant::now());
        let fresh = desk.window.as_ref().and_then(Window::oldest);
        self.tell_lag(webhook, fresh).await?;
        Ok(LONGEST_REST)
    }

    /// The event of a delivery in the line; none when the log has dropped it.
    async fn event_of(&self, delivery: &Delivery) -> Result<Option<Arc<Event>>, Error> {
        let found = self.inner.log.read(None, delivery.seq.saturating_sub(1), 1).await?;
        Ok(found.into_iter().find(|event| event.id == delivery.event))
    }

    async fn attempt(
        &self,
        webhook: &WebhookRecord,
        mut delivery: Delivery,
        event: Option<Arc<Event>>,
    ) -> Result<Ended, Error> {
        let is_fresh = event.is_some();
        let event = match event {
            Some(event) => Some(event),
            None => self.event_of(&delivery).await?,
        };
        delivery.attempts += 1;
        let wording = self.wording_of(webhook);
        let Some(body) = event.and_then(|event| wording?.wrap(&event)) else {
            let came = Came::Unfit("its event is past the retention".to_owned());
            return Ok(Ended { delivery, is_fresh, came });
        };
        let most = self.inner.settings.max_event;
        if most < body.len() {
            let error = format!("the event has {} bytes, which is more than {most}", body.len());
            return Ok(Ended { delivery, is_fresh, came: Came::Unfit(error) });
        }
        let letter = Letter {
            id: delivery.event.to_string(),
            delivery: delivery.id,
            event: &delivery.event_name,
            body,
            number: delivery.attempts,
        };
        let inner = &*self.inner;
        let outcome =
            attempt::post(webhook, &letter, &inner.hosts, &inner.settings, &inner.clock).await;
        Breakpoint::DeliveryAnswered.pass();
        Ok(Ended { delivery, is_fresh, came: Came::Posted(outcome) })
    }
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    between(now, at).clamp(SHORTEST_REST, LONGEST_REST)
}

//! Runner of broadcasts: the one task that sends them, one broadcast at a time, in the order in which they were to begin.
//!
//! ```text
//! wake ──▶ ended? take its messages out of the outbox
//!     └──▶ the first that is to be sent ──▶ gather its recipients ──▶ feed, pause, wait ──▶ complete or fail
//! ```
//!
//! What it has done lies in the store; in memory is only what a restart may forget: the pause, and since when the session
//! is away.

use std::{sync::PoisonError, time::Duration};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    campaigns::{
        broadcast::{self, Broadcast},
        event::CampaignEvent,
        feeding::feed,
        gathering::gather,
        material::Material,
        pacing::{self, Fault, Readiness, Step, View, Waiting},
        recipient::{Day, Outcome, by_state},
        recipient_state::State,
        service::{CampaignParts, Campaigns, plan_limit, stats},
        status::Status,
    },
    domain::{Error, ErrorCode, Timestamp},
    events::NewEvent,
    messaging,
};

/// Broadcasts that are looked at at once.
const AT_ONCE: usize = 20;
/// Between two looks at a session that is away, or a limit that is reached.
const LOOK: Duration = Duration::from_millis(500);
/// The same while messages are under way, whose ends wake the runner, or the next one pauses.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The longest rest, in case a wake-up was lost.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// The pause after the store or another part of the gateway failed.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

pub struct Runner {
    campaigns: Campaigns,
    turn: Option<Turn>,
    /// The steady time of the next message, also when it is another broadcast's.
    next: Timestamp,
}

/// The broadcast whose turn it is.
struct Turn {
    id: Uuid,
    material: Material,
    /// In steady time.
    away_since: Option<Timestamp>,
}

impl Runner {
    pub fn new(campaigns: Campaigns) -> Self {
        let next = campaigns.parts.clock.steady();
        Self { campaigns, turn: None, next }
    }

    pub async fn run(mut self, stop: CancellationToken) {
        let mut moved = self.parts().clock.moved();
        while !stop.is_cancelled() {
            let rest = match self.step().await {
                Ok(rest) => rest,
                Err(error) => {
                    tracing::warn!(%error, "broadcasts pause after an error");
                    FAULT_PAUSE
                }
            };
            if rest.is_zero() {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.campaigns.wake.notified() => (),
                () = moved.wait() => (),
                () = tokio::time::sleep(rest.min(LONGEST_REST)) => (),
            }
        }
    }

    fn parts(&self) -> &CampaignParts {
        &self.campaigns.parts
    }

    /// One step. How long to rest after it.
    async fn step(&mut self) -> Result<Duration, Error> {
        let mut next = None;
        for broadcast in broadcast::under_way(&self.parts().store, AT_ONCE).await? {
            if broadcast.is_clearing {
                self.clear(&broadcast).await?;
            } else if next.is_none() && broadcast.status == Status::Sending {
                next = Some(broadcast);
            }
        }
        let Some(broadcast) = next else {
            self.turn = None;
            self.show(None);
            return Ok(LONGEST_REST);
        };
        if self.turn.as_ref().is_none_or(|turn| turn.id != broadcast.id) {
            match self.begin(&broadcast).await {
                Ok(turn) => self.turn = Some(turn),
                Err(error) if is_of_broadcast(&error) => {
                    self.fail(&broadcast, &error.message).await?;
                    return Ok(Duration::ZERO);
                }
                Err(error) => return Err(error),
            }
        }
        if !broadcast.progress.is_gathered {
            self.show(Some((broadcast.id, None)));
            gather(self.parts(), &broadcast).await?;
            return Ok(Duration::ZERO);
        }
        let limit =
            self.parts().in_effect().limit().filter(|_| broadcast.progress.fed_to.is_none());
        if let Some(limit) = limit.filter(|limit| *limit < broadcast.progress.total) {
            self.fail(&broadcast, &plan_limit(limit).message).await?;
            return Ok(Duration::ZERO);
        }
        self.go_on(&broadcast).await
    }

    async fn begin(&self, broadcast: &Broadcast) -> Result<Turn, Error> {
        let CampaignParts { templates, bulk, .. } = self.parts();
        let material = Material::gather(broadcast, templates, &bulk.drafts).await?;
        Ok(Turn { id: broadcast.id, material, away_since: None })
    }

    /// The next step of a broadcast whose recipients are noted.
    async fn go_on(&mut self, broadcast: &Broadcast) -> Result<Duration, Error> {
        let outcome = self.parts().store.get(&Outcome::at(broadcast.id)).await?;
        let outcome = outcome.unwrap_or_default();
        let now = self.parts().clock.moment();
        let view = self.view(broadcast, outcome).await?;
        match pacing::next(&view, now.wall, now.steady) {
            Step::Complete => {
                self.complete(broadcast).await?;
                Ok(Duration::ZERO)
            }
            Step::Fail(fault) => {
                let reason = match fault {
                    Fault::SessionAway => format!(
                        "session '{}' was not ready for 30 minutes; send the rest with another broadcast once it is",
                        broadcast.session
                    ),
                    Fault::SessionRemoved => format!("session '{}' was removed", broadcast.session),
                };
                self.fail(broadcast, &reason).await?;
                Ok(Duration::ZERO)
            }
            Step::Wait(waiting, left) => {
                self.show(Some((broadcast.id, Some(waiting))));
                Ok(match waiting {
                    Waiting::Pause | Waiting::Outbox | Waiting::Turn => {
                        left.map_or(LOOK_AGAIN, |left| left.min(LOOK_AGAIN))
                    }
                    Waiting::Session | Waiting::QuietHours | Waiting::DailyLimit => {
                        left.map_or(LOOK, |left| left.min(LOOK))
                    }
                })
            }
            Step::Feed(count) => self.feed(broadcast, count).await,
        }
    }

    async fn feed(&mut self, broadcast: &Broadcast, count: u64) -> Result<Duration, Error> {
        self.show(Some((broadcast.id, None)));
        let clock = &self.campaigns.parts.clock;
        let Some(turn) = &self.turn else { return Ok(Duration::ZERO) };
        let begun = clock.steady();
        match feed(&self.campaigns.parts, broadcast, &turn.material, count).await {
            Ok(fed) => {
                if 0 < fed.queued {
                    let pause = self.parts().in_effect().pause;
                    let pause = pacing::pause(&pause, fed.queued, rand::random());
                    self.next = begun + pause;
                }
                Ok(Duration::ZERO)
            }
            Err(error) if is_of_broadcast(&error) => {
                self.fail(broadcast, &error.message).await?;
                Ok(Duration::ZERO)
            }
            Err(error) => Err(error),
        }
    }

    async fn view(&mut self, broadcast: &Broadcast, outcome: Outcome) -> Result<View, Error> {
        let CampaignParts { store, clock, bulk, .. } = &self.campaigns.parts;
        let settings = self.campaigns.parts.in_effect();
        let (now, steady) = (clock.now(), clock.steady());
        let readiness = match bulk.sends.readiness(&broadcast.session) {
            Ok(messaging::Readiness::Ready) => Readiness::Ready,
            Ok(messaging::Readiness::Held(_)) => Readiness::Held,
            Ok(messaging::Readiness::Disconnected | messaging::Readiness::NotReady(_)) => {
                Readiness::Away(steady)
            }
            Err(error) if error.code == ErrorCode::NotFound => Readiness::Gone,
            Err(error) => return Err(error),
        };
        let readiness = match (readiness, self.turn.as_mut()) {
            (Readiness::Away(now), Some(turn)) => {
                Readiness::Away(*turn.away_since.get_or_insert(now))
            }
            (readiness, Some(turn)) => {
                turn.away_since = None;
                readiness
            }
            (readiness, None) => readiness,
        };
        let left_today = match settings.daily {
            0 => None,
            daily => {
                let day = store.get(&Day::at(&broadcast.session)).await?.unwrap_or_default();
                Some(daily.saturating_sub(day.on(&settings.date(now))))
            }
        };
        let progress = broadcast.progress;
        Ok(View {
            has_more: 0 < progress.left(),
            in_outbox: progress.queued.saturating_sub(outcome.counts.ended()),
            readiness,
            quiet_until: settings.policy.quiet_hours.as_ref().and_then(|quiet| quiet.end(now)),
            left_today,
            next_turn: self.next,
            is_paced: !settings.pause.end().is_zero(),
        })
    }

    /// Completes a broadcast, with its event, unless it has ended meanwhile.
    async fn complete(&mut self, known: &Broadcast) -> Result<(), Error> {
        let CampaignParts { log, clock, .. } = &self.campaigns.parts;
        let mut work = log.work();
        loop {
            let current = work.get(&Broadcast::at(known.id)).await?;
            let Some(current) = current.filter(|current| current.status == Status::Sending) else {
                return Ok(());
            };
            let outcome = work.get(&Outcome::at(known.id)).await?.unwrap_or_default();
            let former = current.status;
            let next = ended(current, Status::Completed, clock.now());
            let stats = stats(&next, outcome);
            let (broadcast, name) = (next.id, next.name.clone());
            broadcast::put(work.store(), Some(former), &next).await?;
            let event = CampaignEvent::BroadcastCompleted { broadcast, name, stats };
            work.append(NewEvent::of_module(Some((&next.session).into()), &event)?);
            if let Some(events) = work.commit().await? {
                Breakpoint::BroadcastCompleted.pass();
                if let Some(last) = events.last() {
                    log.publish(last.seq).await?;
                }
                return Ok(());
            }
        }
    }

    /// Ends a broadcast that cannot go on, unless it has ended meanwhile.
    async fn fail(&mut self, known: &Broadcast, reason: &str) -> Result<(), Error> {
        let CampaignParts { store, clock, .. } = &self.campaigns.parts;
        let mut transaction = store.transaction();
        loop {
            let current = transaction.get(&Broadcast::at(known.id)).await?;
            let Some(current) = current.filter(|current| current.status == Status::Sending) else {
                return Ok(());
            };
            let former = current.status;
            let failed = Broadcast {
                failure: Some(reason.to_owned()),
                is_clearing: true,
                ..ended(current, Status::Failed, clock.now())
            };
            broadcast::put(transaction.store(), Some(former), &failed).await?;
            if transaction.commit().await? {
                tracing::warn!(broadcast = %known.id, "a broadcast failed: {reason}");
                return Ok(store.durable().await?);
            }
        }
    }

    /// Takes the messages of a broadcast that has ended out of the outbox. Those that an engine has already are sent.
    async fn clear(&self, known: &Broadcast) -> Result<(), Error> {
        let CampaignParts { store, bulk, .. } = self.parts();
        let queued = by_state(known.id, State::Queued).below();
        for found in store.follow(queued, usize::try_from(pacing::MOST_AHEAD).unwrap_or(1)).await? {
            let key = found.record.key_of_message();
            match bulk.withdraw(&known.session, &key).await {
                Err(error) if error.code == ErrorCode::Unavailable => return Err(error),
                // It is on its way, or its session is gone and the message with it.
                Ok(()) | Err(_) => (),
            }
        }
        let mut transaction = store.transaction();
        loop {
            let Some(current) = transaction.get(&Broadcast::at(known.id)).await? else {
                return Ok(());
            };
            let former = current.status;
            let cleared = Broadcast { is_clearing: false, ..current };
            broadcast::put(transaction.store(), Some(former), &cleared).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }

    fn show(&self, current: Option<(Uuid, Option<Waiting>)>) {
        let mut shown = self.campaigns.current.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = current;
    }
}

fn ended(broadcast: Broadcast, status: Status, now: Timestamp) -> Broadcast {
    Broadcast { status, ended_at: Some(now), updated_at: now, ..broadcast }
}

/// Whether an error is the broadcast's own, so that it would come again.
fn is_of_broadcast(error: &Error) -> bool {
    matches!(
        error.code,
        ErrorCode::Invalid
            | ErrorCode::NotFound
            | ErrorCode::Refused
            | ErrorCode::Unsupported
            | ErrorCode::TooLarge
            | ErrorCode::Forbidden
    )
}

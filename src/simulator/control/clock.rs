//! Control of the network's clock, and the worker that runs what is due by it.
//!
//! The clock follows the system's until it is stopped. A stopped clock moves only on request, and runs what is due
//! on the way, each task at its time. The gateway around the network keeps its own time.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use serde::Serialize;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::{
    domain::Timestamp,
    simulator::{
        Network,
        network::Inner,
        scheduler::{Timer, after},
    },
};

/// Tasks per turn, before other work gets the lock.
const BATCH: usize = 64;
/// The most tasks during one move of the clock. The rest follows at the end of the move: two programs that
/// answer each other at once would never let it end.
const MOST_IN_ONE_MOVE: usize = 10_000;
/// The longest sleep: the system's clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The network's clock as the control API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedClock)]
pub struct ClockView {
    /// The network's time.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// Whether the clock is stopped until it is moved.
    pub manual: bool,
    /// The number of tasks and timers, and the time of the first one.
    pub waiting: usize,
    /// When the first of these tasks is due; null without one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next: Option<Timestamp>,
}

/// The clock of a network.
#[derive(Clone, Copy)]
pub struct NetworkClock<'n> {
    network: &'n Network,
}

impl Network {
    pub fn clock(&self) -> NetworkClock<'_> {
        NetworkClock { network: self }
    }
}

impl NetworkClock<'_> {
    pub fn view(&self) -> ClockView {
        let world = self.network.world();
        ClockView {
            now: world.now(),
            manual: world.state.stopped_at().is_some(),
            waiting: world.scheduler.len(&world.state),
            next: world.scheduler.next_due(&world.state),
        }
    }

    /// Lets the clock follow the system's again.
    pub fn release(&self) {
        self.network.world().set_clock(None);
    }

    /// Stops the clock at a moment. When the moment is later than now, everything that is due until then has
    /// happened on return.
    pub async fn stop_at(&self, target: Timestamp) {
        {
            let mut world = self.network.world();
            let now = world.now();
            world.set_clock(Some(now.min(target)));
        }
        for done in 1..=MOST_IN_ONE_MOVE {
            if !self.network.world().run_next(target) {
                break;
            }
            if done % BATCH == 0 {
                tokio::task::yield_now().await;
            }
        }
        let mut world = self.network.world();
        // Another caller may have moved the clock further, or released it, meanwhile.
        if world.state.stopped_at().is_some_and(|now| now < target) {
            world.set_clock(Some(target));
        }
    }

    /// Moves the clock forward and stops it there.
    pub async fn advance(&self, by: Duration) {
        let target = after(self.network.world().now(), by);
        self.stop_at(target).await;
    }

    /// Waits by the network's clock.
    pub(in crate::simulator) async fn pause(&self, delay: Duration) {
        let (wake, woken) = oneshot::channel();
        {
            let mut world = self.network.world();
            let due = after(world.now(), delay);
            world.scheduler.schedule(due, Timer::Wake(wake));
        }
        // A network that stops runs no timers: the wait ends with it.
        let _ = self.network.inner.stop.run_until_cancelled(woken).await;
    }

    /// Runs what is due. Returns the time until the next task or timer, if one is known.
    fn run_due(&self) -> Option<Duration> {
        for _ in 0..BATCH {
            let mut world = self.network.world();
            let now = world.now();
            if !world.run_next(now) {
                let due = world.scheduler.next_due(&world.state)?;
                let left = due.as_millisecond().saturating_sub(now.as_millisecond());
                let left = Duration::from_millis(left.max(0).unsigned_abs()).min(LONGEST_SLEEP);
                return world.state.stopped_at().is_none().then_some(left);
            }
        }
        Some(Duration::ZERO)
    }
}

/// The scheduler's worker: runs what is due, in order, until the network stops.
pub async fn run_scheduler(weak: Weak<Inner>, changed: Arc<Notify>, stop: CancellationToken) {
    loop {
        let Some(inner) = weak.upgrade() else { return };
        let next = Network { inner }.clock().run_due();
        let sleep = async {
            match next {
                Some(Duration::ZERO) => tokio::task::yield_now().await,
                Some(delay) => tokio::time::sleep(delay).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = changed.notified() => (),
            () = sleep => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        domain::{
            Ack, Clock, Jid, Message,
            clock::{from_millis, from_seconds},
        },
        simulator::{
            Device, NetworkSettings, Pushes,
            protocol::{Push, Request},
        },
    };

    const NOON: i64 = 1_800_000_000;

    fn network(folder: &Path) -> Network {
        let network = Network::new(NetworkSettings::new(folder.to_owned(), Clock::system()));
        network.unwrap()
    }

    fn me() -> Jid {
        "15557654321@c.us".parse().unwrap()
    }

    fn slow() -> Jid {
        "15550000002@c.us".parse().unwrap()
    }

    fn seen(messages: &[Message]) -> Vec<(i64, Ack)> {
        let seen = |message: &Message| (message.timestamp.as_second() - NOON, message.ack);
        messages.iter().map(seen).collect()
    }

    /// The numbers of the references shown so far, and whether they ran out.
    fn references(pushes: &mut Pushes) -> (Vec<u32>, bool) {
        let (mut shown, mut is_over) = (Vec::new(), false);
        while let Some(push) = pushes.try_recv() {
            match push {
                Push::Reference { attempt, .. } => shown.push(attempt),
                Push::ReferencesExhausted => is_over = true,
                Push::Clock { .. } => (),
                other => panic!("{other:?}"),
            }
        }
        (shown, is_over)
    }

    async fn unlinked(network: &Network) -> (Device, Pushes) {
        let (device, pushes) = network.connect();
        device.request(Request::Hello { credential: None }).await.unwrap();
        (device, pushes)
    }

    #[tokio::test]
    async fn on_a_stopped_clock_tasks_run_when_it_is_moved_each_at_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.clock().stop_at(from_seconds(NOON)).await;
        network.phone(&me()).write(&slow(), "hello").unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(seen(&network.phone(&me()).messages(&slow())), [(0, Ack::Sent)]);
        network.clock().advance(Duration::from_secs(1)).await;
        assert_eq!(seen(&network.phone(&me()).messages(&slow())), [(0, Ack::Read)]);
        assert_eq!(network.clock().view().next, Some(from_millis(NOON * 1000 + 3_020)));
        network.clock().advance(Duration::from_secs(60)).await;
        // The answer came in on the way, three seconds after the question.
        assert_eq!(seen(&network.phone(&me()).messages(&slow())), [(0, Ack::Read), (3, Ack::Read)]);
        let clock = network.clock().view();
        assert_eq!((clock.now, clock.manual), (from_seconds(NOON + 61), true));
        assert_eq!((clock.waiting, clock.next), (0, None));
    }

    #[tokio::test]
    async fn references_run_out_by_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.clock().stop_at(from_seconds(NOON)).await;
        let (_device, mut pushes) = unlinked(&network).await;
        for (seconds, shown) in
            [(0, (vec![1], false)), (60, (vec![2], false)), (50, (vec![3, 4], false))]
        {
            network.clock().advance(Duration::from_secs(seconds)).await;
            assert_eq!(references(&mut pushes), shown);
        }
        network.clock().advance(Duration::from_secs(3_600)).await;
        assert_eq!(references(&mut pushes), (vec![5, 6], true));
    }

    #[tokio::test]
    async fn a_pairing_code_ends_by_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.clock().stop_at(from_seconds(NOON)).await;
        let (device, _pushes) = unlinked(&network).await;
        let request = Request::PairingCode { phone: me().user().to_owned() };
        let answer = device.request(request).await.unwrap();
        let crate::simulator::protocol::Answer::PairingCode { code, .. } = answer else {
            panic!("{answer:?}")
        };
        network.clock().advance(Duration::from_secs(180)).await;
        assert!(network.account(&me()).enter_pairing_code(&code).is_err());
    }

    #[tokio::test]
    async fn a_delayed_request_waits_for_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.clock().stop_at(from_seconds(NOON)).await;
        let (device, _pushes) = network.connect();
        let faults = crate::simulator::Faults { delay_requests: 5_000, ..Default::default() };
        network.plan_faults(faults);
        let mut hello = Box::pin(device.request(Request::Hello { credential: None }));
        let short = Duration::from_millis(50);
        assert!(tokio::time::timeout(short, &mut hello).await.is_err());
        network.clock().advance(Duration::from_secs(5)).await;
        assert!(hello.await.is_ok());
    }

    #[tokio::test]
    async fn what_waits_keeps_its_distance_when_the_clock_is_set_back_or_released() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.clock().stop_at(from_seconds(NOON * 2)).await;
        network.phone(&me()).write(&slow(), "hello").unwrap();
        network.clock().stop_at(from_seconds(NOON)).await;
        assert_eq!(network.clock().view().next, Some(from_millis(NOON * 1000 + 20)));
        network.clock().stop_at(from_seconds(NOON * 2)).await;
        network.phone(&me()).write(&slow(), "once more").unwrap();
        network.clock().release();
        let delivered = async {
            while network.phone(&slow()).messages(&me()).len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(2), delivered).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_owed_is_done_after_the_end_of_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let first = network(folder.path());
        first.clock().stop_at(from_seconds(NOON)).await;
        first.phone(&me()).write(&slow(), "hello").unwrap();
        // It stays as it is, as if its process had been killed.
        let second = network(folder.path());
        assert_eq!(second.clock().view().now, from_seconds(NOON));
        assert_eq!(second.phone(&slow()).messages(&me()).len(), 0);
        second.clock().advance(Duration::from_secs(10)).await;
        assert_eq!(second.phone(&slow()).messages(&me()).len(), 2);
        assert_eq!(second.phone(&me()).messages(&slow()).len(), 2);
    }

    #[tokio::test]
    async fn two_who_answer_do_not_talk_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.clock().stop_at(from_seconds(NOON)).await;
        let echo: Jid = "15550000001@c.us".parse().unwrap();
        network.phone(&echo).write(&slow(), "hello").unwrap();
        network.clock().advance(Duration::from_secs(3_600)).await;
        assert_eq!(network.phone(&slow()).messages(&echo).len(), 1);
    }
}

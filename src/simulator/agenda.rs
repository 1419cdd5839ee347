//! What is still to happen, when, and the clock that says so.
//!
//! A [`Deed`] is owed to somebody who was answered already, so it is kept over a restart; a
//! [`Passing`] thing belongs to a device that is connected now and goes with it. One task does what
//! is due, in order. The network's clock goes with the system's until it is told to stand; then
//! nothing happens until somebody moves it, and what lies between happens on the way, each at its
//! time. Only the network's own time moves: the gateway around it and its deadlines do not notice.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{Jid, Timestamp, clock::from_millis},
    simulator::{Inner, Network, ledger::Record, protocol::Push, thread::Stored, world::World},
};

/// What happens in one go before others get their turn.
const BATCH: usize = 64;
/// What may happen while the clock is moved once. The rest follows at the end of the move: two
/// programs that answer each other at once would never let it end.
const MOST_IN_ONE_MOVE: usize = 10_000;
/// How long the system's clock is trusted to go on evenly.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Something that the network owes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Deed {
    /// A message, as its sender has it, comes to its receivers.
    Deliver { sender: Jid, stored: Box<Stored>, receivers: Vec<Jid> },
    /// A person reads a chat.
    Read { account: Jid, chat: Jid },
    /// A person sends a message back to where it came from.
    Repeat { account: Jid, chat: Jid, key: String },
}

/// Something that ends with the process.
#[derive(Debug)]
pub enum Passing {
    NextReference {
        device: u64,
        rotation: u64,
    },
    ForgetPairingCode {
        code: String,
    },
    /// A request that waits.
    Wake(oneshot::Sender<()>),
}

/// Passing things by their time.
pub type Waiting = BTreeMap<(Timestamp, u64), Passing>;

/// The network's clock as the control API shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    pub now: Timestamp,
    /// Whether it stands until it is moved.
    pub manual: bool,
    /// How many things are still to happen, and when the first of them.
    pub waiting: usize,
    pub next: Option<Timestamp>,
}

/// The moment so long after another, held to the range of time.
pub fn after(now: Timestamp, delay: Duration) -> Timestamp {
    let delay = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    from_millis(now.as_millisecond().saturating_add(delay))
}

impl World {
    pub fn now(&self) -> Timestamp {
        self.ledger.stands_at().unwrap_or_else(|| self.settings.clock.now())
    }

    pub fn owe(&mut self, delay: Duration, deed: Deed) {
        let (due, number) = (after(self.now(), delay), self.ledger.next_deed());
        self.ledger.put(Record::Deed { due, number, deed: Box::new(deed) });
        self.has_news = true;
    }

    pub fn shortly(&mut self, delay: Duration, passing: Passing) {
        let number = self.next_passing;
        self.next_passing += 1;
        self.waiting.insert((after(self.now(), delay), number), passing);
        self.has_news = true;
    }

    fn next_due(&self) -> Option<Timestamp> {
        let deed = self.ledger.deeds().keys().next().map(|(due, _)| *due);
        let passing = self.waiting.keys().next().map(|(due, _)| *due);
        deed.into_iter().chain(passing).min()
    }

    /// Does the first thing that is due until then, a standing clock moving to its time. Whether
    /// there was one.
    pub fn do_next(&mut self, until: Timestamp) -> bool {
        let Some(due) = self.next_due().filter(|due| *due <= until) else { return false };
        if self.ledger.stands_at().is_some_and(|now| now < due) {
            self.ledger.put(Record::Clock { stands_at: Some(due) });
        }
        let deed = self.ledger.deeds().first_key_value();
        match deed.map(|((due, number), deed)| (*due, *number, deed.clone())) {
            Some((deed_due, number, deed)) if deed_due == due => {
                self.ledger.put(Record::DeedGone { due, number });
                self.carry_out(deed);
            }
            _ => {
                if let Some((_, passing)) = self.waiting.pop_first() {
                    self.let_pass(passing);
                }
            }
        }
        true
    }

    fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Deliver { sender, stored, receivers } => {
                self.deliver(&sender, *stored, receivers);
            }
            Deed::Read { account, chat } => {
                // Somebody who has no such chat any more has nothing to read.
                let _ = self.mark_read(&account, &chat, None);
            }
            Deed::Repeat { account, chat, key } => self.repeat(&account, &chat, &key),
        }
    }

    fn let_pass(&mut self, passing: Passing) {
        match passing {
            Passing::NextReference { device, rotation } => {
                let rotation_now = self.devices.get(&device).map(|device| device.rotation);
                if rotation_now == Some(rotation) {
                    self.next_reference(device);
                }
            }
            Passing::ForgetPairingCode { code } => {
                self.pairing_codes.remove(&code);
            }
            Passing::Wake(wake) => {
                // Who waited may have gone.
                let _ = wake.send(());
            }
        }
    }

    /// Lets the clock stand at a moment, or go with the system's. What waits keeps its distance
    /// when the clock is set back.
    pub fn set_clock(&mut self, stands_at: Option<Timestamp>) {
        let before = self.now();
        self.ledger.put(Record::Clock { stands_at });
        let back = before.as_millisecond() - self.now().as_millisecond();
        if 0 < back {
            let earlier = |due: Timestamp| from_millis(due.as_millisecond().saturating_sub(back));
            let waiting = std::mem::take(&mut self.waiting);
            self.waiting = waiting
                .into_iter()
                .map(|((due, n), passing)| ((earlier(due), n), passing))
                .collect();
            let deeds = self.ledger.deeds().clone();
            for (due, number) in deeds.keys() {
                self.ledger.put(Record::DeedGone { due: *due, number: *number });
            }
            for ((due, number), deed) in deeds {
                self.ledger.put(Record::Deed { due: earlier(due), number, deed: Box::new(deed) });
            }
        }
        let devices: Vec<u64> = self.devices.keys().copied().collect();
        for device in devices {
            self.push(device, Push::Clock { stands_at });
        }
        self.has_news = true;
    }
}

/// The clock's control.
impl Network {
    pub fn clock(&self) -> ClockView {
        let world = self.world();
        ClockView {
            now: world.now(),
            manual: world.ledger.stands_at().is_some(),
            waiting: world.ledger.deeds().len() + world.waiting.len(),
            next: world.next_due(),
        }
    }

    /// Lets the clock go with the system's again.
    pub fn release_clock(&self) {
        self.world().set_clock(None);
    }

    /// Lets the clock stand at a moment. When that is later than now, all that was to happen until
    /// then has happened when this returns.
    pub async fn stop_clock_at(&self, target: Timestamp) {
        {
            let mut world = self.world();
            let now = world.now();
            world.set_clock(Some(now.min(target)));
        }
        for done in 1..=MOST_IN_ONE_MOVE {
            if !self.world().do_next(target) {
                break;
            }
            if done % BATCH == 0 {
                tokio::task::yield_now().await;
            }
        }
        let mut world = self.world();
        // Somebody else may have moved it further, or released it, meanwhile.
        if world.ledger.stands_at().is_some_and(|now| now < target) {
            world.set_clock(Some(target));
        }
    }

    /// Moves the clock on and lets it stand there.
    pub async fn advance_clock(&self, by: Duration) {
        let target = after(self.world().now(), by);
        self.stop_clock_at(target).await;
    }

    /// Waits in the network's time.
    pub(in crate::simulator) async fn pause(&self, delay: Duration) {
        let (wake, woken) = oneshot::channel();
        self.world().shortly(delay, Passing::Wake(wake));
        // A network that stops wakes nobody any more, and leaves nobody waiting.
        let _ = self.inner.stop.run_until_cancelled(woken).await;
    }

    /// Does what is due. How long until there is more, as far as that is known.
    fn do_due(&self) -> Option<Duration> {
        for _ in 0..BATCH {
            let mut world = self.world();
            let now = world.now();
            if !world.do_next(now) {
                let due = world.next_due()?;
                let left = due.as_millisecond().saturating_sub(now.as_millisecond());
                let left = Duration::from_millis(left.max(0).unsigned_abs()).min(LONGEST_SLEEP);
                return world.ledger.stands_at().is_none().then_some(left);
            }
        }
        Some(Duration::ZERO)
    }
}

/// Does what is due for as long as the network is there.
pub async fn keep(weak: Weak<Inner>, news: Arc<Notify>, stop: CancellationToken) {
    loop {
        let Some(inner) = weak.upgrade() else { return };
        let next = Network { inner }.do_due();
        let sleep = async {
            match next {
                Some(Duration::ZERO) => tokio::task::yield_now().await,
                Some(delay) => tokio::time::sleep(delay).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = news.notified() => (),
            () = sleep => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        domain::{Ack, Clock, Message, clock::from_seconds},
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
    async fn on_a_clock_that_stands_things_happen_when_it_is_moved_each_at_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.stop_clock_at(from_seconds(NOON)).await;
        network.write(&me(), &slow(), "hello").unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(seen(&network.messages(&me(), &slow())), [(0, Ack::Sent)]);
        network.advance_clock(Duration::from_secs(1)).await;
        assert_eq!(seen(&network.messages(&me(), &slow())), [(0, Ack::Read)]);
        assert_eq!(network.clock().next, Some(from_millis(NOON * 1000 + 3_020)));
        network.advance_clock(Duration::from_secs(60)).await;
        // The answer came in on the way, three seconds after the question.
        assert_eq!(seen(&network.messages(&me(), &slow())), [(0, Ack::Read), (3, Ack::Read)]);
        let clock = network.clock();
        assert_eq!((clock.now, clock.manual), (from_seconds(NOON + 61), true));
        assert_eq!((clock.waiting, clock.next), (0, None));
    }

    #[tokio::test]
    async fn references_run_out_by_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.stop_clock_at(from_seconds(NOON)).await;
        let (_device, mut pushes) = unlinked(&network).await;
        for (seconds, shown) in
            [(0, (vec![1], false)), (60, (vec![2], false)), (50, (vec![3, 4], false))]
        {
            network.advance_clock(Duration::from_secs(seconds)).await;
            assert_eq!(references(&mut pushes), shown);
        }
        network.advance_clock(Duration::from_secs(3_600)).await;
        assert_eq!(references(&mut pushes), (vec![5, 6], true));
    }

    #[tokio::test]
    async fn a_pairing_code_ends_by_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.stop_clock_at(from_seconds(NOON)).await;
        let (device, _pushes) = unlinked(&network).await;
        let request = Request::PairingCode { phone: me().user().to_owned() };
        let answer = device.request(request).await.unwrap();
        let crate::simulator::protocol::Answer::PairingCode { code, .. } = answer else {
            panic!("{answer:?}")
        };
        network.advance_clock(Duration::from_secs(180)).await;
        assert!(network.enter_pairing_code(&me(), &code).is_err());
    }

    #[tokio::test]
    async fn a_delayed_request_waits_for_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.stop_clock_at(from_seconds(NOON)).await;
        let (device, _pushes) = network.connect();
        let faults = crate::simulator::Faults { delay_requests: 5_000, ..Default::default() };
        network.plan_faults(faults);
        let mut hello = Box::pin(device.request(Request::Hello { credential: None }));
        let short = Duration::from_millis(50);
        assert!(tokio::time::timeout(short, &mut hello).await.is_err());
        network.advance_clock(Duration::from_secs(5)).await;
        assert!(hello.await.is_ok());
    }

    #[tokio::test]
    async fn what_waits_keeps_its_distance_when_the_clock_is_set_back_or_released() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.stop_clock_at(from_seconds(NOON * 2)).await;
        network.write(&me(), &slow(), "hello").unwrap();
        network.stop_clock_at(from_seconds(NOON)).await;
        assert_eq!(network.clock().next, Some(from_millis(NOON * 1000 + 20)));
        network.stop_clock_at(from_seconds(NOON * 2)).await;
        network.write(&me(), &slow(), "once more").unwrap();
        network.release_clock();
        let delivered = async {
            while network.messages(&slow(), &me()).len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(2), delivered).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_owed_is_done_after_the_end_of_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let first = network(folder.path());
        first.stop_clock_at(from_seconds(NOON)).await;
        first.write(&me(), &slow(), "hello").unwrap();
        // It stays as it is, as if its process had been killed.
        let second = network(folder.path());
        assert_eq!(second.clock().now, from_seconds(NOON));
        assert_eq!(second.messages(&slow(), &me()).len(), 0);
        second.advance_clock(Duration::from_secs(10)).await;
        assert_eq!(second.messages(&slow(), &me()).len(), 2);
        assert_eq!(second.messages(&me(), &slow()).len(), 2);
    }

    #[tokio::test]
    async fn two_who_answer_do_not_talk_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        network.stop_clock_at(from_seconds(NOON)).await;
        let echo: Jid = "15550000001@c.us".parse().unwrap();
        network.write(&echo, &slow(), "hello").unwrap();
        network.advance_clock(Duration::from_secs(3_600)).await;
        assert_eq!(network.messages(&slow(), &echo).len(), 1);
    }
}

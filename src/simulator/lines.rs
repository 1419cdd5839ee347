//! Lines of devices. One that is cut carries nothing, up or down, until it is back; then all of it comes in its
//! order.

use crate::{
    domain::Jid,
    simulator::{
        Network,
        protocol::Push,
        world::{Connected, World},
    },
};

/// The most events that wait for a device; one that misses more is cut off, and connects again.
const MOST_KEPT: usize = 900;

impl World {
    /// Whether a device's account has no line.
    pub fn is_cut(&self, device: u64) -> bool {
        self.devices.get(&device).is_some_and(|device| has_no_line(&self.cut, device))
    }

    /// A device whose queue is full is cut off: it will connect again and be given a snapshot.
    pub fn hand_over(&mut self, device: u64, push: Push) {
        let Some(connected) = self.devices.get_mut(&device) else { return };
        if waits(&self.cut, connected, &push) {
            if let Push::Clock { .. } = push {
                // Only the last of many moves counts.
                connected.kept.retain(|kept| !matches!(kept, Push::Clock { .. }));
            }
            if MOST_KEPT <= connected.kept.len() {
                self.devices.remove(&device);
                return;
            }
            connected.kept.push_back(push);
            return;
        }
        let is_event = matches!(push, Push::Happened { .. });
        if is_event && self.faults.take(|faults| &mut faults.reorder_events) {
            connected.held = Some(push);
            return;
        }
        let copies =
            if is_event && self.faults.take(|faults| &mut faults.duplicate_events) { 2 } else { 1 };
        if is_event && self.faults.take(|faults| &mut faults.drop_events) {
            return;
        }
        let mut wave = vec![push; copies];
        wave.extend(connected.held.take());
        if wave.into_iter().any(|push| connected.pushes.try_send(Box::new(push)).is_err()) {
            self.devices.remove(&device);
        }
    }

    fn devices_of(&self, account: &Jid) -> Vec<u64> {
        let of_account = |(id, device): (&u64, &Connected)| {
            (device.account.as_ref() == Some(account)).then_some(*id)
        };
        self.devices.iter().filter_map(of_account).collect()
    }

    fn set_line(&mut self, account: &Jid, connected: bool) -> usize {
        if connected {
            self.cut.remove(account);
        } else {
            self.cut.insert(account.clone());
        }
        let devices = self.devices_of(account);
        for id in &devices {
            self.push(*id, Push::Line { connected });
            let device = self.devices.get_mut(id).filter(|_| connected);
            let kept = device.map(|device| std::mem::take(&mut device.kept)).unwrap_or_default();
            kept.into_iter().for_each(|push| self.push(*id, push));
        }
        devices.len()
    }
}

/// Whether a push has to wait until the line is back. What becomes of the line itself a device notices, and
/// faults of its page need no line.
fn waits(cut: &std::collections::HashSet<Jid>, device: &Connected, push: &Push) -> bool {
    has_no_line(cut, device) && !matches!(push, Push::Line { .. } | Push::Fault { .. })
}

fn has_no_line(cut: &std::collections::HashSet<Jid>, device: &Connected) -> bool {
    device.account.as_ref().is_some_and(|account| cut.contains(account))
}

impl Network {
    /// Cuts or restores the line of an account's devices, also of those that connect later. How many are
    /// connected.
    pub fn set_line(&self, account: &Jid, connected: bool) -> usize {
        let devices = self.world().set_line(account, connected);
        self.inner.lines.notify_waiters();
        devices
    }

    /// Returns once a device has its line.
    pub(in crate::simulator) async fn line_back(&self, device: u64) {
        loop {
            let mut changed = std::pin::pin!(self.inner.lines.notified());
            changed.as_mut().enable();
            if !self.world().is_cut(device) {
                return;
            }
            // A network that stops leaves nobody waiting.
            if self.inner.stop.run_until_cancelled(changed).await.is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        domain::{Clock, Content, EventBody},
        simulator::{
            Device, NetworkSettings, Pushes,
            protocol::{Answer, DeviceContent, Request},
        },
    };

    fn jid(phone: &str) -> Jid {
        Jid::of_phone(phone).unwrap()
    }

    async fn linked(network: &Network, me: &Jid) -> (Device, Pushes) {
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: None }).await.unwrap();
        let Some(Push::Reference { reference, .. }) = pushes.recv().await else { panic!() };
        network.scan(me, None, &reference).unwrap();
        assert!(matches!(pushes.recv().await, Some(Push::Linked { .. })));
        assert!(matches!(pushes.recv().await, Some(Push::Snapshot { .. })));
        (device, pushes)
    }

    fn send(chat: &Jid, key: &str) -> Request {
        let content = Content::Text { body: key.to_owned() };
        Request::Send {
            key: key.to_owned(),
            chat: chat.clone(),
            content: DeviceContent::Other(content),
            quoted: None,
            mentions: Vec::new(),
        }
    }

    #[tokio::test]
    async fn nothing_goes_up_or_down_a_line_that_is_cut_and_all_of_it_in_order_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let settings = NetworkSettings::new(folder.path().to_owned(), Clock::system());
        let network = Network::new(settings).unwrap();
        let (me, ada) = (jid("15557654321"), jid("15550000011"));
        let (device, mut pushes) = linked(&network, &me).await;
        network.set_line(&me, false);
        for text in ["one", "two"] {
            network.write(&ada, &me, text).unwrap();
        }
        for _ in 0..2 {
            network.advance_clock(Duration::from_secs(1)).await;
        }
        let sends = async {
            tokio::join!(device.request(send(&ada, "K1")), device.request(send(&ada, "K2")))
        };
        let mut sends = std::pin::pin!(sends);
        let moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(moment, &mut sends).await.is_err());
        assert_eq!(network.messages(&ada, &me).len(), 2, "only what Ada wrote");
        assert_eq!(pushes.try_recv(), Some(Push::Line { connected: false }));
        assert_eq!(pushes.try_recv(), None);

        network.set_line(&me, true);
        let (first, second) = sends.await;
        assert!(matches!(first, Ok(Answer::Sent { .. })) && second.is_ok());
        assert_eq!(pushes.recv().await, Some(Push::Line { connected: true }));
        for text in ["one", "two"] {
            let Some(Push::Happened { event: EventBody::Message { message } }) =
                pushes.recv().await
            else {
                panic!("no message")
            };
            assert_eq!(message.body, text);
        }
        // Of two moves of the clock the last.
        let stands_at = Some(network.clock().now);
        assert_eq!(pushes.recv().await, Some(Push::Clock { stands_at }));
        assert_eq!(pushes.try_recv(), None);
        network.advance_clock(Duration::from_secs(1)).await;
        let bodies: Vec<String> =
            network.messages(&ada, &me).into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, ["one", "two", "K1", "K2"]);
    }

    #[tokio::test]
    async fn a_device_that_connects_without_a_line_is_shown_its_account_when_it_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let settings = NetworkSettings::new(folder.path().to_owned(), Clock::system());
        let network = Network::new(settings).unwrap();
        let me = jid("15557654321");
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: None }).await.unwrap();
        let Some(Push::Reference { reference, .. }) = pushes.recv().await else { panic!() };
        network.scan(&me, None, &reference).unwrap();
        let Some(Push::Linked { credential, .. }) = pushes.recv().await else { panic!() };
        drop((device, pushes));
        assert_eq!(network.set_line(&me, false), 0);
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: Some(credential) }).await.unwrap();
        assert_eq!(pushes.try_recv(), Some(Push::Line { connected: false }));
        assert_eq!(pushes.try_recv(), None);
        network.set_line(&me, true);
        assert_eq!(pushes.recv().await, Some(Push::Line { connected: true }));
        assert!(matches!(pushes.recv().await, Some(Push::Snapshot { .. })));
    }
}

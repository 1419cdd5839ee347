//! Control of connected devices from outside: connection, planned faults, injected events.

use crate::{
    domain::EventBody,
    simulator::{
        Account, Faults, Network, WebClient,
        protocol::{PageFault, Push},
    },
};

impl Network {
    /// Resolves once a device is online.
    pub(in crate::simulator) async fn wait_until_online(&self, device: u64) {
        loop {
            let mut changed = std::pin::pin!(self.inner.online_changed.notified());
            changed.as_mut().enable();
            if !self.world().connections.is_offline(device) {
                return;
            }
            // A network that stops ends the wait.
            if self.inner.stop.run_until_cancelled(changed).await.is_none() {
                return;
            }
        }
    }

    pub fn faults(&self) -> Faults {
        self.world().faults.clone()
    }

    pub fn plan_faults(&self, faults: Faults) {
        self.world().faults = faults;
    }

    pub fn web_client(&self) -> WebClient {
        self.world().web_client.clone()
    }

    /// Sets the variant for pages that are loaded from now on.
    pub fn set_web_client(&self, web_client: WebClient) {
        self.world().web_client = web_client;
    }
}

impl Account<'_> {
    /// Puts an account's devices online or offline, also those that connect later. Returns how many are connected.
    pub fn set_online(&self, is_online: bool) -> usize {
        let devices = self.network.world().connections.set_online(self.phone, is_online);
        self.network.inner.online_changed.notify_waiters();
        devices
    }

    /// Has every connected device of an account carry out a page's fault. Returns their number.
    pub fn inject_page_fault(&self, fault: PageFault) -> usize {
        self.network.world().connections.push_to_account(self.phone, &Push::Fault { fault })
    }

    /// Notifies an account's devices of an event without a cause on the network, such as a call.
    pub fn inject_event(&self, event: &EventBody) {
        self.network.world().notify(self.phone, event);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        domain::{Clock, Content, EventBody, Jid},
        simulator::{
            Device, NetworkSettings, Pushes,
            protocol::{Answer, DeviceContent, Push, Request},
        },
    };

    fn jid(phone: &str) -> Jid {
        Jid::of_phone(phone).unwrap()
    }

    async fn linked(network: &Network, me: &Jid) -> (Device, Pushes) {
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: None }).await.unwrap();
        let Some(Push::Reference { reference, .. }) = pushes.recv().await else { panic!() };
        network.account(me).scan(None, &reference).unwrap();
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
    async fn an_offline_account_neither_sends_nor_receives_and_catches_up_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let settings = NetworkSettings::new(folder.path().to_owned(), Clock::system());
        let network = Network::new(settings).unwrap();
        let (me, ada) = (jid("15557654321"), jid("15550000011"));
        let (device, mut pushes) = linked(&network, &me).await;
        network.account(&me).set_online(false);
        for text in ["one", "two"] {
            network.phone(&ada).write(&me, text).unwrap();
        }
        for _ in 0..2 {
            network.clock().advance(Duration::from_secs(1)).await;
        }
        let sends = async {
            tokio::join!(device.request(send(&ada, "K1")), device.request(send(&ada, "K2")))
        };
        let mut sends = std::pin::pin!(sends);
        let moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(moment, &mut sends).await.is_err());
        assert_eq!(network.phone(&ada).messages(&me).len(), 2, "only what Ada wrote");
        assert_eq!(pushes.try_recv(), Some(Push::Line { connected: false }));
        assert_eq!(pushes.try_recv(), None);

        network.account(&me).set_online(true);
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
        // The last of two positions of the clock.
        let stopped_at = Some(network.clock().view().now);
        assert_eq!(pushes.recv().await, Some(Push::Clock { stopped_at }));
        assert_eq!(pushes.try_recv(), None);
        network.clock().advance(Duration::from_secs(1)).await;
        let bodies: Vec<String> =
            network.phone(&ada).messages(&me).into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, ["one", "two", "K1", "K2"]);
    }

    #[tokio::test]
    async fn a_device_that_connects_offline_gets_its_snapshot_when_it_is_online() {
        let folder = tempfile::tempdir().unwrap();
        let settings = NetworkSettings::new(folder.path().to_owned(), Clock::system());
        let network = Network::new(settings).unwrap();
        let me = jid("15557654321");
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: None }).await.unwrap();
        let Some(Push::Reference { reference, .. }) = pushes.recv().await else { panic!() };
        network.account(&me).scan(None, &reference).unwrap();
        let Some(Push::Linked { credential, .. }) = pushes.recv().await else { panic!() };
        drop((device, pushes));
        assert_eq!(network.account(&me).set_online(false), 0);
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: Some(credential) }).await.unwrap();
        assert_eq!(pushes.try_recv(), Some(Push::Line { connected: false }));
        assert_eq!(pushes.try_recv(), None);
        network.account(&me).set_online(true);
        assert_eq!(pushes.recv().await, Some(Push::Line { connected: true }));
        assert!(matches!(pushes.recv().await, Some(Push::Snapshot { .. })));
    }
}

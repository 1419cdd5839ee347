//! Connected devices: their queues of pushes, their logins, and accounts that are offline.
//!
//! An offline account's devices neither send nor receive. Their pushes are buffered and follow in order
//! when the account is online again.

use std::collections::{HashMap, HashSet, VecDeque};

use tokio::sync::mpsc;

use crate::{
    domain::{EventBody, Jid},
    simulator::{faults::Faults, identity_masking::Masking, protocol::Push, state::State},
};

/// Pushes that a device may be behind before it is disconnected.
const QUEUE: usize = 1_024;
/// Pushes that are buffered for an offline device. One that misses more is disconnected, and connects again.
const MOST_BUFFERED: usize = 900;

/// All devices that are connected at this moment.
#[derive(Default)]
pub struct Connections {
    devices: HashMap<u64, Connected>,
    /// Accounts whose devices are offline.
    offline: HashSet<Jid>,
    /// Pushes of the present step. Devices get them once the step is in the store.
    outbox: Vec<(u64, Push)>,
    last_device: u64,
}

struct Connected {
    queue: mpsc::Sender<Box<Push>>,
    /// A push that a planned fault holds back, so that the next one overtakes it.
    delayed: Option<Push>,
    /// What the device gets when it is online again.
    buffered: VecDeque<Push>,
    login: Option<Login>,
}

/// The account of a device, and the credential that opened it.
struct Login {
    account: Jid,
    credential: String,
}

impl Connections {
    /// Adds a device. Returns its number and the receiver of its pushes.
    pub fn connect(&mut self) -> (u64, mpsc::Receiver<Box<Push>>) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        self.last_device += 1;
        let connected = Connected { queue, delayed: None, buffered: VecDeque::new(), login: None };
        self.devices.insert(self.last_device, connected);
        (self.last_device, receiver)
    }

    pub fn disconnect(&mut self, device: u64) {
        self.devices.remove(&device);
    }

    /// Unlinks and disconnects all devices, and puts all accounts online.
    pub fn reset(&mut self) {
        self.outbox.clear();
        for device in std::mem::take(&mut self.devices).into_values() {
            // A device with a full queue sees the end of its connection instead.
            let _ = device.queue.try_send(Box::new(Push::Unlinked));
        }
        self.offline.clear();
    }

    pub fn is_connected(&self, device: u64) -> bool {
        self.devices.contains_key(&device)
    }

    pub fn devices(&self) -> Vec<u64> {
        self.devices.keys().copied().collect()
    }

    pub fn account(&self, device: u64) -> Option<&Jid> {
        self.login(device).map(|login| &login.account)
    }

    pub fn credential(&self, device: u64) -> Option<&str> {
        self.login(device).map(|login| login.credential.as_str())
    }

    pub fn log_in(&mut self, device: u64, account: Jid, credential: String) {
        if let Some(connected) = self.devices.get_mut(&device) {
            connected.login = Some(Login { account, credential });
        }
    }

    /// Ends the login of every device with this credential.
    pub fn unlink(&mut self, credential: &str) {
        let mut unlinked = Vec::new();
        for (id, device) in &mut self.devices {
            if device.login.take_if(|login| login.credential == credential).is_some() {
                unlinked.push(*id);
            }
        }
        unlinked.into_iter().for_each(|device| self.push(device, Push::Unlinked));
    }

    pub fn uses_credential(&self, credential: &str) -> bool {
        let mut logins = self.devices.values().filter_map(|device| device.login.as_ref());
        logins.any(|login| login.credential == credential)
    }

    /// Whether a device's account is offline.
    pub fn is_offline(&self, device: u64) -> bool {
        self.account(device).is_some_and(|account| self.offline.contains(account))
    }

    /// Puts an account's devices online or offline. Returns how many are connected.
    pub fn set_online(&mut self, account: &Jid, is_online: bool) -> usize {
        if is_online {
            self.offline.remove(account);
        } else {
            self.offline.insert(account.clone());
        }
        let devices = self.devices_of(account);
        for id in &devices {
            self.push(*id, Push::Line { connected: is_online });
            let device = self.devices.get_mut(id).filter(|_| is_online);
            let buffered = device.map(|device| std::mem::take(&mut device.buffered));
            buffered.into_iter().flatten().for_each(|push| self.push(*id, push));
        }
        devices.len()
    }

    /// Queues a push for one device.
    pub fn push(&mut self, device: u64, push: Push) {
        self.outbox.push((device, push));
    }

    /// Queues a push for every device of an account. Returns their number.
    pub fn push_to_account(&mut self, account: &Jid, push: &Push) -> usize {
        let devices = self.devices_of(account);
        devices.iter().for_each(|device| self.push(*device, push.clone()));
        devices.len()
    }

    /// Queues an event for every device of an account except one, with identities masked for the account.
    pub fn notify(&mut self, state: &State, account: &Jid, event: &EventBody, except: Option<u64>) {
        let mut devices = self.devices_of(account);
        devices.retain(|device| Some(*device) != except);
        if devices.is_empty() {
            return;
        }
        let mut event = event.clone();
        Masking::new(state, account).event(&mut event);
        for device in devices {
            self.push(device, Push::Happened { event: event.clone() });
        }
    }

    pub fn has_pushes(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Hands the queued pushes to their devices, with the planned faults.
    pub fn flush(&mut self, faults: &mut Faults) {
        for (device, push) in std::mem::take(&mut self.outbox) {
            self.hand_over(device, push, faults);
        }
    }

    /// A device whose queue is full is disconnected. It connects again and gets a snapshot.
    fn hand_over(&mut self, device: u64, push: Push, faults: &mut Faults) {
        let needs_connection = !matches!(push, Push::Line { .. } | Push::Fault { .. });
        let is_offline = self.is_offline(device);
        let Some(connected) = self.devices.get_mut(&device) else { return };
        if is_offline && needs_connection {
            if let Push::Clock { .. } = push {
                // Only the last position of the clock counts.
                connected.buffered.retain(|buffered| !matches!(buffered, Push::Clock { .. }));
            }
            if MOST_BUFFERED <= connected.buffered.len() {
                self.devices.remove(&device);
                return;
            }
            connected.buffered.push_back(push);
            return;
        }
        let is_event = matches!(push, Push::Happened { .. });
        if is_event && faults.take(|faults| &mut faults.reorder_events) {
            connected.delayed = Some(push);
            return;
        }
        let copies =
            if is_event && faults.take(|faults| &mut faults.duplicate_events) { 2 } else { 1 };
        if is_event && faults.take(|faults| &mut faults.drop_events) {
            return;
        }
        let mut pushes = vec![push; copies];
        pushes.extend(connected.delayed.take());
        if pushes.into_iter().any(|push| connected.queue.try_send(Box::new(push)).is_err()) {
            self.devices.remove(&device);
        }
    }

    fn login(&self, device: u64) -> Option<&Login> {
        self.devices.get(&device)?.login.as_ref()
    }

    fn devices_of(&self, account: &Jid) -> Vec<u64> {
        let is_of_account = |device: &Connected| {
            device.login.as_ref().is_some_and(|login| login.account == *account)
        };
        let devices = self.devices.iter().filter(|(_, device)| is_of_account(device));
        devices.map(|(id, _)| *id).collect()
    }
}

//! Linking of devices to accounts: references, pairing codes, credentials.

use std::time::Duration;

use crate::{
    domain::{Jid, Timestamp},
    simulator::{
        NetworkSettings,
        actions::snapshot::snapshot,
        connections::Connections,
        pairing::{NextReference, Pairing},
        protocol::{Answer, Push, Refusal, RefusalKind},
        scheduler::{Scheduler, Timer, after},
        state::{
            Person, State,
            directory::{Directory, open_account},
        },
    },
};

const PAIRING_CODE_LIFE: Duration = Duration::from_secs(180);

/// Links and unlinks devices, at one moment.
pub struct Linking<'a> {
    pub settings: &'a NetworkSettings,
    pub state: &'a mut State,
    pub connections: &'a mut Connections,
    pub pairing: &'a mut Pairing,
    pub scheduler: &'a mut Scheduler,
    pub now: Timestamp,
}

impl Linking<'_> {
    /// The first request of a device. Without a valid credential it gets references to scan.
    pub fn hello(&mut self, device: u64, credential: Option<String>) -> Answer {
        let known = credential.and_then(|credential| {
            let account = self.state.people().of_credential(&credential)?.clone();
            Some((credential, account))
        });
        match known {
            Some((credential, account)) => {
                self.connections.log_in(device, account.clone(), credential);
                if self.connections.is_offline(device) {
                    self.connections.push(device, Push::Line { connected: false });
                }
                self.push_snapshot(device, &account);
            }
            None => self.restart_references(device),
        }
        if let Some(moment) = self.state.stopped_at() {
            self.connections.push(device, Push::Clock { stopped_at: Some(moment) });
        }
        Answer::Done
    }

    /// Begins a new series of references.
    pub fn restart_references(&mut self, device: u64) {
        self.pairing.restart(device);
        self.next_reference(device);
    }

    /// The life of a reference is over: the next one follows, if its series is still the present one.
    pub fn reference_expired(&mut self, device: u64, rotation: u64) {
        if self.pairing.is_current(device, rotation) {
            self.next_reference(device);
        }
    }

    fn next_reference(&mut self, device: u64) {
        if self.connections.account(device).is_some() {
            return self.pairing.remove(device);
        }
        match self.pairing.next_reference(device, self.settings) {
            Some(NextReference::Show { reference, attempt, rotation, life }) => {
                let expires_at = self.shown_until(life);
                self.connections.push(device, Push::Reference { reference, attempt, expires_at });
                let timer = Timer::NextReference { device, rotation };
                self.scheduler.schedule(after(self.now, life), timer);
            }
            Some(NextReference::Exhausted) => {
                self.connections.push(device, Push::ReferencesExhausted);
            }
            None => (),
        }
    }

    /// The end of a code by the system's time, in which its viewers live: a code must not look expired because
    /// the network's clock was set back.
    fn shown_until(&self, life: Duration) -> Timestamp {
        after(self.now.max(self.settings.clock.now()), life)
    }

    pub fn make_pairing_code(&mut self, device: u64, phone: &str) -> Result<Answer, Refusal> {
        let account = Jid::of_phone(phone)
            .map_err(|_| Refusal::new(RefusalKind::Invalid, "not a telephone number"))?;
        if !Directory::of(self.state).is_on_whatsapp(&account) {
            return Err(not_on_whatsapp());
        }
        let code = self.pairing.new_code(device, account);
        let timer = Timer::ExpirePairingCode { code: code.clone() };
        self.scheduler.schedule(after(self.now, PAIRING_CODE_LIFE), timer);
        Ok(Answer::PairingCode { code, expires_at: self.shown_until(PAIRING_CODE_LIFE) })
    }

    /// Links a device to the account of a phone.
    pub fn link(&mut self, device: u64, phone: &Jid, name: Option<String>) -> Result<(), Refusal> {
        if !self.connections.is_connected(device) {
            return Err(Refusal::new(RefusalKind::Invalid, "the device is gone"));
        }
        let Some(Person { me, .. }) = open_account(self.state, phone, name) else {
            return Err(not_on_whatsapp());
        };
        let credential = uuid::Uuid::new_v4().simple().to_string();
        self.state.change_person(&me.id, |person| person.devices.insert(credential.clone()));
        self.connections.log_in(device, me.id.clone(), credential.clone());
        self.pairing.remove(device);
        let account = me.id.clone();
        self.connections.push(device, Push::Linked { credential, me });
        self.push_snapshot(device, &account);
        Ok(())
    }

    /// Removes a device from its account. Returns whether the credential was valid.
    pub fn unlink(&mut self, credential: &str) -> bool {
        let Some(account) = self.state.people().of_credential(credential).cloned() else {
            return false;
        };
        self.state.change_person(&account, |person| person.devices.remove(credential));
        self.connections.unlink(credential);
        true
    }

    fn push_snapshot(&mut self, device: u64, account: &Jid) {
        if let Some(snapshot) = snapshot(self.state, account) {
            self.connections.push(device, snapshot);
        }
    }
}

pub fn not_on_whatsapp() -> Refusal {
    Refusal::new(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp")
}
